//! Logins: in URLs, in connection strings, in Basic authentication.

use super::Outcome;
use crate::scan::placeholder;
use crate::scan::{Note, Reason};
use data_encoding::BASE64;
use std::ops::Range;

/// User and password pairs that everybody knows; a leak of them tells nothing.
const DEFAULT_LOGINS: [(&[u8], &[u8]); 14] = [
    (b"postgres", b"postgres"),
    (b"postgres", b"password"),
    (b"root", b"root"),
    (b"root", b"password"),
    (b"admin", b"admin"),
    (b"admin", b"password"),
    (b"guest", b"guest"),
    (b"user", b"user"),
    (b"user", b"pass"),
    (b"user", b"password"),
    (b"username", b"password"),
    (b"test", b"test"),
    (b"minioadmin", b"minioadmin"),
    (b"elastic", b"changeme"),
];

/// A password inside a URL or connection string.
pub(super) fn password(bytes: &[u8], span: &Range<usize>, secret: &Range<usize>) -> Outcome {
    let value = &bytes[secret.clone()];
    if value.is_empty() {
        return Outcome::Fails(Reason::NoPassword);
    }
    if let Some(reason) = placeholder::reason(value, None) {
        return Outcome::Fails(reason);
    }
    // POSTGRES_PASSWORD in a URL: the place where one goes.
    if value.contains(&b'_') && value.iter().all(|b| b.is_ascii_uppercase() || *b == b'_') {
        return Outcome::Fails(Reason::Identifier);
    }
    let before = &bytes[span.start..secret.start];
    let user = before
        .strip_suffix(b":")
        .map(|before| before.rsplit(|byte| *byte == b'/').next().unwrap_or_default())
        .unwrap_or_default();
    let default = DEFAULT_LOGINS.iter().any(|(name, word)| *name == user && *word == value)
        || !user.is_empty() && user == value;
    let after = bytes.get(secret.end..bytes.len().min(secret.end + 256)).unwrap_or_default();
    let host = after.strip_prefix(b"@").map(host_of);
    let local = host.as_deref().is_some_and(is_local);
    if host.as_deref().is_some_and(is_example) || default && local {
        return Outcome::Fails(Reason::PublishedExample);
    }
    match (local, default) {
        (true, _) => Outcome::Lowers(Note::LocalHost),
        (false, true) => Outcome::Lowers(Note::DefaultLogin),
        (false, false) => Outcome::Holds,
    }
}

/// The host at the start of `text`, in lower case, without its port.
fn host_of(text: &[u8]) -> Vec<u8> {
    let of_host = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'[' | b']' | b':' | b'_')
    };
    let end = text.iter().position(|byte| !of_host(byte)).unwrap_or(text.len());
    let close = if text.starts_with(b"[") { b']' } else { b':' };
    let host = text[..end].split(|byte| *byte == close).next().unwrap_or_default();
    host.to_ascii_lowercase()
}

/// Reserved for examples and tests (RFC 2606, RFC 6761).
fn is_example(host: &[u8]) -> bool {
    let last = host.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    let second = [&b"example.com"[..], b"example.org", b"example.net"].iter().any(|name| {
        host.strip_suffix(*name).is_some_and(|sub| sub.is_empty() || sub.ends_with(b"."))
    });
    second || host.contains(&b'.') && matches!(last, b"example" | b"invalid" | b"test")
}

/// This machine, or a bare name of a local network.
fn is_local(host: &[u8]) -> bool {
    let last = host.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    host.starts_with(b"127.")
        || matches!(host, b"[::1" | b"0.0.0.0" | b"host.docker.internal")
        || matches!(last, b"local" | b"localhost")
        || !host.contains(&b'.') && !host.starts_with(b"[")
}

/// RFC 7617: `user:password` in base64.
pub(super) fn basic_auth(value: &[u8]) -> Outcome {
    let broken = Outcome::Fails(Reason::NoStructure("user:password"));
    let Ok(raw) = BASE64.decode(value) else { return broken };
    let Some(colon) = raw.iter().position(|byte| *byte == b':') else { return broken };
    if std::str::from_utf8(&raw).is_err() || raw.iter().any(u8::is_ascii_control) {
        return broken;
    }
    let (user, password) = (&raw[..colon], &raw[colon + 1..]);
    if password.is_empty() && user.is_empty() {
        return Outcome::Fails(Reason::NoPassword);
    }
    if let Some(reason) = placeholder::reason(password, None) {
        return Outcome::Fails(reason);
    }
    if DEFAULT_LOGINS.iter().any(|(name, word)| *name == user && *word == password) {
        return Outcome::Lowers(Note::DefaultLogin);
    }
    Outcome::Notes(Note::Structure("login"))
}
