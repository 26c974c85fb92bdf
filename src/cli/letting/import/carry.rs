//! One entry of a list: where it points, what is found there, what becomes of it.

use crate::cli::check::run::Check;
use crate::error::Error;
use crate::lists::{Digest, Entry, ListedPath, Means, Sight, has_checksum};
use crate::scan::{Finding, Found};
use crate::source::decode::to_utf8;
use crate::source::lines::LineStarts;
use crate::source::{Coverage, Repo, index, range};
use bstr::BString;
use gix_hash::ObjectId;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What became of an entry.
#[derive(Debug, Default)]
pub(super) struct Carried {
    /// In a word, and why.
    pub(super) outcome: Outcome,
    /// How many exceptions it added.
    pub(super) added: usize,
    /// The rules of the findings that it is about.
    pub(super) rules: BTreeSet<&'static str>,
}

/// What became of an entry.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Exceptions let its findings through.
    Imported { added: usize, known: usize, rules: String },
    /// The place is there, and no finding at it.
    #[default]
    Nothing,
    /// The place is gone.
    Stale(&'static str),
    /// It has no counterpart.
    Impossible(&'static str),
}

impl Outcome {
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Imported { .. } => "imported",
            Self::Nothing => "nothing-found",
            Self::Stale(_) => "stale",
            Self::Impossible(_) => "not-honoured",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Imported { added: 0, known, rules } => {
                write!(f, "{known} excepted already ({rules})")
            }
            Self::Imported { added, known: 0, rules } => write!(f, "{added} imported ({rules})"),
            Self::Imported { added, known, rules } => {
                write!(f, "{added} imported, {known} excepted already ({rules})")
            }
            Self::Nothing => f.write_str("leakcoach finds no credential there"),
            Self::Stale(why) => write!(f, "stale: {why}"),
            Self::Impossible(why) => write!(f, "not honoured: {why}"),
        }
    }
}

/// Whether a list spells out the value that the entry is about.
pub(super) const fn is_plain(entry: &Entry) -> bool {
    matches!(entry.means, Means::Value { digest: Digest::Plain(_), .. })
}

/// The places that entries point to.
pub(super) struct Sites<'a> {
    repo: &'a Repo,
    check: Check,
    /// What the next commit holds.
    now: BTreeMap<BString, ObjectId>,
    /// What was found in it, once somebody asked for all of it.
    scanned: BTreeMap<BString, Option<Scanned>>,
}

/// A file and what was found in it.
struct Scanned {
    raw: Vec<u8>,
    text: Vec<u8>,
    findings: Vec<Finding>,
}

impl<'a> Sites<'a> {
    pub(super) fn new(repo: &'a Repo) -> Result<Self, Error> {
        let mut now = BTreeMap::new();
        if let Some(head) = repo.head()?.commit {
            let all = range::whole(repo, head)?.changes;
            now.extend(all.into_iter().map(|change| (change.path, change.id)));
        }
        let staged = index::staged(repo)?.changes;
        now.extend(staged.into_iter().map(|change| (change.path, change.id)));
        let check = Check::new(Some(repo), &[])?;
        Ok(Self { repo, check, now, scanned: BTreeMap::new() })
    }

    fn paths(&self) -> Vec<BString> {
        self.now.keys().cloned().collect()
    }

    fn scan(&self, path: &[u8], id: ObjectId) -> Option<Scanned> {
        let raw = self.repo.read(id).ok()?.to_vec();
        let text = to_utf8(&raw).into_owned();
        // What a stopped rule would find further on is not found, and so not let through.
        let mut unread = Coverage::default();
        let Found { mut findings, mut marked, .. } = self.check.scan(path, &text, &mut unread);
        findings.append(&mut marked);
        Some(Scanned { raw, text, findings })
    }

    /// What is found in the file at `path` as it is now.
    fn present(&mut self, path: &[u8]) -> Option<&Scanned> {
        let id = *self.now.get(path)?;
        if !self.scanned.contains_key(path) {
            let scanned = self.scan(path, id);
            self.scanned.insert(path.into(), scanned);
        }
        self.scanned.get(path)?.as_ref()
    }
}

impl Scanned {
    /// The findings that `entry` is about.
    fn covered<'a>(
        &'a self,
        entry: &'a Entry,
        path: &'a [u8],
        commit: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Finding> {
        let lines = LineStarts::of(&self.text);
        self.findings.iter().filter(move |finding| {
            let commit = commit.map(str::to_owned);
            let raw = (self.raw.as_slice(), self.text.as_slice());
            entry.covers(&Sight::new(finding, path, raw, &lines, commit))
        })
    }
}

/// Makes exceptions, by `add`, of what `entry` is about.
pub(super) fn carry(
    entry: &Entry,
    sites: &mut Sites<'_>,
    add: &mut impl FnMut(&Finding) -> bool,
) -> Result<Carried, Error> {
    match &entry.means {
        Means::Foreign { why, .. } => Ok(Carried::ended(Outcome::Impossible(why))),
        Means::Place { commit: Some(commit), path, .. } => {
            in_history(entry, sites, commit, path, add)
        }
        Means::Place { commit: None, path, .. } | Means::Value { path: Some(path), .. } => {
            let known = path.candidates().find(|path| sites.now.contains_key(*path));
            match known.map(<[u8]>::to_vec) {
                Some(path) => Ok(in_files(entry, sites, &[path.into()], add)),
                None => Ok(Carried::ended(Outcome::Stale("there is no such file"))),
            }
        }
        Means::Unchanged { path, checksum } => {
            let bytes: &[u8] = path.as_bytes();
            let Some(scanned) = sites.present(bytes) else {
                return Ok(Carried::ended(Outcome::Stale("there is no such file")));
            };
            if !has_checksum(bytes, &scanned.raw, checksum) {
                return Ok(Carried::ended(Outcome::Stale("the file has changed since")));
            }
            Ok(in_files(entry, sites, &[bytes.into()], add))
        }
        Means::Files(paths) => {
            let all: Vec<BString> =
                sites.paths().into_iter().filter(|path| paths.hold(path)).collect();
            if all.is_empty() {
                return Ok(Carried::ended(Outcome::Stale("there is no such file")));
            }
            Ok(in_files(entry, sites, &all, add))
        }
        Means::Value { path: None, .. } => {
            let all = sites.paths();
            Ok(in_files(entry, sites, &all, add))
        }
    }
}

fn in_files(
    entry: &Entry,
    sites: &mut Sites<'_>,
    paths: &[BString],
    add: &mut impl FnMut(&Finding) -> bool,
) -> Carried {
    let mut carried = Tally::default();
    for path in paths {
        if let Some(scanned) = sites.present(path) {
            scanned.covered(entry, path, None).for_each(|finding| carried.count(finding, add));
        }
    }
    carried.end()
}

fn in_history(
    entry: &Entry,
    sites: &Sites<'_>,
    commit: &str,
    path: &ListedPath,
    add: &mut impl FnMut(&Finding) -> bool,
) -> Result<Carried, Error> {
    let Ok(id) = sites.repo.commit_id(commit) else {
        return Ok(Carried::ended(Outcome::Stale("there is no such commit")));
    };
    let hex = id.to_hex().to_string();
    for path in path.candidates() {
        let Some(blob) = sites.repo.file_at(id, path)? else { continue };
        let Some(scanned) = sites.scan(path, blob) else {
            return Ok(Carried::ended(Outcome::Stale("that version cannot be read")));
        };
        let mut carried = Tally::default();
        let covered = scanned.covered(entry, path, Some(&hex));
        covered.for_each(|finding| carried.count(finding, add));
        return Ok(carried.end());
    }
    Ok(Carried::ended(Outcome::Stale("that commit has no such file")))
}

/// Findings that an entry is about, as they are counted.
#[derive(Default)]
struct Tally {
    added: usize,
    known: usize,
    rules: BTreeSet<&'static str>,
}

impl Tally {
    fn count(&mut self, finding: &Finding, add: &mut impl FnMut(&Finding) -> bool) {
        self.rules.insert(finding.rule.id);
        if add(finding) {
            self.added += 1;
        } else {
            self.known += 1;
        }
    }

    fn end(self) -> Carried {
        let Self { added, known, rules } = self;
        let outcome = if added + known == 0 {
            Outcome::Nothing
        } else {
            let names: Vec<&str> = rules.iter().copied().collect();
            Outcome::Imported { added, known, rules: names.join(", ") }
        };
        Carried { outcome, added, rules }
    }
}

impl Carried {
    fn ended(outcome: Outcome) -> Self {
        Self { outcome, ..Self::default() }
    }
}
