//! The house's own rules: which way data flows, and that the documents say what is.

use std::fs;
use std::path::{Path, PathBuf};

/// Stages in order. A stage names none that stands after it.
const ORDER: [&str; 8] = ["catalogue", "scan", "judge", "coach", "record", "send", "report", "cli"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn all(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    assert!(!found.is_empty());
    found
}

#[test]
fn no_stage_names_one_that_comes_after_it() {
    for (at, stage) in ORDER.iter().enumerate() {
        for path in all(&format!("src/{stage}")) {
            let text = fs::read_to_string(&path).unwrap();
            for later in &ORDER[at + 1..] {
                let named = format!("crate::{later}");
                assert!(!text.contains(&named), "{} names {named}", path.display());
            }
        }
    }
}

#[test]
fn a_scan_knows_of_no_git_file_or_clock() {
    for path in all("src/scan") {
        let text = fs::read_to_string(&path).unwrap();
        for forbidden in ["std::fs", "git2", "std::process", "SystemTime", "crate::source::repo"] {
            assert!(!text.contains(forbidden), "{} names {forbidden}", path.display());
        }
    }
}

#[test]
fn every_git_situation_of_the_documents_has_its_test() {
    let table = include_str!("../../docs/git-situations.md");
    let code: String = ["src/source", "tests/it"]
        .into_iter()
        .flat_map(all)
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let tests: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| "))
        .filter_map(|line| line.rsplit('`').nth(1))
        .collect();

    assert!(tests.len() >= 45, "{} situations", tests.len());
    for test in tests {
        assert!(code.contains(&format!("fn {test}(")), "no test is called {test}");
    }
}
