//! The private record: what leakcoach remembers of the moments in which it spoke.
//!
//! Takes facts about findings, never a credential nor an unkeyed hash of one. Keeps them
//! in an `SQLite` database that only its owner reads, each event sealed, all of them chained
//! (see `chain`). Knows nothing of cards' words, of git or of the environment.
//!
//! Nothing is opened until there is something to record or to read.

mod anchor;
mod chain;
mod event;
mod forget;
mod key;
mod keyring;
mod network;
mod onward;
mod past;
mod seal;
pub mod share;
mod spool;
mod store;
mod verify;

pub use event::{Deed, Event, Reading, Removal, Reviewed, What};
pub use key::KeyPlace;
pub use keyring::Keyring;
pub use past::{Heed, Past, Refused};
pub use store::{Entry, Kept, Order, Record, Told};
pub use verify::{Proof, Tampering};

use crate::text::Escaped;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Where a record is, and how long to wait for it.
#[derive(Debug, Clone)]
pub struct Place {
    /// The folder, of which nobody else reads anything.
    pub folder: PathBuf,
    /// The keyring that may hold the key.
    pub keyring: Option<Keyring>,
    /// Where its head is kept a second time, outside of the folder.
    pub anchor: Option<PathBuf>,
    /// How long to wait while another leakcoach writes.
    pub patience: Duration,
}

impl Place {
    /// The database.
    pub fn database(&self) -> PathBuf {
        self.folder.join("record.db")
    }

    /// The name of the file system that machines share, if it is on one: there the record is
    /// not supported.
    pub fn shared(&self) -> Option<&'static str> {
        self.folder.ancestors().find(|folder| folder.exists()).and_then(network::shared)
    }

    /// How many events a record had of which nothing is left here.
    ///
    /// # Errors
    /// What tells so cannot be read.
    pub fn gone(&self) -> Result<Option<i64>, Fault> {
        let anchor = anchor::read(self)?;
        Ok(anchor.map(|anchor| anchor.head.count).filter(|count| *count > 0))
    }
}

/// Why something could not be recorded or read. Holds nothing of what was to be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A file of the record.
    #[error("cannot {deed} `{}`: {source}", Escaped::path(path))]
    File {
        /// `read`, `write`, `create`.
        deed: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The database.
    #[error("the record `{}` cannot be read or written: {why}", Escaped::path(path))]
    Database {
        /// The database.
        path: PathBuf,
        /// What `SQLite` said.
        why: String,
    },
    /// Somebody else writes and does not end.
    #[error("another program holds the record")]
    Busy,
    /// There is no room.
    #[error("there is no room on the disk for the record")]
    Full,
    /// There is a record and no key for it.
    #[error("the key of the record is gone from {place}")]
    KeyLost {
        /// Where it was.
        place: String,
    },
    /// The key is no key, or not the record's.
    #[error("the key in {place} is not the one that the record was sealed with")]
    WrongKey {
        /// Where it is.
        place: String,
    },
    /// The keyring cannot be asked.
    #[error("the keyring does not answer: {why}")]
    Keyring {
        /// What happened.
        why: String,
    },
    /// A later leakcoach made it.
    #[error("the record was made by a newer leakcoach")]
    Newer,
    /// It is not as it was left.
    #[error("the record is not as leakcoach left it: {what}")]
    Tampered {
        /// The first thing that was found.
        what: String,
    },
    /// The system gives no random bytes, or the like.
    #[error("an event cannot be sealed")]
    Seal,
}

impl Fault {
    fn file(deed: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File { deed, path: path.into(), source }
    }

    /// One line that says how to go on.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::File { .. } => {
                "mend its permissions, or switch the record off: LEAKCOACH_RECORD=off"
            }
            Self::Database { .. } => {
                "`leakcoach audit verify` says what of it holds; moved away, a new one is begun"
            }
            Self::Busy => "try again; if it stays so, see what else has the file open",
            Self::Full => "make room: nothing that was recorded is lost",
            Self::KeyLost { .. } | Self::WrongKey { .. } => {
                "put the key back, or move the record's folder away to begin a new one"
            }
            Self::Keyring { .. } => "unlock the keyring, then try again",
            Self::Newer => "update leakcoach",
            Self::Tampered { .. } => {
                "run `leakcoach audit verify`; keep the folder as evidence and move it away to begin a new one"
            }
            Self::Seal => "try again",
        }
    }
}
