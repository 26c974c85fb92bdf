//! Reasons that people give: whether they are any, and that no credential is in them.

use crate::cli::check::run::Check;
use crate::error::Error;
use crate::text::Escaped;

/// As few characters and words a reason has, and as many characters.
const CHARACTERS: std::ops::RangeInclusive<usize> = 10..=400;
const WORDS: usize = 2;

/// Words that say nothing by themselves.
const EMPTY: &[&str] = &[
    "a", "alarm", "because", "bug", "error", "fake", "false", "fine", "fix", "fp", "ignore", "is",
    "it", "its", "it's", "just", "mistake", "no", "none", "not", "ok", "okay", "one", "please",
    "positive", "really", "secret", "skip", "so", "test", "testing", "the", "this", "todo", "tool",
    "wrong", "yes",
];

/// The reason in `words`, given by `option`, in one line.
pub(in crate::cli) fn one(words: &str, option: &str) -> Result<String, Error> {
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = Escaped(words.as_bytes()).to_string();
    if let Some(why) = lacks(&words) {
        return Err(Error::Usage(format!("{option}: {why}, for whoever reads it later")));
    }
    holds_none(&words, option)?;
    Ok(words)
}

/// That no credential was pasted into `words`.
pub(in crate::cli) fn holds_none(words: &str, option: &str) -> Result<(), Error> {
    let check = Check::new(None, &[])?;
    if check.shown(words.as_bytes()) == words.as_bytes() {
        return Ok(());
    }
    let what = format!("{option} has a credential in it, which would be kept: use other words");
    Err(Error::Usage(what))
}

/// What a reason lacks to be one.
fn lacks(words: &str) -> Option<String> {
    let (least, most) = (CHARACTERS.start(), CHARACTERS.end());
    match words.chars().count() {
        count if count < *least => return Some(format!("say why, in {least} characters or more")),
        count if count > *most => return Some(format!("say why, in {most} characters at most")),
        _ => {}
    }
    let lower = words.to_lowercase();
    let says = |word: &&str| {
        let mut letters: Vec<char> = word.chars().filter(|char| char.is_alphabetic()).collect();
        letters.sort_unstable();
        letters.dedup();
        // One letter again and again is no word.
        letters.len() > 1 && !EMPTY.contains(word)
    };
    let mut all: Vec<&str> =
        lower.split(|char: char| !char.is_alphanumeric() && char != '\'').filter(says).collect();
    // Scripts without blanks between words say it in one.
    let one_run = !words.is_ascii() && !words.contains(' ');
    all.sort_unstable();
    all.dedup();
    (all.len() < WORDS && !one_run)
        .then(|| "say what it is instead, or how that is known".to_owned())
}

#[cfg(test)]
mod tests {
    use super::lacks;

    #[test]
    fn a_reason_says_what_it_is_or_how_that_is_known() {
        for reason in [
            "hash of a public test file",
            "the vendor's documented example key",
            "Prüfsumme der Lizenzdatei",
            "これは公開ドキュメントの例です",
        ] {
            assert_eq!(lacks(reason), None, "{reason}");
        }
    }

    #[test]
    fn what_only_says_that_it_is_wrong_is_none() {
        for none in [
            "",
            "fp",
            "wrong wrong wrong",
            "false positive",
            "this is not a secret",
            "aaaaaaaa bbbbbbbb",
            "............",
            "test test test test",
        ] {
            assert!(lacks(none).is_some(), "{none}");
        }
    }
}
