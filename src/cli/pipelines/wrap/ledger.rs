//! What was masked in a command's output, each value once.

use crate::cli::check::run::Check;
use crate::cli::pipelines::pipeline::Printed;
use crate::judge::fingerprint::FindingId;
use crate::mask::{Masked, What};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// As many values are told of one by one.
const AT_MOST: usize = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Output,
    Error,
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Output => "standard output",
            Self::Error => "standard error",
        })
    }
}

#[derive(Default)]
pub(super) struct Ledger {
    entries: Vec<Entry>,
    /// Values that were masked and are not among them.
    more: usize,
}

struct Entry {
    what: What,
    value: Option<[u8; 32]>,
    id: Option<FindingId>,
    stream: Stream,
    line: usize,
    times: usize,
}

impl Ledger {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.more == 0
    }

    pub(super) fn add(&mut self, masked: &Masked<'_>, stream: Stream, check: &Check) {
        let value = masked.secret.map(|secret| Sha256::digest(secret.expose()).into());
        let known =
            self.entries.iter_mut().find(|one| one.what == masked.what && one.value == value);
        if let Some(known) = known {
            known.times += 1;
            return;
        }
        if self.entries.len() == AT_MOST {
            self.more += 1;
            return;
        }
        let id = match (&masked.what, masked.secret) {
            (What::Rule(rule), Some(secret)) => check.id_of(rule, secret),
            _ => None,
        };
        let (what, line) = (masked.what.clone(), masked.line);
        self.entries.push(Entry { what, value, id, stream, line, times: 1 });
    }

    /// The same, to be told.
    pub(super) fn printed(&self, check: &Check) -> Vec<Printed> {
        let told = self.entries.iter().map(|entry| Printed {
            rule: match entry.what {
                What::Rule(id) => check.rule(id),
                What::Named(_) | What::Again | What::Key => None,
            },
            what: match &entry.what {
                What::Rule(id) => (*id).to_owned(),
                What::Named(name) => format!("the value of ${name}"),
                What::Again => "a value seen before, or one that the job asked to mask".to_owned(),
                What::Key => "lines of a private key".to_owned(),
            },
            place: format!("line {} of {}", entry.line, entry.stream),
            id: entry.id,
            times: entry.times,
        });
        told.collect()
    }
}
