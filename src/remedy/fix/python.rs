//! Python: `os.environ["NAME"]`, which raises `KeyError` where the variable is not set.

use super::Refusal;
use super::edit::{Edit, has, line_end, line_start, part};
use super::tongue::{Change, Site, Tongue, upwards};
use tree_sitter::Node;

pub(super) const TONGUE: Tongue = Tongue {
    grammar: || tree_sitter_python::LANGUAGE.into(),
    strings: &["string"],
    comments: &["comment"],
    mend,
    import,
};

/// How this file reads its environment.
struct Reader {
    before: String,
    after: &'static str,
    imports: bool,
}

impl Reader {
    fn of(site: &Site<'_>) -> Self {
        let reads = |before: &str, after| Self { before: before.to_owned(), after, imports: false };
        let imports = imports(site.root, site.text);
        // django-environ and python-decouple, where the file has them in use already.
        if imports.iter().any(|line| *line == b"import environ")
            && (has(site.text, "\nenv = environ.Env(")
                || has(site.text, "\nenv = environ.FileAwareEnv("))
        {
            return reads("env(", ")");
        }
        if imports
            .iter()
            .any(|line| line.starts_with(b"from decouple import") && has(line, "config"))
        {
            return reads("config(", ")");
        }
        for line in &imports {
            let line = String::from_utf8_lossy(line);
            let words: Vec<&str> = line.split([' ', ',']).filter(|word| !word.is_empty()).collect();
            match words.as_slice() {
                ["import", rest @ ..] => {
                    if let Some(at) = rest.iter().position(|word| *word == "os") {
                        return match rest.get(at + 1..at + 3) {
                            Some(["as", alias]) => reads(&format!("{alias}.environ["), "]"),
                            Some(_) | None => reads("os.environ[", "]"),
                        };
                    }
                }
                ["from", "os", "import", rest @ ..] => {
                    if let Some(at) = rest.iter().position(|word| *word == "environ") {
                        return match rest.get(at + 1..at + 3) {
                            Some(["as", alias]) => reads(&format!("{alias}["), "]"),
                            Some(_) | None => reads("environ[", "]"),
                        };
                    }
                }
                _ => {}
            }
        }
        Self { before: "os.environ[".to_owned(), after: "]", imports: true }
    }

    fn reading(&self, name: &str, quote: char) -> String {
        format!("{}{quote}{name}{quote}{}", self.before, self.after)
    }
}

fn mend(site: &Site<'_>) -> Result<Change, Refusal> {
    if is_docstring(site.literal) {
        return Ok(Change::of(vec![site.within_quotes(site.name)])
            .noting("in a docstring, only its name is left"));
    }
    if site.within(&["case_pattern"], &["block"]).is_some() {
        return Err(Refusal::new(
            "a `case` pattern has to be a literal",
            "compare by `==` with a value from `os.environ` in a guard: `case x if x == secret:`",
        ));
    }
    let reader = Reader::of(site);
    let prefix = String::from_utf8_lossy(site.prefix()).to_lowercase();
    let (open, _) = site.quotes();
    let own = if open.first() == Some(&b'\'') { '\'' } else { '"' };
    let edits = if prefix.contains('b') {
        let reading = format!("{}.encode()", reader.reading(site.name, own));
        if site.is_whole() {
            vec![site.replaced(reading)]
        } else {
            site.joined(&reading, "+", PLAIN)
        }
    } else if site.is_whole() && site.parent() != "concatenated_string" {
        vec![site.replaced(reader.reading(site.name, own))]
    } else {
        formatted(site, &reader, &prefix, own)?
    };
    Ok(Change { edits, imports: reader.imports, ..Change::default() })
}

/// Nodes in which a sum needs no brackets.
const PLAIN: &[&str] =
    &["assignment", "argument_list", "keyword_argument", "return_statement", "pair"];

/// The literal as an f-string. Before Python 3.12 (PEP 701) an f-string may not hold its
/// own quotes.
fn formatted(
    site: &Site<'_>,
    reader: &Reader,
    prefix: &str,
    own: char,
) -> Result<Vec<Edit>, Refusal> {
    let other = if own == '"' { '\'' } else { '"' };
    let place = Edit::new(site.value.clone(), format!("{{{}}}", reader.reading(site.name, other)));
    if prefix.contains('f') {
        return Ok(vec![place]);
    }
    let beside = site.beside();
    let whole = if site.parent() == "concatenated_string" { site.literal.parent() } else { None };
    let around = whole.unwrap_or(site.literal).parent();
    let is_format = around.is_some_and(|node| match node.kind() {
        "attribute" => true,
        "binary_operator" => {
            node.child_by_field_name("operator").is_some_and(|sign| site.words(sign) == b"%")
        }
        _ => false,
    });
    if is_format {
        return Err(Refusal::new(
            "the literal is a format that is filled in by `%` or a method",
            "give the value from `os.environ` to the format as one more argument",
        ));
    }
    if beside.iter().any(|text| has(text, "\\N{")) {
        return Err(Refusal::new(
            "the literal holds named characters",
            "make it an f-string by hand",
        ));
    }
    let start = site.literal.start_byte();
    let mut edits = vec![place];
    match prefix {
        "u" => edits.push(Edit::new(start..start + 1, "f")),
        _ => edits.push(Edit::insert(start, "f")),
    }
    // Braces that were plain text are doubled.
    let content = site.content();
    for at in content.start..content.end {
        if matches!(site.text.get(at), Some(b'{' | b'}')) && !site.value.contains(&at) {
            edits.push(Edit::insert(at, String::from_utf8_lossy(part(site.text, at..at + 1))));
        }
    }
    Ok(edits)
}

fn is_docstring(literal: Node<'_>) -> bool {
    literal.parent().is_some_and(|parent| {
        parent.kind() == "expression_statement" && parent.named_child_count() == 1
    })
}

/// The import statements at the top level.
fn imports<'a>(root: Node<'_>, text: &'a [u8]) -> Vec<&'a [u8]> {
    let mut cursor = root.walk();
    root.children(&mut cursor)
        .filter(|node| matches!(node.kind(), "import_statement" | "import_from_statement"))
        .map(|node| part(text, node.byte_range()))
        .collect()
}

/// `import os` before the first import, or else before the first statement that is neither
/// a docstring nor an import from `__future__`.
fn import(site: &Site<'_>) -> Result<Vec<Edit>, Refusal> {
    let end = line_end(site.text);
    let mut cursor = site.root.walk();
    let children: Vec<Node<'_>> = site.root.children(&mut cursor).collect();
    let passed = |node: &Node<'_>, first: bool| {
        node.kind() == "future_import_statement"
            || node.kind() == "comment"
            || first && node.kind() == "expression_statement" && is_docstring_of(*node)
    };
    let import = children
        .iter()
        .find(|node| matches!(node.kind(), "import_statement" | "import_from_statement"))
        // One further down would come too late.
        .filter(|import| import.start_byte() < site.literal.start_byte());
    let mut first = true;
    let statement = children.iter().find(|node| {
        let pass = passed(node, first);
        first = first && node.kind() == "comment";
        !pass
    });
    let (node, words) = match (import, statement) {
        (Some(import), _) => (*import, format!("import os{end}")),
        (None, Some(statement)) => (*statement, format!("import os{end}{end}")),
        (None, None) => return Ok(Vec::new()),
    };
    let at = node.start_byte();
    // A mark at the file's begin is part of its first line.
    let begin = line_start(site.text, at);
    let lead = part(site.text, begin..at);
    if upwards(node).count() != 2 || !(lead.is_empty() || lead == b"\xef\xbb\xbf") {
        return Err(Refusal::new(
            "there is no line of its own for `import os`",
            "add `import os` at the top, then run it again",
        ));
    }
    Ok(vec![Edit::insert(at, words)])
}

fn is_docstring_of(node: Node<'_>) -> bool {
    node.named_child_count() == 1
        && node.named_child(0).is_some_and(|child| child.kind() == "string")
}
