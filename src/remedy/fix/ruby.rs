//! Ruby: `ENV.fetch("NAME")`, which raises `KeyError` where the variable is not set.

use super::Refusal;
use super::tongue::{Change, Site, Tongue, no_import};

pub(super) const TONGUE: Tongue = Tongue {
    grammar: || tree_sitter_ruby::LANGUAGE.into(),
    strings: &["string", "heredoc_body", "subshell"],
    comments: &["comment"],
    mend,
    import: no_import,
};

/// Nodes in which a sum needs no brackets.
const PLAIN: &[&str] = &["assignment", "argument_list", "pair"];

fn mend(site: &Site<'_>) -> Result<Change, Refusal> {
    let refuse = |why: &str| Err(Refusal::new(why, "put `ENV.fetch(\"NAME\")` there by hand"));
    if site.parent() == "chained_string" {
        return refuse("the literal is one of several that Ruby joins");
    }
    let quote = site.source().first().copied();
    let edits = match (site.literal.kind(), quote) {
        ("heredoc_body", _) => {
            if is_quoted_heredoc(site) {
                return refuse("a heredoc in single quotes interpolates nothing");
            }
            vec![site.within_quotes(format!("#{{ENV.fetch(\"{}\")}}", site.name))]
        }
        ("string", Some(b'"')) if site.is_whole() => {
            vec![site.replaced(format!("ENV.fetch(\"{}\")", site.name))]
        }
        ("string", Some(b'\'')) if site.is_whole() => {
            vec![site.replaced(format!("ENV.fetch('{}')", site.name))]
        }
        ("string" | "subshell", Some(b'"' | b'`')) => {
            vec![site.within_quotes(format!("#{{ENV.fetch(\"{}\")}}", site.name))]
        }
        ("string", Some(b'\'')) => site.joined(&format!("ENV.fetch('{}')", site.name), "+", PLAIN),
        _ => return refuse("the literal is of a kind that leakcoach does not rewrite"),
    };
    Ok(Change::of(edits))
}

/// Whether any heredoc above begins with a quoted name.
fn is_quoted_heredoc(site: &Site<'_>) -> bool {
    let before = site.text.get(..site.literal.start_byte()).unwrap_or_default();
    let line = before.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    ["<<'", "<<~'", "<<-'"].iter().any(|open| super::edit::has(line, open))
}
