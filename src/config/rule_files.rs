//! The rule files of users: found, kept inside the repository, read within limits.
//!
//! `rules.files` is content of the repository, and so is what it names: neither may lead
//! out of it, by `..` or by a link, and both are bounded.

use crate::catalogue::UserRules;
use crate::error::Error;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// A rule file is no larger.
const MOST_BYTES: u64 = 1 << 20;

/// All rule files together are no larger.
const MOST_BYTES_TOGETHER: u64 = 4 << 20;

/// There are no more of them.
const MOST_FILES: usize = 64;

/// Reads rule files, one after the other.
#[derive(Debug)]
pub(super) struct RuleFiles<'a> {
    /// The repository's top; the current folder where there is none.
    top: &'a Path,
    users: UserRules,
    /// Where the files that were read really are: one is read once.
    read: Vec<PathBuf>,
    bytes: u64,
}

impl<'a> RuleFiles<'a> {
    pub(super) fn new(top: Option<&'a Path>) -> Self {
        let top = top.unwrap_or(Path::new("."));
        Self { top, users: UserRules::default(), read: Vec::new(), bytes: 0 }
    }

    /// Reads a file that `line` of the configuration at `config` names, inside of `folder`.
    pub(super) fn named(
        &mut self,
        config: &Path,
        line: usize,
        folder: &Path,
        name: &str,
    ) -> Result<(), Error> {
        let unread = |why: String| Error::RuleFileUnread {
            path: config.to_owned(),
            line,
            file: name.to_owned(),
            why,
        };
        let path = inside(folder, name).map_err(unread)?;
        self.add(name, path, folder).map_err(|fault| fault.or(unread))
    }

    /// Reads a file that a person named on the command line.
    pub(super) fn given(&mut self, path: &Path) -> Result<(), Error> {
        let unread = |why: String| {
            let path = crate::text::Escaped::path(path);
            Error::Usage(format!("cannot read the rule file `{path}`: {why}"))
        };
        let real = fs::canonicalize(path).map_err(|error| unread(error.to_string()))?;
        let name = path.strip_prefix(".").unwrap_or(path).to_string_lossy().into_owned();
        self.add(&name, real, self.top).map_err(|fault| fault.or(unread))
    }

    fn add(&mut self, name: &str, path: PathBuf, top: &Path) -> Result<(), Unfit> {
        if self.read.contains(&path) {
            return Ok(());
        }
        let text = text_of(&path, &mut self.bytes).map_err(Unfit::Unread)?;
        self.read.push(path);
        if self.read.len() > MOST_FILES {
            return Err(Unfit::Unread(format!("more than {MOST_FILES} rule files")));
        }
        let bytes = &mut self.bytes;
        let mut base = |wanted: &str| {
            let why = |why: String| format!("cannot read the file of `extend.path`: {why}");
            let path = inside(top, wanted).map_err(why)?;
            let text = text_of(&path, bytes).map_err(why)?;
            Ok((wanted.strip_prefix("./").unwrap_or(wanted).to_owned(), text))
        };
        self.users.add(name, &text, &mut base).map_err(|f| Unfit::Fault(Error::RuleFile(f)))
    }

    /// All their rules.
    pub(super) fn finish(self) -> Result<UserRules, Error> {
        self.users.check_companions().map_err(Error::RuleFile)?;
        Ok(self.users)
    }
}

/// Why a file gives no rules.
enum Unfit {
    Unread(String),
    Fault(Error),
}

impl Unfit {
    fn or(self, unread: impl FnOnce(String) -> Error) -> Error {
        match self {
            Self::Unread(why) => unread(why),
            Self::Fault(error) => error,
        }
    }
}

/// Where `name` really is, if that is inside `top`.
fn inside(top: &Path, name: &str) -> Result<PathBuf, String> {
    let out = || "it leads out of the repository".to_owned();
    let name = Path::new(name);
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if name.as_os_str().is_empty() || !name.components().all(plain) {
        return Err(out());
    }
    let top = fs::canonicalize(top).map_err(|error| error.to_string())?;
    let path = fs::canonicalize(top.join(name)).map_err(|error| error.to_string())?;
    if path.starts_with(&top) { Ok(path) } else { Err(out()) }
}

/// The text of the file at `path`; `sum` is how many bytes were read so far.
fn text_of(path: &Path, sum: &mut u64) -> Result<String, String> {
    // Opening a pipe would wait for somebody to write to it.
    let about = fs::metadata(path).map_err(|error| error.to_string())?;
    if !about.is_file() {
        return Err("it is no file".to_owned());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    *sum += bytes.len() as u64;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("it is larger than {MOST_BYTES} bytes"));
    }
    if *sum > MOST_BYTES_TOGETHER {
        return Err(format!("the rule files are larger than {MOST_BYTES_TOGETHER} bytes together"));
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
}
