//! What of the record cards ask for.

use super::event::{Deed, Event, What};
use super::{Fault, Order, Record, Told};
use crate::coach::memory::Meeting;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::ControlFlow;

/// As many events are looked at: more would take longer than it is worth.
const LOOKED_AT: usize = 5000;

/// A refused finding that has not been seen to be gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its rule.
    pub rule: String,
    /// Its id.
    pub finding: String,
    /// When its card was shown first.
    pub since: i64,
}

/// What became of one rule's cue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heed {
    /// How often a commit or a push went on all the same: it was let through, or made past
    /// the guard.
    pub ignored: usize,
    /// Who did so.
    pub by: BTreeSet<String>,
    /// How often it was told to be wrong.
    pub wrong: usize,
}

/// What cards and follow-ups ask of the past.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    /// The cards that were shown.
    pub meetings: Vec<Meeting>,
    /// By rule.
    pub heeds: BTreeMap<String, Heed>,
}

impl Record {
    /// What happened since then.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn past(&self, since: i64) -> Result<Past, Fault> {
        let (mut past, mut left) = (Past::default(), LOOKED_AT);
        self.each(Order::Newest, |entry| {
            left -= 1;
            if let Told::Event(event) = entry.told
                // The clock may have been set back for a while: one is not the end.
                && event.at >= since
            {
                past.take(*event);
            }
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(past)
    }

    /// The times at which earlier runs of the `job` printed something since then, by rule.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn printed(&self, job: &str, since: i64) -> Result<HashSet<(String, i64)>, Fault> {
        let (mut runs, mut left) = (HashSet::new(), LOOKED_AT);
        self.each(Order::Newest, |entry| {
            left -= 1;
            if let Told::Event(event) = entry.told
                && event.at >= since
                && let What::Printed { job: of, rule, .. } = event.what
                && of == job
            {
                runs.insert((rule, event.at));
            }
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(runs)
    }

    /// What was refused of this `deed` in this repository, since it last went well.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn refused(&self, repository: &str, deed: Deed) -> Result<Vec<Refused>, Fault> {
        let (mut gone, mut refused, mut left) = (HashSet::new(), Vec::<Refused>::new(), LOOKED_AT);
        self.each(Order::Newest, |entry| {
            left -= 1;
            let end = if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
            let Told::Event(event) = entry.told else { return end };
            if event.repository.as_deref() != Some(repository) {
                return end;
            }
            let what = event.what;
            if matches!(what, What::Fixed { deed: of, .. } if of == deed) {
                return ControlFlow::Break(());
            }
            if what.ends_a_refusal() {
                gone.extend(what.finding().map(str::to_owned));
            } else if let What::Shown { deed: of, rule, finding: Some(finding), verdict, .. } = what
                && of == deed
                && verdict == "block"
                && !gone.contains(&finding)
            {
                match refused.iter_mut().find(|known| known.finding == finding) {
                    Some(known) => known.since = known.since.min(event.at),
                    None => refused.push(Refused { rule, finding, since: event.at }),
                }
            }
            end
        })?;
        Ok(refused)
    }
}

impl Past {
    fn take(&mut self, Event { at, actor, what, .. }: Event) {
        if let What::Shown { deed, rule, exposure, finding, brief, .. } = what {
            if deed == Deed::Afterwards {
                self.ignored(rule.clone(), actor);
            }
            self.meetings.push(Meeting { rule, exposure, finding, at, brief });
        } else if let What::Overridden { rule, .. } = what {
            self.ignored(rule, actor);
        } else if let What::Wrong { rule, .. } = what {
            self.heeds.entry(rule).or_default().wrong += 1;
        }
    }

    fn ignored(&mut self, rule: String, by: String) {
        let heed = self.heeds.entry(rule).or_default();
        heed.ignored += 1;
        heed.by.insert(by);
    }
}
