//! `pre-receive` in a bare repository: the hook of a server.

use super::place::Place;
use super::shim::{self, ours, passes_on, runs};
use super::{put_in, take_out};
use crate::error::Error;
use crate::source::Repo;
use crate::text::Escaped;
use std::fs;
use std::path::{Path, PathBuf};

/// The hook's name.
pub(super) const NAME: &str = "pre-receive";

/// What leakcoach's file is called in a folder of hooks.
const OWN_NAME: &str = "leakcoach";

/// Where the hook of a repository goes.
pub(super) enum Spot {
    /// git runs it.
    Hooks(PathBuf),
    /// What the server's software put in place of git's hook runs all in this folder.
    Folder(PathBuf),
}

impl Spot {
    pub(super) fn of(repo: &Repo) -> Result<Self, Error> {
        if !repo.is_bare() {
            return Err(Error::Hook {
                what: format!("`{}` is no bare repository", Escaped::path(repo.git_dir())),
                hint: "name the server's repository: leakcoach install --server /srv/git/NAME.git"
                    .to_owned(),
            });
        }
        // Gitaly (GitLab) points git at hooks of its own, which run these.
        let custom = repo.common_dir().join("custom_hooks");
        if custom.is_dir() {
            return Ok(Self::Folder(custom.join(format!("{NAME}.d"))));
        }
        let folder = match Place::of(repo)? {
            Place::Own(folder) | Place::Husky(folder) => folder,
            Place::Shared(folder) => {
                let folder = Escaped::path(&folder);
                return Err(Error::Hook {
                    what: format!("git's core.hooksPath points all repositories at `{folder}`"),
                    hint: format!("have the {NAME} there call: leakcoach hook {NAME}"),
                });
            }
        };
        let many = folder.join(format!("{NAME}.d"));
        let hook = folder.join(NAME);
        // An empty folder of that name is run by nobody.
        let called = runs(&hook) && fs::read(&hook).is_ok_and(|text| names(&text));
        // Forgejo runs them itself, and keeps one of its own there.
        let run = many.is_dir() && (called || many.join("gitea").exists());
        Ok(if run { Self::Folder(many) } else { Self::Hooks(folder) })
    }

    /// The file that calls leakcoach.
    pub(super) fn hook(&self) -> PathBuf {
        match self {
            Self::Hooks(folder) => folder.join(NAME),
            Self::Folder(folder) => folder.join(OWN_NAME),
        }
    }
}

/// Whether a hook runs what is in `pre-receive.d`, as Gitea's and Forgejo's do.
fn names(text: &[u8]) -> bool {
    [&b".d/"[..], b"pre-receive.d"]
        .into_iter()
        .any(|part| memchr::memmem::find(text, part).is_some())
}

/// Puts `pre-receive` into the bare repository `repo`, and says what was done.
///
/// # Errors
/// It is not bare, its hooks belong to others, or a file cannot be written.
pub fn install(repo: &Repo, program: &Path) -> Result<Vec<String>, Error> {
    let text = shim::server_text(program);
    match Spot::of(repo)? {
        Spot::Hooks(folder) => put_in(&folder, &[(NAME, text)]),
        Spot::Folder(folder) => put_in(&folder, &[(OWN_NAME, text)]),
    }
}

/// Takes it out again, and puts back what was there.
///
/// # Errors
/// It is not bare, its hooks belong to others, or a file cannot be removed.
pub fn uninstall(repo: &Repo) -> Result<Vec<String>, Error> {
    let mut done = match Spot::of(repo)? {
        Spot::Hooks(folder) => take_out(&folder, &[NAME])?,
        Spot::Folder(folder) => take_out(&folder, &[OWN_NAME])?,
    };
    if done.is_empty() {
        done.push("no hook of leakcoach was there".to_owned());
    }
    Ok(done)
}

/// Whether the hook called `name`, called by `shim`, is to check in `repo`.
///
/// A user's global hooks pass it on to the repository: only one whose own hook is
/// leakcoach's asked for the check.
pub fn checks(shim: &Path, repo: &Repo, name: &str) -> bool {
    !passes_on(shim) || ours(&repo.common_dir().join("hooks").join(name))
}
