//! A short id for a credential that tells nothing of it.
//!
//! HMAC-SHA-256 (RFC 2104) under a key that only this repository's owner has. Takes the
//! key, knows nothing of where it is kept.

use crate::secret::Secret;
use data_encoding::{Encoding, Specification};
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;

/// The key under which ids are made.
pub struct Key(Zeroizing<[u8; KEY_BYTES]>);

impl Key {
    /// A key of these bytes.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The id of a credential that `rule` found. The same credential has the same id
    /// wherever it stands.
    pub fn id(&self, rule: &str, secret: &Secret) -> FindingId {
        let mut first = [0; 5];
        first.copy_from_slice(&self.mac(&[rule.as_bytes(), &[0], secret.expose()])[..5]);
        FindingId(first)
    }

    /// Sixteen bits of a hash, which tell whether two runs had the same key and little else:
    /// too few to find it by guessing.
    pub fn check(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.mac(&[b"the same key?"])[..2])
    }

    /// A name for `parts` that tells nothing of them to whoever lacks the key.
    pub(crate) fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        let lengths = parts.iter().map(|part| (part.len() as u64).to_le_bytes());
        let lengths: Vec<u8> = lengths.flatten().collect();
        let all: Vec<&[u8]> = std::iter::once(&*lengths).chain(parts.iter().copied()).collect();
        self.mac(&all)
    }

    fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        // A key as long as a block is one that needs no check of its length.
        let mut block = Zeroizing::new([0; 64]);
        block[..KEY_BYTES].copy_from_slice(self.0.as_slice());
        let mut mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// Forty bits of a keyed hash, shown as eight letters and digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FindingId([u8; 5]);

impl FindingId {
    /// Reads what is shown of an id.
    pub fn parse(shown: &str) -> Option<Self> {
        let bytes = crockford()?.decode(shown.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

/// Crockford's alphabet in lower case: no letter that reads as another.
fn crockford() -> Option<Encoding> {
    let mut crockford = Specification::new();
    crockford.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
    crockford.encoding().ok()
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&crockford().ok_or(fmt::Error)?.encode(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::{FindingId, KEY_BYTES, Key};
    use crate::secret::Secret;

    #[test]
    fn an_id_depends_on_key_rule_and_credential_and_on_nothing_else() {
        let id = |key: u8, rule: &str, secret: &[u8]| {
            Key::new([key; KEY_BYTES]).id(rule, &Secret::new(secret)).to_string()
        };
        let one = id(1, "a-key", b"value");

        assert_eq!(one, id(1, "a-key", b"value"));
        assert_eq!(FindingId::parse(&one).unwrap().to_string(), one);
        for wrong in ["", "7h2kq9x", "7h2kq9xw0", "7h2kq9xu", "7H2KQ9XW"] {
            assert_eq!(FindingId::parse(wrong), None);
        }
        assert_eq!(one.len(), 8);
        for other in [id(2, "a-key", b"value"), id(1, "b-key", b"value"), id(1, "a-key", b"valuf")]
        {
            assert_ne!(one, other);
        }
    }
}
