//! `--shard i/n`: which part of the work is this machine's.

use crate::source::Coverage;
use crate::source::history::History;
use sha2::{Digest as _, Sha256};

/// No run has more shards.
const MOST: u32 = 100_000;

/// One of several shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct Shard {
    /// From one.
    pub(in crate::cli) index: u32,
    pub(in crate::cli) count: u32,
}

impl Shard {
    /// All there is.
    pub(in crate::cli) const WHOLE: Self = Self { index: 1, count: 1 };

    /// Reads `2/5`.
    pub(in crate::cli) fn parse(given: &str) -> Result<Self, String> {
        let wanted = || "expected i/n, with i from 1 to n: the third of eight is 3/8".to_owned();
        let (index, count) = given.split_once('/').ok_or_else(wanted)?;
        let number = |text: &str| {
            let plain = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| plain).ok_or_else(wanted)
        };
        let shard = Self { index: number(index)?, count: number(count)? };
        if shard.count > MOST {
            return Err(format!("more than {MOST} shards"));
        }
        if shard.index == 0 || shard.index > shard.count {
            return Err(wanted());
        }
        Ok(shard)
    }

    /// Whether what is called `name` falls to this one: that depends on nothing else, and
    /// each name falls to one shard.
    pub(in crate::cli) fn takes(self, name: &[u8]) -> bool {
        let hash = Sha256::digest(name);
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        u64::from_be_bytes(first) % u64::from(self.count) == u64::from(self.index - 1)
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

/// This shard's share of one history: all that the commits which fall to it brought.
///
/// A commit is never split, since what is told of one of its files can depend on the
/// others: renames, lists of other tools, a folder's name.
#[derive(Debug)]
pub(in crate::cli) struct Share {
    shard: Shard,
    /// For each commit and each of the words that cards were made of: its place in the
    /// order of the whole history, and how many cards there were after it.
    marks: Vec<(u64, usize)>,
    /// A hash of all that was walked: each shard must have walked the same.
    pub(in crate::cli) walk: String,
}

/// Messages and names come after all files.
const WORDS_FROM: u64 = 1 << 40;

impl Share {
    pub(in crate::cli) fn new(shard: Shard) -> Self {
        Self { shard, marks: Vec::new(), walk: String::new() }
    }

    /// Leaves in `history` what falls to this shard. What could not be walked falls to the
    /// first.
    pub(in crate::cli) fn keep(&mut self, history: &mut History) {
        let mut hash = Sha256::new();
        let mut put = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        for id in history.commits.iter().chain(&history.blobs) {
            put(id.as_slice());
        }
        for held in &history.held {
            put(&held.commit.to_be_bytes());
            put(&held.blob.to_be_bytes());
            put(&history.paths[held.path as usize]);
        }
        for hole in history.coverage.unread.iter().chain(&history.coverage.unopened) {
            put(&hole.path);
        }
        self.walk = data_encoding::HEXLOWER.encode(&hash.finalize()[..16]);
        let shard = self.shard;
        history.keep(|commit| shard.takes(commit.as_slice()));
        if shard.index > 1 {
            history.coverage = Coverage::default();
        }
    }

    /// Whether the words at this place of all falls to this shard.
    pub(in crate::cli) fn takes_words(&self, place: u64) -> bool {
        self.shard.takes(format!("words {place}").as_bytes())
    }

    /// Notes that the cards up to `cards` are of the commit at `place` or of those before.
    pub(in crate::cli) fn mark(&mut self, place: u32, cards: usize) {
        self.marks.push((place.into(), cards));
    }

    /// Notes that the cards up to `cards` are of the words at `place` or of what was before.
    pub(in crate::cli) fn mark_words(&mut self, place: u64, cards: usize) {
        self.marks.push((WORDS_FROM + place, cards));
    }

    /// The place in the order of the whole history of the card at `index`.
    pub(in crate::cli) fn order(&self, index: usize) -> u64 {
        let after = self.marks.partition_point(|(_, cards)| *cards <= index);
        self.marks.get(after).map_or(u64::MAX, |(place, _)| *place)
    }
}

#[cfg(test)]
mod tests {
    use super::{Shard, Share};
    use crate::source::history::{Held, History};
    use bstr::BString;
    use gix_hash::ObjectId;
    use proptest::prelude::*;

    #[test]
    fn a_shard_is_one_of_so_many() {
        assert_eq!(Shard::parse("3/8"), Ok(Shard { index: 3, count: 8 }));
        assert_eq!(Shard::parse("1/1"), Ok(Shard::WHOLE));
        for wrong in ["", "/", "1", "0/1", "2/1", "1/0", "-1/2", "+1/2", "1/2/3", "a/b", "1/100001"]
        {
            assert!(Shard::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_split_never_changes() {
        let mine =
            |name: &str| (1..=7).find(|i| Shard { index: *i, count: 7 }.takes(name.as_bytes()));
        let split: Vec<_> = ["a", "b", "services/api", "x.git"].into_iter().map(mine).collect();
        assert_eq!(split, [Some(5), Some(1), Some(7), Some(7)]);
    }

    /// Commits, and for each the blobs that it brought.
    fn commits() -> impl Strategy<Value = Vec<([u8; 20], Vec<u32>)>> {
        let blobs = proptest::collection::vec(0..9_u32, 0..5);
        proptest::collection::vec((any::<[u8; 20]>(), blobs), 0..20)
    }

    fn history(commits: &[([u8; 20], Vec<u32>)]) -> History {
        let held = commits.iter().zip(0..).flat_map(|((_, blobs), commit)| {
            blobs.iter().map(move |blob| Held { path: *blob, blob: *blob, commit })
        });
        let ids = commits.iter().map(|(id, _)| ObjectId::from(*id)).collect();
        let paths = (0..9).map(|number| BString::from(format!("file {number}"))).collect();
        let blobs = (0..9).map(|number| ObjectId::from([number; 20])).collect();
        History::made(held.collect(), paths, blobs, ids)
    }

    /// The path, blob and commit of each.
    fn told(history: &History) -> Vec<(BString, ObjectId, u32)> {
        let of = |held: &Held| {
            let (path, blob) = (held.path as usize, held.blob as usize);
            (history.paths[path].clone(), history.blobs[blob], held.commit)
        };
        history.held.iter().map(of).collect()
    }

    proptest! {
        #[test]
        fn each_name_falls_to_exactly_one_shard(name: Vec<u8>, count in 1..60_u32) {
            let takes = |index: &u32| Shard { index: *index, count }.takes(&name);
            prop_assert_eq!((1..=count).filter(takes).count(), 1);
        }

        #[test]
        fn shards_of_a_history_are_the_whole_in_its_order(commits in commits(), count in 1..9_u32) {
            let whole = history(&commits);
            let mut all = Vec::new();
            let mut walks = std::collections::HashSet::new();
            for index in 1..=count {
                let mut share = Share::new(Shard { index, count });
                let mut history = history(&commits);
                share.keep(&mut history);
                walks.insert(share.walk.clone());
                for (card, held) in told(&history).into_iter().enumerate() {
                    share.mark(held.2, card + 1);
                    all.push((share.order(card), held));
                }
            }
            all.sort_by_key(|(order, _)| *order);
            let all: Vec<_> = all.into_iter().map(|(_, held)| held).collect();
            prop_assert_eq!(all, told(&whole));
            prop_assert_eq!(walks.len(), 1);
        }
    }
}
