//! `--part FILE`: what is done, written down as it is done.

use crate::cli::spread::shard::Shard;
use crate::error::Error;
use crate::report::part::{End, Head, NOT_ONE, Part, PartFile};
use crate::report::{self, write};
use crate::text::Escaped;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A part's file, or none.
pub(in crate::cli) struct Journal {
    head: Head,
    to: Option<(PathBuf, File)>,
}

impl Journal {
    /// Begins the file at `path`, if one was asked for, and gives what an earlier run of the
    /// same shard has in it.
    pub(in crate::cli) fn begin(
        path: Option<&Path>,
        head: Head,
    ) -> Result<(Self, Vec<Part>), Error> {
        let Some(path) = path else { return Ok((Self { head, to: None }, Vec::new())) };
        let done = earlier(path, &head)?;
        let text = lines(&head, &done).map_err(|why| unwritten(path, why))?;
        write::file(path, &text).map_err(|source| failed(path, source))?;
        let file = OpenOptions::new().append(true).open(path);
        let file = file.map_err(|source| failed(path, source))?;
        Ok((Self { head, to: Some((path.to_owned(), file)) }, done))
    }

    /// Writes down that `part` is done.
    pub(in crate::cli) fn add(&mut self, part: &Part) -> Result<(), Error> {
        let Some((path, file)) = &mut self.to else { return Ok(()) };
        let line = part.clone().line().map_err(|why| unwritten(path, why))?;
        // In one go, and on the disk before the next repository is begun.
        let written = file.write_all(line.as_bytes()).and_then(|()| file.sync_data());
        written.map_err(|source| failed(path, source))
    }

    /// Ends the file: it holds `parts` and nothing else from now on.
    pub(in crate::cli) fn end(self, parts: &[Part], ended: i64) -> Result<(), Error> {
        let Some((path, _)) = self.to else { return Ok(()) };
        let end = End { parts: parts.len(), ended };
        let text = lines(&self.head, parts).and_then(|text| Ok(text + &end.line()?));
        let text = text.map_err(|why| unwritten(&path, why))?;
        write::file(&path, &text).map_err(|source| failed(&path, source))
    }
}

fn lines(head: &Head, parts: &[Part]) -> Result<String, String> {
    let mut text = head.line()?;
    for part in parts {
        text.push_str(&part.clone().line()?);
    }
    Ok(text)
}

/// What the file at `path` has of the same run.
fn earlier(path: &Path, head: &Head) -> Result<Vec<Part>, Error> {
    let shown = Escaped::path(path);
    let taken = |why: &str| Error::Usage(format!("nothing is written to `{shown}`: {why}"));
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(Error::File { deed: "read", path: path.to_owned(), source }),
    };
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let anew = |why: &str| {
        report::notice(&format!("`{shown}` was made with {why}: it is begun anew"));
        Ok(Vec::new())
    };
    let file = match PartFile::parse(&text) {
        Ok(file) => file,
        // Somebody's own file is not written over.
        Err(NOT_ONE) => return Err(taken(NOT_ONE.0)),
        Err(_) => return anew("another version of leakcoach"),
    };
    let (index, count) = file.head.shard;
    if file.head.shard != head.shard {
        return Err(taken(&format!("it is that of shard {}", Shard { index, count })));
    }
    match file.head.differs(head) {
        Some(what) => anew(what),
        None => Ok(file.parts),
    }
}

fn failed(path: &Path, source: std::io::Error) -> Error {
    Error::File { deed: "write", path: path.to_owned(), source }
}

fn unwritten(path: &Path, why: String) -> Error {
    failed(path, std::io::Error::other(why))
}
