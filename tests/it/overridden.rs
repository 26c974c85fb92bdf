//! One refused action let through once.

use crate::harness::{Attempt, Repo};
use leakcoach::catalogue::{Catalogue, sample::expand};

const WHY: &str = "the demo key of the vendor, printed in their manual";

fn token(repo: &Repo, seed: u64) -> String {
    let rule = Catalogue::builtin().rule("github-pat").unwrap();
    repo.plant(expand(rule.samples.iter().next().unwrap(), seed).unwrap())
}

/// A repository with the hook and a token staged in `app.py`.
fn staged(seed: u64) -> Repo {
    let repo = Repo::with_hook();
    add(&repo, "app.py", seed);
    repo
}

fn add(repo: &Repo, path: &str, seed: u64) {
    let token = token(repo, seed);
    repo.write(path, &format!("t = '{token}'\n")).git(&["add", path]).accepted();
}

fn commit(repo: &Repo, reason: &str) -> Attempt {
    commit_as(repo, reason, &[])
}

fn commit_as(repo: &Repo, reason: &str, more: &[(&str, &str)]) -> Attempt {
    let variables = [&[("LEAKCOACH_REASON", reason)][..], more].concat();
    repo.git_with(&variables, &["commit", "-q", "-m", "one"])
}

#[test]
fn a_reason_lets_one_commit_and_its_push_through() {
    let repo = staged(1);
    repo.git(&["init", "-q", "--bare", "../there"]).accepted();
    repo.git(&["remote", "add", "origin", "../there"]).accepted();

    commit(&repo, WHY)
        .accepted()
        .reads("app.py:1: it is in no commit yet")
        .reads("the way that needs no reason: leakcoach fix")
        .reads(&format!("1 finding let through this once, because: {WHY}"));
    repo.git(&["push", "-q", "origin", "main"]).ends_with_code(1);
    let reason = [("LEAKCOACH_REASON", WHY)];
    repo.git_with(&reason, &["push", "-q", "origin", "main"])
        .accepted()
        .reads("once it is pushed, it is valid until revoked")
        .reads("let through this once");
}

#[test]
fn words_that_are_no_reason_let_nothing_through() {
    let repo = staged(2);
    let other = format!("see {} for the details of it", token(&repo, 3));
    for reason in ["test", "asdf asdf asdf", "github-pat github-pat", "because because", &other] {
        commit(&repo, reason).refused().reads("LEAKCOACH_REASON does not count: ");
    }
    commit(&repo, "ask").refused().reads("nobody is at a terminal");
    // Without one, the way is told.
    repo.git(&["commit", "-q", "-m", "one"]).refused().reads("LEAKCOACH_REASON=ask git commit");
}

#[test]
fn a_variable_that_stays_set_is_no_reason_for_the_next_one() {
    let repo = staged(4);
    commit(&repo, WHY).accepted();
    add(&repo, "b.py", 5);
    commit(&repo, WHY).refused().reads("this reason was given for something else");
    commit(&repo, "their second demo key, from the same manual").accepted();
}

#[test]
fn agents_pipelines_and_an_organisations_no_are_not_overridden() {
    let repo = staged(6);
    commit_as(&repo, WHY, &[("CLAUDECODE", "1")]).refused().reads("an agent may not override");
    commit_as(&repo, WHY, &[("CI", "true")]).refused().reads("a pipeline may not override");

    repo.write("org.toml", "lock = ['exceptions']\n[exceptions]\noverride = false\n");
    let own = repo.top().join("org.toml").display().to_string();
    repo.write(".leakcoach.toml", "[exceptions]\noverride = true\nwho = ['person', 'agent']\n");
    let locked = [("LEAKCOACH_ORG_CONFIG", own.as_str())];
    let told = commit_as(&repo, WHY, &locked);
    told.refused().reads("nothing is overridden here").reads("locks `exceptions.override`");
    assert!(!told.text().contains("must it go through now"), "{}", told.text());
    commit_as(&repo, WHY, &[("CLAUDECODE", "1")]).accepted();
}

#[test]
fn on_a_terminal_the_reason_is_asked_for_after_the_other_way() {
    let repo = staged(7);
    let line = "LEAKCOACH_REASON=ask git commit -q -m one";
    let typed = |answer: &str| repo.typed(&["script", "-qec", line, "/dev/null"], answer);

    typed("\n").refused().reads("why must it go through now? (Enter stops)").reads("no reason");
    let told = typed(&format!("{WHY}\n"));
    told.accepted().reads("let through this once");
    assert!(told.text().find("leakcoach fix") < told.text().find("why must it"));
}

#[test]
fn what_was_let_through_is_recorded_with_its_reason() {
    let repo = staged(8);
    commit_as(&repo, WHY, &[("LEAKCOACH_RECORD", "on")]).accepted();
    let show = ["audit", "show", "--because", "a look at it"];
    let on = [("LEAKCOACH_RECORD", "on")];
    repo.leakcoach_with(&on, &show).accepted().reads("overridden").reads(WHY);
}

#[test]
fn the_reason_counts_for_hooks_alone() {
    let repo = staged(9);
    repo.leakcoach_with(&[("LEAKCOACH_REASON", WHY)], &["check"]).refused();
}

#[test]
fn a_change_that_permits_more_is_not_told_of_as_a_credential() {
    let repo = Repo::with_hook();
    repo.write(".leakcoach.toml", "[[policy]]\nkind = 'privilege'\nverdict = 'block'\n");
    repo.write(".github/workflows/a.yml", "on: push\npermissions: write-all\njobs: {}\n");
    repo.git(&["add", ".github"]).accepted();
    repo.git(&["commit", "-q", "-m", "one"]).refused();

    let told = commit(&repo, "the release job needs it until ticket 812 splits it");
    told.accepted().reads("it permits more until it is taken back").reads("leakcoach explain");
    assert!(!told.text().contains("revoked"), "{}", told.text());
}
