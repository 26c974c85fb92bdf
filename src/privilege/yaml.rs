//! YAML, and JSON as the part of YAML that it is: documents as values with places.
//!
//! Positions are those of the text given. Templates of Helm are blanked out first, byte
//! for byte, so that what is left reads as YAML.

use super::node::{DEPTH_AT_MOST, Entry, It, Node, VALUES_AT_MOST};
use granit_parser::{Event, Options, Parser, Span};
use std::collections::HashMap;
use std::ops::Range;

/// Why a text was not looked into.
pub(super) type Why = String;

/// The documents of `text`.
///
/// # Errors
/// It is no YAML, or has more in it than any real file.
pub(super) fn documents(text: &str) -> Result<Vec<Node>, Why> {
    let mut options = Options::default();
    options.flow_nesting_limit = DEPTH_AT_MOST;
    options.block_nesting_limit = DEPTH_AT_MOST;
    options.set_emit_comments(false);
    let mut builder = Builder::default();
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event
            .map_err(|error| format!("it is no valid YAML at line {}", error.marker().line()))?;
        builder.take(event, &span)?;
    }
    Ok(builder.documents)
}

/// A list or map that is not closed yet.
struct Open {
    node: Node,
    anchor: usize,
    key: Option<(String, Range<usize>)>,
}

#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    values: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Why> {
        let start = span.start.byte_offset().unwrap_or_default();
        let at = start..span.end.byte_offset().unwrap_or(start).max(start);
        match event {
            Event::Scalar(text, _, anchor, _) => {
                let text = text.into_owned();
                self.value(Node::new(at, It::Text(text)), anchor)
            }
            Event::SequenceStart(_, anchor, _) => self.open(at, It::List(Vec::new()), anchor),
            Event::MappingStart(_, anchor, _) => self.open(at, It::Map(Vec::new()), anchor),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(mut closed) = self.open.pop() else { return Ok(()) };
                if let It::Map(entries) = &mut closed.node.it {
                    merge(entries);
                }
                closed.node.at.end = at.end.max(closed.node.at.start);
                self.put(closed.node, closed.anchor);
                Ok(())
            }
            Event::Alias(id) => {
                let Some(node) = self.anchors.get(&id) else { return Ok(()) };
                self.values += node.size();
                if self.values > VALUES_AT_MOST {
                    return Err("its aliases unfold to more than any real file holds".to_owned());
                }
                let node = node.clone();
                self.put(node, 0);
                Ok(())
            }
            Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(..)
            | Event::DocumentEnd
            | Event::Anchor(..)
            | Event::UnresolvedAlias(_)
            | _ => Ok(()),
        }
    }

    fn open(&mut self, at: Range<usize>, it: It, anchor: usize) -> Result<(), Why> {
        self.count()?;
        if self.open.len() >= DEPTH_AT_MOST {
            return Err("it is nested deeper than any real file".to_owned());
        }
        self.open.push(Open { node: Node::new(at, it), anchor, key: None });
        Ok(())
    }

    fn value(&mut self, node: Node, anchor: usize) -> Result<(), Why> {
        self.count()?;
        self.put(node, anchor);
        Ok(())
    }

    fn count(&mut self) -> Result<(), Why> {
        self.values += 1;
        if self.values > VALUES_AT_MOST {
            return Err("it holds more values than any real file".to_owned());
        }
        Ok(())
    }

    fn put(&mut self, node: Node, anchor: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return;
        };
        match (&mut open.node.it, open.key.take()) {
            (It::List(items), _) => items.push(node),
            (It::Map(entries), Some((key, at))) => entries.push(Entry { key, at, node }),
            (It::Map(_), None) => {
                let key = node.text().unwrap_or_default().to_owned();
                open.key = Some((key, node.at));
            }
            (It::None | It::Text(_) | It::Written(_), _) => {}
        }
    }
}

/// Puts what `<<` stands for in its place; a map's own keys win.
fn merge(entries: &mut Vec<Entry>) {
    let merged: Vec<Entry> = entries.extract_if(.., |entry| entry.key == "<<").collect();
    for entry in merged.iter().flat_map(|entry| entry.node.items()).flat_map(Node::entries) {
        if !entries.iter().any(|own| own.key == entry.key) {
            entries.push(entry.clone());
        }
    }
}

/// Whether `text` holds templates of Helm or Go, which are no YAML.
pub(super) fn is_template(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memmem::find_iter(bytes, b"{{").any(|at| at == 0 || bytes.get(at - 1) != Some(&b'$'))
}

/// The same text with its templates blanked out, byte for byte: a line of nothing else
/// becomes empty, and one among other text a word.
pub(super) fn without_templates(text: &str) -> String {
    let mut out = text.as_bytes().to_vec();
    let spans = templates(&out);
    for span in &spans {
        fill(&mut out[span.clone()], b' ');
    }
    // Only now is it seen which lines hold nothing else.
    let words: Vec<&Range<usize>> = spans.iter().filter(|span| !stands_alone(&out, span)).collect();
    for span in words {
        fill(&mut out[span.clone()], b'_');
    }
    // Only whole characters between two ASCII marks were replaced.
    String::from_utf8(out).unwrap_or_default()
}

fn fill(bytes: &mut [u8], with: u8) {
    bytes.iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = with);
}

/// Where templates stand; a comment may hold others.
fn templates(bytes: &[u8]) -> Vec<Range<usize>> {
    let (mut spans, mut from) = (Vec::new(), 0);
    while let Some(start) = find(bytes, from, b"{{") {
        let inner = bytes.get(start + 2..).unwrap_or_default();
        let inner = inner.strip_prefix(b"-").unwrap_or(inner).trim_ascii_start();
        let body = match find(bytes, start, b"*/") {
            Some(end) if inner.starts_with(b"/*") => end,
            Some(_) | None => start,
        };
        let Some(end) = find(bytes, body, b"}}").map(|end| end + 2) else { break };
        from = end;
        if start == 0 || bytes.get(start - 1) != Some(&b'$') {
            spans.push(start..end);
        }
    }
    spans
}

/// Whether the lines of `span` hold nothing once it is blank.
fn stands_alone(bytes: &[u8], span: &Range<usize>) -> bool {
    let before = memchr::memrchr(b'\n', &bytes[..span.start]).map_or(0, |newline| newline + 1);
    let after = memchr::memchr(b'\n', &bytes[span.end..]);
    let after = after.map_or(bytes.len(), |newline| span.end + newline);
    bytes[before..after].iter().all(u8::is_ascii_whitespace)
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes.get(from..)?, what).map(|at| from + at)
}
