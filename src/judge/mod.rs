//! A finding plus its context becomes a verdict. Pure.

pub mod approval;
pub mod baseline;
pub mod exception;
pub mod fingerprint;
mod keyed;
pub mod policy;
pub mod reason;
pub mod salt;
pub mod stretch;

use crate::catalogue::schema::words;
use crate::catalogue::{Kind, Severity};
use crate::scan::{Confidence, Finding, Note};
use crate::source::role::FileRole;
use exception::Exception;
use policy::{Answer, Decision, Facts, Profile, Transaction};
use serde::Deserialize;
use std::borrow::Cow;
use std::sync::Arc;

pub use policy::{Policy, Visibility};

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
        /// In a commit that a remote has.
        Pushed = "pushed",
        /// In a commit that a public remote has, or that is on its way to one.
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
    /// There is an exception for it that does not count; why, as a lower-case fragment.
    Void(Exception, String),
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
    /// The file's path, from the top of the repository where there is one.
    pub path: String,
    /// The branch, where it is known.
    pub branch: Option<String>,
    /// Who reads the remote that it goes to, where there is one.
    pub remote: Option<Visibility>,
    /// What is about to happen, where it is known.
    pub transaction: Option<Transaction>,
    /// Who works where.
    pub profile: Profile,
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
    /// The line of policy that decided: `.leakcoach.toml:7`, or the name of a starter
    /// policy; nothing when something else did.
    pub line: Option<Arc<str>>,
    /// Whether that line came with leakcoach.
    pub by_default: bool,
    /// Whether it goes through with a line at the end instead of a card.
    pub digest: bool,
    /// How long a person waits who is slowed, in seconds.
    pub pause: u32,
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
    let permitted = |because| Judgement {
        verdict: Verdict::Permit,
        because,
        standing: context.standing.clone(),
        line: None,
        by_default: true,
        digest: false,
        pause: 0,
    };
    match &context.standing {
        Standing::Excepted(exception) => permitted(exception.to_string().into()),
        Standing::Baselined => permitted("it is in the baseline".into()),
        Standing::Listed(list) => permitted(format!("`{list}` lists it").into()),
        Standing::Open | Standing::Expired(_) | Standing::Void(..) | Standing::ListedAnew(_) => {
            if finding.notes.iter().any(|note| matches!(note, Note::Marked(_))) {
                return permitted("a marker that comes with it hides it, without a reason".into());
            }
            by_policy(finding, context, policy)
        }
    }
}

fn by_policy(finding: &Finding, context: &Context, policy: &Policy) -> Judgement {
    let facts = Facts::of(finding, context);
    let (answer, line, words) = match policy.decide(&facts) {
        Some(Decision { line, instead_of }) => {
            let words = if line.builtin { None } else { Some(words_of(line, instead_of)) };
            (line.answer, Some(line.at.clone()), words)
        }
        // There is no such policy; if there were, nothing may pass by it.
        None => (Answer::Block, None, None),
    };
    let ended = finding.notes.iter().any(|note| note.ended(context.now));
    let by_default = words.is_none();
    let because = words.unwrap_or(Cow::Borrowed(match finding.confidence {
        _ if finding.rule.kind == Kind::Privilege => "it permits more than before",
        _ if ended => "it has ended by itself",
        Confidence::Proven => "it is proven to be one",
        Confidence::Likely => "its shape is distinctive",
        Confidence::Possible => "it looks like one in this place",
    }));
    let (verdict, because) = match (answer.verdict(), context.terminal) {
        (verdict @ (Verdict::Permit | Verdict::Block), _) | (verdict, Terminal::Interactive) => {
            (verdict, because)
        }
        (Verdict::Slow, Terminal::Absent) => {
            (policy.slow.fallback, format!("{because}, and nobody is here to be slowed").into())
        }
        // Nobody can answer: what would be asked about is refused when it matters.
        (Verdict::Guide, Terminal::Absent) => {
            let (verdict, words) = if facts.severity >= Severity::High {
                (Verdict::Block, ", much would depend on it and nobody can be asked")
            } else {
                (Verdict::Permit, ", but little depends on it")
            };
            let because = if finding.rule.kind == Kind::Privilege && by_default {
                "it permits more than before"
            } else if by_default {
                "it looks like one here"
            } else {
                &*because
            };
            (verdict, format!("{because}{words}").into())
        }
    };
    Judgement {
        verdict,
        because,
        standing: context.standing.clone(),
        line,
        by_default,
        digest: answer == Answer::Digest,
        pause: policy.slow.seconds,
    }
}

/// What is said of a line that stands in a file.
fn words_of(line: &policy::Line, instead_of: Option<&policy::Line>) -> Cow<'static, str> {
    let said = format!("`{}` says {}", line.at, line.answer);
    match instead_of {
        Some(looser) => {
            format!("{said} and is locked, where `{}` says {}", looser.at, looser.answer).into()
        }
        None => said.into(),
    }
}

/// How bad a leak of it is here, and how sure it is that it still opens something.
fn weighed(finding: &Finding, context: &Context) -> (Severity, Confidence) {
    let ended = finding.notes.iter().any(|note| note.ended(context.now));
    let harmless =
        ended || [Note::LocalHost, Note::DefaultLogin].iter().any(|n| finding.notes.contains(n));
    let severity = if harmless {
        Severity::Low
    } else {
        severity_here(finding.rule.severity, finding.confidence, context.role)
    };
    (severity, if ended { Confidence::Possible } else { finding.confidence })
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
