//! `leakcoach guard`: an agent's event in, that agent's answer out.

pub(in crate::cli) mod look;
mod mask;
mod trusted;

use crate::cli::{env, recorded::recall};
use crate::config::Config;
use crate::config::agents::Allowed;
use crate::error::Error;
use crate::guard::agent::Agent;
use crate::guard::answer::{self, Fail, Reply};
use crate::guard::approval::{self, Approval};
use crate::guard::event::{self, Event, Moment, Trouble};
use crate::guard::{Reason, Ruling, intent};
use crate::record::What;
use crate::report;
use crate::source::{Repo, RepoEnv};
use clap::Args;
use look::Eyes;
use std::io::Read as _;
use std::path::{Path, PathBuf};
pub(super) use trusted::Trusted;

/// As many reasons of one call are recorded.
const RECORDED: usize = 5;

#[derive(Debug, Args)]
pub(in crate::cli) struct GuardArgs {
    /// The agent whose event it is: claude-code, codex, cursor, copilot, gemini, opencode,
    /// windsurf or generic; told by the event where only one writes such
    #[arg(long, value_name = "NAME", value_parser = agent)]
    agent: Option<Agent>,
    /// The event's name, for an agent whose events do not say it
    #[arg(long, value_name = "NAME")]
    event: Option<String>,
}

/// The agent called `given`.
pub(in crate::cli) fn agent(given: &str) -> Result<Agent, String> {
    Agent::named(given).ok_or_else(|| {
        let known: Vec<&str> = Agent::ALL.iter().map(|agent| agent.word()).collect();
        format!("one of: {}", known.join(", "))
    })
}

/// Answers one event. Never an error: whatever goes wrong is an answer too, for agents let a
/// call through whose hook fails.
pub(in crate::cli) fn guard(args: &GuardArgs) -> u8 {
    let reply = std::panic::catch_unwind(|| answered(args)).unwrap_or_else(|_| {
        let what = "leakcoach itself failed".to_owned();
        answer::failed(&Trouble { agent: args.agent, what }, Fail::Closed)
    });
    let Reply { stdout, stderr, code } = reply;
    if !stderr.is_empty() {
        report::notice(stderr.strip_prefix("leakcoach ").unwrap_or(&stderr));
    }
    if !stdout.is_empty() {
        report::data(&stdout);
    }
    code
}

fn answered(args: &GuardArgs) -> Reply {
    let read = input().and_then(|bytes| {
        event::read(args.agent, args.event.as_deref(), &bytes)
            .map_err(|trouble| Trouble { agent: trouble.agent.or(args.agent), ..trouble })
    });
    let event = match read {
        Ok(event) => event,
        Err(trouble) => {
            let agent = trouble.agent.or(args.agent);
            return answer::failed(&Trouble { agent, ..trouble }, fail(Path::new(".")));
        }
    };
    if event.moment == Moment::Other {
        return answer::reply(&event, &[], None);
    }
    let place = Place::of(&event);
    match judged(&event, &place) {
        Ok(reply) => reply,
        Err(error) => {
            let trouble = Trouble { agent: Some(event.agent), what: error.to_string() };
            answer::failed(&trouble, fail(&place.cwd))
        }
    }
}

/// All of standard input, and one byte more than is looked at.
fn input() -> Result<Vec<u8>, Trouble> {
    let trouble = |what: &str| Trouble { agent: None, what: what.to_owned() };
    if env::reads_terminal() {
        return Err(trouble("the event is read from standard input, which is a terminal"));
    }
    let mut bytes = Vec::new();
    let most = event::AT_MOST as u64 + 1;
    std::io::stdin()
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(|_| trouble("standard input cannot be read"))?;
    // The rest is read too, so that the agent's write does not fail.
    let _rest = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    Ok(bytes)
}

/// Where a call would act.
pub(in crate::cli) struct Place {
    pub(in crate::cli) cwd: PathBuf,
    repo: Result<Option<Repo>, Error>,
    /// The top of the repository, or the folder.
    pub(in crate::cli) top: PathBuf,
}

impl Place {
    fn of(event: &Event) -> Self {
        let cwd = event.cwd.clone().filter(|cwd| cwd.is_dir());
        Self::at(cwd.unwrap_or_else(|| PathBuf::from(".")))
    }

    /// The place around `cwd`.
    pub(in crate::cli) fn at(cwd: PathBuf) -> Self {
        let cwd = std::fs::canonicalize(&cwd).unwrap_or(cwd);
        let repo = match Repo::open_at(&cwd, &RepoEnv::default()) {
            Ok(repo) => Ok(Some(repo)),
            Err(Error::NoRepository { .. }) => Ok(None),
            Err(error) => Err(error),
        };
        let top = repo.as_ref().ok().and_then(|repo| repo.as_ref()?.top().map(Path::to_owned));
        let top = top.and_then(|top| std::fs::canonicalize(top).ok());
        Self { top: top.unwrap_or_else(|| cwd.clone()), repo, cwd }
    }

    /// The repository, where there is one that can be read.
    pub(in crate::cli) fn repo(&self) -> Option<&Repo> {
        self.repo.as_ref().ok().and_then(Option::as_ref)
    }

    /// The same, where one that cannot be read is an error.
    pub(in crate::cli) fn whole(&self) -> Result<Option<&Repo>, Error> {
        match &self.repo {
            Ok(repo) => Ok(repo.as_ref()),
            Err(error) => {
                let (what, why) = ("the repository around it".to_owned(), error.to_string());
                Err(Error::Repository { what, why })
            }
        }
    }

    /// Its name in approvals.
    pub(in crate::cli) fn folder(&self) -> String {
        self.top.to_string_lossy().into_owned()
    }
}

/// What is configured for calls that cannot be checked; no where that cannot be read either.
fn fail(cwd: &Path) -> Fail {
    let place = Place::at(cwd.to_owned());
    let top = match &place.repo {
        Ok(repo) => repo.as_ref().and_then(Repo::top),
        Err(_) => return Fail::Closed,
    };
    let config = env::outside().and_then(|outside| Config::load_with(&outside, top, &[]));
    match config {
        Ok(config) if Trusted::of(&config, place.repo()).is_ok_and(|it| it.fails_open) => {
            Fail::Open
        }
        Ok(_) | Err(_) => Fail::Closed,
    }
}

fn judged(event: &Event, place: &Place) -> Result<Reply, Error> {
    let repo = place.whole()?;
    let eyes = Eyes::new(event.agent, repo)?;
    let sight = sight(event, place, &eyes)?;
    let ruling = answer::ruling(event, &sight.reasons);
    if ruling != Ruling::Allow {
        let what = told(&event.tool, ruling.word(), event.moment, &sight.reasons);
        recall::note_for(event.agent.name(), repo, what);
    }
    Ok(answer::reply(event, &sight.reasons, sight.masked.as_ref()))
}

/// What there is to say against `event`, the gravest first, without what is approved.
pub(in crate::cli) fn sight(
    event: &Event,
    place: &Place,
    eyes: &Eyes,
) -> Result<look::Sight, Error> {
    let mut sight = look::Look::new(event, place, eyes).at(&intent::of(event))?;
    if sight.reasons.is_empty() {
        return Ok(sight);
    }
    let approvals = approvals();
    sight
        .reasons
        .retain_mut(|reason| !approved(event, place, (eyes.trusted(), &approvals), reason));
    if event.moment == Moment::Before {
        sight.reasons.sort_by_key(|reason| std::cmp::Reverse(reason.ruling));
    }
    Ok(sight)
}

/// Whether a person, or the configuration, lets this agent do it here and now. What a tool
/// printed is not approved by anybody: it is out.
fn approved(
    event: &Event,
    place: &Place,
    (trusted, approvals): (&Trusted, &[Approval]),
    reason: &mut Reason,
) -> bool {
    if event.moment == Moment::After {
        return false;
    }
    let now = env::now();
    let task = env::variable("LEAKCOACH_TASK");
    let task = task.as_ref().and_then(|task| task.to_str()).unwrap_or_default();
    let below = place.cwd.strip_prefix(&place.top).unwrap_or(Path::new(""));
    let folder = below.to_string_lossy();
    let lets =
        |all: &[Allowed]| all.iter().any(|one| one.lets(event.agent, now, task, &folder, reason));
    let approved = lets(&trusted.allow)
        || approvals.iter().any(|one| one.lets(event.agent, &place.folder(), now, reason));
    if !approved && lets(&trusted.waiting) {
        reason
            .instead
            .push_str("; `agents.allow` of this branch counts once the default branch has it too");
    }
    approved
}

/// What persons approved.
pub(in crate::cli) fn approvals() -> Vec<Approval> {
    env::state_folder().map(|folder| approval::read(&folder)).unwrap_or_default()
}

/// The same, for the record.
pub(in crate::cli) fn told(
    tool: &str,
    decision: &str,
    moment: Moment,
    reasons: &[Reason],
) -> Vec<What> {
    let tool: String = tool.chars().filter(char::is_ascii_graphic).take(64).collect();
    let told = |reason: &Reason| What::Guarded {
        tool: tool.clone(),
        rule: reason.rule.clone(),
        decision: decision.to_owned(),
        exposure: (moment == Moment::After).then(|| "logged".to_owned()),
    };
    reasons.iter().take(RECORDED).map(told).collect()
}
