//! Every rule: its samples are found, its near-misses are not.

use leakcoach::catalogue::{Catalogue, Rule, sample::expand};
use leakcoach::scan::{Scanner, Text};
use leakcoach::source::role::role_of;

/// A file in which every form of assignment is at home.
const PATH: &[u8] = b"settings.conf";

fn finds(scanner: &Scanner, rule: &Rule, text: &str) -> bool {
    let text = Text { bytes: text.as_bytes(), path: PATH, role: role_of(PATH) };
    let found = scanner.scan(&text);
    found.findings.iter().any(|finding| finding.rule.id == rule.id)
        || rule.public && found.dismissed.iter().any(|known| known.rule.id == rule.id)
}

#[test]
fn every_sample_is_found_and_no_near_miss_is() {
    let mut faults = Vec::new();
    for rule in Catalogue::builtin().rules {
        let scanner = Scanner::new(Catalogue::builtin()).only(|other| other.id == rule.id);
        for seed in 0..3 {
            for template in (rule.samples)() {
                if !finds(&scanner, rule, &expand(template, seed).unwrap()) {
                    faults.push(format!("{}: seed {seed} of `{template}` is not found", rule.id));
                }
            }
            for template in (rule.near_misses)() {
                if finds(&scanner, rule, &expand(template, seed).unwrap()) && !rule.public {
                    faults.push(format!("{}: seed {seed} of `{template}` is found", rule.id));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
