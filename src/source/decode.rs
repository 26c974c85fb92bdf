//! Other encodings to UTF-8, line by line the same.

use std::borrow::Cow;

/// `bytes` as UTF-8 where they are UTF-16, with a mark or without; else as they are.
///
/// Latin-1 and broken UTF-8 need no decoding: credentials are ASCII in both.
pub fn to_utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    Encoding::of(bytes).decode(bytes)
}

/// How a text is written.
#[derive(Debug, Clone, Copy)]
pub enum Encoding {
    /// So that nothing need be done.
    Utf8,
    /// In UTF-16.
    Utf16(Order),
}

impl Encoding {
    /// That of a text that begins with `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0xff, 0xfe, ..] => Self::Utf16(u16::from_le_bytes),
            [0xfe, 0xff, ..] => Self::Utf16(u16::from_be_bytes),
            _ => unmarked(bytes).map_or(Self::Utf8, Self::Utf16),
        }
    }

    /// A part of such a text in UTF-8, without the mark at its begin.
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Utf8 => Cow::Borrowed(bytes),
            Self::Utf16(order) => Cow::Owned(match bytes {
                [0xff, 0xfe, rest @ ..] | [0xfe, 0xff, rest @ ..] => utf16(rest, order),
                _ => utf16(bytes, order),
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
        }
    }
}

/// Makes a unit of UTF-16 of two bytes.
pub type Order = fn([u8; 2]) -> u16;

/// The byte order of UTF-16 without a mark: mostly ASCII, so that every other byte is NUL.
fn unmarked(bytes: &[u8]) -> Option<Order> {
    let head = &bytes[..bytes.len().min(1024) / 2 * 2];
    if head.len() < 8 {
        return None;
    }
    let nul =
        |offset: usize| head.iter().skip(offset).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, half) = (nul(0), nul(1), head.len() / 2);
    if odd * 10 >= half * 7 && even * 10 <= half {
        Some(u16::from_le_bytes)
    } else if even * 10 >= half * 7 && odd * 10 <= half {
        Some(u16::from_be_bytes)
    } else {
        None
    }
}

fn utf16(bytes: &[u8], order: Order) -> Vec<u8> {
    let units = bytes.chunks_exact(2).map(|pair| order([pair[0], pair[1]]));
    let mut out = String::with_capacity(bytes.len() / 2);
    out.extend(char::decode_utf16(units).map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER)));
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::to_utf8;

    #[test]
    fn utf_16_is_read_with_and_without_its_mark() {
        let text = "key = value\nport = 80\n";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = [&[0xff, 0xfe][..], &le].concat();

        for bytes in [&le, &be, &marked] {
            assert_eq!(&*to_utf8(bytes), text.as_bytes());
        }
        assert_eq!(&*to_utf8(b"a\0b"), b"a\0b");
    }
}
