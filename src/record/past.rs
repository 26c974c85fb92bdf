//! What of the record cards ask for.

use super::event::{Deed, What};
use super::{Fault, Order, Record, Told};
use crate::coach::memory::Meeting;
use std::collections::HashSet;
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

impl Record {
    /// The cards that were shown since then.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn meetings(&self, since: i64) -> Result<Vec<Meeting>, Fault> {
        let (mut meetings, mut left) = (Vec::new(), LOOKED_AT);
        self.each(Order::Newest, |entry| {
            left -= 1;
            if let Told::Event(event) = entry.told {
                // The clock may have been set back for a while: one is not the end.
                if let What::Shown { rule, exposure, brief, .. } = event.what
                    && event.at >= since
                {
                    meetings.push(Meeting { rule, exposure, at: event.at, brief });
                }
            }
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(meetings)
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
            match event.what {
                What::Fixed { deed: of, .. } if of == deed => return ControlFlow::Break(()),
                What::Shown { deed: Deed::Afterwards, finding: Some(finding), .. }
                | What::Excepted { finding: Some(finding), .. }
                | What::Overridden { finding: Some(finding), .. }
                | What::Wrong { finding: Some(finding), .. } => {
                    gone.insert(finding);
                }
                What::Shown { deed: of, rule, finding: Some(finding), verdict, .. }
                    if of == deed && verdict == "block" && !gone.contains(&finding) =>
                {
                    match refused.iter_mut().find(|known| known.finding == finding) {
                        Some(known) => known.since = known.since.min(event.at),
                        None => refused.push(Refused { rule, finding, since: event.at }),
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
                | What::Remedy { .. }
                | What::Verified { .. }
                | What::Read { .. }
                | What::Forgot { .. } => {}
            }
            end
        })?;
        Ok(refused)
    }
}
