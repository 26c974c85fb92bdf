//! A scratch repository in which a change is staged, for drills. It is removed when it is
//! dropped, and has nothing of this machine's git settings.

use super::demo::Stage;
use super::{file, install};
use crate::error::Error;
use crate::source::{Repo, RepoEnv};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Variables by which git is told of another repository than the one it stands in: set while
/// this runs under a hook (git-rev-parse(1), `--local-env-vars`).
const ELSEWHERE: [&str; 10] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_PREFIX",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
    "GIT_TEMPLATE_DIR",
];

/// A repository that lasts as long as this.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
}

impl Scratch {
    /// A repository with one commit of these files.
    ///
    /// # Errors
    /// git cannot be run, or a file not be written.
    pub fn with(stage: &Stage, files: &[(String, String)]) -> Result<Self, Error> {
        let folder = tempfile::Builder::new().prefix("leakcoach-drill-").tempdir();
        let folder = folder.map_err(|source| file("create", Path::new("a temp folder"), source))?;
        let scratch = Self { folder };
        scratch.git(stage, &["init", "-q", "--template="])?;
        scratch.stage(stage, files)?;
        scratch.git(stage, &["commit", "-q", "-m", "as it was"])?;
        Ok(scratch)
    }

    /// Writes these files and stages them.
    ///
    /// # Errors
    /// git cannot be run, or a file not be written.
    pub fn stage(&self, stage: &Stage, files: &[(String, String)]) -> Result<(), Error> {
        for (path, text) in files {
            let path = self.folder.path().join(path);
            let made = path.parent().map_or(Ok(()), fs::create_dir_all);
            made.and_then(|()| fs::write(&path, text))
                .map_err(|source| file("write", &path, source))?;
        }
        self.git(stage, &["add", "--all", "--force"])
    }

    /// The repository, to be checked.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn repo(&self) -> Result<Repo, Error> {
        Repo::open_at(self.folder.path(), &RepoEnv::default())
    }

    /// Puts leakcoach's hooks in.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn guard(&self, stage: &Stage) -> Result<(), Error> {
        install(&self.repo()?, &stage.program).map(|_| ())
    }

    /// Commits what is staged. Gives whether the hooks let it through; they speak for
    /// themselves.
    ///
    /// # Errors
    /// git cannot be run.
    pub fn commit(&self, stage: &Stage) -> Result<bool, Error> {
        let mut git = self.command(stage, &["commit", "-q", "-m", "a drill"]);
        git.status().map(|status| status.success()).map_err(|error| no_git(&error))
    }

    /// Forgets what is staged.
    ///
    /// # Errors
    /// git cannot be run.
    pub fn reset(&self, stage: &Stage) -> Result<(), Error> {
        self.git(stage, &["reset", "-q", "--hard"])
    }

    fn git(&self, stage: &Stage, args: &[&str]) -> Result<(), Error> {
        let done = self.command(stage, args).output().map_err(|error| no_git(&error))?;
        if done.status.success() {
            return Ok(());
        }
        let what = "the scratch repository".to_owned();
        let why = format!("git {} failed in it", args.first().unwrap_or(&""));
        Err(Error::Repository { what, why })
    }

    fn command(&self, stage: &Stage, args: &[&str]) -> Command {
        let mut git = crate::tool::git_in(self.folder.path());
        git.args(["-c", "user.name=drill", "-c", "user.email=drill@localhost"])
            .args(args)
            .env("PATH", &stage.path)
            .env("GIT_CONFIG_GLOBAL", OsStr::new("/dev/null"))
            .env("GIT_CONFIG_NOSYSTEM", "1");
        for name in ELSEWHERE {
            git.env_remove(name);
        }
        git
    }
}

fn no_git(error: &std::io::Error) -> Error {
    Error::NoGit { why: error.to_string() }
}
