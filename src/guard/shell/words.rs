//! What a word of a script is once quotes, escapes and variables are resolved.

use super::{Reader, Word};
use tree_sitter::Node;

/// As many texts a word can be, by braces and loops' variables.
const MOST: usize = 32;

impl<'t> Reader<'t> {
    /// The words that a node stands for: several, where braces or a loop's variable say so.
    pub(super) fn words(&self, node: Node<'t>) -> Vec<Word> {
        let mut made = Made { texts: vec![String::new()], known: true, bare: true };
        self.add(node, &mut made);
        let Made { texts, known, bare } = made;
        texts
            .into_iter()
            .flat_map(|text| if bare { braces(&text) } else { vec![text] })
            .take(MOST)
            .map(|text| Word { text, known, bare })
            .collect()
    }

    fn add(&self, node: Node<'t>, made: &mut Made) {
        match node.kind() {
            "raw_string" => {
                made.bare = false;
                let raw = self.raw(node);
                let inner = raw.strip_prefix('\'').unwrap_or(raw);
                made.push(inner.strip_suffix('\'').unwrap_or(inner));
            }
            "ansi_c_string" => {
                made.bare = false;
                let raw = self.raw(node);
                let inner = raw.strip_prefix("$'").unwrap_or(raw);
                made.push(&decoded(inner.strip_suffix('\'').unwrap_or(inner)));
            }
            "string" | "translated_string" => {
                made.bare = false;
                self.string(node, made);
            }
            "concatenation" | "command_name" => {
                let mut cursor = node.walk();
                for child in node.children(&mut cursor) {
                    self.add(child, made);
                }
            }
            "simple_expansion" | "expansion" => self.variable(node, made),
            "process_substitution" => made.push("/dev/fd/63"),
            "command_substitution" | "arithmetic_expansion" | "array" => made.known = false,
            "variable_assignment" => {
                if let Some((name, values)) = self.assignment(node) {
                    made.push(&format!("{name}="));
                    made.times(&values);
                }
            }
            _ => made.push(&unescaped(self.raw(node))),
        }
    }

    /// Between double quotes; blanks that belong to no node are kept.
    fn string(&self, node: Node<'t>, made: &mut Made) {
        let mut at = node.start_byte();
        let mut cursor = node.walk();
        for child in node.children(&mut cursor) {
            made.push(self.text.get(at..child.start_byte()).unwrap_or_default());
            at = child.end_byte();
            match child.kind() {
                "\"" | "$" => {}
                "string_content" => made.push(&quoted(self.raw(child))),
                _ => self.add(child, made),
            }
        }
    }

    fn variable(&self, node: Node<'t>, made: &mut Made) {
        let mut cursor = node.walk();
        let named: Vec<Node<'t>> = node.named_children(&mut cursor).collect();
        let plain = node.kind() == "simple_expansion" || node.child_count() <= 3;
        let name = named.first().filter(|name| plain && name.kind() == "variable_name");
        match name.map(|name| self.raw(*name)) {
            Some("HOME") if !self.variables.contains_key("HOME") => made.push("~"),
            Some("PWD") => made.push("."),
            Some(name) => match self.variables.get(name) {
                Some(values) => made.times(values),
                None => made.known = false,
            },
            None => made.known = false,
        }
    }
}

/// A word while it is made.
struct Made {
    texts: Vec<String>,
    known: bool,
    bare: bool,
}

impl Made {
    fn push(&mut self, more: &str) {
        for text in &mut self.texts {
            text.push_str(more);
        }
    }

    fn times(&mut self, values: &[String]) {
        let longer = |text: &String| {
            let text = text.clone();
            values.iter().map(move |value| format!("{text}{value}"))
        };
        let texts: Vec<String> = self.texts.iter().flat_map(longer).take(MOST).collect();
        if !texts.is_empty() {
            self.texts = texts;
        }
    }
}

/// Without backslashes, as outside of quotes.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => out.extend(chars.next().filter(|next| *next != '\n')),
            _ => out.push(char),
        }
    }
    out
}

/// As between double quotes: a backslash counts before four characters (POSIX.1-2017, 2.2.3).
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match (char, chars.peek()) {
            ('\\', Some('"' | '\\' | '$' | '`')) => out.extend(chars.next()),
            ('\\', Some('\n')) => drop(chars.next()),
            _ => out.push(char),
        }
    }
    out
}

/// As in `$'…'` (bash(1), QUOTING).
fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        if char != '\\' {
            out.push(char);
            continue;
        }
        let Some(next) = chars.next() else { break };
        let (radix, most, mut digits) = match next {
            'x' => (16, 2, String::new()),
            'u' => (16, 4, String::new()),
            'U' => (16, 8, String::new()),
            '0'..='7' => (8, 3, next.to_string()),
            'n' => {
                out.push('\n');
                continue;
            }
            't' => {
                out.push('\t');
                continue;
            }
            other => {
                out.push(other);
                continue;
            }
        };
        while digits.len() < most
            && let Some(digit) = chars.next_if(|digit| digit.is_digit(radix))
        {
            digits.push(digit);
        }
        out.extend(u32::from_str_radix(&digits, radix).ok().and_then(char::from_u32));
    }
    out
}

/// What braces with commas make of a word, one pair at a time.
fn braces(text: &str) -> Vec<String> {
    let pair = text.split_once('{').and_then(|(before, rest)| {
        let (inner, after) = rest.split_once('}')?;
        (inner.contains(',') && !inner.contains('{')).then_some((before, inner, after))
    });
    let Some((before, inner, after)) = pair else { return vec![text.to_owned()] };
    inner.split(',').map(|one| format!("{before}{one}{after}")).take(MOST).collect()
}
