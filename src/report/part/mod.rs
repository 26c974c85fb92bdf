//! The file of one shard, which several make one report of.
//!
//! Lines of JSON: a head that says of which run it is, a line for each repository that is
//! done, and an end. It is added to as repositories are done, so that a run that was
//! stopped goes on where it was: a last line that is half written is left out.
//!
//! Files come from other machines and are not trusted: what is read is checked, its words
//! are made fit for a terminal, and no fault quotes them.

mod bytes;
mod card;

pub use bytes::Bytes;
pub use card::{CardText, CoverageText, Rules};

use crate::catalogue::Told;
use card::safe;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The name of the format.
const SCHEMA: &str = "leakcoach-part";

/// Raised with every change: all shards of a run are made by the same leakcoach.
const VERSION: &str = "1";

/// No run began later.
const LATEST: i64 = 1 << 40;

/// What is wrong with a part, in words that quote nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault(pub &'static str);

/// It is some other file.
pub const NOT_ONE: Fault = Fault("it is no part of a check");

/// Another leakcoach made it.
const OTHER_VERSION: Fault = Fault("it was made by another version of leakcoach");

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Of which run a part is, and which part of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    schema: String,
    schema_version: String,
    /// The version of leakcoach.
    version: String,
    /// The edition of its rules.
    rules: String,
    /// What the run checks, and how.
    pub run: Run,
    /// Which part it is, from one, and of how many.
    pub shard: (u32, u32),
    /// When it was begun, in seconds since 1970.
    pub started: i64,
}

/// What a run checks, and how. The same for all its parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// What is checked: `history`, `tree` and so on.
    pub what: String,
    /// A hash of all options, and of the rule files that were named.
    pub options: String,
    /// Whether all that could not be looked into counts as unread.
    pub strict: bool,
    /// A few bits of the key of ids, if one was given.
    pub key: Option<String>,
    /// The repositories, if the run is about a list of them.
    pub list: Option<List>,
}

/// A list of repositories.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// How many there are.
    pub count: usize,
    /// A hash of their names in order.
    pub names: String,
}

/// What a repository's check gave, or its share of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its place in the list, from nought.
    pub index: usize,
    /// Its name in the list, with what is a credential in it masked; nothing without a list.
    #[serde(with = "bytes")]
    pub name: Bytes,
    /// A hash of all that the result depends on; nothing where that is not known.
    pub state: Option<String>,
    /// What came of it.
    pub outcome: PartOutcome,
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartOutcome {
    /// It was checked.
    Found(Box<Found>),
    /// It could not be, and why.
    Unread(String),
}

/// What was found in a repository.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// What is said before the cards.
    pub announced: Vec<String>,
    /// What is said after them.
    pub told: Vec<String>,
    /// Why owners are not told, if they are not.
    pub ownerless: Option<String>,
    /// A few bits of the key of ids, where any was made.
    pub key: Option<String>,
    /// A hash of all commits and blobs that all shards of one history share.
    pub walk: Option<String>,
    /// What was checked and what could not be.
    pub coverage: CoverageText,
    /// The users' rules that cards are of.
    pub rules: Vec<Told>,
    /// The cards, in order.
    pub cards: Vec<CardText>,
}

impl Found {
    /// Whether all there was could be read.
    pub fn is_whole(&self) -> bool {
        self.coverage.is_whole()
    }
}

/// The last line of a file that is complete.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// How many parts the file has.
    pub parts: usize,
    /// When it was done, in seconds since 1970.
    pub ended: i64,
}

/// A line after the first.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    Part(Part),
    End(End),
}

/// A whole file.
#[derive(Debug, Clone, PartialEq)]
pub struct PartFile {
    /// Its first line.
    pub head: Head,
    /// What is done of it.
    pub parts: Vec<Part>,
    /// Its last line, if it is complete.
    pub end: Option<End>,
    /// The first line that cannot be read, if one cannot; it and what follows is left out.
    pub broken: Option<usize>,
}

impl Head {
    /// That of a part made by this leakcoach.
    pub fn new(run: Run, shard: (u32, u32), started: i64, edition: String) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            schema_version: VERSION.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            rules: edition,
            run,
            shard,
            started,
        }
    }

    /// The line.
    pub fn line(&self) -> Result<String, String> {
        line(self)
    }

    /// In what the runs of two parts differ, if in anything; the list aside.
    pub fn differs(&self, other: &Self) -> Option<&'static str> {
        let (a, b) = (&self.run, &other.run);
        if (&self.schema_version, &self.version) != (&other.schema_version, &other.version) {
            Some("another version of leakcoach")
        } else if self.rules != other.rules {
            Some("other rules")
        } else if (&a.what, &a.options, a.strict) != (&b.what, &b.options, b.strict) {
            Some("other options")
        } else if a.key != b.key {
            Some("another LEAKCOACH_KEY")
        } else if a.list.is_some() != b.list.is_some() {
            Some("another list of repositories")
        } else {
            None
        }
    }
}

impl Part {
    /// The line.
    pub fn line(self) -> Result<String, String> {
        line(&Line::Part(self))
    }

    /// The name, fit for a terminal.
    pub fn shown(&self) -> String {
        crate::text::Escaped(&self.name.0).to_string()
    }
}

impl End {
    /// The line.
    pub fn line(self) -> Result<String, String> {
        line(&Line::End(self))
    }
}

fn line<T: Serialize>(it: &T) -> Result<String, String> {
    let mut line = serde_json::to_string(it).map_err(|error| error.to_string())?;
    line.push('\n');
    Ok(line)
}

impl PartFile {
    /// Reads a file, also one that is not complete.
    ///
    /// # Errors
    /// It is no part, or one of another version.
    pub fn parse(text: &[u8]) -> Result<Self, Fault> {
        let mut lines = text.split_inclusive(|byte| *byte == b'\n');
        let first = lines.next().unwrap_or_default();
        let is_one = memchr::memmem::find(first, b"\"schema\":\"leakcoach-part\"").is_some();
        if !is_one {
            return Err(NOT_ONE);
        }
        let head: Head = serde_json::from_slice(first).map_err(|_| OTHER_VERSION)?;
        if head.schema != SCHEMA || head.schema_version != VERSION {
            return Err(OTHER_VERSION);
        }
        let (index, count) = head.shard;
        if index == 0 || index > count || !(0..LATEST).contains(&head.started) {
            return Err(Fault("its first line is malformed"));
        }
        let mut file = Self { head, parts: Vec::new(), end: None, broken: None };
        for (number, line) in (2..).zip(lines) {
            match read(line, file.parts.len()) {
                Some(Line::Part(part)) if file.end.is_none() => file.parts.push(part),
                Some(Line::End(end)) if file.end.is_none() => file.end = Some(end),
                Some(_) | None => {
                    file.broken = Some(number);
                    file.end = None;
                    break;
                }
            }
        }
        Ok(file)
    }
}

/// A line, if it is whole: `parts` stand before it.
fn read(line: &[u8], parts: usize) -> Option<Line> {
    let line: Line = serde_json::from_slice(line.strip_suffix(b"\n")?).ok()?;
    match &line {
        Line::Part(_) => Some(line),
        Line::End(end) => (end.parts == parts && (0..LATEST).contains(&end.ended)).then_some(line),
    }
}

impl Found {
    /// What is said before and after the cards and of owners, each fit for a terminal and
    /// with `repository` before it.
    pub fn words(&mut self, repository: Option<&str>) -> [Vec<String>; 3] {
        let with = |words: String| match repository {
            Some(name) => safe(format!("{name}: {words}")),
            None => safe(words),
        };
        [
            std::mem::take(&mut self.announced).into_iter().map(with).collect(),
            std::mem::take(&mut self.told).into_iter().map(with).collect(),
            self.ownerless.take().into_iter().map(with).collect(),
        ]
    }
}

#[cfg(test)]
mod tests;
