//! A telling name and the value assigned to it, in any language or format.

use super::Text;
use super::names;
use super::shape::Candidate;
use super::value;
use crate::catalogue::Rule;
use crate::source::role::{FileRole, values_are_bare};
use std::ops::Range;

/// A value further from its name than this is not its value.
const REACH: usize = 512;

/// The assignment whose name holds the anchor at `start`, if its value looks like a
/// credential.
///
/// Look-alikes are dropped here without a trace: most mentions of a password are not
/// assignments at all.
pub(super) fn around(
    rule: &'static Rule,
    text: &Text<'_>,
    start: usize,
    length: usize,
) -> Option<Candidate> {
    if matches!(
        text.role,
        FileRole::Lockfile | FileRole::Generated | FileRole::Translation | FileRole::Vendored
    ) {
        return None;
    }
    let name = name_around(text.bytes, start, start + length);
    let means = names::meaning(&text.bytes[name.clone()])?;
    let (value, quoted) = value_after(text, name.end)?;
    let bare = text.path.is_empty() || values_are_bare(text.path);
    if !quoted && !bare {
        return None;
    }
    if value::reason(&text.bytes[name.clone()], means, &text.bytes[value.clone()], quoted).is_some()
    {
        return None;
    }
    Some(Candidate {
        rule,
        span: name.start..value.end,
        secret: value,
        name: Some(name),
        beside: None,
    })
}

/// The identifier around `start..end`: letters, digits, `_`, `-` and `.`.
fn name_around(bytes: &[u8], start: usize, end: usize) -> Range<usize> {
    let of_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let before =
        bytes[start.saturating_sub(64)..start].iter().rev().take_while(|b| of_name(b)).count();
    let after = bytes[end..bytes.len().min(end + 64)].iter().take_while(|b| of_name(b)).count();
    start - before..end + after
}

/// The value assigned after a name that ends at `at`, and whether it is in quotes.
fn value_after(text: &Text<'_>, at: usize) -> Option<(Range<usize>, bool)> {
    let bytes = text.bytes;
    let limit = bytes.len().min(at + REACH);
    let line_end = memchr::memchr(b'\n', &bytes[at..limit]).map_or(limit, |found| at + found);
    let mut at = at;
    let skip_blank = |at: &mut usize| {
        while *at < line_end && matches!(bytes[*at], b' ' | b'\t') {
            *at += 1;
        }
    };
    // The name's own closing: `"password"`, `['password']`, `password?`.
    while at < line_end && matches!(bytes[at], b'"' | b'\'' | b'`' | b']' | b'?' | b'\\') {
        at += 1;
    }
    skip_blank(&mut at);
    let rest = &bytes[at..line_end];
    if rest.starts_with(b"==") || rest.starts_with(b"!=") || rest.starts_with(b"=~") {
        return None;
    }
    let operator = [&b":="[..], b"=>", b"||=", b"?=", b"=", b":", b",", b">"]
        .into_iter()
        .find(|operator| rest.starts_with(operator))?;
    at += operator.len();
    skip_blank(&mut at);
    // A type between name and value: `password: String = "…"`.
    if operator == b":" {
        let typed = &bytes[at..line_end];
        let word = typed
            .iter()
            .take_while(|b| {
                b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'<' | b'>' | b'&' | b'?')
            })
            .count();
        let after = typed.get(word..).unwrap_or_default().trim_ascii_start();
        if word > 0 && after.starts_with(b"=") && !after.starts_with(b"==") {
            at = line_end - after.len() + 1;
            skip_blank(&mut at);
        }
    }
    // String prefixes: r"", b"", f"", @"", L"".
    if at + 1 < line_end
        && matches!(bytes[at], b'r' | b'b' | b'f' | b'u' | b'L' | b'@' | b'$')
        && matches!(bytes[at + 1], b'"' | b'\'')
    {
        at += 1;
    }
    // A quote inside a string literal is escaped.
    if at + 1 < line_end && bytes[at] == b'\\' && matches!(bytes[at + 1], b'"' | b'\'') {
        at += 1;
    }
    let quote = *bytes.get(at).filter(|_| at < line_end)?;
    if matches!(quote, b'"' | b'\'' | b'`') {
        let from = at + 1;
        let mut end = from;
        while end < line_end && bytes[end] != quote {
            end += if bytes[end] == b'\\' && end + 1 < line_end && bytes[end + 1] != quote {
                2
            } else {
                1
            };
        }
        let mut end = end.min(line_end);
        if end >= line_end {
            return None;
        }
        if end > from && bytes[end - 1] == b'\\' {
            end -= 1;
        }
        return (end > from).then_some((from..end, true));
    }
    // A comma without quotes separates arguments, not a name from its value.
    if operator == b"," {
        return None;
    }
    let stop = |byte: &u8| {
        matches!(
            byte,
            b' ' | b'\t' | b'\r' | b';' | b',' | b'<' | b'"' | b'\'' | b'`' | b'&' | b'|'
        )
    };
    let length = bytes[at..line_end].iter().position(stop).unwrap_or(line_end - at);
    (length > 0).then_some((at..at + length, false))
}
