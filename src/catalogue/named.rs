//! Names that rules list, and the values that they are given.
//!
//! Takes bytes and words in lower case, gives the assignment whose name holds them, in any
//! case and with any separators. Shared with `build.rs`, so it names nothing of the rest of
//! the crate but its siblings that are shared too.

use super::assigned::{name_around, value_of};
use std::ops::Range;

/// Where a name's words stand: at its end, or its first words alone.
#[derive(Debug, PartialEq, Eq)]
enum Held<'a> {
    /// All words; what follows them in the identifier begins here.
    Whole(usize),
    /// The identifier is these words' section; the words left over.
    Section(&'a str),
}

/// Whether a word of `identifier` begins at `at`.
fn starts_word(identifier: &[u8], at: usize) -> bool {
    let (byte, last) = (identifier[at], at.checked_sub(1).map(|at| identifier[at]));
    // A property of the JVM's command line: `-Dacme.key=…`.
    at == 2 && identifier.starts_with(b"-D")
        || last.is_none_or(|last| {
            !last.is_ascii_alphanumeric()
                || byte.is_ascii_uppercase()
                    && (last.is_ascii_lowercase()
                        || last.is_ascii_digit()
                        || identifier.get(at + 1).is_some_and(u8::is_ascii_lowercase))
                || last.is_ascii_digit() && byte.is_ascii_alphabetic()
        })
}

/// A set with the bytes that words of an identifier begin with, in lower case; other bytes may
/// seem to be in it.
#[derive(Debug, Clone, Copy)]
struct Begins(u64);

impl Begins {
    fn of(identifier: &[u8]) -> Self {
        let starts = (0..identifier.len()).filter(|at| starts_word(identifier, *at));
        Self(starts.fold(0, |set, at| set | Self::bit(identifier[at])))
    }

    fn bit(byte: u8) -> u64 {
        1 << (byte.to_ascii_lowercase() & 63)
    }

    /// Whether [`held`] could tell of `wanted`.
    fn may_hold(self, wanted: &str) -> bool {
        wanted.as_bytes().first().is_none_or(|first| self.0 & Self::bit(*first) != 0)
    }
}

/// Whether `identifier` holds `wanted` (words in lower case, parted by blanks), in any
/// case and with any separators, beginning and ending where a word does.
fn held<'a>(identifier: &[u8], wanted: &'a str) -> Option<Held<'a>> {
    let starts_word = |at: usize| starts_word(identifier, at);
    let ends_word = |at: usize| {
        identifier.get(at).is_none_or(|byte| !byte.is_ascii_alphabetic()) || starts_word(at)
    };
    let first = wanted.as_bytes().first();
    let begins =
        |at: usize| first.is_none_or(|first| identifier[at].to_ascii_lowercase() == *first);
    'starts: for start in (0..identifier.len()).filter(|at| begins(*at) && starts_word(*at)) {
        let mut at = start;
        for (index, byte) in wanted.bytes().enumerate() {
            if byte == b' ' {
                continue;
            }
            while at > start && identifier.get(at).is_some_and(|b| !b.is_ascii_alphanumeric()) {
                at += 1;
            }
            match identifier.get(at) {
                Some(there) if there.to_ascii_lowercase() == byte => at += 1,
                None if wanted.as_bytes().get(index.wrapping_sub(1)) == Some(&b' ') => {
                    return wanted.get(index..).map(Held::Section);
                }
                _ => continue 'starts,
            }
        }
        if ends_word(at) {
            return Some(Held::Whole(at));
        }
    }
    None
}

/// A name and the value it is given.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Assigned {
    /// The whole identifier.
    pub(crate) name: Range<usize>,
    /// The value.
    pub(crate) value: Range<usize>,
}

/// The assignment around the anchor at `start..end` whose name holds one of `names` and
/// whose value `fits`. `about` tells of the rest of an identifier that it makes the name
/// one of something else, such as `_path`.
pub(crate) fn named<'a>(
    bytes: &[u8],
    start: usize,
    end: usize,
    names: impl Iterator<Item = &'a str>,
    about: impl Fn(&[u8]) -> bool,
    fits: impl Fn(&[u8]) -> bool,
) -> Option<Assigned> {
    let name = name_around(bytes, start, end);
    let fitting = |name: Range<usize>| {
        let (value, _) = value_of(bytes, &name)?;
        fits(&bytes[value.clone()]).then_some(Assigned { name, value })
    };
    let begins = Begins::of(&bytes[name.clone()]);
    for wanted in names.filter(|wanted| begins.may_hold(wanted)) {
        match held(&bytes[name.clone()], wanted) {
            Some(Held::Whole(rest)) if !about(&bytes[name.start + rest..name.end]) => {
                if let Some(found) = fitting(name.clone()) {
                    return Some(found);
                }
            }
            Some(Held::Section(left)) => {
                if let Some(found) =
                    section(bytes, name.end, left, &about).into_iter().find_map(&fitting)
                {
                    return Some(found);
                }
            }
            _ => {}
        }
    }
    None
}

/// Identifiers shortly after `at` that are `wanted`: a section's keys, a call's arguments.
fn section(
    bytes: &[u8],
    at: usize,
    wanted: &str,
    about: &impl Fn(&[u8]) -> bool,
) -> Vec<Range<usize>> {
    let until = bytes.len().min(at + 320);
    let mut found = Vec::new();
    let mut from = at;
    let mut lines = 0;
    while from < until && lines < 7 {
        let byte = bytes[from];
        lines += usize::from(byte == b'\n');
        if !byte.is_ascii_alphabetic() {
            from += 1;
            continue;
        }
        let name = name_around(bytes, from, from + 1);
        if let Some(Held::Whole(rest)) = held(&bytes[name.clone()], wanted)
            && !about(&bytes[name.start + rest..name.end])
        {
            found.push(name.clone());
        }
        from = name.end.max(from + 1);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Held, held, named};

    #[test]
    fn a_name_holds_words_in_any_spelling_at_words_ends() {
        for (name, whole) in [
            ("DATADOG_API_KEY", true),
            ("datadogApiKey", true),
            ("prod.datadog-api-key", true),
            ("DatadogAPIKeyEU", true),
            ("my2datadogapikey", true),
            ("-Ddatadog.api.key", true),
            ("nodatadog_api_key", false),
            ("datadog_api_keyboard", false),
        ] {
            let found = held(name.as_bytes(), "datadog api key");
            assert_eq!(matches!(found, Some(Held::Whole(_))), whole, "{name}");
        }
        assert_eq!(held(b"datadog", "datadog api key"), Some(Held::Section("api key")));
    }

    #[test]
    fn a_sections_key_counts_as_the_name() {
        let text = b"datadog:\n  site: eu\n  api_key: v-1\n";
        let found =
            named(text, 0, 7, ["datadog api key"].into_iter(), |_| false, |value| value == b"v-1");
        assert_eq!(found.map(|found| found.value), Some(31..34));
    }
}
