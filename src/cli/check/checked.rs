//! What a run found, and how it ends.

use crate::cli::check::decided;
use crate::cli::env;
use crate::cli::letting::overriding;
use crate::cli::long;
use crate::cli::recorded::recall::{Moment, Recall};
use crate::cli::reports::Reports;
use crate::coach::Card;
use crate::error::Error;
use crate::exit;
use crate::judge::{Terminal, Verdict};
use crate::record::Deed;
use crate::report::{self, Outcome};
use crate::source::{Coverage, Repo, Unread};
use crate::text::Count;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Write};
use std::time::Duration;

/// Cards and coverage, growing as changes are checked.
#[derive(Default)]
pub(in crate::cli) struct Checked {
    pub(in crate::cli) cards: Vec<Card>,
    pub(in crate::cli) coverage: Coverage,
    /// What could not be read of what was decided before.
    pub(in crate::cli) told: BTreeSet<String>,
    /// What is being done, where that is worth remembering.
    pub(in crate::cli) moment: Option<Moment>,
}

impl Checked {
    pub(in crate::cli) fn add(&mut self, other: Self) {
        self.cards.extend(other.cards);
        self.told.extend(other.told);
        self.coverage.add(other.coverage);
    }

    /// Says what is being done, for the record.
    pub(in crate::cli) fn at(self, repo: &Repo, deed: Deed) -> Self {
        Self { moment: Some(Moment::new(repo, deed)), ..self }
    }

    /// Names a part of the repository that could not be read, so that the rest is checked.
    pub(in crate::cli) fn could_not(&mut self, error: Error) -> Result<(), Error> {
        let Error::Repository { what, why } = error else { return Err(error) };
        let unread = Unread { path: what.into(), why };
        if !self.coverage.unread.contains(&unread) {
            self.coverage.unread.push(unread);
        }
        Ok(())
    }

    /// Says so when the work that this is the end of was interrupted.
    pub(in crate::cli) fn with_interruption(mut self) -> Self {
        let work = long::work();
        if work.was_stopped() && self.coverage.interrupted.is_none() {
            self.coverage.interrupt(work.progress());
        }
        self
    }

    /// Counts what could not be looked into as what could not be read.
    pub(in crate::cli) fn strictly(mut self) -> Self {
        let Coverage { unread, unopened, elsewhere, .. } = &mut self.coverage;
        unread.append(unopened);
        let why = "it is a submodule: its content is checked in its own repository";
        unread.extend(elsewhere.drain(..).map(|path| Unread { path, why: why.to_owned() }));
        self
    }

    /// Shows what there is to show, asks where that was decided, and gives the exit code.
    pub(in crate::cli) fn conclude(self) -> u8 {
        self.conclude_with(&Reports::default())
    }

    /// The same, and writes the reports that were asked for.
    pub(in crate::cli) fn conclude_with(mut self, reports: &Reports) -> u8 {
        let settled = self.cards.extract_if(.., |card| card.judgement.is_settled());
        let settled: Vec<Card> = settled.collect();
        let digest = self.cards.extract_if(.., |card| card.judgement.digest);
        let digest: Vec<Card> = digest.collect();
        let deed = self.moment.as_ref().map(Moment::deed);
        let mut recall = self
            .moment
            .take()
            .and_then(|moment| Recall::begin(moment, &self.cards, &settled, &digest));
        if reports.replace_cards() {
            report::account(&self.cards, &self.coverage);
        } else {
            let tellings = recall.as_mut().map(|recall| recall.tellings(&self.cards));
            report::told(&self.cards, &tellings.unwrap_or_default(), env::style());
            report::account(&self.cards, &self.coverage);
        }
        let told = self.told.iter().cloned().chain(decided::words_for(&settled));
        let again = recall.as_ref().and_then(|recall| recall.follow_up(&self.cards));
        for words in told.chain(digested(&digest)).chain(again) {
            report::notice(&words);
        }
        let overridden = deed.and_then(|_| overriding::weigh(&mut self.cards));
        if let (Some(recall), Some((reason, which))) = (&mut recall, &overridden) {
            for card in which.iter().filter_map(|at| self.cards.get(*at)) {
                recall.overridden(card, reason.clone());
            }
        }
        for card in &mut self.cards {
            let pause = match card.judgement.verdict {
                Verdict::Permit | Verdict::Block => continue,
                Verdict::Guide => None,
                Verdict::Slow => Some(card.judgement.pause),
            };
            // Who could be asked before may be gone: nothing passes by that.
            let reason = match env::terminal(&env::actor()) {
                Terminal::Interactive if self.coverage.interrupted.is_none() => {
                    long::waiting(|| ask(card.rule, pause))
                }
                Terminal::Interactive | Terminal::Absent => None,
            };
            card.judgement.verdict =
                if reason.is_some() { Verdict::Permit } else { Verdict::Block };
            if let (Some(recall), Some(reason)) = (&mut recall, reason) {
                recall.overridden(card, reason);
            }
        }
        if let Some(recall) = recall {
            recall.end(&self.cards, &settled, &digest);
        }
        let outcome = if self.cards.iter().any(|card| card.judgement.verdict == Verdict::Block) {
            Outcome::Refused
        } else if self.coverage.unread.is_empty() && !self.coverage.is_void() {
            Outcome::Passed
        } else {
            Outcome::Incomplete
        };
        let hint = deed.filter(|_| outcome == Outcome::Refused).and_then(overriding::hint);
        if let Some(words) = hint {
            report::notice(&words);
        }
        self.cards.extend(settled.into_iter().chain(digest));
        let written = reports.write(&self.cards, &self.coverage, outcome);
        match outcome {
            Outcome::Refused => exit::REFUSED,
            Outcome::Passed if written => exit::PASSED,
            Outcome::Passed | Outcome::Incomplete => exit::INCOMPLETE,
        }
    }
}

/// A line for what policy lets through without a card.
fn digested(cards: &[Card]) -> Option<String> {
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    let mut lines = BTreeSet::new();
    for card in cards {
        *rules.entry(card.rule).or_default() += 1;
        lines.extend(card.judgement.line.as_deref());
    }
    let rules: Vec<String> = rules.iter().map(|(rule, count)| format!("{count} {rule}")).collect();
    let lines: Vec<&str> = lines.into_iter().collect();
    (!cards.is_empty()).then(|| {
        let count = Count(cards.len(), "finding");
        format!("{count} let through, by {}: {}", lines.join(" and "), rules.join(", "))
    })
}

/// Asks on the terminal for the rule's id and a reason, which lets the action through; gives
/// the reason. With a pause, it asks only after so many seconds, and for a longer phrase; what
/// is typed before that does not count.
fn ask(rule: &str, pause: Option<u32>) -> Option<String> {
    let tty = env::tty()?;
    let say = |words: &str| (&tty).write_all(words.as_bytes()).ok();
    let phrase = if pause.is_some() { format!("let {rule} through") } else { rule.to_owned() };
    if let Some(seconds) = pause {
        let count = Count(seconds as usize, "second");
        say(&format!("policy slows this down: read the card, you can go on in {count}\n"))?;
        std::thread::sleep(Duration::from_secs(seconds.into()));
        rustix::termios::tcflush(&tty, rustix::termios::QueueSelector::IFlush).ok()?;
    }
    let mut typed = std::io::BufReader::new(&tty).lines();
    say(&format!("type {phrase} to go on, anything else to stop: "))?;
    if typed.next()?.ok()?.trim() != phrase {
        return None;
    }
    say("and why, for whoever asks later: ")?;
    match overriding::typed(&typed.next()?.ok()?, rule) {
        Ok(reason) => Some(reason),
        Err(why) => {
            report::notice(&format!("not let through: {why}"));
            None
        }
    }
}
