//! Whether words are a reason: something that somebody else can weigh later. Pure.

use super::exception::one_line;

/// As few characters it has.
const CHARS_FROM: usize = 10;

/// As many it has at most: it is a line, not a story.
pub const CHARS_AT_MOST: usize = 300;

/// Words that say nothing of why, however many of them stand together.
const EMPTY: &[&str] = &[
    "a",
    "again",
    "alarm",
    "allow",
    "and",
    "approved",
    "bar",
    "baz",
    "bc",
    "because",
    "blah",
    "bug",
    "bypass",
    "change",
    "changes",
    "code",
    "commit",
    "dummy",
    "error",
    "exception",
    "fake",
    "false",
    "file",
    "fine",
    "fix",
    "fixed",
    "foo",
    "for",
    "fp",
    "ignore",
    "ignored",
    "is",
    "it",
    "just",
    "later",
    "leak",
    "leakcoach",
    "let",
    "lol",
    "me",
    "misc",
    "mistake",
    "my",
    "n",
    "na",
    "need",
    "needed",
    "no",
    "none",
    "not",
    "now",
    "ok",
    "okay",
    "on",
    "one",
    "override",
    "pass",
    "please",
    "pls",
    "positive",
    "push",
    "quick",
    "really",
    "reason",
    "reasons",
    "secret",
    "skip",
    "so",
    "some",
    "stuff",
    "temp",
    "temporary",
    "test",
    "tested",
    "testing",
    "tests",
    "the",
    "thing",
    "this",
    "through",
    "tmp",
    "to",
    "todo",
    "tool",
    "update",
    "why",
    "wip",
    "word",
    "words",
    "work",
    "wrong",
    "x",
    "xxx",
    "y",
    "yes",
    "your",
];

/// The rows of keyboards, along which fingers go when nothing is meant.
const ROWS: &[&str] = &[
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1234567890",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "abcdefghijklmnopqrstuvwxyz",
];

/// Reads `given` as a reason about what `rule` found, as one line.
///
/// # Errors
/// It is none; why not, as a lower-case fragment.
pub fn reason(given: &str, rule: &str) -> Result<String, &'static str> {
    let line = one_line(given);
    let chars = line.chars().count();
    if chars == 0 {
        return Err("there is no reason");
    }
    if chars > CHARS_AT_MOST {
        return Err("the reason is longer than 300 characters");
    }
    // Where words are not set apart by blanks, few characters say much.
    let dense = line.chars().any(|char| char.is_alphabetic() && !char.is_ascii());
    if chars < CHARS_FROM && !(dense && chars >= CHARS_FROM / 2) {
        return Err("say why, in ten characters or more: somebody else is to weigh it");
    }
    let words: Vec<String> = line
        .split(|char: char| !char.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let own: Vec<&str> = rule.split('-').collect();
    let says = |word: &&String| {
        let known = EMPTY.contains(&word.as_str()) || own.contains(&word.as_str());
        !known && word.chars().any(char::is_alphabetic) && !is_typed_blindly(word)
    };
    let telling: Vec<&String> = words.iter().filter(says).collect();
    let first = telling.first();
    if first.is_none() || telling.iter().all(|word| Some(word) == first) && !dense {
        return Err("these words say nothing of why: what is it, and how is that known?");
    }
    Ok(line)
}

/// `asdf`, `qwerty`, `aaaa`, `jkjkjk`.
fn is_typed_blindly(word: &str) -> bool {
    let mut letters: Vec<char> = word.chars().collect();
    let backwards: String = letters.iter().rev().collect();
    let along = |text: &str| ROWS.iter().any(|row| row.contains(text));
    if word.is_ascii() && word.len() >= 3 && (along(word) || along(&backwards)) {
        return true;
    }
    letters.sort_unstable();
    letters.dedup();
    let count = word.chars().count();
    count >= 3 && letters.len() == 1
        || count >= 6 && letters.len() <= 2
        // The row of the keys at rest, in any order.
        || count >= 6 && letters.iter().all(|char| "asdfghjkl".contains(*char)) && letters.len() <= 5
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_somebody_can_weigh_is_a_reason() {
        for given in [
            "revoked on Monday, kept for the parser's test",
            "a fixture, revoked",
            "vendor's public demo key, see ticket 812",
            "needed to bisect the outage; rotated at noon",
            "hash of a public test file",
            "the vendor's documented example key",
            "これは公開ドキュメントの例です",
            "テスト用の鍵、失効済み",
            "Testschlüssel ohne Rechte",
        ] {
            assert_eq!(reason(given, "github-pat"), Ok(given.to_owned()));
        }
        assert_eq!(reason(" a\tfixture,\n revoked ", "x").as_deref(), Ok("a fixture, revoked"));
    }

    #[test]
    fn what_says_nothing_is_none() {
        for given in [
            "",
            "   \n",
            "test",
            "asdf",
            "asdfasdf asdf",
            "asdf qwerty zxcv",
            "testing testing testing",
            "this is just a test",
            "reason reason",
            "because because because",
            "false positive, ignore",
            "this is not a secret",
            "wrong wrong wrong",
            "fp",
            "aaaaaaaaaaaaaaaa",
            "1234567890 12345",
            "..............",
            "github-pat github-pat",
            "leakcoach: github pat",
            "jkjkjkjkjkjkjkjk",
            "later later later",
            "rotate rotate rotate",
            "WORDS AND MORE WORDS",
        ] {
            assert!(reason(given, "github-pat").is_err(), "{given}");
        }
        assert!(reason(&"a fixture ".repeat(40), "x").is_err());
    }

    proptest! {
        #[test]
        fn any_words_are_weighed_and_what_counts_is_one_line(given in "\\PC{0,40}[\n\u{1b}\u{2028}]?\\PC{0,40}") {
            if let Ok(line) = reason(&given, "github-pat") {
                prop_assert!(!line.contains(char::is_control) && line.chars().count() <= 300);
            }
        }
    }
}
