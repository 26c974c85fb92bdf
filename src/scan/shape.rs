//! A rule's shape, tried around an anchor.

use super::names;
use crate::catalogue::{Rule, named};
use crate::source::lines::LineStarts;
use regex::bytes::{Regex, RegexBuilder};
use std::ops::Range;
use std::sync::OnceLock;

/// A place where a rule's shape matched, before any check.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) rule: &'static Rule,
    /// The whole match.
    pub(super) span: Range<usize>,
    /// The credential in it.
    pub(super) secret: Range<usize>,
    /// The name that it is assigned to, where the shape has one.
    pub(super) name: Option<Range<usize>>,
    /// Index of the finding beside which it was found.
    pub(super) beside: Option<Range<usize>>,
}

impl Candidate {
    pub(super) fn same_place(&self, other: &Self) -> bool {
        std::ptr::eq(self.rule, other.rule) && self.secret == other.secret
    }
}

/// Every rule's shape, compiled when first needed.
#[derive(Debug)]
pub(super) struct Shapes {
    own: Box<[OnceLock<Regex>]>,
    companion: Box<[OnceLock<Regex>]>,
    /// What each may take of memory while it runs, in bytes; as much as usual without.
    cache: Option<usize>,
}

impl Shapes {
    pub(super) fn new(rules: usize, cache: Option<usize>) -> Self {
        let cells = || (0..rules).map(|_| OnceLock::new()).collect();
        Self { own: cells(), companion: cells(), cache }
    }

    /// Compiles a shape that has been compiled before, by `build.rs` or when its file was
    /// read.
    fn compile(&self, shape: &str) -> Regex {
        let mut builder = RegexBuilder::new(shape);
        if let Some(cache) = self.cache {
            builder.dfa_size_limit(cache);
        }
        builder.unicode(false).build().expect("the same shape was compiled before")
    }

    /// The match of `rule` that the anchor at `hit` belongs to.
    pub(super) fn around(
        &self,
        rule: &'static Rule,
        index: usize,
        bytes: &[u8],
        hit: Range<usize>,
    ) -> Option<Candidate> {
        let start = hit.start;
        // In the middle of a word no match that leads with its anchor can begin.
        let before = start.checked_sub(1).map(|at| bytes[at]);
        if rule.leads && before.is_some_and(|byte| rule.head.has(byte)) && !escaped(bytes, start) {
            return None;
        }
        let from = start.saturating_sub(rule.before as usize);
        let until = bytes.len().min(start + rule.after as usize);
        let regex = self.own[index].get_or_init(|| {
            self.compile(&if rule.leads {
                format!(r"\A(?:{})", rule.shape)
            } else {
                rule.shape.to_owned()
            })
        });
        let window = &bytes[from..until];
        let hit = hit.start - from..hit.end - from;
        let mut at = 0;
        // The first match may end before the anchor: go on until one holds it.
        while let Some(captures) = regex.captures_at(window, at) {
            let whole = captures.get(0)?.range();
            if whole.start > hit.start {
                return None;
            }
            let secret = captures.name("secret").map_or(whole.clone(), |group| group.range());
            let covers = whole.end >= hit.end;
            let shift = |range: Range<usize>| range.start + from..range.end + from;
            let name = captures.name("name").map(|group| shift(group.range()));
            let candidate = Candidate {
                rule,
                span: shift(whole.clone()),
                secret: shift(secret),
                name,
                beside: None,
            };
            if covers && bounded(rule, bytes, &candidate.span) {
                return Some(candidate);
            }
            at = whole.start + 1;
            if rule.leads || at > hit.start {
                return None;
            }
        }
        None
    }

    /// The value given to one of `rule`'s names, which `hit` stands in.
    pub(super) fn named(
        &self,
        rule: &'static Rule,
        index: usize,
        bytes: &[u8],
        hit: Range<usize>,
    ) -> Option<Candidate> {
        let fits = |value: &[u8]| {
            let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
            (rule.least..=rule.after).contains(&length)
                && self.own[index]
                    .get_or_init(|| self.compile(&format!(r"\A(?:{})\z", rule.shape)))
                    .is_match(value)
        };
        let found = named::named(bytes, hit.start, hit.end, rule.names.iter(), names::about, fits)?;
        Some(Candidate {
            rule,
            span: found.name.start..found.value.end,
            secret: found.value,
            name: Some(found.name),
            beside: None,
        })
    }

    /// Adds the matches of companion `rules`, each with its index, around the candidates
    /// that call for them.
    pub(super) fn companions(
        &self,
        rules: impl Iterator<Item = (usize, &'static Rule)>,
        bytes: &[u8],
        candidates: &mut Vec<Candidate>,
    ) {
        let mut lines = None;
        for (index, rule) in rules {
            let Some(companion) = rule.companion else { continue };
            let beside: Vec<Range<usize>> = candidates
                .iter()
                .filter(|candidate| candidate.rule.id == companion.of)
                .map(|candidate| candidate.secret.clone())
                .collect();
            for place in beside {
                let lines = lines.get_or_insert_with(|| LineStarts::of(bytes));
                let line = lines.line_of(place.start);
                let from = lines.start_of(line.saturating_sub(companion.lines as usize).max(1));
                let until = lines.start_of(line + companion.lines as usize + 1);
                // A line of megabytes is no neighbourhood.
                let from = from.unwrap_or(0).max(place.start.saturating_sub(4096));
                let until = until.unwrap_or(bytes.len()).min(place.end + 4096);
                let regex = self.companion[index].get_or_init(|| self.compile(companion.shape));
                for captures in regex.captures_iter(&bytes[from..until]) {
                    let Some(whole) = captures.get(0) else { continue };
                    let secret = captures.name("secret").unwrap_or(whole);
                    let found = Candidate {
                        rule,
                        span: whole.start() + from..whole.end() + from,
                        secret: secret.start() + from..secret.end() + from,
                        name: None,
                        beside: Some(place.clone()),
                    };
                    if !bounded(rule, bytes, &found.secret) {
                        continue;
                    }
                    match candidates.iter_mut().find(|known| known.same_place(&found)) {
                        Some(known) => known.beside = found.beside,
                        None => candidates.push(found),
                    }
                }
            }
        }
    }
}

/// Whether nothing of the same word stands right before or after the match.
fn bounded(rule: &Rule, bytes: &[u8], span: &Range<usize>) -> bool {
    let before = span.start.checked_sub(1).and_then(|at| bytes.get(at));
    let head = before.is_none_or(|byte| !rule.head.has(*byte) || escaped(bytes, span.start));
    head && bytes.get(span.end).is_none_or(|byte| !rule.tail.has(*byte))
}

/// Whether the letters right before `at` are an escape, not a word: `\n`, `%3D`, `\x20`,
/// `\u0022`, or the end of a terminal's colour sequence.
fn escaped(bytes: &[u8], at: usize) -> bool {
    let back = |count: usize| at.checked_sub(count).and_then(|at| bytes.get(at)).copied();
    let hex = |count: usize| (1..=count).all(|n| back(n).is_some_and(|b| b.is_ascii_hexdigit()));
    matches!((back(1), back(2)), (Some(b'n' | b'r' | b't'), Some(b'\\')))
        || hex(2) && matches!(back(3), Some(b'%'))
        || hex(2) && matches!((back(3), back(4)), (Some(b'x'), Some(b'\\')))
        || hex(4) && matches!((back(5), back(6)), (Some(b'u'), Some(b'\\')))
        || back(1) == Some(b'm') && colour_ends(bytes, at)
}

fn colour_ends(bytes: &[u8], at: usize) -> bool {
    let from = at.saturating_sub(16);
    bytes[from..at].iter().rposition(|byte| *byte == 0x1b).is_some_and(|escape| {
        bytes[from + escape + 1..at - 1]
            .iter()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'[' | b';'))
    })
}
