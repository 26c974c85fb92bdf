//! Go: `os.Getenv("NAME")`, the one form that is an expression of type `string`.

use super::Refusal;
use super::edit::{Edit, line_end};
use super::tongue::{Change, Site, Tongue};
use tree_sitter::Node;

pub(super) const TONGUE: Tongue = Tongue {
    grammar: || tree_sitter_go::LANGUAGE.into(),
    strings: &["interpreted_string_literal", "raw_string_literal"],
    comments: &["comment"],
    mend,
    import,
};

/// Nodes in which a sum needs no brackets.
const PLAIN: &[&str] = &[
    "expression_list",
    "argument_list",
    "var_spec",
    "literal_element",
    "return_statement",
    "assignment_statement",
    "short_var_declaration",
];

fn mend(site: &Site<'_>) -> Result<Change, Refusal> {
    if site.within(&["const_declaration"], &["block"]).is_some() {
        return constant(site);
    }
    if site.within(&["import_spec"], &["block"]).is_some()
        || site.parent() == "field_declaration"
        || site
            .within(&["expression_case"], &["block", "statement_list", "argument_list"])
            .is_some()
    {
        return Err(Refusal::new("a literal is needed there", "read it with `os.Getenv` before"));
    }
    let reading = reading(site);
    let edits = if site.is_whole() {
        vec![site.replaced(reading)]
    } else {
        site.joined(&reading, "+", PLAIN)
    };
    Ok(Change::importing(edits).noting(UNSET))
}

const UNSET: &str =
    "a variable that is not set reads as \"\": check for it in `main`, with `os.LookupEnv`";

fn reading(site: &Site<'_>) -> String {
    let package = imported(site.root, site).map_or("os", |(_, name)| name);
    format!("{package}.Getenv(\"{}\")", site.name)
}

/// A constant of one name, outside a group, becomes a variable where nothing in the file
/// needs it constant.
fn constant(site: &Site<'_>) -> Result<Change, Refusal> {
    let refuse = |why: &str| {
        Err(Refusal::new(why, "make it `var NAME = os.Getenv(\"NAME\")`, outside the constants"))
    };
    let Some(declaration) = site.within(&["const_declaration"], &["block"]) else {
        return refuse("a Go constant cannot be read at run time");
    };
    let grouped = site.words(declaration).contains(&b'(')
        || declaration.named_child_count() != 1
        || site.parent() != "expression_list"
        || site.literal.parent().is_some_and(|list| list.named_child_count() != 1);
    let exported = site
        .literal
        .parent()
        .and_then(|list| list.parent()?.child_by_field_name("name"))
        .is_none_or(|name| {
            let name = String::from_utf8_lossy(site.words(name)).into_owned();
            let uses = memchr::memmem::find_iter(site.text, name.as_bytes()).count();
            name.contains(char::is_uppercase) && name.starts_with(char::is_uppercase)
                || uses > 1 && super::edit::has(site.text, "const (")
        });
    if grouped {
        return refuse("a Go constant of a group cannot be read at run time");
    }
    if exported {
        return refuse("other constants or packages may need this Go constant");
    }
    let start = declaration.start_byte();
    let reading = reading(site);
    let mut edits = vec![Edit::new(start..start + "const".len(), "var")];
    if site.is_whole() {
        edits.push(site.replaced(reading));
    } else {
        edits.extend(site.joined(&reading, "+", PLAIN));
    }
    Ok(Change::importing(edits).noting("the constant is a variable now, read once at start"))
}

/// The import of `os`, and the name it has in this file.
fn imported<'a>(root: Node<'a>, site: &Site<'a>) -> Option<(Node<'a>, &'a str)> {
    specs(root).into_iter().find_map(|spec| {
        let path = spec.child_by_field_name("path")?;
        (site.words(path) == b"\"os\"").then_some(())?;
        let name = spec.child_by_field_name("name").map(|name| site.words(name));
        match name {
            None => Some((spec, "os")),
            Some(b"_" | b".") => None,
            Some(name) => Some((spec, std::str::from_utf8(name).ok()?)),
        }
    })
}

fn specs(root: Node<'_>) -> Vec<Node<'_>> {
    let mut found = Vec::new();
    let mut cursor = root.walk();
    for declaration in root.children(&mut cursor).filter(|n| n.kind() == "import_declaration") {
        let mut inner = declaration.walk();
        for child in declaration.named_children(&mut inner) {
            if child.kind() == "import_spec" {
                found.push(child);
            } else {
                let mut list = child.walk();
                found.extend(child.named_children(&mut list).filter(|n| n.kind() == "import_spec"));
            }
        }
    }
    found
}

/// `"os"` among the imports, in gofmt's order, or a new import after the package's name.
fn import(site: &Site<'_>) -> Result<Vec<Edit>, Refusal> {
    if imported(site.root, site).is_some() {
        return Ok(Vec::new());
    }
    let end = line_end(site.text);
    let mut cursor = site.root.walk();
    let children: Vec<Node<'_>> = site.root.children(&mut cursor).collect();
    let declaration = children
        .iter()
        .find(|node| node.kind() == "import_declaration" && site.words(**node) != b"import \"C\"");
    let Some(declaration) = declaration else {
        let package = children.iter().find(|node| node.kind() == "package_clause");
        let package = package.ok_or_else(|| {
            Refusal::new("the file names no package", "import \"os\" by hand, then run it again")
        })?;
        return Ok(vec![Edit::insert(package.end_byte(), format!("{end}{end}import \"os\""))]);
    };
    let list = declaration.named_child(0).filter(|child| child.kind() == "import_spec_list");
    let Some(list) = list else {
        // `import "fmt"` alone: a second line of its own kind.
        return Ok(vec![Edit::insert(declaration.end_byte(), format!("{end}import \"os\""))]);
    };
    let mut inner = list.walk();
    let specs: Vec<Node<'_>> =
        list.named_children(&mut inner).filter(|node| node.kind() == "import_spec").collect();
    let path = |spec: &Node<'_>| spec.child_by_field_name("path").map(|path| site.words(path));
    // The first group alone: it is the standard library's by custom.
    let mut group = specs.len().min(1);
    while group < specs.len()
        && specs[group].start_position().row == specs[group - 1].start_position().row + 1
    {
        group += 1;
    }
    let after =
        specs[..group].iter().rfind(|spec| path(spec).is_some_and(|path| path < &b"\"os\""[..]));
    Ok(vec![match (after, specs.first()) {
        (Some(spec), _) => Edit::insert(spec.end_byte(), format!("{end}\t\"os\"")),
        (None, Some(first)) => Edit::insert(first.start_byte(), format!("\"os\"{end}\t")),
        (None, None) => Edit::insert(list.start_byte() + 1, format!("{end}\t\"os\"{end}")),
    }])
}
