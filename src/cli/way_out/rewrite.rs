//! `leakcoach rewrite`: a credential taken out of commits.

mod filter_repo;

use crate::cli::named::{self, Named};
use crate::cli::open;
use crate::error::Error;
use crate::source::rewrite::{Deed, Rewritten, Scope, rewrite};
use crate::source::{Repo, trail};
use crate::text::{Count, Escaped};
use crate::{exit, report};
use clap::Args;
use std::ffi::OsString;

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(in crate::cli) struct RewriteArgs {
    /// The finding's id on a card, PATH:LINE, or its rule; may be left out where there is one
    finding: Option<String>,
    /// Tell what would be done, and do nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Do it
    #[arg(long)]
    yes: bool,
    /// Also commits that a remote has: what was pushed has to be pushed again, by force
    #[arg(long)]
    pushed: bool,
    /// Let git-filter-repo do it, for all that branches and tags reach; it is given the shape of
    /// the value and a salted hash
    #[arg(long, conflicts_with = "pushed")]
    filter_repo: bool,
    /// With --filter-repo: its own options, after `--`
    #[arg(last = true, value_name = "OPTION", requires = "filter_repo")]
    options: Vec<OsString>,
}

/// Makes commits anew without the credential that `args` name.
pub(in crate::cli) fn run(args: &RewriteArgs) -> Result<u8, Error> {
    let repo = open()?;
    let state = trail::state(&repo)?;
    if state.conflicted || state.in_progress.is_some() {
        let what = "git is in the middle of a merge, rebase or cherry-pick: finish it first";
        return Err(Error::Usage(what.to_owned()));
    }
    let found = named::find(&repo, args.finding.as_deref())?;
    let Some(finding) = found.all.first() else { return Ok(exit::USAGE) };
    let all = args.pushed || args.filter_repo;
    let scope = if all { Scope::All } else { Scope::Unpushed };
    let deed = if args.yes && !args.filter_repo { Deed::Write } else { Deed::Dry };
    let done = rewrite(&repo, &finding.secret, scope, deed)?;
    if done.moved.is_empty() {
        return Err(Error::Usage(nothing(finding, all)));
    }
    tell(&done, deed);
    if args.filter_repo && args.yes {
        filter_repo::run(&repo, finding, &args.options)?;
        return proven(&repo, finding, scope);
    }
    match deed {
        Deed::Write => proven(&repo, finding, scope),
        Deed::Dry if args.dry_run => Ok(exit::PASSED),
        Deed::Dry => {
            report::notice("nothing was written; to do it, say so: --yes");
            Ok(exit::REFUSED)
        }
    }
}

fn nothing(finding: &Named, pushed: bool) -> String {
    let shown = finding.shown();
    if pushed {
        format!("no branch or tag reaches {shown} as it is written")
    } else {
        format!(
            "no commit of this clone alone brings {shown}; for those that a remote has: --pushed"
        )
    }
}

fn tell(done: &Rewritten, deed: Deed) {
    let did = if deed == Deed::Write { "rewrote" } else { "would rewrite" };
    let versions = Count(done.files, "version");
    let commits = Count(done.commits, "commit");
    report::notice(&format!("{did} {commits}; {versions} of files held it"));
    for moved in &done.moved {
        let (from, to) = (moved.from.to_hex_with_len(12), moved.to.to_hex_with_len(12));
        report::data(&format!("{} {from} -> {to}", Escaped(&moved.name)));
    }
    if done.signatures > 0 {
        let count = Count(done.signatures, "signature");
        report::notice(&format!("{count} no longer fits and is dropped: sign again"));
    }
    if !done.left.is_empty() {
        report::notice("a stash holds it too, and stays: git stash list, git stash drop");
    }
}

/// Looks again: whatever was said, nothing may be left.
fn proven(repo: &Repo, finding: &Named, scope: Scope) -> Result<u8, Error> {
    let repo = repo.reopen()?;
    let left = rewrite(&repo, &finding.secret, scope, Deed::Dry)?;
    if !left.moved.is_empty() {
        let why = "it is still there after the rewrite".to_owned();
        return Err(Error::Repository { what: "the new commits".to_owned(), why });
    }
    report::notice(
        "no branch or tag of these reaches it any more; the reflog of this clone does, until: \
         git reflog expire --expire=now --all && git gc --prune=now",
    );
    Ok(exit::PASSED)
}
