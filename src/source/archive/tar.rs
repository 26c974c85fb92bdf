//! Tar archives. Format: POSIX.1-2024, `pax`; the GNU tar manual for long names.

use super::{DAMAGED, Spot, Walk};
use ::tar::{Archive, Entry, Header, PaxExtensions};
use std::io::Read;

/// A name or the attributes of a file may take this much.
const ABOUT_AT_MOST: u64 = 1 << 20;

/// Whether `bytes` begin with a tar header: its magic, and a checksum that holds.
pub(super) fn is_tar(bytes: &[u8]) -> bool {
    if bytes.get(257..262) != Some(b"ustar") {
        return false;
    }
    let Some(block) = bytes.first_chunk::<512>() else { return false };
    let (before, rest) = block.split_at(148);
    let sum: u32 = before.iter().chain(&rest[8..]).map(|byte| u32::from(*byte)).sum();
    Header::from_byte_slice(block).cksum().is_ok_and(|told| told == sum + 8 * u32::from(b' '))
}

/// Opens the tar archive that `reader` gives. `spot` is inside of it.
pub(super) fn open(walk: &mut Walk<'_>, spot: &Spot, reader: impl Read) {
    let mut archive = Archive::new(reader);
    // What was appended by `cat` or after an early end is there all the same.
    archive.set_ignore_zeros(true);
    let Ok(entries) = archive.entries() else {
        walk.unread(spot.path.clone(), DAMAGED.to_owned());
        return;
    };
    let mut named: Option<Vec<u8>> = None;
    let mut why = DAMAGED;
    // Raw: the crate would read a name of any length, and fill the holes of sparse files.
    for entry in entries.raw(true) {
        let Ok(mut entry) = entry else {
            if walk.goes_on(spot) {
                walk.unread(spot.path.clone(), why.to_owned());
            }
            return;
        };
        let kind = entry.header().entry_type();
        if kind.is_gnu_longname() {
            let name = about(&mut entry);
            named = Some(name.split(|byte| *byte == 0).next().unwrap_or_default().to_vec());
        } else if kind.is_pax_local_extensions() {
            let about = about(&mut entry);
            let path = PaxExtensions::new(&about).flatten().find(|one| one.key_bytes() == b"path");
            named = path.map(|path| path.value_bytes().to_vec()).or(named);
        } else if !kind.is_gnu_longlink() && !kind.is_pax_global_extensions() {
            if kind.is_gnu_sparse() {
                why = "it has sparse files, after which it is not read";
            }
            walk.meter.member();
            let name = named.take().unwrap_or_else(|| entry.header().path_bytes().into_owned());
            file(walk, spot, &name, entry);
        }
        if !walk.goes_on(spot) {
            return;
        }
    }
}

fn file(walk: &mut Walk<'_>, spot: &Spot, name: &[u8], entry: Entry<'_, impl Read>) {
    let size = entry.size();
    if size > 0 && walk.meter.stop().is_none() {
        walk.read(spot, name, size, Exact { reader: entry, left: size });
    }
}

/// What a header that is about the next file says.
fn about(entry: &mut impl Read) -> Vec<u8> {
    let mut about = Vec::new();
    // What cannot be read to its end fails again at the next header.
    let _read = entry.take(ABOUT_AT_MOST).read_to_end(&mut about);
    about
}

/// Fails when the archive ends before the file does.
struct Exact<R> {
    reader: R,
    left: u64,
}

impl<R: Read> Read for Exact<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.reader.read(buffer)?;
        if count == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::is_tar;
    use crate::source::archive::Kind;

    #[test]
    fn a_text_with_the_magic_at_its_place_is_no_tar() {
        let mut text = vec![b'a'; 600];
        text[257..262].copy_from_slice(b"ustar");

        assert!(!is_tar(&text));
        assert_eq!(Kind::of(&text), None);
    }
}
