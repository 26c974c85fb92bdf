//! Messages and names: before a commit, after it, and when they are pushed.

use crate::harness::Repo;
use leakcoach::catalogue::{Catalogue, sample::expand};

fn planted(repo: &Repo, seed: u64) -> String {
    let rule = Catalogue::builtin().rule("github-pat").unwrap();
    repo.plant(expand(rule.samples.iter().next().unwrap(), seed).unwrap())
}

fn with_remote() -> Repo {
    let repo = Repo::with_hook();
    repo.git(&["init", "-q", "--bare", "../remote"]).accepted();
    repo.git(&["remote", "add", "origin", "../remote"]).accepted();
    repo.write("a.py", "a = 1\n").commit("clean").accepted().silent();
    repo.git(&["push", "-q", "origin", "main"]).accepted().silent();
    repo
}

#[test]
fn a_credential_in_a_message_is_refused_and_the_message_is_kept() {
    let repo = Repo::with_hook();
    let token = planted(&repo, 1);
    let message = format!("subject\n\nuse {token}\n");

    let told = repo.write("a.py", "a = 1\n").commit(&message);
    told.refused().says(".git/COMMIT_EDITMSG:3").says("git commit -eF .git/COMMIT_EDITMSG");

    let kept = std::fs::read_to_string(repo.top().join(".git/COMMIT_EDITMSG")).unwrap();
    assert_eq!(kept, message);
    let editor = [("GIT_EDITOR", "sed -i '/^use/d'")];
    let again = ["commit", "-q", "-eF", ".git/COMMIT_EDITMSG"];
    repo.git_with(&editor, &again).accepted().silent();
}

#[test]
fn comments_and_the_diff_under_a_message_are_not_of_it() {
    let repo = Repo::with_hook();
    let (old, token) = (planted(&repo, 2), planted(&repo, 3));
    repo.write("a.py", &format!("t = '{old}'\n")).commit_unchecked("old");
    repo.write("a.py", &format!("t = '{old}'\nport = 1\n")).git(&["add", "-A"]).accepted();

    let editor = [("GIT_EDITOR", "sed -i '1s/^/subject/'")];
    repo.git_with(&editor, &["commit", "-q", "-v"]).accepted().silent();

    repo.write("b.py", "b = 1\n").git(&["add", "-A"]).accepted();
    let editor = format!("printf 'subject\\n# {token}\\n' >");
    repo.git_with(&[("GIT_EDITOR", &editor)], &["commit", "-q"]).accepted().silent();
    // Without an editor, git keeps such a line.
    repo.write("c.py", "c = 1\n").commit(&format!("subject\n\n# {token}\n")).refused();
}

#[test]
fn a_refused_message_with_a_diff_under_it_is_taken_up_with_it() {
    let repo = Repo::with_hook();
    let token = planted(&repo, 4);
    repo.write("a.py", "a = 1\n").git(&["add", "-A"]).accepted();
    let editor = format!("sed -i '1s/^/use {token}/'");

    repo.git_with(&[("GIT_EDITOR", &editor)], &["commit", "-q", "-v"])
        .refused()
        .says("git commit -v -eF .git/COMMIT_EDITMSG");
}

#[test]
fn a_commit_that_skipped_the_guard_is_told_of_and_stays() {
    let repo = Repo::with_hook();
    let token = planted(&repo, 5);
    repo.write("a.py", &format!("t = '{token}'\n")).git(&["add", "-A"]).accepted();

    let told = repo.git(&["commit", "-q", "--no-verify", "-m", "skip"]);
    told.accepted().says("skipped the guard: here is what it would have said").says("note: GitHub");
    told.says("git commit --amend --no-edit -- a.py").says("a push will be");
    repo.write("a.py", "t = 1\n").git(&["add", "-A"]).accepted();
    repo.git(&["commit", "-q", "--amend", "--no-edit"]).accepted().silent();

    let told = repo.git(&["commit", "-q", "--no-verify", "--allow-empty", "-m", &token]);
    told.accepted().says("skipped the guard").says("(message):1").says("git commit --amend");
    repo.git(&["commit", "-q", "--no-verify", "--allow-empty", "-m", "clean"]).accepted().silent();
}

#[test]
fn what_the_guard_let_through_is_not_told_again() {
    let repo = Repo::with_hook();
    let token = planted(&repo, 6);
    let line = format!("t = '{token}'  # gitleaks:allow\n");

    let told = repo.write("a.py", &line).commit("marked");
    assert_eq!(told.accepted().text().matches("note: ").count(), 1);
    assert!(!repo.top().join(".git/leakcoach-passed").exists());
}

#[test]
fn what_a_later_hook_adds_to_the_commit_is_seen_after_it() {
    let repo = Repo::plain();
    let token = planted(&repo, 7);
    repo.write("late.txt", &format!("t = '{token}'\n"));
    repo.write(".git/hooks/pre-commit", "#!/bin/sh\ngit add late.txt\n");
    let hook = repo.top().join(".git/hooks/pre-commit");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&hook, mode).unwrap();
    repo.leakcoach(&["install"]).accepted();

    repo.write("a.py", "a = 1\n").git(&["add", "a.py"]).accepted();
    repo.git(&["commit", "-q", "-m", "x"]).accepted().says("skipped the guard").says("late.txt:1");
}

#[test]
fn a_look_afterwards_never_fails() {
    let repo = Repo::with_hook();
    repo.write(".leakcoach.toml", "[rules]\ndisabel = []\n").commit_unchecked("broken");

    repo.leakcoach(&["hook", "post-commit"]).accepted().says("unknown key");
    Repo::plain().leakcoach(&["hook", "post-commit"]).accepted().silent();
}

#[test]
fn a_commit_picked_by_a_rebase_is_looked_at() {
    let repo = Repo::with_hook();
    let token = planted(&repo, 8);
    repo.write("a.py", "a = 1\n").commit("first").accepted();
    repo.git(&["checkout", "-q", "-b", "topic"]).accepted();
    repo.write("b.py", &format!("t = '{token}'\n")).commit_unchecked("bad");
    repo.git(&["checkout", "-q", "main"]).accepted();
    repo.write("c.py", "c = 1\n").commit("other").accepted();

    repo.git(&["cherry-pick", "topic"]).accepted().says("b.py:1");
}

#[test]
fn a_push_is_refused_for_a_message_and_the_card_names_the_commit() {
    let repo = with_remote();
    let token = planted(&repo, 9);
    repo.write("a.py", "a = 2\n").commit_unchecked(&format!("subject\n\nuse {token}\n"));
    let hash = repo.git(&["rev-parse", "--short=12", "HEAD"]).text();
    let place = format!("commit {} (message):3", hash.trim());

    let told = repo.git(&["push", "-q", "origin", "main"]);
    told.refused().says(&place).says("git commit --fixup=reword:");
    repo.leakcoach(&["check", "--commit", "HEAD"]).refused().says(&place);
}

#[test]
fn a_push_of_a_tag_is_refused_for_its_message() {
    let repo = with_remote();
    let token = planted(&repo, 10);
    repo.git(&["tag", "-a", "-m", &format!("use {token}"), "v1"]).accepted();

    repo.git(&["push", "-q", "origin", "v1"])
        .refused()
        .says("tag v1 (message):1")
        .says("git tag -f -a v1");
    repo.git(&["tag", "-d", "v1"]).accepted();
    repo.git(&["tag", "-a", "-m", "clean", "v1"]).accepted();
    repo.git(&["push", "-q", "origin", "v1"]).accepted().silent();
}

#[test]
fn a_push_is_refused_for_the_name_of_a_branch_until_it_is_deleted() {
    let repo = with_remote();
    let token = planted(&repo, 11);
    let branch = format!("fix-{token}");
    repo.git(&["branch", &branch]).accepted();

    repo.git(&["push", "-q", "origin", &branch])
        .refused()
        .says("ref refs/heads/fix-ghp_[36 bytes hidden]:1");
    repo.git(&["push", "-q", "--no-verify", "origin", &branch]).accepted();
    repo.git(&["push", "-q", "origin", "--delete", &branch]).accepted().silent();
}

#[test]
fn a_file_whose_name_is_a_credential_is_refused_and_the_name_is_not_shown() {
    let repo = with_remote();
    let token = planted(&repo, 12);
    let path = format!("docs/{token}.txt");
    repo.write(&path, "text\n");

    repo.commit("name").refused().says("docs/ghp_[36 bytes hidden].txt");
    repo.commit_unchecked("name");
    repo.git(&["push", "-q", "origin", "main"]).refused().says("docs/ghp_[36 bytes hidden].txt");
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]).accepted();
    repo.write(&path, &format!("t = '{}'\n", planted(&repo, 13)));
    repo.leakcoach(&["check", "--tree", "docs"]).refused().says("docs/ghp_[36 bytes hidden].txt");
}

#[test]
fn a_push_to_a_public_remote_says_so() {
    let repo = with_remote();
    let top = repo.top().parent().unwrap().display().to_string();
    let pattern = format!("[remotes]\npublic = [\"{top}/*\"]\n");
    repo.write("b.py", &format!("t = '{}'\n", planted(&repo, 14))).commit_unchecked("bad");
    repo.git(&["push", "-q", "origin", "main"]).refused().says("in a local commit");

    repo.write(".leakcoach.toml", &pattern);
    let url = format!("{top}/remote");
    let told = repo.git(&["push", "-q", &url, "main"]);
    told.refused().says("on its way to a public remote");
}
