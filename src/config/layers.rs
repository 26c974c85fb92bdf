//! Where configuration comes from: each file and the environment, the farthest first.

use super::keys::{KEYS, can_be_locked, is_under, nearest_lock, nearest_name};
use super::written::{At, Written};
use super::{FILE, line_at, shown};
use crate::catalogue::lint::unquoted;
use crate::error::Error;
use crate::text::Escaped;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// What is configured outside of a repository.
#[derive(Debug, Clone, Default)]
pub struct Outside {
    /// The organisation's file in the system's folder; it may be missing.
    pub organisation: Option<PathBuf>,
    /// The organisation's file that the environment names; it must be there. It counts
    /// where the one in the system's folder is missing.
    pub named: Option<PathBuf>,
    /// The user's file; it may be missing.
    pub user: Option<PathBuf>,
    /// Variables of the environment, by name, that say a key of [`KEYS`].
    pub environment: Vec<(&'static str, String)>,
    /// `KEY=VALUE`, from the command line.
    pub flags: Vec<String>,
}

/// Whose word a layer is, from the farthest to the nearest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// The organisation's: what it locks, no other layer loosens.
    Organisation,
    /// The user's.
    User,
    /// The repository's.
    Repository,
    /// The environment's.
    Environment,
    /// The command line's.
    Flags,
}

impl Whose {
    /// The word used in output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::User => "user",
            Self::Repository => "repository",
            Self::Environment => "environment",
            Self::Flags => "command line",
        }
    }
}

/// A place in a layer: `.leakcoach.toml:7`, or the variable that says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Whose word it is.
    pub whose: Whose,
    /// The file; of the environment, the variable; of the command line, the flag.
    pub path: PathBuf,
    /// One-based; nothing where there is no file.
    pub line: Option<usize>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // There is one repository, whose file everybody knows by its name.
        let name = self.path.file_name().filter(|_| self.whose == Whose::Repository);
        write!(f, "{}", Escaped::path(name.map_or(&*self.path, Path::new)))?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
}

/// One layer.
#[derive(Debug)]
pub(super) struct Layer {
    whose: Whose,
    path: PathBuf,
    pub(super) text: String,
    /// What each line of the text stands for, where it is no file.
    names: Vec<String>,
    pub(super) written: Written,
}

impl Layer {
    /// Reads the text of a layer.
    pub(super) fn read(whose: Whose, path: &Path, text: String) -> Result<Self, Error> {
        Self::of(whose, path, text, Vec::new())
    }

    fn of(whose: Whose, path: &Path, text: String, names: Vec<String>) -> Result<Self, Error> {
        let mut layer =
            Self { whose, path: path.to_owned(), text, names, written: Written::default() };
        layer.written = toml::from_str(&layer.text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let message = error.message();
            let unknown = message.strip_prefix("unknown field `").and_then(|m| m.split('`').next());
            match unknown {
                Some(key) => layer.unknown(at, key, nearest_name(key)),
                None => layer.wrong(at, &unquoted(message)),
            }
        })?;
        if let Some(lock) = layer.written.lock.as_ref().filter(|_| whose != Whose::Organisation) {
            let what = "the key `lock` counts only in the organisation's file";
            return Err(layer.wrong(lock.span().start, what));
        }
        for name in layer.locks() {
            if !can_be_locked(name.get_ref()) {
                let nearest = nearest_lock(name.get_ref());
                return Err(layer.unknown(name.span().start, name.get_ref(), nearest));
            }
        }
        Ok(layer)
    }

    /// What is wrong at a byte of the text.
    pub(super) fn wrong(&self, at: usize, what: &str) -> Error {
        let origin = self.origin(at);
        match origin.line {
            Some(line) => Error::Config { path: origin.path, line, what: what.to_owned() },
            None => Error::Usage(format!("{origin}: {what}")),
        }
    }

    fn unknown(&self, at: usize, key: &str, nearest: Option<&'static str>) -> Error {
        let origin = self.origin(at);
        let key = shown(key, nearest.is_some());
        if let Some(line) = origin.line {
            return Error::UnknownKey { path: origin.path, line, key, nearest };
        }
        let hint = nearest.map(|key| format!("; did you mean `{key}`?"));
        let key = Escaped(key.as_bytes());
        Error::Usage(format!("{origin}: unknown key `{key}`{}", hint.unwrap_or_default()))
    }

    /// The place of a byte of the text.
    pub(super) fn origin(&self, at: usize) -> Origin {
        let line = line_at(&self.text, at);
        match self.names.get(line - 1) {
            Some(name) => Origin { whose: self.whose, path: name.into(), line: None },
            None => Origin { whose: self.whose, path: self.path.clone(), line: Some(line) },
        }
    }

    fn locks(&self) -> &[Spanned<String>] {
        self.written.lock.as_ref().map_or(&[], |lock| lock.get_ref())
    }

    pub(super) const fn whose(&self) -> Whose {
        self.whose
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Something that a layer said and a lock did not let count.
#[derive(Debug, Clone)]
pub struct Refused {
    /// The key.
    pub key: &'static str,
    /// Where it stands.
    pub at: Origin,
    /// The line that locks the key.
    pub by: Origin,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} does not count: {} locks `{}`", self.at, self.by, self.key)
    }
}

/// All layers, the farthest first.
#[derive(Debug, Default)]
pub struct Layers {
    pub(super) all: Vec<Layer>,
    pub(super) refused: Vec<Refused>,
}

impl Layers {
    /// Reads what `outside` names, and the repository's file in `top`.
    ///
    /// # Errors
    /// One of them cannot be read or is wrong.
    pub fn read(outside: &Outside, top: Option<&Path>) -> Result<Self, Error> {
        let path = top.map(|top| top.join(FILE));
        let text = path.as_deref().map(|path| text_of(path, false)).transpose()?.flatten();
        Self::around(outside, path.as_deref().zip(text))
    }

    /// The same with this text for the repository's file, as another commit may have it;
    /// nothing where it has none.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(super) fn read_with(outside: &Outside, text: Option<String>) -> Result<Self, Error> {
        Self::around(outside, text.map(|text| (Path::new(FILE), text)))
    }

    fn around(outside: &Outside, own: Option<(&Path, String)>) -> Result<Self, Error> {
        let mut all = Vec::new();
        let mut add = |whose, path: &Path, must_be| {
            let text = text_of(path, must_be)?;
            all.extend(text.map(|text| Layer::read(whose, path, text)).transpose()?);
            Ok::<_, Error>(all.len())
        };
        let organised = match &outside.organisation {
            Some(path) => add(Whose::Organisation, path, false)? > 0,
            None => false,
        };
        // Else an empty file of one's own would open every lock.
        if let Some(path) = outside.named.as_ref().filter(|_| !organised) {
            add(Whose::Organisation, path, true)?;
        }
        if let Some(path) = &outside.user {
            add(Whose::User, path, false)?;
        }
        all.extend(own.map(|(path, text)| Layer::read(Whose::Repository, path, text)).transpose()?);
        all.extend(of_environment(&outside.environment)?);
        all.extend(of_flags(&outside.flags)?);
        Ok(Self { all, refused: Vec::new() })
    }

    /// One layer alone.
    pub(super) fn only(layer: Layer) -> Self {
        Self { all: vec![layer], refused: Vec::new() }
    }

    /// Whether nobody says anything.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The nearest word on `key`, and where it stands. Where the key is locked, `looser`
    /// tells which words do not count beside the organisation's, or the default.
    pub(super) fn one<T: Clone>(
        &mut self,
        key: &'static str,
        default: Option<T>,
        get: impl Fn(&Written) -> &At<T>,
        looser: impl Fn(&T, Option<&T>) -> bool,
    ) -> Option<(T, Origin)> {
        let lock = self.lock_of(key);
        let mut floor = default;
        let mut chosen = None;
        for layer in &self.all {
            let Some(value) = get(&layer.written) else { continue };
            let at = layer.origin(value.span().start);
            match lock.as_ref().filter(|_| layer.whose > Whose::Organisation) {
                Some(by) if looser(value.get_ref(), floor.as_ref()) => {
                    self.refused.push(Refused { key, at, by: by.clone() });
                }
                Some(_) => chosen = Some((value.get_ref().clone(), at)),
                None => {
                    floor = Some(value.get_ref().clone());
                    chosen = Some((value.get_ref().clone(), at));
                }
            }
        }
        chosen
    }

    /// Every entry of the lists at `key`, and where it stands. Where the key is locked and
    /// more entries loosen, only the organisation's count.
    pub(super) fn all<'a, T>(
        &'a self,
        key: &'static str,
        more: More,
        get: impl Fn(&'a Written) -> &'a [Spanned<T>],
    ) -> (Vec<(&'a T, Origin)>, Vec<Refused>) {
        let lock = self.lock_of(key).filter(|_| more == More::Loosens);
        let (mut kept, mut refused) = (Vec::new(), Vec::new());
        for layer in &self.all {
            for entry in get(&layer.written) {
                let at = layer.origin(entry.span().start);
                match lock.as_ref().filter(|_| layer.whose > Whose::Organisation) {
                    Some(by) => refused.push(Refused { key, at, by: by.clone() }),
                    None => kept.push((entry.get_ref(), at)),
                }
            }
        }
        (kept, refused)
    }

    /// The line that locks `key`.
    pub(super) fn lock_of(&self, key: &str) -> Option<Origin> {
        self.all.iter().find_map(|layer| {
            let lock = layer.locks().iter().find(|name| is_under(key, name.get_ref()))?;
            Some(layer.origin(lock.span().start))
        })
    }
}

/// What more entries in a list do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum More {
    Loosens,
    Tightens,
}

/// The text of a file; nothing where it is missing and may be.
fn text_of(path: &Path, must_be: bool) -> Result<Option<String>, Error> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error)
            if !must_be
                && matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(source) => Err(Error::ConfigUnread { path: path.to_owned(), source }),
    }
}

fn of_environment(variables: &[(&'static str, String)]) -> Result<Option<Layer>, Error> {
    let lines = variables.iter().filter_map(|(name, value)| {
        let key = KEYS.iter().find(|key| key.variable == Some(*name))?;
        Some((key.name.to_owned(), value.as_str(), (*name).to_owned()))
    });
    of_lines(Whose::Environment, lines)
}

fn of_flags(flags: &[String]) -> Result<Option<Layer>, Error> {
    let lines = flags.iter().map(|flag| {
        let (key, value) = flag.split_once('=').ok_or_else(|| {
            Error::Usage("--set takes KEY=VALUE, such as verdicts.possible=block".to_owned())
        })?;
        let key = key.trim();
        if !KEYS.iter().any(|known| known.name == key && !key.contains('[')) {
            let nearest = nearest_lock(key).map(|key| format!("; did you mean `{key}`?"));
            let shown = Escaped(key.as_bytes()).to_string();
            let hint = nearest.unwrap_or_default();
            return Err(Error::Usage(format!("--set: unknown key `{shown}`{hint}")));
        }
        Ok((key.to_owned(), value, format!("--set {key}")))
    });
    of_lines(Whose::Flags, lines.collect::<Result<Vec<_>, Error>>()?.into_iter())
}

/// A layer of keys and values, one a line, each with its name.
fn of_lines<'a>(
    whose: Whose,
    lines: impl Iterator<Item = (String, &'a str, String)>,
) -> Result<Option<Layer>, Error> {
    let (mut text, mut names) = (String::new(), Vec::new());
    for (key, value, name) in lines {
        if value.contains(char::is_control) {
            return Err(Error::Usage(format!("{name}: expected a value of one line")));
        }
        // A number, a list or the like is taken as such, all else as text.
        let known = |text: &str| toml::from_str::<toml::Table>(&format!("v = {text}")).is_ok();
        let value = if key.starts_with("profile.") || !known(value) {
            toml::Value::from(value).to_string()
        } else {
            value.to_owned()
        };
        text.extend([&key, " = ", &value, "\n"]);
        names.push(name);
    }
    if names.is_empty() {
        return Ok(None);
    }
    Layer::of(whose, Path::new(whose.word()), text, names).map(Some)
}
