//! What an exception knows of a value: enough to tell it again, nothing to tell it by.
//!
//! The hash is keyed with a salt that stands in the same file, so that no table made
//! elsewhere fits. Whoever has the file can still test guesses: what might be guessed is
//! therefore stretched (see [`super::stretch`]). What a machine drew at random cannot be
//! guessed; HMAC-SHA-256 (RFC 2104) is enough for it.

use super::stretch::Stretcher;
use crate::catalogue::Kind;
use crate::scan::{Confidence, Finding};
use data_encoding::HEXLOWER;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;

/// Bytes of a salt.
pub const SALT_BYTES: usize = 16;

/// As long as this, a value of a distinctive shape was drawn by a machine.
const DRAWN_FROM: usize = 20;

/// What the hashes of one file are keyed with. No secret: it stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Salt([u8; SALT_BYTES]);

/// How a salt is named in a line: its first two bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SaltName([u8; 2]);

/// How hard a value is to guess, and so how it is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hashing {
    /// For what was drawn at random.
    Keyed,
    /// For what may be guessed.
    Stretched,
}

impl Hashing {
    /// How the value of `finding` is to be hashed.
    pub fn fit_for(finding: &Finding) -> Self {
        let drawn = finding.confidence > Confidence::Possible
            && !matches!(finding.rule.kind, Kind::Password | Kind::ConnectionUrl)
            && finding.secret.len() >= DRAWN_FROM;
        if drawn { Self::Keyed } else { Self::Stretched }
    }

    const fn letter(self) -> &'static str {
        match self {
            Self::Keyed => "h",
            Self::Stretched => "s",
        }
    }
}

impl Salt {
    /// A salt of these bytes.
    pub const fn new(bytes: [u8; SALT_BYTES]) -> Self {
        Self(bytes)
    }

    /// Reads what [`fmt::Display`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = HEXLOWER.decode(text.as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// Its name.
    pub const fn name(&self) -> SaltName {
        SaltName([self.0[0], self.0[1]])
    }

    /// The hash of a finding's value under its rule. Nothing where it cannot be made.
    pub fn hash(&self, how: Hashing, finding: &Finding, by: &Stretcher) -> Option<ValueHash> {
        let (rule, secret) = (finding.rule.id.as_bytes(), finding.secret.expose());
        let digest = match how {
            Hashing::Keyed => self.keyed(&[rule, b"\0", secret]),
            Hashing::Stretched => self.keyed(&[rule, b"\0", &*by.stretch(&self.0, secret)?]),
        };
        Some(ValueHash { salt: self.name(), how, digest })
    }

    fn keyed(&self, parts: &[&[u8]]) -> [u8; 16] {
        // A key as long as a block is one that needs no check of its length.
        let mut block = [0; 64];
        block[..SALT_BYTES].copy_from_slice(&self.0);
        let mut mac = <Hmac<Sha256> as KeyInit>::new((&block).into());
        for part in parts {
            mac.update(part);
        }
        let mut first = [0; 16];
        first.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        first
    }
}

impl fmt::Display for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

/// 128 bits of a salted hash: `3f9a.h.` and 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ValueHash {
    /// The salt it was made with.
    pub salt: SaltName,
    /// How it was made.
    pub how: Hashing,
    digest: [u8; 16],
}

impl ValueHash {
    /// Reads what [`fmt::Display`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (salt, how, digest) = (parts.next()?, parts.next()?, parts.next()?);
        let how = match how {
            "h" => Hashing::Keyed,
            "s" => Hashing::Stretched,
            _ => return None,
        };
        let bytes = |text: &str| HEXLOWER.decode(text.as_bytes()).ok();
        let salt = SaltName(bytes(salt)?.try_into().ok()?);
        let digest = bytes(digest)?.try_into().ok()?;
        parts.next().is_none().then_some(Self { salt, how, digest })
    }
}

impl fmt::Display for ValueHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (salt, digest) = (HEXLOWER.encode(&self.salt.0), HEXLOWER.encode(&self.digest));
        write!(f, "{salt}.{}.{digest}", self.how.letter())
    }
}
