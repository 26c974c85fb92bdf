//! Files of age for X25519 keys (<https://c2sp.org/age>, version 1): what is sealed for a key opens
//! with that key alone, by leakcoach or by any program that reads age.
//!
//! Of the format this is what exports need: one kind of recipient, all in memory, armoured.
//! The crate that has all of it would bring 86 others.

use super::keys::{Identity, Recipient};
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use data_encoding::{BASE64, BASE64_NOPAD};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

const VERSION: &str = "age-encryption.org/v1";
const LABEL: &[u8] = b"age-encryption.org/v1/X25519";

/// What armour begins and ends with.
pub(super) const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
const END: &str = "-----END AGE ENCRYPTED FILE-----";

/// Columns of armour.
const COLUMNS: usize = 64;

/// Bytes that are sealed at once.
const CHUNK: usize = 64 * 1024;

/// Bytes that sealing adds to a chunk.
const TAG: usize = 16;

/// No header that leakcoach makes is longer.
const LONGEST_HEADER: usize = 64 * 1024;

type FileKey = Zeroizing<[u8; 16]>;

/// Why a file does not open. Holds nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// It is no file of age, or not a whole one.
    #[error("it is no whole age file")]
    Format,
    /// It was sealed for other keys.
    #[error("it is not for this key")]
    OtherKey,
    /// It is not what was sealed.
    #[error("it was changed or cut short")]
    Changed,
}

/// HKDF-SHA-256 (RFC 5869), for as many bytes as one round gives.
fn derive(secret: &[u8], salt: &[u8], label: &[u8]) -> Zeroizing<[u8; 32]> {
    let mac = |key: &[u8], text: &[&[u8]]| {
        // Keys longer than a block do not occur; a shorter one counts as if filled with zeros.
        let mut block = Zeroizing::new([0; 64]);
        for (to, from) in block.iter_mut().zip(key) {
            *to = *from;
        }
        let mut mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
        for part in text {
            mac.update(part);
        }
        Zeroizing::new(<[u8; 32]>::from(mac.finalize().into_bytes()))
    };
    let drawn = mac(salt, &[secret]);
    mac(&*drawn, &[label, &[1]])
}

fn cipher(key: &[u8; 32]) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(key.into())
}

/// The key that wraps the file's key, for one share of a Diffie-Hellman exchange.
fn wrapping(shared: &[u8; 32], share: &PublicKey, of: &PublicKey) -> Zeroizing<[u8; 32]> {
    let salt = [share.as_bytes().as_slice(), of.as_bytes()].concat();
    derive(shared, &salt, LABEL)
}

/// The nonce of a chunk: its number, and whether it is the last.
fn nonce(number: u64, last: bool) -> [u8; 12] {
    let mut nonce = [0; 12];
    for (to, from) in nonce.iter_mut().skip(3).zip(number.to_be_bytes()) {
        *to = from;
    }
    if let Some(end) = nonce.last_mut() {
        *end = u8::from(last);
    }
    nonce
}

/// Seals `text` for `recipients`, in armour. Nothing without random bytes.
pub(super) fn seal(recipients: &[&Recipient], text: &[u8]) -> Option<String> {
    let mut key = FileKey::default();
    getrandom::fill(&mut *key).ok()?;
    let mut header = format!("{VERSION}\n");
    for recipient in recipients {
        let mut drawn = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *drawn).ok()?;
        let secret = StaticSecret::from(*drawn);
        let share = PublicKey::from(&secret);
        let shared = secret.diffie_hellman(&recipient.0);
        let by = wrapping(shared.as_bytes(), &share, &recipient.0);
        let wrapped = cipher(&by).encrypt(Nonce::from_slice(&[0; 12]), &key[..]).ok()?;
        let (share, body) = (BASE64_NOPAD.encode(share.as_bytes()), BASE64_NOPAD.encode(&wrapped));
        header.push_str(&["-> X25519 ", &share, "\n", &body, "\n"].concat());
    }
    header.push_str("---");
    let mac = derived_mac(&key, header.as_bytes()).finalize().into_bytes();
    header.push_str(&[" ", &BASE64_NOPAD.encode(&mac), "\n"].concat());

    let mut salt = [0; 16];
    getrandom::fill(&mut salt).ok()?;
    let by = cipher(&derive(&*key, &salt, b"payload"));
    let mut file = [header.as_bytes(), &salt].concat();
    let chunks = text.len().div_ceil(CHUNK).max(1);
    let mut rest = text;
    for number in 0..chunks {
        let (chunk, after) = rest.split_at(rest.len().min(CHUNK));
        rest = after;
        let nonce = nonce(number as u64, number + 1 == chunks);
        file.extend(by.encrypt(Nonce::from_slice(&nonce), chunk).ok()?);
    }
    Some(armoured(&file))
}

/// The MAC of a header.
fn derived_mac(key: &FileKey, header: &[u8]) -> Hmac<Sha256> {
    let by = derive(&**key, b"", b"header");
    let mut block = Zeroizing::new([0; 64]);
    for (to, from) in block.iter_mut().zip(&*by) {
        *to = *from;
    }
    let mut mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
    mac.update(header);
    mac
}

fn armoured(file: &[u8]) -> String {
    let text = BASE64.encode(file);
    let mut armour = format!("{BEGIN}\n");
    for (at, char) in text.chars().enumerate() {
        if at > 0 && at % COLUMNS == 0 {
            armour.push('\n');
        }
        armour.push(char);
    }
    armour.push_str(&["\n", END, "\n"].concat());
    armour
}

/// Opens what begins with armour, by one of `identities`.
///
/// # Errors
/// It is damaged, or for somebody else.
pub(super) fn open(identities: &[Identity], armour: &str) -> Result<Zeroizing<Vec<u8>>, Closed> {
    let inner = armour.trim().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END));
    let text: String = inner.ok_or(Closed::Format)?.lines().map(str::trim_end).collect();
    let file = BASE64.decode(text.as_bytes()).map_err(|_| Closed::Format)?;
    let (header, mac, rest) = parted(&file).ok_or(Closed::Format)?;
    let key = file_key(identities, header)?;
    // A header that was changed is none that the file's key speaks for.
    derived_mac(&key, header).verify_slice(&mac).map_err(|_| Closed::Changed)?;

    let (salt, mut rest) = rest.split_at_checked(16).ok_or(Closed::Format)?;
    let by = cipher(&derive(&*key, salt, b"payload"));
    let mut text = Zeroizing::new(Vec::with_capacity(rest.len()));
    let mut number = 0;
    loop {
        let (chunk, after) = rest.split_at(rest.len().min(CHUNK + TAG));
        let last = after.is_empty();
        let nonce = nonce(number, last);
        let opened = by.decrypt(Nonce::from_slice(&nonce), chunk).map(Zeroizing::new);
        let opened = opened.map_err(|_| Closed::Changed)?;
        // Only a file of nothing ends in a chunk of nothing.
        if opened.is_empty() && number > 0 {
            return Err(Closed::Changed);
        }
        text.extend_from_slice(&opened);
        if last {
            return Ok(text);
        }
        (rest, number) = (after, number + 1);
    }
}

/// A header up to its MAC, that MAC, and what follows.
fn parted(file: &[u8]) -> Option<(&[u8], Vec<u8>, &[u8])> {
    const MARK: &[u8] = b"\n---";
    let bound = file.len().min(LONGEST_HEADER);
    let at = file.get(..bound)?.windows(MARK.len()).position(|window| window == MARK)?;
    let (header, rest) = file.split_at_checked(at + MARK.len())?;
    let rest = rest.strip_prefix(b" ")?;
    let line = rest.iter().position(|byte| *byte == b'\n')?;
    let (mac, rest) = rest.split_at_checked(line)?;
    Some((header, BASE64_NOPAD.decode(mac).ok()?, rest.get(1..)?))
}

/// The file's key, from the stanza that is for one of `identities`.
fn file_key(identities: &[Identity], header: &[u8]) -> Result<FileKey, Closed> {
    let text = std::str::from_utf8(header).map_err(|_| Closed::Format)?;
    let mut lines = text.lines();
    if lines.next() != Some(VERSION) {
        return Err(Closed::Format);
    }
    while let Some(line) = lines.next() {
        let Some(share) = line.strip_prefix("-> X25519 ") else { continue };
        let share = BASE64_NOPAD.decode(share.as_bytes()).ok();
        let share = share.and_then(|share| <[u8; 32]>::try_from(share).ok());
        let share = PublicKey::from(share.ok_or(Closed::Format)?);
        let body = lines.next().and_then(|body| BASE64_NOPAD.decode(body.as_bytes()).ok());
        let body = body.filter(|body| body.len() == 16 + TAG).ok_or(Closed::Format)?;
        for identity in identities {
            let shared = identity.0.diffie_hellman(&share);
            if !shared.was_contributory() {
                return Err(Closed::Format);
            }
            let by = wrapping(shared.as_bytes(), &share, &PublicKey::from(&identity.0));
            let key = cipher(&by).decrypt(Nonce::from_slice(&[0; 12]), &*body).map(Zeroizing::new);
            let key = key.ok().and_then(|key| <[u8; 16]>::try_from(key.as_slice()).ok());
            if let Some(key) = key {
                return Ok(FileKey::new(key));
            }
        }
    }
    Err(Closed::OtherKey)
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, CHUNK, Closed, open, seal};
    use crate::record::share::keys::Identity;
    use proptest::prelude::*;

    fn identity(number: u8) -> Identity {
        Identity::of(&[number; 32])
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_and_no_other() {
        for length in [0, 1, 500, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7] {
            let text = vec![b'x'; length];
            let (ana, ben) = (identity(1), identity(2));
            let file = seal(&[&ana.recipient(), &ben.recipient()], &text).unwrap();

            assert_eq!(*open(&[ana], &file).unwrap(), text, "{length}");
            assert_eq!(*open(&[identity(3), ben], &file).unwrap(), text, "{length}");
            assert_eq!(open(&[identity(3)], &file).unwrap_err(), Closed::OtherKey);
            assert!(file.lines().all(|line| line.len() <= 64));
        }
    }

    #[test]
    fn a_changed_or_cut_file_does_not_open() {
        let text = vec![b'x'; CHUNK + 100];
        let ana = || identity(1);
        let file = seal(&[&ana().recipient()], &text).unwrap();
        let bytes = super::BASE64
            .decode(
                file.lines().filter(|line| !line.starts_with('-')).collect::<String>().as_bytes(),
            )
            .unwrap();
        for at in (0..bytes.len()).step_by(97).chain(0..250) {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(open(&[ana()], &super::armoured(&changed)).is_err(), "byte {at}");
            assert!(open(&[ana()], &super::armoured(&bytes[..at])).is_err(), "cut at {at}");
        }
        // The last chunk gone.
        let cut = &bytes[..bytes.len() - 116];
        assert_eq!(open(&[ana()], &super::armoured(cut)).unwrap_err(), Closed::Changed);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text: String, bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _closed = open(&[identity(1)], &format!("{BEGIN}\n{text}"));
            let header = [b"age-encryption.org/v1\n-> X25519 ".as_slice(), &bytes].concat();
            prop_assert!(open(&[identity(1)], &super::armoured(&bytes)).is_err());
            prop_assert!(open(&[identity(1)], &super::armoured(&header)).is_err());
        }
    }
}
