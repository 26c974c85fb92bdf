//! Where values go: the table `vault`.

use super::layers::{Layers, Origin};
use super::written::{At, Written as Layered};
use crate::error::Error;
use crate::remedy::vault::Store;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The store that the team has chosen, and the place in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vault {
    pub(crate) store: Option<Store>,
    /// What is written of the place, by key.
    pub(crate) keys: BTreeMap<&'static str, String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Written {
    store: At<String>,
    path: At<String>,
    mount: At<String>,
    project: At<String>,
    config: At<String>,
    environment: At<String>,
    vault: At<String>,
    namespace: At<String>,
    file: At<String>,
    group: At<String>,
    organization: At<String>,
}

type Get = fn(&Layered) -> &At<String>;

/// The keys of a place, by their whole names.
const KEYS: [(&str, Get); 10] = [
    ("vault.path", |it| &it.vault.path),
    ("vault.mount", |it| &it.vault.mount),
    ("vault.project", |it| &it.vault.project),
    ("vault.config", |it| &it.vault.config),
    ("vault.environment", |it| &it.vault.environment),
    ("vault.vault", |it| &it.vault.vault),
    ("vault.namespace", |it| &it.vault.namespace),
    ("vault.file", |it| &it.vault.file),
    ("vault.group", |it| &it.vault.group),
    ("vault.organization", |it| &it.vault.organization),
];

/// What the layers say together.
pub(super) fn read(layers: &mut Layers) -> Result<Vault, Error> {
    // Another place than the organisation's is never a tighter one.
    let looser = |new: &String, floor: Option<&String>| floor != Some(new);
    let wrong = |at: Origin, what: String| match at.line {
        Some(line) => Error::Config { path: at.path, line, what },
        None => Error::Usage(format!("{at}: {what}")),
    };
    let mut vault = Vault::default();
    let mut whose = None;
    if let Some((word, at)) = layers.one("vault.store", None, |it| &it.vault.store, looser) {
        whose = Some(at.whose);
        vault.store = Some(Store::named(&word).ok_or_else(|| {
            let known = Store::ALL.iter().map(|store| store.word()).collect::<Vec<_>>().join(", ");
            wrong(at, format!("no such store; one of: {known}"))
        })?);
    }
    for (name, get) in KEYS {
        let Some((value, at)) = layers.one(name, None, get, looser) else { continue };
        let key = name.strip_prefix("vault.").unwrap_or(name);
        if let Some(store) = vault.store.filter(|store| !store.keys().contains(&key)) {
            // What a farther layer says of its own store says nothing to a nearer one's.
            if whose > Some(at.whose) {
                continue;
            }
            let known = store.keys().join("`, `");
            let what = format!("`{key}` says nothing to {store}, which takes `{known}`");
            return Err(wrong(at, what));
        }
        vault.keys.insert(key, value);
    }
    Ok(vault)
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::remedy::vault::Store;
    use std::path::Path;

    fn read(text: &str) -> Result<super::Vault, String> {
        let config = Config::read(text, Path::new(".leakcoach.toml"));
        config
            .map(|config| config.vault)
            .map_err(|error| format!("{error} / {}", error.hint().unwrap_or_default()))
    }

    #[test]
    fn a_team_chooses_a_store_and_a_place_in_it() {
        let vault = read("[vault]\nstore = \"vault\"\npath = \"secret/{repo}/{name}\"\n").unwrap();
        assert_eq!(vault.store, Some(Store::Vault));
        assert_eq!(vault.keys["path"], "secret/{repo}/{name}");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, says) in [
            ("[vault]\nstroe = 'pass'", ":2: unknown key `stroe` / did you mean `store`?"),
            ("[vault]\nstore = 'pas'", ":2: no such store; one of: vault, openbao,"),
            (
                "[vault]\nstore = 'pass'\nmount = 'x'",
                ":3: `mount` says nothing to pass, which takes `path`",
            ),
            ("[vault]\nstore = 1", ":2: invalid type: integer"),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.contains(says), "{said}");
        }
    }
}
