//! Single entries of the index, read and written by git's own plumbing.
//!
//! git keeps the locks, the split and sparse forms and its caches right; a commit or an
//! add that runs meanwhile makes it fail rather than lose anything.

use super::object::Kind;
use super::repo::{Repo, hex_id};
use crate::error::Error;
use bstr::{BString, ByteSlice};
use gix_hash::ObjectId;
use std::ffi::{OsStr, OsString};

/// An entry of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `100644`, `100755`, `120000` or `160000`.
    pub mode: BString,
    /// The blob.
    pub id: ObjectId,
    /// Not 0 while a merge has left it in conflict.
    pub stage: u8,
}

impl Repo {
    /// git run at the top of the work tree.
    fn at_top<'a>(&'a self, args: &[&'a OsStr]) -> Vec<OsString> {
        let mut all: Vec<OsString> = Vec::new();
        if let Some(top) = self.top() {
            all.extend(["-C".into(), top.as_os_str().to_owned()]);
        }
        all.extend(args.iter().map(|arg| (*arg).to_owned()));
        all
    }

    /// The entries of the index at `path`: one, none, or those of a conflict.
    pub fn staged_at(&self, path: &[u8]) -> Result<Vec<Entry>, Error> {
        let what = "the index";
        let spec = [b":(top,literal)", path].concat();
        let spec = spec.to_os_str_lossy().into_owned();
        let args = ["ls-files", "-s", "-z", "--full-name", "--"].map(OsStr::new);
        let args = self.at_top(&[&args[..], &[spec.as_os_str()]].concat());
        let listed = self.git().ask(what, &args)?;
        let malformed = || Error::Repository {
            what: what.to_owned(),
            why: "git lists it in a form that leakcoach does not know".to_owned(),
        };
        let mut entries = Vec::new();
        for line in listed.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
            let (facts, name) = line.split_once_str("\t").ok_or_else(malformed)?;
            if name != path {
                continue;
            }
            let mut facts = facts.split_str(" ");
            let (mode, id) =
                (facts.next().ok_or_else(malformed)?, facts.next().ok_or_else(malformed)?);
            let stage = facts.next().and_then(|stage| stage.to_str().ok()?.parse().ok());
            entries.push(Entry {
                mode: mode.into(),
                id: hex_id(what, id)?,
                stage: stage.ok_or_else(malformed)?,
            });
        }
        Ok(entries)
    }

    /// Keeps `bytes` as a blob, as they are.
    pub fn keep_blob(&self, bytes: &[u8]) -> Result<ObjectId, Error> {
        let id = self.git().ask_about(
            "the new blob",
            &["hash-object", "-w", "-t", Kind::Blob.name(), "--no-filters", "--stdin"],
            bytes,
        )?;
        hex_id("the new blob", &id)
    }

    /// Puts `entry` at `path` of the index, or takes what is there out.
    pub fn stage(&self, path: &[u8], entry: Option<&Entry>) -> Result<(), Error> {
        let facts = match entry {
            Some(Entry { mode, id, .. }) => format!("{mode} {id} 0\t"),
            None => format!("0 {}\t", ObjectId::null(self.format())),
        };
        let line = [facts.as_bytes(), path, &[0]].concat();
        self.git().ask_about("the index", &["update-index", "-z", "--index-info"], &line)?;
        Ok(())
    }

    /// Whether git ignores `path` where it is not tracked yet.
    pub fn ignores(&self, path: &[u8]) -> Result<bool, Error> {
        let name = path.to_os_str_lossy().into_owned();
        let args = ["check-ignore", "-q", "--no-index", "--"].map(OsStr::new);
        let args = self.at_top(&[&args[..], &[name.as_os_str()]].concat());
        Ok(self.git().ask_if_any("what is ignored", &args)?.is_some())
    }
}
