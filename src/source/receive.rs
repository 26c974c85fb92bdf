//! What a push brings to this repository, as git tells its `pre-receive` and `update` hooks.

use super::object::Kind;
use super::range::{Outgoing, commit_of, commits_between, peel};
use super::repo::{Repo, broken, hex_id};
use crate::error::Error;
use bstr::{BString, ByteSlice};
use gix_hash::ObjectId;

#[cfg(test)]
mod tests;

/// What no ref here reached before, by lines of `<old-oid> SP <new-oid> SP <ref>`.
///
/// Nothing is written. Objects that git keeps in quarantine until the push is taken are
/// found where git's environment says they are.
pub fn received(repo: &Repo, lines: &[u8]) -> Result<Outgoing, Error> {
    let mut wanted = Vec::new();
    let mut sent = Outgoing::default();
    for (index, line) in lines.lines().enumerate() {
        let update = Update::parse(line).ok_or_else(|| {
            Error::Usage(format!("line {} on standard input is no ref to be updated", index + 1))
        })?;
        // A ref that goes away brings nothing.
        let Some(new) = update.new else { continue };
        match peel(repo, new, &mut sent.tags)? {
            (commit, Kind::Commit) => wanted.push(commit),
            (id, _) => sent.bare.push((update.name.clone(), id)),
        }
        if update.old.is_none() {
            sent.new_refs.push(update.name);
        }
    }
    if !wanted.is_empty() {
        sent.commits = commits_between(repo, &reached(repo)?, &wanted)?;
    }
    Ok(sent)
}

/// One ref to be updated. Ids of all zeros, of any length, mean none.
struct Update {
    old: Option<ObjectId>,
    new: Option<ObjectId>,
    name: BString,
}

impl Update {
    fn parse(line: &[u8]) -> Option<Self> {
        let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
        let [old, new, name] = words.as_slice() else { return None };
        let id = |hex: &[u8]| ObjectId::from_hex(hex).ok().map(|id| (!id.is_null()).then_some(id));
        let (old, new) = (id(old)?, id(new)?);
        (!name.is_empty()).then(|| Self { old, new, name: BString::from(*name) })
    }
}

/// The commits that the refs of this repository stand at.
fn reached(repo: &Repo) -> Result<Vec<ObjectId>, Error> {
    let what = "the refs";
    let mut commits: Vec<ObjectId> = repo.head()?.commit.into_iter().collect();
    if let Some(native) = repo.native() {
        let failed = |error: git2::Error| broken(what, &error);
        for reference in native.references().map_err(failed)? {
            // What points nowhere, or at no commit, hides nothing.
            commits.extend(commit_of(repo, &reference.map_err(failed)?));
        }
    } else {
        let format = "--format=%(objectname) %(objecttype)";
        for line in repo.git().ask(what, &["for-each-ref", format])?.lines() {
            match line.split_once_str(" ") {
                Some((id, b"commit")) => commits.push(hex_id(what, id)?),
                Some((id, b"tag")) => {
                    if let (commit, Kind::Commit) = peel(repo, hex_id(what, id)?, &mut Vec::new())?
                    {
                        commits.push(commit);
                    }
                }
                Some(_) | None => {}
            }
        }
    }
    commits.sort();
    commits.dedup();
    Ok(commits)
}
