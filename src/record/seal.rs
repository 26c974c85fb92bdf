//! Sealing: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) under keys that are derived
//! from the record's one by HMAC-SHA-256.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Bytes of a key.
pub(super) const KEY: usize = 32;

/// Bytes of a nonce; drawn at random, so many never meet again.
const NONCE: usize = 24;

/// Sealed texts are as long as a multiple of this: their length tells little of them.
const PADDED_TO: usize = 128;

/// The keys of a record.
pub(super) struct Keys {
    seal: Zeroizing<[u8; KEY]>,
    head: Zeroizing<[u8; KEY]>,
    tag: Zeroizing<[u8; KEY]>,
    /// Tells one key from another and nothing else.
    pub(super) name: [u8; 8],
}

fn mac(key: &[u8; KEY], parts: &[&[u8]]) -> [u8; KEY] {
    // A key as long as a block is one that needs no check of its length.
    let mut block = Zeroizing::new([0; 64]);
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let mut mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

impl Keys {
    pub(super) fn of(key: &[u8; KEY]) -> Self {
        let derived = |label: &str| Zeroizing::new(mac(key, &[label.as_bytes()]));
        let mut name = [0; 8];
        for (to, from) in name.iter_mut().zip(derived("leakcoach record: name").iter()) {
            *to = *from;
        }
        Self {
            seal: derived("leakcoach record: seal"),
            head: derived("leakcoach record: head"),
            tag: derived("leakcoach record: tag"),
            name,
        }
    }

    pub(super) fn mac_of_head(&self, parts: &[&[u8]]) -> [u8; KEY] {
        mac(&self.head, parts)
    }

    /// A name for `bytes` that tells nothing of them to whoever lacks the key.
    pub(super) fn tag(&self, bytes: &[u8]) -> [u8; KEY] {
        mac(&self.tag, &[bytes])
    }

    /// Seals `text` for the place that `about` names. Nothing without random bytes.
    pub(super) fn seal(&self, about: &[u8], text: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).ok()?;
        let mut padded = Zeroizing::new(text.to_vec());
        padded.resize(text.len().next_multiple_of(PADDED_TO), b' ');
        let payload = Payload { msg: &padded, aad: about };
        let cipher = XChaCha20Poly1305::new((&*self.seal).into());
        let sealed = cipher.encrypt(XNonce::from_slice(&nonce), payload).ok()?;
        Some([&nonce[..], &sealed].concat())
    }

    /// What was sealed for that place; nothing when it was not, or not with this key.
    pub(super) fn unseal(&self, about: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
        let payload = Payload { msg: sealed, aad: about };
        let cipher = XChaCha20Poly1305::new((&*self.seal).into());
        let text = cipher.decrypt(XNonce::from_slice(nonce), payload).ok()?;
        Some(Zeroizing::new(text))
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

#[cfg(test)]
mod tests {
    use super::Keys;

    #[test]
    fn what_is_sealed_opens_with_its_key_at_its_place_and_nowhere_else() {
        let (keys, others) = (Keys::of(&[1; 32]), Keys::of(&[2; 32]));
        let sealed = keys.seal(b"7", b"words").unwrap();

        assert_eq!(keys.unseal(b"7", &sealed).unwrap().trim_ascii_end(), b"words");
        assert_eq!(sealed.len(), 24 + 128 + 16);
        assert!(keys.unseal(b"8", &sealed).is_none());
        assert!(others.unseal(b"7", &sealed).is_none());
        assert_ne!(keys.seal(b"7", b"words").unwrap(), sealed);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(keys.unseal(b"7", &changed).is_none(), "{at}");
            assert!(keys.unseal(b"7", &sealed[..at]).is_none(), "{at}");
        }
    }
}
