//! gitleaks and betterleaks: `.gitleaksignore`, a JSON report as a baseline, and the
//! allowlists of `.gitleaks.toml`.
//!
//! A fingerprint is `commit:file:rule:line`, or `file:rule:line` for any commit and for
//! no commit; the commit is whole or cut to its first digits
//! (github.com/gitleaks/gitleaks, README "gitleaksignore" and `detect/detect.go`;
//! github.com/betterleaks/betterleaks reads the same). Rules of theirs have no
//! counterpart here: the place decides.

use super::paths::{ListedPath, Paths};
use super::{Entry, Means, json};
use bstr::ByteSlice;

/// A commit's id in a fingerprint has at least this many digits.
const COMMIT_FROM: usize = 7;

/// The entries of `.gitleaksignore`.
pub(super) fn fingerprints(bytes: &[u8]) -> Vec<Entry> {
    let lines = bytes.lines().enumerate().map(|(at, line)| (at + 1, line.trim_ascii()));
    let told = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with(b"#"));
    told.map(|(at, line)| entry(Some(at), line)).collect()
}

/// Whether there are lines, and each is a fingerprint.
pub(super) fn is_fingerprints(bytes: &[u8]) -> bool {
    let entries = fingerprints(bytes);
    !entries.is_empty() && entries.iter().all(|entry| matches!(entry.means, Means::Place { .. }))
}

fn entry(at: Option<usize>, line: &[u8]) -> Entry {
    let why = "it is no fingerprint: COMMIT:FILE:RULE:LINE or FILE:RULE:LINE";
    let Some(means) = place(line) else {
        return Entry::foreign(at, "a line", why);
    };
    if let Means::Place { path: ListedPath::FromTop(path), .. } = &means
        && path.contains(&b'!')
    {
        return Entry::foreign(at, path.to_string(), "it points into an archive");
    }
    Entry::new(at, means)
}

/// Read from the right: a path may have colons.
fn place(line: &[u8]) -> Option<Means> {
    let mut parts = line.rsplitn(3, |byte| *byte == b':');
    let (number, rule, place) = (parts.next()?, parts.next()?, parts.next()?);
    let line = std::str::from_utf8(number).ok()?.parse().ok()?;
    let is_commit = |part: &[u8]| {
        (COMMIT_FROM..=64).contains(&part.len()) && part.iter().all(u8::is_ascii_hexdigit)
    };
    let (commit, path) = match place.split_once_str(":") {
        Some((commit, path)) if is_commit(commit) => {
            (Some(commit.to_ascii_lowercase().to_str().ok()?.to_owned()), path)
        }
        _ => (None, place),
    };
    if path.is_empty() || rule.is_empty() {
        return None;
    }
    Some(Means::Place { commit, path: ListedPath::from_top(path), line })
}

/// The findings of a report that gitleaks takes as a baseline.
pub(super) fn report(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let found = json(bytes)?;
    let found = found.as_array().ok_or("it is no list of findings")?;
    let fingerprint = |one: &serde_json::Value| {
        let text = one.get("Fingerprint").and_then(serde_json::Value::as_str).unwrap_or_default();
        entry(None, text.as_bytes())
    };
    Ok(found.iter().map(fingerprint).collect())
}

/// The allowlists of a configuration that count for all rules.
pub(super) fn config(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is no UTF-8".to_owned())?;
    let table: toml::Table = toml::from_str(text).map_err(|_| "it is not TOML".to_owned())?;
    let one = table.get("allowlist").into_iter();
    let many = table.get("allowlists").and_then(toml::Value::as_array).into_iter().flatten();
    let mut entries = Vec::new();
    for list in one.chain(many) {
        let get = |key: &str| list.get(key).and_then(toml::Value::as_array);
        let strings = |key: &str| get(key).into_iter().flatten().filter_map(toml::Value::as_str);
        let paths = strings("paths");
        let both = list.get("condition").and_then(toml::Value::as_str);
        let narrow = get("targetRules").is_some()
            || both.is_some_and(|word| word.eq_ignore_ascii_case("and") || word == "&&");
        if narrow {
            let why = "it counts only for some rules, or only with further conditions";
            entries.push(Entry::foreign(None, "an allowlist", why));
            continue;
        }
        entries.extend(Paths::regexes(paths.map(|path| (None, path))));
        for key in ["regexes", "stopwords", "commits"] {
            if get(key).is_some_and(|list| !list.is_empty()) {
                let why = "it is about text or commits, not about a value or a file";
                entries.push(Entry::foreign(None, format!("`{key}` of an allowlist"), why));
            }
        }
    }
    Ok(entries)
}
