//! Pointers of git LFS, and the store in which their objects are if they are here.
//!
//! The pointer's format is that of git-lfs, docs/spec.md; the older names of the version
//! are from the same page. Nothing is fetched.

use crate::text::Escaped;
use std::fs::File;
use std::path::{Path, PathBuf};

/// A pointer has fewer bytes than this.
const POINTER_BELOW: usize = 1024;

/// The first line of a pointer.
const VERSIONS: [&str; 3] = [
    "version https://git-lfs.github.com/spec/v1",
    "version http://git-media.io/v/2",
    "version https://hawser.github.com/spec/v1",
];

/// What a path holds instead of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// The SHA-256 of the content, in hexadecimal digits.
    oid: String,
    /// Its bytes.
    size: u64,
}

impl Pointer {
    /// Reads a pointer; nothing when `bytes` are none.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.len() >= POINTER_BELOW || !bytes.starts_with(b"version http") {
            return None;
        }
        let mut lines = std::str::from_utf8(bytes).ok()?.lines();
        let version = lines.next()?;
        if !VERSIONS.contains(&version) {
            return None;
        }
        let (mut oid, mut size) = (None, None);
        for line in lines {
            match line.split_once(' ')? {
                ("oid", value) => oid = Some(value.strip_prefix("sha256:")?),
                ("size", value) => size = Some(value.parse().ok()?),
                // Extensions (`ext-0-…`) change what the object holds, not where it is.
                _ => {}
            }
        }
        let oid = oid.filter(|oid| is_id(oid))?;
        Some(Self { oid: oid.to_owned(), size: size? })
    }
}

fn is_id(oid: &str) -> bool {
    oid.len() == 64 && oid.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Where the objects of a repository are.
#[derive(Debug, Clone)]
pub struct Store(PathBuf);

impl Store {
    /// The store in `folder`: `lfs` in the repository's shared folder, or where
    /// `lfs.storage` says.
    pub fn at(folder: &Path) -> Self {
        Self(folder.join("objects"))
    }

    /// The content that `pointer` stands for, and its bytes. The error says why not, fit
    /// for a terminal.
    pub fn open(&self, pointer: &Pointer) -> Result<(File, u64), String> {
        let oid = pointer.oid.as_str();
        let (first, second) = (oid.get(..2).unwrap_or_default(), oid.get(2..4).unwrap_or_default());
        let path = self.0.join(first).join(second).join(oid);
        match super::tree::open_file(&path, true) {
            Ok((file, len)) if len == pointer.size => Ok((file, len)),
            Ok(_) => Err("its git LFS object is here, but of another size".to_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err("its content is in git LFS and not here".to_owned())
            }
            Err(error) => {
                let why = error.to_string();
                Err(format!("its git LFS object cannot be read: {}", Escaped(why.as_bytes())))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pointer(version: &str, oid: &str, size: &str) -> Option<Pointer> {
        Pointer::of(format!("{version}\noid sha256:{oid}\nsize {size}\n").as_bytes())
    }

    #[test]
    fn a_pointer_is_read_as_git_lfs_writes_it() {
        let oid = "0123456789abcdef".repeat(4);
        for version in VERSIONS {
            assert_eq!(pointer(version, &oid, "12"), Some(Pointer { oid: oid.clone(), size: 12 }));
        }
        for (version, oid, size) in [
            ("version https://example.org/v1", oid.as_str(), "12"),
            (VERSIONS[0], "../../../../etc/passwd", "12"),
            (VERSIONS[0], &oid, "-1"),
            (VERSIONS[0], &oid.to_uppercase(), "1"),
        ] {
            assert_eq!(pointer(version, oid, size), None, "{version} {oid} {size}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_pointer_that_leaves_the_store(tail in "(\noid sha256:|\nsize |[0-9a-f/.]{0,70}|\\PC){0,6}") {
            let text = format!("{}{tail}", VERSIONS[0]);
            if let Some(pointer) = Pointer::of(text.as_bytes()) {
                prop_assert!(is_id(&pointer.oid));
            }
        }

        #[test]
        fn any_bytes_are_read_or_none(bytes: Vec<u8>) {
            prop_assert_eq!(Pointer::of(&bytes), None);
        }
    }
}
