//! Talisman's `.talismanrc`: files that are not looked at while their checksum holds
//! (github.com/thoughtworks/talisman, README "Ignoring Files" and
//! `utility/sha_256_hasher.go`).

use super::paths::Paths;
use super::{Entry, Means, yaml};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::Deserialize;
use sha2::{Digest, Sha256};

#[derive(Deserialize, Default)]
#[serde(default)]
struct Config {
    fileignoreconfig: Vec<File>,
    scopeconfig: Vec<Scope>,
    allowed_patterns: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct File {
    filename: String,
    checksum: Option<String>,
    ignore_detectors: Vec<String>,
    allowed_patterns: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Scope {
    scope: String,
}

/// The entries of a configuration.
pub(super) fn config(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let config: Option<Config> = yaml(bytes)?;
    let config = config.unwrap_or_default();
    let unread = |file: &&File| file.ignore_detectors.iter().any(|name| name == "filecontent");
    let (whole, checked): (Vec<&File>, Vec<&File>) =
        config.fileignoreconfig.iter().partition(unread);
    let whole = whole.into_iter().map(|file| (file.filename.as_str(), glob(&file.filename)));
    let mut entries = Paths::globs(whole);
    for file in checked {
        if let Some(checksum) = file.checksum.as_ref().filter(|sum| !sum.is_empty()) {
            entries.push(unchanged(&file.filename, checksum));
        }
    }
    for file in &config.fileignoreconfig {
        if !file.allowed_patterns.is_empty() {
            entries.push(patterns(&format!("`allowed_patterns` of {}", file.filename)));
        }
    }
    for scope in &config.scopeconfig {
        let why = "it stands for names of files that only Talisman knows";
        entries.push(Entry::foreign(None, format!("the scope `{}`", scope.scope), why));
    }
    if !config.allowed_patterns.is_empty() {
        entries.push(patterns("`allowed_patterns`"));
    }
    Ok(entries)
}

fn patterns(what: &str) -> Entry {
    Entry::foreign(None, what, "it is about text, not about a value or a file")
}

fn unchanged(name: &str, checksum: &str) -> Entry {
    if name.contains(['*', '?', '[', ']', '\\']) || name.ends_with('/') {
        return Entry::foreign(None, name, "its checksum is one for several files together");
    }
    let digest = HEXLOWER_PERMISSIVE.decode(checksum.trim().as_bytes()).ok();
    match digest.and_then(|digest| digest.try_into().ok()) {
        Some(checksum) => Entry::new(None, Means::Unchanged { path: name.to_owned(), checksum }),
        None => Entry::foreign(None, name, "its checksum is no SHA-256"),
    }
}

/// A name that ends in `/` is a folder; one without `/` but with signs is a file's name
/// in any folder; any other is a path from the top.
fn glob(name: &str) -> String {
    if name.ends_with('/') {
        format!("{name}**")
    } else if !name.contains('/') && name.contains(['*', '?', '[', ']', '\\']) {
        format!("**/{name}")
    } else {
        name.to_owned()
    }
}

/// The checksum that Talisman has for one file: SHA-256 of the hexadecimal SHA-256 of
/// nothing, of the content and of the path, one after the other.
pub(super) fn checksum(path: &[u8], content: &[u8]) -> [u8; 32] {
    let hex = |bytes: &[u8]| HEXLOWER.encode(&Sha256::digest(bytes));
    Sha256::digest([hex(b""), hex(content), hex(path)].concat()).into()
}
