//! When a cue comes again: what to add to a card, or to say after it.
//!
//! Takes counts, which a record keeps, and who is spoken to; gives one follow-up or none. Pure:
//! the same counts give the same words. Knows nothing of how counts are kept.

use crate::text::Count;

/// The same person met one rule this often within the span that is counted: then a lesson.
const REPEATED: usize = 3;
/// The same for who can do more harm.
const REPEATED_AT_HIGH_RISK: usize = 2;
/// A cue went unheeded this often by several: then the process is looked at.
const IGNORED: usize = 5;
/// The same where one person alone did so: it takes more to blame a process.
const IGNORED_BY_ONE: usize = 8;
/// So many days before its end an exception is spoken of.
const ENDS_WITHIN: i64 = 7;

/// What was counted for one rule over one span of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// How often this person met the rule, this time included.
    pub met: usize,
    /// How often anybody let it through all the same: an override, a marker, `--no-verify`.
    pub ignored: usize,
    /// How many people did so.
    pub by: usize,
    /// How often it was told to be wrong; such a cue is ignored with reason.
    pub wrong: usize,
    /// Days until the first exception for it ends; negative once it has ended.
    pub exception_ends_in: Option<i64>,
}

/// What a person's work can open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Risk {
    /// As anybody's.
    Usual,
    /// Runs production, signs releases, administers accounts.
    High,
}

impl Risk {
    /// The risk of a role, as `profile.role` names it.
    pub fn of_role(role: Option<&str>) -> Self {
        const HIGH: [&str; 10] = [
            "admin",
            "devops",
            "infra",
            "maintainer",
            "operator",
            "ops",
            "owner",
            "platform",
            "release",
            "sre",
        ];
        let words = role.unwrap_or_default().to_lowercase();
        let mut words = words.split(|char: char| !char.is_ascii_alphanumeric());
        if words.any(|word| HIGH.contains(&word)) { Self::High } else { Self::Usual }
    }
}

/// What is said beside the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FollowUp {
    /// The cue is wrong too often to be heeded.
    Noise(String),
    /// The way of working, not the person, leads here.
    Process(String),
    /// An exception is about to end, or has ended.
    Exception(String),
    /// A lesson of two minutes.
    Lesson(String),
}

impl FollowUp {
    /// What is said.
    pub fn words(&self) -> &str {
        match self {
            Self::Noise(words)
            | Self::Process(words)
            | Self::Exception(words)
            | Self::Lesson(words) => words,
        }
    }
}

/// What follows for the rule called `rule`. `contact` is whom the organisation names for it
/// (`[[coaching]] contact`). One thing at most: what changes most comes first.
pub fn follow_up(
    rule: &str,
    counts: Counts,
    risk: Risk,
    contact: Option<&str>,
) -> Option<FollowUp> {
    let whom = contact.unwrap_or("whoever looks after this repository's secrets");
    let Counts { met, ignored, by, wrong, exception_ends_in } = counts;
    let enough = if by > 1 { IGNORED } else { IGNORED_BY_ONE };
    if ignored >= enough {
        // Said to be wrong in most cases: then the rule is to be mended, and nobody taught.
        if wrong * 2 > ignored {
            return Some(FollowUp::Noise(format!(
                "{rule} was told to be wrong {wrong} times of {ignored}: the rule may be at \
                 fault; tell {whom}"
            )));
        }
        let who = if by > 1 { format!(" by {by} people") } else { String::new() };
        return Some(FollowUp::Process(format!(
            "{rule} was let through {ignored} times{who}: the way of working may be at fault and \
             not the person; talk to {whom}"
        )));
    }
    match exception_ends_in {
        Some(days) if days < 0 => {
            let ago = Count(usize::try_from(-days).unwrap_or(usize::MAX), "day");
            return Some(FollowUp::Exception(format!(
                "the exception for {rule} ended {ago} ago: rotate the credential, or ask {whom} \
                 for a new decision"
            )));
        }
        Some(days @ 0..=ENDS_WITHIN) => {
            let when = match days {
                0 => "today".to_owned(),
                days => format!("in {}", Count(usize::try_from(days).unwrap_or(0), "day")),
            };
            return Some(FollowUp::Exception(format!(
                "the exception for {rule} ends {when}: rotate the credential before that"
            )));
        }
        Some(_) | None => {}
    }
    let repeated = match risk {
        Risk::Usual => REPEATED,
        Risk::High => REPEATED_AT_HIGH_RISK,
    };
    // Again at each multiple and not each time: what is said always is soon not read.
    if met >= repeated && met.is_multiple_of(repeated) {
        let why = match risk {
            Risk::Usual => "",
            Risk::High => ", and your role opens more than most",
        };
        return Some(FollowUp::Lesson(format!(
            "{rule} for the {met}{} time{why}; two minutes on it: leakcoach learn --rule {rule}",
            ordinal(met)
        )));
    }
    None
}

/// The ending of an ordinal number.
fn ordinal(number: usize) -> &'static str {
    match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, FollowUp, Risk, follow_up};

    const NONE: Counts = Counts { met: 1, ignored: 0, by: 0, wrong: 0, exception_ends_in: None };

    fn said(counts: Counts, risk: Risk, contact: Option<&str>) -> Option<FollowUp> {
        follow_up("github-pat", counts, risk, contact)
    }

    #[test]
    fn the_first_time_needs_no_follow_up() {
        assert_eq!(said(NONE, Risk::Usual, None), None);
        assert_eq!(said(NONE, Risk::High, Some("#security")), None);
    }

    #[test]
    fn repetition_earns_a_lesson_and_sooner_where_more_is_at_stake() {
        let twice = Counts { met: 2, ..NONE };
        let thrice = Counts { met: 3, ..NONE };

        assert_eq!(said(twice, Risk::Usual, None), None);
        let usual = said(thrice, Risk::Usual, None).unwrap();
        assert_eq!(
            usual.words(),
            "github-pat for the 3rd time; two minutes on it: leakcoach learn --rule github-pat"
        );
        let high = said(twice, Risk::High, None).unwrap();
        assert!(high.words().contains("2nd time, and your role opens more"), "{high:?}");
    }

    #[test]
    fn what_is_said_always_is_not_read_so_it_is_said_now_and_then() {
        let times =
            (1..=12).filter(|met| said(Counts { met: *met, ..NONE }, Risk::Usual, None).is_some());

        assert_eq!(times.collect::<Vec<_>>(), [3, 6, 9, 12]);
    }

    #[test]
    fn a_cue_that_several_ignore_is_the_process_fault_and_goes_to_its_contact() {
        let by_many = Counts { met: 3, ignored: 5, by: 3, ..NONE };

        let told = said(by_many, Risk::Usual, Some("#cloud-security")).unwrap();
        assert_eq!(
            told.words(),
            "github-pat was let through 5 times by 3 people: the way of working may be at fault \
             and not the person; talk to #cloud-security"
        );
        let nobody = said(by_many, Risk::Usual, None).unwrap();
        assert!(nobody.words().ends_with("whoever looks after this repository's secrets"));
    }

    #[test]
    fn one_person_alone_must_ignore_it_more_often_for_that() {
        let of = |ignored| said(Counts { ignored, by: 1, ..NONE }, Risk::Usual, None);

        assert_eq!(of(7), None);
        assert!(matches!(of(8), Some(FollowUp::Process(_))));
    }

    #[test]
    fn a_cue_that_is_mostly_wrong_is_noise() {
        let told = said(Counts { ignored: 6, by: 2, wrong: 4, ..NONE }, Risk::High, Some("#rules"));

        let told = told.unwrap();
        assert!(
            matches!(&told, FollowUp::Noise(words) if words.ends_with("tell #rules")),
            "{told:?}"
        );
    }

    #[test]
    fn an_exception_is_spoken_of_before_and_after_its_end() {
        let of =
            |days| said(Counts { exception_ends_in: Some(days), ..NONE }, Risk::Usual, Some("#a"));

        assert_eq!(of(8), None);
        for (days, words) in [
            (7, "ends in 7 days"),
            (1, "ends in 1 day:"),
            (0, "ends today"),
            (-1, "ended 1 day ago"),
        ] {
            assert!(of(days).unwrap().words().contains(words), "{days}");
        }
    }

    #[test]
    fn roles_that_open_much_are_told_by_a_word_of_their_name() {
        for (role, risk) in [
            (Some("Platform engineer"), Risk::High),
            (Some("release-manager"), Risk::High),
            (Some("SRE"), Risk::High),
            (Some("shopkeeper"), Risk::Usual),
            (Some("operations-research"), Risk::Usual),
            (None, Risk::Usual),
        ] {
            assert_eq!(Risk::of_role(role), risk, "{role:?}");
        }
    }
}
