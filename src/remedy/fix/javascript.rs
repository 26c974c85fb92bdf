//! JavaScript and TypeScript: `process.env.NAME`, with `!` where a type has to be met.
//!
//! What is built for browsers gets no variable: bundlers write the value into the page
//! (Vite's `VITE_` and Next's `NEXT_PUBLIC_` variables are public,
//! <https://vite.dev/guide/env-and-mode>,
//! <https://nextjs.org/docs/app/guides/environment-variables>).

use super::Refusal;
use super::edit::{Edit, has};
use super::tongue::{Change, Site, Tongue, no_import};
use tree_sitter::Language;

const fn tongue(grammar: fn() -> Language) -> Tongue {
    Tongue {
        grammar,
        strings: &["string", "template_string"],
        comments: &["comment", "html_comment"],
        mend,
        import: no_import,
    }
}

pub(super) const JAVASCRIPT: Tongue = tongue(|| tree_sitter_javascript::LANGUAGE.into());
pub(super) const TYPESCRIPT: Tongue = tongue(|| tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into());
pub(super) const TSX: Tongue = tongue(|| tree_sitter_typescript::LANGUAGE_TSX.into());

fn mend(site: &Site<'_>) -> Result<Change, Refusal> {
    in_browser(site)?;
    let until = &["statement_block", "class_body", "program"][..];
    let constant =
        |why: &str| Refusal::new(why, "read it from `process.env` into a constant first");
    if site.within(&["import_statement", "literal_type", "enum_body"], until).is_some() {
        return Err(constant("a literal is needed there"));
    }
    if site.literal.parent().is_some_and(|parent| {
        parent.kind() == "expression_statement"
            || parent.child_by_field_name("key").is_some_and(|key| key == site.literal)
            || parent.kind() == "call_expression"
    }) {
        return Err(constant("the literal is a key, a directive or a tagged template"));
    }
    let deno = has(site.text, "Deno.");
    let reading = if deno {
        format!("Deno.env.get(\"{}\")", site.name)
    } else {
        format!("process.env.{}", site.name)
    };
    let template = site.literal.kind() == "template_string";
    let typed = matches!(extension(site.path), "ts" | "mts" | "cts" | "tsx");
    let edits = if site.is_whole() {
        let sure = if typed { "!" } else { "" };
        let whole = format!("{reading}{sure}");
        let whole = if site.parent() == "jsx_attribute" { format!("{{{whole}}}") } else { whole };
        vec![site.replaced(whole)]
    } else if template {
        vec![site.within_quotes(format!("${{{reading}}}"))]
    } else {
        templated(site, &reading)
    };
    Ok(Change::of(edits).noting(
        "a variable that is not set reads as `undefined`: check for it where the program starts",
    ))
}

/// The literal as a template.
fn templated(site: &Site<'_>, reading: &str) -> Vec<Edit> {
    let whole = site.literal.byte_range();
    let content = site.content();
    let (open, close) = if site.parent() == "jsx_attribute" { ("{`", "`}") } else { ("`", "`") };
    let mut edits = vec![
        Edit::new(whole.start..content.start, open),
        site.within_quotes(format!("${{{reading}}}")),
        Edit::new(content.end..whole.end, close),
    ];
    let byte = |at: usize| site.text.get(at).copied();
    for at in content.start..content.end {
        let special =
            byte(at) == Some(b'`') || byte(at) == Some(b'$') && byte(at + 1) == Some(b'{');
        let escaped = at > content.start && byte(at - 1) == Some(b'\\');
        if special && !escaped && !site.value.contains(&at) {
            edits.push(Edit::insert(at, "\\"));
        }
    }
    edits
}

/// Refuses what is shipped to browsers and phones.
fn in_browser(site: &Site<'_>) -> Result<(), Refusal> {
    let starts = |words: &str| {
        let mut cursor = site.root.walk();
        site.root.children(&mut cursor).any(|node| {
            node.kind() == "expression_statement"
                && site
                    .words(node)
                    .trim_ascii()
                    .get(1..)
                    .is_some_and(|line| line.starts_with(words.as_bytes()))
        })
    };
    let path = String::from_utf8_lossy(site.path).to_lowercase();
    let server = ["server", "api/", "backend", "functions/", "lambda", ".config.", "scripts/"]
        .iter()
        .any(|part| path.contains(part));
    let marks = [
        "react-dom",
        "react-native",
        "import.meta.env",
        "document.",
        "window.",
        "localStorage",
        "sessionStorage",
        "REACT_APP_",
        "NEXT_PUBLIC_",
        "@angular/core",
    ];
    let browser = starts("use client")
        || marks.iter().any(|mark| has(site.text, mark))
        || site.around.bundled && !server && path.contains("src/")
        || path.contains("environments/environment");
    if !browser {
        return Ok(());
    }
    Err(Refusal::new(
        "this file is built for a browser or a phone, where every variable that the bundler \
         writes in is public",
        "call the service from a server of yours, which holds the value in its environment",
    ))
}

/// The path's ending.
pub(super) fn extension(path: &[u8]) -> &str {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
    let dot = name.iter().rposition(|byte| *byte == b'.');
    dot.and_then(|dot| std::str::from_utf8(name.get(dot + 1..)?).ok()).unwrap_or("")
}
