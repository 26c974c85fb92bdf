//! How much of a card a person needs who has met its rule before. Pure: the time is given.

use super::Card;
use crate::text::Count;
use std::collections::BTreeSet;

const DAY: i64 = 24 * 3600;

/// How long a repetition counts.
pub const WINDOW: i64 = 30 * DAY;

/// A card that was shown before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    /// The rule.
    pub rule: String,
    /// How far the credential had come.
    pub exposure: String,
    /// The finding's id.
    pub finding: Option<String>,
    /// When, in seconds since 1970.
    pub at: i64,
    /// Whether it was shown in two lines.
    pub brief: bool,
}

/// How a card is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Telling {
    /// All of it.
    #[default]
    Full,
    /// All of it, and that it is not the first time.
    Again(String),
    /// In two lines.
    Brief,
}

impl Card {
    /// How it is told at `now` to who met `before`.
    pub fn telling(&self, before: &[Meeting], now: i64) -> Telling {
        telling((self.rule, self.facts.exposure.word()), before, now)
    }
}

/// How the card of a rule and an exposure is told at `now` to who met `before`.
///
/// In two lines, if the whole was shown within a day for the same rule when a credential
/// had come as far: the steps are the same then. A clock that was set back makes it whole.
fn telling((rule, exposure): (&str, &str), before: &[Meeting], now: i64) -> Telling {
    let same = || before.iter().filter(|met| met.rule == rule && met.at <= now);
    if same().any(|met| !met.brief && met.exposure == exposure && now - met.at < DAY) {
        return Telling::Brief;
    }
    let days: BTreeSet<i64> = same()
        .filter(|met| now - met.at < WINDOW)
        .map(|met| met.at.div_euclid(DAY))
        .filter(|day| *day != now.div_euclid(DAY))
        .collect();
    let Some(last) = days.last() else { return Telling::Full };
    let ago = match now.div_euclid(DAY) - last {
        1 => "yesterday".to_owned(),
        days => format!("{} ago", Count(usize::try_from(days).unwrap_or_default(), "day")),
    };
    let when = match days.len() + 1 {
        2 => format!("you met this {ago}"),
        times => format!("you met this on {times} days of the last 30, last {ago}"),
    };
    Telling::Again(format!("{when}: a template, a habit or a missing variable brings it back"))
}

/// How many credentials of this rule were met, `finding` included: once more with the same
/// one is no repetition.
pub fn times(rule: &str, finding: Option<&str>, before: &[Meeting]) -> usize {
    let same = before.iter().filter(|met| met.rule == rule);
    let (known, nameless): (Vec<&Meeting>, Vec<&Meeting>) =
        same.partition(|met| met.finding.is_some());
    let known: BTreeSet<&str> =
        known.iter().filter_map(|met| met.finding.as_deref()).chain(finding).collect();
    known.len() + nameless.len() + usize::from(finding.is_none())
}

#[cfg(test)]
mod tests {
    use super::{DAY, Meeting, Telling, telling, times};

    const NOW: i64 = 20_000 * DAY + 40_000;

    fn met(ago: i64, brief: bool) -> Meeting {
        let (rule, exposure) = ("github-pat".to_owned(), "staged".to_owned());
        Meeting { rule, exposure, finding: None, at: NOW - ago, brief }
    }

    fn told(before: &[Meeting]) -> Telling {
        telling(("github-pat", "staged"), before, NOW)
    }

    #[test]
    fn the_first_time_all_of_it_is_told_and_again_within_a_day_two_lines() {
        assert_eq!(told(&[]), Telling::Full);
        assert_eq!(told(&[met(60, false)]), Telling::Brief);
        assert_eq!(told(&[met(DAY - 1, false)]), Telling::Brief);
        assert_eq!(told(&[met(60, true), met(3600, false)]), Telling::Brief);
    }

    #[test]
    fn two_lines_alone_are_no_reason_for_two_lines() {
        assert_eq!(told(&[met(60, true)]), Telling::Full);
    }

    #[test]
    fn another_rule_or_a_credential_that_came_farther_is_told_in_full() {
        let other = Meeting { rule: "aws-access-key".to_owned(), ..met(60, false) };
        let farther = Meeting { exposure: "pushed".to_owned(), ..met(60, false) };

        assert_eq!(told(&[other, farther]), Telling::Full);
    }

    #[test]
    fn after_a_gap_it_is_told_in_full_with_a_word_on_the_repetition() {
        let Telling::Again(words) = told(&[met(5 * DAY, false)]) else { panic!() };
        assert!(words.starts_with("you met this 5 days ago"), "{words}");
        assert_eq!(told(&[met(31 * DAY, false)]), Telling::Full);
    }

    #[test]
    fn how_often_it_repeats_is_said() {
        let before = [met(2 * DAY, false), met(2 * DAY + 60, true), met(9 * DAY, false)];
        let Telling::Again(words) = told(&before) else { panic!() };
        assert!(
            words.starts_with("you met this on 3 days of the last 30, last 2 days ago"),
            "{words}"
        );
    }

    #[test]
    fn what_happened_in_the_future_happened_to_another_clock() {
        assert_eq!(told(&[met(-60, false), met(-90 * DAY, false)]), Telling::Full);
    }

    #[test]
    fn the_same_credential_again_is_no_repetition() {
        let of = |id: &str| Meeting { finding: Some(id.to_owned()), ..met(60, false) };

        assert_eq!(times("github-pat", Some("a"), &[]), 1);
        assert_eq!(times("github-pat", Some("a"), &[of("a"), of("a")]), 1);
        assert_eq!(times("github-pat", Some("a"), &[of("a"), of("b")]), 2);
        assert_eq!(times("github-pat", None, &[of("a"), met(5, true)]), 3);
        assert_eq!(times("aws-access-key", None, &[of("a")]), 1);
    }
}
