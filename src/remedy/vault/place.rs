//! A place in a store: what is written about it, filled in and checked.

use super::store::Store;
use super::trouble::Trouble;
use std::collections::BTreeMap;

/// As long as a part of a place may be.
const LONGEST: usize = 200;

/// A place in a store.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) store: Store,
    /// The variable that carries the value.
    pub(crate) name: String,
    /// The name of the repository.
    pub(crate) repo: String,
    /// What is written about the place, by key.
    keys: BTreeMap<&'static str, String>,
}

impl Place {
    /// The place for the value of the variable `name`, by what is written in `keys`, where
    /// `{repo}` and `{name}` are filled in.
    pub(crate) fn new(
        store: Store,
        name: &str,
        repo: &str,
        keys: &BTreeMap<&'static str, String>,
    ) -> Result<Self, Trouble> {
        let start = |char: char| char.is_ascii_alphabetic() || char == '_';
        let rest = |char: char| char.is_ascii_alphanumeric() || char == '_';
        if !name.starts_with(start) || !name.chars().all(rest) || name.len() > LONGEST {
            let what = "a name has letters, digits and `_`, as variables do, and starts with none \
                        of the digits";
            return Err(Trouble::Unfit(what.to_owned()));
        }
        let repo = plain(repo);
        let mut place = Self { store, name: name.to_owned(), repo, keys: BTreeMap::new() };
        for (key, text) in keys {
            if store.keys().contains(key) {
                let text = text.replace("{repo}", &place.repo).replace("{name}", name);
                place.keys.insert(key, checked(key, text)?);
            }
        }
        Ok(place)
    }

    /// What is written at `key`.
    pub(crate) fn key(&self, key: &str) -> Option<&str> {
        self.keys.get(key).map(String::as_str)
    }

    /// What is written at `key`, without which the store cannot be reached.
    pub(crate) fn needed(&self, key: &str) -> Result<&str, Trouble> {
        self.key(key).ok_or_else(|| {
            let store = self.store.word();
            Trouble::Unfit(format!(
                "{store} needs `{key}`: --place {key}=… or [vault] {key} = \"…\""
            ))
        })
    }

    /// The path, with `otherwise` for where none is written.
    pub(crate) fn path(&self, otherwise: &str) -> String {
        let path = otherwise.replace("{repo}", &self.repo).replace("{name}", &self.name);
        self.key("path").map_or(path, str::to_owned)
    }

    /// The name as stores take it that know no `_`, in lower case.
    pub(crate) fn dashed(&self) -> String {
        self.name.to_ascii_lowercase().replace('_', "-")
    }
}

/// A repository's name with nothing in it that means something to a program.
fn plain(name: &str) -> String {
    let plain = |char: char| {
        if char.is_ascii_alphanumeric() || "._-".contains(char) { char } else { '-' }
    };
    let name: String = name.chars().take(60).map(plain).collect();
    let name = name.trim_matches(['.', '-']);
    if name.is_empty() { "repository".to_owned() } else { name.to_owned() }
}

/// A part of a place that can be taken neither for an option nor for anything else than a
/// name or path.
fn checked(key: &str, text: String) -> Result<String, Trouble> {
    let fits = |char: char| char.is_alphanumeric() || "._-/@:+ *".contains(char);
    let odd = text.is_empty()
        || text.len() > LONGEST
        || text.starts_with(['-', ' '])
        || text.ends_with(' ')
        || !text.chars().all(fits)
        || text.split('/').any(|part| part == "..");
    if odd {
        let what = "has letters, digits and ._-/@:+ only, no `..`, and begins with no `-`";
        return Err(Trouble::Unfit(format!("`{key}` {what}; {{repo}} and {{name}} are filled in")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::Place;
    use crate::remedy::vault::Store;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn place(name: &str, path: &str) -> Option<String> {
        let keys = BTreeMap::from([("path", path.to_owned())]);
        Place::new(Store::Pass, name, "my shop", &keys).ok().map(|place| place.path("{name}"))
    }

    #[test]
    fn a_path_is_filled_in() {
        assert_eq!(place("A_B", "team/{repo}/{name}").as_deref(), Some("team/my-shop/A_B"));
    }

    #[test]
    fn a_place_can_be_taken_for_nothing_else() {
        for path in ["-f", "", "a/../b", "$(id)", "a\nb", "{other}", " a", "a;b", "a=b"] {
            assert_eq!(place("A", path), None, "{path}");
        }
        for name in ["", "-A", "1A", "A B", "A=B", "A/B"] {
            assert_eq!(place(name, "a"), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_text_becomes_an_option(text: String, repo: String) {
            let keys = BTreeMap::from([("path", text)]);
            if let Ok(place) = Place::new(Store::Pass, "A", &repo, &keys) {
                let path = place.path("{repo}");
                prop_assert!(!path.starts_with('-') && !path.chars().any(char::is_control));
            }
        }
    }
}
