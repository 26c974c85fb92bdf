//! How far findings have come, by what git tells; asked once there is a finding.

use crate::catalogue::Kind;
use crate::cli::check::stand::{Stand, Where};
use crate::scan::Finding;
use crate::source::trail::{self, Course, Reach, Staged, State, Tracked, Trail};
use crate::source::{ChangeSet, Medium, Origin, Remote, Repo, host_and_path};
use bstr::BString;
use gix_hash::ObjectId;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, OnceLock, PoisonError};

/// For so many commits, the names of branches are asked for.
const NAMED_AT_MOST: usize = 16;

/// For so many findings that are staged, all of the last commit is looked through.
const SEARCHES_AT_MOST: usize = 4;

/// For so many findings, the history after them is looked through.
const COURSES_AT_MOST: usize = 16;

/// In a longer history the ways back cost more than all that is scanned.
const CLOSELY_AT_MOST: usize = 500;

/// After so many questions, all that remotes have is worth knowing at once.
const ONE_BY_ONE: usize = 16;

/// What is known so far.
#[derive(Default)]
pub(in crate::cli) struct Trails {
    asked: OnceLock<Option<Mutex<Asked>>>,
    /// How many commits there are, where each of them is told of alike.
    alike: Option<usize>,
}

impl Trails {
    /// Tells of each of so many commits alike, without the names of branches: what several
    /// machines share must not depend on which of them comes to a commit first.
    pub(in crate::cli) fn alike(commits: usize) -> Self {
        Self { alike: Some(commits), ..Self::default() }
    }

    /// What git tells of a finding; nothing where it is in no commit.
    pub(super) fn of(&self, finding: &Finding, stand: &Stand<'_>) -> Option<Trail> {
        let asked = self.asked.get_or_init(|| Asked::new(self.alike).map(Mutex::new)).as_ref()?;
        let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
        match (stand.place, stand.medium) {
            (Where::Git(_, _, Origin::Commit(id)), _) => asked.in_commit(*id, finding, stand),
            (Where::Git(_, beside, Origin::Index), _) => asked.staged(finding, stand, beside.set),
            (Where::Nowhere, Medium::Message | Medium::Path) => {
                let id = asked.repo.commit_id(stand.commit?).ok()?;
                asked.in_commit(id, finding, stand)
            }
            (Where::Git(_, _, Origin::File | Origin::Stdin) | Where::Files | Where::Nowhere, _) => {
                None
            }
        }
    }
}

struct Asked {
    repo: Repo,
    state: State,
    tracked: Tracked,
    remotes: Vec<Remote>,
    known: HashMap<ObjectId, Reach>,
    /// Every commit that a remote has.
    all: Option<HashSet<ObjectId>>,
    courses: usize,
    alike: Option<usize>,
}

impl Asked {
    fn new(alike: Option<usize>) -> Option<Self> {
        let repo = crate::cli::open().ok()?;
        Some(Self {
            state: trail::state(&repo).ok()?,
            tracked: trail::tracked(&repo).ok()?,
            remotes: repo.remotes().ok()?,
            known: HashMap::new(),
            all: None,
            courses: 0,
            alike,
            repo,
        })
    }

    fn reach(&mut self, commit: ObjectId) -> Option<Reach> {
        if let Some(reach) = self.known.get(&commit) {
            return Some(reach.clone());
        }
        if self.known.len() == ONE_BY_ONE {
            self.all = Some(self.tracked.all(&self.repo).ok()?);
        }
        let pushed = match &self.all {
            Some(all) => all.contains(&commit),
            None => self.tracked.has(&self.repo, commit).ok()?,
        };
        let mut reach = self.tracked.reach(pushed);
        if self.alike.is_none() && self.known.len() < NAMED_AT_MOST {
            reach = trail::with_names(&self.repo, commit, reach).ok()?;
        }
        self.known.insert(commit, reach.clone());
        Some(reach)
    }

    fn in_commit(
        &mut self,
        commit: ObjectId,
        finding: &Finding,
        stand: &Stand<'_>,
    ) -> Option<Trail> {
        let reach = self.reach(commit)?;
        self.courses += 1;
        let path = stand.archive.unwrap_or(stand.path);
        let closely = self
            .alike
            .map_or(self.courses <= COURSES_AT_MOST, |commits| commits <= CLOSELY_AT_MOST);
        let in_text = stand.medium == Medium::File && finding.rule.kind != Kind::Privilege;
        let course = if closely && in_text {
            trail::course(&self.repo, commit, path, &finding.secret).ok()?
        } else {
            trail::course_of(&self.repo, commit).ok()?
        };
        Some(self.trail(reach, course))
    }

    fn staged(
        &mut self,
        finding: &Finding,
        stand: &Stand<'_>,
        beside: &ChangeSet,
    ) -> Option<Trail> {
        let (alone, is_value) = (ChangeSet::default(), finding.rule.kind != Kind::Privilege);
        let beside = if is_value { beside } else { &alone };
        self.courses += 1;
        let closely = is_value && self.courses <= SEARCHES_AT_MOST;
        let path = stand.archive.unwrap_or(stand.path);
        let staged = Staged { path, bytes: stand.raw, value: &finding.secret, beside };
        let (course, on) = trail::staged(&self.repo, staged, closely).ok()?;
        let head = self.repo.head().ok()?.commit.filter(|_| !course.held_now.is_empty());
        let reach = match head {
            // The last commit may be here alone, and the value in one that is not.
            _ if !on.is_empty() => Reach { pushed: true, remote_refs: on, ..Reach::default() },
            Some(head) => self.reach(head)?,
            None => Reach::default(),
        };
        Some(self.trail(reach, course))
    }

    fn trail(&self, reach: Reach, course: Course) -> Trail {
        let mut places: Vec<BString> = Vec::new();
        for remote in &self.remotes {
            let its = |name: &BString| {
                name.strip_prefix(remote.name.as_slice()).is_some_and(|rest| rest.starts_with(b"/"))
            };
            if reach.remote_refs.iter().any(its) {
                places.extend(remote.urls.iter().map(|url| host_and_path(url)));
            }
        }
        Trail { reach, state: self.state.clone(), course, places }
    }
}
