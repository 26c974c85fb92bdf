//! The server as a child, and lines between it and the client.

use super::judge::Judge;
use super::step::{self, Pass, Step, Way};
use super::up::Up;
use crate::cli::check::users::scanner;
use crate::cli::pipelines::wrap::{self, signals::Signals};
use crate::cli::{agent::guard::Place, recorded::recall};
use crate::error::Error;
use crate::guard::agent::Agent;
use crate::guard::mcp::lines::{AT_MOST, Line, Lines};
use crate::mask::Masker;
use crate::record::What;
use crate::report;
use crate::tool;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{ChildStdin, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// Bytes that are read at once.
const AT_ONCE: usize = 256 << 10;

/// How long what the server has left running may write after its end.
const AFTERWARDS: Duration = Duration::from_secs(5);

/// How long a line of standard error without an end waits for more.
const WAIT: Duration = Duration::from_millis(50);

/// The two ends that both directions write to.
struct Ends {
    client: Mutex<Option<File>>,
    server: Mutex<Option<ChildStdin>>,
}

/// Runs the server, and gives its exit code.
pub(super) fn relay(
    agent: Agent,
    name: &str,
    program: &OsString,
    rest: &[OsString],
) -> Result<u8, Error> {
    let judge = Judge::new(agent, name)?;
    let other = judge.other();
    let up = Up::new(judge.other())?;
    let signals = Signals::watch()?;
    let (input, output) = (owned(&io::stdin())?, owned(&io::stdout())?);
    let mut command = tool::wrapped(program);
    command.args(rest).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Ok(wrap::not_started(program, &error)),
    };
    let (Some(answers), Some(errors)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(Error::Usage("the server has no output".to_owned()));
    };
    let ends = Arc::new(Ends {
        client: Mutex::new(Some(File::from(output))),
        server: Mutex::new(child.stdin.take()),
    });
    let (record, recorded) = recorder(&judge);
    let (done, ended) = mpsc::channel();
    // The first may wait for the client for ever, and ends with the process.
    let (to, notes) = (Arc::clone(&ends), record.clone());
    std::thread::spawn(move || client(&input, up, &to, &notes));
    let (to, finished) = (Arc::clone(&ends), done.clone());
    std::thread::spawn(move || {
        server(&OwnedFd::from(answers), &other, &to, &record);
        let _waited = finished.send(());
    });
    std::thread::spawn(move || {
        standard_error(&OwnedFd::from(errors), &judge);
        let _waited = done.send(());
    });
    let status = signals.until_end(child, &[])?;
    let deadline = Instant::now() + AFTERWARDS;
    for _ in 0..2 {
        let left = deadline.saturating_duration_since(Instant::now());
        if ended.recv_timeout(left).is_err() {
            report::notice("what the server left running still holds its output");
            break;
        }
    }
    let _recorded_or_not = recorded.recv_timeout(Duration::from_millis(200));
    Ok(wrap::code_of(status, false))
}

fn owned(stream: &impl AsFd) -> Result<OwnedFd, Error> {
    let owned = stream.as_fd().try_clone_to_owned();
    owned.map_err(|error| Error::Usage(format!("standard input or output cannot be used: {error}")))
}

/// A thread that writes to the record, so that no message waits for it, and what tells that all
/// is written once nobody has more.
fn recorder(judge: &Judge) -> (Sender<Vec<What>>, mpsc::Receiver<()>) {
    let (sender, notes) = mpsc::channel::<Vec<What>>();
    let (done, finished) = mpsc::channel();
    let (agent, cwd) = (judge.agent, judge.place().cwd.clone());
    std::thread::spawn(move || {
        let place = Place::at(cwd);
        for what in notes {
            recall::note_for(agent.name(), place.repo(), what);
        }
        drop(done);
    });
    (sender, finished)
}

/// What is read, up to a time.
fn read(from: &OwnedFd, buffer: &mut [u8], until: Option<Instant>) -> Result<Option<usize>, Errno> {
    if let Some(until) = until {
        let left = until.saturating_duration_since(Instant::now());
        let seconds = i64::try_from(left.as_secs()).unwrap_or(i64::MAX);
        let timeout = Timespec { tv_sec: seconds, tv_nsec: left.subsec_nanos().into() };
        let mut polled = [PollFd::new(from, PollFlags::IN)];
        match poll(&mut polled, Some(&timeout)) {
            Ok(0) | Err(Errno::INTR) => return Ok(None),
            Ok(_) => {}
            Err(error) => return Err(error),
        }
    }
    match rustix::io::read(from, buffer) {
        Ok(count) => Ok(Some(count)),
        Err(Errno::INTR | Errno::AGAIN) => Ok(None),
        Err(error) => Err(error),
    }
}

/// From the client to the server.
fn client(from: &OwnedFd, mut up: Up, to: &Ends, record: &Sender<Vec<What>>) {
    let mut buffer = Zeroizing::new(vec![0; AT_ONCE]);
    let mut lines = Lines::new(AT_MOST);
    loop {
        let due = up.due();
        let count = match read(from, &mut buffer, due) {
            Ok(Some(0)) | Err(_) => break,
            Ok(Some(count)) => count,
            Ok(None) => {
                let step = up.expire(Instant::now());
                if to.take(&step, &[], Way::ToServer, record).is_err() {
                    return;
                }
                continue;
            }
        };
        let mut gone = false;
        lines.feed(buffer.get(..count).unwrap_or_default(), &mut |line| {
            gone = gone || to.up(&mut up, &line, record).is_err();
        });
        if gone {
            // Who writes on is to see that nobody reads.
            let _closed = null().and_then(|null| rustix::stdio::dup2_stdin(&null).ok());
            return;
        }
    }
    let _gone_or_not = {
        let mut last = Ok(());
        lines.end(&mut |line| last = to.up(&mut up, &line, record));
        last
    };
    drop(to.server.lock().unwrap_or_else(PoisonError::into_inner).take());
}

/// From the server to the client.
fn server(from: &OwnedFd, judge: &Judge, to: &Ends, record: &Sender<Vec<What>>) {
    let mut buffer = Zeroizing::new(vec![0; AT_ONCE]);
    let mut lines = Lines::new(AT_MOST);
    let mut gone = false;
    while let Ok(count) = read(from, &mut buffer, None) {
        let Some(count) = count else { continue };
        if count == 0 {
            lines.end(&mut |line| gone = gone || to.down(judge, &line, record).is_err());
            break;
        }
        lines.feed(buffer.get(..count).unwrap_or_default(), &mut |line| {
            gone = gone || to.down(judge, &line, record).is_err();
        });
        if gone {
            break;
        }
    }
    // The client sees the end even where the server itself goes on.
    drop(to.client.lock().unwrap_or_else(PoisonError::into_inner).take());
    let _closed = null().and_then(|null| rustix::stdio::dup2_stdout(&null).ok());
}

fn null() -> Option<File> {
    std::fs::OpenOptions::new().read(true).write(true).open("/dev/null").ok()
}

const FAILED: &str = "leakcoach itself failed on it";

impl Ends {
    fn up(&self, up: &mut Up, line: &Line<'_>, record: &Sender<Vec<What>>) -> io::Result<()> {
        let step = match line {
            Line::Whole(line) => {
                let step = catch_unwind(AssertUnwindSafe(|| up.line(line, Instant::now())));
                step.unwrap_or_else(|_| failed(line, Way::ToServer))
            }
            Line::Over(skimmed) => step::over(skimmed, Way::ToServer, &step::too_long(skimmed)),
        };
        self.take(&step, whole(line), Way::ToServer, record)
    }

    fn down(&self, judge: &Judge, line: &Line<'_>, record: &Sender<Vec<What>>) -> io::Result<()> {
        let step = match line {
            Line::Whole(line) => {
                let step = catch_unwind(AssertUnwindSafe(|| step::down(judge, line)));
                step.unwrap_or_else(|_| failed(line, Way::ToClient))
            }
            Line::Over(skimmed) => step::over(skimmed, Way::ToClient, &step::too_long(skimmed)),
        };
        self.take(&step, whole(line), Way::ToClient, record)
    }

    /// Does what a step says about `line`. The error is that the end is gone that it goes to.
    fn take(
        &self,
        step: &Step,
        line: &[u8],
        way: Way,
        record: &Sender<Vec<What>>,
    ) -> io::Result<()> {
        let passed = match &step.pass {
            Pass::Same => line,
            Pass::Changed(line) => line.as_slice(),
            Pass::Stopped => &[],
        };
        let to_server = if way == Way::ToServer { passed } else { &[] };
        let to_client = if way == Way::ToClient { passed } else { &[] };
        let own = step.server.iter().map(|line| line.as_slice());
        let one = write(&self.server, to_server, own);
        let own = step.client.iter().map(Vec::as_slice);
        let other = write(&self.client, to_client, own);
        for said in &step.said {
            report::notice(said);
        }
        if !step.what.is_empty() {
            // Without its thread there is no record.
            let _not_recorded = record.send(step.what.clone());
        }
        if way == Way::ToServer { one } else { other }
    }
}

fn whole<'a>(line: &Line<'a>) -> &'a [u8] {
    match line {
        Line::Whole(line) => line,
        Line::Over(_) => &[],
    }
}

fn failed(line: &[u8], way: Way) -> Step {
    let mut skim = crate::guard::mcp::skim::Skim::default();
    skim.feed(line);
    step::over(&skim.done(), way, FAILED)
}

/// Writes `passed` as it is, and messages of the guard's own as lines.
fn write<'a>(
    to: &Mutex<Option<impl Write>>,
    passed: &[u8],
    own: impl Iterator<Item = &'a [u8]>,
) -> io::Result<()> {
    let mut own = own.peekable();
    if passed.is_empty() && own.peek().is_none() {
        return Ok(());
    }
    let mut to = to.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(to) = to.as_mut() else { return Ok(()) };
    to.write_all(passed)?;
    for line in own {
        to.write_all(&[line, b"\n"].concat())?;
    }
    to.flush()
}

/// The server's standard error, masked.
fn standard_error(from: &OwnedFd, judge: &Judge) {
    let scanner = scanner(judge.eyes().config()).ignoring_markers();
    let mut masker = Masker::new(&scanner, judge.known(), false);
    let mut out = io::stderr();
    let mut tell = |_: &crate::mask::Masked<'_>| {};
    let mut buffer = Zeroizing::new(vec![0; AT_ONCE]);
    loop {
        let until = masker.holds().then(|| Instant::now() + WAIT);
        let written = match read(from, &mut buffer, until) {
            Ok(Some(0)) | Err(_) => break,
            Ok(Some(count)) => {
                masker.feed(buffer.get(..count).unwrap_or_default(), &mut out, &mut tell)
            }
            Ok(None) => {
                let rest = masker.rest(&mut out, &mut tell);
                if masker.holds() && rest.is_ok() {
                    // What waits still may be a part of a credential: only more can tell.
                    match read(from, &mut buffer, None) {
                        Ok(Some(0)) | Err(_) => break,
                        Ok(count) => {
                            let bytes = buffer.get(..count.unwrap_or_default());
                            masker.feed(bytes.unwrap_or_default(), &mut out, &mut tell)
                        }
                    }
                } else {
                    rest
                }
            }
        };
        if written.is_err() {
            break;
        }
    }
    // Whoever reads may have gone: that is no fault.
    let _gone = masker.end(&mut out, &mut tell);
}
