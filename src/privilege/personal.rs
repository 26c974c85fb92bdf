//! Tokens of GitHub that a workflow keeps as secrets: those of a person, where the job has
//! one of its own and an app gives one for an hour.
//!
//! By use where that tells (`GH_TOKEN`, the password of `ghcr.io`), else by name. Sources:
//! docs.github.com, "`GITHUB_TOKEN`" and "Working with the Container registry".

use super::facts::Facts;
use super::node::{Entry, Node};

/// Inputs of actions that take a token of GitHub.
const INPUTS: [&str; 5] = ["token", "github-token", "github_token", "repo-token", "gh-token"];

/// What the command line of GitHub and most actions read it from.
const VARIABLES: [&str; 2] = ["GH_TOKEN", "GITHUB_TOKEN"];

/// A value that holds such a token.
pub(super) struct Held<'a> {
    pub(super) entry: &'a Entry,
    secret: &'a str,
    /// What it is used as, where that tells by itself that it is a token of GitHub.
    used_as: Option<&'static str>,
}

impl Held<'_> {
    /// As signals know it.
    fn value(&self) -> String {
        match self.used_as {
            Some(used) => format!("{used}: {}", self.secret),
            None => self.secret.to_owned(),
        }
    }
}

/// The name in `secrets.NAME` of an expression.
pub(super) fn secret_name(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("secrets.")?;
    rest.split(|char: char| !char.is_ascii_alphanumeric() && char != '_').next()
}

/// A secret other than the token of the job.
fn stored(entry: &Entry) -> Option<&str> {
    secret_name(entry.node.text()?).filter(|name| !name.eq_ignore_ascii_case("GITHUB_TOKEN"))
}

/// The tokens of GitHub in the `env` of `of`.
fn in_env(of: &Node) -> impl Iterator<Item = Held<'_>> {
    of.get("env").into_iter().flat_map(Node::entries).filter_map(|entry| {
        let used_as = VARIABLES.into_iter().find(|name| entry.key == *name)?;
        Some(Held { entry, secret: stored(entry)?, used_as: Some(used_as) })
    })
}

/// The tokens of GitHub that `step` is given.
pub(super) fn of_step(step: &Node) -> impl Iterator<Item = Held<'_>> {
    let called = step.text_of("uses").unwrap_or_default();
    let with = step.get("with");
    let to_packages = called.starts_with("docker/login-action@")
        && with.and_then(|with| with.text_of("registry")) == Some("ghcr.io");
    let given = with.into_iter().flat_map(Node::entries).filter_map(move |entry| {
        let is = |key: &str| entry.key.eq_ignore_ascii_case(key);
        let used_as = if to_packages && is("password") {
            Some("ghcr.io")
        } else if INPUTS.into_iter().any(is) {
            None
        } else {
            return None;
        };
        Some(Held { entry, secret: stored(entry)?, used_as })
    });
    given.chain(in_env(step))
}

/// What the workflow `document` says of them.
pub(super) fn tell(document: &Node, facts: &mut Facts) {
    // Of a workflow that is called, what is handed to it may be the token of a job.
    let on = document.get("on").or_else(|| document.get("true"));
    let handed = on.and_then(|on| on.way(&["workflow_call", "secrets"]));
    let handed: Vec<&str> =
        handed.into_iter().flat_map(Node::entries).map(|entry| entry.key.as_str()).collect();
    let mut add = |held: Held<'_>, scope: &str| {
        if !handed.iter().any(|name| name.eq_ignore_ascii_case(held.secret)) {
            facts.add("workflow-personal-token", &held.value(), scope, held.entry.span());
        }
    };
    in_env(document).for_each(|held| add(held, ""));
    for job in document.get("jobs").into_iter().flat_map(Node::entries) {
        let scope = format!("job {}", job.key);
        in_env(&job.node).for_each(|held| add(held, &scope));
        for step in job.node.get("steps").into_iter().flat_map(Node::items) {
            of_step(step).for_each(|held| add(held, &scope));
        }
    }
}
