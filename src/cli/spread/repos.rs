//! `check --repos`: a list of repositories, each checked by a process of its own, so that one
//! that is broken, hostile or huge cannot take the others with it.

use crate::cli::check::run::Check;
use crate::cli::reports::Reports;
use crate::cli::spread::journal::Journal;
use crate::cli::spread::scale::{self, Plan};
use crate::cli::{check::logs, env, long};
use crate::config::Config;
use crate::error::Error;
use crate::report;
use crate::report::part::{Bytes, Found, List, Part, PartOutcome};
use crate::report::write::folder_of;
use crate::source::{Repo, RepoEnv};
use crate::text::Escaped;
use crate::tool;
use bstr::{BString, ByteSlice};
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// What the environment says of one repository and not of others: what
/// `git rev-parse --local-env-vars` tells, settings of git aside.
const LOCAL: [&str; 12] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_OBJECT_DIRECTORY",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_REPLACE_REF_BASE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_COMMON_DIR",
];

/// Checks the repositories of `list` that fall to this shard.
pub(in crate::cli) fn check(plan: &Plan<'_>, list: &Path, reports: Reports) -> Result<u8, Error> {
    let (folder, names) = read(list)?;
    // What is wrong with the options is wrong with all of them.
    Config::load_with(&env::outside()?, None, plan.rules)?;
    let head = plan.head(Some(listed(&names)), reports.started())?;
    let shard = plan.shard();
    let check = Check::new(None, &[])?;
    let runner = Runner { plan, folder, check, program: env::program()? };
    let (mut journal, done) = Journal::begin(plan.part(), head)?;
    let mut done: HashMap<Bytes, Part> =
        done.into_iter().map(|part| (part.name.clone(), part)).collect();
    let mut parts = Vec::new();
    let mine = names.iter().enumerate().filter(|(_, name)| shard.takes(name));
    for (index, name) in mine.take_while(|_| !long::work().stops()) {
        let shown = Bytes(runner.check.shown(name).into());
        let part = runner.part(index, name, done.remove(&shown));
        let part = Part { name: shown, ..part };
        journal.add(&part)?;
        parts.push(part);
    }
    if long::work().was_stopped() {
        // What was not come to is missing from the part, and is done when it is run again.
        return Err(Error::Interrupted);
    }
    if parts.is_empty() {
        report::notice(&format!("nothing of the list falls to shard {shard}"));
    }
    let times = (reports.started(), env::report_time());
    journal.end(&parts, times.1)?;
    scale::conclude(parts, plan.strict, reports, times)
}

/// The folder that names are from, and the names, each once.
fn read(list: &Path) -> Result<(PathBuf, Vec<BString>), Error> {
    let (folder, text) = if list.as_os_str() == "-" {
        (PathBuf::from("."), logs::stdin()?)
    } else {
        let failed = |source| Error::File { deed: "read", path: list.to_owned(), source };
        (folder_of(list), std::fs::read(list).map_err(failed)?)
    };
    let names = names(&text);
    if names.is_empty() {
        let list = Escaped::path(list);
        return Err(Error::Usage(format!("`{list}` names no repository")));
    }
    Ok((folder, names))
}

/// The names of a list: one a line, each once; blank lines and comments say nothing.
fn names(text: &[u8]) -> Vec<BString> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let lines = text.lines().map(<[u8]>::trim_ascii);
    let named = lines.filter(|line| !line.is_empty() && !line.starts_with(b"#"));
    let mut known = HashSet::new();
    named.map(plain).filter(|name| known.insert(name.clone())).collect()
}

/// A path without what says nothing: `./a//b/` is `a/b`.
fn plain(path: &[u8]) -> BString {
    let parts = Path::new(OsStr::from_bytes(path)).components();
    let plain: PathBuf = parts.filter(|part| *part != Component::CurDir).collect();
    let mut plain = BString::from(plain.into_os_string().as_bytes());
    if plain.is_empty() {
        plain.push(b'.');
    } else if plain.trim_ascii_end().len() < plain.len() {
        // Without its slash, a blank at its end would be none of the name's.
        plain.push(b'/');
    }
    plain
}

fn listed(names: &[BString]) -> List {
    let mut hash = Sha256::new();
    for name in names {
        hash.update((name.len() as u64).to_be_bytes());
        hash.update(name);
    }
    let names_hash = data_encoding::HEXLOWER.encode(&hash.finalize()[..16]);
    List { count: names.len(), names: names_hash }
}

/// Checks one repository after the other.
struct Runner<'a> {
    plan: &'a Plan<'a>,
    /// The folder that names are from.
    folder: PathBuf,
    /// Knows what may not be shown of a name.
    check: Check,
    program: PathBuf,
}

impl Runner<'_> {
    /// What the repository called `name` gives; what it gave before, if nothing changed
    /// since.
    fn part(&self, index: usize, name: &BString, before: Option<Part>) -> Part {
        let path = self.folder.join(OsStr::from_bytes(name));
        let unread = |state, why: String| {
            let why = self.check.shown(why.as_bytes());
            let why = Escaped(&why).to_string();
            Part { index, name: Bytes::default(), state, outcome: PartOutcome::Unread(why) }
        };
        let (path, repo) = match opened(&path) {
            Ok(opened) => opened,
            Err(why) => return unread(None, why),
        };
        let state = self.plan.state(&repo);
        drop(repo);
        if let Some(part) = before
            && state.is_some()
            && part.state == state
            && scale::is_whole(&part)
        {
            return Part { index, ..part };
        }
        match self.found(&path) {
            Ok(found) => {
                let outcome = PartOutcome::Found(Box::new(found));
                Part { index, name: Bytes::default(), state, outcome }
            }
            Err(why) => unread(state, why),
        }
    }

    /// What a process of its own finds in the repository at `path`.
    fn found(&self, path: &Path) -> Result<Found, String> {
        let mut command = tool::again(&self.program);
        command.current_dir(path).stdin(std::process::Stdio::null());
        for name in LOCAL {
            command.env_remove(name);
        }
        if let Some(parent) = path.parent() {
            command.env("GIT_CEILING_DIRECTORIES", parent);
        }
        command.args(["check", "--as-part"]);
        for rules in self.plan.rules {
            // From where the user is, not from there.
            let rules = std::path::absolute(rules).map_err(|error| error.to_string())?;
            let mut option = OsString::from("--rules=");
            option.push(rules);
            command.arg(option);
        }
        command.args(&self.plan.what);
        let output = command.output().map_err(|error| format!("cannot be started: {error}"))?;
        if output.status.success() {
            return serde_json::from_slice(&output.stdout)
                .map_err(|_| "leakcoach failed on it".to_owned());
        }
        let said = output.stderr.lines().rev().find_map(|line| line.strip_prefix(b"leakcoach: "));
        Err(match (output.status.code(), said) {
            (Some(2 | 3), Some(said)) => {
                // Where the repository lies on this machine says nothing to others.
                let here = format!("{}/", Escaped::path(path));
                String::from_utf8_lossy(said).replace(&here, "")
            }
            (Some(code), _) => format!("leakcoach failed on it, with exit code {code}"),
            (None, _) => format!("leakcoach was killed while it was at it: {}", output.status),
        })
    }
}

/// The repository whose top is at `path`, and no other around it.
fn opened(path: &Path) -> Result<(PathBuf, Repo), String> {
    let path = std::fs::canonicalize(path).map_err(|error| {
        let gone = error.kind() == std::io::ErrorKind::NotFound;
        if gone { "there is nothing at this path".to_owned() } else { error.to_string() }
    })?;
    // The path itself is told of before these words.
    let repo = Repo::open_at(&path, &RepoEnv::default()).map_err(|error| {
        if matches!(error, Error::NoRepository { .. }) {
            "it is no git repository".to_owned()
        } else if matches!(error, Error::ForeignOwner { .. }) {
            "it belongs to another user: see safe.directory in git-config(1)".to_owned()
        } else {
            error.to_string()
        }
    })?;
    let is_here = |place: &Path| std::fs::canonicalize(place).is_ok_and(|place| place == path);
    if repo.top().is_some_and(is_here) || is_here(repo.git_dir()) {
        Ok((path, repo))
    } else {
        Err("it is no git repository of its own, but a folder in one".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::names;
    use bstr::ByteSlice;
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<String> {
        names(text.as_bytes()).iter().map(|name| name.to_str_lossy().into_owned()).collect()
    }

    #[test]
    fn a_list_is_a_path_a_line_each_once() {
        let text = "\u{feff}a\r\n\n  # comment\n./b/\nb\n /srv/x.git \n..//c/./d\n.\n#e";
        assert_eq!(read(text), ["a", "b", "/srv/x.git", "../c/d", "."]);
    }

    proptest! {
        #[test]
        fn any_list_can_be_read_and_says_the_same_again(text: Vec<u8>) {
            let first = names(&text);
            prop_assert_eq!(names(&bstr::join("\n", &first)), first);
        }
    }
}
