//! `leakcoach exceptions`: which of them live, end soon, have ended or are dead.

mod approve;

use crate::cli::check::checked::Checked;
use crate::cli::check::run::Check;
use crate::cli::check::stand::Seen;
use crate::cli::letting::file::{own_file, put_down, unread, write};
use crate::cli::long::{self, LongArgs};
use crate::cli::own::small_file;
use crate::cli::teach::rules::Format;
use crate::cli::{check::past, env, open};
use crate::error::Error;
use crate::judge::Standing;
use crate::judge::exception::{self, Exception, Exceptions};
use crate::judge::salt::ValueHash;
use crate::source::{Repo, range, worktree};
use crate::text::{Count, Escaped};
use crate::{exit, report};
use approve::ApproveArgs;
use clap::{Args, Subcommand};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// What is looked at, and how it is printed.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct ExceptionsArgs {
    #[command(subcommand)]
    ask: Option<Ask>,
    /// Exit code 1 when any has ended, is dead or does not count
    #[arg(long)]
    check: bool,
    /// Take out those that have ended or are dead
    #[arg(long)]
    prune: bool,
    /// Look for their values in all that was ever committed, too
    #[arg(long)]
    history: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    long: LongArgs,
}

#[derive(Debug, Subcommand)]
enum Ask {
    /// Sign an exception, so that it counts where it takes an approval
    #[command(
        after_help = "Examples:\n  leakcoach exceptions approve 7h2kq9xw\n  leakcoach exceptions approve src/app.py:12 --as bob@example.org --key ~/.ssh/id_ed25519"
    )]
    Approve(ApproveArgs),
}

/// How an exception stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// It counts.
    Live,
    /// It counts for two weeks at most.
    Expiring,
    /// Its last day is over.
    Expired,
    /// Its value is here no more.
    Dead,
    /// It does not count, and why.
    Void(String),
}

impl State {
    const fn word(&self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Expiring => "expiring",
            Self::Expired => "expired",
            Self::Dead => "dead",
            Self::Void(_) => "void",
        }
    }

    const fn counts(&self) -> bool {
        matches!(self, Self::Live | Self::Expiring)
    }

    /// How an exception stands that was `seen` with this fault, or not at all.
    fn of(it: &Exception, seen: Option<&Place>, whole: bool, today: Date, max: i32) -> Self {
        let fault = seen.and_then(|place| place.fault.clone()).or_else(|| it.fault(today, max));
        match (it.is_live(today), fault, seen) {
            (false, ..) => Self::Expired,
            // What was not read may hold its value.
            (true, _, None) if whole => Self::Dead,
            (true, Some(why), _) => Self::Void(why),
            (true, None, _) if it.ends_soon(today) => Self::Expiring,
            (true, None, _) => Self::Live,
        }
    }
}

/// Where the value of an exception is.
#[derive(Debug)]
struct Place {
    /// The first place, fit to be shown.
    at: String,
    count: usize,
    /// Why it does not count there.
    fault: Option<String>,
}

/// Lists the exceptions of this repository.
pub(in crate::cli) fn exceptions(args: &ExceptionsArgs) -> Result<u8, Error> {
    if let Some(Ask::Approve(args)) = &args.ask {
        return approve::approve(args);
    }
    long::begin(&args.long, true)?;
    let repo = open()?;
    let path = own_file(&repo)?;
    let top = repo.top().unwrap_or(Path::new("."));
    let bytes = small_file(top, exception::FILE).map_err(|why| unread(&why))?;
    let mut all = Exceptions::parse(&bytes);
    let known = Arc::new(all.clone());
    let places: Arc<Mutex<BTreeMap<ValueHash, Place>>> = Arc::default();
    let into = Arc::clone(&places);
    let check = Check::new(Some(&repo), &[])?.watched(Box::new(move |seen: &Seen<'_>| {
        let Some((hash, _)) = known.find(seen.finding, seen.by) else { return };
        let fault = match seen.standing {
            Standing::Void(_, why) => Some(why.clone()),
            Standing::Open
            | Standing::Excepted(_)
            | Standing::Expired(_)
            | Standing::Baselined
            | Standing::Listed(_)
            | Standing::ListedAnew(_) => None,
        };
        let at = format!("{}:{}", Escaped(seen.path), seen.line);
        let mut into = into.lock().unwrap_or_else(PoisonError::into_inner);
        let place = into.entry(hash).or_insert(Place { at, count: 0, fault: None });
        place.count += 1;
        place.fault = fault.or(place.fault.take());
    }));
    let drawn = long::shown();
    let checked = gather(&repo, &check, args.history)?.with_interruption();
    drop(drawn);
    let whole = checked.coverage.unread.is_empty();
    let places = places.lock().unwrap_or_else(PoisonError::into_inner);
    let (today, max) = (env::today(), check.config.exceptions.max);
    let mut rows: Vec<Row<'_>> = all
        .all()
        .into_iter()
        .map(|(hash, rule, it)| {
            let place = places.get(&hash);
            Row { hash, rule, it, place, state: State::of(it, place, whole, today, max) }
        })
        .collect();
    rows.sort_by_key(|row| (!row.state.counts(), row.it.until, row.hash));
    match args.format {
        Format::Text => tell(&rows, &check, today),
        Format::Json => tell_json(&rows, &check, &all),
    }
    report::cards(&[], &checked.coverage, env::style());
    for fault in &all.faults {
        report::notice(&format!(
            "{}:{}: lets nothing through: {}",
            exception::FILE,
            fault.line,
            fault.what
        ));
    }
    let gone = |row: &&Row<'_>| matches!(row.state, State::Expired | State::Dead);
    let gone: BTreeSet<ValueHash> = rows.iter().filter(gone).map(|row| row.hash).collect();
    let bad = rows.iter().any(|row| !row.state.counts()) || !all.faults.is_empty();
    if args.prune && whole && !gone.is_empty() {
        // A file that cannot be read in full is not written over.
        put_down(&path)?;
        all.remove(&gone);
        write(&path, &all.to_string())?;
        report::notice(&format!("{} taken out", Count(gone.len(), "exception")));
        return Ok(exit::PASSED);
    }
    if !gone.is_empty() {
        report::notice("to take out what has ended or is dead: leakcoach exceptions --prune");
    }
    Ok(match (args.check && bad, whole) {
        (true, _) => exit::REFUSED,
        (false, true) => exit::PASSED,
        (false, false) => exit::INCOMPLETE,
    })
}

/// An exception and how it stands.
struct Row<'a> {
    hash: ValueHash,
    rule: &'a str,
    it: &'a Exception,
    place: Option<&'a Place>,
    state: State,
}

/// Scans all that is here.
fn gather(repo: &Repo, check: &Check, history: bool) -> Result<Checked, Error> {
    let mut checked = Checked::default();
    if let Some(head) = repo.head()?.commit {
        match range::whole(repo, head) {
            Ok(set) => {
                check.work.files(set.changes.len());
                check.changes(repo, &set, &mut checked)?;
            }
            Err(error) => checked.could_not(error)?,
        }
    }
    check.changes(repo, &worktree::all_changes(repo)?, &mut checked)?;
    if history {
        checked.add(past::files(check, repo)?);
    }
    Ok(checked)
}

fn tell(rows: &[Row<'_>], check: &Check, today: Date) {
    if rows.is_empty() {
        report::notice("there are no exceptions; leakcoach allow makes one");
    }
    for row in rows {
        let until = row.it.until.map_or("without end".to_owned(), |until| {
            let days = today.until(until).map_or(0, |span| span.get_days());
            let days = Count(usize::try_from(days.abs()).unwrap_or_default(), "day");
            if today > until {
                format!("ended {until}, {days} ago")
            } else {
                format!("until {until}, {days}")
            }
        });
        let (rule, at) = (Escaped(row.rule.as_bytes()), row.place.map(|place| &*place.at));
        let at = at.unwrap_or("(in no file)");
        report::data(&format!("{:<9} {rule}  {until}  {at}", row.state.word()));
        if let State::Void(why) = &row.state {
            report::data(&format!("          does not count: {why}"));
        }
        let by = row.it.by.as_deref().unwrap_or("somebody");
        let reason = check.shown(row.it.reason.as_bytes());
        report::data(&format!("          {}: {}", Escaped(by.as_bytes()), Escaped(&reason)));
    }
}

fn tell_json(rows: &[Row<'_>], check: &Check, all: &Exceptions) {
    let text =
        |text: &Option<String>| text.as_ref().map(|text| Escaped(text.as_bytes()).to_string());
    let entries = rows.iter().map(|row| {
        let why = if let State::Void(why) = &row.state { Some(why) } else { None };
        serde_json::json!({
            "hash": row.hash.to_string(),
            "rule": Escaped(row.rule.as_bytes()).to_string(),
            "state": row.state.word(),
            "why": why,
            "until": row.it.until.map(|date| date.to_string()),
            "since": row.it.since.map(|date| date.to_string()),
            "by": text(&row.it.by),
            "asks": text(&row.it.asks),
            "reason": Escaped(&check.shown(row.it.reason.as_bytes())).to_string(),
            "at": row.place.map(|place| &place.at),
            "places": row.place.map_or(0, |place| place.count),
        })
    });
    let faults =
        all.faults.iter().map(|fault| serde_json::json!({ "line": fault.line, "why": fault.what }));
    let all = serde_json::json!({
        "file": exception::FILE,
        "exceptions": entries.collect::<Vec<_>>(),
        "unread": faults.collect::<Vec<_>>(),
    });
    report::data(&format!("{all:#}"));
}
