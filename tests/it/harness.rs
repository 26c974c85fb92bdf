//! Real repositories in temp folders, isolated from this machine's settings.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;
use tempfile::TempDir;

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_leakcoach");

/// A repository with its own home.
pub(crate) struct Repo {
    folder: TempDir,
    /// Every credential that a test planted: none may ever be shown.
    planted: Mutex<Vec<String>>,
}

/// What a command did.
#[must_use = "say what the command should have done"]
pub(crate) struct Attempt {
    command: String,
    code: i32,
    shown: String,
}

impl Repo {
    /// An empty repository without hooks.
    pub(crate) fn plain() -> Self {
        let repo = Self { folder: TempDir::new().unwrap(), planted: Mutex::new(Vec::new()) };
        fs::create_dir_all(repo.top()).unwrap();
        fs::create_dir_all(repo.folder.path().join("home")).unwrap();
        repo.git(&["init", "-q", "-b", "main"]).accepted();
        repo.git(&["config", "user.name", "Test"]).accepted();
        repo.git(&["config", "user.email", "test@localhost"]).accepted();
        repo
    }

    /// A repository into which leakcoach is installed.
    pub(crate) fn with_hook() -> Self {
        let repo = Self::plain();
        repo.leakcoach(&["install"]).accepted();
        repo
    }

    pub(crate) fn top(&self) -> PathBuf {
        self.folder.path().join("work tree")
    }

    /// The person's home.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Writes a file, and remembers the credentials in it.
    pub(crate) fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.top().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Remembers `secret`, which no output may hold from now on.
    pub(crate) fn plant(&self, secret: String) -> String {
        self.planted.lock().unwrap().push(secret.clone());
        secret
    }

    pub(crate) fn git(&self, args: &[&str]) -> Attempt {
        self.run(Command::new("git").args(args), &[])
    }

    pub(crate) fn leakcoach(&self, args: &[&str]) -> Attempt {
        self.run(Command::new(BINARY).args(args), &[])
    }

    /// git with a variable of its environment set.
    pub(crate) fn git_with(&self, variables: &[(&str, &str)], args: &[&str]) -> Attempt {
        self.run(Command::new("git").args(args), variables)
    }

    /// leakcoach with a variable of its environment set.
    pub(crate) fn leakcoach_with(&self, variables: &[(&str, &str)], args: &[&str]) -> Attempt {
        self.run(Command::new(BINARY).args(args), variables)
    }

    /// What git writes, which may hold a planted credential.
    pub(crate) fn bytes(&self, args: &[&str]) -> Vec<u8> {
        self.output(Command::new("git").args(args), &[]).stdout
    }

    /// A program with something typed into it.
    pub(crate) fn typed(&self, command: &[&str], answer: &str) -> Attempt {
        self.run(&mut self.fed(command, answer), &[("TERM", "dumb")])
    }

    /// The same of a program that may show what was planted; it must succeed.
    #[track_caller]
    pub(crate) fn typed_unseen(&self, variables: &[(&str, &str)], command: &[&str], answer: &str) {
        let done = self.output(&mut self.fed(command, answer), variables);
        assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn fed(&self, command: &[&str], answer: &str) -> Command {
        let path = self.folder.path().join("typed");
        fs::write(&path, answer).unwrap();
        let mut fed = Command::new(command[0]);
        fed.args(&command[1..]).stdin(fs::File::open(&path).unwrap());
        fed
    }

    /// Stages everything and commits.
    pub(crate) fn commit(&self, message: &str) -> Attempt {
        self.git(&["add", "-A"]).accepted();
        self.git(&["commit", "-q", "-m", message])
    }

    /// Commits everything past the hooks.
    pub(crate) fn commit_unchecked(&self, message: &str) {
        self.git(&["add", "-A"]).accepted();
        self.git(&["commit", "-q", "--no-verify", "-m", message]).accepted();
    }

    /// The command at the top of this repository, with nothing of this machine's settings.
    pub(crate) fn prepared<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let binaries = Path::new(BINARY).parent().unwrap().display().to_string();
        command
            .current_dir(self.top())
            .env_clear()
            .env("PATH", format!("{binaries}:/usr/local/bin:/usr/bin:/bin"))
            .env("HOME", self.folder.path().join("home"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z")
            .env("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
            .env("COLUMNS", "80")
            // Else the second card of a rule has two lines; tests of the record switch it on.
            .env("LEAKCOACH_RECORD", "off")
    }

    /// No planted credential may be in what was shown.
    pub(crate) fn holds_back(&self, shown: &str) {
        for secret in self.planted.lock().unwrap().iter() {
            assert!(
                !shown.contains(secret.as_str()),
                "a planted credential was shown:\n{}",
                shown
                    .lines()
                    .filter(|l| l.contains(secret.as_str()))
                    .collect::<Vec<_>>()
                    .join("\n")
                    .replace(secret.as_str(), "[IT]")
            );
        }
    }

    fn output(&self, command: &mut Command, variables: &[(&str, &str)]) -> Output {
        self.prepared(command).envs(variables.iter().copied()).output().unwrap()
    }

    fn run(&self, command: &mut Command, variables: &[(&str, &str)]) -> Attempt {
        let output = self.output(command, variables);
        let shown = [output.stdout, output.stderr].concat();
        let shown = String::from_utf8_lossy(&shown).into_owned();
        self.holds_back(&shown);
        Attempt { command: format!("{command:?}"), code: output.status.code().unwrap_or(-1), shown }
    }
}

impl Attempt {
    #[track_caller]
    pub(crate) fn accepted(&self) -> &Self {
        assert_eq!(self.code, 0, "{}\n{}", self.command, self.shown);
        self
    }

    #[track_caller]
    pub(crate) fn refused(&self) -> &Self {
        assert_eq!(self.code, 1, "{}\n{}", self.command, self.shown);
        self
    }

    #[track_caller]
    pub(crate) fn ends_with_code(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{}\n{}", self.command, self.shown);
        self
    }

    #[track_caller]
    pub(crate) fn silent(&self) -> &Self {
        assert_eq!(self.shown, "", "{}", self.command);
        self
    }

    #[track_caller]
    pub(crate) fn says(&self, words: &str) -> &Self {
        assert!(self.shown.contains(words), "no `{words}` in\n{}", self.shown);
        self
    }

    /// What any other command did.
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        let shown = [output.stdout, output.stderr].concat();
        let shown = String::from_utf8_lossy(&shown).into_owned();
        Self { command: format!("{command:?}"), code: output.status.code().unwrap_or(-1), shown }
    }

    /// The exit code.
    pub(crate) fn code(&self) -> i32 {
        self.code
    }

    /// As [`Self::says`], wherever a line is broken.
    #[track_caller]
    pub(crate) fn reads(&self, words: &str) -> &Self {
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat(&self.shown).contains(&flat(words)), "no `{words}` in\n{}", self.shown);
        self
    }

    /// What was shown.
    pub(crate) fn text(&self) -> String {
        self.shown.clone()
    }

    /// What was shown, without the ids of findings, which differ from run to run.
    pub(crate) fn stable(&self) -> String {
        let id = regex::Regex::new(
            r"(-->|─→)((?:\x1b\[[0-9;]*m)* .*?:\d+)((?:\x1b\[[0-9;]*m)*)  [0-9a-z]{8}",
        )
        .unwrap();
        id.replace_all(&self.shown, "$1$2$3  (id)").into_owned()
    }

    /// The id of the first finding shown.
    pub(crate) fn finding(&self) -> String {
        let place = self.shown.lines().find(|line| line.contains("--> ")).unwrap();
        place.rsplit("  ").next().unwrap().to_owned()
    }

    /// How many cards refused something.
    pub(crate) fn refusals(&self) -> usize {
        self.shown.matches("refused: ").count()
    }
}
