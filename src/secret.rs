//! The one type that holds a credential.

use std::fmt;
use zeroize::Zeroizing;

/// The bytes of a credential, held in memory only.
///
/// `Debug` and `Display` show the length, never the value; the bytes are overwritten
/// when this is dropped. No `Clone`, no `Serialize`, no `PartialEq`.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Copies `bytes` into a secret.
    pub fn new(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// The one way to the value. Each call site is a place to review.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes hidden]", self.0.len())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_shows_its_length_and_nothing_else() {
        let secret = Secret::new(b"correct horse");

        assert_eq!(format!("{secret} {secret:?}"), "[13 bytes hidden] [13 bytes hidden]");
        assert_eq!(format!("{:?}", Some(&secret)), "Some([13 bytes hidden])");
    }
}
