//! Loose objects, read without libgit2.
//!
//! libgit2 1.9.7 waits for ever for the rest of a loose object that was cut short
//! (`git_zstream_get_output` makes no progress and does not say so), and a crash leaves
//! just such files behind. What is not loose here is left to it.

use super::object::Kind;
use bstr::ByteSlice;
use flate2::bufread::ZlibDecoder;
use gix_hash::ObjectId;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A header is at most this long: a kind, a blank, a size, a zero byte.
const HEADER: usize = 32;

/// As many folders of objects are looked into. git itself follows five in a row.
const FOLDERS_AT_MOST: usize = 64;

/// The folder `objects` and those that it borrows from, each once (gitrepository-layout(5),
/// `objects/info/alternates`).
pub(super) fn folders(objects: &Path) -> Vec<PathBuf> {
    let mut found = vec![objects.to_owned()];
    let mut at = 0;
    while let Some(folder) = found.get(at).cloned() {
        at += 1;
        let Ok(text) = std::fs::read(folder.join("info/alternates")) else { continue };
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with(b"#")) {
            let Ok(other) = folder.join(line.to_path_lossy()).canonicalize() else { continue };
            if found.len() < FOLDERS_AT_MOST && !found.contains(&other) {
                found.push(other);
            }
        }
    }
    found
}

/// The object `id` in the folder `objects`, or its first part.
///
/// Nothing when it is not there as a loose object. `at_most` bounds what is read of the
/// content; a longer object gives `Loose::Larger`.
pub(super) fn read(objects: &Path, id: &ObjectId, at_most: u64) -> Option<Result<Loose, String>> {
    let hex = id.to_hex().to_string();
    let (folder, file) = hex.split_at_checked(2)?;
    let packed = std::fs::read(objects.join(folder).join(file)).ok()?;
    Some(unpack(&packed, at_most))
}

/// A loose object.
#[derive(Debug)]
pub(super) enum Loose {
    /// All of it.
    Whole(Kind, Vec<u8>),
    /// It is larger than asked for.
    Larger(Kind),
}

fn unpack(packed: &[u8], at_most: u64) -> Result<Loose, String> {
    let damaged = || "its object is damaged: git fsck names it".to_owned();
    let mut decoder = ZlibDecoder::new(packed);
    let mut head = [0; HEADER];
    let mut used = 0;
    let end = loop {
        let got = decoder.read(&mut head[used..]).map_err(|_| damaged())?;
        used += got;
        if let Some(end) = memchr::memchr(0, &head[..used]) {
            break end;
        }
        if got == 0 {
            return Err(damaged());
        }
    };
    let (kind, size) = parse(&head[..end]).ok_or_else(damaged)?;
    if size > at_most {
        return Ok(Loose::Larger(kind));
    }
    // A size that the file cannot hold is a lie (deflate reaches about a thousandfold).
    let plausible = packed.len() as u64 * 1040 + 64;
    if size > plausible {
        return Err(damaged());
    }
    let mut content = head[end + 1..used].to_vec();
    content.reserve(usize::try_from(size).unwrap_or(0));
    decoder.take(size + 1).read_to_end(&mut content).map_err(|_| damaged())?;
    if content.len() as u64 == size { Ok(Loose::Whole(kind, content)) } else { Err(damaged()) }
}

/// `blob 1234`
fn parse(header: &[u8]) -> Option<(Kind, u64)> {
    let blank = memchr::memchr(b' ', header)?;
    let (kind, size) = header.split_at(blank);
    let size = std::str::from_utf8(size.get(1..)?).ok()?.parse().ok()?;
    Some((Kind::of_name(kind)?, size))
}

#[cfg(test)]
mod tests {
    use super::{Loose, unpack};
    use flate2::{Compression, write::ZlibEncoder};
    use proptest::prelude::*;
    use std::io::Write;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn an_object_is_read_to_its_last_byte() {
        let Ok(Loose::Whole(_, content)) = unpack(&packed(b"blob 3\0abc"), u64::MAX) else {
            panic!("not read")
        };
        assert_eq!(content, b"abc");
        assert!(matches!(unpack(&packed(b"blob 3\0abc"), 2), Ok(Loose::Larger(_))));
    }

    #[test]
    fn what_is_cut_short_or_lies_about_its_size_is_damaged() {
        let whole = packed(&[b"blob 4000\0", b"abcdefgh".repeat(500).as_slice()].concat());
        for length in 0..whole.len() {
            assert!(unpack(&whole[..length], u64::MAX).is_err(), "{length}");
        }
        for text in [&b"blob 4\0abc"[..], b"blob 2\0abc", b"blob -1\0", b"thing 3\0abc", b"blob 9"]
        {
            assert!(unpack(&packed(text), u64::MAX).is_err());
        }
        assert!(unpack(&packed(b"blob 9999999999999\0abc"), u64::MAX).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_hang(bytes: Vec<u8>) {
            let _any = unpack(&bytes, u64::MAX);
        }
    }
}
