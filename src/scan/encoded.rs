//! Text within text: base64 and hexadecimal runs that decode to text, looked at in turn.
//!
//! Bounded: a run has a least and a most length, decoded text is decoded again three
//! times at most, and each time it is shorter.

use crate::catalogue::anchor::of_run;
use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use std::ops::Range;

/// Shorter runs hold no credential with its context.
const LEAST: usize = 24;

/// Longer runs are files, not values.
const MOST: usize = 1 << 20;

/// How often decoded text is decoded again.
pub(super) const DEPTH: usize = 3;

/// A run and what it says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    /// Where the run stands.
    pub(super) at: Range<usize>,
    /// What it decodes to.
    pub(super) text: Vec<u8>,
    /// How it was decoded.
    pub(super) how: &'static str,
}

/// Which bytes can stand in a run.
static OF_RUN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = of_run(byte);
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

/// The six bits that a digit of base64 stands for, in either alphabet; those of a run have
/// one.
static SIX_BITS: [u8; 256] = {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut table = [0; 256];
    let mut bits = 0_u8;
    while bits < 64 {
        table[digits[bits as usize] as usize] = bits;
        bits += 1;
    }
    table[b'-' as usize] = 62;
    table[b'_' as usize] = 63;
    table
};

/// Calls `found` with each run of `bytes` that decodes to text. In each is one of
/// `places`, which ascend.
pub(super) fn for_each(bytes: &[u8], places: &[usize], mut found: impl FnMut(Decoded)) {
    let mut until = 0;
    for place in places.iter().copied() {
        let Some(before) = bytes.get(until..place) else { continue };
        let from = before.iter().rposition(|byte| !OF_RUN[usize::from(*byte)]);
        let from = from.map_or(until, |bad| until + bad + 1);
        until =
            place + bytes[place..].iter().take_while(|byte| OF_RUN[usize::from(**byte)]).count();
        let run = from..until;
        if run.len() >= LEAST
            && let Some(decoded) = decode(bytes, run)
        {
            found(decoded);
        }
    }
}

fn decode(bytes: &[u8], at: Range<usize>) -> Option<Decoded> {
    let run = &bytes[at.clone()];
    if run.len() > MOST {
        return None;
    }
    if run.len().is_multiple_of(2) && run.iter().all(u8::is_ascii_hexdigit) {
        let text = HEXLOWER_PERMISSIVE.decode(run).ok().filter(|text| readable(text))?;
        return Some(Decoded { at, text, how: "hexadecimal" });
    }
    // Most runs are names and paths: their first bytes do not decode to text.
    let head = &run[..24];
    if !begins_readably(head) {
        return None;
    }
    let url = run.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let encoding = if url { &BASE64URL_NOPAD } else { &BASE64_NOPAD };
    if !readable(&encoding.decode(head).ok()?) {
        return None;
    }
    let whole = &run[..run.len() - usize::from(run.len() % 4 == 1)];
    let text = lenient(whole, url).filter(|text| readable(text))?;
    Some(Decoded { at, text, how: "base64" })
}

/// Whether the first three bytes of each group of digits are text.
fn begins_readably(run: &[u8]) -> bool {
    let (groups, _) = run.as_chunks::<4>();
    groups.iter().all(|group| {
        let [a, b, c, d] = group.map(|digit| u32::from(SIX_BITS[usize::from(digit)]));
        let [_, text @ ..] = (a << 18 | b << 12 | c << 6 | d).to_be_bytes();
        readable(&text)
    })
}

/// Decodes, leaving out a last group whose spare bits are set.
fn lenient(run: &[u8], url: bool) -> Option<Vec<u8>> {
    let encoding = if url { &BASE64URL_NOPAD } else { &BASE64_NOPAD };
    encoding.decode(run).or_else(|_| encoding.decode(&run[..run.len() / 4 * 4])).ok()
}

/// Whether bytes are text: printable ASCII and blanks.
fn readable(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes
            .iter()
            .all(|byte| (b' '..=b'~').contains(byte) || matches!(byte, b'\n' | b'\r' | b'\t'))
}

#[cfg(test)]
mod tests {
    use super::{Decoded, for_each};
    use data_encoding::{BASE64, BASE64URL, HEXLOWER};
    use proptest::prelude::*;

    /// All places, as if each were noted.
    fn everywhere(text: &[u8]) -> Vec<usize> {
        (0..text.len()).collect()
    }

    fn decoded(text: &str) -> Vec<(String, &'static str)> {
        let mut all = Vec::new();
        for_each(text.as_bytes(), &everywhere(text.as_bytes()), |Decoded { text, how, .. }| {
            all.push((String::from_utf8(text).unwrap(), how));
        });
        all
    }

    #[test]
    fn runs_that_say_something_are_decoded() {
        let plain = "password=Winter-2024 and more";
        let base64 = format!("data: {}\n", BASE64.encode(plain.as_bytes()));
        let hex = format!("x{{{}}}", HEXLOWER.encode(plain.as_bytes()));

        assert_eq!(decoded(&base64), [(plain.to_owned(), "base64")]);
        assert_eq!(decoded(&hex), [(plain.to_owned(), "hexadecimal")]);
        assert_eq!(decoded("a_function_with_a_very_long_name_of_many_words()"), []);
    }

    proptest! {
        #[test]
        fn whatever_text_is_encoded_is_decoded(text in "[ -~\\r\\n\\t]{18,80}") {
            for encoded in [BASE64.encode(text.as_bytes()), BASE64URL.encode(text.as_bytes())] {
                let encoded = encoded.trim_end_matches('=');
                let found = decoded(encoded);
                // Spare bits are zero, and what looks like hexadecimal digits is read as such.
                let hexadecimal = encoded.bytes().all(|byte| byte.is_ascii_hexdigit());
                prop_assert!(hexadecimal || found == [(text.clone(), "base64")]);
            }
        }

        #[test]
        fn any_bytes_are_decoded_without_panic_and_runs_are_in_order(bytes: Vec<u8>) {
            let mut last = 0;
            for_each(&bytes, &everywhere(&bytes), |decoded| {
                assert!(decoded.at.start >= last && decoded.text.len() <= decoded.at.len());
                last = decoded.at.end;
            });
        }
    }
}
