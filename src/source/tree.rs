//! Files of the file system, in no commit: a folder and all that is in it.
//!
//! Everything is read, ignored and hidden files too, but for `.git` folders. Symbolic
//! links inside are not followed; pipes, sockets and devices are never opened.

use super::{Coverage, Unread};
use crate::text::Escaped;
use bstr::BString;
use ignore::{DirEntry, WalkBuilder, WalkState};
use std::fs::File;
use std::io::Read;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

#[cfg(test)]
mod tests;

/// A buffer keeps this much between files.
const BUFFER: usize = 1 << 20;

/// Gives `each` the path and the bytes of every file under `paths`, on several threads
/// and in no order, and says what could not be read. Each thread holds one file at a
/// time.
pub fn walk<F>(paths: &[PathBuf], threads: Option<NonZero<usize>>, each: F) -> Coverage
where
    F: Fn(&Path, &[u8]) + Sync,
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
    builder.build_parallel().run(|| {
        let mut part = Part { coverage: Coverage::default(), send: send.clone() };
        let mut buffer = Vec::new();
        let each = &each;
        Box::new(move |entry| {
            part.visit(entry, &mut buffer, each);
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
    coverage
}

fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir())
}

/// One thread's part of the account, sent when the thread has ended.
struct Part {
    coverage: Coverage,
    send: mpsc::Sender<Coverage>,
}

impl Part {
    fn visit(
        &mut self,
        entry: Result<DirEntry, ignore::Error>,
        buffer: &mut Vec<u8>,
        each: &impl Fn(&Path, &[u8]),
    ) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let why = Escaped(reason(&error).as_bytes()).to_string();
                self.coverage.unread.push(Unread { path: place(&error), why });
                return;
            }
        };
        let kind = match (entry.depth(), entry.file_type()) {
            // A path that a person named is followed.
            (0, _) => std::fs::metadata(entry.path()).ok().map(|found| found.file_type()),
            (_, kind) => kind,
        };
        match kind {
            Some(kind) if kind.is_file() => match self.read(entry.path(), buffer) {
                Ok(()) => {
                    each(entry.path(), buffer);
                    buffer.shrink_to(BUFFER);
                }
                Err(error) => self.unread(entry.path(), error.to_string()),
            },
            Some(kind) if kind.is_dir() || kind.is_symlink() => {}
            Some(_) => self.unread(entry.path(), "it is no file, folder or link".to_owned()),
            None => self.unread(entry.path(), "there is no such file".to_owned()),
        }
    }

    #[expect(clippy::verbose_file_reads, reason = "one buffer for all of a thread's files")]
    fn read(&mut self, path: &Path, buffer: &mut Vec<u8>) -> std::io::Result<()> {
        buffer.clear();
        let mut file = File::open(path)?;
        let len = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        buffer.try_reserve_exact(len)?;
        file.read_to_end(buffer)?;
        self.coverage.read += 1;
        self.coverage.bytes += buffer.len() as u64;
        Ok(())
    }

    fn unread(&mut self, path: &Path, why: String) {
        let path = bytes_of(path);
        self.coverage.unread.push(Unread { path, why });
    }
}

impl Drop for Part {
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
