//! `leakcoach check`, and what the hooks check: which changes, and all of them.

pub(in crate::cli) mod card;
pub(in crate::cli) mod changes;
pub(in crate::cli) mod checked;
pub(in crate::cli) mod commit;
pub(in crate::cli) mod decided;
pub(in crate::cli) mod going;
pub(in crate::cli) mod inside;
pub(in crate::cli) mod logs;
pub(in crate::cli) mod past;
pub(in crate::cli) mod privileges;
mod roots;
pub(in crate::cli) mod run;
pub(in crate::cli) mod server;
pub(in crate::cli) mod stand;
pub(in crate::cli) mod stored;
pub(in crate::cli) mod trails;
pub(in crate::cli) mod users;
pub(in crate::cli) mod words;

use crate::cli::long::{self, LongArgs};
use crate::cli::reports::{ReportArgs, Reports};
use crate::cli::spread::scale::{self, Plan, ScaleArgs};
use crate::cli::{env, open, spread::repos};
use crate::coach::Card;
use crate::config::Visibility;
use crate::error::Error;
use crate::judge::{Actor, Exposure, Verdict};
use crate::report;
use crate::source::{self, Coverage, Repo, Towards};
use crate::text::Escaped;
use checked::Checked;
use clap::Args;
use going::Going;
use logs::logs;
use roots::Roots;
use run::{Check, ignored};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// As many bytes of names are looked at together.
const NAMES: usize = 64 << 10;

/// A push of as many commits may take a while.
const MANY: usize = 200;

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct CheckArgs {
    /// Check all that is not committed instead: staged, unstaged and untracked, but not ignored
    #[arg(long, group = "what")]
    all_changes: bool,
    /// Check the commits of a range instead, with their messages
    #[arg(long, value_name = "A..B", group = "what")]
    range: Option<String>,
    /// Check one commit instead, for what none of its parents has
    #[arg(long, value_name = "REVISION", group = "what")]
    commit: Option<String>,
    /// Check the commits of a branch that the default branch does not have instead; of the
    /// default branch itself, those that its remote does not have
    #[arg(long, value_name = "NAME", group = "what")]
    branch: Option<String>,
    /// Check these files and folders instead
    #[arg(long, value_name = "PATH", num_args = 1.., group = "what")]
    tree: Vec<PathBuf>,
    /// With --tree or --stdin: also tell of all that the files permit, as if they were new
    #[arg(long)]
    privileges: bool,
    /// Check standard input instead
    #[arg(long, group = "what")]
    stdin: bool,
    /// What standard input is called: tells its format and its role
    #[arg(long, value_name = "NAME", requires = "stdin")]
    path: Option<PathBuf>,
    /// Check logs of pipelines instead; `-` is standard input
    #[arg(long, value_name = "FILE", num_args = 1.., group = "what")]
    log: Vec<PathBuf>,
    /// With --log: the pipeline's file, whose owners are told
    #[arg(long, value_name = "PATH", requires = "log")]
    pipeline: Option<PathBuf>,
    /// Check everything that was ever committed: all refs, stashes and notes, with messages
    /// and names of refs
    #[arg(long, group = "what")]
    history: bool,
    /// With --history: also what no ref reaches any more
    #[arg(long, requires = "history")]
    dangling: bool,
    /// Fail, with exit code 3, when anything could not be looked into: archives that cannot be
    /// opened, submodules, what git LFS or a partial clone has elsewhere, pipes and devices
    #[arg(long)]
    strict: bool,
    /// Use the rules of this file too: leakcoach's format, or gitleaks'
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
    #[command(flatten)]
    scale: ScaleArgs,
    #[command(flatten)]
    long: LongArgs,
    #[command(flatten)]
    reports: ReportArgs,
}

impl CheckArgs {
    /// What is checked, and how, for other runs of the same; of a repository in a list all
    /// that was ever committed, when nothing is named.
    fn plan(&self) -> Plan<'_> {
        let with = |option: &str, value: &str| OsString::from(format!("{option}={value}"));
        let given = [
            ("--range", self.range.as_ref()),
            ("--commit", self.commit.as_ref()),
            ("--branch", self.branch.as_ref()),
        ];
        let mut what: Vec<OsString> =
            given.into_iter().filter_map(|(option, value)| Some(with(option, value?))).collect();
        if self.all_changes {
            what.push("--all-changes".into());
        } else if !self.tree.is_empty() {
            what.extend(self.privileges.then(|| "--privileges".into()));
            what.push("--tree".into());
            // Behind `./`, so that none is taken for an option.
            what.extend(self.tree.iter().map(|path| Path::new(".").join(path).into_os_string()));
        } else if what.is_empty() {
            what.push("--history".into());
            what.extend(self.dangling.then(|| "--dangling".into()));
        }
        Plan { args: &self.scale, what, rules: &self.rules, strict: self.strict }
    }
}

/// Checks what `args` name, and what is staged when they name nothing.
pub(super) fn check(args: &CheckArgs) -> Result<u8, Error> {
    let rules = &args.rules;
    let reports = Reports::asked(&args.reports)?;
    // Who waits for input is to be ended by Ctrl-C like any other.
    let reads_input = args.stdin || args.log.iter().any(|path| path == Path::new("-"));
    long::begin(&args.long, !reads_input)?;
    if let Some(list) = &args.scale.repos {
        return repos::check(&args.plan(), list, reports);
    }
    if args.scale.is_split() {
        if !args.history {
            let words = "--shard and --part go with --repos or --history";
            return Err(Error::Usage(words.to_owned()));
        }
        return scale::history(&args.plan(), &open()?, reports);
    }
    let shown = if reads_input { None } else { long::shown() };
    let checked = match what(args, rules) {
        // What was found before is no error's to take away; there was nothing yet.
        Err(_) if long::work().was_stopped() => Checked::default(),
        checked => checked?,
    };
    drop(shown);
    let checked = checked.with_interruption();
    if args.scale.as_part {
        return scale::hand_over(&checked, open()?.top(), rules);
    }
    Ok(if args.strict { checked.strictly() } else { checked }.conclude_with(&reports))
}

/// What there is to say of all that `args` name.
fn what(args: &CheckArgs, rules: &[PathBuf]) -> Result<Checked, Error> {
    if args.privileges && !args.stdin && args.tree.is_empty() {
        let words = "--privileges goes with --tree or --stdin: changes are looked at anyway";
        return Err(Error::Usage(words.to_owned()));
    }
    if args.stdin {
        stdin(args.path.as_deref(), rules, args.privileges)
    } else if !args.tree.is_empty() {
        tree(&args.tree, rules, args.privileges)
    } else if args.history {
        let repo = open()?;
        past::all(&mut Check::new(Some(&repo), rules)?, &repo, args.dangling, None)
    } else if !args.log.is_empty() {
        let repo = open().ok();
        logs(&around(rules)?, repo.as_ref(), &args.log, args.pipeline.as_deref())
    } else if args.all_changes {
        all_changes(&open()?, rules)
    } else if let Some(revision) = &args.commit {
        let repo = open()?;
        outgoing(&repo, &source::range::one(&repo, revision)?, rules)
    } else if let Some(name) = &args.branch {
        branch(&open()?, name, rules)
    } else if let Some(range) = &args.range {
        let repo = open()?;
        outgoing(&repo, &source::range::range(&repo, range)?, rules).map(past_the_hooks)
    } else {
        let repo = open()?;
        changes(&repo, &source::index::staged(&repo)?, rules)
    }
}

pub(super) fn push(repo: &Repo, args: &[OsString], input: &[u8]) -> Result<Checked, Error> {
    let told = |at| args.get(at).map_or(Cow::Borrowed(""), |arg: &OsString| arg.to_string_lossy());
    let managed = env::managed_push().filter(|_| input.is_empty());
    let (remote, url) = match &managed {
        Some(push) => (push.remote.as_str().into(), push.url.as_str().into()),
        None => (told(0), told(1)),
    };
    let mut check = Check::new(Some(repo), &[])?;
    let is_public = |url: &[u8]| check.config.visibility(url) == Visibility::Public;
    let towards = Towards { remote: &remote, url: &url, is_public: &is_public };
    let commits = match &managed {
        Some(push) => {
            let (from, to) = (push.from.as_deref(), push.to.as_deref().unwrap_or("HEAD"));
            source::range::between(repo, from, to, towards)?
        }
        None => source::range::pushed(repo, input, towards)?,
    };
    // Only what takes long is worth a thread that shows it.
    let _shown = (commits.commits.len() >= MANY).then(long::shown);
    let mut checked = leaving(&mut check, repo, &commits, &url, input)?;
    if !checked.cards.is_empty() {
        let told = commits.stale.iter().map(|branch| {
            let short = branch.strip_prefix(b"refs/remotes/").unwrap_or(branch);
            let name = check.shown(short);
            format!("{} is not what the remote has now; see it by: git fetch -p", Escaped(&name))
        });
        checked.told.extend(told);
    }
    Ok(checked)
}

/// Checks all that is not committed; what is both staged and in the work tree is told once.
fn all_changes(repo: &Repo, rules: &[PathBuf]) -> Result<Checked, Error> {
    let mut checked = changes(repo, &source::worktree::all_changes(repo)?, rules)?;
    let mut seen = HashSet::new();
    checked
        .cards
        .retain(|card| card.id.is_none() || seen.insert((card.path.clone(), card.rule, card.id)));
    checked.cards.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    Ok(checked)
}

fn branch(repo: &Repo, name: &str, rules: &[PathBuf]) -> Result<Checked, Error> {
    let branch = source::branch::branch(repo, name)?;
    if branch.outgoing.commits.is_empty()
        && let Some(against) = &branch.against
    {
        let (name, against) = (Escaped(name.as_bytes()), Escaped(against.as_bytes()));
        report::notice(&format!("nothing to check: {against} has all commits of {name}"));
    }
    outgoing(repo, &branch.outgoing, rules)
}

/// Checks what is staged and, when a hook manager names files beside those, all of them
/// whole: it was asked for all files then.
pub(super) fn staged_and(
    repo: &Repo,
    set: &source::ChangeSet,
    files: &[OsString],
) -> Result<Checked, Error> {
    let check = Check::new(Some(repo), &[])?.going(Going::to_commit());
    let mut checked = Checked::default();
    check.changes(repo, set, &mut checked)?;
    let top = repo.top().map(std::fs::canonicalize).and_then(Result::ok);
    let path_of = |file: &OsString| {
        let path = std::fs::canonicalize(file).ok()?;
        let path = path.strip_prefix(top.as_deref()?).ok()?;
        Some(path.as_os_str().as_encoded_bytes().to_vec())
    };
    let beyond = |set: &source::ChangeSet| {
        let staged = |path: &[u8]| set.changes.iter().any(|change| change.path == path);
        files.iter().any(|file| path_of(file).is_none_or(|path| !staged(&path)))
    };
    // What a merge brings is staged for a hook manager, and nothing new.
    if beyond(set) && beyond(&source::index::staged_since_head(repo)?) {
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
    let check = Check::new(Some(repo), rules)?.going(Going::to_commit());
    check.work.files(set.changes.len());
    check.changes(repo, set, &mut checked)?;
    Ok(checked)
}

/// Says in a pipeline which commits the hooks would have refused: those were made without them.
fn past_the_hooks(mut checked: Checked) -> Checked {
    if env::actor() != Actor::Ci {
        return checked;
    }
    let refused = checked.cards.iter().filter(|card| card.judgement.verdict == Verdict::Block);
    let commits: BTreeSet<&str> =
        refused.filter_map(|card| card.facts.commit.as_deref()?.get(..12)).collect();
    if !commits.is_empty() {
        const SHOWN: usize = 10;
        let mut names: Vec<&str> = commits.iter().copied().take(SHOWN).collect();
        if commits.len() > SHOWN {
            names.push("and more");
        }
        let words = format!(
            "no hook has seen {}, or it was skipped (--no-verify): by this policy it would have been \
             refused. Whoever made it: `leakcoach doctor` says whether the hooks fire",
            names.join(", ")
        );
        checked.told.insert(words);
    }
    checked
}

/// Checks commits and their words.
fn outgoing(
    repo: &Repo,
    commits: &source::range::Outgoing,
    rules: &[PathBuf],
) -> Result<Checked, Error> {
    leaving(&mut Check::new(Some(repo), rules)?, repo, commits, "", b"")
}

/// Checks commits and the words that leave with them, to the remote at `url` if to any;
/// `lines` are git's, of the refs that are pushed.
fn leaving(
    check: &mut Check,
    repo: &Repo,
    commits: &source::range::Outgoing,
    url: &str,
    lines: &[u8],
) -> Result<Checked, Error> {
    let readers = check.config.visibility(url.as_bytes());
    check.going = Going::to_remote(lines, Some(readers).filter(|_| !url.is_empty()));
    check.committed = match readers {
        Visibility::Public => Exposure::Public,
        Visibility::Private | Visibility::Unknown => Exposure::Committed,
    };
    let mut checked = Checked::default();
    check.work.commits(commits.commits.len());
    let mut sets = commits.each_change_set(repo);
    while !check.work.stops()
        && let Some(set) = sets.next()
    {
        match set {
            Ok(set) => check.changes(repo, &set, &mut checked)?,
            Err(error) => checked.could_not(error)?,
        }
        check.work.commit_done();
    }
    let mut words = commits.words(repo);
    while !check.work.stops()
        && let Some(words) = words.next()
    {
        match words {
            Ok(words) => check.words(&words, check.committed, &mut checked),
            Err(error) => checked.could_not(error)?,
        }
    }
    Ok(checked)
}

/// A check by the configuration of the repository around, if there is one.
fn around(rules: &[PathBuf]) -> Result<Check, Error> {
    match open() {
        Ok(repo) => Check::new(Some(&repo), rules),
        Err(Error::NoRepository { .. }) => Check::new(None, rules),
        Err(error) => Err(error),
    }
}

fn stdin(path: Option<&Path>, rules: &[PathBuf], privileges: bool) -> Result<Checked, Error> {
    let bytes = logs::stdin()?;
    let name = path.map(|path| path.as_os_str().as_encoded_bytes()).unwrap_or_default();
    let mut checked = Checked::default();
    let mut check = around(rules)?;
    check.whole_privileges = privileges;
    if ignored(&check.config, name) {
        checked.coverage.ignored = 1;
    } else {
        check.bytes(name, &bytes, &mut checked);
    }
    Ok(checked)
}

fn tree(paths: &[PathBuf], rules: &[PathBuf], privileges: bool) -> Result<Checked, Error> {
    if let Some(path) = paths.iter().find(|path| path.symlink_metadata().is_err()) {
        return Err(Error::NoPath { path: path.clone() });
    }
    let mut check = around(rules)?;
    check.whole_privileges = privileges;
    let checked = walk(&check, paths);
    let seen = checked.coverage.read + checked.coverage.ignored;
    if seen == 0 && !checked.coverage.is_void() {
        return Err(Error::Usage("nothing to check at these paths".to_owned()));
    }
    Ok(checked)
}

/// Checks files and folders as they lie there.
pub(super) fn walk(check: &Check, paths: &[PathBuf]) -> Checked {
    let all = Mutex::new(Checked::default());
    let names = Mutex::new((Vec::new(), HashSet::new()));
    let roots = Roots::of(check, paths);
    let left_out = |path: &Path| roots.leave_out(check, path);
    let threads = long::threads();
    let mut coverage = source::tree::walk(paths, threads, &check.work, left_out, |path, piece| {
        let mut part = Checked::default();
        let path = path.strip_prefix(".").unwrap_or(path);
        let name = path.as_os_str().as_encoded_bytes();
        check.piece(name, piece, &mut part);
        if piece.is_first()
            && let Ok(mut names) = names.lock()
        {
            // Many are looked at together, since there is seldom anything in any.
            let (lines, seen) = &mut *names;
            lines.extend_from_slice(name);
            lines.push(b'\n');
            if lines.len() > NAMES {
                check.names(&std::mem::take(lines), seen, &mut part);
            }
        }
        // Files are counted by the walk.
        (part.coverage.read, part.coverage.bytes) = (0, 0);
        if (!part.cards.is_empty() || part.coverage != Coverage::default())
            && let Ok(mut all) = all.lock()
        {
            all.add(part);
        }
    });
    let mut checked = all.into_inner().unwrap_or_default();
    let (mut lines, mut seen) = names.into_inner().unwrap_or_default();
    for unread in coverage.unread.iter_mut().chain(&mut coverage.unopened) {
        if let Some(path) = unread.path.strip_prefix(b"./") {
            unread.path = path.into();
        }
        lines.extend_from_slice(&unread.path);
        lines.push(b'\n');
    }
    check.names(&lines, &mut seen, &mut checked);
    checked.coverage.add(check.fit_to_show(coverage));
    checked.coverage.unopened.sort_by(|a, b| a.path.cmp(&b.path));
    checked.cards.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    checked
}
