//! Events as lines of a file that only its owner reads: each is added at the end, under a
//! lock. It holds no credential and no hash of one that is made without the key.

use super::{Event, Memory};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A file of events.
#[derive(Debug, Clone)]
pub(crate) struct Cases {
    path: PathBuf,
}

/// Why events could not be kept or read.
#[derive(Debug)]
pub(crate) struct Fault {
    /// `read`, `write`.
    pub(crate) deed: &'static str,
    pub(crate) path: PathBuf,
    pub(crate) source: io::Error,
}

impl Cases {
    /// Those in the folder that all work trees of a repository share.
    pub(crate) fn of(folder: &Path) -> Self {
        Self { path: folder.join("leakcoach").join("cases") }
    }

    fn fault(&self, deed: &'static str) -> impl Fn(io::Error) -> Fault + '_ {
        move |source| Fault { deed, path: self.path.clone(), source }
    }

    /// The file, locked until it is closed, ending with a whole line.
    fn open(&self) -> io::Result<File> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut options = OpenOptions::new();
        let mut file = options.create(true).read(true).append(true).mode(0o600).open(&self.path)?;
        file.lock()?;
        let mut text = Vec::new();
        // The end may have moved while the lock was waited for: what counts is read now.
        file.seek(SeekFrom::Start(0))?;
        io::copy(&mut file, &mut text)?;
        // A line that was cut short tells nothing.
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            file.set_len(whole as u64)?;
        }
        Ok(file)
    }

    /// How many lines cannot be read: somebody wrote them, or a later leakcoach did.
    pub(crate) fn unread(&self) -> usize {
        let text = std::fs::read(&self.path).unwrap_or_default();
        whole_lines(&text).filter(|line| parse(line).is_none()).count()
    }
}

impl Memory for Cases {
    type Fault = Fault;

    fn append(&self, events: &[Event]) -> Result<(), Fault> {
        let mut text = Vec::new();
        for event in events {
            serde_json::to_writer(&mut text, event)
                .map_err(|error| self.fault("write")(error.into()))?;
            text.push(b'\n');
        }
        let write = || {
            let mut file = self.open()?;
            file.write_all(&text)?;
            file.sync_data()
        };
        write().map_err(self.fault("write"))
    }

    fn events(&self, case: Option<&str>) -> Result<Vec<Event>, Fault> {
        let text = match std::fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.fault("read")(error)),
        };
        let events = whole_lines(&text).filter_map(parse);
        Ok(events.filter(|event| case.is_none_or(|case| event.case == case)).collect())
    }
}

/// The lines of `text` without a last one that was cut short.
fn whole_lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n"))
}

fn parse(line: &[u8]) -> Option<Event> {
    serde_json::from_slice(line).ok()
}

#[cfg(test)]
mod tests {
    use super::super::{Event, Memory, What};
    use super::{Cases, parse, whole_lines};
    use proptest::prelude::*;
    use std::fs;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    fn event(case: &str, at: i64) -> Event {
        Event { case: case.to_owned(), at, what: What::Closed }
    }

    #[test]
    fn what_was_kept_is_told_again_and_others_cannot_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let cases = Cases::of(folder.path());
        assert_eq!(cases.events(None).unwrap(), []);
        cases.append(&[event("a", 1), event("b", 2)]).unwrap();
        cases.append(&[event("a", 3)]).unwrap();

        assert_eq!(cases.events(Some("a")).unwrap(), [event("a", 1), event("a", 3)]);
        assert_eq!(cases.events(None).unwrap().len(), 3);
        let mode = |path: &str| {
            fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777
        };
        assert_eq!((mode("leakcoach"), mode("leakcoach/cases")), (0o700, 0o600));
    }

    #[test]
    fn a_line_that_was_cut_short_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let cases = Cases::of(folder.path());
        cases.append(&[event("a", 1)]).unwrap();
        let path = folder.path().join("leakcoach/cases");
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"case\":\"a\",\"at\":2,\"wh").unwrap();

        assert_eq!(cases.events(None).unwrap(), [event("a", 1)]);
        assert_eq!(cases.unread(), 0);
        cases.append(&[event("a", 3)]).unwrap();
        assert_eq!(cases.events(None).unwrap(), [event("a", 1), event("a", 3)]);
    }

    #[test]
    fn a_line_that_says_nothing_known_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let cases = Cases::of(folder.path());
        cases.append(&[event("a", 1)]).unwrap();
        let path = folder.path().join("leakcoach/cases");
        fs::write(&path, "{\"case\":\"a\",\"at\":2,\"what\":\"sung\"}\n").unwrap();

        assert_eq!((cases.events(None).unwrap().len(), cases.unread()), (0, 1));
    }

    #[test]
    fn several_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let cases = Cases::of(folder.path());
                scope.spawn(move || {
                    (0..20).for_each(|at| cases.append(&[event(&thread.to_string(), at)]).unwrap());
                });
            }
        });
        assert_eq!(Cases::of(folder.path()).events(None).unwrap().len(), 160);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            let _events: Vec<_> = whole_lines(&bytes).filter_map(parse).collect();
        }
    }
}
