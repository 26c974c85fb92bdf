//! Keys of age: `age1…` to seal for somebody, `AGE-SECRET-KEY-1…` to open (<https://c2sp.org/age>).

use bech32::{Bech32, Hrp};
use std::fmt;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

const PUBLIC: &str = "age";
const SECRET: &str = "age-secret-key-";

/// Whom something is sealed for.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(pub(super) PublicKey);

/// Who opens it. Never shown.
pub struct Identity(pub(super) StaticSecret);

/// The 32 bytes of a key under `prefix`.
fn decoded(prefix: &str, text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let wanted = Hrp::parse(prefix).ok()?;
    let (hrp, bytes) = bech32::decode(text).ok()?;
    let bytes = Zeroizing::new(bytes);
    // `decode` takes the later kind of checksum too, which age does not use.
    let again = Zeroizing::new(bech32::encode_lower::<Bech32>(wanted, &bytes).ok()?);
    let same = again.eq_ignore_ascii_case(text);
    (hrp == wanted && same)
        .then(|| <[u8; 32]>::try_from(bytes.as_slice()).ok())?
        .map(Zeroizing::new)
}

impl Recipient {
    /// Reads `age1…`; nothing when it is no such key.
    pub fn parse(text: &str) -> Option<Self> {
        decoded(PUBLIC, text).map(|bytes| Self(PublicKey::from(*bytes)))
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Hrp::parse(PUBLIC).ok();
        let text = text.and_then(|hrp| bech32::encode::<Bech32>(hrp, self.0.as_bytes()).ok());
        f.write_str(&text.ok_or(fmt::Error)?)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

impl Identity {
    pub(super) fn of(bytes: &[u8; 32]) -> Self {
        Self(StaticSecret::from(*bytes))
    }

    /// A new one; nothing without random bytes.
    pub fn draw() -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes).ok()?;
        Some(Self::of(&bytes))
    }

    /// Every key in a key file, one a line, as `age-keygen` writes them; `#` begins a remark.
    /// Nothing when a line is none.
    pub fn all_in(text: &str) -> Option<Vec<Self>> {
        let lines = text.lines().map(str::trim);
        let keys = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let keys: Option<Vec<Self>> =
            keys.map(|line| decoded(SECRET, line).map(|bytes| Self::of(&bytes))).collect();
        keys.filter(|keys| !keys.is_empty())
    }

    /// What others seal for.
    pub fn recipient(&self) -> Recipient {
        Recipient(PublicKey::from(&self.0))
    }

    /// The key file, as `age-keygen` would write it.
    pub fn to_file(&self) -> Option<Zeroizing<String>> {
        let hrp = Hrp::parse(SECRET).ok()?;
        let secret = bech32::encode_upper::<Bech32>(hrp, self.0.as_bytes()).map(Zeroizing::new);
        let text = ["# public key: ", &self.recipient().to_string(), "\n", &secret.ok()?, "\n"];
        Some(Zeroizing::new(text.concat()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Identity, Recipient};
    use proptest::prelude::*;

    #[test]
    fn a_key_file_gives_its_keys_and_their_public_half() {
        let key = Identity::draw().unwrap();
        let file = key.to_file().unwrap();

        let read = Identity::all_in(&file).unwrap();

        assert_eq!(read[0].recipient(), key.recipient());
        let shown = key.recipient().to_string();
        assert!(shown.starts_with("age1") && shown.len() == 62, "{shown}");
        assert_eq!(Recipient::parse(&shown).unwrap(), key.recipient());
        assert!(format!("{key:?}").len() < 12);
    }

    #[test]
    fn what_is_no_key_is_none() {
        let shown = Identity::draw().unwrap().recipient().to_string();
        let last = shown.chars().last().unwrap();
        let other = shown.replace(last, if last == 'q' { "p" } else { "q" });
        for wrong in ["", "age1", "age1qqqq", other.as_str(), "age1tag1qqqq", "ssh-ed25519 AAAA"] {
            assert!(Recipient::parse(wrong).is_none(), "{wrong}");
        }
        assert!(Identity::all_in("# nothing\n").is_none());
        assert!(Identity::all_in(&shown).is_none());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text: String) {
            prop_assert!(Recipient::parse(&text).is_none());
            let _keys = Identity::all_in(&text);
        }
    }
}
