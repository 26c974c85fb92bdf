//! Where git looks for this repository's hooks, and to whom that place belongs.

use crate::error::Error;
use crate::source::Repo;
use crate::text::Escaped;
use bstr::ByteSlice;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A place for hooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// The repository's own folder.
    Own(PathBuf),
    /// husky's folder of scripts; git is pointed at `_` in it.
    Husky(PathBuf),
    /// A folder for many repositories, by `core.hooksPath` outside this one.
    Shared(PathBuf),
}

impl Place {
    /// Where git looks for `repo`'s hooks, linked worktrees included.
    pub(super) fn of(repo: &Repo) -> Result<Self, Error> {
        let start = repo.top().unwrap_or_else(|| repo.git_dir());
        let output = ask(start, &["rev-parse", "--git-path", "hooks"])?;
        if !output.status.success() {
            return Err(Error::Repository {
                what: "where git keeps its hooks".to_owned(),
                why: Escaped(output.stderr.trim_ascii()).to_string(),
            });
        }
        let path = output.stdout.strip_suffix(b"\n").unwrap_or(&output.stdout);
        let folder = start.join(OsStr::from_bytes(path));
        if let Some(scripts) = husky(&folder) {
            return Ok(Self::Husky(scripts));
        }
        let set = ask(start, &["config", "--show-scope", "--get", "core.hooksPath"])?;
        let scope = set.stdout.split(|byte| *byte == b'\t').next().unwrap_or_default();
        // Set on the command line or in the environment: for this run alone.
        let shared = matches!(scope, b"global" | b"system");
        Ok(if shared { Self::Shared(folder) } else { Self::Own(folder) })
    }

    /// The folder in which git looks.
    pub(super) fn folder(&self) -> PathBuf {
        match self {
            Self::Own(folder) | Self::Shared(folder) => folder.clone(),
            Self::Husky(scripts) => scripts.join("_"),
        }
    }
}

/// husky's folder of scripts, when git is pointed into it.
fn husky(folder: &Path) -> Option<PathBuf> {
    let inside = folder.file_name() == Some(OsStr::new("_"));
    let scripts = if inside { folder.parent()? } else { folder };
    (scripts.file_name() == Some(OsStr::new(".husky"))).then(|| scripts.to_owned())
}

fn ask(start: &Path, args: &[&str]) -> Result<std::process::Output, Error> {
    crate::tool::git()
        .args(args)
        .current_dir(start)
        .output()
        .map_err(|error| Error::NoGit { why: error.to_string() })
}

/// The value of a setting in the user's own file.
pub(super) fn global(key: &str) -> Result<Option<PathBuf>, Error> {
    let output = ask(Path::new("."), &["config", "--global", "--type=path", "--get", key])?;
    let value = output.stdout.trim_end_with(|char| char == '\n');
    Ok(output.status.success().then(|| PathBuf::from(OsStr::from_bytes(value))))
}

/// Sets a key in the user's own file; takes it out where there is no value.
pub(super) fn set_global(key: &str, value: Option<&Path>) -> Result<(), Error> {
    let mut command = crate::tool::git();
    command.args(["config", "--global"]);
    match value {
        Some(value) => command.arg(key).arg(value),
        None => command.args(["--unset", key]),
    };
    let output = command.output().map_err(|error| Error::NoGit { why: error.to_string() })?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Repository {
        what: format!("git's setting `{key}`"),
        why: Escaped(output.stderr.trim_ascii()).to_string(),
    })
}
