//! Drills: fakes and look-alikes told apart, by a person or by leakcoach itself.

use crate::harness::{Attempt, BINARY, Repo};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A repository with its own folder for what is temporary.
fn repository() -> (Repo, PathBuf) {
    let repo = Repo::plain();
    let temp = repo.top().parent().unwrap().join("temp");
    fs::create_dir_all(&temp).unwrap();
    (repo, temp)
}

fn drill(repo: &Repo, temp: &Path, args: &[&str]) -> Attempt {
    let args = [&["drill"], args].concat();
    repo.leakcoach_with(&[("TMPDIR", temp.to_str().unwrap())], &args)
}

/// leakcoach on a terminal, where somebody types `answer`.
fn on_a_terminal(repo: &Repo, temp: &Path, args: &str, answer: &str) -> Attempt {
    let command = format!("TMPDIR='{}' {BINARY} drill {args}", temp.display());
    repo.typed(&["script", "-qec", &command, "/dev/null"], answer)
}

#[track_caller]
fn is_empty(folder: &Path) {
    let left: Vec<_> = fs::read_dir(folder).unwrap().flatten().map(|one| one.path()).collect();
    assert!(left.is_empty(), "{left:?} is left behind");
}

/// The numbers of the lines that hold a credential.
fn planted(repo: &Repo, temp: &Path, args: &[&str]) -> Vec<u64> {
    let json = [args, &["--mark", "none", "--format", "json"]].concat();
    let told = drill(repo, temp, &json).accepted().text();
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let lines = told["lines"].as_array().unwrap();
    let planted = lines.iter().filter(|line| line["is"] == "planted");
    planted.map(|line| line["number"].as_u64().unwrap()).collect()
}

#[test]
fn leakcoach_finds_every_planted_one_and_flags_no_look_alike() {
    let (repo, temp) = repository();
    for path in ["package.json", "go.mod", "infra/main.tf", "Dockerfile", "compose.yaml", "a.py"] {
        repo.write(path, "\n");
    }

    for seed in ["1", "2", "3"] {
        drill(&repo, &temp, &["--ci", "--seed", seed, "--count", "12"])
            .accepted()
            .says("found, 0 false alarms");
    }
    is_empty(&temp);
}

#[test]
fn a_configuration_that_keeps_leakcoach_from_looking_fails_the_drill() {
    let (repo, temp) = repository();
    repo.write(".leakcoach.toml", "[paths]\nignore = [\"shop.env\"]\n");

    drill(&repo, &temp, &["--ci", "--seed", "1", "--count", "1"]).refused().says("missed: ");
    is_empty(&temp);
}

#[test]
fn what_is_marked_is_scored_and_what_was_missed_is_told_by_its_signal() {
    let (repo, temp) = repository();
    let seed = ["--seed", "11"];
    let lines = planted(&repo, &temp, &seed);
    let marks: Vec<String> = lines.iter().map(ToString::to_string).collect();

    let perfect = drill(&repo, &temp, &["--seed", "11", "--mark", &marks.join(",")]);
    perfect.accepted().says("you saw every one").says("0 missed, no false alarm");
    let blind = drill(&repo, &temp, &["--seed", "11", "--mark", "none"]);
    blind.accepted().says("missed").says("leakcoach learn --rule ");
    let alarmed = (1..1000).find(|number| !lines.contains(number)).unwrap().to_string();
    drill(&repo, &temp, &["--seed", "11", "--mark", &alarmed]).accepted().says("1 false alarm");
    drill(&repo, &temp, &["--seed", "11", "--mark", "999"]).ends_with_code(2).says("no line 999");
    drill(&repo, &temp, &["--seed", "11", "--mark", "x"]).ends_with_code(2);
}

#[test]
fn a_drill_at_60_80_and_120_columns() {
    let (repo, temp) = repository();
    // No file of this repository holds what looks like a credential.
    let values = regex::Regex::new(r"(\+ [A-Z_]+=).{9,}").unwrap();
    for columns in ["60", "80", "120"] {
        let temp = temp.to_str().unwrap();
        let variables = [("COLUMNS", columns), ("TMPDIR", temp)];
        let shown = repo.leakcoach_with(&variables, &["drill", "--seed", "4", "--mark", "1,2"]);
        let text = shown.accepted().text();
        insta::assert_snapshot!(format!("drill_{columns}"), values.replace_all(&text, "$1(value)"));
        let widest = shown.text().lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= columns.parse().unwrap(), "a line of {widest} columns");
    }
}

#[test]
fn without_a_terminal_the_answers_follow_and_nothing_waits() {
    let (repo, temp) = repository();

    drill(&repo, &temp, &["--seed", "4"]).accepted().says("holds").says("nobody was asked");
    is_empty(&temp);
}

#[test]
fn on_a_terminal_lines_are_marked() {
    let (repo, temp) = repository();
    let lines = planted(&repo, &temp, &["--seed", "5", "--count", "1"]);
    let typed: Vec<String> = lines.iter().map(ToString::to_string).collect();

    on_a_terminal(&repo, &temp, "--seed 5 --count 1", &(typed.join(" ") + "\n"))
        .accepted()
        .says("you saw every one");
    on_a_terminal(&repo, &temp, "--seed 5 --count 1", "what?\n\n").accepted().says("missed");
    is_empty(&temp);
}

#[test]
fn who_commits_a_credential_in_a_drill_meets_the_hook() {
    let (repo, temp) = repository();

    on_a_terminal(&repo, &temp, "--commit --seed 5 --count 4", "y\ny\ny\ny\n")
        .accepted()
        .says("refused: ")
        .says("and the hook kept it back")
        .says("missed");
    on_a_terminal(&repo, &temp, "--commit --seed 5 --count 4", "n\nn\nn\nn\n")
        .accepted()
        .says("right to keep it back");
    is_empty(&temp);
}

#[test]
fn ctrl_c_leaves_no_scratch_folder() {
    let (repo, temp) = repository();
    let command = format!("exec {BINARY} drill --commit --seed 5");
    let mut script = Command::new("script");
    script.args(["-qec", &command, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut run = repo.prepared(&mut script).env("TMPDIR", &temp).spawn().unwrap();
    let made = || fs::read_dir(&temp).unwrap().next().is_some();
    let began = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        made()
    });
    assert!(began, "the drill has a scratch folder");
    std::thread::sleep(Duration::from_millis(500));

    // What a terminal makes of Ctrl-C.
    std::io::Write::write_all(run.stdin.as_mut().unwrap(), b"\x03").unwrap();
    run.wait().unwrap();

    is_empty(&temp);
}

#[test]
fn a_drill_needs_no_repository_and_leaves_the_one_it_is_run_in_alone() {
    let (repo, temp) = repository();
    repo.write("a.py", "a = 1\n").commit_unchecked("first");
    drill(&repo, &temp, &["--ci", "--seed", "1"]).accepted();
    repo.git(&["status", "--short"]).accepted().silent();

    fs::remove_dir_all(repo.top().join(".git")).unwrap();
    drill(&repo, &temp, &["--ci", "--seed", "1"]).accepted();
}
