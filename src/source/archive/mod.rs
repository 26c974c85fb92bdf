//! Archives and compressed files, opened: what they hold, each member as a text of its
//! own.
//!
//! Takes bytes, gives members and, by name, what could not be looked into. Knows nothing
//! of files: a member's name is shown and never used as a path. What is an archive is
//! told by its first bytes. All is bounded by [`Limits`]: an archive is made by whoever
//! likes to.

mod limits;
mod office;
mod stream;
mod tar;
#[cfg(test)]
mod tests;
mod zip;

pub use limits::Limits;

use super::Unread;
use bstr::{BStr, BString};
use limits::{Meter, Stop};
use std::fmt;

/// As many things that could not be looked into are told by name, for one archive.
const NAMED_AT_MOST: usize = 50;

/// Names are shown from their end, this much of them.
const NAME_AT_MOST: usize = 1024;

/// What is damaged is scanned as far as it unpacks.
const DAMAGED: &str = "it is damaged or cut short";

/// A file in an archive.
#[derive(Debug)]
pub struct Member<'a> {
    /// Where it is, as `dist/app.zip!config/prod.env`; any bytes.
    pub path: &'a BStr,
    /// Its name in the innermost archive, which tells its role and format.
    pub name: &'a [u8],
    /// What it holds.
    pub bytes: &'a [u8],
    /// Whether it is an archive itself, whose members were given before it.
    pub is_archive: bool,
    /// What it was unpacked from: `a tar archive in a gzip file`.
    pub from: String,
}

/// What was looked into and what could not be.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// How many members were given.
    pub members: usize,
    /// What could not be looked into. Told beside coverage's own: the archive itself was
    /// read.
    pub unread: Vec<Unread>,
}

/// Gives `each` every member of the archive that `bytes` are, those of archives in it
/// too, an archive's members before itself. Gives none when `bytes` are no archive.
///
/// `path` is where the archive is; it begins the paths of its members.
pub fn for_each(
    path: &BStr,
    bytes: &[u8],
    limits: &Limits,
    each: &mut dyn FnMut(&Member<'_>),
) -> Account {
    let Some(kind) = Kind::of(bytes) else { return Account::default() };
    let mut walk = Walk {
        limits,
        meter: limits.meter(bytes.len()),
        stopped: false,
        unnamed: 0,
        account: Account::default(),
        each,
    };
    walk.open(&Spot { path: path.to_owned(), within: Vec::new() }, kind, bytes);
    walk.close(path)
}

/// Whether `bytes` begin as an archive or a compressed file does.
pub fn is_archive(bytes: &[u8]) -> bool {
    Kind::of(bytes).is_some()
}

/// The kinds of archives and compressed files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Zip,
    Tar,
    Gzip,
    Bzip2,
    Xz,
    Zstd,
    /// One that is known and cannot be opened.
    Sealed(&'static str),
}

impl Kind {
    /// What `bytes` are by how they begin; nothing for all but archives.
    fn of(bytes: &[u8]) -> Option<Self> {
        let first = bytes.first_chunk::<4>()?;
        match first {
            // An entry, the end of an archive without entries, or the first of several parts.
            b"PK\x03\x04" | b"PK\x05\x06" | b"PK\x07\x08" => Some(Self::Zip),
            [0x1f, 0x8b, 8, _] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Some(Self::Zstd),
            [0xfd, b'7', b'z', b'X'] if bytes.starts_with(b"\xfd7zXZ\0") => Some(Self::Xz),
            [b'B', b'Z', b'h', b'1'..=b'9'] if stream::is_bzip2(bytes) => Some(Self::Bzip2),
            [b'7', b'z', 0xbc, 0xaf] => Some(Self::Sealed("a 7z archive")),
            b"Rar!" if bytes.get(4) == Some(&0x1a) => Some(Self::Sealed("a RAR archive")),
            [0x04, 0x22, 0x4d, 0x18] => Some(Self::Sealed("an lz4 file")),
            _ if tar::is_tar(bytes) => Some(Self::Tar),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Zip => "a zip archive",
            Self::Tar => "a tar archive",
            Self::Gzip => "a gzip file",
            Self::Bzip2 => "a bzip2 file",
            Self::Xz => "an xz file",
            Self::Zstd => "a zstd file",
            Self::Sealed(what) => what,
        })
    }
}

/// Where an archive is.
struct Spot {
    path: BString,
    /// What it is in, outermost first: one list of kinds for each archive that it takes
    /// to get there, for a tar in a gzip is opened as one.
    within: Vec<Vec<Kind>>,
}

impl Spot {
    /// Inside of this archive of `kinds`, which is at `path`.
    fn inside(&self, kinds: Vec<Kind>) -> Self {
        let mut within = self.within.clone();
        within.push(kinds);
        Self { path: self.path.clone(), within }
    }

    /// What members here come from, the nearest first.
    fn from(&self, text: Option<&str>) -> String {
        let kinds = self.within.iter().flatten().rev().map(ToString::to_string);
        let all: Vec<String> = text.map(str::to_owned).into_iter().chain(kinds).collect();
        all.join(" in ")
    }

    fn path_of(&self, name: &[u8]) -> BString {
        let mut path = self.path.clone();
        path.push(b'!');
        path.extend_from_slice(name);
        path
    }
}

/// How much of a member there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    /// It goes on after this; an archive that was cut off is not opened.
    Head,
}

struct Walk<'w> {
    limits: &'w Limits,
    meter: Meter,
    stopped: bool,
    /// Unread things beyond those that are named.
    unnamed: usize,
    account: Account,
    each: &'w mut dyn FnMut(&Member<'_>),
}

impl Walk<'_> {
    fn open(&mut self, spot: &Spot, kind: Kind, bytes: &[u8]) {
        match kind {
            Kind::Zip => zip::open(self, &spot.inside(vec![kind]), bytes),
            Kind::Tar => tar::open(self, &spot.inside(vec![kind]), bytes),
            Kind::Gzip | Kind::Bzip2 | Kind::Xz | Kind::Zstd => {
                stream::open(self, spot, kind, bytes);
            }
            Kind::Sealed(what) => {
                self.unread(spot.path.clone(), format!("it is {what}, which cannot be opened"));
            }
        }
    }

    /// Whether one more member of the archive at `spot` may be looked into; says so once
    /// when not.
    fn goes_on(&mut self, spot: &Spot) -> bool {
        if self.stopped {
            return false;
        }
        let Some(stop) = self.meter.stop() else { return true };
        self.stopped = true;
        self.unread(spot.path.clone(), self.limits.words(stop));
        false
    }

    fn member(&mut self, spot: &Spot, name: &[u8], bytes: &[u8], part: Part) {
        let name = name.strip_prefix(b"./").unwrap_or(name);
        let name = &name[name.len().saturating_sub(NAME_AT_MOST)..];
        let path = spot.path_of(name);
        let kind = Kind::of(bytes).filter(|_| part == Part::Whole);
        if let Some(kind) = kind {
            if spot.within.len() < self.limits.depth {
                self.open(&Spot { path: path.clone(), within: spot.within.clone() }, kind, bytes);
            } else {
                let deep = self.limits.depth;
                let why = format!("archives are opened {deep} deep, and it lies deeper");
                self.unread(path.clone(), why);
            }
        }
        let text = office::text_of(bytes);
        self.account.members += 1;
        (self.each)(&Member {
            path: path.as_ref(),
            name,
            bytes: text.as_deref().unwrap_or(bytes),
            is_archive: kind.is_some(),
            from: spot.from(text.is_some().then_some("the paragraphs of a document")),
        });
    }

    /// Reads a member and looks into it. The archive says that it has `size` bytes.
    fn read(&mut self, spot: &Spot, name: &[u8], size: u64, mut reader: impl std::io::Read) {
        let (bytes, end) = self.limits.fill(&mut reader, size);
        drop(reader);
        let path = || spot.path_of(&name[name.len().saturating_sub(NAME_AT_MOST)..]);
        let part = match end {
            limits::End::Whole => Part::Whole,
            limits::End::Larger => {
                self.unread(path(), self.limits.words(Stop::Member));
                Part::Head
            }
            limits::End::Broken => {
                // When all of the allowance is spent, that is told of the archive.
                if self.meter.stop().is_none() {
                    self.unread(path(), DAMAGED.to_owned());
                }
                Part::Head
            }
        };
        if !bytes.is_empty() {
            self.member(spot, name, &bytes, part);
        }
    }

    fn unread(&mut self, path: BString, why: String) {
        if self.account.unread.len() < NAMED_AT_MOST {
            self.account.unread.push(Unread { path, why });
        } else {
            self.unnamed += 1;
        }
    }

    fn close(mut self, path: &BStr) -> Account {
        if self.unnamed > 0 {
            let why = format!("{} more of its members could not be opened", self.unnamed);
            self.account.unread.push(Unread { path: path.to_owned(), why });
        }
        self.account
    }
}
