//! Kingfisher's baseline, kept where `--baseline-file` says
//! (github.com/mongodb/kingfisher, docs/BASELINE.md and `src/baseline.rs`).
//!
//! Format 1 has paths that begin with the scanned folder's name; format 2 has them by
//! repository. Its fingerprints mix in what only Kingfisher knows: the place decides.

use super::paths::ListedPath;
use super::{Entry, Means, yaml};
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Baseline {
    #[serde(rename = "ExactFindings")]
    exact: Exact,
    repositories: Vec<Repository>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Exact {
    matches: Vec<Found>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Repository {
    findings: Vec<Found>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Found {
    #[serde(alias = "path")]
    filepath: String,
    #[serde(alias = "line")]
    linenum: usize,
}

/// The entries of a baseline.
pub(super) fn baseline(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let baseline: Option<Baseline> = yaml(bytes)?;
    let Baseline { exact, repositories } = baseline.unwrap_or_default();
    let place = |found: Found, path| {
        Entry::new(None, Means::Place { commit: None, path, line: found.linenum })
    };
    let first = exact.matches.into_iter().map(|found| {
        let path = ListedPath::from_above(found.filepath.as_bytes());
        place(found, path)
    });
    let second = repositories.into_iter().flat_map(|one| one.findings).map(|found| {
        let path = ListedPath::from_top(found.filepath.as_bytes());
        place(found, path)
    });
    Ok(first.chain(second).collect())
}
