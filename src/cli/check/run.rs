//! What every check of one run shares, and how it scans.

use crate::catalogue::{Catalogue, Rule};
use crate::cli::check::decided::Decided;
use crate::cli::check::going::Going;
use crate::cli::check::stand::Watch;
use crate::cli::check::trails::Trails;
use crate::cli::check::users::{announce, scanner};
use crate::cli::env;
use crate::cli::key::{self, Kept};
use crate::cli::long;
use crate::config::Config;
use crate::error::Error;
use crate::judge::fingerprint::FindingId;
use crate::judge::{Actor, Exposure, Terminal};
use crate::scan::{Finding, Found, Scanner, Text};
use crate::secret::Secret;
use crate::source::role::role_of;
use crate::source::{Coverage, Repo, Unread, Work};
use gix_hash::ObjectId;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// What every check of one run shares.
pub(in crate::cli) struct Check {
    pub(in crate::cli) config: Config,
    scanner: Scanner,
    pub(super) actor: Actor,
    pub(super) terminal: Terminal,
    /// The repository's shared folder, which holds the key of ids.
    folder: Option<PathBuf>,
    /// Where git LFS keeps its objects; looked up only once there is a pointer.
    store: OnceLock<Option<PathBuf>>,
    key: OnceLock<Option<Kept>>,
    pub(in crate::cli) decided: Decided,
    /// How far the credentials of commits have come.
    pub(in crate::cli) committed: Exposure,
    /// The last commit, where a run is about that one alone.
    pub(in crate::cli) head: Option<ObjectId>,
    pub(in crate::cli) going: Going,
    /// The branch of the work tree; looked up only once there is a finding.
    branch: OnceLock<Option<String>>,
    pub(in crate::cli) trails: Trails,
    /// The top of the work tree.
    pub(super) top: Option<PathBuf>,
    pub(super) watch: Option<Watch>,
    /// Whether risky changes are given to who watches, beside credentials.
    pub(in crate::cli) watches_privileges: bool,
    /// Whether files without a before are looked at for what they permit.
    pub(in crate::cli) whole_privileges: bool,
    /// What it is a part of, which may be stopped.
    pub(in crate::cli) work: Work,
}

impl Check {
    /// A check by the repository's configuration, by the defaults where there is none,
    /// and by the rule files `given`.
    pub(in crate::cli) fn new(repo: Option<&Repo>, given: &[PathBuf]) -> Result<Self, Error> {
        let config = Config::load_with(&env::outside()?, repo.and_then(Repo::top), given)?;
        let actor = env::actor();
        Ok(Self {
            terminal: env::terminal(&actor),
            actor,
            folder: repo.map(|repo| repo.common_dir().to_owned()),
            top: repo.and_then(Repo::top).map(Path::to_owned),
            key: key::shared()?.map_or_else(OnceLock::new, |kept| Some(kept).into()),
            ..Self::of(Decided::new(repo, &config.exceptions), config)
        })
    }

    /// A check by `config`, of nobody's repository.
    fn of(decided: Decided, config: Config) -> Self {
        announce(&config.users);
        Self {
            scanner: scanner(&config),
            config,
            actor: Actor::Person,
            terminal: Terminal::Absent,
            folder: None,
            store: OnceLock::new(),
            key: OnceLock::new(),
            decided,
            committed: Exposure::Committed,
            head: None,
            going: Going::default(),
            branch: OnceLock::new(),
            trails: Trails::default(),
            top: None,
            watch: None,
            watches_privileges: false,
            whole_privileges: false,
            work: long::work(),
        }
    }

    /// The same check where nobody is asked, whoever sits there: its judgement is to be that
    /// of any other machine.
    pub(in crate::cli) fn unattended(self) -> Self {
        Self { terminal: Terminal::Absent, ..self }
    }

    /// The same check for an agent, which nobody can be asked through.
    pub(in crate::cli) fn by_agent(self, name: &'static str) -> Self {
        Self { terminal: Terminal::Absent, actor: Actor::Agent(name), ..self }
    }

    /// The same check by another repository's configuration.
    pub(in crate::cli) fn by(self, config: Config) -> Self {
        Self { scanner: scanner(&config), config, ..self }
    }

    /// A few bits of the key of ids.
    pub(in crate::cli) fn key_check(&self) -> Option<String> {
        self.key().map(|kept| kept.key.check())
    }

    /// Says where it is going.
    pub(in crate::cli) fn going(self, going: Going) -> Self {
        Self { going, ..self }
    }

    /// Gives each finding to `watch` as well.
    pub(in crate::cli) fn watched(self, watch: Watch) -> Self {
        Self { watch: Some(watch), ..self }
    }

    /// A check of what a server is sent. Ids of findings would be the server's own, of no
    /// use to the pusher: there are none.
    pub(in crate::cli) fn on_server(repo: &Repo, config: Config) -> Self {
        let mut check = Self::of(Decided::on_server(&config.exceptions), config);
        check.store = Some(repo.lfs_folder()).into();
        check.committed = Exposure::Received;
        if !check.config.server.markers {
            check.scanner = check.scanner.ignoring_markers();
        }
        check
    }

    /// The branch of the work tree.
    pub(in crate::cli) fn branch(&self) -> Option<String> {
        let branch = self.branch.get_or_init(|| {
            self.folder.as_ref()?;
            let branch = crate::cli::open().ok()?.head().ok()?.branch.clone()?;
            Some(branch.to_string())
        });
        branch.clone()
    }

    /// Where git LFS keeps its objects.
    pub(in crate::cli) fn store(&self) -> Option<&Path> {
        let look =
            || self.folder.as_ref().and_then(|_| Some(crate::cli::open().ok()?.lfs_folder()));
        self.store.get_or_init(look).as_deref()
    }

    /// The rule called `id`, leakcoach's or a user's.
    pub(in crate::cli) fn rule(&self, id: &str) -> Option<&'static Rule> {
        self.config.users.rule(id).or_else(|| Catalogue::builtin().rule(id))
    }

    /// The id of a value that a rule found.
    pub(in crate::cli) fn id_of(&self, rule: &str, secret: &Secret) -> Option<FindingId> {
        self.key().map(|kept| kept.key.id(rule, secret))
    }

    /// The id of a finding; made only once there is one.
    pub(super) fn id(&self, finding: &Finding) -> Option<FindingId> {
        self.id_of(finding.rule.id, &finding.secret)
    }

    pub(super) fn key(&self) -> Option<&Kept> {
        self.key.get_or_init(|| self.folder.as_deref().and_then(key::key)).as_ref()
    }

    /// All that the active rules find, and in `coverage` which of them stopped.
    pub(in crate::cli) fn scan(&self, path: &[u8], bytes: &[u8], coverage: &mut Coverage) -> Found {
        self.scan_text(&Text { bytes, path, role: role_of(path) }, coverage)
    }

    /// Whether there could be anything to tell of in these parts of a file.
    pub(in crate::cli) fn tells(&self, path: &[u8], bytes: &[u8], parts: &[Range<usize>]) -> bool {
        self.scanner.tells(&Text { bytes, path, role: role_of(path) }, parts)
    }

    /// The same of a text whose role is known.
    pub(in crate::cli) fn scan_text(&self, text: &Text<'_>, coverage: &mut Coverage) -> Found {
        let found = self.scanner.scan(text);
        coverage.unread.extend(found.stopped.iter().map(|rule| Unread {
            path: self.shown(text.path),
            why: format!("the rule `{}` matches too often in it", rule.id),
        }));
        found
    }

    /// Whether markers let anything through.
    pub(in crate::cli) fn heeds_markers(&self) -> bool {
        self.scanner.heeds_markers()
    }
}

pub(in crate::cli) fn ignored(config: &Config, path: &[u8]) -> bool {
    !config.ignore.is_empty() && config.ignore.is_match(Path::new(&*String::from_utf8_lossy(path)))
}
