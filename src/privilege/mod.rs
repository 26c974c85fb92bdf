//! Changes that widen what somebody may do, or who gets a credential.
//!
//! Takes a path and the bytes before and after, gives what was not granted before. Pure: no
//! git, files, clock or network. Formats are parsed; each tells facts, which the signals of
//! `patterns/privileges/` are about. What was there before, moved or written otherwise, is
//! no finding.

mod agent;
mod aws;
mod azure;
mod command;
mod docker;
mod facts;
mod format;
mod gcp;
mod gitlab;
mod hcl;
mod job_token;
mod kubernetes;
mod lines;
mod manifest;
mod node;
mod personal;
mod publish;
mod short_lived;
mod sql;
mod terraform;
mod widening;
mod workflow;
mod yaml;

#[cfg(test)]
mod tests;

pub use format::Format;
pub use short_lived::{Change, Refused, Replacement, is_replaceable, short_lived};

use crate::catalogue::{Rule, Signal};
use crate::scan::{Confidence, Finding, Note, is_allowed};
use crate::secret::Secret;
use bstr::BString;
use facts::{Fact, Facts};
use std::ops::Range;

/// Larger files are made by programs.
const BYTES_AT_MOST: usize = 2 << 20;

/// As many places of one signal are told of in one file.
const PLACES_TOLD: usize = 5;

/// What a change widens.
#[derive(Debug, Default)]
pub struct Looked {
    /// One a signal, at the first place, in order of places.
    pub found: Vec<Widening>,
    /// Why the file could not be looked into, if it could not.
    pub why: Option<String>,
}

/// Something that was not granted before.
#[derive(Debug)]
pub struct Widening {
    /// The signal.
    pub signal: &'static Signal,
    /// Where, in bytes of the text.
    pub span: Range<usize>,
    /// What, as the file names it: `contents: write`.
    pub value: String,
    /// In which part of the file: `job release`.
    pub scope: String,
    /// Lines of further places of the same signal.
    pub also: Vec<usize>,
}

/// Whether a fact is about an action or workflow of one of `owners`.
fn is_of(owners: &[BString], fact: &Fact) -> bool {
    let owner = fact.value.split('/').next().unwrap_or_default();
    fact.of.starts_with("workflow-action-")
        && owners.iter().any(|own| own.eq_ignore_ascii_case(owner.as_bytes()))
}

impl Widening {
    /// Whether it is about an action or workflow, whose owner matters.
    pub fn is_about_an_action(&self) -> bool {
        self.signal.fact.starts_with("workflow-action-")
    }

    /// It as a finding in the file at `path`; what stands for its value is no secret, and
    /// tells it apart from any other.
    pub fn finding(&self, path: &[u8]) -> Finding {
        let rule: &'static Rule = self.signal.rule;
        let of = [path, self.scope.as_bytes(), self.value.as_bytes()].join(&0);
        let mut notes = vec![Note::Widens(self.told())];
        if !self.also.is_empty() {
            let mut lines: Vec<String> =
                self.also.iter().take(PLACES_TOLD).map(usize::to_string).collect();
            if let Some(more @ 1..) = self.also.len().checked_sub(PLACES_TOLD) {
                lines.push(format!("{more} more"));
            }
            let noun = if self.also.len() == 1 { "line" } else { "lines" };
            notes.push(Note::Widens(format!("the same at {noun} {}", lines.join(", "))));
        }
        Finding {
            rule,
            span: self.span.clone(),
            secret_span: self.span.clone(),
            secret: Secret::new(&of),
            confidence: Confidence::Possible,
            notes,
            companion: None,
        }
    }

    fn told(&self) -> String {
        match (self.value.as_str(), self.scope.trim_matches('/')) {
            ("", "") => "it is new here".to_owned(),
            ("", scope) => format!("new in {scope}"),
            (value, "") => format!("`{value}` is new"),
            (value, scope) => format!("`{value}` is new in {scope}"),
        }
    }
}

/// What `after` grants at `path` that no text of `before` granted; `markers` says whether a
/// marker on a line lets it through, and of what `owners` own of actions nothing is told.
pub fn widened(
    path: &[u8],
    before: &[&[u8]],
    after: &[u8],
    markers: bool,
    owners: &[BString],
) -> Looked {
    let mut looked = Looked::default();
    let Some(format) = Format::of(path) else { return looked };
    if !format.may_hold(after) {
        return looked;
    }
    if after.len() > BYTES_AT_MOST {
        if !format.surely_holds(after) {
            return looked;
        }
        looked.why = Some("it is too large to look for what it permits".to_owned());
        return looked;
    }
    let now = match format.facts(path, after) {
        Ok(facts) => facts,
        Err(why) => {
            looked.why = Some(format!("{why}, so what it permits was not looked at"));
            return looked;
        }
    };
    if now.is_empty() {
        return looked;
    }
    // What cannot be read granted nothing that is known of.
    let old: Vec<Facts> = before
        .iter()
        .filter(|bytes| bytes.len() <= BYTES_AT_MOST)
        .filter_map(|bytes| format.facts(path, bytes).ok())
        .collect();
    let new = widening::new(&old, now, !before.is_empty());
    let lines: Vec<usize> = memchr::memchr_iter(b'\n', after).collect();
    let line_of = |at: usize| 1 + lines.partition_point(|newline| *newline < at);
    for grant in new {
        let at = grant.fact.at.start.min(after.len())..grant.fact.at.end.min(after.len());
        if markers && is_allowed(after, &at, grant.signal.rule.id) || is_of(owners, &grant.fact) {
            continue;
        }
        let same = |known: &&mut Widening| std::ptr::eq(known.signal, grant.signal);
        if let Some(known) = looked.found.iter_mut().find(same) {
            let line = line_of(at.start);
            if line != line_of(known.span.start) && !known.also.contains(&line) {
                known.also.push(line);
            }
            continue;
        }
        looked.found.push(Widening {
            signal: grant.signal,
            span: at.start..at.end.max(at.start),
            value: grant.fact.value,
            scope: grant.fact.scope,
            also: Vec::new(),
        });
    }
    looked.found.sort_by_key(|widening| widening.span.start);
    looked
}
