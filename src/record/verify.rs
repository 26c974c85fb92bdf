//! Whether the record is as leakcoach left it.

use super::anchor::{self, Fit};
use super::chain::{self, Head, Link};
use super::event::What;
use super::store::{about, fault, has_tables, stored_head};
use super::{Event, Fault, Record};
use rusqlite::OptionalExtension as _;
use rusqlite::types::ValueRef;
use std::collections::BTreeSet;
use std::fmt;

/// More is not told of.
const MOST: usize = 20;

/// What a look at every event shows.
#[derive(Debug, Default)]
pub struct Proof {
    /// How many events there are, with those that were forgotten.
    pub events: u64,
    /// How many were forgotten, by a tombstone each.
    pub forgotten: u64,
    /// The first bytes of the last link, by which a later look can be compared.
    pub head: Option<[u8; 8]>,
    /// Whether a copy of the head outside the folder was there to compare with.
    pub anchored: bool,
    /// What is wrong, at most twenty things.
    pub tampering: Vec<Tampering>,
    /// Events before which the clock was set back: no fault, and good to know.
    pub clock_set_back: Vec<i64>,
}

/// Something that leakcoach did not do. Numbers are those of events.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tampering {
    /// These are gone, first and last.
    Missing(i64, i64),
    /// Its bytes are not those that were recorded.
    Changed(i64),
    /// It does not follow the one before it.
    Broken(i64),
    /// It is not sealed by the record's key, or for another place.
    Unsealed(i64),
    /// It is empty, and nothing says that it was to be forgotten.
    Emptied(i64),
    /// So many at the end are gone.
    CutShort(i64),
    /// There are more than the head knows of.
    Added(i64),
    /// The head is gone.
    Headless,
    /// The head was not made with the record's key.
    ForgedHead,
    /// The last event is not the one that the head names.
    OtherEnd,
    /// It does not fit the copy of its head outside the folder.
    Elsewhere(String),
    /// `SQLite` finds the file damaged.
    Damaged(String),
}

impl fmt::Display for Tampering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(first, last) if first == last => write!(f, "event {first} is missing"),
            Self::Missing(first, last) => write!(f, "events {first} to {last} are missing"),
            Self::Changed(at) => write!(f, "event {at} was changed"),
            Self::Broken(at) => write!(f, "the chain breaks at event {at}"),
            Self::Unsealed(at) => write!(f, "event {at} is not sealed by this record's key"),
            Self::Emptied(at) => write!(f, "event {at} was emptied, and no tombstone names it"),
            Self::CutShort(1) => f.write_str("the last event is missing"),
            Self::CutShort(count) => write!(f, "the last {count} events are missing"),
            Self::Added(count) => write!(f, "{count} at the end were added by something else"),
            Self::Headless => f.write_str("the head is missing"),
            Self::ForgedHead => f.write_str("the head was not made with this record's key"),
            Self::OtherEnd => f.write_str("the last event is not the one that the head names"),
            Self::Elsewhere(what) => f.write_str(what),
            Self::Damaged(why) => write!(f, "the database is damaged: {why}"),
        }
    }
}

impl Proof {
    fn beside(
        &mut self,
        fit: Result<Option<rusqlite::Result<Fit>>, Fault>,
        path: &std::path::Path,
    ) -> Result<(), Fault> {
        let fit = match fit {
            Ok(Some(fit)) => fit.map_err(|error| fault(error, path))?,
            Ok(None) => return Ok(()),
            Err(Fault::Tampered { .. }) => Fit::Damaged,
            Err(fault) => return Err(fault),
        };
        if fit != Fit::Fits {
            self.tampering.push(Tampering::Elsewhere(fit.words()));
        }
        Ok(())
    }
}

impl Record {
    /// Follows the chain from its first event to its head and opens every event.
    ///
    /// # Errors
    /// The database cannot be read, or the key is another record's.
    pub fn verify(&self) -> Result<Proof, Fault> {
        let path = self.place.database();
        let sql = |error| fault(error, &path);
        let mut proof = Proof::default();
        // Before the record, which may grow meanwhile.
        let anchor = anchor::read(&self.place);
        proof.anchored = matches!(anchor, Ok(Some(_)));
        if !has_tables(&self.db, &path)? {
            let fit = anchor.map(|anchor| {
                anchor.map(|anchor| anchor.fit(&self.keys, &Head::start(), &self.db))
            });
            proof.beside(fit, &path)?;
            return Ok(proof);
        }
        // One look at one state, whoever writes meanwhile.
        let look = self.db.unchecked_transaction().map_err(sql)?;
        let head = stored_head(&look, &path);
        if let Ok(Some(stored)) = &head
            && stored.key != self.keys.name
        {
            return Err(Fault::WrongKey { place: self.key_place().to_string() });
        }
        let mut follow = Follow::default();
        let walked = (|| {
            let every = "SELECT sequence, sealed, digest, link FROM event ORDER BY sequence";
            let mut query = look.prepare(every)?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                let sealed = match row.get_ref(1)? {
                    ValueRef::Null => None,
                    ValueRef::Blob(sealed) => Some(sealed),
                    // No bytes of ours, and so changed ones.
                    ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Text(_) => Some(&b""[..]),
                };
                let bytes = |at| row.get::<_, Link>(at).unwrap_or_default();
                follow.event(self, row.get(0)?, sealed, (bytes(2), bytes(3)), &mut proof);
            }
            Ok(())
        })();
        if let Err(error) = walked {
            proof.tampering.push(Tampering::Damaged(rusqlite::Error::to_string(&error)));
        }
        follow.tombstones(&mut proof);
        let end = Head { count: follow.sequence, link: follow.link };
        let fit = anchor.map(|anchor| anchor.map(|anchor| anchor.fit(&self.keys, &end, &look)));
        proof.beside(fit, &path)?;
        match head {
            Ok(Some(stored)) => {
                if stored.mac != stored.head.mac(&self.keys) {
                    proof.tampering.push(Tampering::ForgedHead);
                }
                let short = stored.head.count - follow.sequence;
                match short {
                    1.. => proof.tampering.push(Tampering::CutShort(short)),
                    ..0 => proof.tampering.push(Tampering::Added(-short)),
                    0 if stored.head.link != follow.link => {
                        proof.tampering.push(Tampering::OtherEnd);
                    }
                    0 => {}
                }
                proof.head = stored.head.link.first_chunk().copied();
            }
            Ok(None) if follow.sequence == 0 => {}
            Ok(None) => proof.tampering.push(Tampering::Headless),
            Err(Fault::Tampered { .. }) => proof.tampering.push(Tampering::ForgedHead),
            Err(fault) => return Err(fault),
        }
        proof.tampering.truncate(MOST);
        Ok(proof)
    }
}

impl Record {
    /// Whether the event numbered `COUNT` still has the link that begins with `LINK`, as an
    /// earlier proof gave them: `COUNT:LINK`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn goes_on_from(&self, head: &str) -> Result<bool, Fault> {
        let path = self.place.database();
        let Some((count, link)) = head.split_once(':') else { return Ok(false) };
        let Ok(count) = count.parse::<i64>() else { return Ok(false) };
        if link.len() < 16 || !has_tables(&self.db, &path)? {
            return Ok(false);
        }
        let query = "SELECT link FROM event WHERE sequence = ?1";
        let found = self.db.query_row(query, [count], |row| row.get::<_, Vec<u8>>(0)).optional();
        let found = found.map_err(|error| fault(error, &path))?;
        Ok(found.is_some_and(|found| data_encoding::HEXLOWER.encode(&found).starts_with(link)))
    }
}

/// How far the chain was followed.
struct Follow {
    sequence: i64,
    link: Link,
    last: Option<i64>,
    empty: BTreeSet<i64>,
    tombs: Vec<(i64, i64)>,
}

impl Default for Follow {
    fn default() -> Self {
        let (empty, tombs) = (BTreeSet::new(), Vec::new());
        Self { sequence: 0, link: chain::START, last: None, empty, tombs }
    }
}

impl Follow {
    fn event(
        &mut self,
        record: &Record,
        sequence: i64,
        sealed: Option<&[u8]>,
        (digest, link): (Link, Link),
        proof: &mut Proof,
    ) {
        proof.events += 1;
        let mut tell = |what| {
            if proof.tampering.len() < MOST {
                proof.tampering.push(what);
            }
        };
        let gap = sequence > self.sequence + 1;
        if gap {
            tell(Tampering::Missing(self.sequence + 1, sequence - 1));
        }
        let follows = chain::link(&self.link, sequence, &digest) == link;
        match sealed {
            None => {
                self.empty.insert(sequence);
            }
            Some(sealed) if chain::digest(sealed) != digest => tell(Tampering::Changed(sequence)),
            Some(sealed) => match record.keys.unseal(&about(sequence), sealed) {
                None => tell(Tampering::Unsealed(sequence)),
                Some(text) => {
                    // What a later leakcoach wrote is sealed all the same.
                    if let Some(event) = Event::of_text(text.trim_ascii_end()) {
                        if self.last.is_some_and(|last| event.at < last)
                            && proof.clock_set_back.len() < MOST
                        {
                            proof.clock_set_back.push(sequence);
                        }
                        self.last = Some(event.at);
                        if let What::Forgot { events, .. } = event.what {
                            self.tombs.extend(events);
                        }
                    }
                }
            },
        }
        if !follows && !gap {
            tell(Tampering::Broken(sequence));
        }
        (self.sequence, self.link) = (sequence, link);
    }

    fn tombstones(&mut self, proof: &mut Proof) {
        let empty = self.empty.len();
        for (first, last) in &self.tombs {
            if first <= last {
                let named: Vec<i64> = self.empty.range(first..=last).copied().collect();
                for sequence in named {
                    self.empty.remove(&sequence);
                }
            }
        }
        proof.forgotten = (empty - self.empty.len()) as u64;
        proof.tampering.extend(self.empty.iter().take(MOST).map(|at| Tampering::Emptied(*at)));
    }
}
