//! One refused action let through once, with a reason, on the record.

use crate::catalogue::Kind;
use crate::cli::ask::{Person, Watch};
use crate::cli::check::run::Check;
use crate::cli::{env, letting::because, open};
use crate::coach::{Card, letting};
use crate::error::Error;
use crate::judge::reason::reason;
use crate::judge::{Actor, Verdict};
use crate::record::Deed;
use crate::report;
use crate::source::{Repo, since};
use crate::text::{Count, Escaped};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The variable that gives the reason.
pub(in crate::cli) const VARIABLE: &str = "LEAKCOACH_REASON";

/// What the variable says to have the reason asked for.
const ASK: &str = "ask";

/// As many places are told of.
const PLACES: usize = 5;

/// For what reasons were given before, in the folder that all work trees share: a reason is
/// for one action, and a variable that stays set is for every one.
const GIVEN: &str = "leakcoach-reasons";

/// As many of them are remembered.
const REMEMBERED: usize = 64;

/// Lets the refused among `cards` through where somebody gives a reason for it and may do so.
/// Gives the reason; those that were let through are permitted then.
pub(in crate::cli) fn weigh(cards: &mut [Card]) -> Option<(String, Vec<usize>)> {
    let given = env::reason()?;
    if !cards.iter().any(is_refused) {
        return None;
    }
    match weighed(&given, cards) {
        Ok(done) => Some(done),
        Err(error) => {
            report::notice(&format!("{VARIABLE} does not count: {error}"));
            None
        }
    }
}

/// Whether a reason is what it lacks. A pause is not to be had around.
fn is_refused(card: &Card) -> bool {
    matches!(card.judgement.verdict, Verdict::Guide | Verdict::Block)
}

fn weighed(given: &str, cards: &mut [Card]) -> Result<(String, Vec<usize>), Error> {
    let repo = open()?;
    let check = Check::new(Some(&repo), &[])?;
    let settings = &check.config.exceptions;
    let usage = |what: &str| Error::Usage(what.to_owned());
    if !settings.overrides {
        return Err(usage("nothing is overridden here (`exceptions.override`)"));
    }
    if !settings.lets(&env::actor()) {
        let who = match env::actor() {
            Actor::Person => "a person",
            Actor::Ci => "a pipeline",
            Actor::Agent(_) => "an agent",
        };
        return Err(Error::Usage(format!("{who} may not override here (`exceptions.who`)")));
    }
    let free = |card: &Card| is_refused(card) && !settings.asks_approval(card.facts.rule.severity);
    let which: Vec<usize> =
        cards.iter().enumerate().filter(|(_, card)| free(card)).map(|(at, _)| at).collect();
    let Some(first) = which.first().and_then(|at| cards.get(*at)) else {
        return Err(usage("it takes an approval here: leakcoach allow, then have it signed"));
    };
    let rule = first.rule;
    // What needs no reason comes first, and what letting through costs.
    tell(&repo, cards, &which);
    let given = if given == ASK { asked()? } else { given.to_owned() };
    let reason = reason(&given, rule).map_err(usage)?;
    if check.shown(reason.as_bytes()) != reason.as_bytes() {
        return Err(usage(because::HOLDS));
    }
    let ids = which.iter().filter_map(|at| cards.get(*at)?.id).map(|id| id.to_string());
    once(repo.common_dir(), &reason, &ids.collect())?;
    for at in &which {
        if let Some(card) = cards.get_mut(*at) {
            card.judgement.verdict = Verdict::Permit;
            card.judgement.because =
                format!("let through once: {}", Escaped(reason.as_bytes())).into();
        }
    }
    let shown = Escaped(reason.as_bytes());
    report::notice(&format!(
        "{} let through this once, because: {shown}",
        Count(which.len(), "finding")
    ));
    if cards.iter().any(is_refused) {
        report::notice("the rest takes an approval: leakcoach allow, then have it signed");
    }
    Ok((reason, which))
}

/// How long each has been open, and the way that needs no reason.
fn tell(repo: &Repo, cards: &[Card], which: &[usize]) {
    for card in which.iter().filter_map(|at| cards.get(*at)).take(PLACES) {
        let facts = &card.facts;
        let place = format!("{}:{}", card.full_path(), card.line);
        if facts.rule.kind == Kind::Privilege {
            let id = card.id.map_or_else(|| card.rule.to_owned(), |id| id.to_string());
            report::notice(&format!("{place}: it permits more until it is taken back"));
            report::notice(&format!("the way that needs no reason: leakcoach explain {id}"));
            continue;
        }
        let since = facts
            .commit
            .as_deref()
            .filter(|_| !facts.packed)
            .and_then(|commit| since::line_since(repo, commit, &facts.file, card.line));
        let window = letting::window(facts.exposure, since, env::now());
        let instead = letting::instead(facts.exposure, card.id, card.rule);
        report::notice(&format!("{place}: {window}"));
        report::notice(&format!("the way that needs no reason: {instead}"));
    }
}

/// The reason, as the person types it.
fn asked() -> Result<String, Error> {
    let nobody = || Error::Usage("nobody is at a terminal to be asked".to_owned());
    let mut person = Person::present_unseen().ok_or_else(nobody)?;
    let question = "why must it go through now? (Enter stops) ";
    person.ask(question, &Watch::begin())?.ok_or_else(nobody)
}

/// That `reason` was not given for other findings before, which is remembered.
fn once(folder: &Path, reason: &str, ids: &BTreeSet<String>) -> Result<(), Error> {
    let digest = HEXLOWER.encode(&Sha256::digest(reason.to_lowercase())[..8]);
    let path = folder.join(GIVEN);
    // What cannot be read was forgotten; nothing but this asks for it.
    let text = fs::read_to_string(&path).unwrap_or_default();
    let mut lines: Vec<&str> = text.lines().collect();
    for line in &lines {
        let mut words = line.split(' ');
        if words.next() == Some(&*digest) {
            let known: BTreeSet<&str> = words.collect();
            if ids.iter().any(|id| !known.contains(id.as_str())) {
                let what = "this reason was given for something else: say why this one";
                return Err(Error::Usage(what.to_owned()));
            }
            return Ok(());
        }
    }
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let line = format!("{digest} {}", ids.join(" "));
    lines.push(&line);
    let from = lines.len().saturating_sub(REMEMBERED);
    let kept = lines.split_off(from).join("\n") + "\n";
    fs::write(&path, kept).map_err(|source| Error::File { deed: "write", path, source })
}

/// How whoever may do so lets a refused action through, said once after its cards.
pub(in crate::cli) fn hint(deed: Deed) -> Option<String> {
    let command = match deed {
        Deed::Commit | Deed::Message => "git commit",
        Deed::Push => "git push",
        Deed::Afterwards | Deed::Check => return None,
    };
    if env::reason().is_some() || env::actor() != Actor::Person {
        return None;
    }
    let repo = open().ok()?;
    let config = crate::config::Config::load_with(&env::outside().ok()?, repo.top(), &[]).ok()?;
    let settings = &config.exceptions;
    (settings.overrides && settings.lets(&Actor::Person)).then(|| {
        format!("must it go through now? {VARIABLE}=ask {command}: takes a reason, is recorded")
    })
}

/// What a person who was asked for a phrase gives as the reason.
///
/// # Errors
/// It is none.
pub(in crate::cli) fn typed(given: &str, rule: &str) -> Result<String, Error> {
    let reason = reason(given, rule).map_err(|why| Error::Usage(why.to_owned()))?;
    let check = match open() {
        Ok(repo) => Check::new(Some(&repo), &[])?,
        Err(Error::NoRepository { .. }) => Check::new(None, &[])?,
        Err(error) => return Err(error),
    };
    if check.shown(reason.as_bytes()) != reason.as_bytes() {
        return Err(Error::Usage(because::HOLDS.to_owned()));
    }
    Ok(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_for_what_it_was_given_for() {
        let folder = tempfile::tempdir().unwrap();
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>();
        let give = |reason: &str, these: &[&str]| once(folder.path(), reason, &ids(these)).is_ok();

        assert!(give("a fixture, revoked", &["a", "b"]));
        // The push of what was committed with it.
        assert!(give("A fixture, revoked", &["a"]));
        assert!(!give("a fixture, revoked", &["a", "c"]));
        assert!(give("another fixture, revoked", &["c"]));
        for n in 0..100 {
            assert!(give(&format!("fixture {n}, revoked"), &["a"]));
        }
        let text = fs::read_to_string(folder.path().join(GIVEN)).unwrap();
        assert_eq!(text.lines().count(), REMEMBERED);
    }
}
