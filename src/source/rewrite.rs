//! Commits made anew without a value, wherever it stands in their files and messages.
//!
//! Objects are written beside the old ones, and references moved in one transaction of
//! git's at the end: until then nothing has changed, and nothing is ever in conflict. The
//! work tree is left as it is.

mod objects;

use super::object::{Kind, Thing};
use super::range::{commits_between, peel};
use super::repo::{Repo, hex_id};
use super::towards::tracking_branches;
use crate::error::Error;
use crate::secret::Secret;
use bstr::{BString, ByteSlice};
use gix_hash::ObjectId;
use objects::Anew;

/// Which commits are made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those that no remote is known to have.
    Unpushed,
    /// All that branches and tags reach.
    All,
}

/// Whether anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Nothing is.
    Dry,
    /// Objects are, and references moved.
    Write,
}

/// What was made anew, or would be.
#[derive(Debug, Default)]
pub struct Rewritten {
    /// The references that moved.
    pub moved: Vec<Moved>,
    /// References that reach the value and stay: stashes.
    pub left: Vec<BString>,
    /// How many commits hold the value or follow one that does.
    pub commits: usize,
    /// How many versions of files hold the value.
    pub files: usize,
    /// How many commits and tags lost a signature.
    pub signatures: usize,
}

/// A reference, before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// In full; `HEAD` when it is detached.
    pub name: BString,
    /// What it pointed at.
    pub from: ObjectId,
    /// What it points at.
    pub to: ObjectId,
}

/// Makes the commits of `scope` anew without `value`.
///
/// # Errors
/// History cannot be read, or nothing can be written. No reference has moved then.
pub fn rewrite(repo: &Repo, value: &Secret, scope: Scope, deed: Deed) -> Result<Rewritten, Error> {
    let refs = references(repo)?;
    let known: Vec<ObjectId> = match scope {
        Scope::Unpushed => tracking_branches(repo)?.into_iter().map(|(_, id)| id).collect(),
        Scope::All => Vec::new(),
    };
    let mut tips = Vec::new();
    for (_, id) in &refs {
        if let (commit, Kind::Commit) = peel(repo, *id, &mut Vec::new())? {
            tips.push(commit);
        }
    }
    let mut anew = Anew::new(repo, value, deed);
    let order = commits_between(repo, &known, &tips)?;
    anew.leave_what_others_have(&order)?;
    for commit in &order {
        anew.commit(*commit)?;
    }
    let mut done = Rewritten::default();
    for (name, from) in refs {
        let to = anew.target(from)?;
        if to == from {
            continue;
        }
        // Its older entries are in its reflog: another of them would only be one more.
        if name == "refs/stash" {
            done.left.push(name);
        } else {
            done.moved.push(Moved { name, from, to });
        }
    }
    (done.commits, done.files) = anew.counts();
    done.signatures = anew.signatures();
    if deed == Deed::Write && !done.moved.is_empty() {
        move_references(repo, &done.moved)?;
        restage(repo, &anew)?;
    }
    Ok(done)
}

/// Branches, tags, the stash and a detached `HEAD`.
fn references(repo: &Repo) -> Result<Vec<(BString, ObjectId)>, Error> {
    let what = "the references";
    let format = "--format=%(objectname) %(refname)";
    let args = ["for-each-ref", format, "refs/heads/", "refs/tags/", "refs/stash"];
    let mut refs = Vec::new();
    for line in repo.git().ask(what, &args)?.lines() {
        if let Some((id, name)) = line.split_once_str(" ") {
            refs.push((name.into(), hex_id(what, id)?));
        }
    }
    let head = repo.head()?;
    if let (None, Some(commit)) = (&head.branch, head.commit) {
        refs.push(("HEAD".into(), commit));
    }
    Ok(refs)
}

/// All of them or none.
fn move_references(repo: &Repo, moved: &[Moved]) -> Result<(), Error> {
    let mut input = Vec::new();
    for Moved { name, from, to } in moved {
        input.extend_from_slice(b"option no-deref\nupdate ");
        input.extend_from_slice(name);
        input.extend_from_slice(format!(" {to} {from}\n").as_bytes());
    }
    let args = ["update-ref", "-m", "leakcoach rewrite", "--stdin"];
    repo.git().ask_about("the references", &args, &input).map(drop)
}

/// What is staged and is a file that was made anew is staged anew, so that the index tells of
/// no change that nobody made.
fn restage(repo: &Repo, anew: &Anew<'_>) -> Result<(), Error> {
    if repo.is_bare() {
        return Ok(());
    }
    let what = "the index";
    let listed = repo.git().ask(what, &["ls-files", "-s", "-z", "--full-name", ":/"])?;
    let mut input = Vec::new();
    for entry in listed.split(|byte| *byte == 0) {
        let Some((head, path)) = entry.split_once_str("\t") else { continue };
        let [mode, id, stage] = head.split_str(" ").collect::<Vec<_>>()[..] else { continue };
        if let Some(new) = anew.blob_made_of(hex_id(what, id)?) {
            for part in [mode, b" ", new.to_string().as_bytes(), b" ", stage, b"\t", path, b"\0"] {
                input.extend_from_slice(part);
            }
        }
    }
    if input.is_empty() {
        return Ok(());
    }
    repo.git().ask_about(what, &["update-index", "-z", "--index-info"], &input).map(drop)
}

impl Repo {
    /// The id of an object, which is written if it is a deed to write.
    fn store(&self, kind: Kind, bytes: &[u8], deed: Deed) -> Result<ObjectId, Error> {
        let what = format!("a new {}", kind.name());
        let write = if deed == Deed::Write { &["-w"][..] } else { &[] };
        let literal = ["hash-object", "-t", kind.name(), "--stdin"];
        let id = self.git().ask_about(&what, &[&literal[..], write].concat(), bytes)?;
        hex_id(&what, &id)
    }
}

#[cfg(test)]
mod tests;
