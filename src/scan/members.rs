//! Values that hold others: lists, and structures written as text.

use super::entropy::entropy;
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

/// How many words may stand before the credential.
const SCHEMES: usize = 3;

/// The last word of a value that names its scheme first: `Bearer …`, `Token …`,
/// `{AQAA… …}`. Long and with digits, which a sentence's last word seldom is; whether a
/// machine has drawn it is asked elsewhere.
pub(super) fn after_scheme(bytes: &[u8], value: &Range<usize>) -> Option<Range<usize>> {
    let text = &bytes[value.clone()];
    let text = &text[..text.len() - usize::from(text.ends_with(b"}"))];
    let from = text.iter().rposition(|byte| *byte == b' ')? + 1;
    let words = text[..from].split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-{:=.".contains(byte);
    let schemes = words.clone().count();
    let last = &text[from..];
    let drawn = (20..=2048).contains(&last.len())
        && last.iter().all(|b| b.is_ascii_alphanumeric() || b"+/=_.-".contains(b))
        && last.iter().filter(|byte| byte.is_ascii_digit()).count() >= 2
        && entropy(last) > 3.2;
    (drawn
        && (1..=SCHEMES).contains(&schemes)
        && words.clone().all(|word| word.len() <= 24 && word.iter().all(plain)))
    .then_some(value.start + from..value.start + text.len())
}

#[cfg(test)]
mod tests {
    use super::{after_scheme, lists, texts};
    use crate::catalogue::sample::expand;

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
    fn a_scheme_may_stand_before_the_credential() {
        let drawn = expand("{base62:32}", 3).unwrap();
        for (text, found) in [
            (format!("Bearer {drawn}"), true),
            (format!("{{acme AQAA {drawn}}}"), true),
            (drawn.clone(), false),
            (format!("it is written here as {drawn}"), false),
            ("Bearer of short-name-2024".to_owned(), false),
            ("see the_documentation_of_it".to_owned(), false),
        ] {
            let at = after_scheme(text.as_bytes(), &(0..text.len()));
            assert_eq!(at.map(|at| text.get(at).unwrap()), found.then_some(&*drawn), "{text}");
        }
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
