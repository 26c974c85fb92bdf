//! Users' rules at work: a scanner with them, and what is said of their files.

use crate::catalogue::{Catalogue, UserRules, Weight};
use crate::config::Config;
use crate::report;
use crate::scan::Scanner;
use crate::text::{Count, Escaped};
use std::collections::BTreeMap;

/// A scanner with the rules that `config` leaves active.
pub(in crate::cli) fn scanner(config: &Config) -> Scanner {
    let scanner = Scanner::new(Catalogue::builtin());
    let users = &config.users;
    let replaced = users.remarks().iter().any(|remark| remark.weight == Weight::Replaces);
    let scanner = if config.keeps_all() && !replaced {
        scanner
    } else {
        scanner.only(|rule| config.keeps(rule.id) && !users.replaces(rule.id))
    };
    scanner.with(users, |rule| config.keeps(rule.id))
}

/// Says what of users' rule files is not done as they say. A rule that takes the place
/// of one of leakcoach's own is named each time: the file may have come with the very
/// change that is checked.
pub(in crate::cli) fn announce(users: &UserRules) {
    for words in announcements(users) {
        report::notice(&words);
    }
}

/// The same, a line each.
pub(in crate::cli) fn announcements(users: &UserRules) -> Vec<String> {
    let mut words = Vec::new();
    let mut undone: BTreeMap<&str, usize> = BTreeMap::new();
    for remark in users.remarks() {
        match remark.weight {
            Weight::Replaces => words.push(remark.to_string()),
            Weight::Loses | Weight::Widens => *undone.entry(&remark.path).or_default() += 1,
            Weight::Tells => {}
        }
    }
    for (path, count) in undone {
        let (path, count) = (Escaped(path.as_bytes()), Count(count, "setting"));
        words.push(format!(
            "{path}: {count} not honoured; to see which: leakcoach rules --rules {path}"
        ));
    }
    words
}
