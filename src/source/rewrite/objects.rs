//! Blobs, trees, commits and tags made anew.

use super::{Deed, Kind, Repo, Thing};
use crate::error::Error;
use crate::secret::Secret;
use crate::source::object::{commit_head, tag_target, tree_items};
use crate::source::range::TAGS_AT_MOST;
use bstr::ByteSlice;
use gix_hash::ObjectId;
use memchr::memmem;
use std::collections::{HashMap, HashSet};
use zeroize::Zeroizing;

/// What stands where the value was.
const INSTEAD: &[u8] = b"removed-credential";

/// As deep as git itself goes (`core.maxTreeDepth`).
const DEPTH_AT_MOST: usize = 4096;

/// What a blob's beginning tells of whether it is text, as far as git looks.
const LOOKED_AT: usize = 8000;

/// What was made of each object so far; itself where it stays.
pub(super) struct Anew<'a> {
    repo: &'a Repo,
    /// The value as it may be written: in bytes and in both orders of UTF-16.
    needles: Vec<Zeroizing<Vec<u8>>>,
    deed: Deed,
    made: HashMap<ObjectId, ObjectId>,
    blobs: HashMap<ObjectId, ObjectId>,
    commits: usize,
    signatures: usize,
}

impl<'a> Anew<'a> {
    pub(super) fn new(repo: &'a Repo, value: &Secret, deed: Deed) -> Self {
        let mut needles = vec![Zeroizing::new(value.expose().to_vec())];
        if let Ok(text) = std::str::from_utf8(value.expose()) {
            let wide = |order: fn(u16) -> [u8; 2]| {
                Zeroizing::new(text.encode_utf16().flat_map(order).collect::<Vec<u8>>())
            };
            needles.extend([wide(u16::to_le_bytes), wide(u16::to_be_bytes)]);
        }
        let (made, blobs) = (HashMap::new(), HashMap::new());
        Self { repo, needles, deed, made, blobs, commits: 0, signatures: 0 }
    }

    /// How many commits and how many versions of files are made anew.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.commits, self.blobs.len())
    }

    pub(super) fn signatures(&self) -> usize {
        self.signatures
    }

    /// What was made of a blob that held the value.
    pub(super) fn blob_made_of(&self, id: ObjectId) -> Option<ObjectId> {
        self.blobs.get(&id).copied()
    }

    /// Leaves as they are the files of commits that `order` follows and does not hold.
    pub(super) fn leave_what_others_have(&mut self, order: &[ObjectId]) -> Result<(), Error> {
        let own: HashSet<ObjectId> = order.iter().copied().collect();
        for commit in order {
            for parent in self.repo.commit(*commit)?.parents {
                if !own.contains(&parent) {
                    let tree = self.repo.commit(parent)?.tree;
                    self.leave(tree, 0)?;
                }
            }
        }
        Ok(())
    }

    fn leave(&mut self, tree: ObjectId, depth: usize) -> Result<(), Error> {
        if self.made.insert(tree, tree).is_some() {
            return Ok(());
        }
        let bytes = self.tree_bytes(tree, depth)?;
        for item in items(&bytes, self.repo, tree)? {
            match item.0 {
                Thing::Folder => self.leave(item.1, depth + 1)?,
                Thing::File | Thing::Link => {
                    self.made.insert(item.1, item.1);
                }
                Thing::Gitlink => {}
            }
        }
        Ok(())
    }

    /// Makes a commit anew whose parents were looked at before.
    pub(super) fn commit(&mut self, id: ObjectId) -> Result<(), Error> {
        let bytes = self.repo.object(id, Kind::Commit)?;
        let malformed = || broken("commit", id);
        let head = commit_head(&bytes).ok_or_else(malformed)?;
        let tree = self.tree(head.tree, 0)?;
        let parents: Vec<ObjectId> = head.parents.iter().map(|id| self.of(*id)).collect();
        let lines = 1 + head.parents.len();
        let rest = bytes.splitn_str(lines + 1, "\n").nth(lines).ok_or_else(malformed)?;
        let words = self.without(rest);
        if tree == head.tree && parents == head.parents && words.is_none() {
            return Ok(());
        }
        let words = words.unwrap_or_else(|| rest.to_vec());
        let (words, signed) = without_signature(&words);
        let mut new = format!("tree {tree}\n").into_bytes();
        for parent in parents {
            new.extend_from_slice(format!("parent {parent}\n").as_bytes());
        }
        new.extend_from_slice(&words);
        let made = self.repo.store(Kind::Commit, &new, self.deed)?;
        self.made.insert(id, made);
        self.commits += 1;
        self.signatures += usize::from(signed);
        Ok(())
    }

    /// What a reference to `id` has to point at: tags are made anew for it.
    pub(super) fn target(&mut self, id: ObjectId) -> Result<ObjectId, Error> {
        self.tagged(id, 0)
    }

    fn tagged(&mut self, id: ObjectId, depth: usize) -> Result<ObjectId, Error> {
        if depth > TAGS_AT_MOST || self.repo.kind(id)? != Kind::Tag {
            return Ok(self.of(id));
        }
        let bytes = self.repo.object(id, Kind::Tag)?;
        let (about, _) = tag_target(&bytes).ok_or_else(|| broken("tag", id))?;
        let to = self.tagged(about, depth + 1)?;
        let rest = bytes.splitn_str(2, "\n").nth(1).ok_or_else(|| broken("tag", id))?;
        let words = self.without(rest);
        if to == about && words.is_none() {
            return Ok(id);
        }
        let words = words.unwrap_or_else(|| rest.to_vec());
        // A tag's signature is the end of its message.
        let end = ["-----BEGIN PGP SIGNATURE-----", "-----BEGIN SSH SIGNATURE-----"];
        let end = end.iter().find_map(|mark| words.find(mark));
        self.signatures += usize::from(end.is_some());
        let mut new = format!("object {to}\n").into_bytes();
        new.extend_from_slice(words.get(..end.unwrap_or(words.len())).unwrap_or_default());
        self.repo.store(Kind::Tag, &new, self.deed)
    }

    fn of(&self, id: ObjectId) -> ObjectId {
        self.made.get(&id).copied().unwrap_or(id)
    }

    fn tree(&mut self, id: ObjectId, depth: usize) -> Result<ObjectId, Error> {
        if let Some(made) = self.made.get(&id) {
            return Ok(*made);
        }
        let mut bytes = self.tree_bytes(id, depth)?;
        let mut changed = false;
        for (thing, entry, at) in items(&bytes.clone(), self.repo, id)? {
            let made = match thing {
                Thing::Folder => self.tree(entry, depth + 1)?,
                Thing::File | Thing::Link => self.blob(entry)?,
                Thing::Gitlink => entry,
            };
            if made != entry
                && let Some(place) = bytes.get_mut(at..at + made.as_slice().len())
            {
                place.copy_from_slice(made.as_slice());
                changed = true;
            }
        }
        let made = if changed { self.repo.store(Kind::Tree, &bytes, self.deed)? } else { id };
        self.made.insert(id, made);
        Ok(made)
    }

    fn tree_bytes(&self, id: ObjectId, depth: usize) -> Result<Vec<u8>, Error> {
        if depth > DEPTH_AT_MOST {
            return Err(broken("tree", id));
        }
        self.repo.object(id, Kind::Tree)
    }

    fn blob(&mut self, id: ObjectId) -> Result<ObjectId, Error> {
        if let Some(made) = self.made.get(&id) {
            return Ok(*made);
        }
        let failed = |why| Error::Repository { what: format!("blob {id}"), why };
        let new = self.without(&self.repo.read(id).map_err(failed)?);
        let made = match new {
            Some(new) => self.repo.store(Kind::Blob, &new, self.deed)?,
            None => id,
        };
        if made != id {
            self.blobs.insert(id, made);
        }
        self.made.insert(id, made);
        Ok(made)
    }

    /// `bytes` without the value; nothing where they have it not.
    fn without(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut new: Option<Vec<u8>> = None;
        for (at, needle) in self.needles.iter().enumerate() {
            let text = new.as_deref().unwrap_or(bytes);
            if needle.is_empty() || memmem::find(text, needle).is_none() {
                continue;
            }
            // What is no text may count its bytes.
            let binary = at > 0 || text.iter().take(LOOKED_AT).any(|byte| *byte == 0);
            let instead = if binary { vec![b'x'; needle.len()] } else { INSTEAD.to_vec() };
            new = Some(text.replace(needle.as_slice(), instead));
        }
        new
    }
}

/// What each entry is, its id, and where in `bytes` that stands.
fn items(
    bytes: &[u8],
    repo: &Repo,
    tree: ObjectId,
) -> Result<Vec<(Thing, ObjectId, usize)>, Error> {
    let length = repo.format().len_in_bytes();
    let mut at = 0;
    let items = tree_items(bytes, repo.format()).ok_or_else(|| broken("tree", tree))?;
    let placed = items.iter().map(|item| {
        // A mode has no zero byte, and a name ends with the first.
        let name = bytes.get(at..).and_then(|rest| memchr::memchr(0, rest)).unwrap_or(0);
        let id_at = at + name + 1;
        at = id_at + length;
        (item.thing, item.id, id_at)
    });
    Ok(placed.collect())
}

/// A commit's headers and message without what signed it (`gpgsig`, `gpgsig-sha256`), and
/// whether anything did.
fn without_signature(words: &[u8]) -> (Vec<u8>, bool) {
    let end = words.find("\n\n").map_or(words.len(), |end| end + 1);
    let (headers, message) = words.split_at(end);
    let mut kept = Vec::with_capacity(words.len());
    let (mut inside, mut signed) = (false, false);
    for line in headers.lines_with_terminator() {
        inside = if line.starts_with(b" ") { inside } else { line.starts_with(b"gpgsig") };
        signed |= inside;
        if !inside {
            kept.extend_from_slice(line);
        }
    }
    kept.extend_from_slice(message);
    (kept, signed)
}

fn broken(kind: &str, id: ObjectId) -> Error {
    Error::Repository { what: format!("{kind} {id}"), why: "it is malformed".to_owned() }
}
