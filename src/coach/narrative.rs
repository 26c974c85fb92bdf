//! What a card says of a rule in a situation, without the case: no path, no line, no name, no
//! time, no id.

use super::{Place, Step, here, steps};
use crate::catalogue::{Coaching, Rule};
use crate::judge::{Actor, Exposure};
use crate::source::Medium;
use crate::source::lines::{Point, Region};
use crate::source::role::FileRole;

/// A card's words.
#[derive(Debug)]
pub struct Narrative {
    /// What it is.
    pub what: &'static str,
    /// The rule's id.
    pub rule: &'static str,
    /// What there was to notice.
    pub signal: &'static str,
    /// What it opens.
    pub opens: &'static str,
    /// Why it matters, once it has come so far.
    pub here: String,
    /// What to do, in order.
    pub steps: Vec<Step>,
    /// What to do next time.
    pub next_time: &'static str,
    /// What the organisation adds.
    pub own: Option<String>,
}

/// What a card says of `rule` once it has come as far as `exposure`, in a file of that role.
pub fn narrative(
    rule: &'static Rule,
    (words, own): (Coaching, Option<String>),
    exposure: Exposure,
    in_file: FileRole,
) -> Narrative {
    let point = Point { line: 1, column: 1, byte: 1 };
    let place = Place {
        path: b"FILE",
        archive: None,
        line: 1,
        masked: b"",
        role: in_file,
        exposure,
        commit: None,
        medium: Medium::File,
        writer: None,
        whole_commit: None,
        region: Region { start: point, end: point },
        id_lasts: false,
        now: 0,
        actor: &Actor::Person,
        trail: None,
        below_top: false,
        words,
        own: None,
    };
    Narrative {
        what: rule.what,
        rule: rule.id,
        signal: words.missed,
        opens: words.opens,
        here: here::here(&place),
        steps: steps::steps(None, &place, None),
        next_time: words.next_time,
        own,
    }
}
