//! Other tools' lists become exceptions that end.

mod carry;

use crate::cli::key::Stretches;
use crate::cli::letting::because;
use crate::cli::letting::file::{fresh_salt, put_down, until as until_day, write};
use crate::cli::teach::rules::Format;
use crate::cli::{env, open};
use crate::config::Config;
use crate::error::Error;
use crate::judge::exception::{self, Exception, one_line};
use crate::lists::{self, KNOWN, List};
use crate::text::{Count, Escaped};
use crate::{exit, report};
use carry::{Carried, Sites};
use clap::Args;
use jiff::civil::Date;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Days that imported exceptions count where nothing is said.
const DAYS: i32 = 90;

/// What is imported, and how.
#[derive(Debug, Args)]
pub(in crate::cli) struct ImportArgs {
    /// Read these lists, instead of all that are known at the top of the repository
    #[arg(long, value_name = "FILE", num_args = 1..)]
    from: Vec<PathBuf>,
    /// The last day of the exceptions, as a date or as days from now; in 90 days, or what is
    /// configured at most, when left out
    #[arg(long, value_name = "DATE|90d")]
    until: Option<String>,
    /// Why they are let through; the list's name when it is left out
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: Option<String>,
    /// Only say what would become of each entry
    #[arg(long)]
    dry_run: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

fn reason(given: &str) -> Result<String, String> {
    crate::judge::reason::reason(given, "").map_err(str::to_owned)
}

/// A list to import, by its name.
struct Source {
    name: String,
    list: List,
}

/// Turns the entries of the lists into exceptions, and says what became of each.
pub(in crate::cli) fn import(args: &ImportArgs) -> Result<u8, Error> {
    let repo = open()?;
    let top = repo.top().map(Path::to_owned).ok_or_else(|| {
        Error::Usage("there is no work tree here to write exceptions into".to_owned())
    })?;
    let config = Config::load_with(&env::outside()?, Some(&top), &[])?;
    let settings = &config.exceptions;
    let actor = env::actor();
    if !settings.lets(&actor) {
        report::notice(&because::refusal(&actor, None));
        return Ok(exit::REFUSED);
    }
    let today = env::today();
    let until = until_day(args.until.as_deref(), DAYS.min(settings.max), settings.max, today)?;
    let sources = if args.from.is_empty() { known(&top)? } else { named(&args.from)? };
    if sources.is_empty() {
        let names: Vec<&str> = KNOWN.iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        return Err(Error::Usage(format!("none of these lists is here: {names}")));
    }
    let path = top.join(exception::FILE);
    let (_, mut exceptions) = put_down(&path)?;
    let salt = fresh_salt()?;
    let by_hash = Stretches::of(Some(repo.common_dir()));
    let by = repo.author().map(|mail| one_line(&mail).replace(' ', "_"));
    let mut sites = Sites::new(&repo)?;
    let mut carried: Vec<(&Source, Vec<Carried>)> = Vec::new();
    for source in &sources {
        let why = format!("imported from {}", one_line(&source.name));
        let exception = Exception {
            until: Some(until),
            since: Some(today),
            by: by.clone(),
            asks: None,
            reason: args.reason.clone().unwrap_or(why),
        };
        let mut add = |finding: &_| exceptions.add(finding, exception.clone(), salt, &by_hash);
        let entries = source.list.entries.iter();
        let all = entries.map(|entry| carry::carry(entry, &mut sites, &mut add));
        carried.push((source, all.collect::<Result<_, _>>()?));
    }
    let added = carried.iter().flat_map(|(_, all)| all).map(|one| one.added).sum();
    if added > 0 && !args.dry_run {
        write(&path, &exceptions.to_string())?;
    }
    match args.format {
        Format::Json => tell_json(&carried, until, args.dry_run),
        Format::Text => tell(&carried, until, added, args.dry_run),
    }
    let unread = sources.iter().any(|source| source.list.fault.is_some());
    Ok(if unread { exit::INCOMPLETE } else { exit::PASSED })
}

/// The lists at the top of the work tree.
fn known(top: &Path) -> Result<Vec<Source>, Error> {
    let mut sources = Vec::new();
    for (name, format) in KNOWN {
        let path = top.join(name);
        match fs::read(&path) {
            Ok(bytes) => {
                let list = lists::read(*format, &bytes);
                sources.push(Source { name: (*name).to_owned(), list });
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(source) => return Err(Error::File { deed: "read", path, source }),
        }
    }
    Ok(sources)
}

/// The lists that were named, each by what it is.
fn named(paths: &[PathBuf]) -> Result<Vec<Source>, Error> {
    let read = |path: &PathBuf| {
        let bytes = fs::read(path).map_err(|source| Error::File {
            deed: "read",
            path: path.clone(),
            source,
        })?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let list = lists::read(lists::format_of(&name, &bytes), &bytes);
        Ok(Source { name, list })
    };
    paths.iter().map(read).collect()
}

fn tell(carried: &[(&Source, Vec<Carried>)], until: Date, added: usize, dry_run: bool) {
    for (source, all) in carried {
        let name = Escaped(source.name.as_bytes()).to_string();
        if let Some(fault) = &source.list.fault {
            report::data(&format!("{name}: {fault}"));
        }
        for (entry, one) in source.list.entries.iter().zip(all) {
            let at = entry.line.map(|line| format!(":{line}")).unwrap_or_default();
            report::data(&format!("{name}{at}: {}: {}", entry.means, one.outcome));
            if entry.real {
                report::data("  it is marked there as a real credential: revoke it");
            }
            if carry::is_plain(entry) {
                report::data("  the value itself stands in that list: take it out");
            }
        }
    }
    let added = Count(added, "exception");
    if dry_run {
        report::notice(&format!("{added} would be written, until {until}"));
        return;
    }
    report::notice(&format!("{added} written to {}, until {until}", exception::FILE));
    let all = carried.iter().flat_map(|(_, all)| all);
    if all.into_iter().any(|one| one.added > 0) {
        report::notice(&format!("share them: git add {} && git commit", exception::FILE));
    }
}

fn tell_json(carried: &[(&Source, Vec<Carried>)], until: Date, dry_run: bool) {
    let entries = carried.iter().flat_map(|(source, all)| {
        source.list.entries.iter().zip(all).map(|(entry, one)| {
            serde_json::json!({
                "list": source.name,
                "line": entry.line,
                "about": entry.means.to_string(),
                "outcome": one.outcome.word(),
                "why": one.outcome.to_string(),
                "rules": one.rules,
                "added": one.added,
                "marked_real": entry.real,
                "holds_value": carry::is_plain(entry),
            })
        })
    });
    let faults = carried.iter().filter_map(|(source, _)| {
        let fault = source.list.fault.as_ref()?;
        Some(serde_json::json!({ "list": source.name, "why": fault }))
    });
    let all = serde_json::json!({
        "file": exception::FILE,
        "until": until.to_string(),
        "written": !dry_run,
        "entries": entries.collect::<Vec<_>>(),
        "unread": faults.collect::<Vec<_>>(),
    });
    report::data(&all.to_string());
}
