//! What languages with string literals have in common: the literal around the value is
//! found in the syntax tree, and replaced by what reads the value.

use super::edit::{Edit, applied, part};
use super::{Ask, Mended, Refusal, Source, Surroundings};
use std::ops::Range;
use tree_sitter::{Language, Node, Parser, Tree};
use zeroize::Zeroizing;

/// As large a file as is parsed.
const AT_MOST: usize = 8 << 20;

/// The mark of UTF-8 at the start of a file, which grammars know.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A language: its grammar, and how a value is read in it.
pub(super) struct Tongue {
    pub(super) grammar: fn() -> Language,
    /// The kinds of nodes that are string literals.
    pub(super) strings: &'static [&'static str],
    pub(super) comments: &'static [&'static str],
    /// What becomes of one place.
    pub(super) mend: fn(&Site<'_>) -> Result<Change, Refusal>,
    /// What has to be imported once, where it is not.
    pub(super) import: fn(&Site<'_>) -> Result<Vec<Edit>, Refusal>,
}

/// One place of the credential, in the syntax tree.
pub(super) struct Site<'a> {
    pub(super) text: &'a [u8],
    pub(super) root: Node<'a>,
    /// The string literal, with its quotes.
    pub(super) literal: Node<'a>,
    /// In the literal.
    pub(super) value: Range<usize>,
    pub(super) name: &'a str,
    pub(super) path: &'a [u8],
    pub(super) around: Surroundings,
}

/// What becomes of one place.
#[derive(Debug, Default)]
pub(super) struct Change {
    pub(super) edits: Vec<Edit>,
    /// Whether it needs the import.
    pub(super) imports: bool,
    pub(super) note: Option<String>,
    pub(super) source: Option<Source>,
}

impl Change {
    pub(super) fn of(edits: Vec<Edit>) -> Self {
        Self { edits, ..Self::default() }
    }

    pub(super) fn importing(edits: Vec<Edit>) -> Self {
        Self { edits, imports: true, ..Self::default() }
    }

    pub(super) fn noting(self, note: impl Into<String>) -> Self {
        Self { note: Some(note.into()), ..self }
    }
}

/// Whether `text` parses, and how many faults the grammar sees in it.
pub(super) fn parse(grammar: &Language, text: &[u8]) -> Result<(Tree, usize), Refusal> {
    let fail = || Refusal::new("the file could not be parsed", "take the value out by hand");
    if text.len() > AT_MOST {
        return Err(fail());
    }
    let mut parser = Parser::new();
    parser.set_language(grammar).map_err(|_| fail())?;
    // Scanners of grammars are C: that of bash gives wide characters to `isdigit`, which reads
    // beyond its table. Letters in their place change no token's place.
    let plain = |byte: &u8| if byte.is_ascii() { *byte } else { b'x' };
    let mut plain: Zeroizing<Vec<u8>> = Zeroizing::new(text.iter().map(plain).collect());
    if let (Some(mark), true) = (plain.get_mut(..MARK.len()), text.starts_with(MARK)) {
        mark.copy_from_slice(MARK);
    }
    let tree = parser.parse(&*plain, None).ok_or_else(fail)?;
    let faults = faults(tree.root_node());
    Ok((tree, faults))
}

/// How many errors and missing tokens are in a tree. Without recursion: input may be deep.
fn faults(root: Node<'_>) -> usize {
    let (mut count, mut cursor) = (0, root.walk());
    loop {
        let node = cursor.node();
        count += usize::from(node.is_error() || node.is_missing());
        if node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return count;
            }
        }
    }
}

/// The refusal when an edit would break the syntax.
pub(super) fn would_break() -> Refusal {
    Refusal::new(
        "the changed file would no longer parse as its language",
        "replace the literal by hand",
    )
}

/// Checks that `edits` leave `text` with no more faults than it has.
pub(super) fn still_parses(
    grammar: &Language,
    text: &[u8],
    faults: usize,
    edits: &[Edit],
) -> Result<(), Refusal> {
    let mut edits = edits.to_vec();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let (_, after) = parse(grammar, &applied(text, &edits))?;
    if after > faults { Err(would_break()) } else { Ok(()) }
}

/// The smallest node over `span`.
pub(super) fn node_at<'a>(root: Node<'a>, span: &Range<usize>) -> Option<Node<'a>> {
    root.descendant_for_byte_range(span.start, span.end)
}

/// A node and those around it, from within.
pub(super) fn upwards(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    std::iter::successors(Some(node), Node::parent)
}

impl Tongue {
    pub(super) fn mend(&self, ask: &Ask<'_>) -> Result<Mended, Refusal> {
        let grammar = (self.grammar)();
        let (tree, faults) = parse(&grammar, ask.text)?;
        let root = tree.root_node();
        let mut mended = Mended { edits: vec![], notes: vec![], source: Source::Nowhere };
        let mut importing = None;
        for value in ask.values {
            let node = node_at(root, value).ok_or_else(not_a_literal)?;
            if upwards(node).any(|node| self.comments.contains(&node.kind())) {
                mended.edits.push(Edit::new(value.clone(), ask.name));
                mended.notes.push("in a comment, only its name is left".to_owned());
                continue;
            }
            if upwards(node).any(|node| node.is_error()) {
                return Err(Refusal::new(
                    "the file does not parse as its language around the value",
                    "mend the syntax first, or replace the literal by hand",
                ));
            }
            let literal = upwards(node)
                .find(|node| self.strings.contains(&node.kind()))
                .ok_or_else(not_a_literal)?;
            let site = Site {
                text: ask.text,
                root,
                literal,
                value: value.clone(),
                name: ask.name,
                path: ask.path,
                around: ask.around,
            };
            let change = (self.mend)(&site)?;
            mended.edits.extend(change.edits);
            mended.notes.extend(change.note);
            mended.source = change.source.unwrap_or(Source::Environment);
            if change.imports && importing.is_none() {
                importing = Some(site);
            }
        }
        if let Some(site) = importing {
            mended.edits.extend((self.import)(&site)?);
        }
        still_parses(&grammar, ask.text, faults, &mended.edits)?;
        Ok(mended)
    }
}

fn not_a_literal() -> Refusal {
    Refusal::new(
        "the value is not within one string literal",
        "replace it by hand with a value read from the environment",
    )
}

/// No import is needed.
#[expect(clippy::unnecessary_wraps, reason = "as others that may refuse")]
pub(super) fn no_import(_: &Site<'_>) -> Result<Vec<Edit>, Refusal> {
    Ok(Vec::new())
}

impl<'a> Site<'a> {
    pub(super) fn source(&self) -> &'a [u8] {
        part(self.text, self.literal.byte_range())
    }

    /// Letters and signs before the opening quote: `f`, `rb`, `@$`.
    pub(super) fn prefix(&self) -> &'a [u8] {
        let source = self.source();
        let length = source.iter().take_while(|byte| !b"\"'`<".contains(byte)).count();
        part(source, 0..length)
    }

    /// Where the literal's content is, between prefix and quotes.
    pub(super) fn content(&self) -> Range<usize> {
        let (source, whole) = (self.source(), self.literal.byte_range());
        let prefix = self.prefix().len();
        let quote = source.get(prefix).copied().unwrap_or(b'"');
        let run = part(source, prefix..source.len()).iter().take_while(|b| **b == quote).count();
        let quotes = if run >= 3 && source.len() >= prefix + 6 { 3 } else { 1 };
        let hashes = source.iter().rev().take_while(|byte| **byte == b'#').count();
        let (start, end) =
            (whole.start + prefix + quotes, whole.end.saturating_sub(quotes + hashes));
        start..end.max(start)
    }

    /// The opening and the closing quotes.
    pub(super) fn quotes(&self) -> (&'a [u8], &'a [u8]) {
        let (whole, content) = (self.literal.byte_range(), self.content());
        (
            part(self.text, whole.start + self.prefix().len()..content.start),
            part(self.text, content.end..whole.end),
        )
    }

    /// Whether the literal is the value and nothing more.
    pub(super) fn is_whole(&self) -> bool {
        let content = self.content();
        content == self.value
            || part(self.text, content.start..self.value.start).trim_ascii().is_empty()
                && part(self.text, self.value.end..content.end).trim_ascii().is_empty()
                && self.value.start >= content.start
                && self.value.end <= content.end
    }

    /// What the literal says beside the value.
    pub(super) fn beside(&self) -> [&'a [u8]; 2] {
        let content = self.content();
        [
            part(self.text, content.start..self.value.start),
            part(self.text, self.value.end..content.end),
        ]
    }

    /// What the literal's parent is.
    pub(super) fn parent(&self) -> &'static str {
        self.literal.parent().map_or("", |node| node.kind())
    }

    /// The first node around the literal of one of these kinds, up to the first of `until`.
    pub(super) fn within(&self, kinds: &[&str], until: &[&str]) -> Option<Node<'a>> {
        upwards(self.literal)
            .skip(1)
            .take_while(|node| !until.contains(&node.kind()))
            .find(|node| kinds.contains(&node.kind()))
    }

    /// The bytes of a node.
    pub(super) fn words(&self, node: Node<'_>) -> &'a [u8] {
        part(self.text, node.byte_range())
    }

    /// The literal as a whole replaced.
    pub(super) fn replaced(&self, with: impl Into<String>) -> Edit {
        Edit::new(self.literal.byte_range(), with)
    }

    /// Only the value replaced, by words that the literal itself understands.
    pub(super) fn within_quotes(&self, with: impl Into<String>) -> Edit {
        Edit::new(self.value.clone(), with)
    }

    /// The literal cut around the value and joined by `sign` with `expression`; the opening
    /// of its second half is `open`. In brackets where the parent is none of `plain`.
    pub(super) fn joined(&self, expression: &str, sign: &str, plain: &[&str]) -> Vec<Edit> {
        let (whole, content) = (self.literal.byte_range(), self.content());
        let open =
            String::from_utf8_lossy(part(self.text, whole.start..content.start)).into_owned();
        let close = String::from_utf8_lossy(part(self.text, content.end..whole.end)).into_owned();
        let [before, after] = self.beside();
        let brackets = !plain.contains(&self.parent());
        let (bra, ket) = if brackets { ("(", ")") } else { ("", "") };
        let first = if before.is_empty() {
            (whole.start, format!("{bra}{expression}"))
        } else {
            (self.value.start, format!("{close} {sign} {expression}"))
        };
        let last = if after.is_empty() {
            (whole.end, ket.to_owned())
        } else {
            (self.value.end, format!(" {sign} {open}"))
        };
        let mut edits = vec![Edit::new(first.0..last.0, first.1 + &last.1)];
        if brackets && !before.is_empty() {
            edits.push(Edit::insert(whole.start, bra));
        }
        if brackets && !after.is_empty() {
            edits.push(Edit::insert(whole.end, ket));
        }
        edits
    }
}
