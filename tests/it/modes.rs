//! What `check` can be pointed at.

use crate::harness::Repo;
use leakcoach::catalogue::{Catalogue, sample::expand};

fn sample(id: &str, seed: u64) -> String {
    let rule = Catalogue::builtin().rule(id).unwrap();
    expand(rule.samples.iter().next().unwrap(), seed).unwrap()
}

fn planted(repo: &Repo, seed: u64) -> String {
    repo.plant(sample("github-pat", seed))
}

#[test]
fn all_changes_are_told_each_once() {
    let repo = Repo::plain();
    repo.write(".gitignore", "ignored\n").write("old.py", "a = 1\n").commit_unchecked("first");
    let (one, two, three) = (planted(&repo, 1), planted(&repo, 2), planted(&repo, 3));
    repo.write("staged.py", &format!("t = '{one}'\n")).git(&["add", "staged.py"]).accepted();
    repo.write("staged.py", &format!("import os\nt = '{one}'\n"));
    repo.write("old.py", &format!("a = 1\nt = '{two}'\n"));
    repo.write("new.py", &format!("t = '{three}'\n"));
    repo.write("ignored", &format!("t = '{three}'\n"));

    let told = repo.leakcoach(&["check", "--all-changes"]);
    told.refused().says("new.py:1").says("old.py:2").says("staged.py:2");
    assert_eq!(told.refusals(), 3);
    repo.leakcoach(&["check"]).refused().says("staged.py:1");
}

#[test]
fn what_is_staged_is_told_though_the_work_tree_has_lost_it() {
    let repo = Repo::plain();
    let token = planted(&repo, 4);
    repo.write("a.py", &format!("t = '{token}'\n")).git(&["add", "a.py"]).accepted();
    repo.write("a.py", "t = 1\n");

    repo.leakcoach(&["check", "--all-changes"]).refused().says("a.py:1");
}

#[test]
fn one_commit_is_checked_against_its_parents() {
    let repo = Repo::plain();
    repo.write("a.py", &format!("t = '{}'\n", planted(&repo, 5))).commit_unchecked("bad");
    repo.write("a.py", "t = 1\n").commit_unchecked("good");

    repo.leakcoach(&["check", "--commit", "HEAD~1"]).refused().says("a.py:1");
    repo.leakcoach(&["check", "--commit", "HEAD"]).accepted().silent();
}

#[test]
fn a_merge_commit_is_checked_for_what_is_in_no_parent() {
    let repo = Repo::plain();
    repo.write("a.py", "a = 1\n").commit_unchecked("first");
    repo.git(&["checkout", "-q", "-b", "side"]).accepted();
    repo.write("b.py", &format!("t = '{}'\n", planted(&repo, 6))).commit_unchecked("side");
    repo.git(&["checkout", "-q", "main"]).accepted();
    repo.write("c.py", "c = 1\n").commit_unchecked("main");
    repo.git(&["merge", "-q", "--no-edit", "side"]).accepted();
    repo.leakcoach(&["check", "--commit", "HEAD"]).accepted().silent();

    repo.write("d.py", &format!("t = '{}'\n", planted(&repo, 7)));
    repo.git(&["add", "d.py"]).accepted();
    repo.git(&["commit", "-q", "--amend", "--no-edit"]).accepted();
    let told = repo.leakcoach(&["check", "--commit", "HEAD"]);
    told.refused().says("d.py:1");
    assert_eq!(told.refusals(), 1);
}

#[test]
fn a_branch_is_checked_for_what_is_its_own() {
    let repo = Repo::plain();
    repo.write("a.py", &format!("t = '{}'\n", planted(&repo, 8))).commit_unchecked("old");
    repo.git(&["checkout", "-q", "-b", "topic"]).accepted();
    repo.leakcoach(&["check", "--branch", "topic"])
        .accepted()
        .says("main has all commits of topic");
    repo.write("b.py", &format!("t = '{}'\n", planted(&repo, 9))).commit_unchecked("own");

    let told = repo.leakcoach(&["check", "--branch", "topic"]);
    told.refused().says("b.py:1");
    assert_eq!(told.refusals(), 1);
}

#[test]
fn what_is_not_there_is_wrong_usage_with_a_hint() {
    let repo = Repo::plain();
    repo.write("a.py", "a = 1\n").commit_unchecked("first");
    for args in [
        ["--commit", "nowhere"],
        ["--branch", "nowhere"],
        ["--range", "nowhere..HEAD"],
        ["--tree", "nowhere"],
        ["--log", "nowhere"],
    ] {
        let told = repo.leakcoach(&[&["check"], &args[..]].concat());
        told.ends_with_code(2).says("nowhere").says("hint: ");
    }
    repo.leakcoach(&["check", "--path", "x"]).ends_with_code(2);
    repo.leakcoach(&["check", "--stdin", "--all-changes"]).ends_with_code(2);
}

#[test]
fn the_name_of_standard_input_tells_what_it_is() {
    let repo = Repo::plain();
    let id = expand("AKIA{aws-key-id}", 10).unwrap();
    let secret = repo.plant(expand("{base64:40}", 11).unwrap());
    let text = format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n");
    let command = [crate::harness::BINARY, "check", "--stdin", "--path", "infra/credentials"];

    repo.typed(&command, &text).refused().says("infra/credentials:");
    repo.write(".leakcoach.toml", "[paths]\nignore = [\"infra/**\"]\n");
    repo.typed(&command, &text).accepted();
}

#[test]
fn a_log_is_read_through_its_times_and_colours_and_the_step_is_named() {
    let repo = Repo::plain();
    let (token, key) =
        (planted(&repo, 12), repo.plant(expand("{pem:RSA PRIVATE KEY}", 13).unwrap()));
    let time = "2026-01-02T03:04:05.1234567Z ";
    let (start, end) = token.split_at(10);
    let written = [
        "##[group]Run ./deploy.sh".to_owned(),
        "##[endgroup]".to_owned(),
        format!("token: \x1b[31m{start}\x1b[0m{end}"),
        "token: ***".to_owned(),
        "https://user:***@host.example/ password=***".to_owned(),
        format!("again {token}"),
    ];
    let written = written.iter().map(String::as_str).chain(key.lines());
    let log: String = written.flat_map(|line| [time, line, "\n"]).collect();
    repo.write("job.log", &log);

    let told = repo.leakcoach(&["check", "--log", "job.log"]);
    told.refused().says("job.log:3").says("the log of `Run ./deploy.sh`").says("printed 2 times");
    told.says("1. revoke it first").says("job.log:7");
    assert_eq!(told.refusals(), 2);
    repo.typed(&[crate::harness::BINARY, "check", "--log", "-"], &log).refused().says("-:3");
}

#[test]
fn a_step_that_is_named_by_its_command_shows_no_credential_of_it() {
    let repo = Repo::plain();
    let token = planted(&repo, 14);
    repo.write("job.log", &format!("##[group]Run curl -u x:{token} host.example\ntoken {token}\n"));

    repo.leakcoach(&["check", "--log", "job.log"]).refused().says("Run curl -u x:ghp_[");
}

#[test]
fn a_masked_log_is_clean() {
    let repo = Repo::plain();
    let log = "env:\n  AWS_SECRET_ACCESS_KEY: ***\n  password: ***\npostgres://app:***@db.corp.net/x\n\
               Authorization: Bearer ***\n::add-mask::***\nAPI_TOKEN=***\n";
    repo.write("job.log", log);

    repo.leakcoach(&["check", "--log", "job.log"]).accepted().silent();
}
