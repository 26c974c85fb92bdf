//! How far a commit has come, and what stands between it and being mended.
//!
//! Facts of git alone, found out once there is a finding: never on a clean commit.

mod course;

pub use course::{Brought, Course, Staged, course, course_of, staged};

use super::repo::{InProgress, Repo};
use super::towards::tracking_branches;
use super::{index, range};
use crate::error::Error;
use bstr::{BString, ByteSlice};
use gix_hash::ObjectId;
use std::collections::HashSet;

/// All that git tells of the way that a credential has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trail {
    /// Who has its commit; of what is staged, who has the last one when it holds it too.
    pub reach: Reach,
    /// What a command that is pasted now would meet.
    pub state: State,
    /// The way from its commit to what is there now.
    pub course: Course,
    /// Where the remotes are that have it: `github.com/acme/app`.
    pub places: Vec<BString>,
}

/// Who has a commit, as far as this repository knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Whether a remote is known to have it.
    pub pushed: bool,
    /// The tracking branches that have it, such as `origin/main`; empty where nobody listed them.
    pub remote_refs: Vec<BString>,
    /// The local branches that have it.
    pub branches: Vec<BString>,
    /// Why more than that cannot be known.
    pub unsure: Option<Unsure>,
}

/// Why it is not known what remotes have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsure {
    /// There is a remote and no tracking branch of it.
    NothingFetched,
    /// A shallow clone: what lies before its edge is not here.
    Shallow,
}

/// The remotes' branches, as they were when they were last heard of.
#[derive(Debug, Clone, Default)]
pub struct Tracked {
    tips: Vec<ObjectId>,
    has_remotes: bool,
    shallow: bool,
}

/// What the remotes are known to have.
///
/// # Errors
/// References cannot be read.
pub fn tracked(repo: &Repo) -> Result<Tracked, Error> {
    let tips = tracking_branches(repo)?.into_iter().map(|(_, id)| id).collect();
    let (has_remotes, shallow) = (!repo.remotes()?.is_empty(), repo.is_shallow()?);
    Ok(Tracked { tips, has_remotes, shallow })
}

impl Tracked {
    fn unsure(&self) -> Option<Unsure> {
        match (self.shallow, self.has_remotes && self.tips.is_empty()) {
            (_, true) => Some(Unsure::NothingFetched),
            (true, false) => Some(Unsure::Shallow),
            (false, false) => None,
        }
    }

    /// Whether a remote is known to have `commit`.
    ///
    /// # Errors
    /// History cannot be read.
    pub fn has(&self, repo: &Repo, commit: ObjectId) -> Result<bool, Error> {
        let own = || range::commits_between(repo, &self.tips, &[commit]);
        Ok(!self.tips.is_empty() && own()?.is_empty())
    }

    /// Every commit that a remote is known to have: for many questions.
    ///
    /// # Errors
    /// History cannot be read.
    pub fn all(&self, repo: &Repo) -> Result<HashSet<ObjectId>, Error> {
        Ok(range::commits_between(repo, &[], &self.tips)?.into_iter().collect())
    }

    /// What is known of a commit that a remote has or not, without the names of branches.
    pub fn reach(&self, pushed: bool) -> Reach {
        let unsure = self.unsure().filter(|_| !pushed);
        Reach { pushed, unsure, ..Reach::default() }
    }
}

/// Adds the names of the branches that have `commit`.
///
/// # Errors
/// git cannot be asked.
pub fn with_names(repo: &Repo, commit: ObjectId, mut reach: Reach) -> Result<Reach, Error> {
    let contains = format!("--contains={commit}");
    // A symbolic one, as origin/HEAD is, names another of them.
    let format = "--format=%(if)%(symref)%(then)%(else)%(refname)%(end)";
    let args = ["for-each-ref", &contains, format, "refs/heads/", "refs/remotes/"];
    for name in repo.git().ask("the branches", &args)?.lines() {
        if let Some(name) = name.strip_prefix(b"refs/remotes/") {
            reach.remote_refs.push(name.into());
        } else if let Some(name) = name.strip_prefix(b"refs/heads/") {
            reach.branches.push(name.into());
        }
    }
    Ok(reach)
}

/// What a command that is pasted now would meet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// The branch; nothing when `HEAD` is detached.
    pub branch: Option<BString>,
    /// What git was in the middle of.
    pub in_progress: Option<InProgress>,
    /// Whether the index holds unresolved conflicts.
    pub conflicted: bool,
    /// Which index the next commit is made from.
    pub staging: Staging,
}

/// Which index the next commit is made from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Staging {
    /// The repository's own: `git commit`.
    #[default]
    Index,
    /// All that is tracked: `git commit -a`.
    All,
    /// Some paths alone: `git commit PATH`.
    Paths,
}

/// What a command would meet now.
///
/// # Errors
/// `HEAD` cannot be read.
pub fn state(repo: &Repo) -> Result<State, Error> {
    Ok(State {
        branch: repo.head()?.branch.clone(),
        in_progress: repo.in_progress(),
        conflicted: index::has_conflicts(repo),
        staging: repo.staging(),
    })
}

#[cfg(test)]
mod tests;
