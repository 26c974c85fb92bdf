//! The hooks: put in, taken out, chained.

pub mod demo;

use crate::error::Error;
use crate::source::Repo;
use crate::text::Escaped;
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

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
/// Two hooks would have to be kept in one place, or a file cannot be written.
pub fn install(repo: &Repo) -> Result<Vec<String>, Error> {
    let folder = folder(repo)?;
    fs::create_dir_all(&folder).map_err(|source| file("create", &folder, source))?;
    for (name, _) in SHIMS {
        let (path, kept) = (folder.join(name), folder.join(kept(name)));
        if exists(&path) && !ours(&path) && exists(&kept) {
            return Err(Error::Hook {
                what: format!("a hook is already kept at `{}`", Escaped::path(&kept)),
                hint: "join the two into one, then install again".to_owned(),
            });
        }
    }
    let mut done = Vec::new();
    for (name, shim) in SHIMS {
        let path = folder.join(name);
        if exists(&path) && !ours(&path) {
            let kept = folder.join(kept(name));
            fs::rename(&path, &kept).map_err(|source| file("rename", &path, source))?;
            done.push(format!("the {name} that was there runs after it: {}", Escaped::path(&kept)));
        }
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
            let kept = folder.join(kept(name));
            if exists(&kept) {
                fs::rename(&kept, &path).map_err(|source| file("rename", &kept, source))?;
                done.push(format!("the {name} that was there is back"));
            }
        }
    }
    if done.is_empty() {
        done.push("no hook of leakcoach was there".to_owned());
    }
    Ok(done)
}

/// Where a hook is kept that stood in the place of `name`.
fn kept(name: &str) -> String {
    format!("{name}.leakcoach-prev")
}

/// Runs the hook that stood where `shim` stands now, as git would: same arguments and
/// input. Gives its exit code, `None` when there is none or it is not executable.
///
/// # Errors
/// It cannot be started.
pub fn run_kept(shim: &Path, args: &[OsString], input: &[u8]) -> Result<Option<u8>, Error> {
    let Some(name) = shim.file_name() else { return Ok(None) };
    let path = shim.with_file_name(kept(&name.to_string_lossy()));
    let Ok(facts) = fs::metadata(&path) else { return Ok(None) };
    if facts.permissions().mode() & 0o111 == 0 {
        return Ok(None);
    }
    let failed = |source| file("run", &path, source);
    let path = fs::canonicalize(&path).map_err(failed)?;
    let mut child =
        crate::tool::hook(&path).args(args).stdin(Stdio::piped()).spawn().map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A hook need not read its input.
        let _unread = stdin.write_all(input);
    }
    let status = child.wait().map_err(failed)?;
    Ok(Some(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
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
