//! Objects one by one, where neighbours in history are made of one another.

use super::entries::{NONE, Unpacker};
use super::{Packs, Spot, delta};
use crate::source::object::Kind;
use gix_hash::ObjectId;
use std::collections::HashMap;
use std::sync::Arc;

/// How many bytes of objects are kept, twice.
const KEPT: usize = 16 << 20;

/// Reads objects, and keeps those that were read last.
pub(in crate::source) struct Reader {
    packs: Arc<Packs>,
    by: Unpacker,
    delta: Vec<u8>,
    /// Those read since `older` was filled.
    newer: HashMap<Spot, (Kind, Arc<[u8]>)>,
    older: HashMap<Spot, (Kind, Arc<[u8]>)>,
    bytes: usize,
}

impl Reader {
    pub(in crate::source) fn of(packs: Arc<Packs>) -> Self {
        let (newer, older) = (HashMap::new(), HashMap::new());
        Self { packs, by: Unpacker::default(), delta: Vec::new(), newer, older, bytes: 0 }
    }

    /// The packs it reads.
    pub(in crate::source) fn packs(&self) -> &Arc<Packs> {
        &self.packs
    }

    /// The object `id`; nothing when it is in no pack, is damaged, too large or of another
    /// kind.
    pub(in crate::source) fn read(&mut self, id: &ObjectId, kind: Kind) -> Option<Arc<[u8]>> {
        let spot = self.packs.find(id)?;
        let packs = Arc::clone(&self.packs);
        let pack = &packs.0[spot.pack as usize];
        // Down to what is kept, or to what is made of nothing else.
        let mut chain = Vec::new();
        let mut at = spot;
        let mut bytes = loop {
            if let Some((known, bytes)) = self.kept(at) {
                if known != kind {
                    return None;
                }
                break bytes;
            }
            let entry = pack.entries().get(at.entry as usize)?;
            if entry.base == NONE {
                if entry.kind != Some(kind) {
                    return None;
                }
                let mut out = Vec::new();
                pack.unpack(at.entry, &mut self.by, &mut out)?;
                break self.keep(at, kind, out);
            }
            // As long is no chain but a circle.
            if chain.len() > pack.entries().len() {
                return None;
            }
            chain.push(at);
            at.entry = entry.base;
        };
        let mut fresh = Vec::new();
        for at in chain.into_iter().rev() {
            let mut delta = std::mem::take(&mut self.delta);
            pack.unpack(at.entry, &mut self.by, &mut delta)?;
            let mut out = Vec::new();
            delta::apply(&bytes, &delta, &mut out, &mut fresh)?;
            self.delta = delta;
            bytes = self.keep(at, kind, out);
        }
        Some(bytes)
    }

    fn kept(&self, at: Spot) -> Option<(Kind, Arc<[u8]>)> {
        self.newer.get(&at).or_else(|| self.older.get(&at)).cloned()
    }

    fn keep(&mut self, at: Spot, kind: Kind, bytes: Vec<u8>) -> Arc<[u8]> {
        let bytes: Arc<[u8]> = bytes.into();
        if bytes.len() > KEPT / 4 {
            return bytes;
        }
        self.bytes += bytes.len();
        if self.bytes > KEPT {
            self.older = std::mem::take(&mut self.newer);
            self.bytes = bytes.len();
        }
        self.newer.insert(at, (kind, Arc::clone(&bytes)));
        bytes
    }
}
