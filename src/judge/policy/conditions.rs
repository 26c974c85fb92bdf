//! What a line of policy asks, and the facts that it is asked of.

use super::super::{Actor, Context, Exposure};
use super::{Transaction, Visibility};
use crate::catalogue::{Kind, Severity};
use crate::scan::{Confidence, Finding};
use crate::source::role::FileRole;
use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use std::sync::Arc;

/// Who works where, as the configuration or the environment says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// What the person does: `sre`.
    pub role: Option<Arc<str>>,
    /// What they work on: `shared`.
    pub device: Option<Arc<str>>,
    /// What data is near: `restricted`.
    pub data: Option<Arc<str>>,
}

/// What lines may ask of a finding. Holds nothing of the credential.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The rule's id.
    pub rule: &'static str,
    /// The service as its vendor writes it.
    pub service: &'static str,
    /// What kind of credential it is.
    pub kind: Kind,
    /// How bad a leak is, as weighed here.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// How far it has come.
    pub exposure: Exposure,
    /// The file's path.
    pub path: String,
    /// The file's role.
    pub file_role: FileRole,
    /// Who acts.
    pub actor: Actor,
    /// The branch, where it is known.
    pub branch: Option<String>,
    /// Who reads the remote, where there is one.
    pub remote: Option<Visibility>,
    /// What is about to happen, where it is known.
    pub transaction: Option<Transaction>,
    /// Who works where.
    pub profile: Profile,
}

impl Facts {
    /// The facts of a finding.
    pub fn of(finding: &Finding, context: &Context) -> Self {
        let (severity, confidence) = super::super::weighed(finding, context);
        Self {
            rule: finding.rule.id,
            service: finding.rule.service,
            kind: finding.rule.kind,
            severity,
            confidence,
            exposure: context.exposure,
            path: context.path.clone(),
            file_role: context.role,
            actor: context.actor.clone(),
            branch: context.branch.clone(),
            remote: context.remote,
            transaction: context.transaction,
            profile: context.profile.clone(),
        }
    }

    /// Each fact by the key that asks for it; nothing where it is not known.
    pub fn shown(&self) -> [(&'static str, Option<String>); 15] {
        let text = |text: &Option<Arc<str>>| text.as_deref().map(str::to_owned);
        let word = |word: &'static str| Some(word.to_owned());
        [
            ("rule", word(self.rule)),
            ("service", word(self.service)),
            ("kind", word(self.kind.word())),
            ("severity", word(self.severity.word())),
            ("confidence", word(self.confidence.word())),
            ("exposure", word(self.exposure.word())),
            ("path", Some(self.path.clone())),
            ("file-role", word(self.file_role.word())),
            ("actor", word(self.actor.word())),
            ("branch", self.branch.clone()),
            ("remote", self.remote.map(|remote| remote.word().to_owned())),
            ("transaction", self.transaction.map(|one| one.word().to_owned())),
            ("role", text(&self.profile.role)),
            ("device", text(&self.profile.device)),
            ("data", text(&self.profile.data)),
        ]
    }
}

impl Actor {
    /// The words of all.
    pub const WORDS: &'static [&'static str] = &["person", "ci", "agent"];

    /// The word used in configuration and output.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Ci => "ci",
            Self::Agent(_) => "agent",
        }
    }
}

/// Names or paths, as globs.
#[derive(Debug, Clone)]
pub struct Names {
    /// As they are written.
    pub written: Vec<String>,
    set: GlobSet,
}

impl Names {
    /// Those that `written` stand for; `*` reaches over a `/`, as in `paths.ignore`.
    ///
    /// # Errors
    /// One of them is no glob.
    pub fn exactly(written: Vec<String>) -> Result<Self, globset::Error> {
        Self::new(written, Glob::new)
    }

    /// The same, in upper or lower case.
    ///
    /// # Errors
    /// One of them is no glob.
    pub fn in_any_case(written: Vec<String>) -> Result<Self, globset::Error> {
        Self::new(written, |name| GlobBuilder::new(name).case_insensitive(true).build())
    }

    fn new(
        written: Vec<String>,
        glob: impl Fn(&str) -> Result<Glob, globset::Error>,
    ) -> Result<Self, globset::Error> {
        let mut set = GlobSetBuilder::new();
        for name in &written {
            set.add(glob(name)?);
        }
        Ok(Self { written, set: set.build()? })
    }

    /// Whether one of them is `name`, or stands for it.
    pub fn has(&self, name: &str) -> bool {
        self.set.is_match(name)
    }

    /// Whether all that `other` stands for is surely among these.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let literal = |name: &str| !name.contains(['*', '?', '[', '{', '\\']);
        let any = self.written.iter().any(|name| name == "*" || name == "**");
        any || other
            .written
            .iter()
            .all(|name| self.written.contains(name) || literal(name) && self.has(name))
    }
}

/// What a line asks. Each that is there must hold; a fact that is not known holds for none.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "each is a fact of the same name")]
pub struct Conditions {
    pub rule: Option<Names>,
    pub service: Option<Names>,
    pub kind: Option<Vec<Kind>>,
    pub severity: Option<Vec<Severity>>,
    pub confidence: Option<Vec<Confidence>>,
    pub exposure: Option<Vec<Exposure>>,
    pub path: Option<Names>,
    pub file_role: Option<Vec<FileRole>>,
    pub actor: Option<Vec<&'static str>>,
    pub branch: Option<Names>,
    pub remote: Option<Vec<Visibility>>,
    pub transaction: Option<Vec<Transaction>>,
    pub role: Option<Names>,
    pub device: Option<Names>,
    pub data: Option<Names>,
}

impl Conditions {
    /// What asks for one level of confidence only.
    pub fn of_confidence(confidence: Confidence) -> Self {
        Self { confidence: Some(vec![confidence]), ..Self::default() }
    }

    /// Whether all hold.
    pub fn fit(&self, facts: &Facts) -> bool {
        self.missed(facts).is_none()
    }

    /// The key of the first that does not hold.
    pub fn missed(&self, facts: &Facts) -> Option<&'static str> {
        let profile = &facts.profile;
        let holds = [
            ("rule", named(self.rule.as_ref(), Some(facts.rule))),
            ("service", named(self.service.as_ref(), Some(facts.service))),
            ("kind", among(self.kind.as_ref(), Some(facts.kind))),
            ("severity", among(self.severity.as_ref(), Some(facts.severity))),
            ("confidence", among(self.confidence.as_ref(), Some(facts.confidence))),
            ("exposure", among(self.exposure.as_ref(), Some(facts.exposure))),
            ("path", named(self.path.as_ref(), Some(&facts.path))),
            ("file-role", among(self.file_role.as_ref(), Some(facts.file_role))),
            ("actor", among(self.actor.as_ref(), Some(facts.actor.word()))),
            ("branch", named(self.branch.as_ref(), facts.branch.as_deref())),
            ("remote", among(self.remote.as_ref(), facts.remote)),
            ("transaction", among(self.transaction.as_ref(), facts.transaction)),
            ("role", named(self.role.as_ref(), profile.role.as_deref())),
            ("device", named(self.device.as_ref(), profile.device.as_deref())),
            ("data", named(self.data.as_ref(), profile.data.as_deref())),
        ];
        holds.into_iter().find(|(_, holds)| !holds).map(|(key, _)| key)
    }

    /// Whether the two ask the same.
    pub fn same(&self, other: &Self) -> bool {
        self.cover(other) && other.cover(self)
    }

    /// Whether all that fits `other` surely fits these too.
    pub(super) fn cover(&self, other: &Self) -> bool {
        covers_names(self.rule.as_ref(), other.rule.as_ref())
            && covers_names(self.service.as_ref(), other.service.as_ref())
            && covers(self.kind.as_ref(), other.kind.as_ref())
            && covers(self.severity.as_ref(), other.severity.as_ref())
            && covers(self.confidence.as_ref(), other.confidence.as_ref())
            && covers(self.exposure.as_ref(), other.exposure.as_ref())
            && covers_names(self.path.as_ref(), other.path.as_ref())
            && covers(self.file_role.as_ref(), other.file_role.as_ref())
            && covers(self.actor.as_ref(), other.actor.as_ref())
            && covers_names(self.branch.as_ref(), other.branch.as_ref())
            && covers(self.remote.as_ref(), other.remote.as_ref())
            && covers(self.transaction.as_ref(), other.transaction.as_ref())
            && covers_names(self.role.as_ref(), other.role.as_ref())
            && covers_names(self.device.as_ref(), other.device.as_ref())
            && covers_names(self.data.as_ref(), other.data.as_ref())
    }
}

fn named(names: Option<&Names>, fact: Option<&str>) -> bool {
    names.is_none_or(|names| fact.is_some_and(|fact| names.has(fact)))
}

fn among<T: PartialEq>(words: Option<&Vec<T>>, fact: Option<T>) -> bool {
    words.is_none_or(|words| fact.is_some_and(|fact| words.contains(&fact)))
}

fn covers_names(wide: Option<&Names>, narrow: Option<&Names>) -> bool {
    wide.is_none_or(|wide| narrow.is_some_and(|narrow| wide.covers(narrow)))
}

fn covers<T: PartialEq>(wide: Option<&Vec<T>>, narrow: Option<&Vec<T>>) -> bool {
    wide.is_none_or(|wide| {
        narrow.is_some_and(|narrow| narrow.iter().all(|word| wide.contains(word)))
    })
}
