//! Every signal by its samples, and what no input may do.

use super::{Format, widened};
use crate::catalogue::Signal;
use crate::catalogue::signal::{Sample, SignalFile, signals};
use proptest::prelude::*;
use std::path::Path;

fn files() -> Vec<SignalFile> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns/privileges");
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    entries.map(|entry| signals(&std::fs::read_to_string(entry.path()).unwrap()).unwrap()).collect()
}

/// The rules that a change is told of by, and why it could not be looked into.
fn found(path: &str, before: &str, after: &str) -> (Vec<&'static str>, Option<String>) {
    let before: Vec<&[u8]> = if before.is_empty() { vec![] } else { vec![before.as_bytes()] };
    let looked = widened(path.as_bytes(), &before, after.as_bytes(), true, &[]);
    (looked.found.iter().map(|one| one.signal.rule.id).collect(), looked.why)
}

fn of<'a>(sample: &'a Sample, path: &mut &'a str) -> (Vec<&'static str>, Option<String>) {
    if !sample.path.is_empty() {
        *path = &sample.path;
    }
    found(path, &sample.before, &sample.after)
}

#[test]
fn every_hit_is_found_and_no_near_miss_is() {
    let mut faults = Vec::new();
    for file in files() {
        for signal in file.signal.iter().map(toml::Spanned::get_ref) {
            let mut path = "";
            for (number, sample) in (1..).zip(&signal.hits) {
                let (rules, why) = of(sample, &mut path);
                if !rules.contains(&signal.id.as_str()) {
                    faults.push(format!("{}: hit {number} gives {rules:?} {why:?}", signal.id));
                }
            }
            path = &signal.hits[0].path;
            for (number, sample) in (1..).zip(&signal.near_misses) {
                let (rules, why) = of(sample, &mut path);
                if rules.contains(&signal.id.as_str()) || why.is_some() {
                    faults.push(format!("{}: near-miss {number}: {rules:?} {why:?}", signal.id));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_was_there_and_is_moved_or_written_otherwise_is_no_finding() {
    for file in files() {
        for signal in file.signal.iter().map(toml::Spanned::get_ref) {
            let mut path = "";
            for sample in &signal.hits {
                if !sample.path.is_empty() {
                    path = &sample.path;
                }
                let (rules, _) = found(path, &sample.after, &sample.after);
                assert!(rules.is_empty(), "{}: {rules:?}", signal.id);
            }
        }
    }
}

#[test]
fn a_grant_that_is_new_beside_the_same_one_elsewhere_is_told_of() {
    let one = "on: push\njobs:\n  a:\n    permissions: write-all\n    steps: []\n";
    let two = format!("{one}  b:\n    permissions: write-all\n    steps: []\n");

    assert_eq!(found(".github/workflows/a.yml", one, &two).0, ["gha-write-all"]);
    // The job has another name.
    let renamed = one.replace("  a:", "  build:");
    assert_eq!(found(".github/workflows/a.yml", one, &renamed).0, [""; 0]);
    // It held for all jobs, and holds for one.
    let all = "on: push\npermissions: write-all\njobs:\n  a:\n    steps: []\n";
    assert_eq!(found(".github/workflows/a.yml", all, one).0, [""; 0]);
}

#[test]
fn what_is_new_to_one_parent_of_a_merge_alone_is_no_finding() {
    let with = b"on: push\npermissions: write-all\njobs:\n  a:\n    steps: []\n";
    let without = b"on: push\npermissions: read-all\njobs:\n  a:\n    steps: []\n";
    let path = b".github/workflows/a.yml";

    assert!(widened(path, &[with, without], with, true, &[]).found.is_empty());
    assert_eq!(widened(path, &[without, without], with, true, &[]).found.len(), 1);
}

#[test]
fn a_marker_with_a_reason_lets_its_line_through() {
    let with = "on: push\npermissions: write-all # leakcoach:allow gha-write-all because REASON\njobs:\n  a:\n    steps: []\n";

    assert_eq!(
        found(".github/workflows/a.yml", "", &with.replace("REASON", "the bot needs it")).0,
        [""; 0]
    );
    assert_eq!(
        found(".github/workflows/a.yml", "", &with.replace("REASON", "so")).0,
        ["gha-write-all"]
    );
}

#[test]
fn what_cannot_be_read_is_told_of_and_never_a_crash() {
    let deep = "[".repeat(100_000);
    let bomb = {
        let mut text = "jobs:\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..12 {
            let before = format!("*a{},", level - 1).repeat(10);
            text = [text, format!("a{level}: &a{level} [{before}]\n")].concat();
        }
        text
    };
    for text in [&format!("jobs: {deep}"), &bomb, "jobs: {", "jobs:\n\t- a", "jobs: *none"] {
        let why = found(".github/workflows/a.yml", "", text).1.unwrap();
        assert!(why.ends_with("so what it permits was not looked at"), "{why}");
    }
    for text in [&format!("resource = {deep}"), "resource \"a\" {", "resource = \"${\""] {
        assert!(found("main.tf", "", text).1.is_some());
    }
}

#[test]
fn every_signal_has_a_fact_that_the_code_tells() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/privilege");
    let code: String = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().is_file() && entry.file_name() != "tests.rs")
        .map(|entry| std::fs::read_to_string(entry.path()).unwrap())
        .collect();
    for signal in Signal::all() {
        assert!(code.contains(&format!("\"{}\"", signal.fact)), "{}", signal.fact);
    }
}

const PATHS: [&str; 12] = [
    ".github/workflows/a.yml",
    ".gitlab-ci.yml",
    "deploy.yaml",
    "policy.json",
    "main.tf",
    "Dockerfile",
    "grant.sql",
    "shopify.app.toml",
    "run.sh",
    "stack.ts",
    "main.bicep",
    "pg_hba.conf",
];

proptest! {
    #[test]
    fn hostile_files_end_no_run(bytes: Vec<u8>, path in 0..PATHS.len()) {
        let format = Format::of(PATHS[path].as_bytes()).unwrap();
        let _facts = format.facts(PATHS[path].as_bytes(), &bytes);
    }

    #[test]
    fn files_of_their_own_words_end_no_run(
        words in proptest::collection::vec(0..WORDS.len(), 0..60),
        path in 0..PATHS.len(),
    ) {
        let text: String = words.iter().map(|at| WORDS[*at]).collect();
        let format = Format::of(PATHS[path].as_bytes()).unwrap();
        let _facts = format.facts(PATHS[path].as_bytes(), text.as_bytes());
        let looked = widened(PATHS[path].as_bytes(), &[], text.as_bytes(), true, &[]);
        for one in looked.found {
            prop_assert!(one.span.start <= one.span.end && one.span.end <= text.len());
        }
    }
}

const WORDS: [&str; 56] = [
    "jobs:",
    "\n",
    "  ",
    "a: ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "${{",
    "}}",
    "{{",
    "secrets.",
    "permissions: ",
    "write-all",
    "uses: x/y@v1",
    "run: |",
    "curl http://a | sh",
    "resource ",
    "\"aws_iam_policy\" \"x\"",
    "policy = ",
    "<<EOF",
    "EOF",
    "jsonencode(",
    ")",
    "Statement",
    ": ",
    "Action",
    "\"*\"",
    "Effect: Allow",
    "é",
    "USER root",
    "ENV A_TOKEN=b",
    "GRANT ALL ON ",
    " TO public;",
    "$$",
    "--",
    "/*",
    "kind: ",
    "apiVersion: v1",
    "containers:",
    "&a ",
    "*a",
    "<<: ",
    "!",
    "-",
    "?",
    "access_scopes",
    "scopes = ",
    "trust",
    "host all all 0.0.0.0/0 ",
    "\\\n",
    "FROM x\n",
    "`",
];

#[test]
fn an_action_of_the_own_organization_is_none_of_others() {
    let flow = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: Acme/tool@main\n      \
                - uses: other/tool@main\n";
    let path = b".github/workflows/ci.yml";
    let told = |owners: &[bstr::BString]| {
        let looked = widened(path, &[], flow.as_bytes(), false, owners);
        looked.found.iter().map(|one| (one.value.clone(), one.also.len())).collect::<Vec<_>>()
    };
    assert_eq!(told(&[]), [("Acme/tool".to_owned(), 1)]);
    assert_eq!(told(&["acme".into()]), [("other/tool".to_owned(), 0)]);
}
