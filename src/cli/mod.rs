//! Arguments in, exit code out. Thin: each command calls the stages.

mod decided;
mod env;
mod eval;
mod explain;
mod hooks;
mod import;
mod inside;
mod key;
mod rules;
mod run;
mod users;

use crate::coach::Card;
use crate::error::Error;
use crate::source::{self, Coverage, Repo};
use crate::{exit, hook, report};
use clap::{Parser, Subcommand};
use run::{Check, Checked};
use std::ffi::OsString;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Mutex;

/// Catches credentials on their way out of git and coaches the way back.
#[derive(Debug, Parser)]
#[command(name = "leakcoach", version, arg_required_else_help = true)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Put the hooks into this repository
    #[command(after_help = "Examples:\n  leakcoach install\n  leakcoach install --global")]
    Install(hooks::InstallArgs),
    /// Take the hooks out and put back what was there
    #[command(after_help = "Example:\n  leakcoach uninstall")]
    Uninstall(hooks::InstallArgs),
    /// Prove that the hooks fire, by a fake commit in a scratch repository
    #[command(after_help = "Example:\n  leakcoach doctor --format json")]
    Doctor(hooks::DoctorArgs),
    /// Show a refused commit, its way out and a passed one in a scratch repository
    #[command(after_help = "Example:\n  leakcoach demo")]
    Demo,
    /// What an installed hook calls
    #[command(after_help = "Example:\n  leakcoach hook pre-commit")]
    Hook {
        /// The hook's name
        #[arg(value_parser = hook_name)]
        name: String,
        /// What git gives to the hook
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Check what is staged, or files
    #[command(
        after_help = "Examples:\n  leakcoach check\n  leakcoach check --tree .\n  git diff | leakcoach check --stdin"
    )]
    Check {
        /// Check these files and folders instead
        #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with_all = ["stdin", "range"])]
        tree: Vec<PathBuf>,
        /// Check standard input instead
        #[arg(long, conflicts_with = "range")]
        stdin: bool,
        /// Check the commits of a range instead
        #[arg(long, value_name = "A..B")]
        range: Option<String>,
        /// Fail, with exit code 3, when an archive or a member of one cannot be opened
        #[arg(long)]
        strict: bool,
        /// Use the rules of this file too: leakcoach's format, or gitleaks'
        #[arg(long, value_name = "FILE")]
        rules: Vec<PathBuf>,
    },
    /// Tell all about a rule, a finding, or what was seen in a file and why some is let through
    #[command(
        after_help = "Examples:\n  leakcoach explain github-pat\n  leakcoach explain 7h2kq9xw\n  leakcoach explain config/app.py"
    )]
    Explain {
        /// The rule's id, the finding's id on a card, or a file's path
        id: String,
    },
    /// Measure precision and recall on labelled files, or count findings in real code
    #[command(
        after_help = "Examples:\n  leakcoach eval samples --labels samples/labels.csv --list 20\n  leakcoach eval /usr/lib/python3.11"
    )]
    Eval(eval::EvalArgs),
    /// Turn other tools' lists of ignored findings into exceptions that end
    #[command(
        after_help = "Examples:\n  leakcoach import --dry-run\n  leakcoach import --until 30d --reason 'found before we moved; being rotated'\n  leakcoach import --from ci/trufflehog-exclude.txt"
    )]
    Import(import::ImportArgs),
    /// List every rule
    #[command(
        after_help = "Examples:\n  leakcoach rules --service github\n  leakcoach rules --severity critical --format json\n  leakcoach rules --sample github-pat"
    )]
    Rules(rules::RulesArgs),
}

/// Runs the command line `args`, the program's name first, and gives the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> u8 {
    report::set_colour(env::colour());
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            // Nothing can be done when even that cannot be written.
            let _printed = error.print();
            return if error.use_stderr() { exit::USAGE } else { exit::PASSED };
        }
    };
    match dispatch(args.command) {
        Ok(code) => code,
        Err(error) => {
            report::error(&error);
            error.exit_code()
        }
    }
}

fn dispatch(command: Command) -> Result<u8, Error> {
    match command {
        Command::Install(args) => hooks::install(&args),
        Command::Uninstall(args) => hooks::uninstall(&args),
        Command::Doctor(args) => hooks::doctor(&args),
        Command::Demo => hook::demo::play(&env::stage()?, report::notice).map(|()| exit::PASSED),
        Command::Hook { name, args } => on_hook(&name, &args),
        Command::Check { tree, stdin, range, strict, rules } => {
            let checked = if stdin {
                check_stdin(&rules)?
            } else if !tree.is_empty() {
                check_tree(&tree, &rules)?
            } else if let Some(range) = range {
                let repo = open()?;
                check_outgoing(&repo, &source::range::range(&repo, &range)?, &rules)?
            } else {
                let repo = open()?;
                check_staged(&repo, &source::index::staged(&repo)?, &rules)?
            };
            Ok(if strict { checked.strictly() } else { checked }.conclude())
        }
        Command::Explain { id } => explain::explain(&id),
        Command::Eval(args) => eval::eval(&args).map(|()| exit::PASSED),
        Command::Import(args) => import::import(&args),
        Command::Rules(args) => rules::rules(&args).map(|()| exit::PASSED),
    }
}

/// A hook that leakcoach checks in, or passes on.
fn hook_name(given: &str) -> Result<String, String> {
    let checked = ["pre-commit", "pre-merge-commit", "pre-push"];
    if checked.contains(&given) || hook::PASSED_ON.contains(&given) {
        return Ok(given.to_owned());
    }
    Err(format!("one of: {}", checked.join(", ")))
}

fn open() -> Result<Repo, Error> {
    Repo::open_from_env(env::index_file())
}

fn on_hook(name: &str, args: &[OsString]) -> Result<u8, Error> {
    let repo = open()?;
    let mut input = Vec::new();
    let (code, next) = match name {
        "pre-push" => {
            std::io::stdin()
                .read_to_end(&mut input)
                .map_err(|error| Error::Usage(format!("cannot read standard input: {error}")))?;
            (check_push(&repo, args, &input)?.conclude(), hook::Input::Read(&input))
        }
        "pre-merge-commit" => {
            let set = source::index::staged_to_merge(&repo, &env::merged())?;
            (check_staged(&repo, &set, &[])?.conclude(), hook::Input::Passed)
        }
        "pre-commit" => (check_staged_and(&repo, args)?.conclude(), hook::Input::Passed),
        _ => (exit::PASSED, hook::Input::Passed),
    };
    match env::shim() {
        Some(shim) if code == exit::PASSED => {
            Ok(hook::run_next(&shim, &repo, args, next)?.unwrap_or(code))
        }
        _ => Ok(code),
    }
}

fn check_push(repo: &Repo, args: &[OsString], input: &[u8]) -> Result<Checked, Error> {
    let outgoing = match env::managed_push() {
        Some(push) if input.is_empty() => {
            let (from, to) = (push.from.as_deref(), push.to.as_deref().unwrap_or("HEAD"));
            source::range::between(repo, from, to, &push.remote)?
        }
        _ => {
            let remote = args.first().map(|arg| arg.to_string_lossy().into_owned());
            source::range::pushed(repo, input, remote.as_deref().unwrap_or_default())?
        }
    };
    check_outgoing(repo, &outgoing, &[])
}

/// Checks what is staged and, when a hook manager names files beside those, all of them
/// whole: it was asked for all files then.
fn check_staged_and(repo: &Repo, files: &[OsString]) -> Result<Checked, Error> {
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

fn check_staged(repo: &Repo, set: &source::ChangeSet, rules: &[PathBuf]) -> Result<Checked, Error> {
    let mut checked = Checked::default();
    Check::new(Some(repo), rules)?.changes(repo, set, &mut checked)?;
    Ok(checked)
}

fn check_outgoing(
    repo: &Repo,
    outgoing: &source::range::Outgoing,
    rules: &[PathBuf],
) -> Result<Checked, Error> {
    let check = Check::new(Some(repo), rules)?;
    let mut checked = Checked::default();
    for set in outgoing.change_sets(repo)? {
        check.changes(repo, &set, &mut checked)?;
    }
    Ok(checked)
}

fn check_stdin(rules: &[PathBuf]) -> Result<Checked, Error> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .map_err(|error| Error::Usage(format!("cannot read standard input: {error}")))?;
    let mut checked = Checked::default();
    Check::new(None, rules)?.bytes(b"", &bytes, &mut checked);
    Ok(checked)
}

fn check_tree(paths: &[PathBuf], rules: &[PathBuf]) -> Result<Checked, Error> {
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
