//! Stretched hashes of values that may be guessed: dear to make, and made once.
//!
//! Argon2id (RFC 9106), each costing 9 MiB and some milliseconds, one of the settings of
//! OWASP's Password Storage Cheat Sheet. What was made is remembered under a key that
//! only this repository's owner has: whoever reads the memory without it learns nothing,
//! and whoever has the key has the repository. Takes and gives the memory as bytes;
//! where it is kept, others know.

use super::fingerprint::Key;
use argon2::{Algorithm, Argon2, Params, Version};
use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;
use zeroize::Zeroizing;

/// KiB of memory that one stretched hash takes.
const MEMORY: u32 = 9 << 10;

/// How often that memory is gone through.
const PASSES: u32 = 4;

/// Bytes of a value's name in the memory, and of its stretched hash.
const HALF: usize = 32;

/// As many are remembered; more than any repository has passwords.
const REMEMBERED_AT_MOST: usize = 1 << 16;

/// Makes stretched hashes, each once.
pub struct Stretcher {
    key: Key,
    made: Mutex<Made>,
}

#[derive(Default)]
struct Made {
    by_name: HashMap<[u8; HALF], Zeroizing<[u8; HALF]>>,
    /// Whether some were made that were not remembered.
    grown: bool,
}

impl Stretcher {
    /// One that remembers under `key` what is in `memory`, which another one gave. What
    /// cannot be read of it is forgotten.
    pub fn new(key: Key, memory: &[u8]) -> Self {
        let mut made = Made::default();
        let (records, _) = memory.as_chunks::<{ 2 * HALF }>();
        for record in records.iter().take(REMEMBERED_AT_MOST) {
            let (Some(name), Some(hash)) = (record.first_chunk(), record.last_chunk()) else {
                continue;
            };
            made.by_name.insert(*name, Zeroizing::new(*hash));
        }
        Self { key, made: Mutex::new(made) }
    }

    /// The stretched hash of `secret` under `salt`. Nothing where it cannot be made.
    pub(super) fn stretch(&self, salt: &[u8], secret: &[u8]) -> Option<Zeroizing<[u8; HALF]>> {
        let name = self.key.tag(&[b"stretched", salt, secret]);
        if let Some(known) = self.made.lock().ok()?.by_name.get(&name) {
            return Some(known.clone());
        }
        // Not under the lock: other threads stretch other values meanwhile.
        let params = Params::new(MEMORY, PASSES, 1, Some(HALF)).ok()?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut hash = Zeroizing::new([0; HALF]);
        argon.hash_password_into(secret, salt, &mut *hash).ok()?;
        let mut made = self.made.lock().ok()?;
        made.grown = true;
        made.by_name.insert(name, hash.clone());
        Some(hash)
    }

    /// What to remember for the next run; nothing where no hash was made in this one.
    pub fn memory(&self) -> Option<Vec<u8>> {
        let made = self.made.lock().ok()?;
        if !made.grown {
            return None;
        }
        let mut records: Vec<[&[u8; HALF]; 2]> =
            made.by_name.iter().map(|(name, hash)| [name, &**hash]).collect();
        records.sort_unstable();
        Some(records.into_iter().take(REMEMBERED_AT_MOST).flatten().flatten().copied().collect())
    }
}

impl fmt::Debug for Stretcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stretcher")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::fingerprint::KEY_BYTES;
    use proptest::prelude::*;

    fn stretcher(key: u8, memory: &[u8]) -> Stretcher {
        Stretcher::new(Key::new([key; KEY_BYTES]), memory)
    }

    #[test]
    fn what_was_made_once_is_not_made_again_even_by_the_next_run() {
        let (salt, other) = ([1; 16], [2; 16]);
        let first = stretcher(1, b"");
        let hash = first.stretch(&salt, b"value").unwrap();
        assert_ne!(hash, first.stretch(&other, b"value").unwrap());
        let memory = first.memory().unwrap();

        let next = stretcher(1, &memory);
        assert_eq!(next.stretch(&salt, b"value").unwrap(), hash);
        assert_eq!(next.memory(), None, "it made nothing");

        let foreign = stretcher(2, &memory);
        assert_eq!(foreign.stretch(&salt, b"value").unwrap(), hash);
        assert!(foreign.memory().is_some(), "under another key it knew nothing");
    }

    proptest! {
        #[test]
        fn any_memory_is_read_and_changes_no_hash_of_values_it_lacks(memory: Vec<u8>) {
            let read = stretcher(1, &memory);
            prop_assert!(read.made.lock().unwrap().by_name.len() <= memory.len() / 64);
        }
    }
}
