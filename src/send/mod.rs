//! Events of the record on their way to others, where a person or an organisation
//! configured that.
//!
//! Takes what is recorded and a sink; gives how far the sink has confirmed. The record
//! itself is the spool: a sink has a cursor, which moves only once what it passes over was
//! confirmed. Knows nothing of configuration files, hooks and words to people.
//!
//! What leaves is named field by field (`event.rs`): what a later kind of event adds stays
//! here until it is listed.

pub(crate) mod cursor;
pub(crate) mod deliver;
pub(crate) mod event;
mod fields;
mod file;
mod otlp;
mod post;
pub(crate) mod receiver;
pub(crate) mod syslog;
mod webhook;
mod wire;

use crate::catalogue::Severity;
use serde::Deserialize;
use std::path::PathBuf;

/// Where events go.
#[derive(Debug, Clone)]
pub(crate) struct Sink {
    /// Its name, fit for a file's.
    pub(crate) name: String,
    pub(crate) to: To,
    /// Where it is; nothing where that is a secret.
    pub(crate) address: Option<String>,
    pub(crate) secret: Option<Source>,
    /// The header that carries the secret.
    pub(crate) header: String,
    pub(crate) format: Format,
    /// The kinds of events that it takes; the usual ones when empty.
    pub(crate) events: Vec<String>,
    /// The least severity.
    pub(crate) severity: Severity,
    /// The most that it may know.
    pub(crate) class: Class,
    /// Whether it may know people's names.
    pub(crate) names: bool,
    /// What was recorded before is not sent.
    pub(crate) since: i64,
    /// Certificates to trust in place of the usual ones.
    pub(crate) ca: Option<PathBuf>,
    /// Of syslog.
    pub(crate) facility: u8,
    /// An element of structured data under the organisation's own number, of syslog.
    pub(crate) element: Option<String>,
}

/// What takes events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum To {
    /// A file of lines of JSON.
    File,
    /// RFC 5424.
    Syslog,
    /// OpenTelemetry's protocol over HTTP.
    Otlp,
    /// A request of HTTP.
    Webhook,
}

impl To {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Syslog => "syslog",
            Self::Otlp => "otlp",
            Self::Webhook => "webhook",
        }
    }
}

/// Where a sink's secret is, which no file of configuration holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A variable of the environment.
    Variable(String),
    /// What a program prints.
    Command(Vec<String>),
}

/// Whose names fields have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// leakcoach's own.
    Plain,
    /// The Elastic Common Schema.
    Ecs,
    /// The Open Cybersecurity Schema Framework.
    Ocsf,
    /// A message of Slack's incoming webhooks.
    Slack,
    /// A message of Teams' webhooks.
    Teams,
}

/// How much an event, or a field of it, tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Class {
    /// What happened, to which kind of credential.
    Internal,
    /// To which finding of which repository.
    Confidential,
    /// And what people wrote about it.
    Restricted,
}

impl Class {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Confidential => "confidential",
            Self::Restricted => "restricted",
        }
    }
}

/// Why events did not arrive. Holds no secret and no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// They may arrive later; not before so many seconds, where the receiver says so.
    Later(String, Option<u64>),
    /// They will not arrive before somebody mends something.
    Stop(String),
    /// The receiver will never take these.
    Refused(String),
}

impl Trouble {
    pub(crate) fn why(&self) -> &str {
        match self {
            Self::Later(why, _) | Self::Stop(why) | Self::Refused(why) => why,
        }
    }
}
