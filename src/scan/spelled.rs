//! Text that is spelled otherwise than it reads: literals joined by the language, and
//! characters written as escapes.
//!
//! Only places where that could hide a credential are put together: two literals that
//! meet in the middle of a word, an escape that stands for a printable character.

use std::ops::Range;

/// How far a text put together may reach, in bytes of the original.
const MOST: usize = 4096;

/// How much before the first seam is kept, for the names there.
const BEFORE: usize = 256;

/// A shorter word across a seam is no credential.
const LEAST: usize = 16;

/// A text as it reads, and where its parts come from.
#[derive(Debug)]
pub(super) struct Spelled {
    /// The text as it reads.
    pub(super) text: Vec<u8>,
    /// How it was written.
    pub(super) how: &'static str,
    /// Where each part begins in `text`, and where in the original.
    parts: Vec<(usize, usize)>,
}

impl Spelled {
    fn new(how: &'static str) -> Self {
        Self { text: Vec::new(), how, parts: Vec::new() }
    }

    fn push(&mut self, bytes: &[u8], original: usize) {
        self.parts.push((self.text.len(), original));
        self.text.extend_from_slice(bytes);
    }

    /// Where `span` of the text stands in the original; `None` when it stands there as
    /// it reads, so that no putting together was needed.
    pub(super) fn origin(&self, span: &Range<usize>) -> Option<Range<usize>> {
        let part = |at: usize| self.parts.partition_point(|(start, _)| *start <= at) - 1;
        let last = span.end.checked_sub(1)?;
        let (first, end) = (part(span.start), part(last));
        let place = |part: usize, at: usize| self.parts[part].1 + (at - self.parts[part].0);
        (first != end).then(|| place(first, span.start)..place(end, last) + 1)
    }
}

fn of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'=' | b'.')
}

/// Calls `found` with each text of `bytes` that reads otherwise than it is written.
pub(super) fn for_each(bytes: &[u8], mut found: impl FnMut(&Spelled)) {
    joined(bytes, &mut found);
    escaped(bytes, &mut found);
}

/// Where the literal that closes at `quote` goes on, if another follows it there.
fn seam(bytes: &[u8], quote: usize) -> Option<usize> {
    let before = *bytes.get(quote.checked_sub(1)?)?;
    let window = bytes.get(quote + 1..bytes.len().min(quote + 96))?;
    // Most quotes end here.
    if !of_word(before)
        || !matches!(window.first(), Some(b' ' | b'\t' | b'\r' | b'\n' | b'+' | b'.'))
    {
        return None;
    }
    let blanks = |window: &[u8]| window.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let mut at = blanks(window);
    let operators = [&b"+"[..], b"..", b".", b"&", b"<>", b"||", b"~", b"\\"];
    let rest = window.get(at..)?;
    if let Some(operator) = operators.into_iter().find(|operator| rest.starts_with(operator)) {
        at += operator.len();
        at += blanks(window.get(at..)?);
    }
    let lines = memchr::memchr_iter(b'\n', window.get(..at)?).count();
    if at == 0 || lines > 1 {
        return None;
    }
    // b"…", f"…"
    at += usize::from(matches!(window.get(at), Some(b'b' | b'r' | b'f' | b'u' | b'L')));
    let opens = *window.get(at)? == bytes[quote];
    let after = *window.get(at + 1)?;
    (opens && of_word(after)).then_some(quote + 1 + at + 1)
}

/// Literals that meet in a word: `"AKIA" + "…"`, in a line or over two.
fn joined(bytes: &[u8], found: &mut impl FnMut(&Spelled)) {
    let mut until = 0;
    for quote in memchr::memchr3_iter(b'"', b'\'', b'`', bytes) {
        if quote < until {
            continue;
        }
        let Some(mut next) = seam(bytes, quote) else { continue };
        let floor = quote.saturating_sub(BEFORE);
        let from = memchr::memrchr(b'\n', &bytes[floor..quote]).map_or(floor, |at| floor + at + 1);
        let mut spelled = Spelled::new("pieces that the program joins");
        spelled.push(&bytes[from..quote], from);
        let limit = bytes.len().min(quote + MOST);
        loop {
            let close = memchr::memchr(bytes[quote], &bytes[next..limit]).map(|at| next + at);
            let Some(close) = close else {
                spelled.push(&bytes[next..limit], next);
                until = limit;
                break;
            };
            spelled.push(&bytes[next..close], next);
            until = close;
            match seam(bytes, close) {
                Some(further) if further < limit => next = further,
                _ => {
                    // The quote that closes, and what follows it: it ends the value.
                    spelled.push(&bytes[close..limit.min(close + 2)], close);
                    break;
                }
            }
        }
        if long_enough(&spelled) {
            found(&spelled);
        }
    }
}

/// Whether some seam is in a word that is long enough for a credential.
fn long_enough(spelled: &Spelled) -> bool {
    let text = &spelled.text;
    spelled.parts.iter().skip(1).any(|(seam, _)| {
        let before = text[..*seam].iter().rev().take(LEAST).take_while(|b| of_word(**b)).count();
        let after = text[*seam..].iter().take(LEAST).take_while(|b| of_word(**b)).count();
        before + after >= LEAST
    })
}

/// The character that an escape at the start of `bytes` stands for, and its length.
/// Only printable ASCII: all else is no part of a credential.
fn escape(bytes: &[u8]) -> Option<(u8, usize)> {
    let (open, digits, close): (usize, usize, &[u8]) = match bytes {
        [b'%', ..] => (1, 2, b""),
        [b'\\', b'x', ..] => (2, 2, b""),
        [b'\\', b'u', b'{', ..] => {
            let digits = bytes.get(3..9)?.iter().position(|byte| *byte == b'}')?;
            (3, digits, b"}")
        }
        [b'\\', b'u', ..] => (2, 4, b""),
        [b'&', b'#', b'x' | b'X', ..] => {
            let digits = bytes.get(3..8)?.iter().position(|byte| *byte == b';')?;
            (3, digits, b";")
        }
        [b'&', b'#', ..] => {
            let digits = bytes.get(2..6)?.iter().position(|byte| *byte == b';')?;
            let text = std::str::from_utf8(bytes.get(2..2 + digits)?).ok()?;
            let code = text.parse::<u8>().ok().filter(u8::is_ascii_graphic)?;
            return Some((code, 2 + digits + 1));
        }
        _ => return None,
    };
    let text = std::str::from_utf8(bytes.get(open..open + digits)?).ok()?;
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let code = u32::from_str_radix(text, 16).ok().and_then(|code| u8::try_from(code).ok())?;
    let whole = open + digits + close.len();
    code.is_ascii_graphic().then_some((code, whole))
}

/// Lines with characters written as escapes: `ghp%5F…`, `\u0041KIA…`, `&#65;`.
fn escaped(bytes: &[u8], found: &mut impl FnMut(&Spelled)) {
    let mut until = 0;
    for mark in memchr::memchr3_iter(b'%', b'\\', b'&', bytes) {
        if mark < until || escape(&bytes[mark..]).is_none() {
            continue;
        }
        let floor = mark.saturating_sub(BEFORE);
        let from = memchr::memrchr(b'\n', &bytes[floor..mark]).map_or(floor, |at| floor + at + 1);
        let limit = bytes.len().min(mark + MOST);
        let end = memchr::memchr(b'\n', &bytes[mark..limit]).map_or(limit, |at| mark + at);
        let mut spelled = Spelled::new("escapes");
        let mut plain = from;
        let mut at = mark;
        while at < end {
            if let Some((byte, length)) = escape(&bytes[at..end]) {
                spelled.push(&bytes[plain..at], plain);
                spelled.push(&[byte], at);
                at += length;
                plain = at;
            } else {
                at += 1;
            }
        }
        spelled.push(&bytes[plain..end], plain);
        until = end;
        if spelled.text.len() >= LEAST {
            found(&spelled);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Spelled, for_each};
    use proptest::prelude::*;

    fn readings(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        for_each(text.as_bytes(), |spelled| {
            all.push(String::from_utf8_lossy(&spelled.text).into_owned());
        });
        all
    }

    #[test]
    fn literals_that_meet_in_a_word_are_joined() {
        for text in [
            "k = \"abcdefgh1\" + \"jklmnopq2\";",
            "k = \"abcdefgh1\"\n    \"jklmnopq2\";",
            "k = 'abcdefgh1' . 'jklmnopq2';",
            "k = \"abcdefgh1\" \\\n  \"jklmnopq2\"",
            "k = \"abcdefgh1\" & \"jklm\" & \"nopq2\"",
            "k = \"abcdefgh1\" +\n  b\"jklmnopq2\"",
        ] {
            let found = readings(text);
            assert_eq!(found.len(), 1, "{text}");
            assert!(found[0].contains("abcdefgh1jklmnopq2"), "{text}");
        }
        for text in [
            "f(\"abcdefgh1\", \"jklmnopq2\")",
            "printf(\"abcdefgh1 \" \"jklmnopq2\")",
            "{\"abcdefgh1\": \"jklmnopq2\"}",
            "a = \"x\" + \"y\"",
            "a = \"abcdefgh1\"\n\n\nb = \"jklmnopq2\"",
        ] {
            assert_eq!(readings(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn escapes_of_printable_characters_are_read() {
        for text in [
            "abcdefgh%31jklmnopq2",
            "abcdefgh\\u0031jklmnopq2",
            "abcdefgh\\x31jklmnopq2",
            "abcdefgh\\u{31}jklmnopq2",
            "abcdefgh&#49;jklmnopq2",
            "abcdefgh&#x31;jklmnopq2",
        ] {
            assert_eq!(readings(text), ["abcdefgh1jklmnopq2"], "{text}");
        }
        for text in ["%d items of %08x abcdefghijklmnopq", "\\x00\\x01", "a%20b", "\\u00e9abc"] {
            assert_eq!(readings(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn what_reads_as_it_is_written_has_no_other_origin() {
        let text = "name = \"abcdefgh1\" + \"jklmnopq2\"";
        for_each(text.as_bytes(), |spelled: &Spelled| {
            let at = spelled.text.windows(4).position(|word| word == b"abcd").unwrap();
            assert_eq!(spelled.origin(&(at..at + 4)), None);
            assert_eq!(spelled.origin(&(at..at + 18)), Some(8..31));
        });
    }

    proptest! {
        #[test]
        fn any_bytes_are_put_together_within_bounds(bytes: Vec<u8>, text in "[\"'%\\\\ux0-9a-f+ \n&#;]{0,400}") {
            for bytes in [&bytes[..], text.as_bytes()] {
                for_each(bytes, |spelled| {
                    for at in 0..spelled.text.len() {
                        if let Some(place) = spelled.origin(&(at..spelled.text.len())) {
                            assert!(place.start < place.end && place.end <= bytes.len());
                        }
                    }
                });
            }
        }
    }
}
