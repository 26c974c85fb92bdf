//! leakcoach's own files in a work tree, which anybody may have written.

use crate::judge::{baseline, exception};
use crate::lists::BYTES_AT_MOST;
use rustix::fs::OFlags;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// As large leakcoach's own file `name` may be.
pub(super) fn most_of(name: &str) -> usize {
    if name == baseline::FILE { BYTES_AT_MOST } else { exception::BYTES_AT_MOST }
}

/// The bytes of leakcoach's own file `name` under `top`, no more of them than are read; none
/// where there is no such file. What is no plain file of this folder is refused: a link could
/// lead anywhere, and a pipe would be waited for.
pub(super) fn small_file(top: &Path, name: &str) -> Result<Vec<u8>, String> {
    let path = top.join(name);
    let folder = path.parent().unwrap_or(top);
    let linked = |path: &Path| path.symlink_metadata().is_ok_and(|is| is.is_symlink());
    if linked(folder) || linked(&path) {
        return Err("it is behind a symbolic link".to_owned());
    }
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(&path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error.to_string()),
    };
    let told = |error: std::io::Error| error.to_string();
    if !file.metadata().map_err(told)?.is_file() {
        return Err("it is no file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(most_of(name) as u64 + 1).read_to_end(&mut bytes).map_err(told)?;
    if bytes.len() > most_of(name) { Err("it is too large".to_owned()) } else { Ok(bytes) }
}
