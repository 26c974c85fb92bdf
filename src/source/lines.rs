//! Lines: where a byte stands, and which lines one text has that another has not.

use super::NewLines;
use crate::error::Error;
use std::collections::HashSet;
use std::ops::Range;

/// Above this many bytes on either side, lines are compared as a set rather than
/// aligned: exact for lines that occur once, and linear.
const ALIGN_AT_MOST: usize = 32 << 20;

/// The start of every line of a text, to turn offsets into line numbers.
#[derive(Debug)]
pub struct LineStarts {
    starts: Vec<usize>,
    /// How many lines stand before the text.
    before: usize,
}

impl LineStarts {
    /// Finds the lines of `bytes`. They end at LF; a CR before it belongs to its line.
    pub fn of(bytes: &[u8]) -> Self {
        Self::after(0, bytes)
    }

    /// The same for a text that `before` lines stand before.
    pub fn after(before: usize, bytes: &[u8]) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', bytes).map(|at| at + 1));
        Self { starts, before }
    }

    /// The one-based line that holds the byte at `offset`.
    pub fn line_of(&self, offset: usize) -> usize {
        self.before + self.starts.partition_point(|start| *start <= offset)
    }

    /// Where `span` of the text begins and ends.
    pub fn region(&self, span: &Range<usize>, text: &[u8]) -> Region {
        let point = |offset: usize, line: usize| {
            let start = self.start_of(line).unwrap_or_default();
            let before = text.get(start..offset).unwrap_or_default();
            Point { line, column: 1 + characters(before), byte: 1 + before.len() }
        };
        let end = span.end.max(span.start + 1).min(text.len().max(span.start));
        let last = self.line_of(end.saturating_sub(1).max(span.start));
        Region {
            start: point(span.start, self.line_of(span.start)),
            end: point(end.max(span.start), last),
        }
    }

    /// Where the one-based `line` begins; the text's end for a line past the last.
    pub fn start_of(&self, line: usize) -> Option<usize> {
        self.starts.get(line.checked_sub(self.before + 1)?).copied()
    }
}

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Point {
    /// One-based.
    pub line: usize,
    /// The one-based column in characters (Unicode code points).
    pub column: usize,
    /// The one-based column in bytes of UTF-8.
    pub byte: usize,
}

/// From a place to another, which is no more part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region {
    /// The first character.
    pub start: Point,
    /// Right after the last one.
    pub end: Point,
}

/// How many characters `bytes` are. Of one enormous line only the last part is counted,
/// and its beginning taken as one byte each: nobody goes to column two million by eye.
fn characters(bytes: &[u8]) -> usize {
    const MOST: usize = 1 << 20;
    let (far, near) = bytes.split_at(bytes.len().saturating_sub(MOST));
    far.len() + near.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

/// The lines of `new` that are not carried over from `old`, whatever white space ends them.
///
/// # Errors
/// When libgit2 cannot compare them.
pub fn new_lines(old: &[u8], new: &[u8]) -> Result<NewLines, Error> {
    if old.is_empty() {
        return Ok(NewLines::All);
    }
    if old.len().max(new.len()) > ALIGN_AT_MOST {
        return Ok(lines_not_in(old, new));
    }
    let mut options = git2::DiffOptions::new();
    // Attributes and NUL bytes would make a file "binary" and hide its lines. Another end of
    // a line (CRLF for LF, a last line that gets its line feed) makes no line new.
    options.context_lines(0).force_text(true).ignore_whitespace_eol(true);
    let fail = |error: git2::Error| Error::Repository {
        what: "the difference of two blobs".to_owned(),
        why: error.message().to_owned(),
    };
    let patch =
        git2::Patch::from_buffers(old, None, new, None, Some(&mut options)).map_err(fail)?;
    let mut ranges = Vec::with_capacity(patch.num_hunks());
    for index in 0..patch.num_hunks() {
        let (hunk, _) = patch.hunk(index).map_err(fail)?;
        let start = hunk.new_start() as usize;
        let count = hunk.new_lines() as usize;
        if count > 0 {
            ranges.push(start..start + count);
        }
    }
    Ok(NewLines::Ranges(ranges))
}

fn lines_not_in(old: &[u8], new: &[u8]) -> NewLines {
    let known: HashSet<&[u8]> =
        old.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end).collect();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (index, line) in new.split(|byte| *byte == b'\n').enumerate() {
        if known.contains(line.trim_ascii_end()) {
            continue;
        }
        match ranges.last_mut() {
            Some(last) if last.end == index + 1 => last.end += 1,
            _ => ranges.push(index + 1..index + 2),
        }
    }
    NewLines::Ranges(ranges)
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "one range of lines is meant")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_byte_is_on_the_line_that_git_would_say() {
        let lines = LineStarts::of(b"one\r\ntwo\n\nfour");

        assert_eq!([0, 4, 5, 8, 9, 10, 13].map(|at| lines.line_of(at)), [1, 1, 2, 2, 3, 4, 4]);
    }

    #[test]
    fn columns_count_characters_and_bytes_and_end_past_the_last_one() {
        let text = "one\nä = 'xy'\nthree\n".as_bytes();
        let lines = LineStarts::of(text);
        let at = |line, column, byte| Point { line, column, byte };

        assert_eq!(lines.region(&(10..12), text), Region { start: at(2, 6, 7), end: at(2, 8, 9) });
        // A value that runs on, and one that ends with its line's end.
        assert_eq!(lines.region(&(10..16), text).end, at(3, 3, 3));
        assert_eq!(lines.region(&(10..14), text).end, at(2, 10, 11));
        // Nothing is empty, and nothing lies outside.
        assert_eq!(lines.region(&(0..0), text).end, at(1, 2, 2));
        assert_eq!(
            LineStarts::of(b"").region(&(0..0), b""),
            Region { start: at(1, 1, 1), end: at(1, 1, 1) }
        );
    }

    #[test]
    fn only_changed_lines_are_new() {
        let new = new_lines(b"a\nb\nc\n", b"a\nB\nc\nd\n").unwrap();

        assert_eq!(new, NewLines::Ranges(vec![2..3, 4..5]));
        assert!(new.touch(1, 2) && !new.touch(3, 3) && new.touch(4, 9));
    }

    #[test]
    fn a_nul_byte_hides_no_line() {
        let new = new_lines(b"\0\0\na\n", b"\0\0\na\nb\n").unwrap();

        assert_eq!(new, NewLines::Ranges(vec![3..4]));
    }

    #[test]
    fn a_removed_line_makes_nothing_new() {
        assert_eq!(new_lines(b"a\nb\n", b"a\n").unwrap(), NewLines::Ranges(vec![]));
    }

    #[test]
    fn another_end_of_a_line_makes_it_no_new_one() {
        for (old, new) in [
            ("a\nb\nc\n", "a\r\nb\r\nc\r\nd\r\n"),
            ("a\r\nb\r\nc\r\n", "a\nb\nc\nd\n"),
            ("a\nb\nc", "a\nb\nc\nd"),
            ("a \nb\t\nc", "a\nb\nc\nd\n"),
        ] {
            let (old, new) = (old.as_bytes(), new.as_bytes());
            let last = NewLines::Ranges(vec![4..5]);
            assert_eq!(new_lines(old, new).unwrap(), last);
            let set = lines_not_in(old, new);
            assert!(set.touch(4, 4) && !set.touch(1, 3));
        }
        assert!(new_lines(b" a\n", b"a\n").unwrap().touch(1, 1));
    }

    #[test]
    fn new_to_both_parents_is_what_counts_in_a_merge() {
        let ours = NewLines::Ranges(vec![1..5, 8..9]);
        let theirs = NewLines::Ranges(vec![4..9]);

        assert_eq!(ours.and(theirs), NewLines::Ranges(vec![4..5, 8..9]));
    }

    proptest! {
        #[test]
        fn what_is_in_no_old_line_is_new_either_way(old: Vec<u8>, line in "[a-z]{12}") {
            let mut new = old.clone();
            new.extend_from_slice(b"\n");
            new.extend_from_slice(line.as_bytes());
            let at = LineStarts::of(&new).line_of(new.len() - 1);

            prop_assert!(new_lines(&old, &new).unwrap().touch(at, at));
            prop_assert!(lines_not_in(&old, &new).touch(at, at));
        }
    }
}
