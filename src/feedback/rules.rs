//! What became of the cards of each rule.

use super::numbers::{Spread, Times};
use super::{CLEAN, DAY, key};
use crate::record::{Deed, Event, What};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Within so many days, a rule comes back.
const COMES_BACK: i64 = 30;
/// So many different reasons are kept of a rule; further ones count as one.
const REASONS: usize = 100;
/// So many reasons are told.
const REASONS_TOLD: usize = 5;
/// So many weeks are told.
const WEEKS: usize = 26;
/// So many drills are told one by one.
const DRILLS: usize = 20;

/// What became of the findings of one rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Its id.
    pub rule: String,
    /// How bad a leak of it is, as the last card said.
    pub severity: String,
    /// How many cards were shown.
    pub cards: u64,
    /// How many findings they were about.
    pub findings: u64,
    /// How many were gone after their first card.
    pub fixed_at_once: u64,
    /// How many were gone at last, those at once included.
    pub fixed: u64,
    /// How many were let through by an override, an exception or past the guard.
    pub let_through: u64,
    /// How many of these by an override.
    pub overridden: u64,
    /// How many by an exception.
    pub excepted: u64,
    /// How many were committed past the guard.
    pub past_the_guard: u64,
    /// How many were found on a later day, within 30 days after another one.
    pub repeated: u64,
    /// How many were said to be none.
    pub wrong: u64,
    /// How many policy let through without a card.
    pub digest: u64,
    /// Why they were let through or said to be none, the most frequent first.
    pub reasons: Vec<(String, u64)>,
    /// From the first card to a commit without it.
    pub clean_after: Spread,
    /// Where, how sure and how decided: for proposals.
    #[serde(skip)]
    pub(super) cells: Vec<Cell>,
}

impl Rule {
    /// Several rules as one.
    pub(super) fn sum(rules: &[Self]) -> Self {
        let sum = |of: fn(&Self) -> u64| rules.iter().map(of).sum();
        Self {
            rule: "other rules".to_owned(),
            severity: String::new(),
            cards: sum(|rule| rule.cards),
            findings: sum(|rule| rule.findings),
            fixed_at_once: sum(|rule| rule.fixed_at_once),
            fixed: sum(|rule| rule.fixed),
            let_through: sum(|rule| rule.let_through),
            overridden: sum(|rule| rule.overridden),
            excepted: sum(|rule| rule.excepted),
            past_the_guard: sum(|rule| rule.past_the_guard),
            repeated: sum(|rule| rule.repeated),
            wrong: sum(|rule| rule.wrong),
            digest: sum(|rule| rule.digest),
            ..Self::default()
        }
    }

    /// How many findings were noise: said to be none, or let through.
    pub fn noisy(&self) -> u64 {
        self.cells.iter().map(|cell| cell.noisy).sum()
    }
}

/// Findings of one rule in files of one role, as sure and as decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) role: String,
    pub(super) confidence: String,
    pub(super) verdict: String,
    pub(super) findings: u64,
    pub(super) noisy: u64,
    pub(super) wrong: u64,
}

/// What happened within one week.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Week {
    /// Its Monday, in seconds since 1970.
    pub from: i64,
    /// Findings whose card was shown first in it.
    pub findings: u64,
    /// How many were gone in it.
    pub fixed: u64,
    /// How many were let through in it.
    pub let_through: u64,
}

/// What came of drills.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Drills {
    /// How many there were.
    pub runs: u64,
    /// How many credentials were found in all of them.
    pub score: u64,
    /// Of how many.
    pub of: u64,
    /// The last ones: when, the score, of how many.
    pub last: Vec<(i64, u32, u32)>,
    /// What was missed, the most often missed first.
    pub missed: Vec<(String, u64)>,
}

/// What all of it comes to.
#[derive(Debug)]
pub struct Told {
    pub(super) rules: Vec<Rule>,
    pub(super) weeks: Vec<Week>,
    pub(super) clean: Times,
    pub(super) drills: Drills,
    pub(super) lessons: u64,
}

/// Counts by rule, while events are given.
#[derive(Debug, Default)]
pub(super) struct Rules {
    ids: HashMap<String, usize>,
    all: Vec<Kept>,
    findings: HashMap<u64, Found>,
    weeks: BTreeMap<i64, Week>,
    drills: Drills,
    missed: BTreeMap<String, u64>,
    lessons: u64,
}

/// A rule while it is counted.
#[derive(Debug, Default)]
struct Kept {
    told: Rule,
    clean: Times,
    reasons: BTreeMap<String, u64>,
    /// The last day on which a card of it was shown.
    met: Option<i64>,
}

/// A finding from its first card until it is gone.
#[derive(Debug, Clone, Copy)]
struct Found {
    /// Whether it began in what is counted.
    counts: bool,
    cell: u32,
    /// How often something was tried with it.
    tries: u32,
    /// When its last card was shown.
    last: i64,
    is: Is,
}

/// What became of a finding; each is counted once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each may be so beside the others")]
struct Is {
    gone: bool,
    overridden: bool,
    excepted: bool,
    past: bool,
    wrong: bool,
}

impl Is {
    const fn let_through(self) -> bool {
        self.overridden || self.excepted || self.past
    }
}

/// The Monday of the week of `at`.
fn monday(at: i64) -> i64 {
    let day = at.div_euclid(DAY);
    // The first of January 1970 was a Thursday.
    (day - (day + 3).rem_euclid(7)) * DAY
}

impl Rules {
    fn rule(&mut self, id: &str) -> &mut Kept {
        let at = if let Some(at) = self.ids.get(id) {
            *at
        } else {
            let told = Rule { rule: id.to_owned(), ..Rule::default() };
            self.all.push(Kept { told, ..Kept::default() });
            self.ids.insert(id.to_owned(), self.all.len() - 1);
            self.all.len() - 1
        };
        &mut self.all[at]
    }

    fn week(&mut self, at: i64) -> &mut Week {
        let from = monday(at);
        self.weeks.entry(from).or_insert_with(|| Week { from, ..Week::default() })
    }

    pub(super) fn add(&mut self, event: &Event, counts: bool) {
        match &event.what {
            What::Shown { .. } => self.shown(event, counts),
            What::Fixed { rule, finding, after, .. } => {
                self.became(event, rule, finding.as_deref(), |is| is.gone = true);
                if counts {
                    self.rule(rule).clean.add(*after);
                    self.week(event.at).fixed += 1;
                }
            }
            What::Overridden { rule, finding, reason, .. } => {
                self.became(event, rule, finding.as_deref(), |is| is.overridden = true);
                if counts {
                    self.because(rule, reason);
                    self.week(event.at).let_through += 1;
                }
            }
            What::Excepted { rule, finding, .. } => {
                self.became(event, rule, finding.as_deref(), |is| is.excepted = true);
            }
            What::Wrong { rule, finding, because } => {
                let known = self.became(event, rule, finding.as_deref(), |is| is.wrong = true);
                if counts {
                    // A finding that no hook showed can be wrong too.
                    self.rule(rule).told.wrong += u64::from(!known);
                    self.because(rule, because);
                }
            }
            What::Digest { rule, count, .. } if counts => {
                self.rule(rule).told.digest += u64::from(*count);
            }
            What::Drill { found, missed, .. } if counts => {
                let score = u32::try_from(found.len()).unwrap_or(u32::MAX);
                let of = score.saturating_add(u32::try_from(missed.len()).unwrap_or(u32::MAX));
                self.drills.runs += 1;
                self.drills.score += u64::from(score);
                self.drills.of += u64::from(of);
                if self.drills.last.len() == DRILLS {
                    self.drills.last.remove(0);
                }
                self.drills.last.push((event.at, score, of));
                for rule in missed {
                    *self.missed.entry(rule.clone()).or_default() += 1;
                }
            }
            What::Lesson { .. } if counts => self.lessons += 1,
            What::Digest { .. }
            | What::Drill { .. }
            | What::Lesson { .. }
            | What::Case { .. }
            | What::Guarded { .. }
            | What::Entrusted { .. }
            | What::Printed { .. }
            | What::Generated { .. }
            | What::Allowed { .. }
            | What::Verified { .. }
            | What::Approved { .. }
            | What::Review { .. }
            | What::Read { .. }
            | What::Forgot { .. } => {}
        }
    }

    fn shown(&mut self, event: &Event, counts: bool) {
        let What::Shown { deed, rule, finding, role, severity, confidence, verdict, .. } =
            &event.what
        else {
            return;
        };
        let known = finding.as_ref().map(|finding| key(event, finding));
        let kept = self.rule(rule);
        kept.told.severity.clone_from(severity);
        let day = event.at.div_euclid(DAY);
        let before = kept.met.replace(day);
        if counts {
            kept.told.cards += 1;
        }
        // What was gone and is here again is another one.
        let open = known.and_then(|known| self.findings.get_mut(&known));
        if let Some(found) = open.filter(|found| !found.is.gone) {
            // In two files at once, it is one try.
            found.tries += u32::from(found.last != event.at);
            found.last = event.at;
        } else {
            let kept = self.rule(rule);
            let cell = cell(&mut kept.told.cells, [role, confidence, verdict]);
            if counts {
                kept.told.findings += 1;
                if let Some(cell) = kept.told.cells.get_mut(cell as usize) {
                    cell.findings += 1;
                }
                let back = before.is_some_and(|before| (1..=COMES_BACK).contains(&(day - before)));
                kept.told.repeated += u64::from(back);
                self.week(event.at).findings += 1;
            }
            if let Some(known) = known {
                let is = Is::default();
                let found = Found { counts, cell, tries: 1, last: event.at, is };
                self.findings.insert(known, found);
            }
        }
        if *deed == Deed::Afterwards {
            self.became(event, rule, finding.as_deref(), |is| is.past = true);
            if counts {
                self.week(event.at).let_through += 1;
            }
        }
    }

    /// Counts what became of a finding. Gives whether it is known.
    fn became(
        &mut self,
        event: &Event,
        rule: &str,
        finding: Option<&str>,
        change: impl Fn(&mut Is),
    ) -> bool {
        let found = finding.and_then(|finding| self.findings.get_mut(&key(event, finding)));
        let Some(found) = found else { return false };
        let was = found.is;
        change(&mut found.is);
        let Found { counts, cell, tries, is, .. } = *found;
        if !counts || was == is {
            return true;
        }
        let told = &mut self.rule(rule).told;
        let new = |was: bool, is: bool| u64::from(is && !was);
        told.fixed += new(was.gone, is.gone);
        told.fixed_at_once += new(was.gone, is.gone && tries == 1 && !is.let_through());
        told.overridden += new(was.overridden, is.overridden);
        told.excepted += new(was.excepted, is.excepted);
        told.past_the_guard += new(was.past, is.past);
        told.let_through += new(was.let_through(), is.let_through());
        told.wrong += new(was.wrong, is.wrong);
        if let Some(cell) = told.cells.get_mut(cell as usize) {
            cell.noisy += new(was.let_through() || was.wrong, is.let_through() || is.wrong);
            cell.wrong += new(was.wrong, is.wrong);
        }
        true
    }

    fn because(&mut self, rule: &str, reason: &str) {
        let reasons = &mut self.rule(rule).reasons;
        let reason = match reason.trim() {
            "" => "no reason given",
            reason if reasons.len() < REASONS || reasons.contains_key(reason) => reason,
            _ => "other reasons",
        };
        match reasons.get_mut(reason) {
            Some(count) => *count += 1,
            None => {
                reasons.insert(reason.to_owned(), 1);
            }
        }
    }

    pub(super) fn told(self) -> Told {
        let mut clean = Times::default();
        let rules = self.all.into_iter().map(|kept| {
            clean.append(&kept.clean);
            let mut reasons = most(kept.reasons);
            reasons.truncate(REASONS_TOLD);
            Rule { reasons, clean_after: kept.clean.spread(CLEAN), ..kept.told }
        });
        // A rule of which nothing was counted is none of this report.
        let counted =
            |rule: &Rule| rule.cards + rule.digest + rule.wrong + rule.clean_after.count > 0;
        let mut rules: Vec<Rule> = rules.filter(counted).collect();
        rules.sort_by(|a, b| b.findings.cmp(&a.findings).then_with(|| a.rule.cmp(&b.rule)));
        let weeks: Vec<Week> = self.weeks.into_values().collect();
        let from = weeks.len().saturating_sub(WEEKS);
        let weeks = weeks.into_iter().skip(from).collect();
        let mut missed = most(self.missed);
        missed.truncate(REASONS_TOLD);
        let drills = Drills { missed, ..self.drills };
        Told { rules, weeks, clean, drills, lessons: self.lessons }
    }
}

/// Where the findings of a rule are counted that are alike.
fn cell(cells: &mut Vec<Cell>, [role, confidence, verdict]: [&String; 3]) -> u32 {
    let alike = |cell: &Cell| {
        cell.role == *role && cell.confidence == *confidence && cell.verdict == *verdict
    };
    let at = cells.iter().position(alike).unwrap_or_else(|| {
        cells.push(Cell {
            role: role.clone(),
            confidence: confidence.clone(),
            verdict: verdict.clone(),
            findings: 0,
            noisy: 0,
            wrong: 0,
        });
        cells.len() - 1
    });
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The most frequent first.
fn most(counts: BTreeMap<String, u64>) -> Vec<(String, u64)> {
    let mut all: Vec<_> = counts.into_iter().collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    all
}
