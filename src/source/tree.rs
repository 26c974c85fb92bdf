//! Files of the file system, in no commit: a folder and all that is in it.
//!
//! Everything is read, ignored and hidden files too, but for `.git` folders. Symbolic
//! links inside are not followed; pipes, sockets and devices are never read. Large files
//! are given in pieces, and few at a time.

use super::pieces::{self, Cut, Extent, Piece};
use super::{Coverage, Unread, Work};
use crate::text::Escaped;
use bstr::BString;
use ignore::{DirEntry, WalkBuilder, WalkState};
use std::fs::File;
use std::io::{Error, ErrorKind, Read};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError, mpsc};

#[cfg(test)]
mod tests;

/// A buffer keeps this much between files.
const BUFFER: usize = 1 << 20;

/// As many files that are larger than a buffer are held at once.
const LARGE_AT_ONCE: usize = 3;

/// Why pipes, sockets and devices are not read.
const NO_FILE: &str = "it is no file, folder or link";

/// Gives `each` the path and the pieces of every file under `paths`, on several threads
/// and in no order, until `work` is to stop, and says what could not be read. Files that are
/// `left_out` are counted and not read. Each thread holds one piece at a time; a file's pieces
/// come in order.
pub fn walk<L, F>(
    paths: &[PathBuf],
    threads: Option<NonZero<usize>>,
    work: &Work,
    left_out: L,
    each: F,
) -> Coverage
where
    L: Fn(&Path) -> bool + Sync,
    F: Fn(&Path, &Piece<'_>) + Sync,
{
    let Some((first, others)) = paths.split_first() else {
        return Coverage::default();
    };
    let mut builder = WalkBuilder::new(first);
    for path in others {
        builder.add(path);
    }
    builder
        .standard_filters(false)
        .threads(threads.map_or(0, NonZero::get))
        .filter_entry(|entry| entry.file_name() != ".git" || !is_folder(entry));
    let (send, receive) = mpsc::channel();
    let gate = Gate { free: Mutex::new(LARGE_AT_ONCE), freed: Condvar::new() };
    builder.build_parallel().run(|| {
        let (coverage, send) = (Coverage::default(), send.clone());
        let mut part = Part { coverage, send, gate: &gate, work };
        let mut buffer = Vec::new();
        let (left_out, each) = (&left_out, &each);
        Box::new(move |entry| {
            if work.stops() {
                return WalkState::Quit;
            }
            part.visit(entry, &mut buffer, left_out, each);
            WalkState::Continue
        })
    });
    drop(send);
    let mut coverage = Coverage::default();
    for part in receive {
        coverage.add(part);
    }
    // Threads end in any order; people compare runs.
    coverage.unread.sort_by(|a, b| a.path.cmp(&b.path));
    coverage.unopened.sort_by(|a, b| a.path.cmp(&b.path));
    coverage
}

/// Lets only so many threads hold a large file.
struct Gate {
    free: Mutex<usize>,
    freed: Condvar,
}

struct Pass<'a>(&'a Gate);

impl Gate {
    fn pass(&self) -> Pass<'_> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let free = self.freed.wait_while(free, |free| *free == 0);
        *free.unwrap_or_else(PoisonError::into_inner) -= 1;
        Pass(self)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}

/// Opens a file and nothing else, and says how long it is. What was a file when it was
/// looked at may be a pipe by now, and opening one must not wait.
pub(super) fn open_file(path: &Path, follow: bool) -> std::io::Result<(File, u64)> {
    #[cfg(unix)]
    let file = {
        use rustix::fs::{Mode, OFlags};
        let mut flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        flags.set(OFlags::NOFOLLOW, !follow);
        File::from(rustix::fs::open(path, flags, Mode::empty())?)
    };
    #[cfg(not(unix))]
    let file = File::open(path)?;
    let found = file.metadata()?;
    if found.is_file() { Ok((file, found.len())) } else { Err(Error::other(NO_FILE)) }
}

/// Whether a link leads back to itself.
fn is_loop(path: &Path) -> bool {
    #[cfg(unix)]
    let circle = Some(rustix::io::Errno::LOOP.raw_os_error());
    #[cfg(not(unix))]
    let circle = None;
    std::fs::metadata(path).is_err_and(|error| error.raw_os_error() == circle)
}

fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir())
}

/// One thread's part of the account, sent when the thread has ended.
struct Part<'a> {
    coverage: Coverage,
    send: mpsc::Sender<Coverage>,
    gate: &'a Gate,
    work: &'a Work,
}

/// A file that is read no farther once the work is to stop.
struct Stopping<'a>(File, &'a Work);

impl Read for Stopping<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.1.stops() { Err(Error::other("interrupted")) } else { self.0.read(buffer) }
    }
}

impl Part<'_> {
    fn visit(
        &mut self,
        entry: Result<DirEntry, ignore::Error>,
        buffer: &mut Vec<u8>,
        left_out: &impl Fn(&Path) -> bool,
        each: &impl Fn(&Path, &Piece<'_>),
    ) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let why = Escaped(reason(&error).as_bytes()).to_string();
                self.coverage.unread.push(Unread { path: place(&error), why });
                return;
            }
        };
        let (path, named) = (entry.path(), entry.depth() == 0);
        // A path that a person named is followed.
        let found = if named {
            std::fs::metadata(path).map(|found| found.file_type())
        } else {
            entry.file_type().ok_or_else(|| Error::from(ErrorKind::NotFound))
        };
        let kind = match found {
            Ok(kind) => kind,
            Err(error) => return self.unread(path, error.to_string()),
        };
        if kind.is_file() && left_out(path) {
            self.coverage.ignored += 1;
        } else if kind.is_file() {
            match self.read(path, named, buffer, each) {
                Ok(()) => buffer.shrink_to(BUFFER),
                Err(error) => self.unread(path, error.to_string()),
            }
        } else if kind.is_symlink() && is_loop(path) {
            self.unopened(path, "it is a link that leads back to itself");
        } else if kind.is_dir() || kind.is_symlink() {
        } else if named {
            self.unread(path, NO_FILE.to_owned());
        } else {
            self.unopened(path, NO_FILE);
        }
    }

    fn read(
        &mut self,
        path: &Path,
        named: bool,
        buffer: &mut Vec<u8>,
        each: &impl Fn(&Path, &Piece<'_>),
    ) -> std::io::Result<()> {
        let (file, len) = open_file(path, named)?;
        let _pass = (len > BUFFER as u64).then(|| self.gate.pass());
        let mut give = |piece: &Piece<'_>| each(path, piece);
        let file = Stopping(file, self.work);
        let Extent { bytes, sealed } = pieces::read(file, len, &Cut::default(), buffer, &mut give)?;
        self.coverage.read += 1;
        self.work.file_done();
        self.coverage.bytes += bytes;
        if sealed {
            self.unopened(path, pieces::TOO_LARGE);
        }
        Ok(())
    }

    fn unopened(&mut self, path: &Path, why: &str) {
        self.coverage.unopened.push(Unread { path: bytes_of(path), why: why.to_owned() });
    }

    fn unread(&mut self, path: &Path, why: String) {
        let path = bytes_of(path);
        self.coverage.unread.push(Unread { path, why });
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        // The receiver outlives all threads.
        let _sent = self.send.send(std::mem::take(&mut self.coverage));
    }
}

fn bytes_of(path: &Path) -> BString {
    path.as_os_str().as_encoded_bytes().into()
}

/// The path that an error of the walk is about.
fn place(error: &ignore::Error) -> BString {
    match error {
        ignore::Error::WithPath { path, .. } => bytes_of(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            place(err)
        }
        ignore::Error::Partial(errors) => errors.first().map(place).unwrap_or_default(),
        ignore::Error::Loop { child, .. } => bytes_of(child),
        ignore::Error::Io(_)
        | ignore::Error::Glob { .. }
        | ignore::Error::UnrecognizedFileType(_)
        | ignore::Error::InvalidDefinition => BString::default(),
    }
}

/// What the system said, without the path, which stands beside it.
fn reason(error: &ignore::Error) -> String {
    error.io_error().map_or_else(|| error.to_string(), ToString::to_string)
}
