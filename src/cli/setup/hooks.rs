//! Hooks put in, taken out and examined.

use crate::cli::agent::install::{self, Deed, Whose};
use crate::cli::{env, open};
use crate::config::Config;
use crate::error::Error;
use crate::guard::agent::Agent;
use crate::hook::doctor::{self, Health, Sign};
use crate::hook::everywhere::{self, Reach};
use crate::judge::Verdict;
use crate::judge::policy::{Conditions, Line};
use crate::scan::Confidence;
use crate::source::{Repo, RepoEnv};
use crate::{exit, hook, report};
use clap::Args;
use std::path::PathBuf;

/// Where the hooks go.
#[derive(Debug, Args)]
pub(in crate::cli) struct InstallArgs {
    /// For every repository of yours, by a global core.hooksPath; their own hooks still run
    #[arg(long, conflicts_with = "template")]
    global: bool,
    /// For what you init or clone from now on, by git's init.templateDir
    #[arg(long)]
    template: bool,
    /// For what is pushed to a bare repository, here or at PATH, by its pre-receive
    #[arg(long, value_name = "PATH", num_args = 0..=1, default_missing_value = ".")]
    #[arg(conflicts_with_all = ["global", "template"])]
    server: Option<PathBuf>,
    /// Into the settings of an AI agent, here or yours by --user: claude-code, codex, cursor,
    /// copilot, gemini, opencode or windsurf
    #[arg(long, value_name = "NAME", value_parser = crate::cli::agent::guard::agent)]
    #[arg(conflicts_with_all = ["global", "template", "server"])]
    agent: Option<Agent>,
    /// With --agent: into your own settings, for all repositories
    #[arg(long, requires = "agent")]
    user: bool,
}

impl InstallArgs {
    fn whose(&self) -> Whose {
        if self.user { Whose::User } else { Whose::Project }
    }

    fn reach(&self) -> Option<Reach> {
        if self.global { Some(Reach::HooksPath) } else { self.template.then_some(Reach::Template) }
    }
}

/// Puts the hooks in.
pub(in crate::cli) fn install(args: &InstallArgs) -> Result<u8, Error> {
    if let Some(agent) = args.agent {
        return install::edit(agent, args.whose(), Deed::Install);
    }
    let program = env::program()?;
    if let Some(path) = &args.server {
        told(&hook::server::install(&Repo::open_at(path, &RepoEnv::default())?, &program)?);
        return Ok(exit::PASSED);
    }
    let done = match args.reach() {
        Some(reach) => everywhere::install(reach, &env::data_folder()?, &program)?,
        None => hook::install(&open()?, &program)?,
    };
    told(&done);
    if args.reach().is_none() {
        report::notice("see it fire: leakcoach doctor");
    }
    Ok(exit::PASSED)
}

/// Takes the hooks out.
pub(in crate::cli) fn uninstall(args: &InstallArgs) -> Result<u8, Error> {
    if let Some(agent) = args.agent {
        return install::edit(agent, args.whose(), Deed::Uninstall);
    }
    if let Some(path) = &args.server {
        told(&hook::server::uninstall(&Repo::open_at(path, &RepoEnv::default())?)?);
        return Ok(exit::PASSED);
    }
    let done = match args.reach() {
        Some(reach) => everywhere::uninstall(reach, &env::data_folder()?)?,
        None => hook::uninstall(&open()?)?,
    };
    told(&done);
    Ok(exit::PASSED)
}

fn told(lines: &[String]) {
    for line in lines {
        report::notice(line);
    }
}

/// How the examination is printed.
#[derive(Debug, Args)]
pub(in crate::cli) struct DoctorArgs {
    /// Ask the hosts of this repository's remotes whether everybody can read them
    #[arg(long)]
    remotes: bool,
    /// Write their answers into `[remotes]` of .leakcoach.toml
    #[arg(long, requires = "remotes")]
    write: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = crate::cli::teach::rules::Format::Text)]
    format: crate::cli::teach::rules::Format,
}

/// Proves that the hooks fire. Gives 1 when they do not.
pub(in crate::cli) fn doctor(args: &DoctorArgs) -> Result<u8, Error> {
    if args.remotes {
        return crate::cli::setup::remotes::ask(args.format, args.write);
    }
    let (repo, around) = (open()?, env::surroundings());
    let mut signs = doctor::examine(&repo, &around)?;
    signs.extend(install::examine(repo.top(), around.seed)?);
    if let Some(top) = repo.top() {
        signs.extend(loose(&Config::load_with(&env::outside()?, Some(top), &[])?));
    }
    signs.push(crate::cli::recorded::audit::health::sign());
    match args.format {
        crate::cli::teach::rules::Format::Json => {
            let all: Vec<serde_json::Value> = signs.iter().map(as_json).collect();
            report::data(&serde_json::Value::from(all).to_string());
        }
        crate::cli::teach::rules::Format::Text => {
            for sign in &signs {
                let mark = word(sign.well);
                report::data(&format!("{mark:<5} {}", sign.seen));
                if !sign.mend.is_empty() {
                    report::data(&format!("      mend it: {}", sign.mend));
                }
            }
        }
    }
    let bad = signs.iter().any(|sign| sign.well == Health::Bad);
    Ok(if bad { exit::REFUSED } else { exit::PASSED })
}

/// That what is proven to be a credential goes through here, as policy says.
fn loose(config: &Config) -> Option<Sign> {
    let proven = |line: &&Line| {
        let asks = &line.asks;
        asks.same(&Conditions::of_confidence(Confidence::Proven))
            || asks.same(&Conditions::default())
    };
    let line = config.policy.lines.iter().find(proven)?;
    (line.answer.verdict() == Verdict::Permit).then(|| Sign {
        name: "policy",
        well: Health::Weak,
        seen: format!("{} says {}: what is found is told and not refused", line.at, line.answer),
        mend: "preset = \"balanced\" in .leakcoach.toml, once its cards are right".to_owned(),
    })
}

const fn word(health: Health) -> &'static str {
    match health {
        Health::Good => "good",
        Health::Weak => "weak",
        Health::Bad => "bad",
    }
}

fn as_json(sign: &Sign) -> serde_json::Value {
    serde_json::json!({
        "name": sign.name, "health": word(sign.well), "seen": sign.seen, "mend": sign.mend,
    })
}
