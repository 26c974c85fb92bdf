//! A table of cases that a policy is held against: facts, and the answer they should get.

use super::line_at;
use crate::catalogue::lint::unquoted;
use crate::catalogue::{Catalogue, Grade, Severity, UserRules};
use crate::error::Error;
use crate::judge::policy::{Answer, Facts, Profile, Transaction, Visibility};
use crate::judge::{Actor, Exposure};
use crate::scan::Confidence;
use crate::source::role::{FileRole, role_of};
use serde::Deserialize;
use std::path::Path;
use std::sync::Arc;
use toml::Spanned;

/// A case.
#[derive(Debug)]
pub struct Case {
    /// What it is called.
    pub name: String,
    /// One-based.
    pub line: usize,
    /// The facts.
    pub facts: Facts,
    /// What should come out.
    pub expect: Answer,
    /// The line that should decide, when that is asked: `.leakcoach.toml:7`.
    pub by: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    case: Vec<Spanned<Written>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    name: Option<String>,
    rule: String,
    severity: Option<Severity>,
    confidence: Option<Confidence>,
    exposure: Option<Exposure>,
    #[serde(default)]
    path: String,
    file_role: Option<FileRole>,
    #[serde(default)]
    actor: Who,
    branch: Option<String>,
    remote: Option<Visibility>,
    transaction: Option<Transaction>,
    role: Option<String>,
    device: Option<String>,
    data: Option<String>,
    expect: Answer,
    by: Option<String>,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Who {
    #[default]
    Person,
    Ci,
    Agent,
}

/// Reads the text of a table of cases called `path`.
///
/// # Errors
/// It is no such table, or names a rule that there is none of.
pub fn cases(text: &str, path: &Path, users: &UserRules) -> Result<Vec<Case>, Error> {
    let wrong = |line: usize, what: String| Error::Config { path: path.to_owned(), line, what };
    let table: Table = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_at(text, span.start));
        wrong(line, unquoted(error.message()))
    })?;
    let read = |written: Spanned<Written>| {
        let line = line_at(text, written.span().start);
        let case = written.into_inner();
        let rule = users.rule(&case.rule).or_else(|| Catalogue::builtin().rule(&case.rule));
        let rule = rule.ok_or_else(|| {
            let hint = Catalogue::builtin().nearest(&case.rule);
            let hint = hint.map(|id| format!("; did you mean `{id}`?")).unwrap_or_default();
            wrong(line, format!("`rule` names no rule{hint}"))
        })?;
        let likely = match rule.grade {
            Grade::Possible => Confidence::Possible,
            Grade::Likely => Confidence::Likely,
        };
        Ok(Case {
            name: case.name.unwrap_or_else(|| format!("the case of line {line}")),
            line,
            facts: Facts {
                rule: rule.id,
                service: rule.service,
                kind: rule.kind,
                severity: case.severity.unwrap_or(rule.severity),
                confidence: case.confidence.unwrap_or(likely),
                exposure: case.exposure.unwrap_or(Exposure::Staged),
                file_role: case.file_role.unwrap_or_else(|| role_of(case.path.as_bytes())),
                path: case.path,
                actor: match case.actor {
                    Who::Person => Actor::Person,
                    Who::Ci => Actor::Ci,
                    Who::Agent => Actor::Agent("an agent"),
                },
                branch: case.branch,
                remote: case.remote,
                transaction: case.transaction,
                profile: Profile {
                    role: case.role.map(Arc::from),
                    device: case.device.map(Arc::from),
                    data: case.data.map(Arc::from),
                },
            },
            expect: case.expect,
            by: case.by,
        })
    };
    table.case.into_iter().map(read).collect()
}
