//! Everything that was ever committed: each blob once at each path.
//!
//! Commits are walked parents first, and a folder that was seen at its place is not
//! entered again, so that the cost is that of what is new and not that of a comparison for
//! each commit. The first commit that is found to hold a blob at a path brought it there.
//! Another path counts anew: one may be left out, or be that of somebody else's code.

use super::object::{self, Kind, Thing};
use super::range::commits_between;
use super::repo::{Repo, broken, hex_id, oid};
use super::{Coverage, Unread};
use crate::error::Error;
use bstr::{BStr, BString, ByteSlice};
use gix_hash::ObjectId;
use std::collections::{HashMap, HashSet};

/// As deep may folders be nested; git itself stops at 4,096 bytes of path.
const DEPTH: usize = 2048;

/// As many places of the same folder are entered: a history can be made in which one
/// stands at more places than there is time for.
const PLACES: usize = 4096;

/// A blob at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The path.
    pub path: BString,
    /// The blob.
    pub id: ObjectId,
    /// The blob that was last seen at this path before.
    pub before: Option<ObjectId>,
    /// The commit that brought it there.
    pub commit: ObjectId,
}

/// All that a history holds.
#[derive(Debug, Default)]
pub struct History {
    /// Its blobs, in the order of the commits that brought them.
    pub held: Vec<Held>,
    /// How many commits there are.
    pub commits: usize,
    /// What could not be read on the way.
    pub coverage: Coverage,
}

/// What all refs, `HEAD` and the stashes reach; with `dangling`, also what nothing reaches
/// any more and git has not yet thrown away.
///
/// # Errors
/// The refs or a commit cannot be read.
pub fn history(repo: &Repo, dangling: bool) -> Result<History, Error> {
    let tips = tips(repo, dangling)?;
    // Each object is read once: what libgit2 would keep is never asked for again.
    git2::opts::enable_caching(false);
    let mut walk = Walk {
        repo,
        trees: HashMap::new(),
        files: HashMap::new(),
        found: History::default(),
        commit: ObjectId::null(repo.format()),
    };
    let commits = commits_between(repo, &[], &tips)?;
    walk.found.commits = commits.len();
    for commit in commits {
        walk.commit = commit;
        let tree = repo.commit(commit)?.tree;
        walk.enter(tree, &mut BString::default(), 0);
    }
    Ok(walk.found)
}

struct Walk<'a> {
    repo: &'a Repo,
    /// The places of each folder.
    trees: HashMap<ObjectId, HashSet<BString>>,
    /// The blobs of each path, and the last of them.
    files: HashMap<BString, (HashSet<ObjectId>, ObjectId)>,
    found: History,
    commit: ObjectId,
}

impl Walk<'_> {
    fn enter(&mut self, tree: ObjectId, path: &mut BString, depth: usize) {
        let places = self.trees.entry(tree).or_default();
        if places.len() > PLACES || !places.insert(path.clone()) {
            return;
        }
        if places.len() > PLACES {
            let why = format!("the same folder stands at more than {PLACES} places");
            self.found.coverage.unopened.push(Unread { path: path.clone(), why });
            return;
        }
        let unread = |path: &BString, why: String| Unread { path: path.clone(), why };
        if depth > DEPTH {
            self.found.coverage.unread.push(unread(path, "its folders are too deep".to_owned()));
            return;
        }
        let bytes = match self.repo.object(tree, Kind::Tree) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.found.coverage.unread.push(unread(path, error.to_string()));
                return;
            }
        };
        let Some(items) = object::tree_items(&bytes, self.repo.format()) else {
            let why = format!("tree {tree} is malformed");
            self.found.coverage.unread.push(unread(path, why));
            return;
        };
        let length = path.len();
        for item in items {
            if length > 0 {
                path.push(b'/');
            }
            path.extend_from_slice(item.name);
            match item.thing {
                Thing::Folder => self.enter(item.id, path, depth + 1),
                Thing::File | Thing::Link => self.hold(path.as_bstr(), item.id),
                Thing::Gitlink => {}
            }
            path.truncate(length);
        }
    }

    fn hold(&mut self, path: &BStr, id: ObjectId) {
        let mut before = None;
        if let Some((known, last)) = self.files.get_mut(path) {
            if !known.insert(id) {
                return;
            }
            before = Some(std::mem::replace(last, id));
        } else {
            self.files.insert(path.to_owned(), (HashSet::from([id]), id));
        }
        self.found.held.push(Held { path: path.to_owned(), id, before, commit: self.commit });
    }
}

/// The commits to begin with.
fn tips(repo: &Repo, dangling: bool) -> Result<Vec<ObjectId>, Error> {
    let what = "the refs";
    let Some(native) = repo.native() else {
        let lines = repo.git().ask(what, &["rev-list", "--all", "--no-walk", "--reflog"])?;
        return lines.lines().map(|id| hex_id(what, id)).collect();
    };
    let failed = |error: git2::Error| broken(what, &error);
    let mut tips = HashSet::new();
    for reference in native.references().map_err(failed)? {
        // A ref that points nowhere, or at no commit, has no history.
        if let Ok(commit) = reference.map_err(failed)?.peel_to_commit() {
            tips.insert(oid(commit.id()));
        }
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

#[cfg(test)]
mod tests {
    use super::history;
    use crate::source::testing::Sandbox;

    /// `path@commit`, in order of paths.
    fn told(sandbox: &Sandbox, dangling: bool) -> Vec<String> {
        let found = history(&sandbox.repo(), dangling).expect("the history is read");
        assert_eq!(found.coverage.unread, []);
        let subject = |held: &super::Held| {
            let commit = held.commit.to_hex().to_string();
            format!("{}@{}", held.path, sandbox.git(&["log", "-1", "--format=%s", &commit]))
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
