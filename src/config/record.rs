//! Whether the moments in which leakcoach spoke are recorded, and for how long.

use super::Outside;
use super::layers::{Layers, Origin};
use super::written::At;
use crate::error::Error;
use jiff::{SpanRelativeTo, Unit};
use serde::Deserialize;
use std::path::Path;

/// Days that events are kept.
const DAYS: i64 = 365;

/// What is configured of the record.
#[derive(Debug, Clone)]
pub struct Record {
    /// Where recording is switched off.
    pub off: Option<Origin>,
    /// How long events are kept, in seconds.
    pub keep: i64,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Written {
    enabled: At<Switch>,
    keep: At<String>,
}

/// `true`, `false`, or as people say it in the environment.
#[derive(Debug, Deserialize, Clone, Copy)]
#[serde(untagged, expecting = "expected true, false, \"on\" or \"off\"")]
enum Switch {
    Bool(bool),
    Word(Word),
}

#[derive(Debug, Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Word {
    On,
    Off,
}

impl Switch {
    fn is_on(self) -> bool {
        match self {
            Self::Bool(on) => on,
            Self::Word(word) => word == Word::On,
        }
    }
}

/// A length of time such as `365d` or `6 months`, in seconds.
pub fn length(text: &str) -> Option<i64> {
    let span: jiff::Span = text.parse().ok()?;
    let days = span.total((Unit::Second, SpanRelativeTo::days_are_24_hours())).or_else(|_| {
        // Months and years are as long as on the day that all calendars know.
        span.total((Unit::Second, jiff::civil::date(1970, 1, 1)))
    });
    #[expect(clippy::cast_possible_truncation, reason = "a span is at most 20,000 years")]
    let seconds = days.ok()? as i64;
    (seconds > 0).then_some(seconds)
}

/// What the layers say of the record, and nothing else of them: no rule file is read.
///
/// # Errors
/// A file cannot be read or is wrong.
pub fn read(outside: &Outside, top: Option<&Path>) -> Result<Record, Error> {
    of(&mut Layers::read(outside, top)?)
}

pub(super) fn of(layers: &mut Layers) -> Result<Record, Error> {
    let on = layers.one(
        "record.enabled",
        Some(Switch::Bool(true)),
        |w| &w.record.enabled,
        |new, floor| floor.is_some_and(|floor| floor.is_on() != new.is_on()),
    );
    // Longer is less private, shorter is less proof: where it is locked, neither counts.
    let keep = layers.one(
        "record.keep",
        None,
        |w| &w.record.keep,
        |new, floor| floor.is_none_or(|floor| floor != new),
    );
    let keep = keep.map(|(text, at)| {
        length(&text).ok_or_else(|| {
            let what = "`record.keep` is a length of time such as \"365d\"".to_owned();
            Error::Config { path: at.path, line: at.line.unwrap_or(1), what }
        })
    });
    Ok(Record {
        off: on.filter(|(on, _)| !on.is_on()).map(|(_, at)| at),
        keep: keep.transpose()?.unwrap_or(DAYS * 24 * 3600),
    })
}

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn a_length_is_in_seconds() {
        assert_eq!(length("365d"), Some(365 * 24 * 3600));
        assert_eq!(length("2w"), Some(14 * 24 * 3600));
        assert_eq!(length("12h"), Some(12 * 3600));
        assert_eq!(length("1 month"), Some(31 * 24 * 3600));
        for wrong in ["", "0d", "-3d", "soon", "365"] {
            assert_eq!(length(wrong), None, "{wrong}");
        }
    }
}
