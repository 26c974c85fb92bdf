//! Events listed, copied, and a card shown again.

use super::line;
use super::reading::{Look, Read, needed, note, reason};
use crate::cli::teach::rules::Format;
use crate::cli::{env, teach::rules};
use crate::config::record::Record as Settings;
use crate::error::Error;
use crate::judge::Exposure;
use crate::record::{Entry, Event, Order, Reading, Record, Told, What};
use crate::source::role::FileRole;
use crate::text::Escaped;
use crate::{catalogue, coach, exit, report};
use clap::Args;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// Only from then on: a date, or a length of time before now such as 7d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only what is about one finding
    #[arg(long, value_name = "ID")]
    finding: Option<String>,
    /// Why you look; it is recorded
    #[arg(long, alias = "because", value_name = "WORDS")]
    why: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Replay {
    /// The event's number as `show` lists it, or the finding's id
    event: String,
    /// Why you look; it is recorded
    #[arg(long, alias = "because", value_name = "WORDS")]
    why: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Copy {
    /// The file that is made; nothing may be there yet
    file: PathBuf,
    /// Why; it is recorded
    #[arg(long, alias = "because", value_name = "WORDS")]
    why: String,
}

/// Every event that `wanted` says, oldest first, and how many could not be read.
pub(super) fn gathered(
    record: &Record,
    wanted: impl Fn(&Event) -> bool,
) -> Result<(Vec<(i64, Event)>, usize), Error> {
    let (mut events, mut hidden) = (Vec::new(), 0);
    record.each(Order::Oldest, |Entry { sequence, told }| {
        match told {
            Told::Event(event) if wanted(&event) => events.push((sequence, *event)),
            Told::Event(_) | Told::Forgotten => {}
            Told::Unreadable => hidden += 1,
        }
        ControlFlow::Continue(())
    })?;
    Ok((events, hidden))
}

pub(super) fn show(mut record: Record, args: &Show, settings: &Settings) -> Result<u8, Error> {
    let since = args.since.as_deref().map(|text| super::when(text, "--since")).transpose()?;
    let why = reason(args.why.as_deref())?;
    let (events, hidden) = gathered(&record, |event| {
        since.is_none_or(|since| event.at >= since)
            && args.finding.as_ref().is_none_or(|id| event.what.finding() == Some(id))
    })?;
    let count = events.len() as u64;
    note(&mut record, settings, Look::Own, Read { how: Reading::Show, why, count, to: None })?;
    for (sequence, event) in &events {
        report::data(&match args.format {
            Format::Text => line::text(*sequence, event),
            Format::Json => line::json(*sequence, event, &[]),
        });
    }
    if hidden > 0 {
        report::notice(&format!("{hidden} could not be read: see `leakcoach audit verify`"));
    }
    Ok(if hidden > 0 { exit::INCOMPLETE } else { exit::PASSED })
}

/// The words of the card that an event is about; nothing when it is about none, or of a rule
/// that is no more.
pub(super) fn narrative(config: &crate::config::Config, event: &Event) -> Option<String> {
    let What::Shown { rule, exposure, role, .. } = &event.what else { return None };
    let of = |word: &str| serde_json::Value::String(word.to_owned());
    let exposure: Exposure = serde_json::from_value(of(exposure)).ok()?;
    let in_file: FileRole = serde_json::from_value(of(role)).ok()?;
    let builtin = || catalogue::Catalogue::builtin().rule(rule);
    let known = config.users.rule(rule).or_else(builtin)?;
    let words = config.coaching.of(known, Path::new("FILE"));
    let told = coach::narrative::narrative(known, words, exposure, in_file);
    Some(report::narrative(&told, env::style()))
}

pub(super) fn replay(mut record: Record, args: &Replay, settings: &Settings) -> Result<u8, Error> {
    let number = args.event.parse::<i64>().ok();
    let shown = |event: &Event| matches!(event.what, What::Shown { .. });
    let (mut events, _) = gathered(&record, shown)?;
    events.retain(|(sequence, event)| {
        number == Some(*sequence) || event.what.finding() == Some(&args.event)
    });
    let Some((sequence, event)) = events.pop() else {
        return Err(Error::Usage(format!(
            "no card was shown at {}: see `leakcoach audit show`",
            Escaped(args.event.as_bytes())
        )));
    };
    let why = reason(args.why.as_deref())?;
    let to = Some(format!("event {sequence}"));
    note(&mut record, settings, Look::Own, Read { how: Reading::Replay, why, count: 1, to })?;
    report::data(&line::text(sequence, &event));
    match narrative(&rules::config(&[])?, &event) {
        Some(text) => report::data(&text),
        None => report::notice("its rule, or its words, are not known any more"),
    }
    Ok(exit::PASSED)
}

pub(super) fn copy(mut record: Record, args: &Copy, settings: &Settings) -> Result<u8, Error> {
    let why = needed(&args.why)?;
    let to = Some(Escaped::path(&args.file).to_string());
    if args.file.exists() {
        return Err(Error::Usage(format!("there is something at `{}`", Escaped::path(&args.file))));
    }
    let read = Read { how: Reading::Copy, why, count: 0, to };
    note(&mut record, settings, Look::Other, read)?;
    record.copy_to(&args.file)?;
    report::data(&format!(
        "copied, sealed as it is, to {}; only its key opens it, in {}",
        Escaped::path(&args.file),
        record.key_place()
    ));
    Ok(exit::PASSED)
}
