//! What a push to a server with the hook meets.

use crate::harness::{Attempt, Repo};
use leakcoach::catalogue::{Catalogue, sample::expand};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// A line with a credential, fresh for each seed.
fn line(repo: &Repo, seed: u64) -> String {
    let rule = Catalogue::builtin().rule("github-pat").unwrap();
    let token = expand(rule.samples.iter().next().unwrap(), seed).unwrap();
    format!("t = '{}'\n", repo.plant(token))
}

fn server_path(repo: &Repo) -> PathBuf {
    repo.top().join("../server.git")
}

/// A clone, without hooks of its own, of a server with the hook.
fn with_server(init: &[&str]) -> Repo {
    let repo = Repo::plain();
    let server = ["init", "-q", "--bare", "-b", "main", "../server.git"];
    repo.git(&[&server[..], init].concat()).accepted();
    repo.leakcoach(&["install", "--server", "../server.git"]).accepted().says("pre-receive is in");
    repo.git(&["remote", "add", "origin", "../server.git"]).accepted();
    repo.write("a.py", "a = 1\n").commit("first").accepted();
    repo
}

fn push(repo: &Repo, refs: &[&str]) -> Attempt {
    repo.git(&[&["push", "-q", "origin"], refs].concat())
}

fn on_server(repo: &Repo, args: &[&str]) -> Attempt {
    repo.git(&[&["-C", "../server.git"], args].concat())
}

fn configure(repo: &Repo, text: &str) {
    fs::write(server_path(repo).join("leakcoach.toml"), text).unwrap();
    on_server(repo, &["config", "receive.advertisePushOptions", "true"]).accepted();
}

fn executable(path: &std::path::Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_first_push_and_a_clean_one_are_taken_without_a_word() {
    let repo = with_server(&[]);

    push(&repo, &["main"]).accepted().silent();
    repo.write("a.py", "a = 2\n").commit("second").accepted();
    push(&repo, &["main"]).accepted().silent();
    push(&repo, &["main:topic"]).accepted().silent();
    push(&repo, &["--delete", "topic"]).accepted().silent();
}

#[test]
fn a_push_with_a_credential_is_refused_and_the_server_keeps_nothing_of_it() {
    let repo = with_server(&[]);
    push(&repo, &["main"]).accepted();
    repo.write("conf/app.py", &line(&repo, 1)).commit("oops").accepted();
    let id = repo.git(&["rev-parse", "HEAD"]).text();
    let short: String = id.chars().take(12).collect();

    let refused = push(&repo, &["main"]);

    refused
        .refused()
        .says("remote: refused: GitHub")
        .says("conf/app.py:1")
        .says("this server refused it")
        .says(&format!("fixup! {short}"))
        .says("this server refused the push: nothing of it is kept")
        .says("pre-receive hook declined");
    assert!(refused.text().is_ascii(), "{}", refused.text());
    // A command is one line, to be pasted; all else fits.
    let wide = |line: &&str| line.trim_end().len() > 80 && !line.contains("git add");
    assert_eq!(refused.text().lines().find(wide), None);
    on_server(&repo, &["cat-file", "-e", id.trim()]).refused();
    assert!(!server_path(&repo).join("leakcoach.key").exists());
}

#[test]
fn a_credential_that_was_taken_out_again_before_the_push_is_refused() {
    let repo = with_server(&[]);
    repo.write("b.py", &line(&repo, 2)).commit("in").accepted();
    repo.write("b.py", "b = 1\n").commit("out").accepted();

    push(&repo, &["main"]).refused().says("b.py:1");
    repo.git(&["reset", "-q", "--soft", "HEAD~2"]).accepted();
    repo.git(&["commit", "-q", "-m", "clean"]).accepted();
    push(&repo, &["main"]).accepted().silent();
}

#[test]
fn what_any_ref_of_the_server_has_is_not_checked_again() {
    let repo = with_server(&[]);
    push(&repo, &["main"]).accepted();
    let hook = server_path(&repo).join("hooks/pre-receive");
    fs::rename(&hook, hook.with_extension("off")).unwrap();
    repo.write("a.py", &line(&repo, 3)).commit("before the hook").accepted();
    push(&repo, &["main:old"]).accepted();
    fs::rename(hook.with_extension("off"), &hook).unwrap();

    repo.write("b.py", "b = 1\n").commit("after").accepted();
    push(&repo, &["main"]).accepted().silent();
    repo.git(&["commit", "-q", "--amend", "-m", "forced"]).accepted();
    push(&repo, &["--force", "main"]).accepted().silent();
}

#[test]
fn one_bad_branch_of_two_refuses_the_push_in_pre_receive() {
    let repo = with_server(&[]);
    repo.git(&["checkout", "-q", "-b", "bad"]).accepted();
    repo.write("b.py", &line(&repo, 4)).commit("bad").accepted();

    push(&repo, &["main", "bad"]).refused().says("b.py:1");

    on_server(&repo, &["rev-parse", "-q", "--verify", "main"]).refused();
}

#[test]
fn one_bad_branch_of_two_is_refused_alone_in_update() {
    let repo = with_server(&[]);
    let hooks = server_path(&repo).join("hooks");
    fs::remove_file(hooks.join("pre-receive")).unwrap();
    executable(&hooks.join("update"), "#!/bin/sh\nexec leakcoach hook update \"$@\"\n");
    repo.git(&["checkout", "-q", "-b", "bad"]).accepted();
    repo.write("b.py", &line(&repo, 5)).commit("bad").accepted();

    push(&repo, &["main", "bad"])
        .refused()
        .says("this server refused the push to refs/heads/bad: no ref reaches it")
        .says("lies here until git prunes");

    on_server(&repo, &["rev-parse", "-q", "--verify", "main"]).accepted();
    on_server(&repo, &["rev-parse", "-q", "--verify", "bad"]).refused();
}

#[test]
fn a_pushed_tag_brings_its_commit_or_blob_to_the_server() {
    let repo = with_server(&[]);
    push(&repo, &["main"]).accepted();
    repo.git(&["tag", "-a", "-m", "clean", "v1"]).accepted();
    push(&repo, &["v1"]).accepted().silent();

    repo.write("b.py", &line(&repo, 6)).commit("bad").accepted();
    repo.git(&["tag", "-a", "-m", "bad", "v2"]).accepted();
    push(&repo, &["v2"]).refused().says("b.py:1");
    repo.git(&["tag", "blob", "HEAD:b.py"]).accepted();
    push(&repo, &["blob"]).refused().says("refs/tags/blob:1");
}

#[test]
fn messages_and_names_that_a_server_is_sent_are_checked_too() {
    let repo = with_server(&[]);
    push(&repo, &["main"]).accepted();
    let token = line(&repo, 21);
    let token = token.split('\'').nth(1).unwrap();
    repo.git(&["tag", "-a", "-m", &format!("with {token}"), "v1"]).accepted();
    push(&repo, &["v1"]).refused().says("git tag -f -a v1");

    repo.write("a.py", "a = 2\n").commit(&format!("use {token}")).accepted();
    push(&repo, &["main"]).refused().says("(message)").says("--fixup=reword:");
}

#[test]
fn what_a_server_cannot_look_into_is_named_and_taken() {
    let repo = with_server(&[]);
    let id = "1a".repeat(32);
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{id}\nsize 9\n");
    repo.write("model.bin", &pointer).commit("pointer").accepted();

    push(&repo, &["main"]).accepted().says("could not look into model.bin: ");
}

#[test]
fn a_sha256_server_refuses_and_takes_through_git() {
    let repo = Repo::plain();
    fs::remove_dir_all(repo.top().join(".git")).unwrap();
    repo.git(&["init", "-q", "-b", "main", "--object-format=sha256"]).accepted();
    repo.git(&["config", "user.name", "Test"]).accepted();
    repo.git(&["config", "user.email", "test@localhost"]).accepted();
    let server = ["init", "-q", "--bare", "-b", "main", "--object-format=sha256", "../server.git"];
    repo.git(&server).accepted();
    repo.leakcoach(&["install", "--server", "../server.git"]).accepted();
    repo.git(&["remote", "add", "origin", "../server.git"]).accepted();
    repo.write("a.py", "a = 1\n").commit("first").accepted();
    push(&repo, &["main"]).accepted().silent();

    repo.write("a.py", &line(&repo, 7)).commit("bad").accepted();
    push(&repo, &["main"]).refused().says("a.py:1");
}

#[test]
fn objects_that_come_as_a_pack_are_read_in_quarantine_too() {
    let repo = with_server(&[]);
    on_server(&repo, &["config", "receive.unpackLimit", "1"]).accepted();
    push(&repo, &["main"]).accepted().silent();

    repo.write("b.py", &line(&repo, 8)).commit("bad").accepted();
    push(&repo, &["main"]).refused().says("b.py:1");
}

#[test]
fn nothing_in_a_push_can_loosen_the_servers_check() {
    let repo = with_server(&[]);
    push(&repo, &["main"]).accepted();
    let marked = line(&repo, 9).trim_end().to_owned()
        + " # leakcoach:allow github-pat because the pusher says that it is fine\n";
    let foreign = line(&repo, 10).trim_end().to_owned() + " # gitleaks:allow\n";
    repo.write(".leakcoach.toml", "[paths]\nignore = ['**']\n[verdicts]\nproven = 'permit'\n");
    repo.write("marked.py", &marked).write("foreign.py", &foreign);
    repo.write(".gitleaksignore", "listed.py:github-pat:1\n").commit("list").accepted();
    repo.write("listed.py", &line(&repo, 11)).commit("listed").accepted();

    let refused = push(&repo, &["main"]);

    refused.refused().says("marked.py:1").says("foreign.py:1").says("listed.py:1");
    assert_eq!(refused.refusals(), 3);
}

#[test]
fn what_the_default_branch_lists_before_the_push_goes_through() {
    let repo = with_server(&[]);
    repo.write("listed.py", &line(&repo, 12)).commit("listed").accepted();
    let id = repo.git(&["rev-parse", "HEAD"]).text();
    repo.git(&["checkout", "-q", "-b", "list", "HEAD~"]).accepted();
    let entry = format!("{}:listed.py:github-pat:1\n", id.trim());
    repo.write(".gitleaksignore", &entry).commit("list").accepted();

    push(&repo, &["main"]).refused();
    push(&repo, &["list:other"]).accepted();
    push(&repo, &["main:topic"]).refused();
    push(&repo, &["list:main"]).accepted();
    push(&repo, &["main:topic"]).accepted().says("let through by .gitleaksignore");
}

#[test]
fn an_exception_on_the_default_branch_before_the_push_lets_its_value_through() {
    let repo = with_server(&[]);
    repo.write("b.py", &line(&repo, 20)).commit("bad").accepted();
    let id = repo.git(&["rev-parse", "HEAD"]).text();
    repo.write(".gitleaksignore", &format!("{}:b.py:github-pat:1\n", id.trim()));
    let because = ["--until", "30d", "--reason", "a fixture, revoked long ago"];
    repo.leakcoach(&[&["import"], &because[..]].concat()).accepted();
    let exceptions = fs::read_to_string(repo.top().join(".leakcoach/exceptions")).unwrap();
    fs::remove_file(repo.top().join(".gitleaksignore")).unwrap();
    repo.commit("with its exception").accepted();

    push(&repo, &["main:topic"]).refused();
    repo.git(&["checkout", "-q", "-b", "except", "HEAD~2"]).accepted();
    repo.write(".leakcoach/exceptions", &exceptions).commit("exception alone").accepted();
    push(&repo, &["except:main"]).accepted();
    push(&repo, &["main:topic"]).accepted().says("let through by .leakcoach/exceptions");
}

#[test]
fn a_file_for_many_repositories_must_be_there() {
    let repo = with_server(&[]);
    let file = server_path(&repo).join("../servers.toml").display().to_string();
    let with = || repo.git_with(&[("LEAKCOACH_SERVER_CONFIG", &file)], &["push", "origin", "main"]);

    with().refused().says("cannot read `").says("it could not check it");
    fs::write(&file, "[rules]\nonly = ['github-pat']\n").unwrap();
    with().accepted();
}

#[test]
fn the_administrators_file_decides_and_a_broken_one_refuses() {
    let repo = with_server(&[]);
    repo.write("vendor/b.py", &line(&repo, 13)).commit("bad").accepted();
    configure(&repo, "[paths]\nignore = ['vendor/**']\n");
    push(&repo, &["main"]).accepted();

    repo.write("c.py", &line(&repo, 14)).commit("worse").accepted();
    configure(&repo, "[server]\noverrule = true\n");
    push(&repo, &["main"])
        .refused()
        .says("leakcoach.toml:2: unknown key `overrule`")
        .says("it could not check it");
    configure(&repo, "[server]\nmarkers = true\n");
    let marked = line(&repo, 14).trim_end().to_owned()
        + " # leakcoach:allow github-pat because it is a fixture, revoked\n";
    repo.write("c.py", &marked).git(&["add", "c.py"]).accepted();
    repo.git(&["commit", "-q", "--amend", "--no-edit"]).accepted();
    push(&repo, &["main"]).accepted();
}

#[test]
fn a_reason_overrides_where_the_server_allows_it_and_is_told_back() {
    let repo = with_server(&[]);
    repo.write("b.py", &line(&repo, 15)).commit("bad").accepted();
    let with = |reason: &str| push(&repo, &["-o", &format!("leakcoach.reason={reason}"), "main"]);

    configure(&repo, "");
    with("it was revoked yesterday").refused().says("this server lets none override");
    configure(&repo, "[server]\noverride = true\n");
    push(&repo, &["main"]).refused().says("git push -o leakcoach.reason=");
    with("why not").refused().says("ten characters or more");
    with(line(&repo, 16).trim_end()).refused().says("your reason holds a credential itself");
    with("revoked \x1b[31myesterday")
        .accepted()
        .says("let the push through by your reason: revoked \\x1b[31myesterday")
        .says("let through: b.py:1 [github-pat]");
}

#[test]
fn a_check_ends_in_time_with_the_answer_that_is_configured() {
    let repo = with_server(&[]);
    for n in 0..40 {
        repo.write("big.txt", &format!("{n}\n").repeat(20_000)).commit("big").accepted();
    }

    configure(&repo, "[server]\ntime-limit = '1ns'\n");
    let closed = push(&repo, &["main"]);
    closed.refused().says("this server ends a check after 1ns").says("push fewer commits");
    configure(&repo, "[server]\ntime-limit = '1ns'\nat-time-limit = 'open'\n");
    push(&repo, &["main:open"]).accepted().says("this server ends a check after 1ns");
    configure(&repo, "[server]\ntime-limit = '1ns'\n");
    repo.git_with(&[("LEAKCOACH_TIME_LIMIT", "1m")], &["push", "-q", "origin", "main"]).accepted();
    repo.write("c.py", "c = 1\n").commit("last").accepted();
    repo.git_with(&[("LEAKCOACH_TIME_LIMIT", "soon")], &["push", "-q", "origin", "main"])
        .refused()
        .says("LEAKCOACH_TIME_LIMIT is no length of time");
}

#[test]
fn gitlab_gets_a_line_for_its_pages() {
    let repo = with_server(&[]);
    repo.write("b.py", &line(&repo, 17)).commit("bad").accepted();

    repo.git_with(&[("GL_REPOSITORY", "project-1")], &["push", "-q", "origin", "main"])
        .refused()
        .says("GL-HOOK-ERR: leakcoach refused the push: b.py:1 [github-pat]");
}

#[test]
fn the_hook_that_a_server_had_runs_after_and_is_put_back() {
    let repo = with_server(&[]);
    let hook = server_path(&repo).join("hooks/pre-receive");
    repo.leakcoach(&["uninstall", "--server", "../server.git"]).accepted();
    assert!(!hook.exists());
    let theirs = "#!/bin/sh\nread old new ref\necho theirs: $ref\ntest $ref = refs/heads/main\n";
    executable(&hook, theirs);
    repo.leakcoach(&["install", "--server", "../server.git"]).accepted().says("runs after it");

    push(&repo, &["main"]).accepted().says("theirs: refs/heads/main");
    push(&repo, &["main:x"]).refused().says("theirs: refs/heads/x");
    repo.leakcoach(&["uninstall", "--server", "../server.git"]).accepted();
    assert_eq!(fs::read_to_string(&hook).unwrap(), theirs);
}

#[test]
fn a_folder_of_hooks_that_the_server_runs_gets_one_more() {
    let repo = with_server(&[]);
    let hooks = server_path(&repo).join("hooks");
    repo.leakcoach(&["uninstall", "--server", "../server.git"]).accepted();
    let all = "#!/bin/sh\ndata=$(cat)\nfor hook in hooks/pre-receive.d/*; do\n\
               echo \"$data\" | $hook || exit 1\ndone\n";
    executable(&hooks.join("pre-receive"), all);
    executable(&hooks.join("pre-receive.d/gitea"), "#!/bin/sh\nexit 0\n");
    repo.leakcoach(&["install", "--server", "../server.git"]).accepted().says("leakcoach is in");
    repo.write("b.py", &line(&repo, 18)).commit("bad").accepted();

    push(&repo, &["main"]).refused().says("b.py:1");
    repo.leakcoach(&["uninstall", "--server", "../server.git"]).accepted();
    push(&repo, &["main"]).accepted();
}

#[test]
fn install_server_wants_a_bare_repository() {
    let repo = Repo::plain();

    repo.leakcoach(&["install", "--server"]).ends_with_code(2).says("no bare repository");
}

#[test]
fn a_users_global_hooks_check_a_push_only_where_the_server_asked_for_it() {
    let repo = with_server(&[]);
    repo.leakcoach(&["install", "--global"]).accepted();
    repo.git(&["init", "-q", "--bare", "../plain.git"]).accepted();
    repo.write("b.py", &line(&repo, 19)).commit_unchecked("bad");

    repo.git(&["push", "-q", "--no-verify", "../plain.git", "main"]).accepted();
    repo.git(&["push", "-q", "--no-verify", "origin", "main"]).refused().says("b.py:1");
}
