//! How a foreign rule is searched for: expressions, allowlists, requirements.

use super::go;
use super::literal;
use crate::catalogue::lint::{SIZE_LIMIT, fault_of};
use aho_corasick::AhoCorasick;
use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::Hir;
use std::sync::{Arc, OnceLock};

/// What the expressions of one file may weigh together.
pub(super) const MOST_WEIGHT: u64 = 64 << 20;

/// What an expression may take of memory while it runs, besides its size.
const CACHE_LIMIT: usize = 256 << 10;

/// How a rule is searched for in a whole text.
#[derive(Debug)]
pub struct Whole {
    /// In lower case; one of them is in every text that is searched. Any text when empty.
    pub(crate) keywords: Vec<Vec<u8>>,
    /// Nothing where the path alone decides.
    pub(crate) regex: Option<Pattern>,
    /// Only files whose path matches.
    pub(crate) path: Option<Pattern>,
    /// The group that is the credential; 0 for the first that is not empty.
    pub(crate) group: usize,
    /// The credential's entropy is above this, unless it is 0.
    pub(crate) entropy: f64,
    pub(crate) allow: Vec<Arc<Allow>>,
    pub(crate) required: Vec<Required>,
    /// It only serves others that require it.
    pub(crate) silent: bool,
}

/// A rule that must match nearby.
#[derive(Debug)]
pub(crate) struct Required {
    /// Its index among the rules of its file.
    pub(crate) rule: usize,
    /// How many lines up and down; anywhere in the text without.
    pub(crate) lines: Option<u32>,
    /// How many columns left and right.
    pub(crate) columns: Option<u32>,
}

/// An expression, compiled when first needed.
#[derive(Debug)]
pub(crate) struct Pattern {
    translated: String,
    weight: u64,
    made: OnceLock<Option<Regex>>,
}

/// Why an expression cannot be had.
pub(super) enum Unfit {
    /// Its own tool can read it.
    Foreign(&'static str),
    /// Nobody can, or nobody should.
    Wrong(String),
}

impl Pattern {
    /// Reads one of Go's expressions.
    pub(super) fn of(pattern: &str) -> Result<(Self, Hir), Unfit> {
        let translated = go::translate(pattern).map_err(Unfit::Foreign)?;
        let mut parser = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build();
        let hir = parser
            .parse(&translated)
            .map_err(|error| Unfit::Wrong(format!("does not parse: {}", fault_of(&error))))?;
        let weight = literal::weight(&hir);
        if weight > SIZE_LIMIT as u64 {
            return Err(Unfit::Wrong(format!(
                "is too large: more than {SIZE_LIMIT} bytes when compiled"
            )));
        }
        Ok((Self { translated, weight, made: OnceLock::new() }, hir))
    }

    pub(super) fn weight(&self) -> u64 {
        self.weight
    }

    /// The expression. Nothing if it was heavier than it was weighed.
    pub(crate) fn get(&self) -> Option<&Regex> {
        let made = self.made.get_or_init(|| {
            RegexBuilder::new(&self.translated)
                .unicode(false)
                .size_limit(SIZE_LIMIT * 16)
                .dfa_size_limit(CACHE_LIMIT)
                .build()
                .ok()
        });
        made.as_ref()
    }

    pub(crate) fn matches(&self, bytes: &[u8]) -> bool {
        self.get().is_some_and(|regex| regex.is_match(bytes))
    }
}

/// What an allowlist's expressions are tried on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Secret,
    Match,
    Line,
}

/// What lets a match through.
#[derive(Debug)]
pub(crate) struct Allow {
    all: bool,
    /// It can never fit.
    broken: bool,
    paths: Vec<Pattern>,
    target: Target,
    regexes: Vec<Pattern>,
    stopwords: Vec<Vec<u8>>,
    /// The stop words as one automaton: some lists have thousands.
    words: OnceLock<Option<AhoCorasick>>,
}

/// A match, as an allowlist looks at it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) path: &'a [u8],
    pub(crate) secret: &'a [u8],
    pub(crate) matched: &'a [u8],
    pub(crate) line: &'a [u8],
}

impl Allow {
    pub(super) fn new(
        all: bool,
        broken: bool,
        paths: Vec<Pattern>,
        target: Target,
        regexes: Vec<Pattern>,
        stopwords: Vec<Vec<u8>>,
    ) -> Self {
        Self { all, broken, paths, target, regexes, stopwords, words: OnceLock::new() }
    }

    /// Whether it lets `seen` through.
    pub(crate) fn allows(&self, seen: &Seen<'_>) -> bool {
        if self.broken {
            return false;
        }
        let on = match self.target {
            Target::Secret => seen.secret,
            Target::Match => seen.matched,
            Target::Line => seen.line,
        };
        let any = |patterns: &[Pattern], bytes: &[u8]| {
            !bytes.is_empty() && patterns.iter().any(|pattern| pattern.matches(bytes))
        };
        let path = || any(&self.paths, seen.path);
        let regex = || any(&self.regexes, on);
        let word = || self.has_stopword(seen.secret);
        if self.all {
            (self.paths.is_empty() || path())
                && (self.regexes.is_empty() || regex())
                && (self.stopwords.is_empty() || word())
                && !(self.paths.is_empty() && self.regexes.is_empty() && self.stopwords.is_empty())
        } else {
            path() || regex() || word()
        }
    }

    fn has_stopword(&self, secret: &[u8]) -> bool {
        let words = self.words.get_or_init(|| {
            AhoCorasick::builder().ascii_case_insensitive(true).build(&self.stopwords).ok()
        });
        !self.stopwords.is_empty() && words.as_ref().is_some_and(|words| words.is_match(secret))
    }
}
