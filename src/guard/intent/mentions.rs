//! Files that a prompt names, which are read without a call.

use super::leaves;
use serde_json::Value;

/// The most that are looked at.
const MOST: usize = 256;

/// Those behind an `@`, at the beginning of a word or of what a word quotes.
pub(super) fn of(text: &str) -> Vec<String> {
    let opens = |char: char| "\"'`([{<,;:=".contains(char);
    let ends = |char: char| "\"'`)]}>,;:?!".contains(char);
    let words =
        text.split_whitespace().filter_map(|word| word.trim_start_matches(opens).strip_prefix('@'));
    let quoted = text.split("@\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|it| it.0);
    let paths = words.chain(quoted).map(|word| {
        let word = word.trim_start_matches(opens);
        let word = word.split(ends).next().unwrap_or(word);
        // `@file#L1-9` is some lines of it.
        let word = word.split('#').next().unwrap_or(word);
        word.strip_prefix("file://").unwrap_or(word).trim_end_matches('.').to_owned()
    });
    paths.filter(|path| !path.is_empty()).take(MOST).collect()
}

/// Those in the fields that list what is attached.
pub(super) fn attached(input: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    for field in ["attachments", "files", "context"] {
        if let Some(value) = input.get(field) {
            leaves(value, field, &mut |place, text| {
                let named = place.rsplit('.').next().unwrap_or(place).to_lowercase();
                let path =
                    named.contains("path") || named.contains("uri") || named.contains("file");
                if path && paths.len() < MOST && text.len() < 4096 {
                    paths.push(text.trim_start_matches("file://").to_owned());
                }
            });
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::{attached, of};
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn files_are_named_in_many_ways() {
        for (text, path) in [
            ("see @.env, please", ".env"),
            ("see (@.env)", ".env"),
            ("\"@.env\"", ".env"),
            ("@.env#L1-3", ".env"),
            ("@~/.ssh/id_rsa.", "~/.ssh/id_rsa"),
            ("@\"my folder/.env\"", "my folder/.env"),
        ] {
            assert!(of(text).contains(&path.to_owned()), "{text}: {:?}", of(text));
        }
        assert!(of("mail me@example.org").is_empty());
    }

    #[test]
    fn what_is_attached_is_read() {
        let input = json!({"attachments": [{"type": "file", "file_path": "/a/.env"}]});
        assert_eq!(attached(&input), ["/a/.env"]);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "[@\"'#a-z. é:]{0,60}") {
            let _paths = of(&text);
        }
    }
}
