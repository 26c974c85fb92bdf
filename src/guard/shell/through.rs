//! Wrappers seen through: programs that run the program named in their arguments, and those
//! that run a script they are given.

use super::{COMMANDS, Command, Fed, Script, Word, is_option, read_into};

/// Programs that run what follows their own options.
const WRAPPERS: &[&str] = &[
    "sudo",
    "doas",
    "env",
    "command",
    "builtin",
    "exec",
    "nohup",
    "time",
    "nice",
    "ionice",
    "stdbuf",
    "timeout",
    "xargs",
    "setsid",
    "chrt",
    "taskset",
    "unbuffer",
    "parallel",
    "busybox",
    "strace",
    "ltrace",
    "flock",
    "chroot",
    "su",
    "runuser",
    "caffeinate",
    "watch",
    "entr",
    "not",
    "coproc",
    "systemd-run",
    "proxychains",
    "torsocks",
    "firejail",
    "bwrap",
    "unshare",
    "nsenter",
];

/// Programs somewhere in whose arguments a command begins.
const RUNNERS: &[&str] = &[
    "docker",
    "podman",
    "nerdctl",
    "kubectl",
    "oc",
    "docker-compose",
    "npx",
    "bunx",
    "pnpm",
    "yarn",
    "npm",
    "bun",
    "uv",
    "uvx",
    "poetry",
    "pipenv",
    "pdm",
    "bundle",
    "rye",
    "mise",
    "asdf",
    "direnv",
    "op",
    "doppler",
    "aws-vault",
    "dotenv",
    "chamber",
    "infisical",
    "nix",
    "nix-shell",
    "devbox",
    "vagrant",
    "lxc",
    "fly",
    "flyctl",
    "heroku",
    "rtk",
    "script",
    "expect",
    "tmux",
    "screen",
    "find",
    "fd",
    "ssh",
    "sops",
    "teller",
    "summon",
    "wsl",
    "conda",
    "mamba",
    "hatch",
    "turbo",
    "nx",
];

const SHELLS: &[&str] =
    &["sh", "bash", "zsh", "dash", "ksh", "fish", "ash", "mksh", "rbash", "at", "batch"];

/// Programs among whose arguments a whole command can stand as one.
const SCRIPTED: &[&str] =
    &["tmux", "screen", "expect", "script", "hyperfine", "concurrently", "entr", "watch", "socat"];

/// Variables whose values are commands.
const HOOKED: &[&str] = &[
    "EDITOR",
    "VISUAL",
    "PAGER",
    "MANPAGER",
    "BROWSER",
    "LESSOPEN",
    "PROMPT_COMMAND",
    "GIT_EDITOR",
    "GIT_SEQUENCE_EDITOR",
    "GIT_PAGER",
    "GIT_SSH_COMMAND",
    "GIT_EXTERNAL_DIFF",
    "GIT_ASKPASS",
    "SSH_ASKPASS",
];

/// Languages that run a program in an argument, and the options for it.
const LANGUAGES: &[(&str, &[&str])] = &[
    ("python", &["-c"]),
    ("node", &["-e", "--eval", "-p", "--print"]),
    ("deno", &["eval"]),
    ("bun", &["-e", "--eval"]),
    ("perl", &["-e", "-E"]),
    ("ruby", &["-e"]),
    ("php", &["-r"]),
    ("lua", &["-e"]),
    ("osascript", &["-e"]),
    ("awk", &[]),
    ("jq", &[]),
    ("pwsh", &["-c", "-Command", "-command"]),
    ("powershell", &["-c", "-Command", "-command"]),
    ("cmd", &["/c", "/C"]),
];

/// The program text that a language is given: in its arguments, or on its standard input.
pub(crate) fn inline_code(command: &Command) -> Option<&str> {
    let language = language(command.name());
    let (_, options) = LANGUAGES.iter().find(|(name, _)| *name == language)?;
    let words = command.words.get(1..).unwrap_or_default();
    for (at, word) in words.iter().enumerate() {
        let text = word.text.as_str();
        let behind = text.split_once('=').filter(|(option, _)| option.starts_with("--"));
        if let Some((_, code)) = behind.filter(|(option, _)| options.contains(option)) {
            return Some(code);
        }
        if options.contains(&text) || clustered(text, options) {
            return words.get(at + 1).map(|word| word.text.as_str());
        }
    }
    if options.is_empty() {
        let all: Vec<&str> = command.words.iter().map(|word| word.text.as_str()).collect();
        let at = super::super::programs::pattern_of(language, &all).unwrap_or(1);
        return command.words.get(at).map(|word| word.text.as_str());
    }
    let first = words.iter().find(|word| !is_option(&word.text) || word.text == "-");
    match &command.fed {
        Fed::Text(code)
            if first.is_none_or(|word| matches!(word.text.as_str(), "-" | "/dev/stdin")) =>
        {
            Some(code)
        }
        Fed::Nothing | Fed::Text(_) | Fed::Names(_) | Fed::Unknown => None,
    }
}

/// A language by the name that its versions have too.
fn language(name: &str) -> &str {
    match name.trim_end_matches(|char: char| char.is_ascii_digit() || char == '.') {
        "python" | "pypy" => "python",
        "node" | "nodejs" | "tsx" | "ts-node" => "node",
        "gawk" | "mawk" | "nawk" => "awk",
        "jq" | "gojq" | "jaq" => "jq",
        other => other,
    }
}

/// Whether a cluster of letters, such as `-Bc`, ends with one of `options`.
fn clustered(text: &str, options: &[&str]) -> bool {
    let letters = text.strip_prefix('-').filter(|letters| letters.len() > 1);
    letters.is_some_and(|letters| {
        letters.len() <= 6
            && letters.chars().all(|one| one.is_ascii_alphanumeric())
            && options.iter().any(|option| {
                option.len() == 2
                    && option.strip_prefix('-').is_some_and(|it| letters.ends_with(it))
            })
    })
}

/// Adds `command` to `script`, and what it runs.
pub(super) fn see(mut command: Command, depth: usize, script: &mut Script) {
    if script.commands.len() > COMMANDS || depth > super::DEPTH {
        script.faults = true;
        return;
    }
    let mut texts: Vec<String> = Vec::new();
    let mut inner: Vec<Command> = Vec::new();
    let program = command.program().to_owned();
    let name = program.as_str();
    if SHELLS.contains(&name) || matches!(name, "source" | "." | "eval") {
        shell(&mut command, name, &mut texts);
    }
    if WRAPPERS.contains(&name) {
        wrapped(&command, &mut inner);
        texts.extend(after_option(&command, &["-c", "-S", "--split-string", "--command"]));
    }
    if RUNNERS.contains(&name) {
        run_by(&command, &mut inner);
        if name == "ssh" {
            texts.push(remote(&command));
        }
        texts.extend(after_option(&command, &["-c", "--command"]).filter(|_| name != "ssh"));
    }
    if SCRIPTED.contains(&name) {
        let whole = |word: &&Word| word.text.contains(char::is_whitespace);
        let words = command.words.iter().skip(1).filter(whole);
        texts.extend(words.map(|word| {
            // `spawn` is expect's, `EXEC:` socat's.
            let text = word.text.trim_start();
            text.strip_prefix("spawn ").or(text.strip_prefix("EXEC:")).unwrap_or(text).to_owned()
        }));
    }
    for (name, value) in &command.assigned {
        if HOOKED.contains(&name.as_str()) {
            texts.push(value.clone());
        } else if matches!(name.as_str(), "BASH_ENV" | "ENV") && !command.words.is_empty() {
            texts.push(format!(". {value}"));
        }
    }
    if command.words.first().is_some_and(|word| word.is_unseen() && word.bare) {
        // A variable that is empty leaves what follows as the command.
        inner.push(from(&command, 1));
    }
    if let Some(code) = inline_code(&command) {
        texts.push(code.to_owned());
        texts.extend(literals(code));
    }
    match name {
        "alias" | "git" => {
            let value = |word: &Word| Some(word.text.split_once('=')?.1.to_owned());
            let aliased = |word: &&Word| name == "alias" || word.text.starts_with("alias.");
            for value in command.words.iter().skip(1).filter(aliased).filter_map(value) {
                texts.push(match value.strip_prefix('!') {
                    Some(shell) => shell.to_owned(),
                    None if name == "git" => format!("git {value}"),
                    None => value,
                });
            }
            if name == "git" {
                runs_for_git(&command, &mut texts);
            }
        }
        "trap" => texts.extend(command.words.get(1).map(|word| word.text.clone())),
        _ => {}
    }
    let folder = command.folder.clone();
    script.commands.push(command);
    for command in inner {
        see(command, depth + 1, script);
    }
    for text in texts.into_iter().filter(|text| !text.trim().is_empty()) {
        read_into(&text, depth + 1, &folder, script);
    }
}

/// What a shell is given to run.
fn shell(command: &mut Command, name: &str, texts: &mut Vec<String>) {
    let words = command.words.get(1..).unwrap_or_default();
    if name == "eval" {
        let text: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        command.runs_unseen = words.iter().any(Word::is_unseen);
        texts.push(text.join(" "));
        return;
    }
    let given = words.iter().find(|word| !is_option(&word.text));
    let by_option = |word: &Word| {
        is_option(&word.text) && !word.text.starts_with("--") && word.text.contains('c')
    };
    if let Some(at) = words.iter().position(by_option) {
        let given = words.iter().skip(at + 1).find(|word| !is_option(&word.text));
        command.runs_unseen = given.is_some_and(Word::is_unseen);
        texts.extend(given.map(|word| word.text.clone()));
    } else if given.is_some_and(|word| matches!(word.text.as_str(), "/dev/fd/63" | "/dev/stdin")) {
        command.runs_unseen = true;
    } else if (given.is_none_or(|word| word.text == "-") || matches!(name, "at" | "batch"))
        && SHELLS.contains(&name)
    {
        match &command.fed {
            Fed::Text(text) => texts.push(text.clone()),
            Fed::Unknown | Fed::Names(_) => command.runs_unseen = true,
            Fed::Nothing => {}
        }
    }
}

/// What git is told to run: by its configuration, and by commands that take one.
fn runs_for_git(command: &Command, texts: &mut Vec<String>) {
    let words: Vec<&str> = command.words.iter().map(|word| word.text.as_str()).collect();
    for (at, word) in words.iter().enumerate().skip(1) {
        let next = || words.get(at + 1).copied().unwrap_or_default();
        let before = words.get(at - 1).copied().unwrap_or_default();
        let rest = || words.get(at + 1..).unwrap_or_default().join(" ");
        match *word {
            "-c" => texts.extend(next().split_once('=').map(|(_, value)| value.to_owned())),
            "-x" | "--exec" | "--extcmd" | "--tree-filter" | "--index-filter" | "--env-filter"
            | "--msg-filter" | "--commit-filter" => texts.push(next().to_owned()),
            "foreach" if before == "submodule" => texts.push(rest()),
            "run" if before == "bisect" => texts.push(rest()),
            name if name.starts_with("alias.") && !name.contains('=') => {
                let value = next();
                let git = || format!("git {value}");
                texts.push(value.strip_prefix('!').map_or_else(git, str::to_owned));
            }
            _ => {}
        }
    }
}

/// The commands that may begin after a wrapper's options: an option's value may look like one.
fn wrapped(command: &Command, inner: &mut Vec<Command>) {
    let mut assigned = command.assigned.clone();
    let mut found = 0;
    for (at, word) in command.words.iter().enumerate().skip(1) {
        let text = &word.text;
        if let Some((name, value)) = text.split_once('=').filter(|_| is_assignment(text)) {
            assigned.push((name.to_owned(), value.to_owned()));
            continue;
        }
        if is_option(text) || text.starts_with(|char: char| char.is_ascii_digit()) {
            continue;
        }
        inner.push(Command { assigned: assigned.clone(), ..from(command, at) });
        found += 1;
        // Past the first that stands after no option, none can begin.
        let after_option = command.words.get(at - 1).is_some_and(|before| is_option(&before.text));
        let takes_name = matches!(command.program(), "su" | "chroot" | "flock" | "runuser");
        if found > 3 || !(after_option || takes_name) {
            break;
        }
    }
    if inner.is_empty() && !assigned.is_empty() {
        inner.push(Command { assigned, folder: command.folder.clone(), ..Command::default() });
    }
}

fn is_assignment(text: &str) -> bool {
    let name = text.split('=').next().unwrap_or_default();
    let of_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
    !name.is_empty() && text.contains('=') && name.chars().all(of_name)
}

/// The commands that may begin anywhere among a runner's arguments.
fn run_by(command: &Command, inner: &mut Vec<Command>) {
    let finds = matches!(command.program(), "find" | "fd");
    let start = if finds {
        let exec = |word: &Word| {
            matches!(word.text.as_str(), "-exec" | "-execdir" | "-ok" | "-okdir" | "-x" | "--exec")
        };
        match command.words.iter().position(exec) {
            Some(at) => at + 1,
            None => return,
        }
    } else {
        1
    };
    let last = if finds { start + 1 } else { 16 };
    for at in start..last.min(command.words.len()) {
        let plain = command.words.get(at).is_some_and(|word| !is_option(&word.text));
        // The last word after an option is that option's value.
        let before = at.checked_sub(1).and_then(|at| command.words.get(at));
        let ends = at + 1 == command.words.len() && at > 1;
        let value = ends && before.is_some_and(|it| is_option(&it.text) && it.text != "--");
        if plain && (finds || !value) {
            let mut one = Command { guessed: !finds, ..from(command, at) };
            if finds {
                // What `{}` stands for is told by the names that are looked for.
                let named = command.words.iter().take(start).filter(|word| !is_option(&word.text));
                let named: Vec<Word> =
                    named.skip(1).map(|it| Word { bare: true, ..it.clone() }).collect();
                put(&mut one.words, "{}", &named);
            }
            inner.push(one);
        }
    }
}

/// The command that begins at a word of `command`.
fn from(command: &Command, at: usize) -> Command {
    let mut words: Vec<Word> = command.words.get(at..).unwrap_or_default().to_vec();
    if matches!(command.program(), "xargs" | "parallel") {
        let (text, bare) = match &command.fed {
            Fed::Text(text) => (text.as_str(), false),
            Fed::Names(names) => (names.as_str(), true),
            Fed::Nothing | Fed::Unknown => ("", false),
        };
        let word = |text: &str| Word { bare, ..Word::known(text) };
        let given: Vec<Word> = text.split_whitespace().take(64).map(word).collect();
        let stands = command.words.iter().zip(command.words.iter().skip(1));
        let stands = stands.filter(|(option, _)| option.text == "-I").map(|(_, mark)| mark);
        let mark = stands.map(|mark| mark.text.clone()).next().unwrap_or_else(|| "{}".to_owned());
        put(&mut words, &mark, &given);
    }
    let (folder, fed) = (command.folder.clone(), command.fed.clone());
    let assigned = command.assigned.clone();
    Command { words, assigned, folder, fed, ..Command::default() }
}

/// Puts `given` where `mark` stands among `words`, or behind them.
fn put(words: &mut Vec<Word>, mark: &str, given: &[Word]) {
    let before = words.len();
    let whole = given.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
    let mut marked = false;
    let mut out: Vec<Word> = Vec::with_capacity(before + given.len());
    for word in words.drain(..) {
        if word.text == mark {
            marked = true;
            out.extend(given.iter().cloned());
        } else if !mark.is_empty() && word.text.contains(mark) && !given.is_empty() {
            marked = true;
            out.push(Word { text: word.text.replace(mark, &whole), ..word });
        } else {
            out.push(word);
        }
    }
    if !marked {
        out.extend(given.iter().cloned());
    }
    *words = out;
}

/// What ssh runs: all that follows the host.
fn remote(command: &Command) -> String {
    let mut words = command.words.iter().skip(1).peekable();
    while let Some(word) = words.peek() {
        if !is_option(&word.text) {
            break;
        }
        let takes = word.text.len() == 2
            && word.text.chars().nth(1).is_some_and(|one| "bcDEeFIiJLlmOopQRSWw".contains(one));
        words.next();
        if takes {
            words.next();
        }
    }
    words.skip(1).map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// The word after one of `options`, or behind its `=`.
fn after_option(command: &Command, options: &[&str]) -> impl Iterator<Item = String> {
    let at = command.words.iter().position(|word| options.contains(&word.text.as_str()));
    let next = at.and_then(|at| command.words.get(at + 1)).map(|word| word.text.clone());
    let behind = command.words.iter().find_map(|word| {
        let (name, value) = word.text.split_once('=')?;
        (name.starts_with("--") && options.contains(&name)).then(|| value.to_owned())
    });
    next.into_iter().chain(behind)
}

/// The string literals of a program, and all of them as one command.
fn literals(code: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find(['"', '\'', '`']) {
        let Some((quote, after)) = rest.get(at..at + 1).zip(rest.get(at + 1..)) else { break };
        let Some((inner, more)) = after.split_once(quote) else { break };
        found.push(inner.to_owned());
        rest = more;
        if found.len() > 64 {
            break;
        }
    }
    let joined = found.join(" ");
    found.push(joined);
    found
}
