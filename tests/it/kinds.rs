//! Cards for what is no line of a file: messages, names, logs, members of archives, and for
//! what has left. Each at 60, 80 and 120 columns, and in colour with lines.

use crate::harness::{Attempt, Repo};
use leakcoach::catalogue::{Catalogue, sample::expand};
use std::fmt::Write as _;
use std::fs;

const WIDTHS: &[&str] = &["60", "80", "120"];

fn token(repo: &Repo) -> String {
    let rule = Catalogue::builtin().rule("github-pat").unwrap();
    repo.plant(expand(rule.samples.iter().next().unwrap(), 5).unwrap())
}

/// What a person sees at each width, and in colour; `run` is refused each time.
fn seen(run: impl Fn(&[(&str, &str)]) -> Attempt) -> String {
    seen_at(WIDTHS, run)
}

fn seen_at(widths: &[&str], run: impl Fn(&[(&str, &str)]) -> Attempt) -> String {
    let mut all = String::new();
    for columns in widths {
        let shown = run(&[("COLUMNS", columns), ("LANG", "C")]).refused().stable();
        for line in shown.lines().filter(|line| !is_command(line)) {
            let width = line.strip_prefix("remote: ").unwrap_or(line).trim_end().chars().count();
            assert!(width <= columns.parse().unwrap(), "{width} columns in {columns}: {line}");
        }
        writeln!(all, "=== {columns}\n{shown}").unwrap();
    }
    let colour = [("COLUMNS", "80"), ("CLICOLOR_FORCE", "1"), ("LANG", "C.UTF-8")];
    let shown = run(&colour).refused().stable().replace('\x1b', "ESC");
    write!(all, "=== 80, in colour\n{shown}").unwrap();
    // A server's lines are filled up by git.
    let ends = regex::Regex::new(r"(?m)[ \t]+$").unwrap();
    ends.replace_all(&all, "").into_owned()
}

/// A line to be pasted stays one line, however long it is, and so does the last one.
fn is_command(line: &str) -> bool {
    let line = line.strip_prefix("remote: ").unwrap_or(line).trim_start();
    ["git ", "leakcoach: ", "error: ", "To ", " ! "]
        .iter()
        .any(|start| line.starts_with(start.trim_start()))
}

fn with_remote(repo: Repo) -> Repo {
    repo.git(&["init", "-q", "--bare", "-b", "main", "../remote"]).accepted();
    repo.git(&["remote", "add", "origin", "../remote"]).accepted();
    repo
}

#[test]
fn a_message() {
    let repo = Repo::with_hook();
    let message = format!("subject\n\nlog in with {}\n", token(&repo));
    repo.write("a.py", "a = 1\n").git(&["add", "-A"]).accepted();

    insta::assert_snapshot!(seen(|set| repo.git_with(set, &["commit", "-q", "-m", &message])));
}

#[test]
fn the_message_of_a_commit_that_is_pushed() {
    let repo = with_remote(Repo::with_hook());
    repo.write("a.py", "a = 1\n").commit_unchecked(&format!("use {}", token(&repo)));

    insta::assert_snapshot!(seen(|set| repo.git_with(set, &["push", "-q", "origin", "main"])));
}

#[test]
fn the_message_of_a_tag() {
    let repo = with_remote(Repo::with_hook());
    repo.write("a.py", "a = 1\n").commit_unchecked("first");
    repo.git(&["tag", "-a", "-m", &format!("with {}", token(&repo)), "v1.0"]).accepted();

    insta::assert_snapshot!(seen(|set| repo.git_with(set, &["push", "-q", "origin", "v1.0"])));
}

#[test]
fn a_path() {
    let repo = Repo::plain();
    let path = format!("deploy/for-{}/notes.md", token(&repo));
    repo.write(&path, "notes\n").git(&["add", "-A"]).accepted();

    insta::assert_snapshot!(seen(|set| repo.leakcoach_with(set, &["check"])));
}

#[test]
fn the_name_of_a_branch() {
    let repo = with_remote(Repo::with_hook());
    let branch = format!("try-{}", token(&repo));
    repo.write("a.py", "a = 1\n").commit_unchecked("first");
    repo.git(&["branch", &branch]).accepted();
    let push = ["push", "-q", "origin", &branch];

    insta::assert_snapshot!(seen(|set| repo.git_with(set, &push)));
}

#[test]
fn a_log() {
    let repo = Repo::plain();
    let log = format!(
        "2026-01-02T03:04:05.1234567Z ##[group]Run ./deploy.sh --to production\n\
         2026-01-02T03:04:06.1234567Z token: {}\n",
        token(&repo)
    );
    repo.write("job.log", &log);

    insta::assert_snapshot!(seen(|set| repo.leakcoach_with(set, &["check", "--log", "job.log"])));
}

#[test]
fn a_member_of_an_archive() {
    let repo = Repo::plain();
    let text = format!("import os\n\ntoken = '{}'\n", token(&repo));
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(text.len() as u64);
    header.set_cksum();
    archive.append_data(&mut header, "app/settings.py", text.as_bytes()).unwrap();
    fs::create_dir_all(repo.top().join("vendor")).unwrap();
    fs::write(repo.top().join("vendor/app.tar"), archive.into_inner().unwrap()).unwrap();
    repo.git(&["add", "-A"]).accepted();

    insta::assert_snapshot!(seen(|set| repo.leakcoach_with(set, &["check"])));
}

#[test]
fn a_push_to_a_public_remote() {
    let repo = with_remote(Repo::with_hook());
    repo.write(".leakcoach.toml", "[remotes]\npublic = [\"*remote\"]\n");
    repo.write("app/settings.py", &format!("token = '{}'\n", token(&repo)));
    repo.commit_unchecked("second");

    insta::assert_snapshot!(seen(|set| repo.git_with(set, &["push", "-q", "origin", "main"])));
}

#[test]
fn a_push_that_a_server_refuses() {
    let repo = with_remote(Repo::plain());
    repo.leakcoach(&["install", "--server", "../remote"]).accepted();
    repo.write("app/settings.py", &format!("token = '{}'\n", token(&repo)));
    repo.commit_unchecked("second");

    // A server does not know how wide the pusher's terminal is.
    insta::assert_snapshot!(
        seen_at(&["80"], |set| repo.git_with(set, &["push", "-q", "origin", "main"]))
    );
}
