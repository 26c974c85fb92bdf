//! The database: append, read, forget.

use super::chain::{self, Head, Link};
use super::key::{self, KeyPlace};
use super::seal::Keys;
use super::{Event, Fault, Place, anchor, spool};
use data_encoding::HEXLOWER;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, TransactionBehavior};
use std::fs::OpenOptions;
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

/// The version of the tables.
const SCHEMA: i64 = 1;

/// Nothing in plain but numbers and chain: a digest is of sealed bytes.
const TABLES: &str = "
    CREATE TABLE event (
        sequence INTEGER PRIMARY KEY,
        sealed BLOB,
        digest BLOB NOT NULL,
        link BLOB NOT NULL
    );
    CREATE TABLE head (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        count INTEGER NOT NULL,
        link BLOB NOT NULL,
        mac BLOB NOT NULL,
        key BLOB NOT NULL
    );
    CREATE TABLE absorbed (name TEXT PRIMARY KEY);
    PRAGMA user_version = 1;
";

/// An open record.
#[derive(Debug)]
pub struct Record {
    pub(super) db: Connection,
    pub(super) keys: Keys,
    pub(super) key_at: KeyPlace,
    pub(super) place: Place,
}

/// What became of events that were to be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// They are in the record.
    Recorded,
    /// They lie beside it, sealed, until the next time.
    Aside,
}

/// From which end events are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The oldest first.
    Oldest,
    /// The newest first.
    Newest,
}

/// An event and its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// From one.
    pub sequence: i64,
    /// The event, or why there is none.
    pub told: Told,
}

/// What a row tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// This.
    Event(Box<Event>),
    /// Nothing any more.
    Forgotten,
    /// It is not sealed by the record's key, or a later leakcoach wrote it.
    Unreadable,
}

/// What an event is sealed for.
pub(super) fn about(sequence: i64) -> Vec<u8> {
    [&b"leakcoach event "[..], &sequence.to_be_bytes()].concat()
}

impl Record {
    /// Opens the record, and makes it where there is none.
    ///
    /// # Errors
    /// Its folder, key or database cannot be read or made.
    pub fn open(place: Place) -> Result<Self, Fault> {
        key::folder(&place)?;
        let (keys, key_at) = key::load_or_make(&place)?;
        let path = place.database();
        // SQLite would make it for others to read.
        let made = OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map(|_| ());
        made.map_err(|source| Fault::file("create", &path, source))?;
        Self::at(place, keys, key_at)
    }

    /// Opens the record; nothing where nothing was ever recorded.
    ///
    /// # Errors
    /// There is one, and its key or database cannot be read.
    pub fn open_existing(place: Place) -> Result<Option<Self>, Fault> {
        let path = place.database();
        let waits = spool::count(&place.folder) > 0;
        match std::fs::metadata(&path) {
            Ok(meta) if meta.len() > 0 || waits => {}
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return if waits { Self::open(place).map(Some) } else { Ok(None) };
            }
            Err(source) => return Err(Fault::file("read", path, source)),
        }
        let Some((keys, key_at)) = key::load(&place)? else {
            let place = "the folder of the record".to_owned();
            return Err(Fault::KeyLost { place });
        };
        Self::at(place, keys, key_at).map(Some)
    }

    fn at(place: Place, keys: Keys, key_at: KeyPlace) -> Result<Self, Fault> {
        let path = place.database();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || {
            let db = Connection::open_with_flags(&path, flags)?;
            db.busy_timeout(place.patience)?;
            // A journal beside the file, synced with its folder: nothing that was recorded is
            // lost to a power cut, and no second file stays.
            db.execute_batch(
                "PRAGMA synchronous = EXTRA; PRAGMA secure_delete = ON;
                 PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;",
            )?;
            Ok(db)
        };
        let db = open().map_err(|error| fault(error, &path))?;
        Ok(Self { db, keys, key_at, place })
    }

    /// Where its key is.
    pub fn key_place(&self) -> &KeyPlace {
        &self.key_at
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// A name that tells this record from others, and nothing else.
    pub fn name(&self) -> String {
        HEXLOWER.encode(&self.keys.name)
    }

    /// Puts `events` aside, where the record itself takes none.
    ///
    /// # Errors
    /// They could not be kept.
    pub fn put_aside(&self, events: &[Event]) -> Result<(), Fault> {
        spool::put(&self.place.folder, &self.keys, events)
    }

    /// How many events it has, once its end is what it should be.
    ///
    /// # Errors
    /// It cannot be read, or is not as it was left.
    pub fn glance(&self) -> Result<i64, Fault> {
        let path = self.place.database();
        if !has_tables(&self.db, &path)? {
            anchor::check(&self.place, &self.keys, &Head::start(), &self.db)?;
            return Ok(0);
        }
        let anchor = anchor::read(&self.place)?;
        let look = self.db.unchecked_transaction().map_err(|error| fault(error, &path))?;
        let head = head(&look, &self.keys, &self.key_at, &path)?;
        anchor::refuse(anchor.as_ref(), &self.place, &self.keys, &head, &look)?;
        Ok(head.count)
    }

    /// Copies the record as it is, sealed, into a file that is not there yet and that nobody
    /// else reads.
    ///
    /// # Errors
    /// The copy cannot be made.
    pub fn copy_to(&self, to: &std::path::Path) -> Result<(), Fault> {
        // SQLite would make it for others to read; it takes an empty one.
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
        made.map_err(|source| Fault::file("create", to, source))?;
        let name = to.to_str().ok_or_else(|| Fault::Database {
            path: to.to_owned(),
            why: "a copy needs a name in UTF-8".to_owned(),
        })?;
        self.db.execute("VACUUM INTO ?1", [name]).map_err(|error| fault(error, to))?;
        Ok(())
    }

    /// How many batches of events lie beside it.
    pub fn aside(&self) -> usize {
        spool::count(&self.place.folder)
    }

    /// A name for a repository, or the like, that tells nothing of it without the key.
    pub fn tag(&self, bytes: &[u8]) -> String {
        HEXLOWER.encode(self.keys.tag(bytes).first_chunk::<8>().unwrap_or(&[0; 8]))
    }

    /// Records `events`, all or none of them. While another program holds the record, they
    /// are put aside.
    ///
    /// # Errors
    /// They could not be kept. What was recorded before still is.
    pub fn append(&mut self, events: &[Event]) -> Result<Kept, Fault> {
        let batches = spool::waiting(&self.place.folder, &self.keys);
        match self.write(events, &batches) {
            Ok(()) => {
                for batch in batches {
                    // One that stays is known by its name the next time.
                    let _gone = std::fs::remove_file(batch.path);
                }
                Ok(Kept::Recorded)
            }
            Err(Fault::Busy) => {
                spool::put(&self.place.folder, &self.keys, events).map(|()| Kept::Aside)
            }
            Err(fault) => Err(fault),
        }
    }

    fn write(&mut self, events: &[Event], batches: &[spool::Batch]) -> Result<(), Fault> {
        let path = self.place.database();
        let sql = |error| fault(error, &path);
        let keys = &self.keys;
        let key_at = &self.key_at;
        let change = self.db.transaction_with_behavior(TransactionBehavior::Immediate);
        let change = change.map_err(sql)?;
        make_tables(&change, &path)?;
        let mut head = head(&change, keys, key_at, &path)?;
        anchor::check(&self.place, keys, &head, &change)?;
        for batch in batches {
            let known = "INSERT OR IGNORE INTO absorbed VALUES (?1)";
            if change.execute(known, [&batch.name]).map_err(sql)? == 1 {
                batch
                    .events
                    .iter()
                    .try_for_each(|event| add(&change, keys, &mut head, event, &path))?;
            }
        }
        events.iter().try_for_each(|event| add(&change, keys, &mut head, event, &path))?;
        put_head(&change, keys, &head, &path)?;
        change.commit().map_err(sql)?;
        anchor::put(&self.place, &self.keys, &head);
        Ok(())
    }

    /// Gives every event to `visit`, until it has had enough.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn each(
        &self,
        order: Order,
        mut visit: impl FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<(), Fault> {
        let path = self.place.database();
        let sql = |error| fault(error, &path);
        if !has_tables(&self.db, &path)? {
            return Ok(());
        }
        let by = match order {
            Order::Oldest => "SELECT sequence, sealed FROM event ORDER BY sequence",
            Order::Newest => "SELECT sequence, sealed FROM event ORDER BY sequence DESC",
        };
        let mut query = self.db.prepare(by).map_err(sql)?;
        let mut rows = query.query([]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            let sequence: i64 = row.get(0).map_err(sql)?;
            let sealed = row.get_ref(1).map_err(sql)?;
            let told = match sealed.as_blob_or_null() {
                Ok(None) => Told::Forgotten,
                Ok(Some(sealed)) => self
                    .read(sequence, sealed)
                    .map_or(Told::Unreadable, |event| Told::Event(Box::new(event))),
                Err(_) => Told::Unreadable,
            };
            if visit(Entry { sequence, told }).is_break() {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn read(&self, sequence: i64, sealed: &[u8]) -> Option<Event> {
        let text = self.keys.unseal(&about(sequence), sealed)?;
        Event::of_text(text.trim_ascii_end())
    }
}

/// Whether anything was ever recorded.
pub(super) fn has_tables(db: &Connection, path: &std::path::Path) -> Result<bool, Fault> {
    let version = db.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
    match version.map_err(|error| fault(error, path))? {
        0 => Ok(false),
        SCHEMA => Ok(true),
        _ => Err(Fault::Newer),
    }
}

fn make_tables(db: &Connection, path: &std::path::Path) -> Result<(), Fault> {
    if !has_tables(db, path)? {
        db.execute_batch(TABLES).map_err(|error| fault(error, path))?;
    }
    Ok(())
}

/// The head as it is stored: with its MAC and the name of the key.
pub(super) struct StoredHead {
    pub(super) head: Head,
    pub(super) mac: Vec<u8>,
    pub(super) key: Vec<u8>,
}

pub(super) fn stored_head(
    db: &Connection,
    path: &std::path::Path,
) -> Result<Option<StoredHead>, Fault> {
    let read = db.query_row("SELECT count, link, mac, key FROM head", [], |row| {
        let link: Link = row.get(1)?;
        let head = Head { count: row.get(0)?, link };
        Ok(StoredHead { head, mac: row.get(2)?, key: row.get(3)? })
    });
    match read.optional() {
        Ok(head) => Ok(head),
        Err(
            rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::FromSqlConversionFailure(..),
        ) => Err(Fault::Tampered { what: "its head is damaged".to_owned() }),
        Err(error) => Err(fault(error, path)),
    }
}

/// The head to go on from, once it fits the last event.
pub(super) fn head(
    db: &Connection,
    keys: &Keys,
    key_at: &KeyPlace,
    path: &std::path::Path,
) -> Result<Head, Fault> {
    let tampered = |what: &str| Err(Fault::Tampered { what: what.to_owned() });
    let last = db
        .query_row("SELECT sequence, link FROM event ORDER BY sequence DESC LIMIT 1", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
        })
        .optional()
        .map_err(|error| fault(error, path))?;
    let Some(StoredHead { head, mac, key }) = stored_head(db, path)? else {
        return match last {
            None => Ok(Head::start()),
            Some(_) => tampered("its head is gone"),
        };
    };
    if key != keys.name {
        return Err(Fault::WrongKey { place: key_at.to_string() });
    }
    if mac != head.mac(keys) {
        return tampered("its head is not what it was");
    }
    let (count, link) = last.unwrap_or((0, chain::START.to_vec()));
    if (count, &*link) == (head.count, &head.link[..]) {
        Ok(head)
    } else {
        tampered("its last event is not what it was")
    }
}

pub(super) fn add(
    db: &Connection,
    keys: &Keys,
    head: &mut Head,
    event: &Event,
    path: &std::path::Path,
) -> Result<(), Fault> {
    let sequence = head.count + 1;
    let text = event.to_text().ok_or(Fault::Seal)?;
    let sealed = keys.seal(&about(sequence), &text).ok_or(Fault::Seal)?;
    let digest = chain::digest(&sealed);
    let link = chain::link(&head.link, sequence, &digest);
    let row = rusqlite::params![sequence, sealed, digest, link];
    db.execute("INSERT INTO event VALUES (?1, ?2, ?3, ?4)", row)
        .map_err(|error| fault(error, path))?;
    *head = Head { count: sequence, link };
    Ok(())
}

pub(super) fn put_head(
    db: &Connection,
    keys: &Keys,
    head: &Head,
    path: &std::path::Path,
) -> Result<(), Fault> {
    let row = rusqlite::params![head.count, head.link, head.mac(keys), keys.name];
    db.execute("INSERT OR REPLACE INTO head VALUES (1, ?1, ?2, ?3, ?4)", row)
        .map(|_| ())
        .map_err(|error| fault(error, path))
}

/// `SQLite`'s own words name no content.
#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
pub(super) fn fault(error: rusqlite::Error, path: &std::path::Path) -> Fault {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Fault::Busy,
        Some(ErrorCode::DiskFull) => Fault::Full,
        _ => Fault::Database { path: PathBuf::from(path), why: error.to_string() },
    }
}
