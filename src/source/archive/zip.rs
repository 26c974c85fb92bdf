//! Zip archives, and what is one under another name: jar, war, whl, nupkg, apk, docx…
//!
//! Format: PKWARE's APPNOTE.TXT 6.3.10. The central directory counts, as for everybody
//! who unpacks.

use super::{DAMAGED, Kind, Spot, Walk, stream};
use crc32fast::Hasher;
use rawzip::{CompressionMethod, ZipArchive, ZipFileHeaderRecord, ZipSliceEntry};
use std::borrow::Cow;
use std::io::Read;

/// Opens the zip archive that `bytes` are.
pub(super) fn open(walk: &mut Walk<'_>, spot: &Spot, bytes: &[u8]) {
    let Ok(archive) = ZipArchive::from_slice(bytes) else {
        walk.unread(spot.path.clone(), DAMAGED.to_owned());
        return;
    };
    let mut entries = archive.entries();
    let mut count = 0_u64;
    loop {
        match entries.next_entry() {
            Ok(Some(entry)) => {
                count += 1;
                walk.meter.member();
                if !walk.goes_on(spot) {
                    return;
                }
                match archive.get_entry(entry.wayfinder()) {
                    Ok(data) => member(walk, spot, &entry, &data),
                    Err(_) => walk.unread(spot.path_of(&name_of(&entry)), DAMAGED.to_owned()),
                }
                if !walk.goes_on(spot) {
                    return;
                }
            }
            // The number is kept in sixteen bits where nothing needs more.
            Ok(None) if count % 0x1_0000 == archive.entries_hint() % 0x1_0000 => return,
            Ok(None) | Err(_) => {
                walk.unread(spot.path.clone(), DAMAGED.to_owned());
                return;
            }
        }
    }
}

fn member(
    walk: &mut Walk<'_>,
    spot: &Spot,
    entry: &ZipFileHeaderRecord<'_>,
    data: &ZipSliceEntry<'_>,
) {
    let name = name_of(entry);
    let packed = data.data();
    if entry.flags().is_encrypted() || entry.compression_method() == CompressionMethod::AES {
        walk.unread(spot.path_of(&name), "it is encrypted".to_owned());
        return;
    }
    let unpacked: Box<dyn Read + '_> = match entry.compression_method() {
        CompressionMethod::STORE => Box::new(packed),
        CompressionMethod::DEFLATE => Box::new(flate2::bufread::DeflateDecoder::new(packed)),
        CompressionMethod::BZIP2 => stream::unpacked(Kind::Bzip2, packed),
        CompressionMethod::XZ => stream::unpacked(Kind::Xz, packed),
        CompressionMethod::ZSTD | CompressionMethod::ZSTD_DEPRECATED => {
            stream::unpacked(Kind::Zstd, packed)
        }
        other => {
            let method = other.name().map_or_else(|| other.as_u16().to_string(), str::to_owned);
            let why = format!("it is packed by method {method}, which cannot be unpacked");
            walk.unread(spot.path_of(&name), why);
            return;
        }
    };
    let size = entry.uncompressed_size_hint();
    let reader = walk.meter.around(unpacked);
    walk.read(spot, &name, size, Checked { reader, sum: Hasher::new(), told: entry.crc32() });
}

/// Fails at the end when the checksum is not the one told. The crate's own verifier
/// withholds the last bytes then.
struct Checked<R> {
    reader: R,
    sum: Hasher,
    told: u32,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.sum.update(buffer.get(..count).unwrap_or_default());
        if count == 0 && !buffer.is_empty() && self.sum.clone().finalize() != self.told {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
        Ok(count)
    }
}

/// The entry's name, with Windows' separators as everybody's.
fn name_of<'a>(entry: &ZipFileHeaderRecord<'a>) -> Cow<'a, [u8]> {
    let name = entry.file_path().as_bytes();
    if name.contains(&b'\\') {
        name.iter().map(|byte| if *byte == b'\\' { b'/' } else { *byte }).collect()
    } else {
        Cow::Borrowed(name)
    }
}
