//! From a change to a verdict: the one way through.

use crate::catalogue::{Catalogue, Kind, Rule};
use crate::cli::check::checked::Checked;
use crate::cli::check::decided::{Beside, Decided};
use crate::cli::check::going::Going;
use crate::cli::check::inside::{Inside, contents, fingerprint};
use crate::cli::check::stored::{Earlier, earlier};
use crate::cli::check::trails::Trails;
use crate::cli::check::users::{announce, scanner};
use crate::cli::env;
use crate::cli::key::{self, Kept};
use crate::cli::long;
use crate::cli::mask::masked_line;
use crate::coach::{self, Card, Place};
use crate::config::Config;
use crate::error::Error;
use crate::judge::fingerprint::FindingId;
use crate::judge::stretch::Stretcher;
use crate::judge::{Actor, Context, Exposure, Standing, Terminal};
use crate::lists::Sight;
use crate::scan::{Finding, Found, Note, Scanner, Text};
use crate::secret::Secret;
use crate::source;
use crate::source::lines::{LineStarts, new_lines};
use crate::source::pieces::Piece;
use crate::source::role::{FileRole, role_of};
use crate::source::{Change, ChangeSet, Coverage, Medium, NewLines, Origin, Repo, Unread, Work};
use crate::text::Escaped;
use gix_hash::ObjectId;
use rayon::prelude::*;
use std::collections::HashSet;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Why a blob of a partial clone was not read.
const PROMISED: &str = "a remote promised to send it (partial clone), and nothing is fetched";

/// Below this many changes, starting threads costs more than they save.
const THREADS_FROM: usize = 64;

/// What every check of one run shares.
pub(in crate::cli) struct Check {
    pub(in crate::cli) config: Config,
    scanner: Scanner,
    actor: Actor,
    terminal: Terminal,
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
    top: Option<PathBuf>,
    watch: Option<Watch>,
    /// Whether risky changes are given to who watches, beside credentials.
    pub(in crate::cli) watches_privileges: bool,
    /// Whether files without a before are looked at for what they permit.
    pub(in crate::cli) whole_privileges: bool,
    /// What it is a part of, which may be stopped.
    pub(in crate::cli) work: Work,
}

/// A finding, where it stands, and what was decided about it before.
pub(in crate::cli) struct Seen<'a> {
    pub(in crate::cli) finding: &'a Finding,
    pub(in crate::cli) id: Option<FindingId>,
    /// Its path, fit to be shown.
    pub(in crate::cli) path: &'a [u8],
    pub(in crate::cli) stand: &'a Stand<'a>,
    pub(in crate::cli) role: FileRole,
    /// How far it has come.
    pub(in crate::cli) exposure: Exposure,
    /// One-based.
    pub(in crate::cli) line: usize,
    pub(in crate::cli) standing: &'a Standing,
    pub(in crate::cli) context: &'a Context,
    pub(in crate::cli) by: &'a Stretcher,
}

/// Is given each finding.
pub(in crate::cli) type Watch = Box<dyn Fn(&Seen<'_>) + Send + Sync>;

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
    fn id(&self, finding: &Finding) -> Option<FindingId> {
        self.id_of(finding.rule.id, &finding.secret)
    }

    fn key(&self) -> Option<&Kept> {
        self.key.get_or_init(|| self.folder.as_deref().and_then(key::key)).as_ref()
    }

    /// Checks every change of a set.
    pub(in crate::cli) fn changes(
        &self,
        repo: &Repo,
        set: &ChangeSet,
        checked: &mut Checked,
    ) -> Result<(), Error> {
        checked.coverage.add(self.fit_to_show(set.coverage.clone()));
        self.paths(set, checked);
        let beside = OnceLock::new();
        let set = &Together { set, beside: &beside };
        if set.set.changes.len() < THREADS_FROM {
            let mut changes = set.set.changes.iter();
            return changes.try_for_each(|change| self.change(repo, set, change, checked));
        }
        let size = set.set.changes.len().div_ceil(rayon::current_num_threads().max(1));
        let parts = set.set.changes.chunks(size).map(|part| Ok((repo.reopen()?, part)));
        let parts: Vec<(Repo, &[Change])> = parts.collect::<Result<_, Error>>()?;
        let done: Vec<Checked> = parts
            .into_par_iter()
            .map(|(repo, part)| {
                let mut checked = Checked::default();
                part.iter()
                    .try_for_each(|change| self.change(&repo, set, change, &mut checked))
                    .map(|()| checked)
            })
            .collect::<Result<_, Error>>()?;
        for part in done {
            checked.add(part);
        }
        Ok(())
    }

    fn change(
        &self,
        repo: &Repo,
        set: &Together<'_>,
        change: &Change,
        checked: &mut Checked,
    ) -> Result<(), Error> {
        if self.work.stops() {
            return Ok(());
        }
        self.work.file_done();
        if ignored(&self.config, &change.path) {
            checked.coverage.ignored += 1;
            return Ok(());
        }
        let bytes = match repo.content(change) {
            Ok(bytes) => bytes,
            Err(why) => {
                let path = self.shown(&change.path);
                if repo.lacks_promised(change.id) {
                    let why = PROMISED.to_owned();
                    checked.coverage.unopened.push(Unread { path, why });
                } else {
                    checked.coverage.unread.push(Unread { path, why });
                }
                return Ok(());
            }
        };
        checked.coverage.read += 1;
        checked.coverage.bytes += bytes.len() as u64;
        let (exposure, commit) = self.standing_of(&change.origin);
        let commit = commit.as_deref();
        let stand = Stand {
            path: &change.path,
            raw: &bytes,
            text: &bytes,
            archive: None,
            exposure,
            commit,
            place: Where::Git(repo, set, &change.origin),
            medium: Medium::File,
            writer: None,
        };
        self.stored(&stand, &earlier(repo, set.set, change, &self.config), checked);
        self.privileges(repo, set.set, change, &stand, checked)?;
        let inside = self.inside(&stand, &mut checked.coverage);
        let text = source::decode::to_utf8(&bytes);
        let mut found = self.scan(&change.path, &text, &mut checked.coverage);
        // A marker on a new line came with its value: that is worth a word.
        let mut findings = std::mem::take(&mut found.findings);
        findings.append(&mut found.marked);
        findings.retain(|finding| !inside.holds(stand.path, finding));
        if !inside.is_empty() {
            let known = members_before(repo, set.set, change, &self.config)?;
            checked.cards.extend(inside.cards_beside(&known));
            checked.told.extend(self.told());
        }
        if findings.is_empty() {
            return Ok(());
        }
        // Only now is it worth knowing which lines are new.
        let new = self.lines_new_in(repo, set.set, change, &text, &mut checked.coverage)?;
        let lines = LineStarts::of(&text);
        let stand = Stand { text: &text, ..stand };
        for finding in findings {
            let first = lines.line_of(finding.span.start);
            let last = lines.line_of(finding.span.end.saturating_sub(1));
            if new.touch(first, last) {
                checked.cards.push(self.card(&finding, stand.path, &stand, &lines));
            }
        }
        checked.told.extend(self.told());
        Ok(())
    }

    /// The lines of `change` that are in no parent, and in no file it was moved from.
    fn lines_new_in(
        &self,
        repo: &Repo,
        set: &ChangeSet,
        change: &Change,
        text: &[u8],
        coverage: &mut Coverage,
    ) -> Result<NewLines, Error> {
        let mut new = NewLines::All;
        for before in change.before.iter().flatten() {
            let old = match repo.read(*before) {
                Ok(old) => old,
                Err(_) if repo.lacks_promised(*before) => {
                    let why = "its earlier version is in a partial clone's remote and not here: \
                               every line counts as new"
                        .to_owned();
                    coverage.unopened.push(Unread { path: self.shown(&change.path), why });
                    continue;
                }
                Err(why) => return Err(unread_before(why)),
            };
            let old = source::decode::to_utf8(&old);
            new = new.and(new_lines(&old, &source::worktree::beside(change, &old, text))?);
        }
        if change.before.iter().any(Option::is_some) {
            return Ok(new);
        }
        // Moved here: its lines are old, unless they come out of a place that is not checked.
        match set.origin_of(repo, change) {
            Some(carried) if !ignored(&self.config, &carried.path) => {
                let old = repo.read(carried.id).map_err(unread_before)?;
                new_lines(&source::decode::to_utf8(&old), text)
            }
            Some(_) | None => Ok(new),
        }
    }

    /// How far what was found there has come, and the short id of its commit.
    pub(in crate::cli) fn standing_of(&self, origin: &Origin) -> (Exposure, Option<String>) {
        match origin {
            Origin::Index => (Exposure::Staged, None),
            Origin::Commit(id) if self.head == Some(*id) => {
                (self.committed, Some(coach::HEAD.to_owned()))
            }
            Origin::Commit(id) => (self.committed, Some(id.to_hex_with_len(12).to_string())),
            Origin::File | Origin::Stdin => (Exposure::File, None),
        }
    }

    /// Checks bytes that are in no commit: every line counts.
    pub(in crate::cli) fn bytes(&self, path: &[u8], bytes: &[u8], checked: &mut Checked) {
        self.piece(path, &Piece::whole(bytes), checked);
    }

    /// Checks a part of a file that is in no commit.
    pub(in crate::cli) fn piece(&self, path: &[u8], piece: &Piece<'_>, checked: &mut Checked) {
        checked.coverage.read += 1;
        checked.coverage.bytes += piece.raw.len() as u64;
        let stand = Stand {
            path,
            raw: piece.raw,
            text: piece.raw,
            archive: None,
            exposure: Exposure::File,
            commit: None,
            place: Where::Files,
            medium: Medium::File,
            writer: None,
        };
        if piece.whole {
            self.stored(&stand, &Earlier::default(), checked);
            if self.whole_privileges {
                self.privileges_of_whole(&stand, checked);
            }
        }
        self.part(&stand, piece, &Earlier::default(), checked);
    }

    /// Checks a part of the file that `outer` is, of which every line counts but for what
    /// stood in it `earlier`.
    pub(in crate::cli) fn part(
        &self,
        outer: &Stand<'_>,
        piece: &Piece<'_>,
        earlier: &Earlier<'_>,
        checked: &mut Checked,
    ) {
        let stand = Stand { raw: piece.raw, text: piece.raw, ..*outer };
        let inside = if piece.whole {
            self.inside(&stand, &mut checked.coverage)
        } else {
            Inside::default()
        };
        let mut found = self.scan(stand.path, &piece.text, &mut checked.coverage);
        let mut findings = std::mem::take(&mut found.findings);
        if stand.exposure != Exposure::File {
            findings.append(&mut found.marked);
        }
        findings.retain(|finding| {
            piece.owns(finding.secret_span.start) && !inside.holds(stand.path, finding)
        });
        if !findings.is_empty() || !inside.is_empty() {
            let before = self.values_before(earlier);
            findings.retain(|finding| !before.values.contains(&fingerprint(finding)));
            checked.cards.extend(inside.cards_beside(&before.members));
            let lines = LineStarts::after(piece.lines_before, &piece.text);
            let stand = Stand { text: &piece.text, ..stand };
            let card = |finding: &Finding| self.card(finding, stand.path, &stand, &lines);
            checked.cards.extend(findings.iter().map(card));
        }
        checked.told.extend(self.told());
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

    /// The card of a finding in the file called `name`, which tells its role.
    pub(in crate::cli) fn card(
        &self,
        finding: &Finding,
        name: &[u8],
        stand: &Stand<'_>,
        lines: &LineStarts,
    ) -> Card {
        let role = stand.medium.role(name);
        let (exposure, trail) = self.trail(finding, stand);
        let context = Context {
            exposure,
            role,
            terminal: self.terminal,
            actor: self.actor.clone(),
            now: env::now(),
            standing: self.standing(finding, stand, lines),
            path: String::from_utf8_lossy(stand.path).into_owned(),
            branch: self.branches().into_iter().next().flatten(),
            remote: self.going.remote,
            transaction: self.config.transaction.or(self.going.transaction),
            profile: self.config.profile.clone(),
        };
        let (id, line) = (self.id(finding), lines.line_of(finding.secret_span.start));
        let path = self.shown(stand.path);
        let watched = finding.rule.kind != Kind::Privilege || self.watches_privileges;
        if let Some(watch) = self.watch.as_ref().filter(|_| watched) {
            let (standing, by) = (&context.standing, self.decided.stretches());
            let exposure = stand.exposure;
            watch(&Seen {
                finding,
                id,
                path: &path,
                stand,
                role,
                exposure,
                line,
                standing,
                context: &context,
                by,
            });
        }
        let judgement = self.judged(finding, &context);
        let archive = stand.archive.map(|path| self.shown(path));
        let writer = stand.writer.map(|writer| self.shown(writer));
        let file = Path::new(std::ffi::OsStr::from_bytes(stand.archive.unwrap_or(stand.path)));
        let (words, own) = self.config.coaching.of(finding.rule, file);
        let masked = if finding.rule.kind == Kind::Privilege {
            self.first_line(&finding.span, stand.text)
        } else {
            masked_line(finding, stand.text)
        };
        let place = Place {
            path: &path,
            archive: archive.as_deref().map(|path| &**path),
            line,
            masked: &masked,
            role,
            exposure,
            commit: stand.commit,
            medium: stand.medium,
            writer: writer.as_deref().map(|writer| &**writer),
            whole_commit: stand.commit_id(),
            region: lines.region(&finding.secret_span, stand.text),
            id_lasts: self.key().is_some_and(|key| key.lasts),
            now: context.now,
            actor: &self.actor,
            trail: trail.as_ref(),
            below_top: !matches!(stand.place, Where::Files)
                && self.top.as_deref().is_some_and(env::is_below),
            words,
            own,
        };
        coach::card(finding, id, judgement, &place)
    }

    /// The first line of what is at `span`, with credentials masked.
    fn first_line(&self, span: &Range<usize>, text: &[u8]) -> Vec<u8> {
        let shown = text.get(span.clone()).unwrap_or_default();
        let line = shown.split(|byte| *byte == b'\n').next().unwrap_or_default();
        self.shown(line.trim_ascii_end()).to_vec()
    }

    /// Masks credentials in what is told of a risky change.
    pub(in crate::cli) fn mask_note(&self, note: &mut Note) {
        if let Note::Widens(words) = note {
            *words = Escaped(&self.shown(words.as_bytes())).to_string();
        }
    }

    /// Whether markers let anything through.
    pub(in crate::cli) fn heeds_markers(&self) -> bool {
        self.scanner.heeds_markers()
    }

    /// What was decided about a finding before, fit to be shown.
    fn standing(&self, finding: &Finding, stand: &Stand<'_>, lines: &LineStarts) -> Standing {
        let mut standing = self.decided_on(finding, stand, lines);
        if let Standing::Excepted(it) | Standing::Expired(it) | Standing::Void(it, _) =
            &mut standing
        {
            it.reason = self.shown(it.reason.as_bytes()).to_string();
        }
        standing
    }

    /// What was decided about a finding before. Lists know an archive, not its members.
    fn decided_on(&self, finding: &Finding, stand: &Stand<'_>, lines: &LineStarts) -> Standing {
        let (file, texts) = (stand.archive.unwrap_or(stand.path), (stand.raw, stand.text));
        match stand.place {
            Where::Git(repo, set, _) => {
                let commit = stand.commit_id();
                let sight = Sight::new(finding, file, texts, lines, commit);
                self.decided.in_git(finding, &sight, set.beside(repo))
            }
            Where::Nowhere => {
                self.decided.in_files(finding, &Sight::new(finding, b"", texts, lines, None))
            }
            Where::Files => {
                let path = Path::new(std::ffi::OsStr::from_bytes(file));
                let path = self.decided.path_in_repository(path).unwrap_or_default();
                self.decided.in_files(finding, &Sight::new(finding, &path, texts, lines, None))
            }
        }
    }
}

/// The changes of one commit, or of the next one.
pub(in crate::cli) struct Together<'a> {
    set: &'a ChangeSet,
    /// The lists that come with them; looked up only once there is a finding.
    beside: &'a OnceLock<Beside>,
}

impl Together<'_> {
    fn beside(&self, repo: &Repo) -> &Beside {
        self.beside.get_or_init(|| Beside::of(repo, self.set))
    }
}

/// Where the text of a finding stands.
#[derive(Clone, Copy)]
pub(in crate::cli) struct Stand<'a> {
    pub(in crate::cli) path: &'a [u8],
    /// The file, or the archive, as it is stored.
    pub(in crate::cli) raw: &'a [u8],
    pub(in crate::cli) text: &'a [u8],
    /// The archive that it is in.
    pub(in crate::cli) archive: Option<&'a [u8]>,
    pub(in crate::cli) exposure: Exposure,
    pub(in crate::cli) commit: Option<&'a str>,
    pub(in crate::cli) place: Where<'a>,
    pub(in crate::cli) medium: Medium,
    /// The job or step that wrote it.
    pub(in crate::cli) writer: Option<&'a [u8]>,
}

impl Stand<'_> {
    /// The commit it is in, in whole.
    pub(in crate::cli) fn commit_id(&self) -> Option<String> {
        match self.place {
            Where::Git(_, _, Origin::Commit(id)) => Some(id.to_hex().to_string()),
            Where::Git(_, _, Origin::Index | Origin::File | Origin::Stdin)
            | Where::Files
            | Where::Nowhere => None,
        }
    }
}

/// Where a file is, for what was decided about its findings before.
#[derive(Clone, Copy)]
pub(in crate::cli) enum Where<'a> {
    /// In the index or a commit, beside other changes.
    Git(&'a Repo, &'a Together<'a>, &'a Origin),
    /// In the file system, or in none.
    Files,
    /// In no file: a message, a name, a log.
    Nowhere,
}

pub(in crate::cli) fn ignored(config: &Config, path: &[u8]) -> bool {
    !config.ignore.is_empty() && config.ignore.is_match(Path::new(&*String::from_utf8_lossy(path)))
}

/// The content of the members that an archive had in a parent, or where it was moved from.
fn members_before(
    repo: &Repo,
    set: &ChangeSet,
    change: &Change,
    config: &Config,
) -> Result<HashSet<[u8; 32]>, Error> {
    let mut before: Vec<_> = change.before.iter().flatten().copied().collect();
    if before.is_empty() {
        let carried = set.origin_of(repo, change);
        before.extend(carried.filter(|from| !ignored(config, &from.path)).map(|from| from.id));
    }
    let mut known = HashSet::new();
    for id in before {
        let old = match repo.read(id) {
            Ok(old) => old,
            // So that all of it counts as new.
            Err(_) if repo.lacks_promised(id) => continue,
            Err(why) => return Err(unread_before(why)),
        };
        contents(&change.path, &old, &mut known);
    }
    Ok(known)
}

pub(in crate::cli) fn unread_before(why: String) -> Error {
    Error::Repository { what: "an earlier version of a changed file".to_owned(), why }
}
