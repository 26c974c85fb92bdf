//! detect-secrets' `.secrets.baseline`: by file, the SHA-1 of each value
//! (github.com/Yelp/detect-secrets, docs/scanning.md and `core/potential_secret.py`).
//!
//! Line numbers play no part, as they play none there. Filters for whole files count;
//! older baselines have them under `exclude`.

use super::paths::{ListedPath, Paths};
use super::{Digest, Entry, Means, json};
use data_encoding::HEXLOWER_PERMISSIVE;
use serde_json::Value;

/// The filter that leaves files out.
const FILES: &str = "detect_secrets.filters.regex.should_exclude_file";

/// The entries of a baseline.
pub(super) fn baseline(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let all = json(bytes)?;
    let results = all.get("results").and_then(Value::as_object).ok_or("it has no `results`")?;
    let mut entries = Vec::new();
    for (path, found) in results {
        for one in found.as_array().into_iter().flatten() {
            entries.push(entry(path, one));
        }
    }
    for filter in all.get("filters_used").and_then(Value::as_array).into_iter().flatten() {
        let name = filter.get("path").and_then(Value::as_str).unwrap_or_default();
        let patterns = strings(filter.get("pattern"));
        if name == FILES {
            entries.extend(Paths::regexes(patterns.map(|pattern| (None, pattern))));
        } else if name.ends_with(".should_exclude_line") || name.ends_with(".should_exclude_secret")
        {
            let why = "it is about text, not about a value or a file";
            entries.push(Entry::foreign(None, format!("the filter `{name}`"), why));
        }
    }
    let older = all.get("exclude").and_then(|exclude| exclude.get("files"));
    entries.extend(Paths::regexes(strings(older).map(|pattern| (None, pattern))));
    Ok(entries)
}

fn entry(path: &str, one: &Value) -> Entry {
    let hash = one.get("hashed_secret").and_then(Value::as_str).unwrap_or_default();
    let digest = HEXLOWER_PERMISSIVE.decode(hash.as_bytes()).ok();
    let Some(digest) = digest.and_then(|digest| digest.try_into().ok()) else {
        return Entry::foreign(None, format!("a value in {path}"), "its hash is no SHA-1");
    };
    let path = Some(ListedPath::from_top(path.as_bytes()));
    let mut entry = Entry::new(None, Means::Value { path, digest: Digest::Sha1(digest) });
    entry.real = one.get("is_secret").and_then(Value::as_bool) == Some(true);
    entry
}

/// One text, or several.
fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let one = value.and_then(Value::as_str).filter(|text| !text.is_empty());
    let many = value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(many)
}
