//! What is seen in a call: by the scan in its texts, by the table in its commands and paths.

use super::mask::{self, Hidden};
use super::{Place, Trusted};
use crate::catalogue::Rule;
use crate::cli::check::run::{Check, ignored};
use crate::cli::check::stand::{Stand, Where};
use crate::cli::env;
use crate::coach::Card;
use crate::config::Config;
use crate::error::Error;
use crate::guard::event::{Event, Moment};
use crate::guard::intent::{Intent, OLD, Text};
use crate::guard::rules::{Rules, confirmed};
use crate::guard::table::{Entry, entries};
use crate::guard::{Reason, Reasons, Ruling, agent::Agent, shell};
use crate::judge::{Exposure, Verdict};
use crate::mask::View;
use crate::scan::{self, Finding, Found};
use crate::source::lines::LineStarts;
use crate::source::{Coverage, Medium, Repo};
use serde_json::Value;
use std::fs::File;
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// As much of a file is looked into before an agent reads it.
const FILE: u64 = 4 << 20;
/// As large an input is scanned as a whole beside its texts.
const WHOLE: usize = 1 << 20;

/// What the shell's tools are called where the grammar is bash's.
const FOREIGN_SHELLS: &[&str] = &["powershell", "pwsh", "cmd"];

/// Where something stands beneath control sequences, its rule and its card.
type Beneath = (Range<usize>, &'static Rule, Card);

/// What calls are looked at with.
pub(in crate::cli) struct Eyes {
    check: Check,
    trusted: Trusted,
    entries: Vec<Entry>,
}

impl Eyes {
    pub(in crate::cli) fn new(agent: Agent, repo: Option<&Repo>) -> Result<Self, Error> {
        let check = Check::new(repo, &[])?.by_agent(agent.name());
        let entries = entries().map_err(Error::Usage)?;
        let trusted = Trusted::of(&check.config, repo)?;
        Ok(Self { check, trusted, entries })
    }

    /// What of `[agents]` counts.
    pub(in crate::cli) const fn trusted(&self) -> &Trusted {
        &self.trusted
    }

    pub(in crate::cli) fn config(&self) -> &Config {
        &self.check.config
    }

    /// What is in `bytes`.
    ///
    /// # Errors
    /// Not all of it could be looked at.
    pub(in crate::cli) fn scan(
        &self,
        name: &[u8],
        bytes: &[u8],
        place: &str,
    ) -> Result<Found, Error> {
        let mut coverage = Coverage::default();
        let found = self.check.scan(name, bytes, &mut coverage);
        match coverage.unread.first() {
            Some(unread) => {
                let what = format!("`{place}` of the call");
                Err(Error::Repository { what, why: unread.why.clone() })
            }
            None => Ok(found),
        }
    }

    /// What is in `bytes` once control sequences are taken off, such as the colours in which
    /// a search shows a part of a word: where it stands, its rule, and its card.
    ///
    /// # Errors
    /// As [`Self::scan`].
    pub(in crate::cli) fn beneath(
        &self,
        name: &[u8],
        bytes: &[u8],
        place: &str,
        shown: bool,
    ) -> Result<Vec<Beneath>, Error> {
        let Some(view) = View::plain(bytes) else { return Ok(Vec::new()) };
        let found = self.scan(name, &view.text, place)?;
        let all = found.findings.iter().chain(&found.marked);
        let refused = self.refused(all, name, &view.text, shown).into_iter();
        Ok(refused
            .map(|(finding, card)| (view.around(&finding.secret_span), finding.rule, card))
            .collect())
    }

    /// Those of `findings` that policy does not permit, each with its card. What is `shown` by
    /// a tool is out.
    pub(in crate::cli) fn refused<'f>(
        &self,
        findings: impl Iterator<Item = &'f Finding>,
        name: &[u8],
        bytes: &[u8],
        shown: bool,
    ) -> Vec<(&'f Finding, Card)> {
        let mut findings = findings.peekable();
        if findings.peek().is_none() {
            return Vec::new();
        }
        let lines = LineStarts::of(bytes);
        let stand = Stand {
            path: name,
            raw: bytes,
            text: bytes,
            archive: None,
            exposure: if shown { Exposure::Logged } else { Exposure::File },
            commit: None,
            place: if name.is_empty() || shown { Where::Nowhere } else { Where::Files },
            medium: if name.is_empty() { Medium::Log } else { Medium::File },
            writer: None,
        };
        findings
            .map(|finding| (finding, self.check.card(finding, name, &stand, &lines)))
            .filter(|(_, card)| card.judgement.verdict != Verdict::Permit)
            .collect()
    }
}

/// Looks at calls of one event.
pub(in crate::cli) struct Look<'a> {
    event: &'a Event,
    place: &'a Place,
    eyes: &'a Eyes,
}

/// What was seen.
#[derive(Default)]
pub(in crate::cli) struct Sight {
    pub(in crate::cli) reasons: Vec<Reason>,
    /// The output without its credentials.
    pub(in crate::cli) masked: Option<Value>,
}

impl<'a> Look<'a> {
    pub(in crate::cli) fn new(event: &'a Event, place: &'a Place, eyes: &'a Eyes) -> Self {
        Self { event, place, eyes }
    }

    fn config(&self) -> &Config {
        self.eyes.config()
    }

    pub(in crate::cli) fn at(&self, intent: &Intent) -> Result<Sight, Error> {
        if intent.too_many {
            let (what, why) =
                ("the call".to_owned(), "it has too many texts, or is too deep".to_owned());
            return Err(Error::Repository { what, why });
        }
        let rules = Rules::new(&self.eyes.entries);
        let mut found = Reasons::default();
        let reasons = &mut found;
        if self.event.moment == Moment::Before {
            reasons.extend(rules.tool(&self.event.tool));
            reasons.extend(confirmed(&self.config().agents.confirm, &self.event.tool));
        }
        for (place, text) in &intent.commands {
            self.command(&rules, place, text, reasons);
        }
        for (place, path) in &intent.writes {
            reasons.extend(rules.writes(path, place));
            if let Some(path) = self.behind(path) {
                reasons.extend(rules.writes(&path, place));
            }
        }
        for (place, path) in &intent.reads {
            let mut stored = rules.reads(path, place);
            if let Some(path) = self.behind(path) {
                stored.extend(rules.reads(&path, place));
            }
            // A word after @ is a file only where there is one.
            let counts = self.event.moment != Moment::Prompt || self.file_at(path).exists();
            if counts && stored.is_empty() {
                self.file(place, path, reasons)?;
            } else if counts {
                reasons.extend(stored);
            }
        }
        let mut hidden = Vec::new();
        for text in &intent.texts {
            self.text(text, reasons, &mut hidden)?;
        }
        // What is for a file was looked at as that file, and what was there before let through.
        if hidden.is_empty() && intent.writes.is_empty() && self.event.moment != Moment::Prompt {
            self.whole(reasons, &mut hidden)?;
        }
        let after = self.event.moment == Moment::After && !hidden.is_empty();
        let output = self.event.output.as_ref().filter(|_| after);
        let masked = output.map(|output| mask::masked(output, &hidden));
        Ok(Sight { reasons: found.into_vec(), masked })
    }

    fn command(&self, rules: &Rules<'_>, place: &str, text: &str, reasons: &mut Reasons) {
        let cwd = self.event.cwd.as_ref().map(|cwd| cwd.to_string_lossy().into_owned());
        let script = shell::read_from(text, cwd.as_deref().unwrap_or_default());
        let before = reasons.len();
        reasons.extend(rules.script(&script, place));
        let foreign = FOREIGN_SHELLS.contains(&self.event.tool.to_lowercase().as_str());
        if script.faults && !foreign && reasons.len() == before && !self.eyes.trusted.fails_open {
            reasons.push(Reason {
                rule: "unread-command".to_owned(),
                what: "a command that cannot be read as a shell would".to_owned(),
                place: place.to_owned(),
                instead: "write it in simpler parts, one command each".to_owned(),
                reference: text.to_owned(),
                ruling: Ruling::Ask,
                credential: false,
            });
        }
    }

    /// The file that a path names.
    fn file_at(&self, path: &str) -> PathBuf {
        let home = path.strip_prefix("~/").and_then(|rest| Some((env::home()?, rest)));
        home.map_or_else(|| self.place.cwd.join(path), |(home, rest)| home.join(rest))
    }

    /// Where a path leads to by a link.
    fn behind(&self, path: &str) -> Option<String> {
        if path.starts_with('\u{0}') {
            return None;
        }
        let file = self.file_at(path);
        let real = std::fs::canonicalize(&file).ok().or_else(|| {
            // A link to nothing yet, or a new file in a folder that is a link.
            let to = std::fs::read_link(&file).ok();
            let to = to.map(|to| file.parent().map_or_else(|| to.clone(), |above| above.join(&to)));
            to.or_else(|| Some(std::fs::canonicalize(file.parent()?).ok()?.join(file.file_name()?)))
        })?;
        let real = real.to_string_lossy().into_owned();
        (real != path).then_some(real)
    }

    /// A file that is about to be read, where its output is not masked afterwards.
    fn file(&self, place: &str, path: &str, reasons: &mut Reasons) -> Result<(), Error> {
        let masks = matches!(
            self.event.agent,
            Agent::ClaudeCode | Agent::Copilot | Agent::Opencode | Agent::Generic
        );
        if masks && self.event.moment == Moment::Before {
            return Ok(());
        }
        let file = self.file_at(path);
        // What the agent may not read either is no matter, and a pipe would never end.
        if !std::fs::metadata(&file).is_ok_and(|it| it.is_file()) {
            return Ok(());
        }
        let mut bytes = Vec::new();
        let read = File::open(&file).and_then(|file| file.take(FILE).read_to_end(&mut bytes));
        if read.is_err() {
            return Ok(());
        }
        let text = Text {
            place: place.to_owned(),
            path: path.to_owned(),
            content: String::from_utf8_lossy(&bytes).into_owned(),
            before: String::new(),
        };
        let mut found = Reasons::default();
        self.text(&text, &mut found, &mut Vec::new())?;
        reasons.extend(found.into_vec().into_iter().filter(|reason| reason.credential).map(
            |reason| {
                Reason {
                    ruling: Ruling::Ask,
                    instead: "work without that file, or have the value moved out of it first: \
                          leakcoach fix"
                        .to_owned(),
                    ..reason
                }
            },
        ));
        Ok(())
    }

    /// The input as one text, for names that stand beside their values; the output likewise.
    fn whole(&self, reasons: &mut Reasons, hidden: &mut Vec<Hidden>) -> Result<(), Error> {
        let value = match self.event.moment {
            Moment::After => self.event.output.clone().unwrap_or_default(),
            Moment::Before | Moment::Prompt | Moment::Other => without_old(&self.event.input),
        };
        if !value.is_object() && !value.is_array() {
            return Ok(());
        }
        let content = serde_json::to_string_pretty(&value).unwrap_or_default();
        if content.len() > WHOLE {
            return Ok(());
        }
        let place = if self.event.moment == Moment::After { "output" } else { "input" };
        let path = "call.json".to_owned();
        let text = Text { place: place.to_owned(), path, content, before: String::new() };
        self.text(&text, reasons, hidden)
    }

    fn text(
        &self,
        text: &Text,
        reasons: &mut Reasons,
        hidden: &mut Vec<Hidden>,
    ) -> Result<(), Error> {
        let path = self.below_top(&text.path);
        let name = path.as_bytes();
        let bytes = text.content.as_bytes();
        if !name.is_empty() && ignored(self.config(), name) {
            return Ok(());
        }
        let found = self.eyes.scan(name, bytes, &text.place)?;
        if self.event.moment == Moment::Before {
            reasons.extend(marker(&found, text));
        }
        let after = self.event.moment == Moment::After;
        let stood = |finding: &&Finding| {
            !text.before.is_empty()
                && memchr::memmem::find(text.before.as_bytes(), finding.secret.expose()).is_some()
        };
        let new = found.findings.iter().filter(|finding| !stood(finding));
        let refusal = |rule: &Rule, card: &Card| Reason {
            rule: rule.id.to_owned(),
            what: rule.what.to_owned(),
            place: if text.path.is_empty() {
                format!("`{}`, line {}", text.place, card.line)
            } else {
                format!("`{}` ({}:{})", text.place, card.path, card.line)
            },
            instead: card.next_time.trim_end_matches('.').to_owned(),
            reference: if path.is_empty() { text.place.clone() } else { path.clone() },
            ruling: Ruling::Deny,
            credential: true,
        };
        for (finding, card) in self.eyes.refused(new, name, bytes, after) {
            hidden.push(Hidden::of(finding, bytes));
            reasons.push(refusal(finding.rule, &card));
        }
        for (span, rule, card) in self.eyes.beneath(name, bytes, &text.place, after)? {
            let stands = bytes.get(span).unwrap_or_default();
            // One with no sequence within was seen as it stands.
            if memchr::memchr(0x1b, stands).is_none() {
                continue;
            }
            hidden.push(Hidden::beneath(stands, rule.id));
            reasons.push(refusal(rule, &card));
        }
        Ok(())
    }

    /// A path from the top of the repository, where it is below.
    fn below_top(&self, path: &str) -> String {
        if path.is_empty() || path == "call.json" {
            return path.to_owned();
        }
        let whole = self.place.cwd.join(path);
        let below = whole.strip_prefix(&self.place.top).map(Path::to_path_buf);
        below.unwrap_or(whole).to_string_lossy().into_owned()
    }
}

/// An input without what stood in a file before.
fn without_old(value: &Value) -> Value {
    match value {
        Value::Object(all) => Value::Object(
            all.iter()
                .filter(|(name, _)| !OLD.contains(&name.as_str()))
                .map(|(name, one)| (name.clone(), without_old(one)))
                .collect(),
        ),
        Value::Array(all) => all.iter().map(without_old).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// A marker that would let a credential through, which an agent writes beside it.
fn marker(found: &Found, text: &Text) -> Option<Reason> {
    let own = |one: &&scan::Dismissed| matches!(one.reason, scan::Reason::Marked);
    let stood = |span: &Range<usize>| {
        let value = text.content.as_bytes().get(span.clone()).unwrap_or_default();
        memchr::memmem::find(text.before.as_bytes(), value).is_some()
    };
    let span = found.dismissed.iter().find(own).map(|one| one.span.clone());
    let span = span.or_else(|| found.marked.first().map(|one| one.secret_span.clone()))?;
    (!stood(&span)).then(|| Reason {
        rule: "ignore-marker".to_owned(),
        what: "a marker that would hide a credential from leakcoach".to_owned(),
        place: format!("`{}`", text.place),
        instead: "leave the marker out, and read the value from the environment".to_owned(),
        reference: text.path.clone(),
        ruling: Ruling::Deny,
        credential: true,
    })
}

#[cfg(test)]
mod tests {
    use super::without_old;
    use serde_json::json;

    #[test]
    fn what_stood_there_before_is_not_looked_at() {
        let value = json!({"edits": [{"old_string": "a", "new_string": "b"}]});
        assert_eq!(without_old(&value).to_string(), r#"{"edits":[{"new_string":"b"}]}"#);
    }
}
