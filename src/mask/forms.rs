//! The forms in which a value could be said again.

use bstr::ByteSlice;
use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};
use std::fmt::Write as _;

/// Parts of a value that are too short to tell anything are left in.
const PART_FROM: usize = 4;

/// `value` as it is, in base64 (at any place in a longer text), hexadecimal, as part of an
/// address and of JSON; and each of its lines. The longest first.
pub(crate) fn of(value: &[u8]) -> Vec<Vec<u8>> {
    let mut forms: Vec<Vec<u8>> = Vec::new();
    let lines = value.lines().filter(|line| line.len() >= PART_FROM);
    for text in [value, value.trim_ascii()].into_iter().chain(lines) {
        forms.extend([
            text.to_vec(),
            BASE64.encode(text).into_bytes(),
            BASE64URL.encode(text).into_bytes(),
            HEXLOWER.encode(text).into_bytes(),
            HEXUPPER.encode(text).into_bytes(),
            percent(text).into_bytes(),
            json(text).into_bytes(),
        ]);
        forms.extend((0..3).flat_map(|shift| within_base64(text, shift)));
    }
    forms.retain(|form| !form.is_empty());
    forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    forms.dedup();
    forms
}

/// What is left of `text` in the base64 of a longer text that has it at `shift` of three.
fn within_base64(text: &[u8], shift: usize) -> Vec<Vec<u8>> {
    let mut longer = vec![0; shift];
    longer.extend_from_slice(text);
    let (from, to) = ((shift * 8).div_ceil(6), longer.len() * 8 / 6);
    [BASE64.encode(&longer), BASE64URL.encode(&longer)]
        .iter()
        .filter_map(|coded| coded.as_bytes().get(from..to))
        .filter(|core| core.len() >= 2 * PART_FROM)
        .map(<[u8]>::to_vec)
        .collect()
}

/// As in an address (RFC 3986, section 2.1).
pub(crate) fn percent(text: &[u8]) -> String {
    let mut coded = String::new();
    for byte in text {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            coded.push(char::from(*byte));
        } else {
            let _infallible = write!(coded, "%{byte:02X}");
        }
    }
    coded
}

/// As in a JSON text, without the quotes.
fn json(text: &[u8]) -> String {
    let quoted = serde_json::to_string(&text.to_str_lossy()).unwrap_or_default();
    quoted.trim_start_matches('"').trim_end_matches('"').to_owned()
}
