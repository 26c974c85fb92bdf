//! Which three bytes stand for an anchor in the first pass.
//!
//! The pass looks at every three bytes of a text, folded by [`fold`] and hashed by
//! [`slot`], and asks a bitmap of [`SLOTS`] bits. `build.rs` fills the bitmap, so that
//! nothing is built at start-up. Shared with `build.rs`.

/// Bits in the bitmap; 8 KiB, which stays in the first-level cache.
pub const SLOTS: usize = 1 << 16;

/// Three bytes as a number, letters' case folded away. Other bytes are folded too
/// (`_` becomes DEL): the bitmap only suggests, the anchor's bytes decide.
pub const fn fold(first: u8, second: u8, third: u8) -> u32 {
    (first as u32 | (second as u32) << 8 | (third as u32) << 16) | 0x0020_2020
}

/// The bitmap's bit for three folded bytes.
pub const fn slot(folded: u32) -> u16 {
    (folded.wrapping_mul(0x9E37_79B1) >> 16) as u16
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
