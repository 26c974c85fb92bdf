//! Lines that can never decide.

use super::{Conditions, Line, Names, Transaction};
use crate::catalogue::Rule;
use crate::judge::Exposure;

/// Why a line can never decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where the line stands.
    pub at: String,
    /// What is wrong, as a lower-case fragment.
    pub what: String,
}

/// What is wrong in `lines`, which are asked in this order of findings of `rules`.
pub fn lint(lines: &[Line], rules: &[&Rule]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| !line.starter) {
        let mut fault = |what: String| faults.push(Fault { at: line.at.to_string(), what });
        for name in unknown(&line.asks, rules) {
            fault(format!("no rule fits `{name}`"));
        }
        if let Some(what) = contradiction(&line.asks, rules) {
            fault(what.to_owned());
        } else if let Some(earlier) =
            lines[..index].iter().find(|earlier| earlier.asks.cover(&line.asks))
        {
            let how = if earlier.answer == line.answer { "says the same" } else { "decides" };
            fault(format!("never asked: {} {how} before it", earlier.at));
        }
    }
    faults
}

/// Names of rules that no rule has.
fn unknown<'l>(asks: &'l Conditions, rules: &'l [&Rule]) -> impl Iterator<Item = &'l str> {
    let names = asks.rule.iter().flat_map(|names| &names.written).map(String::as_str);
    names.filter(|name| {
        let alone = Names::exactly(vec![(*name).to_owned()]);
        alone.is_ok_and(|alone| !rules.iter().any(|rule| alone.has(rule.id)))
    })
}

/// Why no finding can ever fit.
fn contradiction(asks: &Conditions, rules: &[&Rule]) -> Option<&'static str> {
    let named =
        |names: &Option<Names>, name: &str| names.as_ref().is_none_or(|names| names.has(name));
    let could = |rule: &Rule| {
        named(&asks.rule, rule.id)
            && named(&asks.service, rule.service)
            && asks.kind.as_ref().is_none_or(|kinds| kinds.contains(&rule.kind))
            // What is weighed here is never more than the rule's own.
            && asks.severity.as_ref().is_none_or(|all| all.iter().any(|one| *one <= rule.severity))
    };
    if !rules.iter().any(|rule| could(rule)) {
        return Some("never fits: no rule has this rule, service, kind and severity together");
    }
    let only = |exposures: &[Exposure]| {
        asks.exposure.as_ref().is_some_and(|all| all.iter().all(|one| exposures.contains(one)))
    };
    let transaction = |one: Transaction| {
        asks.transaction.as_ref().is_some_and(|all| all.iter().all(|other| *other == one))
    };
    if transaction(Transaction::Commit) && (only(&[Exposure::Public]) || asks.remote.is_some()) {
        return Some("never fits: a commit goes to no remote");
    }
    let pushed = asks.transaction.as_ref().is_some_and(|all| {
        all.iter().all(|one| matches!(one, Transaction::Push | Transaction::Tag))
    });
    if pushed && only(&[Exposure::Staged]) {
        return Some("never fits: what is staged is in no push");
    }
    None
}
