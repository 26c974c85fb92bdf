//! What the record says of how leakcoach itself does: which cards led to a fix, which were let
//! through and why, which come back, how long it takes to be clean and to revoke.
//!
//! Takes events one at a time and keeps counts, never the events: a record of any length is
//! read once. Pure: the time is given, and nothing is read or written here. Nothing compares
//! people: a record is one person's, and where it is handed on, small numbers are left out.

mod approvals;
mod evidence;
mod numbers;
mod queue;
mod rules;
mod tuning;

pub use approvals::Approvals;
pub use evidence::{Control, Evidence, explained};
pub(crate) use evidence::{file as governance, of_rule};
pub(crate) use numbers::length;
pub use numbers::{Share, Spread};
pub use queue::{Closed, Item, Queue, Subject};
pub use rules::{Drills, Rule, Told, Week};
pub use tuning::{Proposal, put_first};

use crate::coach::follow_up::Risk;
use crate::record::{Event, What};
use crate::remedy::case::{Step, What as Change};
use evidence::Proofs;
use numbers::Times;
use rules::Rules;
use serde::Serialize;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// A day, in seconds.
pub const DAY: i64 = 24 * 3600;

/// In what is handed on, fewer of a kind are not told: they could be known again.
pub const FEW: u64 = 5;

/// So many bounds of time to a clean commit, in seconds, with their words.
const CLEAN: &[(i64, &str)] = &[
    (60, "within 1 minute"),
    (5 * 60, "5 minutes"),
    (15 * 60, "15 minutes"),
    (3600, "1 hour"),
    (DAY, "1 day"),
    (i64::MAX, "longer"),
];

/// The same to a credential that opens nothing.
const REVOKED: &[(i64, &str)] = &[
    (3600, "within 1 hour"),
    (DAY, "1 day"),
    (5 * DAY, "5 days"),
    (30 * DAY, "30 days"),
    (i64::MAX, "longer"),
];

/// What is counted, from when on, and for whom.
#[derive(Debug, Clone)]
pub struct Asked {
    /// From then on, in seconds since 1970.
    pub since: i64,
    /// The time it is.
    pub now: i64,
    /// What this person's work can open.
    pub risk: Risk,
}

/// Counts what events tell, which are given in the order of the record.
#[derive(Debug)]
pub struct Tally {
    asked: Asked,
    events: u64,
    unreadable: u64,
    first: Option<i64>,
    rules: Rules,
    cases: HashMap<u64, Case>,
    revoked: Times,
    queue: Queue,
    approvals: approvals::Kept,
    proofs: Proofs,
}

/// A credential that others have.
#[derive(Debug, Clone, Copy)]
struct Case {
    since: i64,
    dead: bool,
}

/// All that is told.
#[derive(Debug, Clone, Serialize)]
pub struct Feedback {
    /// From when on, in seconds since 1970; nothing where all is counted.
    pub since: Option<i64>,
    /// When it was made.
    pub until: i64,
    /// How many events were counted.
    pub events: u64,
    /// How many could not be read.
    pub unreadable: u64,
    /// Whether it is fit to be handed on: small numbers are left out.
    pub shared: bool,
    /// Each rule, the one with the most findings first.
    pub rules: Vec<Rule>,
    /// By week, the oldest first.
    pub weeks: Vec<Week>,
    /// From a first card to a commit without it, over all rules.
    pub clean_after: Spread,
    /// From when others had it to when it opened nothing.
    pub revoked_after: Spread,
    /// How many that others have are not known to be dead.
    pub alive: u64,
    /// Rules that are wrong too often, and what to do; numbered from 1.
    pub proposals: Vec<Proposal>,
    /// Rules that are let through though they are right.
    pub processes: Vec<String>,
    /// Drills.
    pub drills: Drills,
    /// How many lessons were read.
    pub lessons: u64,
    /// How this person approves, where there is a pattern.
    pub approvals: Option<Approvals>,
    /// What is to be looked at again, and how many were.
    pub review: Review,
}

/// What of the review is open.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Review {
    /// Items that are not closed.
    pub open: Vec<Item>,
    /// How many are closed.
    pub closed: u64,
}

/// The name of a finding within a tally.
fn key(event: &Event, finding: &str) -> u64 {
    let mut hash = DefaultHasher::new();
    (event.repository.as_deref(), finding).hash(&mut hash);
    hash.finish()
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(asked: Asked) -> Self {
        Self {
            queue: Queue::new(asked.risk),
            asked,
            events: 0,
            unreadable: 0,
            first: None,
            rules: Rules::default(),
            cases: HashMap::new(),
            revoked: Times::default(),
            approvals: approvals::Kept::default(),
            proofs: Proofs::default(),
        }
    }

    /// Counts an event that cannot be read.
    pub fn add_unreadable(&mut self) {
        self.unreadable += 1;
    }

    /// Counts an event.
    pub fn add(&mut self, event: &Event) {
        // What was before counts as what was before: for repetitions, and for cases that are
        // still open.
        let counts = event.at >= self.asked.since;
        self.rules.add(event, counts);
        self.queue.add(event);
        self.case(event, counts);
        if !counts {
            return;
        }
        self.events += 1;
        self.first = Some(self.first.map_or(event.at, |first| first.min(event.at)));
        self.proofs.add(event);
        self.approvals.add(event);
    }

    /// How long what others have stays alive.
    fn case(&mut self, event: &Event, counts: bool) {
        match &event.what {
            What::Shown { finding: Some(finding), exposure, .. } if is_out(exposure) => {
                let new = Case { since: event.at, dead: false };
                let _known = self.cases.entry(key(event, finding)).or_insert(new);
            }
            What::Case { case, change: Change::Done { step: Step::Revoked, .. }, .. } => {
                self.dead(event, case, counts);
            }
            What::Verified { finding: Some(finding), answer, .. } if answer == "dead" => {
                self.dead(event, finding, counts);
            }
            What::Verified { finding: Some(finding), answer, .. } if answer == "alive" => {
                if let Some(case) = self.cases.get_mut(&key(event, finding)) {
                    case.dead = false;
                }
            }
            What::Shown { .. }
            | What::Fixed { .. }
            | What::Overridden { .. }
            | What::Excepted { .. }
            | What::Digest { .. }
            | What::Wrong { .. }
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
            | What::Review { .. }
            | What::Read { .. }
            | What::Forgot { .. } => {}
        }
    }

    fn dead(&mut self, event: &Event, finding: &str, counts: bool) {
        if let Some(case) = self.cases.get_mut(&key(event, finding))
            && !case.dead
        {
            case.dead = true;
            if counts {
                self.revoked.add(event.at.saturating_sub(case.since));
            }
        }
    }

    /// What the review has to look at.
    pub fn into_queue(self) -> Queue {
        self.queue
    }

    /// What was counted of the controls of `framework`.
    pub fn evidence(&self, framework: &str) -> Option<Evidence> {
        self.proofs.of(framework)
    }

    /// All that is told of what was counted.
    pub fn told(self) -> Feedback {
        let Told { rules, weeks, clean, drills, lessons } = self.rules.told();
        let (proposals, processes) = tuning::of(&rules);
        let closed = self.queue.closed();
        Feedback {
            since: (self.asked.since > i64::MIN).then_some(self.asked.since),
            until: self.asked.now,
            events: self.events,
            unreadable: self.unreadable,
            shared: false,
            proposals,
            processes,
            rules,
            weeks,
            clean_after: clean.spread(CLEAN),
            revoked_after: self.revoked.spread(REVOKED),
            alive: self.cases.values().filter(|case| !case.dead).count() as u64,
            drills,
            lessons,
            approvals: self.approvals.pattern(),
            review: Review { open: self.queue.into_open(), closed },
        }
    }
}

/// Whether others have a credential that came so far.
fn is_out(exposure: &str) -> bool {
    matches!(exposure, "pushed" | "public" | "logged")
}

impl Feedback {
    /// The same, fit to be handed on: without what could be known again, and without what is
    /// its reader's own.
    #[must_use]
    pub fn handed_on(mut self) -> Self {
        self.shared = true;
        self.approvals = None;
        for item in &mut self.review.open {
            item.assigned = None;
            item.words.clear();
        }
        let (kept, few): (Vec<Rule>, Vec<Rule>) =
            self.rules.into_iter().partition(|rule| rule.findings >= FEW);
        self.rules = kept;
        for rule in &mut self.rules {
            rule.reasons.retain(|(_, count)| *count >= FEW);
            rule.clean_after.hide_few();
        }
        // One rule alone would be known by what is left of the sum.
        if few.iter().map(|rule| rule.findings).sum::<u64>() >= FEW && few.len() > 1 {
            self.rules.push(Rule::sum(&few));
        }
        self.clean_after.hide_few();
        self.revoked_after.hide_few();
        if self.alive < FEW {
            self.alive = 0;
        }
        if self.drills.runs < FEW {
            self.drills = Drills::default();
        }
        self.weeks.retain(|week| week.findings >= FEW);
        self
    }

    /// How many findings there were.
    pub fn findings(&self) -> u64 {
        self.rules.iter().map(|rule| rule.findings).sum()
    }

    /// How many of them were fixed.
    pub fn fixed(&self) -> Share {
        Share { of: self.findings(), are: self.rules.iter().map(|rule| rule.fixed).sum() }
    }

    /// How many were fixed after their first card.
    pub fn fixed_at_once(&self) -> Share {
        Share { of: self.findings(), are: self.rules.iter().map(|rule| rule.fixed_at_once).sum() }
    }

    /// How many were let through.
    pub fn let_through(&self) -> Share {
        Share { of: self.findings(), are: self.rules.iter().map(|rule| rule.let_through).sum() }
    }

    /// How many came back within 30 days.
    pub fn repeated(&self) -> Share {
        Share { of: self.findings(), are: self.rules.iter().map(|rule| rule.repeated).sum() }
    }

    /// How many were said to be none.
    pub fn wrong(&self) -> Share {
        Share { of: self.findings(), are: self.rules.iter().map(|rule| rule.wrong).sum() }
    }
}

#[cfg(test)]
mod tests;
