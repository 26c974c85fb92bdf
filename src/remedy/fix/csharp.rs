//! C#: `Environment.GetEnvironmentVariable("NAME")`, which throws where it is not set.

use super::Refusal;
use super::edit::{Edit, has, line_end};
use super::tongue::{Change, Site, Tongue};
use tree_sitter::Node;

pub(super) const TONGUE: Tongue = Tongue {
    grammar: || tree_sitter_c_sharp::LANGUAGE.into(),
    strings: &[
        "string_literal",
        "verbatim_string_literal",
        "raw_string_literal",
        "interpolated_string_expression",
    ],
    comments: &["comment"],
    mend,
    import,
};

/// Nodes in which a sum needs no brackets.
const PLAIN: &[&str] = &[
    "variable_declarator",
    "argument",
    "return_statement",
    "assignment_expression",
    "equals_value_clause",
    "arrow_expression_clause",
];

fn mend(site: &Site<'_>) -> Result<Change, Refusal> {
    let by_hand = "make it `static readonly`, read with `Environment.GetEnvironmentVariable`";
    let refuse = |why: &str| Err(Refusal::new(why, by_hand));
    if site.within(&["attribute", "attribute_list"], &["block"]).is_some() {
        return refuse("an attribute's argument has to be a constant");
    }
    let constant = site
        .within(&["field_declaration", "local_declaration_statement"], &["block"])
        .is_some_and(|declaration| {
            let mut cursor = declaration.walk();
            declaration.children(&mut cursor).any(|node| site.words(node) == b"const")
        });
    if constant {
        return refuse("a C# constant cannot be read at run time");
    }
    let constant = ["constant_pattern", "parameter", "switch_section", "enum_member_declaration"];
    let statements = ["block", "expression_statement", "local_declaration_statement"];
    let until = [&statements[..], &["return_statement", "argument_list"]].concat();
    if site.within(&constant, &until).is_some() {
        return refuse("a constant is needed there");
    }
    let reading = format!("Environment.GetEnvironmentVariable(\"{}\")", site.name);
    let edits = if site.literal.kind() == "interpolated_string_expression" {
        if site.prefix().contains(&b'@') || site.quotes().0.len() > 1 {
            return refuse("the value is inside a verbatim or raw interpolated string");
        }
        vec![site.within_quotes(format!("{{{reading}}}"))]
    } else if site.is_whole() {
        let loud = format!(
            "{reading} ?? throw new InvalidOperationException(\"{} is not set\")",
            site.name
        );
        let plain = PLAIN.contains(&site.parent());
        vec![site.replaced(if plain { loud } else { format!("({loud})") })]
    } else if site.quotes().0.len() > 1 {
        return refuse("the value is inside a raw string");
    } else {
        site.joined(&reading, "+", PLAIN)
    };
    Ok(Change::importing(edits))
}

/// `using System;` before the first other `using`, or at the top.
#[expect(clippy::unnecessary_wraps, reason = "the imports of other languages can refuse")]
fn import(site: &Site<'_>) -> Result<Vec<Edit>, Refusal> {
    let known = ["using System;", "global using System;"];
    if known.iter().any(|line| has(site.text, line)) {
        return Ok(Vec::new());
    }
    let end = line_end(site.text);
    let mut cursor = site.root.walk();
    let children: Vec<Node<'_>> = site.root.children(&mut cursor).collect();
    if let Some(first) = children
        .iter()
        .find(|node| node.kind() == "using_directive" && !site.words(**node).starts_with(b"global"))
    {
        return Ok(vec![Edit::insert(first.start_byte(), format!("using System;{end}"))]);
    }
    let first = children.iter().find(|node| {
        node.kind() != "comment"
            && !node.kind().starts_with("preproc")
            && node.kind() != "extern_alias_directive"
            && node.kind() != "using_directive"
    });
    let at = first.map_or(0, Node::start_byte);
    Ok(vec![Edit::insert(at, format!("using System;{end}{end}"))])
}
