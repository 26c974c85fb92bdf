//! What a deployment gate asks for.

use super::Outside;
use super::exceptions::{Signers, signers_at};
use super::layers::Layers;
use super::record::length;
use super::written::At;
use crate::error::Error;
use serde::Deserialize;

/// Seconds that an approval lasts at most.
const AT_MOST: i64 = 8 * 3600;

/// What is configured of gates.
#[derive(Debug, Clone)]
pub struct Gate {
    /// The targets there are; empty where any name is one.
    pub targets: Vec<String>,
    /// The file of allowed signers.
    pub signers: Option<Signers>,
    /// Who of them may approve, all where it is empty; `owners:PATH` is who owns a file.
    pub approvers: Vec<String>,
    /// Whether who wrote the commit may not approve it.
    pub four_eyes: bool,
    /// Seconds that an approval lasts at most.
    pub at_most: i64,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Written {
    targets: At<Vec<String>>,
    signers: At<String>,
    approvers: At<Vec<String>>,
    four_eyes: At<bool>,
    at_most: At<String>,
}

/// What the layers say of gates where the repository's file has this `text`; nothing where it
/// has none.
///
/// # Errors
/// A file cannot be read or is wrong.
pub fn with(outside: &Outside, text: Option<String>) -> Result<Gate, Error> {
    of(&mut Layers::read_with(outside, text)?)
}

pub(super) fn of(layers: &mut Layers) -> Result<Gate, Error> {
    // Where a key is locked, only the very same counts.
    fn other<T: PartialEq>(new: &T, floor: Option<&T>) -> bool {
        floor.is_none_or(|floor| floor != new)
    }
    let targets = layers.one("gate.targets", None, |w| &w.gate.targets, other);
    let signers = layers.one("gate.signers", None, |w| &w.gate.signers, other);
    let approvers = layers.one("gate.approvers", None, |w| &w.gate.approvers, other);
    let four_eyes = layers.one(
        "gate.four-eyes",
        Some(true),
        |w| &w.gate.four_eyes,
        |new, floor| !*new && floor.is_none_or(|floor| *floor),
    );
    let at_most = layers.one("gate.at-most", None, |w| &w.gate.at_most, other);
    let at_most = at_most.map(|(text, at)| {
        length(&text).ok_or_else(|| {
            let what = "`gate.at-most` is a length of time such as \"8h\"".to_owned();
            Error::Config { path: at.path, line: at.line.unwrap_or(1), what }
        })
    });
    Ok(Gate {
        targets: targets.map(|(targets, _)| targets).unwrap_or_default(),
        signers: signers.map(|(path, at)| signers_at(path, &at)),
        approvers: approvers.map(|(approvers, _)| approvers).unwrap_or_default(),
        four_eyes: four_eyes.is_none_or(|(on, _)| on),
        at_most: at_most.transpose()?.unwrap_or(AT_MOST),
    })
}
