//! What of a file's facts is new, as grants of the signals that are about them.

use super::facts::{Fact, Facts};
use crate::catalogue::Signal;

/// A fact and the signal that is about it.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub(super) signal: &'static Signal,
    pub(super) fact: Fact,
}

/// The signals about one kind of fact.
fn grants(facts: &[Fact]) -> Vec<Grant> {
    let mut grants: Vec<Grant> = Vec::new();
    for fact in facts {
        let about = |signal: &&Signal| signal.fact == fact.of && signal.is_about(&fact.value);
        let found = Signal::all().iter().filter(about);
        grants.extend(found.map(|signal| Grant { signal, fact: fact.clone() }));
    }
    grants
}

/// What `after` grants and none of `before` did. `was_there` says that the file is no new
/// one.
pub(super) fn new(before: &[Facts], after: Facts, was_there: bool) -> Vec<Grant> {
    let mut new = grants(&after.into_list());
    for facts in before {
        let missing = minus(&new, &grants(facts.list()));
        let mut keep = missing.into_iter();
        new.retain(|_| keep.next().unwrap_or(true));
    }
    // Some are only worth a word where something was changed to them.
    new.retain(|grant| was_there || !grant.signal.fact.ends_with("-changed"));
    // And some only where the same part of the file had kept it out.
    new.retain(|grant| {
        grant.signal.fact.strip_suffix("-in").is_none_or(|of| {
            let had = |fact: &Fact| {
                fact.of.strip_suffix("-out") == Some(of) && fact.scope == grant.fact.scope
            };
            was_there && before.iter().all(|facts| facts.list().iter().any(had))
        })
    });
    let mut kept: Vec<Grant> = Vec::new();
    for grant in new {
        let same = |known: &&mut Grant| known.fact.at == grant.fact.at;
        match kept.iter_mut().find(same) {
            // A place is told of once, by the worst that there is to say of it.
            Some(known) if known.signal.rule.severity < grant.signal.rule.severity => {
                *known = grant;
            }
            Some(_) => {}
            None => kept.push(grant),
        }
    }
    kept
}

/// Of each grant of `after`, whether `before` lacks it.
fn minus(after: &[Grant], before: &[Grant]) -> Vec<bool> {
    let mut used = vec![false; before.len()];
    let mut lacks = vec![true; after.len()];
    // What is as it was, or stands within what was granted more widely.
    for (grant, lacks) in after.iter().zip(&mut lacks) {
        let here = |old: &Grant| covers(old, grant) && within(&grant.fact.scope, &old.fact.scope);
        let exact = before
            .iter()
            .enumerate()
            .find(|(at, old)| !used[*at] && here(old) && old.fact.scope == grant.fact.scope);
        if let Some((at, _)) = exact {
            used[at] = true;
            *lacks = false;
        } else if before.iter().any(here) {
            *lacks = false;
        }
    }
    // What has moved, been renamed or narrowed.
    for (grant, lacks) in after.iter().zip(&mut lacks).filter(|(_, lacks)| **lacks) {
        let gone = before.iter().enumerate().find(|(at, old)| !used[*at] && covers(old, grant));
        if let Some((at, _)) = gone {
            used[at] = true;
            *lacks = false;
        }
    }
    lacks
}

/// Whether who had `old` could do what `new` lets do.
fn covers(old: &Grant, new: &Grant) -> bool {
    let same = std::ptr::eq(old.signal, new.signal);
    same && old.fact.value.eq_ignore_ascii_case(&new.fact.value)
        || old.signal.covers.iter().any(|id| id == new.signal.rule.id)
}

/// Whether `scope` is `outer` or a part of it.
fn within(scope: &str, outer: &str) -> bool {
    let rest = scope.strip_prefix(outer);
    rest.is_some_and(|rest| outer.is_empty() || rest.is_empty() || rest.starts_with('/'))
}
