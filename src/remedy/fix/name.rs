//! What the variable is called, and where a credential stands.

use super::edit::{line_around, line_start, part};
use std::ops::Range;

/// Names that say nothing of what they name.
const EMPTY: &[&str] = &[
    "VALUE", "DEFAULT", "KEY", "DATA", "STRING", "STR", "TEXT", "RESULT", "RES", "ARG", "ENV",
    "VAR", "NAME", "X", "TMP", "TEST", "CONST", "LET", "RETURN", "ECHO", "S", "A", "T", "K", "V",
    "HTTP", "HTTPS", "INPUT", "CONTENT", "BODY", "HEADER", "HEADERS", "RUN", "CONFIG",
];

/// Whether `name` can be the name of a variable of the environment (POSIX.1-2017, 8.1).
pub fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.len() <= 100
}

/// The name for the value at `value`: the one that the author gave it where it says more
/// than one word, else `usual`, the rule's.
///
/// `generic` rules know the value by its name alone, so that a name of one word serves too.
pub fn name_for(text: &[u8], value: &Range<usize>, usual: &str, generic: bool) -> String {
    let assigned = assigned(text, value.start).map(|name| screaming(&name));
    let fit = assigned.filter(|name| {
        let words = name.split('_').filter(|word| !word.is_empty()).count();
        is_name(name) && name.len() <= 48 && (words >= 2 || generic && !EMPTY.contains(&&**name))
    });
    match fit {
        Some(name) => name,
        None if is_name(usual) => usual.to_owned(),
        None => "API_SECRET".to_owned(),
    }
}

/// The name that the value at `at` is given to on its line: `name = "`, `"name": "`,
/// `name: str = "`, `NAME=`.
fn assigned(text: &[u8], at: usize) -> Option<String> {
    let line = part(text, line_start(text, at)..at);
    let line = line.get(line.len().saturating_sub(200)..)?;
    let mut rest = line.trim_ascii_end();
    // A prefix such as `f` belongs to its quote.
    if let Some(before) = rest.strip_suffix(b"\"").or_else(|| rest.strip_suffix(b"'")) {
        rest = before.trim_end_matches_any(b"\"'`\\");
        while let [before @ .., b'a'..=b'z' | b'@' | b'$' | b'#'] = rest {
            rest = before;
        }
        rest = rest.trim_ascii_end();
    } else if let Some(before) = rest.strip_suffix(b"`") {
        rest = before.trim_ascii_end();
    }
    let before_sign = strip_sign(rest)?;
    // `name: Type =`: what stands before the colon.
    let name = match before_sign.iter().rposition(|byte| *byte == b':') {
        Some(colon) if rest.ends_with(b"=") && !before_sign.ends_with(b":") => {
            let typed = part(before_sign, colon + 1..before_sign.len());
            let of_type = |byte: &u8| byte.is_ascii_alphanumeric() || b" _&'?<>[].|".contains(byte);
            if typed.iter().all(of_type) { part(before_sign, 0..colon) } else { before_sign }
        }
        _ => before_sign,
    };
    let name = name.trim_ascii_end().trim_end_matches_any(b"\"'])?`\\ ");
    let start =
        name.iter().rposition(|byte| !(byte.is_ascii_alphanumeric() || b"_-".contains(byte)));
    let name = part(name, start.map_or(0, |start| start + 1)..name.len());
    // `password string = "x"`, as Go and HCL have it, names the type last.
    if name == b"string" || name == b"String" {
        let before = part(before_sign, 0..start.unwrap_or(0)).trim_ascii_end();
        let start =
            before.iter().rposition(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'));
        let name = part(before, start.map_or(0, |start| start + 1)..before.len());
        return String::from_utf8(name.to_vec()).ok().filter(|name| !name.is_empty());
    }
    String::from_utf8(name.to_vec()).ok().filter(|name| !name.is_empty())
}

/// What stands before `=`, `:`, `=>` or `:=`.
fn strip_sign(rest: &[u8]) -> Option<&[u8]> {
    [&b"=>"[..], b":=", b"==", b"??=", b"||=", b"=", b":"]
        .into_iter()
        .find_map(|sign| rest.strip_suffix(sign))
        .filter(|_| !rest.ends_with(b"==") && !rest.ends_with(b"::"))
}

/// `dbPassword`, `db-password` and `DB_PASSWORD` as `DB_PASSWORD`.
fn screaming(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut before = '_';
    let mut chars = name.chars().peekable();
    while let Some(char) = chars.next() {
        let next_is_low = chars.peek().is_some_and(char::is_ascii_lowercase);
        let starts = char.is_ascii_uppercase()
            && (before.is_ascii_lowercase()
                || before.is_ascii_digit()
                || before.is_ascii_uppercase() && next_is_low);
        if starts {
            out.push('_');
        }
        out.push(if char.is_ascii_alphanumeric() { char.to_ascii_uppercase() } else { '_' });
        before = char;
    }
    out.trim_matches('_').to_owned()
}

/// Where `value` stands in `text`: on the one-based `lines` that are known to hold it, and
/// wherever else a value of that length can be no accident.
pub fn places(text: &[u8], value: &[u8], lines: &[usize]) -> Vec<Range<usize>> {
    const NO_ACCIDENT: usize = 12;
    if value.is_empty() {
        return Vec::new();
    }
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mut line = (1, 0);
    let mut found: Vec<Range<usize>> = Vec::new();
    for at in memchr::memmem::find_iter(text, value) {
        line.0 += memchr::memchr_iter(b'\n', part(text, line.1..at)).count();
        line.1 = at;
        let span = at..at + value.len();
        let before = at.checked_sub(1).and_then(|at| text.get(at)).is_some_and(word);
        let after = text.get(span.end).is_some_and(word);
        let alone =
            !(before && value.first().is_some_and(word) || after && value.last().is_some_and(word));
        let apart = found.last().is_none_or(|last| last.end <= span.start);
        if apart && (lines.contains(&line.0) || alone && value.len() >= NO_ACCIDENT) {
            found.push(span);
        }
    }
    // On a line where it stands alone, what it is a part of is another word.
    found.retain(|span| {
        let around = line_around(text, span.start);
        let alone = |span: &Range<usize>| {
            !span.start.checked_sub(1).and_then(|at| text.get(at)).is_some_and(word)
                && !text.get(span.end).is_some_and(word)
        };
        alone(span)
            || !memchr::memmem::find_iter(part(text, around.clone()), value).any(|at| {
                let start = around.start + at;
                alone(&(start..start + value.len()))
            })
    });
    found
}

/// Bytes trimmed by a set.
trait TrimAny {
    fn trim_end_matches_any(&self, set: &[u8]) -> &[u8];
}

impl TrimAny for [u8] {
    fn trim_end_matches_any(&self, set: &[u8]) -> &[u8] {
        let end = self.iter().rposition(|byte| !set.contains(byte)).map_or(0, |at| at + 1);
        self.get(..end).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(line: &str, generic: bool) -> String {
        let at = line.find('@').unwrap();
        name_for(line.as_bytes(), &(at..at + 1), "GITHUB_TOKEN", generic)
    }

    #[test]
    fn the_authors_name_wins_where_it_says_more_than_a_word() {
        for (line, name) in [
            ("db_password = \"@\"", "DB_PASSWORD"),
            ("const stripeKey = '@';", "STRIPE_KEY"),
            ("  \"dbPassword\": \"@\"", "DB_PASSWORD"),
            ("let api_token: &'static str = \"@\";", "API_TOKEN"),
            ("const apiToken string = \"@\"", "API_TOKEN"),
            ("self.http_auth_token = f\"@\"", "HTTP_AUTH_TOKEN"),
            ("API_KEY=@", "API_KEY"),
            ("config['api_key'] = '@'", "API_KEY"),
            ("  aws-secret-key: @", "AWS_SECRET_KEY"),
            ("token = \"@\"", "GITHUB_TOKEN"),
            ("connect(\"@\")", "GITHUB_TOKEN"),
            ("if x == \"@\"", "GITHUB_TOKEN"),
        ] {
            assert_eq!(named(line, false), name, "{line}");
        }
    }

    #[test]
    fn a_generic_rule_takes_a_name_of_one_word() {
        assert_eq!(named("password = '@'", true), "PASSWORD");
        assert_eq!(named("value: '@'", true), "GITHUB_TOKEN");
    }

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "one place is meant")]
    fn a_short_value_counts_on_its_lines_and_a_long_one_everywhere() {
        assert_eq!(places(b"a hunter2\nhunter2x\nb hunter2", b"hunter2", &[1]), [2..9]);
        assert_eq!(places(b"abcdefghijklm\nxabcdefghijklm", b"abcdefghijklm", &[]), [0..13]);
        assert_eq!(places(b"pass = 'pass'", b"pass", &[1]), [0..4, 8..12]);
    }
}
