//! What a pack holds, in the order of the file.

use super::Kind;
use flate2::{Decompress, FlushDecompress, Status};
use gix_hash::ObjectId;
use gix_pack::data::Entry as Header;
use gix_pack::data::entry::Header as Form;
use gix_pack::index;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// That an entry has no base, or none that can be read.
pub(super) const NONE: u32 = u32::MAX;

/// How many bytes of a pack are looked at together for the headers of its entries.
const READ: usize = 1 << 20;

/// A header is at most this long: ten bytes of size and the id or distance of a base.
const HEADER: usize = 10 + 32;

/// Larger objects are left to the repository, which reads them in one way or another.
pub(super) const LARGEST: u64 = 64 << 20;

/// One pack.
pub(super) struct Pack {
    file: File,
    index: index::File<gix_pack::MMap>,
    entries: Vec<Entry>,
    /// The entry of each object, in the order of the index.
    at: Vec<u32>,
    end: u64,
}

/// One object of a pack.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// Where it begins.
    offset: u64,
    /// The entry that it is made of.
    pub(super) base: u32,
    /// Of one that is not made of another.
    pub(super) kind: Option<Kind>,
    /// How many bytes there are, of the object or of the delta.
    size: u32,
    /// Where its content begins, from its start.
    head: u8,
}

/// What one thread needs to unpack entries.
pub(super) struct Unpacker {
    inflate: Decompress,
    packed: Vec<u8>,
}

impl Default for Unpacker {
    fn default() -> Self {
        Self { inflate: Decompress::new(true), packed: Vec::new() }
    }
}

impl Pack {
    /// The pack whose index is at `path`; nothing when it cannot be read.
    pub(super) fn open(path: &Path, format: gix_hash::Kind) -> Option<Self> {
        let index = index::File::at(path, format).ok()?;
        let file = File::open(path.with_extension("pack")).ok()?;
        let end = file.metadata().ok()?.len().checked_sub(format.len_in_bytes() as u64)?;
        let count = index.num_objects();
        let mut order: Vec<(u64, u32)> =
            (0..count).map(|object| (index.pack_offset_at_index(object), object)).collect();
        order.sort_unstable();
        let mut at = vec![NONE; order.len()];
        for (entry, (_, object)) in (0..).zip(&order) {
            at[*object as usize] = entry;
        }
        let mut pack = Self { file, index, entries: Vec::with_capacity(order.len()), at, end };
        pack.read_headers(&order, format)?;
        Some(pack)
    }

    fn read_headers(&mut self, order: &[(u64, u32)], format: gix_hash::Kind) -> Option<()> {
        let (mut buffer, mut from) = (Vec::new(), 0_u64);
        for (offset, _) in order.iter().copied() {
            let start = offset.checked_sub(from).and_then(|start| usize::try_from(start).ok());
            let start = if let Some(start) = start.filter(|start| start + HEADER <= buffer.len()) {
                start
            } else {
                let length = self.end.checked_sub(offset)?.min(READ as u64);
                buffer.resize(usize::try_from(length).ok()?, 0);
                self.file.read_exact_at(&mut buffer, offset).ok()?;
                from = offset;
                0
            };
            let mut entry = Entry { offset, base: NONE, kind: None, size: u32::MAX, head: 0 };
            if let Ok(header) = Header::from_bytes(&buffer[start..], offset, format) {
                entry.head = u8::try_from(header.data_offset - offset).ok()?;
                let size = header.decompressed_size;
                entry.size =
                    u32::try_from(size).ok().filter(|_| size <= LARGEST).unwrap_or(u32::MAX);
                match header.header {
                    Form::Commit => entry.kind = Some(Kind::Commit),
                    Form::Tree => entry.kind = Some(Kind::Tree),
                    Form::Blob => entry.kind = Some(Kind::Blob),
                    Form::Tag => entry.kind = Some(Kind::Tag),
                    Form::OfsDelta { base_distance } => {
                        let base = offset.checked_sub(base_distance);
                        let base =
                            base.and_then(|base| order.binary_search_by_key(&base, |o| o.0).ok());
                        entry.base = base.map_or(NONE, |base| u32::try_from(base).unwrap_or(NONE));
                    }
                    Form::RefDelta { base_id } => {
                        entry.base = self.find(&base_id).unwrap_or(NONE);
                    }
                }
            }
            self.entries.push(entry);
        }
        Some(())
    }

    /// The entry of an object.
    pub(super) fn find(&self, id: &ObjectId) -> Option<u32> {
        let object = self.index.lookup(id)?;
        self.at.get(object as usize).copied()
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Puts what an entry holds into `out`: the object, or the delta that makes it. Nothing
    /// when it is damaged, or too large.
    pub(super) fn unpack(&self, number: u32, by: &mut Unpacker, out: &mut Vec<u8>) -> Option<()> {
        let entry = self.entries.get(number as usize)?;
        if entry.size == u32::MAX {
            return None;
        }
        let next = self.entries.get(number as usize + 1).map_or(self.end, |next| next.offset);
        let start = entry.offset + u64::from(entry.head);
        let length = usize::try_from(next.checked_sub(start)?).ok()?;
        by.packed.resize(length, 0);
        self.file.read_exact_at(&mut by.packed, start).ok()?;
        by.inflate.reset(true);
        let size = entry.size as usize;
        out.clear();
        out.reserve_exact(size + 1);
        loop {
            let (read, had) = (by.inflate.total_in(), out.len());
            let rest = by.packed.get(usize::try_from(read).ok()?..)?;
            let status = by.inflate.decompress_vec(rest, out, FlushDecompress::Finish).ok()?;
            if status == Status::StreamEnd {
                return (out.len() == size).then_some(());
            }
            // A stream that is longer than it says, or that ends too early.
            if out.len() > size || (by.inflate.total_in() == read && out.len() == had) {
                return None;
            }
        }
    }
}
