//! ggshield's `.gitguardian.yaml`: paths, and values by a hash or as they are
//! (docs.gitguardian.com, "ggshield: configuration", formats 1 and 2;
//! github.com/GitGuardian/ggshield, `.gitguardian.example.yml`).
//!
//! A hash is the SHA-256 of `VALUE,TYPE` for each value of an incident, by type. Here the
//! types that stand alone are tried, and a client's id with its secret.

use super::paths::Paths;
use super::{Digest, Entry, Means, yaml};
use crate::secret::Secret;
use data_encoding::HEXLOWER_PERMISSIVE;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Config {
    secret: Part,
    /// Format 1.
    #[serde(rename = "paths-ignore")]
    paths_ignore: Vec<String>,
    #[serde(rename = "matches-ignore")]
    matches_ignore: Vec<Match>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Part {
    #[serde(rename = "ignored_paths", alias = "ignored-paths")]
    paths: Vec<String>,
    #[serde(rename = "ignored_matches", alias = "ignored-matches")]
    matches: Vec<Match>,
    #[serde(rename = "ignored_detectors", alias = "ignored-detectors")]
    detectors: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Match {
    Bare(String),
    Named {
        #[serde(rename = "match")]
        value: String,
    },
}

/// The entries of a configuration.
pub(super) fn config(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let config: Option<Config> = yaml(bytes)?;
    let config = config.unwrap_or_default();
    let paths = config.secret.paths.iter().chain(&config.paths_ignore);
    let matches = config.secret.matches.iter().chain(&config.matches_ignore);
    let mut entries = Paths::globs(paths.map(|path| (path.as_str(), glob(path))));
    entries.extend(matches.map(|one| {
        let (Match::Bare(value) | Match::Named { value }) = one;
        let digest = HEXLOWER_PERMISSIVE.decode(value.as_bytes()).ok();
        let digest = match digest.and_then(|digest| digest.try_into().ok()) {
            Some(digest) => Digest::Typed(digest),
            None => Digest::Plain(Secret::new(value.as_bytes())),
        };
        Entry::new(None, Means::Value { path: None, digest })
    }));
    if !config.secret.detectors.is_empty() {
        let why = "its detectors have no counterpart: see `disable` in .leakcoach.toml";
        entries.push(Entry::foreign(None, "`ignored_detectors`", why));
    }
    Ok(entries)
}

/// A pattern is from the top when it begins with `/`, and else from any folder.
fn glob(pattern: &str) -> String {
    let folder = if pattern.ends_with('/') { "**" } else { "" };
    match pattern.strip_prefix('/') {
        Some(rest) => format!("{rest}{folder}"),
        None if pattern.starts_with("**/") => format!("{pattern}{folder}"),
        None => format!("**/{pattern}{folder}"),
    }
}
