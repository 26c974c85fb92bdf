//! Paths as lists give them: one file, or patterns for many.
//!
//! `.secretlintignore` (github.com/secretlint/secretlint, docs/configuration.md) and
//! ripsecrets' `.secretsignore` (github.com/sirwart/ripsecrets) have patterns as in
//! `.gitignore`; trufflehog's `--exclude-paths` names a file of regular expressions, one
//! a line (github.com/trufflesecurity/trufflehog, `trufflehog --help`), which is often
//! called `.trufflehogignore`.

use super::{Entry, Means};
use crate::text::{Count, Escaped};
use bstr::{BString, ByteSlice};
use globset::{GlobBuilder, GlobMatcher};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use regex::bytes::{Regex, RegexBuilder};
use std::fmt;

/// As large may a compiled expression be.
const REGEX_AT_MOST: usize = 256 << 10;

/// As many expressions or globs of a list are compiled.
const PATTERNS_AT_MOST: usize = 1000;

/// As many patterns are read as git reads them: all of them together.
const IGNORED_AT_MOST: usize = 10_000;

/// As many patterns are named when they are one entry.
const NAMED: usize = 3;

/// The path of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListedPath {
    /// From the top of the repository.
    FromTop(BString),
    /// From the folder in which the repository lies, or from its top.
    FromAbove(BString),
}

impl ListedPath {
    /// A path from the top, whatever system it was written on.
    pub(super) fn from_top(path: &[u8]) -> Self {
        Self::FromTop(plain(path))
    }

    /// A path that may begin with the name of the repository's folder.
    pub(super) fn from_above(path: &[u8]) -> Self {
        Self::FromAbove(plain(path))
    }

    /// Whether it is the file at `path`.
    pub fn is(&self, path: &[u8]) -> bool {
        self.candidates().any(|known| known == path)
    }

    /// What it may be from the top of the repository.
    pub fn candidates(&self) -> impl Iterator<Item = &[u8]> {
        let (path, above) = match self {
            Self::FromTop(path) => (path, None),
            Self::FromAbove(path) => (path, path.split_once_str("/").map(|(_, rest)| rest)),
        };
        [path.as_slice()].into_iter().chain(above)
    }
}

fn plain(path: &[u8]) -> BString {
    let path = path.replace(b"\\", b"/");
    path.strip_prefix(b"./").unwrap_or(&path).into()
}

impl fmt::Display for ListedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::FromTop(path) | Self::FromAbove(path)) = self;
        write!(f, "{}", Escaped(path))
    }
}

/// A pattern, or several, for files.
#[derive(Debug)]
pub struct Paths {
    written: String,
    how: How,
}

#[derive(Debug)]
enum How {
    Ignore(Gitignore),
    Glob(GlobMatcher),
    Regex(Regex),
}

impl Paths {
    /// Whether the file at `path` is one of them.
    pub fn hold(&self, path: &[u8]) -> bool {
        match &self.how {
            // A path that is none of the repository's has no pattern.
            How::Ignore(_) if path.is_empty() || path.starts_with(b"/") => false,
            How::Ignore(ignore) => {
                ignore.matched_path_or_any_parents(path.to_path_lossy(), false).is_ignore()
            }
            How::Glob(glob) => glob.is_match(path.to_path_lossy()),
            How::Regex(regex) => regex.is_match(path),
        }
    }

    /// Entries for the files whose path a regular expression finds something in.
    pub(super) fn regexes<'a>(
        written: impl IntoIterator<Item = (Option<usize>, &'a str)>,
    ) -> Vec<Entry> {
        bounded(written.into_iter().map(|(line, written)| move || Self::regex(line, written)))
    }

    /// Entries for the files that globs fit whole; `*` stops at `/`. Each is given as it
    /// is written and as it is meant.
    pub(super) fn globs<'a>(written: impl IntoIterator<Item = (&'a str, String)>) -> Vec<Entry> {
        bounded(written.into_iter().map(|(written, meant)| move || Self::glob(written, &meant)))
    }

    fn regex(line: Option<usize>, written: &str) -> Entry {
        let Ok(regex) = RegexBuilder::new(written).size_limit(REGEX_AT_MOST).build() else {
            let why = "its expression cannot be compiled here, or is too large";
            return Entry::foreign(line, written, why);
        };
        Self { written: written.to_owned(), how: How::Regex(regex) }.entry(line)
    }

    fn glob(written: &str, pattern: &str) -> Entry {
        let Ok(glob) = GlobBuilder::new(pattern).literal_separator(true).build() else {
            return Entry::foreign(None, written, "its pattern cannot be read");
        };
        Self { written: written.to_owned(), how: How::Glob(glob.compile_matcher()) }.entry(None)
    }

    fn entry(self, line: Option<usize>) -> Entry {
        Entry::new(line, Means::Files(self))
    }
}

impl fmt::Display for Paths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "files {}", Escaped(self.written.as_bytes()))
    }
}

/// What makes entries, run for as many as are compiled.
fn bounded<F: FnOnce() -> Entry>(mut made: impl Iterator<Item = F>) -> Vec<Entry> {
    let mut entries: Vec<Entry> =
        made.by_ref().take(PATTERNS_AT_MOST).map(|entry| entry()).collect();
    match made.count() {
        0 => {}
        rest => {
            let why = "there are too many patterns before them";
            entries.push(Entry::foreign(None, Count(rest, "pattern").to_string(), why));
        }
    }
    entries
}

/// Patterns as in `.gitignore`. They are one entry, for the last that fits decides.
///
/// `.secretsignore` may end in a section `[secrets]` of expressions for values.
pub(super) fn globs(bytes: &[u8]) -> Vec<Entry> {
    let mut builder = GitignoreBuilder::new("");
    let mut entries = Vec::new();
    let mut patterns = Vec::new();
    for (at, line) in bytes.lines().enumerate() {
        if line.trim_ascii() == b"[secrets]" {
            let why = "it is about text, not about a value or a file";
            entries.push(Entry::foreign(Some(at + 1), "`[secrets]`", why));
            break;
        }
        let text = line.to_str_lossy();
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        if patterns.len() >= IGNORED_AT_MOST {
            let why = "there are too many patterns before it";
            entries.push(Entry::foreign(Some(at + 1), "the rest", why));
            break;
        }
        match builder.add_line(None, &text) {
            Ok(_) => patterns.push(text.trim().to_owned()),
            Err(_) => entries.push(Entry::foreign(
                Some(at + 1),
                text.into_owned(),
                "its pattern cannot be read",
            )),
        }
    }
    if !patterns.is_empty()
        && let Ok(ignore) = builder.build()
    {
        let mut written = patterns.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        if patterns.len() > NAMED {
            written = format!("{written} and {} more", patterns.len() - NAMED);
        }
        let paths = Paths { written, how: How::Ignore(ignore) };
        entries.insert(0, paths.entry(None));
    }
    entries
}

/// Expressions for paths, one a line.
pub(super) fn regexes(bytes: &[u8]) -> Vec<Entry> {
    let lines = bytes.lines().enumerate().map(|(at, line)| (at + 1, line.trim_ascii()));
    let told = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with(b"#"));
    let (text, other): (Vec<_>, Vec<_>) = told.partition(|(_, line)| line.to_str().is_ok());
    let text = text.iter().filter_map(|(at, line)| Some((Some(*at), line.to_str().ok()?)));
    let mut entries = Paths::regexes(text);
    let foreign = |(at, _)| Entry::foreign(Some(at), "a line", "it is no UTF-8");
    entries.extend(other.into_iter().map(foreign));
    entries
}
