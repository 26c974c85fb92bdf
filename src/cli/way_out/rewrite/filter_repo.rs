//! The same by git-filter-repo, for who has its other steps in a routine.
//!
//! It is told the shape of the value and a salted hash, not the value: `--blob-callback` and
//! `--message-callback` take the body of a Python function
//! (<https://github.com/newren/git-filter-repo>, its manual, "Callbacks").

use crate::cli::mask;
use crate::cli::named::Named;
use crate::error::Error;
use crate::source::Repo;
use crate::{report, tool};
use chacha20poly1305::aead::OsRng;
use chacha20poly1305::aead::rand_core::RngCore;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::fmt::Write;

/// What stands in its place, as after `rewrite` itself.
const INSTEAD: &str = "removed-credential";

/// What the callbacks read. The environment of a process is its owner's alone, other than its
/// arguments.
const EXPRESSION: &str = "LEAKCOACH_EXPRESSION";

/// Replaces in `DATA` what has the shape and the hash; so long that nothing shorter is tried.
const BODY: &str = r#"
import hashlib, os, re
salt, digest, size, shape = os.environ["LEAKCOACH_EXPRESSION"].split(" ")
salt, digest, size = bytes.fromhex(salt), bytes.fromhex(digest), int(size)
rest, kept, at = DATA, [], 0
for match in re.finditer(bytes.fromhex(shape), rest, re.DOTALL):
  start = match.start()
  if start >= at and hashlib.sha256(salt + rest[start:start + size]).digest() == digest:
    kept += [rest[at:start], b"INSTEAD"]
    at = start + size
"#;

/// Takes the value of `finding` out of all that git-filter-repo rewrites.
///
/// # Errors
/// There is none on `PATH`, or it says that it failed.
pub(super) fn run(repo: &Repo, finding: &Named, more: &[OsString]) -> Result<(), Error> {
    let body = BODY.replace("INSTEAD", INSTEAD);
    let of_blob =
        body.replace("DATA", "blob.data") + "if at:\n  blob.data = b\"\".join(kept) + rest[at:]\n";
    let of_message = body.replace("DATA", "message") + "return b\"\".join(kept) + rest[at:]\n";
    let mut git = tool::git();
    git.arg("-C").arg(repo.top().unwrap_or(repo.git_dir()));
    git.args(["filter-repo", "--blob-callback", &of_blob, "--message-callback", &of_message]);
    git.args(more).env(EXPRESSION, expression(finding));
    // What it prints is for people, and standard output is for data.
    git.stdout(std::io::stderr());
    let failed = |why: String| Error::Usage(format!("git filter-repo did not do it: {why}"));
    let status = git.status().map_err(|error| failed(error.to_string()))?;
    if status.success() {
        return Ok(());
    }
    report::notice(
        "its own words are above; it works on a fresh clone, or with `-- --force`; not \
         installed? pipx install git-filter-repo, or go without it: leakcoach rewrite --pushed",
    );
    Err(failed(format!("it ended with {status}")))
}

/// Salt, hash, length and shape of the value.
fn expression(finding: &Named) -> String {
    let value = finding.secret.expose();
    let mut salt = [0; 16];
    OsRng.fill_bytes(&mut salt);
    let digest = Sha256::new().chain_update(salt).chain_update(value).finalize();
    let known = mask::type_prefix(finding.rule, value);
    let (salt, digest) = (HEXLOWER.encode(&salt), HEXLOWER.encode(&digest));
    let shape = HEXLOWER.encode(shape(known, &value[known.len()..]).as_bytes());
    format!("{salt} {digest} {} {shape}", value.len())
}

/// A pattern of Python's that finds each place where `known` stands before as many bytes of
/// the kinds of `rest`; places may overlap.
fn shape(known: &[u8], rest: &[u8]) -> String {
    let mut shape = String::from("(?=");
    for byte in known {
        let _never_fails = write!(shape, "\\x{byte:02x}");
    }
    if !rest.is_empty() {
        shape.push('[');
        let has = |kind: fn(&u8) -> bool| rest.iter().any(kind);
        for (kind, range) in [
            (u8::is_ascii_lowercase as fn(&u8) -> bool, "a-z"),
            (u8::is_ascii_uppercase, "A-Z"),
            (u8::is_ascii_digit, "0-9"),
        ] {
            if has(kind) {
                shape.push_str(range);
            }
        }
        let mut others: Vec<u8> =
            rest.iter().copied().filter(|byte| !byte.is_ascii_alphanumeric()).collect();
        others.sort_unstable();
        others.dedup();
        for byte in others {
            let _never_fails = write!(shape, "\\x{byte:02x}");
        }
        let _never_fails = write!(shape, "]{{{}}}", rest.len());
    }
    shape.push(')');
    shape
}

#[cfg(test)]
mod tests {
    use super::shape;

    #[test]
    fn a_shape_tells_kinds_and_length_and_no_byte_of_the_value() {
        assert_eq!(shape(b"", b"aZ9-Z"), "(?=[a-zA-Z0-9\\x2d]{5})");
        assert_eq!(shape(b"k_", b"\n\xff"), "(?=\\x6b\\x5f[\\x0a\\xff]{2})");
        assert_eq!(shape(b"k", b""), "(?=\\x6b)");
    }
}
