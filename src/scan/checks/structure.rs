//! Values that decode to something with a known structure.

use super::Outcome;
use crate::scan::{Note, Reason};
use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD};
use serde_json::Value;
use std::ops::Range;

/// More than this is no token's payload.
const JSON_AT_MOST: usize = 64 << 10;

fn base64url(text: &[u8]) -> Option<Vec<u8>> {
    let end = text.iter().rposition(|byte| *byte != b'=').map_or(0, |at| at + 1);
    BASE64URL_NOPAD.decode(text.get(..end)?).ok()
}

fn json(bytes: &[u8]) -> Option<Value> {
    if bytes.len() > JSON_AT_MOST {
        return None;
    }
    serde_json::from_slice(bytes).ok().filter(Value::is_object)
}

/// RFC 7519: header and payload are JSON objects, the header names an algorithm.
pub(super) fn jwt(value: &[u8]) -> Outcome {
    let mut parts = value.split(|byte| *byte == b'.');
    let (Some(header), Some(payload)) = (parts.next(), parts.next()) else {
        return Outcome::Fails(Reason::NoStructure("a JWT"));
    };
    let Some(header) = base64url(header).as_deref().and_then(json) else {
        return Outcome::Fails(Reason::NoStructure("a JWT header"));
    };
    let Some(algorithm) = header.get("alg").and_then(Value::as_str) else {
        return Outcome::Fails(Reason::NoStructure("a JWT header"));
    };
    if algorithm.eq_ignore_ascii_case("none") {
        return Outcome::Fails(Reason::NoStructure("a signed JWT"));
    }
    // An encrypted token (RFC 7516) has no readable payload.
    let Some(payload) = base64url(payload).as_deref().and_then(json) else { return Outcome::Holds };
    let text = |key: &str| payload.get(key).and_then(Value::as_str);
    let sample = text("sub") == Some("1234567890") && text("name") == Some("John Doe")
        || text("iss") == Some("joe")
            && payload.get("exp").and_then(Value::as_i64) == Some(1_300_819_380)
        || text("iss") == Some("supabase-demo");
    if sample {
        return Outcome::Fails(Reason::PublishedExample);
    }
    if text("role") == Some("anon") {
        return Outcome::Fails(Reason::PublicByDesign);
    }
    match payload.get("exp").and_then(Value::as_i64) {
        Some(at) => Outcome::Notes(Note::Expiry { at }),
        None => text("iss").map_or(Outcome::Holds, |issuer| {
            Outcome::Notes(Note::Issuer(crate::text::Escaped(issuer.as_bytes()).to_string()))
        }),
    }
}

pub(super) fn base64_json(value: &[u8]) -> Outcome {
    let decoded = BASE64.decode(value).ok().or_else(|| base64url(value));
    match decoded.as_deref().and_then(json) {
        Some(_) => Outcome::Notes(Note::Structure("JSON")),
        None => Outcome::Fails(Reason::NoStructure("JSON")),
    }
}

/// A service-account file names its account beside the key.
pub(super) fn service_account(bytes: &[u8], span: &Range<usize>) -> Outcome {
    let from = span.start.saturating_sub(4096);
    let until = bytes.len().min(span.end + 4096);
    let around = &bytes[from..until];
    if memchr::memmem::find(around, b"client_email").is_some() {
        Outcome::Notes(Note::Structure("account and key"))
    } else {
        Outcome::Weakens
    }
}

/// Macaroon version 2: fields of type, length, data; ends with a 32-byte signature.
pub(super) fn macaroon(value: &[u8]) -> Outcome {
    let broken = Outcome::Weakens;
    let body = value.iter().position(|byte| *byte == b'-').map_or(value, |at| &value[at + 1..]);
    let Some(raw) = base64url(body) else { return broken };
    if raw.first() != Some(&2) {
        return broken;
    }
    let (mut at, mut last) = (1, (0, 0));
    while let Some(kind) = raw.get(at).copied() {
        at += 1;
        if kind == 0 {
            continue;
        }
        let (mut length, mut shift) = (0_usize, 0);
        loop {
            let Some(byte) = raw.get(at).copied() else { return broken };
            at += 1;
            length |= usize::from(byte & 127) << shift;
            shift += 7;
            if byte < 128 {
                break;
            }
            if shift > 21 {
                return broken;
            }
        }
        at += length;
        last = (kind, length);
    }
    if at == raw.len() && last == (6, 32) {
        Outcome::Proves(Note::Structure("macaroon"))
    } else {
        broken
    }
}

/// A key block: its base64 body, taken out of quotes, escapes and indentation, begins
/// as DER (X.690) or as an OpenSSH key does.
pub(super) fn pem(value: &[u8]) -> Outcome {
    let encrypted = memchr::memmem::find(value, b"ENCRYPTED").is_some();
    if elided(value) {
        return Outcome::Fails(Reason::Elided);
    }
    let body = body_of(value);
    if body.len() < 64 {
        return Outcome::Fails(Reason::NoStructure("a key"));
    }
    let whole = body.len() / 4 * 4;
    let Ok(raw) = BASE64_NOPAD.decode(&body[..whole]) else {
        return Outcome::Fails(Reason::NoStructure("a key"));
    };
    if let Some(rest) = raw.strip_prefix(b"openssh-key-v1\0") {
        // The first string is the cipher's name.
        return if rest.starts_with(b"\0\0\0\x04none") {
            Outcome::Proves(Note::Structure("OpenSSH key"))
        } else {
            Outcome::Notes(Note::Encrypted)
        };
    }
    if encrypted {
        return Outcome::Notes(Note::Encrypted);
    }
    let length = match *raw.as_slice() {
        [0x30, 0x82, high, low, ..] => {
            Some(usize::from(high) << 8 | usize::from(low)).map(|l| l + 4)
        }
        [0x30, 0x81, length, ..] => Some(usize::from(length) + 3),
        [0x30, length @ 0..=0x7f, ..] => Some(usize::from(length) + 2),
        _ => None,
    };
    match length {
        // The last group may carry up to two bytes of padding that were cut off.
        Some(length) if raw.len() <= length && length - raw.len() <= 3 => {
            Outcome::Proves(Note::Structure("key"))
        }
        _ => Outcome::Holds,
    }
}

/// Whether a line of dots stands for the lines of a key.
fn elided(value: &[u8]) -> bool {
    value.split(|byte| *byte == b'\n').any(|line| {
        let line = line.trim_ascii().trim_ascii_end();
        line.len() >= 3 && line.iter().all(|byte| *byte == b'.') || line == "\u{2026}".as_bytes()
    })
}

/// The base64 between the BEGIN and END lines: header lines, escapes, quotes and marks
/// of concatenation are left out.
fn body_of(value: &[u8]) -> Vec<u8> {
    let start = memchr::memmem::find(value, b"KEY").unwrap_or(0);
    let start = start + memchr::memmem::find(&value[start..], b"-----").map_or(0, |at| at + 5);
    let end =
        memchr::memmem::find(&value[start..], b"-----END").map_or(value.len(), |at| start + at);
    let mut text = Vec::with_capacity(end - start);
    let mut bytes = value[start..end].iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'\\' {
            // `\n` and `\r` of a string literal, perhaps escaped twice.
            while bytes.peek() == Some(&b'\\') {
                bytes.next();
            }
            if matches!(bytes.peek(), Some(b'n' | b'r' | b't')) {
                bytes.next();
            }
            text.push(b'\n');
        } else {
            text.push(byte);
        }
    }
    let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    text.split(|byte| matches!(byte, b'\n' | b'\r'))
        .filter(|line| !line.contains(&b':'))
        .flat_map(|line| line.iter().copied().filter(base64))
        .collect()
}
