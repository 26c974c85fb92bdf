//! What leakcoach knows: rules, their coaching and their samples.
//!
//! Rules are written as TOML in `patterns/`; `build.rs` checks them and compiles them
//! to static data, so nothing is parsed at start-up. Users' own rules are read at run
//! time ([`UserRules`]). Knows nothing of git or files.

pub mod anchor;
pub(crate) mod assigned;
pub mod check;
pub mod checksum;
pub(crate) mod coaching;
#[cfg(test)]
#[expect(unreachable_pub, reason = "build.rs uses it")]
mod families;
pub(crate) mod foreign;
mod given;
pub(crate) mod governance;
pub(crate) mod lessons;
pub(crate) mod lint;
pub(crate) mod named;
mod privilege;
mod reach;
pub mod sample;
pub mod schema;
#[cfg(test)]
#[expect(dead_code, reason = "build.rs uses all of it")]
pub(crate) mod signal;
mod told;
mod user;

pub use check::Check;
pub use given::{Extends, Fault, Remark, Search, UserRule, Weight};
pub use privilege::Signal;
pub use schema::{Engine, Grade, Kind, Lifetime, Severity};
pub use told::Told;
pub use user::UserRules;

use std::cmp::Ordering;
use std::sync::OnceLock;

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
    pub names: Lines,
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
    pub nhi: Lines,
    /// What a person is told, see [`Rule::coaching`].
    words: Words,
    /// Where a user's rule stands; nothing for leakcoach's own.
    pub file: Option<FileLine>,
    /// Templates that match, for [`sample::expand`].
    pub samples: Lines,
    /// Templates that do not.
    pub near_misses: Lines,
}

impl Rule {
    /// What a person is told about it.
    pub fn coaching(&self) -> Coaching {
        match self.words {
            Words::Builtin(words) => words(),
            Words::User(words) => *words,
        }
    }
}

/// A rule's words.
#[derive(Debug, Clone, Copy)]
enum Words {
    /// A function, so that they cost nothing until asked for.
    Builtin(fn() -> Coaching),
    /// Read at run time.
    User(&'static Coaching),
}

/// A place in a rule file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileLine {
    /// The file, as it was named, fit for a terminal.
    pub path: &'static str,
    /// One-based.
    pub line: usize,
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
    pub sources: Lines,
}

/// Several texts in one: a table of texts would cost an address each at start-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lines(&'static str);

impl Lines {
    /// Between two texts.
    const SEPARATOR: char = '\u{1f}';

    /// The texts of a user's rule, kept for good.
    fn kept<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        let mut all = String::new();
        for text in texts {
            all.push_str(text.as_ref());
            all.push(Self::SEPARATOR);
        }
        Self(all.leak())
    }

    /// The texts.
    pub fn iter(&self) -> impl Iterator<Item = &'static str> + use<> {
        let mut rest = self.0;
        let next = move || {
            let end = memchr::memchr(Self::SEPARATOR as u8, rest.as_bytes());
            let (text, after) = match end {
                Some(end) => (rest.get(..end)?, rest.get(end + 1..)?),
                None if rest.is_empty() => return None,
                None => (rest, ""),
            };
            rest = after;
            Some(text)
        };
        std::iter::from_fn(next).filter(|text| !text.is_empty())
    }
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
    /// Where its text begins in the catalogue's texts.
    start: u32,
    /// How long it is.
    length: u8,
    /// Index of its rule.
    pub rule: u16,
    /// Letters match in either case.
    pub ignore_case: bool,
    /// Where in the text its rarest three bytes begin: what is in a part of a text has
    /// these in it.
    pub at: u8,
    /// Its first bytes, as [`anchor::head`] gives them.
    pub head: u64,
    /// Which bits of `head` count.
    pub mask: u64,
}

/// Four bytes by which the first pass sees an anchor.
#[derive(Debug)]
pub struct Window {
    /// The anchor's index.
    pub anchor: u16,
    /// Where in the anchor they begin; -1 when that is one byte before it.
    pub from: i8,
}

/// Every rule, with the table of the first pass.
///
/// Nothing of it holds an address until a rule is asked for: the loader would have to
/// write each one at start-up, which for hundreds of rules is a good part of a clean
/// commit's time.
#[derive(Debug)]
pub struct Catalogue {
    /// Makes the rule of an index.
    make: fn(usize) -> Rule,
    /// The rules made so far, by index.
    made: &'static [OnceLock<Rule>],
    /// All anchors' texts.
    texts: &'static str,
    /// Anchors, in the order in which they are told of at one place.
    pub anchors: &'static [Anchor],
    /// What two bytes say of the anchors that they may be of, see [`anchor`].
    pub pairs: &'static [u32; anchor::PAIRS],
    /// By what anchors are seen, group by group.
    pub windows: &'static [Window],
    /// The first window of each group, and their number at the end.
    pub firsts: &'static [u16; anchor::GROUPS + 1],
    /// A bit per slot that any window has.
    pub bitmap: &'static [u64; anchor::SLOTS / 64],
    /// Indices of the rules that are looked for beside others.
    pub companions: &'static [u16],
}

impl Catalogue {
    /// The rules that come with leakcoach.
    pub fn builtin() -> &'static Self {
        &builtin::CATALOGUE
    }

    /// How many rules there are. An index below it names a rule within one run.
    pub fn len(&self) -> usize {
        self.made.len()
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.made.is_empty()
    }

    /// The rule at `index`.
    ///
    /// # Panics
    /// There are fewer rules.
    pub fn get(&self, index: usize) -> &'static Rule {
        let made: &'static [OnceLock<Rule>] = self.made;
        made[index].get_or_init(|| (self.make)(index))
    }

    /// The rules in order of their ids.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = &'static Rule> + '_ {
        (0..self.len()).map(|index| self.get(index))
    }

    /// The literal of `anchor`.
    pub fn text_of(&self, anchor: &Anchor) -> &'static [u8] {
        let start = anchor.start as usize;
        &self.texts.as_bytes()[start..start + usize::from(anchor.length)]
    }

    /// The rule called `id`, for a credential or for a risky change.
    pub fn rule(&self, id: &str) -> Option<&'static Rule> {
        self.credential(id).or_else(|| Signal::of(id).map(|signal| signal.rule))
    }

    fn credential(&self, id: &str) -> Option<&'static Rule> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            let rule = self.get(middle);
            match rule.id.cmp(id) {
                Ordering::Equal => return Some(rule),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The rule id nearest to `id`, for "did you mean".
    pub fn nearest(&self, id: &str) -> Option<&'static str> {
        self.rules()
            .chain(Signal::all().iter().map(|signal| signal.rule))
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
        Lines, OnceLock, Rule, Severity, Window, Words,
    };
    include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));
}
