//! Adopting leakcoach where there are credentials already.

use crate::harness::Repo;
use leakcoach::catalogue::sample::expand;
use std::fs;

const FILE: &str = ".leakcoach/baseline";

fn token(repo: &Repo, seed: u64) -> String {
    repo.plant(expand("ghp_{base62:30}{crc32-base62}", seed).unwrap())
}

fn password(repo: &Repo, seed: u64) -> String {
    repo.plant(expand("{password}", seed).unwrap())
}

fn written(repo: &Repo) -> String {
    fs::read_to_string(repo.top().join(FILE)).unwrap()
}

/// A repository with a token and a password in its one commit.
fn old() -> (Repo, String, String) {
    let repo = Repo::with_hook();
    let (token, password) = (token(&repo, 1), password(&repo, 8));
    repo.write("a.py", &format!("t = '{token}'\n"))
        .write("db.py", &format!("password = \"{password}\"\n"))
        .commit_unchecked("old");
    (repo, token, password)
}

#[test]
fn what_was_there_goes_through_with_one_line_and_what_is_new_is_refused() {
    let (repo, known, password) = old();
    repo.leakcoach(&["baseline"])
        .accepted()
        .says("1 value in 1 place: github-pat")
        .says("2 values added to .leakcoach/baseline")
        .says("good until it is revoked");
    let text = written(&repo);
    assert!(!text.contains(&known) && !text.contains(&password));

    let told = repo.leakcoach(&["check", "--tree", "."]);
    told.accepted().says("2 findings are in the baseline");
    assert_eq!(told.text().lines().count(), 1);
    // Moved into another file, on another line.
    let told = repo
        .write("moved.py", &format!("# x\n\npassword = \"{password}\"\nt = '{known}'\n"))
        .commit("moved");
    told.accepted().says("2 findings are in the baseline");
    assert_eq!(told.text().lines().count(), 1);

    repo.write("new.py", &format!("t = '{}'\n", token(&repo, 2)))
        .commit("another value")
        .refused()
        .says("new.py:1");
}

#[test]
fn running_it_again_changes_nothing_and_adds_only_what_came_since() {
    let (repo, ..) = old();
    repo.leakcoach(&["baseline"]).accepted();
    let first = written(&repo);
    repo.leakcoach(&["baseline"]).accepted().says("0 values added");
    assert_eq!(written(&repo), first);

    repo.write("b.py", &format!("t = '{}'\n", token(&repo, 3))).commit_unchecked("skipped");
    repo.leakcoach(&["baseline"]).accepted().says("1 value added");

    let second = written(&repo);
    assert!(first.lines().all(|line| second.lines().any(|other| other == line)));
    let lines = |text: &str| text.lines().skip(3).map(str::to_owned).collect::<Vec<_>>();
    assert!(lines(&second).is_sorted(), "{second}");
    let words = lines(&second).iter().map(|line| line.split(' ').count()).max();
    assert_eq!(words, Some(2), "a hash and a rule, no place and no day");
}

#[test]
fn what_is_only_staged_is_new() {
    let (repo, ..) = old();
    repo.write("b.py", &format!("t = '{}'\n", token(&repo, 4)));
    repo.git(&["add", "b.py"]).accepted();
    repo.leakcoach(&["baseline"]).accepted().says("2 values added");

    repo.commit("new").refused().says("b.py:1");
}

#[test]
fn it_outlives_a_squash_and_merges_by_lines() {
    let (repo, known, _) = old();
    repo.leakcoach(&["baseline"]).accepted();
    repo.commit("baseline").accepted();
    repo.git(&["checkout", "-q", "-b", "theirs"]).accepted();
    repo.write("b.py", &format!("t = '{}'\n", token(&repo, 5))).commit_unchecked("b");
    repo.leakcoach(&["baseline"]).accepted();
    repo.commit("theirs").accepted();
    repo.git(&["checkout", "-q", "main"]).accepted();
    repo.write("c.py", &format!("t = '{}'\n", token(&repo, 7))).commit_unchecked("c");
    repo.leakcoach(&["baseline"]).accepted();
    repo.commit("ours").accepted();
    repo.write(".gitattributes", ".leakcoach/baseline merge=union\n").commit("merge").accepted();
    repo.git(&["merge", "-q", "--no-edit", "theirs"]).accepted();

    repo.leakcoach(&["check", "--tree", "."]).accepted().says("4 findings are in the baseline");
    // All of it as one first commit.
    repo.git(&["checkout", "-q", "--orphan", "squashed"]).accepted();
    repo.write("again.py", &format!("t = '{known}'\n"));
    repo.commit("all").accepted().says("findings are in the baseline");
}

#[test]
fn entries_whose_value_is_gone_are_listed_and_taken_out() {
    let (repo, _, password) = old();
    repo.leakcoach(&["baseline"]).accepted();
    repo.commit("baseline").accepted();
    repo.leakcoach(&["baseline", "--check"]).accepted().says("0 values of 2 are here no more");

    fs::remove_file(repo.top().join("a.py")).unwrap();
    repo.write("moved.py", &format!("\npassword = \"{password}\"\n")).commit("gone").accepted();
    repo.leakcoach(&["baseline", "--check"])
        .refused()
        .says(" github-pat ")
        .says("1 value of 2 is here no more")
        .says("not revoked");
    repo.leakcoach(&["baseline", "--check", "--format", "json"])
        .refused()
        .says("\"rule\":\"github-pat\"");
    repo.leakcoach(&["baseline", "--prune"]).accepted().says("taken out");

    assert!(!written(&repo).contains("github-pat") && written(&repo).contains("generic-password"));
    repo.leakcoach(&["baseline", "--check"]).accepted();
}

#[test]
fn what_only_history_has_is_taken_when_that_is_asked_for() {
    let (repo, ..) = old();
    fs::remove_file(repo.top().join("a.py")).unwrap();
    repo.commit("removed").accepted();
    repo.leakcoach(&["baseline"]).accepted().says("1 value added");
    repo.leakcoach(&["check", "--history"]).refused().says("a.py:1");

    repo.leakcoach(&["baseline", "--history"]).accepted().says("1 value added");
    repo.leakcoach(&["check", "--history"]).accepted().says("2 findings are in the baseline");
    repo.leakcoach(&["baseline", "--check"]).refused();
    repo.leakcoach(&["baseline", "--check", "--history"]).accepted();
}

#[test]
fn what_has_an_exception_is_left_to_it() {
    let (repo, ..) = old();
    repo.write(".gitleaksignore", "a.py:x:1\n");
    repo.leakcoach(&["import"]).accepted();
    fs::remove_file(repo.top().join(".gitleaksignore")).unwrap();

    repo.leakcoach(&["baseline"]).accepted().says("1 value added").says("1 finding left to");
    assert!(!written(&repo).contains("github-pat"));
}

#[test]
fn files_can_be_named_and_a_first_commit_has_to_be_there_otherwise() {
    let repo = Repo::plain();
    repo.write("a.py", &format!("t = '{}'\n", token(&repo, 6)));

    repo.leakcoach(&["baseline"]).ends_with_code(2).says("there is no commit yet");
    repo.leakcoach(&["baseline", "--tree", "a.py"]).accepted().says("1 value added");
    repo.leakcoach(&["check", "--tree", "."]).accepted().says("1 finding is in the baseline");
}

#[test]
fn a_line_that_cannot_be_read_lets_nothing_through_and_is_not_written_over() {
    let (repo, ..) = old();
    repo.leakcoach(&["baseline"]).accepted();
    let text = written(&repo).replace(" github-pat", " github-pat x");
    repo.write(FILE, &text);

    repo.leakcoach(&["check", "--tree", "a.py"])
        .refused()
        .says(".leakcoach/baseline:4: it is no hash and rule");
    repo.leakcoach(&["baseline"]).ends_with_code(2).says("baseline:4");
    assert_eq!(written(&repo), text);
}

#[test]
fn hashes_that_are_dear_are_made_once_for_all_runs() {
    let repo = Repo::plain();
    let line = |seed| format!("password = \"{}\"\n", password(&repo, seed));
    repo.write("db.py", &(0..24).map(line).collect::<Vec<_>>().concat()).commit_unchecked("old");
    repo.leakcoach(&["baseline"]).accepted();
    let kept = repo.top().join(".git/leakcoach.stretched");
    let made = fs::metadata(&kept).unwrap().modified().unwrap();

    repo.leakcoach(&["check", "--tree", "."]).accepted().says("in the baseline");
    assert_eq!(fs::metadata(&kept).unwrap().modified().unwrap(), made, "nothing was made again");
    fs::write(&kept, b"rubbish").unwrap();
    repo.leakcoach(&["check", "--tree", "."]).accepted().says("in the baseline");
}
