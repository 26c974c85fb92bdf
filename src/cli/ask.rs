//! Questions to a person at a terminal, which Ctrl-C ends in good order.

use crate::cli::env;
use crate::error::Error;
use crate::judge::Terminal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// How often it is looked whether a signal came.
const PATIENCE: Duration = Duration::from_millis(50);
/// No answer is longer.
const LONGEST: u64 = 4096;

/// A line typed on the terminal after `question`, without blanks around it; nothing where
/// there is no terminal, or at its end. A signal ends the program.
pub(super) fn typed(question: &str) -> Option<String> {
    let mut tty = env::tty()?;
    tty.write_all(question.as_bytes()).ok()?;
    let mut answer = String::new();
    let read = BufReader::new(tty.take(LONGEST)).read_line(&mut answer).ok()?;
    (read > 0).then(|| answer.trim().to_owned())
}

/// The same of one of `words`, from a person who can be asked.
pub(super) fn consents(question: &str, words: &[&str]) -> bool {
    env::terminal(&env::actor()) == Terminal::Interactive
        && typed(question).is_some_and(|answer| words.contains(&&*answer))
}

/// Whether a signal asked this to end. While it lives, signals end nothing by themselves, so
/// that what must be cleared away is.
#[derive(Debug, Default)]
pub(super) struct Watch(Arc<AtomicBool>);

impl Watch {
    /// Watches from now on.
    pub(super) fn begin() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            // Where there is no handler to be had, the signal does what it always does.
            let _default = signal_hook::flag::register(signal, Arc::clone(&stop));
        }
        Self(stop)
    }

    /// Fails once a signal came.
    pub(super) fn go_on(&self) -> Result<(), Error> {
        if self.0.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }
}

/// A person at a terminal who sees what is printed.
#[derive(Debug)]
pub(super) struct Person {
    tty: File,
}

impl Person {
    /// The one who sits there; nobody where output goes elsewhere, or where no person acts.
    pub(super) fn present() -> Option<Self> {
        let sees = std::io::stdout().is_terminal();
        if !sees || env::terminal(&env::actor()) == Terminal::Absent {
            return None;
        }
        Self::present_unseen()
    }

    /// The same where git keeps standard output to itself, as in a hook.
    pub(super) fn present_unseen() -> Option<Self> {
        if env::terminal(&env::actor()) == Terminal::Absent {
            return None;
        }
        let tty = env::tty()?;
        Some(Self { tty })
    }

    /// What is answered, or nothing where the terminal is closed.
    ///
    /// # Errors
    /// A signal came first.
    pub(super) fn ask(&mut self, question: &str, watch: &Watch) -> Result<Option<String>, Error> {
        let asked = write!(self.tty, "{question}").and_then(|()| self.tty.flush());
        let Ok(reader) = asked.and_then(|()| self.tty.try_clone()) else { return Ok(None) };
        let (answer, answered) = mpsc::channel();
        // A thread of its own: the read itself goes on when a signal comes.
        std::thread::spawn(move || {
            let mut line = String::new();
            let mut reader = BufReader::new(reader).take(LONGEST);
            let read = reader.read_line(&mut line).is_ok_and(|length| length > 0);
            // Who asked may be gone.
            let _gone = answer.send(read.then_some(line));
        });
        loop {
            watch.go_on()?;
            match answered.recv_timeout(PATIENCE) {
                Ok(line) => return Ok(line),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
            }
        }
    }
}
