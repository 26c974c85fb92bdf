//! Approvals that a person signs: what is allowed, until when, and proof of who said so.
//!
//! [`ssh`] signs and verifies any payload as git does, with `ssh-keygen`; [`Approval`] is what
//! a deployment gate wants signed. Knows nothing of policy or of where approvals are kept.

pub mod ssh;

use crate::text::Escaped;
use jiff::Timestamp;
use std::fmt;

/// What signatures of gates are for, so that none made for something else counts
/// (ssh-keygen(1), `-n`).
pub const GATE: &str = "leakcoach-gate";

/// The first line; another one is another format.
const HEAD: &str = "leakcoach approval 1";

/// Clocks differ by as many seconds.
const SKEW: i64 = 60;

/// A statement: this commit may go to this target within this time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Where it may go.
    pub target: String,
    /// The whole id of the commit.
    pub commit: String,
    /// From when on, in seconds since 1970.
    pub from: i64,
    /// Until when.
    pub until: i64,
    /// Why.
    pub reason: String,
}

/// Why an approval does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// It is no approval of a kind that is known.
    Unreadable,
    /// It is for another commit.
    Commit(String),
    /// It is for another target.
    Target(String),
    /// It begins later.
    Early(i64),
    /// It has ended.
    Ended(i64),
    /// It is longer than policy lets it be.
    TooLong,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("it is no approval that this leakcoach can read"),
            Self::Commit(commit) => write!(f, "it is for commit {commit:.12}"),
            Self::Target(target) => write!(f, "it is for {}", Escaped(target.as_bytes())),
            Self::Early(from) => write!(f, "it begins at {}", time(*from)),
            Self::Ended(until) => write!(f, "it ended at {}", time(*until)),
            Self::TooLong => f.write_str("it lasts longer than policy allows"),
        }
    }
}

/// In UTC, as RFC 3339 writes it.
pub fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

impl Approval {
    /// The text that is signed.
    pub fn text(&self) -> String {
        let reason: String =
            self.reason.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
        format!(
            "{HEAD}\ntarget {}\ncommit {}\nfrom {}\nuntil {}\nreason {}\n",
            self.target,
            self.commit,
            time(self.from),
            time(self.until),
            reason.trim(),
        )
    }

    /// Reads such a text: these lines in this order, and nothing else.
    pub fn read(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let mut next = |key: &str| lines.next()?.strip_prefix(key)?.strip_prefix(' ');
        let seconds = |text: &str| text.parse::<Timestamp>().ok().map(Timestamp::as_second);
        (next("leakcoach")? == "approval 1").then_some(())?;
        let approval = Self {
            target: next("target").filter(|target| is_name(target))?.to_owned(),
            commit: next("commit").filter(|commit| is_id(commit))?.to_owned(),
            from: seconds(next("from")?)?,
            until: seconds(next("until")?)?,
            reason: next("reason")?.to_owned(),
        };
        // What is read otherwise than it is written could be signed as one and read as another.
        (lines.next().is_none() && approval.text() == text).then_some(approval)
    }

    /// What stands against it for this commit and target, at `now`, where it may last so many
    /// seconds at most.
    pub fn flaw(&self, commit: &str, target: &str, now: i64, at_most: i64) -> Option<Flaw> {
        if self.commit != commit {
            Some(Flaw::Commit(self.commit.clone()))
        } else if self.target != target {
            Some(Flaw::Target(self.target.clone()))
        } else if now + SKEW < self.from {
            Some(Flaw::Early(self.from))
        } else if now > self.until {
            Some(Flaw::Ended(self.until))
        } else if self.until - self.from > at_most {
            Some(Flaw::TooLong)
        } else {
            None
        }
    }
}

/// Whether a text can name a target: it becomes a part of a ref's name.
pub fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn is_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64)
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::{Approval, Flaw};
    use proptest::prelude::*;

    fn approval() -> Approval {
        Approval {
            target: "production".to_owned(),
            commit: "0123456789".repeat(4),
            from: 1_000_000,
            until: 1_007_200,
            reason: "release 4, ticket 812".to_owned(),
        }
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let text = approval().text();
        assert_eq!(Approval::read(&text), Some(approval()));
        for changed in [
            text.replace("approval 1", "approval 2"),
            text.replace("target", "Target"),
            text.replace("\nfrom", "\n\nfrom"),
            format!("{text}\n"),
            format!("{text}target staging\n"),
            text.replace("production", "pro/duction"),
            text.replace("Z\n", "+00:00\n"),
            text.trim_end().to_owned(),
        ] {
            assert_eq!(Approval::read(&changed), None, "{changed}");
        }
    }

    #[test]
    fn it_counts_for_this_commit_and_target_and_time_alone() {
        let one = approval();
        let at = |now| one.flaw(&one.commit, "production", now, 7200);

        assert_eq!(at(1_003_000), None);
        assert_eq!(at(999_950), None);
        assert_eq!(at(999_900), Some(Flaw::Early(1_000_000)));
        assert_eq!(at(1_007_201), Some(Flaw::Ended(1_007_200)));
        assert_eq!(one.flaw(&one.commit, "production", 1_003_000, 7199), Some(Flaw::TooLong));
        assert!(matches!(
            one.flaw(&"a".repeat(40), "production", 1_003_000, 7200),
            Some(Flaw::Commit(_))
        ));
        assert!(matches!(one.flaw(&one.commit, "staging", 1_003_000, 7200), Some(Flaw::Target(_))));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text: String, reason: String) {
            prop_assert_eq!(Approval::read(&text), None);
            let one = Approval { reason, ..approval() };
            let read = Approval::read(&one.text()).unwrap();
            prop_assert_eq!(read.text(), one.text());
        }
    }
}
