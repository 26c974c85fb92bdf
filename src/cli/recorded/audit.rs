//! `leakcoach audit`: the record proven, read, handed out, and made to forget. Reading is
//! recorded too.

mod export;
pub(in crate::cli) mod health;
mod line;
mod open;
pub(in crate::cli) mod reading;
mod show;
pub(in crate::cli) mod who;

use crate::cli::env;
use crate::cli::recorded::recall;
use crate::cli::teach::rules::Format;
use crate::config;
use crate::error::Error;
use crate::record::{Kept, Record, Removal, What};
use crate::text::{Count, Escaped};
use crate::{exit, report};
use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil::Date};

/// What is asked of the record.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Ask {
    /// Prove that nothing was changed, removed or re-ordered: exit code 1 when something was
    Verify {
        /// Also prove that it goes on from here: COUNT:LINK, as an earlier look said it
        #[arg(long, value_name = "COUNT:LINK")]
        from: Option<String>,
        /// How to print it
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// List what was recorded
    Show(show::Show),
    /// Show the words of a card again
    Replay(show::Replay),
    /// Copy the record, sealed as it is, to keep it safe
    Copy(show::Copy),
    /// Hand out a part of it, sealed for one person until a day
    #[command(
        after_help = "Examples:\n  leakcoach audit export --to Ana --why 'the weekly look' --out ana.export\n  leakcoach audit export --to age1… --approved-by Eva --until 7d --why 'pentest of May' --out tester.export\n  leakcoach audit export --to Ana --what narrative --class internal --why 'for the guild' --out cards.export"
    )]
    Export(export::Export),
    /// Open what others handed out; it is recorded here first
    #[command(
        after_help = "Example:\n  leakcoach audit open ben.export eva.export --identity ~/.config/leakcoach/key.txt --why 'the weekly look'"
    )]
    Open(open::Open),
    /// Make a key file, so that others can export for you
    #[command(after_help = "Example:\n  leakcoach audit key ~/.config/leakcoach/key.txt")]
    Key(open::Key),
    /// Remove events; what proves that they were there stays
    Forget(Forget),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true, id = "which")]
pub(in crate::cli) struct Forget {
    /// What is older: a date, or a length of time before now such as 90d
    #[arg(long, value_name = "WHEN", group = "which")]
    before: Option<String>,
    /// What is about one finding
    #[arg(long, value_name = "ID", group = "which")]
    finding: Option<String>,
    /// Why; it is recorded
    #[arg(long, alias = "because", value_name = "WORDS")]
    why: Option<String>,
}

pub(in crate::cli) fn audit(ask: &Ask) -> Result<u8, Error> {
    match ask {
        Ask::Key(args) => return open::key(args),
        Ask::Open(args) => return open::open(args),
        Ask::Verify { .. }
        | Ask::Show(_)
        | Ask::Replay(_)
        | Ask::Copy(_)
        | Ask::Export(_)
        | Ask::Forget(_) => {}
    }
    let (record, settings) = recall::whole()?;
    if let Some(at) = &settings.off {
        report::notice(&format!("recording is off: {at}"));
    }
    if let Some(name) = recall::place_of().and_then(|place| place.shared()) {
        report::notice(&format!("the record is on {name}, where it is not supported"));
    }
    let Some(record) = record else {
        let Some(what) = health::missing()? else {
            report::notice(&format!("nothing is recorded in {}", recall::place()?));
            return Ok(exit::PASSED);
        };
        report::data(&format!("wrong: {what}"));
        return Ok(exit::REFUSED);
    };
    match ask {
        Ask::Verify { from, format } => verify(&record, from.as_deref(), *format),
        Ask::Show(args) => show::show(record, args, &settings),
        Ask::Replay(args) => show::replay(record, args, &settings),
        Ask::Copy(args) => show::copy(record, args, &settings),
        Ask::Export(args) => export::export(record, args, &settings),
        Ask::Forget(args) => forget(record, args),
        Ask::Key(args) => open::key(args),
        Ask::Open(args) => open::open(args),
    }
}

fn verify(record: &Record, from: Option<&str>, format: Format) -> Result<u8, Error> {
    let proof = record.verify()?;
    let mut wrong: Vec<String> = proof.tampering.iter().map(ToString::to_string).collect();
    if let Some(from) = from
        && !record.goes_on_from(from)?
    {
        wrong.push(format!("it does not go on from {}", Escaped(from.as_bytes())));
    }
    let head = proof
        .head
        .as_ref()
        .map(|head| format!("{}:{}", proof.events, data_encoding::HEXLOWER.encode(head)));
    match format {
        Format::Json => {
            let all = serde_json::json!({
                "holds": wrong.is_empty(),
                "events": proof.events,
                "forgotten": proof.forgotten,
                "aside": record.aside(),
                "head": head,
                "wrong": wrong,
                "compared_with_copy_of_head": proof.anchored,
                "clock_set_back_before": proof.clock_set_back,
                "key": record.key_place().to_string(),
            });
            report::data(&format!("{all:#}"));
        }
        Format::Text => {
            let count = Count(usize::try_from(proof.events).unwrap_or(usize::MAX), "event");
            for what in &wrong {
                report::data(&format!("wrong: {what}"));
            }
            if wrong.is_empty() {
                let forgotten = match proof.forgotten {
                    0 => String::new(),
                    count => format!(", {count} of them forgotten"),
                };
                report::data(&format!("the record holds: {count}{forgotten}"));
            }
            if let Some(head) = &head {
                report::data(&format!("head: {head}"));
            }
            report::data(&format!("key: in {}", record.key_place()));
            if !proof.anchored {
                report::notice(
                    "no copy of its head is outside the folder: an older copy of it all in its \
                     place would not be seen",
                );
            }
            for at in &proof.clock_set_back {
                report::notice(&format!("the clock was set back before event {at}"));
            }
            if record.aside() > 0 {
                let count = Count(record.aside(), "batch");
                report::notice(&format!(
                    "{count} of events waits beside it and is taken in next time"
                ));
            }
        }
    }
    Ok(if wrong.is_empty() { exit::PASSED } else { exit::REFUSED })
}

fn forget(mut record: Record, args: &Forget) -> Result<u8, Error> {
    let before = args.before.as_deref().map(|text| when(text, "--before")).transpose()?;
    let why = reading::reason(args.why.as_deref())?;
    // What lies beside the record is to go as well.
    let taken_in = record.append(&[])?;
    if taken_in == Kept::Aside {
        return Err(crate::record::Fault::Busy.into());
    }
    let gone = record.forget(
        |event| {
            before.is_none_or(|before| event.at < before)
                && args.finding.as_ref().is_none_or(|id| event.what.finding() == Some(id))
        },
        |events| {
            let who = who::who();
            reading::event(What::Forgot { of: Removal::Asked, who, why, events })
        },
    )?;
    report::data(&format!("{} forgotten", Count(gone, "event")));
    Ok(exit::PASSED)
}

/// A day, or a length of time from now on, in seconds since 1970.
fn until(text: &str, now: i64) -> Result<i64, Error> {
    match config::record::length(text) {
        Some(length) => Ok(now.saturating_add(length)),
        None => when(text, "--until"),
    }
}

/// A date, or a length of time before now, in seconds since 1970.
pub(in crate::cli) fn when(text: &str, option: &str) -> Result<i64, Error> {
    if let Some(length) = config::record::length(text) {
        return Ok(env::now().saturating_sub(length));
    }
    let date = text.parse::<Date>().ok().and_then(|date| date.to_zoned(TimeZone::UTC).ok());
    let stamp = text.parse::<Timestamp>().ok();
    date.map(|date| date.timestamp()).or(stamp).map(Timestamp::as_second).ok_or_else(|| {
        Error::Usage(format!(
            "{option} takes a date such as 2026-11-01, or a length of time such as 7d"
        ))
    })
}
