//! The key of finding ids: made once for each repository, kept where only its owner reads.
//! Beside it lies what was stretched under it.

use crate::error::Error;
use crate::judge::Actor;
use crate::judge::fingerprint::{KEY_BYTES, Key};
use crate::judge::stretch::Stretcher;
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Where the key lies, in the folder that all work trees share.
const FILE: &str = "leakcoach.key";

/// Where the stretched hashes lie, beside the key.
const STRETCHED: &str = "leakcoach.stretched";

/// The fewest bytes of a key that is given: with fewer, an id would let its credential be
/// guessed.
const LEAST: usize = 16;

/// A key, and whether the next run has it too.
pub(super) struct Kept {
    pub(super) key: Key,
    pub(super) lasts: bool,
}

/// The key that `LEAKCOACH_KEY` gives, for pipelines, whose clones never have one.
pub(super) fn shared() -> Result<Option<Kept>, Error> {
    let Some(given) = crate::cli::env::id_key() else { return Ok(None) };
    if given.len() < LEAST {
        return Err(Error::Usage(format!("LEAKCOACH_KEY has fewer than {LEAST} bytes")));
    }
    let key = Key::new(Sha256::digest(given.as_slice()).into());
    Ok(Some(Kept { key, lasts: true }))
}

/// The key in a repository's shared `folder`, made now if it is not there. `None` where none can be kept:
/// cards then go without an id.
pub(super) fn key(folder: &Path) -> Option<Kept> {
    // Asked for more than once in a run: what the run made is not what outlasts it.
    static MADE: AtomicBool = AtomicBool::new(false);
    let path = folder.join(FILE);
    let key = read(&path).or_else(|| {
        MADE.store(true, Ordering::Relaxed);
        let made = make(folder, &path);
        // Another hook may have made it in the meantime: then its key counts.
        read(&path).or(made)
    })?;
    // A clone made for one run loses it again.
    let lost = MADE.load(Ordering::Relaxed) && crate::cli::env::actor() == Actor::Ci;
    Some(Kept { key, lasts: !lost })
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

/// A repository's stretcher. What it made is kept when the run ends: it costs seconds
/// where there are hundreds.
pub(super) struct Stretches {
    stretcher: Stretcher,
    /// Where it is kept, if anywhere.
    path: Option<PathBuf>,
}

impl Stretches {
    /// That of the repository with the shared `folder`; one that forgets where there is
    /// none, or no key can be kept in it.
    pub(super) fn of(folder: Option<&Path>) -> Self {
        let kept = |folder: &Path| shared().ok().flatten().or_else(|| key(folder));
        let Some((folder, Kept { key, .. })) =
            folder.and_then(|folder| Some((folder, kept(folder)?)))
        else {
            return Self { stretcher: Stretcher::new(passing_key(), b""), path: None };
        };
        let path = folder.join(STRETCHED);
        let memory = fs::read(&path).unwrap_or_default();
        Self { stretcher: Stretcher::new(key, &memory), path: Some(path) }
    }
}

/// A key for this run alone.
fn passing_key() -> Key {
    let mut bytes = [0; KEY_BYTES];
    // It never leaves this process: without random bytes, zeros do.
    let _filled = getrandom::fill(&mut bytes);
    Key::new(bytes)
}

impl std::ops::Deref for Stretches {
    type Target = Stretcher;

    fn deref(&self) -> &Stretcher {
        &self.stretcher
    }
}

impl Drop for Stretches {
    fn drop(&mut self) {
        let (Some(path), Some(memory)) = (&self.path, self.stretcher.memory()) else { return };
        let write = || {
            let folder = path.parent().unwrap_or(Path::new("."));
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(&memory)?;
            file.persist(path).map_err(|error| error.error)
        };
        // Where it cannot be kept, it is made again.
        let _kept = write();
    }
}
