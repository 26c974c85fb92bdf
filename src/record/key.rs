//! The record's one key: in the keyring where there is one, else in a file beside the record.

use super::keyring::Keyring;
use super::seal::{KEY, Keys};
use super::{Fault, Place};
use crate::text::Escaped;
use data_encoding::HEXLOWER;
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The key itself.
const FILE: &str = "record.key";

/// The name under which the keyring has it.
const IN_KEYRING: &str = "record.keyring";

/// Held while a key is made, so that there is only one.
const LOCK: &str = "record.lock";

/// Where the key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPlace {
    /// In a file that only its owner reads.
    File(PathBuf),
    /// In a keyring.
    Keyring(Keyring),
}

impl std::fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "the file `{}`", Escaped::path(path)),
            Self::Keyring(keyring) => f.write_str(keyring.words()),
        }
    }
}

/// The folder, which nobody else may look into; made if it is not there.
pub(super) fn folder(place: &Place) -> Result<(), Fault> {
    let failed = |source| Fault::file("create", &place.folder, source);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&place.folder).map_err(failed)?;
    let mode = fs::metadata(&place.folder).map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        fs::set_permissions(&place.folder, fs::Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(())
}

/// The keys of a record; nothing where none was made yet.
pub(super) fn load(place: &Place) -> Result<Option<(Keys, KeyPlace)>, Fault> {
    let path = place.folder.join(FILE);
    let at = KeyPlace::File(path.clone());
    match fs::read(&path).map(Zeroizing::new) {
        Ok(bytes) => {
            let key = <[u8; KEY]>::try_from(bytes.as_slice()).map(Zeroizing::new);
            let key = key.map_err(|_| Fault::WrongKey { place: at.to_string() })?;
            return Ok(Some((Keys::of(&key), at)));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(Fault::file("read", path, error)),
    }
    let path = place.folder.join(IN_KEYRING);
    let name = match fs::read_to_string(&path) {
        Ok(name) => name,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Fault::file("read", path, error)),
    };
    let Some(keyring) = place.keyring else {
        let why = "there is none in this session, and the record's key is in it".to_owned();
        return Err(Fault::Keyring { why });
    };
    let at = KeyPlace::Keyring(keyring);
    match keyring.look_up(name.trim())? {
        Some(key) => Ok(Some((Keys::of(&key), at))),
        // `secret-tool` says the same of a keyring that is locked and of a key that is gone.
        None => Err(Fault::Keyring {
            why: format!("{at} is locked, or the record's key is gone from it"),
        }),
    }
}

/// The same, made where there is none and nothing was recorded under one.
pub(super) fn load_or_make(place: &Place) -> Result<(Keys, KeyPlace), Fault> {
    if let Some(loaded) = load(place)? {
        return Ok(loaded);
    }
    let path = place.folder.join(LOCK);
    let _locked = lock(&path, place.patience)?;
    if let Some(loaded) = load(place)? {
        return Ok(loaded);
    }
    if fs::metadata(place.database()).is_ok_and(|meta| meta.len() > 0) {
        let place = KeyPlace::File(place.folder.join(FILE)).to_string();
        return Err(Fault::KeyLost { place });
    }
    let mut key = Zeroizing::new([0; KEY]);
    getrandom::fill(&mut *key).map_err(|_| Fault::Seal)?;
    if let Some(keyring) = place.keyring
        && let Some(name) = in_keyring(keyring, &key)
    {
        write(&place.folder, IN_KEYRING, name.as_bytes())?;
        return Ok((Keys::of(&key), KeyPlace::Keyring(keyring)));
    }
    write(&place.folder, FILE, &*key)?;
    Ok((Keys::of(&key), KeyPlace::File(place.folder.join(FILE))))
}

/// Waits for the lock, and no longer than that.
fn lock(path: &Path, patience: Duration) -> Result<File, Fault> {
    let failed = |source| Fault::file("lock", path, source);
    let file = File::create(path).map_err(failed)?;
    let end = Instant::now() + patience;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => return Err(Fault::Busy),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
    }
}

/// Puts `key` into the keyring under a fresh name, if it keeps it.
fn in_keyring(keyring: Keyring, key: &[u8; KEY]) -> Option<String> {
    let mut name = [0; 8];
    getrandom::fill(&mut name).ok()?;
    let name = HEXLOWER.encode(&name);
    keyring.store(&name, key).ok()?;
    let kept = keyring.look_up(&name).ok()??;
    (*kept == *key).then_some(name)
}

/// Never seen half written, and there after a power cut.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Fault> {
    let path = folder.join(name);
    let write = || {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(&path).map_err(|error| error.error)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|source| Fault::file("write", path.clone(), source))
}
