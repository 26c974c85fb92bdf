//! Lists by which other tools let findings through, read as those tools wrote them.
//!
//! Takes the bytes of a list and gives its entries; an entry tells whether it is about a
//! finding. Knows nothing of git, and holds no value but one that a list spells out.

mod detect_secrets;
mod gitguardian;
mod gitleaks;
mod kingfisher;
mod paths;
mod sight;
mod talisman;

pub use paths::{ListedPath, Paths};
pub use sight::Sight;

use crate::secret::Secret;
use crate::text::Escaped;
use std::fmt;

/// Whose list it is, and so how it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Fingerprints of gitleaks and betterleaks.
    Fingerprints,
    /// A JSON report of gitleaks, which it takes as a baseline.
    GitleaksReport,
    /// The allowlists in gitleaks' configuration.
    GitleaksConfig,
    /// detect-secrets' baseline.
    DetectSecrets,
    /// Talisman's configuration.
    Talisman,
    /// ggshield's configuration.
    GitGuardian,
    /// Kingfisher's baseline.
    Kingfisher,
    /// Patterns as in `.gitignore`: secretlint, ripsecrets.
    Globs,
    /// A regular expression a line: trufflehog's `--exclude-paths`.
    Regexes,
}

/// The lists that are looked for at the top of a repository.
pub const KNOWN: &[(&str, Format)] = &[
    (".gitleaksignore", Format::Fingerprints),
    (".betterleaksignore", Format::Fingerprints),
    (".gitleaks.toml", Format::GitleaksConfig),
    (".betterleaks.toml", Format::GitleaksConfig),
    (".secrets.baseline", Format::DetectSecrets),
    (".talismanrc", Format::Talisman),
    (".gitguardian.yaml", Format::GitGuardian),
    (".gitguardian.yml", Format::GitGuardian),
    (".secretlintignore", Format::Globs),
    (".secretsignore", Format::Globs),
    (".trufflehogignore", Format::Regexes),
    (".trufflehog-ignore", Format::Regexes),
    ("baseline-file.yml", Format::Kingfisher),
    ("baseline-file.yaml", Format::Kingfisher),
];

/// As large may a list be; a larger one is not read.
pub const BYTES_AT_MOST: usize = 32 << 20;

/// A list, read.
#[derive(Debug, Default)]
pub struct List {
    /// Its entries, in order.
    pub entries: Vec<Entry>,
    /// Why it could not be read as a whole.
    pub fault: Option<String>,
}

/// One entry of a list.
#[derive(Debug)]
pub struct Entry {
    /// The line of the list it stands on; none where the format tells of none.
    pub line: Option<usize>,
    /// What it is about.
    pub means: Means,
    /// Whether people looked and said that it is a real credential.
    pub real: bool,
}

/// What an entry is about.
#[derive(Debug)]
pub enum Means {
    /// A line of a file.
    Place {
        /// The first digits of a commit's id; the file as it is now when there is none.
        commit: Option<String>,
        /// The file.
        path: ListedPath,
        /// One-based.
        line: usize,
    },
    /// A value, told by a hash of it.
    Value {
        /// The only file in which it counts.
        path: Option<ListedPath>,
        /// The hash.
        digest: Digest,
    },
    /// All that is in some files.
    Files(Paths),
    /// All that is in a file, while it has this content.
    Unchanged {
        /// The file.
        path: String,
        /// Talisman's checksum of it.
        checksum: [u8; 32],
    },
    /// Something that is not carried over.
    Foreign {
        /// What it is.
        what: String,
        /// Why not.
        why: &'static str,
    },
}

/// A value as a list has it.
#[derive(Debug)]
pub enum Digest {
    /// Its SHA-1, as detect-secrets has it.
    Sha1([u8; 20]),
    /// The SHA-256 of it and its type, as ggshield has it.
    Typed([u8; 32]),
    /// The value itself.
    Plain(Secret),
}

impl Entry {
    fn new(line: Option<usize>, means: Means) -> Self {
        Self { line, means, real: false }
    }

    fn foreign(line: Option<usize>, what: impl Into<String>, why: &'static str) -> Self {
        Self::new(line, Means::Foreign { what: what.into(), why })
    }

    /// Whether it is about the finding that is seen.
    pub fn covers(&self, sight: &Sight<'_>) -> bool {
        match &self.means {
            Means::Place { commit, path, line } => {
                sight.is_in(commit.as_deref()) && path.is(sight.path) && sight.touches(*line)
            }
            Means::Value { path, digest } => {
                path.as_ref().is_none_or(|path| path.is(sight.path)) && sight.has_value(digest)
            }
            Means::Files(paths) => paths.hold(sight.path),
            Means::Unchanged { path, checksum } => {
                path.as_bytes() == sight.path && has_checksum(sight.path, sight.raw, checksum)
            }
            Means::Foreign { .. } => false,
        }
    }
}

/// Whether the file at `path` has what Talisman takes for its checksum.
pub fn has_checksum(path: &[u8], content: &[u8], checksum: &[u8; 32]) -> bool {
    talisman::checksum(path, content) == *checksum
}

impl fmt::Display for Means {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place { commit, path, line } => {
                write!(f, "{path}:{line}")?;
                commit.as_ref().map_or(Ok(()), |commit| write!(f, " in commit {commit:.12}"))
            }
            Self::Value { path: Some(path), .. } => write!(f, "a value in {path}"),
            Self::Value { path: None, .. } => f.write_str("a value anywhere"),
            Self::Files(paths) => write!(f, "{paths}"),
            Self::Unchanged { path, .. } => {
                write!(f, "{}, unchanged", Escaped(path.as_bytes()))
            }
            Self::Foreign { what, .. } => write!(f, "{}", Escaped(what.as_bytes())),
        }
    }
}

/// Reads a list.
pub fn read(format: Format, bytes: &[u8]) -> List {
    let entries = if bytes.len() > BYTES_AT_MOST {
        Err("it is too large".to_owned())
    } else {
        match format {
            Format::Fingerprints => Ok(gitleaks::fingerprints(bytes)),
            Format::GitleaksReport => gitleaks::report(bytes),
            Format::GitleaksConfig => gitleaks::config(bytes),
            Format::DetectSecrets => detect_secrets::baseline(bytes),
            Format::Talisman => talisman::config(bytes),
            Format::GitGuardian => gitguardian::config(bytes),
            Format::Kingfisher => kingfisher::baseline(bytes),
            Format::Globs => Ok(paths::globs(bytes)),
            Format::Regexes => Ok(paths::regexes(bytes)),
        }
    };
    match entries {
        Ok(entries) => List { entries, fault: None },
        Err(fault) => List { entries: Vec::new(), fault: Some(fault) },
    }
}

/// What a list called `name` is, by its name or else by its content.
pub fn format_of(name: &str, bytes: &[u8]) -> Format {
    let known = KNOWN.iter().find(|(known, _)| *known == name);
    if let Some((_, format)) = known {
        return *format;
    }
    let holds = |word: &str| memchr::memmem::find(bytes, word.as_bytes()).is_some();
    match bytes.trim_ascii_start().first() {
        Some(b'[') if holds("\"Fingerprint\"") => Format::GitleaksReport,
        Some(b'{') if holds("\"hashed_secret\"") || holds("\"plugins_used\"") => {
            Format::DetectSecrets
        }
        _ if holds("fileignoreconfig:") => Format::Talisman,
        _ if holds("ExactFindings:") || holds("fingerprint_algorithm:") => Format::Kingfisher,
        _ if ["ignored_matches:", "ignored_paths:", "matches-ignore:", "paths-ignore:"]
            .into_iter()
            .any(holds) =>
        {
            Format::GitGuardian
        }
        _ if holds("[allowlist]") || holds("[[allowlists]]") => Format::GitleaksConfig,
        _ if gitleaks::is_fingerprints(bytes) => Format::Fingerprints,
        _ => Format::Regexes,
    }
}

/// A YAML document of a list.
fn yaml<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is no UTF-8".to_owned())?;
    serde_saphyr::from_str(text).map_err(|error| match error.location() {
        // The parser's own words may quote the file.
        Some(at) => format!("line {}: it is not YAML of the known form", at.line()),
        None => "it is not YAML of the known form".to_owned(),
    })
}

/// A JSON document of a list.
fn json(bytes: &[u8]) -> Result<serde_json::Value, String> {
    serde_json::from_slice(bytes).map_err(|error| format!("line {}: it is not JSON", error.line()))
}

#[cfg(test)]
mod tests;
