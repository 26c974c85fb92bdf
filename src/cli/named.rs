//! The finding that a person names: by its id on a card, by its place, or not at all
//! where there is only one.

use crate::catalogue::{Catalogue, Kind, Rule};
use crate::cli::check::checked::Checked;
use crate::cli::check::going::Going;
use crate::cli::check::past;
use crate::cli::check::run::Check;
use crate::cli::check::stand::Seen;
use crate::coach::Card;
use crate::error::Error;
use crate::judge::Exposure;
use crate::judge::fingerprint::FindingId;
use crate::judge::policy::Facts;
use crate::report;
use crate::scan::{Confidence, Finding};
use crate::secret::Secret;
#[cfg(feature = "fix")]
use crate::source::Medium;
use crate::source::role::FileRole;
use crate::source::{Repo, index, range, worktree};
use crate::text::{Count, Escaped};
use bstr::{BString, ByteSlice};
use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::sync::{Arc, Mutex, PoisonError};

/// A finding with its credential, and one place where it stands.
#[derive(Debug)]
pub(super) struct Named {
    /// Its id on the card.
    pub(super) id: FindingId,
    pub(super) rule: &'static Rule,
    pub(super) secret: Secret,
    /// The identifier that belongs to it, such as the id of an AWS key.
    pub(super) companion: Option<(&'static Rule, Secret)>,
    pub(super) confidence: Confidence,
    /// From the top of the repository; of a member of an archive, with the archive's path.
    pub(super) path: BString,
    /// The same, with what is a credential in it masked.
    pub(super) shown_path: BString,
    /// Whether it is in an archive.
    pub(super) packed: bool,
    /// One-based.
    pub(super) line: usize,
    pub(super) role: FileRole,
    pub(super) exposure: Exposure,
    /// The whole id of the commit it was seen in; nothing when it is in none yet.
    pub(super) commit: Option<String>,
    #[cfg(feature = "fix")]
    pub(super) medium: Medium,
    /// What policy may ask of it.
    pub(super) facts: Facts,
}

impl Named {
    fn of(seen: &Seen<'_>) -> Option<Self> {
        let finding = seen.finding;
        let text = seen.stand.text;
        let companion = finding
            .companion
            .as_ref()
            .and_then(|(rule, span)| Some((*rule, Secret::new(text.get(span.clone())?))));
        Some(Self {
            id: seen.id?,
            rule: finding.rule,
            secret: Secret::new(finding.secret.expose()),
            companion,
            confidence: finding.confidence,
            path: seen.stand.path.into(),
            shown_path: seen.path.into(),
            packed: seen.stand.archive.is_some(),
            line: seen.line,
            role: seen.role,
            exposure: seen.exposure,
            commit: seen.stand.commit_id(),
            #[cfg(feature = "fix")]
            medium: seen.stand.medium,
            facts: Facts::of(finding, seen.context),
        })
    }

    /// It as a finding again, for what is asked of its value alone.
    pub(super) fn finding(&self) -> Finding {
        Finding {
            rule: self.rule,
            span: 0..0,
            secret_span: 0..0,
            secret: Secret::new(self.secret.expose()),
            confidence: self.confidence,
            notes: Vec::new(),
            companion: None,
        }
    }

    /// `github-pat 7h2kq9xw at config/app.py:12`.
    pub(super) fn shown(&self) -> String {
        format!("{} {} at {}:{}", self.rule.id, self.id, Escaped(&self.shown_path), self.line)
    }
}

/// The places of one finding, and its cards.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// The first is the nearest to being sent.
    pub(super) all: Vec<Named>,
    pub(super) cards: Vec<Card>,
}

/// The places of a credential, as [`find_any`].
///
/// # Errors
/// As those of [`find_any`]; and what is named is no credential, so that there is no value
/// to be taken out, revoked or kept.
pub(super) fn find(repo: &Repo, name: Option<&str>) -> Result<Places, Error> {
    credentials(find_any(repo, name)?)
}

/// Of what was found, the credentials.
///
/// # Errors
/// None of it is one.
pub(super) fn credentials(mut found: Places) -> Result<Places, Error> {
    let named = found.all.first().map(|one| (one.rule.id, one.id));
    found.all.retain(|one| one.rule.kind != Kind::Privilege);
    match named {
        Some((rule, id)) if found.all.is_empty() => Err(Error::Usage(format!(
            "{rule} is no credential, but a change that permits more: what to do instead tells \
             leakcoach explain {id}"
        ))),
        Some(_) | None => Ok(found),
    }
}

/// All places of the finding called `name`, those that are nearest to being sent first:
/// staged, then in commits that no remote has, then in the work tree, then in history.
/// Without a name, the one finding that is staged or unpushed.
///
/// # Errors
/// There is no such finding; or there are several and none was named.
pub(super) fn find_any(repo: &Repo, name: Option<&str>) -> Result<Places, Error> {
    let seen: Arc<Mutex<Vec<Named>>> = Arc::default();
    let into = Arc::clone(&seen);
    let check = Check::new(Some(repo), &[])?.watched(Box::new(move |found: &Seen<'_>| {
        let mut into = into.lock().unwrap_or_else(PoisonError::into_inner);
        into.extend(Named::of(found));
    }));
    let mut check = check.going(Going::to_commit());
    check.watches_privileges = true;
    let mut checked = Checked::default();
    let mut found = Places::default();
    let called = |one: &Named| name.is_none_or(|name| is_called(one, name));
    let mut take = |checked: &mut Checked| {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        found.all.extend(seen.drain(..).filter(called));
        found.cards.append(&mut checked.cards);
        !found.all.is_empty()
    };

    check.changes(repo, &index::staged(repo)?, &mut checked)?;
    let check = check.going(Going::default());
    for set in range::unpushed(repo)?.change_sets(repo)? {
        check.changes(repo, &set, &mut checked)?;
    }
    let mut known = take(&mut checked);
    if !known && repo.top().is_some() {
        check.changes(repo, &worktree::all_changes(repo)?, &mut checked)?;
        known = take(&mut checked);
    }
    if let Some(head) = repo.head()?.commit.filter(|_| !known && name.is_some()) {
        check.changes(repo, &range::whole(repo, head)?, &mut checked)?;
        known = take(&mut checked);
    }
    if !known && name.is_some() {
        report::notice("it is not in what is here now: looking through the history");
        let mut past = past::files(&check, repo)?;
        known = take(&mut past);
    }
    match name {
        None => {
            found.all.retain(|one| one.rule.kind != Kind::Privilege);
            only_one(&found.all)?;
        }
        Some(_) if known => {}
        Some(name) => {
            let nearest = Catalogue::builtin().nearest(name).map(str::to_owned);
            return Err(Error::UnknownId { id: name.to_owned(), nearest });
        }
    }
    let ids: Vec<FindingId> = found.all.iter().map(|one| one.id).collect();
    found.cards.retain(|card| card.id.is_some_and(|id| ids.contains(&id)));
    Ok(found)
}

/// One place of each credential that is staged or in commits that no remote has, and
/// with `past` of each in all of history.
pub(super) fn all(repo: &Repo, past: bool) -> Result<Vec<Named>, Error> {
    let seen: Arc<Mutex<Vec<Named>>> = Arc::default();
    let into = Arc::clone(&seen);
    let check = Check::new(Some(repo), &[])?.watched(Box::new(move |found: &Seen<'_>| {
        let mut into = into.lock().unwrap_or_else(PoisonError::into_inner);
        into.extend(Named::of(found));
    }));
    let mut checked = Checked::default();
    check.changes(repo, &index::staged(repo)?, &mut checked)?;
    for set in range::unpushed(repo)?.change_sets(repo)? {
        check.changes(repo, &set, &mut checked)?;
    }
    if past {
        let _checked = past::files(&check, repo)?;
    }
    let mut known = BTreeSet::new();
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(seen.drain(..).filter(|one| known.insert(one.id)).collect())
}

/// What of one credential is here now, in files that git keeps or would take in.
#[derive(Debug, Default)]
pub(super) struct Here {
    /// In the index or the work tree, or in a file of the last commit that is unchanged.
    pub(super) unmended: Vec<Named>,
    /// In the last commit, in files that have changed since and have it no longer.
    pub(super) uncommitted: Vec<Named>,
}

/// Where the credential called `id` is now.
pub(super) fn here(repo: &Repo, id: FindingId) -> Result<Here, Error> {
    let seen: Arc<Mutex<Vec<Named>>> = Arc::default();
    let into = Arc::clone(&seen);
    let check = Check::new(Some(repo), &[])?.watched(Box::new(move |found: &Seen<'_>| {
        let mut into = into.lock().unwrap_or_else(PoisonError::into_inner);
        into.extend(Named::of(found).filter(|one| one.id == id));
    }));
    let mut checked = Checked::default();
    let mut here = Here::default();
    let mut changed = BTreeSet::new();
    let take = || {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.drain(..).collect::<Vec<Named>>()
    };
    let now = match repo.top() {
        Some(_) => worktree::all_changes(repo)?,
        None => index::staged(repo)?,
    };
    changed.extend(now.changes.iter().map(|change| change.path.clone()));
    check.changes(repo, &now, &mut checked)?;
    here.unmended = take();
    if let Some(head) = repo.head()?.commit {
        check.changes(repo, &range::whole(repo, head)?, &mut checked)?;
        let is_gone = |path: &BString| {
            repo.top().is_some_and(|top| {
                let path = top.join(std::ffi::OsStr::from_bytes(path));
                path.symlink_metadata().is_err()
            })
        };
        let is_mended =
            |one: &Named| changed.contains(&one.path) || !one.packed && is_gone(&one.path);
        let (uncommitted, unmended) = take().into_iter().partition(is_mended);
        here.uncommitted = uncommitted;
        here.unmended.extend::<Vec<Named>>(unmended);
    }
    Ok(here)
}

/// Whether `name` is its id, its rule's or its place's.
fn is_called(one: &Named, name: &str) -> bool {
    one.id.to_string() == name
        || one.rule.id == name
        || name
            .rsplit_once(':')
            .is_some_and(|(path, line)| one.path.as_bstr() == path && line.parse() == Ok(one.line))
}

/// That one credential and no more is `found`.
fn only_one(found: &[Named]) -> Result<(), Error> {
    let ids: BTreeSet<FindingId> = found.iter().map(|one| one.id).collect();
    if ids.len() == 1 {
        return Ok(());
    }
    if ids.is_empty() {
        let what = "no credential is staged, unpushed or changed: name one by its id";
        return Err(Error::Usage(what.to_owned()));
    }
    let lines: BTreeSet<String> = found.iter().map(|one| format!("\n  {}", one.shown())).collect();
    let lines: String = lines.into_iter().take(20).collect();
    let count = Count(ids.len(), "credential");
    Err(Error::Usage(format!("there are {count}; say which:{lines}")))
}
