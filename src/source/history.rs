//! Everything that was ever committed: each blob once at each path.
//!
//! Commits are walked parents first, and a folder that was seen at its place is not
//! entered again, so that the cost is that of what is new and not that of a comparison for
//! each commit. The first commit that is found to hold a blob at a path brought it there.
//! Another path counts anew: one may be left out, or be that of somebody else's code.

use super::object::{self, CommitHead, Kind, Thing};
use super::packs::{Packs, Reader, Unpacked};
use super::range::{commit_of, peel};
use super::repo::{Repo, broken, hex_id, oid};
use super::work::Work;
use super::{Coverage, Unread};
use crate::error::Error;
use bstr::{BString, ByteSlice};
use gix_hash::ObjectId;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

/// As deep may folders be nested; git itself stops at 4,096 bytes of path.
const DEPTH: usize = 2048;

/// As many places of the same folder are entered: a history can be made in which one
/// stands at more places than there is time for.
const PLACES: u32 = 4096;

/// How many bytes of trees are kept to be told from those that come after them.
const TREES_KEPT: usize = 16 << 20;

/// A blob at a path, by their numbers in the [`History`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The path.
    pub path: u32,
    /// The blob.
    pub blob: u32,
    /// The commit that brought it there.
    pub commit: u32,
}

/// All that a history holds.
pub struct History {
    /// Its blobs at their paths, in the order of the commits that brought them.
    pub held: Vec<Held>,
    /// Every path.
    pub paths: Vec<BString>,
    /// Every blob.
    pub blobs: Vec<ObjectId>,
    /// Every commit, parents before children.
    pub commits: Vec<ObjectId>,
    /// What could not be read on the way.
    pub coverage: Coverage,
    packs: Arc<Packs>,
}

impl History {
    /// Leaves what was brought by the commits for which `keep` says yes.
    pub fn keep(&mut self, keep: impl Fn(&ObjectId) -> bool) {
        let kept: Vec<bool> = self.commits.iter().map(keep).collect();
        self.held.retain(|held| kept[held.commit as usize]);
        let mut blobs = Numbers::default();
        for held in &mut self.held {
            held.blob = blobs.of(&self.blobs[held.blob as usize]);
        }
        self.blobs = blobs.in_order();
    }

    /// One that was made up.
    #[cfg(test)]
    pub(crate) fn made(
        held: Vec<Held>,
        paths: Vec<BString>,
        blobs: Vec<ObjectId>,
        commits: Vec<ObjectId>,
    ) -> Self {
        let (coverage, packs) = (Coverage::default(), Arc::new(Packs::none()));
        Self { held, paths, blobs, commits, coverage, packs }
    }

    /// Gives each blob that is in a pack to `visit`, on all threads, by its number; one
    /// that is stored as what it has beside another comes after that other. Gives the
    /// numbers of the rest, to be read one by one.
    pub fn each_packed(&self, work: &Work, visit: impl Fn(&Unpacked<'_>) + Sync) -> Vec<usize> {
        self.packs.each(&self.blobs, work, visit)
    }
}

/// What all refs, `HEAD` and the stashes reach; with `dangling`, also what nothing reaches
/// any more and git has not yet thrown away.
///
/// # Errors
/// The refs or a commit cannot be read.
pub fn history(repo: &Repo, dangling: bool) -> Result<History, Error> {
    let tips = tips(repo, dangling)?;
    let packs = Arc::new(Packs::of(repo));
    repo.read_by(Arc::clone(&packs));
    let mut walk = Walk {
        repo,
        reader: Reader::of(Arc::clone(&packs)),
        folders: Numbers::default(),
        entered: HashSet::new(),
        places: Vec::new(),
        paths: Numbers::default(),
        blobs: Numbers::default(),
        known: HashSet::new(),
        trees: Trees::default(),
        held: Vec::new(),
        coverage: Coverage::default(),
        commit: 0,
    };
    let commits = walk.parents_first(&tips)?;
    for ((_, tree), number) in commits.iter().zip(0..).take_while(|_| !repo.work().stops()) {
        walk.commit = number;
        walk.enter(*tree, &mut BString::default(), 0);
    }
    let Walk { paths, blobs, held, coverage, .. } = walk;
    let (paths, blobs) = (paths.in_order(), blobs.in_order());
    let commits = commits.into_iter().map(|(commit, _)| commit).collect();
    Ok(History { held, paths, blobs, commits, coverage, packs })
}

/// A number for each thing, in the order in which they come.
struct Numbers<T>(HashMap<T, u32>);

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Hash + Eq + Clone> Numbers<T> {
    fn of(&mut self, thing: &T) -> u32 {
        if let Some(number) = self.0.get(thing) {
            return *number;
        }
        let number = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.insert(thing.clone(), number);
        number
    }

    fn in_order(self) -> Vec<T> {
        let mut things: Vec<(u32, T)> = self.0.into_iter().map(|(thing, n)| (n, thing)).collect();
        things.sort_unstable_by_key(|(number, _)| *number);
        things.into_iter().map(|(_, thing)| thing).collect()
    }
}

struct Walk<'a> {
    repo: &'a Repo,
    reader: Reader,
    folders: Numbers<ObjectId>,
    /// Folders at their paths.
    entered: HashSet<(u32, u32)>,
    /// At how many places each folder was seen.
    places: Vec<u32>,
    paths: Numbers<BString>,
    blobs: Numbers<ObjectId>,
    /// Blobs at their paths.
    known: HashSet<(u32, u32)>,
    trees: Trees,
    held: Vec<Held>,
    coverage: Coverage,
    commit: u32,
}

impl Walk<'_> {
    /// All commits that `tips` reach, parents before children, with their trees.
    fn parents_first(&mut self, tips: &[ObjectId]) -> Result<Vec<(ObjectId, ObjectId)>, Error> {
        let (mut order, mut met) = (Vec::new(), HashSet::new());
        let mut line: Vec<(ObjectId, CommitHead)> = Vec::new();
        for tip in tips {
            if met.insert(*tip) {
                line.push((*tip, self.commit_head(*tip)?));
            }
            while let Some((commit, head)) = line.last_mut() {
                // From the last one on, so that the first is the one that comes right before.
                match head.parents.pop() {
                    Some(parent) if met.insert(parent) => {
                        line.push((parent, self.commit_head(parent)?));
                    }
                    Some(_) => {}
                    None => {
                        order.push((*commit, head.tree));
                        line.pop();
                    }
                }
            }
        }
        Ok(order)
    }

    fn commit_head(&mut self, id: ObjectId) -> Result<CommitHead, Error> {
        let packed = self.reader.read(&id, Kind::Commit);
        let Some(mut head) = packed.and_then(|bytes| object::commit_head(&bytes)) else {
            return self.repo.commit(id);
        };
        if self.repo.shallow()?.contains(&id) {
            head.parents.clear();
        }
        Ok(head)
    }

    fn enter(&mut self, tree: ObjectId, path: &mut BString, depth: usize) {
        let folder = self.folders.of(&tree);
        let index = folder as usize;
        if index == self.places.len() {
            self.places.push(0);
        }
        if self.places[index] > PLACES {
            return;
        }
        let place = self.paths.of(path);
        if !self.entered.insert((folder, place)) {
            return;
        }
        self.places[index] += 1;
        if self.places[index] > PLACES {
            let why = format!("the same folder stands at more than {PLACES} places");
            self.coverage.unopened.push(Unread { path: path.clone(), why });
            return;
        }
        let unread = |path: &BString, why: String| Unread { path: path.clone(), why };
        if depth > DEPTH {
            self.coverage.unread.push(unread(path, "its folders are too deep".to_owned()));
            return;
        }
        let bytes: Arc<[u8]> = match self.reader.read(&tree, Kind::Tree) {
            Some(bytes) => bytes,
            None => match self.repo.object(tree, Kind::Tree) {
                Ok(bytes) => bytes.into(),
                Err(error) => {
                    self.coverage.unread.push(unread(path, error.to_string()));
                    return;
                }
            },
        };
        // What stood here before was looked at then.
        let before = self.trees.last.get(&place).map_or(&[][..], |bytes| bytes);
        let Some(items) = object::new_tree_items(&bytes, before, self.repo.format()) else {
            let why = format!("tree {tree} is malformed");
            self.coverage.unread.push(unread(path, why));
            return;
        };
        self.trees.keep(place, &bytes);
        let length = path.len();
        for item in items {
            if length > 0 {
                path.push(b'/');
            }
            path.extend_from_slice(item.name);
            match item.thing {
                Thing::Folder => self.enter(item.id, path, depth + 1),
                Thing::File | Thing::Link => self.hold(path, item.id),
                Thing::Gitlink => {}
            }
            path.truncate(length);
        }
    }

    fn hold(&mut self, path: &BString, id: ObjectId) {
        let (path, blob) = (self.paths.of(path), self.blobs.of(&id));
        if self.known.insert((path, blob)) {
            self.held.push(Held { path, blob, commit: self.commit });
        }
    }
}

/// The tree that stood last at each path.
#[derive(Default)]
struct Trees {
    last: HashMap<u32, Arc<[u8]>>,
    bytes: usize,
}

impl Trees {
    fn keep(&mut self, path: u32, tree: &Arc<[u8]>) {
        let before = self.last.insert(path, Arc::clone(tree));
        self.bytes = self.bytes + tree.len() - before.map_or(0, |before| before.len());
        if self.bytes > TREES_KEPT {
            *self = Self::default();
        }
    }
}

/// The commits to begin with.
pub(super) fn tips(repo: &Repo, dangling: bool) -> Result<Vec<ObjectId>, Error> {
    let what = "the refs";
    let Some(native) = repo.native() else {
        let lines = repo.git().ask(what, &["rev-list", "--all", "--no-walk", "--reflog"])?;
        return lines.lines().map(|id| hex_id(what, id)).collect();
    };
    let failed = |error: git2::Error| broken(what, &error);
    let mut tips = HashSet::new();
    for reference in native.references().map_err(failed)? {
        // A ref that points nowhere, or at no commit, has no history.
        tips.extend(commit_of(repo, &reference.map_err(failed)?));
    }
    if let Some(head) = repo.head()?.commit {
        tips.insert(head);
    }
    // Older stashes are in the log of their ref only.
    if let Ok(log) = native.reflog("refs/stash") {
        tips.extend(log.iter().map(|entry| oid(entry.id_new())));
    }
    if dangling {
        let odb = native.odb().map_err(failed)?;
        odb.foreach(|id| {
            if odb.read_header(*id).is_ok_and(|(_, kind)| kind == git2::ObjectType::Commit) {
                tips.insert(oid(*id));
            }
            true
        })
        .map_err(failed)?;
    }
    let mut tips: Vec<ObjectId> = tips.into_iter().collect();
    tips.sort_unstable();
    Ok(tips)
}

/// What refs and annotated tags point at without a commit around it: trees and blobs, by the
/// name of their ref.
///
/// # Errors
/// The refs cannot be read.
pub fn without_commit(repo: &Repo) -> Result<Vec<(BString, ObjectId)>, Error> {
    let what = "the refs";
    let mut targets: Vec<(BString, ObjectId)> = Vec::new();
    if let Some(native) = repo.native() {
        let failed = |error: git2::Error| broken(what, &error);
        for reference in native.references().map_err(failed)? {
            let reference = reference.map_err(failed)?;
            // What a ref names by another's name is found by that one.
            targets.extend(reference.target().map(|id| (reference.name_bytes().into(), oid(id))));
        }
    } else {
        let format = "--format=%(objecttype) %(*objecttype) %(objectname) %(refname)";
        for line in repo.git().ask(what, &["for-each-ref", format])?.lines() {
            match line.splitn_str(4, " ").collect::<Vec<_>>().as_slice() {
                [b"commit", ..] | [_, b"commit", ..] => {}
                [_, _, id, name] => targets.push(((*name).into(), hex_id(what, id)?)),
                _ => {}
            }
        }
    }
    let mut bare = Vec::new();
    for (name, id) in targets {
        // What points nowhere is told of by its name alone.
        if repo.has(id)?
            && let (id, Kind::Tree | Kind::Blob) = peel(repo, id, &mut Vec::new())?
        {
            bare.push((name, id));
        }
    }
    bare.sort_unstable();
    Ok(bare)
}

#[cfg(test)]
mod tests {
    use super::history;
    use crate::source::testing::Sandbox;

    /// `path@commit`, in order of paths.
    fn told(sandbox: &Sandbox, dangling: bool) -> Vec<String> {
        let found = history(&sandbox.repo(), dangling).expect("the history is read");
        assert_eq!(found.coverage.unread, []);
        let subject = |held: &super::Held| {
            let commit = found.commits[held.commit as usize].to_hex().to_string();
            let path = &found.paths[held.path as usize];
            format!("{path}@{}", sandbox.git(&["log", "-1", "--format=%s", &commit]))
        };
        let mut told: Vec<String> = found.held.iter().map(subject).collect();
        told.sort();
        told
    }

    #[test]
    fn each_blob_is_given_once_a_path_with_the_commit_that_brought_it() {
        let sandbox = Sandbox::holding(&[("a", "1\n"), ("deep/b", "2\n")]);
        sandbox.write("a", "3\n");
        sandbox.write("copy", "2\n");
        sandbox.commit("second");
        sandbox.git(&["rm", "-q", "a"]);
        sandbox.commit("third");
        assert_eq!(told(&sandbox, false), ["a@first", "a@second", "copy@second", "deep/b@first"]);
    }

    #[test]
    fn a_folder_in_itself_again_and_again_ends() {
        let sandbox = Sandbox::new();
        let mut id = sandbox.git(&["hash-object", "-w", "-t", "tree", "/dev/null"]);
        for level in 0..12 {
            let line = |name| format!("040000 tree {id}\t{level}-{name}\n");
            let lines = (0..10).map(line).collect::<Vec<_>>().concat();
            sandbox.write("../lines", lines);
            let made = ["-c", "alias.m=!git mktree < ../lines", "m"];
            id = sandbox.git(&made);
        }
        let commit = sandbox.git(&["commit-tree", "-m", "deep", &id]);
        sandbox.git(&["update-ref", "refs/heads/main", &commit]);
        let found = history(&sandbox.repo(), false).expect("the history is read");
        assert!(found.held.is_empty());
        assert!(found.coverage.unopened.iter().any(|one| one.why.contains("4096 places")));
    }

    #[test]
    fn other_branches_stashes_and_notes_belong_to_it_and_what_is_lost_when_asked() {
        let sandbox = Sandbox::holding(&[("a", "1\n")]);
        sandbox.git(&["checkout", "-q", "-b", "side"]);
        sandbox.write("side", "2\n");
        sandbox.commit("on a branch");
        sandbox.git(&["checkout", "-q", "main"]);
        sandbox.git(&["notes", "add", "-m", "a note"]);
        for text in ["3\n", "4\n"] {
            sandbox.write("a", text);
            sandbox.git(&["stash", "-q", "-m", "kept"]);
        }
        sandbox.write("lost", "5\n");
        sandbox.commit("lost");
        sandbox.git(&["reset", "-q", "--hard", "HEAD^"]);

        let reached = told(&sandbox, false);
        assert_eq!(reached.iter().filter(|place| place.ends_with("kept")).count(), 2);
        assert!(reached.contains(&"side@on a branch".to_owned()));
        assert!(reached.iter().any(|place| place.contains("Notes added")), "{reached:?}");
        assert!(!reached.contains(&"lost@lost".to_owned()));
        assert!(told(&sandbox, true).contains(&"lost@lost".to_owned()));
    }

    #[test]
    fn git_finds_the_same_where_libgit2_cannot_read() {
        let sandbox = Sandbox::holding(&[("a", "1\n"), ("deep/b", "2\n")]);
        sandbox.write("a", "3\n");
        sandbox.commit("second");
        let native = told(&sandbox, false);
        sandbox.git(&["config", "core.repositoryFormatVersion", "1"]);
        sandbox.git(&["config", "extensions.partialClone", "nobody"]);
        assert!(sandbox.repo().needs_git());
        assert_eq!(told(&sandbox, false), native);
    }
}
