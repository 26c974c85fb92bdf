//! `--report` and `--format`: what else a check writes, and where.

use crate::cli::env;
use crate::coach::{Card, Provenance};
use crate::error::Error;
use crate::judge::Exposure;
use crate::report::{self, Format, Outcome, Report, Whereabouts, write};
use crate::source::owners::{self, Owners};
use crate::source::{Coverage, Repo};
use crate::text::Escaped;
use bstr::{BStr, BString, ByteSlice};
use clap::Args;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// Write a report too; may be given several times. FORMAT is json, sarif, gitlab,
    /// gitlab-code-quality, junit, github, markdown, csv, html, checkstyle or rdjson; a FILE
    /// of `-` is standard output
    #[arg(long = "report", value_name = "FORMAT=FILE", value_parser = target)]
    reports: Vec<(Format, PathBuf)>,
    /// Write this to standard output instead of cards
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    format: Option<Format>,
}

fn format(given: &str) -> Result<Format, String> {
    let known = || Format::ALL.iter().copied();
    known().find(|format| format.word() == given).ok_or_else(|| {
        let words: Vec<&str> = known().map(Format::word).collect();
        format!("no such format; one of: {}", words.join(", "))
    })
}

fn target(given: &str) -> Result<(Format, PathBuf), String> {
    let (name, file) = given.split_once('=').ok_or("expected FORMAT=FILE")?;
    if file.is_empty() {
        return Err("expected a file after `=`".to_owned());
    }
    Ok((format(name)?, PathBuf::from(file)))
}

/// The reports that were asked for.
#[derive(Debug, Default)]
pub(super) struct Reports {
    files: Vec<(Format, PathBuf)>,
    stdout: Option<Format>,
    replace_cards: bool,
    started: i64,
    parts: Option<Parts>,
}

/// What the reports of a run say that was made in several parts.
#[derive(Debug)]
pub(super) struct Parts {
    /// When the first was begun and the last was done, in seconds since 1970.
    pub(super) times: (i64, i64),
    /// Why owners are not told, where they are not.
    pub(super) ownerless: Vec<String>,
}

impl Reports {
    /// The reports of a run of several parts.
    pub(super) fn of(self, parts: Parts) -> Self {
        Self { parts: Some(parts), ..self }
    }

    /// When the run was begun.
    pub(super) fn started(&self) -> i64 {
        self.started
    }

    /// Those that `args` ask for. Fails before anything is checked when one could not be
    /// written for a reason that can be seen now.
    pub(super) fn asked(args: &ReportArgs) -> Result<Self, Error> {
        let (stdout, files): (Vec<_>, Vec<_>) =
            args.reports.iter().cloned().partition(|(_, file)| file.as_os_str() == "-");
        let mut stdout =
            args.format.into_iter().chain(stdout.into_iter().map(|(format, _)| format));
        let reports = Self {
            stdout: stdout.next(),
            files,
            replace_cards: args.format.is_some(),
            started: env::report_time(),
            parts: None,
        };
        if stdout.next().is_some() {
            return Err(Error::Usage("only one report can go to standard output".to_owned()));
        }
        let mut known = BTreeSet::new();
        for (_, file) in &reports.files {
            let shown = Escaped::path(file);
            if !known.insert(file) {
                return Err(Error::Usage(format!("two reports would go to `{shown}`")));
            }
            if file.is_dir() {
                return Err(Error::Usage(format!("`{shown}` is a folder")));
            }
            let folder = write::folder_of(file);
            if !folder.is_dir() {
                let folder = Escaped::path(&folder);
                return Err(Error::Usage(format!("there is no folder `{folder}` for a report")));
            }
        }
        Ok(reports)
    }

    /// Whether cards are not to be shown.
    pub(super) fn replace_cards(&self) -> bool {
        self.replace_cards
    }

    /// Writes every report. Gives whether all of them could be, and says which could not.
    pub(super) fn write(&self, cards: &[Card], coverage: &Coverage, outcome: Outcome) -> bool {
        let formats =
            || self.stdout.into_iter().chain(self.files.iter().map(|(format, _)| *format));
        if formats().next().is_none() {
            return true;
        }
        let known = cards.iter().all(|card| card.facts.from.is_some());
        let places = if known { Places::default() } else { Places::new() };
        let times =
            self.parts.as_ref().map_or((self.started, env::report_time()), |parts| parts.times);
        let report = Report::new(cards, |card| places.of(card), coverage, outcome, times);
        let ownerless = self.parts.as_ref().map(|parts| &*parts.ownerless).unwrap_or_default();
        for what in places.told.iter().chain(ownerless) {
            report::notice(what);
        }
        if report.entries.iter().any(|entry| !entry.of_credential()) {
            report::notice(
                "no key outlasts this run: fingerprints are of places; set LEAKCOACH_KEY to make them of credentials",
            );
        }
        let mut written = true;
        let mut tell = |what: &str, done: Result<(), String>| {
            if let Err(why) = done {
                report::notice(&format!("cannot write {what}: {why}"));
                written = false;
            }
        };
        let put = |format: Format, to: &dyn Fn(&str) -> std::io::Result<()>| {
            let text = format.render(&report)?;
            to(&text).map_err(|error| error.to_string())
        };
        for (format, file) in &self.files {
            tell(
                &format!("the {format} report to `{}`", Escaped::path(file)),
                put(*format, &|text| write::file(file, text)),
            );
        }
        if let Some(summary) =
            env::step_summary().filter(|_| formats().any(|f| f == Format::Github))
        {
            tell("the step summary", put(Format::Markdown, &|text| write::add(&summary, text)));
        }
        if let Some(format) = self.stdout {
            tell("to standard output", put(format, &write::stdout));
        }
        written
    }
}

/// Where the files of cards are in the repository, and whose they are.
#[derive(Default)]
pub(super) struct Places {
    top: Option<PathBuf>,
    owners: Owners,
    /// Why the owners are not known.
    pub(super) told: Option<String>,
    known: RefCell<HashMap<(bool, BString), Whereabouts>>,
}

impl Places {
    pub(super) fn new() -> Self {
        let mut places = Self::default();
        let Ok(repo) = crate::cli::open() else { return places };
        places.top = repo.top().and_then(|top| std::fs::canonicalize(top).ok());
        match owners_of(&repo) {
            Ok(owners) => places.owners = owners,
            Err(why) => places.told = Some(format!("owners are not told: {why}")),
        }
        places
    }

    pub(super) fn of(&self, card: &Card) -> Whereabouts {
        if let Some(from) = &card.facts.from {
            let Provenance { repository, file, owners } = (**from).clone();
            return Whereabouts { repository, file, owners };
        }
        let on_disk = card.facts.exposure == Exposure::File;
        let key = (on_disk, card.facts.file.clone());
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        let file = if on_disk { self.in_repository(key.1.as_bstr()) } else { key.1.clone() };
        let owners = self.owners.of(&file);
        let owners = owners.iter().map(|owner| Escaped(owner.as_bytes()).to_string()).collect();
        let found = Whereabouts { repository: None, file, owners };
        self.known.borrow_mut().insert(key, found.clone());
        found
    }

    /// A file's path from the top of the repository; as it is when it lies elsewhere.
    fn in_repository(&self, file: &BStr) -> BString {
        let path = Path::new(std::ffi::OsStr::from_bytes(file));
        let within = || {
            let path = std::fs::canonicalize(path).ok()?;
            let path = path.strip_prefix(self.top.as_deref()?).ok()?;
            Some(BString::from(path.as_os_str().as_bytes()))
        };
        within().unwrap_or_else(|| file.strip_prefix(b"./").unwrap_or(file).into())
    }
}

/// The repository's `CODEOWNERS`: the work tree's, else that of `HEAD`.
pub(super) fn owners_of(repo: &Repo) -> Result<Owners, String> {
    for place in owners::PLACES {
        let bytes = match repo.top() {
            Some(top) => match std::fs::read(top.join(place)) {
                Ok(bytes) => Some(bytes),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                Err(error) => return Err(format!("{place}: {error}")),
            },
            None => committed(repo, place).map_err(|why| format!("{place}: {why}"))?,
        };
        match bytes {
            None => {}
            Some(bytes) if bytes.len() > owners::BYTES_AT_MOST => {
                return Err(format!("{place} is too large"));
            }
            Some(bytes) => return Ok(Owners::parse(&String::from_utf8_lossy(&bytes))),
        }
    }
    Ok(Owners::default())
}

fn committed(repo: &Repo, place: &str) -> Result<Option<Vec<u8>>, String> {
    let read = || -> Result<_, Error> {
        let Some(head) = repo.head()?.commit else { return Ok(None) };
        repo.file_at(head, place.as_bytes())
    };
    let Some(blob) = read().map_err(|error| error.to_string())? else { return Ok(None) };
    Ok(Some(repo.read(blob)?.to_vec()))
}
