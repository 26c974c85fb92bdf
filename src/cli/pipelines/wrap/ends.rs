//! The two ends of a stream: the command writes into one, leakcoach reads from the other.
//!
//! Where the real stream is a terminal the command gets one too, so that it colours and
//! writes lines at once as ever: a pseudo-terminal for this stream alone. Its input and its
//! controlling terminal stay the real ones, so that keys, Ctrl-C and job control work
//! without leakcoach; what a program writes to `/dev/tty` itself passes by it.

use crate::error::Error;
use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, FdFlags};
use rustix::pty::OpenptFlags;
use rustix::termios::{self, OptionalActions, OutputModes};
use std::fs::File;
use std::io::IsTerminal;
use std::os::fd::{AsFd, OwnedFd};
use std::process::Stdio;

/// As many bytes a pipe may hold, where the system lets it.
const PIPE: usize = 1 << 20;

pub(super) struct End {
    /// What the command writes to.
    pub(super) theirs: Stdio,
    /// Where leakcoach reads that.
    pub(super) ours: OwnedFd,
    /// The real stream.
    pub(super) to: File,
    pub(super) is_terminal: bool,
    /// For its size, where it is a terminal.
    pub(super) size: Option<Size>,
}

/// A terminal, and the one that shall be as large.
pub(in crate::cli) struct Size {
    real: OwnedFd,
    other: OwnedFd,
}

impl Size {
    /// Makes the command's terminal as large as the real one.
    pub(super) fn follow(&self) {
        if let Ok(size) = termios::tcgetwinsize(&self.real) {
            // A size that cannot be told is only that.
            let _unknown = termios::tcsetwinsize(&self.other, size);
        }
    }
}

impl End {
    /// The ends for a real `stream`.
    pub(super) fn open(stream: &(impl AsFd + IsTerminal)) -> Result<Self, Error> {
        let failed = |error: std::io::Error| {
            Error::Usage(format!("cannot make a way for the command's output: {error}"))
        };
        let is_terminal = stream.is_terminal();
        let real = || stream.as_fd().try_clone_to_owned().map_err(failed);
        let to = File::from(real()?);
        let (theirs, ours, size) = if is_terminal {
            let (theirs, ours) = terminal(stream).map_err(|error| failed(error.into()))?;
            let size = Size { real: real()?, other: ours.try_clone().map_err(failed)? };
            size.follow();
            (theirs, ours, Some(size))
        } else {
            let (ours, theirs) = pipe().map_err(|error| failed(error.into()))?;
            (theirs, ours, None)
        };
        Ok(Self { theirs: Stdio::from(theirs), ours, to, is_terminal, size })
    }
}

/// A pseudo-terminal in the modes of `like`, that changes nothing of what is written: the
/// real one still does that.
fn terminal(like: &impl AsFd) -> Result<(OwnedFd, OwnedFd), Errno> {
    let ours = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    rustix::io::fcntl_setfd(&ours, FdFlags::CLOEXEC)?;
    rustix::pty::grantpt(&ours)?;
    rustix::pty::unlockpt(&ours)?;
    let name = rustix::pty::ptsname(&ours, Vec::new())?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let theirs = rustix::fs::open(&*name, flags, Mode::empty())?;
    let mut modes = termios::tcgetattr(like)?;
    modes.output_modes.remove(OutputModes::OPOST);
    termios::tcsetattr(&theirs, OptionalActions::Now, &modes)?;
    Ok((theirs, ours))
}

fn pipe() -> Result<(OwnedFd, OwnedFd), Errno> {
    let (ours, theirs) = rustix::pipe::pipe()?;
    for end in [&ours, &theirs] {
        rustix::io::fcntl_setfd(end, FdFlags::CLOEXEC)?;
    }
    #[cfg(target_os = "linux")]
    {
        // A smaller one does too.
        let _size = rustix::pipe::fcntl_setpipe_size(&theirs, PIPE);
    }
    Ok((ours, theirs))
}
