//! What git does that is easily taken for something else.

use crate::harness::Repo;
use leakcoach::catalogue::{Catalogue, sample::expand};
use std::fs;

/// A line with a fresh credential.
fn line(repo: &Repo, seed: u64) -> String {
    let rule = Catalogue::builtin().rule("github-pat").unwrap();
    let token = expand(rule.samples.iter().next().unwrap(), seed).unwrap();
    format!("t = '{}'\n", repo.plant(token))
}

fn thirty_lines() -> String {
    let lines: Vec<String> = (0..30).map(|number| format!("n_{number} = {number}\n")).collect();
    lines.concat()
}

/// A repository with the hooks, and a remote that has its first commit.
fn with_remote() -> Repo {
    let repo = Repo::with_hook();
    repo.git(&["init", "-q", "--bare", "-b", "main", "../remote"]).accepted();
    repo.git(&["remote", "add", "origin", "../remote"]).accepted();
    repo.write("a.py", "a = 1\n").commit("first").accepted();
    repo.git(&["push", "-q", "origin", "main"]).accepted();
    repo
}

#[test]
fn a_branch_that_was_taken_off_the_remote_is_checked_when_it_is_pushed_again() {
    let repo = with_remote();
    repo.git(&["checkout", "-q", "-b", "topic"]).accepted();
    repo.write("b.py", &line(&repo, 1)).commit_unchecked("bad");
    repo.git(&["push", "-q", "--no-verify", "origin", "topic"]).accepted();
    repo.git(&["--git-dir=../remote", "branch", "-D", "topic"]).accepted();

    let told = repo.git(&["push", "-q", "origin", "topic"]);
    told.refused().says("b.py:1").says("origin/topic is not what the remote has now");
}

#[test]
fn what_was_purged_on_the_remote_is_refused_when_an_old_clone_forces_it_back() {
    let repo = with_remote();
    repo.write("b.py", &line(&repo, 2)).commit_unchecked("bad");
    repo.git(&["push", "-q", "--no-verify", "origin", "main"]).accepted();
    repo.git(&["clone", "-q", "../remote", "../other"]).accepted();
    repo.git(&["-C", "../other", "config", "user.email", "other@localhost"]).accepted();
    repo.git(&["-C", "../other", "config", "user.name", "Other"]).accepted();
    repo.git(&["-C", "../other", "reset", "-q", "--hard", "HEAD~1"]).accepted();
    repo.git(&["-C", "../other", "commit", "-q", "--allow-empty", "-m", "clean"]).accepted();
    repo.git(&["-C", "../other", "push", "-q", "-f", "origin", "main"]).accepted();

    repo.git(&["push", "-q", "-f", "origin", "main"]).refused().says("b.py:1");
}

#[test]
fn a_staged_value_that_a_remote_has_elsewhere_is_to_be_revoked_first() {
    let repo = with_remote();
    let old = line(&repo, 18);
    repo.write("b.py", &old).commit_unchecked("bad");
    repo.git(&["push", "-q", "--no-verify", "origin", "main"]).accepted();
    repo.write("a.py", "a = 2\n").commit("here alone").accepted();
    let told = "the same value is on origin/main already: revoke it first";

    // Indented; moved to another file; copied; brought back after it was taken out here.
    repo.write("b.py", &format!("    {old}")).commit("again").refused().reads(told);
    let env = thirty_lines() + &old;
    repo.write("b.py", "b = 1\n").write(".env", &env).commit("moved").refused().reads(told);
    repo.git(&["reset", "-q", "--hard"]).accepted();
    repo.write("c.py", &old).commit("copied").refused().reads(told);
    repo.git(&["reset", "-q", "--hard"]).accepted();
    repo.write("b.py", "b = 1\n").commit("taken out").accepted();
    repo.write("b.py", &old).commit("brought back").refused().reads(told);
    repo.write("b.py", &line(&repo, 19)).commit("new").refused().reads("it is only staged");
}

#[test]
fn what_is_public_for_the_first_time_is_checked_though_a_private_remote_has_it() {
    let repo = with_remote();
    repo.write(".leakcoach.toml", "[remotes]\npublic = [\"**/open\"]\n");
    repo.write("b.py", &line(&repo, 3)).commit_unchecked("bad");
    repo.git(&["push", "-q", "--no-verify", "origin", "main"]).accepted();
    for name in ["open", "other"] {
        repo.git(&["init", "-q", "--bare", "-b", "main", &format!("../{name}")]).accepted();
    }

    repo.git(&["push", "-q", "../other", "main"]).accepted().silent();
    repo.git(&["push", "-q", "../open", "main"]).refused().says("b.py:1");
}

#[test]
fn a_merge_of_a_file_that_one_side_renamed_brings_nothing_new() {
    for renamed in ["main", "side"] {
        let repo = Repo::with_hook();
        repo.write("a.py", &thirty_lines()).commit("first").accepted();
        repo.git(&["branch", "side"]).accepted();
        let edited = if renamed == "main" { "side" } else { "main" };
        repo.git(&["checkout", "-q", edited]).accepted();
        repo.write("a.py", &(thirty_lines() + &line(&repo, 4))).commit_unchecked("old");
        repo.git(&["checkout", "-q", renamed]).accepted();
        fs::create_dir(repo.top().join("lib")).unwrap();
        repo.git(&["mv", "a.py", "lib/b.py"]).accepted();
        repo.commit("renamed").accepted();
        repo.git(&["checkout", "-q", "main"]).accepted();

        repo.git(&["merge", "-q", "--no-edit", "side"]).accepted().silent();
        repo.leakcoach(&["check", "--commit", "HEAD"]).accepted().silent();
        let more = thirty_lines() + &line(&repo, 5) + &line(&repo, 6);
        repo.write("lib/b.py", &more).git(&["add", "-A"]).accepted();
        repo.git(&["commit", "-q", "--no-verify", "--amend", "--no-edit"]).accepted();
        let told = repo.leakcoach(&["check", "--commit", "HEAD"]);
        told.refused().says("lib/b.py:31").says("lib/b.py:32");
    }
}

#[test]
fn another_history_merged_into_a_folder_brings_nothing_new() {
    let repo = Repo::with_hook();
    repo.write("a.py", "a = 1\n").commit("first").accepted();
    repo.git(&["checkout", "-q", "--orphan", "other"]).accepted();
    repo.git(&["rm", "-q", "-f", "a.py"]).accepted();
    repo.write("b.py", &line(&repo, 7)).commit_unchecked("theirs");
    repo.git(&["checkout", "-q", "main"]).accepted();
    let merge = ["merge", "-q", "-s", "ours", "--no-commit", "--allow-unrelated-histories"];
    repo.git(&[&merge[..], &["other"]].concat()).accepted();
    repo.git(&["read-tree", "--prefix=lib/", "-u", "other"]).accepted();

    repo.git(&["commit", "-q", "-m", "subtree"]).accepted().silent();
}

#[test]
fn an_old_line_that_gets_another_end_is_not_refused() {
    let repo = Repo::with_hook();
    let old = line(&repo, 8);
    repo.write("last.py", &format!("a = 1\n{}", old.trim_end()));
    repo.write("crlf.py", &format!("a = 1\r\n{}\r\n", old.trim_end())).commit_unchecked("old");

    repo.write("last.py", &format!("a = 1\n{old}b = 2\n")).commit("more").accepted().silent();
    repo.write(".gitattributes", "* text=auto\n").git(&["add", "-A"]).accepted();
    repo.git(&["add", "--renormalize", "."]).accepted();
    repo.commit("line feeds").accepted().silent();
    repo.write("last.py", &format!("a = 1\n{old}b = 2\n{}", line(&repo, 9)));
    repo.commit("another").refused().says("last.py:4");
}

#[test]
fn utf_32_and_lines_in_utf_16_among_others_hide_nothing() {
    let repo = Repo::with_hook();
    let (one, two) = (line(&repo, 10), line(&repo, 11));
    let utf32: Vec<u8> = "one line\n"
        .chars()
        .chain(one.chars())
        .flat_map(|it| u32::from(it).to_le_bytes())
        .collect();
    let utf16: Vec<u8> = two.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(repo.top().join("wide.txt"), utf32).unwrap();
    // As `>>` of Windows PowerShell appends to any file.
    fs::write(repo.top().join("app.env"), [b"PORT=80\n".as_slice(), &utf16].concat()).unwrap();

    let told = repo.commit("wide");
    assert_eq!(told.refused().says("wide.txt:2").says("app.env:2").refusals(), 2);
    repo.leakcoach(&["check", "--tree", "app.env"]).refused().says("app.env:2");
    repo.commit_unchecked("wide");
    repo.git(&["gc", "-q"]).accepted();
    let told = repo.leakcoach(&["check", "--history"]);
    assert_eq!(told.refused().says("wide.txt:2").says("app.env:2").refusals(), 2);
    fs::write(repo.top().join("app.env"), [b"PORT=8\n".as_slice(), &utf16].concat()).unwrap();
    repo.commit("another line").accepted().silent();
}

#[test]
fn tags_of_blobs_and_trees_belong_to_a_history() {
    let repo = Repo::plain();
    repo.write("a.py", &line(&repo, 14)).write("lib/b.py", &line(&repo, 15));
    repo.git(&["add", "-A"]).accepted();
    let tree = repo.bytes(&["write-tree"]);
    let tree = String::from_utf8(tree).unwrap();
    repo.git(&["tag", "key", &format!("{}:a.py", tree.trim())]).accepted();
    repo.git(&["tag", "-a", "-m", "a tree", "kept", &format!("{}:lib", tree.trim())]).accepted();
    repo.git(&["rm", "-q", "-r", "--cached", "."]).accepted();
    repo.write("a.py", "a = 1\n").git(&["add", "a.py"]).accepted();
    repo.git(&["commit", "-q", "-m", "clean"]).accepted();

    let told = repo.leakcoach(&["check", "--history"]);
    assert_eq!(told.refused().says("refs/tags/key:1").says("b.py:1").refusals(), 2);
    repo.git(&["config", "core.repositoryFormatVersion", "1"]).accepted();
    repo.git(&["config", "extensions.partialClone", "nobody"]).accepted();
    assert_eq!(repo.leakcoach(&["check", "--history"]).refused().refusals(), 2);
}

#[test]
fn what_the_configuration_leaves_out_is_left_out_of_trees_from_wherever_they_are_named() {
    let repo = Repo::plain();
    repo.write(".leakcoach.toml", "[paths]\nignore = [\"lib/made/**\"]\n");
    repo.write("lib/made/a.py", &line(&repo, 16)).write("lib/b.py", "b = 1\n");
    let absolute = repo.top().join("lib").display().to_string();
    let file = repo.top().join("lib/made/a.py").display().to_string();

    for path in [".", "lib", "./lib", "lib/made/a.py", "lib/../lib", &absolute, &file] {
        repo.leakcoach(&["check", "--tree", path]).accepted();
    }
    let below = ["sh", "-c", "cd lib && leakcoach check --tree made b.py"];
    repo.typed(&below, "").accepted();
    repo.write("lib/b.py", &line(&repo, 17));
    assert_eq!(repo.leakcoach(&["check", "--tree", "."]).refused().refusals(), 1);
}

#[test]
fn a_range_of_three_dots_is_what_either_side_alone_has() {
    let repo = Repo::plain();
    repo.write("a.py", "a = 1\n").commit_unchecked("first");
    repo.git(&["branch", "side"]).accepted();
    repo.write("b.py", &line(&repo, 12)).commit_unchecked("ours");
    repo.git(&["checkout", "-q", "side"]).accepted();
    repo.write("c.py", "c = 1\n").commit_unchecked("theirs");

    repo.leakcoach(&["check", "--range", "main..side"]).accepted().silent();
    repo.leakcoach(&["check", "--range", "main...side"]).refused().says("b.py:1");
    repo.leakcoach(&["check", "--range", "main"]).ends_with_code(2).says("write A..B");
}

#[test]
fn a_namespace_changes_nothing_but_names() {
    let repo = Repo::with_hook();
    let names = [("GIT_NAMESPACE", "shop")];
    repo.git(&["init", "-q", "--bare", "../server"]).accepted();
    repo.leakcoach(&["install", "--server", "../server"]).accepted();
    repo.write("a.py", "a = 1\n").git(&["add", "-A"]).accepted();
    repo.git_with(&names, &["commit", "-q", "-m", "first"]).accepted().silent();
    repo.git_with(&names, &["push", "-q", "../server", "main"]).accepted();

    repo.write("b.py", &line(&repo, 13)).git(&["add", "-A"]).accepted();
    repo.git_with(&names, &["commit", "-q", "-m", "bad"]).refused().says("b.py:1");
    repo.commit_unchecked("bad");
    let push = ["push", "-q", "--no-verify", "../server", "main"];
    repo.git_with(&names, &push).refused().says("remote: ").says("b.py:1");
}
