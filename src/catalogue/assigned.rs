//! The value that a name is given, in any language or format.
//!
//! Takes bytes and the place of a name, gives the place of its value. Judges neither:
//! whether the name tells and the value is a credential is asked elsewhere. Shared with
//! `build.rs`, so it names nothing of the rest of the crate.

use std::ops::Range;

/// A value further from its name than this is not its value.
const REACH: usize = 4096;

/// How a value stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Between quotes.
    Quoted,
    /// Between quotes, as an argument after the name: `f("name", "value")`.
    Argument,
    /// Up to the next blank or mark.
    Bare,
    /// Bare, after nothing but a blank: `--name value`.
    Apart,
}

/// Which bytes can stand in an identifier.
static OF_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        byte += 1;
    }
    table
};

/// The identifier around `start..end`: letters, digits, `_`, `-` and `.`.
pub(crate) fn name_around(bytes: &[u8], start: usize, end: usize) -> Range<usize> {
    let of_name = |byte: &u8| OF_NAME[usize::from(*byte)];
    let before =
        bytes[start.saturating_sub(64)..start].iter().rev().take_while(|b| of_name(b)).count();
    let after = bytes[end..bytes.len().min(end + 64)].iter().take_while(|b| of_name(b)).count();
    start - before..end + after
}

/// Reads forward in a line.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

impl Cursor<'_> {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..self.end).unwrap_or_default()
    }

    fn skip(&mut self, wanted: impl Fn(u8) -> bool) -> usize {
        let count = self.rest().iter().take_while(|byte| wanted(**byte)).count();
        self.at += count;
        count
    }

    fn blanks(&mut self) -> usize {
        self.skip(|byte| matches!(byte, b' ' | b'\t'))
    }

    fn take(&mut self, text: &[u8]) -> bool {
        let there = self.rest().starts_with(text);
        if there {
            self.at += text.len();
        }
        there
    }
}

/// The value of the name at `name`, and how it stands there.
pub(crate) fn value_of(bytes: &[u8], name: &Range<usize>) -> Option<(Range<usize>, Standing)> {
    let limit = bytes.len().min(name.end + REACH);
    let line_end =
        memchr::memchr(b'\n', &bytes[name.end..limit]).map_or(limit, |found| name.end + found);
    let mut cursor = Cursor { bytes, at: name.end, end: line_end };
    // The name's own closing: `"password"`, `['password']`, `password?`, `\"password\"`.
    let mut closed =
        cursor.skip(|byte| matches!(byte, b'"' | b'\'' | b'`' | b']' | b'?' | b'\\' | b'}' | b')'));
    closed += usize::from(entity(&mut cursor).is_some());
    let blanks = cursor.blanks();
    // `syn::token::Eq`: a path's part.
    if cursor.rest().starts_with(b"::")
        && !cursor.rest().starts_with(b"::=")
        && !cursor.rest().starts_with(b":::=")
    {
        return None;
    }
    // A password in a comparison is as plain as one in an assignment.
    let compared = [&b"==="[..], b"==", b"!==", b"!="].iter().any(|sign| cursor.take(sign));
    let others = [&b"=~"[..], b"<=", b">="];
    if others.iter().any(|other| cursor.rest().starts_with(other)) {
        return None;
    }
    if compared {
        cursor.blanks();
        return quoted(&mut cursor).map(|value| (value, Standing::Quoted));
    }
    let operators = [
        &b":::="[..],
        b"::=",
        b":=",
        b".=",
        b"=>",
        b"->",
        b"<-",
        b"||=",
        b"?=",
        b"+=",
        b"=",
        b":",
        b",",
        b">",
        b"(",
    ];
    if closed == 0 && blanks > 0 {
        go_type(&mut cursor);
    }
    let Some(operator) = operators.into_iter().find(|operator| cursor.take(operator)) else {
        return beyond(&mut cursor, name, closed, blanks);
    };
    cursor.blanks();
    if operator == b":" {
        skip_type(&mut cursor);
    }
    let from = cursor.at;
    let quoted = quoted(&mut cursor);
    match (operator, quoted) {
        (b",", Some(_)) if !first_argument(bytes, name.start) => None,
        (b"," | b"(", Some(value)) => Some((within_quotes(bytes, value), Standing::Argument)),
        // A comma without quotes separates arguments, not a name from its value.
        (b",", None) if cursor.rest().trim_ascii().is_empty() => below(&cursor, name),
        (b"," | b"(", None) => None,
        (_, Some(value)) => Some((value, Standing::Quoted)),
        (b">", None) => element(bytes, from..line_end).map(|value| (value, Standing::Bare)),
        (_, None) => bare(&mut cursor).map(|value| (value, Standing::Bare)),
    }
}

/// What stands between quotes of its own in a value: `'"v"'`, `"\"v\""`.
fn within_quotes(bytes: &[u8], value: Range<usize>) -> Range<usize> {
    let text = &bytes[value.clone()];
    for (open, close) in [(&b"\\\""[..], &b"\\\""[..]), (b"\"", b"\"")] {
        if text.len() > 2 * open.len() && text.starts_with(open) && text.ends_with(close) {
            return value.start + open.len()..value.end - close.len();
        }
    }
    value
}

/// A type between the name and its value: `var name string = "…"`.
fn go_type(cursor: &mut Cursor<'_>) {
    let at = cursor.at;
    let of_type =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'*' | b'[' | b']');
    let length = cursor.skip(of_type);
    let apart = cursor.blanks() > 0;
    let given = cursor.rest().starts_with(b"=") && !cursor.rest().starts_with(b"==");
    if length == 0 || !apart || !given {
        cursor.at = at;
    }
}

/// The text of an element: on the line of its opening, or alone on the next one.
fn element(bytes: &[u8], line: Range<usize>) -> Option<Range<usize>> {
    if let Some(length) = memchr::memchr(b'<', &bytes[line.clone()]) {
        return (length > 0).then_some(line.start..line.start + length);
    }
    if !bytes[line.clone()].trim_ascii().is_empty() {
        return None;
    }
    let next = line.end + 1;
    let limit = bytes.len().min(next + REACH);
    let end = memchr::memchr(b'\n', bytes.get(next..limit)?).map(|at| next + at)?;
    let text = &bytes[next..end];
    let start = next + text.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let closes = bytes[end + 1..bytes.len().min(end + 200)].trim_ascii_start().starts_with(b"</");
    closes.then(|| start..start + text.trim_ascii().len())
}

/// Whether the text at `start` is a call's first argument: `f("name", …)`, and not one
/// of a list.
fn first_argument(bytes: &[u8], start: usize) -> bool {
    let before = bytes[start.saturating_sub(256)..start].trim_ascii_end();
    let before = before.strip_suffix(b"\"").or_else(|| before.strip_suffix(b"'"));
    before.is_some_and(|before| before.trim_ascii_end().ends_with(b"(") || typed_field(before))
}

/// Whether what stands before a name is a field's type in a Gradle build of an Android
/// app: `buildConfigField 'String', 'NAME', '"…"'`.
fn typed_field(before: &[u8]) -> bool {
    let line = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    let line = before.get(line..).unwrap_or_default().trim_ascii();
    let opens = line.starts_with(b"buildConfigField") || line.starts_with(b"resValue");
    opens && line.ends_with(b",") && memchr::memchr_iter(b',', line).count() == 1
}

/// No operator: `key="name" value="…"`, `name: K` with `value: …` below, `--name …`.
fn beyond(
    cursor: &mut Cursor<'_>,
    name: &Range<usize>,
    closed: usize,
    blanks: usize,
) -> Option<(Range<usize>, Standing)> {
    if closed > 0 && blanks > 0 && attribute(cursor, b"value") {
        return quoted(cursor).map(|value| (value, Standing::Quoted));
    }
    if cursor.rest().trim_ascii().is_empty() {
        return below(cursor, name);
    }
    if closed > 0 && cursor.rest().trim_ascii() == b"{" {
        return default_of(cursor);
    }
    // A row of a table in Markdown: `| apiKey | v |`.
    if cursor.rest().starts_with(b"|") && in_row(cursor.bytes, name.start) {
        cursor.at += 1;
        cursor.blanks();
        cursor.take(b"`");
        let value = bare(cursor)?;
        // A cell of one word; more are a description.
        let rest = cursor.rest().get(value.len()..).unwrap_or_default();
        let rest = rest.strip_prefix(b"`").unwrap_or(rest).trim_ascii_start();
        let alone = rest.is_empty() || rest.starts_with(b"|");
        return alone.then_some((value, Standing::Bare));
    }
    // Two words in backquotes are a list in prose.
    if blanks == 0 || cursor.bytes.get(name.end) == Some(&b'`') {
        return None;
    }
    // Notes and tickets: `API key - 'value'`.
    let dashed = [&b"- "[..], "\u{2013} ".as_bytes()].into_iter().find(|dash| cursor.take(dash));
    if let Some(value) = quoted(cursor) {
        return Some((value, Standing::Quoted));
    }
    if dashed.is_some() {
        return None;
    }
    bare(cursor).map(|value| (value, Standing::Apart))
}

/// Whether the line of `at` begins as a row of a table in Markdown does.
fn in_row(bytes: &[u8], at: usize) -> bool {
    let before = &bytes[at.saturating_sub(256)..at];
    let line = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    before.get(line..).unwrap_or_default().trim_ascii_start().starts_with(b"|")
}

/// The default of a Terraform variable: `variable "name" {`, and `default = "…"` below.
fn default_of(cursor: &Cursor<'_>) -> Option<(Range<usize>, Standing)> {
    let bytes = cursor.bytes;
    let mut next = cursor.end + 1;
    for _ in 0..6 {
        let limit = bytes.len().min(next + REACH);
        let end = memchr::memchr(b'\n', bytes.get(next..limit)?).map_or(limit, |at| next + at);
        let mut line = Cursor { bytes, at: next, end };
        line.blanks();
        if line.rest().starts_with(b"}") {
            return None;
        }
        if attribute(&mut line, b"default") {
            return quoted(&mut line).map(|value| (value, Standing::Quoted));
        }
        next = end + 1;
    }
    None
}

/// Reads `word="` or `"word": ` up to its value.
fn attribute(cursor: &mut Cursor<'_>, word: &[u8]) -> bool {
    cursor.skip(|byte| matches!(byte, b'"' | b'\''));
    cursor.take(word) && {
        cursor.skip(|byte| matches!(byte, b'"' | b'\''));
        cursor.blanks();
        let operator = cursor.take(b"=") || cursor.take(b":");
        cursor.blanks();
        operator
    }
}

/// The value on the next line, where the name was itself one: `name: K`, `"Key": "K"`.
fn below(cursor: &Cursor<'_>, name: &Range<usize>) -> Option<(Range<usize>, Standing)> {
    let bytes = cursor.bytes;
    let before = bytes[name.start.saturating_sub(256)..name.start].trim_ascii_end();
    let before = before.strip_suffix(b"\"").unwrap_or(before).trim_ascii_end();
    if !before.ends_with(b":") {
        return None;
    }
    let next = cursor.end + 1;
    let limit = bytes.len().min(next + REACH);
    let end = memchr::memchr(b'\n', bytes.get(next..limit)?).map_or(limit, |at| next + at);
    let mut below = Cursor { bytes, at: next, end };
    below.skip(|byte| matches!(byte, b' ' | b'\t' | b'-'));
    let from = below.at;
    let found = attribute(&mut below, b"value") || {
        below.at = from;
        attribute(&mut below, b"Value")
    };
    if !found {
        return None;
    }
    match quoted(&mut below) {
        Some(value) => Some((value, Standing::Quoted)),
        None => bare(&mut below).map(|value| (value, Standing::Bare)),
    }
}

/// A type between name and value: `password: &'static str = "…"`.
fn skip_type(cursor: &mut Cursor<'_>) {
    let at = cursor.at;
    cursor.skip(|byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'<' | b'>' | b'&' | b'?')
    });
    if cursor.take(b"'static ") {
        cursor.skip(|byte| byte.is_ascii_alphanumeric());
    }
    cursor.blanks();
    // `key: dGhlcmU=` is a value that ends in a sign, `key: Type = …` a type.
    let apart =
        cursor.at > at && cursor.bytes.get(cursor.at - 1).is_some_and(u8::is_ascii_whitespace);
    let sign = cursor.rest().strip_prefix(b"=");
    let quoted = sign.is_some_and(|rest| matches!(rest.first(), Some(b'"' | b'\'' | b'`')));
    let assigned = sign.is_some_and(|rest| !rest.starts_with(b"=")) && (apart || quoted);
    if assigned {
        cursor.at += 1;
        cursor.blanks();
    } else {
        cursor.at = at;
    }
}

/// Text between quotes that begins here, also behind a prefix (`b"…"`) or as the first
/// argument of a call that only wraps it (`SecretStr("…")`).
fn quoted(cursor: &mut Cursor<'_>) -> Option<Range<usize>> {
    // `new`, `await`, a wrapper's name and its bracket; or r"", b"", f"", @"", L"".
    if let Some(entity) = entity(cursor) {
        let from = cursor.at;
        let length = memchr::memmem::find(cursor.rest(), entity)?;
        return (length > 0).then_some(from..from + length);
    }
    let rest = cursor.rest();
    let word = rest
        .iter()
        .take(48)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b' '))
        .count();
    let bracket = rest.get(word).is_some_and(|byte| matches!(byte, b'(' | b'['));
    // `creds["password"]` takes a value out of a table.
    let indexed = rest.get(word) == Some(&b'[')
        && word.checked_sub(1).is_some_and(|last| rest[last].is_ascii_alphanumeric());
    if indexed {
        return None;
    }
    if word > 0 && bracket && !reads(rest.get(..word).unwrap_or_default()) {
        cursor.at += word + 1;
        cursor.blanks();
    } else if word == 0 && bracket {
        cursor.at += 1;
        cursor.blanks();
        // A form's part: (filename, value).
        if cursor.take(b"None,") {
            cursor.blanks();
        }
    } else if let [b'r' | b'b' | b'f' | b'u' | b'L' | b'@' | b'$' | b'N', b'"' | b'\'', ..] = rest {
        cursor.at += 1;
    }
    // A quote inside a string literal is escaped.
    let escaped = cursor.rest().starts_with(b"\\\"") || cursor.rest().starts_with(b"\\'");
    cursor.at += usize::from(escaped);
    let quote = *cursor.rest().first().filter(|byte| matches!(byte, b'"' | b'\'' | b'`'))?;
    cursor.at += 1;
    if cursor.rest().starts_with(&[quote, quote]) {
        cursor.at += 2;
    }
    let (from, bytes) = (cursor.at, cursor.bytes);
    let mut end = from;
    while end < cursor.end && bytes[end] != quote {
        let skips = bytes[end] == b'\\' && !escaped && end + 1 < cursor.end;
        end += if skips { 2 } else { 1 };
    }
    if end >= cursor.end {
        return None;
    }
    if escaped && end > from && bytes[end - 1] == b'\\' {
        end -= 1;
    }
    (end > from).then_some(from..end)
}

/// A quote written for HTML or XML, if one begins here.
fn entity(cursor: &mut Cursor<'_>) -> Option<&'static [u8]> {
    [&b"&#34;"[..], b"&#39;", b"&quot;", b"&apos;"].into_iter().find(|entity| cursor.take(entity))
}

/// Whether a call of this name fetches a value rather than wraps one.
fn reads(call: &[u8]) -> bool {
    const READERS: [&[u8]; 24] = [
        b"get",
        b"env",
        b"fetch",
        b"read",
        b"load",
        b"lookup",
        b"find",
        b"config",
        b"param",
        b"var",
        b"input",
        b"prompt",
        b"request",
        b"query",
        b"resolve",
        b"select",
        b"ref",
        b"value",
        b"file",
        b"parse",
        b"translate",
        b"setting",
        b"format",
        b"printf",
    ];
    let lower = call.to_ascii_lowercase();
    READERS.iter().any(|reader| memchr::memmem::find(&lower, reader).is_some())
}

/// Text without quotes that begins here.
fn bare(cursor: &mut Cursor<'_>) -> Option<Range<usize>> {
    let stop = |byte: &u8| {
        matches!(
            byte,
            b' ' | b'\t' | b'\r' | b';' | b',' | b'<' | b'"' | b'\'' | b'`' | b'&' | b'|'
        )
    };
    let rest = cursor.rest();
    let length = rest.iter().position(stop).unwrap_or(rest.len());
    // Nothing ends it within reach: no value that anyone wrote.
    if length >= REACH - 64 {
        return None;
    }
    let value = rest.get(..length).unwrap_or_default();
    // A line's end inside a text: `a: b\n`.
    let length = memchr::memmem::find(value, b"\\n").unwrap_or(length);
    // The end of what the pair stands in: `{a: b}`.
    let value = value.get(..length).unwrap_or_default();
    let open = value.iter().any(|byte| matches!(byte, b'{' | b'[' | b'('));
    let closing = value.iter().rev().take_while(|byte| matches!(byte, b'}' | b']' | b')')).count();
    let length = if open { length } else { length - closing };
    (length > 0).then_some(cursor.at..cursor.at + length)
}

#[cfg(test)]
mod tests {
    use super::{Standing, value_of};

    fn value(text: &str, name: &str) -> Option<(String, Standing)> {
        let start = text.find(name).unwrap();
        let (value, standing) = value_of(text.as_bytes(), &(start..start + name.len()))?;
        Some((text.get(value).unwrap().to_owned(), standing))
    }

    #[test]
    fn a_value_is_found_in_each_language_and_format() {
        for text in [
            "KEY = \"v-1\"",
            "KEY=v-1",
            "export KEY='v-1'",
            "KEY: v-1",
            "\"KEY\": \"v-1\",",
            "{\\\"KEY\\\": \\\"v-1\\\"}",
            ":KEY => 'v-1'",
            "KEY := `v-1`",
            "KEY <- \"v-1\"",
            "config['KEY'] = 'v-1';",
            "const KEY: &'static str = \"v-1\";",
            "KEY: Optional<String> = \"v-1\"",
            "KEY: str=\"v-1\"",
            "os.getenv(\"KEY\", \"v-1\")",
            "setKEY(\"v-1\")",
            "KEY = SecretStr(\"v-1\")",
            "KEY = new SecretStr( \"v-1\" )",
            "KEY = [\"v-1\"]",
            "KEY = b'v-1'",
            "KEY = \"\"\"v-1\"\"\"",
            "<KEY>v-1</KEY>",
            "<add key=\"KEY\" value=\"v-1\"/>",
            "<entry key=\"KEY\">v-1</entry>",
            "users: [{user: ann, KEY: v-1}]",
            "KEY ::= \"v-1\"",
            "KEY :::= \"v-1\"",
            "$KEY .= \"v-1\"",
            "var KEY string = \"v-1\"",
            "<KEY>\n    v-1\n</KEY>",
            "variable \"KEY\" {\n  type    = string\n  default = \"v-1\"\n}\n",
            "\"a: b\\n KEY: v-1\\n\"",
            "- name: KEY\n  value: v-1\n",
            "{\"name\": \"KEY\",\n \"value\": \"v-1\"}",
            "tool --KEY v-1 --quiet",
            "tool --KEY=v-1 --quiet",
            "ENV KEY v-1",
            "curl -H \"KEY: v-1\"",
            "KEY \"v-1\"",
            "the KEY - 'v-1'",
            "| acme | KEY | v-1 |",
            "| `KEY` | `v-1` |",
            "if KEY == \"v-1\"",
            "if KEY !== \"v-1\"",
            "{&#34;KEY&#34;: &#34;v-1&#34;}",
            "&quot;KEY&quot;:&quot;v-1&quot;",
            "'KEY': (None, 'v-1')",
            "    buildConfigField 'String', 'KEY', '\"v-1\"'",
            "    buildConfigField(\"String\", \"KEY\", \"\\\"v-1\\\"\")",
        ] {
            assert_eq!(value(text, "KEY").map(|(v, _)| v).as_deref(), Some("v-1"), "{text}");
        }
    }

    #[test]
    fn a_value_that_ends_in_a_sign_is_no_type() {
        for value_there in ["dGhlcmU=", "dGhlcmUx=="] {
            let text = format!("KEY: {value_there}\n");
            assert_eq!(value(&text, "KEY").map(|(v, _)| v).as_deref(), Some(value_there));
        }
    }

    #[test]
    fn what_is_no_assignment_has_no_value() {
        for text in [
            "KEY =~ 'v-1'",
            "x::KEY::v-1",
            "f(KEY, other)",
            "KEY",
            "KEY\nvalue: v-1",
            "KEY = get(\"v-1\")x",
            "[\"KEY\", \"v-1\"]",
            "KEY = table[\"v-1\"]",
            "| `KEY` `v-1` |",
            "KEY | v-1",
            "| KEY | v-1 of it |",
            "KEY - v-1",
            "f(\"other\", \"KEY\", \"v-1\")",
        ] {
            let found = value(text, "KEY").map(|(v, _)| v);
            assert!(found.is_none_or(|v| v != "v-1"), "{text}");
        }
    }
}
