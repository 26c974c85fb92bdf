//! What the remote that a push goes to is known to have.

use super::range::commit_of;
use super::remote::{Remote, host_and_path};
use super::repo::{Repo, broken, hex_id};
use crate::error::Error;
use bstr::{BStr, BString, ByteSlice};
use gix_hash::ObjectId;

/// The remote that a push goes to.
#[derive(Clone, Copy)]
pub struct Towards<'a> {
    /// Its name; its address where it has none.
    pub remote: &'a str,
    /// Its address; nothing where that is not known.
    pub url: &'a str,
    /// Whether everybody can read what is at an address.
    pub is_public: &'a dyn Fn(&[u8]) -> bool,
}

/// What a remote has, as far as is known here.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) commits: Vec<ObjectId>,
    /// Tracking branches that do not stand where the remote's branch does.
    pub(super) stale: Vec<BString>,
}

/// A branch of the remote as git has just heard of it: its full name there, and where it
/// stands if it is there.
pub(super) type Heard<'a> = (&'a BStr, Option<ObjectId>);

impl<'a> Towards<'a> {
    /// A remote of which nothing but the name is known.
    pub fn named(remote: &'a str) -> Self {
        Self { remote, url: "", is_public: &|_| false }
    }

    /// The commits that its tracking branches stand at, but for those branches of which git
    /// has just `heard` otherwise.
    ///
    /// A remote without tracking branches is taken to have what any other has; a public one
    /// only what is public already.
    pub(super) fn known(self, repo: &Repo, heard: &[Heard<'_>]) -> Result<Known, Error> {
        let all = tracking_branches(repo)?;
        if all.is_empty() {
            return Ok(Known::default());
        }
        let remotes = repo.remotes()?;
        let branches = all.iter().map(|(name, id)| (name, *id, self.owner(name, &remotes)));
        let branches: Vec<_> = branches.collect();
        let (mut known, mut any) = (Known::default(), false);
        for (name, id, owner) in &branches {
            let Some(owner) = owner.filter(|owner| self.is(owner, &remotes)) else { continue };
            any = true;
            let prefix = ["refs/remotes/".as_bytes(), owner, b"/"].concat();
            let branch = name.strip_prefix(prefix.as_slice()).unwrap_or_default();
            let is_it = |full: &BStr| full.strip_prefix(b"refs/heads/") == Some(branch);
            match heard.iter().find(|(full, _)| is_it(full)) {
                Some((_, there)) if *there != Some(*id) => known.stale.push((*name).clone()),
                Some(_) | None => known.commits.push(*id),
            }
        }
        if !any {
            let public = !self.url.is_empty() && (self.is_public)(self.url.as_bytes());
            let counts = |owner: Option<&[u8]>| {
                let owner = remotes.iter().find(|remote| Some(remote.name.as_slice()) == owner);
                !public || owner.is_some_and(|it| it.urls.iter().any(|url| (self.is_public)(url)))
            };
            let others = branches.iter().filter(|(_, _, owner)| counts(*owner));
            known.commits.extend(others.map(|(_, id, _)| *id));
        }
        Ok(known)
    }

    /// The remote that a tracking branch is of: there may be `a` and `a/b`.
    fn owner<'r>(&self, branch: &[u8], remotes: &'r [Remote]) -> Option<&'r [u8]>
    where
        'a: 'r,
    {
        let branch = branch.strip_prefix(b"refs/remotes/")?;
        let names = remotes.iter().map(|remote| remote.name.as_slice());
        names
            .chain([self.remote.as_bytes()])
            .filter(|name| branch.strip_prefix(*name).is_some_and(|rest| rest.starts_with(b"/")))
            .max_by_key(|name| name.len())
    }

    /// Whether the remote called `name` is this one, or at its address.
    fn is(&self, name: &[u8], remotes: &[Remote]) -> bool {
        let same = |remote: &Remote| {
            let place = host_and_path(self.url.as_bytes());
            remote.name == name && remote.urls.iter().any(|url| host_and_path(url) == place)
        };
        name == self.remote.as_bytes() || (!self.url.is_empty() && remotes.iter().any(same))
    }
}

/// Every tracking branch, and the commit it stands at. `origin/HEAD` is none: it names one.
pub(super) fn tracking_branches(repo: &Repo) -> Result<Vec<(BString, ObjectId)>, Error> {
    let what = "the tracking branches";
    let mut branches = Vec::new();
    if let Some(native) = repo.native() {
        let failed = |error: git2::Error| broken(what, &error);
        for reference in native.references_glob("refs/remotes/*").map_err(failed)? {
            let reference = reference.map_err(failed)?;
            if reference.kind() == Some(git2::ReferenceType::Symbolic) {
                continue;
            }
            // What points nowhere hides nothing.
            if let Some(commit) = commit_of(repo, &reference) {
                branches.push((reference.name_bytes().into(), commit));
            }
        }
        return Ok(branches);
    }
    let format = "--format=%(objectname) %(objecttype) %(refname) %(symref)";
    let lines = repo.git().ask(what, &["for-each-ref", format, "refs/remotes/"])?;
    for line in lines.lines() {
        if let [id, b"commit", name, b""] = line.splitn_str(4, " ").collect::<Vec<_>>().as_slice() {
            branches.push(((*name).into(), hex_id(what, id)?));
        }
    }
    Ok(branches)
}
