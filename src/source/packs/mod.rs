//! Packs, read in the order in which their objects are made of one another
//! (gitformat-pack(5)).
//!
//! Read by id, each object of a history costs the whole chain of deltas below it. Read in
//! this order, each is unpacked once, and what it has that its base has not is known
//! without a comparison. What cannot be read here is left to the repository, which says why.

mod cache;
mod delta;
mod entries;
mod walk;

pub(super) use cache::Reader;
pub use walk::Unpacked;

use super::loose;
use super::object::Kind;
use super::repo::Repo;
use entries::Pack;
use gix_hash::ObjectId;
use std::fs;
use std::path::PathBuf;

#[cfg(test)]
mod tests;

/// All packs of a repository and of those that it borrows objects of.
pub(super) struct Packs(Vec<Pack>);

/// Where an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Spot {
    pack: u32,
    entry: u32,
}

impl Packs {
    /// Those that can be read.
    pub(super) fn of(repo: &Repo) -> Self {
        let mut packs = Vec::new();
        for folder in loose::folders(&repo.common_dir().join("objects")) {
            let Ok(files) = fs::read_dir(folder.join("pack")) else { continue };
            let mut paths: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
            paths.retain(|path| path.extension().is_some_and(|ending| ending == "idx"));
            paths.sort_unstable();
            packs.extend(paths.iter().filter_map(|path| Pack::open(path, repo.format())));
        }
        Self(packs)
    }

    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    fn find(&self, id: &ObjectId) -> Option<Spot> {
        self.0
            .iter()
            .zip(0..)
            .find_map(|(pack, number)| Some(Spot { pack: number, entry: pack.find(id)? }))
    }
}
