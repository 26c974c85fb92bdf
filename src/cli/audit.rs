//! `leakcoach audit`: the record proven, read, and made to forget. Reading is recorded too.

use super::env;
use super::recall::{self, actor};
use super::rules::Format;
use super::run::Check;
use crate::config;
use crate::error::Error;
use crate::record::{Entry, Event, Kept, Order, Reading, Record, Removal, Told, What};
use crate::text::{Count, Escaped};
use crate::{exit, report};
use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil::Date};
use std::ops::ControlFlow;

/// What is asked of the record.
#[derive(Debug, Subcommand)]
pub(super) enum Ask {
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
    Show(Show),
    /// Remove events; what proves that they were there stays
    Forget(Forget),
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// Only from then on: a date, or a length of time before now such as 7d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only what is about one finding
    #[arg(long, value_name = "ID")]
    finding: Option<String>,
    /// Why you look; it is recorded
    #[arg(long, value_name = "WORDS")]
    because: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true, id = "which")]
pub(super) struct Forget {
    /// What is older: a date, or a length of time before now such as 90d
    #[arg(long, value_name = "WHEN", group = "which")]
    before: Option<String>,
    /// What is about one finding
    #[arg(long, value_name = "ID", group = "which")]
    finding: Option<String>,
    /// Why; it is recorded
    #[arg(long, value_name = "WORDS")]
    because: Option<String>,
}

pub(super) fn audit(ask: &Ask) -> Result<u8, Error> {
    let (record, settings) = recall::whole()?;
    if let Some(at) = &settings.off {
        report::notice(&format!("recording is off: {at}"));
    }
    let Some(record) = record else {
        report::notice(&format!("nothing is recorded in {}", recall::place()?));
        return Ok(exit::PASSED);
    };
    match ask {
        Ask::Verify { from, format } => verify(&record, from.as_deref(), *format),
        Ask::Show(args) => show(record, args, &settings),
        Ask::Forget(args) => forget(record, args),
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

fn show(mut record: Record, args: &Show, settings: &config::record::Record) -> Result<u8, Error> {
    let since = args.since.as_deref().map(|text| when(text, "--since")).transpose()?;
    let mut shown = 0_u64;
    let mut hidden = 0_u64;
    record.each(Order::Oldest, |Entry { sequence, told }| {
        let event = match told {
            Told::Event(event) => event,
            Told::Forgotten => return ControlFlow::Continue(()),
            Told::Unreadable => {
                hidden += 1;
                return ControlFlow::Continue(());
            }
        };
        let wanted = since.is_none_or(|since| event.at >= since)
            && args.finding.as_ref().is_none_or(|id| event.what.finding() == Some(id));
        if wanted {
            shown += 1;
            match args.format {
                Format::Text => report::data(&line(sequence, &event)),
                Format::Json => report::data(&json(sequence, &event)),
            }
        }
        ControlFlow::Continue(())
    })?;
    if hidden > 0 {
        report::notice(&format!("{hidden} could not be read: see `leakcoach audit verify`"));
    }
    // With recording off, no reading is recorded either; that was said above.
    if settings.off.is_none() {
        let read = What::Read {
            how: Reading::Show,
            who: env::login(),
            why: reason(args.because.as_deref())?,
            count: shown,
            to: None,
        };
        let event = Event { at: env::now(), actor: actor(), repository: None, what: read };
        aside(record.append(&[event])?);
    }
    Ok(if hidden > 0 { exit::INCOMPLETE } else { exit::PASSED })
}

fn aside(kept: Kept) {
    if kept == Kept::Aside {
        report::notice("another program holds the record: this reading is recorded next time");
    }
}

fn forget(mut record: Record, args: &Forget) -> Result<u8, Error> {
    let before = args.before.as_deref().map(|text| when(text, "--before")).transpose()?;
    let (why, now) = (reason(args.because.as_deref())?, env::now());
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
        |events| Event {
            at: now,
            actor: actor(),
            repository: None,
            what: What::Forgot { of: Removal::Asked, who: env::login(), why, events },
        },
    )?;
    report::data(&format!("{} forgotten", Count(gone, "event")));
    Ok(exit::PASSED)
}

/// Why somebody does it, without any credential that was pasted into it.
pub(super) fn reason(given: Option<&str>) -> Result<String, Error> {
    let Some(given) = given else { return Ok(String::new()) };
    let check = Check::new(None, &[])?;
    Ok(check.shown(given.as_bytes()).to_string())
}

/// A date, or a length of time before now, in seconds since 1970.
pub(super) fn when(text: &str, option: &str) -> Result<i64, Error> {
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

/// `12  2026-11-21T19:00:00Z  shown  person  rule github-pat, finding 7h2kq9xw, …`
fn line(sequence: i64, event: &Event) -> String {
    let at = Timestamp::from_second(event.at).map(|at| at.to_string()).unwrap_or_default();
    let facts = match serde_json::to_value(&event.what) {
        Ok(serde_json::Value::Object(facts)) => facts,
        Ok(_) | Err(_) => serde_json::Map::new(),
    };
    let told = facts.iter().filter(|(name, value)| *name != "kind" && !value.is_null());
    let told: Vec<String> = told
        .map(|(name, value)| match value.as_str() {
            Some(text) => format!("{name} {text}"),
            None => format!("{name} {value}"),
        })
        .collect();
    let told = Escaped(told.join(", ").as_bytes()).to_string();
    let actor = Escaped(event.actor.as_bytes()).to_string();
    format!("{sequence:>5}  {at}  {:<10}  {actor}  {told}", event.what.word())
}

fn json(sequence: i64, event: &Event) -> String {
    let mut all = serde_json::to_value(event).unwrap_or_default();
    if let Some(object) = all.as_object_mut() {
        object.insert("sequence".to_owned(), sequence.into());
    }
    all.to_string()
}
