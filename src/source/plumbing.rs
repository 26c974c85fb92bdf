//! The git binary, for repositories that libgit2 cannot read.
//!
//! Only plumbing commands are used, with every option spelt out, so that no setting of
//! a person or a repository changes what they say.

use super::object::Kind;
use crate::error::Error;
use crate::text::Escaped;
use crate::tool;
use gix_hash::ObjectId;
use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// As much of git's complaint as is passed on.
const COMPLAINT_AT_MOST: usize = 600;

/// What git tells its hooks about their repository: not meant for another one.
/// (`git rev-parse --local-env-vars`, less the `GIT_CONFIG` family, which is the
/// person's.)
const OF_ONE_REPOSITORY: [&str; 14] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// Where a repository is looked for, and by whose environment.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) start: PathBuf,
    /// Whether git's variables in this process speak of this repository.
    pub(super) inherited: bool,
    pub(super) index_file: Option<PathBuf>,
    pub(super) variables: Vec<(OsString, OsString)>,
}

/// Runs git for one repository.
pub(super) struct Plumbing {
    place: Place,
    batch: RefCell<Option<Batch>>,
}

impl Plumbing {
    pub(super) fn new(place: Place) -> Self {
        Self { place, batch: RefCell::new(None) }
    }

    fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut git = tool::git();
        git.current_dir(&self.place.start);
        if !self.place.inherited {
            for name in OF_ONE_REPOSITORY {
                git.env_remove(name);
            }
            if let Some(index) = &self.place.index_file {
                git.env("GIT_INDEX_FILE", index);
            }
        }
        // What is pushed are the objects themselves, not their replacements. A monitor
        // would be a program to run and is of no use without a work tree.
        git.args(["--no-pager", "--no-replace-objects", "-c", "core.fsmonitor=false"])
            .args(args)
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            // A check reaches no network. Before 2.44, git had no variable to say so; no
            // protocol, no fetching.
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_ALLOW_PROTOCOL", "none")
            .envs(self.place.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        git
    }

    fn finish(result: io::Result<Output>) -> Result<Output, Error> {
        result.map_err(|error| Error::NoGit { why: error.to_string() })
    }

    /// Runs git to its end, whatever that is.
    pub(super) fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<Output, Error> {
        Self::finish(self.command(args).output())
    }

    /// What git answers; an error about `what`, in git's words, when it fails.
    pub(super) fn ask<S: AsRef<OsStr>>(&self, what: &str, args: &[S]) -> Result<Vec<u8>, Error> {
        answer(what, self.run(args)?)
    }

    /// What git answers, or nothing when it says "no" by its exit code 1.
    pub(super) fn ask_if_any<S: AsRef<OsStr>>(
        &self,
        what: &str,
        args: &[S],
    ) -> Result<Option<Vec<u8>>, Error> {
        let output = self.run(args)?;
        if output.status.code() == Some(1) {
            return Ok(None);
        }
        answer(what, output).map(Some)
    }

    /// As [`Plumbing::ask`], with text for git's standard input.
    pub(super) fn ask_about(
        &self,
        what: &str,
        args: &[&str],
        input: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let mut git = self.command(args);
        git.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = git.spawn().map_err(|error| Error::NoGit { why: error.to_string() })?;
        if let Some(mut stdin) = child.stdin.take() {
            // When git has gone away, its complaint says more than a broken pipe.
            let _told = stdin.write_all(input);
        }
        answer(what, Self::finish(child.wait_with_output())?)
    }

    /// Whether an object is here, without fetching it.
    pub(super) fn has(&self, id: &ObjectId) -> Result<bool, Error> {
        let output = self.run(&["cat-file", "-e", &id.to_hex().to_string()])?;
        Ok(output.status.success())
    }

    /// The kind of an object.
    pub(super) fn kind(&self, id: &ObjectId) -> Result<Kind, Error> {
        let what = format!("object {id}");
        let name = self.ask(&what, &["cat-file", "-t", &id.to_hex().to_string()])?;
        Kind::of_name(name.trim_ascii()).ok_or_else(|| Error::Repository {
            what,
            why: format!("git calls it {}", Escaped(name.trim_ascii())),
        })
    }

    /// An object; nothing when it has more bytes than `at_most`. The error is fit for
    /// a terminal.
    pub(super) fn object(
        &self,
        id: &ObjectId,
        at_most: u64,
    ) -> Result<Option<(Kind, Vec<u8>)>, String> {
        let mut slot = self.batch.borrow_mut();
        // A batch that failed half-way through an answer cannot be asked again.
        let mut batch = match slot.take() {
            Some(batch) => batch,
            None => Batch::start(self.command(&["cat-file", "--batch"]))
                .map_err(|error| format!("cannot run git: {error}"))?,
        };
        match batch.object(id, at_most) {
            Ok(Reply::Object(kind, bytes)) => {
                *slot = Some(batch);
                Ok(Some((kind, bytes)))
            }
            Ok(Reply::TooLarge) => {
                *slot = Some(batch);
                Ok(None)
            }
            Ok(Reply::Not(why)) => {
                *slot = Some(batch);
                Err(why)
            }
            Err(error) => Err(batch.complaint(&error)),
        }
    }
}

/// What git answered; an error about `what`, in git's words, if it failed.
pub(super) fn answer(what: &str, output: Output) -> Result<Vec<u8>, Error> {
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(Error::Repository { what: what.to_owned(), why: complaint(&output.stderr) })
}

/// git's complaint on one line, fit for a terminal.
pub(super) fn complaint(stderr: &[u8]) -> String {
    let text = stderr.trim_ascii();
    let text = text.get(..COMPLAINT_AT_MOST).unwrap_or(text);
    if text.is_empty() {
        return "git failed without a word".to_owned();
    }
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines.map(|line| Escaped(line.trim_ascii()).to_string()).collect::<Vec<_>>().join("; ")
}

/// A running `git cat-file --batch`.
struct Batch {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    stderr: mpsc::Receiver<Vec<u8>>,
}

enum Reply {
    Object(Kind, Vec<u8>),
    TooLarge,
    Not(String),
}

impl Batch {
    fn start(mut git: Command) -> io::Result<Self> {
        git.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = git.spawn()?;
        let (Some(stdin), Some(stdout), Some(mut stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("a pipe is missing"));
        };
        let (send, receive) = mpsc::channel();
        // git must never wait for someone to read its complaints.
        std::thread::spawn(move || {
            let mut text = Vec::new();
            let limit = COMPLAINT_AT_MOST as u64;
            let _read = Read::by_ref(&mut stderr).take(limit).read_to_end(&mut text);
            let _rest = io::copy(&mut stderr, &mut io::sink());
            // Nobody is left to hear it when the batch ended well.
            let _heard = send.send(text);
        });
        Ok(Self { child, stdin, stdout: BufReader::new(stdout), stderr: receive })
    }

    fn object(&mut self, id: &ObjectId, at_most: u64) -> io::Result<Reply> {
        self.stdin.write_all(format!("{}\n", id.to_hex()).as_bytes())?;
        let mut header = Vec::new();
        Read::by_ref(&mut self.stdout).take(4096).read_until(b'\n', &mut header)?;
        if header.pop() != Some(b'\n') {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut words = header.split(|byte| *byte == b' ').skip(1);
        let (kind, size) = (words.next().unwrap_or_default(), words.next());
        let (Some(kind), Some(size)) = (
            Kind::of_name(kind),
            size.and_then(|size| std::str::from_utf8(size).ok()?.parse::<u64>().ok()),
        ) else {
            return Ok(Reply::Not(format!("git says it is {}", Escaped(kind))));
        };
        let mut body = Read::by_ref(&mut self.stdout).take(size + 1);
        if size > at_most {
            let skipped = io::copy(&mut body, &mut io::sink())?;
            return if skipped == size + 1 {
                Ok(Reply::TooLarge)
            } else {
                Err(io::ErrorKind::UnexpectedEof.into())
            };
        }
        let mut bytes = Vec::new();
        let wanted = usize::try_from(size).unwrap_or(usize::MAX).saturating_add(1);
        bytes.try_reserve_exact(wanted)?;
        body.read_to_end(&mut bytes)?;
        if bytes.len() != wanted {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.pop();
        Ok(Reply::Object(kind, bytes))
    }

    /// Why the batch failed: in git's words when it had any.
    fn complaint(mut self, error: &io::Error) -> String {
        let _killed = self.child.kill();
        match self.stderr.recv_timeout(Duration::from_secs(1)) {
            Ok(text) if !text.trim_ascii().is_empty() => complaint(&text),
            Ok(_) | Err(_) => format!("git: {error}"),
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // It only reads; killing it spares us waiting for what it does last.
        let _killed = self.child.kill();
        let _status = self.child.wait();
    }
}
