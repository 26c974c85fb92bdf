//! Output as a reader sees it, and where each byte of that stood.
//!
//! Control sequences (ECMA-48) are taken off, so that a credential in two colours reads as
//! one; so are line ends within wrapped base64.

use std::ops::Range;
use zeroize::Zeroizing;

/// A line of wrapped base64 has at least as many letters (RFC 1421: 64, RFC 2045: 76).
const WRAPPED: usize = 60;

/// A text that some bytes are left out of.
#[derive(Default)]
pub(crate) struct View {
    pub(crate) text: Zeroizing<Vec<u8>>,
    /// From which place in the text on bytes stood where; ascending.
    jumps: Vec<(usize, usize)>,
}

impl View {
    /// `raw` as a terminal shows it, where that is something else.
    pub(crate) fn plain(raw: &[u8]) -> Option<Self> {
        let mut at = memchr::memchr(ESCAPE, raw)?;
        let mut view = Self { text: Zeroizing::new(Vec::with_capacity(raw.len())), jumps: vec![] };
        let mut from = 0;
        loop {
            view.take(raw, from..at);
            from = at + sequence(&raw[at..]).map_or(raw.len() - at, |length| length);
            match memchr::memchr(ESCAPE, &raw[from..]) {
                Some(next) => at = from + next,
                None => break,
            }
        }
        view.take(raw, from..raw.len());
        Some(view)
    }

    /// The text of `self`, or `raw`, with wrapped base64 in one piece, where there is any.
    pub(super) fn unwrapped(raw: &[u8]) -> Option<Self> {
        let mut view: Option<Self> = None;
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', raw) {
            let line = &raw[from.min(end)..end];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if is_wrapped(line) {
                let view = view.get_or_insert_with(Self::default);
                view.take(raw, from..from.min(end) + line.len());
                from = end + 1;
            }
        }
        let mut view = view?;
        view.take(raw, from..raw.len());
        Some(view)
    }

    fn take(&mut self, raw: &[u8], part: Range<usize>) {
        if !part.is_empty() {
            self.jumps.push((self.text.len(), part.start));
            self.text.extend_from_slice(&raw[part]);
        }
    }

    /// Where the byte at `at` of the text stood.
    pub(super) fn place(&self, at: usize) -> usize {
        let before = self.jumps.partition_point(|(text, _)| *text <= at);
        before.checked_sub(1).map_or(at, |last| {
            let (text, raw) = self.jumps[last];
            raw + (at - text)
        })
    }

    /// From where to where a part of the text stood, with all that was left out within.
    pub(crate) fn around(&self, part: &Range<usize>) -> Range<usize> {
        match part.end.checked_sub(1) {
            Some(last) if !part.is_empty() => self.place(part.start)..self.place(last) + 1,
            Some(_) | None => part.clone(),
        }
    }

    /// Where a part of the text stood: in one piece or several.
    pub(super) fn places(&self, part: Range<usize>) -> Vec<Range<usize>> {
        let mut pieces = Vec::new();
        let mut at = part.start;
        while at < part.end {
            let next = self.jumps.partition_point(|(text, _)| *text <= at);
            let end = self.jumps.get(next).map_or(part.end, |(text, _)| (*text).min(part.end));
            let start = self.place(at);
            pieces.push(start..start + (end - at));
            at = end;
        }
        pieces
    }
}

const ESCAPE: u8 = 0x1b;

/// Whether a line of base64 may go on in the next one.
pub(super) fn is_wrapped(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let coded = line.iter().rev().take(WRAPPED).take_while(|byte| is_base64(**byte));
    coded.count() == WRAPPED
}

pub(super) fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=')
}

/// How long the control sequence is that `bytes` begin with; nothing where its end is not
/// there yet.
pub(super) fn sequence(bytes: &[u8]) -> Option<usize> {
    let rest = bytes.get(2..).unwrap_or_default();
    let of =
        |range: Range<u8>, from: &[u8]| from.iter().take_while(|byte| range.contains(byte)).count();
    match bytes.get(1)? {
        // A control sequence: parameters, intermediate bytes, one that ends it.
        b'[' => {
            let parameters = of(0x30..0x40, rest);
            let between = of(0x20..0x30, &rest[parameters..]);
            match rest.get(parameters + between)? {
                0x40..=0x7e => Some(2 + parameters + between + 1),
                _ => Some(2 + parameters + between),
            }
        }
        // Control strings end with ST, an operating system command also with BEL.
        b']' | b'P' | b'X' | b'^' | b'_' => {
            let end = memchr::memchr3(0x07, ESCAPE, b'\n', rest);
            match end.map(|end| (end, rest[end])) {
                None if rest.len() > STRING_AT_MOST => Some(2),
                None => None,
                Some((end, 0x07)) => Some(2 + end + 1),
                Some((end, ESCAPE)) => match rest.get(end + 1) {
                    None => None,
                    Some(b'\\') => Some(2 + end + 2),
                    Some(_) => Some(2 + end),
                },
                // None that a terminal would take for one.
                Some(_) => Some(2),
            }
        }
        0x20..=0x2f => {
            let between = of(0x20..0x30, rest);
            rest.get(between).map(|_| 2 + between + 1)
        }
        0x30..=0x7e => Some(2),
        _ => Some(1),
    }
}

/// No control string of use is longer.
const STRING_AT_MOST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::{View, sequence};
    use proptest::prelude::*;

    #[test]
    fn a_text_in_two_colours_is_one() {
        let raw = b"a\x1b[31mb\x1b]8;;https://x.example\x1b\\c\x1b]0;t\x07d\x1b(Be\x1b[0m";
        let view = View::plain(raw).unwrap();

        assert_eq!(&**view.text, b"abcde");
        let pieces = view.places(0..5);
        let joined: Vec<u8> = pieces.into_iter().flat_map(|piece| raw[piece].to_vec()).collect();
        assert_eq!(joined, b"abcde");
    }

    #[test]
    fn a_sequence_that_goes_on_has_no_length_yet() {
        for open in [&b"\x1b"[..], b"\x1b[", b"\x1b[3", b"\x1b]8;;x", b"\x1b]8;;x\x1b", b"\x1b("] {
            assert_eq!(sequence(open), None, "{open:?}");
        }
        assert_eq!(sequence(b"\x1b[31m"), Some(5));
    }

    #[test]
    fn base64_over_several_lines_is_one() {
        let line = "QUJD".repeat(19);
        let raw = format!("x\n{line}\n{line}\r\nQQ==\nend of it\n");
        let view = View::unwrapped(raw.as_bytes()).unwrap();

        let text = String::from_utf8(view.text.to_vec()).unwrap();
        assert_eq!(text, format!("x\n{line}{line}QQ==\nend of it\n"));
        assert!(View::unwrapped(b"no line of that kind\n").is_none());
    }

    proptest! {
        #[test]
        fn what_is_seen_stood_somewhere(raw in prop::collection::vec(
            prop_oneof![Just(0x1b), Just(b'['), Just(b']'), Just(b'm'), Just(0x07), any::<u8>()],
            0..120,
        )) {
            if let Some(view) = View::plain(&raw) {
                let pieces = view.places(0..view.text.len());
                let joined: Vec<u8> =
                    pieces.into_iter().flat_map(|piece| raw[piece].to_vec()).collect();
                prop_assert_eq!(&joined, &*view.text);
            }
        }
    }
}
