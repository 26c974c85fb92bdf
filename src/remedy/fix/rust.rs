//! Rust: `std::env::var("NAME").expect("NAME is not set")`, where a `String` or a short
//! borrow will do. Elsewhere the types are not certain, and nothing is changed.

use super::Refusal;
use super::edit::Edit;
use super::tongue::{Change, Site, Tongue, no_import};

pub(super) const TONGUE: Tongue = Tongue {
    grammar: || tree_sitter_rust::LANGUAGE.into(),
    strings: &["string_literal", "raw_string_literal"],
    comments: &["line_comment", "block_comment"],
    mend,
    import: no_import,
};

const BY_HAND: &str = "read it where it is used, with `std::env::var`, or keep it in a \
                       `std::sync::LazyLock<String>`";

fn mend(site: &Site<'_>) -> Result<Change, Refusal> {
    let refuse = |why: &str| Err(Refusal::new(why, BY_HAND));
    if site.within(&["const_item", "static_item"], &["block"]).is_some() {
        return refuse("a Rust constant or static cannot be read at run time");
    }
    if site
        .within(&["attribute_item", "inner_attribute_item", "match_pattern"], &["block"])
        .is_some()
    {
        return refuse("a literal is needed there");
    }
    if site.within(&["macro_invocation", "macro_definition"], &["block"]).is_some() {
        return refuse("the literal is inside a macro, whose rules are not known here");
    }
    if site.prefix().first() == Some(&b'b') || site.prefix().first() == Some(&b'c') {
        return refuse("a byte string has another type than what the environment gives");
    }
    let variable = format!("std::env::var(\"{0}\").expect(\"{0} is not set\")", site.name);
    let owned = if site.is_whole() { variable } else { formatted(site, &variable) };
    if let Some(call) = owning_call(site) {
        return Ok(Change::of(vec![Edit::new(call, owned)]));
    }
    let parent = site.literal.parent();
    let typed_static = parent.is_some_and(|parent| super::edit::has(site.words(parent), "'static"));
    let lives = match site.parent() {
        "let_declaration" => !typed_static,
        "arguments" => {
            site.within(&["expression_statement", "let_declaration"], &["block"]).is_some()
        }
        _ => false,
    };
    if !lives {
        return refuse("whether a borrowed text lives long enough there is not certain");
    }
    // An argument is borrowed as text by itself.
    let borrow = if site.parent() == "arguments" { "&" } else { "&*" };
    Ok(Change::of(vec![site.replaced(format!("{borrow}{owned}"))]))
}

/// The place of `"…".to_string()`, `String::from("…")` and their like around the literal.
fn owning_call(site: &Site<'_>) -> Option<std::ops::Range<usize>> {
    let parent = site.literal.parent()?;
    if parent.kind() == "field_expression" {
        let method = site.words(parent.child_by_field_name("field")?);
        let call = parent.parent().filter(|call| call.kind() == "call_expression")?;
        let owns = [&b"to_string"[..], b"to_owned", b"into"];
        return owns.contains(&method).then(|| call.byte_range());
    }
    let call = parent.parent().filter(|_| parent.kind() == "arguments")?;
    let function = site.words(call.child_by_field_name("function")?);
    (function == b"String::from" && parent.named_child_count() == 1).then(|| call.byte_range())
}

/// The literal as a format.
fn formatted(site: &Site<'_>, variable: &str) -> String {
    let start = site.literal.start_byte();
    let content = site.content();
    let lossy = |from: usize, to: usize| {
        String::from_utf8_lossy(super::edit::part(site.text, from..to))
            .replace('{', "{{")
            .replace('}', "}}")
    };
    let open =
        String::from_utf8_lossy(super::edit::part(site.text, start..content.start)).into_owned();
    let close = super::edit::part(site.text, content.end..site.literal.end_byte());
    let close = String::from_utf8_lossy(close);
    let (before, after) =
        (lossy(content.start, site.value.start), lossy(site.value.end, content.end));
    format!("format!({open}{before}{{}}{after}{close}, {variable})")
}
