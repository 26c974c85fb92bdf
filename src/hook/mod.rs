//! The hooks: put in, taken out, chained, and proved to fire.

pub mod demo;
pub mod doctor;
pub mod everywhere;
mod husky;
mod managers;
mod place;
pub mod scratch;
pub mod server;
mod shim;

pub use shim::PASSED_ON;

use crate::error::Error;
use crate::source::Repo;
use crate::text::Escaped;
use place::Place;
use shim::{SHIMS, ours, runs};
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// Puts the hooks into `repo` and says what was done. Running it again changes nothing.
/// `program` is this leakcoach, for where it is not on `PATH`.
///
/// # Errors
/// The hooks' folder belongs to others, two hooks would have to be kept in one place, or
/// a file cannot be written.
pub fn install(repo: &Repo, program: &Path) -> Result<Vec<String>, Error> {
    let folder = match Place::of(repo)? {
        Place::Own(folder) => folder,
        Place::Husky(scripts) => return husky::install(&scripts),
        Place::Shared(folder) if ours(&folder.join("pre-commit")) => {
            return Ok(vec![format!(
                "the hooks in {} check this repository already",
                Escaped::path(&folder)
            )]);
        }
        Place::Shared(folder) => {
            return Err(Error::Hook {
                what: format!(
                    "git's core.hooksPath points all repositories at `{}`",
                    Escaped::path(&folder)
                ),
                hint: "add `leakcoach hook pre-commit` to the pre-commit there, or give this \
                       repository its own: git config core.hooksPath .git/hooks"
                    .to_owned(),
            });
        }
    };
    let shims = SHIMS.map(|(name, _)| (name, shim::text(name, program)));
    let mut done = put_in(&folder, &shims)?;
    if let Some(top) = repo.top().filter(|top| !managers::calls_leakcoach(top)) {
        done.extend(managers::present(top).map(|manager| manager.advice().to_owned()));
    }
    Ok(done)
}

/// Puts hooks into `folder`, each by its name and text, and keeps what was there.
fn put_in(folder: &Path, shims: &[(&str, Vec<u8>)]) -> Result<Vec<String>, Error> {
    fs::create_dir_all(folder).map_err(|source| file("create", folder, source))?;
    for (name, _) in shims {
        let (path, kept) = (folder.join(name), folder.join(kept(name)));
        if exists(&path) && !ours(&path) && exists(&kept) {
            return Err(Error::Hook {
                what: format!("a hook is already kept at `{}`", Escaped::path(&kept)),
                hint: "join the two into one, then install again".to_owned(),
            });
        }
    }
    let mut done = Vec::new();
    for (name, text) in shims {
        let path = folder.join(name);
        if exists(&path) && !ours(&path) {
            let kept = folder.join(kept(name));
            fs::rename(&path, &kept).map_err(|source| file("rename", &path, source))?;
            done.push(format!("the {name} that was there runs after it: {}", Escaped::path(&kept)));
        }
        shim::write(&path, text)?;
        done.push(format!("{name} is in {}", Escaped::path(folder)));
    }
    Ok(done)
}

/// Takes out the hooks that [`install`] put in, and no others.
///
/// # Errors
/// A file cannot be removed.
pub fn uninstall(repo: &Repo) -> Result<Vec<String>, Error> {
    let mut done = match Place::of(repo)? {
        Place::Own(folder) => take_out(&folder, &SHIMS.map(|(name, _)| name))?,
        Place::Husky(scripts) => husky::uninstall(&scripts)?,
        Place::Shared(_) => {
            vec!["this repository's hooks are global: uninstall --global".to_owned()]
        }
    };
    if done.is_empty() {
        done.push("no hook of leakcoach was there".to_owned());
    }
    Ok(done)
}

fn take_out(folder: &Path, names: &[&str]) -> Result<Vec<String>, Error> {
    let mut done = Vec::new();
    for name in names {
        let path = folder.join(name);
        if ours(&path) {
            fs::remove_file(&path).map_err(|source| file("remove", &path, source))?;
            done.push(format!("{name} is out of {}", Escaped::path(folder)));
            let kept = folder.join(kept(name));
            if exists(&kept) {
                fs::rename(&kept, &path).map_err(|source| file("rename", &kept, source))?;
                done.push(format!("the {name} that was there is back"));
            }
        }
    }
    Ok(done)
}

/// Where a hook is kept that stood in the place of `name`.
fn kept(name: &str) -> String {
    format!("{name}.leakcoach-prev")
}

/// The hook that stood where `shim` stands now; under a global folder, the repository's
/// own of that name.
fn next_after(shim: &Path, repo: &Repo) -> Option<PathBuf> {
    let name = shim.file_name()?.to_string_lossy().into_owned();
    let own = repo.common_dir().join("hooks").join(&name);
    let candidates =
        [shim.with_file_name(kept(&name)), own.clone(), own.with_file_name(kept(&name))];
    let here = fs::canonicalize(shim).ok();
    candidates
        .into_iter()
        .find(|path| runs(path) && !ours(path) && fs::canonicalize(path).ok() != here)
}

/// What the next hook reads.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// What git handed over, already read.
    Read(&'a [u8]),
    /// What git hands over.
    Passed,
}

/// Runs the hook that `shim` stands before, as git would: same arguments and input.
/// Gives its exit code, `None` when there is none.
///
/// # Errors
/// It cannot be started.
pub fn run_next(
    shim: &Path,
    repo: &Repo,
    args: &[OsString],
    input: Input<'_>,
) -> Result<Option<u8>, Error> {
    let Some(path) = next_after(shim, repo) else { return Ok(None) };
    let failed = |source| file("run", &path, source);
    let path = fs::canonicalize(&path).map_err(failed)?;
    let mut command = crate::tool::hook(&path);
    command.args(args);
    if let Input::Read(_) = input {
        command.stdin(Stdio::piped());
    }
    let mut child = command.spawn().map_err(failed)?;
    if let (Some(mut stdin), Input::Read(bytes)) = (child.stdin.take(), input) {
        // A hook need not read its input.
        let _unread = stdin.write_all(bytes);
    }
    let status = child.wait().map_err(failed)?;
    Ok(Some(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn file(deed: &'static str, path: &Path, source: std::io::Error) -> Error {
    Error::File { deed, path: path.to_owned(), source }
}
