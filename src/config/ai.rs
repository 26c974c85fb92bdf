//! `[ai]`: the program that may be asked for words. The person and the organisation may name
//! one, a repository may not, for a program that it names would be run.

use super::layers::{Layers, Origin};
use super::server::time_limit;
use super::written::At;
use super::{Outside, send};
use crate::error::Error;
use serde::Deserialize;
use std::time::Duration;

/// How long it may take where nothing is said.
const LIMIT: Duration = Duration::from_secs(30);

/// The program that is asked, and for how long.
#[derive(Debug)]
pub(crate) struct Ai {
    /// Its name or path, and its arguments; empty for none.
    pub(crate) command: Vec<String>,
    pub(crate) limit: Duration,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Written {
    command: At<Vec<String>>,
    time_limit: At<String>,
}

/// What is configured outside of any repository.
///
/// # Errors
/// A file cannot be read or is wrong.
pub(crate) fn read(outside: &Outside) -> Result<Ai, Error> {
    of(&mut Layers::read(outside, None)?)
}

pub(super) fn of(layers: &mut Layers) -> Result<Ai, Error> {
    for (index, layer) in layers.all.iter().enumerate() {
        let ai = &layer.written.ai;
        let command = ai.command.as_ref().map(|command| command.span().start);
        let limit = ai.time_limit.as_ref().map(|limit| limit.span().start);
        send::only_outside(layers, "ai", command.or(limit), index)?;
    }
    let other = |new: &Vec<String>, floor: Option<&Vec<String>>| floor != Some(new);
    let command = layers.one("ai.command", None, |it| &it.ai.command, other);
    let other = |new: &String, floor: Option<&String>| floor != Some(new);
    let limit = layers.one("ai.time-limit", None, |it| &it.ai.time_limit, other);
    let limit = limit.map(|(text, at)| length(&text, &at)).transpose()?.unwrap_or(LIMIT);
    Ok(Ai { command: command.map(|(command, _)| command).unwrap_or_default(), limit })
}

fn length(text: &str, at: &Origin) -> Result<Duration, Error> {
    let what = "`ai.time-limit` is a length of time such as \"30s\"".to_owned();
    time_limit(text).ok_or_else(|| match at.line {
        Some(line) => Error::Config { path: at.path.clone(), line, what },
        None => Error::Usage(format!("{at}: {what}")),
    })
}
