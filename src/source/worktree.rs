//! All that is not committed: what is staged, and what of the work tree is not.
//!
//! A person asks for this by hand, so that git may be started for it: which files of the
//! work tree are changed, untracked or ignored depends on stat data, filters, attributes
//! and ignore files that only git reads all.

use super::compare::{ChangeSet, Removed};
use super::object::{Bytes, Thing};
use super::repo::{Repo, hex_id};
use super::{Change, Mode, Origin, index};
use crate::error::Error;
use bstr::{BString, ByteSlice};
use gix_hash::ObjectId;
use std::path::PathBuf;

#[cfg(test)]
mod tests;

/// What is staged, and what the work tree has beyond it: changed and untracked files that
/// are not ignored.
///
/// A path that differs in both is there twice, the work tree's content first: either can
/// still be committed.
pub fn all_changes(repo: &Repo) -> Result<ChangeSet, Error> {
    let staged = index::staged(repo)?;
    if repo.top().is_none() {
        return Ok(staged);
    }
    let parents: Vec<ObjectId> =
        repo.head()?.commit.into_iter().chain(repo.merge_heads()?).collect();
    let mut set = ChangeSet::default();
    let status = ["status", "--porcelain=v2", "-z", "--untracked-files=all", "--no-renames"];
    let args = [&status[..], &["--ignore-submodules=dirty", "--no-ahead-behind"]].concat();
    let answer = repo.git().ask("the work tree", &args)?;
    let mut fields = answer.split(|byte| *byte == 0);
    while let Some(row) = fields.next().filter(|row| !row.is_empty()) {
        match Row::parse(row) {
            Some(Row::Changed { path, mode }) => {
                let before = parents.iter().map(|parent| repo.file_at(*parent, path));
                let before = before.collect::<Result<_, Error>>()?;
                let (path, id) = (BString::from(path), repo.format().null());
                set.changes.push(Change { path, mode, id, before, origin: Origin::File });
            }
            Some(Row::Gone { path, id }) => {
                let id = hex_id("the work tree", id)?;
                set.removed.push(Removed { path: path.into(), id, thing: Thing::File });
            }
            Some(Row::Elsewhere { path }) => set.coverage.elsewhere.push(path.into()),
            Some(Row::Same) => {}
            None => {
                return Err(Error::Repository {
                    what: "the work tree".to_owned(),
                    why: "git's answer is not in its porcelain format".to_owned(),
                });
            }
        }
    }
    set.parents = staged.parents;
    set.changes.extend(staged.changes);
    set.removed.extend(staged.removed);
    set.coverage.add(staged.coverage);
    Ok(set)
}

/// One row of `git status --porcelain=v2` (git-status(1), "Porcelain Format Version 2").
enum Row<'a> {
    /// The work tree has another content than the index.
    Changed { path: &'a [u8], mode: Mode },
    /// The index has it, and the work tree has not.
    Gone { path: &'a [u8], id: &'a [u8] },
    /// A repository of its own.
    Elsewhere { path: &'a [u8] },
    /// Nothing but what is staged.
    Same,
}

impl<'a> Row<'a> {
    fn parse(row: &'a [u8]) -> Option<Self> {
        let (kind, rest) = row.split_once_str(" ")?;
        let (work, mode, id, path): (u8, &[u8], &[u8], &[u8]) = match kind {
            b"?" if rest.ends_with(b"/") => return Some(Self::Elsewhere { path: rest }),
            b"?" => return Some(Self::Changed { path: rest, mode: Mode::File }),
            b"1" => {
                let fields: Vec<&[u8]> = rest.splitn_str(8, " ").collect();
                let [change, _, _, _, mode, _, id, path] = *fields.as_slice() else { return None };
                (*change.get(1)?, mode, id, path)
            }
            // What is in conflict is in no commit; its content in the work tree is.
            b"u" => {
                let fields: Vec<&[u8]> = rest.splitn_str(10, " ").collect();
                let [_, _, _, _, _, mode, id, _, _, path] = *fields.as_slice() else { return None };
                (b'M', mode, id, path)
            }
            _ => return None,
        };
        Some(match (work, mode) {
            (b'.', _) => Self::Same,
            (b'D', _) | (_, b"000000") => Self::Gone { path, id },
            (_, b"160000") => Self::Elsewhere { path },
            (_, b"120000") => Self::Changed { path, mode: Mode::Link },
            _ => Self::Changed { path, mode: Mode::File },
        })
    }
}

impl Repo {
    /// The content of a change, wherever it is. The error says why not, fit for a terminal.
    pub fn content(&self, change: &Change) -> Result<Bytes<'_>, String> {
        match change.origin {
            Origin::Index | Origin::Commit(_) | Origin::Stdin => self.read(change.id),
            Origin::File => self.in_work_tree(change).map_err(|error| error.to_string()),
        }
    }

    fn in_work_tree(&self, change: &Change) -> std::io::Result<Bytes<'_>> {
        let top = self.top().map(PathBuf::from).unwrap_or_default();
        let path = top.join(change.path.to_path_lossy());
        let kind = path.symlink_metadata()?.file_type();
        let bytes = if kind.is_symlink() {
            std::fs::read_link(&path)?.into_os_string().into_encoded_bytes()
        } else if kind.is_file() {
            std::fs::read(&path)?
        } else {
            return Err(std::io::Error::other("it is no file or link"));
        };
        Ok(Bytes::owned(bytes))
    }
}
