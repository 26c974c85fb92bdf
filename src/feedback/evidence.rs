//! Events grouped by the controls that they are evidence of.

use crate::catalogue::governance::{self, Framework, GovernanceFile, Subject};
use crate::catalogue::{self, Catalogue};
use crate::record::{Event, What};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// What the build has checked; read again when somebody asks.
const TEXT: &str = include_str!("../../patterns/governance.toml");

/// What is mapped to which controls.
///
/// # Panics
/// Never: the build has read the same text.
pub(crate) fn file() -> GovernanceFile {
    governance::read(TEXT).unwrap_or_else(|_| unreachable!("the build has read it"))
}

/// What is told of one framework.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The word by which it is asked for.
    pub framework: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where its publisher has it.
    pub page: String,
    /// Whether only what agents did counts.
    pub agents_only: bool,
    /// Its controls, of those that leakcoach touches at all.
    pub controls: Vec<Control>,
}

/// What there is for one control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Control {
    /// Its id, as its publisher prints it.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How many events there are.
    pub events: u64,
    /// How many of each kind.
    pub by_kind: BTreeMap<String, u64>,
    /// The first and the last, in seconds since 1970.
    pub between: Option<(i64, i64)>,
}

/// Events of one kind that touch the same controls.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Alike {
    kind: &'static str,
    verdict: Option<String>,
    rule: Option<String>,
    agent: bool,
}

#[derive(Debug, Clone, Copy)]
struct Counted {
    events: u64,
    first: i64,
    last: i64,
}

/// What was counted for all frameworks: as many as there are kinds of events by rule.
#[derive(Debug, Default)]
pub(super) struct Proofs(HashMap<Alike, Counted>);

impl Proofs {
    pub(super) fn add(&mut self, event: &Event) {
        let (verdict, rule) = match &event.what {
            What::Shown { verdict, rule, .. } => (Some(verdict.clone()), Some(rule.clone())),
            What::Overridden { rule, .. }
            | What::Excepted { rule, .. }
            | What::Approved { rule, .. }
            | What::Allowed { rule, .. }
            | What::Verified { rule, .. } => (None, Some(rule.clone())),
            What::Fixed { .. }
            | What::Case { .. }
            | What::Guarded { .. }
            | What::Entrusted { .. }
            | What::Printed { .. }
            | What::Generated { .. }
            | What::Digest { .. }
            | What::Wrong { .. }
            | What::Drill { .. }
            | What::Lesson { .. }
            | What::Review { .. }
            | What::Read { .. }
            | What::Forgot { .. } => (None, None),
        };
        let agent = !matches!(event.actor.as_str(), "person" | "ci" | "leakcoach");
        let alike = Alike { kind: event.what.word(), verdict, rule, agent };
        let new = Counted { events: 0, first: event.at, last: event.at };
        let counted = self.0.entry(alike).or_insert(new);
        counted.events += 1;
        counted.first = counted.first.min(event.at);
        counted.last = counted.last.max(event.at);
    }

    pub(super) fn of(&self, framework: &str) -> Option<Evidence> {
        let file = file();
        let Framework { id, name, version, page, agents, controls } = file.framework(framework)?;
        let mut all: BTreeMap<String, Control> = controls
            .iter()
            .map(|(id, title)| {
                let control = Control {
                    id: id.clone(),
                    title: title.clone(),
                    events: 0,
                    by_kind: BTreeMap::new(),
                    between: None,
                };
                (id.clone(), control)
            })
            .collect();
        for (alike, counted) in self.0.iter().filter(|(alike, _)| alike.agent || !agents) {
            for id in touched(&file, framework, alike) {
                if let Some(control) = all.get_mut(&id) {
                    control.events += counted.events;
                    *control.by_kind.entry(alike.kind.to_owned()).or_default() += counted.events;
                    let (first, last) = control.between.unwrap_or((counted.first, counted.last));
                    control.between = Some((first.min(counted.first), last.max(counted.last)));
                }
            }
        }
        Some(Evidence {
            framework: id.clone(),
            name: name.clone(),
            version: version.clone(),
            page: page.clone(),
            agents_only: *agents,
            controls: all.into_values().collect(),
        })
    }
}

/// The controls that events of this kind touch, each once.
fn touched(file: &GovernanceFile, framework: &str, alike: &Alike) -> Vec<String> {
    let mut ids = file.ids(framework, &Subject::Event(alike.kind));
    if let Some(verdict) = &alike.verdict {
        ids.extend(file.ids(framework, &Subject::Verdict(verdict)));
    }
    let rule = alike.rule.as_deref().and_then(|id| Catalogue::builtin().rule(id));
    if let Some(rule) = rule {
        ids.extend(of_rule(file, framework, rule));
    }
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The controls that a rule touches.
pub(crate) fn of_rule(
    file: &GovernanceFile,
    framework: &str,
    rule: &catalogue::Rule,
) -> Vec<String> {
    let nhi: Vec<&str> = rule.nhi.iter().collect();
    file.ids(framework, &Subject::Rule { kind: rule.kind, cwe: rule.cwe, nhi: &nhi })
}

/// A rule's controls by framework: its name and version, and its ids.
pub fn explained(rule: &catalogue::Rule) -> Vec<(String, Vec<String>)> {
    let file = file();
    let all = file.framework.iter().map(|framework| {
        let name = format!("{} {}", framework.name, framework.version);
        (name, of_rule(&file, &framework.id, rule))
    });
    all.filter(|(_, ids)| !ids.is_empty()).collect()
}
