//! A check that is split: its options, what one repository gives, and all of them together.

use crate::catalogue::{Catalogue, Rule, Told};
use crate::cli::check::checked::Checked;
use crate::cli::check::run::Check;
use crate::cli::check::users::announcements;
use crate::cli::key;
use crate::cli::reports::{Parts, Places, Reports};
use crate::cli::spread::shard::{Shard, Share};
use crate::cli::{check::past, env, long, spread::journal::Journal};
use crate::config::Config;
use crate::error::Error;
use crate::report;
use crate::report::part::{
    Bytes, CardText, CoverageText, Fault, Found, Head, List, Part, PartOutcome, Rules, Run,
};
use crate::source::state::state;
use crate::source::{Coverage, Repo, Unread};
use clap::Args;
use sha2::{Digest as _, Sha256};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(in crate::cli) struct ScaleArgs {
    /// Check each repository of this list, one path a line from the list's own folder, `#`
    /// for comments: its whole history, or what else is named; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["stdin", "log"])]
    pub(in crate::cli) repos: Option<PathBuf>,
    /// With --repos or --history: only the I-th of N parts, so that N machines share the work
    #[arg(long, value_name = "I/N", value_parser = Shard::parse)]
    shard: Option<Shard>,
    /// With --repos or --history: write what was found to this file, for `leakcoach merge`; a
    /// run that was stopped goes on from what is in it
    #[arg(long, value_name = "FILE")]
    part: Option<PathBuf>,
    /// Write what was found to standard output, for the run that started this one
    #[arg(long, hide = true)]
    pub(in crate::cli) as_part: bool,
}

impl ScaleArgs {
    /// Whether the work is split, or written down for later.
    pub(in crate::cli) fn is_split(&self) -> bool {
        self.shard.is_some() || self.part.is_some()
    }
}

/// What a run checks, and how.
pub(in crate::cli) struct Plan<'a> {
    pub(in crate::cli) args: &'a ScaleArgs,
    /// The options that say what is checked, first of all what kind of thing.
    pub(in crate::cli) what: Vec<OsString>,
    pub(in crate::cli) rules: &'a [PathBuf],
    pub(in crate::cli) strict: bool,
}

impl Plan<'_> {
    pub(in crate::cli) fn shard(&self) -> Shard {
        self.args.shard.unwrap_or(Shard::WHOLE)
    }

    pub(in crate::cli) fn part(&self) -> Option<&Path> {
        self.args.part.as_deref()
    }

    /// The head of this shard's file.
    pub(in crate::cli) fn head(&self, list: Option<List>, started: i64) -> Result<Head, Error> {
        let key = key::shared()?.map(|kept| kept.key.check());
        let shard = self.shard();
        if key.is_none() && shard.count > 1 {
            report::notice(
                "ids and fingerprints of several machines agree only under one LEAKCOACH_KEY",
            );
        }
        let what = self.what.first().map(|what| what.to_string_lossy().into_owned());
        let run = Run {
            what: what.unwrap_or_default().trim_start_matches('-').to_owned(),
            options: self.options()?,
            strict: self.strict,
            key,
            list,
        };
        let edition = Catalogue::builtin().edition();
        Ok(Head::new(run, (shard.index, shard.count), started, edition))
    }

    fn options(&self) -> Result<String, Error> {
        let mut hash = Sha256::new();
        let mut put = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        for option in &self.what {
            put(option.as_encoded_bytes());
        }
        for path in self.rules {
            let text = std::fs::read(path);
            let failed = |source| Error::File { deed: "read", path: path.clone(), source };
            put(&text.map_err(failed)?);
        }
        Ok(data_encoding::HEXLOWER.encode(&hash.finalize()[..8]))
    }

    /// A hash of all that the check of `repo` depends on; nothing where that is too much
    /// to tell, so that it is done again.
    pub(in crate::cli) fn state(&self, repo: &Repo) -> Option<String> {
        let lasting = ["--history", "--range", "--commit", "--branch"];
        let what = self.what.first()?;
        let lasts = |kind: &&str| what.as_encoded_bytes().starts_with(kind.as_bytes());
        if !lasting.iter().any(lasts) || self.what.iter().any(|it| it == "--dangling") {
            return None;
        }
        let mut more = Vec::new();
        if let Some(top) = repo.top() {
            let read = |name: &str| std::fs::read(top.join(name)).unwrap_or_default();
            let config = read(crate::config::FILE);
            // Rule files can name others in turn.
            if memchr::memmem::find(&config, b"files").is_some() {
                return None;
            }
            let exceptions = read(crate::judge::exception::FILE);
            // They end at a certain day.
            let today =
                if exceptions.is_empty() { String::new() } else { env::today().to_string() };
            more.extend([config, exceptions, today.into_bytes()]);
            more.push(read(crate::judge::baseline::FILE));
        }
        let more: Vec<&[u8]> = more.iter().map(Vec::as_slice).collect();
        state(repo, &more).ok()
    }
}

/// What `checked` gives to the file of a part.
pub(in crate::cli) fn found(
    checked: &Checked,
    announced: Vec<String>,
    order: impl Fn(usize) -> u64,
) -> Found {
    let mut rules = Rules::default();
    let mut places = Places::default();
    if !checked.cards.is_empty() {
        places = Places::new();
    }
    let cards = checked
        .cards
        .iter()
        .enumerate()
        .map(|(index, card)| CardText::of(order(index), card, places.of(card), &mut rules));
    let cards = cards.collect();
    Found {
        announced,
        told: checked.told.iter().cloned().collect(),
        ownerless: places.told.take(),
        key: None,
        walk: None,
        coverage: CoverageText::of(&checked.coverage),
        rules: rules.told(),
        cards,
    }
}

/// Writes what was found to standard output, for the run that started this one.
pub(in crate::cli) fn hand_over(
    checked: &Checked,
    repo: Option<&Path>,
    rules: &[PathBuf],
) -> Result<u8, Error> {
    // Of the same files that the check was made by.
    let users = Config::load_with(&env::outside()?, repo, rules)?.users;
    let found = found(checked, announcements(&users), |index| index as u64);
    let text = serde_json::to_string(&found).map_err(|error| Error::Usage(error.to_string()))?;
    report::data(&text);
    Ok(crate::exit::PASSED)
}

/// `check --history --shard` and `--part`: one history, or a share of it.
pub(in crate::cli) fn history(plan: &Plan<'_>, repo: &Repo, reports: Reports) -> Result<u8, Error> {
    let dangling = plan.what.iter().any(|option| option == "--dangling");
    let head = plan.head(None, reports.started())?;
    let state = plan.state(repo);
    let (mut journal, done) = Journal::begin(plan.part(), head)?;
    let same = |part: &Part| state.is_some() && part.state == state && is_whole(part);
    let part = if let Some(part) = done.into_iter().rev().find(same) {
        part
    } else {
        let mut check = Check::new(Some(repo), plan.rules)?.unattended();
        let mut share = Share::new(plan.shard());
        let shown = long::shown();
        let checked = past::all(&mut check, repo, dangling, Some(&mut share))?.with_interruption();
        drop(shown);
        let announced = announcements(&check.config.users);
        let mut found = found(&checked, announced, |index| share.order(index));
        found.key = found.cards.iter().any(CardText::has_id).then(|| check.key_check()).flatten();
        found.walk = Some(share.walk);
        let outcome = PartOutcome::Found(Box::new(found));
        Part { index: 0, name: Bytes::default(), state, outcome }
    };
    journal.add(&part)?;
    let times = (reports.started(), env::report_time());
    journal.end(std::slice::from_ref(&part), times.1)?;
    conclude(vec![part], plan.strict, reports, times)
}

/// Whether there is nothing in it to try again. A damaged archive will be so next time too.
pub(in crate::cli) fn is_whole(part: &Part) -> bool {
    matches!(&part.outcome, PartOutcome::Found(found) if found.is_whole())
}

/// Shows what all `parts` of a run found, and gives the exit code. The same whether one
/// machine made them or several.
pub(in crate::cli) fn conclude(
    parts: Vec<Part>,
    strict: bool,
    reports: Reports,
    times: (i64, i64),
) -> Result<u8, Error> {
    let whole =
        together(parts).map_err(|Fault(what)| Error::Parts(vec![format!("{what} in a part")]))?;
    for words in &whole.announced {
        report::notice(words);
    }
    let reports = reports.of(Parts { times, ownerless: whole.ownerless });
    let checked = if strict { whole.checked.strictly() } else { whole.checked };
    Ok(checked.conclude_with(&reports))
}

/// What several parts say together.
#[derive(Default)]
struct Whole {
    checked: Checked,
    announced: Vec<String>,
    ownerless: Vec<String>,
}

fn together(mut parts: Vec<Part>) -> Result<Whole, Fault> {
    parts.sort_by_key(|part| part.index);
    let mut whole = Whole::default();
    for parts in parts.chunk_by(|a, b| a.index == b.index) {
        let one = parts.iter().try_fold(OfOne::default(), |one, part| one.with(part.clone()))?;
        one.add_to(&mut whole);
    }
    Ok(whole)
}

/// What the shards of one repository say together.
#[derive(Default)]
struct OfOne {
    cards: Vec<(u64, crate::coach::Card)>,
    coverage: Coverage,
    announced: Vec<String>,
    told: Vec<String>,
    ownerless: Vec<String>,
    parts: usize,
}

impl OfOne {
    fn with(mut self, part: Part) -> Result<Self, Fault> {
        let name = part.shown();
        let repository = (!name.is_empty()).then_some(&*name);
        self.parts += 1;
        let mut found = match part.outcome {
            PartOutcome::Found(found) => found,
            PartOutcome::Unread(why) => {
                let why = crate::text::Escaped(why.as_bytes()).to_string();
                self.coverage.unread.push(Unread { path: part.name.0.into(), why });
                return Ok(self);
            }
        };
        let [announced, told, ownerless] = found.words(repository);
        let anew = |known: &Vec<String>, words: Vec<String>| -> Vec<String> {
            words.into_iter().filter(|words| !known.contains(words)).collect()
        };
        let announced = anew(&self.announced, announced);
        self.announced.extend(announced);
        let ownerless = anew(&self.ownerless, ownerless);
        self.ownerless.extend(ownerless);
        self.told.extend(told);
        self.coverage.add(found.coverage.coverage(repository));
        let users: Vec<&'static Rule> = found.rules.into_iter().map(Told::kept).collect();
        for card in found.cards {
            self.cards.push((card.order, card.card(repository, &users)?));
        }
        Ok(self)
    }

    fn add_to(mut self, whole: &mut Whole) {
        if self.parts > 1 {
            self.cards.sort_by_key(|(order, _)| *order);
            self.coverage.sort();
        }
        whole.checked.cards.extend(self.cards.into_iter().map(|(_, card)| card));
        whole.checked.coverage.add(self.coverage);
        whole.checked.told.extend(self.told);
        whole.announced.extend(self.announced);
        whole.ownerless.extend(self.ownerless);
    }
}
