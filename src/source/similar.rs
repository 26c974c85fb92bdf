//! Where an added file's content was before: renames and copies.
//!
//! Asked only of files in which something was found, since it has to read others.

use super::compare::{ChangeSet, New, compare};
use super::object::{Kind, Thing, tree_items};
use super::repo::Repo;
use super::{Change, Origin, index};
use bstr::{BStr, BString, ByteSlice};
use gix_hash::ObjectId;

/// As many candidates are read to compare their content, as with `diff.renameLimit`.
const CANDIDATES_AT_MOST: usize = 1000;

/// As many files and folders that are gone are looked at.
const GONE_AT_MOST: usize = 1 << 18;

/// Blobs over this many bytes are carried over only if identical.
const COMPARE_AT_MOST: u64 = 32 << 20;

/// Slots in a digest; git's own number is as large.
const SLOTS: usize = 1 << 17;

/// A piece of text that counts as one: a line, or this many bytes of it.
const PIECE_AT_MOST: usize = 64;

/// A path that an added file was renamed or copied from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The path.
    pub path: BString,
    /// What was there before this change.
    pub id: ObjectId,
}

impl ChangeSet {
    /// Where the content of a file was before in the parents that have none at its path, if
    /// half of it or more was in a path that is removed (a rename) or modified (a copy) since
    /// that parent.
    ///
    /// What cannot be read is no candidate, so that its lines count as new.
    pub fn origins_of(&self, repo: &Repo, change: &Change) -> Vec<Carried> {
        let lone =
            self.parents.len() < 2 || !matches!(change.origin, Origin::Index | Origin::Commit(_));
        if lone || change.before.iter().all(Option::is_some) {
            return self.origin_of(repo, change).into_iter().collect();
        }
        let added = Change { before: vec![None], ..change.clone() };
        let apart = self.apart.get_or_init(|| self.each_apart(repo, &change.origin));
        let lacking = change.before.iter().zip(apart).filter(|(before, _)| before.is_none());
        lacking.filter_map(|(_, set)| set.as_ref()?.origin_of(repo, &added)).collect()
    }

    /// What a merge changes, to each of its parents alone.
    fn each_apart(&self, repo: &Repo, origin: &Origin) -> Vec<Option<Self>> {
        let alone = |parent: &ObjectId| match origin {
            Origin::Commit(id) => {
                let new = New::Tree(repo.commit(*id).ok()?.tree);
                compare(repo, new, &[*parent], origin.clone()).ok()
            }
            Origin::Index => index::against(repo, &[*parent]).ok(),
            Origin::File | Origin::Stdin => None,
        };
        self.parents.iter().map(alone).collect()
    }

    /// The same of a file that none of the parents has, by the first of them.
    pub(super) fn origin_of(&self, repo: &Repo, change: &Change) -> Option<Carried> {
        if change.before.iter().any(Option::is_some) {
            return None;
        }
        let mut candidates = self.gone(repo);
        candidates.extend(self.changes.iter().filter_map(|other| {
            let id = (*other.before.first()?)?;
            Some(Carried { path: other.path.clone(), id })
        }));
        let same_name = |path: &BStr| name_of(path) == name_of(change.path.as_bstr());
        // Stable, so that among equals a removed path comes before a modified one.
        candidates.sort_by_key(|candidate| !same_name(candidate.path.as_bstr()));
        if let Some(exact) = candidates.iter().find(|candidate| candidate.id == change.id) {
            return Some(exact.clone());
        }
        let new = match change.origin {
            Origin::File => repo.content(change).ok()?,
            Origin::Index | Origin::Commit(_) | Origin::Stdin => {
                repo.read_at_most(change.id, COMPARE_AT_MOST).ok()??
            }
        };
        let digest = Digest::of(&new);
        let mut best: Option<(u64, Carried)> = None;
        for candidate in candidates.into_iter().take(CANDIDATES_AT_MOST) {
            let Ok(Some(old)) = repo.read_at_most(candidate.id, COMPARE_AT_MOST) else { continue };
            let share = digest.share_of(&old);
            if share >= 50 && best.as_ref().is_none_or(|(most, _)| share > *most) {
                best = Some((share, candidate));
            }
        }
        best.map(|(_, carried)| carried)
    }

    /// The files that are gone, those of whole folders too.
    pub(super) fn gone(&self, repo: &Repo) -> Vec<Carried> {
        let mut files = Vec::new();
        let mut pending = self.removed.clone();
        // A folder that holds itself many times over would never end.
        let mut left = GONE_AT_MOST.max(pending.len());
        while let Some(removed) = pending.pop() {
            left = left.saturating_sub(1);
            match removed.thing {
                Thing::File => files.push(Carried { path: removed.path, id: removed.id }),
                Thing::Folder if left == 0 => {}
                Thing::Folder => {
                    let Ok(bytes) = repo.object(removed.id, Kind::Tree) else { continue };
                    for item in tree_items(&bytes, repo.format()).unwrap_or_default() {
                        let mut path = removed.path.clone();
                        path.extend_from_slice(item.name);
                        if item.thing == Thing::Folder {
                            path.push(b'/');
                        }
                        let (id, thing) = (item.id, item.thing);
                        pending.push(super::compare::Removed { path, id, thing });
                    }
                }
                Thing::Link | Thing::Gitlink => {}
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    }
}

fn name_of(path: &BStr) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

/// How many bytes of a text are in pieces of each hash.
struct Digest {
    bytes: Vec<u64>,
    len: u64,
}

impl Digest {
    fn of(text: &[u8]) -> Self {
        let mut bytes = vec![0; SLOTS];
        for piece in pieces(text) {
            bytes[slot(piece)] += piece.len() as u64;
        }
        Self { bytes, len: text.len() as u64 }
    }

    /// How many percent of the larger of the two texts are in both.
    fn share_of(&self, old: &[u8]) -> u64 {
        let (small, large) = {
            let old = old.len() as u64;
            (self.len.min(old), self.len.max(old))
        };
        // Too different in size, whatever is in them.
        if large == 0 || small * 2 < large {
            return 0;
        }
        let mut left = self.bytes.clone();
        let mut both = 0;
        for piece in pieces(old) {
            let left = &mut left[slot(piece)];
            let taken = (*left).min(piece.len() as u64);
            *left -= taken;
            both += taken;
        }
        both * 100 / large
    }
}

fn pieces(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').flat_map(|line| line.chunks(PIECE_AT_MOST))
}

/// FNV-1a, folded into the digest.
fn slot(piece: &[u8]) -> usize {
    let hash = piece.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    usize::try_from((hash ^ (hash >> 29)) % SLOTS as u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn half_of_the_lines_is_half_of_the_text() {
        let digest = Digest::of(b"one\ntwo\nred\nblu\n");

        assert_eq!(digest.share_of(b"two\nblu\nxxx\nyyy\n"), 50);
        assert_eq!(digest.share_of(b"aaa\nbbb\nccc\nddd\n"), 0);
    }

    proptest! {
        #[test]
        fn any_text_is_all_of_itself(text in proptest::collection::vec(any::<u8>(), 1..2000)) {
            prop_assert_eq!(Digest::of(&text).share_of(&text), 100);
        }
    }
}
