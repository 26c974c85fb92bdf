//! Signals on their way to the command, and its end.

use super::ends::Size;
use crate::cli::env;
use crate::error::Error;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
use signal_hook::iterator::Signals as Iterator;
use std::process::{Child, ExitStatus};
use std::sync::{Mutex, PoisonError};

/// From now on signals end the command, and leakcoach only after it.
pub(in crate::cli) struct Signals(Iterator);

impl Signals {
    pub(in crate::cli) fn watch() -> Result<Self, Error> {
        let all = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH];
        let watched = Iterator::new(all);
        watched
            .map(Self)
            .map_err(|error| Error::Usage(format!("cannot watch for signals: {error}")))
    }

    /// Passes signals on to `child` until it ends.
    pub(in crate::cli) fn until_end(
        mut self,
        mut child: Child,
        sizes: &[Option<Size>],
    ) -> Result<ExitStatus, Error> {
        let failed =
            |error: std::io::Error| Error::Usage(format!("cannot wait for the command: {error}"));
        let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else {
            return child.wait().map_err(failed);
        };
        // Whom a terminal interrupts it interrupts with all of its group.
        let by_terminal = env::in_foreground();
        // Once it is waited for, its number may be another's.
        let alive = Mutex::new(true);
        let watch = self.0.handle();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for signal in &mut self.0 {
                    if signal == SIGWINCH {
                        sizes.iter().flatten().for_each(Size::follow);
                    } else if by_terminal && [SIGINT, SIGQUIT].contains(&signal) {
                        continue;
                    }
                    let alive = alive.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(signal) = Signal::from_named_raw(signal).filter(|_| *alive) {
                        // It may have ended meanwhile.
                        let _gone = rustix::process::kill_process(pid, signal);
                    }
                }
            });
            let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while let Err(rustix::io::Errno::INTR) =
                rustix::process::waitid(WaitId::Pid(pid), ended)
            {}
            let mut alive = alive.lock().unwrap_or_else(PoisonError::into_inner);
            *alive = false;
            drop(alive);
            let status = child.wait().map_err(failed);
            watch.close();
            status
        })
    }
}
