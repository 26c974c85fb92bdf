//! How the record is, for the doctor: by its end alone, which takes no time.

use crate::cli::recorded::recall;
use crate::error::Error;
use crate::hook::doctor::{Health, Sign};
use crate::text::Count;

/// The line about the record. It keeps no hook from firing, and so is never bad.
pub(in crate::cli) fn sign() -> Sign {
    let (well, seen, mend) = match look() {
        Ok(told) => told,
        Err(error) => {
            let mend = error.hint().unwrap_or_default();
            (Health::Weak, format!("nothing is recorded: {error}"), mend)
        }
    };
    Sign { name: "record", well, seen, mend }
}

fn look() -> Result<(Health, String, String), Error> {
    let good = |seen: String| (Health::Good, seen, String::new());
    let (record, settings) = recall::whole()?;
    if let Some(at) = settings.off {
        return Ok(good(format!("recording is off: {at}")));
    }
    let Some(place) = recall::place_of() else {
        return Ok(good("there is no home, and so no record".to_owned()));
    };
    if let Some(name) = place.shared() {
        let mend = "set XDG_STATE_HOME to a folder of this machine".to_owned();
        return Ok((Health::Weak, format!("the record is on {name}: not supported"), mend));
    }
    let Some(record) = record else {
        return Ok(match place.gone()? {
            Some(count) => {
                let mend = "run `leakcoach audit verify`".to_owned();
                (Health::Weak, format!("the record of {count} events is gone"), mend)
            }
            None => good("nothing is recorded yet".to_owned()),
        });
    };
    let events = Count(usize::try_from(record.glance()?).unwrap_or(usize::MAX), "event");
    Ok(match record.aside() {
        0 => good(format!("the record has {events}, its key in {}", record.key_place())),
        // The next one to record takes them in.
        aside => good(format!("the record has {events}; {} beside it", Count(aside, "batch"))),
    })
}

/// What `audit` says where there is no record; whether that is as it should be.
pub(super) fn missing() -> Result<Option<String>, Error> {
    let Some(place) = recall::place_of() else { return Ok(None) };
    let gone = place.gone()?;
    Ok(gone.map(|count| {
        format!("the record of {count} events is gone from {}", place.folder.display())
    }))
}
