//! Checksums of tokens. Algorithms: see `catalogue::checksum`.

use super::Outcome;
use crate::catalogue::checksum;
use crate::scan::{Note, Reason};
use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use std::ops::Range;

/// `prefix_` + 30 characters + their CRC-32: GitHub's and npm's 36-character form.
pub(super) fn crc32_base62(value: &[u8]) -> Outcome {
    let Some(split) = value.len().checked_sub(36) else { return Outcome::Weakens };
    let (body, check) = value[split..].split_at(30);
    if checksum::crc32_base62(body) == check {
        Outcome::Proves(Note::Checksum)
    } else {
        Outcome::Fails(Reason::ChecksumFails)
    }
}

/// An instance may put its own prefix before the token, inside the CRC's input.
pub(super) fn gitlab_routable(bytes: &[u8], secret: &Range<usize>) -> Outcome {
    let value = &bytes[secret.clone()];
    let Some(split) = value.len().checked_sub(9) else { return Outcome::Weakens };
    let tail = &value[split + 2..];
    let holds = |head: &[u8]| {
        checksum::digits(u64::from(crc32fast::hash(head)), checksum::BASE36, 7) == tail
    };
    if holds(&value[..split + 2]) {
        return Outcome::Proves(Note::Checksum);
    }
    let prefix = bytes[..secret.start]
        .iter()
        .rev()
        .take(20)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        .count();
    let own =
        (1..=prefix).any(|length| holds(&bytes[secret.start - length..secret.start + split + 2]));
    if own {
        return Outcome::Proves(Note::Checksum);
    }
    let payload = value.split(|byte| *byte == b'.').next().unwrap_or_default();
    let body =
        payload.iter().position(|byte| *byte == b'-').map_or(payload, |at| &payload[at + 1..]);
    let decoded = BASE64URL_NOPAD.decode(body);
    // An unknown custom prefix leaves the payload as it is.
    if prefix > 0 && decoded.is_ok_and(|raw| raw.last() == Some(&16)) {
        return Outcome::Weakens;
    }
    // Not reproduced on a token that GitLab published: a failure only lowers.
    Outcome::Weakens
}

/// `glsa_` + 32 characters + `_` + CRC-32 in hex.
pub(super) fn grafana(value: &[u8]) -> Outcome {
    let Some(split) = value.len().checked_sub(9) else { return Outcome::Weakens };
    if checksum::crc32_hex_le(&value[..split]).as_bytes() == &value[split + 1..] {
        Outcome::Proves(Note::Checksum)
    } else {
        Outcome::Fails(Reason::ChecksumFails)
    }
}

/// Ids made since 2019 hold the account's number; documentation uses a few known ones.
pub(super) fn aws_key_id(value: &[u8]) -> Outcome {
    let body = value.get(4..).unwrap_or_default();
    if value.ends_with(b"EXAMPLE") {
        return Outcome::Fails(Reason::PublishedExample);
    }
    let Ok(raw) = BASE32_NOPAD.decode(body) else {
        return Outcome::Fails(Reason::NoStructure("a key id"));
    };
    let mut head = [0_u8; 8];
    head[2..].copy_from_slice(raw.get(..6).unwrap_or(&[0; 6]));
    let head = u64::from_be_bytes(head);
    if head >> 47 == 0 {
        return Outcome::Holds;
    }
    let account = (head & 0x7fff_ffff_ff80) >> 7;
    match account {
        123_456_789_012 | 111_122_223_333 | 444_455_556_666 | 0 => {
            Outcome::Fails(Reason::PublishedExample)
        }
        1_000_000_000_000.. => Outcome::Weakens,
        _ => Outcome::Notes(Note::AwsAccount(format!("{account:012}"))),
    }
}
