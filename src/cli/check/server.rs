//! `leakcoach hook pre-receive` and `update`: what a server answers to a push.
//!
//! What is pushed is the pusher's own word: neither its configuration, its lists nor its
//! markers count. Only the administrator's file does, and what the default branch held
//! before the push.

mod answer;

use crate::cli::check::checked::Checked;
use crate::cli::check::going::Going;
use crate::cli::check::run::Check;
use crate::cli::{env, open};
use crate::config::Config;
use crate::config::server;
use crate::error::Error;
use crate::report;
use crate::source::{Repo, receive};
use crate::text::Escaped;
use crate::{exit, hook};
use answer::{Objects, Push};
use std::ffi::OsString;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The hooks that a server runs before it takes a push.
pub(in crate::cli) const HOOKS: [&str; 2] = ["pre-receive", "update"];

/// How long a check takes at most where nobody says otherwise.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// GitHub Enterprise Server ends a push's hooks after five seconds, without our words.
const TIME_LIMIT_ON_GITHUB: Duration = Duration::from_secs(4);

/// Checks what is pushed, and runs the hook that stood here before.
pub(in crate::cli) fn on_hook(name: &str, args: &[OsString]) -> Result<u8, Error> {
    let start = Instant::now();
    let repo = open()?;
    let mut input = Vec::new();
    let next = if name == "update" {
        input = update_line(args)?;
        hook::Input::Passed
    } else {
        std::io::stdin()
            .read_to_end(&mut input)
            .map_err(|error| Error::Usage(format!("cannot read standard input: {error}")))?;
        hook::Input::Read(&input)
    };
    let shim = env::shim();
    let called = shim.as_deref().is_none_or(|shim| hook::server::checks(shim, &repo, name));
    let code = if called { check(&repo, args, &input, start) } else { exit::PASSED };
    match shim {
        Some(shim) if code == exit::PASSED => {
            Ok(hook::run_next(&shim, &repo, args, next)?.unwrap_or(code))
        }
        Some(_) | None => Ok(code),
    }
}

/// The arguments of `update`, as `pre-receive` gets them.
fn update_line(args: &[OsString]) -> Result<Vec<u8>, Error> {
    let [name, old, new] = args else {
        return Err(Error::Usage("update takes a ref, its old id and its new one".to_owned()));
    };
    Ok([old, new, name].map(|arg| arg.as_bytes()).join(&b' '))
}

fn check(repo: &Repo, args: &[OsString], lines: &[u8], start: Instant) -> u8 {
    let place = env::server();
    let config = match &place.config {
        Some(given) => Config::load_for_servers(given),
        None => Config::load_for_server(repo.common_dir()),
    };
    let checked = config.and_then(|config| {
        let limit = time_limit(&config, &place)?;
        let mut check = Check::on_server(repo, config);
        check.going = Going::to_remote(lines, None);
        let check = Arc::new(check);
        let (progress, ended) = in_time(&check, lines, limit.saturating_sub(start.elapsed()));
        // A ref's name can hold a credential too.
        let (what, objects) = match args.first() {
            Some(name) => {
                let name = check.shown(name.as_bytes());
                (format!("the push to {}", Escaped(&name)), Objects::Stay)
            }
            None => ("the push".to_owned(), Objects::Go),
        };
        let place = place.clone();
        Ok(Push { check, place, limit, progress, ended, what, objects })
    });
    match checked {
        Ok(push) => push.answer(),
        Err(error) => {
            report::error(&error);
            report::notice("this server refused the push: it could not check it");
            error.exit_code()
        }
    }
}

fn time_limit(config: &Config, place: &env::Server) -> Result<Duration, Error> {
    if let Some(given) = &place.time_limit {
        return server::time_limit(&given.to_string_lossy()).ok_or_else(|| {
            let words = "LEAKCOACH_TIME_LIMIT is no length of time such as 5s or 500ms";
            Error::Usage(words.to_owned())
        });
    }
    let usual = if place.github { TIME_LIMIT_ON_GITHUB } else { TIME_LIMIT };
    Ok(config.server.time_limit.unwrap_or(usual))
}

/// What is done of a check.
#[derive(Default)]
struct Progress {
    checked: Checked,
    /// Commits, and what was pushed without one.
    done: usize,
    of: Option<usize>,
}

/// How a check came to its end.
enum Ended {
    Whole,
    TimeUp,
    Failed(Error),
}

/// Checks what the `lines` bring, for as long as `limit`.
fn in_time(check: &Arc<Check>, lines: &[u8], limit: Duration) -> (Progress, Ended) {
    let progress = Arc::new(Mutex::new(Progress::default()));
    let (send, receive) = channel();
    let (theirs, check, lines) = (Arc::clone(&progress), Arc::clone(check), lines.to_vec());
    // A thread cannot be ended from outside, but it ends with the process.
    let worker = std::thread::spawn(move || {
        // Nobody listens any more when the time was up.
        let _heard = send.send(each_commit(&check, &lines, &theirs));
    });
    let ended = match receive.recv_timeout(limit) {
        Ok(Ok(())) => Ended::Whole,
        Ok(Err(error)) => Ended::Failed(error),
        Err(RecvTimeoutError::Timeout) => Ended::TimeUp,
        Err(RecvTimeoutError::Disconnected) => match worker.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => Ended::TimeUp,
        },
    };
    let progress = std::mem::take(&mut *locked(&progress));
    (progress, ended)
}

fn locked(progress: &Mutex<Progress>) -> MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}

fn each_commit(check: &Check, lines: &[u8], progress: &Mutex<Progress>) -> Result<(), Error> {
    let repo = open()?;
    let outgoing = receive::received(&repo, lines)?;
    locked(progress).of = Some(outgoing.commits.len() + outgoing.bare.len());
    for set in outgoing.each_change_set(&repo) {
        let mut part = Checked::default();
        check.changes(&repo, &set?, &mut part)?;
        let mut progress = locked(progress);
        progress.checked.add(part);
        progress.done += 1;
    }
    for words in outgoing.words(&repo) {
        let mut part = Checked::default();
        check.words(&words?, check.committed, &mut part);
        locked(progress).checked.add(part);
    }
    Ok(())
}
