//! The second pass: users' rules, where there are any.
//!
//! One automaton over all their literals finds which rules to try and where. Work is
//! bounded by the length of the text, whatever the rules say: a rule that would go
//! beyond is stopped, and named in [`Found::stopped`].

use super::entropy::entropy;
use super::shape::{Candidate, Shapes};
use super::{Confidence, Dismissed, Finding, Found, Note, Reason, Text};
use crate::catalogue::foreign::{Required, Seen, Whole};
use crate::catalogue::{Engine, Rule, Search, UserRule, UserRules};
use crate::secret::Secret;
use crate::source::lines::LineStarts;
use aho_corasick::AhoCorasick;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// What a rule's shape may take of memory while it runs.
const CACHE: usize = 256 << 10;

/// A whole text is searched in windows of this many bytes.
const WINDOW: usize = 64 << 10;

/// Two windows have this many bytes in common: a longer match may be missed.
const OVERLAP: usize = 16 << 10;

/// How much of a long line an allowlist sees on either side of a match.
const LINE: usize = 16 << 10;

/// How often a rule may match, or be tried, in a text.
const fn most(bytes: usize) -> usize {
    4096 + bytes / 256
}

/// Users' rules made ready to run.
#[derive(Debug)]
pub(super) struct UserPass {
    rules: Arc<UserRules>,
    /// Whether the rule at the same index takes part.
    active: Vec<bool>,
    automaton: AhoCorasick,
    /// The rule that each of the automaton's literals belongs to.
    owners: Vec<usize>,
    /// Rules without a literal.
    always: Vec<usize>,
    shapes: Shapes,
}

/// A match of a rule that is searched for in the whole text.
#[derive(Debug, Clone)]
struct Match {
    span: Range<usize>,
    secret: Range<usize>,
}

/// What one search gave.
#[derive(Debug, Default)]
struct Matches {
    kept: Vec<Match>,
    dismissed: Vec<(Range<usize>, Reason)>,
    stopped: bool,
}

impl UserPass {
    pub(super) fn new(rules: Arc<UserRules>, keep: impl Fn(&Rule) -> bool) -> Self {
        let (mut literals, mut owners, mut always) = (Vec::new(), Vec::new(), Vec::new());
        for (index, user) in rules.iter().enumerate() {
            let own: &[Vec<u8>] = match &user.search {
                Search::Anchors { texts, .. } => texts,
                Search::Whole(whole) if whole.regex.is_some() => {
                    if whole.keywords.is_empty() {
                        always.push(index);
                    }
                    &whole.keywords
                }
                Search::Whole(_) => &[],
            };
            literals.extend(own.iter().map(Vec::as_slice));
            owners.resize(literals.len(), index);
        }
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(literals)
            .expect("files of bounded size hold fewer literals than an automaton can");
        let active = rules.iter().map(|user| keep(user.rule)).collect();
        let shapes = Shapes::new(rules.iter().len(), Some(CACHE));
        Self { rules, active, automaton, owners, always, shapes }
    }

    pub(super) fn active_rules(&self) -> usize {
        self.active.iter().filter(|active| **active).count()
    }

    fn user(&self, index: usize) -> Option<&UserRule> {
        self.rules.get(index)
    }

    /// Adds what users' rules match in `text` to `candidates`, and what they match and
    /// let through to `found`.
    pub(super) fn candidates(
        &self,
        text: &Text<'_>,
        candidates: &mut Vec<Candidate>,
        found: &mut Found,
    ) {
        let most = most(text.bytes.len());
        let mut tried: BTreeMap<usize, usize> = BTreeMap::new();
        let mut called = self.always.clone();
        for hit in self.automaton.find_overlapping_iter(text.bytes) {
            let index = self.owners[hit.pattern().as_usize()];
            let Some(user) = self.user(index).filter(|_| self.active[index]) else { continue };
            let Search::Anchors { ignore_case, texts } = &user.search else {
                if tried.insert(index, 0).is_none() {
                    called.push(index);
                }
                continue;
            };
            let there = &text.bytes[hit.range()];
            if !ignore_case && !texts.iter().any(|text| text == there) {
                continue;
            }
            let times = tried.entry(index).or_default();
            *times += 1;
            // A match that leads with its anchor is tried in no time.
            if *times > most && !user.rule.leads {
                stop(found, user.rule);
                continue;
            }
            let matched = match user.rule.engine {
                Engine::Shape => self.shapes.around(user.rule, index, text.bytes, hit.range()),
                Engine::Named => self.shapes.named(user.rule, index, text.bytes, hit.range()),
                Engine::Assignment => None,
            };
            if let Some(matched) = matched
                && !candidates.iter().rev().take(64).any(|known| known.same_place(&matched))
            {
                candidates.push(matched);
            }
        }
        called.sort_unstable();
        called.dedup();
        for index in called {
            if self.active[index] {
                self.whole(index, text, candidates, found);
            }
        }
    }

    /// Adds the matches of companion rules.
    pub(super) fn companions(&self, bytes: &[u8], candidates: &mut Vec<Candidate>) {
        let rules = self.rules.iter().map(|user| user.rule).enumerate();
        let wanted = rules.filter(|(index, rule)| rule.companion.is_some() && self.active[*index]);
        self.shapes.companions(wanted, bytes, candidates);
    }

    /// Adds the matches of a rule that is searched for in the whole text.
    fn whole(
        &self,
        index: usize,
        text: &Text<'_>,
        candidates: &mut Vec<Candidate>,
        found: &mut Found,
    ) {
        let Some((rule, whole)) = self.whole_of(index).filter(|(_, whole)| !whole.silent) else {
            return;
        };
        let matches = matches(whole, text);
        if matches.stopped {
            stop(found, rule);
        }
        let dismiss = |(span, reason)| Dismissed { rule, span, reason };
        found.dismissed.extend(matches.dismissed.into_iter().map(dismiss));
        if matches.kept.is_empty() {
            return;
        }
        let nearby: Vec<(&Required, Vec<Match>)> = whole
            .required
            .iter()
            .filter_map(|required| Some((required, self.whole_of(required.rule)?.1)))
            .map(|(required, other)| (required, self::matches(other, text).kept))
            .collect();
        let lines = (!nearby.is_empty()).then(|| LineStarts::of(text.bytes));
        for matched in matches.kept {
            let alone = lines.as_ref().is_some_and(|lines| {
                nearby.iter().any(|(required, others)| {
                    !others.iter().any(|other| near(required, lines, &matched, other))
                })
            });
            if alone {
                found.dismissed.push(dismiss((matched.secret, Reason::Alone)));
            } else {
                candidates.push(Candidate {
                    rule,
                    span: matched.span,
                    secret: matched.secret,
                    name: None,
                    beside: None,
                });
            }
        }
    }

    fn whole_of(&self, index: usize) -> Option<(&'static Rule, &Whole)> {
        match self.user(index)? {
            UserRule { rule, search: Search::Whole(whole) } => Some((*rule, whole)),
            UserRule { search: Search::Anchors { .. }, .. } => None,
        }
    }

    /// Adds the findings of rules that go by a file's path alone.
    pub(super) fn files(&self, text: &Text<'_>, found: &mut Found) {
        if text.bytes.is_empty() {
            return;
        }
        let seen = Seen { path: text.path, secret: b"", matched: b"", line: b"" };
        for index in (0..self.active.len()).filter(|index| self.active[*index]) {
            let Some((rule, whole)) = self.whole_of(index) else { continue };
            let Some(path) = whole.path.as_ref().filter(|_| whole.regex.is_none()) else {
                continue;
            };
            if whole.silent || !path.matches(text.path) {
                continue;
            }
            let span = 0..text.bytes.len();
            if whole.allow.iter().any(|allow| allow.allows(&seen)) {
                found.dismissed.push(Dismissed { rule, span, reason: Reason::Allowlisted });
                continue;
            }
            found.findings.insert(
                0,
                Finding {
                    rule,
                    // An id needs no more of it.
                    secret: Secret::new(&text.bytes[..text.bytes.len().min(WINDOW)]),
                    secret_span: span.clone(),
                    span,
                    confidence: Confidence::Likely,
                    notes: vec![Note::ByPath],
                    companion: None,
                },
            );
        }
    }
}

fn stop(found: &mut Found, rule: &'static Rule) {
    if !found.stopped.iter().any(|known| std::ptr::eq(*known, rule)) {
        found.stopped.push(rule);
    }
}

/// Every match of `whole` in `text` that nothing lets through.
fn matches(whole: &Whole, text: &Text<'_>) -> Matches {
    let mut found = Matches::default();
    if whole.path.as_ref().is_some_and(|path| !path.matches(text.path)) {
        return found;
    }
    let Some(pattern) = &whole.regex else { return found };
    let Some(regex) = pattern.get() else {
        found.stopped = true;
        return found;
    };
    let (bytes, most) = (text.bytes, most(text.bytes.len()));
    let (mut at, mut count) = (0, 0);
    while at < bytes.len() {
        let end = bytes.len().min(at + WINDOW);
        // A match that begins late may go on beyond the window: the next one sees it whole.
        let late = if end == bytes.len() { end } else { end - OVERLAP };
        let captures = regex.captures_at(&bytes[..end], at);
        let whole_match = captures.as_ref().and_then(|captures| captures.get(0));
        let (Some(captures), Some(matched)) =
            (&captures, whole_match.filter(|matched| matched.start() < late))
        else {
            if end == bytes.len() {
                break;
            }
            at = late;
            continue;
        };
        count += 1;
        if count > most {
            found.stopped = true;
            break;
        }
        at = matched.end().max(at + 1);
        let trimmed = bytes[matched.range()].iter().rev().take_while(|b| **b == b'\n').count();
        let span = matched.start()..matched.end() - trimmed;
        let group = match whole.group {
            0 => captures.iter().skip(1).flatten().find(|group| !group.is_empty()),
            group => captures.get(group),
        };
        let secret = group.map_or(span.clone(), |group| group.range());
        if secret.is_empty() {
            continue;
        }
        match let_through(whole, text, &span, &secret) {
            Some(reason) => found.dismissed.push((secret, reason)),
            None => found.kept.push(Match { span, secret }),
        }
    }
    found
}

/// Why a match is let through, if it is.
fn let_through(
    whole: &Whole,
    text: &Text<'_>,
    span: &Range<usize>,
    secret: &Range<usize>,
) -> Option<Reason> {
    let bytes = text.bytes;
    // gitleaks wants more than the number, not as much.
    if whole.entropy > 0.0 && entropy(&bytes[secret.clone()]) <= whole.entropy {
        return Some(Reason::TooPlain);
    }
    let before = &bytes[span.start.saturating_sub(LINE)..span.start];
    let start = span.start
        - memchr::memrchr(b'\n', before).map_or(before.len(), |newline| before.len() - newline - 1);
    let after = &bytes[span.end..bytes.len().min(span.end + LINE)];
    let end = span.end + memchr::memchr(b'\n', after).unwrap_or(after.len());
    let seen = Seen {
        path: text.path,
        secret: &bytes[secret.clone()],
        matched: &bytes[span.clone()],
        line: &bytes[start..end],
    };
    whole.allow.iter().any(|allow| allow.allows(&seen)).then_some(Reason::Allowlisted)
}

/// Whether `other` stands as near to `matched` as it must.
fn near(required: &Required, lines: &LineStarts, matched: &Match, other: &Match) -> bool {
    let place = |at: usize| {
        let line = lines.line_of(at);
        (line, at - lines.start_of(line).unwrap_or(0))
    };
    let (a, b) = (place(matched.span.start), place(other.span.start));
    required.lines.is_none_or(|most| a.0.abs_diff(b.0) <= most as usize)
        && required.columns.is_none_or(|most| a.1.abs_diff(b.1) <= most as usize)
}
