//! What holds of any policy.

use super::*;
use crate::catalogue::{Catalogue, Rule, Severity};
use crate::judge::{Actor, Exposure};
use crate::scan::Confidence;
use crate::source::role::FileRole;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const RULES: [&str; 3] = ["github-pat", "aws-access-key-id", "generic-password"];
const BRANCHES: [&str; 3] = ["main", "release/1", "topic"];
const PATHS: [&str; 3] = ["src/a.py", "tests/a.py", "deploy/b.yml"];
const GLOBS: [&str; 4] = ["*", "src/**", "tests/**", "release/*"];

fn rule(id: &str) -> &'static Rule {
    Catalogue::builtin().rule(id).unwrap()
}

prop_compose! {
    fn some_facts()(
        id in select(&RULES[..]),
        severity in select(Severity::ALL),
        confidence in select(vec![Confidence::Possible, Confidence::Likely, Confidence::Proven]),
        exposure in select(Exposure::ALL),
        path in select(&PATHS[..]),
        actor in select(vec![Actor::Person, Actor::Ci, Actor::Agent("an agent")]),
        branch in proptest::option::of(select(&BRANCHES[..])),
        remote in proptest::option::of(select(Visibility::ALL)),
        transaction in proptest::option::of(select(Transaction::ALL)),
        role in proptest::option::of(select(vec!["sre", "dev"])),
    ) -> Facts {
        let rule = rule(id);
        Facts {
            rule: rule.id,
            service: rule.service,
            kind: rule.kind,
            // What is weighed is never more than the rule's own.
            severity: severity.min(rule.severity),
            confidence,
            exposure,
            path: path.to_owned(),
            file_role: FileRole::Source,
            actor,
            branch: branch.map(str::to_owned),
            remote,
            transaction,
            profile: Profile { role: role.map(Arc::from), device: None, data: None },
        }
    }
}

/// What a line asks, as words by key.
type Asked = Vec<(&'static str, Vec<String>)>;

fn asked(
    key: &'static str,
    words: &[&str],
) -> impl Strategy<Value = (&'static str, Vec<String>)> + use<> {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let count = words.len();
    subsequence(words, 1..=count).prop_map(move |words| (key, words))
}

fn some_asked() -> impl Strategy<Value = Asked> {
    let severities: Vec<&str> = Severity::ALL.iter().map(|one| one.word()).collect();
    let exposures: Vec<&str> = Exposure::ALL.iter().map(|one| one.word()).collect();
    let globs = [&PATHS[..], &BRANCHES, &GLOBS].concat();
    let one = prop_oneof![
        asked("rule", &[&RULES[..], &["*", "github-*"]].concat()),
        asked("severity", &severities),
        asked("confidence", &["possible", "likely", "proven"]),
        asked("exposure", &exposures),
        asked("path", &globs),
        asked("branch", &globs),
        asked("actor", Actor::WORDS),
        asked("transaction", &["commit", "push", "tag", "release", "deploy"]),
        asked("remote", &["public", "private", "unknown"]),
        asked("role", &["sre", "dev"]),
    ];
    proptest::collection::btree_map(0..10_u8, one, 0..3).prop_map(|map| {
        let mut asked: Asked = Vec::new();
        for (key, words) in map.into_values() {
            if !asked.iter().any(|(known, _)| *known == key) {
                asked.push((key, words));
            }
        }
        asked
    })
}

fn conditions(asked: &Asked) -> Conditions {
    let mut all = Conditions::default();
    for (key, words) in asked {
        let names = || Some(Names::exactly(words.clone()).unwrap());
        let has = |word: &str| words.iter().any(|one| one == word);
        match *key {
            "rule" => all.rule = names(),
            "path" => all.path = names(),
            "branch" => all.branch = names(),
            "role" => all.role = names(),
            "severity" => all.severity = Some(picked(Severity::ALL, |one| has(one.word()))),
            "exposure" => all.exposure = Some(picked(Exposure::ALL, |one| has(one.word()))),
            "remote" => all.remote = Some(picked(Visibility::ALL, |one| has(one.word()))),
            "transaction" => {
                all.transaction = Some(picked(Transaction::ALL, |one| has(one.word())));
            }
            "confidence" => {
                let levels = [Confidence::Possible, Confidence::Likely, Confidence::Proven];
                all.confidence = Some(picked(&levels, |one| has(one.word())));
            }
            "actor" => {
                let actors = Actor::WORDS.iter().copied();
                all.actor = Some(actors.filter(|actor| has(actor)).collect());
            }
            other => unreachable!("{other}"),
        }
    }
    all
}

fn picked<T: Copy>(all: &[T], keep: impl Fn(&T) -> bool) -> Vec<T> {
    all.iter().filter(|one| keep(one)).copied().collect()
}

/// Whether what is asked holds, told by the words that are shown of the facts.
fn holds(asked: &Asked, facts: &Facts) -> bool {
    asked.iter().all(|(key, words)| {
        let shown = facts.shown();
        let (_, fact) = shown.iter().find(|(known, _)| known == key).unwrap();
        fact.as_ref().is_some_and(|fact| {
            words.iter().any(|word| match word.split_once('*') {
                Some((before, _)) => fact.starts_with(before),
                None => word == fact,
            })
        })
    })
}

fn line(index: usize, asked: &Asked, answer: Answer, locked: bool) -> Line {
    let at = format!("policy:{index}").into();
    Line { asks: conditions(asked), answer, at, starter: false, builtin: false, locked }
}

fn some_lines() -> impl Strategy<Value = Vec<(Asked, Answer)>> {
    proptest::collection::vec((some_asked(), select(Answer::ALL)), 0..6)
}

/// A policy of these lines, and the balanced one after them.
fn policy(lines: &[(Asked, Answer)], floor: Vec<Line>) -> Policy {
    let own = lines.iter().enumerate().map(|(at, (asked, answer))| line(at, asked, *answer, false));
    let lines = own.chain(Policy::default().lines).collect();
    Policy { lines, floor, slow: Slow::DEFAULT }
}

proptest! {
    #[test]
    fn the_first_line_that_fits_decides(lines in some_lines(), facts in some_facts()) {
        let policy = policy(&lines, Vec::new());
        let first = lines.iter().position(|(asked, _)| holds(asked, &facts));

        let decision = policy.decide(&facts).unwrap();
        match first {
            Some(index) => prop_assert_eq!(&*decision.line.at, format!("policy:{index}")),
            None => prop_assert!(decision.line.starter),
        }
        let looked = policy.trace(&facts);
        let (last, before) = looked.split_last().unwrap();
        prop_assert!(last.missed.is_none() && last.line.at == decision.line.at);
        prop_assert!(before.iter().all(|one| one.missed.is_some()));
    }

    #[test]
    fn no_line_below_loosens_a_locked_one(
        lines in some_lines(),
        own in some_lines(),
        facts in some_facts(),
    ) {
        let floor = own.iter().enumerate().map(|(at, (asked, answer))| line(at, asked, *answer, true));
        let floor: Vec<Line> = floor.collect();
        let least = own.iter().find(|(asked, _)| holds(asked, &facts)).map(|(_, answer)| *answer);

        let decision = policy(&lines, floor.clone());
        let decision = decision.decide(&facts).unwrap();
        prop_assert!(least.is_none_or(|least| decision.line.answer >= least));
        let alone = policy(&lines, Vec::new());
        let alone = alone.decide(&facts).unwrap();
        let expected = least.map_or(alone.line.answer, |least| alone.line.answer.max(least));
        prop_assert_eq!(decision.line.answer, expected);
    }

    #[test]
    fn a_line_that_is_said_never_to_decide_never_does(
        lines in some_lines(),
        all in proptest::collection::vec(some_facts(), 24),
    ) {
        let policy = policy(&lines, Vec::new());
        let rules: Vec<&Rule> = Catalogue::builtin().rules().collect();
        for fault in lint(&policy.lines, &rules) {
            // What never fits by what git does is no matter of these facts, which are drawn.
            for facts in all.iter().filter(|_| fault.what.starts_with("never asked")) {
                prop_assert_ne!(&*policy.decide(facts).unwrap().line.at, &fault.at);
            }
        }
    }
}
