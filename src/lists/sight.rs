//! A finding as an entry of a list may know it: by its place, its file or its value.

use super::Digest;
use crate::scan::Finding;
use crate::source::lines::LineStarts;
use bstr::ByteSlice;
use sha2::{Digest as _, Sha256};
use std::cell::OnceCell;
use std::ops::{Range, RangeInclusive};

/// As far around a value is looked for what another tool may have taken for it.
const AROUND: usize = 512;

/// What ggshield calls a value, by the detectors that have one value alone
/// (docs.gitguardian.com, "Secrets detection engine").
const TYPES: [&str; 12] = [
    "apikey",
    "token",
    "client_secret",
    "password",
    "secret",
    "private_key",
    "connection_uri",
    "webhook",
    "webhook_url",
    "url",
    "client_id",
    "certificate",
];

/// A finding and where it stands.
#[derive(Debug)]
pub struct Sight<'a> {
    /// The file, from the top of the repository.
    pub path: &'a [u8],
    /// The whole file, as it is stored.
    pub raw: &'a [u8],
    /// The commit that has it, in hexadecimal digits.
    commit: Option<String>,
    lines: RangeInclusive<usize>,
    text: &'a [u8],
    finding: &'a Finding,
    values: OnceCell<Vec<&'a [u8]>>,
    sha1: OnceCell<Vec<[u8; 20]>>,
    typed: OnceCell<Vec<[u8; 32]>>,
}

impl<'a> Sight<'a> {
    /// The finding `finding` of `text`, which is `raw` decoded.
    pub fn new(
        finding: &'a Finding,
        path: &'a [u8],
        (raw, text): (&'a [u8], &'a [u8]),
        lines: &LineStarts,
        commit: Option<String>,
    ) -> Self {
        let last = lines.line_of(finding.span.end.saturating_sub(1));
        Self {
            path,
            raw,
            commit,
            lines: lines.line_of(finding.span.start)..=last,
            text,
            finding,
            values: OnceCell::new(),
            sha1: OnceCell::new(),
            typed: OnceCell::new(),
        }
    }

    /// Whether it stands in the commit that begins with `named`; none is any.
    pub(super) fn is_in(&self, named: Option<&str>) -> bool {
        named.is_none_or(|named| {
            self.commit.as_ref().is_some_and(|commit| commit.starts_with(named))
        })
    }

    /// Whether it reaches over the one-based `line`.
    pub(super) fn touches(&self, line: usize) -> bool {
        self.lines.contains(&line)
    }

    /// Whether its value, or what another tool may have taken for it, is `digest`'s.
    pub(super) fn has_value(&self, digest: &Digest) -> bool {
        match digest {
            Digest::Sha1(digest) => self
                .sha1
                .get_or_init(|| self.values().iter().filter_map(|value| sha1(value)).collect())
                .contains(digest),
            Digest::Typed(digest) => self.typed.get_or_init(|| self.typed()).contains(digest),
            Digest::Plain(value) => self.values().contains(&value.expose()),
        }
    }

    fn values(&self) -> &[&'a [u8]] {
        self.values.get_or_init(|| {
            let finding = self.finding;
            let mut values = vec![finding.secret.expose()];
            values.extend(self.text.get(finding.secret_span.clone()));
            values.extend(self.text.get(finding.span.clone()));
            let companion = finding.companion.as_ref();
            values.extend(companion.and_then(|(_, place)| self.text.get(place.clone())));
            // Tools do not agree on where a value begins: the whole word, or what stands
            // between signs. detect-secrets takes a private key for its first line.
            let quoted = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`".contains(byte);
            let signed = |byte: &u8| quoted(byte) || b"=:,;()[]{}<>@".contains(byte);
            values.extend(self.words(quoted));
            values.extend(self.words(signed));
            values.extend(self.words(|byte| b"-\r\n".contains(byte)));
            values.sort_unstable();
            values.dedup();
            values
        })
    }

    /// The runs of its lines between the bytes that `parts` parts at, as far as they
    /// reach into it.
    fn words(&self, parts: impl Fn(&u8) -> bool) -> impl Iterator<Item = &'a [u8]> {
        let Range { start, end } = self.finding.span.clone();
        let text = self.text;
        let first = text.get(start..).and_then(|rest| rest.find_byte(b'\n'));
        let end = first.map_or(end, |newline| end.min(start + newline));
        let from = start.saturating_sub(AROUND);
        let around = text.get(from..text.len().min(end + AROUND)).unwrap_or_default();
        let mut at = from;
        around.split(parts).filter(move |word| {
            let begins = at;
            at += word.len() + 1;
            !word.is_empty() && begins < end && start < begins + word.len()
        })
    }

    fn typed(&self) -> Vec<[u8; 32]> {
        let hash = |parts: &[&[u8]]| -> [u8; 32] {
            let hasher = parts.iter().fold(Sha256::new(), sha2::Digest::chain_update);
            hasher.finalize().into()
        };
        let mut all = Vec::new();
        for value in self.values() {
            let alone = TYPES.iter().map(|name| hash(&[value, b",", name.as_bytes()]));
            all.extend(alone);
        }
        let companion = self.finding.companion.as_ref();
        if let Some(id) = companion.and_then(|(_, place)| self.text.get(place.clone())) {
            let secret = self.finding.secret.expose();
            all.push(hash(&[id, b",client_id", secret, b",client_secret"]));
        }
        all
    }
}

fn sha1(value: &[u8]) -> Option<[u8; 20]> {
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha1);
    hasher.update(value);
    let id = hasher.try_finalize().ok()?;
    id.as_slice().try_into().ok()
}
