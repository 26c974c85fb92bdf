//! Takes a value out of what programs and servers say.

use crate::secret::Secret;
use crate::text::Escaped;
use bstr::ByteSlice;
use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};
use std::fmt::Write as _;

/// What stands in a value's place.
const HIDDEN: &str = "[hidden]";

/// Lines and characters that are passed on of what a program says.
const LINES: usize = 4;
const CHARACTERS: usize = 500;

/// Parts of a value that are too short to tell anything are left in.
const PART_FROM: usize = 4;

/// The forms in which a value could be said again.
pub(crate) struct Mask(Vec<Secret>);

impl Mask {
    /// Of the value as it is, in base64 (at any place in a longer text), hexadecimal, as
    /// part of an address and of JSON; and of each of its lines.
    pub(crate) fn new(value: &Secret) -> Self {
        let whole = value.expose();
        let mut forms: Vec<Vec<u8>> = Vec::new();
        let lines = whole.lines().filter(|line| line.len() >= PART_FROM);
        for text in [whole, whole.trim_ascii()].into_iter().chain(lines) {
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
        Self(forms.into_iter().map(|form| Secret::new(&form)).collect())
    }

    /// `text` without the value.
    fn over(&self, text: &[u8]) -> Vec<u8> {
        self.0.iter().fold(text.to_vec(), |text, form| text.replace(form.expose(), HIDDEN))
    }

    /// The last lines of `text`, without the value and fit for a terminal.
    pub(crate) fn last_words(&self, text: &[u8]) -> String {
        let text = self.over(text);
        let lines: Vec<String> = text
            .lines()
            .map(<[u8]>::trim_ascii)
            .filter(|line| !line.is_empty())
            .map(|line| Escaped(line).to_string())
            .collect();
        let from = lines.len().saturating_sub(LINES);
        let last = lines.get(from..).unwrap_or_default().join("; ");
        last.chars().take(CHARACTERS).collect()
    }

    /// Whether `text` holds the value in one of its forms.
    pub(crate) fn is_in(&self, text: &[u8]) -> bool {
        self.0.iter().any(|form| text.contains_str(form.expose()))
    }
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

#[cfg(test)]
mod tests {
    use super::{Mask, percent};
    use crate::secret::Secret;
    use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
    use proptest::prelude::*;

    #[test]
    fn no_form_of_a_value_is_said() {
        let value = "p/ss \"w\u{f6}rd\"+99";
        let mask = Mask::new(&Secret::new(value.as_bytes()));
        let manifest = format!("{{\"data\":\"{value}\"}}");

        for said in [
            value.to_owned(),
            BASE64.encode(value.as_bytes()),
            BASE64URL_NOPAD.encode(value.as_bytes()),
            HEXLOWER.encode(value.as_bytes()),
            percent(value.as_bytes()),
            serde_json::to_string(value).unwrap(),
        ] {
            let shown = mask.last_words(format!("error: bad value {said} at 1").as_bytes());
            assert!(shown.contains("[hidden]") && !shown.contains(&said), "{shown}");
        }
        let inside = BASE64.encode(manifest.as_bytes());
        assert!(mask.is_in(inside.as_bytes()));
    }

    #[test]
    fn each_line_of_a_key_is_hidden() {
        let mask = Mask::new(&Secret::new(b"first line\nsecond line\n"));
        assert_eq!(mask.last_words(b"x first line y\nz second line"), "x [hidden] y; z [hidden]");
    }

    proptest! {
        #[test]
        fn nothing_of_a_value_is_left(value in "[ -~]{6,40}", before in "[0-9]{0,5}") {
            prop_assume!(value.trim().len() >= 6 && !"[hidden]; ".contains(value.trim()));
            let mask = Mask::new(&Secret::new(value.as_bytes()));
            let shown = mask.last_words(format!("{before}{value}").as_bytes());
            prop_assert!(!shown.contains(value.trim()));
        }

        #[test]
        fn nothing_said_makes_it_panic(value: Vec<u8>, said: Vec<u8>) {
            let _shown = Mask::new(&Secret::new(&value)).last_words(&said);
        }
    }
}
