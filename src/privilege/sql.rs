//! Grants in SQL, as words: dialects differ too much for one grammar, and nothing but
//! `GRANT`, `CREATE` and `ALTER` of users and roles matters here.
//!
//! Statements as postgresql.org and dev.mysql.com have them ("GRANT", "CREATE ROLE",
//! "Privileges Provided by `MySQL`").

use super::facts::Facts;
use std::ops::Range;

/// A word and where it stands.
struct Word<'a> {
    text: &'a str,
    at: Range<usize>,
}

/// What the script says.
pub(super) fn tell(text: &str, facts: &mut Facts) {
    let words = words(text);
    for statement in words.split(|word| word.text == ";") {
        let Some(first) = statement.first() else { continue };
        let at = first.at.start
            ..statement.last().map_or(first.at.end, |last| last.at.end).min(first.at.start + 200);
        let end = text
            .get(at.clone())
            .and_then(|text| text.find('\n'))
            .map_or(at.end, |end| at.start + end);
        one(statement, &mut |of, value| facts.add(of, value, "", at.start..end));
    }
}

/// What statements in an argument say.
pub(super) fn statements(text: &str, mut add: impl FnMut(&'static str, &str)) {
    for statement in words(text).split(|word| word.text == ";") {
        one(statement, &mut add);
    }
}

fn one(words: &[Word<'_>], add: &mut impl FnMut(&'static str, &str)) {
    let is = |at: usize, wanted: &str| {
        words.get(at).is_some_and(|word| word.text.eq_ignore_ascii_case(wanted))
    };
    let find = |wanted: &str| (0..words.len()).find(|at| is(*at, wanted));
    let name = |at: usize| words.get(at).map_or("", |word| word.text);
    if is(0, "GRANT") {
        let to = find("TO");
        let on = find("ON");
        let who = to.map_or("", |to| name(to + 1)).trim_matches(['"', '`', '\''].as_slice());
        if is(1, "ALL") && on.is_some() {
            let on = on.unwrap_or_default();
            let what: Vec<&str> = words
                .get(on + 1..to.unwrap_or(words.len()))
                .unwrap_or_default()
                .iter()
                .map(|word| word.text)
                .collect();
            let what = what.join(" ");
            // What a role makes in a schema or database of its own is for others to say.
            let of = if what.replace(' ', "") == "*.*" {
                "sql-grant-all-everywhere"
            } else {
                "sql-grant-all"
            };
            add(of, &format!("{what} to {who}"));
        }
        if who.eq_ignore_ascii_case("public")
            && !is(1, "USAGE")
            && !is(1, "CONNECT")
            && !is(1, "EXECUTE")
        {
            add("sql-public", &format!("{} to public", name(1)));
        }
        let option = (0..words.len()).any(|at| {
            is(at, "WITH") && (is(at + 1, "GRANT") || is(at + 1, "ADMIN")) && is(at + 2, "OPTION")
        });
        if option {
            add("sql-grant-option", who);
        }
        let files = ["pg_read_server_files", "pg_write_server_files", "pg_execute_server_program"];
        if on.is_none()
            && let Some(role) = words
                .iter()
                .find(|word| files.iter().any(|file| word.text.eq_ignore_ascii_case(file)))
        {
            add("sql-server-files", role.text);
        }
    }
    let makes = is(0, "CREATE") || is(0, "ALTER");
    let account = ["ROLE", "USER", "GROUP"].iter().any(|kind| is(1, kind));
    if makes && account {
        for word in ["SUPERUSER", "CREATEROLE", "BYPASSRLS", "REPLICATION"] {
            if find(word).is_some() {
                add("sql-role", word);
            }
        }
        let any_host =
            words.iter().any(|word| word.text.ends_with("@'%'") || word.text.ends_with("@\"%\""))
                || words
                    .windows(2)
                    .any(|pair| pair[0].text == "@" && matches!(pair[1].text, "'%'" | "\"%\""));
        if any_host {
            add("sql-any-host", "'%'");
        }
    }
    if is(0, "ALTER") && find("DISABLE").is_some_and(|at| is(at + 1, "ROW") && is(at + 2, "LEVEL"))
    {
        add("sql-row-security-off", name(2));
    }
}

/// The words of a script, comments and bodies of functions left out.
fn words(text: &str) -> Vec<Word<'_>> {
    const MOST: usize = 400_000;
    let bytes = text.as_bytes();
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if words.len() > MOST {
            break;
        }
        let rest = bytes.get(at..).unwrap_or_default();
        let end = match byte {
            b'-' if rest.starts_with(b"--") => {
                at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                continue;
            }
            b'/' if rest.starts_with(b"/*") => {
                at += memchr::memmem::find(rest, b"*/").map_or(rest.len(), |end| end + 2);
                continue;
            }
            b'$' if dollar(rest).is_some() => {
                let tag = dollar(rest).unwrap_or_default();
                let body = rest.get(tag.len()..).unwrap_or_default();
                at += memchr::memmem::find(body, tag).map_or(rest.len(), |end| end + 2 * tag.len());
                continue;
            }
            b'\'' | b'"' | b'`' => {
                let inner = rest.get(1..).unwrap_or_default();
                at + memchr::memchr(*byte, inner).map_or(rest.len(), |end| end + 2)
            }
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            byte if is_word(*byte) => at + rest.iter().take_while(|byte| is_word(**byte)).count(),
            _ => at + 1,
        };
        // A character of several bytes is one word's, or is left out.
        if let Some(word) = text.get(at..end) {
            words.push(Word { text: word, at: at..end });
        }
        at = end;
    }
    words
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// `$$` or `$tag$` at the beginning of a body.
fn dollar(rest: &[u8]) -> Option<&[u8]> {
    let inner = rest.get(1..)?;
    let end = inner.iter().take(64).position(|byte| *byte == b'$')?;
    inner
        .get(..end)?
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        .then(|| rest.get(..end + 2))
        .flatten()
}
