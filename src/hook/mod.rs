//! The hooks: put in, taken out, chained.

use crate::error::Error;
use crate::source::Repo;
use crate::text::Escaped;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The shims, by hook.
const SHIMS: [(&str, &str); 3] = [
    ("pre-commit", include_str!("../../hooks/pre-commit")),
    ("pre-merge-commit", include_str!("../../hooks/pre-merge-commit")),
    ("pre-push", include_str!("../../hooks/pre-push")),
];

/// The line by which leakcoach knows its own.
const MARK: &str = "# leakcoach hook";

/// Puts the hooks into `repo` and says what was done. Running it again changes nothing.
///
/// # Errors
/// Another hook stands in the place of one, or a file cannot be written.
pub fn install(repo: &Repo) -> Result<Vec<String>, Error> {
    let folder = folder(repo)?;
    fs::create_dir_all(&folder).map_err(|source| file("create", &folder, source))?;
    for (name, _) in SHIMS {
        let path = folder.join(name);
        if exists(&path) && !ours(&path) {
            return Err(Error::Hook {
                what: format!("another hook stands at `{}`", Escaped::path(&path)),
                hint: format!("add this line to it: leakcoach hook {name} \"$@\" || exit"),
            });
        }
    }
    let mut done = Vec::new();
    for (name, shim) in SHIMS {
        let path = folder.join(name);
        fs::write(&path, shim).map_err(|source| file("write", &path, source))?;
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&path, mode).map_err(|source| file("write", &path, source))?;
        done.push(format!("{name} is in {}", Escaped::path(&folder)));
    }
    Ok(done)
}

/// Takes out the hooks that [`install`] put in, and no others.
///
/// # Errors
/// A file cannot be removed.
pub fn uninstall(repo: &Repo) -> Result<Vec<String>, Error> {
    let folder = folder(repo)?;
    let mut done = Vec::new();
    for (name, _) in SHIMS {
        let path = folder.join(name);
        if ours(&path) {
            fs::remove_file(&path).map_err(|source| file("remove", &path, source))?;
            done.push(format!("{name} is out of {}", Escaped::path(&folder)));
        }
    }
    if done.is_empty() {
        done.push("no hook of leakcoach was there".to_owned());
    }
    Ok(done)
}

fn ours(path: &Path) -> bool {
    fs::read(path).is_ok_and(|text| memchr::memmem::find(&text, MARK.as_bytes()).is_some())
}

fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn file(deed: &'static str, path: &Path, source: std::io::Error) -> Error {
    Error::File { deed, path: path.to_owned(), source }
}

/// Where git looks for hooks, `core.hooksPath` and linked worktrees included.
fn folder(repo: &Repo) -> Result<PathBuf, Error> {
    let start = repo.top().unwrap_or_else(|| repo.git_dir());
    let output = crate::tool::git()
        .args(["rev-parse", "--git-path", "hooks"])
        .current_dir(start)
        .output()
        .map_err(|error| Error::NoGit { why: error.to_string() })?;
    if !output.status.success() {
        return Err(Error::Repository {
            what: "where git keeps its hooks".to_owned(),
            why: Escaped(output.stderr.trim_ascii()).to_string(),
        });
    }
    let path = output.stdout.strip_suffix(b"\n").unwrap_or(&output.stdout);
    let path = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(path);
    Ok(start.join(path))
}
