//! What can have happened. A new kind is a new case of [`What`]; a changed one gets a new
//! name, since what was recorded is never written anew.

use crate::remedy::case::What as Change;
use serde::{Deserialize, Serialize};

/// The version of the shape of events.
pub(super) const VERSION: u8 = 1;

/// Something that happened. Never holds a credential nor an unkeyed hash of one: findings
/// are named by their keyed ids, repositories by keyed hashes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, in seconds since 1970, by the machine's clock.
    pub at: i64,
    /// `person`, `ci` or the name of an agent.
    pub actor: String,
    /// The mail address under which git knows who acted: as they say, not verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// A keyed hash of the repository's place; nothing outside of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// An event as it is sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Versioned {
    pub(super) v: u8,
    #[serde(flatten)]
    pub(super) event: Event,
}

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// A commit was about to be made.
    Commit,
    /// A message was.
    Message,
    /// A commit was made past the guard, and looked at afterwards.
    Afterwards,
    /// A push was about to leave.
    Push,
    /// Somebody asked.
    Check,
}

impl Deed {
    /// Its name in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Message => "message",
            Self::Afterwards => "afterwards",
            Self::Push => "push",
            Self::Check => "check",
        }
    }
}

/// What happened. Words for rules, roles, exposures and verdicts are those of cards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
#[expect(missing_docs, reason = "fields are the words of the vocabulary")]
pub enum What {
    /// A card was shown, in two lines when `brief`.
    Shown {
        deed: Deed,
        rule: String,
        finding: Option<String>,
        role: String,
        exposure: String,
        severity: String,
        confidence: String,
        verdict: String,
        #[serde(default)]
        brief: bool,
    },
    /// What was refused is gone from what passed, so many seconds after it was shown first.
    Fixed { deed: Deed, rule: String, finding: Option<String>, after: i64 },
    /// A person let one refused action through.
    Overridden { deed: Deed, rule: String, finding: Option<String>, reason: String },
    /// An exception let it through.
    Excepted { deed: Deed, rule: String, finding: Option<String> },
    /// Somebody made an exception for it, until a day, and asked for an approval where one
    /// was named.
    Allowed {
        rule: String,
        finding: Option<String>,
        until: String,
        reason: String,
        asks: Option<String>,
    },
    /// Somebody signed an exception.
    Approved { rule: String, finding: Option<String>, who: String, until: String },
    /// Policy let so many through without a card.
    Digest { deed: Deed, rule: String, count: u32 },
    /// Somebody says that it is none.
    Wrong { rule: String, finding: Option<String>, because: String },
    /// A drill: the rules whose credential was found, or missed, and how often something
    /// else was taken for one.
    Drill { found: Vec<String>, missed: Vec<String>, false_alarms: u32 },
    /// A lesson was read.
    Lesson { lesson: String },
    /// Something happened on the way out of one credential, and holds since then: `case` is
    /// the finding's id.
    Case { case: String, since: i64, change: Change },
    /// A job printed it, where others could read it or `masked` in time; `job` is a keyed hash.
    Printed { job: String, rule: String, finding: Option<String>, masked: bool },
    /// What a check against the vendor said.
    Verified { rule: String, finding: Option<String>, answer: String },
    /// What became of an item that is to be looked at again.
    Review { item: String, did: Reviewed, who: String, to: Option<String>, note: String },
    /// An agent's call was refused, asked about, or had its output masked.
    Guarded { tool: String, rule: String, decision: String, exposure: Option<String> },
    /// A person approved something for an agent.
    Entrusted { agent: String, scope: String, until: i64, reason: String },
    /// A program was asked for words about a rule or a finding, and they were shown as
    /// generated.
    Generated { rule: String, finding: Option<String>, by_program: String, outcome: String },
    /// Somebody read the record.
    Read { how: Reading, who: String, why: String, count: u64, to: Option<String> },
    /// Events were removed: their numbers, first and last.
    Forgot { of: Removal, who: String, why: String, events: Vec<(i64, i64)> },
}

/// What somebody did with an item of the review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reviewed {
    /// It was given to somebody.
    Assigned,
    /// It was looked at, and is done.
    Closed,
}

/// How the record was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// Listed.
    Show,
    /// A card was shown again.
    Replay,
    /// Copied.
    Copy,
    /// Handed out.
    Export,
    /// What somebody else handed out was opened.
    Import,
}

/// Why events were removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Removal {
    /// They were older than is kept.
    Age,
    /// Somebody asked for it.
    Asked,
}

impl What {
    /// Its name.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Shown { .. } => "shown",
            Self::Fixed { .. } => "fixed",
            Self::Overridden { .. } => "overridden",
            Self::Excepted { .. } => "excepted",
            Self::Allowed { .. } => "allowed",
            Self::Approved { .. } => "approved",
            Self::Digest { .. } => "digest",
            Self::Wrong { .. } => "wrong",
            Self::Drill { .. } => "drill",
            Self::Lesson { .. } => "lesson",
            Self::Case { .. } => "case",
            Self::Printed { .. } => "printed",
            Self::Verified { .. } => "verified",
            Self::Review { .. } => "review",
            Self::Guarded { .. } => "guarded",
            Self::Entrusted { .. } => "entrusted",
            Self::Generated { .. } => "generated",
            Self::Read { .. } => "read",
            Self::Forgot { .. } => "forgot",
        }
    }

    /// The finding that it is about.
    pub fn finding(&self) -> Option<&str> {
        match self {
            Self::Shown { finding, .. }
            | Self::Fixed { finding, .. }
            | Self::Overridden { finding, .. }
            | Self::Excepted { finding, .. }
            | Self::Allowed { finding, .. }
            | Self::Approved { finding, .. }
            | Self::Wrong { finding, .. }
            | Self::Printed { finding, .. }
            | Self::Generated { finding, .. }
            | Self::Verified { finding, .. } => finding.as_deref(),
            Self::Case { case, .. } => Some(case),
            Self::Digest { .. }
            | Self::Drill { .. }
            | Self::Lesson { .. }
            | Self::Review { .. }
            | Self::Guarded { .. }
            | Self::Entrusted { .. }
            | Self::Read { .. }
            | Self::Forgot { .. } => None,
        }
    }

    /// Whether what was refused may pass from then on, and does so for another reason than
    /// being mended.
    pub(super) const fn ends_a_refusal(&self) -> bool {
        matches!(
            self,
            Self::Shown { deed: Deed::Afterwards, .. }
                | Self::Excepted { .. }
                | Self::Overridden { .. }
                | Self::Wrong { .. }
        )
    }

    /// Whether it may be removed. What proves a removal stays.
    pub(super) const fn may_go(&self) -> bool {
        !matches!(self, Self::Forgot { .. })
    }
}

impl Event {
    pub(super) fn to_text(&self) -> Option<Vec<u8>> {
        serde_json::to_vec(&Versioned { v: VERSION, event: self.clone() }).ok()
    }

    pub(super) fn of_text(text: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Versioned>(text).ok().map(|versioned| versioned.event)
    }
}
