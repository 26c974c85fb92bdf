//! Who may let findings through, for how long, and whose approval it takes.

use super::Outside;
use super::layers::{Layers, Origin, Whose};
use super::written::At;
use crate::catalogue::Severity;
use crate::error::Error;
use crate::judge::Actor;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// Days that an exception counts where nothing is said.
const DEFAULT_DAYS: i32 = 30;

/// Days that one counts at most.
const MAX_DAYS: i32 = 365;

/// Where the keys of approvers are, from the top of the repository.
pub const SIGNERS: &str = ".leakcoach/signers";

/// The approver that stands for the owners of the file in `CODEOWNERS`.
pub const OWNERS: &str = "codeowners";

/// What is configured of exceptions and overrides.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Days that an exception counts where nothing is said.
    pub default: i32,
    /// Days that one counts at most.
    pub max: i32,
    /// The words of the actors that may let through.
    pub who: Vec<&'static str>,
    /// Whether a refused action can be let through once, by a reason.
    pub overrides: bool,
    /// Whose approval it takes: names as in the file of signers, or [`OWNERS`]. Nobody's
    /// when it is empty.
    pub approvers: Vec<String>,
    /// From which severity on it takes one.
    pub approve_from: Severity,
    /// Where the keys of approvers are.
    pub signers: Signers,
}

/// Where the keys of approvers are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signers {
    /// In the repository, as its default branch has it.
    Committed(String),
    /// In a file that somebody outside of the repository named.
    Outside(PathBuf),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            default: DEFAULT_DAYS,
            max: MAX_DAYS,
            who: vec!["person"],
            overrides: true,
            approvers: Vec::new(),
            approve_from: Severity::Info,
            signers: Signers::Committed(SIGNERS.to_owned()),
        }
    }
}

impl Settings {
    /// Whether `actor` may let findings through.
    pub fn lets(&self, actor: &Actor) -> bool {
        self.who.contains(&actor.word())
    }

    /// Whether it takes an approval to let through what a rule of this severity found.
    pub fn asks_approval(&self, severity: Severity) -> bool {
        !self.approvers.is_empty() && severity >= self.approve_from
    }
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Written {
    default: At<String>,
    max: At<String>,
    who: At<Vec<Spanned<String>>>,
    r#override: At<bool>,
    approvers: At<Vec<Spanned<String>>>,
    approve_from: At<Severity>,
    signers: At<String>,
}

/// A number of days, `30d`.
fn days(key: &str, (text, at): (String, Origin)) -> Result<i32, Error> {
    let days = text.strip_suffix('d').and_then(|days| days.parse().ok());
    days.filter(|days| (1..=36_500).contains(days)).ok_or_else(|| {
        let what = format!("`{key}` is a number of days such as \"30d\"");
        wrong(at, what)
    })
}

fn wrong(at: Origin, what: String) -> Error {
    match at.line {
        Some(line) => Error::Config { path: at.path, line, what },
        None => Error::Usage(format!("{at}: {what}")),
    }
}

/// Whether the length `new` is beyond `floor`, as far as both can be read.
fn longer(new: &str, floor: Option<&String>) -> bool {
    let read = |text: &str| text.strip_suffix('d')?.parse::<i32>().ok();
    match (read(new), floor.and_then(|floor| read(floor))) {
        (Some(new), Some(floor)) => new > floor,
        _ => false,
    }
}

/// What the layers say.
///
/// # Errors
/// A value cannot be read, or a layer contradicts itself.
pub(super) fn of(layers: &mut Layers) -> Result<Settings, Error> {
    let standard = Settings::default();
    let longer = |new: &String, floor: Option<&String>| longer(new, floor);
    let default = layers.one("exceptions.default", None, |w| &w.exceptions.default, longer);
    let most = format!("{MAX_DAYS}d");
    let max = layers.one("exceptions.max", Some(most), |w| &w.exceptions.max, longer);
    let places = (default.as_ref().map(|(_, at)| at.clone()), max.as_ref().map(|(_, at)| at.whose));
    let read = |key, said: Option<_>| said.map(|said| days(key, said)).transpose();
    let default = read("exceptions.default", default)?;
    let max = read("exceptions.max", max)?.unwrap_or(MAX_DAYS);
    if let (Some(days), (Some(at), Some(whose))) = (default, places)
        && days > max
        && at.whose == whose
    {
        let what = format!("`exceptions.default` is beyond `exceptions.max`, which is {max}d");
        return Err(wrong(at, what));
    }
    let words = |entries: &[Spanned<String>]| -> Vec<String> {
        entries.iter().map(|entry| entry.get_ref().clone()).collect()
    };
    let who = layers.one(
        "exceptions.who",
        None,
        |w| &w.exceptions.who,
        |new, floor| {
            let known = floor.map_or_else(|| vec!["person".to_owned()], |floor| words(floor));
            new.iter().any(|one| !known.contains(one.get_ref()))
        },
    );
    let who = match who {
        None => standard.who,
        Some((entries, at)) => entries
            .iter()
            .map(|entry| {
                let known = Actor::WORDS.iter().find(|word| **word == entry.get_ref().as_str());
                known.copied().ok_or_else(|| {
                    wrong(at.clone(), "`exceptions.who` lists person, ci or agent".to_owned())
                })
            })
            .collect::<Result<_, _>>()?,
    };
    let overrides = layers.one(
        "exceptions.override",
        Some(true),
        |w| &w.exceptions.r#override,
        |new, floor| *new && floor == Some(&false),
    );
    // No list of names is looser than another: a locked one stays as it is.
    let approvers = layers.one(
        "exceptions.approvers",
        None,
        |w| &w.exceptions.approvers,
        |new, floor| floor.is_none_or(|floor| words(new) != words(floor)),
    );
    let approve_from = layers.one(
        "exceptions.approve-from",
        Some(Severity::Info),
        |w| &w.exceptions.approve_from,
        |new, floor| floor.is_some_and(|floor| new > floor),
    );
    let signers = layers.one(
        "exceptions.signers",
        None,
        |w| &w.exceptions.signers,
        |new, floor| Some(new) != floor,
    );
    Ok(Settings {
        default: default.unwrap_or(standard.default).min(max),
        max,
        who,
        overrides: overrides.is_none_or(|(on, _)| on),
        approvers: approvers.map(|(entries, _)| words(&entries)).unwrap_or_default(),
        approve_from: approve_from.map_or(standard.approve_from, |(severity, _)| severity),
        signers: signers.map_or(standard.signers, |(path, at)| signers_at(path, &at)),
    })
}

/// Where the file of signers is that is called `path` at a place of the configuration.
pub(super) fn signers_at(path: String, at: &Origin) -> Signers {
    match at.whose {
        Whose::Repository => Signers::Committed(path),
        // Beside the file that names it; an absolute path is itself.
        Whose::Organisation | Whose::User => {
            Signers::Outside(at.path.parent().unwrap_or(Path::new("")).join(path))
        }
        Whose::Environment | Whose::Flags => Signers::Outside(path.into()),
    }
}

/// What the layers say where the repository's file has this `text`, as another commit may
/// have it.
///
/// # Errors
/// As [`of`].
pub(crate) fn with(outside: &Outside, text: Option<String>) -> Result<Settings, Error> {
    of(&mut Layers::read_with(outside, text)?)
}
