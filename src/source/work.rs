//! How far a long piece of work has come, and whether it is to stop.
//!
//! Those who work count and ask; who draws or stops it is none of their business.

use crate::text::Count;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A piece of work, shared by all threads that do it and whoever watches. The default is
/// watched by nobody and never stops.
#[derive(Debug, Clone, Default)]
pub struct Work(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    stop: Arc<AtomicBool>,
    /// Whether somebody did stop.
    stopped: AtomicBool,
    /// Whether what is left is done to its end.
    ending: AtomicBool,
    files: AtomicUsize,
    files_of: AtomicUsize,
    done: AtomicUsize,
    /// None are known while this is zero.
    of: AtomicUsize,
}

/// How far work has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How many files were read.
    pub files: usize,
    /// Of how many, where that was known.
    pub files_of: Option<usize>,
    /// How many commits were looked at, and of how many; nothing where it is not about
    /// commits.
    pub commits: Option<(usize, usize)>,
}

impl Work {
    /// Work that ends soon after `stop` is set.
    pub fn until(stop: Arc<AtomicBool>) -> Self {
        Self(Arc::new(Shared { stop, ..Shared::default() }))
    }

    /// Whether to stop now. Who asks and is told so does stop.
    pub fn stops(&self) -> bool {
        let ending = self.0.ending.load(Ordering::Relaxed);
        let stop = self.0.stop.load(Ordering::Relaxed) && !ending;
        if stop {
            self.0.stopped.store(true, Ordering::Relaxed);
        }
        stop
    }

    /// What is left now is only to tell of what was found: it does not stop any more.
    pub fn end(&self) {
        self.0.ending.store(true, Ordering::Relaxed);
    }

    /// Whether some of it was left undone.
    pub fn was_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::Relaxed)
    }

    /// Says of how many commits it is.
    pub fn commits(&self, of: usize) {
        self.0.of.fetch_add(of, Ordering::Relaxed);
    }

    /// Says of how many files it is.
    pub fn files(&self, of: usize) {
        self.0.files_of.fetch_add(of, Ordering::Relaxed);
    }

    /// One more commit is done.
    pub fn commit_done(&self) {
        self.0.done.fetch_add(1, Ordering::Relaxed);
    }

    /// One more file was read.
    pub fn file_done(&self) {
        self.0.files.fetch_add(1, Ordering::Relaxed);
    }

    /// How far it has come.
    pub fn progress(&self) -> Progress {
        let (done, of) = (&self.0.done, &self.0.of);
        let of = of.load(Ordering::Relaxed);
        let files_of = self.0.files_of.load(Ordering::Relaxed);
        Progress {
            files: self.0.files.load(Ordering::Relaxed),
            files_of: (files_of > 0).then_some(files_of),
            commits: (of > 0).then(|| (done.load(Ordering::Relaxed), of)),
        }
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = Count(self.files, "file");
        match (self.commits, self.files_of) {
            (Some((done, of)), _) => write!(f, "{done} of {} and {files}", Count(of, "commit")),
            (None, Some(of)) => write!(f, "{} of {}", self.files, Count(of, "file")),
            (None, None) => files.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Work;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn work_stops_when_it_is_told_to_and_remembers_whether_it_did() {
        let stop = Arc::new(AtomicBool::new(false));
        let work = Work::until(Arc::clone(&stop));
        assert!(!work.stops());
        stop.store(true, Ordering::Relaxed);
        assert!(!work.was_stopped(), "nobody has asked yet");
        assert!(work.clone().stops());
        assert!(work.was_stopped());
        work.end();
        assert!(!work.stops() && work.was_stopped());
    }

    #[test]
    fn progress_is_told_by_commits_where_it_is_about_them() {
        let work = Work::default();
        work.file_done();
        assert_eq!(work.progress().to_string(), "1 file");
        work.files(2);
        assert_eq!(work.progress().to_string(), "1 of 2 files");
        work.commits(3);
        work.commit_done();
        assert_eq!(work.progress().to_string(), "1 of 3 commits and 1 file");
    }
}
