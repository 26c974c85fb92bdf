//! Real repositories for tests, made by the real git, with nothing inherited.

use super::lines::new_lines;
use super::repo::{Repo, RepoEnv};
use super::{Change, ChangeSet, NewLines, index};
use crate::error::Error;
use crate::text::Escaped;
use bstr::ByteSlice;
use gix_hash::ObjectId;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

/// A folder of its own with a home and a repository.
pub(super) struct Sandbox {
    _folder: TempDir,
    pub(super) home: PathBuf,
    pub(super) top: PathBuf,
}

impl Sandbox {
    /// A repository without a commit.
    pub(super) fn new() -> Self {
        Self::with(&["init", "-q", "-b", "main", "repo"])
    }

    /// A repository with one commit of these files.
    pub(super) fn holding(files: &[(&str, &str)]) -> Self {
        let sandbox = Self::new();
        for (path, text) in files {
            sandbox.write(path, text);
        }
        sandbox.commit("first");
        sandbox
    }

    /// What a git command run in an empty folder makes of `repo`.
    pub(super) fn with(command: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = folder.path().canonicalize().expect("the folder's true name");
        let sandbox = Self { top: home.join("repo"), home, _folder: folder };
        sandbox.git_in(&sandbox.home, command);
        sandbox
    }

    /// Runs git at the top of the repository; it must succeed.
    #[track_caller]
    pub(super) fn git<S: AsRef<OsStr>>(&self, args: &[S]) -> String {
        self.git_in(&self.top, args)
    }

    #[track_caller]
    pub(super) fn git_in<S: AsRef<OsStr>>(&self, folder: &Path, args: &[S]) -> String {
        let output = self.try_git(folder, args);
        assert!(output.status.success(), "git: {}", output.stderr.as_bstr());
        output.stdout.trim_ascii().to_str_lossy().into_owned()
    }

    /// Runs git, whatever comes of it.
    pub(super) fn try_git<S: AsRef<OsStr>>(&self, folder: &Path, args: &[S]) -> Output {
        crate::tool::git()
            .current_dir(folder)
            .env_remove("GIT_DIR")
            .env_remove("GIT_INDEX_FILE")
            .env_remove("GIT_WORK_TREE")
            .envs(self.variables().variables)
            .args(["-c", "protocol.file.allow=always", "-c", "core.hooksPath=hooks-off"])
            .args(args)
            .output()
            .expect("git runs")
    }

    pub(super) fn variables(&self) -> RepoEnv {
        let variables = [
            ("HOME", self.home.as_os_str()),
            ("XDG_CONFIG_HOME", self.home.as_os_str()),
            ("GIT_CONFIG_NOSYSTEM", OsStr::new("1")),
            ("GIT_AUTHOR_NAME", OsStr::new("A")),
            ("GIT_AUTHOR_EMAIL", OsStr::new("a@example.org")),
            ("GIT_AUTHOR_DATE", OsStr::new("2026-01-02T03:04:05Z")),
            ("GIT_COMMITTER_NAME", OsStr::new("A")),
            ("GIT_COMMITTER_EMAIL", OsStr::new("a@example.org")),
            ("GIT_COMMITTER_DATE", OsStr::new("2026-01-02T03:04:05Z")),
            ("GIT_EDITOR", OsStr::new("true")),
        ];
        let variables = variables.map(|(name, value)| (name.into(), value.into()));
        RepoEnv { index_file: None, variables: variables.into() }
    }

    /// Writes a file without staging it.
    pub(super) fn write(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) {
        let path = self.top.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    /// Writes a file and stages it.
    pub(super) fn stage(&self, path: &str, text: impl AsRef<[u8]>) {
        self.write(path, text);
        self.git(&["add", "--sparse", "--", path]);
    }

    /// Commits all that is in the work tree.
    pub(super) fn commit(&self, message: &str) -> ObjectId {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.id("HEAD")
    }

    pub(super) fn id(&self, revision: &str) -> ObjectId {
        let hex = self.git(&["rev-parse", revision]);
        ObjectId::from_hex(hex.as_bytes()).expect("git gives an id")
    }

    pub(super) fn repo(&self) -> Repo {
        self.repo_at(&self.top)
    }

    #[track_caller]
    pub(super) fn repo_at(&self, folder: &Path) -> Repo {
        Repo::open_at(folder, &self.variables()).expect("the repository opens")
    }

    /// The lines that are about to be committed; git agrees on the files.
    #[track_caller]
    pub(super) fn staged(&self) -> Vec<String> {
        staged(&self.repo())
    }

    #[track_caller]
    pub(super) fn staged_error(&self) -> Error {
        match Repo::open_at(&self.top, &self.variables()) {
            Ok(repo) => index::staged(&repo).expect_err("this cannot be read"),
            Err(error) => error,
        }
    }
}

/// The new lines of what is staged, after making sure that `git diff-index` sees the
/// same files, ids and parents.
#[track_caller]
pub(super) fn staged(repo: &Repo) -> Vec<String> {
    let set = index::staged(repo).expect("the index is read");
    let told = index::as_git_tells(repo, &index::parent_trees(repo, &[]).expect("parents"));
    let plain = |changes: &[Change]| {
        let facts = changes.iter().map(|one| format!("{one:?}"));
        facts.collect::<Vec<_>>()
    };
    let told = told.expect("git tells");
    assert_eq!(plain(&set.changes), plain(&told.changes), "git sees something else");
    assert_eq!(set.coverage, told.coverage, "git sees something else");
    new_text(repo, &set)
}

/// `path: first new line|second new line`, one a change.
#[track_caller]
pub(super) fn new_text(repo: &Repo, set: &ChangeSet) -> Vec<String> {
    let tell = |change: &Change| {
        let new = match repo.read(change.id) {
            Ok(new) => new,
            Err(why) => return format!("{}: unread: {why}", Escaped(&change.path)),
        };
        let lines = change.before.iter().fold(NewLines::All, |lines, before| match before {
            Some(before) => {
                let old = repo.read(*before).expect("the old blob is read");
                lines.and(new_lines(&old, &new).expect("blobs compare"))
            }
            None => lines,
        });
        let text = new.lines().enumerate().filter(|(at, _)| lines.touch(at + 1, at + 1));
        let text: Vec<String> = text.map(|(_, line)| Escaped(line).to_string()).collect();
        format!("{}: {}", Escaped(&change.path), text.join("|"))
    };
    set.changes.iter().map(tell).collect()
}
