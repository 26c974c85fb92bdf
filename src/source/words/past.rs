//! The words of everything that was ever committed: each message once, and the names of all
//! refs.
//!
//! A commit is read once, for its message and for its parents: no walk goes before.

use super::{Words, message_of_commit_in, message_of_tag, name_of_ref};
use crate::error::Error;
use crate::source::history;
use crate::source::object::Kind;
use crate::source::range::peel;
use crate::source::repo::{Repo, broken, hex_id, oid};
use bstr::{BString, ByteSlice};
use gix_hash::ObjectId;
use std::collections::HashSet;

/// Words that are read one by one: messages of commits, of tags, and the names of refs.
pub struct WordsOfHistory<'a> {
    repo: &'a Repo,
    /// Commits that are still to be read, and all that ever were among them.
    commits: Vec<ObjectId>,
    seen: HashSet<ObjectId>,
    tags: Vec<ObjectId>,
    names: Vec<BString>,
}

/// The words of all that refs, `HEAD` and stashes reach; with `dangling`, also of commits and
/// tags that nothing reaches any more and git has not yet thrown away.
///
/// # Errors
/// The refs cannot be read.
pub fn words_of_history(repo: &Repo, dangling: bool) -> Result<WordsOfHistory<'_>, Error> {
    let commits = history::tips(repo, dangling)?;
    let mut tags = Vec::new();
    let mut names = Vec::new();
    for (name, id) in refs(repo)? {
        // A ref that points nowhere still has a name.
        if let Some(id) = id
            && repo.has(id)?
        {
            peel(repo, id, &mut tags)?;
        }
        names.push(name);
    }
    if dangling && let Some(native) = repo.native() {
        let failed = |error: git2::Error| broken("the objects", &error);
        let odb = native.odb().map_err(failed)?;
        odb.foreach(|id| {
            if odb.read_header(*id).is_ok_and(|(_, kind)| kind == git2::ObjectType::Tag) {
                tags.push(oid(*id));
            }
            true
        })
        .map_err(failed)?;
    }
    // They are taken from the end.
    let mut known = HashSet::new();
    tags.retain(|tag| known.insert(*tag));
    tags.reverse();
    names.sort_unstable_by(|a, b| b.cmp(a));
    Ok(WordsOfHistory { repo, seen: commits.iter().copied().collect(), commits, tags, names })
}

impl Iterator for WordsOfHistory<'_> {
    type Item = Result<Words, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(id) = self.commits.pop() {
            return Some(self.commit(id));
        }
        if let Some(tag) = self.tags.pop() {
            return Some(message_of_tag(self.repo, tag));
        }
        self.names.pop().map(|name| Ok(name_of_ref(&name)))
    }
}

impl WordsOfHistory<'_> {
    fn commit(&mut self, id: ObjectId) -> Result<Words, Error> {
        let bytes = self.repo.object(id, Kind::Commit)?;
        for parent in self.repo.commit_in(id, &bytes)?.parents {
            if self.seen.insert(parent) {
                self.commits.push(parent);
            }
        }
        Ok(message_of_commit_in(id, &bytes))
    }
}

/// The full names of all refs, and what they point at.
fn refs(repo: &Repo) -> Result<Vec<(BString, Option<ObjectId>)>, Error> {
    let what = "the refs";
    let mut refs = Vec::new();
    if let Some(native) = repo.native() {
        let failed = |error: git2::Error| broken(what, &error);
        for reference in native.references().map_err(failed)? {
            let reference = reference.map_err(failed)?;
            let id = reference.resolve().ok().and_then(|direct| direct.target());
            refs.push((reference.name_bytes().into(), id.map(oid)));
        }
        return Ok(refs);
    }
    let lines = repo.git().ask(what, &["for-each-ref", "--format=%(objectname) %(refname)"])?;
    for line in lines.lines() {
        if let Some((id, name)) = line.split_once_str(" ") {
            refs.push((name.into(), Some(hex_id(what, id)?)));
        }
    }
    Ok(refs)
}
