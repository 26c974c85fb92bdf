//! What programs do with the files that they are given.

/// Those that show nothing of them.
pub(super) const BLIND: &[&str] = &[
    "ls",
    "test",
    "[",
    "[[",
    "stat",
    "echo",
    "printf",
    "chmod",
    "chown",
    "mkdir",
    "rm",
    "rmdir",
    "touch",
    "find",
    "fd",
    "git",
    "file",
    "basename",
    "dirname",
    "realpath",
    "readlink",
    "du",
    "ssh",
    "ssh-add",
    "ssh-keygen",
    "cd",
    "pushd",
    "export",
    "alias",
    "tree",
    "which",
    "unlink",
    "leakcoach",
    "docker",
    "docker-compose",
    "podman",
    "kubectl",
    "helm",
    "terraform",
    "openssl",
    "certbot",
    "nginx",
    "make",
    "shred",
    "eza",
    "exa",
    "wc",
    "sha256sum",
    "md5sum",
    "inotifywait",
    "tee",
    "npx",
    "bunx",
    "pnpm",
    "yarn",
    "dotenv",
    "dotenvx",
    "env-cmd",
];

/// Those that change nothing of them.
pub(super) const READERS: &[&str] = &[
    "cat",
    "less",
    "more",
    "head",
    "tail",
    "grep",
    "egrep",
    "fgrep",
    "rg",
    "ag",
    "ls",
    "stat",
    "file",
    "diff",
    "cmp",
    "git",
    "echo",
    "printf",
    "test",
    "[",
    "[[",
    "find",
    "fd",
    "wc",
    "bat",
    "cd",
    "pushd",
    "jq",
    "yq",
    "awk",
    "sed",
    "cut",
    "sort",
    "uniq",
    "nl",
    "xxd",
    "od",
    "hexdump",
    "md5sum",
    "sha1sum",
    "sha256sum",
    "tree",
    "realpath",
    "basename",
    "dirname",
    "readlink",
    "du",
    "pre-commit",
    "prek",
    "lefthook",
    "leakcoach",
    "strings",
    "tac",
    "column",
    "comm",
    "which",
    "yamllint",
    "shellcheck",
    "python",
    "python3",
    "node",
    "source",
    ".",
    "code",
    "eza",
    "exa",
];

/// Those that read or copy a whole folder.
pub(super) const OF_FOLDERS: &[&str] = &[
    "tar", "bsdtar", "zip", "7z", "7za", "cp", "rsync", "scp", "mv", "grep", "egrep", "fgrep",
    "rg", "ag", "docker", "podman", "nerdctl",
];

/// Those whose last argument is a place to write to.
pub(super) const TO_THE_LAST: &[&str] = &["cp", "mv", "install", "ln", "rsync", "scp"];

/// Those that mount files into a container.
pub(super) const MOUNTING: &[&str] = &["docker", "podman", "nerdctl"];

/// Those whose first argument is a pattern or a program, the options that bring it in its
/// place, and the letters of options after which a value follows.
const SEARCHING: &[(&str, &[&str], &str)] = &[
    ("grep", &["-e", "--regexp", "-f", "--file"], "ABCmdD"),
    ("egrep", &["-e", "--regexp", "-f", "--file"], "ABCmdD"),
    ("fgrep", &["-e", "--regexp", "-f", "--file"], "ABCmdD"),
    ("rg", &["-e", "--regexp", "-f", "--file", "--files"], "ABCmgtTjMrE"),
    ("ag", &[], "ABCmG"),
    ("ack", &["--match"], "ABCm"),
    ("sed", &["-e", "--expression", "-f", "--file"], "lE"),
    ("awk", &["-f", "--file"], "Fv"),
    ("gawk", &["-f", "--file"], "Fv"),
    ("mawk", &["-f"], "Fv"),
    ("jq", &["-f", "--from-file"], "L"),
    ("yq", &["--from-file", "--expression"], ""),
];

/// The place of the argument that is no file but what is looked for, among the words of a
/// command with its program.
pub(super) fn pattern_of(program: &str, words: &[&str]) -> Option<usize> {
    let git = program == "git" && words.get(1) == Some(&"grep");
    let (from, program) = if git { (2, "grep") } else { (1, program) };
    let (_, instead, valued) = SEARCHING.iter().find(|(name, ..)| *name == program)?;
    let mut at = from;
    while let Some(word) = words.get(at) {
        let option = word.len() > 1 && word.starts_with('-');
        if !option {
            return Some(at);
        }
        if instead
            .iter()
            .any(|it| word == it || word.strip_prefix(it).is_some_and(|rest| rest.starts_with('=')))
        {
            return None;
        }
        let takes = word.len() == 2 && word.chars().nth(1).is_some_and(|one| valued.contains(one));
        at += if takes { 2 } else { 1 };
    }
    None
}
