//! 1Password, by `op`: an item of its own for each value.
//!
//! An item is made from a JSON template on standard input; assignment statements would be
//! arguments (<https://developer.1password.com/docs/cli/item-create>,
//! <https://developer.1password.com/docs/cli/item-template-json>).

use super::super::place::Place;
use super::super::recipe::{Recipe, text, whole};
use super::super::run::{Line, quoted};
use super::super::trouble::Trouble;
use crate::secret::Secret;

pub(in super::super) fn open(place: &Place) -> Result<Recipe, Trouble> {
    let vault = place.needed("vault")?;
    let title = place.path("{repo} {name}");
    if title.contains('/') {
        let what = "1Password takes no `/` in the title of an item: change `path`";
        return Err(Trouble::Unfit(what.to_owned()));
    }
    let reference = format!("op://{vault}/{title}/credential");
    let put = Line::new("op", ["item", "create", "--vault", vault, "--title", &title, "-"]);
    Ok(Recipe {
        place: format!("1Password vault {vault}, item {title}"),
        get: Line::new("op", ["read", "--no-newline", &reference]),
        read: Box::new(whole),
        absent: |said| said.says("isn't an item"),
        // An item that is there has fields of its own, which a template would take away.
        replace: None,
        put,
        feed: Box::new(|value, _| template(value)),
        read_back: format!("op read {}", quoted(&reference)),
        fill: format!(
            "{}={reference} in a committed .env, and `op run --env-file=.env -- COMMAND`",
            place.name
        ),
        remark: None,
    })
}

/// An item of the category API Credential.
fn template(value: &Secret) -> Result<Secret, Trouble> {
    let item = serde_json::json!({
        "category": "API_CREDENTIAL",
        "fields": [{
            "id": "credential",
            "type": "CONCEALED",
            "label": "credential",
            "value": text(value)?,
        }],
    });
    Ok(Secret::new(item.to_string().as_bytes()))
}
