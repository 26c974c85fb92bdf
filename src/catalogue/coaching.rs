//! A rule's words: its own, its file's, and which must be there.
//!
//! Shared with `build.rs`, so it names nothing of the rest of the crate but its siblings
//! that are shared too.

use super::schema::CoachingText;

/// Whose rules are checked, and so how much they must say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duty {
    /// leakcoach's own: every word, near-misses, CWE and NHI numbers.
    Builtin,
    /// A user's: what it is, and where to revoke it or a page that says so.
    User,
}

/// A rule's own words, then its file's.
pub(crate) fn fill(own: CoachingText, shared: &CoachingText) -> CoachingText {
    let or = |own: Option<String>, shared: &Option<String>| own.or_else(|| shared.clone());
    CoachingText {
        opens: or(own.opens, &shared.opens),
        missed: or(own.missed, &shared.missed),
        next_time: or(own.next_time, &shared.next_time),
        revoke: own.revoke.or_else(|| shared.revoke.clone()),
        rotate: or(own.rotate, &shared.rotate),
        vault: or(own.vault, &shared.vault),
        instead: or(own.instead, &shared.instead),
        abuse: or(own.abuse, &shared.abuse),
        variable: or(own.variable, &shared.variable),
        sources: own.sources.or_else(|| shared.sources.clone()),
    }
}

/// The words that are not there and must be.
pub(crate) fn missing(words: &CoachingText, duty: Duty) -> Vec<&'static str> {
    let empty =
        |words: &Option<String>| words.as_deref().is_none_or(|words| words.trim().is_empty());
    let linkless = words.sources.as_deref().is_none_or(<[String]>::is_empty);
    let all = [
        ("opens", empty(&words.opens)),
        ("missed", empty(&words.missed)),
        ("next-time", empty(&words.next_time)),
        ("revoke", words.revoke.is_none()),
        ("rotate", empty(&words.rotate)),
        ("vault", empty(&words.vault)),
        ("instead", empty(&words.instead)),
        ("abuse", empty(&words.abuse)),
        ("variable", empty(&words.variable)),
        ("sources", linkless),
    ];
    match duty {
        Duty::Builtin => all.iter().filter(|(_, empty)| *empty).map(|(key, _)| *key).collect(),
        Duty::User if words.revoke.is_none() && linkless => vec!["revoke` or `sources"],
        Duty::User => Vec::new(),
    }
}
