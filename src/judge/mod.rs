//! A finding plus its context becomes a verdict. Pure.

pub mod baseline;
pub mod exception;
pub mod fingerprint;
mod keyed;
pub mod salt;
pub mod stretch;

use crate::catalogue::Severity;
use crate::catalogue::schema::words;
use crate::scan::{Confidence, Finding, Note};
use crate::source::role::FileRole;
use exception::Exception;
use serde::Deserialize;
use std::borrow::Cow;

words! {
    /// What happens to the action.
    Verdict {
        /// It goes through.
        Permit = "permit",
        /// It goes through after a pause.
        Slow = "slow",
        /// It goes through when the person says so.
        Guide = "guide",
        /// It does not go through.
        Block = "block",
    }
}

words! {
    /// How far a credential has come.
    Exposure {
        /// In the index, in no commit.
        Staged = "staged",
        /// In a commit that no remote is known to have.
        Committed = "committed",
        /// In a commit on its way to a public remote.
        Public = "public",
        /// In a log that others read.
        Logged = "logged",
        /// In a push that a server has not taken yet.
        Received = "received",
        /// In a file that git may not know.
        File = "file",
    }
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person.
    Person,
    /// A pipeline.
    Ci,
    /// An AI agent, by name.
    Agent(&'static str),
}

/// Whether a person can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminal {
    /// A person sits at it.
    Interactive,
    /// Nobody can answer.
    Absent,
}

/// What was decided about a finding's value or place before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    #[default]
    Open,
    /// An exception lets its value through.
    Excepted(Exception),
    /// An exception did, until its last day.
    Expired(Exception),
    /// It was there when leakcoach came: the baseline has its value.
    Baselined,
    /// A committed list of another tool has it; the list's name.
    Listed(&'static str),
    /// Such a list has it by an entry that comes with it.
    ListedAnew(&'static str),
}

/// What a verdict depends on beside the finding.
#[derive(Debug, Clone)]
pub struct Context {
    /// How far it has come.
    pub exposure: Exposure,
    /// The role of the file it is in.
    pub role: FileRole,
    /// Who acts.
    pub actor: Actor,
    /// Whether a person can be asked.
    pub terminal: Terminal,
    /// The time, in seconds since 1970.
    pub now: i64,
    /// What was decided before.
    pub standing: Standing,
}

/// A verdict by confidence, as configured.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// For what a checksum or structure proves.
    pub proven: Verdict,
    /// For a distinctive shape.
    pub likely: Verdict,
    /// For a generic shape in a telling context.
    pub possible: Verdict,
}

impl Default for Policy {
    fn default() -> Self {
        Self { proven: Verdict::Block, likely: Verdict::Block, possible: Verdict::Guide }
    }
}

/// A verdict and the line of policy that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What happens.
    pub verdict: Verdict,
    /// Why, as a lower-case fragment.
    pub because: Cow<'static, str>,
    /// What was decided before, whether it counted or not.
    pub standing: Standing,
}

impl Judgement {
    /// Whether it goes through by what was decided before: there is nothing to tell
    /// beyond that it was so.
    pub fn is_settled(&self) -> bool {
        matches!(self.standing, Standing::Excepted(_) | Standing::Baselined | Standing::Listed(_))
    }
}

/// Decides about `finding`.
pub fn judge(finding: &Finding, context: &Context, policy: &Policy) -> Judgement {
    let (verdict, because) = match &context.standing {
        Standing::Excepted(exception) => (Verdict::Permit, exception.to_string().into()),
        Standing::Baselined => (Verdict::Permit, "it is in the baseline".into()),
        Standing::Listed(list) => (Verdict::Permit, format!("`{list}` lists it").into()),
        Standing::Open | Standing::Expired(_) | Standing::ListedAnew(_) => {
            let (verdict, because) = verdict_of(finding, context, *policy);
            (verdict, because.into())
        }
    };
    Judgement { verdict, because, standing: context.standing.clone() }
}

fn verdict_of(finding: &Finding, context: &Context, policy: Policy) -> (Verdict, &'static str) {
    if finding.notes.iter().any(|note| matches!(note, Note::Marked(_))) {
        return (Verdict::Permit, "a marker that comes with it hides it, without a reason");
    }
    let ended = finding.notes.iter().any(|note| note.ended(context.now));
    let harmless =
        ended || [Note::LocalHost, Note::DefaultLogin].iter().any(|n| finding.notes.contains(n));
    let severity = if harmless {
        Severity::Low
    } else {
        severity_here(finding.rule.severity, finding.confidence, context.role)
    };
    let (verdict, because) = match finding.confidence {
        _ if ended => (policy.possible, "it has ended by itself"),
        Confidence::Proven => (policy.proven, "it is proven to be one"),
        Confidence::Likely => (policy.likely, "its shape is distinctive"),
        Confidence::Possible => (policy.possible, "it looks like one in this place"),
    };
    match (verdict, context.terminal) {
        (Verdict::Permit | Verdict::Block, _) | (_, Terminal::Interactive) => (verdict, because),
        // Nobody can answer: what would be asked about is refused when it matters.
        (Verdict::Guide | Verdict::Slow, Terminal::Absent) if severity >= Severity::High => (
            Verdict::Block,
            "it looks like one here, much would depend on it and nobody can be asked",
        ),
        (Verdict::Guide | Verdict::Slow, Terminal::Absent) => {
            (Verdict::Permit, "it looks like one here, but little depends on it")
        }
    }
}

/// What is only possible weighs one step less in tests, prose and examples.
fn severity_here(severity: Severity, confidence: Confidence, role: FileRole) -> Severity {
    let rehearsed = matches!(role, FileRole::Test | FileRole::Docs | FileRole::Example);
    match (confidence, rehearsed, severity) {
        (Confidence::Possible, true, Severity::Critical) => Severity::High,
        (Confidence::Possible, true, Severity::High) => Severity::Medium,
        (Confidence::Possible, true, Severity::Medium) => Severity::Low,
        _ => severity,
    }
}
