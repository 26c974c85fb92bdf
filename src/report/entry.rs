//! What every report is made of: findings with their place, owners and fingerprint, and
//! the account of what was checked.
//!
//! Nothing in here holds a credential, its line, or a hash that anyone could test guesses
//! on: a fingerprint is made from the keyed id, or from the place alone.

use crate::catalogue::schema::words;
use crate::coach::Card;
use crate::judge::{Standing, Verdict};
use crate::source::{Coverage, Unread};
use crate::text::Escaped;
use bstr::BString;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, HashSet};

words! {
    /// How a run ended.
    Outcome {
        /// Nothing was refused.
        Passed = "passed",
        /// Something was refused.
        Refused = "refused",
        /// Nothing was refused, and not everything could be checked.
        Incomplete = "incomplete",
    }
}

/// A run, ready to be written in any format.
#[derive(Debug)]
pub struct Report<'a> {
    /// Every finding, also those that were let through, in order of place.
    pub entries: Vec<Entry<'a>>,
    /// What was checked and what could not be.
    pub coverage: &'a Coverage,
    /// How it ended.
    pub outcome: Outcome,
    /// When it began, in seconds since 1970.
    pub started: i64,
    /// When it ended, in seconds since 1970.
    pub ended: i64,
}

/// One finding.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The words and facts.
    pub card: &'a Card,
    /// The repository, where the run is about several; fit to be shown.
    pub repository: Option<String>,
    /// The file's path from the top of the repository, any bytes; of a member, the archive's.
    /// Where the run is about several repositories, it begins with that of the repository.
    pub file: BString,
    /// The same, fit to be shown.
    pub path: String,
    /// Where in the archive it is.
    pub member: Option<String>,
    /// Thirty-two hexadecimal digits: the same for a credential in a file from run to run.
    pub fingerprint: String,
    /// Which one it is of those with the same fingerprint, from one.
    pub occurrence: usize,
    /// Whether an earlier entry has the same place: it is there in several commits.
    pub again: bool,
    /// Who owns the file.
    pub owners: Vec<String>,
}

/// Where a finding is, as far as the run's own repository tells.
#[derive(Debug, Clone, Default)]
pub struct Whereabouts {
    /// The repository, where the run is about several; fit to be shown.
    pub repository: Option<String>,
    /// The file's path from the top of the repository, any bytes.
    pub file: BString,
    /// Who owns it.
    pub owners: Vec<String>,
}

/// A place in a file, one-based; the end is not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// The first line.
    pub line: usize,
    /// The first column, in characters.
    pub column: usize,
    /// The first column, in bytes.
    pub byte: usize,
    /// The last line.
    pub end_line: usize,
    /// The column after the last, in characters.
    pub end_column: usize,
    /// The column after the last, in bytes.
    pub end_byte: usize,
}

impl<'a> Report<'a> {
    /// The report of a run that made `cards`; `whereabouts` says where each one is.
    pub fn new(
        cards: &'a [Card],
        whereabouts: impl Fn(&Card) -> Whereabouts,
        coverage: &'a Coverage,
        outcome: Outcome,
        (started, ended): (i64, i64),
    ) -> Self {
        let mut entries: Vec<Entry<'_>> =
            cards.iter().map(|card| Entry::new(card, whereabouts(card))).collect();
        entries.sort_by(|a, b| a.place().cmp(&b.place()));
        let (mut counts, mut places) = (HashMap::<String, usize>::new(), HashSet::new());
        for entry in &mut entries {
            let count = counts.entry(entry.fingerprint.clone()).or_default();
            let place = (entry.fingerprint.clone(), entry.card.id, entry.card.facts.region);
            if places.insert(place) {
                *count += 1;
            } else {
                entry.again = true;
            }
            entry.occurrence = *count;
        }
        Self { entries, coverage, outcome, started, ended }
    }

    /// The findings that nothing lets through, each place once.
    pub fn open(&self) -> impl Iterator<Item = &Entry<'a>> {
        self.entries.iter().filter(|entry| !entry.again && entry.settled().is_none())
    }

    /// What could not be read or looked into.
    pub fn holes(&self) -> impl Iterator<Item = Hole<'_>> {
        let unread = self.coverage.unread.iter().map(|hole| Hole::new(hole, false));
        unread.chain(self.coverage.unopened.iter().map(|hole| Hole::new(hole, true)))
    }

    /// How many findings nothing lets through.
    pub fn found(&self) -> usize {
        self.open().count()
    }

    /// How many findings were refused.
    pub fn refused(&self) -> usize {
        self.open().filter(|entry| entry.verdict() == Verdict::Block).count()
    }

    /// How many findings an exception or a list lets through.
    pub fn let_through(&self) -> usize {
        self.entries.iter().filter(|entry| entry.settled().is_some()).count()
    }
}

impl<'a> Entry<'a> {
    fn new(card: &'a Card, Whereabouts { repository, file, owners }: Whereabouts) -> Self {
        let file = repository.iter().fold(file, |file, repository| {
            BString::from([repository.as_bytes(), b"/", &**file].concat())
        });
        let path = if file.is_empty() { "stdin".to_owned() } else { Escaped(&file).to_string() };
        let outer = Escaped(&card.facts.file).to_string();
        let inner = card.path.strip_prefix(&outer).filter(|_| card.facts.packed);
        let member = inner.map(|inner| inner.trim_start_matches('!').to_owned());
        let mut entry = Self {
            card,
            repository,
            file,
            path,
            member,
            fingerprint: String::new(),
            occurrence: 1,
            again: false,
            owners,
        };
        entry.fingerprint = entry.hashed();
        entry
    }

    /// A hash of what is public in this report anyway: the keyed id and the path or, where
    /// ids do not last, the rule and the path.
    fn hashed(&self) -> String {
        let of = match self.card.id {
            Some(id) if self.card.facts.id_lasts => id.to_string(),
            Some(_) | None => String::new(),
        };
        let member = self.member.as_deref().unwrap_or_default();
        hash(&[of.as_bytes(), self.card.rule.as_bytes(), &self.file, member.as_bytes()])
    }

    /// Whether the fingerprint is of the credential rather than of its place alone.
    pub fn of_credential(&self) -> bool {
        self.card.id.is_some() && self.card.facts.id_lasts
    }

    fn place(&self) -> impl Ord {
        let member = self.member.clone();
        (self.file.clone(), member, self.card.facts.region, self.card.rule, self.card.id)
    }

    /// What was decided.
    pub fn verdict(&self) -> Verdict {
        self.card.judgement.verdict
    }

    /// What lets it through, if something that was decided before does.
    pub fn settled(&self) -> Option<&'static str> {
        match self.card.judgement.standing {
            Standing::Excepted(_) => Some("exception"),
            Standing::Listed(_) => Some("list"),
            Standing::Baselined => Some("baseline"),
            Standing::Open
            | Standing::Expired(_)
            | Standing::Void(..)
            | Standing::ListedAnew(_) => None,
        }
    }

    /// The place in the file. Of what is in an archive, the archive's first byte.
    pub fn spot(&self) -> Spot {
        let region = self.card.facts.region;
        if self.member.is_some() {
            return Spot { line: 1, column: 1, byte: 1, end_line: 1, end_column: 2, end_byte: 2 };
        }
        Spot {
            line: region.start.line,
            column: region.start.column,
            byte: region.start.byte,
            end_line: region.end.line,
            end_column: region.end.column,
            end_byte: region.end.byte,
        }
    }

    /// The path with the member behind it: `app.zip!config/prod.env`.
    pub fn full_path(&self) -> String {
        match &self.member {
            Some(member) => [&self.path, "!", member].concat(),
            None => self.path.clone(),
        }
    }

    /// What it is, how sure that is, and why it matters here, in a few sentences.
    pub fn told(&self) -> String {
        let inside = match &self.member {
            Some(member) => format!(" In {member}, line {}.", self.card.line),
            None => String::new(),
        };
        format!("{} ({}). {}.{inside}", self.card.what, self.card.seen, upper(&self.card.here))
    }

    /// What to do now: `1. …; 2. …`.
    pub fn to_do(&self) -> String {
        let steps = (1..).zip(&self.card.steps).map(|(number, step)| match &step.command {
            Some(command) => format!("{number}. {}: {command}", step.words),
            None => format!("{number}. {}", step.words),
        });
        steps.collect::<Vec<_>>().join("; ")
    }
}

/// Something that could not be checked.
#[derive(Debug)]
pub struct Hole<'a> {
    /// Its path as git or the system has it.
    pub raw: &'a [u8],
    /// Its path, fit to be shown.
    pub path: String,
    /// Why.
    pub why: &'a str,
    /// Whether only what is in it was not looked into.
    pub inside: bool,
}

impl<'a> Hole<'a> {
    fn new(unread: &'a Unread, inside: bool) -> Self {
        let raw = unread.path.strip_prefix(b"./").unwrap_or(&unread.path);
        Self { raw, path: Escaped(raw).to_string(), why: &unread.why, inside }
    }

    /// What there is to say about it.
    pub fn told(&self) -> String {
        let deed = if self.inside { "look into" } else { "check" };
        format!("could not {deed} {}: {}", self.path, self.why)
    }

    /// Thirty-two hexadecimal digits, the same from run to run.
    pub fn fingerprint(&self) -> String {
        hash(&[b"hole", self.raw, self.why.as_bytes()])
    }
}

/// Half of a SHA-256 in hexadecimal. Never of anything secret.
fn hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    data_encoding::HEXLOWER.encode(&hash.finalize()[..16])
}

/// With its first letter in upper case, to stand at the start of a sentence.
pub(super) fn upper(words: &str) -> String {
    let mut chars = words.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
