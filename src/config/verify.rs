//! `[verify]`: where services are asked about credentials.

use super::layers::{Layers, Whose};
use super::written::At;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use toml::Spanned;

/// Where services are, and whom to trust on the way.
#[derive(Debug, Default)]
pub struct Verify {
    /// Other servers than the vendors', by the ids that `leakcoach verify --services` lists.
    pub base: BTreeMap<String, Chosen<String>>,
    /// A file of certificates in PEM that are trusted in place of the usual ones.
    pub ca: Option<Chosen<PathBuf>>,
}

/// What somebody chose, and whether that is the repository: it may be somebody else's, who
/// would be sent the credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen<T> {
    /// What was chosen.
    pub it: T,
    /// Whether the repository's own file says so.
    pub by_repository: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Written {
    base: At<BTreeMap<String, Spanned<String>>>,
    ca: At<PathBuf>,
}

/// What the layers say together: of each service, the nearest word.
pub(super) fn read(layers: &mut Layers) -> Verify {
    let mut verify = Verify::default();
    let locked = layers.lock_of("verify.base").is_some();
    for layer in &layers.all {
        if locked && layer.whose() > Whose::Organisation {
            continue;
        }
        let by_repository = layer.whose() == Whose::Repository;
        for (id, server) in layer.written.verify.base.iter().flat_map(Spanned::get_ref) {
            let it = server.get_ref().clone();
            verify.base.insert(id.clone(), Chosen { it, by_repository });
        }
    }
    let ca = layers.one("verify.ca", None, |it| &it.verify.ca, |new, floor| floor != Some(new));
    verify.ca = ca.map(|(it, at)| Chosen { it, by_repository: at.whose == Whose::Repository });
    verify
}
