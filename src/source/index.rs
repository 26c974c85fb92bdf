//! What the next commit will hold that its parents do not: the index against `HEAD`
//! and whatever is being merged.
//!
//! Blobs come from the index alone; the work tree plays no part.

use super::compare::{ChangeSet, New, Range, Removed, compare};
use super::object::Thing;
use super::repo::{Repo, hex_id};
use super::{Change, Mode, Origin};
use crate::error::Error;
use bstr::{BString, ByteSlice};
use gix_hash::ObjectId;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;

/// The most memory that an index may claim in one piece.
const INDEX_AT_MOST: usize = 4 << 30;

/// What is staged in the index that git's hook, or else the repository, names.
///
/// # Errors
/// When the index, `HEAD` or a tree of it cannot be read, by git neither.
pub fn staged(repo: &Repo) -> Result<ChangeSet, Error> {
    staged_to_merge(repo, &[])
}

/// As [`staged`], with commits that are being merged and of which the repository does
/// not tell yet.
///
/// git runs `pre-merge-commit` before it writes `MERGE_HEAD`; until then the commits
/// stand only in the hook's environment: see [`merged_by_variable`].
pub fn staged_to_merge(repo: &Repo, merged: &[ObjectId]) -> Result<ChangeSet, Error> {
    against(repo, &parent_trees(repo, merged)?)
}

/// What is staged that `HEAD` alone does not have: in a merge, also what it brings.
///
/// # Errors
/// As those of [`staged`].
pub fn staged_since_head(repo: &Repo) -> Result<ChangeSet, Error> {
    let head = repo.head()?.commit.map(|head| Ok(repo.commit(head)?.tree));
    against(repo, &head.into_iter().collect::<Result<Vec<_>, Error>>()?)
}

pub(super) fn against(repo: &Repo, trees: &[ObjectId]) -> Result<ChangeSet, Error> {
    let index = read(&repo.index_path(), repo.format());
    if repo.is_bare() && !repo.index_is_given() && matches!(index, Ok(None)) {
        return Ok(ChangeSet::default());
    }
    match index {
        // An empty index after a first commit is rare enough to have git confirm it.
        Ok(Some(index)) if trees.is_empty() || !index.entries().is_empty() => {
            let new = New::Index(Range::whole(&index));
            Ok(ChangeSet { tree: new.tree(), ..compare(repo, new, trees, Origin::Index)? })
        }
        Ok(None) if trees.is_empty() => Ok(ChangeSet::default()),
        Err(Unreadable::Damaged) => Err(Error::Repository {
            what: "the index".to_owned(),
            why: "its content does not match its checksum".to_owned(),
        }),
        Ok(_) | Err(Unreadable::Unknown) => as_git_tells(repo, trees),
    }
}

/// The commit that git is merging, by the name of an environment variable of its
/// `pre-merge-commit` hook: `GITHEAD_` and the commit's id.
pub fn merged_by_variable(name: &OsStr) -> Option<ObjectId> {
    let id = name.as_encoded_bytes().strip_prefix(b"GITHEAD_")?;
    ObjectId::from_hex(id).ok()
}

/// The trees of what the next commit follows: `HEAD`, and whatever is being merged.
pub(super) fn parent_trees(repo: &Repo, merged: &[ObjectId]) -> Result<Vec<ObjectId>, Error> {
    let mut parents: Vec<ObjectId> = repo.head()?.commit.into_iter().collect();
    for other in repo.merge_heads()?.iter().chain(merged) {
        if !parents.contains(other) {
            parents.push(*other);
        }
    }
    parents.into_iter().map(|parent| Ok(repo.commit(parent)?.tree)).collect()
}

/// Whether the index holds paths that a merge left unresolved. An index that cannot be read
/// holds none: whoever reads it says so.
pub(super) fn has_conflicts(repo: &Repo) -> bool {
    let unmerged = |entry: &gix_index::Entry| entry.stage_raw() != 0;
    matches!(read(&repo.index_path(), repo.format()), Ok(Some(index))
        if index.entries().iter().any(unmerged))
}

/// Why an index cannot be read here.
#[derive(Debug)]
enum Unreadable {
    /// It is not what was once written. git looks at the checksum only in `fsck`, and
    /// makes what it can of what is left.
    Damaged,
    /// It may be of a kind that gix-index does not know.
    Unknown,
}

/// Reads an index; nothing when there is no such file.
fn read(path: &Path, format: gix_hash::Kind) -> Result<Option<gix_index::File>, Unreadable> {
    if matches!(path.symlink_metadata(), Err(error) if error.kind() == std::io::ErrorKind::NotFound)
    {
        return Ok(None);
    }
    let options =
        gix_index::decode::Options { alloc_limit_bytes: Some(INDEX_AT_MOST), ..Default::default() };
    // The checksum at its end stays unread, as with git's `index.skipHash`: a second
    // reading of the whole file for what decoding mostly sees.
    let read = || gix_index::File::at(path, format, true, options);
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(index)) => Ok(Some(index)),
        Ok(Err(_)) | Err(_) if is_damaged(path, format) => Err(Unreadable::Damaged),
        Ok(Err(_)) | Err(_) => Err(Unreadable::Unknown),
    }
}

/// Whether the checksum at the end of an index is that of another content. All zeros
/// are no checksum (`index.skipHash`).
fn is_damaged(path: &Path, format: gix_hash::Kind) -> bool {
    let Ok(bytes) = std::fs::read(path) else { return false };
    let end = bytes.len().checked_sub(format.len_in_bytes());
    let Some((content, checksum)) = end.and_then(|end| bytes.split_at_checked(end)) else {
        return true;
    };
    let mut hasher = gix_hash::hasher(format);
    hasher.update(content);
    let actual = hasher.try_finalize();
    checksum.iter().any(|byte| *byte != 0)
        && actual.is_ok_and(|actual| actual.as_slice() != checksum)
}

/// The same by `git diff-index`, once for each parent.
pub(super) fn as_git_tells(repo: &Repo, parents: &[ObjectId]) -> Result<ChangeSet, Error> {
    let nothing = [repo.format().empty_tree()];
    let against = if parents.is_empty() { &nothing[..] } else { parents };
    let mut by_path: HashMap<BString, Vec<Row>> = HashMap::new();
    for tree in against {
        let tree = tree.to_hex().to_string();
        let mut args = vec!["diff-index", "--cached", "--raw", "-z", "--no-renames"];
        args.extend(["--no-ext-diff", "--no-textconv", "--no-color", "--full-index"]);
        args.extend(["--no-abbrev", "--ignore-submodules=none", "--ita-invisible-in-index"]);
        args.extend([tree.as_str(), "--"]);
        let raw = repo.git().ask("the index", &args)?;
        for (path, row) in rows(&raw)? {
            by_path.entry(path).or_default().push(row);
        }
    }
    let mut set = ChangeSet { parents: parents.to_vec(), ..ChangeSet::default() };
    for (path, rows) in by_path {
        let Some(new) = rows.first().map(|row| (row.new, row.new_id)) else { continue };
        // What any parent has just so is in fewer answers than there are parents.
        if rows.len() < against.len() || rows.iter().any(Row::is_as_before) {
            continue;
        }
        let mode = match new {
            (Some(Thing::File | Thing::Folder), _) => Mode::File,
            (Some(Thing::Link), _) => Mode::Link,
            (Some(Thing::Gitlink), _) => {
                set.coverage.elsewhere.push(path);
                continue;
            }
            (None, _) => {
                if let Some((thing, id)) = rows.first().and_then(|row| row.old.zip(row.old_id)) {
                    set.removed.push(Removed { path, id, thing });
                }
                continue;
            }
        };
        let before = if parents.is_empty() {
            Vec::new()
        } else {
            rows.iter().map(|row| row.old_id.filter(|_| row.old == row.new)).collect()
        };
        set.changes.push(Change { path, mode, id: new.1, before, origin: Origin::Index });
    }
    set.changes.sort_by(|a, b| a.path.cmp(&b.path));
    set.coverage.elsewhere.sort();
    Ok(set)
}

/// One line of git's raw format.
struct Row {
    old: Option<Thing>,
    new: Option<Thing>,
    old_id: Option<ObjectId>,
    new_id: ObjectId,
}

impl Row {
    /// Whether nothing but permissions changed.
    fn is_as_before(&self) -> bool {
        self.old == self.new && self.old_id == Some(self.new_id)
    }
}

/// Reads `:100644 100755 <id> <id> M NUL path NUL …`. Unmerged paths are left out: they
/// cannot be committed.
fn rows(raw: &[u8]) -> Result<Vec<(BString, Row)>, Error> {
    let mut rows = Vec::new();
    let mut fields = raw.split(|byte| *byte == 0);
    while let Some(head) = fields.next().filter(|head| !head.is_empty()) {
        let path = fields.next();
        let words: Vec<&[u8]> = head.strip_prefix(b":").unwrap_or(head).split_str(" ").collect();
        let (&[old, new, old_id, new_id, status], Some(path)) = (words.as_slice(), path) else {
            return Err(Error::Repository {
                what: "the index".to_owned(),
                why: "git's answer is not in its raw format".to_owned(),
            });
        };
        if status == b"U" {
            continue;
        }
        let old_id = hex_id("the index", old_id)?;
        let row = Row {
            old: thing(old),
            new: thing(new),
            old_id: (!old_id.is_null()).then_some(old_id),
            new_id: hex_id("the index", new_id)?,
        };
        rows.push((path.into(), row));
    }
    Ok(rows)
}

/// What a mode in octal digits says; nothing for `000000`, which is no entry.
fn thing(mode: &[u8]) -> Option<Thing> {
    let mode = u32::from_str_radix(std::str::from_utf8(mode).ok()?, 8).ok()?;
    (mode != 0).then(|| Thing::of_mode(mode))
}
