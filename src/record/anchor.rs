//! The head, kept a second time outside the record's folder: a folder that was put back as it
//! was earlier, or taken away, does not fit it.
//!
//! It carries a MAC, as the head does. It may be a little behind, for it is written after what
//! it tells of: two who record at once, or one who is killed, leave it so.

use super::chain::{Head, LINK, Link};
use super::seal::Keys;
use super::store::fault;
use super::{Fault, Place};
use data_encoding::HEXLOWER;
use rusqlite::{Connection, OptionalExtension as _};
use std::fs::{self, DirBuilder, File};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::DirBuilderExt as _;

const FIRST: &str = "leakcoach record head 1";

/// What it tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Anchor {
    pub(super) head: Head,
    key: String,
    mac: String,
}

/// How the record looks beside it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// There is none, or the record goes on from it.
    Fits,
    /// The record ends before it.
    Older(i64),
    /// The record has something else there.
    Other(i64),
    /// It tells of a record under another key, of so many events.
    Earlier(i64),
    /// It is not as it was written.
    Damaged,
}

/// Keeps the head. One that tells of another record stays.
pub(super) fn put(place: &Place, keys: &Keys, head: &Head) {
    let Some(path) = &place.anchor else { return };
    let ours = match read(place) {
        Ok(Some(anchor)) => anchor.key == HEXLOWER.encode(&keys.name),
        Ok(None) => true,
        Err(_) => false,
    };
    let Some(folder) = path.parent().filter(|_| ours) else { return };
    let text = format!(
        "{FIRST}\n{}\n{}:{}\n{}\n",
        HEXLOWER.encode(&keys.name),
        head.count,
        HEXLOWER.encode(&head.link),
        HEXLOWER.encode(&head.mac(keys)),
    );
    let write = || {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        File::open(folder)?.sync_all()
    };
    // Without it less can be proven, which `audit verify` says; what was recorded is kept.
    let _kept = write();
}

/// What is kept; nothing where nothing is.
///
/// # Errors
/// It cannot be read, or is none.
pub(super) fn read(place: &Place) -> Result<Option<Anchor>, Fault> {
    let Some(path) = &place.anchor else { return Ok(None) };
    match fs::read_to_string(path) {
        Ok(text) => parse(&text).map(Some).ok_or(Fault::Tampered { what: Fit::Damaged.words() }),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            Err(Fault::Tampered { what: Fit::Damaged.words() })
        }
        Err(source) => Err(Fault::file("read", path, source)),
    }
}

fn parse(text: &str) -> Option<Anchor> {
    let mut lines = text.lines();
    let (first, key, head, mac) = (lines.next()?, lines.next()?, lines.next()?, lines.next()?);
    let (count, link) = head.split_once(':')?;
    let link: Link = HEXLOWER.decode(link.as_bytes()).ok()?.try_into().ok()?;
    let count = count.parse().ok().filter(|count| *count >= 0)?;
    let whole = first == FIRST && mac.len() == 2 * LINK && lines.next().is_none();
    let (key, mac) = (key.to_owned(), mac.to_owned());
    whole.then_some(Anchor { head: Head { count, link }, key, mac })
}

impl Anchor {
    /// How a record that ends at `head` looks beside it.
    pub(super) fn fit(&self, keys: &Keys, head: &Head, db: &Connection) -> rusqlite::Result<Fit> {
        let count = self.head.count;
        if self.key != HEXLOWER.encode(&keys.name) {
            return Ok(Fit::Earlier(count));
        }
        if self.mac != HEXLOWER.encode(&self.head.mac(keys)) {
            return Ok(Fit::Damaged);
        }
        if count > head.count {
            return Ok(Fit::Older(count - head.count));
        }
        if count == 0 {
            return Ok(Fit::Fits);
        }
        let query = "SELECT link FROM event WHERE sequence = ?1";
        let link = db.query_row(query, [count], |row| row.get::<_, Vec<u8>>(0)).optional()?;
        let same = link.is_some_and(|link| link == self.head.link);
        Ok(if same { Fit::Fits } else { Fit::Other(count) })
    }
}

/// Refuses to go on from a record that is not the one that was left.
pub(super) fn check(place: &Place, keys: &Keys, head: &Head, db: &Connection) -> Result<(), Fault> {
    refuse(read(place)?.as_ref(), place, keys, head, db)
}

/// The same of an anchor that was read before.
pub(super) fn refuse(
    anchor: Option<&Anchor>,
    place: &Place,
    keys: &Keys,
    head: &Head,
    db: &Connection,
) -> Result<(), Fault> {
    let Some(anchor) = anchor else { return Ok(()) };
    let fit = anchor.fit(keys, head, db).map_err(|error| fault(error, &place.database()))?;
    match fit {
        // A new record may begin; that an earlier one is gone stays to be seen.
        Fit::Fits | Fit::Earlier(_) => Ok(()),
        Fit::Older(_) | Fit::Other(_) | Fit::Damaged => Err(Fault::Tampered { what: fit.words() }),
    }
}

impl Fit {
    /// What is wrong.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Fits => String::new(),
            Self::Older(1) => "it is an older copy: one event is missing at its end".to_owned(),
            Self::Older(count) => {
                format!("it is an older copy: {count} events are missing at its end")
            }
            Self::Other(at) => format!("event {at} is not the one that was recorded"),
            Self::Earlier(count) => {
                format!("an earlier record of {count} events is gone, and its key")
            }
            Self::Damaged => "the copy of its head outside the folder was changed".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text: String) {
            prop_assert_eq!(parse(&text), None);
            let _anchor = parse(&format!("leakcoach record head 1\n{text}"));
        }
    }
}
