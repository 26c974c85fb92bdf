//! How somebody approves what others want let through: shown to that person alone.

use super::key;
use super::numbers::{Times, length};
use crate::catalogue::{Catalogue, Severity};
use crate::record::{Event, What};
use serde::Serialize;
use std::collections::{HashMap, VecDeque};

/// So many within a week are many.
const MANY: usize = 10;
const WEEK: i64 = 7 * 24 * 3600;
/// Faster than this, half of the time, is fast.
const FAST: u64 = 60;
/// From so many on, a share means something.
const ENOUGH: u64 = 5;

/// What was seen of one approver's approvals.
#[derive(Debug, Default)]
pub(super) struct Kept {
    count: u64,
    high: u64,
    waits: Times,
    week: VecDeque<i64>,
    most: usize,
    /// When each finding was asked for, as far as this record knows.
    asked: HashMap<u64, i64>,
}

/// A pattern in them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Approvals {
    /// How many there were.
    pub count: u64,
    /// The most within 7 days.
    pub most_in_a_week: u64,
    /// Seconds from being asked to approving, in the middle.
    pub median: Option<u64>,
    /// How many were for severity high or critical.
    pub high: u64,
    /// What is unusual in that, in words; nothing where nothing is.
    pub unusual: Vec<String>,
}

impl Kept {
    /// Counts what this record's own person signed: nobody else's signature is in it.
    pub(super) fn add(&mut self, event: &Event) {
        if let What::Allowed { finding: Some(finding), asks: Some(_), .. } = &event.what {
            self.asked.insert(key(event, finding), event.at);
        }
        let What::Approved { rule, finding, .. } = &event.what else { return };
        let at = event.at;
        self.count += 1;
        let severe = |rule: &crate::catalogue::Rule| rule.severity >= Severity::High;
        self.high += u64::from(Catalogue::builtin().rule(rule).is_some_and(severe));
        let asked = finding.as_ref().and_then(|finding| self.asked.get(&key(event, finding)));
        if let Some(asked) = asked {
            self.waits.add(at.saturating_sub(*asked));
        }
        self.week.push_back(at);
        while self.week.front().is_some_and(|first| at.saturating_sub(*first) >= WEEK) {
            self.week.pop_front();
        }
        self.most = self.most.max(self.week.len());
    }

    pub(super) fn pattern(self) -> Option<Approvals> {
        if self.count == 0 {
            return None;
        }
        let waits = self.waits.spread(&[]);
        let mut unusual = Vec::new();
        if self.most >= MANY {
            unusual.push(format!(
                "{} within 7 days: what needs that many exceptions is better changed",
                self.most
            ));
        }
        if let Some(median) = waits.median.filter(|median| *median < FAST && waits.count >= ENOUGH)
        {
            unusual.push(format!(
                "half of them within {} of being asked: too short to read a card",
                length(median)
            ));
        }
        if self.count >= ENOUGH && self.high * 2 > self.count {
            unusual.push(format!(
                "{} of {} for credentials of severity high or critical: ask for the rotation first",
                self.high, self.count
            ));
        }
        Some(Approvals {
            count: self.count,
            most_in_a_week: self.most as u64,
            median: waits.median,
            high: self.high,
            unusual,
        })
    }
}
