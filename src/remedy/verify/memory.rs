//! What was learned, so that a credential known to be dead is not sent again.
//!
//! One line for each, by a keyed hash: the file tells nothing to whoever lacks the key.

use super::answer::State;
use crate::judge::fingerprint::Key;
use crate::secret::Secret;
use data_encoding::HEXLOWER;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Lines that are kept.
const MOST: usize = 10_000;

/// When a credential was asked about, and what came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) state: State,
    /// Seconds since 1970.
    pub(crate) at: i64,
}

/// What a clone remembers of its credentials.
#[derive(Debug)]
pub(crate) struct Memory {
    key: Key,
    path: PathBuf,
    known: BTreeMap<String, Known>,
}

impl Memory {
    /// What the file at `path` tells under `key`. Lines that cannot be read are forgotten.
    pub(crate) fn open(path: PathBuf, key: Key) -> Self {
        let text = std::fs::read(&path).unwrap_or_default();
        Self { key, path, known: parse(&text) }
    }

    /// What is known of `secret` at `server`.
    pub(crate) fn of(&self, server: &str, secret: &Secret) -> Option<Known> {
        self.known.get(&self.name(server, secret)).copied()
    }

    /// Keeps what was learned of `secret` at `server`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn keep(
        &mut self,
        server: &str,
        secret: &Secret,
        known: Known,
    ) -> std::io::Result<()> {
        self.known.insert(self.name(server, secret), known);
        let mut text = String::new();
        for (name, known) in self.known.iter().take(MOST) {
            let _ = writeln!(text, "{name} {} {}", known.state.word(), known.at);
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        // Made with mode 0600, and never seen half written.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.persist(&self.path).map(drop).map_err(|error| error.error)
    }

    fn name(&self, server: &str, secret: &Secret) -> String {
        HEXLOWER.encode(&self.key.tag(&[b"verified", server.as_bytes(), secret.expose()]))
    }
}

fn parse(text: &[u8]) -> BTreeMap<String, Known> {
    let line = |line: &[u8]| {
        let mut words = std::str::from_utf8(line).ok()?.split(' ');
        let (name, state, at) = (words.next()?, words.next()?, words.next()?);
        let states = [State::Dead, State::Alive, State::Unclear];
        let state = states.into_iter().find(|known| known.word() == state)?;
        Some((name.to_owned(), Known { state, at: at.parse().ok()? }))
    };
    text.split(|byte| *byte == b'\n').filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::{Known, Memory, State, parse};
    use crate::judge::fingerprint::{KEY_BYTES, Key};
    use crate::secret::Secret;
    use proptest::prelude::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_was_learned_is_told_again_and_holds_no_value() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("verified");
        let open = || Memory::open(path.clone(), Key::new([1; KEY_BYTES]));
        let secret = Secret::new(b"some-value");
        let known = Known { state: State::Dead, at: 12 };
        open().keep("https://a.example", &secret, known).unwrap();

        assert_eq!(open().of("https://a.example", &secret), Some(known));
        assert_eq!(open().of("https://b.example", &secret), None);
        assert_eq!(open().of("https://a.example", &Secret::new(b"other")), None);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("some-value") && !text.contains("example"), "{text}");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            let _known = parse(&bytes);
        }
    }
}
