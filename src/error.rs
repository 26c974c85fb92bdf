//! Why leakcoach could not do what it was asked, in words and as an exit code.

use crate::catalogue::Fault;
use crate::exit;
use crate::text::Escaped;
use std::io;
use std::path::PathBuf;

/// Why leakcoach could not finish its work. Never holds the content of a file.
///
/// What could not be read of the things to check is no error but an
/// [`Unread`](crate::source::Unread) in the coverage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no git repository here.
    #[error("no git repository at `{}`", Escaped::path(path))]
    NoRepository {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// git or libgit2 refuses the repository: it belongs to somebody else.
    #[error("the repository at `{}` belongs to another user", Escaped::path(path))]
    ForeignOwner {
        /// The repository.
        path: PathBuf,
    },
    /// A part of the repository that all else hangs on cannot be read.
    #[error("cannot read {what}: {why}")]
    Repository {
        /// The part: `the index`, `HEAD`, `tree 1a2b3c`.
        what: String,
        /// The reason as git or libgit2 tells it, escaped.
        why: String,
    },
    /// A revision or range that git does not know.
    #[error("no such revision: `{}`", Escaped(revision.as_bytes()))]
    Revision {
        /// As it was given.
        revision: String,
    },
    /// A path to be checked at which there is nothing.
    #[error("there is nothing at `{}`", Escaped::path(path))]
    NoPath {
        /// As it was given.
        path: PathBuf,
    },
    /// The git binary is needed for this repository and cannot be run.
    #[error("cannot run `git`, which this repository needs: {why}")]
    NoGit {
        /// What needs it, and what happened.
        why: String,
    },
    /// A configuration file is not TOML, or a value is of the wrong kind.
    #[error("{}:{line}: {what}", Escaped::path(path))]
    Config {
        /// The file.
        path: PathBuf,
        /// One-based.
        line: usize,
        /// What is wrong, without quoting the file.
        what: String,
    },
    /// A configuration file that is there, or was named, cannot be read.
    #[error("cannot read the configuration `{}`: {source}", Escaped::path(path))]
    ConfigUnread {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A configuration file has a key that leakcoach does not know.
    #[error("{}:{line}: unknown key `{}`", Escaped::path(path), Escaped(key.as_bytes()))]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// One-based.
        line: usize,
        /// The key.
        key: String,
        /// The nearest key that is known.
        nearest: Option<&'static str>,
    },
    /// A user's rule file is wrong.
    #[error("{}", listed(.0))]
    RuleFile(Vec<Fault>),
    /// A rule file that may not be read, or cannot.
    #[error("{}:{line}: cannot read the rule file `{}`: {why}", Escaped::path(path), Escaped(file.as_bytes()))]
    RuleFileUnread {
        /// The configuration, or the rule file, that names it.
        path: PathBuf,
        /// One-based.
        line: usize,
        /// The rule file, as it is named there.
        file: String,
        /// Why not.
        why: String,
    },
    /// The configuration leaves nothing to check with.
    #[error("{}: the configuration leaves no rule active", Escaped::path(path))]
    NoRules {
        /// The file that took the last one away.
        path: PathBuf,
    },
    /// A rule or finding id that leakcoach does not know.
    #[error("no rule or finding is called `{}`", Escaped(id.as_bytes()))]
    UnknownId {
        /// As it was given.
        id: String,
        /// The nearest id that is known.
        nearest: Option<String>,
    },
    /// A hook that is not leakcoach's stands where leakcoach's would go, or the like.
    #[error("{what}")]
    Hook {
        /// What stands in the way.
        what: String,
        /// What to do.
        hint: String,
    },
    /// A file could not be read or written.
    #[error("cannot {deed} `{}`: {source}", Escaped::path(path))]
    File {
        /// `read`, `write`, `create`, `remove`.
        deed: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The private record could not be read or written.
    #[error(transparent)]
    Record(#[from] crate::record::Fault),
    /// A signal ended it.
    #[error("interrupted before it was done")]
    Interrupted,
    /// Parts of a run that are missing or not complete.
    #[error("{}", .0.join("\n"))]
    Parts(Vec<String>),
    /// A store that a credential was to go into cannot be used.
    #[error("{what}")]
    Vault {
        /// What stands in the way.
        what: String,
        /// Where the credential is.
        kept: String,
    },
    /// Wrong usage that the argument parser cannot see.
    #[error("{0}")]
    Usage(String),
}

/// At most twenty faults, a line each.
fn listed(faults: &[Fault]) -> String {
    const MOST: usize = 20;
    let mut lines: Vec<String> = faults.iter().take(MOST).map(ToString::to_string).collect();
    if let Some(more) = faults.len().checked_sub(MOST).filter(|more| *more > 0) {
        lines.push(format!("and {more} more"));
    }
    lines.join("\n")
}

impl Error {
    /// One line that says how to go on.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoRepository { .. } => {
                Some("run it inside a git repository, or `git init` first".to_owned())
            }
            Self::ForeignOwner { path } => Some(format!(
                "if you trust it: git config --global --add safe.directory {}",
                Escaped::path(path)
            )),
            // That says itself how to go on.
            Self::Repository { why, .. } if why.contains(": git fetch ") => None,
            Self::Repository { .. } => {
                Some("run `git fsck` and `git status`, then try again".to_owned())
            }
            Self::Revision { .. } => {
                Some("see `git log --oneline --all` for what there is".to_owned())
            }
            Self::NoPath { .. } => {
                Some("paths are taken from the folder that you are in".to_owned())
            }
            Self::NoGit { .. } => Some("install git, or put it on PATH".to_owned()),
            Self::Config { .. } => Some("see docs/configuration.md for every key".to_owned()),
            Self::ConfigUnread { .. } => {
                Some("mend its permissions or its path: nothing is checked without it".to_owned())
            }
            Self::UnknownKey { nearest, .. } => nearest.map(|key| format!("did you mean `{key}`?")),
            Self::RuleFile(_) => Some("see docs/rules.md for every key".to_owned()),
            Self::RuleFileUnread { .. } => {
                Some("`rules.files` names files of this repository, from its top".to_owned())
            }
            Self::NoRules { .. } => {
                Some("shorten `rules.disable` or lengthen `rules.only`".to_owned())
            }
            Self::UnknownId { nearest, .. } => Some(nearest.as_ref().map_or_else(
                || "`leakcoach rules` lists every rule".to_owned(),
                |id| format!("did you mean `{}`?", Escaped(id.as_bytes())),
            )),
            Self::Hook { hint, .. } => Some(hint.clone()),
            Self::Parts(_) => {
                Some("run those shards, again with the same --part, then merge".to_owned())
            }
            Self::Vault { kept, .. } => Some(kept.clone()),
            Self::Record(fault) => Some(fault.hint().to_owned()),
            Self::File { .. } | Self::Interrupted | Self::Usage(_) => None,
        }
    }

    /// The exit code of this kind of error.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config { .. }
            | Self::ConfigUnread { .. }
            | Self::UnknownKey { .. }
            | Self::RuleFile(_)
            | Self::RuleFileUnread { .. }
            | Self::NoRules { .. }
            | Self::UnknownId { .. }
            | Self::Revision { .. }
            | Self::NoPath { .. }
            | Self::Hook { .. }
            | Self::NoRepository { .. }
            | Self::Usage(_) => exit::USAGE,
            Self::ForeignOwner { .. }
            | Self::Repository { .. }
            | Self::NoGit { .. }
            | Self::Interrupted
            | Self::Parts(_)
            | Self::Vault { .. }
            | Self::Record(_)
            | Self::File { .. } => exit::INCOMPLETE,
        }
    }
}
