//! What of a command entries ask for, worked out once and not for each of them. Nearly all of a
//! long script is of no entry, which its programs and one part of its paths tell.

use super::programs::{MOUNTING, TO_THE_LAST, pattern_of};
use super::shell::{self, Command, Word, is_option};
use super::table::Entry;
use super::wild::{covers, named, plain};
use std::cell::OnceCell;
use std::collections::HashSet;

/// What of all entries' paths can be told by one part.
pub(super) struct Index<'e> {
    /// Last parts as they are written.
    names: HashSet<&'e str>,
    /// Last parts with wildcards.
    wild: Vec<&'e str>,
    /// What has to be in a path below an entry's folder.
    below: Vec<&'e str>,
    /// Folders that hold credentials, by their last parts.
    folders: HashSet<&'e str>,
    /// Programs, as patterns begin with them.
    programs: HashSet<&'e str>,
    /// The same with wildcards.
    wild_programs: Vec<&'e str>,
}

impl<'e> Index<'e> {
    pub(super) fn of(entries: &'e [Entry]) -> Self {
        let mut index = Self {
            names: HashSet::new(),
            wild: Vec::new(),
            below: Vec::new(),
            folders: entries
                .iter()
                .flat_map(|entry| &entry.folders)
                .filter_map(|folder| named(folder))
                .collect(),
            programs: HashSet::new(),
            wild_programs: Vec::new(),
        };
        let commands = entries.iter().flat_map(|entry| &entry.commands);
        let first = commands.filter_map(|pattern| pattern.split_whitespace().next());
        for program in first.flat_map(|programs| programs.split('|')) {
            if plain(program).len() == program.len() {
                index.programs.insert(program);
            } else {
                index.wild_programs.push(program);
            }
        }
        for pattern in entries.iter().flat_map(|entry| &entry.paths) {
            if let Some(above) = pattern.strip_suffix("/**") {
                index.below.push(named(above).map_or("", plain));
                continue;
            }
            match named(pattern) {
                Some(part) if part != ".." && plain(part).len() == part.len() => {
                    index.names.insert(part);
                }
                Some(part) if part != ".." => index.wild.push(part),
                _ => index.wild.push("*"),
            }
        }
        index
    }

    /// Whether any entry can be about `path`.
    fn knows(&self, path: &str) -> bool {
        // A pattern of the script's own, or a way back, is for the entries to tell.
        path.starts_with('\u{0}')
            || path.contains("..")
            || self.below.iter().any(|part| path.contains(part))
            || named(path).is_some_and(|part| {
                self.names.contains(part)
                    || self.folders.contains(part)
                    || self.wild.iter().any(|wild| covers(wild, part))
            })
    }

    /// Whether a command of any entry begins with `program`.
    fn runs(&self, program: &str) -> bool {
        self.programs.contains(program)
            || self.wild_programs.iter().any(|wild| covers(wild, program))
    }

    fn keep(&self, paths: impl IntoIterator<Item = String>) -> Vec<String> {
        paths.into_iter().filter(|path| self.knows(path)).collect()
    }
}

/// Whether a program sets the variables that it is given.
pub(super) fn sets_variables(program: &str) -> bool {
    matches!(program, "export" | "declare" | "typeset" | "setenv" | "set")
}

/// One command, and its paths that an entry can be about.
pub(super) struct Known<'s> {
    index: &'s Index<'s>,
    pub(super) command: &'s Command,
    arguments: OnceCell<Vec<String>>,
    taken: OnceCell<Vec<String>>,
    code: OnceCell<Option<Vec<String>>>,
}

impl<'s> Known<'s> {
    pub(super) const fn of(command: &'s Command, index: &'s Index<'s>) -> Self {
        Self {
            index,
            command,
            arguments: OnceCell::new(),
            taken: OnceCell::new(),
            code: OnceCell::new(),
        }
    }

    /// Whether any entry can be about the command.
    pub(super) fn concerns_any(&self) -> bool {
        let command = self.command;
        self.index.runs(command.name())
            || sets_variables(command.program())
            || !command.assigned.is_empty()
            || command.runs_unseen
            || !command.shows.is_empty()
            || command.words.first().is_some_and(|word| !word.known)
            || !self.arguments().is_empty()
            || self.code().is_some()
            || !self.fed().is_empty()
            || !self.filled().is_empty()
    }

    /// Those among its arguments.
    pub(super) fn arguments(&self) -> &[String] {
        self.arguments.get_or_init(|| self.index.keep(arguments(self.command, &|_| true)))
    }

    /// Those among its arguments that it can show: no place that it writes to, nor a file that
    /// a program is told to read its settings from.
    pub(super) fn taken(&self) -> &[String] {
        self.taken.get_or_init(|| {
            let words: Vec<&str> = self.command.words.iter().map(|it| it.text.as_str()).collect();
            let last = last_of(self.command.program(), &words);
            let settings = |at: usize| {
                let text = words.get(at).copied().unwrap_or_default();
                let before = at.checked_sub(1).and_then(|at| words.get(at)).copied();
                text.starts_with("--env-file=") || before == Some("--env-file")
            };
            self.index.keep(arguments(self.command, &|at| Some(at) != last && !settings(at)))
        })
    }

    /// What it mounts into a container.
    pub(super) fn mounted(&self) -> Vec<String> {
        let command = self.command;
        if !MOUNTING.contains(&command.program()) {
            return Vec::new();
        }
        let option = |text: &str| matches!(text, "-v" | "--volume" | "--mount" | "--secret");
        let mounts = command.words.windows(2).filter_map(|pair| match pair {
            [before, word] if option(&before.text) => Some(word),
            [_, word] if word.text.starts_with("--volume=") => Some(word),
            [_, word] if word.text.starts_with("--mount=") => Some(word),
            [_, word] if word.text.starts_with("-v") && word.text.contains(':') => Some(word),
            _ => None,
        });
        let paths = mounts.flat_map(|word| {
            let text = word.text.strip_prefix("-v").unwrap_or(&word.text);
            candidates(&Word { text: text.to_owned(), ..word.clone() }, &command.folder)
        });
        self.index.keep(paths)
    }

    /// Those in the program text that it runs; nothing where it runs none.
    pub(super) fn code(&self) -> Option<&[String]> {
        let paths = || Some(self.index.keep(paths_in(shell::inline_code(self.command)?)));
        self.code.get_or_init(paths).as_deref()
    }

    /// Files that it is fed.
    pub(super) fn fed(&self) -> Vec<String> {
        self.joined(&self.command.reads)
    }

    /// Files that it is redirected to.
    pub(super) fn filled(&self) -> Vec<String> {
        self.joined(&self.command.writes)
    }

    fn joined(&self, paths: &[String]) -> Vec<String> {
        self.index.keep(paths.iter().map(|path| shell::join(&self.command.folder, path)))
    }
}

/// What of a program's text could be a path, each once.
fn paths_in(code: &str) -> HashSet<String> {
    let other = |char: char| !(char.is_alphanumeric() || "._~/-".contains(char));
    code.split(other).filter(|path| !path.is_empty()).map(str::to_owned).collect()
}

/// The place of the argument that a program writes to.
fn last_of(program: &str, words: &[&str]) -> Option<usize> {
    let into = |word: &&str| word.starts_with("-t") || word.starts_with("--target-directory");
    if !TO_THE_LAST.contains(&program) || program == "ln" || words.iter().any(into) {
        return None;
    }
    let plain = words.iter().enumerate().skip(1).filter(|(_, word)| !is_option(word));
    let plain: Vec<usize> = plain.map(|(at, _)| at).collect();
    plain.last().copied().filter(|_| plain.len() > 1)
}

/// What among the arguments that count could be a path: also behind `=`, `@` and `:`.
fn arguments(command: &Command, counts: &dyn Fn(usize) -> bool) -> Vec<String> {
    let identity = matches!(command.program(), "scp" | "sftp" | "rsync" | "ssh" | "sshfs");
    let words: Vec<&str> = command.words.iter().map(|word| word.text.as_str()).collect();
    let pattern = pattern_of(command.program(), &words);
    let words = command.words.iter().enumerate().skip(1).filter(|(at, _)| {
        let before = words.get(at - 1).copied();
        let of_ssh = identity && matches!(before, Some("-i" | "-e" | "--rsh" | "-o"));
        counts(*at) && Some(*at) != pattern && !of_ssh
    });
    words.flat_map(|(_, word)| candidates(word, &command.folder)).collect()
}

fn candidates(word: &Word, folder: &str) -> Vec<String> {
    let text = word.text.as_str();
    let elsewhere = || {
        let schemes = ["http://", "https://", "ftp://", "git@"];
        schemes.iter().any(|scheme| text.starts_with(scheme))
    };
    if text.len() > 1024 || text.contains('\n') || elsewhere() {
        return Vec::new();
    }
    let mut all = vec![shell::join(folder, text)];
    for part in text.split(['=', '@', ':', ',']).filter(|part| part.len() < text.len()) {
        if !part.is_empty() {
            all.push(shell::join(folder, part));
        }
    }
    if (word.bare || word.spread) && text.contains(['*', '?', '[']) {
        // Marked, so that it is taken for a pattern and not for a name.
        all.push(format!("\u{0}{}", shell::join(folder, text)));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::rules::{is_at, seen};
    use super::super::shell;
    use super::super::table::entries;
    use super::{Index, Known};
    use proptest::prelude::*;

    fn holds(path: &str) -> bool {
        let entries = entries().unwrap();
        let index = Index::of(&entries);
        index.knows(path) || !entries.iter().any(|entry| is_at(entry, path))
    }

    #[test]
    fn what_any_entry_is_about_is_kept() {
        let entries = entries().unwrap();
        for pattern in entries.iter().flat_map(|entry| &entry.paths) {
            let name = pattern.replace("/**", "/x/y").replace('*', "k").replace('?', "q");
            for path in [name.clone(), format!("/home/me/{name}"), format!("a/./{name}/.")] {
                assert!(holds(&path), "{path}");
            }
        }
        assert!(!Index::of(&entries).knows("/work/src/main.rs"));
    }

    /// Whether each command of a script that any entry is about is told to be one.
    fn concerns(script: &str) -> bool {
        let entries = entries().unwrap();
        let index = Index::of(&entries);
        let script = shell::read(script);
        script.commands.iter().map(|command| Known::of(command, &index)).all(|known| {
            known.concerns_any() || entries.iter().all(|entry| seen(entry, &known).is_empty())
        })
    }

    #[test]
    fn what_any_entry_has_to_say_of_a_command_is_said() {
        for entry in entries().unwrap() {
            for script in entry.samples.iter().chain(&entry.near_misses) {
                assert!(concerns(script), "{script}");
            }
        }
        let entries = entries().unwrap();
        let calm = shell::read("echo 12 | grep -c x");
        let index = Index::of(&entries);
        assert!(!calm.commands.iter().any(|one| Known::of(one, &index).concerns_any()));
    }

    proptest! {
        #[test]
        fn whatever_the_command(
            words in prop::collection::vec(prop::sample::select(vec![
                "git", "git.exe", "/usr/bin/git", "cat", "env", "$X", "\"$(x)\"", "export", "A=b", "bash",
                "-c", "'cat .env'", ".env", "> .git/hooks/x", "< ~/.netrc", "|", ";", "kubectl", "get",
                "secret", "-n", "--no-verify", "commit", "HUSKY=0", "sudo", "xargs", "echo", "python3",
                "'open(\".env\")'", "vault", "read", "ls", "rm", "-rf", "/",
            ]), 0..8),
        ) {
            prop_assert!(concerns(&words.join(" ")), "{words:?}");
        }

        #[test]
        fn whatever_the_path(path in "(\\.{0,2}(env|git|ssh|aws|kube|hooks|id_rsa|a|credentials|config)?/?){0,5}") {
            prop_assert!(holds(&path));
        }
    }
}
