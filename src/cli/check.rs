//! `leakcoach check`, and what the hooks check: which changes, and all of them.

use super::run::{Check, Checked};
use super::{env, open, past};
use crate::coach::Card;
use crate::error::Error;
use crate::source::{self, Coverage, Repo};
use clap::Args;
use std::ffi::OsString;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Mutex;

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct CheckArgs {
    /// Check these files and folders instead
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with_all = ["stdin", "range"])]
    tree: Vec<PathBuf>,
    /// Check standard input instead
    #[arg(long, conflicts_with = "range")]
    stdin: bool,
    /// Check the commits of a range instead
    #[arg(long, value_name = "A..B")]
    range: Option<String>,
    /// Check everything that was ever committed: all refs, stashes and notes
    #[arg(long, conflicts_with_all = ["tree", "stdin", "range"])]
    history: bool,
    /// With --history: also what no ref reaches any more
    #[arg(long, requires = "history")]
    dangling: bool,
    /// Fail, with exit code 3, when an archive or a member of one cannot be opened
    #[arg(long)]
    strict: bool,
    /// Use the rules of this file too: leakcoach's format, or gitleaks'
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
}

/// Checks what `args` name, and what is staged when they name nothing.
pub(super) fn check(args: &CheckArgs) -> Result<u8, Error> {
    let rules = &args.rules;
    let checked = if args.stdin {
        stdin(rules)?
    } else if !args.tree.is_empty() {
        tree(&args.tree, rules)?
    } else if args.history {
        let repo = open()?;
        past::check(&Check::new(Some(&repo), rules)?, &repo, args.dangling)?
    } else if let Some(range) = &args.range {
        let repo = open()?;
        outgoing(&repo, &source::range::range(&repo, range)?, rules)?
    } else {
        let repo = open()?;
        changes(&repo, &source::index::staged(&repo)?, rules)?
    };
    Ok(if args.strict { checked.strictly() } else { checked }.conclude())
}

pub(super) fn push(repo: &Repo, args: &[OsString], input: &[u8]) -> Result<Checked, Error> {
    let commits = match env::managed_push() {
        Some(push) if input.is_empty() => {
            let (from, to) = (push.from.as_deref(), push.to.as_deref().unwrap_or("HEAD"));
            source::range::between(repo, from, to, &push.remote)?
        }
        _ => {
            let remote = args.first().map(|arg| arg.to_string_lossy().into_owned());
            source::range::pushed(repo, input, remote.as_deref().unwrap_or_default())?
        }
    };
    outgoing(repo, &commits, &[])
}

/// Checks what is staged and, when a hook manager names files beside those, all of them
/// whole: it was asked for all files then.
pub(super) fn staged_and(repo: &Repo, files: &[OsString]) -> Result<Checked, Error> {
    let set = source::index::staged(repo)?;
    let check = Check::new(Some(repo), &[])?;
    let mut checked = Checked::default();
    check.changes(repo, &set, &mut checked)?;
    let top = repo.top().map(std::fs::canonicalize).and_then(Result::ok);
    let path_of = |file: &OsString| {
        let path = std::fs::canonicalize(file).ok()?;
        let path = path.strip_prefix(top.as_deref()?).ok()?;
        Some(path.as_os_str().as_encoded_bytes().to_vec())
    };
    let staged = |path: &[u8]| set.changes.iter().any(|change| change.path == path);
    if files.iter().any(|file| path_of(file).is_none_or(|path| !staged(&path))) {
        let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        let mut whole = walk(&check, &files);
        let known = |card: &Card| {
            checked
                .cards
                .iter()
                .any(|c| (&c.path, c.line, c.rule) == (&card.path, card.line, card.rule))
        };
        whole.cards.retain(|card| !known(card));
        checked.add(whole);
    }
    Ok(checked)
}

pub(super) fn changes(
    repo: &Repo,
    set: &source::ChangeSet,
    rules: &[PathBuf],
) -> Result<Checked, Error> {
    let mut checked = Checked::default();
    Check::new(Some(repo), rules)?.changes(repo, set, &mut checked)?;
    Ok(checked)
}

fn outgoing(
    repo: &Repo,
    commits: &source::range::Outgoing,
    rules: &[PathBuf],
) -> Result<Checked, Error> {
    let check = Check::new(Some(repo), rules)?;
    let mut checked = Checked::default();
    for set in commits.change_sets(repo)? {
        check.changes(repo, &set, &mut checked)?;
    }
    Ok(checked)
}

fn stdin(rules: &[PathBuf]) -> Result<Checked, Error> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .map_err(|error| Error::Usage(format!("cannot read standard input: {error}")))?;
    let mut checked = Checked::default();
    Check::new(None, rules)?.bytes(b"", &bytes, &mut checked);
    Ok(checked)
}

fn tree(paths: &[PathBuf], rules: &[PathBuf]) -> Result<Checked, Error> {
    let check = match open() {
        Ok(repo) => Check::new(Some(&repo), rules)?,
        Err(Error::NoRepository { .. }) => Check::new(None, rules)?,
        Err(error) => return Err(error),
    };
    let checked = walk(&check, paths);
    if checked.coverage.read == 0 && checked.coverage.unread.is_empty() {
        return Err(Error::Usage("nothing to check at these paths".to_owned()));
    }
    Ok(checked)
}

/// Checks files and folders as they lie there.
fn walk(check: &Check, paths: &[PathBuf]) -> Checked {
    let all = Mutex::new(Checked::default());
    let coverage = source::tree::walk(paths, None, |path, bytes| {
        let mut part = Checked::default();
        let path = path.strip_prefix(".").unwrap_or(path);
        check.bytes(path.as_os_str().as_encoded_bytes(), bytes, &mut part);
        // Files are counted by the walk.
        (part.coverage.read, part.coverage.bytes) = (0, 0);
        if (!part.cards.is_empty() || part.coverage != Coverage::default())
            && let Ok(mut all) = all.lock()
        {
            all.add(part);
        }
    });
    let mut checked = all.into_inner().unwrap_or_default();
    checked.coverage.add(coverage);
    checked.coverage.unopened.sort_by(|a, b| a.path.cmp(&b.path));
    checked.cards.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    checked
}
