//! What one side has that none of its parents has: the index or a tree against trees.
//!
//! Folders whose tree is a parent's own are passed over unread, so the cost follows
//! what changed and not the size of the repository.

use super::object::{Kind, Thing, TreeItem, in_tree_order, tree_items};
use super::repo::Repo;
use super::{Change, Coverage, Mode, Origin};
use crate::error::Error;
use bstr::{BString, ByteSlice};
use gix_hash::ObjectId;
use gix_index::extension::Tree as CacheNode;
use std::cmp::Ordering;
use std::sync::OnceLock;

/// As deep as git itself goes (`core.maxTreeDepth`).
const DEPTH_AT_MOST: usize = 4096;

/// As many folders and files in one comparison. Trees that hold one another many times
/// over would otherwise be a few objects and years of work.
const ITEMS_AT_MOST: usize = 1 << 21;

/// What changed from all parents to one index or commit.
#[derive(Debug, Default)]
pub struct ChangeSet {
    /// Every path with new content, in the order of git's index.
    pub changes: Vec<Change>,
    /// What is not here or could not be read.
    pub coverage: Coverage,
    /// The tree of the next commit, where git's index tells it.
    pub tree: Option<ObjectId>,
    /// What the first parent has and this has not.
    pub(super) removed: Vec<Removed>,
    /// The trees of the parents.
    pub(super) parents: Vec<ObjectId>,
    /// What changed to each parent alone; looked up only once there is a finding in a merge.
    pub(super) apart: OnceLock<Vec<Option<ChangeSet>>>,
}

/// A path that is gone, or a folder of such paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Removed {
    pub(super) path: BString,
    pub(super) id: ObjectId,
    pub(super) thing: Thing,
}

/// The side whose content is about to leave.
#[derive(Clone, Copy)]
pub(super) enum New<'a> {
    Tree(ObjectId),
    Index(Range<'a>),
}

/// A run of index entries: all those under one folder.
#[derive(Clone, Copy)]
pub(super) struct Range<'a> {
    state: &'a gix_index::State,
    entries: &'a [gix_index::Entry],
    /// The cached tree of this folder, of use for its children even if itself outdated.
    cache: Option<&'a CacheNode>,
    /// The id of the tree that the next commit will have here, where git knows it.
    tree: Option<ObjectId>,
}

impl<'a> Range<'a> {
    /// The whole index.
    pub(super) fn whole(state: &'a gix_index::State) -> Self {
        let entries = state.entries();
        let cache = state.tree();
        let tree = cache.filter(|node| covers(node, entries.len())).map(|node| node.id);
        Self { state, entries, cache, tree }
    }

    /// Whether entry `at` lies under the folder `prefix` `name` `/`.
    fn is_under(&self, at: usize, prefix: usize, name: &[u8]) -> bool {
        let path = self.entries.get(at).and_then(|entry| entry.path(self.state).get(prefix..));
        let rest = path.and_then(|path| path.strip_prefix(name));
        rest.is_some_and(|rest| rest.first() == Some(&b'/'))
    }

    /// The folder `name`, which begins at entry `start`, and where it ends.
    fn folder(&self, start: usize, prefix: usize, name: &[u8]) -> (Self, usize) {
        let child = self.cache.and_then(|cache| {
            let at = cache.children.binary_search_by(|node| node.name.as_slice().cmp(name));
            cache.children.get(at.ok()?)
        });
        // The count comes from the file and is believed only if both ends agree.
        let known = child.and_then(|node| {
            let end = start.checked_add(node.num_entries? as usize)?;
            let fits = end > start
                && self.is_under(end - 1, prefix, name)
                && !self.is_under(end, prefix, name);
            fits.then_some((node.id, end))
        });
        let end = known.map_or_else(
            || {
                let more = (start + 1..self.entries.len())
                    .take_while(|at| self.is_under(*at, prefix, name));
                start + 1 + more.count()
            },
            |(_, end)| end,
        );
        let entries = self.entries.get(start..end).unwrap_or_default();
        let tree = known.map(|(id, _)| id);
        (Self { state: self.state, entries, cache: child, tree }, end)
    }
}

fn covers(node: &CacheNode, entries: usize) -> bool {
    entries > 0 && node.num_entries.is_some_and(|count| count as usize == entries)
}

impl New<'_> {
    pub(super) fn tree(&self) -> Option<ObjectId> {
        match self {
            New::Tree(id) => Some(*id),
            New::Index(range) => range.tree,
        }
    }
}

/// A folder still to be compared. `parents` has its tree in each parent.
struct Folder<'a> {
    path: BString,
    depth: usize,
    new: New<'a>,
    parents: Vec<Option<ObjectId>>,
}

struct Walk<'a> {
    repo: &'a Repo,
    origin: Origin,
    set: ChangeSet,
    seen: usize,
}

/// Compares `new` with the trees of all `parents`. What is in no parent is a change.
pub(super) fn compare(
    repo: &Repo,
    new: New<'_>,
    parents: &[ObjectId],
    origin: Origin,
) -> Result<ChangeSet, Error> {
    let set = ChangeSet { parents: parents.to_vec(), ..ChangeSet::default() };
    let mut walk = Walk { repo, origin, set, seen: 0 };
    let parents = parents.iter().copied().map(Some).collect();
    // A list and no recursion: how deep folders go is for whoever wrote them to say.
    let mut pending = vec![Folder { path: BString::default(), depth: 0, new, parents }];
    while let Some(folder) = pending.pop() {
        let known = folder.new.tree().is_some_and(|id| folder.parents.contains(&Some(id)));
        if !known {
            walk.folder(&folder, &mut pending)?;
        }
    }
    walk.set.changes.sort_by(|a, b| a.path.cmp(&b.path));
    walk.set.coverage.elsewhere.sort();
    Ok(walk.set)
}

impl Walk<'_> {
    fn folder<'a>(
        &mut self,
        folder: &Folder<'a>,
        pending: &mut Vec<Folder<'a>>,
    ) -> Result<(), Error> {
        let trees = folder.parents.iter().map(|parent| {
            parent.map(|id| self.repo.object(id, Kind::Tree).map(|bytes| (id, bytes))).transpose()
        });
        let trees = trees.collect::<Result<Vec<_>, Error>>()?;
        let mut parents = Vec::with_capacity(trees.len());
        for tree in &trees {
            let items = match tree {
                Some((id, bytes)) => self.items(*id, bytes)?,
                None => Vec::new(),
            };
            parents.push(Parent { items, at: 0 });
        }
        match folder.new {
            New::Tree(id) => {
                let bytes = self.repo.object(id, Kind::Tree)?;
                for item in self.items(id, &bytes)? {
                    let sub = (item.thing == Thing::Folder).then_some(New::Tree(item.id));
                    self.item(folder, &item, sub, &mut parents, pending)?;
                }
            }
            New::Index(range) => self.index(folder, &range, &mut parents, pending)?,
        }
        if let Some(first) = parents.first() {
            let left = first.items.get(first.at..).unwrap_or_default();
            for item in left {
                self.removed(folder, item);
            }
        }
        Ok(())
    }

    fn items<'t>(&self, id: ObjectId, bytes: &'t [u8]) -> Result<Vec<TreeItem<'t>>, Error> {
        tree_items(bytes, self.repo.format()).ok_or_else(|| Error::Repository {
            what: format!("tree {id}"),
            why: "it is malformed".to_owned(),
        })
    }

    fn index<'a>(
        &mut self,
        folder: &Folder<'a>,
        range: &Range<'a>,
        parents: &mut [Parent<'_>],
        pending: &mut Vec<Folder<'a>>,
    ) -> Result<(), Error> {
        let mut at = 0;
        while let Some(entry) = range.entries.get(at) {
            let Some(rest) = entry.path(range.state).strip_prefix(folder.path.as_slice()) else {
                return Err(Error::Repository {
                    what: "the index".to_owned(),
                    why: "its entries are out of order".to_owned(),
                });
            };
            let thing = Thing::of_mode(entry.mode.bits());
            match rest.find_byte(b'/') {
                // In a sparse index, a folder outside the cone is one entry.
                Some(end) if end + 1 == rest.len() && thing == Thing::Folder => {
                    let name = rest.split_at(end).0;
                    let item = TreeItem { thing, name, id: entry.id };
                    self.item(folder, &item, Some(New::Tree(entry.id)), parents, pending)?;
                    at += 1;
                }
                Some(end) => {
                    let name = rest.split_at(end).0;
                    let (sub, end) = range.folder(at, folder.path.len(), name);
                    let id = sub.tree.unwrap_or(self.repo.format().null());
                    let item = TreeItem { thing: Thing::Folder, name, id };
                    self.item(folder, &item, Some(New::Index(sub)), parents, pending)?;
                    at = end;
                }
                None => {
                    at += 1;
                    // Neither what is in conflict nor what is merely to be added later
                    // can be committed.
                    let left_out = entry.stage_raw() != 0
                        || entry.flags.contains(gix_index::entry::Flags::INTENT_TO_ADD);
                    if !left_out {
                        let item = TreeItem { thing, name: rest, id: entry.id };
                        self.item(folder, &item, None, parents, pending)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// One item of the new side. `sub` is what a folder holds.
    fn item<'a>(
        &mut self,
        folder: &Folder<'a>,
        item: &TreeItem<'_>,
        sub: Option<New<'a>>,
        parents: &mut [Parent<'_>],
        pending: &mut Vec<Folder<'a>>,
    ) -> Result<(), Error> {
        self.seen += 1;
        if self.seen > ITEMS_AT_MOST || folder.depth > DEPTH_AT_MOST {
            let what = match &self.origin {
                Origin::Commit(id) => format!("the tree of commit {id}"),
                Origin::Index | Origin::File | Origin::Stdin => "the index".to_owned(),
            };
            return Err(Error::Repository {
                what,
                why: "it holds more folders and files than any real one".to_owned(),
            });
        }
        let mut before = Vec::with_capacity(parents.len());
        for (index, parent) in parents.iter_mut().enumerate() {
            let found = parent.seek(item, |passed| {
                if index == 0 {
                    self.removed(folder, passed);
                }
            });
            before.push(found.filter(|old| old.thing == item.thing).map(|old| old.id));
        }
        let mut path = folder.path.clone();
        path.extend_from_slice(item.name);
        if let Some(new) = sub {
            path.push(b'/');
            pending.push(Folder { path, depth: folder.depth + 1, new, parents: before });
            return Ok(());
        }
        if before.contains(&Some(item.id)) {
            return Ok(());
        }
        let mode = match item.thing {
            Thing::Gitlink => {
                self.set.coverage.elsewhere.push(path);
                return Ok(());
            }
            Thing::Link => Mode::Link,
            // A folder without content to compare is an index gone wrong; reading it
            // as a file will say so.
            Thing::File | Thing::Folder => Mode::File,
        };
        let origin = self.origin.clone();
        self.set.changes.push(Change { path, mode, id: item.id, before, origin });
        Ok(())
    }

    fn removed(&mut self, folder: &Folder<'_>, item: &TreeItem<'_>) {
        let mut path = folder.path.clone();
        path.extend_from_slice(item.name);
        if item.thing == Thing::Folder {
            path.push(b'/');
        }
        self.set.removed.push(Removed { path, id: item.id, thing: item.thing });
    }
}

/// A parent's items at one folder, passed in step with the new side's.
struct Parent<'a> {
    items: Vec<TreeItem<'a>>,
    at: usize,
}

impl Parent<'_> {
    /// The parent's item of the same name. What a tree in disorder hides from this is
    /// taken for new, never for known.
    fn seek(
        &mut self,
        wanted: &TreeItem<'_>,
        mut passed: impl FnMut(&TreeItem<'_>),
    ) -> Option<TreeItem<'_>> {
        while let Some(item) = self.items.get(self.at) {
            match in_tree_order(item, wanted) {
                Ordering::Less => passed(item),
                Ordering::Equal => {
                    self.at += 1;
                    return self.items.get(self.at - 1).copied();
                }
                Ordering::Greater => return None,
            }
            self.at += 1;
        }
        None
    }
}
