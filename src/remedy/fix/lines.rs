//! Formats of lines, and languages without a grammar here.

use super::edit::{Edit, has, line_around, part};
use super::{Ask, Mended, Refusal, Source};

/// In an example of a `.env` file only the name stays.
pub(super) fn example(ask: &Ask<'_>) -> Mended {
    let mut edits = Vec::new();
    for value in ask.values {
        let line = line_around(ask.text, value.start);
        let text = part(ask.text, line.clone());
        let sign = memchr::memchr(b'=', text).map(|at| line.start + at + 1);
        let whole = sign.filter(|sign| *sign <= value.start).and_then(|sign| {
            let lead = part(ask.text, sign..value.start).trim_ascii();
            let tail = part(ask.text, value.end..line.end).trim_ascii();
            let quoted = matches!((lead, tail), (b"\"", b"\"") | (b"'", b"'") | (b"", b""));
            quoted.then_some(sign..value.end + usize::from(!tail.is_empty()))
        });
        edits.push(match whole {
            Some(whole) => Edit::new(whole, ""),
            // A part of a longer value, or a comment.
            None => Edit::new(value.clone(), format!("<{}>", ask.name)),
        });
    }
    Mended { edits, notes: Vec::new(), source: Source::Nowhere }
}

/// Spring fills placeholders of its `application` files from the environment
/// (<https://docs.spring.io/spring-boot/reference/features/external-config.html>).
pub(super) fn properties(ask: &Ask<'_>) -> Result<Mended, Refusal> {
    let name = ask.path.rsplit(|byte| *byte == b'/').next().unwrap_or(ask.path);
    if !(name.starts_with(b"application") || name.starts_with(b"bootstrap")) {
        let by_hand = if name == b"gradle.properties" {
            "move it to ~/.gradle/gradle.properties, or set ORG_GRADLE_PROJECT_ and its name"
        } else {
            "take the value out, and read it with `System.getenv` where the file is read"
        };
        return Err(Refusal::new("a properties file refers to nothing by itself", by_hand));
    }
    let mut mended = Mended { edits: vec![], notes: vec![], source: Source::Environment };
    for value in ask.values {
        let line = part(ask.text, line_around(ask.text, value.start)).trim_ascii_start();
        if line.starts_with(b"#") || line.starts_with(b"!") {
            mended.edits.push(Edit::new(value.clone(), ask.name));
        } else if memchr::memchr2(b'=', b':', line).is_some() {
            mended.edits.push(Edit::new(value.clone(), format!("${{{}}}", ask.name)));
        } else {
            return Err(Refusal::new("the line is no `name=value`", "take it out by hand"));
        }
    }
    Ok(mended)
}

/// Languages in which a whole literal in quotes can be told without a grammar: the value
/// fills the quotes, and the line holds no other quote and no comment.
pub(super) fn simple(ask: &Ask<'_>) -> Result<Mended, Refusal> {
    let name = String::from_utf8_lossy(ask.path).to_lowercase();
    let lower = name.rsplit('.').next().unwrap_or("");
    let mut mended = Mended { edits: vec![], notes: vec![], source: Source::Environment };
    let refuse = || {
        Refusal::new("leakcoach has no grammar for this language", "replace the literal by hand")
    };
    let (comment, reading) = match lower {
        "lua" => ("--", format!("os.getenv(\"{}\")", ask.name)),
        "ex" | "exs" => ("#", format!("System.fetch_env!(\"{}\")", ask.name)),
        _ => ("#", format!("$ENV{{{}}}", ask.name)),
    };
    for value in ask.values {
        let (start, end) = (value.start.checked_sub(1).ok_or_else(refuse)?, value.end + 1);
        let line = line_around(ask.text, value.start);
        let [before, after] = [part(ask.text, line.start..start), part(ask.text, end..line.end)];
        let quotes = (part(ask.text, start..start + 1), part(ask.text, value.end..end));
        let whole = matches!(quotes, (b"\"", b"\"") | (b"'", b"'"));
        let quiet = |text: &[u8]| !text.iter().any(|byte| b"\"'`".contains(byte));
        let assigned = [&b"="[..], b"=>", b":", b"(", b",", b"return"]
            .iter()
            .any(|sign| before.trim_ascii_end().ends_with(sign));
        let multi = has(ask.text, "[[") || has(ask.text, "\"\"\"") || has(ask.text, "<<");
        let attribute = before.trim_ascii_start().starts_with(b"@");
        if !(whole && quiet(before) && quiet(after) && assigned)
            || has(before, comment)
            || multi
            || attribute
        {
            return Err(refuse());
        }
        mended.edits.push(Edit::new(start..end, &*reading));
    }
    Ok(mended)
}
