//! Whose approval an exception takes, and what does not pass for one.

use crate::harness::{Attempt, Repo};
use leakcoach::catalogue::{Catalogue, sample::expand};
use std::fs;

const FILE: &str = ".leakcoach/exceptions";
const WHY: &str = "a fixture of the parser, revoked in May";
const ASKS: &str = "[exceptions]\napprovers = ['bob@example.org']\n";

/// Stages a fresh token in `path`.
fn add(repo: &Repo, path: &str, seed: u64) {
    let rule = Catalogue::builtin().rule("github-pat").unwrap();
    let token = repo.plant(expand(rule.samples.iter().next().unwrap(), seed).unwrap());
    repo.write(path, &format!("t = '{token}'\n")).git(&["add", path]).accepted();
}

/// The private key of `who`, made in their home; beside it is the public one.
fn key(repo: &Repo, who: &str) -> String {
    let path = repo.home().join(who).display().to_string();
    repo.typed(&["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", who, "-f", &path], "")
        .accepted();
    path
}

/// A line of the file of signers.
fn signer(names: &str, key: &str) -> String {
    let public = fs::read_to_string(format!("{key}.pub")).unwrap();
    format!("{names} {public}")
}

/// A repository whose exceptions take bob's approval, with bob's key; a token is staged, and
/// let through but for the approval.
fn asking(config: &str, seed: u64) -> (Repo, String) {
    let repo = Repo::plain();
    let bob = key(&repo, "bob");
    repo.write(".leakcoach.toml", config);
    repo.write(".leakcoach/signers", &signer("bob@example.org,@acme/security", &bob));
    repo.commit("whose approval counts").accepted();
    add(&repo, "app.py", seed);
    repo.leakcoach(&["allow", "github-pat", "--reason", WHY]).accepted();
    (repo, bob)
}

fn approve(repo: &Repo, who: &str, key: &str) -> Attempt {
    repo.leakcoach(&["exceptions", "approve", "app.py:1", "--as", who, "--key", key])
}

#[test]
fn an_exception_counts_once_an_approver_has_signed_it() {
    let (repo, bob) = asking(ASKS, 1);
    repo.leakcoach(&["allow", "github-pat", "--reason", WHY])
        .accepted()
        .reads("it counts once bob@example.org has run: leakcoach exceptions approve app.py:1");
    repo.leakcoach(&["check"])
        .refused()
        .reads("its exception does not count: it waits for the approval of bob@example.org");
    repo.leakcoach(&["exceptions", "--check"]).refused().reads("void github-pat");

    approve(&repo, "bob@example.org", &bob).accepted().reads("approved by bob@example.org until");
    repo.leakcoach(&["check"]).accepted();
    repo.leakcoach(&["exceptions", "--check"]).accepted().reads("live github-pat");

    // A later end is another decision.
    let text = fs::read_to_string(repo.top().join(FILE)).unwrap();
    repo.write(FILE, &text.replace("fixture", "Fixture"));
    repo.leakcoach(&["check"]).refused().reads("the approval by bob@example.org does not hold");
}

#[test]
fn what_is_no_signature_of_an_approver_does_not_pass_for_one() {
    let (repo, bob) = asking(ASKS, 2);
    let eve = key(&repo, "eve");
    approve(&repo, "eve@example.org", &eve).ends_with_code(2).reads("who may: bob@example.org");
    approve(&repo, "bob@example.org", &eve).ends_with_code(2).reads("that key is not one of bob");
    approve(&repo, "test@localhost", &bob).ends_with_code(2).reads("an exception of their own");
    let args = ["exceptions", "approve", "app.py:1", "--as", "bob@example.org", "--key", &bob];
    repo.leakcoach_with(&[("CLAUDECODE", "1")], &args).refused().reads("only a person approves");

    // A name that somebody wrote, and a signature of somebody else under it.
    let text = fs::read_to_string(repo.top().join(FILE)).unwrap();
    let line = text.lines().find(|line| line.contains("github-pat")).unwrap();
    let hash = line.split(' ').next().unwrap();
    repo.write(FILE, &text.replace(" because", " approved-by bob@example.org because"));
    repo.leakcoach(&["check"]).refused().reads("it has a word that is not known");
    repo.write(FILE, &text);
    repo.write("said", &format!("leakcoach exception 1\n{line}\n"));
    for (key, namespace, says) in [
        (&eve, "leakcoach-exception", "the approval by bob@example.org does not hold"),
        (&bob, "git", "the approval by bob@example.org does not hold"),
    ] {
        let sign = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", key, "said"];
        repo.typed(&sign, "").accepted();
        let armored = fs::read_to_string(repo.top().join("said.sig")).unwrap();
        fs::remove_file(repo.top().join("said.sig")).unwrap();
        let inner: String = armored.lines().filter(|line| !line.starts_with("--")).collect();
        repo.write(".leakcoach/approvals", &format!("{hash} bob@example.org {inner}\n"));
        repo.leakcoach(&["check"]).refused().reads(says);
        repo.write(".leakcoach/approvals", &format!("{hash} eve@example.org {inner}\n"));
        repo.leakcoach(&["check"]).refused().reads("eve@example.org may not approve it");
    }
    repo.write(".leakcoach/approvals", &format!("{hash} bob@example.org yes\n"));
    repo.leakcoach(&["check"]).refused().reads("approvals:1: its name or signature cannot be read");
}

#[test]
fn a_change_cannot_bring_its_own_approvers_along() {
    let (repo, bob) = asking(ASKS, 3);
    repo.git(&["init", "-q", "--bare", "../there"]).accepted();
    repo.git(&["remote", "add", "origin", "../there"]).accepted();
    repo.git(&["push", "-q", "origin", "main"]).accepted();
    repo.git(&["checkout", "-q", "-b", "topic"]).accepted();
    let eve = key(&repo, "eve");

    repo.write(".leakcoach/signers", &signer("bob@example.org", &eve));
    repo.commit("a key for bob").accepted();
    approve(&repo, "bob@example.org", &eve).ends_with_code(2).reads("that key is not one of bob");
    repo.write(".leakcoach.toml", "[exceptions]\napprovers = []\n");
    repo.commit("no approvers").accepted();
    repo.leakcoach(&["check", "--range", "main..HEAD"])
        .refused()
        .reads("it waits for the approval of bob@example.org");
    approve(&repo, "bob@example.org", &bob).accepted();
    repo.leakcoach(&["check", "--range", "main..HEAD"]).accepted();
}

#[test]
fn the_signed_commit_of_an_approver_is_an_approval() {
    let (repo, bob) = asking(ASKS, 4);
    let eve = key(&repo, "eve");
    let commit = |key: &str| {
        let signing = format!("user.signingkey={key}");
        repo.git(&["add", "-A"]).accepted();
        repo.git(&[
            "-c",
            "gpg.format=ssh",
            "-c",
            &signing,
            "commit",
            "-q",
            "-S",
            "-m",
            "let it through",
        ])
        .accepted();
    };
    let history = ["check", "--commit", "HEAD"];
    commit(&eve);
    repo.leakcoach(&history).refused().reads("it waits for the approval");
    repo.git(&["reset", "-q", "--soft", "HEAD^"]).accepted();
    commit(&bob);
    repo.leakcoach(&history).accepted();

    // What is written anew over it is nobody's.
    let text = fs::read_to_string(repo.top().join(FILE)).unwrap();
    repo.write(FILE, &text.replace("fixture", "Fixture"));
    repo.leakcoach(&history).refused();
    repo.git(&["commit", "-qam", "another reason"]).accepted();
    repo.leakcoach(&["check", "--range", "HEAD~2..HEAD"]).refused();
}

#[test]
fn the_owners_of_the_file_approve_where_the_configuration_says_so() {
    let (repo, bob) = asking("[exceptions]\napprovers = ['codeowners']\n", 5);
    repo.leakcoach(&["check"]).refused().reads("nobody may give one");
    repo.git(&["stash", "-q", "-u"]).accepted();
    repo.write("CODEOWNERS", "*.py @acme/security\n").commit("owners").accepted();
    repo.git(&["stash", "pop", "-q"]).accepted();
    repo.git(&["add", "app.py"]).accepted();
    repo.leakcoach(&["check"]).refused().reads("waits for the approval of @acme/security");
    approve(&repo, "@acme/security", &bob).accepted();
    repo.leakcoach(&["check"]).accepted();
}

#[test]
fn approvals_can_begin_at_a_severity_and_override_none_that_takes_one() {
    let config = "[exceptions]\napprovers = ['bob@example.org']\napprove-from = 'critical'\n";
    let (repo, _) = asking(config, 6);
    repo.leakcoach(&["check"]).refused();
    repo.git(&["rm", "-q", "--cached", "app.py"]).accepted();
    let password = repo.plant(expand("{password}", 8).unwrap());
    repo.write("db.py", &format!("password = \"{password}\"\n")).git(&["add", "db.py"]).accepted();
    repo.leakcoach(&["allow", "db.py:1", "--reason", WHY]).accepted();
    repo.leakcoach(&["check"]).accepted();

    let (repo, _) = asking(ASKS, 7);
    repo.leakcoach(&["install"]).accepted();
    let reason = [("LEAKCOACH_REASON", "the demo key of the vendor, from their manual")];
    repo.git_with(&reason, &["commit", "-q", "-m", "one"]).refused().reads("it takes an approval");
}

#[test]
fn where_the_keys_cannot_be_told_nothing_counts() {
    let (repo, bob) = asking(ASKS, 8);
    approve(&repo, "bob@example.org", &bob).accepted();
    repo.git(&["remote", "add", "origin", "../nowhere"]).accepted();
    repo.leakcoach(&["check"]).refused().reads("default branch is not here: git fetch");

    let signers = repo.home().join("signers");
    fs::write(&signers, signer("bob@example.org", &bob)).unwrap();
    let own = "lock = ['exceptions']\n[exceptions]\napprovers = ['bob@example.org']\n\
               signers = 'signers'\n";
    let organisation = repo.home().join("org.toml");
    fs::write(&organisation, own).unwrap();
    let locked = organisation.display().to_string();
    repo.leakcoach_with(&[("LEAKCOACH_ORG_CONFIG", &locked)], &["check"]).accepted();
    fs::remove_file(&signers).unwrap();
    repo.leakcoach_with(&[("LEAKCOACH_ORG_CONFIG", &locked)], &["check"]).refused();
}
