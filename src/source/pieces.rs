//! Files of any size, a piece at a time, so that none is held whole.
//!
//! Pieces overlap: a credential at the edge of one is within another. Each finding is
//! told of once, by the piece in whose own part it begins; on either side of that part
//! there is half an overlap to be understood by. Only an archive is given whole, up to a
//! limit, for it cannot be opened otherwise.

use super::archive;
use super::decode::Encoding;
use std::borrow::Cow;
use std::io::{Read, Result};
use std::ops::Range;

/// How a file is cut.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    /// Bytes of a piece, a multiple of four. A file that has fewer is one.
    pub piece: usize,
    /// Bytes that two pieces have in common. A multiple of eight, as UTF-32 needs it.
    pub overlap: usize,
    /// Bytes of the largest archive that is given whole.
    pub archive: u64,
}

impl Default for Cut {
    fn default() -> Self {
        Self { piece: 8 << 20, overlap: 128 << 10, archive: 256 << 20 }
    }
}

/// A part of a file.
#[derive(Debug)]
pub struct Piece<'a> {
    /// Its bytes, as they are stored.
    pub raw: &'a [u8],
    /// The same in UTF-8.
    pub text: Cow<'a, [u8]>,
    /// How many lines stand before it.
    pub lines_before: usize,
    /// Whether it is all of the file.
    pub whole: bool,
    /// What of `text` no other piece tells of.
    own: Range<usize>,
}

impl<'a> Piece<'a> {
    /// All of a file.
    pub fn whole(raw: &'a [u8]) -> Self {
        let text = Encoding::of(raw).decode(raw);
        Self { raw, own: 0..text.len(), text, lines_before: 0, whole: true }
    }

    /// Whether it is where the file begins.
    pub fn is_first(&self) -> bool {
        self.own.start == 0 && self.lines_before == 0
    }

    /// Whether what begins at `offset` of its text is told of by this piece.
    pub fn owns(&self, offset: usize) -> bool {
        self.own.contains(&offset) || self.whole
    }

    /// How many lines end in its own part.
    pub fn own_lines(&self) -> usize {
        let own = self.text.get(self.own.clone()).unwrap_or_default();
        memchr::memchr_iter(b'\n', own).count()
    }
}

/// What was read of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Bytes.
    pub bytes: u64,
    /// Whether it is an archive too large to be opened.
    pub sealed: bool,
}

/// Why an archive was not opened.
pub const TOO_LARGE: &str = "an archive too large to be opened, looked at from outside";

/// Gives `each` the pieces of what `reader` reads, in order. `len` is how many bytes it
/// is said to have.
pub fn read(
    mut reader: impl Read,
    len: u64,
    cut: &Cut,
    buffer: &mut Vec<u8>,
    each: &mut dyn FnMut(&Piece<'_>),
) -> Result<Extent> {
    buffer.clear();
    // A length is a claim; what is set aside for it is no more than a piece.
    let expected = usize::try_from(len).unwrap_or(usize::MAX).saturating_add(1);
    buffer.try_reserve_exact(expected.min(cut.piece))?;
    fill(&mut reader, cut.piece, buffer)?;
    let mut sealed = false;
    if buffer.len() == cut.piece && archive::is_archive(buffer) {
        let most = usize::try_from(cut.archive).unwrap_or(usize::MAX);
        sealed = len > cut.archive;
        if !sealed {
            fill(&mut reader, most.saturating_add(1), buffer)?;
            // It may have grown since.
            sealed = buffer.len() > most;
        }
        if !sealed {
            each(&Piece::whole(buffer));
            return Ok(Extent { bytes: buffer.len() as u64, sealed });
        }
    }
    if buffer.len() < cut.piece {
        each(&Piece::whole(buffer));
        return Ok(Extent { bytes: buffer.len() as u64, sealed });
    }
    let encoding = Encoding::of(buffer);
    let (mut bytes, mut lines_before, mut first) = (buffer.len() as u64, 0, true);
    loop {
        let last = buffer.len() < cut.piece;
        let half = cut.overlap / 2;
        let start = if first { 0 } else { half.min(buffer.len()) };
        let end = if last { buffer.len() } else { buffer.len() - half };
        each(&piece(buffer, start..end, encoding, lines_before));
        if last {
            return Ok(Extent { bytes, sealed });
        }
        let next = buffer.len() - cut.overlap;
        lines_before += encoding.lines(buffer.get(..next).unwrap_or_default());
        buffer.drain(..next);
        let kept = buffer.len();
        fill(&mut reader, cut.piece, buffer)?;
        bytes += (buffer.len() - kept) as u64;
        first = false;
    }
}

/// Reads until `buffer` has `size` bytes, or there are no more.
fn fill(reader: &mut impl Read, size: usize, buffer: &mut Vec<u8>) -> Result<()> {
    let wanted = size.saturating_sub(buffer.len()) as u64;
    reader.by_ref().take(wanted).read_to_end(buffer).map(drop)
}

/// The piece `raw`, of which `own` is its own.
fn piece(raw: &[u8], own: Range<usize>, encoding: Encoding, lines_before: usize) -> Piece<'_> {
    if let (Encoding::Utf8, text @ Cow::Borrowed(_)) = (encoding, encoding.decode(raw)) {
        return Piece { raw, text, lines_before, whole: false, own };
    }
    let part = |range: Range<usize>| encoding.decode(raw.get(range).unwrap_or_default());
    let mut text = part(0..own.start).into_owned();
    let start = text.len();
    text.extend_from_slice(&part(own.clone()));
    let own_text = start..text.len();
    text.extend_from_slice(&part(own.end..raw.len()));
    Piece { raw, text: Cow::Owned(text), lines_before, whole: false, own: own_text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SMALL: Cut = Cut { piece: 32, overlap: 8, archive: 64 };

    /// What all pieces own, put together, and how the file was read.
    fn joined(bytes: &[u8]) -> (Vec<u8>, Extent) {
        let mut all = Vec::new();
        let extent = read(bytes, bytes.len() as u64, &SMALL, &mut Vec::new(), &mut |piece| {
            let before = memchr::memchr_iter(b'\n', &all).count();
            let own = if piece.whole { 0..piece.text.len() } else { piece.own.clone() };
            let lead = memchr::memchr_iter(b'\n', &piece.text[..own.start]).count();
            assert_eq!(piece.lines_before + lead, before, "lines are counted on");
            assert!((0..piece.text.len()).all(|at| piece.owns(at) == own.contains(&at)));
            all.extend_from_slice(&piece.text[own]);
        });
        (all, extent.unwrap())
    }

    #[test]
    fn utf_16_is_cut_between_its_letters() {
        let text: String = "one\ntwo\r\n\u{e4}\n\n".repeat(12);
        let marked: Vec<u8> =
            std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(joined(&marked).0, text.as_bytes());
    }

    #[test]
    fn an_archive_is_whole_up_to_its_limit() {
        let archive = |len: usize| [b"PK\x03\x04".as_slice(), &vec![b'x'; len - 4]].concat();
        for (len, pieces, sealed) in [(20, 1, false), (60, 1, false), (64, 1, false), (90, 4, true)]
        {
            let (mut count, bytes) = (0, archive(len));
            let extent = read(&*bytes, len as u64, &SMALL, &mut Vec::new(), &mut |_| count += 1);
            let extent = extent.unwrap();
            assert_eq!((count, extent.sealed, extent.bytes), (pieces, sealed, len as u64), "{len}");
        }
    }

    proptest! {
        #[test]
        fn each_byte_is_owned_once_and_in_order(bytes in "[a-c\n]{0,200}") {
            let (all, extent) = joined(bytes.as_bytes());
            prop_assert_eq!(all, bytes.as_bytes());
            prop_assert_eq!(extent.bytes, bytes.len() as u64);
        }

        #[test]
        fn any_bytes_are_read_to_their_end(bytes: Vec<u8>) {
            prop_assert_eq!(joined(&bytes).1.bytes, bytes.len() as u64);
        }
    }
}
