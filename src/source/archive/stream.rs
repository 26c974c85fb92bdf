//! Compressed files: gzip (RFC 1952), bzip2, xz (tukaani.org/xz/xz-file-format.txt) and
//! zstd (RFC 8878), each several streams after one another. A tar archive in one is
//! opened as it unpacks, with no copy of the whole.

use super::{DAMAGED, Kind, Spot, Walk, tar};
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use std::io::{Error, ErrorKind, Read, Result};
use xz4rust::{XzDecoder, XzNextBlockResult};

/// Memory that one stream may claim for what it refers back to; `xz -9` asks for this.
const WINDOW_AT_MOST: usize = 64 << 20;

/// Endings that compressing a file adds to its name, and what they stand for.
const ENDINGS: [(&[u8], &[u8]); 10] = [
    (b".gz", b""),
    (b".bz2", b""),
    (b".xz", b""),
    (b".zst", b""),
    (b".zstd", b""),
    (b".tgz", b".tar"),
    (b".tbz2", b".tar"),
    (b".txz", b".tar"),
    (b".tzst", b".tar"),
    (b".svgz", b".svg"),
];

/// Whether `bytes` begin as bzip2 does: after its letters, a block or the end.
pub(super) fn is_bzip2(bytes: &[u8]) -> bool {
    matches!(
        bytes.get(4..10),
        Some([0x31, 0x41, 0x59, 0x26, 0x53, 0x59] | [0x17, 0x72, 0x45, 0x38, 0x50, 0x90])
    )
}

/// Opens the compressed file that `bytes` are. `spot` is where it lies.
pub(super) fn open(walk: &mut Walk<'_>, spot: &Spot, kind: Kind, bytes: &[u8]) {
    let mut reader = walk.meter.around(unpacked(kind, bytes));
    let mut head = Vec::with_capacity(512);
    let failed = reader.by_ref().take(512).read_to_end(&mut head).is_err();
    if tar::is_tar(&head) {
        tar::open(walk, &spot.inside(vec![kind, Kind::Tar]), head.chain(reader));
    } else if !(failed && head.is_empty()) {
        walk.meter.member();
        let name = name_within(kind, bytes).unwrap_or_else(|| name_without_ending(&spot.path));
        let spot = spot.inside(vec![kind]);
        if walk.goes_on(&spot) {
            let rest = if failed { Box::new(Failing) as Box<dyn Read> } else { Box::new(reader) };
            walk.read(&spot, &name, 0, head.chain(rest));
        }
    } else {
        walk.unread(spot.path.clone(), DAMAGED.to_owned());
    }
    walk.goes_on(spot);
}

/// What `bytes`, compressed as `kind`, unpack to.
pub(super) fn unpacked(kind: Kind, bytes: &[u8]) -> Box<dyn Read + '_> {
    match kind {
        Kind::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(bytes)),
        Kind::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(bytes)),
        Kind::Xz => Box::new(Xz { decoder: xz_decoder(), rest: bytes, ended: false }),
        Kind::Zstd => Box::new(Zstd { rest: bytes, frame: None }),
        Kind::Zip | Kind::Tar | Kind::Sealed(_) => Box::new(bytes),
    }
}

/// The name that gzip keeps of what it compressed.
fn name_within(kind: Kind, bytes: &[u8]) -> Option<Vec<u8>> {
    if kind != Kind::Gzip {
        return None;
    }
    let decoder = flate2::bufread::GzDecoder::new(bytes);
    let name = decoder.header()?.filename()?;
    (!name.is_empty()).then(|| name.to_vec())
}

/// The last part of `path`, as it was before compressing.
fn name_without_ending(path: &[u8]) -> Vec<u8> {
    let name = path.rsplit(|byte| matches!(byte, b'/' | b'!')).next().unwrap_or(path);
    let bare = ENDINGS.iter().find_map(|(ending, instead)| {
        let (stem, last) = name.split_at_checked(name.len().checked_sub(ending.len())?)?;
        let fits = !stem.is_empty() && last.eq_ignore_ascii_case(ending);
        fits.then(|| [stem, instead].concat())
    });
    bare.unwrap_or_else(|| name.to_vec())
}

/// What follows where unpacking failed.
struct Failing;

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> Result<usize> {
        Err(ErrorKind::InvalidData.into())
    }
}

fn xz_decoder() -> Box<XzDecoder<'static>> {
    XzDecoder::in_heap_with_alloc_dict_size(0, WINDOW_AT_MOST)
}

/// xz streams, with the padding that may stand between them. The crate's own reader
/// reads one stream, and of what it owns.
struct Xz<'a> {
    decoder: Box<XzDecoder<'static>>,
    rest: &'a [u8],
    ended: bool,
}

impl Read for Xz<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if self.ended {
                let padding = self.rest.iter().take_while(|byte| **byte == 0).count();
                self.rest = self.rest.get(padding..).unwrap_or_default();
                if self.rest.is_empty() {
                    return Ok(0);
                }
                self.decoder.reset();
                self.ended = false;
            }
            let step = self.decoder.decode(self.rest, buffer);
            let (used, given) = match step.map_err(|_| ErrorKind::InvalidData)? {
                XzNextBlockResult::NeedMoreData(0, 0) => {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
                XzNextBlockResult::NeedMoreData(used, given) => (used, given),
                XzNextBlockResult::EndOfStream(used, given) => {
                    self.ended = true;
                    (used, given)
                }
            };
            self.rest = self.rest.get(used..).unwrap_or_default();
            if given > 0 {
                return Ok(given);
            }
        }
    }
}

/// zstd frames, those to be skipped left out.
struct Zstd<'a> {
    rest: &'a [u8],
    frame: Option<StreamingDecoder<&'a [u8], FrameDecoder>>,
}

impl<'a> Zstd<'a> {
    /// The next frame that holds something.
    fn next_frame(&mut self) -> Result<Option<StreamingDecoder<&'a [u8], FrameDecoder>>> {
        while let [0x50..=0x5f, 0x2a, 0x4d, 0x18, rest @ ..] = self.rest {
            let (size, rest) = rest.split_first_chunk().ok_or(ErrorKind::UnexpectedEof)?;
            let size = usize::try_from(u32::from_le_bytes(*size)).unwrap_or(usize::MAX);
            self.rest = rest.get(size..).ok_or(ErrorKind::UnexpectedEof)?;
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        let decoder = StreamingDecoder::new_with_max_window_size(self.rest, WINDOW_AT_MOST as u64);
        decoder.map(Some).map_err(|_| Error::from(ErrorKind::InvalidData))
    }
}

impl Read for Zstd<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(mut frame) = self.frame.take() {
                let count = frame.read(buffer)?;
                if count > 0 {
                    self.frame = Some(frame);
                    return Ok(count);
                }
                self.rest = frame.into_inner();
            }
            self.frame = self.next_frame()?;
            if self.frame.is_none() {
                return Ok(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::name_without_ending;

    #[test]
    fn a_compressed_file_is_called_as_it_was_before() {
        for (path, name) in [
            ("db/dump.sql.gz", "dump.sql"),
            ("a.zip!b/log.XZ", "log"),
            ("site.tgz", "site.tar"),
            (".gz", ".gz"),
            ("blob", "blob"),
        ] {
            assert_eq!(name_without_ending(path.as_bytes()), name.as_bytes());
        }
    }
}
