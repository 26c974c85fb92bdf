//! How far each sink has confirmed, and who sends.

use crate::record::Fault;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How far a sink has confirmed, and what happened last. Holds nothing of any event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Cursor {
    /// The number of the last event that was confirmed, or passed over.
    pub(crate) sequence: i64,
    /// Its link, by which another record is told from this one.
    pub(crate) link: String,
    /// How many events arrived.
    pub(crate) sent: u64,
    /// How many the receiver refused for good.
    pub(crate) refused: u64,
    /// Runs that ended with something unsent, since the last that did not.
    pub(crate) failures: u32,
    /// Before then nobody asks again unasked, in seconds since 1970.
    pub(crate) not_before: i64,
    /// What went wrong last.
    pub(crate) trouble: Option<String>,
}

/// The folder of cursors, beside the record.
#[derive(Debug, Clone)]
pub(crate) struct Cursors(PathBuf);

/// Held while sending, so that one at a time does.
#[derive(Debug)]
pub(crate) struct Turn(#[expect(dead_code, reason = "held, and let go of when dropped")] File);

impl Cursors {
    /// In the record's folder, which nobody else reads.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn beside(record: &Path) -> Result<Self, Fault> {
        let folder = record.join("send");
        match fs::DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                Err(Fault::File { deed: "create", path: folder, source: error })
            }
            Ok(()) | Err(_) => Ok(Self(folder)),
        }
    }

    fn path(&self, sink: &str) -> PathBuf {
        self.0.join(format!("{sink}.json"))
    }

    /// That of `sink`; at the beginning where there is none.
    ///
    /// # Errors
    /// It cannot be read: from the beginning again, everything would be sent twice.
    pub(crate) fn of(&self, sink: &str) -> Result<Cursor, Fault> {
        let path = self.path(sink);
        let failed = |source| Fault::File { deed: "read", path: path.clone(), source };
        match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|_| failed(std::io::Error::new(ErrorKind::InvalidData, "it is damaged"))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Cursor::default()),
            Err(error) => Err(failed(error)),
        }
    }

    /// Keeps it, there after a power cut too.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn keep(&self, sink: &str, cursor: &Cursor) -> Result<(), Fault> {
        let path = self.path(sink);
        let write = || {
            let mut file = tempfile::NamedTempFile::new_in(&self.0)?;
            file.write_all(&serde_json::to_vec(cursor)?)?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)?;
            File::open(&self.0)?.sync_all()
        };
        write().map_err(|source| Fault::File { deed: "write", path: path.clone(), source })
    }

    /// Waits for its turn, for so long at most; nothing where somebody else sends, or waits
    /// already: who waits will send what was recorded by now.
    ///
    /// # Errors
    /// The locks cannot be made.
    pub(crate) fn turn(&self, patience: Duration) -> Result<Option<Turn>, Fault> {
        let Some(waiting) = self.lock("waiting", Duration::ZERO)? else { return Ok(None) };
        let turn = self.lock("sending", patience)?;
        drop(waiting);
        Ok(turn.map(Turn))
    }

    fn lock(&self, name: &str, patience: Duration) -> Result<Option<File>, Fault> {
        let path = self.0.join(name);
        let failed = |source| Fault::File { deed: "lock", path: path.clone(), source };
        let file = File::create(&path).map_err(failed)?;
        let end = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(file)),
                Err(TryLockError::WouldBlock) if Instant::now() < end => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Cursors};
    use std::time::Duration;

    #[test]
    fn a_cursor_is_where_it_was_left_and_a_damaged_one_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let cursors = Cursors::beside(folder.path()).unwrap();
        assert_eq!(cursors.of("siem").unwrap(), Cursor::default());
        let cursor = Cursor { sequence: 7, link: "ab".to_owned(), ..Cursor::default() };
        cursors.keep("siem", &cursor).unwrap();
        assert_eq!(Cursors::beside(folder.path()).unwrap().of("siem").unwrap(), cursor);

        std::fs::write(folder.path().join("send/siem.json"), "{").unwrap();
        assert!(cursors.of("siem").unwrap_err().to_string().contains("damaged"));
    }

    #[test]
    fn one_sends_one_waits_and_no_third_does() {
        let folder = tempfile::tempdir().unwrap();
        let cursors = Cursors::beside(folder.path()).unwrap();
        let turn = cursors.turn(Duration::ZERO).unwrap();
        assert!(turn.is_some());
        assert!(cursors.turn(Duration::ZERO).unwrap().is_none(), "somebody sends");
        let waiter = cursors.clone();
        let waiter = std::thread::spawn(move || waiter.turn(Duration::from_secs(20)).unwrap());
        std::thread::sleep(Duration::from_millis(200));
        assert!(cursors.turn(Duration::from_secs(20)).unwrap().is_none(), "somebody waits");
        drop(turn);
        assert!(waiter.join().unwrap().is_some());
    }
}
