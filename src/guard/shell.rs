//! What a shell would run: the commands of a script, with what is quoted, assigned, redirected
//! and piped taken for what it is, and wrappers seen through.
//!
//! Read by the grammar of bash (tree-sitter-bash). What it cannot read is told by
//! [`Script::faults`], never dropped in silence.

mod expand;
mod prints;
mod script;
pub(super) mod through;
mod words;

pub(crate) use script::{Command, Fed, Script, Word};
pub(super) use through::inline_code;

use expand::Variables;
use std::cell::Cell;
use std::collections::HashMap;
use tree_sitter::{Node, Parser};

/// As long a script as is read.
const AT_MOST: usize = 1 << 20;
/// As many commands are looked at.
pub(super) const COMMANDS: usize = 4096;
/// As deep are scripts within scripts looked into.
const DEPTH: usize = 8;

/// Whether a word is an option.
pub(crate) fn is_option(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-')
}

/// Reads a script that runs in `folder`, and the scripts within it.
pub(crate) fn read_from(text: &str, folder: &str) -> Script {
    let mut script = Script::default();
    read_into(text, 0, folder, &mut script);
    script
}

/// The same where the folder is not known.
#[cfg(test)]
pub(crate) fn read(text: &str) -> Script {
    read_from(text, "")
}

fn read_into(text: &str, depth: usize, folder: &str, script: &mut Script) {
    if text.len() > AT_MOST || depth > DEPTH || script.commands.len() > COMMANDS {
        script.faults = true;
        return;
    }
    let mut parser = Parser::new();
    let tree = parser
        .set_language(&tree_sitter_bash::LANGUAGE.into())
        .ok()
        .and_then(|()| parser.parse(plain(text), None));
    let Some(tree) = tree else {
        script.faults = true;
        return;
    };
    // Text that a language's string happens to hold is read on trial: it need be no script.
    script.faults |= depth == 0 && tree.root_node().has_error();
    let mut reader = Reader {
        text,
        variables: Variables::default(),
        functions: HashMap::new(),
        aliases: HashMap::new(),
        within: 0,
        path: Vec::new(),
        deep: Cell::new(0),
        fed: HashMap::new(),
        commands: Vec::new(),
        folder: folder.to_owned(),
    };
    reader.walk(tree.root_node());
    script.faults |= reader.commands.len() > COMMANDS;
    for command in reader.commands {
        through::see(command, depth, script);
    }
}

/// `text` with each byte that is no ASCII put as a letter, its places unchanged: the grammar's
/// scanner gives wide characters to C's `isdigit`, which reads beyond its table.
fn plain(text: &str) -> Vec<u8> {
    text.bytes().map(|byte| if byte.is_ascii() { byte } else { b'x' }).collect()
}

/// Goes through a tree in order, so that variables and `cd` count for what follows.
struct Reader<'t> {
    text: &'t str,
    variables: Variables,
    /// The bodies of functions, by their names.
    functions: HashMap<String, Node<'t>>,
    aliases: HashMap<String, Vec<String>>,
    /// How many functions' calls are being followed, one in the other.
    within: usize,
    /// What stands around the node that is visited, the outermost first.
    path: Vec<Node<'t>>,
    /// How many substitutions are being read, one in the other.
    deep: Cell<usize>,
    /// What nodes are fed, by id.
    fed: HashMap<usize, Fed>,
    commands: Vec<Command>,
    folder: String,
}

impl<'t> Reader<'t> {
    fn walk(&mut self, root: Node<'t>) {
        let mut cursor = root.walk();
        let around = self.path.len();
        loop {
            let node = cursor.node();
            self.visit(node);
            if cursor.goto_first_child() {
                self.path.push(node);
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    self.path.truncate(around);
                    return;
                }
                self.path.pop();
            }
        }
    }

    fn raw(&self, node: Node<'_>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    fn visit(&mut self, node: Node<'t>) {
        match node.kind() {
            "command" | "declaration_command" | "unset_command" => {
                let mut command = self.command(node);
                command.shows = self.shown(node, &command);
                self.follow(&command);
                self.learn(node, &command);
                if let Some(alias) = command.words.first().and_then(|it| self.aliases.get(&it.text))
                {
                    let mut words: Vec<Word> = alias.iter().map(|it| Word::known(it)).collect();
                    words.extend(command.words.iter().skip(1).cloned());
                    self.commands.push(Command { words, ..command.clone() });
                }
                self.called(&command);
                self.commands.push(command);
            }
            "function_definition" => {
                let name = node.child_by_field_name("name").map(|name| self.raw(name).to_owned());
                if let Some((name, body)) = name.zip(node.child_by_field_name("body")) {
                    self.functions.insert(name, body);
                }
            }
            "command_substitution" => {
                // `$(< file)` reads it without a command.
                let mut read = Command { folder: self.folder.clone(), ..Command::default() };
                let mut cursor = node.walk();
                for child in
                    node.named_children(&mut cursor).filter(|it| it.kind() == "file_redirect")
                {
                    self.file(child, &mut read);
                }
                if !read.reads.is_empty() {
                    self.commands.push(read);
                }
            }
            "variable_assignment" => self.assign(node),
            "for_statement" => self.each_of(node),
            "pipeline" => self.pipe(node, Fed::Nothing),
            "redirected_statement" => self.redirect(node),
            _ => {}
        }
    }

    /// `cd` moves what follows.
    fn follow(&mut self, command: &Command) {
        let to = command.words.iter().skip(1).find(|word| !is_option(&word.text));
        if let ("cd" | "pushd", Some(to)) = (command.program(), to) {
            self.folder = join(&self.folder, &to.text);
        }
    }

    fn assign(&mut self, node: Node<'t>) {
        let in_command = self.path.last().is_some_and(|parent| parent.kind() == "command");
        let Some((name, values)) = self.assignment(node).filter(|_| !in_command) else { return };
        let declared =
            self.path.last().is_some_and(|parent| parent.kind() == "declaration_command");
        if !declared {
            let assigned = values.iter().map(|value| (name.clone(), value.text.clone())).collect();
            let folder = self.folder.clone();
            self.commands.push(Command { assigned, folder, ..Command::default() });
        }
        let element = node.child_by_field_name("name").is_some_and(|it| it.kind() == "subscript");
        if element { self.variables.add(&name, values) } else { self.variables.set(&name, values) }
    }

    fn assignment(&self, node: Node<'t>) -> Option<(String, Vec<Word>)> {
        let name = node.child_by_field_name("name")?;
        let longer = self.text.get(name.end_byte()..).is_some_and(|rest| rest.starts_with("+="));
        let name = self.raw(name).split('[').next().unwrap_or_default().to_owned();
        let value = node.child_by_field_name("value");
        let array = value.filter(|value| value.kind() == "array");
        let mut values: Vec<Word> = match (value, array) {
            (_, Some(array)) => {
                let mut cursor = array.walk();
                array.named_children(&mut cursor).flat_map(|it| self.words(it)).take(64).collect()
            }
            (Some(value), None) => self.words(value),
            (None, None) => Vec::new(),
        };
        if values.is_empty() {
            values.push(Word::known(""));
        }
        if let Some(before) = self.variables.get(&name).filter(|_| longer) {
            let before = before.clone();
            values = match array {
                Some(_) => before.into_iter().chain(values).take(64).collect(),
                None => values
                    .iter()
                    .flat_map(|value| {
                        before.iter().map(move |it| {
                            if it.text.len() + value.text.len() > words::LONGEST {
                                return Word::default();
                            }
                            let text = format!("{}{}", it.text, value.text);
                            Word { text, known: value.known && it.known, ..value.clone() }
                        })
                    })
                    .take(64)
                    .collect(),
            };
        }
        Some((name, values))
    }

    /// A loop's variable is each of its values.
    fn each_of(&mut self, node: Node<'t>) {
        let Some(name) = node.child_by_field_name("variable") else { return };
        let mut cursor = node.walk();
        let values = node.children_by_field_name("value", &mut cursor);
        let values = values.flat_map(|value| self.words(value)).take(32);
        let values = values.map(|word| Word { spread: word.bare, ..word }).collect();
        self.variables.set(self.raw(name), values);
    }

    fn command(&self, node: Node<'t>) -> Command {
        let mut command = Command {
            folder: self.folder.clone(),
            fed: self.fed.get(&node.id()).cloned().unwrap_or_default(),
            ..Command::default()
        };
        let mut cursor = node.walk();
        for child in node.children(&mut cursor) {
            match child.kind() {
                "variable_assignment" => {
                    let assigned = self.assignment(child).into_iter();
                    command.assigned.extend(assigned.flat_map(|(name, values)| {
                        values.into_iter().map(move |value| (name.clone(), value.text))
                    }));
                }
                "command_name" => {
                    let name = child.child(0).unwrap_or(child);
                    command.words.extend(self.words(name));
                }
                "herestring_redirect" => command.fed = self.herestring(child),
                "file_redirect" => self.file(child, &mut command),
                "subshell" | "comment" => {}
                _ if child.is_named() || node.kind() != "command" => {
                    command.words.extend(self.words(child));
                }
                _ => {}
            }
        }
        command
    }

    fn herestring(&self, node: Node<'t>) -> Fed {
        let last = node.named_child_count().checked_sub(1).and_then(|at| {
            let at = u32::try_from(at).ok()?;
            node.named_child(at)
        });
        match last.map(|last| self.words(last)).and_then(|words| words.into_iter().next()) {
            Some(word) if word.known => Fed::Text(word.text),
            Some(_) | None => Fed::Unknown,
        }
    }

    fn file(&self, node: Node<'t>, command: &mut Command) {
        let mut cursor = node.walk();
        let operator = node.children(&mut cursor).find(|child| !child.is_named());
        let reads = operator.is_some_and(|operator| self.raw(operator).starts_with('<'));
        let mut cursor = node.walk();
        let destinations = node.children_by_field_name("destination", &mut cursor);
        for word in destinations.flat_map(|destination| self.words(destination)) {
            if reads { command.reads.push(word.text) } else { command.writes.push(word.text) }
        }
    }

    /// What stands before `<`, `>` and `<<`.
    fn redirect(&mut self, node: Node<'t>) {
        let folder = self.folder.clone();
        let mut command = Command { folder, ..Command::default() };
        let body = node.child_by_field_name("body");
        let mut cursor = node.walk();
        for child in node.children_by_field_name("redirect", &mut cursor) {
            match child.kind() {
                "file_redirect" => self.file(child, &mut command),
                "herestring_redirect" => command.fed = self.herestring(child),
                "heredoc_redirect" => {
                    command.fed = Fed::Text(self.heredoc(child, &mut command));
                    let mut inner = child.walk();
                    let piped = child.children(&mut inner).find(|it| it.kind() == "pipeline");
                    let body = body.filter(|body| body.kind() == "command");
                    if let Some(piped) = piped {
                        let by = body
                            .map(|body| Command { fed: command.fed.clone(), ..self.command(body) });
                        self.pipe(piped, by.map_or(Fed::Unknown, |by| by.prints()));
                    }
                }
                _ => {}
            }
        }
        if let Some(body) = body {
            let first = if body.kind() == "pipeline" { body.named_child(0) } else { Some(body) };
            if let Some(first) = first.filter(|_| command.fed != Fed::Nothing) {
                self.fed.insert(first.id(), command.fed.clone());
            }
        }
        self.commands.push(command);
    }

    fn heredoc(&self, node: Node<'t>, command: &mut Command) -> String {
        let mut cursor = node.walk();
        let mut text = String::new();
        for child in node.children(&mut cursor) {
            match child.kind() {
                "heredoc_body" => text.push_str(self.raw(child)),
                // `cat <<EOF > file`
                "file_redirect" => self.file(child, command),
                _ => {}
            }
        }
        text
    }

    /// Each part of a pipeline is fed what the one before prints.
    fn pipe(&mut self, node: Node<'t>, first: Fed) {
        let mut fed = first;
        let mut cursor = node.walk();
        for part in node.named_children(&mut cursor) {
            if fed != Fed::Nothing {
                self.fed.entry(part.id()).or_insert_with(|| fed.clone());
            }
            fed = match part.kind() {
                "command" => self.command(part).prints(),
                "redirected_statement" => {
                    // `cmd 2>&1 | sh`: what feeds it feeds its body.
                    if let Some(body) = part.child_by_field_name("body")
                        && let Some(fed) = self.fed.get(&part.id()).cloned()
                    {
                        self.fed.insert(body.id(), fed);
                    }
                    part.child_by_field_name("body")
                        .filter(|body| body.kind() == "command")
                        .map_or(Fed::Unknown, |body| self.command(body).prints())
                }
                "comment" => continue,
                _ => Fed::Unknown,
            };
        }
    }
}

/// `path` seen from `folder`.
pub(crate) fn join(folder: &str, path: &str) -> String {
    if folder.is_empty() || path.starts_with(['/', '~']) {
        path.to_owned()
    } else {
        format!("{folder}/{path}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Fed, read};
    use proptest::prelude::*;

    /// The words of each command with a program, a line each.
    fn commands(text: &str) -> Vec<String> {
        let words = read(text).commands.into_iter().filter(|command| !command.words.is_empty());
        words
            .map(|command| {
                command.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
            })
            .collect()
    }

    #[test]
    fn quotes_escapes_and_variables_are_resolved() {
        for (text, runs) in [
            ("g\"i\"t 'com'mit", "git commit"),
            ("\\git $'\\x2dn'", "git -n"),
            ("a=-n; git $a", "git -n"),
            ("cat ${HOME}/.x", "cat ~/.x"),
            ("cat {a,b}", "cat a b"),
            ("for f in a b; do cat $f; done", "cat a b"),
        ] {
            assert!(commands(text).contains(&runs.to_owned()), "{text}: {:?}", commands(text));
        }
    }

    #[test]
    fn wrappers_are_seen_through() {
        for text in [
            "sudo -u me env A=b git push",
            "bash -c 'git push'",
            "echo $(git push)",
            "x | xargs -n 1 git push",
            "(true && git push)",
            "bash <<E\ngit push\nE",
            "cat <<E | bash\ngit push\nE",
            "echo 'git push' | sudo sh",
            "sh <<< 'git push'",
            "ssh -p 1 host 'git push'",
            "python3 -c \"import os; os.system('git push')\"",
            "nohup timeout 3 git push &",
            "bash -c \"bash -c 'git push'\"",
            "docker exec app git push",
            "trap 'git push' EXIT",
        ] {
            assert!(
                commands(text).contains(&"git push".to_owned()),
                "{text}: {:?}",
                commands(text)
            );
        }
    }

    #[test]
    fn what_is_fed_and_redirected_is_known() {
        let script = read("tr a b < in > out");
        assert!(script.commands.iter().any(|it| it.reads == ["in"] && it.writes == ["out"]));
        let script = read("curl x | sh");
        let shell = script.commands.iter().find(|it| it.program() == "sh").unwrap();
        assert!(shell.runs_unseen && shell.fed == Fed::Unknown);
    }

    #[test]
    fn variables_that_grow_are_given_up() {
        let grown = |script: String| assert!(read(&script).commands.len() > 10);
        grown(format!("x=aa; {}cat $x", "x=$x$x; ".repeat(40)));
        grown(format!("x=a; {}cat $x", "x+=$x; ".repeat(300)));
        grown(format!("x={}; {}", "a".repeat(4000), "cat ${x%%*a*b}; ".repeat(50)));
    }

    #[test]
    fn half_a_script_is_told() {
        assert!(read("git commit -m 'x").faults);
        assert!(!read("git commit -m 'x'").faults);
    }

    #[test]
    fn wide_characters_neither_crash_nor_hide() {
        for text in ["{\u{1f600} x", "echo \u{e9}\u{1f600}; git push", "{\u{10ffff}..1}"] {
            let _read = read(text);
        }
        assert!(commands("echo \u{e9}; cat '\u{1f600}'").contains(&"cat \u{1f600}".to_owned()));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "[-a-z \"'$(){}<>|;&\\\\\n=*`!#~/.,]{0,80}") {
            let _read = read(&text);
        }

        #[test]
        fn nor_do_any_characters(text in ".{0,60}") {
            let _read = read(&text);
        }
    }
}
