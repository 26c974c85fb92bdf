//! Users' own rules, read at run time.
//!
//! Takes the text of rule files, in the catalogue's own format or in gitleaks', gives
//! rules that are searched for in a second pass. A rule file is content of a repository
//! and so not trusted: its words are made fit for a terminal, its expressions have a
//! size limit, and what it holds is never quoted in a fault.
//!
//! Rules are handed around as `&'static`, so those read here are kept for good: once for
//! each file of a process that reads them once, and no more than their files' size.

use super::check::byte_set;
use super::coaching::Duty;
use super::foreign;
use super::given::{Extends, Fault, Remark, Search, UserRule, Weight, filled, kept};
use super::lint::{Linted, lint};
use super::{ByteSet, Catalogue, Check, Companion, Engine, FileLine, Lines, Rule, Words};
use crate::text::Escaped;

/// A process reads no more rules than these.
const MOST_RULES: usize = 1000;

/// Users' rules, in order of files and lines.
#[derive(Debug, Default)]
pub struct UserRules {
    rules: Vec<UserRule>,
    remarks: Vec<Remark>,
}

impl UserRules {
    /// Adds the rules of `text`, a file that is called `path` where it is named.
    ///
    /// # Errors
    /// Every fault found in the file.
    pub fn add(
        &mut self,
        path: &str,
        text: &str,
        base: &mut Extends<'_>,
    ) -> Result<(), Vec<Fault>> {
        let mut added = if foreign::is_foreign(path, text) {
            let (rules, remarks) = foreign::load(path, text, base)?;
            self.remarks.extend(remarks);
            rules
        } else {
            own(path, text)?
        };
        let mut faults = Vec::new();
        for new in &added {
            if let Some(at) = new.rule.file
                && let Some(known) = self.rule(new.rule.id)
                && let Some(first) = known.file
            {
                let what = format!("`{}` is also in {}:{}", new.rule.id, first.path, first.line);
                faults.push(Fault::new(path, at.line, what));
            }
        }
        if self.rules.len() + added.len() > MOST_RULES {
            let what = format!("more than {MOST_RULES} rules of users");
            faults.push(Fault::new(path, 1, what));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        self.note_doubles(&added);
        let before = self.rules.len();
        for user in &mut added {
            if let Search::Whole(whole) = &mut user.search {
                for required in &mut whole.required {
                    required.rule += before;
                }
            }
        }
        self.rules.extend(added);
        Ok(())
    }

    /// Says which rules have the name of one of leakcoach's own.
    fn note_doubles(&mut self, added: &[UserRule]) {
        for user in added {
            let (Some(at), Some(_)) = (user.rule.file, Catalogue::builtin().rule(user.rule.id))
            else {
                continue;
            };
            let (weight, what) = match user.search {
                Search::Anchors { .. } => {
                    (Weight::Replaces, "takes the place of leakcoach's own rule of that name")
                }
                Search::Whole(_) => (Weight::Tells, "leakcoach's own rule of that name runs too"),
            };
            let what = what.to_owned();
            self.remarks.push(Remark::new(at.path, at.line, Some(user.rule.id), weight, what));
        }
    }

    /// Checks that every companion names a rule.
    ///
    /// # Errors
    /// A fault for each that does not.
    pub fn check_companions(&self) -> Result<(), Vec<Fault>> {
        let known = |id: &str| self.rule(id).is_some() || Catalogue::builtin().rule(id).is_some();
        let faults: Vec<Fault> = self
            .rules
            .iter()
            .filter_map(|user| Some((user.rule.companion?, user.rule.file?)))
            .filter(|(companion, _)| !known(companion.of))
            .map(|(companion, at)| {
                Fault::new(at.path, at.line, format!("no rule is called `{}`", companion.of))
            })
            .collect();
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &UserRule> {
        self.rules.iter()
    }

    /// The one at `index`.
    pub fn get(&self, index: usize) -> Option<&UserRule> {
        self.rules.get(index)
    }

    /// The rule called `id`.
    pub fn rule(&self, id: &str) -> Option<&'static Rule> {
        self.rules.iter().map(|user| user.rule).find(|rule| rule.id == id)
    }

    /// Whether leakcoach's own rule called `id` gives way to one of these.
    pub fn replaces(&self, id: &str) -> bool {
        self.rules
            .iter()
            .any(|user| user.rule.id == id && matches!(user.search, Search::Anchors { .. }))
    }

    /// What is not done as the files say.
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }
}

/// Reads a file in the catalogue's own format.
fn own(path: &str, text: &str) -> Result<Vec<UserRule>, Vec<Fault>> {
    let (service, rules) = lint(text, Duty::User).map_err(|faults| {
        faults.into_iter().map(|fault| Fault::new(path, fault.line, fault.what)).collect::<Vec<_>>()
    })?;
    let mut faults = Vec::new();
    for (at, linted) in rules.iter().enumerate() {
        let same = |other: &Linted| other.rule.id == linted.rule.id;
        if rules.iter().take(at).any(same) {
            let what = format!("`{}` stands twice", linted.rule.id);
            faults.push(Fault::new(path, linted.line, what));
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let (path, service) = (kept(path), kept(&service));
    Ok(rules.into_iter().map(|linted| user_rule(path, service, linted)).collect())
}

fn user_rule(path: &'static str, service: &'static str, linted: Linted) -> UserRule {
    let Linted { line, rule, checks, before, after, least, leads } = linted;
    let set = |class: &str| ByteSet(byte_set(class).unwrap_or_default());
    let (head, tail) = (set(&rule.head), set(&rule.tail));
    let companion = rule.companion.map(|companion| Companion {
        of: companion.of.leak(),
        lines: companion.lines,
        shape: companion.shape.leak(),
    });
    let id: &'static str = rule.id.leak();
    let given = rule.coaching;
    let words = Words::User(Box::leak(Box::new(filled(path, id, |words| {
        let sources = given.sources.unwrap_or_default();
        let page = sources.first().cloned();
        let text = |slot: &mut &'static str, given: Option<String>| {
            if let Some(given) = given.filter(|given| !given.trim().is_empty()) {
                *slot = kept(&given);
            }
        };
        text(&mut words.opens, given.opens);
        text(&mut words.missed, given.missed);
        text(&mut words.next_time, given.next_time);
        text(&mut words.rotate, given.rotate);
        text(&mut words.vault, given.vault);
        text(&mut words.instead, given.instead);
        text(&mut words.abuse, given.abuse);
        text(&mut words.variable, given.variable);
        match given.revoke {
            Some(revoke) => {
                text(&mut words.revoke_console, Some(revoke.console));
                text(&mut words.revoke_cli, Some(revoke.cli));
                text(&mut words.revoke_note, Some(revoke.note));
            }
            None => text(&mut words.revoke_console, page),
        }
        words.sources =
            Lines::kept(sources.iter().map(|page| Escaped(page.as_bytes()).to_string()));
    }))));
    let texts = rule.anchors.into_iter().map(String::into_bytes).collect();
    let ignore_case = rule.ignore_case || rule.engine == Engine::Named;
    let made = Rule {
        id,
        service,
        family: path,
        what: kept(&rule.what),
        kind: rule.kind,
        severity: rule.severity,
        lifetime: rule.lifetime,
        grade: rule.confidence,
        public: rule.public,
        engine: rule.engine,
        shape: rule.shape.leak(),
        names: Lines::kept(&rule.names),
        least,
        leads,
        before,
        after,
        head,
        tail,
        checks: Vec::leak::<'static>(checks) as &[Check],
        companion,
        cwe: Vec::leak(rule.cwe),
        nhi: Lines::kept(&rule.nhi),
        words,
        file: Some(FileLine { path, line }),
        samples: Lines::kept(&rule.samples),
        near_misses: Lines::kept(&rule.near_misses),
    };
    UserRule { rule: Box::leak(Box::new(made)), search: Search::Anchors { texts, ignore_case } }
}
