//! The TOML shape of `patterns/context.toml`, and what is wrong in it.
//!
//! Shared with `build.rs`, so it names nothing of the rest of the crate.

use serde::Deserialize;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContextFile {
    pub(crate) context: Vec<ContextText>,
    pub(crate) actor: Vec<ActorText>,
    pub(crate) host: Vec<HostText>,
}

/// Words for some files.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContextText {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) paths: Vec<String>,
    #[serde(default)]
    pub(crate) roles: Vec<String>,
    #[serde(default)]
    pub(crate) families: Vec<String>,
    pub(crate) read: String,
    #[serde(default)]
    pub(crate) instead: String,
    pub(crate) source: String,
}

/// Words for some actors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActorText {
    pub(crate) is: String,
    pub(crate) here: String,
}

/// What a host keeps.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HostText {
    pub(crate) domains: Vec<String>,
    pub(crate) keeps: String,
    pub(crate) source: String,
}

/// Reads the file; an error names the line or the entry.
pub(crate) fn read(text: &str) -> Result<ContextFile, String> {
    let file: ContextFile = toml::from_str(text).map_err(|error| error.to_string())?;
    for (index, context) in file.context.iter().enumerate() {
        let id = &context.id;
        if file.context.iter().take(index).any(|other| other.id == *id) {
            return Err(format!("`{id}` is there twice"));
        }
        if context.paths.is_empty() && context.roles.is_empty() {
            return Err(format!("`{id}` fits every file: give it paths or roles"));
        }
        if context.read.trim().is_empty() || !context.source.starts_with("https://") {
            return Err(format!("`{id}` needs `read` and a `source` that begins with https://"));
        }
        if context.paths.iter().any(|path| *path != path.to_lowercase()) {
            return Err(format!("`{id}` has a path that is not in lower case"));
        }
    }
    match file.host.iter().find(|host| !host.source.starts_with("https://")) {
        Some(host) => Err(format!("the host {} needs a source", host.domains.concat())),
        None => Ok(file),
    }
}
