//! Other encodings to UTF-8, line by line the same.

use std::borrow::Cow;

/// As many letters in a row, each beside a NUL, are UTF-16 in another text.
const RUN: usize = 8;

/// `bytes` as UTF-8 where they are UTF-16 or UTF-32, with a mark or without, and where a part
/// of them is UTF-16; else as they are.
///
/// Latin-1 and broken UTF-8 need no decoding: credentials are ASCII in both.
pub fn to_utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    Encoding::of(bytes).decode(bytes)
}

/// How a text is written.
#[derive(Debug, Clone, Copy)]
pub enum Encoding {
    /// So that nothing need be done but for parts in UTF-16.
    Utf8,
    /// In UTF-16.
    Utf16(Order),
    /// In UTF-32.
    Utf32(WideOrder),
}

impl Encoding {
    /// That of a text that begins with `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0xff, 0xfe, 0, 0, ..] => Self::Utf32(u32::from_le_bytes),
            [0, 0, 0xfe, 0xff, ..] => Self::Utf32(u32::from_be_bytes),
            [0xff, 0xfe, ..] => Self::Utf16(u16::from_le_bytes),
            [0xfe, 0xff, ..] => Self::Utf16(u16::from_be_bytes),
            _ => unmarked(bytes),
        }
    }

    /// A part of such a text in UTF-8, without the mark at its begin.
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Utf8 => narrowed(bytes),
            Self::Utf16(order) => Cow::Owned(match bytes {
                [0xff, 0xfe, rest @ ..] | [0xfe, 0xff, rest @ ..] => utf16(rest, order),
                _ => utf16(bytes, order),
            }),
            Self::Utf32(order) => Cow::Owned(match bytes {
                [0xff, 0xfe, 0, 0, rest @ ..] | [0, 0, 0xfe, 0xff, rest @ ..] => utf32(rest, order),
                _ => utf32(bytes, order),
            }),
        }
    }

    /// How many lines end in a part of such a text.
    pub fn lines(self, bytes: &[u8]) -> usize {
        match self {
            Self::Utf8 => memchr::memchr_iter(b'\n', bytes).count(),
            Self::Utf16(order) => {
                let (pairs, _) = bytes.as_chunks();
                pairs.iter().filter(|pair| order(**pair) == u16::from(b'\n')).count()
            }
            Self::Utf32(order) => {
                let (units, _) = bytes.as_chunks();
                units.iter().filter(|unit| order(**unit) == u32::from(b'\n')).count()
            }
        }
    }
}

/// Makes a unit of UTF-16 of two bytes.
pub type Order = fn([u8; 2]) -> u16;

/// Makes a unit of UTF-32 of four bytes.
pub type WideOrder = fn([u8; 4]) -> u32;

/// How a text without a mark is written: where it is mostly ASCII, every other byte of UTF-16
/// is NUL, and three of four of UTF-32.
fn unmarked(bytes: &[u8]) -> Encoding {
    let head = bytes.get(..1024).unwrap_or(bytes);
    let (units, _) = head.as_chunks::<4>();
    if units.len() < 2 || memchr::memchr(0, head).is_none() {
        return Encoding::Utf8;
    }
    let most = |holds: fn(&[u8; 4]) -> bool| {
        units.iter().filter(|unit| holds(unit)).count() * 10 >= units.len() * 9
    };
    if most(|unit| matches!(unit, [letter, 0, 0, 0] if *letter > 0)) {
        return Encoding::Utf32(u32::from_le_bytes);
    } else if most(|unit| matches!(unit, [0, 0, 0, letter] if *letter > 0)) {
        return Encoding::Utf32(u32::from_be_bytes);
    }
    let (pairs, _) = head.as_chunks::<2>();
    if pairs.iter().any(|pair| is_letter(pair[0]) && is_letter(pair[1])) {
        // Other text stands before or after it.
        return Encoding::Utf8;
    }
    let nul = |at: usize| pairs.iter().filter(|pair| pair[at] == 0).count() * 10;
    let (first, second) = (nul(0), nul(1));
    if second >= pairs.len() * 7 && first <= pairs.len() {
        Encoding::Utf16(u16::from_le_bytes)
    } else if first >= pairs.len() * 7 && second <= pairs.len() {
        Encoding::Utf16(u16::from_be_bytes)
    } else {
        Encoding::Utf8
    }
}

fn utf16(bytes: &[u8], order: Order) -> Vec<u8> {
    let (pairs, _) = bytes.as_chunks();
    let units = pairs.iter().map(|pair| order(*pair));
    let mut out = String::with_capacity(bytes.len() / 2);
    out.extend(char::decode_utf16(units).map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER)));
    out.into_bytes()
}

fn utf32(bytes: &[u8], order: WideOrder) -> Vec<u8> {
    let (units, _) = bytes.as_chunks();
    let units = units.iter().map(|unit| char::from_u32(order(*unit)));
    let mut out = String::with_capacity(bytes.len() / 4);
    out.extend(units.map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER)));
    out.into_bytes()
}

/// `bytes` with their parts in UTF-16 made ASCII: Windows' shell appends such lines to a text
/// that is none (`>>`), and programs hold their words so.
fn narrowed(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Vec::new();
    let (mut done, mut at) = (0, 0);
    while let Some(nul) = memchr::memchr(0, bytes.get(at..).unwrap_or_default()) {
        let nul = at + nul;
        // The letter stands before its NUL, or after it.
        let before = nul.checked_sub(1).filter(|it| *it >= done && is_letter(bytes[*it]));
        let (start, letter) = before.map_or((nul, 1), |before| (before, 0));
        let (pairs, _) = bytes[start..].as_chunks::<2>();
        let is_wide = |pair: &&[u8; 2]| is_letter(pair[letter]) && pair[1 - letter] == 0;
        let count = pairs.iter().take_while(is_wide).count();
        if count < RUN {
            at = nul + 1;
            continue;
        }
        out.extend_from_slice(&bytes[done..start]);
        out.extend(pairs[..count].iter().map(|pair| pair[letter]));
        done = start + 2 * count;
        at = done;
    }
    if done == 0 {
        return Cow::Borrowed(bytes);
    }
    out.extend_from_slice(&bytes[done..]);
    Cow::Owned(out)
}

/// Whether ASCII has it in lines of text.
fn is_letter(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::{Encoding, to_utf8};
    use bstr::ByteSlice;
    use proptest::prelude::*;

    const TEXT: &str = "key = value\nport = 80\n";

    fn wide(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn utf_16_is_read_with_and_without_its_mark() {
        let (le, be) = (wide(TEXT, u16::to_le_bytes), wide(TEXT, u16::to_be_bytes));
        let marked = [&[0xff, 0xfe][..], &le].concat();

        for bytes in [&le, &be, &marked] {
            assert_eq!(&*to_utf8(bytes), TEXT.as_bytes());
        }
        assert_eq!(&*to_utf8(b"a\0b"), b"a\0b");
    }

    #[test]
    fn a_line_before_utf_16_stays_a_line() {
        let bytes = [b"first\n".as_slice(), &wide(TEXT, u16::to_le_bytes)].concat();
        assert_eq!(&*to_utf8(&bytes), format!("first\n{TEXT}").as_bytes());
    }

    #[test]
    fn utf_32_is_read_with_and_without_its_mark() {
        for unit in [u32::to_le_bytes, u32::to_be_bytes] {
            for mark in ["", "\u{feff}"] {
                let text = format!("{mark}{TEXT}");
                let bytes: Vec<u8> = text.chars().flat_map(|char| unit(u32::from(char))).collect();
                assert_eq!(&*to_utf8(&bytes), TEXT.as_bytes());
                assert_eq!(Encoding::of(&bytes).lines(&bytes), 2);
            }
        }
    }

    #[test]
    fn lines_of_utf_16_at_the_end_of_another_text_are_read() {
        for unit in [u16::to_le_bytes, u16::to_be_bytes] {
            for before in ["one line\n", "\u{e9}", "\0\0\0"] {
                let before = before.repeat(200);
                let bytes = [before.as_bytes(), &wide(TEXT, unit), b"\xff"].concat();
                let text = [before.as_bytes(), TEXT.as_bytes(), b"\xff"].concat();
                // Among NULs the last one before a letter can be the letter's own.
                let read = to_utf8(&bytes).replace(b"\0", b"");
                assert_eq!(read, text.replace(b"\0", b""), "{before:?}");
            }
        }
        let short = b"\x01\0a\0b\0c\0\0\0";
        assert_eq!(&*to_utf8(short), short);
    }

    proptest! {
        #[test]
        fn nothing_but_nul_is_taken_away_and_lines_stay(bytes in "[a\n\0\u{1}]{0,120}") {
            let (bytes, encoding) = (bytes.as_bytes(), Encoding::Utf8);
            let text = encoding.decode(bytes);
            prop_assert_eq!(text.replace(b"\0", b""), bytes.replace(b"\0", b""));
            prop_assert_eq!(encoding.lines(bytes), encoding.lines(&text));
        }

        #[test]
        fn any_bytes_are_decoded(bytes: Vec<u8>) {
            let _text = to_utf8(&bytes);
        }
    }
}
