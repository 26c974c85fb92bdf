//! Agents' protocols: what an agent is about to do, what there is to say against it, and the
//! answer in that agent's own words.
//!
//! Pure but for the files of settings and approvals. Texts are not scanned here: who calls
//! brings a scan's findings as [`Reason`]s.

pub(crate) mod agent;
pub(crate) mod answer;
pub(crate) mod approval;
pub(crate) mod event;
pub(crate) mod intent;
mod known;
pub(crate) mod mcp;
mod pattern;
mod programs;
mod reveal;
pub(crate) mod rules;
pub(crate) mod settings;
pub(crate) mod shell;
pub(crate) mod table;
mod wild;

use std::collections::HashSet;

/// What is said to a call, the mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Ruling {
    /// Nothing.
    Allow,
    /// A person is asked.
    Ask,
    /// No.
    Deny,
}

impl Ruling {
    /// The word used in answers and in the record.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
        }
    }
}

/// One thing to say against a call. Holds nothing of a credential.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Reason {
    /// The rule, or the entry of `patterns/guard.toml`; what an approval names.
    pub(crate) rule: String,
    /// What it is.
    pub(crate) what: String,
    /// Where in the call.
    pub(crate) place: String,
    /// What to do instead.
    pub(crate) instead: String,
    /// The file or command that an approval's pattern is held against; never shown.
    pub(crate) reference: String,
    /// What is said to it.
    pub(crate) ruling: Ruling,
    /// Whether a credential itself was seen, and not only a way to one.
    pub(crate) credential: bool,
}

/// Reasons, each once, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Reasons {
    all: Vec<Reason>,
    seen: HashSet<Reason>,
}

impl Reasons {
    /// One more, where it is not there already.
    pub(crate) fn push(&mut self, reason: Reason) {
        if self.seen.insert(reason.clone()) {
            self.all.push(reason);
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// All of them.
    pub(crate) fn into_vec(self) -> Vec<Reason> {
        self.all
    }
}

impl Extend<Reason> for Reasons {
    fn extend<T: IntoIterator<Item = Reason>>(&mut self, more: T) {
        more.into_iter().for_each(|reason| self.push(reason));
    }
}
