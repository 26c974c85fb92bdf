//! Azure Key Vault, by `az`.
//!
//! `--file /dev/stdin --encoding utf-8` reads the value as text (Azure CLI,
//! `keyvault/_validators.py`: the encodings of `az keyvault secret set`). Names have letters,
//! digits and `-` only.

use super::super::place::Place;
use super::super::recipe::{Reading, Recipe, raw_text};
use super::super::run::Line;
use super::super::trouble::Trouble;
use crate::secret::Secret;

pub(in super::super) fn open(place: &Place) -> Result<Recipe, Trouble> {
    let vault = place.needed("vault")?;
    let path = place.path(&place.dashed());
    let at = |deed: &str| {
        Line::new("az", ["keyvault", "secret", deed, "--vault-name", vault, "--name", &path])
    };
    let put = at("set")
        .and(["--file", "/dev/stdin", "--encoding", "utf-8"])
        // Without it the answer, which has the value, is printed.
        .and(["--output", "none"]);
    let read_back = at("show").and(["--query", "value", "--output", "tsv"]).to_string();
    Ok(Recipe {
        place: format!("Azure Key Vault {vault}, secret {path}"),
        get: at("show").and(["--query", "value", "--output", "json"]),
        read: Box::new(|answer| match serde_json::from_slice::<String>(answer) {
            Ok(value) => Reading::Value(Secret::new(value.as_bytes())),
            Err(_) => Reading::Unclear,
        }),
        absent: |said| said.says("SecretNotFound"),
        replace: Some(put.clone()),
        put,
        feed: raw_text(),
        read_back,
        fill: format!(
            "App Service: {}=@Microsoft.KeyVault(VaultName={vault};SecretName={path}) in the \
             settings; elsewhere by the command above",
            place.name
        ),
        remark: None,
    })
}
