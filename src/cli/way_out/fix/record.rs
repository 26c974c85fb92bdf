//! How to undo the last fix: kept in the repository's own folder, without the value.
//!
//! What was cut out of a file is named by the blob that git has it in. A value that stands
//! in no blob has to be given again.

use super::extras::Value;
use super::plan::{File, Plan, Version};
use super::{top, write};
use crate::cli::named::Named;
use crate::cli::{check::users, env};
use crate::config::Config;
use crate::error::Error;
use crate::remedy::fix::Edit;
use crate::scan::{Scanner, Text};
use crate::source::Repo;
use crate::source::role::role_of;
use crate::source::stage::Entry;
use crate::text::Escaped;
use crate::{exit, report};
use bstr::{BString, ByteSlice};
use gix_hash::ObjectId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::cmp::Reverse;
use std::fs;
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The last fix.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Record {
    index: Vec<Staged>,
    tree: Vec<Written>,
    env: Option<Appended>,
}

/// An entry of the index.
#[derive(Debug, Serialize, Deserialize)]
struct Staged {
    path: Vec<u8>,
    mode: Vec<u8>,
    before: String,
    /// Nothing where the entry was taken out.
    after: Option<String>,
}

/// A file of the work tree.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    at: PathBuf,
    /// SHA-256 of what was written.
    after: String,
    /// Whether there was none before.
    made: bool,
    /// One after the other.
    steps: Vec<Vec<Cut>>,
}

/// What one edit took out, and where what it put in stands.
#[derive(Debug, Serialize, Deserialize)]
struct Cut {
    /// In the text after the edits of its step.
    start: usize,
    end: usize,
    out: Vec<Piece>,
}

/// A part of what was taken out.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Piece {
    /// Quotes and blanks; any bytes.
    Text(Vec<u8>),
    /// In a blob of git's.
    Blob { id: String, start: usize, end: usize },
    /// A value, which has to be given: the how manieth of those that were cut out, from
    /// zero, and its bytes.
    Value { nth: usize, length: usize },
}

/// The line added to `.env`.
#[derive(Debug, Serialize, Deserialize)]
struct Appended {
    at: PathBuf,
    start: usize,
    end: usize,
    name: String,
}

/// Where the record is.
fn place(repo: &Repo) -> PathBuf {
    repo.git_dir().join("leakcoach").join("fix.json")
}

pub(super) fn forget(repo: &Repo) -> Result<(), Error> {
    let path = place(repo);
    fs::remove_file(&path).map_err(|source| Error::File { deed: "remove", path, source })
}

/// The files whose fix can be undone only with the value at hand.
pub(super) fn needs_value(repo: &Repo, plan: &Plan, all: &[Named]) -> Result<Vec<String>, Error> {
    let (scanner, cut) = (scanner(repo)?, Cuts::default());
    let open = |file: &&File| {
        file.tree.as_ref().is_some_and(|tree| {
            let cuts = steps(&Keeper::of(repo, (&scanner, &cut), file, all), tree);
            cuts.iter()
                .flatten()
                .flat_map(|cut| &cut.out)
                .any(|piece| matches!(piece, Piece::Value { .. }))
        })
    };
    Ok(plan.files.iter().filter(open).map(|file| Escaped(&file.path).to_string()).collect())
}

/// Finds what must not be kept.
fn scanner(repo: &Repo) -> Result<Scanner, Error> {
    Ok(users::scanner(&Config::load_with(&env::outside()?, repo.top(), &[])?))
}

impl Record {
    pub(super) fn of(repo: &Repo, plan: &Plan, all: &[Named]) -> Result<Self, Error> {
        let (mut record, scanner, cut) = (Self::default(), scanner(repo)?, Cuts::default());
        for file in &plan.files {
            if let Some((entry, version)) = &file.index {
                let after = repo.keep_blob(&version.after)?.to_string();
                record.index.push(Staged::of(&file.path, entry, Some(after)));
            }
            if let Some(entry) = &file.untracked {
                record.index.push(Staged::of(&file.path, entry, None));
            }
            if let Some(tree) = &file.tree {
                record.tree.push(Written {
                    at: file.at.clone(),
                    after: digest(&tree.after),
                    made: false,
                    steps: steps(&Keeper::of(repo, (&scanner, &cut), file, all), tree),
                });
            }
        }
        for added in &plan.extras.added {
            let before = added.before.as_deref().unwrap_or_default();
            let cut =
                Cut { start: before.len(), end: before.len() + added.text.len(), out: vec![] };
            record.tree.push(Written {
                at: added.at.clone(),
                after: digest(&[before, added.text.as_bytes()].concat()),
                made: added.before.is_none(),
                steps: vec![vec![cut]],
            });
        }
        if let Some(value) = &plan.extras.env {
            let (start, line) = env_line(value)?;
            let (at, name) = (value.at.clone(), value.name.clone());
            record.env = Some(Appended { at, start, end: start + line.len(), name });
        }
        Ok(record)
    }

    pub(super) fn save(&self, repo: &Repo) -> Result<(), Error> {
        let path = place(repo);
        let folder = path.parent().unwrap_or(Path::new("."));
        let fail = |source| Error::File { deed: "write", path: path.clone(), source };
        fs::create_dir_all(folder).map_err(fail)?;
        let text = serde_json::to_vec(self).map_err(|error| fail(error.into()))?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(fail)?;
        file.write_all(&text).map_err(fail)?;
        file.persist(&path).map_err(|error| fail(error.error))?;
        Ok(())
    }

    fn load(repo: &Repo) -> Result<Self, Error> {
        let path = place(repo);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| Error::File {
                deed: "read",
                path,
                source: error.into(),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(Error::Usage("there is no fix to undo".to_owned()))
            }
            Err(source) => Err(Error::File { deed: "read", path, source }),
        }
    }
}

impl Staged {
    fn of(path: &BString, entry: &Entry, after: Option<String>) -> Self {
        let mode = entry.mode.to_vec();
        Self { path: path.to_vec(), mode, before: entry.id.to_string(), after }
    }
}

/// The values that were cut out, each once, in their order.
type Cuts = RefCell<Vec<Zeroizing<Vec<u8>>>>;

/// Where bytes that are cut out can be had again.
struct Keeper<'a> {
    cut: &'a Cuts,
    blobs: Vec<(ObjectId, Zeroizing<Vec<u8>>)>,
    /// Every credential of the file: not only the one that is mended.
    secrets: Vec<Zeroizing<Vec<u8>>>,
}

impl<'a> Keeper<'a> {
    fn of(repo: &Repo, (scanner, cut): (&Scanner, &'a Cuts), file: &File, all: &[Named]) -> Self {
        let read = |id: &ObjectId| Some((*id, Zeroizing::new(repo.read(*id).ok()?.to_vec())));
        let text = file.tree.as_ref().map(|tree| &**tree.before).unwrap_or_default();
        let whole = Text { bytes: text, path: &file.path, role: role_of(&file.path) };
        let findings = scanner.scan(&whole).findings;
        let spans = findings.iter().filter_map(|one| text.get(one.secret_span.clone()));
        let values = findings.iter().map(|one| one.secret.expose());
        let named = all.iter().map(|one| one.secret.expose());
        let secrets = spans.chain(values).chain(named).filter(|secret| !secret.is_empty());
        Self {
            cut,
            blobs: file.kept_in.iter().filter_map(read).collect(),
            secrets: secrets.map(|secret| Zeroizing::new(secret.to_vec())).collect(),
        }
    }

    /// `bytes` as parts that hold no value.
    fn pieces(&self, bytes: &[u8]) -> Vec<Piece> {
        if bytes.is_empty() {
            return Vec::new();
        }
        for (id, blob) in &self.blobs {
            if let Some(start) = memchr::memmem::find(blob, bytes) {
                return vec![Piece::Blob { id: id.to_string(), start, end: start + bytes.len() }];
            }
        }
        let at = |secret: &Zeroizing<Vec<u8>>| {
            Some((memchr::memmem::find(bytes, secret)?, secret.len()))
        };
        // Of those that begin together the longest: no end of it may be left.
        let found = self.secrets.iter().filter_map(at).min_by_key(|(at, len)| (*at, Reverse(*len)));
        match found {
            Some((at, length)) => {
                let mut all = self.pieces(&bytes[..at]);
                all.push(self.value(&bytes[at..at + length]));
                all.extend(self.pieces(&bytes[at + length..]));
                all
            }
            None => vec![Piece::Text(bytes.to_vec())],
        }
    }

    fn value(&self, bytes: &[u8]) -> Piece {
        let mut cut = self.cut.borrow_mut();
        let nth = cut.iter().position(|known| ***known == *bytes).unwrap_or_else(|| {
            cut.push(Zeroizing::new(bytes.to_vec()));
            cut.len() - 1
        });
        Piece::Value { nth, length: bytes.len() }
    }
}

/// What each step cut out.
fn steps(keeper: &Keeper<'_>, version: &Version) -> Vec<Vec<Cut>> {
    let mut text = version.before.clone();
    let mut steps = Vec::new();
    for edits in &version.steps {
        let mut moved = 0_isize;
        let cuts = edits.iter().map(|edit: &Edit| {
            let start = edit.span.start.saturating_add_signed(moved);
            moved += edit.with.len().cast_signed() - edit.span.len().cast_signed();
            let out = keeper.pieces(text.get(edit.span.clone()).unwrap_or_default());
            Cut { start, end: start + edit.with.len(), out }
        });
        steps.push(cuts.collect());
        text = Zeroizing::new(crate::remedy::fix::applied(&text, edits));
    }
    steps
}

fn digest(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

/// Where `.env` ends, and the line that is added there.
fn env_line(value: &Value) -> Result<(usize, Zeroizing<Vec<u8>>), Error> {
    let before = match fs::read(&value.at) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Zeroizing::new(Vec::new()),
        Err(source) => return Err(Error::File { deed: "read", path: value.at.clone(), source }),
    };
    let gap: &[u8] = if before.is_empty() || before.ends_with(b"\n") { b"" } else { b"\n" };
    let secret = value.secret.expose();
    let plain = secret.iter().all(|b| b.is_ascii_alphanumeric() || b"_-./+=:@%,".contains(b));
    let quote: &[u8] = if plain { b"" } else { b"'" };
    let line = [gap, value.name.as_bytes(), b"=", quote, secret, quote, b"\n"].concat();
    Ok((before.len(), Zeroizing::new(line)))
}

/// Adds the value to `.env`, which nobody else can read afterwards.
pub(super) fn append_env(value: &Value) -> Result<(), Error> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let fail = |source| Error::File { deed: "write", path: value.at.clone(), source };
    let (_, line) = env_line(value)?;
    let mut file = fs::OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(&value.at)
        .map_err(fail)?;
    file.set_permissions(PermissionsExt::from_mode(0o600)).map_err(fail)?;
    file.write_all(&line).map_err(fail)?;
    Ok(())
}

/// Puts the index and the work tree back to what they were before the last fix.
pub(super) fn undo(repo: &Repo) -> Result<u8, Error> {
    let record = Record::load(repo)?;
    let _top = top(repo)?;
    let changed = |what: &[u8]| {
        Error::Usage(format!("`{}` has changed since the fix: undo it by hand", Escaped(what)))
    };
    // All is looked at before anything is written.
    let mut texts: Vec<(&Written, Zeroizing<Vec<u8>>)> = Vec::new();
    let mut given = None;
    for written in &record.tree {
        let path = written.at.as_os_str().as_encoded_bytes();
        let now = fs::read(&written.at).map_err(|_| changed(path))?;
        if digest(&now) != written.after {
            return Err(changed(path));
        }
        texts.push((written, restored(repo, written, now, &mut given)?));
    }
    let mut entries = Vec::new();
    for staged in &record.index {
        let now = repo.staged_at(&staged.path)?;
        let ids: Vec<String> = now.iter().map(|entry| entry.id.to_string()).collect();
        if ids.first() != staged.after.as_ref() || ids.len() > 1 {
            return Err(changed(&staged.path));
        }
        let id = ObjectId::from_hex(staged.before.as_bytes()).map_err(|_| changed(&staged.path))?;
        entries.push((&staged.path, Entry { mode: staged.mode.clone().into(), id, stage: 0 }));
    }
    if let Some(env) = &record.env {
        take_out_of_env(env)?;
    }
    for (written, before) in texts {
        if written.made && before.is_empty() {
            let path = &written.at;
            fs::remove_file(path).map_err(|source| Error::File {
                deed: "remove",
                path: path.clone(),
                source,
            })?;
        } else {
            write::replace(&written.at, &before)?;
        }
    }
    for (path, entry) in entries {
        repo.stage(path, Some(&entry))?;
    }
    forget(repo)?;
    report::notice("the last fix is undone: the credential is back where it was");
    Ok(exit::PASSED)
}

/// The text before the fix.
fn restored(
    repo: &Repo,
    written: &Written,
    now: Vec<u8>,
    given: &mut Option<Zeroizing<Vec<u8>>>,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let lost =
        || Error::Usage("git has lost what the fix took out: it cannot be undone".to_owned());
    let mut text = Zeroizing::new(now);
    for step in written.steps.iter().rev() {
        let (mut out, mut at) = (Zeroizing::new(Vec::with_capacity(text.len() + 256)), 0);
        for cut in step {
            out.extend_from_slice(text.get(at..cut.start).ok_or_else(lost)?);
            for piece in &cut.out {
                match piece {
                    Piece::Text(words) => out.extend_from_slice(words),
                    Piece::Blob { id, start, end } => {
                        let id = ObjectId::from_hex(id.as_bytes()).map_err(|_| lost())?;
                        let blob = repo.read(id).map_err(|_| lost())?;
                        out.extend_from_slice(blob.get(*start..*end).ok_or_else(lost)?);
                    }
                    Piece::Value { nth, length } => {
                        if given.is_none() {
                            *given = Some(asked()?);
                        }
                        let text = given.iter().map(|text| text.as_slice());
                        let mut lines = text.clone().flat_map(|text| text.split(|b| *b == b'\n'));
                        let whole = text.take(usize::from(*nth == 0));
                        let value = whole.chain(lines.nth(*nth)).find(|one| one.len() == *length);
                        out.extend_from_slice(value.ok_or_else(|| unfit(*nth, *length))?);
                    }
                }
            }
            at = cut.end;
        }
        out.extend_from_slice(text.get(at..).ok_or_else(lost)?);
        text = out;
    }
    Ok(text)
}

fn unfit(nth: usize, length: usize) -> Error {
    Error::Usage(match nth {
        0 => format!("the value had {length} bytes, this one has not"),
        _ => format!(
            "several values were cut out: give each on a line of its own, in the order in which \
             they stood; number {} had {length} bytes",
            nth + 1
        ),
    })
}

/// The value, from standard input; several of them line by line.
fn asked() -> Result<Zeroizing<Vec<u8>>, Error> {
    let need = "the value stands in no git object: give it on standard input, as in \
                `leakcoach fix --undo < FILE`";
    let mut input = std::io::stdin();
    if input.is_terminal() {
        return Err(Error::Usage(need.to_owned()));
    }
    let mut value = Zeroizing::new(Vec::new());
    input.read_to_end(&mut value).map_err(|_| Error::Usage(need.to_owned()))?;
    while matches!(value.last(), Some(b'\n' | b'\r')) {
        value.pop();
    }
    if value.is_empty() { Err(Error::Usage(need.to_owned())) } else { Ok(value) }
}

/// Takes the line that the fix added out of `.env` again.
fn take_out_of_env(env: &Appended) -> Result<(), Error> {
    let fail = |source| Error::File { deed: "read", path: env.at.clone(), source };
    let text = Zeroizing::new(fs::read(&env.at).map_err(fail)?);
    let line = text.get(env.start..env.end).unwrap_or_default();
    let ours = line.trim_start().starts_with(format!("{}=", env.name).as_bytes());
    if !ours || !line.ends_with(b"\n") {
        return Err(Error::Usage(".env has changed since the fix: undo it by hand".to_owned()));
    }
    let rest = [text.get(..env.start).unwrap_or_default(), text.get(env.end..).unwrap_or_default()];
    write::replace(&env.at, &Zeroizing::new(rest.concat()))
}
