//! Shells: `"${NAME:?}"`, which ends the script where the variable is not set
//! (POSIX.1-2017, 2.6.2).

use super::Refusal;
use super::edit::{has, part};
use super::tongue::{Change, Site, Tongue, no_import};

pub(super) const TONGUE: Tongue = Tongue {
    grammar: || tree_sitter_bash::LANGUAGE.into(),
    strings: &["string", "raw_string", "word", "heredoc_body", "number", "ansi_c_string"],
    comments: &["comment"],
    mend,
    import: no_import,
};

fn mend(site: &Site<'_>) -> Result<Change, Refusal> {
    let refuse = |why: &str| Err(Refusal::new(why, "put \"$NAME\" there by hand"));
    if site.within(&["case_item"], &["command", "variable_assignment"]).is_some() {
        return refuse("a pattern would match other texts too");
    }
    let inner = format!("${{{}:?}}", site.name);
    let edit = match site.literal.kind() {
        "string" => site.within_quotes(inner),
        "word" | "number" => site.within_quotes(format!("\"{inner}\"")),
        "raw_string" if site.is_whole() => site.replaced(format!("\"{inner}\"")),
        "raw_string" => site.within_quotes(format!("'\"{inner}\"'")),
        "heredoc_body" => {
            if is_quoted(site) {
                return refuse("a heredoc with a quoted end expands nothing");
            }
            site.within_quotes(inner)
        }
        _ => return refuse("the literal is of a kind that leakcoach does not rewrite"),
    };
    let change = Change::of(vec![edit]);
    let command = site.within(&["command"], &["variable_assignment", "heredoc_redirect"]);
    Ok(match command {
        Some(_) => change.noting(
            "other users of that machine can read a command's arguments while it runs: prefer \
             its standard input, a file or its own variable",
        ),
        None => change,
    })
}

/// Whether the heredoc around the value begins with a quoted or escaped end.
fn is_quoted(site: &Site<'_>) -> bool {
    let Some(redirect) = site.literal.parent() else { return true };
    let head = part(site.text, redirect.start_byte()..site.literal.start_byte());
    let head = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    ["'", "\"", "\\"].iter().any(|mark| has(head, mark))
}
