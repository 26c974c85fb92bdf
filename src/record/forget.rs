//! What is removed, and the tombstone that proves that it was meant to be.

use super::anchor;
use super::event::{Removal, What};
use super::store::{add, fault, head, put_head};
use super::{Event, Fault, Order, Record, Told};
use rusqlite::TransactionBehavior;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

impl Record {
    /// Removes the events of which `goes` says so, and records that by `note`, to which the
    /// numbers are given. Gives how many went.
    ///
    /// # Errors
    /// They could not be removed; then none is.
    pub fn forget(
        &mut self,
        goes: impl Fn(&Event) -> bool,
        note: impl FnOnce(Vec<(i64, i64)>) -> Event,
    ) -> Result<usize, Fault> {
        let mut going = BTreeSet::new();
        self.each(Order::Oldest, |entry| {
            if let Told::Event(event) = &entry.told
                && event.what.may_go()
                && goes(event)
            {
                going.insert(entry.sequence);
            }
            ControlFlow::Continue(())
        })?;
        self.remove(&going, note)
    }

    /// Removes what is older than `keep` seconds, once it is so by a week: a tombstone every
    /// day would take more room than what it stands for.
    ///
    /// # Errors
    /// As [`Self::forget`].
    pub fn age(&mut self, now: i64, keep: i64) -> Result<usize, Fault> {
        const WEEK: i64 = 7 * 24 * 3600;
        // A clock that leaps ahead takes nothing with it: the event before counts as well.
        let (mut last, mut seen) = (None, 0);
        self.each(Order::Newest, |entry| {
            if let Told::Event(event) = entry.told {
                seen += 1;
                last = Some(last.map_or(event.at, |at: i64| at.min(event.at)));
            }
            if seen < 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        let Some(last) = last else { return Ok(0) };
        let before = now.min(last).saturating_sub(keep);
        let mut old = false;
        self.each(Order::Oldest, |entry| match entry.told {
            Told::Event(event) if event.what.may_go() => {
                old = event.at < before.saturating_sub(WEEK);
                ControlFlow::Break(())
            }
            Told::Event(_) | Told::Forgotten | Told::Unreadable => ControlFlow::Continue(()),
        })?;
        if !old {
            return Ok(0);
        }
        self.forget(
            |event| event.at < before,
            |events| Event {
                at: now,
                actor: "leakcoach".to_owned(),
                by: None,
                repository: None,
                what: What::Forgot {
                    of: Removal::Age,
                    who: "leakcoach".to_owned(),
                    why: "older than record.keep".to_owned(),
                    events,
                },
            },
        )
    }

    fn remove(
        &mut self,
        going: &BTreeSet<i64>,
        note: impl FnOnce(Vec<(i64, i64)>) -> Event,
    ) -> Result<usize, Fault> {
        if going.is_empty() {
            return Ok(0);
        }
        let path = self.place.database();
        let sql = |error| fault(error, &path);
        let (keys, key_at) = (&self.keys, &self.key_at);
        let change = self.db.transaction_with_behavior(TransactionBehavior::Immediate);
        let change = change.map_err(sql)?;
        let mut head = head(&change, keys, key_at, &path)?;
        anchor::check(&self.place, keys, &head, &change)?;
        for sequence in going {
            let emptied = "UPDATE event SET sealed = NULL WHERE sequence = ?1";
            change.execute(emptied, [sequence]).map_err(sql)?;
        }
        let note = note(ranges(going));
        add(&change, keys, &mut head, &note, &path)?;
        put_head(&change, keys, &head, &path)?;
        change.commit().map_err(sql)?;
        anchor::put(&self.place, &self.keys, &head);
        Ok(going.len())
    }
}

/// Numbers that follow each other, by their first and last.
fn ranges(numbers: &BTreeSet<i64>) -> Vec<(i64, i64)> {
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            Some(_) | None => ranges.push((*number, *number)),
        }
    }
    ranges
}
