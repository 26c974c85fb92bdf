//! Runs vendors' programs: the value on standard input and nowhere else, never through a
//! shell, and never for longer than it may take.

use super::mask::Mask;
use super::trouble::Trouble;
use crate::secret::Secret;
use crate::tool;
use rustix::process::{Pid, Signal, kill_process_group};
use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// As many bytes of an answer are kept.
const ANSWER_AT_MOST: usize = 1 << 20;

/// How long is waited for the rest of an answer once the program has ended: a daemon that it
/// started may hold the pipe open.
const REST: Duration = Duration::from_millis(500);

/// Keeps vendors' programs from asking, paging, colouring and looking for updates: each
/// variable is described in the documentation of the program that its name tells; `NO_PROMPT`
/// is glab's, `NO_COLOR` everybody's (<https://no-color.org>).
const QUIET: [(&str, &str); 10] = [
    ("AWS_CLI_AUTO_PROMPT", "off"),
    ("AWS_PAGER", ""),
    ("AZURE_CORE_NO_COLOR", "true"),
    ("CLOUDSDK_CORE_DISABLE_PROMPTS", "1"),
    ("DOPPLER_ENABLE_VERSION_CHECK", "false"),
    ("GH_NO_UPDATE_NOTIFIER", "1"),
    ("GH_PROMPT_DISABLED", "1"),
    ("NO_COLOR", "1"),
    ("NO_PROMPT", "1"),
    ("SOPS_DISABLE_VERSION_CHECK", "true"),
];

/// What tells a program where its caller stands.
pub(crate) const WHERE: [&str; 7] =
    ["PWD", "OLDPWD", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"];

/// A command line without a value.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    program: Cow<'static, str>,
    args: Vec<String>,
}

impl Line {
    pub(crate) fn new<const N: usize>(program: &'static str, args: [&str; N]) -> Self {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Self { program: program.into(), args }
    }

    /// That of somebody's configuration: a program and its arguments.
    pub(crate) fn of(words: &[String]) -> Option<Self> {
        let (program, args) = words.split_first()?;
        Some(Self { program: program.clone().into(), args: args.to_vec() })
    }

    /// The same with more arguments.
    pub(crate) fn and<const N: usize>(mut self, args: [&str; N]) -> Self {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    /// The same with an option, where it has a value.
    pub(crate) fn option(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.and([name, value]),
            None => self,
        }
    }

    /// The first words, to speak of it in a sentence.
    fn short(&self) -> String {
        let words = self.args.iter().take_while(|arg| !arg.starts_with('-')).take(3);
        words.fold(self.program.to_string(), |line, word| format!("{line} {}", quoted(word)))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.program)?;
        self.args.iter().try_for_each(|arg| write!(f, " {}", quoted(arg)))
    }
}

/// A word as a shell takes it.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_./:=@,+%".contains(char);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// What a program said.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: Secret,
    err: Secret,
}

impl Said {
    pub(crate) fn well(&self) -> bool {
        self.code == Some(0)
    }

    /// Whether it says `words`.
    pub(crate) fn says(&self, words: &str) -> bool {
        use bstr::ByteSlice;
        [&self.err, &self.out].into_iter().any(|said| said.expose().contains_str(words))
    }

    /// Whether it failed without a word.
    pub(crate) fn is_silent(&self) -> bool {
        self.code == Some(1) && self.out.is_empty() && self.err.expose().trim_ascii().is_empty()
    }

    /// Its failure in words, without a value.
    pub(crate) fn failure(&self, line: &Line, mask: &Mask) -> Trouble {
        let mut words = mask.last_words(self.err.expose());
        if words.is_empty() {
            words = mask.last_words(self.out.expose());
        }
        if words.is_empty() {
            words = match self.code {
                Some(code) => format!("exit code {code}, without a word"),
                None => "it was ended by a signal".to_owned(),
            };
        }
        Trouble::Failed { what: line.short(), words }
    }
}

/// Where programs are, and how they may run.
#[derive(Clone)]
pub(crate) struct Programs {
    /// The folders of `PATH`. Those that depend on where one stands are left out: a
    /// repository could hold a program of that name.
    folders: Vec<PathBuf>,
    /// The folder that they run in.
    top: PathBuf,
    /// Whether they are told nothing of where their caller stands.
    alone: bool,
    limit: Duration,
    /// Set once the person wants it to end.
    stop: Arc<AtomicBool>,
}

impl Programs {
    /// The programs in the folders of `path`, which run in `top`.
    pub(crate) fn new(path: &OsStr, top: &Path, limit: Duration, stop: Arc<AtomicBool>) -> Self {
        let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute()).collect();
        Self { folders, top: top.to_owned(), alone: false, limit, stop }
    }

    /// The same, which run at the root of the file system and are told nothing of where
    /// their caller stands.
    pub(crate) fn alone(path: &OsStr, limit: Duration) -> Self {
        Self { alone: true, ..Self::new(path, Path::new("/"), limit, Arc::default()) }
    }

    /// The same with another limit.
    pub(crate) fn within(&self, limit: Duration) -> Self {
        Self { limit, ..self.clone() }
    }

    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }

    /// Whether the person wants it to end.
    pub(crate) fn stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// Goes on after an interruption, to see what has become of the value.
    pub(crate) fn go_on(&self) {
        self.stop.store(false, Ordering::SeqCst);
    }

    /// The program called `name`.
    pub(crate) fn find(&self, name: &str) -> Option<PathBuf> {
        let runs = |path: &PathBuf| {
            path.metadata()
                .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
        };
        self.folders.iter().map(|folder| folder.join(name)).find(runs)
    }

    /// Runs `line` to its end, with `input` on its standard input, or nothing.
    pub(crate) fn run(&self, line: &Line, input: Option<&Secret>) -> Result<Said, Trouble> {
        let program = line.program.to_string();
        let path = self.find(&program).ok_or_else(|| Trouble::Missing(program.clone()))?;
        let mut command = tool::vendor(&path);
        for name in WHERE.iter().filter(|_| self.alone) {
            command.env_remove(name);
        }
        let mut child = command
            .args(&line.args)
            .current_dir(&self.top)
            .envs(QUIET)
            .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // So that it can be ended with all that it has started, and reads no terminal.
            .process_group(0)
            .spawn()
            .map_err(|error| Trouble::Start { program, why: error.to_string() })?;
        if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
            let input = Secret::new(input.expose());
            // When it has gone away, its complaint says more than a broken pipe.
            std::thread::spawn(move || drop(stdin.write_all(input.expose())));
        }
        let out = Pipe::of(child.stdout.take());
        let err = Pipe::of(child.stderr.take());
        let code = self.wait(&mut child, line)?;
        Ok(Said { code, out: out.taken(), err: err.taken() })
    }

    fn wait(&self, child: &mut Child, line: &Line) -> Result<Option<i32>, Trouble> {
        let (start, mut pause) = (Instant::now(), Duration::from_millis(1));
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(status.code()),
                Ok(None) if self.stopped() => {
                    end(child);
                    return Err(Trouble::Stopped(line.short()));
                }
                Ok(None) if start.elapsed() >= self.limit => {
                    end(child);
                    return Err(Trouble::Slow { what: line.short(), limit: self.limit });
                }
                Ok(None) => std::thread::sleep(pause),
                Err(error) => {
                    end(child);
                    return Err(Trouble::Start { program: line.short(), why: error.to_string() });
                }
            }
            pause = (pause * 2).min(Duration::from_millis(25));
        }
    }
}

/// Ends a program with all that it has started.
fn end(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _gone = kill_process_group(group, Signal::KILL);
    }
    let _gone = (child.kill(), child.wait());
}

/// Collects what comes out of a pipe.
struct Pipe {
    read: Arc<Mutex<Zeroizing<Vec<u8>>>>,
    ended: mpsc::Receiver<()>,
}

impl Pipe {
    fn of(pipe: Option<impl Read + Send + 'static>) -> Self {
        let read = Arc::new(Mutex::new(Zeroizing::new(Vec::with_capacity(1 << 16))));
        let (end, ended) = mpsc::channel();
        let into = Arc::clone(&read);
        std::thread::spawn(move || {
            let mut buffer = Zeroizing::new([0_u8; 4096]);
            let Some(mut pipe) = pipe else { return };
            while let Ok(count @ 1..) = pipe.read(&mut *buffer) {
                let mut into = into.lock().unwrap_or_else(PoisonError::into_inner);
                let room = ANSWER_AT_MOST.saturating_sub(into.len()).min(count);
                into.extend_from_slice(buffer.get(..room).unwrap_or_default());
            }
            let _nobody_waits = end.send(());
        });
        Self { read, ended }
    }

    fn taken(self) -> Secret {
        let _all_or_in_time = self.ended.recv_timeout(REST);
        Secret::new(&self.read.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Programs};
    use crate::remedy::vault::trouble::Trouble;
    use crate::secret::Secret;
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    use std::time::{Duration, Instant};

    fn programs(limit: u64) -> Programs {
        let path = OsStr::new("/usr/bin:/bin");
        Programs::new(
            path,
            Path::new("/"),
            Duration::from_millis(limit),
            Arc::new(AtomicBool::new(false)),
        )
    }

    #[test]
    fn a_program_reads_the_value_from_its_standard_input() {
        let said = programs(5000).run(&Line::new("cat", []), Some(&Secret::new(b"abc"))).unwrap();
        assert!(said.well());
        assert_eq!(said.out.expose(), b"abc");
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let (program, mark) = (folder.path().join("hang"), folder.path().join("mark"));
        let script = format!("#!/bin/sh\n(sleep 1; touch {})&\nsleep 20\n", mark.display());
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let path = std::env::join_paths([folder.path(), "/bin".as_ref(), "/usr/bin".as_ref()]);
        let stop = Arc::new(AtomicBool::new(false));
        let programs =
            Programs::new(&path.unwrap(), folder.path(), Duration::from_millis(300), stop);

        let start = Instant::now();
        let ended = programs.run(&Line::new("hang", []), None);
        assert!(matches!(ended, Err(Trouble::Slow { .. })));
        assert!(start.elapsed() < Duration::from_secs(5));
        std::thread::sleep(Duration::from_millis(1200));
        assert!(!mark.exists(), "what it had started lived on");
    }

    #[test]
    fn a_folder_of_path_that_moves_with_the_person_is_not_looked_into() {
        let stop = Arc::new(AtomicBool::new(false));
        let here =
            Programs::new(OsStr::new(".::bin"), Path::new("/"), Duration::from_secs(1), stop);
        assert!(here.find("cat").is_none());
    }

    #[test]
    fn a_line_can_be_pasted_into_a_shell() {
        let line = Line::new("op", ["read", "op://My Team/it's/x"]);
        assert_eq!(line.to_string(), r"op read 'op://My Team/it'\''s/x'");
    }
}
