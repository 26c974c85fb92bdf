//! Where the hooks go, and how one knows that they fire.

use crate::harness::Repo;
use leakcoach::catalogue::{Catalogue, sample::expand};
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn token(seed: u64) -> String {
    let rule = Catalogue::builtin().rule("github-pat").unwrap();
    format!("t = '{}'\n", expand(rule.samples.iter().next().unwrap(), seed).unwrap())
}

fn script(repo: &Repo, path: &str, text: &str) {
    repo.write(path, text);
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(repo.top().join(path), mode).unwrap();
}

#[test]
fn installing_twice_is_installing_once() {
    let repo = Repo::with_hook();
    let shim = fs::read(repo.top().join(".git/hooks/pre-commit")).unwrap();

    repo.leakcoach(&["install"]).accepted();

    assert_eq!(fs::read(repo.top().join(".git/hooks/pre-commit")).unwrap(), shim);
    repo.leakcoach(&["uninstall"]).accepted();
    assert!(!repo.top().join(".git/hooks/pre-commit").exists());
}

#[test]
fn a_repositorys_own_hooks_folder_is_honoured() {
    let repo = Repo::plain();
    repo.git(&["config", "core.hooksPath", "tools/hooks"]).accepted();

    repo.leakcoach(&["install"]).accepted().says("tools/hooks");

    repo.write("a.py", &token(1)).commit("no").refused();
}

#[test]
fn the_hook_fires_in_a_linked_worktree() {
    let repo = Repo::with_hook();
    repo.write("a.py", "a = 1\n").commit("first").accepted();
    repo.git(&["worktree", "add", "-q", "../linked"]).accepted();
    fs::write(repo.top().join("../linked/b.py"), token(2)).unwrap();

    repo.git(&["-C", "../linked", "add", "b.py"]).accepted();
    repo.git(&["-C", "../linked", "commit", "-q", "-m", "no"]).refused();
}

#[test]
fn a_shared_hooks_folder_of_others_is_left_alone() {
    let repo = Repo::plain();
    repo.git(&["config", "--global", "core.hooksPath", "/srv/hooks"]).accepted();

    repo.leakcoach(&["install"]).ends_with_code(2).says("core.hooksPath");
    repo.leakcoach(&["install", "--global"]).ends_with_code(2).says("/srv/hooks");
}

#[test]
fn a_global_install_checks_every_repository_and_runs_its_own_hooks_too() {
    let repo = Repo::plain();
    script(&repo, ".git/hooks/pre-commit", "#!/bin/sh\necho own pre-commit >&2\n");
    script(&repo, ".git/hooks/commit-msg", "#!/bin/sh\ngrep -q good \"$1\"\n");

    repo.leakcoach(&["install", "--global"]).accepted();

    repo.write("a.py", &token(3)).commit("good").refused().says("github-pat");
    let passed = repo.write("a.py", "a = 1\n").commit("good");
    passed.accepted().says("own pre-commit");
    repo.write("a.py", "a = 2\n").commit("bad").refused();
    repo.leakcoach(&["install"]).accepted().says("already");
    repo.leakcoach(&["uninstall", "--global"]).accepted();
    repo.write("a.py", &token(3)).commit("good").accepted();
}

#[test]
fn a_template_reaches_what_is_made_from_now_on() {
    let repo = Repo::plain();
    repo.leakcoach(&["install", "--template"]).accepted();

    repo.git(&["init", "-q", "new"]).accepted();

    assert!(repo.top().join("new/.git/hooks/pre-commit").exists());
    repo.leakcoach(&["uninstall", "--template"]).accepted().says("unset");
}

#[test]
fn huskys_scripts_get_one_line_and_lose_it_again() {
    let repo = Repo::plain();
    script(
        &repo,
        ".husky/_/pre-commit",
        "#!/bin/sh\nsh -e \"$(dirname \"$0\")/../pre-commit\" \"$@\"\n",
    );
    repo.write(".husky/pre-commit", "echo linted >&2\n");
    repo.git(&["config", "core.hooksPath", ".husky/_"]).accepted();

    repo.leakcoach(&["install"]).accepted().says(".husky");

    repo.write("a.py", &token(4)).commit("no").refused().says("github-pat");
    repo.write("a.py", "a = 1\n").commit("yes").accepted().says("linted");
    repo.leakcoach(&["uninstall"]).accepted();
    let left = fs::read_to_string(repo.top().join(".husky/pre-commit")).unwrap();
    assert_eq!(left, "echo linted >&2\n");
    assert!(!repo.top().join(".husky/pre-push").exists());
}

#[test]
fn the_doctor_sees_a_hook_fire() {
    let repo = Repo::with_hook();

    repo.leakcoach(&["doctor"]).accepted().says("a commit with a fake token is refused");
    repo.leakcoach(&["doctor", "--format", "json"]).accepted().says("\"name\":\"canary\"");
}

#[test]
fn the_doctor_names_what_keeps_a_hook_from_firing() {
    let repo = Repo::plain();
    repo.leakcoach(&["doctor"]).refused().says("leakcoach install");

    repo.leakcoach(&["install"]).accepted();
    let hook = repo.top().join(".git/hooks/pre-commit");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o644)).unwrap();
    repo.leakcoach(&["doctor"]).refused().says("chmod +x");

    repo.leakcoach_with(&[("HUSKY", "0")], &["doctor"]).refused().says("unset HUSKY");
}

#[test]
fn in_a_bare_repository_the_doctor_proves_the_servers_hook() {
    let repo = Repo::plain();
    repo.git(&["init", "-q", "--bare", "../server.git"]).accepted();
    let server = repo.top().join("../server.git");
    let doctor = || {
        let examine = format!("cd ../server.git && '{}' doctor", crate::harness::BINARY);
        repo.typed(&["sh", "-c", &examine], "")
    };
    doctor().refused().says("does not call leakcoach").says("leakcoach install --server");

    repo.leakcoach(&["install", "--server", "../server.git"]).accepted();
    let told = doctor();
    told.accepted().says("a push with a fake token in a file is refused");
    told.says("a push with a fake token in a message is refused").says("a clean push passes");

    // Its own configuration counts, and what runs after a push does not run.
    let post = server.join("hooks/post-receive");
    fs::write(&post, "#!/bin/sh\ntouch deployed\n").unwrap();
    fs::set_permissions(&post, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(server.join("leakcoach.toml"), "[rules]\ndisable = [\"github-pat\"]\n").unwrap();
    doctor().refused().says("a push with a fake token in a file went through");
    assert!(!server.join("deployed").exists());
    fs::write(server.join("leakcoach.toml"), "").unwrap();

    let hook = server.join("hooks/pre-receive");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o644)).unwrap();
    doctor().refused().says("chmod +x");
}

#[test]
fn a_hook_finds_the_program_where_it_was_installed_from() {
    let repo = Repo::with_hook();
    repo.write("a.py", &token(5)).git(&["add", "a.py"]).accepted();

    repo.git_with(&[("PATH", "/usr/bin:/bin")], &["commit", "-q", "-m", "no"])
        .refused()
        .says("github-pat");
}

#[test]
fn a_hook_without_its_program_blocks_and_says_how_to_mend_it() {
    let repo = Repo::with_hook();
    let hook = repo.top().join(".git/hooks/pre-commit");
    let text = fs::read_to_string(&hook).unwrap();
    let text: Vec<&str> =
        text.split_inclusive('\n').filter(|line| !line.contains("PATH=")).collect();
    fs::write(&hook, text.concat()).unwrap();
    repo.write("a.py", "a = 1\n").git(&["add", "a.py"]).accepted();

    repo.git_with(&[("PATH", "/usr/bin:/bin")], &["commit", "-q", "-m", "yes"])
        .refused()
        .says("install.sh");
}

#[test]
fn a_hook_manager_that_names_all_files_has_all_files_checked() {
    let repo = Repo::plain();
    repo.write("old.py", &token(6)).write("b.py", "b = 1\n").commit_unchecked("old");
    repo.write("b.py", "b = 2\n").git(&["add", "b.py"]).accepted();

    repo.leakcoach(&["hook", "pre-commit", "b.py"]).accepted().silent();
    repo.leakcoach(&["hook", "pre-commit", "b.py", "old.py"]).refused().says("old.py:1");
}

#[test]
fn what_a_merge_brings_is_not_checked_whole_when_a_hook_manager_names_it() {
    let repo = Repo::plain();
    repo.write("a.py", "a = 1\n").write("old.py", &token(8)).commit_unchecked("first");
    repo.git(&["checkout", "-q", "-b", "side"]).accepted();
    repo.write("b.py", &token(6)).commit_unchecked("on the side");
    repo.git(&["checkout", "-q", "main"]).accepted();
    repo.write("c.py", "c = 1\n").commit_unchecked("on main");
    repo.git(&["merge", "-q", "--no-commit", "side"]).accepted();

    repo.leakcoach(&["hook", "pre-commit", "b.py"]).accepted().silent();
    repo.leakcoach(&["hook", "pre-commit", "b.py", "old.py"]).refused().says("old.py:1");
}

#[test]
fn a_push_that_a_hook_manager_hands_over_is_checked_whatever_it_tells() {
    let repo = Repo::plain();
    repo.write("a.py", "a = 1\n").commit_unchecked("first");
    repo.write("a.py", &token(7)).commit_unchecked("second");
    let push = |from: &str, to: &str| {
        let told = [("PRE_COMMIT", "1"), ("PRE_COMMIT_FROM_REF", from), ("PRE_COMMIT_TO_REF", to)];
        repo.leakcoach_with(&told, &["hook", "pre-push"])
    };

    push("HEAD~1", "HEAD").refused();
    push("HEAD", "HEAD").accepted();
    push(&"0".repeat(40), "HEAD").refused();
    repo.leakcoach_with(&[("PRE_COMMIT", "1")], &["hook", "pre-push"]).refused();
}
