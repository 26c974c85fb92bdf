//! Long work: ended by Ctrl-C, shown on a terminal, done by as many threads as asked.
//!
//! Only commands that a person starts begin it. Hooks on their ordinary way install no
//! handler and start no thread.

use crate::cli::env;
use crate::error::Error;
use crate::report::{self, Drawn};
use crate::source::Work;
use clap::Args;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// What this process works at; one that a hook runs for is nothing of note.
static WORK: OnceLock<Long> = OnceLock::new();

struct Long {
    work: Work,
    /// Whether a signal ends the process at once, as it does by default.
    at_once: Arc<AtomicBool>,
    threads: Option<NonZero<usize>>,
}

#[derive(Debug, Args)]
pub(super) struct LongArgs {
    /// Use this many threads; as many as there are cores when not given
    #[arg(long, value_name = "N")]
    jobs: Option<NonZero<usize>>,
}

/// Begins work that may take long: the first Ctrl-C lets it end early, with what was found so
/// far, and a second one ends the process.
pub(super) fn begin(args: &LongArgs, stoppable: bool) -> Result<(), Error> {
    if let Some(jobs) = args.jobs {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs.get()).use_current_thread();
        pool.build_global().map_err(|error| Error::Usage(format!("--jobs: {error}")))?;
    }
    let (stop, at_once) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    if stoppable {
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal finds the way out not yet open. Where there are
            // no handlers to be had, a signal ends the process as it always did.
            let _default = flag::register_conditional_default(signal, Arc::clone(&at_once))
                .and_then(|_| {
                    flag::register(signal, Arc::clone(&at_once))?;
                    flag::register(signal, Arc::clone(&stop))
                });
        }
    }
    let _first = WORK.set(Long { work: Work::until(stop), at_once, threads: args.jobs });
    Ok(())
}

/// What this process works at.
pub(super) fn work() -> Work {
    WORK.get().map(|long| long.work.clone()).unwrap_or_default()
}

/// How many threads it may use, where that was said.
pub(super) fn threads() -> Option<NonZero<usize>> {
    WORK.get().and_then(|long| long.threads)
}

/// Shows how far the work has come, where somebody can see it, until what this gives is
/// dropped.
pub(super) fn shown() -> Option<Drawn> {
    if !env::shows_progress() {
        return None;
    }
    let idle = || Long { work: Work::default(), at_once: Arc::default(), threads: None };
    let work = WORK.get_or_init(idle).work.clone();
    Some(report::draw(work, env::style().unicode))
}

/// Does what waits for a person, whom Ctrl-C shall set free at once.
pub(super) fn waiting<T>(wait: impl FnOnce() -> T) -> T {
    let Some(long) = WORK.get() else { return wait() };
    let before = long.at_once.swap(true, Ordering::Relaxed);
    let done = wait();
    long.at_once.store(before, Ordering::Relaxed);
    done
}
