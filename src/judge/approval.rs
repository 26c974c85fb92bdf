//! Approvals of exceptions: who signed which of them.
//!
//! One file of a repository beside the exceptions, one approval a line, sorted:
//!
//! ```text
//! 3f9a.h.5b1e… bob@example.org U1NIU0lH…
//! ```
//!
//! What is signed is the exception's whole line, so that a later end or another reason takes
//! another approval. Signatures are those of ssh-keygen(1) in a namespace of our own, in
//! base64, without the lines around them (OpenSSH, PROTOCOL.sshsig). Takes text and gives
//! text; whether a signature holds, and whose word counts, others know.

use super::exception::Fault;
use super::salt::ValueHash;
use data_encoding::BASE64;
use std::collections::BTreeSet;
use std::fmt;

/// Where the file lies, from the top of the repository.
pub const FILE: &str = ".leakcoach/approvals";

/// The namespace of the signatures: none that was made for anything else fits.
pub const NAMESPACE: &str = "leakcoach-exception";

/// The line that the file begins with.
const HEADER: &str = "# Approvals of leakcoach's exceptions: HASH WHO SIGNATURE\n";

/// As long a line may be; the signature of a key of RSA with 16,384 bits fits.
const BYTES_OF_LINE: usize = 8192;

/// What each signature begins with.
const MAGIC: &[u8] = b"SSHSIG";

/// An approval, as it is claimed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Approval {
    /// The exception's hash.
    pub hash: ValueHash,
    /// Who is said to have signed.
    pub who: String,
    signature: Vec<u8>,
}

impl Approval {
    /// The approval that `armored` is, as ssh-keygen(1) writes it.
    pub fn of_armored(hash: ValueHash, who: &str, armored: &str) -> Option<Self> {
        let inner: String = armored.lines().filter(|line| !line.starts_with("-----")).collect();
        let signature = BASE64.decode(inner.trim().as_bytes()).ok()?;
        (signature.starts_with(MAGIC) && is_name(who)).then(|| Self {
            hash,
            who: who.to_owned(),
            signature,
        })
    }

    /// The signature as ssh-keygen(1) reads it.
    pub fn armored(&self) -> String {
        let mut text = String::from("-----BEGIN SSH SIGNATURE-----\n");
        for (at, char) in BASE64.encode(&self.signature).chars().enumerate() {
            if at > 0 && at % 70 == 0 {
                text.push('\n');
            }
            text.push(char);
        }
        text.push_str("\n-----END SSH SIGNATURE-----\n");
        text
    }
}

/// What is signed: the exception's line, in a frame of its own.
pub fn statement(line: &str) -> String {
    format!("leakcoach exception 1\n{line}\n")
}

/// Whether `who` can be a name in a file of signers.
pub fn is_name(who: &str) -> bool {
    let plain = |char: char| !char.is_whitespace() && !char.is_control() && char != ',';
    !who.is_empty() && who.len() <= 200 && who.chars().all(plain) && !who.starts_with(['-', '#'])
}

/// All approvals of a repository, as they are claimed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approvals {
    all: BTreeSet<Approval>,
    /// What could not be read.
    pub faults: Vec<Fault>,
}

impl Approvals {
    /// Reads the file's text. A line that cannot be read is a fault, and approves nothing.
    pub fn parse(text: &[u8]) -> Self {
        let mut read = Self::default();
        for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
            match read_line(line) {
                Ok(approval) => read.all.extend(approval),
                Err(what) => read.faults.push(Fault { line: at + 1, what }),
            }
        }
        read
    }

    /// Those of one exception.
    pub fn of(&self, hash: ValueHash) -> impl Iterator<Item = &Approval> {
        self.all.iter().filter(move |approval| approval.hash == hash)
    }

    /// Puts one in, in the place of what the same person signed about the same value before.
    pub fn put(&mut self, approval: Approval) {
        let other = |one: &Approval| (one.hash, &one.who) != (approval.hash, &approval.who);
        self.all.retain(other);
        self.all.insert(approval);
    }
}

fn read_line(line: &[u8]) -> Result<Option<Approval>, &'static str> {
    if line.len() > BYTES_OF_LINE {
        return Err("it is too long");
    }
    let line = std::str::from_utf8(line).map_err(|_| "it is no UTF-8")?.trim_end();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    if line.contains(char::is_control) {
        return Err("it holds a control character");
    }
    let mut words = line.split(' ');
    let (Some(hash), Some(who), Some(signature), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err("it is not a hash, a name and a signature");
    };
    let hash = ValueHash::parse(hash).ok_or("its hash cannot be read")?;
    Approval::of_armored(hash, who, signature)
        .map(Some)
        .ok_or("its name or signature cannot be read")
}

impl fmt::Display for Approvals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEADER)?;
        for Approval { hash, who, signature } in &self.all {
            writeln!(f, "{hash} {who} {}", BASE64.encode(signature))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use crate::scan::{Scanner, Text};
    use crate::source::role::FileRole;
    use proptest::prelude::*;

    fn approval(who: &str, rest: &[u8]) -> Approval {
        let hash = ValueHash::parse(&format!("3f9a.h.{}", "5b".repeat(16))).unwrap();
        let signature = [MAGIC, rest].concat();
        Approval { hash, who: who.to_owned(), signature }
    }

    #[test]
    fn what_is_written_is_read_back_and_armour_fits() {
        let mut all = Approvals::default();
        all.put(approval("bob@example.org", &[1; 300]));
        all.put(approval("@acme/security", &[2; 80]));
        all.put(approval("bob@example.org", &[3; 300]));

        let again = Approvals::parse(all.to_string().as_bytes());
        assert_eq!(again, all);
        let mine: Vec<&Approval> = again.of(approval("", &[]).hash).collect();
        assert_eq!(mine.len(), 2);
        for one in mine {
            let read = Approval::of_armored(one.hash, &one.who, &one.armored());
            assert_eq!(read.as_ref(), Some(one));
        }
    }

    #[test]
    fn what_is_no_approval_is_named_by_its_line() {
        let good = approval("bob", &[1; 80]);
        let text = |who: &str, signature: &str| format!("# x\n{} {who} {signature}\n", good.hash);
        let signature = BASE64.encode(&good.signature);
        for (who, signature) in [
            ("bob", "approved"),
            ("bob", &*BASE64.encode(b"something else that was signed")),
            ("-bob", &*signature),
            ("bob,eve", &*signature),
            ("bob eve", &*signature),
            ("b\u{1b}[1mob", &*signature),
            ("bob", &*format!("{signature}{}", "A".repeat(9000))),
        ] {
            let read = Approvals::parse(text(who, signature).as_bytes());
            assert_eq!((read.all.len(), read.faults.len()), (0, 1), "{who}");
            assert_eq!(read.faults.first().map(|fault| fault.line), Some(2));
        }
        assert_eq!(Approvals::parse(text("bob", &signature).as_bytes()).all.len(), 1);
    }

    #[test]
    fn the_file_does_not_look_like_a_credential_for_any_rule() {
        let mut all = Approvals::default();
        let drawn: Vec<u8> =
            (0..300_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[2]).collect();
        all.put(approval("bob@example.org", &drawn));
        all.put(approval("@acme/security", &drawn[..120]));
        let text = all.to_string();
        let text = Text { bytes: text.as_bytes(), path: FILE.as_bytes(), role: FileRole::Config };

        let found = Scanner::new(Catalogue::builtin()).scan(&text).findings;
        let ids: Vec<&str> = found.iter().map(|finding| finding.rule.id).collect();
        assert!(ids.is_empty(), "{ids:?}");
    }

    proptest! {
        #[test]
        fn hostile_bytes_are_refused_not_obeyed(bytes: Vec<u8>) {
            let read = Approvals::parse(&bytes);
            prop_assert!(read.all.is_empty());
        }

        #[test]
        fn any_lines_are_read_and_what_is_written_is_read_back(
            text in "([0-9a-f]{4}\\.h\\.[0-9a-f]{32} |bob |U1NIU0lH([A-Za-z0-9]{4}){0,4}|\\PC|\n){0,40}"
        ) {
            let read = Approvals::parse(text.as_bytes());
            let again = Approvals::parse(read.to_string().as_bytes());
            prop_assert!(again.faults.is_empty());
            prop_assert_eq!(again.all, read.all);
        }
    }
}
