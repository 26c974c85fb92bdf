//! Markdown that shows words as they are, and a rule's coaching in it.

use super::entry::upper;
use crate::catalogue::Rule;
use std::fmt::Write as _;

/// Words that Markdown takes as words: no tag, link, table or line break begins in them.
pub(super) fn plain(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for char in words.chars() {
        match char {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' | '~' | '@' => {
                out.push('\\');
                out.push(char);
            }
            '\n' | '\r' => out.push(' '),
            char => out.push(char),
        }
    }
    out
}

/// The same, but for addresses, which are links, and what is in backticks, which is code.
pub(super) fn prose(words: &str) -> String {
    let mut out = String::with_capacity(words.len() + 16);
    for (index, part) in words.split('`').enumerate() {
        if index % 2 == 1 {
            out.push_str(&code(part));
            continue;
        }
        for word in part.split_inclusive(' ') {
            let bare = word.trim_end_matches([' ', ',', '.', ';', ':', ')']);
            if bare.starts_with("https://") && !bare.contains(['<', '>', '|']) {
                out.push_str(&["<", bare, ">"].concat());
            } else {
                out.push_str(&plain(bare));
            }
            out.push_str(word.strip_prefix(bare).unwrap_or_default());
        }
    }
    out
}

/// Words in a fixed width, whatever they hold.
pub(super) fn code(words: &str) -> String {
    let mut run = 0;
    let longest = words.chars().fold(0, |longest, char| {
        run = if char == '`' { run + 1 } else { 0 };
        longest.max(run)
    });
    let fence = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    // In a table a bar would end the cell, in code too.
    let words = words.replace(['\n', '\r'], " ").replace('|', "\\|");
    [&fence, pad, &words, pad, &fence].concat()
}

/// A rule's coaching, in Markdown or in plain lines.
pub(super) fn help(rule: &Rule, marked: bool) -> String {
    let words = rule.coaching();
    let mut out = String::new();
    let revoke =
        [(words.revoke_console, false), (words.revoke_cli, true), (words.revoke_note, false)];
    let _ = if marked {
        writeln!(out, "**{}**", plain(&upper(rule.what)))
    } else {
        writeln!(out, "{}", upper(rule.what))
    };
    let parts: [(&str, Vec<(&str, bool)>); 8] = [
        ("Opens", vec![(words.opens, false)]),
        ("Signal", vec![(words.missed, false)]),
        ("Revoke", revoke.to_vec()),
        ("Rotate", vec![(words.rotate, false)]),
        ("Vault", vec![(words.vault, false)]),
        ("Better", vec![(words.instead, false)]),
        ("Used by others?", vec![(words.abuse, false)]),
        ("Next time", vec![(words.next_time, false)]),
    ];
    for (label, said) in parts {
        let said: Vec<String> = said
            .into_iter()
            .filter(|(words, _)| !words.is_empty())
            .map(|(words, command)| match (marked, command) {
                (true, true) => code(words),
                (true, false) => prose(words),
                (false, _) => words.to_owned(),
            })
            .collect();
        if said.is_empty() {
            continue;
        }
        let _ = if marked {
            write!(out, "\n- **{label}:** {}", said.join("; "))
        } else {
            write!(out, "\n{label}: {}", said.join("; "))
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{code, plain, prose};

    #[test]
    fn nothing_in_words_or_code_is_markup() {
        assert_eq!(plain("<b>|[x](y)\n@a"), "&lt;b&gt;\\|\\[x\\](y) \\@a");
        assert_eq!(code("a`b|c"), "`` a`b\\|c ``");
        assert_eq!(code("a\nb"), "`a b`");
        assert_eq!(
            prose("at https://a.example/x_y; or `a_b` *"),
            "at <https://a.example/x_y>; or `a_b` \\*"
        );
        assert_eq!(prose("at https://a.example/x: curl"), "at <https://a.example/x>: curl");
    }
}
