//! `patterns/guard.toml`: commands, files, variables and tools that the guard knows.
//!
//! Read when a call is judged, so that no other run pays for it; a unit test reads each
//! sample and near-miss.

use serde::Deserialize;

/// The file.
const TEXT: &str = include_str!("../../patterns/guard.toml");

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// It hands out credentials.
    Store,
    /// It is hard to take back.
    Impact,
    /// It goes round the hooks.
    Evasion,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    entry: Vec<Entry>,
}

/// One entry.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) what: String,
    pub(crate) instead: String,
    #[serde(default)]
    pub(crate) commands: Vec<String>,
    #[serde(default)]
    pub(crate) except_commands: Vec<String>,
    #[serde(default)]
    pub(crate) paths: Vec<String>,
    #[serde(default)]
    pub(crate) except: Vec<String>,
    /// Folders that are stores as a whole, for programs that read folders.
    #[serde(default)]
    pub(crate) folders: Vec<String>,
    /// Names of variables, in lower case, whose values it prints.
    #[serde(default)]
    pub(crate) shows: Vec<String>,
    /// The only programs for which a path among the arguments counts.
    #[serde(default)]
    pub(crate) programs: Vec<String>,
    #[serde(default)]
    pub(crate) variables: Vec<String>,
    #[serde(default)]
    pub(crate) tools: Vec<String>,
    /// Scripts that it covers, for tests.
    #[serde(default)]
    #[cfg_attr(not(test), expect(dead_code, reason = "tests read them"))]
    pub(crate) samples: Vec<String>,
    /// Scripts that it does not.
    #[serde(default)]
    #[cfg_attr(not(test), expect(dead_code, reason = "tests read them"))]
    pub(crate) near_misses: Vec<String>,
}

/// All entries.
///
/// # Errors
/// The file is no TOML, which a test rules out.
pub(crate) fn entries() -> Result<Vec<Entry>, String> {
    toml::from_str::<File>(TEXT)
        .map(|file| file.entry)
        .map_err(|error| format!("patterns/guard.toml: {}", error.message()))
}
