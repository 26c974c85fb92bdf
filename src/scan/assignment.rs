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
    if matches!(
        text.role,
        FileRole::Lockfile | FileRole::Generated | FileRole::Translation | FileRole::Vendored
    ) {
        return None;
    }
    let name = assigned::name_around(text.bytes, hit.start, hit.end);
    let means = names::meaning(&text.bytes[name.clone()])?;
    let (value, standing) = assigned::value_of(text.bytes, &name)?;
    let bare = text.path.is_empty() || values_are_bare(text.path);
    let quoted = match standing {
        Standing::Quoted | Standing::Argument => true,
        Standing::Bare if bare => false,
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
