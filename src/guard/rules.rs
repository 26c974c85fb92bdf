//! What the table says of commands, paths and tools.

use super::known::{Index, Known, sets_variables};
use super::pattern::is_command;
use super::programs::{BLIND, OF_FOLDERS, READERS};
use super::shell::{self, Command, Script, Word};
use super::table::{Entry, Kind};
use super::wild::{covers, ends};
use super::{Reason, Reasons, Ruling, reveal};

/// What a judgement knows of the place.
pub(crate) struct Rules<'a> {
    entries: &'a [Entry],
    index: Index<'a>,
}

impl<'a> Rules<'a> {
    pub(crate) fn new(entries: &'a [Entry]) -> Self {
        Self { entries, index: Index::of(entries) }
    }

    /// What there is to say of a script.
    pub(crate) fn script(&self, script: &Script, place: &str) -> Vec<Reason> {
        let mut reasons = Reasons::default();
        let index = &self.index;
        let known = script.commands.iter().map(|command| Known::of(command, index));
        let commands: Vec<Known<'_>> = known.filter(Known::concerns_any).collect();
        for entry in self.entries {
            for command in &commands {
                let references = seen(entry, command).into_iter();
                reasons.extend(references.map(|it| reason(entry, place.to_owned(), it)));
            }
        }
        reasons.into_vec()
    }

    /// What there is to say of a tool that reads the file at `path`.
    pub(crate) fn reads(&self, path: &str, place: &str) -> Vec<Reason> {
        self.at(path, place, Kind::Store)
    }

    /// The same of one that writes it.
    pub(crate) fn writes(&self, path: &str, place: &str) -> Vec<Reason> {
        self.at(path, place, Kind::Evasion)
    }

    fn at(&self, path: &str, place: &str, kind: Kind) -> Vec<Reason> {
        let entries = self.entries.iter().filter(|entry| entry.kind == kind);
        // A pattern's mark is not part of it.
        let shown = path.trim_start_matches('\u{0}');
        let place = format!("{place}: {}", crate::text::Escaped(shown.as_bytes()));
        entries
            .filter(|entry| is_at(entry, path))
            .map(|entry| reason(entry, place.clone(), path.to_owned()))
            .collect()
    }

    /// What there is to say of a tool by its name.
    pub(crate) fn tool(&self, name: &str) -> Vec<Reason> {
        let name = name.to_lowercase();
        let named = |entry: &&Entry| entry.tools.iter().any(|tool| covers(tool, &name));
        let entries = self.entries.iter().filter(named);
        entries.map(|entry| reason(entry, "the tool's name".to_owned(), name.clone())).collect()
    }
}

/// What there is to say of a tool that one of `patterns` names.
pub(crate) fn confirmed(patterns: &[String], tool: &str) -> Option<Reason> {
    let name = tool.to_lowercase();
    patterns.iter().any(|pattern| covers(pattern, &name)).then(|| Reason {
        rule: "agents.confirm".to_owned(),
        what: "a tool that a person confirms here".to_owned(),
        place: "the tool's name".to_owned(),
        instead: "let the person confirm it".to_owned(),
        reference: name,
        ruling: Ruling::Ask,
        credential: false,
    })
}

fn reason(entry: &Entry, place: String, reference: String) -> Reason {
    let ruling = match entry.kind {
        Kind::Store | Kind::Evasion => Ruling::Deny,
        Kind::Impact => Ruling::Ask,
    };
    Reason {
        rule: entry.id.clone(),
        what: entry.what.clone(),
        place,
        instead: entry.instead.clone(),
        reference,
        ruling,
        credential: false,
    }
}

/// What of a command the entry is about: files, or all of it.
pub(super) fn seen(entry: &Entry, known: &Known<'_>) -> Vec<String> {
    let command = known.command;
    if is_of(entry, command) {
        let words: Vec<&str> = command.words.iter().map(|word| word.text.as_str()).collect();
        return vec![words.join(" ")];
    }
    match entry.kind {
        Kind::Store => read_by(entry, known),
        Kind::Evasion => written_by(entry, known),
        Kind::Impact => Vec::new(),
    }
}

/// Whether the command itself is what the entry is about.
fn is_of(entry: &Entry, command: &Command) -> bool {
    let set = |(name, value): &(String, String)| {
        // What a person skips in a run by hand is run at the commit.
        let by_hand = name == "SKIP" && matches!(command.program(), "pre-commit" | "prek");
        !by_hand
            && entry.variables.iter().any(|pattern| match pattern.split_once('=') {
                Some((wanted, state)) => covers(wanted, name) && covers(state, value),
                None => covers(pattern, name),
            })
    };
    let exported = || {
        sets_variables(command.program())
            && command
                .words
                .iter()
                .skip(1)
                .filter_map(|word| word.text.split_once('='))
                .any(|(name, value)| set(&(name.to_owned(), value.to_owned())))
    };
    if command.assigned.iter().any(set) || exported() {
        return true;
    }
    match entry.id.as_str() {
        "pipe-to-shell" if command.runs_unseen => return true,
        "unseen-command" => {
            let first = command.words.first();
            return !command.guessed && first.is_some_and(|it| it.is_unseen() && !it.outside);
        }
        _ => {}
    }
    if !entry.shows.is_empty() && reveals(entry, command) {
        return true;
    }
    // A program that only the environment names can be the one that matters.
    let any = entry.kind == Kind::Evasion && command.words.first().is_some_and(Word::is_unseen);
    let matches = |patterns: &[String]| patterns.iter().any(|one| is_command(one, command, any));
    matches(&entry.commands) && !matches(&entry.except_commands)
}

/// Whether a command prints a variable of the entry, or all of them.
fn reveals(entry: &Entry, command: &Command) -> bool {
    let is_one = |name: &str| entry.shows.iter().any(|pattern| covers(pattern, name));
    let code = shell::inline_code(command);
    command.shows.iter().any(|name| is_one(&name.to_lowercase()))
        || code.is_some_and(|code| {
            reveal::prints_all(code) || reveal::printed(code).iter().any(|name| is_one(name))
        })
}

/// The entry's files among `paths`.
fn among(entry: &Entry, paths: &[String]) -> Vec<String> {
    paths.iter().filter(|path| is_at(entry, path)).cloned().collect()
}

/// The files of the entry that the command reads.
fn read_by(entry: &Entry, known: &Known<'_>) -> Vec<String> {
    let command = known.command;
    let mut found = among(entry, &known.fed());
    found.extend(among(entry, &known.mounted()));
    let program = command.program();
    let shown = shows_for_git(command);
    let counts = if entry.programs.is_empty() {
        !BLIND.contains(&program) && !in_place(command) || shown || encodes(command)
    } else {
        entry.programs.iter().any(|one| one == program) || shown
    };
    if counts && !program.is_empty() {
        // jq's program names fields and no files.
        let code = known.code().filter(|_| program != "jq").unwrap_or_default();
        found.extend(among(entry, code));
        found.extend(among(entry, known.taken()));
    }
    if OF_FOLDERS.contains(&program) {
        let folders = if super::programs::MOUNTING.contains(&program) {
            known.mounted()
        } else {
            known.taken().to_vec()
        };
        let is_one = |path: &String| entry.folders.iter().any(|folder| ends(folder, path));
        found.extend(folders.into_iter().filter(is_one));
    }
    found
}

/// Whether openssl writes a file in other letters.
fn encodes(command: &Command) -> bool {
    let first = command.words.get(1).map(|word| word.text.as_str());
    command.name() == "openssl" && matches!(first, Some("base64" | "enc"))
}

/// Whether git shows what is in the files that it is given.
fn shows_for_git(command: &Command) -> bool {
    const SHOWS: &[&str] =
        &["show", "diff", "blame", "annotate", "grep", "cat-file", "archive", "difftool"];
    const NAMES: &[&str] = &[
        "--stat",
        "--name-only",
        "--name-status",
        "--quiet",
        "--shortstat",
        "-l",
        "-t",
        "-s",
        "-e",
    ];
    let says = |words: &[&str]| {
        command.words.iter().skip(1).any(|word| words.contains(&word.text.as_str()))
    };
    let of_log = || says(&["log"]) && says(&["-p", "--patch", "-u"]);
    command.name() == "git" && (says(SHOWS) && !says(NAMES) || of_log())
}

/// Whether a command changes files where they are, and prints none of them.
fn in_place(command: &Command) -> bool {
    let of_letters = matches!(command.program(), "perl" | "ruby");
    let short = |word: &Word| {
        let text = word.text.as_str();
        let letters = text.strip_prefix('-').filter(|it| !it.starts_with('-')).unwrap_or_default();
        text.starts_with("-i")
            || text.starts_with("--in-place")
            || of_letters && letters.len() <= 4 && letters.contains('i')
    };
    (of_letters || matches!(command.program(), "sed" | "yq" | "awk"))
        && command.words.iter().skip(1).any(short)
}

/// The files of the entry that the command changes.
fn written_by(entry: &Entry, known: &Known<'_>) -> Vec<String> {
    let command = known.command;
    let mut found = among(entry, &known.filled());
    let program = command.program();
    let says = |words: &[&str]| {
        command.words.iter().skip(1).any(|word| words.contains(&word.text.as_str()))
    };
    let git_changes =
        || program == "git" && says(&["rm", "mv", "update-index", "apply", "checkout", "restore"]);
    let deletes = || program == "find" && says(&["-delete"]);
    if program.is_empty() {
        return found;
    }
    let changes = in_place(command) || git_changes() || deletes();
    let language = !matches!(program, "awk" | "jq");
    if let Some(code) = known.code().filter(|_| language) {
        // A program that names the file could write it.
        found.extend(among(entry, code));
        if changes {
            found.extend(among(entry, known.arguments()));
        }
    } else if !READERS.contains(&program) || changes {
        found.extend(among(entry, known.arguments()));
    }
    found
}

/// Whether a path is one of the entry's.
pub(super) fn is_at(entry: &Entry, path: &str) -> bool {
    if let Some(pattern) = path.strip_prefix('\u{0}') {
        let excepted = entry.except.iter().any(|except| ends(except, pattern));
        return !excepted && entry.paths.iter().any(|known| reaches(pattern, known));
    }
    entry.paths.iter().any(|pattern| ends(pattern, path))
        && !entry.except.iter().any(|pattern| ends(pattern, path))
}

/// Whether a pattern of the script's own takes in a path of an entry.
fn reaches(pattern: &str, known: &str) -> bool {
    let sample = known.trim_end_matches("/**").replace('*', "rsa").replace('?', "a");
    let wanted: Vec<&str> = sample.split('/').collect();
    let mut parts: Vec<&str> =
        pattern.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if known.starts_with('/') || parts.len() < wanted.len() {
        return false;
    }
    let parts = parts.split_off(parts.len() - wanted.len());
    let bracketed: Vec<String> = parts.iter().map(|part| without_brackets(part)).collect();
    let plain = |part: &String| !part.contains(['*', '?']);
    let letters = |part: &str| part.chars().filter(|char| !matches!(char, '*' | '?')).count();
    // `*` alone is of no file more than of others, but for a folder that is one of ours, and for
    // what begins with a dot.
    let telling = bracketed.split_last().is_some_and(|(last, above)| {
        let dotted = last.starts_with('.') && wanted.last().is_some_and(|it| it.starts_with('.'));
        let named = !last.starts_with(['*', '?']) && letters(last) > 1;
        // What stands for many kinds of files in an entry is not what the script asks for.
        let own = !known.rsplit('/').next().is_some_and(|part| part.starts_with(['*', '?']));
        let ours = above.iter().all(plain) && above.iter().any(|part| part.starts_with('.'));
        dotted && letters(last) > 0 || named && own || ours
    });
    telling && bracketed.iter().zip(&wanted).all(|(part, wanted)| covers(part, wanted))
}

/// A pattern with `?` for each `[…]`.
fn without_brackets(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    let mut rest = part;
    while let Some((before, after)) = rest.split_once('[') {
        let Some((_, more)) = after.split_once(']') else { break };
        out.push_str(before);
        out.push('?');
        rest = more;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::Rules;
    use crate::guard::shell;
    use crate::guard::table::{Kind, entries};
    use std::collections::HashSet;

    fn ids(text: &str) -> Vec<String> {
        let entries = entries().unwrap();
        let script = shell::read(text);
        assert!(!script.faults, "cannot read {text}");
        let reasons = Rules::new(&entries).script(&script, "command");
        reasons.into_iter().map(|reason| reason.rule).collect()
    }

    #[test]
    fn every_sample_is_seen_and_no_near_miss_is() {
        let mut wrong = Vec::new();
        for entry in entries().unwrap() {
            for sample in &entry.samples {
                if !ids(sample).contains(&entry.id) {
                    wrong.push(format!("{}: not seen: {sample}", entry.id));
                }
            }
            for near_miss in &entry.near_misses {
                if ids(near_miss).contains(&entry.id) {
                    wrong.push(format!("{}: seen: {near_miss}", entry.id));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn every_entry_is_told_once_and_tried() {
        let mut seen = HashSet::new();
        for entry in entries().unwrap() {
            assert!(seen.insert(entry.id.clone()), "{} is there twice", entry.id);
            assert!(!entry.what.is_empty() && !entry.instead.is_empty(), "{}", entry.id);
            let tried = entry.samples.len() > 1 && entry.near_misses.len() > 1
                || !entry.tools.is_empty()
                || !entry.samples.is_empty() && !entry.near_misses.is_empty();
            assert!(tried, "{} has no samples", entry.id);
        }
    }

    /// What agents do all day is let through.
    #[test]
    fn ordinary_work_is_silent() {
        for text in [
            "git status --short && git diff --stat",
            "git add -A && git commit -m 'feat: add retries'",
            "cargo test --offline -q 2>&1 | tail -n 20",
            "npm ci && npm run build",
            "python3 -m pytest tests -x -q",
            "rg -n 'fn main' src | head",
            "sed -n '1,80p' src/main.rs",
            "ls -la; pwd; cat README.md",
            "mkdir -p out && cp src/*.json out/",
            "find . -name '*.rs' -exec wc -l {} +",
            "for f in src/*.py; do echo $f; done",
            "docker compose up -d && docker logs app",
            "curl -s http://localhost:3000/health | jq .status",
            "node scripts/gen.js > out.txt",
            "kubectl get pods -n staging",
            "cat <<'EOF' > src/new.py\nprint('x')\nEOF",
            "export PATH=$HOME/bin:$PATH",
            "if [ -f .env ]; then echo there; fi",
            "go build ./... && go vet ./...",
            "gh pr create --title x --body y",
            "git push -u origin feature/retry",
            "python - <<'EOF'\nprint(1)\nEOF",
        ] {
            assert_eq!(ids(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn tools_and_files_of_other_tools_count_too() {
        let entries = entries().unwrap();
        let rules = Rules::new(&entries);
        assert!(!rules.tool("mcp__github__delete_repository").is_empty());
        assert!(rules.tool("mcp__github__list_issues").is_empty());
        assert_eq!(rules.reads("/home/me/app/.env", "file_path")[0].rule, "env-file");
        assert_eq!(rules.writes(".husky/pre-commit", "file_path")[0].rule, "hook-files");
        assert!(rules.writes("src/app.py", "file_path").is_empty());
        assert!(entries.iter().any(|entry| entry.kind == Kind::Impact));
    }
}
