//! What an export says of itself, in plain and inside.

use crate::text::Escaped;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

pub(super) const VERSION: u8 = 1;

/// How far what is handed out may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Within the organisation.
    Internal,
    /// To those who need it.
    Confidential,
    /// To nobody but the one it is made for.
    Restricted,
}

/// What is handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// What happened: rules, findings, decisions, times and who.
    Case,
    /// What cards said, and nothing of what happened.
    Narrative,
}

/// Whose events somebody is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Their own.
    Developer,
    /// Those of a team.
    Reviewer,
    /// All of them.
    Auditor,
}

impl Class {
    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Confidential => "confidential",
            Self::Restricted => "restricted",
        }
    }
}

impl Content {
    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Case => "case",
            Self::Narrative => "narrative",
        }
    }
}

impl Role {
    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Developer => "developer",
            Self::Reviewer => "reviewer",
            Self::Auditor => "auditor",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What stands in every version's label.
#[derive(Deserialize)]
pub(super) struct Version {
    pub(super) leakcoach_export: u8,
}

/// What an export says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    leakcoach_export: u8,
    /// How far it may go.
    pub class: Class,
    /// What is in it.
    pub content: Content,
    /// Whose events.
    pub role: Role,
    /// The name of whom it is made for.
    pub to: String,
    /// Their key.
    pub key: String,
    /// Who made it, as they say.
    pub by: String,
    /// The record it comes from.
    pub record: String,
    /// When it was made, in seconds since 1970.
    pub made: i64,
    /// From when on it does not open.
    pub until: i64,
    /// What it is for.
    pub why: String,
    /// Who approved it, for outsiders, as its maker says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<String>,
    /// How many pages it has.
    pub pages: u64,
}

/// What a label is made of.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "they are those of the label")]
pub struct Terms {
    pub class: Class,
    pub content: Content,
    pub role: Role,
    pub to: String,
    pub key: String,
    pub by: String,
    pub record: String,
    pub made: i64,
    pub until: i64,
    pub why: String,
    pub approved: Option<String>,
}

/// A time as people and machines read it.
pub(super) fn time(at: i64) -> String {
    Timestamp::from_second(at).map(|at| at.to_string()).unwrap_or_default()
}

impl Label {
    /// The label of so many pages.
    pub fn of(terms: Terms, pages: u64) -> Self {
        let Terms { class, content, role, to, key, by, record, made, until, why, approved } = terms;
        let leakcoach_export = VERSION;
        Self {
            leakcoach_export,
            class,
            content,
            role,
            to,
            key,
            by,
            record,
            made,
            until,
            why,
            approved,
            pages,
        }
    }

    /// What stands before the seal, for whoever finds the file.
    pub fn in_plain(&self) -> String {
        format!(
            "leakcoach export, version {VERSION}\nclass:   {}\nfor:     {} ({})\nholds:   {}\n\
             made:    {}\nexpires: {}\n\nOpen it: leakcoach audit open FILE --identity KEYFILE \
             --why WORDS\nOpening it is recorded. It is for nobody else.\n\n",
            self.class,
            Escaped(self.to.as_bytes()),
            Escaped(self.key.as_bytes()),
            self.content.word(),
            time(self.made),
            time(self.until),
        )
    }

    /// The line that names whom it is for.
    pub fn mark(&self) -> String {
        let to = Escaped(self.to.as_bytes()).to_string();
        format!("{}, for {to} until {}", self.class, time(self.until))
    }
}
