//! The key of finding ids: made once for each repository, kept where only its owner reads.

use crate::judge::fingerprint::{KEY_BYTES, Key};
use std::fs;
use std::io::Write;
use std::path::Path;

/// Where the key lies, in the folder that all work trees share.
const FILE: &str = "leakcoach.key";

/// The key in a repository's shared `folder`, made now if it is not there. `None` where none can be kept:
/// cards then go without an id.
pub(super) fn key(folder: &Path) -> Option<Key> {
    let path = folder.join(FILE);
    read(&path).or_else(|| {
        let made = make(folder, &path);
        // Another hook may have made it in the meantime: then its key counts.
        read(&path).or(made)
    })
}

fn read(path: &Path) -> Option<Key> {
    let bytes: [u8; KEY_BYTES] = fs::read(path).ok()?.try_into().ok()?;
    Some(Key::new(bytes))
}

fn make(folder: &Path, path: &Path) -> Option<Key> {
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes).ok()?;
    // Made with mode 0600, and never seen half written.
    let mut file = tempfile::NamedTempFile::new_in(folder).ok()?;
    file.write_all(&bytes).ok()?;
    file.persist_noclobber(path).ok()?;
    Some(Key::new(bytes))
}
