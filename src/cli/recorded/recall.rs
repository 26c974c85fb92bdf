//! What a run remembers, and what it remembers of earlier ones. Nothing is opened where
//! there is nothing to record, and whatever happens to the record, the run goes on.

use crate::catalogue::Catalogue;
use crate::cli::env;
use crate::coach::Card;
use crate::coach::follow_up::{Counts, Risk, follow_up};
use crate::coach::memory::{self, Telling};
use crate::coach::pipeline::WINDOW_DAYS;
use crate::config::{self, Config};
use crate::error::Error;
use crate::judge::{Actor, Standing, Verdict};
use crate::record::{Deed, Event, Fault, Kept, Order, Past, Place, Record, Told, What};
use crate::report;
use crate::source::Repo;
use crate::text::Escaped;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a hook waits for the record.
const PATIENCE: Duration = Duration::from_millis(100);

/// How long a command waits that is about the record.
const LONG: Duration = Duration::from_secs(5);

/// What is being done, and where.
#[derive(Debug)]
pub(in crate::cli) struct Moment {
    deed: Deed,
    /// The folder that all work trees share.
    folder: PathBuf,
    top: Option<PathBuf>,
}

impl Moment {
    pub(in crate::cli) fn new(repo: &Repo, deed: Deed) -> Self {
        let (folder, top) = (repo.common_dir().to_owned(), repo.top().map(Path::to_owned));
        Self { deed, folder, top }
    }

    /// What is being done.
    pub(in crate::cli) const fn deed(&self) -> Deed {
        self.deed
    }

    /// A file that is there, and empty, from a refusal until what was refused is gone: so
    /// that a clean commit need not ask the record.
    fn mark(&self) -> PathBuf {
        self.folder.join(format!("leakcoach-refused-{}", self.deed.word()))
    }
}

/// A run's look into the record.
pub(in crate::cli) struct Recall {
    moment: Moment,
    record: Record,
    keep: i64,
    repository: String,
    now: i64,
    actor: String,
    by: Option<String>,
    past: Past,
    tellings: Vec<Telling>,
    overridden: Vec<What>,
}

/// Opens the record for a hook, as configured; nothing where it is off or cannot be opened,
/// which is said.
fn open(top: Option<&Path>, patience: Duration) -> Result<Option<(Record, i64)>, Error> {
    let settings = config::record::read(&env::outside()?, top)?;
    let Some(place) = env::record(patience).filter(|_| settings.off.is_none()) else {
        return Ok(None);
    };
    Ok(Some((Record::open(place)?, settings.keep)))
}

fn told<T>(done: Result<T, impl Into<Error>>) -> Option<T> {
    done.map_err(|error| tell(&error.into())).ok()
}

/// Says that something is not recorded.
fn tell(error: &Error) {
    let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
    report::notice(&format!("not recorded: {error}{hint}"));
}

/// Whether a hook recorded something in this run.
static RECORDED: AtomicBool = AtomicBool::new(false);

/// Whether a hook recorded something in this run.
pub(in crate::cli) fn hook_recorded() -> bool {
    RECORDED.load(Ordering::Relaxed)
}

/// The actor's word in events.
pub(in crate::cli) fn actor() -> String {
    match env::actor() {
        Actor::Person => "person".to_owned(),
        Actor::Ci => "ci".to_owned(),
        Actor::Agent(name) => name.to_owned(),
    }
}

/// The repository's keyed name.
pub(in crate::cli) fn name_of(record: &Record, folder: &Path) -> String {
    let place = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    record.tag(place.as_os_str().as_bytes())
}

/// Records what a command did, where recording is on. What cannot be recorded is said, and
/// is no reason to fail.
pub(in crate::cli) fn note(repo: Option<&Repo>, what: Vec<What>) {
    note_as(&actor(), LONG, repo, what);
}

/// Records what an agent's call met, without making it wait.
pub(in crate::cli) fn note_for(actor: &str, repo: Option<&Repo>, what: Vec<What>) {
    RECORDED.store(true, Ordering::Relaxed);
    note_as(actor, PATIENCE, repo, what);
}

fn note_as(actor: &str, patience: Duration, repo: Option<&Repo>, what: Vec<What>) {
    let top = repo.and_then(Repo::top);
    let Some(Some((mut record, _))) = told(open(top, patience)) else { return };
    let repository = repo.map(|repo| name_of(&record, repo.common_dir()));
    let (at, by) = (env::now(), repo.and_then(Repo::author));
    let event = |what| {
        let (actor, by) = (actor.to_owned(), by.clone());
        Event { at, actor, by, repository: repository.clone(), what }
    };
    let events: Vec<Event> = what.into_iter().map(event).collect();
    told(record.append(&events));
}

/// The record as a command uses it that remembers what belongs to one repository.
pub(in crate::cli) struct Own {
    record: Record,
    repository: String,
    by: Option<String>,
}

impl Own {
    /// Nothing where recording is off.
    ///
    /// # Errors
    /// The record cannot be opened.
    pub(in crate::cli) fn open(repo: &Repo) -> Result<Option<Self>, Error> {
        let Some((mut record, _)) = open(repo.top(), LONG)? else { return Ok(None) };
        if record.aside() > 0 {
            // What lies beside it is part of what is asked for.
            let _taken_in = record.append(&[])?;
        }
        let repository = name_of(&record, repo.common_dir());
        Ok(Some(Self { record, repository, by: repo.author() }))
    }

    /// Records what happened now.
    pub(in crate::cli) fn append(&mut self, what: Vec<What>) -> Result<(), Error> {
        let (at, actor) = (env::now(), actor());
        let event = |what| {
            let (repository, by) = (Some(self.repository.clone()), self.by.clone());
            Event { at, actor: actor.clone(), by, repository, what }
        };
        let events: Vec<Event> = what.into_iter().map(event).collect();
        let _aside_or_not = self.record.append(&events)?;
        Ok(())
    }

    /// Every event of this repository, the oldest first.
    pub(in crate::cli) fn each(&self, mut visit: impl FnMut(Event)) -> Result<(), Error> {
        self.record.each(Order::Oldest, |entry| {
            if let Told::Event(event) = entry.told
                && event.repository.as_ref() == Some(&self.repository)
            {
                visit(*event);
            }
            ControlFlow::Continue(())
        })?;
        Ok(())
    }

    /// The rule whose card was shown last.
    pub(in crate::cli) fn last_met(&self) -> Result<Option<String>, Error> {
        let mut last = None;
        self.record.each(Order::Newest, |entry| match entry.told {
            Told::Event(event) if event.repository.as_ref() == Some(&self.repository) => {
                let What::Shown { rule, .. } = event.what else {
                    return ControlFlow::Continue(());
                };
                last = Some(rule);
                ControlFlow::Break(())
            }
            Told::Event(_) | Told::Forgotten | Told::Unreadable => ControlFlow::Continue(()),
        })?;
        Ok(last)
    }
}

/// Records what a job printed, each rule with its finding; gives for each rule in how many of
/// its runs before that happened, lately.
pub(in crate::cli) fn printed(
    repo: Option<&Repo>,
    job: &str,
    found: Vec<(String, Option<String>)>,
    masked: bool,
) -> Vec<(String, usize)> {
    let Some(Some((mut record, _))) = told(open(repo.and_then(Repo::top), LONG)) else {
        return Vec::new();
    };
    let (at, actor) = (env::now(), actor());
    let repository = repo.map(|repo| name_of(&record, repo.common_dir()));
    let job =
        record.tag(format!("{}\n{job}", repository.as_deref().unwrap_or_default()).as_bytes());
    let since = at - WINDOW_DAYS * 86_400;
    let runs = told(record.printed(&job, since)).unwrap_or_default();
    let mut rules: Vec<String> = found.iter().map(|(rule, _)| rule.clone()).collect();
    rules.sort();
    rules.dedup();
    let count = |rule: String| {
        let times = runs.iter().filter(|(of, _)| *of == rule).count();
        (rule, times)
    };
    let before = rules.into_iter().map(count).collect();
    let event = |(rule, finding)| {
        let what = What::Printed { job: job.clone(), rule, finding, masked };
        Event { at, actor: actor.clone(), by: None, repository: repository.clone(), what }
    };
    let events: Vec<Event> = found.into_iter().map(event).collect();
    told(record.append(&events));
    before
}

impl Recall {
    /// Opens the record if the run has anything for it.
    pub(in crate::cli) fn begin(
        moment: Moment,
        cards: &[Card],
        settled: &[Card],
        digest: &[Card],
    ) -> Option<Self> {
        let excepted = settled.iter().any(is_excepted);
        let nothing = cards.is_empty() && digest.is_empty() && !excepted;
        if nothing && !moment.mark().exists() {
            return None;
        }
        let (record, keep) = told(open(moment.top.as_deref(), PATIENCE))??;
        Some(Self {
            repository: name_of(&record, &moment.folder),
            moment,
            record,
            keep,
            now: env::now(),
            actor: actor(),
            by: crate::cli::open().ok().and_then(|repo| repo.author()),
            past: Past::default(),
            tellings: Vec::new(),
            overridden: Vec::new(),
        })
    }

    /// How each card is told to who met its rule before. Machines are told all of it.
    pub(in crate::cli) fn tellings(&mut self, cards: &[Card]) -> Vec<Telling> {
        if env::actor() == Actor::Person && !cards.is_empty() {
            // Where it cannot be read, all is told; why not is said at the end.
            self.past = self.record.past(self.now - memory::WINDOW).unwrap_or_default();
            let telling = |card: &Card| card.telling(&self.past.meetings, self.now);
            self.tellings = cards.iter().map(telling).collect();
        }
        self.tellings.clone()
    }

    /// What is said beside the cards where something comes again: of one card at most, and
    /// not where that was shown a moment ago.
    pub(in crate::cli) fn follow_up(&self, cards: &[Card]) -> Option<String> {
        let told = cards.iter().zip(&self.tellings);
        let fresh = told.filter(|(_, telling)| **telling != Telling::Brief).map(|(card, _)| card);
        // What is configured is read where there is something to say, which is seldom; where
        // it cannot be read, the check said so.
        let said = |config: &Config, card: &Card| {
            let Past { meetings, heeds } = &self.past;
            let id = card.id.map(|id| id.to_string());
            let heed = heeds.get(card.rule).cloned().unwrap_or_default();
            let counts = Counts {
                met: memory::times(card.rule, id.as_deref(), meetings),
                ignored: heed.ignored,
                by: heed.by.len(),
                wrong: heed.wrong,
                exception_ends_in: None,
            };
            let rule =
                config.users.rule(card.rule).or_else(|| Catalogue::builtin().rule(card.rule));
            let contact =
                rule.and_then(|rule| config.coaching.contact(rule, Path::new(&card.path)));
            let risk = Risk::of_role(config.profile.role.as_deref());
            follow_up(card.rule, counts, risk, contact)
        };
        let fresh: Vec<&Card> = fresh
            .filter(|card| self.past.meetings.iter().any(|met| met.rule == card.rule))
            .collect();
        if fresh.is_empty() {
            return None;
        }
        let top = self.moment.top.as_deref();
        let config = Config::load_with(&env::outside().ok()?, top, &[]).ok()?;
        fresh.into_iter().find_map(|card| Some(said(&config, card)?.words().to_owned()))
    }

    /// A person let this through.
    pub(in crate::cli) fn overridden(&mut self, card: &Card, reason: String) {
        self.overridden.push(What::Overridden {
            deed: self.moment.deed,
            rule: card.rule.to_owned(),
            finding: card.id.map(|id| id.to_string()),
            reason,
        });
    }

    /// Records what was shown and decided.
    pub(in crate::cli) fn end(mut self, cards: &[Card], settled: &[Card], digest: &[Card]) {
        let deed = self.moment.deed;
        let finding = |card: &Card| card.id.map(|id| id.to_string());
        let refused = cards.iter().any(|card| card.judgement.verdict == Verdict::Block);
        let mut events = Vec::new();
        if !refused && self.moment.mark().exists() {
            let before = self.record.refused(&self.repository, deed).unwrap_or_default();
            let here = |id: &str| {
                cards
                    .iter()
                    .chain(settled)
                    .chain(digest)
                    .any(|card| finding(card).as_deref() == Some(id))
            };
            events.extend(before.into_iter().filter(|one| !here(&one.finding)).map(|one| {
                let after = (self.now - one.since).max(0);
                What::Fixed { deed, rule: one.rule, finding: Some(one.finding), after }
            }));
        }
        let tellings = self.tellings.iter().map(Some).chain(std::iter::repeat(None));
        events.extend(cards.iter().zip(tellings).map(|(card, telling)| What::Shown {
            deed,
            rule: card.rule.to_owned(),
            finding: finding(card),
            role: card.facts.role.word().to_owned(),
            exposure: card.facts.exposure.word().to_owned(),
            severity: card.facts.rule.severity.word().to_owned(),
            confidence: card.facts.confidence.to_string(),
            verdict: card.judgement.verdict.word().to_owned(),
            brief: telling == Some(&Telling::Brief),
        }));
        events.append(&mut self.overridden);
        events.extend(settled.iter().filter(|card| is_excepted(card)).map(|card| What::Excepted {
            deed,
            rule: card.rule.to_owned(),
            finding: finding(card),
        }));
        let mut rules: BTreeMap<&str, u32> = BTreeMap::new();
        for card in digest {
            *rules.entry(card.rule).or_default() += 1;
        }
        events.extend(rules.into_iter().map(|(rule, count)| What::Digest {
            deed,
            rule: rule.to_owned(),
            count,
        }));
        let (at, actor, by) = (self.now, self.actor, self.by);
        let events: Vec<Event> = events
            .into_iter()
            .map(|what| {
                let repository = Some(self.repository.clone());
                Event { at, actor: actor.clone(), by: by.clone(), repository, what }
            })
            .collect();
        if !events.is_empty()
            && told(self.record.append(&events)).is_some_and(|kept| kept == Kept::Recorded)
        {
            RECORDED.store(true, Ordering::Relaxed);
            // What cannot be forgotten now can be the next time.
            let _aged = self.record.age(self.now, self.keep);
        }
        let mark = self.moment.mark();
        // Without the mark, a mended commit is not seen to be one; nothing else hangs on it.
        let _marked = if refused { std::fs::write(&mark, "") } else { std::fs::remove_file(&mark) };
    }
}

fn is_excepted(card: &Card) -> bool {
    matches!(card.judgement.standing, Standing::Excepted(_))
}

/// The record for a command that is about it: nothing where nothing was ever recorded, with
/// where recording is switched off.
pub(in crate::cli) fn whole() -> Result<(Option<Record>, config::record::Record), Error> {
    let top = match crate::cli::open() {
        Ok(repo) => repo.top().map(Path::to_owned),
        Err(Error::NoRepository { .. }) => None,
        Err(error) => return Err(error),
    };
    let settings = config::record::read(&env::outside()?, top.as_deref())?;
    let record = match env::record(LONG) {
        Some(place) => Record::open_existing(place)?,
        None => None,
    };
    Ok((record, settings))
}

/// The same, made where nothing was ever recorded.
pub(in crate::cli) fn made() -> Result<Record, Error> {
    Ok(Record::open(place_of().ok_or_else(no_home)?)?)
}

/// The record of somebody who reads what others handed out: made where there is none.
pub(in crate::cli) fn whole_or_new() -> Result<(Record, config::record::Record), Error> {
    let (record, settings) = whole()?;
    if let Some(at) = &settings.off {
        let what = format!("this is recorded or not done, and recording is off: {at}");
        return Err(Error::Usage(what));
    }
    let record = match record {
        Some(record) => record,
        None => made()?,
    };
    Ok((record, settings))
}

/// Where the record is; nothing without a home.
pub(in crate::cli) fn place_of() -> Option<Place> {
    env::record(LONG)
}

fn no_home() -> Fault {
    Fault::KeyLost { place: "HOME, which is not set".to_owned() }
}

/// Where the record is, for sentences.
pub(in crate::cli) fn place() -> Result<String, Error> {
    let place = place_of().ok_or_else(no_home)?;
    Ok(Escaped::path(&place.database()).to_string())
}
