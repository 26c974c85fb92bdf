//! A file encrypted by SOPS (with age, or whatever its `.sops.yaml` says), by `sops`.
//!
//! `sops set --value-stdin` takes a JSON value from standard input (getsops/sops, since
//! 3.11.0); `sops encrypt` takes a new file's text from there and prints it encrypted. A
//! `.sops.yaml` may leave some keys in the clear: what comes out is looked through for the
//! value before it stays.

use super::super::World;
use super::super::keep::{Found, Keeper};
use super::super::mask::Mask;
use super::super::place::Place;
use super::super::recipe::{fed, given, seen, text, whole};
use super::super::run::{Line, Programs};
use super::super::trouble::Trouble;
use crate::secret::Secret;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use zeroize::Zeroizing;

pub(in super::super) struct Sops {
    /// From the top of the repository.
    file: String,
    path: PathBuf,
    name: String,
}

impl Sops {
    pub(in super::super) fn open(place: &Place, world: &World) -> Self {
        let file = place.key("file").unwrap_or("secrets.enc.yaml").to_owned();
        Self { path: world.top.join(&file), file, name: place.name.clone() }
    }

    /// The place in the file, as `sops` is told it.
    fn index(&self) -> String {
        format!("[\"{}\"]", self.name)
    }

    fn get(&self) -> Line {
        Line::new("sops", ["decrypt", "--extract", &self.index(), &self.file])
    }

    fn set(&self) -> Line {
        Line::new("sops", ["set", "--value-stdin", &self.file, &self.index()])
    }

    fn encrypt(&self) -> Line {
        Line::new("sops", ["encrypt", "--filename-override", &self.file, "--input-type", "json"])
    }

    fn add(&self, programs: &Programs, value: &Secret) -> Result<(), Trouble> {
        let mask = Mask::new(value);
        let before = fs::read(&self.path).map_err(|error| self.trouble(&error))?;
        let json = Zeroizing::new(serde_json::Value::from(text(value)?).to_string());
        let set = fed(programs, &self.set(), value, &Secret::new(json.as_bytes()));
        match fs::read(&self.path) {
            Ok(after) if mask.is_in(&after) => {
                fs::write(&self.path, before).map_err(|error| self.trouble(&error))?;
                Err(self.clear())
            }
            Ok(_) => set,
            Err(error) => set.and(Err(self.trouble(&error))),
        }
    }

    fn create(&self, programs: &Programs, value: &Secret) -> Result<(), Trouble> {
        let (line, mask) = (self.encrypt(), Mask::new(value));
        let json = Zeroizing::new(serde_json::json!({ &self.name: text(value)? }).to_string());
        let said = programs.run(&line, Some(&Secret::new(json.as_bytes())))?;
        if !said.well() {
            return Err(said.failure(&line, &mask));
        }
        if mask.is_in(said.out.expose()) {
            return Err(self.clear());
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&self.path)
            .map_err(|error| self.trouble(&error))?;
        file.write_all(said.out.expose())
            .and_then(|()| file.sync_all())
            .map_err(|error| self.trouble(&error))
    }

    fn trouble(&self, error: &std::io::Error) -> Trouble {
        Trouble::Unfit(format!("`{}`: {error}", self.file))
    }

    fn clear(&self) -> Trouble {
        Trouble::Unfit(format!(
            "the rules of .sops.yaml leave {} in the clear in `{}`: nothing was written",
            self.name, self.file
        ))
    }
}

impl Keeper for Sops {
    fn place(&self) -> String {
        format!("SOPS, {} in {}", self.name, self.file)
    }

    fn look(&self, programs: &Programs, value: &Secret) -> Result<Found, Trouble> {
        if programs.find("sops").is_none() {
            return Err(Trouble::Missing("sops".to_owned()));
        }
        match self.path.symlink_metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Found::Absent),
            Err(error) => return Err(self.trouble(&error)),
            Ok(_) => {}
        }
        let line = self.get();
        let said = programs.run(&line, None)?;
        if !said.well() && said.says(&format!("component ['{}'] not found", self.name)) {
            return Ok(Found::Absent);
        }
        seen(&said, &line, value, &whole)
    }

    fn put(&self, programs: &Programs, value: &Secret, _: Found) -> Result<(), Trouble> {
        if self.path.exists() { self.add(programs, value) } else { self.create(programs, value) }
    }

    fn takes(&self, value: &Secret) -> Result<(), Trouble> {
        text(value).map(drop)
    }

    fn steps(&self) -> Vec<String> {
        if self.path.exists() {
            vec![self.get().to_string(), given(&self.set())]
        } else {
            vec![given(&self.encrypt())]
        }
    }

    fn read_back(&self) -> String {
        self.get().to_string()
    }

    fn fill(&self) -> String {
        Line::new("sops", ["exec-env", &self.file, "COMMAND"]).to_string()
    }

    fn remark(&self) -> Option<String> {
        Some(format!("commit {}: it holds the value encrypted", self.file))
    }
}
