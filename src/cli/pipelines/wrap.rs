//! `leakcoach run -- CMD`: a command whose output is masked while it is written.

pub(in crate::cli) mod ends;
mod ledger;
pub(in crate::cli) mod signals;

use crate::cli::check::run::Check;
use crate::cli::check::users::scanner;
use crate::cli::env;
use crate::cli::pipelines::pipeline::{self, Job};
use crate::error::Error;
use crate::exit;
use crate::mask::{Known, Masker};
use crate::report;
use crate::scan::{Scanner, Text};
use crate::source::Repo;
use crate::source::role::FileRole;
use crate::text::{Count, Escaped};
use crate::tool;
use clap::Args;
use ends::End;
use ledger::{Ledger, Stream};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::ffi::OsString;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a line without an end waits for more.
const WAIT: Duration = Duration::from_millis(50);

/// How long what the command has left running may write after its end before it is left.
const AFTERWARDS: Duration = Duration::from_secs(5);

/// Bytes that are read at once.
const AT_ONCE: usize = 256 << 10;

#[derive(Debug, Args)]
pub(in crate::cli) struct RunArgs {
    /// End with code 1 when something was masked and the command itself succeeded
    #[arg(long)]
    strict: bool,
    /// The pipeline's file, whose owners are told; known by itself on GitHub and GitLab
    #[arg(long, value_name = "PATH")]
    pipeline: Option<PathBuf>,
    /// The command and its arguments
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        required = true,
        value_name = "CMD"
    )]
    command: Vec<OsString>,
}

/// Runs the command, and gives its exit code.
pub(in crate::cli) fn run(args: &RunArgs) -> Result<u8, Error> {
    let repo = match crate::cli::open() {
        Ok(repo) => Some(repo),
        Err(Error::NoRepository { .. }) => None,
        Err(error) => return Err(error),
    };
    let check = Check::new(repo.as_ref(), &[])?;
    let scanner = scanner(&check.config).ignoring_markers();
    let known = Mutex::new(known(&scanner));
    let Some((program, rest)) = args.command.split_first() else {
        return Err(Error::Usage("no command".to_owned()));
    };
    let (out, err) = (End::open(&std::io::stdout())?, End::open(&std::io::stderr())?);
    let signals = signals::Signals::watch()?;
    let mut command = tool::wrapped(program);
    command.args(rest).stdout(out.theirs).stderr(err.theirs);
    let child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Ok(not_started(program, &error)),
    };
    // What stays open here would never tell that the command has closed it.
    drop(command);
    let ledger = Mutex::new(Ledger::default());
    let ended = AtomicBool::new(false);
    let runner = env::on_github() && !out.is_terminal;
    let sizes = [out.size, err.size];
    let pump = |ours: OwnedFd, to: File, stream: Stream| {
        let masker = Masker::new(&scanner, &known, runner);
        Pump { ours, to, masker, ended: &ended }.go(stream, &ledger, &check)
    };
    let pump = &pump;
    let (status, whole) = std::thread::scope(|scope| {
        let (out_ours, out_to, err_ours, err_to) = (out.ours, out.to, err.ours, err.to);
        let out = scope.spawn(move || pump(out_ours, out_to, Stream::Output));
        let err = scope.spawn(move || pump(err_ours, err_to, Stream::Error));
        let status = signals.until_end(child, &sizes);
        ended.store(true, Ordering::Release);
        let whole = [out.join(), err.join()].into_iter().all(|done| done.unwrap_or(false));
        (status, whole)
    });
    let status = status?;
    let masked = conclude(&check, repo.as_ref(), args, &ledger, &known);
    if !whole {
        report::notice("leakcoach failed while it passed output on: the rest was held back");
        return Ok(exit::INTERNAL);
    }
    Ok(code_of(status, masked && args.strict))
}

/// The values that the environment calls secret, and those that a rule knows.
pub(in crate::cli) fn known(scanner: &Scanner) -> Known {
    let mut known = Known::default();
    for (name, value) in env::secrets() {
        known.learn(&value, Some(&name));
    }
    for (name, value) in env::others() {
        let text = [name.as_bytes(), b"=", value.expose(), b"\n"].concat();
        let text = zeroize::Zeroizing::new(text);
        let line = Text { bytes: &text, path: b".env", role: FileRole::Config };
        for finding in scanner.scan(&line).findings.iter().filter(|found| !found.rule.public) {
            known.learn(&finding.secret, Some(&name));
        }
    }
    known
}

/// As `env` and `nohup` end: 127 where there is no such program, 126 where it does not run.
pub(in crate::cli) fn not_started(program: &std::ffi::OsStr, error: &std::io::Error) -> u8 {
    let name = Escaped(program.as_encoded_bytes());
    report::notice(&format!("cannot run `{name}`: {error}"));
    if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 }
}

/// The command's own exit code; where a signal ended it, the same ends leakcoach, or a code
/// as shells give it.
pub(in crate::cli) fn code_of(status: ExitStatus, refused: bool) -> u8 {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    if let Some(signal) = status.signal() {
        if [SIGHUP, SIGINT, SIGTERM].contains(&signal) {
            // Whoever called sees by this that it was interrupted (wait(2)).
            let _not_ended = signal_hook::low_level::emulate_default_handler(signal);
        }
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    match status.code() {
        Some(0) if refused => exit::REFUSED,
        Some(code) => u8::try_from(code).unwrap_or(u8::MAX),
        None => exit::INTERNAL,
    }
}

/// Says what was masked, to whom it is of use; whether anything was.
fn conclude(
    check: &Check,
    repo: Option<&Repo>,
    args: &RunArgs,
    ledger: &Mutex<Ledger>,
    known: &Mutex<Known>,
) -> bool {
    let ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
    let left_out = known.lock().unwrap_or_else(PoisonError::into_inner).left_out;
    if left_out > 0 {
        let count = Count(left_out, "value");
        report::notice(&format!("{count} too many to be looked for in other forms"));
    }
    if ledger.is_empty() {
        return false;
    }
    let job = Job::here(args.pipeline.as_deref());
    let printed = ledger.printed(check);
    pipeline::tell(repo, check, &job, &printed);
    true
}

/// Passes on what one stream brings.
struct Pump<'a> {
    ours: OwnedFd,
    to: File,
    masker: Masker<'a>,
    ended: &'a AtomicBool,
}

impl Pump<'_> {
    /// Until its end; whether all could be passed on, or nobody wanted it.
    fn go(mut self, stream: Stream, ledger: &Mutex<Ledger>, check: &Check) -> bool {
        let mut tell = |masked: &crate::mask::Masked<'_>| {
            let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
            ledger.add(masked, stream, check);
        };
        let mut buffer = zeroize::Zeroizing::new(vec![0; AT_ONCE]);
        let mut waits_since: Option<Instant> = None;
        let mut silent_since: Option<Instant> = None;
        loop {
            match self.ready(waits_since, silent_since) {
                Ok(true) => {
                    let read = match rustix::io::read(&self.ours, &mut buffer[..]) {
                        // A terminal that nobody has open any more is at its end.
                        Ok(0) | Err(Errno::IO) => break,
                        Ok(read) => read,
                        Err(Errno::INTR | Errno::AGAIN) => continue,
                        Err(_) => return false,
                    };
                    silent_since = None;
                    let bytes = buffer.get(..read).unwrap_or_default();
                    if self.masker.feed(bytes, &mut self.to, &mut tell).is_err() {
                        return true;
                    }
                    waits_since =
                        self.masker.holds().then(|| waits_since.unwrap_or_else(Instant::now));
                }
                Ok(false) => {}
                Err(_) => return false,
            }
            if waits_since.is_some_and(|since| since.elapsed() >= WAIT) {
                if self.masker.rest(&mut self.to, &mut tell).is_err() {
                    return true;
                }
                // What waits still may be a part of a credential.
                waits_since = None;
            }
            if self.ended.load(Ordering::Acquire) {
                let since = *silent_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= AFTERWARDS {
                    report::notice(
                        "what the command left running still holds its output: no more of it is passed on",
                    );
                    break;
                }
            }
        }
        // Whoever reads may have gone: that is no fault.
        let _gone = self.masker.end(&mut self.to, &mut tell);
        true
    }

    /// Whether there is something to read, before what waits has waited enough.
    fn ready(&self, waits: Option<Instant>, silent: Option<Instant>) -> Result<bool, Errno> {
        let mut left = Duration::from_millis(250);
        if let Some(since) = waits {
            left = left.min(WAIT.saturating_sub(since.elapsed()));
        }
        if let Some(since) = silent {
            left = left.min(AFTERWARDS.saturating_sub(since.elapsed()));
        }
        let timeout = Timespec { tv_sec: 0, tv_nsec: left.subsec_nanos().into() };
        let mut polled = [PollFd::new(&self.ours, PollFlags::IN)];
        match poll(&mut polled, Some(&timeout)) {
            Ok(count) => Ok(count > 0),
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
