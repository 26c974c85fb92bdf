//! A user's rule as reports tell of it, apart from how it is searched for: so that findings
//! can be carried to a machine that does not have the rule's file.
//!
//! What is read back is not trusted: its words are made fit for a terminal.

use super::given::kept;
use super::{
    ByteSet, Catalogue, Coaching, Engine, Grade, Kind, Lifetime, Lines, Rule, Severity, Words,
};
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use std::fmt::Display;

/// What reports tell of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    id: String,
    service: String,
    what: String,
    #[serde(serialize_with = "word")]
    kind: Kind,
    #[serde(serialize_with = "word")]
    severity: Severity,
    #[serde(serialize_with = "word")]
    lifetime: Lifetime,
    #[serde(serialize_with = "word")]
    grade: Grade,
    cwe: Vec<u16>,
    nhi: Vec<String>,
    opens: String,
    missed: String,
    next_time: String,
    revoke_console: String,
    revoke_cli: String,
    revoke_note: String,
    rotate: String,
    vault: String,
    instead: String,
    abuse: String,
    variable: String,
    sources: Vec<String>,
}

fn word<T: Display, S: Serializer>(it: &T, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(it)
}

impl Told {
    /// What is told of `rule`.
    pub fn of(rule: &Rule) -> Self {
        let Coaching {
            opens,
            missed,
            next_time,
            revoke_console,
            revoke_cli,
            revoke_note,
            rotate,
            vault,
            instead,
            abuse,
            variable,
            sources,
        } = rule.coaching();
        let lines = |lines: Lines| lines.iter().map(str::to_owned).collect();
        Self {
            id: rule.id.to_owned(),
            service: rule.service.to_owned(),
            what: rule.what.to_owned(),
            kind: rule.kind,
            severity: rule.severity,
            lifetime: rule.lifetime,
            grade: rule.grade,
            cwe: rule.cwe.to_vec(),
            nhi: lines(rule.nhi),
            opens: opens.to_owned(),
            missed: missed.to_owned(),
            next_time: next_time.to_owned(),
            revoke_console: revoke_console.to_owned(),
            revoke_cli: revoke_cli.to_owned(),
            revoke_note: revoke_note.to_owned(),
            rotate: rotate.to_owned(),
            vault: vault.to_owned(),
            instead: instead.to_owned(),
            abuse: abuse.to_owned(),
            variable: variable.to_owned(),
            sources: lines(sources),
        }
    }

    /// A rule of these words that nothing can be searched for with, kept for good.
    pub fn kept(self) -> &'static Rule {
        let words = Coaching {
            opens: kept(&self.opens),
            missed: kept(&self.missed),
            next_time: kept(&self.next_time),
            revoke_console: kept(&self.revoke_console),
            revoke_cli: kept(&self.revoke_cli),
            revoke_note: kept(&self.revoke_note),
            rotate: kept(&self.rotate),
            vault: kept(&self.vault),
            instead: kept(&self.instead),
            abuse: kept(&self.abuse),
            variable: kept(&self.variable),
            sources: Lines::kept(self.sources.iter().map(|page| kept(page))),
        };
        Box::leak(Box::new(Rule {
            id: kept(&self.id),
            service: kept(&self.service),
            family: "",
            what: kept(&self.what),
            kind: self.kind,
            severity: self.severity,
            lifetime: self.lifetime,
            grade: self.grade,
            public: false,
            engine: Engine::Shape,
            shape: "",
            names: Lines::kept::<&str>([]),
            least: 0,
            leads: false,
            before: 0,
            after: 0,
            head: ByteSet([0; 4]),
            tail: ByteSet([0; 4]),
            checks: &[],
            companion: None,
            cwe: Vec::leak(self.cwe),
            nhi: Lines::kept(self.nhi.iter().map(|id| kept(id))),
            words: Words::User(Box::leak(Box::new(words))),
            file: None,
            samples: Lines::kept::<&str>([]),
            near_misses: Lines::kept::<&str>([]),
        }))
    }
}

impl Catalogue {
    /// A name for these very rules, their words included: sixteen hexadecimal digits.
    pub fn edition(&self) -> String {
        let mut hash = Sha256::new();
        for rule in self.rules() {
            // What a rule finds follows from its shape and checks; the rest is what it says.
            let searched = (rule.shape, rule.checks, rule.companion, rule.least, rule.public);
            hash.update(format!("{:?}{searched:?}\n", Told::of(rule)));
        }
        data_encoding::HEXLOWER.encode(&hash.finalize()[..8])
    }
}

#[cfg(test)]
mod tests {
    use super::Told;
    use crate::catalogue::Catalogue;

    #[test]
    fn every_rule_is_told_of_as_before_once_it_was_carried() {
        for rule in Catalogue::builtin().rules() {
            let told = Told::of(rule);
            let text = serde_json::to_string(&told).unwrap();
            let back: Told = serde_json::from_str(&text).unwrap();
            assert_eq!(Told::of(back.kept()), told);
        }
    }

    #[test]
    fn an_edition_is_the_same_each_time() {
        assert_eq!(Catalogue::builtin().edition(), Catalogue::builtin().edition());
    }
}
