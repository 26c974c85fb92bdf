//! Changes and files, checked: what is new in them.

use crate::cli::check::checked::Checked;
use crate::cli::check::inside::{Inside, contents, fingerprint};
use crate::cli::check::run::{Check, ignored};
use crate::cli::check::stand::{Stand, Together, Where};
use crate::cli::check::stored::{Earlier, earlier};
use crate::coach;
use crate::config::{Config, FILE};
use crate::error::Error;
use crate::judge::{Actor, Exposure};
use crate::scan::Finding;
use crate::source;
use crate::source::lines::{LineStarts, new_lines};
use crate::source::pieces::Piece;
use crate::source::{Change, ChangeSet, Coverage, Medium, NewLines, Origin, Repo, Unread};
use crate::text::Escaped;
use rayon::prelude::*;
use std::collections::HashSet;
use std::sync::OnceLock;

/// Why a blob of a partial clone was not read.
const PROMISED: &str = "a remote promised to send it (partial clone), and nothing is fetched";

/// Below this many changes, starting threads costs more than they save.
const THREADS_FROM: usize = 64;

impl Check {
    /// Checks every change of a set.
    pub(in crate::cli) fn changes(
        &self,
        repo: &Repo,
        set: &ChangeSet,
        checked: &mut Checked,
    ) -> Result<(), Error> {
        checked.coverage.add(self.fit_to_show(set.coverage.clone()));
        self.paths(set, checked);
        if self.actor == Actor::Ci {
            checked.told.extend(decides_about_itself(set));
        }
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
            new = new.and(new_lines(&old, text)?);
        }
        // Moved here: its lines are old, unless they come out of a place that is not checked.
        for carried in set.origins_of(repo, change) {
            if !ignored(&self.config, &carried.path) {
                let old = repo.read(carried.id).map_err(unread_before)?;
                new = new.and(new_lines(&source::decode::to_utf8(&old), text)?);
            }
        }
        Ok(new)
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
}

/// What of a change decides about the change, for those who review it: it is heeded.
fn decides_about_itself(set: &ChangeSet) -> impl Iterator<Item = String> {
    let ours = |path: &[u8]| path == FILE.as_bytes() || path.starts_with(b".leakcoach/");
    set.changes.iter().filter(move |change| ours(&change.path)).map(|change| {
        let path = Escaped(&change.path);
        format!("{path} comes with the change that is checked, and decides about it: review it so")
    })
}

/// The content of the members that an archive had in a parent, or where it was moved from.
fn members_before(
    repo: &Repo,
    set: &ChangeSet,
    change: &Change,
    config: &Config,
) -> Result<HashSet<[u8; 32]>, Error> {
    let mut before: Vec<_> = change.before.iter().flatten().copied().collect();
    let carried = set.origins_of(repo, change).into_iter();
    before.extend(carried.filter(|from| !ignored(config, &from.path)).map(|from| from.id));
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
