//! What a run found, and how it ends.

use super::decided;
use super::env;
use super::long;
use super::reports::Reports;
use crate::coach::Card;
use crate::error::Error;
use crate::exit;
use crate::judge::{Terminal, Verdict};
use crate::report::{self, Outcome};
use crate::source::{Coverage, Unread};
use std::collections::BTreeSet;
use std::io::{BufRead, Write};

/// Cards and coverage, growing as changes are checked.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) cards: Vec<Card>,
    pub(super) coverage: Coverage,
    /// What could not be read of what was decided before.
    pub(super) told: BTreeSet<String>,
}

impl Checked {
    pub(super) fn add(&mut self, other: Self) {
        self.cards.extend(other.cards);
        self.told.extend(other.told);
        self.coverage.add(other.coverage);
    }

    /// Names a part of the repository that could not be read, so that the rest is checked.
    pub(super) fn could_not(&mut self, error: Error) -> Result<(), Error> {
        let Error::Repository { what, why } = error else { return Err(error) };
        let unread = Unread { path: what.into(), why };
        if !self.coverage.unread.contains(&unread) {
            self.coverage.unread.push(unread);
        }
        Ok(())
    }

    /// Says so when the work that this is the end of was interrupted.
    pub(super) fn with_interruption(mut self) -> Self {
        let work = long::work();
        if work.was_stopped() && self.coverage.interrupted.is_none() {
            self.coverage.interrupt(work.progress());
        }
        self
    }

    /// Counts what could not be looked into as what could not be read.
    pub(super) fn strictly(mut self) -> Self {
        let Coverage { unread, unopened, elsewhere, .. } = &mut self.coverage;
        unread.append(unopened);
        let why = "it is a submodule: its content is checked in its own repository";
        unread.extend(elsewhere.drain(..).map(|path| Unread { path, why: why.to_owned() }));
        self
    }

    /// Shows what there is to show, asks where that was decided, and gives the exit code.
    pub(super) fn conclude(self) -> u8 {
        self.conclude_with(&Reports::default())
    }

    /// The same, and writes the reports that were asked for.
    pub(super) fn conclude_with(mut self, reports: &Reports) -> u8 {
        let settled = self.cards.extract_if(.., |card| card.judgement.is_settled());
        let settled: Vec<Card> = settled.collect();
        if reports.replace_cards() {
            report::account(&self.cards, &self.coverage);
        } else {
            report::cards(&self.cards, &self.coverage, env::style());
        }
        for words in self.told.iter().chain(&decided::words_for(&settled)) {
            report::notice(words);
        }
        for card in &mut self.cards {
            if matches!(card.judgement.verdict, Verdict::Guide | Verdict::Slow)
                && self.coverage.interrupted.is_none()
                && env::terminal(&env::actor()) == Terminal::Interactive
            {
                card.judgement.verdict = long::waiting(|| ask(card.rule));
            }
        }
        let outcome = if self.cards.iter().any(|card| card.judgement.verdict == Verdict::Block) {
            Outcome::Refused
        } else if self.coverage.unread.is_empty() && !self.coverage.is_void() {
            Outcome::Passed
        } else {
            Outcome::Incomplete
        };
        self.cards.extend(settled);
        let written = reports.write(&self.cards, &self.coverage, outcome);
        match outcome {
            Outcome::Refused => exit::REFUSED,
            Outcome::Passed if written => exit::PASSED,
            Outcome::Passed | Outcome::Incomplete => exit::INCOMPLETE,
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
