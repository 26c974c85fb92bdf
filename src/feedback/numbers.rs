//! Lengths of time and shares, in numbers and in words.

use super::{DAY, FEW};
use serde::Serialize;
use std::fmt;

/// So many of so many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    /// Of how many.
    pub of: u64,
    /// How many are.
    pub are: u64,
}

impl Share {
    /// In hundredths, rounded; nothing of nothing is nothing.
    pub fn percent(self) -> u64 {
        match self.of {
            0 => 0,
            of => (self.are * 100 + of / 2) / of,
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} ({} %)", self.are, self.of, self.percent())
    }
}

/// Lengths of time that were met. A number each: what is told of them is exact.
#[derive(Debug, Clone, Default)]
pub(super) struct Times(Vec<u32>);

impl Times {
    pub(super) fn add(&mut self, seconds: i64) {
        self.0.push(u32::try_from(seconds.max(0)).unwrap_or(u32::MAX));
    }

    pub(super) fn append(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    /// What is told of them, by these bounds.
    pub(super) fn spread(mut self, bounds: &[(i64, &'static str)]) -> Spread {
        self.0.sort_unstable();
        let mut below = 0;
        let within = bounds.iter().map(|(bound, words)| {
            let up_to = self.0.partition_point(|time| i64::from(*time) <= *bound);
            let count = up_to - below;
            below = up_to;
            (*words, count as u64)
        });
        Spread {
            within: within.collect(),
            count: self.0.len() as u64,
            median: self.at(50),
            most: self.at(90),
            few: false,
        }
    }

    /// The least of them that so many in a hundred do not exceed.
    fn at(&self, percent: usize) -> Option<u64> {
        let rank = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0.get(rank).map(|time| u64::from(*time))
    }
}

/// How long something takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// How often it was measured.
    pub count: u64,
    /// Seconds that half of them do not exceed.
    pub median: Option<u64>,
    /// Seconds that nine of ten do not exceed.
    #[serde(rename = "p90")]
    pub most: Option<u64>,
    /// How many lie within each bound and not within the one before.
    pub within: Vec<(&'static str, u64)>,
    /// Whether it was measured too rarely to be told.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub few: bool,
}

impl Spread {
    pub(super) fn hide_few(&mut self) {
        if self.count > 0 && self.count < FEW {
            *self = Self { few: true, ..Self::default() };
        }
    }

    /// In words.
    pub fn words(&self) -> String {
        match (self.median, self.most) {
            (Some(median), Some(most)) => format!(
                "{} in the middle, {} for nine of ten ({} measured)",
                length(median),
                length(most),
                self.count
            ),
            _ if self.few => format!("measured fewer than {FEW} times"),
            _ => "not measured yet".to_owned(),
        }
    }
}

/// A length of time in words, at most two units.
pub(crate) fn length(seconds: u64) -> String {
    let day = DAY.unsigned_abs();
    let units = [(day, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let Some(at) = units.iter().position(|(unit, _)| seconds >= *unit) else {
        return "0 s".to_owned();
    };
    let mut left = seconds;
    let mut words = Vec::new();
    for (unit, name) in units.iter().skip(at).take(2) {
        if left >= *unit {
            words.push(format!("{} {name}", left / unit));
        }
        left %= unit;
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Share, Times, length};

    #[test]
    fn the_middle_and_nine_of_ten_are_times_that_were_met() {
        let mut times = Times::default();
        for seconds in [50, 10, 20, 40, 30, 60, 70, 80, 90, 1000] {
            times.add(seconds);
        }

        let spread = times.spread(&[(20, "short"), (80, "longer"), (i64::MAX, "long")]);

        assert_eq!((spread.count, spread.median, spread.most), (10, Some(50), Some(90)));
        assert_eq!(spread.within, [("short", 2), ("longer", 6), ("long", 2)]);
        assert_eq!(Times::default().spread(&[]).words(), "not measured yet");
    }

    #[test]
    fn lengths_read_as_words() {
        for (seconds, words) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_661, "1 h 1 min"),
            (86_400, "1 d"),
            (200_000, "2 d 7 h"),
        ] {
            assert_eq!(length(seconds), words);
        }
    }

    #[test]
    fn shares_of_nothing_are_nothing() {
        assert_eq!(Share { of: 0, are: 0 }.percent(), 0);
        assert_eq!(Share { of: 3, are: 2 }.to_string(), "2 of 3 (67 %)");
    }
}
