//! A drill: a change with fresh fake credentials and look-alikes in it, and how well somebody
//! told them apart.
//!
//! Takes what a repository is made of and a seed; gives changes, and a score for what a person
//! marked. Knows of no terminal, git or file.

use super::stack::Stack;
use crate::catalogue::lessons::{DrillFile, KitText, drill};
use crate::catalogue::{Catalogue, Rule, sample::expand};
use fastrand::Rng;

/// The data of `patterns/drill.toml`; `build.rs` has read it too.
fn data() -> DrillFile {
    let text = include_str!("../../patterns/drill.toml");
    drill(text, |id| Catalogue::builtin().rule(id).is_some()).expect("build.rs has read it")
}

/// A value that is longer would fill the screen.
const VALUE_AT_MOST: usize = 200;

/// What an added line is.
#[derive(Debug, Clone)]
pub enum Line {
    /// A freshly made fake credential of this rule.
    Planted(&'static Rule),
    /// It looks like one and is none, for this reason.
    LookAlike(String),
    /// An ordinary line.
    Calm,
}

/// One file, and the lines that a change adds to it.
#[derive(Debug, Clone)]
pub struct Change {
    /// From the top of the scratch repository.
    pub path: String,
    /// What stands before the added lines.
    pub before: Vec<String>,
    /// What is added, in order.
    pub added: Vec<Added>,
    /// What stands after them.
    pub after: Vec<String>,
}

/// A line that a change adds.
#[derive(Clone)]
pub struct Added {
    /// One-based, through all changes of the drill.
    pub number: usize,
    /// The line.
    pub text: String,
    /// What it is.
    pub is: Line,
}

impl std::fmt::Debug for Added {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The fake is of no use to anybody; a habit of showing values is.
        f.debug_struct("Added")
            .field("number", &self.number)
            .field("is", &self.is)
            .finish_non_exhaustive()
    }
}

impl Change {
    /// The file before the change.
    pub fn old(&self) -> String {
        let lines: Vec<&str> = self.before.iter().chain(&self.after).map(String::as_str).collect();
        lines.join("\n") + "\n"
    }

    /// The file with the change.
    pub fn changed(&self) -> String {
        let added = self.added.iter().map(|added| added.text.as_str());
        let before = self.before.iter().map(String::as_str);
        let lines: Vec<&str> =
            before.chain(added).chain(self.after.iter().map(String::as_str)).collect();
        lines.join("\n") + "\n"
    }

    /// The line of the file, one-based, on which the added line at `index` stands.
    pub fn line_of(&self, index: usize) -> usize {
        self.before.len() + index + 1
    }

    /// Whether it brings a credential.
    pub fn leaks(&self) -> bool {
        self.added.iter().any(|added| matches!(added.is, Line::Planted(_)))
    }
}

/// What is asked of a drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// How many changes.
    pub count: usize,
    /// The same seed gives the same drill.
    pub seed: u64,
    /// Whether some changes bring no credential, so that "commit" can be right.
    pub some_clean: bool,
}

/// The changes of a drill in a repository made of `stack`. Rules for which `keep` says no are
/// planted nowhere.
pub fn changes(wish: Wish, stack: &Stack, keep: impl Fn(&Rule) -> bool) -> Vec<Change> {
    let data = data();
    let mut rng = Rng::with_seed(wish.seed);
    let mut fitting: Vec<&KitText> = data.kit.iter().filter(|kit| stack.has(&kit.fits)).collect();
    if fitting.is_empty() {
        fitting = data.kit.iter().filter(|kit| kit.fits.is_empty()).collect();
    }
    rng.shuffle(&mut fitting);
    let mut made: Vec<Change> = Vec::new();
    let mut number = 1;
    for (index, kit) in fitting.iter().cycle().take(wish.count).enumerate() {
        let clean = wish.some_clean && rng.u8(..3) == 0;
        let used: Vec<&str> = made.iter().flat_map(planted).map(|rule| rule.id).collect();
        let planted = if clean { Vec::new() } else { plants(kit, stack, &used, &keep, &mut rng) };
        let mut change = change(&data, kit, &planted, &mut number, &mut rng);
        if let Some(turn) = std::num::NonZero::new(index / fitting.len()) {
            change.path = numbered(&change.path, turn.get() + 1);
        }
        made.push(change);
    }
    made
}

fn planted(change: &Change) -> impl Iterator<Item = &'static Rule> {
    change.added.iter().filter_map(|added| match added.is {
        Line::Planted(rule) => Some(rule),
        Line::LookAlike(_) | Line::Calm => None,
    })
}

/// `shop/settings.py` as `shop/2/settings.py`: another file of the same role.
fn numbered(path: &str, turn: usize) -> String {
    match path.rsplit_once('/') {
        Some((folder, name)) => format!("{folder}/{turn}/{name}"),
        None => format!("part{turn}/{path}"),
    }
}

/// One or two rules to plant: of services that the repository mentions first, and those that
/// this drill has not had.
fn plants(
    kit: &KitText,
    stack: &Stack,
    used: &[&str],
    keep: &impl Fn(&Rule) -> bool,
    rng: &mut Rng,
) -> Vec<&'static Rule> {
    let catalogue = Catalogue::builtin();
    let mut rules: Vec<&'static Rule> =
        kit.rules.iter().filter_map(|id| catalogue.rule(id)).filter(|rule| keep(rule)).collect();
    rng.shuffle(&mut rules);
    rules.sort_by_key(|rule| (used.contains(&rule.id), !stack.mentions(rule.service)));
    rules.truncate(1 + usize::from(rng.u8(..3) == 0));
    rules
}

fn change(
    data: &DrillFile,
    kit: &KitText,
    rules: &[&'static Rule],
    number: &mut usize,
    rng: &mut Rng,
) -> Change {
    let mut lines: Vec<(String, Line)> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for rule in rules {
        let (name, value) = of_rule(data, rule, rng.u64(..));
        if !names.contains(&name) {
            lines.push((given(kit, &name, &value), Line::Planted(rule)));
            names.push(name);
        }
    }
    let mut others: Vec<_> = data.look_alike.iter().collect();
    rng.shuffle(&mut others);
    let others = others.into_iter().filter(|other| !names.contains(&other.name));
    for other in others.take(2 + usize::from(rng.bool())).collect::<Vec<_>>() {
        let value = expand(&other.value, rng.u64(..)).unwrap_or_default();
        names.push(other.name.clone());
        lines.push((given(kit, &other.name, &value), Line::LookAlike(other.because.clone())));
    }
    if rng.bool() {
        let free = ["API_TOKEN", "DB_PASSWORD", "GITHUB_TOKEN", "SECRET_KEY"];
        if let Some(name) = free.into_iter().find(|name| !names.iter().any(|used| used == name)) {
            let because = "it says where the value comes from, not what it is: as it should be";
            let line = fill(&kit.reads, &cased(kit, name), "");
            lines.push((line, Line::LookAlike(because.to_owned())));
        }
    }
    let mut calm: Vec<&String> = kit.calm.iter().collect();
    rng.shuffle(&mut calm);
    lines.extend(calm.into_iter().take(2).map(|line| (line.clone(), Line::Calm)));
    rng.shuffle(&mut lines);
    let added = lines.into_iter().map(|(text, is)| {
        *number += 1;
        Added { number: *number - 1, text, is }
    });
    Change {
        path: kit.path.clone(),
        before: kit.before.clone(),
        added: added.collect(),
        after: kit.after.clone(),
    }
}

/// The name and the value by which a rule's credential is planted.
fn of_rule(data: &DrillFile, rule: &Rule, seed: u64) -> (String, String) {
    if let Some(plant) = data.plant.iter().find(|plant| plant.rule == rule.id) {
        return (plant.name.clone(), expand(&plant.value, seed).unwrap_or_default());
    }
    let value = bare(rule, seed).unwrap_or_default();
    (rule.coaching().variable.to_owned(), value)
}

/// A sample of the rule that is a credential and nothing beside it.
pub(super) fn bare(rule: &Rule, seed: u64) -> Option<String> {
    let mut samples = rule.samples.iter().filter_map(|sample| expand(sample, seed).ok());
    let beside = |char: char| char.is_whitespace() || matches!(char, '"' | '\'' | '{' | ',' | '<');
    samples.find(|sample| !sample.contains(beside) && sample.len() <= VALUE_AT_MOST)
}

fn given(kit: &KitText, name: &str, value: &str) -> String {
    fill(&kit.gives, &cased(kit, name), value)
}

fn cased(kit: &KitText, name: &str) -> String {
    if kit.lower { name.to_lowercase() } else { name.to_owned() }
}

fn fill(pattern: &str, name: &str, value: &str) -> String {
    pattern.replace("{name}", name).replace("{value}", value)
}

/// How well somebody told credentials from look-alikes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Score {
    /// Rules whose credential was found.
    pub found: Vec<&'static str>,
    /// Rules whose credential was missed.
    pub missed: Vec<&'static str>,
    /// How many lines were marked that hold none.
    pub false_alarms: usize,
}

impl Score {
    /// What came of marking these lines, by their numbers.
    pub fn of_marks(changes: &[Change], marked: &[usize]) -> Self {
        let mut score = Self::default();
        for added in changes.iter().flat_map(|change| &change.added) {
            match (&added.is, marked.contains(&added.number)) {
                (Line::Planted(rule), true) => score.found.push(rule.id),
                (Line::Planted(rule), false) => score.missed.push(rule.id),
                (Line::LookAlike(_) | Line::Calm, true) => score.false_alarms += 1,
                (Line::LookAlike(_) | Line::Calm, false) => {}
            }
        }
        score
    }

    /// What came of committing the change, or of keeping it back.
    pub fn of_decision(change: &Change, commits: bool) -> Self {
        let rules: Vec<&'static str> = planted(change).map(|rule| rule.id).collect();
        match (commits, rules.is_empty()) {
            (true, _) => Self { missed: rules, ..Self::default() },
            (false, false) => Self { found: rules, ..Self::default() },
            (false, true) => Self { false_alarms: 1, ..Self::default() },
        }
    }

    /// Both together.
    pub fn add(&mut self, other: Self) {
        self.found.extend(other.found);
        self.missed.extend(other.missed);
        self.false_alarms += other.false_alarms;
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Score, Wish, changes, data};
    use crate::catalogue::Catalogue;
    use crate::coach::stack::Stack;
    use crate::scan::{Scanner, Text};
    use crate::source::role::role_of;

    const WISH: Wish = Wish { count: 4, seed: 7, some_clean: false };

    /// A repository with every kind of file.
    fn everything() -> Stack {
        let mut stack = Stack::default();
        for pattern in data().kit.iter().flat_map(|kit| kit.fits.clone()) {
            let path = pattern.replace('*', "x");
            stack.file(&if path.ends_with('/') { path + "x" } else { path });
        }
        stack
    }

    #[test]
    fn each_credential_is_found_in_each_file_and_nothing_else_is() {
        let scanner = Scanner::new(Catalogue::builtin());
        let kits = data().kit.len();
        let mut faults = Vec::new();
        for seed in 0..60 {
            let wish = Wish { count: kits, seed, some_clean: false };
            let every = changes(wish, &everything(), |_| true);
            let any = changes(wish, &Stack::default(), |_| true);
            for change in every.iter().chain(&any) {
                let text = change.changed();
                let path = change.path.as_bytes();
                let text = Text { bytes: text.as_bytes(), path, role: role_of(path) };
                let lines: Vec<&[u8]> = text.bytes.split(|byte| *byte == b'\n').collect();
                let found = scanner.scan(&text).findings;
                let at = |finding: &crate::scan::Finding| {
                    text.bytes[..finding.secret_span.start].split(|byte| *byte == b'\n').count()
                };
                for (index, added) in change.added.iter().enumerate() {
                    let line = change.line_of(index);
                    assert_eq!(lines[line - 1], added.text.as_bytes());
                    let here: Vec<&str> =
                        found.iter().filter(|one| at(one) == line).map(|one| one.rule.id).collect();
                    let well = match &added.is {
                        Line::Planted(rule) => here.contains(&rule.id),
                        Line::LookAlike(_) | Line::Calm => here.is_empty(),
                    };
                    if !well {
                        let name = added.text.split(['=', ':']).next().unwrap();
                        faults.push(format!("{} {name}: {:?} is {here:?}", change.path, added));
                    }
                }
            }
        }
        faults.sort();
        faults.dedup_by_key(|fault| fault.split(':').next().unwrap().to_owned());
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    #[test]
    fn the_same_seed_gives_the_same_drill_and_another_fresh_values() {
        let texts = |seed| {
            let made = changes(Wish { seed, ..WISH }, &everything(), |_| true);
            made.iter().map(super::Change::changed).collect::<Vec<_>>()
        };

        assert_eq!(texts(1), texts(1));
        assert_ne!(texts(1), texts(2));
    }

    #[test]
    fn a_drill_is_about_what_the_repository_uses() {
        let mut stack = Stack::default();
        stack.file("package.json");
        stack.manifest("{\"dependencies\": {\"stripe\": \"1\"}}");
        let wish = Wish { count: 1, ..WISH };

        for seed in 0..20 {
            let made = changes(Wish { seed, ..wish }, &stack, |_| true);
            assert_eq!(made[0].path, "src/config.js");
            assert!(super::planted(&made[0]).any(|rule| rule.service == "Stripe"));
        }
        let made = changes(wish, &stack, |rule| rule.service != "Stripe");
        assert!(super::planted(&made[0]).all(|rule| rule.service != "Stripe"));
    }

    #[test]
    fn a_score_tells_found_missed_and_false_alarms_apart() {
        let made = changes(WISH, &everything(), |_| true);
        let is_planted = |is: &Line| matches!(is, Line::Planted(_));
        let all: Vec<_> = made.iter().flat_map(|change| &change.added).collect();
        let planted: Vec<usize> =
            all.iter().filter(|one| is_planted(&one.is)).map(|one| one.number).collect();
        let calm = all.iter().find(|one| !is_planted(&one.is)).unwrap().number;

        let perfect = Score::of_marks(&made, &planted);
        assert_eq!((perfect.found.len(), perfect.missed.len()), (planted.len(), 0));
        let blind = Score::of_marks(&made, &[calm, 999]);
        assert_eq!((blind.missed.len(), blind.false_alarms), (planted.len(), 1));
        assert_eq!(Score::of_decision(&made[0], true).missed.is_empty(), !made[0].leaks());
    }

    #[test]
    fn a_change_may_bring_nothing() {
        let wish = Wish { count: 30, seed: 3, some_clean: true };
        let made = changes(wish, &everything(), |_| true);
        let clean = made.iter().filter(|change| !change.leaks()).count();

        assert!((3..27).contains(&clean), "{clean}");
        let paths: std::collections::BTreeSet<_> = made.iter().map(|one| &one.path).collect();
        assert_eq!(paths.len(), 30, "each change has a file of its own");
    }
}
