//! `leakcoach fix`: takes a credential out of files and puts in its place what reads it at
//! run time; shows the change, and writes it once a person agrees.

mod extras;
mod plan;
mod record;
mod short;
mod show;
mod write;

use crate::cli::named::{self, Named};
use crate::cli::teach::rules::Format;
use crate::cli::{ask, open};
use crate::error::Error;
use crate::judge::Exposure;
use crate::remedy::fix::is_name;
use crate::source::Repo;
use crate::{exit, report};
use clap::Args;
use plan::Plan;

/// Which finding is mended, and how.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(in crate::cli) struct FixArgs {
    /// The finding's id on its card, PATH:LINE or its rule; may be left out where there is one
    finding: Option<String>,
    /// The name of the variable that is to hold the value
    #[arg(long, value_name = "NAME", value_parser = variable)]
    name: Option<String>,
    /// Write without asking
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// Only show what would be changed
    #[arg(long)]
    dry_run: bool,
    /// Also write the value into .env, for this machine; only where git ignores that file
    #[arg(long)]
    to_env: bool,
    /// Put back what the last fix changed, in the index and the work tree
    #[arg(long, conflicts_with_all = ["finding", "name", "yes", "dry_run", "to_env"])]
    undo: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

fn variable(given: &str) -> Result<String, String> {
    if is_name(given) {
        return Ok(given.to_owned());
    }
    Err("letters, digits and _ alone, with no digit first".to_owned())
}

/// Mends the finding, or undoes the last fix.
pub(in crate::cli) fn fix(args: &FixArgs) -> Result<u8, Error> {
    let repo = open()?;
    if repo.top().is_none() {
        return Err(Error::Usage("there is no work tree here to mend".to_owned()));
    }
    if args.undo {
        return record::undo(&repo);
    }
    let found = named::find_any(&repo, args.finding.as_deref())?;
    let short = short::is_about(&found);
    let (found, plan) = if short {
        if args.name.is_some() || args.to_env {
            let what = "no value is taken out here: --name and --to-env go with credentials";
            return Err(Error::Usage(what.to_owned()));
        }
        let plan = short::plan(&repo, &found.all)?;
        (found, plan)
    } else {
        let found = named::credentials(found)?;
        let plan = Plan::of(&repo, &found.all, args.name.as_deref(), args.to_env)?;
        (found, plan)
    };
    show::plan(&repo, &plan, &found.all, args.format)?;
    let refused = if plan.refused.is_empty() { exit::PASSED } else { exit::REFUSED };
    if plan.is_empty() {
        return Ok(exit::REFUSED);
    }
    for path in record::needs_value(&repo, &plan, &found.all)? {
        report::notice(&format!(
            "the value stands in no git object: to undo this fix of {path} later, you will have \
             to give the value again"
        ));
    }
    if args.dry_run {
        return Ok(refused);
    }
    if !args.yes && !ask::consents("write this? [y/N] ", &["y", "Y", "yes"]) {
        report::notice("nothing was written; to write it: leakcoach fix … --yes");
        return Ok(exit::REFUSED);
    }
    write::write(&repo, &plan, &found.all)?;
    if short {
        short::tell_next();
    } else {
        tell_next(&found.all, &plan);
    }
    Ok(refused)
}

/// What comes after the fix: it depends on how far the credential has come.
fn tell_next(all: &[Named], plan: &Plan) {
    report::notice("done; to take it back: leakcoach fix --undo");
    let mended = |path: &[u8]| plan.files.iter().any(|file| file.path == path);
    let committed = all.iter().find(|one| one.exposure != Exposure::Staged && one.commit.is_some());
    if let Some(one) = committed {
        report::notice(&format!(
            "it is in commits still: `leakcoach explain {}` tells how to take it out of them, and \
             what to revoke",
            one.id
        ));
    } else if all.iter().any(|one| one.exposure == Exposure::Staged && mended(&one.path)) {
        report::notice("nobody else has it: nothing needs revoking; go on with: git commit");
    }
}

/// The top of the work tree, which a plan needs.
fn top(repo: &Repo) -> Result<&std::path::Path, Error> {
    repo.top().ok_or_else(|| Error::Usage("there is no work tree here to mend".to_owned()))
}
