//! What leakcoach knows: rules, their coaching and their samples.
//!
//! Rules are written as TOML in `patterns/`; `build.rs` checks them and compiles them
//! to static data, so nothing is parsed at start-up. Knows nothing of git or files.

pub mod anchor;
pub(crate) mod assigned;
pub mod check;
pub mod checksum;
#[cfg(test)]
mod lint;
pub mod sample;
pub mod schema;

pub use check::Check;
pub use schema::{Engine, Grade, Kind, Lifetime, Severity};

/// One credential type that leakcoach recognises.
#[derive(Debug)]
pub struct Rule {
    /// `service-thing`, never renumbered.
    pub id: &'static str,
    /// The service as its vendor writes it.
    pub service: &'static str,
    /// The file of `patterns/` it comes from, without ending: `vcs/github`.
    pub family: &'static str,
    /// What it is, as a noun phrase.
    pub what: &'static str,
    /// What kind of credential it is.
    pub kind: Kind,
    /// How bad a leak is.
    pub severity: Severity,
    /// How long it works when nobody acts.
    pub lifetime: Lifetime,
    /// What the shape alone is worth.
    pub grade: Grade,
    /// Public by design: recognised, and let through.
    pub public: bool,
    /// How a match is found.
    pub engine: Engine,
    /// A regular expression over bytes; its group `secret`, if any, is the credential.
    pub shape: &'static str,
    /// The names of a named rule, in words parted by blanks.
    pub names: &'static [&'static str],
    /// How many bytes a match has at least.
    pub least: u32,
    /// Every match begins with an anchor.
    pub leads: bool,
    /// How many bytes before an anchor a match may begin.
    pub before: u32,
    /// How many bytes after an anchor's start a match may end.
    pub after: u32,
    /// Bytes that may not stand right before a match.
    pub head: ByteSet,
    /// Bytes that may not stand right after a match.
    pub tail: ByteSet,
    /// Offline checks, in order.
    pub checks: &'static [Check],
    /// Where else it is looked for.
    pub companion: Option<Companion>,
    /// CWE numbers (cwe.mitre.org).
    pub cwe: &'static [u16],
    /// OWASP Non-Human Identities Top 10 ids.
    pub nhi: &'static [&'static str],
    /// What a person is told. A function, so that the words cost nothing until asked for.
    pub coaching: fn() -> Coaching,
    /// Templates that match, for [`sample::expand`].
    pub samples: fn() -> &'static [&'static str],
    /// Templates that do not.
    pub near_misses: fn() -> &'static [&'static str],
}

/// What a person is told about one rule.
#[derive(Debug, Clone, Copy)]
pub struct Coaching {
    /// What the credential opens.
    pub opens: &'static str,
    /// The signal that was there to be seen.
    pub missed: &'static str,
    /// What to do next time.
    pub next_time: &'static str,
    /// The page, or words for the place, where it is revoked.
    pub revoke_console: &'static str,
    /// The command that revokes it; empty where there is none.
    pub revoke_cli: &'static str,
    /// What to know before revoking; may be empty.
    pub revoke_note: &'static str,
    /// How to replace it without an outage.
    pub rotate: &'static str,
    /// How to keep it in a vault and read it at run time.
    pub vault: &'static str,
    /// The short-lived alternative.
    pub instead: &'static str,
    /// Where to look for use by others.
    pub abuse: &'static str,
    /// The environment variable that usually carries it.
    pub variable: &'static str,
    /// Pages that the words were checked against.
    pub sources: &'static [&'static str],
}

/// A rule that is also looked for around the findings of another.
#[derive(Debug, Clone, Copy)]
pub struct Companion {
    /// The other rule's id.
    pub of: &'static str,
    /// Lines up and down.
    pub lines: u32,
    /// The shape that counts there.
    pub shape: &'static str,
}

/// A set of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteSet(pub [u64; 4]);

impl ByteSet {
    /// Whether `byte` is in the set.
    pub const fn has(&self, byte: u8) -> bool {
        self.0[(byte >> 6) as usize] >> (byte & 63) & 1 == 1
    }
}

/// A literal that calls a rule up.
#[derive(Debug)]
pub struct Anchor {
    /// The literal's bytes.
    pub text: &'static str,
    /// Index of its rule.
    pub rule: u16,
    /// Letters match in either case.
    pub ignore_case: bool,
    /// Where in `text` the three bytes begin that the first pass sees.
    pub at: u8,
}

/// Every rule, with the table of the first pass.
#[derive(Debug)]
pub struct Catalogue {
    /// The rules; an index into them names a rule within one run.
    pub rules: &'static [Rule],
    /// Anchors, in order of their slot.
    pub anchors: &'static [Anchor],
    /// The slot of the anchor at the same index, ascending.
    pub slots: &'static [u16],
    /// A bit per slot that any anchor has.
    pub bitmap: &'static [u64; anchor::SLOTS / 64],
}

impl Catalogue {
    /// The rules that come with leakcoach.
    pub fn builtin() -> &'static Self {
        &builtin::CATALOGUE
    }

    /// The rule called `id`.
    pub fn rule(&self, id: &str) -> Option<&'static Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// The rule id nearest to `id`, for "did you mean".
    pub fn nearest(&self, id: &str) -> Option<&'static str> {
        self.rules
            .iter()
            .map(|rule| (strsim::damerau_levenshtein(rule.id, id), rule.id))
            .min()
            .filter(|(distance, known)| *distance <= known.len() / 3)
            .map(|(_, known)| known)
    }
}

mod builtin {
    //! Static data made by `build.rs` from `patterns/`.
    #![expect(clippy::unreadable_literal, reason = "generated")]
    use super::{
        Anchor, ByteSet, Catalogue, Check, Coaching, Companion, Engine, Grade, Kind, Lifetime,
        Rule, Severity,
    };
    include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));
}
