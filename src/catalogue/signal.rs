//! The TOML shape of `patterns/privileges/*.toml`, and what is wrong in such a file.
//!
//! Shared with `build.rs`, so it names nothing of the rest of the crate.

use super::schema::Severity;
use serde::Deserialize;
use toml::Spanned;

/// One file: signals of one kind of service, and what they share.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SignalFile {
    /// The service as its vendor writes it.
    pub(crate) service: String,
    /// Pages that the words were checked against.
    pub(crate) sources: Vec<String>,
    /// CWE numbers, where a signal names none of its own.
    pub(crate) cwe: Vec<u16>,
    /// OWASP Non-Human Identities ids, where a signal names none of its own.
    pub(crate) nhi: Vec<String>,
    /// What to do next time, where a signal has no words of its own.
    pub(crate) next_time: String,
    /// The signals.
    pub(crate) signal: Vec<Spanned<SignalText>>,
}

/// A risky change.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SignalText {
    /// Never renumbered.
    pub(crate) id: String,
    /// What it is, as a noun phrase.
    pub(crate) what: String,
    /// How bad it is; `high` and above only for what is both broad and unconditional.
    pub(crate) severity: Severity,
    /// The fact, as `src/privilege` tells it, that it is about.
    pub(crate) fact: String,
    /// Values of that fact; `*` stands for anything, `\\*` for itself.
    #[serde(default = "any")]
    pub(crate) values: Vec<String>,
    /// Values that it is not about after all.
    #[serde(default)]
    pub(crate) except: Vec<String>,
    /// Signals of narrower grants, which this one holds.
    #[serde(default)]
    pub(crate) covers: Vec<String>,
    /// What it opens.
    pub(crate) opens: String,
    /// What there was to notice.
    pub(crate) missed: String,
    /// The least that does, in words.
    pub(crate) instead: String,
    /// The same, to be pasted.
    #[serde(default)]
    pub(crate) paste: String,
    /// What to do next time.
    pub(crate) next_time: Option<String>,
    /// CWE numbers.
    pub(crate) cwe: Option<Vec<u16>>,
    /// OWASP ids.
    pub(crate) nhi: Option<Vec<String>>,
    /// Pages of its own.
    #[serde(default)]
    pub(crate) sources: Vec<String>,
    /// Changes that are found.
    pub(crate) hits: Vec<Sample>,
    /// Changes that are not.
    pub(crate) near_misses: Vec<Sample>,
}

/// A change of one file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sample {
    /// The file's path; without one, that of the sample before it.
    #[serde(default)]
    pub(crate) path: String,
    /// What it was; nothing for a new file.
    #[serde(default)]
    pub(crate) before: String,
    /// What it becomes.
    pub(crate) after: String,
}

fn any() -> Vec<String> {
    vec!["*".to_owned()]
}

/// Reads and checks one file.
///
/// # Errors
/// Each fault with its line.
pub(crate) fn signals(text: &str) -> Result<SignalFile, Vec<(usize, String)>> {
    let line_at = |at: usize| 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
    let file: SignalFile = toml::from_str(text).map_err(|error| {
        vec![(line_at(error.span().map_or(0, |span| span.start)), error.message().to_owned())]
    })?;
    let mut faults = Vec::new();
    for spanned in &file.signal {
        let line = line_at(spanned.span().start);
        let signal = spanned.get_ref();
        let mut fault = |what: &str| faults.push((line, format!("`{}`: {what}", signal.id)));
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if signal.id.is_empty() || !signal.id.bytes().all(plain) {
            fault("an id is lower case, digits and hyphens");
        }
        let words = [&signal.what, &signal.opens, &signal.missed, &signal.instead, &signal.fact];
        if words.iter().any(|words| words.trim().is_empty()) {
            fault("every word of coaching is needed");
        }
        if words.iter().any(|words| words.ends_with('.')) {
            fault("its words end without a full stop");
        }
        if signal.hits.is_empty() || signal.near_misses.is_empty() {
            fault("it needs hits and near-misses");
        }
        if signal.hits.first().is_some_and(|sample| sample.path.is_empty()) {
            fault("its first hit names its path");
        }
        if signal.values.is_empty() || signal.values.iter().any(String::is_empty) {
            fault("`values` is left out or names some");
        }
    }
    if faults.is_empty() { Ok(file) } else { Err(faults) }
}
