//! pass, the standard unix password manager, by `pass`.
//!
//! `pass insert -m` reads standard input to its end (pass(1)). By custom the first line of an
//! entry is its value, and what follows says more about it: a replacement keeps those lines.

use super::super::keep::{Found, Keeper, compare};
use super::super::mask::Mask;
use super::super::place::Place;
use super::super::recipe::{fed, given};
use super::super::run::{Line, Programs, quoted};
use super::super::trouble::Trouble;
use crate::secret::Secret;
use bstr::ByteSlice;
use zeroize::Zeroizing;

pub(in super::super) struct Pass {
    path: String,
    name: String,
    get: Line,
}

impl Pass {
    pub(in super::super) fn open(place: &Place) -> Self {
        let path = place.path("{repo}/{name}");
        let get = Line::new("pass", ["show", &path]);
        Self { path, name: place.name.clone(), get }
    }

    /// The entry as it is; nothing where there is none.
    fn entry(&self, programs: &Programs, value: &Secret) -> Result<Option<Secret>, Trouble> {
        let said = programs.run(&self.get, None)?;
        match (said.well(), said.says("is not in the password store")) {
            (true, _) => Ok(Some(said.out)),
            (false, true) => Ok(None),
            (false, false) => Err(said.failure(&self.get, &Mask::new(value))),
        }
    }
}

/// The first line, and what follows it.
fn parted(entry: &[u8]) -> (&[u8], &[u8]) {
    entry.split_once_str("\n").unwrap_or((entry, b""))
}

impl Keeper for Pass {
    fn place(&self) -> String {
        format!("pass, entry {}", self.path)
    }

    fn look(&self, programs: &Programs, value: &Secret) -> Result<Found, Trouble> {
        let Some(entry) = self.entry(programs, value)? else { return Ok(Found::Absent) };
        Ok(match compare(entry.expose(), value) {
            Found::Other if !value.expose().contains(&b'\n') => {
                compare(parted(entry.expose()).0, value)
            }
            found @ (Found::Absent | Found::Same | Found::Other | Found::Hidden) => found,
        })
    }

    fn put(&self, programs: &Programs, value: &Secret, found: Found) -> Result<(), Trouble> {
        let line = Line::new("pass", ["insert", "--multiline"]);
        if found == Found::Absent {
            return fed(programs, &line.and([&self.path]), value, value);
        }
        let mut input = Zeroizing::new(value.expose().to_vec());
        if let Some(entry) = self.entry(programs, value)?
            && !value.expose().contains(&b'\n')
        {
            input.push(b'\n');
            input.extend_from_slice(parted(entry.expose()).1);
        }
        fed(programs, &line.and(["--force", &self.path]), value, &Secret::new(&input))
    }

    fn steps(&self) -> Vec<String> {
        let put = Line::new("pass", ["insert", "--multiline", &self.path]);
        vec![self.get.to_string(), given(&put)]
    }

    fn read_back(&self) -> String {
        format!("pass show {} | head -n1", quoted(&self.path))
    }

    fn fill(&self) -> String {
        format!("{}=\"$({})\" COMMAND", self.name, self.read_back())
    }
}
