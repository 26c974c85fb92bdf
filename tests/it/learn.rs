//! Lessons of two minutes: listed, told, asked.

use crate::harness::{Attempt, BINARY, Repo};
use leakcoach::catalogue::sample::expand;

/// leakcoach on a terminal, where somebody types `answer`.
fn on_a_terminal(repo: &Repo, args: &str, answer: &str) -> Attempt {
    repo.typed(&["script", "-qec", &format!("{BINARY} {args}"), "/dev/null"], answer)
}

#[test]
fn without_a_topic_all_lessons_are_listed_and_the_one_for_this_repository_is_proposed() {
    let repo = Repo::plain();
    repo.leakcoach(&["learn"]).accepted().says("to begin with: leakcoach learn prefixes");
    repo.write("infra/main.tf", "locals {}\n");

    let listed = repo.leakcoach(&["learn"]);
    listed.accepted().says("for what this repository has: leakcoach learn terraform");
    assert!(listed.text().lines().filter(|line| line.starts_with("  ")).count() >= 12);
}

#[test]
fn what_is_staged_decides_which_lesson_is_proposed() {
    let repo = Repo::plain();
    let password = repo.plant(expand("{password}", 8).unwrap());
    repo.write("a.py", &format!("password = \"{password}\"\n")).git(&["add", "a.py"]).accepted();

    repo.leakcoach(&["learn"])
        .accepted()
        .says("for the generic-password that was found here: leakcoach learn no-prefix");
}

#[test]
fn a_lesson_at_60_80_and_120_columns() {
    let repo = Repo::plain();
    for columns in ["60", "80", "120"] {
        let shown =
            repo.leakcoach_with(&[("COLUMNS", columns)], &["learn", "exposure", "--seed", "1"]);
        insta::assert_snapshot!(format!("lesson_{columns}"), shown.accepted().text());
        // An address stays on one line, to be opened.
        let words = shown.text();
        let words = words.lines().filter(|line| !line.contains("https://"));
        let widest = words.map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= columns.parse().unwrap(), "a line of {widest} columns");
    }
}

#[test]
fn in_colour_only_where_the_lesson_goes_to_a_terminal() {
    let repo = Repo::plain();
    let plain = repo.leakcoach(&["learn", "history"]).accepted().text();
    assert!(!plain.contains('\x1b'));

    let forced = repo.leakcoach_with(&[("CLICOLOR_FORCE", "1")], &["learn", "history"]);
    assert!(forced.accepted().text().contains('\x1b'));
}

#[test]
fn a_rule_makes_a_lesson_of_its_coaching_and_the_organisations_words() {
    let repo = Repo::plain();
    let own = "[[coaching]]\nservice = \"GitHub\"\nsay = \"we use the App\"\ncontact = \"#sec\"\n";
    repo.write(".leakcoach.toml", own);

    repo.leakcoach(&["learn", "--rule", "github-pat"])
        .accepted()
        .says("GitHub personal access token (classic)")
        .says("revoke")
        .reads("we use the App; ask #sec")
        .says("Which of these lines holds one")
        .reads("the prefix ghp_");
    repo.leakcoach(&["learn", "github-pat"]).accepted().says("signal");
    repo.leakcoach(&["learn", "--rule", "github-pta"]).ends_with_code(2).says("`github-pat`?");
    repo.leakcoach(&["learn", "histroy"]).ends_with_code(2).says("did you mean `history`?");
}

#[test]
fn without_a_terminal_the_answer_follows_and_nothing_waits() {
    let repo = Repo::plain();

    let told = repo.leakcoach(&["learn", "dotenv"]);
    told.accepted().says("question: ").says("answer: ").reads("git rm --cached .env is what");
    let bare = repo.leakcoach(&["learn", "dotenv", "--no-question"]).accepted().text();
    assert!(!bare.contains("question: "));
}

#[test]
fn on_a_terminal_the_answer_waits_for_the_persons() {
    let repo = Repo::plain();
    let ask = "learn dotenv --seed 3";
    let told = repo.leakcoach(&["learn", "dotenv", "--seed", "3"]).accepted().text();
    let right = told.split("answer: ").nth(1).unwrap().chars().next().unwrap();
    let wrong = if right == 'a' { 'b' } else { 'a' };

    on_a_terminal(&repo, ask, &format!("{right}\n")).accepted().says("right");
    on_a_terminal(&repo, ask, &format!("{wrong}\n"))
        .accepted()
        .says("not that one")
        .says(&format!("{wrong}, it is {right}"));
    on_a_terminal(&repo, ask, "\n").accepted().says("answer");
}

#[test]
fn for_machines_a_lesson_is_json() {
    let repo = Repo::plain();
    let told = repo.leakcoach(&["learn", "vault", "--format", "json"]).accepted().text();
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();

    assert_eq!(told["id"], "vault");
    let answers = told["question"]["answers"].as_array().unwrap();
    assert_eq!(answers.iter().filter(|answer| answer["right"] == true).count(), 1);
    let list = repo.leakcoach(&["learn", "--format", "json"]).accepted().text();
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert!(list.as_array().unwrap().len() >= 12);
}

#[test]
fn a_lesson_needs_no_repository() {
    let repo = Repo::plain();
    std::fs::remove_dir_all(repo.top().join(".git")).unwrap();

    repo.leakcoach(&["learn"]).accepted().says("to begin with");
    repo.leakcoach(&["learn", "--rule", "github-pat"]).accepted().says("revoke");
}
