//! What was decided before about a finding: by an exception, in the baseline, or on another
//! tool's list.
//!
//! Nothing is opened until there is a finding.

use crate::cli::env;
use crate::cli::key::Stretches;
use crate::cli::letting::approval::Trust;
use crate::cli::own::{most_of, small_file};
use crate::coach::Card;
use crate::config::exceptions::Settings;
use crate::error::Error;
use crate::judge::Standing;
use crate::judge::baseline::{self, Baseline};
use crate::judge::exception::{self, Exception, Exceptions, Fault};
use crate::judge::salt::ValueHash;
use crate::lists::{self, BYTES_AT_MOST, KNOWN, List, Sight};
use crate::scan::Finding;
use crate::source::{ChangeSet, Origin, Repo};
use crate::text::{Count, Escaped};
use gix_hash::ObjectId;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

/// What a repository's files say was decided.
pub(in crate::cli) struct Decided {
    place: Place,
    today: Date,
    /// What is configured of exceptions.
    settings: Settings,
    /// The repository's shared folder.
    folder: Option<PathBuf>,
    stretches: OnceLock<Stretches>,
    exceptions: OnceLock<Read<Exceptions>>,
    baseline: OnceLock<Read<Baseline>>,
    committed: OnceLock<Read<Lists>>,
    present: OnceLock<Read<Lists>>,
    /// Whose approvals count; looked up only once an exception is met.
    trust: OnceLock<Option<Trust>>,
    /// What exceptions lack, by the path of what they let through.
    lacks: Mutex<Lacks>,
    /// Whether the lists of a commit count for that commit.
    own_lists_count: bool,
}

/// What an exception lacks, by its hash and the path of what it lets through.
type Lacks = BTreeMap<(ValueHash, Vec<u8>), Option<String>>;

/// What there is to look things up in.
enum Place {
    /// No repository.
    Nowhere,
    /// A repository without a work tree.
    Bare,
    /// A work tree, by its top.
    Tree(PathBuf),
}

/// What was read, and what of it could not be.
#[derive(Default)]
struct Read<T> {
    it: T,
    told: Vec<String>,
}

/// Lists by name.
#[derive(Default)]
pub(in crate::cli) struct Lists(Vec<(&'static str, List)>);

impl Lists {
    fn covering(&self, sight: &Sight<'_>) -> Option<&'static str> {
        let covers = |list: &List| list.entries.iter().any(|entry| entry.covers(sight));
        self.0.iter().find(|(_, list)| covers(list)).map(|(name, _)| *name)
    }

    /// Those at the top of a commit.
    fn at(repo: &Repo, commit: ObjectId) -> Result<Read<Self>, Error> {
        let files = repo.top_files(commit)?;
        let blob = |name: &str| files.iter().find(|(file, _)| *file == name).map(|(_, id)| *id);
        Ok(Self::read(|name| blob(name).map(|id| Ok(repo.read(id)?.to_vec()))))
    }

    /// Those in a folder.
    fn in_folder(top: &Path) -> Read<Self> {
        Self::read(|name| match std::fs::read(top.join(name)) {
            Ok(bytes) => Some(Ok(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => Some(Err(error.to_string())),
        })
    }

    fn read(bytes_of: impl Fn(&str) -> Option<Result<Vec<u8>, String>>) -> Read<Self> {
        let mut read = Read::<Self>::default();
        for (name, format) in KNOWN {
            let list = match bytes_of(name) {
                None => continue,
                Some(Ok(bytes)) => lists::read(*format, &bytes),
                Some(Err(why)) => List { entries: Vec::new(), fault: Some(why) },
            };
            if let Some(fault) = &list.fault {
                read.told.push(format!("{name} lets nothing through: {fault}"));
            }
            read.it.0.push((*name, list));
        }
        read
    }
}

/// The lists that matter for what one commit, or the next one, brings.
#[derive(Default)]
pub(in crate::cli) struct Beside {
    /// Lists that come with it: as they are now, and as they were in each parent.
    anew: Vec<(&'static str, List, Vec<List>)>,
    /// All that the commit itself has.
    own: Lists,
}

impl Beside {
    /// Those beside the changes of `set`.
    pub(in crate::cli) fn of(repo: &Repo, set: &ChangeSet) -> Self {
        let mut beside = Self::default();
        for change in &set.changes {
            let known = KNOWN.iter().find(|(name, _)| change.path == *name);
            let Some((name, format)) = known else { continue };
            let read = |id: ObjectId| match repo.read(id) {
                Ok(bytes) if bytes.len() <= BYTES_AT_MOST => lists::read(*format, &bytes),
                Ok(_) | Err(_) => List::default(),
            };
            let before = change.before.iter().flatten().map(|id| read(*id)).collect();
            beside.anew.push((*name, read(change.id), before));
        }
        if let Some(Origin::Commit(id)) = set.changes.first().map(|change| &change.origin)
            // A pushed tree or blob has no lists of its own.
            && let Ok(read) = Lists::at(repo, *id)
        {
            beside.own = read.it;
        }
        beside
    }

    /// The list that has it by an entry which none of the parents' lists has.
    fn anew(&self, sight: &Sight<'_>) -> Option<&'static str> {
        let covers = |list: &List| list.entries.iter().any(|entry| entry.covers(sight));
        let anew =
            |(_, now, before): &&(&str, List, Vec<List>)| covers(now) && !before.iter().any(covers);
        self.anew.iter().find(anew).map(|(name, ..)| *name)
    }
}

impl Decided {
    /// Looks nothing up yet.
    pub(in crate::cli) fn new(repo: Option<&Repo>, settings: &Settings) -> Self {
        Self {
            settings: settings.clone(),
            place: match repo {
                None => Place::Nowhere,
                Some(repo) => repo.top().map_or(Place::Bare, |top| Place::Tree(top.to_owned())),
            },
            today: env::today(),
            folder: repo.map(|repo| repo.common_dir().to_owned()),
            stretches: OnceLock::new(),
            exceptions: OnceLock::new(),
            baseline: OnceLock::new(),
            committed: OnceLock::new(),
            present: OnceLock::new(),
            trust: OnceLock::new(),
            lacks: Mutex::default(),
            own_lists_count: true,
        }
    }

    /// For what a server is sent: only what stands on its default branch before the push
    /// counts, for all else is the pusher's own word.
    pub(in crate::cli) fn on_server(settings: &Settings) -> Self {
        Self { place: Place::Bare, own_lists_count: false, ..Self::new(None, settings) }
    }

    /// What was decided about a finding of a commit, or of the index.
    pub(in crate::cli) fn in_git(
        &self,
        finding: &Finding,
        sight: &Sight<'_>,
        beside: &Beside,
    ) -> Standing {
        self.standing(finding, sight.path, beside.anew(sight), || {
            let own = || beside.own.covering(sight).filter(|_| self.own_lists_count);
            self.committed().it.covering(sight).or_else(own)
        })
    }

    /// What was decided about a finding of a file, in a repository or not.
    pub(in crate::cli) fn in_files(&self, finding: &Finding, sight: &Sight<'_>) -> Standing {
        if sight.path.is_empty() {
            return self.standing(finding, b"", None, || None);
        }
        let listed = self.committed().it.covering(sight);
        let anew = if listed.is_none() { self.present().it.covering(sight) } else { None };
        self.standing(finding, sight.path, anew, || listed)
    }

    /// Why an exception that has not ended does not count.
    fn fault(
        &self,
        hash: ValueHash,
        exception: &Exception,
        finding: &Finding,
        path: &[u8],
    ) -> Option<String> {
        exception.fault(self.today, self.settings.max).or_else(|| {
            let trust = self.trust.get_or_init(|| {
                let repo =
                    crate::cli::open().ok().filter(|_| !matches!(self.place, Place::Nowhere))?;
                Some(Trust::of(&repo, &self.settings, !self.own_lists_count))
            });
            let Some(trust) = trust else {
                let asks = self.settings.asks_approval(finding.rule.severity);
                return asks.then(|| "there is no repository to find its approval in".to_owned());
            };
            if !trust.settings.asks_approval(finding.rule.severity) {
                return None;
            }
            // The same exception is met in many places, and its signature holds in all.
            let key = (hash, path.to_vec());
            let mut known = self.lacks.lock().unwrap_or_else(PoisonError::into_inner);
            let lack = || match crate::cli::open() {
                Ok(repo) => trust.lack(&repo, (hash, finding.rule.id, exception), path),
                Err(error) => Some(format!("its approval cannot be looked up: {error}")),
            };
            known.entry(key).or_insert_with(lack).clone()
        })
    }

    fn standing(
        &self,
        finding: &Finding,
        path: &[u8],
        anew: Option<&'static str>,
        listed: impl FnOnce() -> Option<&'static str>,
    ) -> Standing {
        let found = self.exceptions().it.find(finding, self.stretches());
        let exception = found.map(|(_, exception)| exception);
        if let Some((hash, exception)) = found.filter(|(_, it)| it.is_live(self.today)) {
            return match self.fault(hash, exception, finding, path) {
                None => Standing::Excepted(exception.clone()),
                Some(why) => Standing::Void(exception.clone(), why),
            };
        }
        // A decision that has ended is one to make again: the baseline does not stand in.
        if exception.is_none() && self.baseline().it.of(finding, self.stretches()).is_some() {
            return Standing::Baselined;
        }
        match (anew, exception) {
            (Some(list), None) => Standing::ListedAnew(list),
            (Some(_), Some(expired)) => Standing::Expired(expired.clone()),
            (None, exception) => match (listed(), exception) {
                (Some(list), _) => Standing::Listed(list),
                (None, Some(expired)) => Standing::Expired(expired.clone()),
                (None, None) => Standing::Open,
            },
        }
    }

    /// What of the files that were looked up could not be read.
    pub(in crate::cli) fn told(&self) -> impl Iterator<Item = String> {
        let exceptions = self.exceptions.get().map(|read| &read.told);
        let baseline = self.baseline.get().map(|read| &read.told);
        let trust = self.trust.get().and_then(Option::as_ref).map(|trust| &trust.told);
        let lists = [self.committed.get(), self.present.get()].into_iter().flatten();
        exceptions
            .into_iter()
            .chain(baseline)
            .chain(trust)
            .chain(lists.map(|read| &read.told))
            .flatten()
            .cloned()
    }

    /// The path of a file from the top of the repository; nothing when it is not in it.
    pub(in crate::cli) fn path_in_repository(&self, path: &Path) -> Option<Vec<u8>> {
        let Place::Tree(top) = &self.place else { return None };
        let path = std::fs::canonicalize(path).ok()?;
        let path = path.strip_prefix(std::fs::canonicalize(top).ok()?).ok()?;
        Some(path.as_os_str().as_encoded_bytes().to_vec())
    }

    /// What makes the hashes that may be guessed.
    pub(in crate::cli) fn stretches(&self) -> &Stretches {
        self.stretches.get_or_init(|| Stretches::of(self.folder.as_deref()))
    }

    fn exceptions(&self) -> &Read<Exceptions> {
        self.exceptions.get_or_init(|| {
            let parse = |bytes: &[u8]| {
                let it = Exceptions::parse(bytes);
                (it.faults.clone(), it)
            };
            read_file(&self.place, exception::FILE, parse)
        })
    }

    fn baseline(&self) -> &Read<Baseline> {
        self.baseline.get_or_init(|| {
            let parse = |bytes: &[u8]| {
                let it = Baseline::parse(bytes);
                (it.faults.clone(), it)
            };
            read_file(&self.place, baseline::FILE, parse)
        })
    }

    /// The lists of `HEAD`.
    fn committed(&self) -> &Read<Lists> {
        self.committed.get_or_init(|| {
            if matches!(self.place, Place::Nowhere) {
                return Read::default();
            }
            let read = || {
                let repo = crate::cli::open()?;
                repo.head()?.commit.map_or_else(|| Ok(Read::default()), |id| Lists::at(&repo, id))
            };
            read().unwrap_or_else(|error: Error| Read {
                it: Lists::default(),
                told: vec![format!("other tools' lists let nothing through: {error}")],
            })
        })
    }

    /// The lists as they lie there.
    fn present(&self) -> &Read<Lists> {
        self.present.get_or_init(|| match &self.place {
            Place::Tree(top) => Lists::in_folder(top),
            Place::Nowhere | Place::Bare => Read::default(),
        })
    }
}

/// What leakcoach's own file `name` says, and what of it cannot be read.
fn read_file<T: Default>(
    place: &Place,
    name: &str,
    parse: impl Fn(&[u8]) -> (Vec<Fault>, T),
) -> Read<T> {
    match bytes_of(place, name) {
        Ok(bytes) => {
            let (faults, it) = parse(&bytes);
            let told = faults.iter().map(|fault| format!("{name}:{}: {}", fault.line, fault.what));
            Read { told: told.collect(), it }
        }
        Err(why) => {
            let told = vec![format!("{name} lets nothing through: {why}")];
            Read { it: T::default(), told }
        }
    }
}

/// The file as it lies in the work tree; that of `HEAD` where there is none.
fn bytes_of(place: &Place, name: &str) -> Result<Vec<u8>, String> {
    let bytes = match place {
        Place::Nowhere => Vec::new(),
        Place::Bare => committed_file(name).map_err(|error| error.to_string())?,
        Place::Tree(top) => small_file(top, name)?,
    };
    if bytes.len() > most_of(name) { Err("it is too large".to_owned()) } else { Ok(bytes) }
}

fn committed_file(name: &str) -> Result<Vec<u8>, Error> {
    let repo = crate::cli::open()?;
    let Some(head) = repo.head()?.commit else { return Ok(Vec::new()) };
    let Some(blob) = repo.file_at(head, name.as_bytes())? else {
        return Ok(Vec::new());
    };
    let unread = |why| Error::Repository { what: name.to_owned(), why };
    Ok(repo.read(blob).map_err(unread)?.to_vec())
}

/// What to say of findings that went through by what was decided before: a line for the
/// baseline and each list, and one for each exception that ends soon.
pub(in crate::cli) fn words_for(settled: &[Card]) -> Vec<String> {
    let today = env::today();
    let (mut excepted, mut baselined) = (0, 0);
    let (mut listed, mut soon) = (BTreeMap::new(), Vec::new());
    for card in settled {
        match &card.judgement.standing {
            Standing::Excepted(exception) => {
                excepted += 1;
                if let Some(until) = exception.until.filter(|_| exception.ends_soon(today)) {
                    let (path, line) = (card.full_path(), card.line);
                    soon.push(format!("{path}:{line}: its exception ends on {until}"));
                }
            }
            Standing::Baselined => baselined += 1,
            Standing::Listed(list) => *listed.entry(*list).or_insert(0) += 1,
            Standing::Open
            | Standing::Expired(_)
            | Standing::Void(..)
            | Standing::ListedAnew(_) => {}
        }
    }
    let mut words = Vec::new();
    if excepted > 0 {
        let count = Count(excepted, "finding");
        words.push(format!("{count} let through by {}", exception::FILE));
    }
    if baselined > 0 {
        let be = if baselined == 1 { "is" } else { "are" };
        words.push(format!("{} {be} in the baseline", Count(baselined, "finding")));
    }
    for (list, count) in listed {
        let (count, list) = (Count(count, "finding"), Escaped(list.as_bytes()));
        words.push(format!("{count} let through by {list}; to give that an end: leakcoach import"));
    }
    words.extend(soon);
    words
}
