//! `check --history`: all that was ever committed.

use super::checked::Checked;
use super::run::{Check, ignored};
use crate::error::Error;
use crate::source::decode::to_utf8;
use crate::source::history::{self, Held};
use crate::source::lfs::Pointer;
use crate::source::{Coverage, Repo, Unread, archive, range};
use gix_hash::ObjectId;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many blobs a thread takes at once; neighbours in history share their deltas.
const BATCH: usize = 128;

/// How much of the same text around a change is scanned again: as far as a rule may look.
const AROUND: usize = 4096;

/// How many bytes are compared at once.
const STEP: usize = 4096;

/// What a look at one blob gave.
enum Look {
    /// Nothing that a card could tell of.
    Clean(u64),
    /// Its commit is to be looked at as a whole.
    Telling,
    /// The configuration leaves it out.
    Ignored,
    /// It could not be read.
    Unread(Unread),
}

/// Checks every blob of the history once, and each commit whose blob tells something
/// against its parents, so that a credential is told of where it came in.
pub(super) fn check(check: &Check, repo: &Repo, dangling: bool) -> Result<Checked, Error> {
    let history = history::history(repo, dangling)?;
    let mut checked = Checked::default();
    checked.coverage.add(history.coverage);
    let looks = look_at_all(check, repo, &history.held)?;
    let mut telling: BTreeMap<usize, HashSet<ObjectId>> = BTreeMap::new();
    let mut order: Vec<ObjectId> = Vec::new();
    for (held, look) in history.held.iter().zip(looks) {
        match look {
            Look::Clean(bytes) => {
                checked.coverage.read += 1;
                checked.coverage.bytes += bytes;
            }
            Look::Telling => {
                // Blobs come in the order of their commits.
                if order.last() != Some(&held.commit) {
                    order.push(held.commit);
                }
                telling.entry(order.len() - 1).or_default().insert(held.id);
            }
            Look::Ignored => checked.coverage.ignored += 1,
            Look::Unread(unread) => checked.coverage.unread.push(unread),
        }
    }
    for (index, blobs) in telling {
        let mut set = range::changes_of_commit(repo, order[index])?;
        set.changes.retain(|change| blobs.contains(&change.id));
        // Submodules and the like are counted for what is there now, not for each commit.
        set.coverage = Coverage::default();
        check.changes(repo, &set, &mut checked)?;
    }
    Ok(checked)
}

/// A look at each, on every thread, in the order given.
fn look_at_all(check: &Check, repo: &Repo, held: &[Held]) -> Result<Vec<Look>, Error> {
    let next = AtomicUsize::new(0);
    // One handle a thread: libgit2's are not to be shared.
    let handles = (0..rayon::current_num_threads().max(1)).map(|_| repo.reopen());
    let handles: Vec<Repo> = handles.collect::<Result<_, Error>>()?;
    let mut parts: Vec<(usize, Vec<Look>)> = handles
        .into_par_iter()
        .flat_map_iter(|repo| {
            let mut done = Vec::new();
            loop {
                let from = next.fetch_add(BATCH, Ordering::Relaxed);
                let Some(batch) = held.get(from..held.len().min(from + BATCH)) else { break };
                if batch.is_empty() {
                    break;
                }
                done.push((from, batch.iter().map(|held| look(check, &repo, held)).collect()));
            }
            done
        })
        .collect();
    parts.sort_unstable_by_key(|(from, _)| *from);
    Ok(parts.into_iter().flat_map(|(_, looks)| looks).collect())
}

fn look(check: &Check, repo: &Repo, held: &Held) -> Look {
    if ignored(&check.config, &held.path) {
        return Look::Ignored;
    }
    let bytes = match repo.read(held.id) {
        Ok(bytes) => bytes,
        // It is told of, and not an error.
        Err(_) if repo.lacks_promised(held.id) => return Look::Telling,
        Err(why) => return Look::Unread(Unread { path: held.path.clone(), why }),
    };
    if archive::is_archive(&bytes) || Pointer::of(&bytes).is_some() {
        return Look::Telling;
    }
    // What the version before has too was looked at there.
    let old = held.before.and_then(|before| repo.read(before).ok());
    let part = match &old {
        Some(old) if !bytes.iter().take(64).any(|byte| *byte == 0 || *byte >= 0xfe) => {
            &bytes[changed(old, &bytes)]
        }
        _ => &bytes[..],
    };
    let mut coverage = Coverage::default();
    let found = check.scan(&held.path, &to_utf8(part), &mut coverage);
    if !found.findings.is_empty() || !found.marked.is_empty() || !coverage.unread.is_empty() {
        return Look::Telling;
    }
    Look::Clean(bytes.len() as u64)
}

/// The part of `new` in which it differs from `old`, and enough around it for any rule.
fn changed(old: &[u8], new: &[u8]) -> Range<usize> {
    let prefix = alike(old.chunks(STEP).zip(new.chunks(STEP)), |(a, b)| {
        a.iter().zip(b).take_while(|(a, b)| a == b).count()
    });
    let (old, tail) = (&old[prefix..], &new[prefix..]);
    let suffix = alike(old.rchunks(STEP).zip(tail.rchunks(STEP)), |(a, b)| {
        a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count()
    });
    let from = prefix.saturating_sub(AROUND);
    let from = memchr::memrchr(b'\n', &new[..from]).map_or(0, |newline| newline + 1);
    let until = (new.len() - suffix + AROUND).min(new.len());
    let until = memchr::memchr(b'\n', &new[until..]).map_or(new.len(), |newline| until + newline);
    from..until
}

/// How many bytes the pairs have in common, up to the first that are not the same.
fn alike<'a>(
    pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    within: impl Fn((&[u8], &[u8])) -> usize,
) -> usize {
    let mut length = 0;
    for (a, b) in pairs {
        if a != b {
            return length + within((a, b));
        }
        length += a.len();
    }
    length
}

#[cfg(test)]
mod tests {
    use super::{AROUND, changed};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn outside_the_changed_part_both_are_the_same(
            head in "[ab\n]{0,20000}", old in "[abc]{0,40}", new in "[abc]{0,40}",
            tail in "[ab\n]{0,20000}",
        ) {
            let (before, after) = (format!("{head}{old}{tail}"), format!("{head}{new}{tail}"));
            let part = changed(before.as_bytes(), after.as_bytes());
            // As far around as any rule looks, too.
            let start = part.start + if part.start > 0 { AROUND } else { 0 };
            let rest = after.len() - part.end;
            let rest = rest + if rest > 0 { AROUND } else { 0 };
            prop_assert_eq!(&before.as_bytes()[..start], &after.as_bytes()[..start]);
            prop_assert_eq!(
                &before.as_bytes()[before.len() - rest..], &after.as_bytes()[after.len() - rest..]
            );
        }
    }
}
