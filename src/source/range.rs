//! Commits that are about to leave, and what each has that none of its parents has.

use super::compare::{ChangeSet, New, compare};
use super::object::{self, Kind};
use super::repo::{Repo, hex_id, oid};
use super::towards::{Towards, tracking_branches};
use super::{Change, Mode, Origin, walk};
use crate::error::Error;
use crate::text::Escaped;
use bstr::{BString, ByteSlice};
use gix_hash::ObjectId;
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

#[cfg(test)]
mod tests;

/// As many tags may point at tags.
pub(super) const TAGS_AT_MOST: usize = 64;

/// What a push sends or a range holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// Commits, parents before children.
    pub commits: Vec<ObjectId>,
    /// What is pushed without a commit around it: tagged trees and blobs, by the name of
    /// their ref.
    pub bare: Vec<(BString, ObjectId)>,
    /// Annotated tags, for their messages.
    pub tags: Vec<ObjectId>,
    /// Names that the remote does not have yet, in full.
    pub new_refs: Vec<BString>,
    /// Tracking branches that did not count: the remote's own branch stands elsewhere.
    pub stale: Vec<BString>,
}

impl Outgoing {
    /// What each commit changes, and then what is pushed bare. A blob at a path is
    /// given once: where it first stood there.
    pub fn change_sets(&self, repo: &Repo) -> Result<Vec<ChangeSet>, Error> {
        self.each_change_set(repo).collect()
    }

    /// As [`Self::change_sets`], one after the other: each is made when it is asked for.
    pub fn each_change_set(&self, repo: &Repo) -> impl Iterator<Item = Result<ChangeSet, Error>> {
        // Two keyed hashes in place of paths: nobody can make two of them meet.
        let (one, other) = (RandomState::new(), RandomState::new());
        let key = move |of: &(&BString, ObjectId)| (one.hash_one(of), other.hash_one(of));
        let mut seen: HashSet<(u64, u64)> = HashSet::new();
        let commits = self.commits.iter().map(move |commit| changes_of_commit(repo, *commit));
        let bare = self.bare.iter().map(move |(name, id)| changes_of_bare(repo, name, *id));
        commits.chain(bare).map(move |set| {
            let mut set = set?;
            set.changes.retain(|change| seen.insert(key(&(&change.path, change.id))));
            Ok(set)
        })
    }
}

/// What a push sends, by the lines that git gives a `pre-push` hook on standard input:
/// `<local-ref> SP <local-oid> SP <remote-ref> SP <remote-oid>`.
///
/// Left out is what the remote is known to have: what its refs, as git just heard them,
/// and its tracking branches reach. A tracking branch that stands elsewhere than the remote's
/// branch does not count: what was taken out of the remote would be sent there again.
pub fn pushed(repo: &Repo, lines: &[u8], towards: Towards<'_>) -> Result<Outgoing, Error> {
    let mut wanted = Vec::new();
    let mut there = Vec::new();
    let mut sent = Outgoing::default();
    let mut updates = Vec::new();
    for (index, line) in lines.lines().enumerate() {
        let update = Update::parse(line).ok_or_else(|| {
            Error::Usage(format!("line {} on standard input is no ref to be pushed", index + 1))
        })?;
        updates.push(update);
    }
    for update in &updates {
        // A ref that is to be deleted sends nothing; what it held is on the remote.
        let Some(local) = update.local else { continue };
        match peel(repo, local, &mut sent.tags)? {
            (commit, Kind::Commit) => wanted.push(commit),
            (id, _) => sent.bare.push((update.name.clone(), id)),
        }
        if update.remote.is_none() {
            sent.new_refs.push(update.there.clone());
        }
        if let Some(remote) = update.remote
            && repo.has(remote)?
            && let (commit, Kind::Commit) = peel(repo, remote, &mut Vec::new())?
        {
            there.push(commit);
        }
    }
    if !wanted.is_empty() {
        let heard: Vec<_> = updates.iter().map(|it| (it.there.as_bstr(), it.remote)).collect();
        let known = towards.known(repo, &heard)?;
        sent.stale = known.stale;
        there.extend(known.commits);
        sent.commits = commits_between(repo, &there, &wanted)?;
    }
    Ok(sent)
}

/// One commit against its parents.
pub fn one(repo: &Repo, revision: &str) -> Result<Outgoing, Error> {
    if revision.is_empty() || revision.starts_with('-') {
        return Err(Error::Revision { revision: revision.to_owned() });
    }
    Ok(Outgoing { commits: vec![repo.commit_id(revision)?], ..Outgoing::default() })
}

/// The commits of `A..B`: those that `B` reaches and `A` does not; of `A...B` those that one
/// of them alone reaches. Either may be left out for `HEAD`.
pub fn range(repo: &Repo, range: &str) -> Result<Outgoing, Error> {
    let (from, to) = range.split_once("..").ok_or_else(|| {
        let words = format!("`{}` is no range: write A..B", Escaped(range.as_bytes()));
        Error::Usage(words)
    })?;
    let (to, both) = to.strip_prefix('.').map_or((to, false), |to| (to, true));
    if to.starts_with('.') || to.contains("..") {
        return Err(Error::Revision { revision: range.to_owned() });
    }
    let id = |revision: &str| repo.commit_id(if revision.is_empty() { "HEAD" } else { revision });
    let (from, to) = (id(from)?, id(to)?);
    let mut commits = commits_between(repo, &[from], &[to])?;
    if both {
        commits.extend(commits_between(repo, &[to], &[from])?);
    }
    Ok(Outgoing { commits, ..Outgoing::default() })
}

/// The commits that `to` reaches, and neither `from` nor what the remote is known to have.
/// Where `from` is all zeros or not known here, the remote's branches alone count.
pub fn between(
    repo: &Repo,
    from: Option<&str>,
    to: &str,
    towards: Towards<'_>,
) -> Result<Outgoing, Error> {
    let mut known = towards.known(repo, &[])?.commits;
    let zeros = |revision: &str| revision.bytes().all(|byte| byte == b'0');
    if let Some(from) = from.filter(|from| !zeros(from))
        && let Ok(from) = repo.commit_id(from)
    {
        known.push(from);
    }
    let commits = commits_between(repo, &known, &[repo.commit_id(to)?])?;
    Ok(Outgoing { commits, ..Outgoing::default() })
}

/// The commits that `HEAD` reaches and no remote is known to have.
pub fn unpushed(repo: &Repo) -> Result<Outgoing, Error> {
    let Some(head) = repo.head()?.commit else { return Ok(Outgoing::default()) };
    let known: Vec<_> = tracking_branches(repo)?.into_iter().map(|(_, id)| id).collect();
    let commits = commits_between(repo, &known, &[head])?;
    Ok(Outgoing { commits, ..Outgoing::default() })
}

/// What a commit has that none of its parents has; everything for a root.
pub fn changes_of_commit(repo: &Repo, id: ObjectId) -> Result<ChangeSet, Error> {
    let head = repo.commit(id)?;
    let trees = head.parents.iter().map(|parent| Ok(repo.commit(*parent)?.tree));
    let trees = trees.collect::<Result<Vec<_>, Error>>()?;
    compare(repo, New::Tree(head.tree), &trees, Origin::Commit(id))
}

/// The tree of a commit.
pub fn tree_of(repo: &Repo, id: ObjectId) -> Result<ObjectId, Error> {
    Ok(repo.commit(id)?.tree)
}

/// Everything that a commit holds, as if it had no parent.
pub fn whole(repo: &Repo, id: ObjectId) -> Result<ChangeSet, Error> {
    compare(repo, New::Tree(repo.commit(id)?.tree), &[], Origin::Commit(id))
}

fn changes_of_bare(repo: &Repo, name: &BString, id: ObjectId) -> Result<ChangeSet, Error> {
    let origin = Origin::Commit(id);
    if repo.kind(id)? == Kind::Tree {
        return compare(repo, New::Tree(id), &[], origin);
    }
    let change = Change { path: name.clone(), mode: Mode::File, id, before: Vec::new(), origin };
    Ok(ChangeSet { changes: vec![change], ..ChangeSet::default() })
}

/// One ref to be pushed. Ids of all zeros, of any length, mean none.
struct Update {
    name: BString,
    /// Its name on the remote.
    there: BString,
    local: Option<ObjectId>,
    remote: Option<ObjectId>,
}

impl Update {
    fn parse(line: &[u8]) -> Option<Self> {
        let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
        // A local ref is whatever the person typed, and that can hold spaces.
        let [name @ .., local, there, remote] = words.as_slice() else { return None };
        if name.is_empty() {
            return None;
        }
        let id = |hex: &[u8]| match ObjectId::from_hex(hex) {
            Ok(id) if id.is_null() => Some(None),
            Ok(id) => Some(Some(id)),
            Err(_) => None,
        };
        let name = bstr::join(" ", name).into();
        Some(Self { name, there: (*there).into(), local: id(local)?, remote: id(remote)? })
    }
}

/// What an annotated tag, or a tag of a tag, is about. The tags themselves go to `tags`.
pub(super) fn peel(
    repo: &Repo,
    mut id: ObjectId,
    tags: &mut Vec<ObjectId>,
) -> Result<(ObjectId, Kind), Error> {
    for _ in 0..TAGS_AT_MOST {
        let kind = repo.kind(id)?;
        if kind != Kind::Tag {
            return Ok((id, kind));
        }
        tags.push(id);
        let bytes = repo.object(id, Kind::Tag)?;
        (id, _) = object::tag_target(&bytes).ok_or_else(|| Error::Repository {
            what: format!("tag {id}"),
            why: "it is malformed".to_owned(),
        })?;
    }
    let why = "it is a tag of a tag of a tag, without end".to_owned();
    Err(Error::Repository { what: format!("tag {id}"), why })
}

/// The commit that a ref leads to, if it leads to one that is here.
pub(super) fn commit_of(repo: &Repo, reference: &git2::Reference<'_>) -> Option<ObjectId> {
    let target = oid(reference.resolve().ok()?.target()?);
    match peel(repo, target, &mut Vec::new()) {
        Ok((commit, Kind::Commit)) => Some(commit),
        Ok(_) | Err(_) => None,
    }
}

/// The commits that `wanted` reach and `known` do not, parents first.
pub(super) fn commits_between(
    repo: &Repo,
    known: &[ObjectId],
    wanted: &[ObjectId],
) -> Result<Vec<ObjectId>, Error> {
    if repo.native().is_some() {
        return walk::commits_between(repo, known, wanted);
    }
    let what = "the history";
    let mut input = String::new();
    for (sign, ids) in [("", wanted), ("^", known)] {
        for id in ids {
            input.push_str(sign);
            input.push_str(&id.to_hex().to_string());
            input.push('\n');
        }
    }
    let args = ["rev-list", "--topo-order", "--reverse", "--stdin"];
    let ids = repo.git().ask_about(what, &args, input.as_bytes())?;
    ids.lines().map(|line| hex_id(what, line)).collect()
}
