//! The paths that a command names, worked out once and not for each entry: of a long script
//! nearly all are of no entry, which one part of them tells.

use super::shell::{self, Command, Word};
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
}

impl<'e> Index<'e> {
    pub(super) fn of(entries: &'e [Entry]) -> Self {
        let mut index = Self { names: HashSet::new(), wild: Vec::new(), below: Vec::new() };
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
                self.names.contains(part) || self.wild.iter().any(|wild| covers(wild, part))
            })
    }

    fn keep(&self, paths: impl Iterator<Item = String>) -> Vec<String> {
        paths.filter(|path| self.knows(path)).collect()
    }
}

/// The paths of one command that an entry can be about.
pub(super) struct Known<'s> {
    index: &'s Index<'s>,
    pub(super) command: &'s Command,
    arguments: OnceCell<Vec<String>>,
    code: OnceCell<Option<Vec<String>>>,
}

impl<'s> Known<'s> {
    pub(super) const fn of(command: &'s Command, index: &'s Index<'s>) -> Self {
        Self { index, command, arguments: OnceCell::new(), code: OnceCell::new() }
    }

    /// Those among its arguments.
    pub(super) fn arguments(&self) -> &[String] {
        self.arguments.get_or_init(|| self.index.keep(arguments(self.command)))
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

/// What of a program's text could be a path.
fn paths_in(code: &str) -> impl Iterator<Item = String> {
    let other = |char: char| !(char.is_alphanumeric() || "._~/-".contains(char));
    code.split(other).filter(|path| !path.is_empty()).map(str::to_owned)
}

/// What among the arguments could be a path: also behind `=`, `@` and `:`.
fn arguments(command: &Command) -> impl Iterator<Item = String> {
    let identity = matches!(command.program(), "scp" | "sftp" | "rsync" | "ssh" | "sshfs");
    let words = command.words.iter().enumerate().skip(1).filter(move |(at, _)| {
        let before = command.words.get(at - 1).map(|word| word.text.as_str());
        !(identity && before == Some("-i"))
    });
    words.flat_map(|(_, word)| candidates(word, &command.folder))
}

fn candidates(word: &Word, folder: &str) -> Vec<String> {
    let text = word.text.as_str();
    if text.len() > 1024 || text.contains('\n') {
        return Vec::new();
    }
    let mut all = vec![shell::join(folder, text)];
    for part in text.split(['=', '@', ':', ',']).filter(|part| part.len() < text.len()) {
        if !part.is_empty() {
            all.push(shell::join(folder, part));
        }
    }
    if word.bare && text.contains(['*', '?']) {
        // Marked, so that it is taken for a pattern and not for a name.
        all.push(format!("\u{0}{}", shell::join(folder, text)));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::rules::is_at;
    use super::super::table::entries;
    use super::Index;
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

    proptest! {
        #[test]
        fn whatever_the_path(path in "(\\.{0,2}(env|git|ssh|aws|kube|hooks|id_rsa|a|credentials|config)?/?){0,5}") {
            prop_assert!(holds(&path));
        }
    }
}
