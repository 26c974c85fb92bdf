//! From a change to a verdict: the one way through.

use super::env;
use crate::catalogue::Catalogue;
use crate::coach::{self, Card, Place};
use crate::config::Config;
use crate::error::Error;
use crate::judge::{self, Context, Exposure, Terminal, Verdict};
use crate::report;
use crate::scan::{Finding, Scanner, Text};
use crate::source::lines::{LineStarts, new_lines};
use crate::source::role::role_of;
use crate::source::{Change, ChangeSet, Coverage, NewLines, Origin, Repo, Unread};
use crate::{exit, source};
use rayon::prelude::*;
use std::io::{BufRead, Write};
use std::path::Path;

/// Below this many changes, starting threads costs more than they save.
const THREADS_FROM: usize = 64;

/// Cards and coverage, growing as changes are checked.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) cards: Vec<Card>,
    pub(super) coverage: Coverage,
}

/// A scanner with the rules that the configuration keeps.
pub(super) fn scanner(config: &Config) -> Scanner {
    let scanner = Scanner::new(Catalogue::builtin());
    if config.keeps_all() { scanner } else { scanner.only(|rule| config.keeps(rule.id)) }
}

/// The configuration of a repository.
pub(super) fn config(repo: &Repo) -> Result<Config, Error> {
    repo.top().map_or_else(|| Ok(Config::default()), Config::load)
}

impl Checked {
    /// Checks every change of a set.
    pub(super) fn add_changes(
        &mut self,
        repo: &Repo,
        set: &ChangeSet,
        scanner: &Scanner,
        config: &Config,
    ) -> Result<(), Error> {
        self.coverage.add(set.coverage.clone());
        if set.changes.len() < THREADS_FROM {
            return self.add_some(repo, set, &set.changes, scanner, config);
        }
        let size = set.changes.len().div_ceil(rayon::current_num_threads().max(1));
        let parts = set.changes.chunks(size).map(|part| Ok((repo.reopen()?, part)));
        let parts: Vec<(Repo, &[Change])> = parts.collect::<Result<_, Error>>()?;
        let checked: Vec<Self> = parts
            .into_par_iter()
            .map(|(repo, part)| {
                let mut checked = Self::default();
                checked.add_some(&repo, set, part, scanner, config).map(|()| checked)
            })
            .collect::<Result<_, Error>>()?;
        for part in checked {
            self.cards.extend(part.cards);
            self.coverage.add(part.coverage);
        }
        Ok(())
    }

    fn add_some(
        &mut self,
        repo: &Repo,
        set: &ChangeSet,
        changes: &[Change],
        scanner: &Scanner,
        config: &Config,
    ) -> Result<(), Error> {
        changes.iter().try_for_each(|change| self.add_change(repo, set, change, scanner, config))
    }

    fn add_change(
        &mut self,
        repo: &Repo,
        set: &ChangeSet,
        change: &Change,
        scanner: &Scanner,
        config: &Config,
    ) -> Result<(), Error> {
        if ignored(config, &change.path) {
            self.coverage.ignored += 1;
            return Ok(());
        }
        let bytes = match repo.read(change.id) {
            Ok(bytes) => bytes,
            Err(why) => {
                self.coverage.unread.push(Unread { path: change.path.clone(), why });
                return Ok(());
            }
        };
        self.coverage.read += 1;
        self.coverage.bytes += bytes.len() as u64;
        let text = source::decode::to_utf8(&bytes);
        let role = role_of(&change.path);
        let findings = scanner.scan(&Text { bytes: &text, path: &change.path, role }).findings;
        if findings.is_empty() {
            return Ok(());
        }
        // Only now is it worth knowing which lines are new.
        let new = lines_new_in(repo, set, change, &text, config)?;
        let lines = LineStarts::of(&text);
        let (exposure, commit) = match &change.origin {
            Origin::Index => (Exposure::Staged, None),
            Origin::Commit(id) => (Exposure::Committed, Some(id.to_hex_with_len(12).to_string())),
            Origin::File | Origin::Stdin => (Exposure::File, None),
        };
        for finding in findings {
            let first = lines.line_of(finding.span.start);
            let last = lines.line_of(finding.span.end.saturating_sub(1));
            if new.touch(first, last) {
                self.add_finding(
                    &finding,
                    &text,
                    &change.path,
                    &lines,
                    exposure,
                    commit.as_deref(),
                    config,
                );
            }
        }
        Ok(())
    }

    /// Checks bytes that are in no commit: every line counts.
    pub(super) fn add_bytes(
        &mut self,
        path: &[u8],
        bytes: &[u8],
        scanner: &Scanner,
        config: &Config,
    ) {
        self.coverage.read += 1;
        self.coverage.bytes += bytes.len() as u64;
        let text = source::decode::to_utf8(bytes);
        let findings = scanner.scan(&Text { bytes: &text, path, role: role_of(path) }).findings;
        if findings.is_empty() {
            return;
        }
        let lines = LineStarts::of(&text);
        for finding in findings {
            self.add_finding(&finding, &text, path, &lines, Exposure::File, None, config);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one place's facts, used once")]
    fn add_finding(
        &mut self,
        finding: &Finding,
        text: &[u8],
        path: &[u8],
        lines: &LineStarts,
        exposure: Exposure,
        commit: Option<&str>,
        config: &Config,
    ) {
        let role = role_of(path);
        let actor = env::actor();
        let context = Context { exposure, role, terminal: env::terminal(&actor), actor };
        let judgement = judge::judge(finding, &context, &config.policy);
        let line = lines.line_of(finding.secret_span.start);
        let masked = masked_line(finding, text);
        let place = Place { path, line, masked: &masked, role, exposure, commit };
        self.cards.push(coach::card(finding, judgement, &place));
    }

    /// Shows what there is to show, asks where that was decided, and gives the exit code.
    pub(super) fn conclude(mut self) -> u8 {
        report::cards(&self.cards, &self.coverage, env::style());
        for card in &mut self.cards {
            if matches!(card.judgement.verdict, Verdict::Guide | Verdict::Slow)
                && env::terminal(&env::actor()) == Terminal::Interactive
            {
                card.judgement.verdict = ask(card.rule);
            }
        }
        if self.cards.iter().any(|card| card.judgement.verdict == Verdict::Block) {
            exit::REFUSED
        } else if self.coverage.unread.is_empty() {
            exit::PASSED
        } else {
            exit::INCOMPLETE
        }
    }
}

/// Asks on the terminal for the rule's id: typing it lets the action through.
fn ask(rule: &str) -> Verdict {
    let Ok(mut tty) = std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty") else {
        return Verdict::Block;
    };
    if write!(tty, "type {rule} to go on, anything else to stop: ").is_err() {
        return Verdict::Block;
    }
    let mut answer = String::new();
    match std::io::BufReader::new(tty).read_line(&mut answer) {
        Ok(_) if answer.trim() == rule => Verdict::Permit,
        Ok(_) | Err(_) => Verdict::Block,
    }
}

fn ignored(config: &Config, path: &[u8]) -> bool {
    !config.ignore.is_empty() && config.ignore.is_match(Path::new(&*String::from_utf8_lossy(path)))
}

/// The lines of `change` that are in no parent, and in no file it was moved from.
fn lines_new_in(
    repo: &Repo,
    set: &ChangeSet,
    change: &Change,
    text: &[u8],
    config: &Config,
) -> Result<NewLines, Error> {
    let unread =
        |why| Error::Repository { what: "an earlier version of a changed file".to_owned(), why };
    let mut new = NewLines::All;
    for before in change.before.iter().flatten() {
        let old = repo.read(*before).map_err(unread)?;
        new = new.and(new_lines(&source::decode::to_utf8(&old), text)?);
    }
    if change.before.iter().any(Option::is_some) {
        return Ok(new);
    }
    // Moved here: its lines are old, unless they come out of a place that is not checked.
    match set.origin_of(repo, change) {
        Some(carried) if !ignored(config, &carried.path) => {
            let old = repo.read(carried.id).map_err(unread)?;
            new_lines(&source::decode::to_utf8(&old), text)
        }
        Some(_) | None => Ok(new),
    }
}

/// The finding's first line with every byte of the credential masked, cut to what
/// stands close by: the rest of a long line could hold another one.
fn masked_line(finding: &Finding, text: &[u8]) -> Vec<u8> {
    let secret = &finding.secret_span;
    let start = memchr::memrchr(b'\n', &text[..secret.start]).map_or(0, |newline| newline + 1);
    let start = start.max(secret.start.saturating_sub(48));
    let mut masked = text[start..secret.start].to_vec();
    // What stands before may be another credential of the same line.
    let long_run = masked.split(|b| !b.is_ascii_alphanumeric()).any(|run| run.len() >= 16);
    if long_run {
        masked.clear();
    }
    let mut out = masked;
    out.extend_from_slice(format!("[{} bytes hidden]", secret.len()).as_bytes());
    out
}
