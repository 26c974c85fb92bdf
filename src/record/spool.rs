//! Events that could not be put into the database while another program held it: sealed
//! files that the next one to record takes in.

use super::seal::Keys;
use super::{Event, Fault};
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

const FOLDER: &str = "spool";
const ABOUT: &[u8] = b"leakcoach spool 2 ";

/// As many are taken in at once.
const AT_ONCE: usize = 1000;

/// What was put aside at once.
pub(super) struct Batch {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) events: Vec<Event>,
}

/// Puts events aside.
pub(super) fn put(folder: &Path, keys: &Keys, events: &[Event]) -> Result<(), Fault> {
    let folder = folder.join(FOLDER);
    let text = serde_json::to_vec(events).map_err(|_| Fault::Seal)?;
    let write = || {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let mut file = tempfile::Builder::new().prefix("").suffix(".new").tempfile_in(&folder)?;
        let path = file.path().with_extension("sealed");
        // Under another name it would be taken in a second time.
        let sealed = keys.seal(&about(&path), &text).ok_or(std::io::ErrorKind::Other)?;
        file.write_all(&sealed)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map_err(|error| error.error)?;
        File::open(&folder)?.sync_all()
    };
    write().map_err(|source| Fault::file("write", folder.clone(), source))
}

/// What a batch is sealed for: the file of its name.
fn about(path: &Path) -> Vec<u8> {
    [ABOUT, path.file_name().map_or(&b""[..], OsStrExt::as_bytes)].concat()
}

/// What was put aside before, oldest first. What is not ours, or not whole, stays.
pub(super) fn waiting(folder: &Path, keys: &Keys) -> Vec<Batch> {
    let Ok(entries) = fs::read_dir(folder.join(FOLDER)) else { return Vec::new() };
    let mut batches: Vec<Batch> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "sealed"))
        .take(AT_ONCE)
        .filter_map(|path| {
            let text = keys.unseal(&about(&path), &fs::read(&path).ok()?)?;
            let events = serde_json::from_slice(text.trim_ascii_end()).ok()?;
            let name = path.file_name()?.to_str()?.to_owned();
            Some(Batch { name, path, events })
        })
        .collect();
    batches.sort_by_key(|batch| batch.events.first().map(|event| event.at));
    batches
}

/// How many wait, whether they can be opened or not.
pub(super) fn count(folder: &Path) -> usize {
    fs::read_dir(folder.join(FOLDER)).map_or(0, |entries| {
        let ours = |path: PathBuf| path.extension().is_some_and(|ending| ending == "sealed");
        entries.flatten().filter(|entry| ours(entry.path())).count()
    })
}
