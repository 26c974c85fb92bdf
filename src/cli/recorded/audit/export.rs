//! A part of the record handed out to one person.

use super::reading::{Look, Read, needed, note, reason};
use super::show::{gathered, narrative};
use super::who;
use crate::cli::check::run::Check;
use crate::cli::{env, teach::rules};
use crate::config::recipients::{self, Recipient};
use crate::config::record::Record as Settings;
use crate::error::Error;
use crate::record::share::{self, Class, Content, Label, Page, Role, Terms};
use crate::record::{Event, Fault, Reading, Record};
use crate::source::Repo;
use crate::text::{Count, Escaped};
use crate::{exit, report};
use clap::Args;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

const DAY: i64 = 24 * 3600;

/// How long an export opens where nothing is said, and at most.
const USUAL: i64 = 30 * DAY;
const LONGEST: i64 = 90 * DAY;

#[derive(Debug, Args)]
pub(in crate::cli) struct Export {
    /// Whom for: a name from `[[recipients]]`, or a key age1…
    #[arg(long, value_name = "NAME|KEY")]
    to: String,
    /// Why; it is recorded, and the recipient reads it
    #[arg(long, alias = "because", value_name = "WORDS")]
    why: String,
    /// The file that is made, `-` for standard output
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// How far it may go
    #[arg(long, value_parser = ["internal", "confidential", "restricted"], default_value = "confidential")]
    class: String,
    /// What happened, or what cards said and nothing of what happened
    #[arg(long, value_parser = ["case", "narrative"], default_value = "case")]
    what: String,
    /// Until when it opens: a day, or a length of time such as 7d; 90d at most
    #[arg(long, value_name = "WHEN", default_value = "30d")]
    until: String,
    /// Only from then on: a date, or a length of time before now such as 7d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// For a key that is not configured: who approved it. It then opens for 30 days at most
    #[arg(long, value_name = "WHO")]
    approved_by: Option<String>,
    /// For a key that is not configured: a developer is given your own events, an auditor all
    #[arg(long, value_parser = ["developer", "auditor"], requires = "approved_by")]
    role: Option<String>,
}

fn word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Error> {
    let value = Value::String(text.to_owned());
    serde_json::from_value(value).map_err(|_| Error::Usage(format!("`{text}` is unknown")))
}

/// Whom it is for, and until when at most.
fn recipient(args: &Export, top: Option<&Path>, now: i64) -> Result<(Recipient, i64), Error> {
    let configured = recipients::read(&env::outside()?, top)?;
    let key = share::Recipient::parse(args.to.trim());
    let known = configured
        .all
        .iter()
        .find(|known| known.name == args.to || key.as_ref().is_some_and(|key| *key == known.key));
    if let Some(known) = known {
        if args.approved_by.is_some() {
            let what = "--approved-by is for keys that are not configured".to_owned();
            return Err(Error::Usage(what));
        }
        let longest = known.until.map_or(LONGEST, |until| (until - now).min(USUAL));
        if longest <= 0 {
            let name = Escaped(known.name.as_bytes()).to_string();
            return Err(Error::Usage(format!("the time of {name} is over: see `recipients`")));
        }
        return Ok((known.clone(), longest));
    }
    let Some(key) = key else {
        return Err(Error::Usage(format!(
            "nobody in `recipients` is called {}, and it is no key age1…",
            Escaped(args.to.as_bytes())
        )));
    };
    if configured.only {
        let what = "the organisation locks `recipients`, and this key is not among them";
        return Err(Error::Usage(what.to_owned()));
    }
    let Some(approved) = &args.approved_by else {
        let what = "this key is not in `recipients`: say who approved it by --approved-by";
        return Err(Error::Usage(what.to_owned()));
    };
    let approved = reason(Some(approved))?;
    if approved.trim().is_empty() {
        return Err(Error::Usage("--approved-by is empty".to_owned()));
    }
    let role = args.role.as_deref().map_or(Ok(Role::Developer), word)?;
    let of = if role == Role::Auditor { Vec::new() } else { vec![who::owner()] };
    let (name, until) = ("an outsider".to_owned(), Some(now + USUAL));
    let outsider = Recipient { name, key, role, of, until, approved_by: Some(approved) };
    Ok((outsider, USUAL))
}

/// Whether a recipient is given this.
fn is_given(to: &Recipient, owner: &str, event: &Event) -> bool {
    let by = event.by.as_deref().unwrap_or(owner);
    match to.role {
        Role::Auditor => true,
        Role::Developer | Role::Reviewer => to.of.iter().any(|of| of.eq_ignore_ascii_case(by)),
    }
}

/// What names a thing by a keyed hash, in which nothing is to be looked for.
const IDS: [&str; 2] = ["finding", "case"];

/// An event, all words of which are looked through once more: none is to hold a credential.
fn masked(check: &Check, event: Event) -> Option<Event> {
    fn clean(check: &Check, value: &mut Value) {
        match value {
            Value::String(text) => *text = check.shown(text.as_bytes()).to_string(),
            Value::Array(values) => values.iter_mut().for_each(|value| clean(check, value)),
            Value::Object(values) => values
                .iter_mut()
                .filter(|(name, _)| !IDS.contains(&name.as_str()))
                .for_each(|(_, value)| clean(check, value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut what = serde_json::to_value(&event.what).ok()?;
    clean(check, &mut what);
    Some(Event { what: serde_json::from_value(what).ok()?, ..event })
}

fn pages(
    record: &Record,
    args: &Export,
    content: Content,
    to: &Recipient,
) -> Result<Vec<Page>, Error> {
    let since = args.since.as_deref().map(|text| super::when(text, "--since")).transpose()?;
    let owner = who::owner();
    let (events, hidden) = gathered(record, |event| {
        since.is_none_or(|since| event.at >= since) && is_given(to, &owner, event)
    })?;
    if hidden > 0 {
        report::notice(&format!("{hidden} could not be read and are not in it"));
    }
    let mark = to.name.clone();
    Ok(match content {
        Content::Case => {
            let check = Check::new(None, &[])?;
            let page = |(sequence, event): (i64, Event)| {
                let event = Some(masked(&check, event)?);
                let from = Some((record.name(), sequence));
                Some(Page { r#for: mark.clone(), from, event, card: None })
            };
            let pages: Option<Vec<Page>> = events.into_iter().map(page).collect();
            pages.ok_or(Fault::Seal)?
        }
        // Each card once, in the order of their names: neither when nor how often is told.
        Content::Narrative => {
            let config = rules::config(&[])?;
            let cards: BTreeSet<String> =
                events.iter().filter_map(|(_, event)| narrative(&config, event)).collect();
            let page =
                |card| Page { r#for: mark.clone(), from: None, event: None, card: Some(card) };
            cards.into_iter().map(page).collect()
        }
    })
}

pub(super) fn export(mut record: Record, args: &Export, settings: &Settings) -> Result<u8, Error> {
    let (class, content): (Class, Content) = (word(&args.class)?, word(&args.what)?);
    let (why, now) = (needed(&args.why)?, env::now());
    let repo = crate::cli::open().ok();
    let (to, longest) = recipient(args, repo.as_ref().and_then(Repo::top), now)?;
    let until = super::until(&args.until, now)?;
    if until <= now {
        return Err(Error::Usage("--until is over already".to_owned()));
    }
    let until = until.min(now + longest);
    let pages = pages(&record, args, content, &to)?;
    if pages.is_empty() {
        let name = Escaped(to.name.as_bytes()).to_string();
        report::notice(&format!(
            "there is nothing for {name}, as {} of its events",
            to.role.word()
        ));
        return Ok(exit::REFUSED);
    }
    let label = Label::of(
        Terms {
            class,
            content,
            role: to.role,
            to: to.name.clone(),
            key: to.key.to_string(),
            by: who::owner(),
            record: record.name(),
            made: now,
            until,
            why: why.clone(),
            approved: to.approved_by.clone(),
        },
        pages.len() as u64,
    );
    let file = share::seal(&label, &to.key, &pages).ok_or(Fault::Seal)?;
    let approved = to.approved_by.map(|by| format!(", approved by {by}")).unwrap_or_default();
    let told = format!("{} ({}), {}, {}", label.mark(), label.key, to.role.word(), content.word());
    let (count, to) = (label.pages, Some(told + &approved));
    note(&mut record, settings, Look::Other, Read { how: Reading::Export, why, count, to })?;
    write(&args.out, &file)?;
    report::notice(&format!(
        "{} exported: {}; opening it later than that, or for somebody else, is refused",
        Count(pages.len(), "page"),
        label.mark()
    ));
    Ok(exit::PASSED)
}

/// Writes a file that nobody else reads, where nothing is yet.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Error> {
    if path == Path::new("-") {
        report::data(text.trim_end());
        return Ok(());
    }
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|source| Error::File { deed: "create", path: path.to_owned(), source })
}
