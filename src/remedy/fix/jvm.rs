//! Java and Kotlin: `System.getenv("NAME")`; in Spring's `@Value`, `${NAME}`.

use super::Refusal;
use super::edit::has;
use super::tongue::{Change, Site, Tongue, no_import};

pub(super) const JAVA: Tongue = Tongue {
    grammar: || tree_sitter_java::LANGUAGE.into(),
    strings: &["string_literal"],
    comments: &["line_comment", "block_comment"],
    mend: java,
    import: no_import,
};

pub(super) const KOTLIN: Tongue = Tongue {
    grammar: || tree_sitter_kotlin_ng::LANGUAGE.into(),
    strings: &["string_literal", "multiline_string_literal"],
    comments: &["line_comment", "block_comment"],
    mend: kotlin,
    import: no_import,
};

/// Nodes in which a sum needs no brackets.
const PLAIN: &[&str] =
    &["variable_declarator", "argument_list", "return_statement", "assignment_expression"];

const UNSET: &str = "`System.getenv` gives null for a variable that is not set: check at start";

fn java(site: &Site<'_>) -> Result<Change, Refusal> {
    on_phone(site)?;
    if let Some(annotation) = site.within(&["annotation"], &["block", "class_body"]) {
        return annotated(site, site.words(annotation), "${");
    }
    if site.within(&["switch_label", "template_expression"], &["block"]).is_some() {
        return Err(Refusal::new("a constant is needed there", BY_HAND));
    }
    let reading = format!("System.getenv(\"{}\")", site.name);
    if let Some(name) = site
        .within(&["variable_declarator"], &["block", "class_body"])
        .and_then(|declarator| declarator.child_by_field_name("name"))
        && is_used_as_constant(site.text, site.words(name))
    {
        return Err(Refusal::new("an annotation or a `case` needs this constant", BY_HAND));
    }
    let edits = if site.is_whole() {
        vec![site.replaced(reading)]
    } else if site.quotes().0.len() == 3 {
        return Err(Refusal::new("the value is inside a text block", BY_HAND));
    } else {
        site.joined(&reading, "+", PLAIN)
    };
    Ok(Change::of(edits).noting(UNSET))
}

const BY_HAND: &str = "read it with `System.getenv` into a field that is not a constant";

fn kotlin(site: &Site<'_>) -> Result<Change, Refusal> {
    on_phone(site)?;
    if let Some(annotation) = site.within(&["annotation"], &["block", "class_body"]) {
        return annotated(site, site.words(annotation), "\\${");
    }
    let constant = site
        .within(&["property_declaration"], &["block"])
        .and_then(|property| property.child(0))
        .filter(|modifiers| modifiers.kind() == "modifiers")
        .is_some_and(|modifiers| has(site.words(modifiers), "const"));
    if constant {
        return Err(Refusal::new(
            "a Kotlin `const val` cannot be read at run time",
            "drop `const` where no annotation uses it, then run it again",
        ));
    }
    let reading = format!("System.getenv(\"{}\")", site.name);
    let edits = if site.is_whole() {
        vec![site.replaced(reading)]
    } else {
        vec![site.within_quotes(format!("${{{reading}}}"))]
    };
    Ok(Change::of(edits).noting(UNSET))
}

/// Spring fills placeholders in `@Value`
/// (<https://docs.spring.io/spring-framework/reference/core/beans/annotation-config/value-annotations.html>);
/// any other annotation needs a constant.
fn annotated(site: &Site<'_>, annotation: &[u8], open: &str) -> Result<Change, Refusal> {
    if annotation.starts_with(b"@Value(") {
        return Ok(Change::of(vec![site.within_quotes(format!("{open}{}}}", site.name))]));
    }
    Err(Refusal::new("an annotation's argument has to be a constant", BY_HAND))
}

/// Whether an annotation or a `case` names it.
fn is_used_as_constant(text: &[u8], name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name).into_owned();
    text.split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .any(|line| (line.starts_with(b"@") || line.starts_with(b"case ")) && has(line, &name))
}

/// What is built for phones has no environment of its own, and everyone can unpack it.
fn on_phone(site: &Site<'_>) -> Result<(), Refusal> {
    let android = has(site.text, "import android.") || has(site.text, "import androidx.");
    if !android {
        return Ok(());
    }
    Err(Refusal::new(
        "this file is part of an Android app, which everybody can unpack",
        "call the service from a server of yours, which holds the value in its environment",
    ))
}
