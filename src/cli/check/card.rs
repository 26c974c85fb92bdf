//! A finding judged where it stands, and the card that tells of it.

use crate::catalogue::Kind;
use crate::cli::check::run::Check;
use crate::cli::check::stand::{Seen, Stand, Where};
use crate::cli::env;
use crate::cli::mask::masked_line;
use crate::coach::{self, Card, Place};
use crate::config::Visibility;
use crate::judge::{Context, Exposure, Judgement, Standing, judge};
use crate::lists::Sight;
use crate::scan::{Finding, Note};
use crate::source::lines::LineStarts;
use crate::source::trail::Trail;
use crate::text::Escaped;
use bstr::BString;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

impl Check {
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

    /// How far a finding has come, and what git tells of it.
    pub(in crate::cli) fn trail(
        &self,
        finding: &Finding,
        stand: &Stand<'_>,
    ) -> (Exposure, Option<Trail>) {
        let told = match stand.exposure {
            Exposure::Staged | Exposure::Committed | Exposure::Public => {
                self.trails.of(finding, stand).map(|trail| self.masked(trail))
            }
            // What is sent to a server is in nobody's branch yet; the others are in no commit.
            Exposure::Pushed | Exposure::Received | Exposure::Logged | Exposure::File => None,
        };
        let pushed = told.as_ref().filter(|trail| trail.reach.pushed);
        let exposure = match (stand.exposure, pushed) {
            (Exposure::Committed | Exposure::Public, Some(trail)) => {
                let public = |place: &BString| self.config.visibility(place) == Visibility::Public;
                if trail.places.iter().any(public) { Exposure::Public } else { Exposure::Pushed }
            }
            (exposure, _) => exposure,
        };
        (exposure, told)
    }

    /// The same with no credential in any name.
    fn masked(&self, mut trail: Trail) -> Trail {
        let reach = &mut trail.reach;
        let names = reach.remote_refs.iter_mut().chain(&mut reach.branches);
        let names = names.chain(&mut trail.state.branch).chain(&mut trail.places);
        let brought = trail.course.brought.iter_mut();
        let brought = brought.flat_map(|one| std::iter::once(&mut one.path).chain(&mut one.now));
        for name in names.chain(&mut trail.course.held_now).chain(brought) {
            *name = self.shown(name);
        }
        trail
    }

    /// The branches that it goes to: one at least, which may be unknown.
    pub(in crate::cli) fn branches(&self) -> Vec<Option<String>> {
        if self.going.branches.is_empty() {
            return vec![self.branch()];
        }
        self.going.branches.iter().cloned().map(Some).collect()
    }

    /// What is decided about a finding: where it goes to several branches, the strictest.
    pub(in crate::cli) fn judged(&self, finding: &Finding, context: &Context) -> Judgement {
        let policy = &self.config.policy;
        let first = judge(finding, context, policy);
        self.branches().into_iter().skip(1).fold(first, |strictest, branch| {
            let other = judge(finding, &Context { branch, ..context.clone() }, policy);
            if other.verdict > strictest.verdict { other } else { strictest }
        })
    }

    /// What could not be read of what was decided before, and what locks did not let count.
    pub(in crate::cli) fn told(&self) -> impl Iterator<Item = String> {
        self.decided.told().chain(self.config.refused.iter().map(ToString::to_string))
    }
}
