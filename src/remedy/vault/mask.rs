//! Takes a value out of what programs and servers say.

use crate::mask::forms;
use crate::secret::Secret;
use crate::text::Escaped;
use bstr::ByteSlice;

pub(crate) use forms::percent;

/// What stands in a value's place.
const HIDDEN: &str = "[hidden]";

/// Lines and characters that are passed on of what a program says.
const LINES: usize = 4;
const CHARACTERS: usize = 500;

/// The forms in which a value could be said again.
pub(crate) struct Mask(Vec<Secret>);

impl Mask {
    /// Of the value in all its [forms].
    pub(crate) fn new(value: &Secret) -> Self {
        Self(forms::of(value.expose()).iter().map(|form| Secret::new(form)).collect())
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
