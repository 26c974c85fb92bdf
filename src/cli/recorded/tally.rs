//! The record, counted.

use crate::cli::env;
use crate::coach::follow_up::Risk;
use crate::error::Error;
use crate::feedback::{Asked, Tally};
use crate::record::{Order, Record, Told};
use std::ops::ControlFlow;

/// What is counted of the whole record, each event looked at once and let go.
pub(in crate::cli) fn tallied(record: &Record, since: Option<i64>) -> Result<Tally, Error> {
    let profile = crate::cli::teach::rules::config(&[])?.profile;
    let mut tally = Tally::new(Asked {
        since: since.unwrap_or(i64::MIN),
        now: env::now(),
        risk: Risk::of_role(profile.role.as_deref()),
    });
    record.each(Order::Oldest, |entry| {
        match entry.told {
            Told::Event(event) => tally.add(&event),
            Told::Forgotten => {}
            Told::Unreadable => tally.add_unreadable(),
        }
        ControlFlow::Continue(())
    })?;
    Ok(tally)
}
