//! Values that hold others: lists, and structures written as text.

use std::ops::Range;

/// Whether what the name at `name` is given begins as a list: `"name": [`.
pub(super) fn lists(bytes: &[u8], name: &Range<usize>) -> bool {
    let rest = bytes.get(name.end..bytes.len().min(name.end + 16)).unwrap_or_default();
    let mark = |byte: &u8| matches!(byte, b'"' | b'\'' | b'\\' | b' ' | b'\t');
    let rest = rest.get(rest.iter().take_while(|byte| mark(byte)).count()..).unwrap_or_default();
    let given = rest.strip_prefix(b"=").or_else(|| rest.strip_prefix(b":"));
    given.is_some_and(|given| given.trim_ascii_start().starts_with(b"["))
}

/// The texts in quotes in a value that is a structure written as text: `{\"a\": \"b\"}`.
pub(super) fn texts<'a>(
    bytes: &'a [u8],
    value: &Range<usize>,
) -> impl Iterator<Item = Range<usize>> + use<'a> {
    let text = &bytes[value.clone()];
    let start = value.start;
    let opens = matches!(text.trim_ascii_start().first(), Some(b'{' | b'['));
    let mut quotes = memchr::memchr2_iter(b'"', b'\'', if opens { text } else { b"" });
    std::iter::from_fn(move || {
        let open = quotes.next()?;
        let close = quotes.next()?;
        let inner = text.get(open + 1..close)?;
        let length = inner.strip_suffix(b"\\").unwrap_or(inner).len();
        Some(start + open + 1..start + open + 1 + length)
    })
}

#[cfg(test)]
mod tests {
    use super::{lists, texts};

    #[test]
    fn texts_within_a_text_are_found_and_plain_values_have_none() {
        let found = |text: &str| -> Vec<String> {
            let all = texts(text.as_bytes(), &(0..text.len()));
            all.map(|at| text.get(at).unwrap().to_owned()).collect()
        };
        assert_eq!(found(r#"{\"a\": \"b-1\", \"c\": 2}"#), ["a", "b-1", "c"]);
        assert_eq!(found("['x', 'y']"), ["x", "y"]);
        assert_eq!(found("plain \"x\""), Vec::<String>::new());
        assert_eq!(found("{'open"), Vec::<String>::new());
    }

    #[test]
    fn a_bracket_after_the_sign_makes_a_list() {
        for (text, expected) in [
            ("tokens = [1]", true),
            ("\"tokens\": [1]", true),
            (r#"\"tokens\":["#, true),
            ("tokens: 1", false),
            ("tokens[0]", false),
        ] {
            let start = text.find("tokens").unwrap();
            assert_eq!(lists(text.as_bytes(), &(start..start + 6)), expected, "{text}");
        }
    }
}
