//! `leakcoach approve`: a person lets an agent do something for a time.

use crate::catalogue::Catalogue;
use crate::cli::agent::guard::{Place, agent, approvals};
use crate::cli::ask::{Person, Watch};
use crate::cli::{env, recorded::recall};
use crate::config::record::length;
use crate::error::Error;
use crate::guard::approval::{self, ANY, Approval};
use crate::guard::table::entries;
use crate::record::What;
use crate::text::Escaped;
use crate::{exit, report};
use clap::Args;
use std::path::PathBuf;

/// As long an approval lasts, in seconds.
const LONGEST: i64 = 24 * 3600;

/// What can be approved beside rules and entries of the table.
const OTHERS: [&str; 2] = ["ignore-marker", "unread-command"];

#[derive(Debug, Args)]
pub(in crate::cli) struct ApproveArgs {
    /// The agent, or `any`
    #[arg(long, value_name = "NAME", required_unless_present = "list", value_parser = whom)]
    agent: Option<String>,
    /// What: the name in the refusal's brackets, or NAME:PATTERN for some files or commands
    #[arg(long, value_name = "SCOPE", required_unless_present = "list")]
    scope: Option<String>,
    /// How long, at most 24h
    #[arg(long = "for", value_name = "TIME", default_value = "30m")]
    time: String,
    /// Why, in a few words; it is recorded
    #[arg(long, value_name = "WORDS", required_unless_present = "list")]
    reason: Option<String>,
    /// Only list what is approved here now
    #[arg(long, conflicts_with_all = ["agent", "scope", "reason"])]
    list: bool,
}

fn whom(given: &str) -> Result<String, String> {
    if given == ANY {
        return Ok(given.to_owned());
    }
    agent(given).map(|agent| agent.word().to_owned())
}

/// Approves, once the person at the terminal has said so.
pub(in crate::cli) fn approve(args: &ApproveArgs) -> Result<u8, Error> {
    let place = Place::at(PathBuf::from("."));
    let now = env::now();
    let (Some(agent), Some(scope), Some(reason)) = (&args.agent, &args.scope, &args.reason) else {
        list(&place.folder(), now);
        return Ok(exit::PASSED);
    };
    known(scope)?;
    let seconds = length(&args.time)
        .filter(|seconds| *seconds <= LONGEST)
        .ok_or_else(|| Error::Usage("--for is a time of at most 24h, such as 30m".to_owned()))?;
    if reason.trim().len() < 4 || reason.contains(char::is_control) {
        return Err(Error::Usage("--reason says why, in a few words on one line".to_owned()));
    }
    let Some(mut person) = Person::present() else {
        return Err(Error::Usage(
            "nothing is approved: only a person at a terminal can, and no agent in their place"
                .to_owned(),
        ));
    };
    let until = now.saturating_add(seconds);
    let words = Escaped(scope.as_bytes());
    let question = format!(
        "{agent} may then, until {}, in {}: {words}\ntype {words} to approve it, anything else to stop: ",
        time(until),
        Escaped(place.folder().as_bytes()),
    );
    let answer = person.ask(&question, &Watch::begin())?;
    if answer.as_deref().map(str::trim) != Some(scope.as_str()) {
        report::notice("nothing is approved");
        return Ok(exit::REFUSED);
    }
    let folder = env::state_folder()
        .ok_or_else(|| Error::Usage("neither XDG_STATE_HOME nor HOME is set".to_owned()))?;
    let approval = Approval {
        agent: agent.clone(),
        scope: scope.clone(),
        folder: place.folder(),
        until,
        reason: reason.clone(),
    };
    approval::add(&folder, &approval, now)?;
    let what = What::Entrusted {
        agent: agent.clone(),
        scope: scope.clone(),
        until,
        reason: reason.clone(),
    };
    recall::note(place.repo(), vec![what]);
    report::notice(&format!("approved until {}", time(until)));
    Ok(exit::PASSED)
}

/// Whether there is such a thing to approve.
fn known(scope: &str) -> Result<(), Error> {
    let rule = scope.split(':').next().unwrap_or(scope);
    let entries = entries().map_err(Error::Usage)?;
    let there = entries.iter().any(|entry| entry.id == rule)
        || OTHERS.contains(&rule)
        || Catalogue::builtin().rule(rule).is_some();
    if there {
        return Ok(());
    }
    let named = entries.iter().map(|entry| entry.id.as_str());
    let near = named.map(|id| (strsim::damerau_levenshtein(id, rule), id)).min();
    let near = near.filter(|(distance, _)| *distance <= 4).map(|(_, id)| id.to_owned());
    Err(Error::UnknownId { id: rule.to_owned(), nearest: near })
}

fn list(folder: &str, now: i64) {
    let all = approvals();
    let mut here = all.iter().filter(|one| one.folder == folder && one.until > now).peekable();
    if here.peek().is_none() {
        report::notice("nothing is approved here");
    }
    for one in here {
        let Approval { agent, scope, until, reason, .. } = one;
        let (scope, reason) = (Escaped(scope.as_bytes()), Escaped(reason.as_bytes()));
        report::data(&format!("{agent}  {scope}  until {}  {reason}", time(*until)));
    }
}

fn time(at: i64) -> String {
    let at = jiff::Timestamp::from_second(at);
    at.map_or_else(|_| "?".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
}
