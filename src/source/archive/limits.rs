//! How much is unpacked at most, and the meter that all unpacking runs through.

use std::cell::Cell;
use std::io::{Error, Read, Result};
use std::rc::Rc;

const MEBI: u64 = 1 << 20;

/// How much of one archive, with all archives in it, is unpacked at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Archives within archives are opened this deep.
    pub depth: usize,
    /// Members.
    pub members: usize,
    /// Bytes of one member; of what is longer, so much is looked into.
    pub member_bytes: u64,
    /// Bytes of all members.
    pub total_bytes: u64,
    /// Bytes of all members for each byte of the archive. Text seldom packs by more
    /// than fifty.
    pub ratio: u64,
    /// Bytes of all members that any archive may have, whatever its ratio.
    pub least_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 3,
            members: 100_000,
            member_bytes: 64 * MEBI,
            total_bytes: 512 * MEBI,
            ratio: 250,
            least_bytes: 16 * MEBI,
        }
    }
}

/// Which limit was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    Members,
    Member,
    Total,
    Ratio,
}

impl Limits {
    /// A meter for an archive of `size` bytes.
    pub(super) fn meter(&self, size: usize) -> Meter {
        let by_ratio = self.ratio.saturating_mul(size as u64).max(self.least_bytes);
        let (bytes, then) = if by_ratio < self.total_bytes {
            (by_ratio, Stop::Ratio)
        } else {
            (self.total_bytes, Stop::Total)
        };
        Meter(Rc::new(Left {
            bytes: Cell::new(bytes),
            members: Cell::new(self.members),
            then,
            stop: Cell::new(None),
        }))
    }

    /// Why nothing more is unpacked.
    pub(super) fn words(&self, stop: Stop) -> String {
        match stop {
            Stop::Members => {
                format!("it has more than {} members, no more were opened", self.members)
            }
            Stop::Member => {
                let most = Bytes(self.member_bytes);
                format!("larger than {most} unpacked, looked into no further")
            }
            Stop::Total => {
                let most = Bytes(self.total_bytes);
                format!("it unpacks to more than {most}, looked into no further")
            }
            Stop::Ratio => {
                let ratio = self.ratio;
                format!("it unpacks to more than {ratio} times its size, looked into no further")
            }
        }
    }

    /// Reads a member whose archive says that it has `size` bytes: as much of it as is
    /// looked into, and why it ends there.
    pub(super) fn fill(&self, reader: &mut dyn Read, size: u64) -> (Vec<u8>, End) {
        let most = self.member_bytes;
        // A size is a claim: what is set aside for it is little, and grows as bytes come.
        let mut bytes = Vec::with_capacity(usize::try_from(size.min(MEBI)).unwrap_or_default());
        let end = match reader.take(most + 1).read_to_end(&mut bytes) {
            Ok(_) if bytes.len() as u64 > most => {
                bytes.pop();
                End::Larger
            }
            Ok(_) => End::Whole,
            Err(_) => End::Broken,
        };
        (bytes, end)
    }
}

/// Where a member ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Whole,
    Larger,
    Broken,
}

struct Bytes(u64);

impl std::fmt::Display for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 >= MEBI {
            write!(f, "{} MiB", self.0 / MEBI)
        } else {
            write!(f, "{} bytes", self.0)
        }
    }
}

/// Counts what is unpacked, whichever way.
#[derive(Clone)]
pub(super) struct Meter(Rc<Left>);

struct Left {
    bytes: Cell<u64>,
    members: Cell<usize>,
    /// What it means when no bytes are left.
    then: Stop,
    stop: Cell<Option<Stop>>,
}

impl Meter {
    /// The limit that was met.
    pub(super) fn stop(&self) -> Option<Stop> {
        self.0.stop.get()
    }

    /// Counts a member.
    pub(super) fn member(&self) {
        match self.0.members.get().checked_sub(1) {
            Some(left) => self.0.members.set(left),
            None => self.0.stop.set(Some(Stop::Members)),
        }
    }

    /// `reader`, counted. Fails where the allowance ends and the reader does not.
    pub(super) fn around<R: Read>(&self, reader: R) -> Metered<R> {
        Metered { meter: self.clone(), reader }
    }
}

pub(super) struct Metered<R> {
    meter: Meter,
    reader: R,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let left = self.meter.0.bytes.get();
        if left == 0 && !buffer.is_empty() {
            if self.reader.read(&mut [0])? == 0 {
                return Ok(0);
            }
            self.meter.0.stop.set(Some(self.meter.0.then));
            return Err(Error::other("the allowance is spent"));
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.reader.read(&mut buffer[..most])?;
        self.meter.0.bytes.set(left.saturating_sub(count as u64));
        Ok(count)
    }
}
