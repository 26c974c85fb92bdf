//! What a commit and a push meet.

use crate::harness::Repo;
use leakcoach::catalogue::{Catalogue, sample::expand};
use std::os::unix::fs::PermissionsExt;

/// The first sample of a rule.
fn sample(id: &str, seed: u64) -> String {
    let rule = Catalogue::builtin().rule(id).unwrap();
    expand(rule.samples.iter().next().unwrap(), seed).unwrap()
}

#[test]
fn a_clean_commit_says_nothing() {
    let repo = Repo::with_hook();

    repo.write("app.py", "print('hello')\n").commit("first").accepted().silent();
}

#[test]
fn five_planted_credentials_are_five_cards_and_none_is_shown() {
    let repo = Repo::with_hook();
    let token = repo.plant(sample("github-pat", 1));
    let id = expand("AKIA{aws-key-id}", 2).unwrap();
    let secret = repo.plant(expand("{base64:40}", 3).unwrap());
    let key = repo.plant(expand("{pem:RSA PRIVATE KEY}", 4).unwrap());
    let hook = sample("slack-webhook-url", 5);
    let password = repo.plant(expand("{base62:20}", 6).unwrap());

    let refused = repo
        .write("a.py", &format!("t = '{token}'\n"))
        .write("aws.ini", &format!("aws_access_key_id = {id}\naws_secret_access_key = {secret}\n"))
        .write("id.pem", &format!("{key}\n"))
        .write("slack.sh", &format!("curl {hook}\n"))
        .write("db.py", &format!("url = 'postgres://app:{password}@db.corp.net/x'\n"))
        .commit("plant");

    assert_eq!(refused.refused().refusals(), 5);
}

#[test]
fn a_refused_commit_passes_once_the_credential_is_out() {
    let repo = Repo::with_hook();
    let token = repo.plant(sample("github-pat", 7));
    repo.write("a.py", &format!("t = '{token}'\n")).commit("no").refused().says("a.py:1");

    repo.write("a.py", "t = os.environ['GITHUB_TOKEN']\n").commit("yes").accepted().silent();
}

#[test]
fn an_old_secret_elsewhere_in_a_touched_file_is_not_refused() {
    let repo = Repo::with_hook();
    let old = format!("t = '{}'\n", sample("github-pat", 8));
    repo.write("a.py", &old).commit_unchecked("before");

    repo.write("a.py", &format!("{old}port = 1\n")).commit("after").accepted().silent();
}

#[test]
fn what_is_in_the_work_tree_only_is_not_refused() {
    let repo = Repo::with_hook();
    repo.write("a.py", "a = 1\n").git(&["add", "a.py"]).accepted();

    repo.write("a.py", &format!("t = '{}'\n", sample("github-pat", 9)));

    repo.git(&["commit", "-q", "-m", "staged only"]).accepted().silent();
    repo.git(&["commit", "-q", "-a", "-m", "all"]).refused();
    repo.git(&["commit", "-q", "-m", "one path", "a.py"]).refused();
}

#[test]
fn a_renamed_file_brings_nothing_new_and_a_removed_one_neither() {
    let repo = Repo::with_hook();
    repo.write("a.py", &format!("t = '{}'\n", sample("github-pat", 10))).commit_unchecked("old");

    repo.git(&["mv", "a.py", "b.py"]).accepted();
    repo.commit("rename").accepted();
    repo.git(&["rm", "-q", "b.py"]).accepted();
    repo.commit("remove").accepted();
}

#[test]
fn settings_that_change_gits_output_change_nothing() {
    let repo = Repo::with_hook();
    for setting in [["color.ui", "always"], ["diff.external", "true"], ["diff.noprefix", "true"]] {
        repo.git(&["config", setting[0], setting[1]]).accepted();
    }

    repo.write(".gitattributes", "* -diff\n")
        .write("a.py", &format!("t = '{}'\n", sample("github-pat", 11)))
        .commit("hidden")
        .refused();
}

#[test]
fn a_push_is_refused_for_a_commit_that_skipped_the_guard() {
    let repo = Repo::with_hook();
    repo.git(&["init", "-q", "--bare", "../remote"]).accepted();
    repo.git(&["remote", "add", "origin", "../remote"]).accepted();
    repo.write("a.py", "a = 1\n").commit("clean").accepted();
    repo.git(&["push", "-q", "origin", "main"]).accepted();

    repo.write("a.py", &format!("t = '{}'\n", sample("github-pat", 12))).commit_unchecked("skip");

    repo.git(&["push", "-q", "origin", "main"]).refused().says("github-pat");
}

#[test]
fn a_marker_with_a_reason_lets_a_line_through() {
    let repo = Repo::with_hook();
    let token = sample("github-pat", 13);

    repo.write("a.py", &format!("t = '{token}' # leakcoach:allow github-pat\n"))
        .commit("no reason")
        .refused();
    let marked = format!("t = '{token}' # leakcoach:allow github-pat because a fixture, revoked\n");
    repo.write("a.py", &marked).commit("reason").accepted();
}

#[test]
fn a_broken_configuration_stops_the_commit() {
    let repo = Repo::with_hook();

    repo.write(".leakcoach.toml", "[rules]\ndisabel = []\n");

    repo.commit("x").refused().says(".leakcoach.toml:2: unknown key `disabel`");
    repo.leakcoach(&["check"]).ends_with_code(2);
}

#[test]
fn a_hook_that_was_there_still_runs_and_is_put_back() {
    let repo = Repo::plain();
    let theirs = "#!/bin/sh\necho theirs >&2\ntest ! -e stop\n";
    let path = repo.top().join(".git/hooks/pre-commit");
    repo.write(".git/hooks/pre-commit", theirs);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();

    repo.leakcoach(&["install"]).accepted();
    repo.leakcoach(&["install"]).accepted();
    repo.write("a.py", "a = 1\n").commit("first").accepted().says("theirs");
    repo.write("stop", "").commit("theirs says no").refused().says("theirs");
    repo.leakcoach(&["uninstall"]).accepted();

    assert_eq!(std::fs::read_to_string(&path).unwrap(), theirs);
    assert!(!repo.top().join(".git/hooks/pre-push").exists());
}

#[test]
fn utf_16_and_odd_paths_hide_nothing() {
    let repo = Repo::with_hook();
    let text = format!("t = '{}'\n", sample("github-pat", 14));
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(repo.top().join("new\nline\x1b[31m.txt"), utf16).unwrap();

    repo.commit("odd").refused().says("new\\x0aline\\x1b[31m.txt:1");
}

#[test]
fn one_credential_among_many_files_is_found_with_several_threads() {
    let repo = Repo::with_hook();
    for number in 0..200 {
        repo.write(&format!("src/f{number}.py"), &format!("n = {number}\n"));
    }

    repo.write("src/f77.py", &format!("t = '{}'\n", sample("github-pat", 15)));

    assert_eq!(repo.commit("many").refused().says("src/f77.py:1").refusals(), 1);
}

#[test]
fn the_demonstration_refuses_a_commit_and_passes_the_next() {
    let repo = Repo::plain();

    repo.leakcoach(&["demo"]).accepted().says("github-pat").says("the commit passed");
}

#[test]
fn doing_what_the_card_says_for_a_key_file_makes_the_commit_pass() {
    let repo = Repo::with_hook();
    let key = repo.plant(expand("{pem:EC PRIVATE KEY}", 16).unwrap());
    repo.write("a.py", "a = 1\n").write("tls.key", &format!("{key}\n"));
    let step = "git rm --cached -- tls.key && echo tls.key >> .gitignore";

    repo.commit("key").refused().says(step).says("git add -- .gitignore && git commit");

    repo.git(&["rm", "-q", "--cached", "--", "tls.key"]).accepted();
    repo.write(".gitignore", "tls.key\n").git(&["add", "--", ".gitignore"]).accepted();
    repo.git(&["commit", "-q", "-m", "no key"]).accepted().silent();
}

#[test]
fn explain_tells_why_a_look_alike_is_let_through() {
    let repo = Repo::plain();
    let fake = expand("ghp_{base62:30}{crc32-base62!}", 17).unwrap();
    repo.write("a.py", &format!("a = 1\nt = '{fake}'\n"));

    repo.leakcoach(&["explain", "a.py"])
        .accepted()
        .says("line 2: no github-pat: its checksum does not hold");
    repo.leakcoach(&["explain", "github-pat"]).accepted().says("revoke at");
    repo.leakcoach(&["explain", "github-pta"]).ends_with_code(2).says("did you mean `github-pat`?");
}

#[test]
fn a_marker_of_another_tool_lets_a_line_through_and_is_pointed_out_while_it_is_new() {
    let repo = Repo::with_hook();
    let token = repo.plant(sample("github-pat", 31));
    let line = format!("t = '{token}'  # gitleaks:allow\n");

    let told = repo.write("a.py", &line).commit("marked");
    told.accepted().says("note: GitHub").says("`gitleaks:allow` on its line");

    repo.write("a.py", &format!("{line}port = 1\n")).commit("later").accepted().silent();
    repo.leakcoach(&["check", "--tree", "a.py"]).accepted().silent();
    let above = format!("# pragma: allowlist nextline secret\nt = '{token}'\n");
    repo.write("b.py", &above).leakcoach(&["check", "--tree", "b.py"]).accepted().silent();
}

/// A commit's check on a terminal, where somebody types `answer`.
fn on_a_terminal(repo: &Repo, answer: &str) -> crate::harness::Attempt {
    let command = format!("{} check", crate::harness::BINARY);
    repo.typed(&["script", "-qec", &command, "/dev/null"], answer)
}

#[test]
fn on_a_terminal_the_rules_id_lets_what_is_only_possible_through() {
    let repo = Repo::plain();
    let password = repo.plant(expand("{password}", 8).unwrap());
    repo.write("a.py", &format!("password = \"{password}\"\n")).git(&["add", "a.py"]).accepted();

    on_a_terminal(&repo, "generic-password\nthe parser's fixture, opens nothing\n")
        .accepted()
        .says("type generic-password to go on");
    on_a_terminal(&repo, "generic-password\ntesting\n").refused().reads("not let through");
    on_a_terminal(&repo, "generic-password\n").refused();
    on_a_terminal(&repo, "yes\n").refused();
    on_a_terminal(&repo, "").refused();
    repo.leakcoach(&["check"]).refused().says("and nobody");
}
