//! `leakcoach drill`: fresh fakes and look-alikes in a scratch repository, told apart by a
//! person, or by leakcoach itself.

use crate::cli::ask::{Person, Watch};
use crate::cli::check::checked::Checked;
use crate::cli::check::going::Going;
use crate::cli::check::run::Check;
use crate::cli::check::stand::Seen;
use crate::cli::teach::learn::stack_at;
use crate::cli::teach::rules::{Format, config};
use crate::cli::{env, recorded::remember};
use crate::coach::drill::{Added, Change, Line, Score, Wish, changes};
use crate::coach::stack::Stack;
use crate::config::Config;
use crate::error::Error;
use crate::exit;
use crate::hook::demo::Stage;
use crate::hook::scratch::Scratch;
use crate::report::{self, learning};
use crate::source::index;
use clap::Args;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Debug, Args)]
pub(in crate::cli) struct DrillArgs {
    /// How many changes to look at
    #[arg(long, value_name = "N", default_value_t = 3)]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=50))]
    count: u8,
    /// The same number gives the same drill
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Decide for each change whether to commit it, and meet the hook
    #[arg(long, conflicts_with_all = ["ci", "mark"])]
    commit: bool,
    /// Mark these lines and ask nothing: 3,7, or none
    #[arg(long, value_name = "LINES", conflicts_with = "ci")]
    mark: Option<String>,
    /// Drill leakcoach itself: 1 when it misses one or flags what is none
    #[arg(long)]
    ci: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Drills a person, or leakcoach itself.
pub(in crate::cli) fn drill(args: &DrillArgs) -> Result<u8, Error> {
    report::set_colour(env::colour_of_data());
    // Before there is anything to clear away.
    let watch = Watch::begin();
    let config = config(&[])?;
    let stack = match crate::cli::open() {
        Ok(repo) => repo.top().map(stack_at).unwrap_or_default(),
        Err(Error::NoRepository { .. }) => Stack::default(),
        Err(error) => return Err(error),
    };
    // Small, to be typed again.
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..100_000));
    let wish = Wish { count: args.count.into(), seed, some_clean: args.commit };
    let changes = changes(wish, &stack, |rule| config.keeps(rule.id));
    let stage = env::stage()?;
    if !args.ci && args.mark.is_none() && !changes.iter().any(Change::leaks) && !args.commit {
        report::notice("the configuration leaves no rule of the drill active: nothing is planted");
    }
    let done = Drill { changes, seed, stage, watch };
    if args.ci {
        return done.by_leakcoach(config, args.format);
    }
    let marks = args.mark.as_deref().map(marks).transpose()?;
    match (marks, Person::present()) {
        (Some(marks), _) => done.by_marks(&marks, args.format),
        (None, Some(person)) if args.commit => done.by_commits(person),
        (None, Some(person)) => done.by_a_person(person),
        (None, None) => Ok(done.with_answers(args.format)),
    }
}

/// `3,7`, `3 7` or `none`.
fn marks(typed: &str) -> Result<Vec<usize>, Error> {
    let typed = typed.trim();
    if matches!(typed, "none" | "") {
        return Ok(Vec::new());
    }
    let numbers = typed.split([',', ' ']).filter(|part| !part.is_empty());
    numbers
        .map(|number| number.parse().ok().filter(|number| *number > 0))
        .collect::<Option<_>>()
        .ok_or_else(|| Error::Usage("marks are numbers of lines, such as 3,7, or none".to_owned()))
}

struct Drill {
    changes: Vec<Change>,
    seed: u64,
    stage: Stage,
    watch: Watch,
}

impl Drill {
    fn begin(&self) {
        let seed = self.seed;
        let words = format!(
            "A drill (--seed {seed}). Every credential in it was made just now and opens nothing."
        );
        report::data(&learning::prose(&words, env::style()));
    }

    fn show(&self, index: usize) {
        if let Some(change) = self.changes.get(index) {
            let at = format!("\nchange {} of {}", index + 1, self.changes.len());
            report::data(&at);
            report::data(learning::change(change, env::style()).trim_end_matches('\n'));
        }
    }

    /// The files before the change, or with it.
    fn files(&self, of: impl Fn(&Change) -> String) -> Vec<(String, String)> {
        self.changes.iter().map(|change| (change.path.clone(), of(change))).collect()
    }

    /// A person marks lines.
    fn by_a_person(&self, mut person: Person) -> Result<u8, Error> {
        self.begin();
        let mut marked = Vec::new();
        for index in 0..self.changes.len() {
            self.show(index);
            loop {
                let question = "\nlines with a credential (numbers, or Enter for none): ";
                let Some(typed) = person.ask(question, &self.watch)? else {
                    return Err(Error::Interrupted);
                };
                match marks(&typed) {
                    Ok(lines) => break marked.extend(lines),
                    Err(error) => report::error(&error),
                }
            }
        }
        self.conclude(&marked, Format::Text);
        Ok(exit::PASSED)
    }

    fn by_marks(&self, marked: &[usize], format: Format) -> Result<u8, Error> {
        let last = self.changes.iter().map(|change| change.added.len()).sum();
        if let Some(beyond) = marked.iter().find(|number| **number > last) {
            let what = format!("there is no line {beyond} in this drill: it ends with {last}");
            return Err(Error::Usage(what));
        }
        if let Format::Text = format {
            self.begin();
            (0..self.changes.len()).for_each(|index| self.show(index));
        }
        self.conclude(marked, format);
        Ok(exit::PASSED)
    }

    fn conclude(&self, marked: &[usize], format: Format) {
        let score = Score::of_marks(&self.changes, marked);
        remember::remember(&score);
        match format {
            Format::Json => report::data(&self.as_json(Some(&score)).to_string()),
            Format::Text => {
                let is_marked = |_: &Change, added: &Added| marked.contains(&added.number);
                let told = learning::told(&self.changes, is_marked, env::style());
                report::data(&format!("\n{}", told.trim_end_matches('\n')));
                Self::end(&score);
            }
        }
    }

    fn end(score: &Score) {
        let words = learning::prose(&learning::score(score), env::style());
        report::data(&format!("\n{words}"));
        if let Some(rule) = score.missed.first() {
            report::data(&format!("two minutes on it: leakcoach learn --rule {rule}"));
        }
    }

    /// A person decides what is committed, in a scratch repository with the hook.
    fn by_commits(&self, mut person: Person) -> Result<u8, Error> {
        self.begin();
        let scratch = Scratch::with(&self.stage, &self.files(Change::old))?;
        scratch.guard(&self.stage)?;
        let mut score = Score::default();
        for (index, change) in self.changes.iter().enumerate() {
            self.watch.go_on()?;
            scratch.stage(&self.stage, &[(change.path.clone(), change.changed())])?;
            self.show(index);
            let commits = loop {
                let question = "\nthis is staged; commit it? (y or n): ";
                let Some(typed) = person.ask(question, &self.watch)? else {
                    return Err(Error::Interrupted);
                };
                match typed.trim().to_lowercase().as_str() {
                    "y" | "yes" => break true,
                    "n" | "no" => break false,
                    _ => {}
                }
            };
            let passed = commits && scratch.commit(&self.stage)?;
            self.watch.go_on()?;
            if !passed {
                scratch.reset(&self.stage)?;
            }
            let of_this = Score::of_decision(change, commits);
            let words = match (commits, change.leaks(), passed) {
                (true, true, false) => "it held a credential, and the hook kept it back:",
                (true, true, true) => "it held a credential, and the hook let it through:",
                (true, false, true) => "right: there was nothing in it",
                (true, false, false) => "there was nothing in it, and the hook refused it",
                (false, true, _) => "right to keep it back:",
                (false, false, _) => "there was nothing in it that opens anything:",
            };
            report::data(&format!("\n{words}"));
            // Who kept it back has seen what is planted, or else took a look-alike for one.
            let marked = |of: &Change, added: &Added| match added.is {
                Line::Planted(_) => !commits,
                Line::LookAlike(_) => !commits && !of.leaks(),
                Line::Calm => false,
            };
            let told = learning::told(std::slice::from_ref(change), marked, env::style());
            if !told.is_empty() {
                report::data(told.trim_end_matches('\n'));
            }
            score.add(of_this);
        }
        remember::remember(&score);
        Self::end(&score);
        Ok(exit::PASSED)
    }

    /// Without anybody to ask: the changes, and what is in them.
    fn with_answers(&self, format: Format) -> u8 {
        if let Format::Json = format {
            report::data(&self.as_json(None).to_string());
            return exit::PASSED;
        }
        self.begin();
        (0..self.changes.len()).for_each(|index| self.show(index));
        let answers = learning::answers(&self.changes, env::style());
        report::data(&format!("\n{}", answers.trim_end_matches('\n')));
        report::notice("nobody was asked; to answer: leakcoach drill --seed N --mark LINES");
        exit::PASSED
    }

    /// leakcoach looks at the staged changes as its hook does.
    fn by_leakcoach(&self, config: Config, format: Format) -> Result<u8, Error> {
        let scratch = Scratch::with(&self.stage, &self.files(Change::old))?;
        self.watch.go_on()?;
        scratch.stage(&self.stage, &self.files(Change::changed))?;
        let repo = scratch.repo()?;
        let seen: Arc<Mutex<BTreeMap<(String, usize), &'static str>>> = Arc::default();
        let into = Arc::clone(&seen);
        let check = Check::new(Some(&repo), &[])?.by(config).unattended().going(Going::to_commit());
        let check = check.watched(Box::new(move |found: &Seen<'_>| {
            let path = String::from_utf8_lossy(found.stand.path).into_owned();
            let mut into = into.lock().unwrap_or_else(PoisonError::into_inner);
            into.insert((path, found.line), found.finding.rule.id);
        }));
        let mut checked = Checked::default();
        check.changes(&repo, &index::staged(&repo)?, &mut checked)?;
        self.watch.go_on()?;
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut faults = Vec::new();
        let mut marked = Vec::new();
        for change in &self.changes {
            for (index, added) in change.added.iter().enumerate() {
                let line = change.line_of(index);
                let found = seen.get(&(change.path.clone(), line));
                if found.is_some() {
                    marked.push(added.number);
                }
                let place = format!("{}:{line}", change.path);
                match (&added.is, found) {
                    (Line::Planted(rule), None) => {
                        faults.push(format!("missed: {} at {place}", rule.id));
                    }
                    (Line::LookAlike(why), Some(rule)) => {
                        faults.push(format!("false alarm: {rule} at {place}, though {why}"));
                    }
                    (Line::Calm, Some(rule)) => {
                        faults.push(format!("false alarm: {rule} at {place}"));
                    }
                    (Line::Planted(_), Some(_)) | (Line::LookAlike(_) | Line::Calm, None) => {}
                }
            }
        }
        let score = Score::of_marks(&self.changes, &marked);
        match format {
            Format::Json => report::data(&self.as_json(Some(&score)).to_string()),
            Format::Text => {
                for fault in &faults {
                    report::data(fault);
                }
                let (found, all) = (score.found.len(), score.found.len() + score.missed.len());
                let alarms = score.false_alarms;
                report::data(&format!(
                    "drill --seed {}: {found} of {all} found, {alarms} false alarms",
                    self.seed
                ));
            }
        }
        let nothing = !self.changes.iter().any(Change::leaks);
        if nothing {
            // A drill that plants nothing proves nothing.
            let what = "the configuration leaves no rule of the drill active";
            return Err(Error::Usage(what.to_owned()));
        }
        Ok(if faults.is_empty() { exit::PASSED } else { exit::REFUSED })
    }

    fn as_json(&self, score: Option<&Score>) -> serde_json::Value {
        let lines: Vec<serde_json::Value> = self
            .changes
            .iter()
            .flat_map(|change| {
                change.added.iter().enumerate().map(|(index, added)| {
                    let (is, rule, because) = match &added.is {
                        Line::Planted(rule) => {
                            ("planted", Some(rule.id), rule.coaching().missed.to_owned())
                        }
                        Line::LookAlike(because) => ("look-alike", None, because.clone()),
                        Line::Calm => ("ordinary", None, String::new()),
                    };
                    serde_json::json!({
                        "number": added.number, "path": change.path,
                        "line": change.line_of(index), "is": is, "rule": rule, "because": because,
                    })
                })
            })
            .collect();
        let score = score.map(|score| {
            serde_json::json!({
                "found": score.found, "missed": score.missed, "false_alarms": score.false_alarms,
            })
        });
        serde_json::json!({
            "seed": self.seed, "changes": self.changes.len(), "lines": lines, "score": score,
        })
    }
}
