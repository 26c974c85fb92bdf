//! What stands between a commit and `HEAD`: whether a credential can be taken out of the
//! commit by mending it, or only by rewriting those after it too.

use crate::error::Error;
use crate::secret::Secret;
use crate::source::compare::{New, compare};
use crate::source::decode::to_utf8;
use crate::source::object::{Kind, Thing, tree_items};
use crate::source::range::{changes_of_commit, commits_between};
use crate::source::repo::Repo;
use crate::source::towards::tracking_branches;
use crate::source::{Change, ChangeSet, Origin};
use bstr::{BString, ByteSlice};
use gix_hash::ObjectId;
use memchr::memmem;
use std::collections::HashSet;

/// As many commits are looked through for more that bring the same value.
const COMMITS_AT_MOST: usize = 300;

/// How many lines around a value must not have changed since, for a fixup to fit.
const AROUND: usize = 3;

/// As many files are looked through for a value that is staged elsewhere.
const FILES_AT_MOST: usize = 1000;

/// Files of more bytes are not.
const BYTES_AT_MOST: u64 = 256 << 10;

/// As many tracking branches are asked for a value that is staged.
const BRANCHES_AT_MOST: usize = 32;

/// The way from a commit that holds a credential to what is there now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Course {
    /// Whether it is the last commit.
    pub is_head: bool,
    /// Whether `HEAD` reaches it.
    pub on_head: bool,
    /// Whether it has no parent.
    pub root: bool,
    /// Whether a merge follows it.
    pub merges: bool,
    /// The commits that bring the value and that no remote has, oldest first; empty where
    /// they are too many to look through.
    pub brought: Vec<Brought>,
    /// Where `HEAD` has the value.
    pub held_now: Vec<BString>,
    /// Whether the work tree's file has changes that are in no commit.
    pub mixed: bool,
}

impl Course {
    /// How many commits that no remote has bring the value; zero where nobody looked.
    pub fn commits(&self) -> usize {
        let all: HashSet<ObjectId> = self.brought.iter().map(|one| one.commit).collect();
        all.len()
    }
}

/// A commit that brings the value, and at one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    /// The commit.
    pub commit: ObjectId,
    /// Whether it has no parent.
    pub root: bool,
    /// Where it brings it.
    pub path: BString,
    /// Where `HEAD` has that file, if it has the value in it and its surroundings are as they
    /// were, so that what is mended there fits the commit too.
    pub now: Option<BString>,
}

/// The course of `value`, found at `path` of `commit`.
///
/// # Errors
/// History cannot be read.
pub fn course(repo: &Repo, commit: ObjectId, path: &[u8], value: &Secret) -> Result<Course, Error> {
    let mut course = Course { root: repo.commit(commit)?.parents.is_empty(), ..Course::default() };
    let Some(head) = repo.head()?.commit else { return Ok(course) };
    course.is_head = head == commit;
    course.on_head = commits_between(repo, &[head], &[commit])?.is_empty();
    course.held_now = held(repo, head, commit, path, value)?;
    course.mixed = course.held_now.iter().any(|path| is_mixed(repo, head, path));
    if !course.on_head {
        return Ok(course);
    }
    let between = commits_between(repo, &[commit], &[head])?;
    for id in between.iter().take(COMMITS_AT_MOST) {
        course.merges |= repo.commit(*id)?.parents.len() > 1;
    }
    let known: Vec<ObjectId> = tracking_branches(repo)?.into_iter().map(|(_, id)| id).collect();
    let own = commits_between(repo, &known, &[head])?;
    if own.len() <= COMMITS_AT_MOST {
        for id in own {
            course.brought.extend(brings(repo, id, head, value)?);
        }
        name_moved(&mut course, repo, head, value)?;
    }
    Ok(course)
}

/// The same without a look at what came after: for what is in many commits.
///
/// # Errors
/// The commit cannot be read.
pub fn course_of(repo: &Repo, commit: ObjectId) -> Result<Course, Error> {
    let is_head = repo.head()?.commit == Some(commit);
    Ok(Course { is_head, root: repo.commit(commit)?.parents.is_empty(), ..Course::default() })
}

/// A value that is staged at a path.
#[derive(Clone, Copy)]
pub struct Staged<'a> {
    /// Where it is staged.
    pub path: &'a [u8],
    /// The whole file.
    pub bytes: &'a [u8],
    /// The value.
    pub value: &'a Secret,
    /// What is staged beside it.
    pub beside: &'a ChangeSet,
}

/// The course of a value that is staged: where the last commit has it, and whether the work
/// tree's file is another. Then the tracking branches that have it there or at its path.
///
/// It is looked for where it is staged, in what is changed and removed beside it, and
/// `closely` in everything, as far as that is little.
///
/// # Errors
/// `HEAD` or the tracking branches cannot be read.
pub fn staged(repo: &Repo, it: Staged<'_>, closely: bool) -> Result<(Course, Vec<BString>), Error> {
    let mut course = Course::default();
    if let Some(head) = repo.head()?.commit {
        course.held_now = held_beside(repo, head, it)?;
        if closely && course.held_now.is_empty() {
            course.held_now.extend(held_anywhere(repo, head, it.value));
        }
    }
    let file = repo.top().and_then(|top| std::fs::read(top.join(it.path.to_path_lossy())).ok());
    course.mixed = file.is_some_and(|file| file != it.bytes);
    let mut places: Vec<&[u8]> = course.held_now.iter().map(|path| path.as_slice()).collect();
    places.push(it.path);
    let mut on = Vec::new();
    for (name, tip) in tracking_branches(repo)?.into_iter().take(BRANCHES_AT_MOST) {
        for place in &places {
            if repo.file_at(tip, place)?.is_some_and(|id| has(repo, id, it.value)) {
                on.push(name.strip_prefix(b"refs/remotes/").unwrap_or(&name).into());
                break;
            }
        }
    }
    Ok((course, on))
}

/// Where `head` has the value that is staged: at the same path, and in what is changed and
/// removed beside it.
fn held_beside(repo: &Repo, head: ObjectId, it: Staged<'_>) -> Result<Vec<BString>, Error> {
    let mut found: Vec<BString> = Vec::new();
    if repo.file_at(head, it.path)?.is_some_and(|id| has(repo, id, it.value)) {
        found.push(it.path.into());
    }
    let changed = it
        .beside
        .changes
        .iter()
        .filter_map(|change| Some((change.path.clone(), (*change.before.first()?)?)));
    let gone = it.beside.gone(repo).into_iter().map(|gone| (gone.path, gone.id));
    for (path, id) in changed.chain(gone).take(FILES_AT_MOST) {
        if path != it.path && has(repo, id, it.value) {
            found.push(path);
        }
    }
    Ok(found)
}

/// A place where `head` has the value, among as many files as take no time.
fn held_anywhere(repo: &Repo, head: ObjectId, value: &Secret) -> Option<BString> {
    let mut pending = vec![(BString::default(), repo.commit(head).ok()?.tree)];
    let mut left = FILES_AT_MOST;
    while let Some((folder, tree)) = pending.pop() {
        let bytes = repo.object(tree, Kind::Tree).ok()?;
        for item in tree_items(&bytes, repo.format())? {
            left = left.checked_sub(1)?;
            let mut path = folder.clone();
            path.extend_from_slice(item.name);
            if item.thing == Thing::Folder {
                path.push(b'/');
                pending.push((path, item.id));
            } else if item.thing != Thing::Gitlink
                && let Ok(Some(bytes)) = repo.read_at_most(item.id, BYTES_AT_MOST)
                && memmem::find(&to_utf8(&bytes), value.expose()).is_some()
            {
                return Some(path);
            }
        }
    }
    None
}

/// Whether the work tree's file has changes that `HEAD` has not.
fn is_mixed(repo: &Repo, head: ObjectId, path: &BString) -> bool {
    let there = repo.top().and_then(|top| std::fs::read(top.join(path.to_path_lossy())).ok());
    let Ok(Some(id)) = repo.file_at(head, path) else { return false };
    there.is_some_and(|there| repo.read(id).is_ok_and(|blob| *there != *blob))
}

/// Where `head` has the value: at the path itself and in what changed since `commit`.
fn held(
    repo: &Repo,
    head: ObjectId,
    commit: ObjectId,
    path: &[u8],
    value: &Secret,
) -> Result<Vec<BString>, Error> {
    let mut found: Vec<BString> = Vec::new();
    if let Some(id) = repo.file_at(head, path)?
        && has(repo, id, value)
    {
        found.push(path.into());
    }
    let (new, old) = (repo.commit(head)?.tree, repo.commit(commit)?.tree);
    if new != old {
        let since = compare(repo, New::Tree(new), &[old], Origin::Commit(head))?;
        for change in since.changes {
            if !found.contains(&change.path) && has(repo, change.id, value) {
                found.push(change.path);
            }
        }
    }
    Ok(found)
}

fn has(repo: &Repo, blob: ObjectId, value: &Secret) -> bool {
    repo.read(blob).is_ok_and(|bytes| memmem::find(&to_utf8(&bytes), value.expose()).is_some())
}

/// Where `commit` brings the value anew.
fn brings(
    repo: &Repo,
    commit: ObjectId,
    head: ObjectId,
    value: &Secret,
) -> Result<Vec<Brought>, Error> {
    let set = changes_of_commit(repo, commit)?;
    let root = repo.commit(commit)?.parents.is_empty();
    let older = |change: &Change| {
        let before = change.before.iter().flatten().any(|id| has(repo, *id, value));
        before || set.origins_of(repo, change).iter().any(|from| has(repo, from.id, value))
    };
    let new = set.changes.iter().filter(|change| has(repo, change.id, value) && !older(change));
    new.map(|change| {
        let now = repo.file_at(head, &change.path)?;
        let fits = now.is_some_and(|now| is_as_it_was(repo, change.id, now, value));
        let now = fits.then(|| change.path.clone());
        Ok(Brought { commit, root, path: change.path.clone(), now })
    })
    .collect()
}

/// Whether the value stands once in both, among the same lines.
fn is_as_it_was(repo: &Repo, old: ObjectId, new: ObjectId, value: &Secret) -> bool {
    if old == new {
        return true;
    }
    let (Ok(old), Ok(new)) = (repo.read(old), repo.read(new)) else { return false };
    let around = |text: &[u8]| -> Option<Vec<u8>> {
        let mut found = memmem::find_iter(text, value.expose());
        let (at, None) = (found.next()?, found.next()) else { return None };
        let (before, after) = text.split_at_checked(at)?;
        let before: Vec<&[u8]> = before.rsplitn(AROUND + 2, |byte| *byte == b'\n').collect();
        let after: Vec<&[u8]> = after.splitn(AROUND + 2, |byte| *byte == b'\n').collect();
        let kept = before.iter().take(AROUND + 1).chain(after.iter().take(AROUND + 1));
        Some(kept.copied().collect::<Vec<_>>().join(&b'\n'))
    };
    around(&old).is_some_and(|old| around(&new) == Some(old))
}

/// Names the place of a file that was moved since, where only one can be meant.
fn name_moved(
    course: &mut Course,
    repo: &Repo,
    head: ObjectId,
    value: &Secret,
) -> Result<(), Error> {
    let named: Vec<BString> = course.brought.iter().filter_map(|one| one.now.clone()).collect();
    let mut left = course.held_now.iter().filter(|path| !named.contains(path));
    let (Some(path), None) = (left.next(), left.next()) else { return Ok(()) };
    let mut lost = course.brought.iter_mut().filter(|one| one.now.is_none());
    let (Some(lost), None) = (lost.next(), lost.next()) else { return Ok(()) };
    if let (Some(old), Some(new)) =
        (repo.file_at(lost.commit, &lost.path)?, repo.file_at(head, path)?)
        && is_as_it_was(repo, old, new, value)
    {
        lost.now = Some(path.clone());
    }
    Ok(())
}
