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

use super::object::Kind;
use super::repo::Repo;
use entries::Pack;
use gix_hash::ObjectId;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

#[cfg(test)]
mod tests;

/// As many folders of objects may stand behind one another; git stops at five.
const ALTERNATES: usize = 16;

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
        for folder in object_folders(&repo.common_dir().join("objects")) {
            let Ok(files) = fs::read_dir(folder.join("pack")) else { continue };
            let mut paths: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
            paths.retain(|path| path.extension().is_some_and(|ending| ending == "idx"));
            paths.sort_unstable();
            packs.extend(paths.iter().filter_map(|path| Pack::open(path, repo.format())));
        }
        Self(packs)
    }

    fn find(&self, id: &ObjectId) -> Option<Spot> {
        self.0
            .iter()
            .zip(0..)
            .find_map(|(pack, number)| Some(Spot { pack: number, entry: pack.find(id)? }))
    }
}

/// The folder itself and what its `info/alternates` name, each once.
fn object_folders(objects: &Path) -> Vec<PathBuf> {
    let mut folders = vec![objects.to_owned()];
    let mut known: HashSet<PathBuf> = fs::canonicalize(objects).into_iter().collect();
    let mut at = 0;
    while let Some(folder) = folders.get(at).cloned().filter(|_| at < ALTERNATES) {
        at += 1;
        let Ok(lines) = fs::read(folder.join("info/alternates")) else { continue };
        for line in lines.split(|byte| *byte == b'\n') {
            // A quoted name is left to the repository.
            if line.is_empty() || matches!(line.first(), Some(b'#' | b'"')) {
                continue;
            }
            let next = folder.join(OsStr::from_bytes(line));
            if fs::canonicalize(&next).is_ok_and(|path| known.insert(path)) {
                folders.push(next);
            }
        }
    }
    folders
}
