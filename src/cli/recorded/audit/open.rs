//! What others handed out, opened: recorded first, then shown.

use super::line;
use super::reading::{Look, Read, needed, note};
use crate::cli::teach::rules::Format;
use crate::cli::{env, recorded::recall};
use crate::error::Error;
use crate::record::share::{self, Export, Identity, Page};
use crate::record::{Entry, Fault, Order, Reading, Record, Told};
use crate::text::{Count, Escaped};
use crate::{exit, report};
use clap::Args;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// So many seconds may clocks of one machine differ.
const APART: i64 = 300;

/// As many of the newest events tell what time it has been.
const LOOKED_AT: usize = 100;

#[derive(Debug, Args)]
pub(in crate::cli) struct Open {
    /// Exports, of one record or of several: what is in them is put together by time
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Your key file
    #[arg(long, short, value_name = "KEYFILE")]
    identity: PathBuf,
    /// Why you read it; it is recorded
    #[arg(long, alias = "because", value_name = "WORDS")]
    why: String,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Key {
    /// The file that is made; nothing may be there yet
    file: PathBuf,
}

/// Makes a key file.
pub(super) fn key(args: &Key) -> Result<u8, Error> {
    let key = Identity::draw().ok_or(Fault::Seal)?;
    let text = key.to_file().ok_or(Fault::Seal)?;
    super::export::write(&args.file, &text)?;
    report::data(&key.recipient().to_string());
    report::notice(&format!(
        "keep {} to yourself; the line above is for those who export to you",
        Escaped::path(&args.file)
    ));
    Ok(exit::PASSED)
}

fn read(path: &Path) -> Result<Zeroizing<String>, Error> {
    let read = std::fs::read_to_string(path).map(Zeroizing::new);
    read.map_err(|source| Error::File { deed: "read", path: path.to_owned(), source })
}

/// The time it is, and not earlier than it has been.
fn time(record: &Record) -> Result<i64, Error> {
    let (now, mut newest, mut left) = (env::now(), i64::MIN, LOOKED_AT);
    record.each(Order::Newest, |Entry { told, .. }| {
        left -= 1;
        if let Told::Event(event) = told {
            newest = newest.max(event.at);
        }
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if newest > now.saturating_add(APART) {
        report::notice(&format!(
            "the clock was set back: your record has been at {}, and that counts",
            line::time(newest)
        ));
    }
    Ok(now.max(newest))
}

pub(super) fn open(args: &Open) -> Result<u8, Error> {
    let why = needed(&args.why)?;
    let keys = Identity::all_in(&read(&args.identity)?).ok_or_else(|| {
        let path = Escaped::path(&args.identity).to_string();
        Error::Usage(format!("`{path}` is no key file of age; `leakcoach audit key` makes one"))
    })?;
    let files = args.files.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let (mut record, settings) = recall::whole_or_new()?;
    let now = time(&record)?;
    let (mut exports, mut refused) = (Vec::new(), Vec::new());
    for (path, file) in args.files.iter().zip(&files) {
        match share::open(&keys, file, now) {
            Ok(export) => exports.push(export),
            Err(why) => refused.push(format!("{}: {why}", Escaped::path(path))),
        }
    }
    let marks: Vec<String> = exports
        .iter()
        .map(|Export { label, .. }| format!("{} of record {}", label.mark(), label.record))
        .chain(refused.iter().map(|refused| format!("refused: {refused}")))
        .collect();
    let count = if refused.is_empty() { exports.iter().map(|e| e.label.pages).sum() } else { 0 };
    let to = Some(marks.join("; "));
    note(&mut record, &settings, Look::Other, Read { how: Reading::Import, why, count, to })?;
    for refused in &refused {
        report::notice(&format!("not opened: {refused}"));
    }
    if !refused.is_empty() {
        return Ok(exit::REFUSED);
    }
    shown(&exports, args.format);
    let unread: usize = exports.iter().map(|export| export.unread).sum();
    if unread > 0 {
        let count = Count(unread, "page");
        report::notice(&format!("{count} a newer leakcoach wrote, and this one cannot read"));
    }
    Ok(if unread > 0 { exit::INCOMPLETE } else { exit::PASSED })
}

/// All pages, those of events by time, each with whom it is for.
fn shown(exports: &[Export], format: Format) {
    let mut pages: Vec<(&Export, &Page)> = exports
        .iter()
        .flat_map(|export| export.pages.iter().map(move |page| (export, page)))
        .collect();
    let at = |page: &Page| page.event.as_ref().map(|event| event.at);
    pages.sort_by(|(_, a), (_, b)| (at(a), &a.from, &a.card).cmp(&(at(b), &b.from, &b.card)));
    if matches!(format, Format::Text) {
        for Export { label, .. } in exports {
            let by = Escaped(label.by.as_bytes()).to_string();
            let why = Escaped(label.why.as_bytes()).to_string();
            report::data(&format!("== {}; made by {by}, as they say: {why}", label.mark()));
        }
    }
    let mut seen = BTreeSet::new();
    for (Export { label, .. }, page) in pages {
        // Two exports of one record may have the same event.
        if page.from.as_ref().is_some_and(|from| !seen.insert(from)) {
            continue;
        }
        let (record, sequence) = page.from.as_ref().map_or(("", 0), |(name, at)| (name, *at));
        let mark = label.mark();
        let whom = Escaped(page.r#for.as_bytes()).to_string();
        report::data(&match (format, &page.event, &page.card) {
            (Format::Text, Some(event), _) => {
                let record = Escaped(record.as_bytes()).to_string();
                format!("{}, record {record}  [for {whom}]", line::text(sequence, event))
            }
            (Format::Text, None, Some(card)) => {
                let lines = card.lines().map(|line| Escaped(line.as_bytes()).to_string());
                format!("-- {mark}\n{}\n", lines.collect::<Vec<_>>().join("\n"))
            }
            (Format::Json, Some(event), _) => {
                let more = [
                    ("for", whom.into()),
                    ("record", record.into()),
                    ("class", label.class.word().into()),
                    ("until", line::time(label.until).into()),
                ];
                line::json(sequence, event, &more)
            }
            (Format::Json, None, Some(card)) => serde_json::json!({
                "card": card, "for": whom,
                "class": label.class.word(), "until": line::time(label.until),
            })
            .to_string(),
            (_, None, None) => continue,
        });
    }
}
