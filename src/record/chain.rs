//! What holds the events together.
//!
//! Each link is a SHA-256 over the link before it, the event's number and the digest of the
//! sealed event, so that anybody can follow the chain without the key; the digest stays
//! when an event is forgotten. The head, which says how many events there are and what the
//! last link is, carries a MAC: only the key's holder can make one, so that a chain that
//! was cut short, or made anew, is found.

use super::seal::Keys;
use sha2::{Digest as _, Sha256};

/// Bytes of a link and of a digest.
pub(super) const LINK: usize = 32;

/// A link.
pub(super) type Link = [u8; LINK];

/// What stands before the first event.
pub(super) const START: Link = [0; LINK];

/// The digest of a sealed event. Sealed, it tells nothing of the event.
pub(super) fn digest(sealed: &[u8]) -> Link {
    Sha256::digest(sealed).into()
}

/// The link of event `sequence`.
pub(super) fn link(before: &Link, sequence: i64, digest: &Link) -> Link {
    let mut hash = Sha256::new();
    hash.update(b"leakcoach record 1");
    hash.update(before);
    hash.update(sequence.to_be_bytes());
    hash.update(digest);
    hash.finalize().into()
}

/// How far the record goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) count: i64,
    pub(super) link: Link,
}

impl Head {
    /// Before anything was recorded.
    pub(super) const fn start() -> Self {
        Self { count: 0, link: START }
    }

    pub(super) fn mac(&self, keys: &Keys) -> Link {
        keys.mac_of_head(&[&self.count.to_be_bytes(), &self.link])
    }
}
