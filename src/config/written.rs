//! The TOML shape of a configuration file, the same in every layer.
//!
//! A new section is a struct with a field in [`Written`], its keys in `keys.rs`, and a
//! function that joins the layers by [`Layers::one`](super::Layers::one) and
//! [`Layers::all`](super::Layers::all).

use super::{
    agents, ai, coaching, exceptions, gate, recipients, record, send, server, vault, verify,
};
use crate::judge::policy::{Answer, Preset, Transaction};
use serde::Deserialize;
use toml::Spanned;

/// A value with the place where it stands.
pub(super) type At<T> = Option<Spanned<T>>;

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Written {
    pub(super) lock: At<Vec<Spanned<String>>>,
    pub(super) preset: At<Preset>,
    pub(super) policy: Vec<Spanned<PolicyLine>>,
    pub(super) verdicts: Verdicts,
    pub(super) slow: Slow,
    pub(super) profile: Profile,
    pub(super) rules: Rules,
    pub(super) paths: Paths,
    pub(super) remotes: Remotes,
    pub(super) vault: vault::Written,
    pub(super) verify: verify::Written,
    pub(super) agents: agents::Written,
    pub(super) coaching: Vec<Spanned<coaching::Written>>,
    pub(super) record: record::Written,
    pub(super) exceptions: exceptions::Written,
    pub(super) gate: gate::Written,
    pub(super) recipients: Vec<Spanned<recipients::Written>>,
    pub(super) sinks: send::Sinks,
    pub(super) send: send::Written,
    pub(super) ai: ai::Written,
    pub(super) server: At<server::Written>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Verdicts {
    pub(super) proven: At<Answer>,
    pub(super) likely: At<Answer>,
    pub(super) possible: At<Answer>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Slow {
    pub(super) seconds: At<u32>,
    pub(super) fallback: At<Fallback>,
}

/// What can happen where nobody can be asked.
#[derive(Debug, Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub(super) enum Fallback {
    Permit,
    Block,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Profile {
    pub(super) role: At<String>,
    pub(super) device: At<String>,
    pub(super) data: At<String>,
    pub(super) transaction: At<Transaction>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Rules {
    pub(super) disable: Vec<Spanned<String>>,
    pub(super) only: At<Vec<Spanned<String>>>,
    pub(super) files: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Paths {
    pub(super) ignore: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Remotes {
    pub(super) public: Vec<Spanned<String>>,
    pub(super) private: Vec<Spanned<String>>,
}

/// A line of policy. Each condition is a word or a list of words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PolicyLine {
    pub(super) rule: At<Words>,
    pub(super) service: At<Words>,
    pub(super) kind: At<Words>,
    pub(super) severity: At<Words>,
    pub(super) confidence: At<Words>,
    pub(super) exposure: At<Words>,
    pub(super) path: At<Words>,
    pub(super) file_role: At<Words>,
    pub(super) actor: At<Words>,
    pub(super) branch: At<Words>,
    pub(super) remote: At<Words>,
    pub(super) transaction: At<Words>,
    pub(super) role: At<Words>,
    pub(super) device: At<Words>,
    pub(super) data: At<Words>,
    pub(super) verdict: Answer,
}

/// One word, or several of which any will do.
#[derive(Debug, Deserialize, Clone)]
#[serde(untagged, expecting = "expected a word or a list of words")]
pub(super) enum Words {
    One(String),
    Several(Vec<String>),
}

impl Words {
    pub(super) fn all(&self) -> &[String] {
        match self {
            Self::One(word) => std::slice::from_ref(word),
            Self::Several(words) => words,
        }
    }
}
