//! `leakcoach review`: what somebody should look at again, given to somebody and closed.

use crate::cli::recorded::audit::reading::reason;
use crate::cli::recorded::audit::who::mail;
use crate::cli::recorded::recall::{self, actor};
use crate::cli::recorded::tally::tallied;
use crate::cli::teach::rules::Format;
use crate::cli::{env, letting::because};
use crate::error::Error;
use crate::exit;
use crate::feedback::Item;
use crate::record::{Event, Kept, Reading, Record, Reviewed, What};
use crate::report;
use crate::report::learning;
use crate::text::{Count, Escaped};
use clap::Args;
use jiff::Timestamp;

#[derive(Debug, Args)]
pub(in crate::cli) struct ReviewArgs {
    /// Give this item to somebody
    #[arg(long, value_name = "ID", requires = "to", conflicts_with = "close")]
    assign: Option<String>,
    /// Whom to give it to
    #[arg(long, value_name = "WHO", requires = "assign")]
    to: Option<String>,
    /// Close this item
    #[arg(long, value_name = "ID", requires = "note")]
    close: Option<String>,
    /// What came of it; it is recorded
    #[arg(long, value_name = "WORDS", requires = "close")]
    note: Option<String>,
    /// List what is closed too
    #[arg(long, conflicts_with_all = ["assign", "close"])]
    all: bool,
    /// Why you look; it is recorded
    #[arg(long, value_name = "WORDS")]
    because: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Lists the queue, or records what was done with an item.
pub(in crate::cli) fn review(args: &ReviewArgs) -> Result<u8, Error> {
    report::set_colour(env::colour_of_data());
    let why = reason(args.because.as_deref())?;
    let (record, settings) = recall::whole()?;
    let on = settings.off.is_none();
    if let Some(at) = &settings.off {
        report::notice(&format!("recording is off: {at}"));
    }
    let Some(record) = record else {
        report::notice(&format!("nothing is recorded in {}", recall::place()?));
        return Ok(exit::PASSED);
    };
    let queue = tallied(&record, None)?.into_queue();
    let done = match (&args.assign, &args.to, &args.close, &args.note) {
        (Some(id), Some(to), ..) => Some((id, Reviewed::Assigned, Some(named(to)?), String::new())),
        (.., Some(id), Some(note)) => {
            Some((id, Reviewed::Closed, None, because::one(note, "--note")?))
        }
        _ => None,
    };
    let Some((id, did, to, note)) = done else {
        let items = if args.all { queue.into_all() } else { queue.into_open() };
        read(record, on, Reading::Show, why, items.len() as u64, None)?;
        list(&items, args.format);
        return Ok(exit::PASSED);
    };
    let Some(item) = queue.find(id) else {
        let id = Escaped(id.as_bytes());
        return Err(Error::Usage(format!("no open item is called `{id}`: see leakcoach review")));
    };
    if !on {
        return Err(Error::Usage("recording is off: what is done cannot be kept".to_owned()));
    }
    let told = match &to {
        Some(to) => format!("{} {} goes to {to}", item.id, item.rule),
        None => format!("{} {} is closed", item.id, item.rule),
    };
    let what = What::Review { item: item.id.clone(), did, who: env::login(), to, note };
    keep(record, vec![what])?;
    report::data(&told);
    Ok(exit::PASSED)
}

/// A name of one line.
fn named(given: &str) -> Result<String, Error> {
    let name = Escaped(given.trim().as_bytes()).to_string();
    if name.is_empty() || name.chars().count() > 80 {
        return Err(Error::Usage("--to takes a name of at most 80 characters".to_owned()));
    }
    because::holds_none(&name, "--to")?;
    Ok(name)
}

fn list(items: &[Item], format: Format) {
    if let Format::Json = format {
        report::data(&format!("{:#}", serde_json::json!(items)));
        return;
    }
    let style = env::style();
    for item in items {
        let since = day(item.since);
        let times = Count(usize::try_from(item.times).unwrap_or(usize::MAX), "time");
        let who = item.assigned.as_ref().map(|who| format!(", with {who}")).unwrap_or_default();
        report::data(&format!(
            "{}  {}  {}  since {since}, {times}{}",
            item.id,
            item.about.word(),
            item.rule,
            Escaped(who.as_bytes())
        ));
        let indented = |words: &str| {
            let words = Escaped(words.as_bytes()).to_string();
            learning::prose(&words, report::Style { width: style.width - 4, ..style })
                .replace('\n', "\n    ")
        };
        report::data(&format!("    {}", indented(&item.words)));
        match &item.closed {
            Some(closed) => report::data(&format!(
                "    closed {} by {}: {}",
                day(closed.at),
                Escaped(closed.who.as_bytes()),
                indented(&closed.note)
            )),
            None => report::data(&format!("    {}", indented(&item.todo))),
        }
    }
    if items.is_empty() {
        report::data("nothing is to be looked at again");
    }
}

fn day(at: i64) -> String {
    Timestamp::from_second(at).unwrap_or_default().strftime("%Y-%m-%d").to_string()
}

/// Records `what`, now.
pub(in crate::cli) fn keep(mut record: Record, what: Vec<What>) -> Result<(), Error> {
    let here = crate::cli::open().ok();
    let repository = here.as_ref().map(|repo| recall::name_of(&record, repo.common_dir()));
    let by = here.as_ref().and_then(crate::source::Repo::author);
    let (at, actor) = (env::now(), actor());
    let event = |what| {
        let (actor, by) = (actor.clone(), by.clone());
        Event { at, actor, by, repository: repository.clone(), what }
    };
    let events: Vec<Event> = what.into_iter().map(event).collect();
    if record.append(&events)? == Kept::Aside {
        report::notice("another program holds the record: this is taken in next time");
    }
    Ok(())
}

/// Records that the record was read, where recording is on.
pub(in crate::cli) fn read(
    mut record: Record,
    on: bool,
    how: Reading,
    why: String,
    count: u64,
    to: Option<String>,
) -> Result<(), Error> {
    if on {
        let what = What::Read { how, who: env::login(), why, count, to };
        let event = Event { at: env::now(), actor: actor(), by: mail(), repository: None, what };
        if record.append(&[event])? == Kept::Aside {
            report::notice("another program holds the record: this reading is recorded next time");
        }
    }
    Ok(())
}
