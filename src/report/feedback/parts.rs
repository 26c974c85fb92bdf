//! What is told, in the order in which it is.

use super::{Chart, Kind, Part, Table};
use crate::feedback::{Approvals, Drills, Evidence, FEW, Feedback, Proposal, Review, Rule, Spread};
use crate::text::Count;
use jiff::Timestamp;
use std::fmt::Write as _;

/// So many rules are drawn and told of; the JSON has all.
const RULES: usize = 20;
/// So many reasons are told, the most frequent first.
const REASONS: usize = 15;
/// So many items of the review are told.
const ITEMS: usize = 10;

/// A day, as people write it.
pub(super) fn day(at: i64) -> String {
    let stamp = Timestamp::from_second(at).unwrap_or_default();
    stamp.strftime("%Y-%m-%d").to_string()
}

fn count(count: u64, noun: &str) -> String {
    Count(usize::try_from(count).unwrap_or(usize::MAX), noun).to_string()
}

pub(super) fn meta(feedback: &Feedback) -> String {
    let from = feedback
        .since
        .map_or_else(|| "all that is recorded".to_owned(), |at| format!("from {}", day(at)));
    let mut words = format!(
        "{from} to {} · {} · leakcoach {}",
        day(feedback.until),
        count(feedback.events, "event"),
        env!("CARGO_PKG_VERSION")
    );
    if feedback.unreadable > 0 {
        let _ = write!(words, " · {} could not be read", feedback.unreadable);
    }
    if feedback.shared {
        let _ = write!(words, " · to be handed on: what is fewer than {FEW} is left out");
    }
    words
}

pub(super) fn all(feedback: &Feedback) -> Vec<Part> {
    if feedback.events == 0 {
        return vec![Part::Words("Nothing was recorded in this time.".to_owned())];
    }
    let mut parts = vec![figures(feedback)];
    parts.extend(weeks(feedback));
    rules(&mut parts, &feedback.rules);
    times(&mut parts, feedback);
    proposals(&mut parts, &feedback.proposals, &feedback.processes);
    review(&mut parts, &feedback.review, feedback.shared);
    drills(&mut parts, &feedback.drills, feedback.lessons);
    if let Some(own) = &feedback.approvals {
        approvals(&mut parts, own);
    }
    meanings(&mut parts);
    parts
}

fn figures(feedback: &Feedback) -> Part {
    let share = |share: crate::feedback::Share| format!("{} %", share.percent());
    let of = |share: crate::feedback::Share| format!("{} of {}", share.are, share.of);
    let time =
        |spread: &Spread| spread.median.map_or_else(|| "-".to_owned(), crate::feedback::length);
    let alive = match (feedback.alive, feedback.shared) {
        (0, true) => format!("fewer than {FEW} not known to be dead"),
        (alive, _) => format!("{alive} not known to be dead"),
    };
    let figure = |label: &str, value: String, note: String| [label.to_owned(), value, note];
    Part::Figures(vec![
        figure("found", feedback.findings().to_string(), count(feedback.events, "event")),
        figure("fixed at once", share(feedback.fixed_at_once()), of(feedback.fixed_at_once())),
        figure("fixed", share(feedback.fixed()), of(feedback.fixed())),
        figure("let through", share(feedback.let_through()), of(feedback.let_through())),
        figure("came back in 30 days", share(feedback.repeated()), of(feedback.repeated())),
        figure(
            "time to a clean commit",
            time(&feedback.clean_after),
            "half take no longer".to_owned(),
        ),
        figure("time to revoke", time(&feedback.revoked_after), alive),
        figure(
            "said to be wrong",
            feedback.wrong().are.to_string(),
            format!("of {}", count(feedback.wrong().of, "finding")),
        ),
    ])
}

fn weeks(feedback: &Feedback) -> Option<Part> {
    if feedback.weeks.is_empty() {
        return None;
    }
    let sum = |of: fn(&crate::feedback::Week) -> u64| feedback.weeks.iter().map(of).sum::<u64>();
    let about = format!(
        "{}: {} found, {} fixed, {} let through",
        count(feedback.weeks.len() as u64, "week"),
        sum(|week| week.findings),
        sum(|week| week.fixed),
        sum(|week| week.let_through)
    );
    Some(Part::Chart(Chart {
        title: "By week",
        about,
        kind: Kind::Columns,
        series: vec!["found", "fixed", "let through"],
        rows: feedback
            .weeks
            .iter()
            .map(|week| (day(week.from), vec![week.findings, week.fixed, week.let_through]))
            .collect(),
    }))
}

/// A rule's findings by what became of them last: parts that add up to all.
fn became(rule: &Rule) -> Vec<u64> {
    let later = rule.fixed.saturating_sub(rule.fixed_at_once);
    let left = rule.findings.saturating_sub(rule.fixed);
    let through = rule.let_through.min(left);
    vec![rule.fixed_at_once, later, through, left - through]
}

fn rules(parts: &mut Vec<Part>, rules: &[Rule]) {
    if rules.is_empty() {
        return;
    }
    parts.push(Part::Heading("By rule".to_owned()));
    let found: Vec<&Rule> = rules.iter().filter(|rule| rule.findings > 0).take(RULES).collect();
    if !found.is_empty() {
        parts.push(Part::Chart(Chart {
            title: "What became of what was found",
            about: format!(
                "{}, by whether what they found was fixed at once, fixed later, let through or is \
                 not seen to be mended",
                count(found.len() as u64, "rule")
            ),
            kind: Kind::Bars,
            series: vec!["fixed at once", "fixed later", "let through", "not seen mended"],
            rows: found.iter().map(|rule| (rule.rule.clone(), became(rule))).collect(),
        }));
    }
    let row = |rule: &Rule| {
        let median = rule.clean_after.median.map(crate::feedback::length);
        vec![
            rule.rule.clone(),
            rule.findings.to_string(),
            rule.cards.to_string(),
            rule.fixed_at_once.to_string(),
            rule.fixed.to_string(),
            rule.let_through.to_string(),
            rule.repeated.to_string(),
            rule.wrong.to_string(),
            median.unwrap_or_else(|| "-".to_owned()),
        ]
    };
    parts.push(Part::Table(Table {
        about: "Findings of each rule, and what became of them".to_owned(),
        head: vec![
            "rule",
            "found",
            "cards",
            "at once",
            "fixed",
            "through",
            "back",
            "wrong",
            "clean after",
        ],
        rows: rules.iter().take(RULES).map(row).collect(),
        words: 1,
    }));
    if let Some(more @ 1..) = rules.len().checked_sub(RULES) {
        parts.push(Part::Words(format!("{more} more are in the JSON.")));
    }
    let mut reasons: Vec<(&str, &str, u64)> = rules
        .iter()
        .flat_map(|rule| rule.reasons.iter().map(|(why, times)| (&*rule.rule, &**why, *times)))
        .collect();
    reasons.sort_by_key(|(_, _, times)| std::cmp::Reverse(*times));
    reasons.truncate(REASONS);
    let row = |(rule, why, times): &(&str, &str, u64)| {
        vec![(*rule).to_owned(), (*why).to_owned(), times.to_string()]
    };
    let reasons: Vec<Vec<String>> = reasons.iter().map(row).collect();
    if !reasons.is_empty() {
        parts.push(Part::Heading("Why it was let through or said to be wrong".to_owned()));
        parts.push(Part::Table(Table {
            about: "Reasons, by rule".to_owned(),
            head: vec!["rule", "because", "times"],
            rows: reasons,
            words: 2,
        }));
    }
}

fn times(parts: &mut Vec<Part>, feedback: &Feedback) {
    parts.push(Part::Heading("How long it takes".to_owned()));
    for (title, what, spread) in [
        (
            "Time to a clean commit",
            "from a first card to a commit without it",
            &feedback.clean_after,
        ),
        (
            "Time to revoke",
            "from when others had it to when it opened nothing",
            &feedback.revoked_after,
        ),
    ] {
        let about = format!("{what}: {}", spread.words());
        if spread.count == 0 {
            parts.push(Part::Words(format!("{title}, {about}.")));
            continue;
        }
        let row = |(words, count): &(&'static str, u64)| ((*words).to_owned(), vec![*count]);
        parts.push(Part::Chart(Chart {
            title,
            about,
            kind: Kind::Bars,
            series: vec!["how often"],
            rows: spread.within.iter().map(row).collect(),
        }));
    }
}

fn proposals(parts: &mut Vec<Part>, proposals: &[Proposal], processes: &[String]) {
    if proposals.is_empty() && processes.is_empty() {
        return;
    }
    parts.push(Part::Heading("Rules that are heeded too rarely".to_owned()));
    for (number, proposal) in (1..).zip(proposals) {
        let Proposal { rule, because, what, line, .. } = proposal;
        parts.push(Part::Words(format!("{number}. {rule}: {because}. Proposed: {what}.")));
        if !line.is_empty() {
            parts.push(Part::Code(format!("{line}# leakcoach report --apply {number}")));
        }
    }
    if !processes.is_empty() {
        parts.push(Part::List(processes.to_vec()));
    }
}

fn review(parts: &mut Vec<Part>, review: &Review, shared: bool) {
    if review.open.is_empty() && review.closed == 0 {
        return;
    }
    parts.push(Part::Heading("To be looked at again".to_owned()));
    let (open, closed) = (count(review.open.len() as u64, "item"), review.closed);
    parts.push(Part::Words(format!("{open} open, {closed} closed: leakcoach review")));
    // Which finding it is, is nobody else's.
    if shared || review.open.is_empty() {
        return;
    }
    let row = |item: &crate::feedback::Item| {
        let words = [item.id.clone(), item.about.word().to_owned(), item.rule.clone()];
        let numbers = [day(item.since), item.times.to_string()];
        words.into_iter().chain(numbers).collect()
    };
    parts.push(Part::Table(Table {
        about: "Open items, the most pressing first".to_owned(),
        head: vec!["id", "about", "rule", "since", "times"],
        rows: review.open.iter().take(ITEMS).map(row).collect(),
        words: 3,
    }));
}

fn drills(parts: &mut Vec<Part>, drills: &Drills, lessons: u64) {
    if drills.runs == 0 && lessons == 0 {
        return;
    }
    parts.push(Part::Heading("Drills and lessons".to_owned()));
    let score = crate::feedback::Share { of: drills.of, are: drills.score };
    let told = format!(
        "{}: {score} found; {} read",
        count(drills.runs, "drill"),
        count(lessons, "lesson")
    );
    parts.push(Part::Words(told));
    if !drills.last.is_empty() {
        parts.push(Part::Chart(Chart {
            title: "The last drills",
            about: format!(
                "{}, what was found and missed in each",
                count(drills.last.len() as u64, "drill")
            ),
            kind: Kind::Bars,
            series: vec!["found", "missed"],
            rows: drills
                .last
                .iter()
                .map(|(at, score, of)| {
                    (day(*at), vec![u64::from(*score), u64::from(of.saturating_sub(*score))])
                })
                .collect(),
        }));
    }
    if !drills.missed.is_empty() {
        let missed = drills.missed.iter().map(|(rule, times)| {
            format!("{rule}, missed {}: leakcoach learn --rule {rule}", count(*times, "time"))
        });
        parts.push(Part::List(missed.collect()));
    }
}

fn approvals(parts: &mut Vec<Part>, own: &Approvals) {
    parts.push(Part::Heading("Your approvals, told to you alone".to_owned()));
    let median = own.median.map_or_else(String::new, |median| {
        format!(", {} after you were asked in the middle", crate::feedback::length(median))
    });
    parts.push(Part::Words(format!(
        "{}, {} within 7 days at most, {} of severity high or critical{median}.",
        count(own.count, "approval"),
        own.most_in_a_week,
        own.high
    )));
    if !own.unusual.is_empty() {
        parts.push(Part::List(own.unusual.clone()));
    }
}

fn meanings(parts: &mut Vec<Part>) {
    parts.push(Part::Heading("What the numbers mean".to_owned()));
    let meanings = [
        "found: a credential whose card was shown; shown again before it is gone, it is the same",
        "at once: gone at the next try after its first card",
        "through: an override, an exception, or a commit past the guard",
        "back: found on a later day, within 30 days after another one of the rule",
        "wrong: said so by leakcoach wrong",
    ];
    parts.push(Part::List(meanings.map(str::to_owned).to_vec()));
}

pub(super) fn controls(evidence: &Evidence) -> Vec<Part> {
    let mut parts = Vec::new();
    if evidence.agents_only {
        parts.push(Part::Words(
            "Only what agents did is counted: the framework is about them.".to_owned(),
        ));
    }
    let row = |control: &crate::feedback::Control| {
        let kinds: Vec<String> =
            control.by_kind.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        let (first, last) = match control.between {
            Some((first, last)) => (day(first), day(last)),
            None => ("-".to_owned(), "-".to_owned()),
        };
        let words = [control.id.clone(), control.title.clone(), kinds.join(", ")];
        words.into_iter().chain([control.events.to_string(), first, last]).collect()
    };
    parts.push(Part::Table(Table {
        about: "Events by control".to_owned(),
        head: vec!["control", "title", "evidence", "events", "first", "last"],
        rows: evidence.controls.iter().map(row).collect(),
        words: 3,
    }));
    parts.push(Part::Words(
        "Ids and titles are their publisher's; which event is evidence of which control is \
         leakcoach's own reading, and no claim of conformity."
            .to_owned(),
    ));
    parts.push(Part::Words(evidence.page.clone()));
    parts
}
