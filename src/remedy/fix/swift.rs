//! Swift: `ProcessInfo.processInfo.environment["NAME"]!`, on servers and in tools.

use super::Refusal;
use super::edit::{Edit, has, line_end};
use super::tongue::{Change, Site, Tongue};
use tree_sitter::Node;

pub(super) const TONGUE: Tongue = Tongue {
    grammar: || tree_sitter_swift::LANGUAGE.into(),
    strings: &["line_string_literal", "multi_line_string_literal", "raw_string_literal"],
    comments: &["comment", "multiline_comment"],
    mend,
    import,
};

fn mend(site: &Site<'_>) -> Result<Change, Refusal> {
    if ["import UIKit", "import SwiftUI", "import WatchKit"].iter().any(|line| has(site.text, line))
    {
        return Err(Refusal::new(
            "this file is part of an app that everybody can unpack",
            "call the service from a server of yours, which holds the value in its environment",
        ));
    }
    let refuse = |why: &str| Err(Refusal::new(why, "read it from `ProcessInfo` by hand"));
    if site.within(&["attribute", "enum_entry", "switch_pattern"], &["statements"]).is_some() {
        return refuse("a literal is needed there");
    }
    if site.literal.kind() == "raw_string_literal" {
        return refuse("the value is inside a raw string");
    }
    let reading = format!("ProcessInfo.processInfo.environment[\"{}\"]!", site.name);
    let edit = if site.is_whole() {
        site.replaced(reading)
    } else {
        site.within_quotes(format!("\\({reading})"))
    };
    Ok(Change::importing(vec![edit]))
}

/// `import Foundation` before the first import, or before the first statement.
#[expect(clippy::unnecessary_wraps, reason = "the imports of other languages can refuse")]
fn import(site: &Site<'_>) -> Result<Vec<Edit>, Refusal> {
    if has(site.text, "import Foundation") {
        return Ok(Vec::new());
    }
    let end = line_end(site.text);
    let mut cursor = site.root.walk();
    let children: Vec<Node<'_>> = site.root.children(&mut cursor).collect();
    let import = children.iter().find(|node| node.kind() == "import_declaration");
    if let Some(import) = import {
        return Ok(vec![Edit::insert(import.start_byte(), format!("import Foundation{end}"))]);
    }
    let first = children
        .iter()
        .find(|node| !matches!(node.kind(), "comment" | "multiline_comment" | "shebang_line"));
    let at = first.map_or(0, Node::start_byte);
    Ok(vec![Edit::insert(at, format!("import Foundation{end}{end}"))])
}
