//! A telling name and the value assigned to it, in any language or format.

use super::Text;
use super::entropy::entropy;
use super::letters;
use super::login;
use super::members;
use super::names::{self, Names};
use super::shape::Candidate;
use super::value::{self, Setting};
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
    let bytes = text.bytes;
    // An anchor may hold the sign after the name: `key=`.
    let word = bytes[hit.clone()].iter().rposition(u8::is_ascii_alphanumeric)?;
    let name = assigned::name_around(bytes, hit.start, hit.start + word + 1);
    let means = names::meaning(&bytes[name.clone()])
        .or_else(|| members::lists(bytes, &name).then(|| names::plural(&bytes[name.clone()]))?)?;
    let (value, standing) = assigned::value_of(bytes, &name)?;
    if standing == Standing::Quoted && closes(bytes, &name, &value) || on_badge(bytes, &name) {
        return None;
    }
    if standing == Standing::Argument && on_object(bytes, &name) || is_image(bytes, &name, &value) {
        return None;
    }
    let called = &bytes[name.clone()];
    if (called.eq_ignore_ascii_case(b"pass") || called.ends_with(b".pass"))
        && !bytes[name.end..value.start].contains(&b'=')
        && !login::beside(bytes, &(name.start..value.end), true)
    {
        // A verb, or a test that went well.
        return None;
    }
    let bare = || text.path.is_empty() || values_are_bare(text.path);
    let quoted = match standing {
        Standing::Quoted | Standing::Argument => true,
        Standing::Bare if within_text(bytes, &value) || bare() => false,
        // In code a bare word is a variable, unless nobody would name one so.
        Standing::Bare if means != Names::Key && alone(bytes, &name, &value) => {
            letters::strangeness(&bytes[value.clone()]).filter(|bits| *bits > 5.2)?;
            false
        }
        // `--password value` stands in any file; `password value` in none.
        Standing::Apart if name_is_flag(text, &name) => false,
        // Notes: `acme token r4nd0m…`.
        Standing::Apart
            if means == Names::Token && bare() && noted(bytes, &name, &bytes[value.clone()]) =>
        {
            false
        }
        Standing::Bare | Standing::Apart => return None,
    };
    let told = |value: &Range<usize>, means| {
        let setting = Setting {
            quoted,
            login: means == Names::Password
                && login::beside(bytes, &(name.start..value.end), !quoted || bare()),
        };
        value::reason(&bytes[name.clone()], means, &bytes[value.clone()], setting).is_none()
    };
    let value = if told(&value, means) {
        value
    } else {
        // A text that holds a structure: `"token": "{\"id\": \"…\"}"`, or names its scheme:
        // `token: "Bearer …"`.
        let held = |member: &Range<usize>| {
            member.len() >= 16 && means != Names::Key && told(member, Names::Token)
        };
        members::texts(bytes, &value)
            .find(held)
            .or_else(|| members::after_scheme(bytes, &value).filter(held))?
    };
    Some(Candidate {
        rule,
        span: name.start..value.end,
        secret: value,
        name: Some(name),
        beside: None,
    })
}

/// Whether the name is a call of something on an object that is named like a credential:
/// `secret.startsWith("…")`, `SecretFactory.getInstance("…")`. What sets it is a value.
fn on_object(bytes: &[u8], name: &Range<usize>) -> bool {
    const SETTERS: [&[u8]; 8] =
        [b"set", b"send", b"fill", b"type", b"put", b"value", b"encode", b"sethash"];
    let called = &bytes[name.clone()];
    let Some(dot) = memchr::memrchr(b'.', called) else { return false };
    let method = called[dot + 1..].to_ascii_lowercase();
    bytes.get(name.end) == Some(&b'(')
        && names::meaning(&called[dot + 1..]).is_none()
        && !SETTERS.iter().any(|setter| method.starts_with(setter))
}

/// Whether name and value are an image and its tag: `org/secrets:1.2`.
fn is_image(bytes: &[u8], name: &Range<usize>, value: &Range<usize>) -> bool {
    let version = &bytes[value.clone()];
    let version = version.strip_prefix(b"v").unwrap_or(version);
    name.start > 0
        && bytes[name.start - 1] == b'/'
        && bytes[name.end..value.start] == *b":"
        && matches!(version, [first, rest @ ..] if first.is_ascii_digit() && rest.contains(&b'.'))
}

/// Whether a name, a sign without blanks around it and a value fill their line, as in a
/// text that a program holds.
fn alone(bytes: &[u8], name: &Range<usize>, value: &Range<usize>) -> bool {
    let before = line_before(bytes, name.start).trim_ascii();
    let rest = bytes.get(value.end..).unwrap_or_default();
    let after = rest.iter().take(64).find(|byte| !matches!(byte, b' ' | b'\t' | b'\r'));
    matches!(before, b"" | b"//" | b"#" | b"*" | b"-" | b"export")
        && (rest.is_empty() || matches!(after, Some(b'\n' | b'`')))
        && value.start - name.end <= 2
}

/// What stands in the line before `at`, as far as it matters: a line without end must not
/// be read again for each name in it.
fn line_before(bytes: &[u8], at: usize) -> &[u8] {
    let before = &bytes[at.saturating_sub(512)..at];
    &before[memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1)..]
}

/// Whether the quote that seems to open the value closes the text that the name stands in:
/// `"password=" + word`.
fn closes(bytes: &[u8], name: &Range<usize>, value: &Range<usize>) -> bool {
    let named = bytes.get(name.end).is_some_and(|byte| matches!(byte, b'"' | b'`' | b'\\'));
    match bytes[..value.start] {
        [.., before, quote @ (b'"' | b'`')] if before != b'\\' && !named => {
            memchr::memchr_iter(quote, line_before(bytes, name.start)).count() % 2 == 1
        }
        // An apostrophe may stand in prose: the text has to begin with the name.
        [.., b'=', b'\''] if !named => {
            let before = line_before(bytes, name.start);
            let before = before.trim_ascii_end();
            before.ends_with(b"'")
                && memchr::memchr_iter(b'\'', before).count() % 2 == 1
                && memchr::memchr(b'\'', &bytes[value.end..bytes.len().min(value.end + 64)])
                    .is_some()
                && bytes[value.clone()].first().is_some_and(|byte| b".+, )".contains(byte))
        }
        _ => false,
    }
}

/// Whether the name is a parameter of a build badge's address: those are shown to all.
fn on_badge(bytes: &[u8], name: &Range<usize>) -> bool {
    let before = &bytes[name.start.saturating_sub(32)..name.start];
    memchr::memmem::find(before, b".svg?").is_some()
}

/// Whether the name is written as a command's flag: `--password`, PowerShell's `-Password`.
fn name_is_flag(text: &Text<'_>, name: &Range<usize>) -> bool {
    let name = &text.bytes[name.clone()];
    name.starts_with(b"--")
        || matches!(name, [b'-', first, ..] if first.is_ascii_uppercase())
            && !name.iter().skip(1).any(|byte| matches!(byte, b'-' | b'_'))
}

/// Whether a value after nothing but a blank is what a machine has drawn: in a sentence
/// the next word is one.
fn noted(bytes: &[u8], name: &Range<usize>, value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (20..=128).contains(&value.len())
        && value.iter().all(plain)
        && digits >= 3
        && value.iter().any(u8::is_ascii_alphabetic)
        && entropy(value) > 3.3
        && bytes.get(name.end) == Some(&b' ')
}

/// Whether a bare value ends where a text in quotes does, or a query's part: it stands
/// inside a text of the program.
fn within_text(bytes: &[u8], value: &Range<usize>) -> bool {
    let line = line_before(bytes, value.start);
    let closing = bytes.get(value.end).copied();
    let opened = |quote: u8| memchr::memchr_iter(quote, line).count() % 2 == 1;
    match closing {
        Some(quote @ (b'"' | b'\'' | b'`')) => opened(quote),
        Some(b'&') => opened(b'"') || opened(b'\''),
        _ => false,
    }
}
