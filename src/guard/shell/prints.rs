//! What commands print, as far as it is known before they run, and what that leaves behind.

use super::{Command, Fed, Reader, Word, is_option};
use tree_sitter::Node;

/// Calls of functions that are followed, one in the other.
const WITHIN: usize = 4;

/// Programs that pass on what they are fed, changed or in part.
const PASSING: &[&str] = &[
    "cat", "tee", "base64", "base32", "rev", "xxd", "od", "hexdump", "head", "tail", "cut", "tr",
    "sed", "awk", "fold", "sort", "uniq", "grep", "nl", "tac", "less", "more", "strings", "fmt",
    "jq", "column", "bat", "hd", "basenc", "uuencode",
];

impl Command {
    /// What it would print, where that is known.
    pub(super) fn prints(&self) -> Fed {
        let words = self.words.get(1..).unwrap_or_default();
        let said = || words.iter().filter(|word| !is_option(&word.text));
        let names = |words: &mut dyn Iterator<Item = &Word>| {
            Fed::Names(words.map(|word| word.text.as_str()).collect::<Vec<_>>().join(" "))
        };
        match self.program() {
            "echo" | "printf" if words.iter().any(|word| !word.known) => Fed::Unknown,
            "echo" => {
                let option = |word: &&Word| {
                    let letters = word.text.strip_prefix('-').unwrap_or_default();
                    !letters.is_empty() && letters.chars().all(|one| "neE".contains(one))
                };
                let words = words.iter().skip_while(option);
                Fed::Text(words.map(|word| word.text.as_str()).collect::<Vec<_>>().join(" "))
            }
            "printf" => Fed::Text(formatted(words)),
            "cat" | "tee" if said().next().is_none() => self.fed.clone(),
            "sort" | "uniq" | "head" | "tail" | "grep" => match &self.fed {
                Fed::Names(names) => Fed::Names(names.clone()),
                Fed::Nothing | Fed::Text(_) | Fed::Unknown => Fed::Unknown,
            },
            "find" | "fd" => {
                let of_option = |pair: &[Word]| match pair {
                    [option, name]
                        if matches!(
                            option.text.as_str(),
                            "-name" | "-iname" | "-path" | "-wholename"
                        ) =>
                    {
                        Some(name.text.clone())
                    }
                    _ => None,
                };
                let wanted: Vec<String> = words.windows(2).filter_map(of_option).collect();
                if wanted.is_empty() { names(&mut said()) } else { Fed::Names(wanted.join(" ")) }
            }
            "ls" | "realpath" | "readlink" => names(&mut said()),
            "git" if words.first().is_some_and(|word| word.text == "ls-files") => {
                names(&mut said().skip(1))
            }
            "which" => located(said()),
            "command" | "type" if words.len() > said().count() => located(said()),
            _ => Fed::Unknown,
        }
    }
}

/// Where programs lie.
fn located<'w>(words: impl Iterator<Item = &'w Word>) -> Fed {
    Fed::Names(words.map(|word| format!("/bin/{}", word.text)).collect::<Vec<_>>().join(" "))
}

/// What `printf` makes of its arguments: their texts in the places of the format.
fn formatted(words: &[Word]) -> String {
    let words = match words {
        [option, _, rest @ ..] if option.text == "-v" => rest,
        [end, rest @ ..] if end.text == "--" => rest,
        words => words,
    };
    let Some((format, arguments)) = words.split_first() else { return String::new() };
    let format = format.text.replace("\\n", "\n").replace("\\t", "\t").replace("\\0", "\n");
    if !format.contains('%') {
        return format;
    }
    let (mut text, mut arguments) = (String::new(), arguments.iter());
    loop {
        let mut parts = format.split('%');
        text.push_str(parts.next().unwrap_or_default());
        let mut used = false;
        for part in parts {
            let rest = part.trim_start_matches(|char: char| "0123456789.-+# ".contains(char));
            if let Some(argument) = arguments.next() {
                text.push_str(&argument.text);
                used = true;
            }
            let mut rest = rest.chars();
            rest.next();
            text.push_str(rest.as_str());
        }
        if !used || arguments.len() == 0 || text.len() > 1 << 16 {
            return text;
        }
    }
}

impl<'t> Reader<'t> {
    /// What a command leaves in variables, aliases and arguments.
    pub(super) fn learn(&mut self, node: Node<'t>, command: &Command) {
        let words = command.words.get(1..).unwrap_or_default();
        match command.program() {
            "alias" => {
                for word in words {
                    if let Some((name, value)) = word.text.split_once('=') {
                        let value = value.split_whitespace().map(str::to_owned).collect();
                        self.aliases.insert(name.to_owned(), value);
                    }
                }
            }
            "set" => {
                if let Some(at) = words.iter().position(|word| word.text == "--") {
                    self.variables.positional(words.get(at + 1..).unwrap_or_default().to_vec());
                }
            }
            "printf" if words.first().is_some_and(|word| word.text == "-v") => {
                if let (Some(name), Fed::Text(text)) = (words.get(1), command.prints()) {
                    self.variables.set(&name.text, vec![Word::known(&text)]);
                }
            }
            "read" | "mapfile" | "readarray" => self.filled(node, command),
            _ => {}
        }
    }

    /// What `read` takes from what is fed to it, or to the loop around it.
    fn filled(&mut self, node: Node<'t>, command: &Command) {
        let mut around = std::iter::once(&node).chain(self.path.iter().rev()).take(64);
        let around = around.find_map(|it| self.fed.get(&it.id()));
        let fed = if command.fed == Fed::Nothing { around } else { Some(&command.fed) };
        let value = match fed {
            Some(Fed::Text(text) | Fed::Names(text)) => {
                text.split_whitespace().take(32).map(Word::known).collect()
            }
            Some(Fed::Nothing | Fed::Unknown) | None => vec![Word::default()],
        };
        let names = command.words.iter().skip(1).filter(|word| !is_option(&word.text));
        let names: Vec<String> = names.map(|word| word.text.clone()).collect();
        for name in names {
            self.variables.set(&name, value.clone());
        }
    }

    /// The body of a function with the arguments that it is called with.
    pub(super) fn called(&mut self, command: &Command) {
        let Some((name, arguments)) = command.words.split_first() else { return };
        let Some(body) = self.functions.get(&name.text).copied() else { return };
        if arguments.is_empty() || self.within >= WITHIN || self.commands.len() > super::COMMANDS {
            return;
        }
        let before = self.variables.positional(arguments.to_vec());
        self.within += 1;
        self.walk(body);
        self.within -= 1;
        self.variables.restore(before);
    }

    /// The variables whose values a command prints to where they are seen: not into another
    /// program that keeps them to itself, nor into a file or a variable.
    pub(super) fn shown(&self, node: Node<'t>, command: &Command) -> Vec<String> {
        let program = command.program();
        let speaks = matches!(program, "echo" | "printf" | "print");
        let mut asks: Vec<String> = Vec::new();
        if speaks {
            asks.extend(command.words.iter().skip(1).flat_map(|word| word.asks.iter().cloned()));
        }
        if PASSING.contains(&program) {
            let mut cursor = node.walk();
            let strings =
                node.children(&mut cursor).filter(|it| it.kind() == "herestring_redirect");
            let last = strings.filter_map(|it| it.named_child(0)).flat_map(|it| self.words(it));
            asks.extend(last.flat_map(|word| word.asks));
        }
        // What masks a value in a job's log has to name it.
        let masks = || command.words.get(1).is_some_and(|it| it.text.starts_with("::add-mask::"));
        if asks.is_empty() || masks() || self.is_kept(node) { Vec::new() } else { asks }
    }

    /// Whether what a node prints goes where nobody sees it.
    fn is_kept(&self, node: Node<'t>) -> bool {
        let mut current = node;
        for parent in self.path.iter().rev().copied().take(64) {
            match parent.kind() {
                "command_substitution" | "process_substitution" => return true,
                "pipeline" => {
                    let mut cursor = parent.walk();
                    let parts = parent.named_children(&mut cursor);
                    for part in parts.skip_while(|part| part.id() != current.id()).skip(1) {
                        let part_of = if part.kind() == "redirected_statement" {
                            part.child_by_field_name("body").unwrap_or(part)
                        } else {
                            part
                        };
                        let passes = part_of.kind() == "command"
                            && PASSING.contains(&self.command(part_of).program());
                        if !passes || self.is_redirected(part) {
                            return true;
                        }
                    }
                }
                _ => {}
            }
            if self.is_redirected(parent) {
                return true;
            }
            current = parent;
        }
        false
    }

    fn is_redirected(&self, node: Node<'t>) -> bool {
        if node.kind() != "redirected_statement" {
            return false;
        }
        let mut cursor = node.walk();
        let mut redirects = node.children_by_field_name("redirect", &mut cursor);
        redirects.any(|redirect| {
            let raw = self.raw(redirect);
            let seen = ["&1", "&2", "/dev/stderr", "/dev/stdout", "/dev/tty"];
            let errors = raw.starts_with('2');
            redirect.kind() == "file_redirect"
                && raw.contains('>')
                && !errors
                && !seen.iter().any(|place| raw.ends_with(place))
        })
    }
}
