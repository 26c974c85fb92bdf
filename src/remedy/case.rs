//! The way out of one credential as a checklist: what happened, folded to where it stands.
//!
//! Pure. Events are only ever added; whoever keeps them is a `Memory`. An event holds no
//! credential, and names its case by the keyed id of the finding.

pub(crate) mod file;

use crate::catalogue::schema::words;
use crate::judge::Exposure;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;

words! {
    /// A step of the way out, in the order in which they are taken.
    Step {
        /// It opens nothing any more.
        Revoked = "revoked",
        /// Another took its place.
        Rotated = "rotated",
        /// The other one is in a store.
        Vaulted = "vaulted",
        /// No file has it.
        Mended = "mended",
        /// It was decided on the commits that have it.
        History = "history",
        /// It was looked for use by others.
        Abuse = "abuse",
    }
}

/// How it is known that a step is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// A person says so.
    Said,
    /// leakcoach saw it, or a service said it.
    Proven,
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.word())
    }
}

impl Step {
    /// Its place on the command line.
    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|step| step.word() == word)
    }

    /// Whether a reason can stand in for it: nothing can while it opens something, or while
    /// a file has it.
    pub(crate) const fn may_be_skipped(self) -> bool {
        match self {
            Self::Revoked | Self::Mended => false,
            Self::Rotated | Self::Vaulted | Self::History | Self::Abuse => true,
        }
    }
}

/// Something that happened in a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The finding's id.
    pub case: String,
    /// When, in seconds since 1970.
    pub at: i64,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened. Words of people are kept as they were given, once it is known that no
/// credential is in them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "fields are the words of the vocabulary")]
pub enum What {
    /// It was found, having come so far.
    Found {
        rule: String,
        #[serde(serialize_with = "its_word")]
        exposure: Exposure,
    },
    /// A step is done.
    Done { step: Step, evidence: String, proof: Proof },
    /// It turned out not to be.
    Undone { step: Step, why: String },
    /// A step is left out.
    Skipped { step: Step, reason: String },
    /// All is done.
    Closed,
    /// It is not, after all.
    Reopened,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn its_word<S: Serializer>(exposure: &Exposure, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(exposure.word())
}

/// Who keeps events.
pub(crate) trait Memory {
    /// Why something could not be kept or read.
    type Fault;

    /// Keeps `events`, all of them or none.
    ///
    /// # Errors
    /// They could not be kept.
    fn append(&self, events: &[Event]) -> Result<(), Self::Fault>;

    /// What was kept of the case called so; of all cases without a name.
    ///
    /// # Errors
    /// It cannot be read.
    fn events(&self, case: Option<&str>) -> Result<Vec<Event>, Self::Fault>;
}

/// Where a step stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing was done yet.
    #[default]
    Open,
    /// It was, and did not hold.
    Again { why: String },
    /// It is done since then.
    Done { at: i64, evidence: String, proof: Proof },
    /// It is left out.
    Skipped { at: i64, reason: String },
}

/// Where a case stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) id: String,
    /// The rule's id; empty where nothing told it.
    pub(crate) rule: String,
    /// As far as it was ever seen.
    pub(crate) exposure: Exposure,
    /// When it was found.
    pub(crate) found: i64,
    /// When it was closed, while it is.
    pub(crate) closed: Option<i64>,
    steps: BTreeMap<Step, Standing>,
}

/// What keeps a case from being closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lack {
    pub(crate) step: Step,
    pub(crate) why: String,
}

/// Whether a service can be asked about the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// By a call that only reads.
    Possible,
    /// No such call is known, or its value is not here to be asked about.
    None,
}

/// The steps for a credential that has come so far.
pub(crate) const fn steps_for(exposure: Exposure) -> &'static [Step] {
    match exposure {
        Exposure::Staged | Exposure::File => &[Step::Mended],
        Exposure::Committed | Exposure::Received => &[Step::Mended, Step::History],
        Exposure::Pushed | Exposure::Public | Exposure::Logged => Step::ALL,
    }
}

/// How far that is: a case only ever goes further.
const fn rank(exposure: Exposure) -> u8 {
    match exposure {
        Exposure::File => 0,
        Exposure::Staged => 1,
        Exposure::Received => 2,
        Exposure::Committed => 3,
        Exposure::Logged => 4,
        Exposure::Pushed => 5,
        Exposure::Public => 6,
    }
}

/// The further of both.
pub(crate) const fn further(one: Exposure, other: Exposure) -> Exposure {
    if rank(other) > rank(one) { other } else { one }
}

impl Case {
    /// Where `events` of one case lead; nothing where there are none.
    ///
    /// Any events in any order lead somewhere, and the same ones told twice lead to the same.
    pub(crate) fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Option<Self> {
        let mut events = events.into_iter();
        let first = events.next()?;
        let mut case = Self {
            id: first.case.clone(),
            rule: String::new(),
            exposure: Exposure::File,
            found: first.at,
            closed: None,
            steps: BTreeMap::new(),
        };
        case.take(first);
        events.for_each(|event| case.take(event));
        Some(case)
    }

    fn take(&mut self, event: &Event) {
        self.found = self.found.min(event.at);
        match &event.what {
            What::Found { rule, exposure } => {
                if self.rule.is_empty() {
                    self.rule.clone_from(rule);
                }
                self.exposure = further(self.exposure, *exposure);
            }
            What::Done { step, evidence, proof } => self.done(*step, event.at, evidence, *proof),
            What::Undone { step, why } => {
                self.steps.insert(*step, Standing::Again { why: why.clone() });
            }
            What::Skipped { step, reason } => {
                let skipped = Standing::Skipped { at: event.at, reason: reason.clone() };
                self.steps.insert(*step, skipped);
            }
            What::Closed => self.closed = self.closed.or(Some(event.at)),
            What::Reopened => self.closed = None,
        }
    }

    /// The first word counts for the time; a proof takes the place of what was said.
    fn done(&mut self, step: Step, at: i64, evidence: &str, proof: Proof) {
        let standing = self.steps.entry(step).or_default();
        let at = match standing {
            Standing::Done { proof: known, .. } if *known >= proof => return,
            Standing::Done { at: first, .. } => *first,
            Standing::Open | Standing::Again { .. } | Standing::Skipped { .. } => at,
        };
        *standing = Standing::Done { at, evidence: evidence.to_owned(), proof };
    }

    /// The steps that it takes.
    pub(crate) const fn steps(&self) -> &'static [Step] {
        steps_for(self.exposure)
    }

    /// Where `step` stands.
    pub(crate) fn standing(&self, step: Step) -> Standing {
        self.steps.get(&step).cloned().unwrap_or_default()
    }

    /// What is left to do, in order.
    pub(crate) fn lacks(&self, check: Check) -> Vec<Lack> {
        let lack = |step: &Step| {
            let why = match self.standing(*step) {
                Standing::Open => "it is not done".to_owned(),
                Standing::Again { why } => why,
                Standing::Skipped { .. } if !step.may_be_skipped() => {
                    "no reason stands in for this".to_owned()
                }
                Standing::Done { proof: Proof::Said, .. }
                    if *step == Step::Revoked && check == Check::Possible =>
                {
                    "it was said, and its service was not asked since".to_owned()
                }
                Standing::Done { .. } | Standing::Skipped { .. } => return None,
            };
            Some(Lack { step: *step, why })
        };
        self.steps().iter().filter_map(lack).collect()
    }

    /// How many seconds after it was found it was revoked.
    pub(crate) fn to_revoke(&self) -> Option<i64> {
        match self.standing(Step::Revoked) {
            Standing::Done { at, .. } => Some(at.saturating_sub(self.found).max(0)),
            Standing::Open | Standing::Again { .. } | Standing::Skipped { .. } => None,
        }
    }

    /// Whether others can use it still.
    pub(crate) fn is_alive(&self) -> bool {
        self.steps().contains(&Step::Revoked) && self.to_revoke().is_none()
    }
}

/// The cases of `events`: those that may be used still first, then the other open ones, and
/// of each kind the oldest first.
pub(crate) fn cases(events: &[Event]) -> Vec<Case> {
    let mut by_case: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    for event in events {
        by_case.entry(&event.case).or_default().push(event);
    }
    let mut cases: Vec<Case> = by_case.into_values().filter_map(Case::fold).collect();
    cases.sort_by_key(|case| (case.closed.is_some(), !case.is_alive(), case.found));
    cases
}

/// `40 s`, `12 min`, `2 h 10 min`, `3 days`.
pub(crate) fn span(seconds: i64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    match seconds {
        ..60 => format!("{} s", seconds.max(0)),
        60..3600 => format!("{minutes} min"),
        3600..86_400 if minutes % 60 == 0 => format!("{hours} h"),
        3600..86_400 => format!("{hours} h {} min", minutes % 60),
        86_400..172_800 => "1 day".to_owned(),
        172_800.. => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests;
