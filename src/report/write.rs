//! Reports to files: whole or not at all.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Puts `text` into the file at `path`. A report that was there stays whole until the new
/// one is: it is written beside and then takes the place.
pub fn file(path: &Path, text: &str) -> io::Result<()> {
    // A link keeps pointing to where it points.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = fs::metadata(&path).ok();
    if old.as_ref().is_some_and(|old| !old.is_file() && !old.is_dir()) {
        // A pipe or a device has no place to take.
        return OpenOptions::new().write(true).open(&path)?.write_all(text.as_bytes());
    }
    // Less the umask, as any program's new file.
    let mode = old.map_or_else(|| Permissions::from_mode(0o666), |old| old.permissions());
    let mut beside = tempfile::Builder::new()
        .prefix(".leakcoach-")
        .permissions(mode)
        .tempfile_in(folder_of(&path))?;
    beside.write_all(text.as_bytes())?;
    // A disk that is full may say so only now.
    beside.as_file().sync_all()?;
    beside.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

/// Adds `text` to the file at `path`.
pub fn add(path: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes())
}

/// Writes `text` to standard output. A reader that has gone has chosen to.
pub fn stdout(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// The folder that holds `path`.
pub fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}
