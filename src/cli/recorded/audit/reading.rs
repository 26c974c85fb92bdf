//! That somebody reads is recorded before they do.

use super::who::{mail, who};
use crate::cli::check::run::Check;
use crate::cli::env;
use crate::cli::recorded::recall::actor;
use crate::config::record::Record as Settings;
use crate::error::Error;
use crate::record::{Event, Fault, Kept, Reading, Record, What};
use crate::report;

/// Whose record is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// One's own, on one's own screen.
    Own,
    /// What leaves it, or what others handed out.
    Other,
}

/// What is read.
pub(super) struct Read {
    pub(super) how: Reading,
    pub(super) why: String,
    pub(super) count: u64,
    pub(super) to: Option<String>,
}

/// An event of now, by whoever is here.
pub(super) fn event(what: What) -> Event {
    Event { at: env::now(), actor: actor(), by: mail(), repository: None, what }
}

/// Records a reading. A look at one's own is not refused for a record that was tampered
/// with, or that is off; all else is.
pub(super) fn note(
    record: &mut Record,
    settings: &Settings,
    look: Look,
    read: Read,
) -> Result<(), Error> {
    if let Some(at) = &settings.off {
        if look == Look::Own {
            return Ok(());
        }
        return Err(Error::Usage(format!(
            "this is recorded or not done, and recording is off: {at}"
        )));
    }
    let Read { how, why, count, to } = read;
    let event = event(What::Read { how, who: who(), why, count, to });
    match record.append(std::slice::from_ref(&event)) {
        Ok(Kept::Recorded) => {}
        Ok(Kept::Aside) => {
            report::notice("another program holds the record: this is recorded next time");
        }
        Err(Fault::Tampered { .. }) if look == Look::Own => {
            record.put_aside(&[event])?;
            report::notice("the record takes nothing more: this is recorded beside it");
        }
        Err(fault) => return Err(fault.into()),
    }
    Ok(())
}

/// Why somebody does it, without any credential that was pasted into it.
pub(in crate::cli) fn reason(given: Option<&str>) -> Result<String, Error> {
    let Some(given) = given else { return Ok(String::new()) };
    let check = Check::new(None, &[])?;
    Ok(check.shown(given.as_bytes()).to_string())
}

/// The same, where there has to be one.
pub(super) fn needed(given: &str) -> Result<String, Error> {
    if given.chars().filter(|char| char.is_alphabetic()).count() < 4 {
        return Err(Error::Usage("--why takes the reason in words".to_owned()));
    }
    reason(Some(given))
}
