//! Reasons that people give: that no credential is in them, and who may give any.

use crate::cli::check::run::Check;
use crate::error::Error;
use crate::judge::Actor;
use crate::judge::reason::reason;
use crate::text::Escaped;

/// The reason in `words`, given by `option`, in one line.
pub(in crate::cli) fn one(words: &str, option: &str) -> Result<String, Error> {
    let words = reason(words, "").map_err(|why| Error::Usage(format!("{option}: {why}")))?;
    let words = Escaped(words.as_bytes()).to_string();
    holds_none(&words, option)?;
    Ok(words)
}

/// That no credential was pasted into `words`.
pub(in crate::cli) fn holds_none(words: &str, option: &str) -> Result<(), Error> {
    let check = Check::new(None, &[])?;
    if check.shown(words.as_bytes()) == words.as_bytes() {
        return Ok(());
    }
    let what = format!("{option} has a credential in it, which would be kept: use other words");
    Err(Error::Usage(what))
}

/// What is said where a reason holds a credential.
pub(in crate::cli) const HOLDS: &str = "the reason holds a credential itself: leave the value out";

/// That `actor` may let nothing through.
pub(in crate::cli) fn refusal(actor: &Actor, finding: Option<&str>) -> String {
    let finding = finding.map(|name| format!(" {}", Escaped(name.as_bytes()))).unwrap_or_default();
    let who = match actor {
        Actor::Person => "a person",
        Actor::Ci => "a pipeline",
        Actor::Agent(_) => "an agent",
    };
    format!(
        "{who} may not let findings through here (`exceptions.who`); take it out instead, or ask \
         one who may to run: leakcoach allow{finding} --reason WORDS"
    )
}
