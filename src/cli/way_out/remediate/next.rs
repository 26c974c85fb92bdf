//! The next step of a case: why, and by which command.

use super::look::Look;
use crate::judge::Exposure;
use crate::remedy::case::{Check, Standing, Step};
use crate::remedy::verify;
use crate::text::Escaped;

/// What is proposed.
#[derive(Debug, Default)]
pub(super) struct Next {
    pub(super) why: String,
    /// What to paste, one after the other.
    pub(super) commands: Vec<String>,
    /// What leakcoach runs itself once somebody agrees.
    pub(super) run: Option<Vec<String>>,
    /// How it is told without a terminal that it is done.
    pub(super) tell: String,
}

/// The next step of what is left to do.
pub(super) fn next(look: &Look<'_>) -> Option<(Step, Next)> {
    let lack = look.lacks().into_iter().next()?;
    Some((lack.step, propose(look, lack.step)))
}

fn propose(look: &Look<'_>, step: Step) -> Next {
    let mut next = match step {
        Step::Revoked => revoke(look),
        Step::Rotated => by_hand(look, |words| words.rotate, "make a new one at its service"),
        Step::Vaulted => vault(look),
        Step::Mended => mend(look),
        Step::History => history(look),
        Step::Abuse => by_hand(look, |words| words.abuse, "look into its service's logs"),
    };
    let id = &look.case.id;
    if next.tell.is_empty() {
        next.tell = format!("leakcoach remediate {id} --done {step}='WHAT AND WHERE'");
    }
    next
}

/// Words of the rule, for what a person does elsewhere.
fn by_hand(
    look: &Look<'_>,
    of: impl Fn(&crate::catalogue::Coaching) -> &'static str,
    usual: &str,
) -> Next {
    let words = look.rule.map(|rule| of(&rule.coaching())).filter(|words| !words.is_empty());
    Next { why: words.unwrap_or(usual).to_owned(), ..Next::default() }
}

/// A command of leakcoach's own on this finding.
fn own(look: &Look<'_>, command: &str, flags: &[&str]) -> Next {
    let id = look.case.id.as_str();
    let words: Vec<String> =
        [command, id].into_iter().chain(flags.iter().copied()).map(str::to_owned).collect();
    let line = format!("leakcoach {}", words.join(" "));
    Next { commands: vec![line], run: Some(words), ..Next::default() }
}

fn revoke(look: &Look<'_>) -> Next {
    let can_ask = look.check() == Check::Possible;
    if matches!(look.case.standing(Step::Revoked), Standing::Done { .. }) && can_ask {
        let why = "it was said to be revoked: its service can prove it".to_owned();
        let next = own(look, "verify", &["--fresh"]);
        return Next { why, tell: next.commands.concat(), ..next };
    }
    let service = look.rule.and_then(|rule| verify::of(rule.id));
    let way = service.and_then(|service| service.revoke.as_ref());
    let except =
        |way: &verify::service::Revoke| look.rule.is_some_and(|rule| way.except.contains(&rule.id));
    let first = "whoever has it can use it until it is revoked";
    if let (Some(service), Some(_), Some(_)) =
        (service, way.filter(|way| !except(way)), look.named())
    {
        let next = own(look, "revoke", &[]);
        return Next { why: format!("{first}; {} has a call for that", service.name), ..next };
    }
    let words = look.rule.map(crate::catalogue::Rule::coaching);
    let console = words.map(|words| words.revoke_console).filter(|words| !words.is_empty());
    let why = match console {
        Some(console) if console.starts_with("http") => format!("{first}: revoke it at {console}"),
        Some(console) => format!("{first}: revoke it {console}"),
        None => format!("{first}: revoke it at its service"),
    };
    let cli = words.map(|words| words.revoke_cli).filter(|words| !words.is_empty());
    let mut next =
        Next { why, commands: cli.into_iter().map(str::to_owned).collect(), ..Next::default() };
    if can_ask {
        let proof = own(look, "verify", &["--fresh"]);
        next.commands.extend(proof.commands);
        next.run = proof.run;
    }
    next
}

fn vault(look: &Look<'_>) -> Next {
    let words = look.rule.map(|rule| rule.coaching().vault).filter(|words| !words.is_empty());
    let why = words.unwrap_or("the new one goes where no file of git is").to_owned();
    if look.named().is_none() {
        return Next { why, ..Next::default() };
    }
    Next { why, ..own(look, "vault", &["--new"]) }
}

/// What git is in the middle of comes first, as the card says.
fn unfinished(look: &Look<'_>) -> Option<Next> {
    if !look.state.conflicted && look.state.in_progress.is_none() {
        return None;
    }
    let step = look.card().and_then(|card| card.steps.first());
    let step = step.filter(|step| step.command.is_some());
    Some(Next {
        why: step.map_or_else(
            || "git is in the middle of something: finish it first".to_owned(),
            |step| step.words.clone(),
        ),
        commands: vec![
            step.and_then(|step| step.command.clone()).unwrap_or_else(|| "git status".to_owned()),
        ],
        ..Next::default()
    })
}

fn mend(look: &Look<'_>) -> Next {
    if look.state.conflicted
        && let Some(next) = unfinished(look)
    {
        return next;
    }
    let tell = format!("leakcoach remediate {} --next", look.case.id);
    if !look.here.unmended.is_empty() {
        let why = format!(
            "it is in {}: what reads it at run time takes its place",
            look.places().join(", ")
        );
        if cfg!(feature = "fix") {
            return Next { why, tell, ..own(look, "fix", &[]) };
        }
        return Next { why, tell, ..Next::default() };
    }
    let mut paths: Vec<String> = look
        .here
        .uncommitted
        .iter()
        .map(|one| format!("'{}'", Escaped(&one.path).to_string().replace('\'', r"'\''")))
        .collect();
    paths.sort();
    paths.dedup();
    let why = "the files are mended, and the last commit has them as they were: commit that";
    let command = format!("git commit -m 'Read it at run time' -- {}", paths.join(" "));
    Next { why: why.to_owned(), commands: vec![command], tell, run: None }
}

fn history(look: &Look<'_>) -> Next {
    let id = &look.case.id;
    let leave =
        |reason: &str| format!("leakcoach remediate {id} --skip history --reason '{reason}'");
    if look.case.exposure == Exposure::Public {
        return Next {
            why: "leave history as it is: copies are out, and a rewrite takes none back".to_owned(),
            tell: leave("public: copies are out, and it is revoked"),
            ..Next::default()
        };
    }
    if !look.is_local() {
        let step = look.card().and_then(|card| {
            let rewrites = |command: &String| command.contains("leakcoach rewrite");
            card.steps.iter().find(|step| step.command.as_ref().is_some_and(rewrites))
        });
        let why = step.map_or("history, only if its text matters once revoked", |step| &step.words);
        return Next {
            why: why.to_owned(),
            commands: step.and_then(|step| step.command.clone()).into_iter().collect(),
            tell: leave("revoked: its text opens nothing"),
            run: None,
        };
    }
    if let Some(next) = unfinished(look) {
        return next;
    }
    let why = "no remote has its commits: made anew without it, nothing needs revoking".to_owned();
    let steps = look.card().map(|card| card.steps.as_slice()).unwrap_or_default();
    let commands: Vec<String> = steps
        .iter()
        .filter_map(|step| step.command.clone())
        .filter(|command| {
            command.contains("leakcoach rewrite") || command.starts_with("git commit")
        })
        .collect();
    let tell = format!("leakcoach remediate {id} --next");
    let anew = own(look, "rewrite", &["--yes"]);
    if commands.is_empty() || commands.iter().any(|command| command.contains("leakcoach rewrite")) {
        return Next { why, tell, ..anew };
    }
    Next { why, commands, run: None, tell }
}
