//! `check --history`: all that was ever committed.

use crate::cli::check::checked::Checked;
use crate::cli::check::run::{Check, ignored};
use crate::cli::check::trails::Trails;
use crate::cli::spread::shard::Share;
use crate::error::Error;
use crate::source::decode::to_utf8;
use crate::source::history::{self, Held, History};
use crate::source::lfs::Pointer;
use crate::source::range::Outgoing;
use crate::source::role::{FileRole, role_of, values_are_bare};
use crate::source::{ChangeSet, Coverage, Repo, Unpacked, Unread, archive, range, words};
use gix_hash::ObjectId;
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::OnceLock;

/// How much of the same text around a change is looked at again, for what begins there: a
/// name before its value, the head of a token. Keys over many lines are longer: what is
/// made of a text that holds one is scanned as a whole.
const AROUND: usize = 256;

/// What a look at one blob gave.
#[derive(Debug)]
enum Look {
    /// Nothing that a card could tell of.
    Clean(u64),
    /// Its commit is to be looked at as a whole.
    Telling,
    /// The configuration leaves it out.
    Ignored,
    /// It could not be read.
    Unread(String),
}

/// All that the rules ask of a path. Users' rules may ask for all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sort {
    role: FileRole,
    bare: bool,
    path: Option<u32>,
}

/// Whether a text of some sort tells nothing, so that only what differs from it is to be
/// scanned in what is made of it.
struct Seen {
    sort: Sort,
    clean: bool,
}

/// Checks all that was ever committed: files, messages, and the names of refs. With a
/// `share`, only what falls to that.
pub(in crate::cli) fn all(
    check: &mut Check,
    repo: &Repo,
    dangling: bool,
    mut share: Option<&mut Share>,
) -> Result<Checked, Error> {
    let history = history::history(repo, dangling)?;
    check.trails = Trails::alike(history.commits.len());
    let held = history.blobs.iter().copied().collect();
    let mut checked = brought(check, repo, history, share.as_deref_mut())?;
    let mut place = 0..;
    for (place, words) in place.by_ref().zip(words::words_of_history(repo, dangling)?) {
        let words = words?;
        if share.as_ref().is_some_and(|share| !share.takes_words(place)) {
            continue;
        }
        check.words(&words, check.committed, &mut checked);
        if let Some(share) = &mut share {
            share.mark_words(place, checked.cards.len());
        }
    }
    for (place, set) in place.zip(without_commit(repo, &held)?) {
        if share.as_ref().is_some_and(|share| !share.takes_words(place)) {
            continue;
        }
        check.changes(repo, &set, &mut checked)?;
        if let Some(share) = &mut share {
            share.mark_words(place, checked.cards.len());
        }
    }
    // So that several shares of a history join to the same account.
    checked.coverage.sort();
    Ok(checked)
}

/// Checks every file that was ever committed.
pub(in crate::cli) fn files(check: &Check, repo: &Repo) -> Result<Checked, Error> {
    let history = history::history(repo, false)?;
    let held = history.blobs.iter().copied().collect();
    let mut checked = brought(check, repo, history, None)?;
    for set in without_commit(repo, &held)? {
        check.changes(repo, &set, &mut checked)?;
    }
    Ok(checked)
}

/// What refs point at without a commit, and no commit holds.
fn without_commit(repo: &Repo, held: &HashSet<ObjectId>) -> Result<Vec<ChangeSet>, Error> {
    let outgoing = Outgoing { bare: history::without_commit(repo)?, ..Outgoing::default() };
    let mut sets = outgoing.change_sets(repo)?;
    for set in &mut sets {
        set.changes.retain(|change| !held.contains(&change.id));
    }
    Ok(sets)
}

/// Checks every blob of the history once, and each commit whose blob tells something
/// against its parents, so that a credential is told of where it came in.
fn brought(
    check: &Check,
    repo: &Repo,
    mut history: History,
    mut share: Option<&mut Share>,
) -> Result<Checked, Error> {
    if let Some(share) = &mut share {
        share.keep(&mut history);
    }
    let mut checked = Checked::default();
    checked.coverage.add(std::mem::take(&mut history.coverage));
    check.work.files(history.held.len());
    let looks = Looks::of(check, &history);
    let rest = history.each_packed(&check.work, |blob| looks.at_packed(blob));
    looks.one_by_one(repo, &rest)?;
    // When it was interrupted, what was found until then is told all the same.
    check.work.end();

    let mut telling: BTreeMap<u32, HashSet<ObjectId>> = BTreeMap::new();
    for (held, look) in history.held.iter().zip(looks.of_held) {
        match look.into_inner() {
            Some(Look::Clean(bytes)) => {
                checked.coverage.read += 1;
                checked.coverage.bytes += bytes;
            }
            Some(Look::Telling) => {
                let blob = history.blobs[held.blob as usize];
                telling.entry(held.commit).or_default().insert(blob);
            }
            Some(Look::Ignored) => checked.coverage.ignored += 1,
            Some(Look::Unread(why)) => {
                let path = history.paths[held.path as usize].clone();
                checked.coverage.unread.push(Unread { path, why });
            }
            None if check.work.was_stopped() => {}
            None => {
                let path = history.paths[held.path as usize].clone();
                let why = "it was not looked at".to_owned();
                checked.coverage.unread.push(Unread { path, why });
            }
        }
    }
    for (commit, blobs) in telling {
        let mut set = range::changes_of_commit(repo, history.commits[commit as usize])?;
        set.changes.retain(|change| blobs.contains(&change.id));
        // Submodules and the like are counted for what is there now, not for each commit.
        set.coverage = Coverage::default();
        check.changes(repo, &set, &mut checked)?;
        if let Some(share) = &mut share {
            share.mark(commit, checked.cards.len());
        }
    }
    Ok(checked)
}

/// Looks at the blobs of a history, in any order, and on many threads.
struct Looks<'a> {
    check: &'a Check,
    history: &'a History,
    /// The places of each blob, those of one blob side by side.
    places: Vec<u32>,
    /// Where the places of each blob begin; with the end of the last.
    starts: Vec<u32>,
    of_held: Vec<OnceLock<Look>>,
    of_blob: Vec<OnceLock<Vec<Seen>>>,
}

impl<'a> Looks<'a> {
    fn of(check: &'a Check, history: &'a History) -> Self {
        let mut places: Vec<u32> = (0..).take(history.held.len()).collect();
        places.sort_by_key(|place| history.held[*place as usize].blob);
        let mut starts = vec![0; history.blobs.len() + 1];
        for held in &history.held {
            starts[held.blob as usize + 1] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        Self {
            check,
            history,
            places,
            starts,
            of_held: history.held.iter().map(|_| OnceLock::new()).collect(),
            of_blob: history.blobs.iter().map(|_| OnceLock::new()).collect(),
        }
    }

    fn places_of(&self, blob: usize) -> impl Iterator<Item = (usize, &Held)> {
        let range = self.starts[blob] as usize..self.starts[blob + 1] as usize;
        self.places[range]
            .iter()
            .map(|place| (*place as usize, &self.history.held[*place as usize]))
    }

    fn sort(&self, held: &Held) -> Sort {
        let path = &self.history.paths[held.path as usize];
        let all = self.check.config.users.iter().next().is_some();
        let path_counts = all.then_some(held.path);
        Sort { role: role_of(path), bare: values_are_bare(path), path: path_counts }
    }

    fn at_packed(&self, blob: &Unpacked<'_>) {
        self.at(blob.number, blob.bytes, blob.base);
    }

    /// Looks at `bytes` as the blob with this number; `base` is the number of one that was
    /// looked at, and what is not in that one.
    fn at(&self, blob: usize, bytes: &[u8], base: Option<(usize, &[Range<usize>])>) {
        let text = to_utf8(bytes);
        let odd = matches!(text, Cow::Owned(_));
        let special = archive::is_archive(bytes) || Pointer::of(bytes).is_some();
        let mut seen: Vec<Seen> = Vec::new();
        for (place, held) in self.places_of(blob) {
            self.check.work.file_done();
            let path = &self.history.paths[held.path as usize];
            let look = if ignored(&self.check.config, path) {
                Look::Ignored
            } else if special {
                Look::Telling
            } else {
                let sort = self.sort(held);
                let known = seen.iter().find(|seen| seen.sort == sort).map(|seen| seen.clean);
                let clean = known.unwrap_or_else(|| {
                    let fresh = base.filter(|(base, _)| !odd && self.was_clean(*base, sort));
                    self.is_clean(path, &text, fresh.map(|(_, fresh)| fresh))
                });
                if known.is_none() {
                    seen.push(Seen { sort, clean });
                }
                if clean { Look::Clean(bytes.len() as u64) } else { Look::Telling }
            };
            // Each is looked at once.
            let _first = self.of_held[place].set(look);
        }
        if odd {
            // What is decoded as a whole says nothing of what is made of it.
            seen.clear();
        }
        let _first = self.of_blob[blob].set(seen);
    }

    fn was_clean(&self, blob: usize, sort: Sort) -> bool {
        let seen = self.of_blob[blob].get();
        seen.is_some_and(|seen| seen.iter().any(|seen| seen.sort == sort && seen.clean))
    }

    /// Whether nothing in `text`, or around what is `fresh` in it, could be told of.
    fn is_clean(&self, path: &[u8], text: &[u8], fresh: Option<&[Range<usize>]>) -> bool {
        match fresh {
            Some(fresh) => !self.check.tells(path, text, &around(text, fresh)),
            None => !self.check.tells(path, text, std::slice::from_ref(&(0..text.len()))),
        }
    }

    /// Looks at those that are in no pack, or that could not be read there.
    fn one_by_one(&self, repo: &Repo, rest: &[usize]) -> Result<(), Error> {
        // One handle a thread: libgit2's are not to be shared.
        let size = rest.len().div_ceil(rayon::current_num_threads().max(1)).max(1);
        let parts = rest.chunks(size).map(|part| Ok((repo.reopen()?, part)));
        let parts: Vec<(Repo, &[usize])> = parts.collect::<Result<_, Error>>()?;
        parts.into_par_iter().for_each(|(repo, part)| {
            for blob in part.iter().take_while(|_| !self.check.work.stops()) {
                self.at_stored(&repo, *blob);
            }
        });
        Ok(())
    }

    fn at_stored(&self, repo: &Repo, blob: usize) {
        let id = self.history.blobs[blob];
        let why = match repo.read(id) {
            Ok(bytes) => return self.at(blob, &bytes, None),
            Err(why) => why,
        };
        let promised = repo.lacks_promised(id);
        for (place, held) in self.places_of(blob) {
            let path = &self.history.paths[held.path as usize];
            let look = if ignored(&self.check.config, path) {
                Look::Ignored
            } else if promised {
                // It is told of, and not an error.
                Look::Telling
            } else {
                Look::Unread(why.clone())
            };
            let _first = self.of_held[place].set(look);
        }
    }
}

/// Whole lines in which something is `fresh`, with enough around for any rule.
fn around(bytes: &[u8], fresh: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    for one in fresh {
        let from = one.start.saturating_sub(AROUND);
        let from = memchr::memrchr(b'\n', &bytes[..from]).map_or(0, |newline| newline + 1);
        let until = (one.end + AROUND).min(bytes.len());
        let until =
            memchr::memchr(b'\n', &bytes[until..]).map_or(bytes.len(), |newline| until + newline);
        match parts.last_mut().filter(|last| last.end >= from) {
            Some(last) => last.end = last.end.max(until),
            None => parts.push(from..until),
        }
    }
    parts
}
