//! Policy: lines that are asked one after the other, of which the first that fits decides.
//!
//! Takes facts of a finding, gives an answer and the line that gave it. Knows nothing of
//! files or of how a line is written.

mod conditions;
mod lint;
mod preset;

pub use conditions::{Conditions, Facts, Names, Profile};
pub use lint::{Fault, lint};
pub use preset::Preset;

use super::Verdict;
use crate::catalogue::schema::words;
use serde::Deserialize;
use std::sync::Arc;

words! {
    /// What a line of policy says, from the loosest to the strictest.
    Answer {
        /// It goes through, with a note.
        Permit = "permit",
        /// It goes through, and is told in a line at the end.
        Digest = "digest",
        /// It goes through after a pause, by a typed phrase.
        Slow = "slow",
        /// It goes through when the person says so.
        Guide = "guide",
        /// It does not go through.
        Block = "block",
    }
}

impl Answer {
    /// What it means for the action.
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Permit | Self::Digest => Verdict::Permit,
            Self::Slow => Verdict::Slow,
            Self::Guide => Verdict::Guide,
            Self::Block => Verdict::Block,
        }
    }
}

words! {
    /// What is about to happen.
    Transaction {
        /// A commit is made.
        Commit = "commit",
        /// Commits leave for a remote.
        Push = "push",
        /// Tags leave for a remote, and nothing else.
        Tag = "tag",
        /// A release is made.
        Release = "release",
        /// Something is deployed.
        Deploy = "deploy",
    }
}

words! {
    /// Who can read a remote.
    Visibility {
        /// Everybody.
        Public = "public",
        /// Those who are let in.
        Private = "private",
        /// The configuration does not say.
        Unknown = "unknown",
    }
}

/// One line.
#[derive(Debug, Clone)]
pub struct Line {
    /// What it asks; with none, it fits everything.
    pub asks: Conditions,
    /// What it says then.
    pub answer: Answer,
    /// Where it stands: `.leakcoach.toml:7`, or the name of a starter policy.
    pub at: Arc<str>,
    /// Whether it is one of a starter policy.
    pub starter: bool,
    /// Whether it holds where nothing is configured.
    pub builtin: bool,
    /// Whether nothing below the organisation may be looser.
    pub locked: bool,
}

/// What is done where the answer is [`Answer::Slow`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slow {
    /// How long a person waits before the phrase may be typed, in seconds.
    pub seconds: u32,
    /// What happens when nobody can be asked.
    pub fallback: Verdict,
}

impl Slow {
    /// What holds where nothing is configured.
    pub const DEFAULT: Self = Self { seconds: 5, fallback: Verdict::Block };
}

/// All lines, in the order in which they are asked.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The last of them fits everything.
    pub lines: Vec<Line>,
    /// The organisation's own: its answer is the least, where the line that gives it is
    /// locked. Empty where nothing is.
    pub floor: Vec<Line>,
    /// How a pause is made.
    pub slow: Slow,
}

impl Default for Policy {
    fn default() -> Self {
        let lines = Preset::default().lines(&Arc::from(Preset::default().word()), true);
        Self { lines, floor: Vec::new(), slow: Slow::DEFAULT }
    }
}

/// The line that decided.
#[derive(Debug, Clone, Copy)]
pub struct Decision<'a> {
    /// The line.
    pub line: &'a Line,
    /// A looser line, which the lock of that one did not let decide.
    pub instead_of: Option<&'a Line>,
}

/// A line, and the first of its conditions that did not hold.
#[derive(Debug)]
pub struct Looked<'a> {
    /// The line.
    pub line: &'a Line,
    /// The key of that condition; nothing when all held.
    pub missed: Option<&'static str>,
}

impl Policy {
    /// The line that decides about `facts`; nothing only where no line fits.
    pub fn decide(&self, facts: &Facts) -> Option<Decision<'_>> {
        let first = |lines: &'_ [Line]| lines.iter().position(|line| line.asks.fit(facts));
        let line = &self.lines[first(&self.lines)?];
        let floor = first(&self.floor).map(|at| &self.floor[at]);
        Some(match floor.filter(|floor| floor.locked && floor.answer > line.answer) {
            Some(floor) => Decision { line: floor, instead_of: Some(line) },
            None => Decision { line, instead_of: None },
        })
    }

    /// The lines that are asked about `facts`, up to the first that fits.
    pub fn trace(&self, facts: &Facts) -> Vec<Looked<'_>> {
        let mut looked = Vec::new();
        for line in &self.lines {
            let missed = line.asks.missed(facts);
            looked.push(Looked { line, missed });
            if missed.is_none() {
                break;
            }
        }
        looked
    }
}

#[cfg(test)]
mod tests;
