//! What a word of a script is once quotes, escapes and variables are resolved.

use super::expand::{Value, name_of};
use super::{Command, Fed, Reader, Word};
use tree_sitter::Node;

/// As many texts a word can be, by braces and loops' variables.
const MOST: usize = 32;
/// As deep are substitutions read for what they print.
const SUBSTITUTIONS: usize = 4;
/// A word that would be longer is not known.
pub(super) const LONGEST: usize = 1 << 15;
/// Where a word falls apart.
const SPLIT: char = '\u{1}';

impl<'t> Reader<'t> {
    /// The words that a node stands for: several, where blanks in a variable, braces or a loop's
    /// variable say so; none, where all of it is an empty variable.
    pub(super) fn words(&self, node: Node<'t>) -> Vec<Word> {
        let mut made = Made {
            texts: vec![String::new()],
            word: Word { known: true, bare: true, ..Word::default() },
            quoted: false,
        };
        self.add(node, &mut made);
        let Made { texts, mut word, .. } = made;
        word.outside = !word.asks.is_empty()
            && texts.iter().all(String::is_empty)
            && word.asks.iter().all(|name| self.variables.get(name).is_none());
        let expands = node.kind().ends_with("expansion") || node.kind() == "command_substitution";
        let vanishes = |text: &str| text.is_empty() && expands && word.bare && word.known;
        texts
            .into_iter()
            .flat_map(|text| if word.bare { braces(&text) } else { vec![text] })
            .flat_map(|text| match text.contains(SPLIT) {
                true => text.split(SPLIT).filter(|it| !it.is_empty()).map(str::to_owned).collect(),
                false if vanishes(&text) => Vec::new(),
                false => vec![text],
            })
            .take(MOST)
            .map(|text| Word { text, ..word.clone() })
            .collect()
    }

    fn add(&self, node: Node<'t>, made: &mut Made) {
        match node.kind() {
            "raw_string" => {
                made.word.bare = false;
                let raw = self.raw(node);
                let inner = raw.strip_prefix('\'').unwrap_or(raw);
                made.push(inner.strip_suffix('\'').unwrap_or(inner));
            }
            "ansi_c_string" => {
                made.word.bare = false;
                let raw = self.raw(node);
                let inner = raw.strip_prefix("$'").unwrap_or(raw);
                made.push(&decoded(inner.strip_suffix('\'').unwrap_or(inner)));
            }
            "string" | "translated_string" => {
                made.word.bare = false;
                let quoted = std::mem::replace(&mut made.quoted, true);
                self.string(node, made);
                made.quoted = quoted;
            }
            "concatenation" | "command_name" => {
                let mut cursor = node.walk();
                for child in node.children(&mut cursor) {
                    self.add(child, made);
                }
            }
            "simple_expansion" | "expansion" => self.variable(node, made),
            "process_substitution" => {
                let settled = self.inside(node).is_some_and(|command| is_settled(&command));
                made.push(if settled { "/dev/null" } else { "/dev/fd/63" });
            }
            "command_substitution" => match self.inside(node) {
                Some(command) if is_settled(&command) => {}
                Some(command) => match command.prints() {
                    Fed::Text(text) | Fed::Names(text) => {
                        self.times(&[Word::known(text.trim_end_matches('\n'))], made);
                    }
                    Fed::Nothing | Fed::Unknown => made.unknown(),
                },
                None => made.unknown(),
            },
            "arithmetic_expansion" | "array" => made.unknown(),
            "variable_assignment" => {
                if let Some((name, values)) = self.assignment(node) {
                    made.push(&format!("{name}="));
                    made.times(&values, "");
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
        match self.variables.value(self.raw(node)) {
            Value::Words(words) => {
                self.times(&words, made);
                if words.iter().any(|word| !word.known) {
                    made.word.asks.push(name_of(self.raw(node)).to_owned());
                }
            }
            Value::Unknown(name) => {
                made.unknown();
                made.word.asks.push(name);
            }
            Value::Else => made.unknown(),
        }
    }

    fn times(&self, words: &[Word], made: &mut Made) {
        let separators = if made.quoted { String::new() } else { self.variables.separators() };
        made.times(words, &separators);
    }

    /// The command in `$(…)`, where it is one.
    fn inside(&self, node: Node<'t>) -> Option<Command> {
        if self.deep.get() >= SUBSTITUTIONS {
            return None;
        }
        let mut cursor = node.walk();
        let mut commands = node.named_children(&mut cursor).filter(|it| it.kind() != "comment");
        let command = commands.next().filter(|it| it.kind() == "command")?;
        if commands.next().is_some() {
            return None;
        }
        self.deep.set(self.deep.get() + 1);
        let command = self.command(command);
        self.deep.set(self.deep.get().saturating_sub(1));
        Some(command)
    }
}

/// Whether what a command prints is a program's own settings for a shell, such as
/// `$(ssh-agent -s)`: to take them is no more than to run that program.
fn is_settled(command: &Command) -> bool {
    const PROGRAMS: &[&str] = &["ssh-agent", "dircolors", "keychain", "lesspipe", "tset"];
    const ARGUMENTS: &[&str] = &[
        "hook",
        "init",
        "shellenv",
        "env",
        "docker-env",
        "podman-env",
        "activate",
        "completion",
        "completions",
        "shell.bash",
        "shell.zsh",
        "shell.posix",
    ];
    const NOT: &[&str] = &["env", "cat", "curl", "wget", "echo", "printf", "tail", "head", "git"];
    let Some(program) = command.words.first().filter(|word| word.known) else { return false };
    let mut words = command.words.iter().skip(1).take(3);
    let says = words.any(|word| word.known && ARGUMENTS.contains(&word.text.as_str()));
    !program.text.is_empty()
        && (PROGRAMS.contains(&command.program()) || says && !NOT.contains(&command.program()))
}

/// A word while it is made.
struct Made {
    texts: Vec<String>,
    /// All but its text.
    word: Word,
    quoted: bool,
}

impl Made {
    fn push(&mut self, more: &str) {
        for text in &mut self.texts {
            text.push_str(more);
        }
    }

    /// A part that is not known before it runs.
    fn unknown(&mut self) {
        self.word.known = false;
        self.word.loose |= self.texts.iter().any(String::is_empty);
    }

    fn times(&mut self, values: &[Word], separators: &str) {
        let starts = self.texts.iter().any(String::is_empty);
        let text = self.texts.iter().map(String::len).max().unwrap_or_default();
        if text + values.iter().map(|value| value.text.len()).max().unwrap_or_default() > LONGEST {
            return self.unknown();
        }
        let longer = |text: &String| {
            let text = text.clone();
            values.iter().map(move |value| {
                let value = value.text.replace(|char| separators.contains(char), "\u{1}");
                format!("{text}{value}")
            })
        };
        let texts: Vec<String> = self.texts.iter().flat_map(longer).take(MOST).collect();
        if !texts.is_empty() {
            self.texts = texts;
        }
        for value in values {
            self.word.known &= value.known;
            self.word.loose |= starts && value.loose;
            self.word.spread |= value.spread;
            self.word.asks.extend(value.asks.iter().cloned());
        }
        self.word.asks.truncate(MOST);
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
