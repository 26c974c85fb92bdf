//! All that was ever committed.

use crate::harness::Repo;
use leakcoach::catalogue::{Catalogue, sample::expand};

fn token(repo: &Repo, seed: u64) -> String {
    let rule = Catalogue::builtin().rule("github-pat").unwrap();
    repo.plant(expand(rule.samples.iter().next().unwrap(), seed).unwrap())
}

#[test]
fn what_was_committed_and_taken_out_again_is_found_once_where_it_came_in() {
    let repo = Repo::plain();
    let filler = "a line that stays as it is\n".repeat(400);
    repo.write("app.py", &filler);
    repo.commit_unchecked("first");
    let token = token(&repo, 1);
    for (version, message) in [("1", "with it"), ("2", "still there")] {
        repo.write("app.py", &format!("{filler}TOKEN = \"{token}\"\nVERSION = {version}\n"));
        repo.commit_unchecked(message);
    }
    let brought = repo.git(&["rev-parse", "--short=12", "HEAD^"]).text();
    repo.write("app.py", &filler);
    repo.commit_unchecked("taken out");

    let checked = repo.leakcoach(&["check", "--history"]);

    assert_eq!(checked.refused().refusals(), 1);
    checked.says(brought.trim());
    repo.leakcoach(&["check", "--tree", "."]).accepted();
}

#[test]
fn a_branch_that_was_never_merged_and_what_is_lost_belong_to_it() {
    let repo = Repo::plain();
    repo.write("a", "1\n");
    repo.commit_unchecked("first");
    repo.git(&["checkout", "-q", "-b", "side"]).accepted();
    repo.write("side.env", &format!("TOKEN={}\n", token(&repo, 2)));
    repo.commit_unchecked("on the side");
    repo.git(&["checkout", "-q", "-"]).accepted();
    assert_eq!(repo.leakcoach(&["check", "--history"]).refused().refusals(), 1);

    repo.git(&["branch", "-D", "side"]).accepted();
    repo.leakcoach(&["check", "--history"]).accepted();
    let all = repo.leakcoach(&["check", "--history", "--dangling"]);
    assert_eq!(all.refused().refusals(), 1);
}

#[test]
fn what_is_copied_out_of_an_ignored_place_is_found_where_it_is_copied_to() {
    let repo = Repo::plain();
    repo.write(".leakcoach.toml", "[paths]\nignore = [\"old/**\"]\n");
    repo.write("old/app.env", &format!("TOKEN={}\n", token(&repo, 3)));
    repo.commit_unchecked("left out");
    repo.leakcoach(&["check", "--history"]).accepted();

    repo.git(&["mv", "old", "new"]).accepted();
    repo.commit_unchecked("moved");
    let checked = repo.leakcoach(&["check", "--history"]);
    assert_eq!(checked.refused().refusals(), 1);
    checked.says("new/app.env");
}

#[test]
fn messages_tags_and_names_of_refs_belong_to_it() {
    let repo = Repo::plain();
    let [in_commit, in_tag, in_name, gone] = [4, 5, 6, 7].map(|seed| token(&repo, seed));
    repo.write("a", "1\n").commit_unchecked(&format!("use {in_commit}"));
    repo.git(&["tag", "-a", "-m", &format!("see {in_tag}"), "v1"]).accepted();
    repo.git(&["tag", "-a", "-m", "outer", "v2", "v1"]).accepted();
    repo.git(&["branch", &format!("try-{in_name}")]).accepted();
    repo.git(&["branch", "side"]).accepted();

    let told = repo.leakcoach(&["check", "--history"]);
    assert_eq!(told.refused().refusals(), 3);
    told.says("commit ").says("(message):1").says("tag v1 (message):1").says("try-ghp_[36 bytes");

    repo.write("a", "2\n").commit_unchecked("second");
    repo.git(&["tag", "-a", "-m", &format!("see {gone}"), "v3"]).accepted();
    repo.git(&["tag", "-d", "v3"]).accepted();
    assert_eq!(repo.leakcoach(&["check", "--history"]).refused().refusals(), 3);
    let all = repo.leakcoach(&["check", "--history", "--dangling"]);
    assert_eq!(all.refused().refusals(), 4);
}
