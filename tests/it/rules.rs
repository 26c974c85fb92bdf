//! Every rule: its samples are found, its near-misses are not.

use crate::harness::Repo;
use leakcoach::catalogue::{Catalogue, Engine, Rule, sample::expand};
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
    for rule in Catalogue::builtin().rules() {
        let scanner = Scanner::new(Catalogue::builtin()).only(|other| other.id == rule.id);
        for seed in 0..10 {
            for template in rule.samples.iter() {
                if !finds(&scanner, rule, &expand(template, seed).unwrap()) {
                    faults.push(format!("{}: seed {seed} of `{template}` is not found", rule.id));
                }
            }
            for template in rule.near_misses.iter() {
                if finds(&scanner, rule, &expand(template, seed).unwrap()) && !rule.public {
                    faults.push(format!("{}: seed {seed} of `{template}` is found", rule.id));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn rules_are_listed_by_what_is_asked_of_them() {
    let repo = Repo::plain();

    repo.leakcoach(&["rules", "--service", "slack"]).accepted().says("slack-bot-token");
    let pats = repo.leakcoach(&["rules", "--service", "github", "--format", "json"]);
    pats.accepted().says("\"id\":\"github-pat\"");
    repo.leakcoach(&["rules", "--kind", "cloudkey"]).ends_with_code(2).says("cloud-key");
}

#[test]
fn a_sample_is_fresh_each_time_and_is_found() {
    let repo = Repo::plain();
    let sample = |id| repo.leakcoach(&["rules", "--sample", id]).accepted().text();
    let (one, other) = (sample("github-pat"), sample("github-pat"));

    assert_ne!(one, other);
    repo.write("a.py", &one).leakcoach(&["check", "--tree", "a.py"]).refused().says("github-pat");
}

#[test]
fn precision_and_recall_are_measured_on_labelled_files() {
    let repo = Repo::plain();
    let token = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 3).unwrap());
    repo.write("set/a.py", &format!("t = '{token}'\nu = 'x'\n")).write(
        "set/labels.csv",
        "file,line_start,line_end,truth,category\na.py,1,1,T,Token\na.py,2,2,T,Key\n",
    );

    repo.leakcoach(&["eval", "set", "--list", "5"])
        .accepted()
        .says("R 0.500")
        .says("miss a.py:2 (Key)");
    repo.write("set/labels.csv", "file,line_start,line_end,truth,category\nb.py,1,1,T,Token\n");
    repo.leakcoach(&["eval", "set"]).ends_with_code(3).says("b.py");
}

#[test]
fn a_credential_between_a_word_and_another_credential_is_not_lost() {
    let scanner = Scanner::new(Catalogue::builtin());
    let text =
        expand("mailgun\nTOKEN=ghp_{base62:30}{crc32-base62}\nKEY={hex:32}-{hex:8}-{hex:8}\n", 5);
    let text = text.unwrap();
    let found = scanner.scan(&Text { bytes: text.as_bytes(), path: PATH, role: role_of(PATH) });
    let ids: Vec<&str> = found.findings.iter().map(|finding| finding.rule.id).collect();

    assert_eq!(ids, ["github-pat", "mailgun-sending-key"]);
}

#[test]
fn a_credential_in_base64_of_base64_is_found_where_it_stands() {
    let scanner = Scanner::new(Catalogue::builtin());
    let token = expand("export GITHUB_TOKEN=ghp_{base62:30}{crc32-base62}", 6).unwrap();
    let mut coded = token;
    for times in 1..=3 {
        coded = data_encoding::BASE64.encode(coded.as_bytes());
        let text = format!("first: line\ndata: {coded}\n");
        let text = Text { bytes: text.as_bytes(), path: PATH, role: role_of(PATH) };
        let found = scanner.scan(&text);
        assert!(found.findings.iter().any(|finding| finding.rule.id == "github-pat"), "{times}");
    }
}

#[test]
fn with_all_rules_at_once_each_sample_is_told_by_its_own() {
    let scanner = Scanner::new(Catalogue::builtin());
    let mut faults = Vec::new();
    // What has no name of its own gives way to any rule that has one.
    let named = |rule: &&Rule| !rule.public && rule.engine != Engine::Assignment;
    for rule in Catalogue::builtin().rules().filter(named) {
        for template in rule.samples.iter() {
            let text = expand(template, 1).unwrap();
            let found =
                scanner.scan(&Text { bytes: text.as_bytes(), path: PATH, role: role_of(PATH) });
            let ids: Vec<&str> = found.findings.iter().map(|finding| finding.rule.id).collect();
            if !ids.contains(&rule.id) {
                faults.push(format!("{}: `{template:.80}` is told as {ids:?}", rule.id));
            }
        }
    }
    assert!(faults.is_empty(), "{} samples\n{}", faults.len(), faults.join("\n"));
}
