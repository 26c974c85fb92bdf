//! The baseline: values that were there when leakcoach came, let through until they go.
//!
//! One file of a repository, one value a line, sorted, so that git merges it:
//!
//! ```text
//! salt 3f9a0c…
//! 3f9a.h.5b1e… github-pat
//! ```
//!
//! Hashed as exceptions are (see [`super::exception`]), and without a place, a day or a
//! reason: a line stays the same wherever the value goes and whoever writes it down.
//! Nothing was decided about these values; a decision is an exception.

use super::keyed::{self, Fault, Keyed};
use super::salt::{Salt, ValueHash};
use super::stretch::Stretcher;
use crate::scan::Finding;
use std::collections::BTreeSet;
use std::fmt;

/// Where the file lies, from the top of the repository.
pub const FILE: &str = ".leakcoach/baseline";

/// The lines that the file begins with.
const HEADER: &str = "\
# Baseline of leakcoach: HASH RULE
# Values found here before leakcoach was. Each is good until it is revoked.
";

/// A value in the baseline, told by its hash and the rule that found it.
pub type Entry = (ValueHash, String);

/// All values of a repository's baseline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    values: Keyed<()>,
    /// Lines of people's own.
    comments: Vec<String>,
    /// What could not be read.
    pub faults: Vec<Fault>,
}

impl Baseline {
    /// Reads the file's text. A line that cannot be read is a fault, and lets nothing
    /// through.
    pub fn parse(text: &[u8]) -> Self {
        let mut values = Keyed::default();
        let (comments, faults) = keyed::parse(text, HEADER, &mut values, |values, hash, rule| {
            let hash = ValueHash::parse(hash).ok_or("its hash cannot be read")?;
            if rule.is_empty() || rule.contains(' ') {
                return Err("it is no hash and rule");
            }
            values.insert(rule, hash, (), |(), ()| true);
            Ok(())
        });
        Self { values, comments, faults }
    }

    /// Under which hash a finding's value is in it, if it is.
    ///
    /// Costs a stretched hash where the file has any for the finding's rule.
    pub fn of(&self, finding: &Finding, by: &Stretcher) -> Option<ValueHash> {
        self.values.get(finding, by).map(|(hash, ())| hash)
    }

    /// The hash under which a finding's value is to be added. `fresh` is the salt of a
    /// file that has none yet. Nothing where it is in it already, or cannot be hashed.
    pub fn add(&mut self, finding: &Finding, fresh: Salt, by: &Stretcher) -> Option<ValueHash> {
        if self.of(finding, by).is_some() {
            return None;
        }
        let hash = self.values.hash(finding, fresh, by)?;
        self.values.insert(finding.rule.id, hash, (), |(), ()| true);
        Some(hash)
    }

    /// The values that are not among `seen`.
    pub fn beside(&self, seen: &BTreeSet<ValueHash>) -> Vec<Entry> {
        let all = self.values.sorted().into_iter().filter(|(hash, ..)| !seen.contains(hash));
        all.map(|(hash, rule, ())| (hash, rule.to_owned())).collect()
    }

    /// Takes values out.
    pub fn remove(&mut self, entries: &[Entry]) {
        let gone: BTreeSet<ValueHash> = entries.iter().map(|(hash, _)| *hash).collect();
        self.values.retain(|hash| !gone.contains(&hash));
    }

    /// The salt that new hashes are made with, if there is one.
    pub fn salt(&self) -> Option<Salt> {
        self.values.salts().next().copied()
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl fmt::Display for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        keyed::write_head(f, HEADER, &self.comments, &self.values)?;
        for (hash, rule, ()) in self.values.sorted() {
            writeln!(f, "{hash} {rule}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Catalogue, sample::expand};
    use crate::judge::fingerprint::{KEY_BYTES, Key};
    use crate::judge::salt::Hashing;
    use crate::scan::{Scanner, Text};
    use crate::source::role::FileRole;
    use proptest::prelude::*;

    const SALT: Salt = Salt::new([0x3f; 16]);

    fn by() -> Stretcher {
        Stretcher::new(Key::new([1; KEY_BYTES]), b"")
    }

    fn token(seed: u64) -> Finding {
        let text = expand("t = 'ghp_{base62:30}{crc32-base62}'", seed).unwrap();
        let text = Text { bytes: text.as_bytes(), path: b"a.py", role: FileRole::Source };
        Scanner::new(Catalogue::builtin()).scan(&text).findings.remove(0)
    }

    #[test]
    fn a_value_is_in_it_once_and_another_is_not() {
        let mut all = Baseline::default();
        let hash = all.add(&token(1), SALT, &by()).unwrap();
        assert_eq!(all.add(&token(1), SALT, &by()), None);

        let all = Baseline::parse(all.to_string().as_bytes());
        assert_eq!(all.of(&token(1), &by()), Some(hash));
        assert_eq!(all.of(&token(2), &by()), None);
        assert_eq!((all.len(), all.faults.len()), (1, 0));
    }

    #[test]
    fn what_is_gone_is_taken_out_and_nothing_else() {
        let mut all = Baseline::default();
        let seen = BTreeSet::from([all.add(&token(1), SALT, &by()).unwrap()]);
        all.add(&token(2), SALT, &by());

        let gone = all.beside(&seen);
        all.remove(&gone);

        assert_eq!(gone.len(), 1);
        assert!(all.of(&token(1), &by()).is_some() && all.of(&token(2), &by()).is_none());
    }

    #[test]
    fn two_branches_merge_by_putting_their_lines_together() {
        let (mut ours, mut theirs) = (Baseline::default(), Baseline::default());
        ours.add(&token(1), SALT, &by());
        theirs.add(&token(2), Salt::new([7; 16]), &by());

        let merged = Baseline::parse(format!("{theirs}{ours}").as_bytes());

        assert!([1, 2].iter().all(|seed| merged.of(&token(*seed), &by()).is_some()));
        assert_eq!(merged, Baseline::parse(merged.to_string().as_bytes()));
    }

    #[test]
    fn the_file_does_not_look_like_a_credential_for_any_rule() {
        let mut all = Baseline::default();
        all.values.read_salt(&SALT.to_string()).unwrap();
        let sample = token(1);
        for rule in Catalogue::builtin().rules() {
            for how in [Hashing::Keyed, Hashing::Stretched] {
                let hash = SALT.hash(how, &sample, &by()).unwrap();
                all.values.insert(rule.id, hash, (), |(), ()| true);
            }
        }
        let text = all.to_string();
        let text = Text { bytes: text.as_bytes(), path: FILE.as_bytes(), role: FileRole::Config };

        let found = Scanner::new(Catalogue::builtin()).scan(&text).findings;
        assert_eq!(found.len(), 0);
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_what_is_written_is_read_back(text in "(salt |[a-z-]{1,9}|[0-9a-f]{4}\\.[hs]\\.[0-9a-f]{32} |x|#|\\PC|\n){0,60}") {
            let all = Baseline::parse(text.as_bytes());
            let again = Baseline::parse(all.to_string().as_bytes());

            prop_assert_eq!(again.values.sorted(), all.values.sorted());
            prop_assert!(again.faults.is_empty());
        }

        #[test]
        fn hostile_bytes_are_refused_not_obeyed(bytes: Vec<u8>) {
            let _read = Baseline::parse(&bytes);
        }
    }
}
