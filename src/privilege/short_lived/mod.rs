//! What lasts, where a token for the one job was to be had: the same pipeline with that.
//!
//! Pure: takes a path, a text and a rule, gives edits and what is to be set up first, or the
//! reason why there are none. The result is read again; what still has the fault of the rule
//! is no result.

mod commands;
mod github;
mod gitlab;
mod line;
mod setup;
mod token;

#[cfg(test)]
mod tests;

use super::format::Format;
use super::{widened, yaml};
use std::ops::Range;

/// What is logged in to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Aws,
    Gcp,
    Azure,
    Vault,
    DockerHub,
    Npm,
    PyPi,
    Crates,
    RubyGems,
    NuGet,
    /// GitHub or GitLab itself, by the token of a person.
    Personal,
}

/// The rules for which there is a replacement.
const RULES: [(&str, Service); 20] = [
    ("gha-static-aws-key", Service::Aws),
    ("gha-static-gcp-key", Service::Gcp),
    ("gha-static-azure-secret", Service::Azure),
    ("gha-static-vault-token", Service::Vault),
    ("gha-docker-hub-token", Service::DockerHub),
    ("gha-npm-token", Service::Npm),
    ("gha-npm-no-provenance", Service::Npm),
    ("gha-pypi-token", Service::PyPi),
    ("gha-crates-token", Service::Crates),
    ("gha-rubygems-token", Service::RubyGems),
    ("gha-nuget-token", Service::NuGet),
    ("gha-personal-token", Service::Personal),
    ("gitlab-static-aws-key", Service::Aws),
    ("gitlab-static-gcp-key", Service::Gcp),
    ("gitlab-static-azure-secret", Service::Azure),
    ("gitlab-static-vault-token", Service::Vault),
    ("gitlab-npm-token", Service::Npm),
    ("gitlab-pypi-token", Service::PyPi),
    ("gitlab-crates-token", Service::Crates),
    ("gitlab-personal-token", Service::Personal),
];

/// Whether the findings of `rule` have a replacement.
pub fn is_replaceable(rule: &str) -> bool {
    RULES.iter().any(|(known, _)| *known == rule)
}

/// A text that goes, and the one that comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What goes; empty for an insertion.
    pub span: Range<usize>,
    /// What comes.
    pub with: String,
}

/// A pipeline without what lasts.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// In order, apart from each other.
    pub changes: Vec<Change>,
    /// What a person does, and should know, each a sentence: first what is to be set up on
    /// the other side.
    pub notes: Vec<String>,
}

/// Why there is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Refused {
    /// What is not certain.
    pub why: String,
    /// What a person can do by hand.
    pub by_hand: String,
}

impl Refused {
    fn new(why: &str, service: Service, on_gitlab: bool) -> Self {
        let page = setup::of(service, on_gitlab).1;
        Self { why: why.to_owned(), by_hand: format!("replace it as {page} has it") }
    }
}

/// The pipeline at `path` with a token of the job wherever `rule` is about one that lasts.
///
/// # Errors
/// Its shape is one where leakcoach is not certain of the outcome, or it is none.
pub fn short_lived(path: &[u8], text: &str, rule: &str) -> Result<Replacement, Refused> {
    let none = |why: &str| Refused {
        why: why.to_owned(),
        by_hand: format!("see what to do instead: leakcoach explain {rule}"),
    };
    let format = Format::of(path);
    let service = RULES.iter().find(|(known, _)| *known == rule).map(|(_, service)| *service);
    let Some((service, on_gitlab)) = service.and_then(|service| match format {
        Some(Format::Workflow) => Some((service, false)),
        Some(Format::GitLab) => Some((service, true)),
        Some(_) | None => None,
    }) else {
        return Err(none("there is no other way to log in that is known to fit"));
    };
    if text.len() > super::BYTES_AT_MOST {
        return Err(none("the file is too large"));
    }
    if text.starts_with('\u{feff}') {
        return Err(none("it begins with a byte order mark"));
    }
    let documents = yaml::documents(text).map_err(|why| none(&why))?;
    let [document] = documents.as_slice() else {
        return Err(none("it is not one document of YAML"));
    };
    let mut job = line::Lines::new(text, service, on_gitlab);
    match (service, on_gitlab) {
        (Service::Personal, true) => gitlab::personal(document, text, &mut job),
        (Service::Personal, false) => token::replace(document, &mut job)?,
        (_, true) => gitlab::replace(document, &mut job)?,
        (_, false) => github::replace(document, &mut job)?,
    }
    let (mut replacement, first) = job.done();
    if replacement.changes.is_empty() {
        return Err(none("its place in the file is not one that is known"));
    }
    let after = applied(text, &replacement.changes);
    let apart = replacement.changes.windows(2).all(|two| two[0].span.end <= two[1].span.start);
    let left = |text: &str| {
        let looked = widened(path, &[], text.as_bytes(), false, &[]);
        let mut found = looked.found.iter().filter(|one| one.signal.rule.id == rule);
        let places = found.next().map_or(0, |one| 1 + one.also.len());
        looked.why.is_none().then_some(places)
    };
    // Tokens of persons are apart from each other: what is replaced of them is a gain.
    let mended = match left(&after) {
        Some(0) => true,
        Some(places) => service == Service::Personal && left(text).is_some_and(|was| places < was),
        None => false,
    };
    if !apart || !mended {
        return Err(Refused::new("another way of logging in stays beside it", service, on_gitlab));
    }
    let setup = [setup::of(service, on_gitlab).0.to_owned()];
    let first = if first.is_empty() { &setup[..] } else { &first };
    let first = first.iter().map(|words| format!("first: {words}"));
    replacement.notes.splice(0..0, first);
    replacement.notes.push(format!("as in {}", setup::of(service, on_gitlab).1));
    Ok(replacement)
}

/// `text` with `changes`, which are in order and apart from each other.
fn applied(text: &str, changes: &[Change]) -> String {
    let (mut out, mut at) = (String::with_capacity(text.len() + 512), 0);
    for change in changes {
        out.push_str(text.get(at..change.span.start).unwrap_or_default());
        out.push_str(&change.with);
        at = change.span.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}
