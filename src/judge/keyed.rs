//! Values told again by salted hashes, by rule. What is known of each is for others.

use super::salt::{Hashing, Salt, SaltName, ValueHash};
use super::stretch::Stretcher;
use crate::scan::Finding;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// As many salts are looked at: each costs a stretched hash for every finding.
const SALTS_AT_MOST: usize = 8;

/// A line that cannot be read, and so lets nothing through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// One-based.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

/// Reads the text of a file of values: its salts into `values`, and each other line,
/// parted at its first blank, by `read`. Gives the lines of people's own, which begin with
/// `#` and are not in `header`, and what could not be read.
pub(super) fn parse<T>(
    text: &[u8],
    header: &str,
    values: &mut Keyed<T>,
    read: impl Fn(&mut Keyed<T>, &str, &str) -> Result<(), &'static str>,
) -> (Vec<String>, Vec<Fault>) {
    let (mut comments, mut faults) = (Vec::new(), Vec::new());
    let mut line = |line: &[u8]| {
        let line = std::str::from_utf8(line).map_err(|_| "it is no UTF-8")?.trim_end();
        if line.is_empty() || header.lines().any(|known| known == line) {
            return Ok(());
        }
        if line.starts_with('#') {
            comments.push(line.to_owned());
            return Ok(());
        }
        match line.split_once(' ').ok_or("it has one word")? {
            ("salt", salt) => values.read_salt(salt),
            (hash, rest) => read(values, hash, rest),
        }
    };
    for (at, text) in text.split(|byte| *byte == b'\n').enumerate() {
        if let Err(what) = line(text) {
            faults.push(Fault { line: at + 1, what });
        }
    }
    (comments, faults)
}

/// Writes what stands in such a file before the values.
pub(super) fn write_head<T>(
    f: &mut fmt::Formatter<'_>,
    header: &str,
    comments: &[String],
    values: &Keyed<T>,
) -> fmt::Result {
    f.write_str(header)?;
    comments.iter().try_for_each(|comment| writeln!(f, "{comment}"))?;
    values.salts().try_for_each(|salt| writeln!(f, "salt {salt}"))
}

/// What is known of values, by rule and salted hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Keyed<T> {
    salts: BTreeSet<Salt>,
    rules: BTreeMap<String, OfRule<T>>,
}

/// The values of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OfRule<T> {
    /// The ways in which their hashes are made.
    ways: BTreeSet<(SaltName, Hashing)>,
    by_hash: BTreeMap<ValueHash, T>,
}

impl<T> Default for Keyed<T> {
    fn default() -> Self {
        Self { salts: BTreeSet::new(), rules: BTreeMap::new() }
    }
}

impl<T> Keyed<T> {
    /// Reads what stands after `salt ` in a line.
    pub(super) fn read_salt(&mut self, text: &str) -> Result<(), &'static str> {
        let salt = Salt::parse(text).ok_or("this is no salt")?;
        if self.salts.len() >= SALTS_AT_MOST && !self.salts.contains(&salt) {
            return Err("there are too many salts before it");
        }
        self.salts.insert(salt);
        Ok(())
    }

    /// Puts a value in. Of two that are known of it, `keep` says whether the one that
    /// was there before stays.
    pub(super) fn insert(
        &mut self,
        rule: &str,
        hash: ValueHash,
        known: T,
        mut keep: impl FnMut(&T, &T) -> bool,
    ) {
        if !self.rules.contains_key(rule) {
            let none = OfRule { ways: BTreeSet::new(), by_hash: BTreeMap::new() };
            self.rules.insert(rule.to_owned(), none);
        }
        let Some(of_rule) = self.rules.get_mut(rule) else { return };
        of_rule.ways.insert((hash.salt, hash.how));
        if !of_rule.by_hash.get(&hash).is_some_and(|before| keep(before, &known)) {
            of_rule.by_hash.insert(hash, known);
        }
    }

    /// What is known of a finding's value, and under which hash.
    ///
    /// Costs a stretched hash where there is any for the finding's rule.
    pub(super) fn get(&self, finding: &Finding, by: &Stretcher) -> Option<(ValueHash, &T)> {
        let of_rule = self.rules.get(finding.rule.id)?;
        of_rule.ways.iter().find_map(|(name, how)| {
            let salts = self.salts.iter().filter(|salt| salt.name() == *name);
            salts.filter_map(|salt| salt.hash(*how, finding, by)).find_map(|hash| {
                let known = of_rule.by_hash.get(&hash)?;
                Some((hash, known))
            })
        })
    }

    /// The hash under which a finding's value is to be put in. `fresh` is the salt of a
    /// file that has none yet.
    pub(super) fn hash(
        &mut self,
        finding: &Finding,
        fresh: Salt,
        by: &Stretcher,
    ) -> Option<ValueHash> {
        let salt = self.salts.first().copied().unwrap_or(fresh);
        let hash = salt.hash(Hashing::fit_for(finding), finding, by)?;
        self.salts.insert(salt);
        Some(hash)
    }

    /// Keeps the values of which `keep` says so.
    pub(super) fn retain(&mut self, keep: impl Fn(ValueHash) -> bool) {
        for of_rule in self.rules.values_mut() {
            of_rule.by_hash.retain(|hash, _| keep(*hash));
            of_rule.ways = of_rule.by_hash.keys().map(|hash| (hash.salt, hash.how)).collect();
        }
        self.rules.retain(|_, of_rule| !of_rule.by_hash.is_empty());
    }

    pub(super) fn salts(&self) -> impl Iterator<Item = &Salt> {
        self.salts.iter()
    }

    /// All of it, in the order of the hashes.
    pub(super) fn sorted(&self) -> Vec<(ValueHash, &str, &T)> {
        let mut all = Vec::with_capacity(self.len());
        for (rule, of_rule) in &self.rules {
            let values = of_rule.by_hash.iter();
            all.extend(values.map(|(hash, known)| (*hash, rule.as_str(), known)));
        }
        all.sort_unstable_by_key(|(hash, rule, _)| (*hash, *rule));
        all
    }

    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.rules.values().map(|of_rule| of_rule.by_hash.len()).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}
