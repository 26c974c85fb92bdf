//! `patterns/governance.toml`: what of leakcoach touches which control of which framework, and
//! what is wrong in it.
//!
//! `build.rs` reads it, so that a rule's kind, a verdict or an event without its mapping ends the
//! build; the library reads the same text again when somebody asks, so that no other run pays for
//! it. Names nothing of the rest of the crate but the kinds of rules.

use super::schema::Kind;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Stands for the ids that a rule names itself.
const OF_RULE: &str = "rule";

/// The verdicts, as configuration says them.
const VERDICTS: [&str; 4] = ["permit", "slow", "guide", "block"];

/// The kinds of events in the record; a test holds them against the record's own.
pub(crate) const EVENTS: [&str; 19] = [
    "shown",
    "fixed",
    "overridden",
    "excepted",
    "digest",
    "wrong",
    "drill",
    "lesson",
    "case",
    "printed",
    "generated",
    "guarded",
    "entrusted",
    "allowed",
    "verified",
    "approved",
    "review",
    "read",
    "forgot",
];

/// The file as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GovernanceFile {
    /// In the order in which they are shown.
    pub(crate) framework: Vec<Framework>,
    map: Vec<Mapping>,
}

/// One framework, and what of it is touched at all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Framework {
    /// The word by which it is asked for.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    /// Where its publisher has it.
    pub(crate) page: String,
    /// Only what agents did is evidence for it.
    #[serde(default)]
    pub(crate) agents: bool,
    /// Titles by id.
    pub(crate) controls: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Mapping {
    #[serde(default)]
    kinds: Vec<String>,
    #[serde(default)]
    verdicts: Vec<String>,
    #[serde(default)]
    events: Vec<String>,
    /// Ids by framework.
    #[serde(flatten)]
    ids: BTreeMap<String, Vec<String>>,
}

/// What is mapped.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Subject<'a> {
    /// A rule, by its kind and by what it names itself.
    Rule { kind: Kind, cwe: &'a [u16], nhi: &'a [&'a str] },
    /// What was decided.
    Verdict(&'a str),
    /// What was recorded.
    Event(&'a str),
}

impl Mapping {
    fn is_of(&self, subject: &Subject<'_>) -> bool {
        let (words, word) = match subject {
            Subject::Rule { kind, .. } => (&self.kinds, kind.word()),
            Subject::Verdict(word) => (&self.verdicts, *word),
            Subject::Event(word) => (&self.events, *word),
        };
        words.iter().any(|one| one == word)
    }
}

impl GovernanceFile {
    /// The framework called `id`.
    pub(crate) fn framework(&self, id: &str) -> Option<&Framework> {
        self.framework.iter().find(|framework| framework.id == id)
    }

    /// The ids of `framework` that `subject` touches. What a verdict or an event has of its
    /// rule is the rule's to say.
    pub(crate) fn ids(&self, framework: &str, subject: &Subject<'_>) -> Vec<String> {
        let mut all = Vec::new();
        let written = self.map.iter().filter(|mapping| mapping.is_of(subject));
        for id in written.filter_map(|mapping| mapping.ids.get(framework)).flatten() {
            match (id.as_str(), subject, framework) {
                (OF_RULE, Subject::Rule { cwe, .. }, "cwe") => {
                    // A rule of a user's may name none.
                    let cwe = if cwe.is_empty() { &[798] } else { *cwe };
                    all.extend(cwe.iter().map(|number| format!("CWE-{number}")));
                }
                (OF_RULE, Subject::Rule { nhi, .. }, "nhi") => {
                    let nhi = if nhi.is_empty() { &["NHI2:2025"] } else { *nhi };
                    all.extend(nhi.iter().map(|id| (*id).to_owned()));
                }
                (OF_RULE, ..) => {}
                (id, ..) => all.push(id.to_owned()),
            }
        }
        all
    }
}

/// Reads the file.
///
/// # Errors
/// Something in it is wrong.
pub(crate) fn read(text: &str) -> Result<GovernanceFile, String> {
    let file: GovernanceFile = toml::from_str(text).map_err(|error| error.to_string())?;
    for framework in &file.framework {
        if !framework.page.starts_with("https://") || framework.controls.is_empty() {
            return Err(format!("`{}` needs a page and controls", framework.id));
        }
    }
    for mapping in &file.map {
        if let Some(unknown) = mapping.unknown_word() {
            return Err(format!("there is no verdict or event `{unknown}`"));
        }
        for (framework, ids) in &mapping.ids {
            let known = file.framework(framework);
            let known = known.ok_or_else(|| format!("there is no framework `{framework}`"))?;
            let of_rule = |id: &str| id == OF_RULE && matches!(framework.as_str(), "cwe" | "nhi");
            let wrong = ids.iter().find(|id| !of_rule(id) && !known.controls.contains_key(*id));
            if let Some(id) = wrong {
                return Err(format!("`{framework}` has no `{id}`"));
            }
        }
    }
    let mapped = |list: fn(&Mapping) -> &[String], word: &str, framework: Option<&str>| {
        file.map.iter().any(|mapping| {
            list(mapping).iter().any(|one| one == word)
                && framework.map_or(!mapping.ids.is_empty(), |id| {
                    mapping.ids.get(id).is_some_and(|ids| !ids.is_empty())
                })
        })
    };
    for framework in &file.framework {
        for kind in Kind::ALL {
            if !mapped(|mapping| &mapping.kinds, kind.word(), Some(&framework.id)) {
                return Err(format!("rules of kind `{kind}` touch nothing of `{}`", framework.id));
            }
        }
        for verdict in VERDICTS {
            if !mapped(|mapping| &mapping.verdicts, verdict, Some(&framework.id)) {
                return Err(format!(
                    "the verdict `{verdict}` touches nothing of `{}`",
                    framework.id
                ));
            }
        }
    }
    match EVENTS.iter().find(|event| !mapped(|mapping| &mapping.events, event, None)) {
        Some(event) => Err(format!("the event `{event}` touches nothing")),
        None => Ok(file),
    }
}

impl Mapping {
    fn unknown_word(&self) -> Option<&str> {
        // A kind that is mistyped leaves the one that was meant without its mapping.
        let verdicts = self.verdicts.iter().find(|word| !VERDICTS.contains(&word.as_str()));
        let events = self.events.iter().find(|word| !EVENTS.contains(&word.as_str()));
        verdicts.or(events).map(String::as_str)
    }
}
