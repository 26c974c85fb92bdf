//! The arithmetic behind credentials that can be proven offline.
//!
//! Shared with `build.rs`, since samples are made with the same arithmetic as they
//! are checked.

/// Base62 digits in the order digits, upper case, lower case (GitHub, npm, Azure).
pub const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Base36 digits (GitLab).
pub const BASE36: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
/// The digits of Microsoft Entra client secrets (microsoft/security-utilities).
pub const ENTRA: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~";

/// `number` in the given digits, most significant first, left-padded to `width`.
pub fn digits(mut number: u64, alphabet: &[u8], width: usize) -> Vec<u8> {
    let base = alphabet.len() as u64;
    let mut out = Vec::with_capacity(width);
    while number > 0 {
        // The remainder is below the alphabet's length, so it indexes it.
        out.push(alphabet[usize::try_from(number % base).unwrap_or(0)]);
        number /= base;
    }
    while out.len() < width {
        out.push(alphabet[0]);
    }
    out.reverse();
    out
}

/// CRC-32 (IEEE, as zlib) in base62, six digits: the tail of GitHub's and npm's tokens.
pub fn crc32_base62(body: &[u8]) -> Vec<u8> {
    digits(u64::from(crc32fast::hash(body)), BASE62, 6)
}

/// CRC-32 as eight lower-case hex digits, least significant byte first (Grafana).
pub fn crc32_hex_le(head: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&crc32fast::hash(head).to_le_bytes())
}

/// The nine last characters of a GitLab routable token: payload length, then CRC-32
/// of everything before it. `head` ends with the last dot.
pub fn gitlab_tail(head: &[u8], payload_len: usize) -> Vec<u8> {
    let mut tail = digits(payload_len as u64, BASE36, 2);
    let mut all = head.to_vec();
    all.extend_from_slice(&tail);
    tail.extend(digits(u64::from(crc32fast::hash(&all)), BASE36, 7));
    tail
}

/// Marvin32, the checksum of Microsoft's identifiable keys, folded to 32 bits.
/// `seed` is eight ASCII bytes read as a big-endian number.
pub fn marvin32(data: &[u8], seed: [u8; 8]) -> u32 {
    fn mix(low: u32, high: u32) -> (u32, u32) {
        let high = high ^ low;
        let low = low.rotate_left(20).wrapping_add(high);
        let high = high.rotate_left(9) ^ low;
        let low = low.rotate_left(27).wrapping_add(high);
        (low, high.rotate_left(19))
    }
    let seed = u64::from_be_bytes(seed);
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of the seed")]
    let (mut low, mut high) = (seed as u32, (seed >> 32) as u32);
    let mut words = data.chunks_exact(4);
    for word in &mut words {
        let word = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
        (low, high) = mix(low.wrapping_add(word), high);
    }
    let mut last = [0_u8; 4];
    let rest = words.remainder();
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = 0x80;
    (low, high) = mix(low.wrapping_add(u32::from_le_bytes(last)), high);
    (low, high) = mix(low, high);
    low ^ high
}

/// The seed of every identifiable key that is made without a kind of its own.
pub const DEFAULT_SEED: [u8; 8] = *b"Default0";

/// The check characters of an Azure `JQQJ9` key, of which short keys keep four;
/// `body` is what the first 80 characters decode to.
pub fn cask_check(body: &[u8]) -> Vec<u8> {
    let hash = marvin32(body, DEFAULT_SEED).to_le_bytes();
    let zeros = hash.iter().take_while(|byte| **byte == 0).count();
    let mut text = vec![b'0'; zeros];
    text.extend(digits(u64::from(u32::from_be_bytes(hash)), BASE62, 0));
    text.resize(6, b'0');
    text
}

/// The last three characters of an Entra `8Q~` client secret.
pub fn entra_check(body: &[u8]) -> Vec<u8> {
    let mut check = digits(u64::from(marvin32(body, *b"AadPwd00")), ENTRA, 6);
    check.truncate(3);
    check
}

/// What the CRC-32 of an Azure DevOps PAT is combined with: users', then applications'.
pub const DEVOPS_MAGIC: [u32; 2] = [0xE0B9_692D, 0x1019_F92E];

/// Positions of the four check bytes among the 32, least significant first.
pub const DEVOPS_CHECK_AT: [usize; 4] = [22, 8, 7, 2];
