//! How the first pass sees anchors: by two pairs of bytes at every second place.
//!
//! Four bytes at an even place are two pairs, and each pair says of which families of
//! anchors it may be the first, and of which the second. A family that both name is a
//! suggestion; its four bytes are then hashed by [`slot`] and asked of a bitmap, and the
//! anchor's bytes decide. `build.rs` fills the tables (see `families.rs`), so that nothing is
//! built at start-up. Shared with `build.rs`.

/// How many pairs are told apart: of each byte seven bits count, for anchors are ASCII.
pub const PAIRS: usize = 1 << 15;

/// The bits of a pair that say of which families it may be the first; those of which it may
/// be the second stand [`SECOND`] bits higher.
pub const FIRST: u32 = 0x7fff;

/// See [`FIRST`].
pub const SECOND: u32 = 16;

/// Set where both bytes of a pair are of [`of_run`].
pub const RUN: u32 = 1 << 15;

/// Bits in the bitmap; 8 KiB, which stays in the first-level cache.
pub const SLOTS: usize = 1 << 16;

/// Which of four bytes are an anchor's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known {
    /// All of them.
    Four,
    /// All but the last.
    FirstThree,
    /// All but the first.
    LastThree,
}

impl Known {
    /// Every case.
    pub const ALL: [Self; 3] = [Self::Four, Self::FirstThree, Self::LastThree];

    /// The families of anchors that are seen by such four bytes.
    pub const fn families(self) -> u32 {
        match self {
            Self::Four => 0x01ff,
            Self::FirstThree => 0x0e00,
            Self::LastThree => 0x7000,
        }
    }

    /// What of `four` bytes counts, letters' case folded away. Other bytes are folded too
    /// (`_` becomes DEL): the bitmap only suggests.
    pub const fn key(self, four: u32) -> u32 {
        let folded = four | 0x2020_2020;
        match self {
            Self::Four => folded,
            Self::FirstThree => folded & 0x00ff_ffff,
            // No byte is folded to 1.
            Self::LastThree => folded >> 8 | 0x0100_0000,
        }
    }
}

/// The bitmap's bit for a [`Known::key`].
pub const fn slot(key: u32) -> u16 {
    (key.wrapping_mul(0x9E37_79B1) >> 16) as u16
}

/// The group of a slot: the anchors of a group stand side by side.
pub const fn group(slot: u16) -> usize {
    slot as usize >> 4
}

/// How many groups there are.
pub const GROUPS: usize = SLOTS >> 4;

/// Whether `byte` can stand in base64 or hexadecimal digits.
pub const fn of_run(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// The first eight bytes of `text` as a number, letters' case folded away as by
/// [`Known::key`], and which of its bits are of `text`.
pub fn head(text: &[u8]) -> (u64, u64) {
    let (mut bytes, mut mask) = ([0; 8], [0; 8]);
    for ((byte, mask), of_text) in bytes.iter_mut().zip(&mut mask).zip(text) {
        (*byte, *mask) = (of_text | 0x20, 0xff);
    }
    (u64::from_le_bytes(bytes), u64::from_le_bytes(mask))
}

/// Where in `anchor` its rarest three bytes begin.
pub fn rarest(anchor: &[u8]) -> usize {
    // Letters by how often they occur in code and prose; what is absent is rare.
    const COMMON: &[u8] = b"etaoinsrlcdupmhfgbywvkxjqz";
    let weight = |byte: &u8| match byte.to_ascii_lowercase() {
        letter @ b'a'..=b'z' => 30 - COMMON.iter().position(|known| *known == letter).unwrap_or(25),
        b'_' | b'-' | b'.' | b'/' | b'=' | b':' | b'"' => 16,
        b'0'..=b'9' => 10,
        b' ' => 34,
        _ => 6,
    };
    let score = |at: &usize| anchor[*at..at + 3].iter().map(weight).sum::<usize>();
    (0..anchor.len().saturating_sub(2)).min_by_key(score).unwrap_or(0)
}
