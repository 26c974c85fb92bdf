//! Edits of a text, and small questions about it.

use std::fmt;
use std::ops::Range;

/// Some bytes of a text replaced by others.
#[derive(Clone, PartialEq, Eq)]
pub struct Edit {
    /// What goes; empty for an insertion.
    pub span: Range<usize>,
    /// What comes. Never a value.
    pub with: String,
}

impl Edit {
    pub(super) fn new(span: Range<usize>, with: impl Into<String>) -> Self {
        Self { span, with: with.into() }
    }

    pub(super) fn insert(at: usize, with: impl Into<String>) -> Self {
        Self::new(at..at, with)
    }
}

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} -> {:?}", self.span, self.with)
    }
}

/// `text` with `edits` done, which are in order and apart from each other.
pub fn applied(text: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 256);
    let mut at = 0;
    for edit in edits {
        out.extend_from_slice(text.get(at..edit.span.start).unwrap_or_default());
        out.extend_from_slice(edit.with.as_bytes());
        at = edit.span.end;
    }
    out.extend_from_slice(text.get(at..).unwrap_or_default());
    out
}

/// How lines of `text` end.
pub(super) fn line_end(text: &[u8]) -> &'static str {
    match memchr::memchr(b'\n', text) {
        Some(at) if at > 0 && text[at - 1] == b'\r' => "\r\n",
        Some(_) | None => "\n",
    }
}

/// Where the line of the byte at `at` begins.
pub(super) fn line_start(text: &[u8], at: usize) -> usize {
    memchr::memrchr(b'\n', text.get(..at).unwrap_or(text)).map_or(0, |newline| newline + 1)
}

/// The line of the byte at `at`, with its end.
pub(super) fn line_around(text: &[u8], at: usize) -> Range<usize> {
    let rest = text.get(at..).unwrap_or_default();
    let end = memchr::memchr(b'\n', rest).map_or(text.len(), |newline| at + newline + 1);
    line_start(text, at)..end
}

/// The blanks that the line of the byte at `at` begins with.
pub(super) fn indent(text: &[u8], at: usize) -> String {
    let line = text.get(line_start(text, at)..).unwrap_or_default();
    line.iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .map(|byte| char::from(*byte))
        .collect()
}

/// The bytes of `span`, empty where it lies outside.
pub(super) fn part(text: &[u8], span: Range<usize>) -> &[u8] {
    text.get(span).unwrap_or_default()
}

/// Whether `needle` occurs in `text`.
pub(super) fn has(text: &[u8], needle: &str) -> bool {
    memchr::memmem::find(text, needle.as_bytes()).is_some()
}
