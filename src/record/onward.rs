//! What of the record goes on to others: events in order, each with the link that tells it
//! from every other.

use super::store::{fault, has_tables};
use super::{Entry, Fault, Record, Told};
use data_encoding::HEXLOWER;
use rusqlite::OptionalExtension as _;

impl Record {
    /// At most so many events after the one numbered `sequence`, the oldest first, with the
    /// first eight letters of their links.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn after(&self, sequence: i64, most: usize) -> Result<Vec<(Entry, String)>, Fault> {
        let path = self.place.database();
        let sql = |error| fault(error, &path);
        if !has_tables(&self.db, &path)? {
            return Ok(Vec::new());
        }
        let some = "SELECT sequence, sealed, link FROM event WHERE sequence > ?1 \
                    ORDER BY sequence LIMIT ?2";
        let mut query = self.db.prepare(some).map_err(sql)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut rows = query.query([sequence, most]).map_err(sql)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(sql)? {
            let sequence: i64 = row.get(0).map_err(sql)?;
            let told = match row.get_ref(1).map_err(sql)?.as_blob_or_null() {
                Ok(None) => Told::Forgotten,
                Ok(Some(sealed)) => self
                    .read(sequence, sealed)
                    .map_or(Told::Unreadable, |event| Told::Event(Box::new(event))),
                Err(_) => Told::Unreadable,
            };
            let link: Vec<u8> = row.get(2).unwrap_or_default();
            found.push((Entry { sequence, told }, short(&link)));
        }
        Ok(found)
    }

    /// The first eight letters of the link of the event numbered so.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn link_of(&self, sequence: i64) -> Result<Option<String>, Fault> {
        let path = self.place.database();
        if !has_tables(&self.db, &path)? {
            return Ok(None);
        }
        let query = "SELECT link FROM event WHERE sequence = ?1";
        let link = self.db.query_row(query, [sequence], |row| row.get::<_, Vec<u8>>(0)).optional();
        Ok(link.map_err(|error| fault(error, &path))?.map(|link| short(&link)))
    }

    /// A name for this very record that tells nothing of its machine or its owner.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn machine(&self) -> Result<String, Fault> {
        let first = self.link_of(1)?.unwrap_or_default();
        Ok(self.tag(&[b"leakcoach machine ", first.as_bytes()].concat()))
    }

    /// The folder that it is in.
    pub fn folder(&self) -> &std::path::Path {
        &self.place.folder
    }
}

fn short(link: &[u8]) -> String {
    HEXLOWER.encode(link.first_chunk::<4>().unwrap_or(&[0; 4]))
}
