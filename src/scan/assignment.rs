//! A telling name and the value assigned to it, in any language or format.

use super::Text;
use super::names;
use super::shape::Candidate;
use super::value;
use crate::catalogue::Rule;
use crate::catalogue::assigned::{self, Standing};
use crate::source::role::{FileRole, values_are_bare};
use std::ops::Range;
/// The assignment whose name holds the anchor at `hit`, if its value looks like a
/// credential.
///
/// Look-alikes are dropped here without a trace: most mentions of a password are not
/// assignments at all.
pub(super) fn around(rule: &'static Rule, text: &Text<'_>, hit: Range<usize>) -> Option<Candidate> {
    if matches!(text.role, FileRole::Lockfile | FileRole::Generated | FileRole::Translation)
        || text.role == FileRole::Vendored && !values_are_bare(text.path)
    {
        return None;
    }
    let name = assigned::name_around(text.bytes, hit.start, hit.end);
    let means = names::meaning(&text.bytes[name.clone()])?;
    let (value, standing) = assigned::value_of(text.bytes, &name)?;
    let bare = text.path.is_empty() || values_are_bare(text.path);
    let quoted = match standing {
        Standing::Quoted | Standing::Argument => true,
        Standing::Bare if bare || within_text(text.bytes, &value) => false,
        // `--password value` stands in any file; `password value` in none.
        Standing::Apart if name_is_flag(text, &name) => false,
        Standing::Bare | Standing::Apart => return None,
    };
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

/// Whether the name is written as a command's flag: `--password`.
fn name_is_flag(text: &Text<'_>, name: &Range<usize>) -> bool {
    text.bytes[name.clone()].starts_with(b"--")
}

/// Whether a bare value ends where a text in quotes does, or a query's part: it stands
/// inside a text of the program.
fn within_text(bytes: &[u8], value: &Range<usize>) -> bool {
    let line = memchr::memrchr(b'\n', &bytes[..value.start]).map_or(0, |newline| newline + 1);
    let closing = bytes.get(value.end).copied();
    let opened = |quote: u8| memchr::memchr_iter(quote, &bytes[line..value.start]).count() % 2 == 1;
    match closing {
        Some(quote @ (b'"' | b'\'' | b'`')) => opened(quote),
        Some(b'&') => opened(b'"') || opened(b'\''),
        _ => false,
    }
}
