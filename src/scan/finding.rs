//! A finding: a rule matched at a place, weighed by its checks.

use super::Text;
use super::checks::{self, Outcome};
use super::names;
use super::placeholder;
use super::reason::Reason;
use super::shape::Candidate;
use crate::catalogue::schema::words;
use crate::catalogue::{Check, Engine, Grade, Rule};
use crate::secret::Secret;
use serde::Deserialize;
use std::fmt;
use std::ops::Range;

words! {
    /// How sure leakcoach is that a finding is a credential.
    Confidence {
        /// A generic shape in a telling context.
        Possible = "possible",
        /// A distinctive shape.
        Likely = "likely",
        /// A checksum or a structure says so.
        Proven = "proven",
    }
}

/// A rule matched at a place.
#[derive(Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// The whole match, in bytes of the text.
    pub span: Range<usize>,
    /// The credential in it.
    pub secret_span: Range<usize>,
    /// The credential.
    pub secret: Secret,
    /// How sure it is.
    pub confidence: Confidence,
    /// What was learnt on the way, for the card.
    pub notes: Vec<Note>,
    /// The identifier that belongs to it, found nearby: rule and place.
    pub companion: Option<(&'static Rule, Range<usize>)>,
}

/// Something learnt about a finding. Holds nothing of the credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Its checksum holds.
    Checksum,
    /// Its structure decodes to the last byte.
    Structure(&'static str),
    /// The number of the AWS account it belongs to.
    AwsAccount(String),
    /// Whom a token was made out by and when it ends, as the token says.
    Expiry {
        /// Seconds since 1970.
        at: i64,
    },
    /// The issuer a JWT names.
    Issuer(String),
    /// A private key behind a passphrase.
    Encrypted,
    /// A URL's host is this machine or a name of this network.
    LocalHost,
    /// It stands there in another encoding.
    Encoded(&'static str),
    /// It was unpacked from this: `a tar archive in a gzip file`.
    Unpacked(String),
    /// Another tool's marker on its line lets it through.
    Marked(&'static str),
    /// The user and password are a well-known default pair.
    DefaultLogin,
    /// A user's rule says that a file of this path is one.
    ByPath,
    /// Of a risky change: what is new.
    Widens(String),
}

impl Note {
    /// Whether it says that the credential has ended by `now`, in seconds since 1970.
    pub fn ended(&self, now: i64) -> bool {
        matches!(self, Self::Expiry { at } if *at < now)
    }

    /// What it says at `now`, in seconds since 1970.
    pub fn at(&self, now: i64) -> String {
        if let Self::Expiry { at } = self
            && *at < now
        {
            return format!("it ended by itself at {}: it opens nothing any more", Utc(*at));
        }
        self.to_string()
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checksum => f.write_str("its checksum holds"),
            Self::Structure(what) => write!(f, "its {what} decodes to the last byte"),
            Self::AwsAccount(account) => write!(f, "it belongs to AWS account {account}"),
            Self::Expiry { at } => write!(f, "it ends by itself at {}", Utc(*at)),
            Self::Issuer(issuer) => write!(f, "issued by {issuer}"),
            Self::Encrypted => f.write_str("it is encrypted with a passphrase"),
            Self::LocalHost => f.write_str("its host is local"),
            Self::Encoded(how) => write!(f, "it stands there in {how}"),
            Self::Unpacked(from) => write!(f, "it was unpacked from {from}"),
            Self::Marked(marker) => write!(f, "`{marker}` on its line lets it through"),
            Self::DefaultLogin => f.write_str("it is a well-known default login"),
            Self::ByPath => f.write_str("its path says so"),
            Self::Widens(what) => f.write_str(what),
        }
    }
}

/// Seconds since 1970 as `2026-11-20 22:17 UTC`.
struct Utc(i64);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(time) => write!(f, "{}", time.strftime("%Y-%m-%d %H:%M UTC")),
            Err(_) => write!(f, "second {}", self.0),
        }
    }
}

/// A match that is no credential.
#[derive(Debug, Clone)]
pub struct Dismissed {
    /// The rule that matched.
    pub rule: &'static Rule,
    /// Where the value stands.
    pub span: Range<usize>,
    /// Why it is none.
    pub reason: Reason,
}

/// Runs the checks of a candidate's rule.
pub(super) fn weigh(
    candidate: Candidate,
    text: &Text<'_>,
    checksums_count: bool,
) -> Result<Finding, Dismissed> {
    let Candidate { rule, span, secret, name, beside } = candidate;
    let dismiss = |reason| Dismissed { rule, span: secret.clone(), reason };
    let value = &text.bytes[secret.clone()];
    let mut confidence = match rule.grade {
        Grade::Possible => Confidence::Possible,
        Grade::Likely => Confidence::Likely,
    };
    let mut notes = Vec::new();
    for check in rule.checks {
        match checks::run(*check, text.bytes, &span, &secret) {
            Outcome::Proves(note) => {
                confidence = Confidence::Proven;
                notes.push(note);
            }
            Outcome::Notes(note) => notes.push(note),
            Outcome::Holds => {}
            Outcome::Weakens => confidence = Confidence::Possible,
            Outcome::Lowers(note) => {
                confidence = Confidence::Possible;
                notes.push(note);
            }
            Outcome::Fails(Reason::ChecksumFails | Reason::NoStructure(_)) if !checksums_count => {
                confidence = Confidence::Possible;
            }
            Outcome::Fails(reason) => return Err(dismiss(reason)),
        }
    }
    if rule.public {
        return Err(dismiss(Reason::PublicByDesign));
    }
    // What a checksum proves was made by the issuer, whatever words it happens to hold;
    // a URL's password has been judged by its own check, an assignment's by its engine.
    let judged = rule.engine == Engine::Assignment || rule.checks.contains(&Check::UrlPassword);
    if confidence < Confidence::Proven && !judged {
        let name = name.map(|name| &text.bytes[name]);
        if let Some(reason) = placeholder::reason(value, name) {
            return Err(dismiss(reason));
        }
        let before = &text.bytes[secret.start.saturating_sub(64)..secret.start];
        if names::is_digest(before, value) {
            return Err(dismiss(Reason::Digest));
        }
    }
    Ok(Finding {
        rule,
        secret: Secret::new(value),
        span,
        secret_span: secret,
        confidence,
        notes,
        // `merge` looks up the rule; here only the place is known.
        companion: beside.map(|place| (rule, place)),
    })
}

#[cfg(test)]
mod tests {
    use super::Utc;

    #[test]
    fn seconds_read_as_a_date() {
        assert_eq!(Utc(0).to_string(), "1970-01-01 00:00 UTC");
        assert_eq!(Utc(1_582_934_400).to_string(), "2020-02-29 00:00 UTC");
        assert_eq!(Utc(-1).to_string(), "1969-12-31 23:59 UTC");
    }
}
