//! What somebody should look at again: what repeats, what is out and alive, what was let
//! through though it opens much, what was said to be wrong.
//!
//! Items follow from events, and what was done with them is events again: nothing else is kept.

use super::{DAY, is_out, key};
use crate::coach::follow_up::{Counts, FollowUp, Risk, follow_up};
use crate::record::{Deed, Event, Reviewed, What};
use crate::remedy::case::{Step, What as Change};
use data_encoding::BASE32_NOPAD;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// What happened so many days ago counts no more.
const WINDOW: i64 = 30;

/// What an item is about. The most pressing first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// Others have the credential, and it is not known to be dead.
    Exposed,
    /// One that opens much was let through by an override.
    Override,
    /// The way of working leads here.
    Process,
    /// A rule is wrong too often.
    Noise,
    /// Somebody says that a finding is none.
    FalseAlarm,
    /// The same rule again and again.
    Repeated,
}

impl Subject {
    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Exposed => "exposed",
            Self::Override => "override",
            Self::Process => "process",
            Self::Noise => "noise",
            Self::FalseAlarm => "false-alarm",
            Self::Repeated => "repeated",
        }
    }
}

/// How an item ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Closed {
    /// When.
    pub at: i64,
    /// Who closed it.
    pub who: String,
    /// What came of it.
    pub note: String,
}

/// Something to look at again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its name on the command line.
    pub id: String,
    /// What it is about.
    pub about: Subject,
    /// The rule.
    pub rule: String,
    /// The finding, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<String>,
    /// When it began, in seconds since 1970.
    pub since: i64,
    /// When it happened last.
    pub last: i64,
    /// How often.
    pub times: u64,
    /// What happened, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub words: String,
    /// What to do.
    pub todo: String,
    /// Who looks after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned: Option<String>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<Closed>,
}

/// What one item is told apart by: its subject, and the finding or the rule of a repository.
type Place = (Subject, u64);

/// The items that follow from events.
#[derive(Debug)]
pub struct Queue {
    risk: Risk,
    open: HashMap<Place, Item>,
    done: Vec<Item>,
    places: HashMap<String, Place>,
    counts: HashMap<u64, Window>,
    severity: BTreeMap<String, bool>,
}

/// What happened with one rule in one repository lately, by day.
#[derive(Debug, Default)]
struct Window {
    met: VecDeque<i64>,
    ignored: VecDeque<i64>,
    wrong: VecDeque<i64>,
}

impl Window {
    fn counts(&mut self, day: i64) -> Counts {
        for days in [&mut self.met, &mut self.ignored, &mut self.wrong] {
            while days.front().is_some_and(|first| day - first >= WINDOW) {
                days.pop_front();
            }
        }
        Counts {
            met: self.met.len(),
            ignored: self.ignored.len(),
            // A record is one person's.
            by: usize::from(!self.ignored.is_empty()),
            wrong: self.wrong.len(),
            exception_ends_in: None,
        }
    }
}

impl Queue {
    pub(super) fn new(risk: Risk) -> Self {
        Self {
            risk,
            open: HashMap::new(),
            done: Vec::new(),
            places: HashMap::new(),
            counts: HashMap::new(),
            severity: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, event: &Event) {
        let day = event.at.div_euclid(DAY);
        match &event.what {
            What::Shown { deed, rule, finding, exposure, severity, .. } => {
                let severe = matches!(severity.as_str(), "high" | "critical");
                if self.severity.get(rule) != Some(&severe) {
                    self.severity.insert(rule.clone(), severe);
                }
                let past = *deed == Deed::Afterwards;
                self.count(event, rule, |window| {
                    let new = window.met.back() != Some(&day);
                    if new {
                        window.met.push_back(day);
                    }
                    if past {
                        window.ignored.push_back(day);
                    }
                    new || past
                });
                if severe && is_out(exposure) && finding.is_some() {
                    let words = format!("{rule}, severity {severity}, is {exposure}");
                    self.happened(event, Subject::Exposed, rule, finding.as_deref(), words);
                }
            }
            What::Overridden { rule, finding, reason, .. } => {
                self.count(event, rule, |window| {
                    window.ignored.push_back(day);
                    true
                });
                if self.severity.get(rule) == Some(&true) {
                    let words = format!("{rule} was let through: {reason}");
                    self.happened(event, Subject::Override, rule, finding.as_deref(), words);
                }
            }
            What::Wrong { rule, because, .. } => {
                self.count(event, rule, |window| {
                    window.wrong.push_back(day);
                    false
                });
                let words = format!("{rule} was said to be wrong: {because}");
                self.happened(event, Subject::FalseAlarm, rule, None, words);
            }
            What::Case { case, change: Change::Done { step: Step::Revoked, .. }, .. } => {
                self.dead(event, case);
            }
            What::Verified { finding: Some(finding), answer, .. } if answer == "dead" => {
                self.dead(event, finding);
            }
            What::Review { item, did, who, to, note } => {
                self.reviewed(event, item, *did, who, to.as_deref(), note);
            }
            What::Fixed { .. }
            | What::Excepted { .. }
            | What::Digest { .. }
            | What::Drill { .. }
            | What::Lesson { .. }
            | What::Case { .. }
            | What::Guarded { .. }
            | What::Entrusted { .. }
            | What::Printed { .. }
            | What::Generated { .. }
            | What::Allowed { .. }
            | What::Verified { .. }
            | What::Approved { .. }
            | What::Read { .. }
            | What::Forgot { .. } => {}
        }
    }

    /// Counts what happened with a rule, and says what follows where `change` says that
    /// something did.
    fn count(&mut self, event: &Event, rule: &str, change: impl FnOnce(&mut Window) -> bool) {
        let risk = self.risk;
        let window = self.counts.entry(key(event, rule)).or_default();
        if !change(window) {
            return;
        }
        let counts = window.counts(event.at.div_euclid(DAY));
        let Some(follows) = follow_up(rule, counts, risk, None) else { return };
        let about = match follows {
            FollowUp::Noise(_) => Subject::Noise,
            FollowUp::Process(_) => Subject::Process,
            FollowUp::Lesson(_) | FollowUp::Exception(_) => Subject::Repeated,
        };
        self.happened(event, about, rule, None, follows.words().to_owned());
    }

    /// Something is to be looked at, or is again.
    fn happened(
        &mut self,
        event: &Event,
        about: Subject,
        rule: &str,
        finding: Option<&str>,
        words: String,
    ) {
        let place = (about, key(event, finding.unwrap_or(rule)));
        if let Some(item) = self.open.get_mut(&place) {
            item.last = event.at;
            item.times += 1;
            item.words = words;
            return;
        }
        let repository = event.repository.as_deref().unwrap_or_default();
        let at = event.at.to_string();
        let named = [about.word(), repository, rule, finding.unwrap_or_default(), &at].join("\n");
        let id = BASE32_NOPAD.encode(&Sha256::digest(named)).to_lowercase();
        let id: String = id.chars().take(8).collect();
        let todo = todo(about, rule, finding);
        self.places.insert(id.clone(), place);
        self.open.insert(
            place,
            Item {
                id,
                about,
                rule: rule.to_owned(),
                finding: finding.map(str::to_owned),
                since: event.at,
                last: event.at,
                times: 1,
                words,
                todo,
                assigned: None,
                closed: None,
            },
        );
    }

    /// A credential opens nothing any more.
    fn dead(&mut self, event: &Event, finding: &str) {
        let place = (Subject::Exposed, key(event, finding));
        if let Some(item) = self.open.remove(&place) {
            let (who, note) = ("leakcoach".to_owned(), "it opens nothing any more".to_owned());
            let closed = Some(Closed { at: event.at, who, note });
            self.done.push(Item { closed, ..item });
        }
    }

    fn reviewed(
        &mut self,
        event: &Event,
        id: &str,
        did: Reviewed,
        who: &str,
        to: Option<&str>,
        note: &str,
    ) {
        let Some(place) = self.places.get(id).copied() else { return };
        // Another one may have begun at the same place since.
        if self.open.get(&place).is_none_or(|item| item.id != id) {
            return;
        }
        match did {
            Reviewed::Assigned => {
                if let Some(item) = self.open.get_mut(&place) {
                    item.assigned = to.map(str::to_owned);
                }
            }
            Reviewed::Closed => {
                if let Some(item) = self.open.remove(&place) {
                    // From here on it is counted anew.
                    if item.finding.is_none() {
                        self.counts.remove(&place.1);
                    }
                    let (who, note) = (who.to_owned(), note.to_owned());
                    let closed = Some(Closed { at: event.at, who, note });
                    self.done.push(Item { closed, ..item });
                }
            }
        }
    }

    /// How many items are closed.
    pub fn closed(&self) -> u64 {
        self.done.len() as u64
    }

    /// The open item called `id`.
    pub fn find(&self, id: &str) -> Option<&Item> {
        let place = self.places.get(id)?;
        self.open.get(place).filter(|item| item.id == id)
    }

    /// The open items, the most pressing first.
    pub fn into_open(self) -> Vec<Item> {
        sorted(self.open.into_values().collect())
    }

    /// Open and closed items, the open ones first.
    pub fn into_all(self) -> Vec<Item> {
        let mut done = self.done;
        done.sort_by_key(|item| std::cmp::Reverse(item.closed.as_ref().map(|closed| closed.at)));
        let mut all = sorted(self.open.into_values().collect());
        all.append(&mut done);
        all
    }
}

fn sorted(mut items: Vec<Item>) -> Vec<Item> {
    items.sort_by(|a, b| (a.about, a.since, &a.id).cmp(&(b.about, b.since, &b.id)));
    items
}

/// What to do about it.
fn todo(about: Subject, rule: &str, finding: Option<&str>) -> String {
    let finding = finding.unwrap_or(rule);
    match about {
        Subject::Exposed => format!("leakcoach remediate {finding}"),
        Subject::Override => format!("ask why, and rotate it: leakcoach remediate {finding}"),
        Subject::Process => format!("ask what makes it come back: leakcoach learn --rule {rule}"),
        Subject::Noise => "see what would quiet it: leakcoach report".to_owned(),
        Subject::FalseAlarm => format!("say whether that is so: leakcoach explain {rule}"),
        Subject::Repeated => format!("two minutes on it: leakcoach learn --rule {rule}"),
    }
}
