//! A demonstration: a scratch repository in which a commit is refused, mended and passes.

use super::{file, install};
use crate::catalogue::{Catalogue, sample::expand};
use crate::error::Error;
use crate::source::{Repo, RepoEnv};
use crate::text::Escaped;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// What the demonstration needs of its surroundings.
#[derive(Debug)]
pub struct Stage {
    /// This leakcoach.
    pub program: std::path::PathBuf,
    /// `PATH` for git, on which this leakcoach is first.
    pub path: OsString,
    /// Makes this run's fake credential its own.
    pub seed: u64,
}

/// Plays it through, telling each step to `tell`; git and the hook write for themselves.
/// The repository is removed at the end.
///
/// # Errors
/// git cannot be run, a file cannot be written, or the hook did not do its work.
pub fn play(stage: &Stage, tell: impl Fn(&str)) -> Result<(), Error> {
    let folder =
        tempfile::tempdir().map_err(|source| file("create", Path::new("a temp folder"), source))?;
    let top = folder.path();
    git(stage, top, &["init", "-q"])?;
    let repo = Repo::open_at(top, &RepoEnv::default())?;
    install(&repo, &stage.program)?;
    let rule = Catalogue::builtin().rule("github-pat");
    let sample = rule.and_then(|rule| rule.samples.iter().next());
    let token = sample.and_then(|sample| expand(sample, stage.seed).ok()).unwrap_or_default();

    tell("a commit that carries a (freshly made, fake) token:");
    write(&top.join("app.py"), &format!("import os\n\nTOKEN = \"{token}\"\n"))?;
    git(stage, top, &["add", "app.py"])?;
    if git(stage, top, &COMMIT).is_ok() {
        tell("your own configuration lets it through; the same where policy blocks:");
        git(stage, top, &["update-ref", "-d", "HEAD"])?;
        write(&top.join(crate::config::FILE), "[[policy]]\nverdict = \"block\"\n")?;
        if git(stage, top, &COMMIT).is_ok() {
            return Err(broken("the hook let a credential through"));
        }
    }
    tell("the same after doing what the card says:");
    write(&top.join("app.py"), "import os\n\nTOKEN = os.environ[\"GITHUB_TOKEN\"]\n")?;
    git(stage, top, &["add", "app.py"])?;
    git(stage, top, &COMMIT).map_err(|_| broken("the hook refused a clean commit"))?;
    tell("the commit passed. In your own repository: leakcoach install");
    Ok(())
}

const COMMIT: [&str; 8] = [
    "-c",
    "user.name=demo",
    "-c",
    "user.email=demo@localhost",
    "commit",
    "-q",
    "-m",
    "read the token",
];

fn broken(what: &str) -> Error {
    Error::Hook {
        what: what.to_owned(),
        hint: "see what else git runs: git config --get-all core.hooksPath".to_owned(),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|source| file("write", path, source))
}

fn git(stage: &Stage, top: &Path, args: &[&str]) -> Result<(), Error> {
    let hooks = top.join(".git/hooks");
    let status = crate::tool::git_in(top)
        .arg("-c")
        .arg(format!("core.hooksPath={}", Escaped::path(&hooks)))
        .args(args)
        .env("PATH", &stage.path)
        // What is played is no mistake of anybody's.
        .env("LEAKCOACH_RECORD", "off")
        .env_remove("GIT_DIR")
        .env_remove("GIT_INDEX_FILE")
        .status()
        .map_err(|error| Error::NoGit { why: error.to_string() })?;
    if status.success() { Ok(()) } else { Err(broken("git said no")) }
}
