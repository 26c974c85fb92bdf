//! Jupyter notebooks: the code of a cell is Python inside JSON strings.

use super::edit::{Edit, has, part};
use super::tongue::{node_at, parse, still_parses, upwards};
use super::{Ask, Mended, Refusal, Source, Surroundings};
use std::ops::Range;
use tree_sitter::Node;

/// A cell's code as it is run, and where each byte of it stands in the file.
#[derive(Default)]
struct Code {
    text: Vec<u8>,
    /// One more than there are bytes.
    from: Vec<usize>,
    /// Where each of them ends there: an escape takes several.
    to: Vec<usize>,
}

pub(super) fn mend(ask: &Ask<'_>) -> Result<Mended, Refusal> {
    let grammar = tree_sitter_json::LANGUAGE.into();
    let (tree, faults) = parse(&grammar, ask.text)?;
    let language = ["\"language\": \"python\"", "\"language\":\"python\"", "\"name\": \"python"];
    if has(ask.text, "\"language\"") && !language.iter().any(|words| has(ask.text, words)) {
        return Err(Refusal::new("the notebook's language is not Python", "edit it by hand"));
    }
    let mut mended = Mended { edits: vec![], notes: vec![], source: Source::Environment };
    let mut sources: Vec<(Node<'_>, Vec<Range<usize>>)> = Vec::new();
    for value in ask.values {
        let refuse = || Refusal::new("the value is not within one string", "take it out by hand");
        let node = node_at(tree.root_node(), value).ok_or_else(refuse)?;
        let pair = upwards(node).find(|node| {
            node.kind() == "pair" && matches!(key(*node, ask.text), b"source" | b"outputs")
        });
        match pair.map(|pair| (pair, key(pair, ask.text), is_code(pair, ask.text))) {
            Some((pair, b"source", true)) => match sources.last_mut() {
                Some((last, values)) if *last == pair => values.push(value.clone()),
                _ => sources.push((pair, vec![value.clone()])),
            },
            Some(_) => {
                mended.edits.push(Edit::new(value.clone(), ask.name));
                mended.notes.push("in text and outputs only its name is left".to_owned());
            }
            None => return Err(refuse()),
        }
    }
    for (pair, values) in sources {
        let inner = cell(ask, pair, &values)?;
        mended.edits.extend(inner.edits);
        mended.notes.extend(inner.notes);
    }
    still_parses(&grammar, ask.text, faults, &mended.edits)?;
    Ok(mended)
}

fn key<'a>(pair: Node<'_>, text: &'a [u8]) -> &'a [u8] {
    let key = pair.child_by_field_name("key").map(|key| part(text, key.byte_range()));
    key.and_then(|key| key.strip_prefix(b"\"")?.strip_suffix(b"\"")).unwrap_or_default()
}

/// Whether the cell around a pair is one of code.
fn is_code(pair: Node<'_>, text: &[u8]) -> bool {
    let Some(object) = pair.parent() else { return false };
    let mut cursor = object.walk();
    object.named_children(&mut cursor).any(|node| {
        key(node, text) == b"cell_type"
            && node
                .child_by_field_name("value")
                .is_some_and(|value| part(text, value.byte_range()) == b"\"code\"")
    })
}

/// The edits of one cell's code, as edits of the file.
fn cell(ask: &Ask<'_>, pair: Node<'_>, values: &[Range<usize>]) -> Result<Mended, Refusal> {
    let refuse = || Refusal::new("the cell's code cannot be read", "edit the cell by hand");
    let value = pair.child_by_field_name("value").ok_or_else(refuse)?;
    let mut code = Code::default();
    if value.kind() == "array" {
        let mut cursor = value.walk();
        for line in value.named_children(&mut cursor) {
            code.add(ask.text, line).ok_or_else(refuse)?;
        }
    } else {
        code.add(ask.text, value).ok_or_else(refuse)?;
    }
    code.from.push(value.end_byte().saturating_sub(1));
    let inner: Vec<Range<usize>> = values
        .iter()
        .map(|value| Some(code.at(value.start)?..code.at(value.end)?))
        .collect::<Option<_>>()
        .ok_or_else(refuse)?;
    let asked = Ask {
        text: &code.text,
        values: &inner,
        path: b"cell.py",
        name: ask.name,
        around: Surroundings::default(),
    };
    let mut mended = super::python::TONGUE.mend(&asked).map_err(|refusal| {
        // Magics such as `%pip` are no Python.
        if has(&code.text, "%") || has(&code.text, "!") { refuse() } else { refusal }
    })?;
    for edit in &mut mended.edits {
        let (start, end) = (code.from.get(edit.span.start), code.from.get(edit.span.end));
        let (Some(start), Some(end)) = (start, end) else { return Err(refuse()) };
        // What is cut out ends where its last byte ends, not where the next string begins.
        let end = match edit.span.end.checked_sub(1).filter(|_| !edit.span.is_empty()) {
            Some(last) => code.to.get(last).copied().unwrap_or(*end),
            None => *start,
        };
        edit.span = *start..end.max(*start);
        edit.with = escaped(&edit.with);
    }
    Ok(mended)
}

impl Code {
    /// Adds what a JSON string says.
    fn add(&mut self, file: &[u8], string: Node<'_>) -> Option<()> {
        (string.kind() == "string").then_some(())?;
        let (mut at, end) = (string.start_byte() + 1, string.end_byte().checked_sub(1)?);
        while at < end {
            let byte = *file.get(at)?;
            if byte != b'\\' {
                self.text.push(byte);
                self.from.push(at);
                self.to.push(at + 1);
                at += 1;
                continue;
            }
            let (said, length) = match *file.get(at + 1)? {
                b'n' => (b'\n', 2),
                b't' => (b'\t', 2),
                b'r' => (b'\r', 2),
                b'u' => (b'?', 6),
                other => (other, 2),
            };
            self.text.push(said);
            self.from.push(at);
            self.to.push(at + length);
            at += length;
        }
        Some(())
    }

    /// Where the byte at `place` of the file is in the code.
    fn at(&self, place: usize) -> Option<usize> {
        Some(self.from.partition_point(|from| *from < place)).filter(|at| *at <= self.text.len())
    }
}

/// Words as they stand in a JSON string.
fn escaped(words: &str) -> String {
    words.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r")
}
