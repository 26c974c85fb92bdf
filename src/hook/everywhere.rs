//! Hooks for every repository of a user: a global `core.hooksPath`, or git's template.

use super::shim::{self, PASSED_ON, SHIMS};
use super::{file, place};
use crate::error::Error;
use crate::text::Escaped;
use std::fs;
use std::path::{Path, PathBuf};

/// How all repositories are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// A global `core.hooksPath`: every repository, also those that are there.
    HooksPath,
    /// `init.templateDir`: repositories made or cloned from now on.
    Template,
}

impl Reach {
    const fn key(self) -> &'static str {
        match self {
            Self::HooksPath => "core.hooksPath",
            Self::Template => "init.templateDir",
        }
    }

    /// What git is pointed at, in the user's data folder.
    fn root(self, data: &Path) -> PathBuf {
        match self {
            Self::HooksPath => hooks(data),
            Self::Template => data.join("leakcoach/template"),
        }
    }

    fn hooks(self, data: &Path) -> PathBuf {
        match self {
            Self::HooksPath => hooks(data),
            Self::Template => self.root(data).join("hooks"),
        }
    }
}

/// leakcoach's global folder in the user's data folder.
pub(super) fn hooks(data: &Path) -> PathBuf {
    data.join("leakcoach/hooks")
}

/// Makes the folder, and points git at it.
///
/// # Errors
/// git is already pointed at another folder, or one cannot be written.
pub fn install(reach: Reach, data: &Path, program: &Path) -> Result<Vec<String>, Error> {
    let (key, root) = (reach.key(), reach.root(data));
    if let Some(other) = place::global(key)?.filter(|other| *other != root) {
        return Err(Error::Hook {
            what: format!("git's {key} is already `{}`", Escaped::path(&other)),
            hint: match reach {
                Reach::HooksPath => "add `leakcoach hook pre-commit` to the pre-commit there, or \
                                     use `leakcoach install --template`"
                    .to_owned(),
                Reach::Template => format!(
                    "copy the files of `leakcoach install` into `{}`",
                    Escaped::path(&other.join("hooks"))
                ),
            },
        });
    }
    let folder = reach.hooks(data);
    fs::create_dir_all(&folder).map_err(|source| file("create", &folder, source))?;
    let checked = SHIMS.iter().map(|(name, _)| *name);
    // A template's copy lies in the repository: there is nothing to pass on.
    let passed: &[&str] = if reach == Reach::HooksPath { &PASSED_ON } else { &[] };
    for name in checked.chain(passed.iter().copied()) {
        shim::write(&folder.join(name), &shim::text(name, program))?;
    }
    place::set_global(key, Some(&root))?;
    let then = match reach {
        Reach::HooksPath => "every repository of yours is checked; its own hooks run after",
        Reach::Template => "what you init or clone from now on is checked",
    };
    Ok(vec![format!("git's {key} is {}", Escaped::path(&root)), then.to_owned()])
}

/// Takes the folder away and git's setting with it, if it is leakcoach's.
///
/// # Errors
/// The folder cannot be removed, or git's settings not written.
pub fn uninstall(reach: Reach, data: &Path) -> Result<Vec<String>, Error> {
    let (key, root) = (reach.key(), reach.root(data));
    let mut done = Vec::new();
    if place::global(key)?.is_some_and(|set| set == root) {
        place::set_global(key, None)?;
        done.push(format!("git's {key} is unset"));
    }
    if root.is_dir() {
        fs::remove_dir_all(&root).map_err(|source| file("remove", &root, source))?;
        done.push(format!("{} is removed", Escaped::path(&root)));
    }
    if done.is_empty() {
        done.push(format!("git's {key} was not leakcoach's"));
    }
    Ok(done)
}
