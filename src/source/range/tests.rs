//! Pushes and ranges, read by libgit2 and by git: both must give the same.

use super::{Outgoing, changes_of_commit, pushed, range};
use crate::error::Error;
use crate::source::repo::Repo;
use crate::source::testing::{Sandbox, new_text};
use crate::source::{Origin, Towards};
use gix_hash::ObjectId;
use std::fmt::Display;

const ZEROS: &str = "0000000000000000000000000000000000000000";

/// A repository, and a remote `origin` that has its first commit on `main`.
fn with_remote() -> Sandbox {
    let sandbox = Sandbox::holding(&[("a", "1\n"), ("deep/b", "2\n")]);
    sandbox.git(&["init", "-q", "--bare", "../origin.git"]);
    sandbox.git(&["remote", "add", "origin", "../origin.git"]);
    sandbox.git(&["push", "-q", "origin", "main"]);
    sandbox
}

fn line(local: &str, id: impl Display, remote: &str, known: impl Display) -> String {
    format!("{local} {id} {remote} {known}\n")
}

/// What libgit2 finds, after making sure that git finds the same.
#[track_caller]
fn outgoing(
    sandbox: &Sandbox,
    ask: impl Fn(&Repo) -> Result<Outgoing, Error>,
) -> (Outgoing, Vec<String>) {
    let tell = |repo: &Repo| {
        let outgoing = ask(repo).expect("history is read");
        let sets = outgoing.change_sets(repo).expect("commits are read");
        let text: Vec<String> = sets.iter().flat_map(|set| new_text(repo, set)).collect();
        (outgoing, text)
    };
    let native = sandbox.repo();
    assert!(!native.needs_git());
    let found = tell(&native);
    sandbox.git(&["config", "core.repositoryFormatVersion", "1"]);
    sandbox.git(&["config", "extensions.partialClone", "nobody"]);
    let plumbing = sandbox.repo();
    assert!(plumbing.needs_git());
    // Commits of which neither follows the other stand in any order.
    let sorted = |(outgoing, text): &(Outgoing, Vec<String>)| {
        let (mut commits, mut text) = (outgoing.commits.clone(), text.clone());
        commits.sort();
        text.sort();
        (commits, outgoing.bare.clone(), text)
    };
    assert_eq!(sorted(&tell(&plumbing)), sorted(&found), "git finds something else");
    sandbox.git(&["config", "--unset", "extensions.partialClone"]);
    found
}

#[track_caller]
fn push(sandbox: &Sandbox, lines: &str) -> Vec<String> {
    outgoing(sandbox, |repo| pushed(repo, lines.as_bytes(), Towards::named("origin"))).1
}

#[test]
fn a_push_sends_what_the_remote_has_not() {
    let sandbox = with_remote();
    let known = sandbox.id("HEAD");
    sandbox.write("deep/b", "2\nsecond\n");
    sandbox.commit("second");
    sandbox.write("a", "1\nthird\n");
    let head = sandbox.commit("third");

    let lines = line("refs/heads/main", head, "refs/heads/main", known);
    assert_eq!(push(&sandbox, &lines), ["deep/b: second", "a: third"]);
}

#[test]
fn a_secret_that_was_added_and_removed_again_is_still_sent() {
    let sandbox = with_remote();
    sandbox.write("a", "1\npassing\n");
    sandbox.commit("in");
    sandbox.write("a", "1\n");
    let head = sandbox.commit("out");

    let lines = line("refs/heads/main", head, "refs/heads/main", sandbox.id("origin/main"));
    assert_eq!(push(&sandbox, &lines), ["a: passing", "a: "]);
}

#[test]
fn a_new_branch_sends_only_what_no_branch_there_has() {
    let sandbox = with_remote();
    sandbox.git(&["checkout", "-q", "-b", "topic"]);
    sandbox.write("topic", "t\n");
    let head = sandbox.commit("topic");

    let lines = line("refs/heads/topic", head, "refs/heads/topic", ZEROS);
    assert_eq!(push(&sandbox, &lines), ["topic: t"]);
}

#[test]
fn several_refs_are_one_push() {
    let sandbox = with_remote();
    sandbox.git(&["checkout", "-q", "-b", "one"]);
    sandbox.write("shared", "s\n");
    let shared = sandbox.commit("shared");
    sandbox.write("one", "1\n");
    let one = sandbox.commit("one");
    sandbox.git(&["checkout", "-q", "-b", "two", &shared.to_string()]);
    sandbox.write("two", "2\n");
    let two = sandbox.commit("two");

    let lines = line("refs/heads/one", one, "refs/heads/one", ZEROS)
        + &line("refs/heads/two", two, "refs/heads/two", ZEROS);
    let mut sent = push(&sandbox, &lines);
    sent.sort();
    assert_eq!(sent, ["one: 1", "shared: s", "two: 2"]);
}

#[test]
fn deletes_and_empty_pushes_send_nothing() {
    let sandbox = with_remote();
    let lines = line("(delete)", ZEROS, "refs/heads/main", sandbox.id("HEAD"));
    let long = line("(delete)", "0".repeat(64), "refs/heads/main", sandbox.id("HEAD"));

    assert_eq!(push(&sandbox, &lines), [""; 0]);
    assert_eq!(push(&sandbox, &long), [""; 0]);
    assert_eq!(push(&sandbox, ""), [""; 0]);
}

#[test]
fn a_forced_push_over_a_commit_that_is_not_here_sends_what_is_ours() {
    let sandbox = with_remote();
    sandbox.write("a", "1\nours\n");
    sandbox.git(&["add", "-A"]);
    sandbox.git(&["commit", "-q", "--amend", "-m", "rewritten"]);
    let missing = "1".repeat(40);

    let lines = line("refs/heads/main", sandbox.id("HEAD"), "refs/heads/main", missing);
    // The rewritten root follows nothing, so that all of it is new.
    assert_eq!(push(&sandbox, &lines), ["a: 1|ours", "deep/b: 2"]);
}

#[test]
fn a_remote_without_branches_of_its_own_counts_on_those_of_others() {
    let sandbox = with_remote();
    sandbox.write("new", "n\n");
    let head = sandbox.commit("new");
    let lines = line("HEAD", head, "refs/heads/new", ZEROS);

    for remote in ["elsewhere", "https://host.example/a.git", ""] {
        let sent =
            outgoing(&sandbox, |repo| pushed(repo, lines.as_bytes(), Towards::named(remote))).1;
        assert_eq!(sent, ["new: n"], "{remote}");
    }
}

#[test]
fn a_first_push_sends_everything() {
    let sandbox = Sandbox::holding(&[("a", "1\n"), ("deep/b", "2\n")]);
    let lines = line("refs/heads/main", sandbox.id("HEAD"), "refs/heads/main", ZEROS);

    assert_eq!(push(&sandbox, &lines), ["a: 1", "deep/b: 2"]);
}

#[test]
fn tags_are_followed_to_what_they_are_about() {
    let sandbox = with_remote();
    sandbox.write("a", "1\ntagged\n");
    sandbox.commit("tagged");
    sandbox.git(&["tag", "-a", "-m", "t", "inner"]);
    sandbox.git(&["tag", "-a", "-m", "t", "outer", "inner"]);
    sandbox.git(&["reset", "-q", "--hard", "HEAD~1"]);
    sandbox.write("loose", "in a blob\n");
    let blob = sandbox.git(&["hash-object", "-w", "loose"]);
    sandbox.git(&["tag", "-a", "-m", "t", "blob", &blob]);
    sandbox.git(&["tag", "tree", "HEAD:deep"]);

    let tag = |name: &str| {
        let name = format!("refs/tags/{name}");
        line(&name, sandbox.id(&name), &name, ZEROS)
    };
    assert_eq!(push(&sandbox, &tag("outer")), ["a: tagged"]);
    assert_eq!(push(&sandbox, &tag("blob")), ["refs/tags/blob: in a blob"]);
    assert_eq!(push(&sandbox, &tag("tree")), ["b: 2"]);
}

#[test]
fn a_merge_holds_only_what_none_of_its_parents_has() {
    let sandbox = with_remote();
    sandbox.git(&["checkout", "-q", "-b", "side"]);
    sandbox.write("side", "s\n");
    sandbox.commit("side");
    sandbox.git(&["checkout", "-q", "main"]);
    sandbox.write("ours", "o\n");
    sandbox.commit("ours");
    sandbox.git(&["merge", "-q", "--no-commit", "side"]);
    sandbox.write("a", "1\nslipped in\n");
    let merge = sandbox.commit("merge");

    for repo in [sandbox.repo(), sandbox.repo().reopen().unwrap()] {
        let set = changes_of_commit(&repo, merge).unwrap();
        assert_eq!(new_text(&repo, &set), ["a: slipped in"]);
        assert_eq!(set.changes[0].origin, Origin::Commit(merge));
        assert_eq!(set.changes[0].before.len(), 2);
    }
}

#[test]
fn the_edge_of_a_shallow_clone_has_no_parents() {
    let sandbox = with_remote();
    sandbox.write("a", "1\nmore\n");
    sandbox.commit("more");
    let url = format!("file://{}", sandbox.top.display());
    sandbox.git_in(&sandbox.home, &["clone", "-q", "--depth=1", &url, "clone"]);
    let repo = sandbox.repo_at(&sandbox.home.join("clone"));

    let set = changes_of_commit(&repo, repo.head().unwrap().commit.unwrap()).unwrap();
    assert_eq!(new_text(&repo, &set), ["a: 1|more", "deep/b: 2"]);
}

#[test]
fn a_range_is_what_the_end_reaches_and_the_start_does_not() {
    let sandbox = with_remote();
    sandbox.write("a", "1\nx\n");
    sandbox.commit("x");
    sandbox.write("a", "1\nx\ny\n");
    sandbox.commit("y");

    for (text, lines) in [
        ("HEAD~2..HEAD", vec!["a: x", "a: y"]),
        ("main~1..", vec!["a: y"]),
        ("origin/main..main", vec!["a: x", "a: y"]),
        ("HEAD..HEAD~1", vec![]),
        ("HEAD~1...HEAD", vec!["a: y"]),
        ("HEAD...HEAD~1", vec!["a: y"]),
        ("...origin/main", vec!["a: x", "a: y"]),
    ] {
        assert_eq!(outgoing(&sandbox, |repo| range(repo, text)).1, lines, "{text}");
    }
}

#[test]
fn what_git_does_not_know_is_no_range() {
    let sandbox = with_remote();
    for text in ["HEAD....HEAD", "nowhere..HEAD", "--all..HEAD", "a..b..c"] {
        let error = range(&sandbox.repo(), text).expect_err(text);
        assert!(matches!(error, Error::Revision { .. }), "{text}: {error}");
    }
    for text in ["", "HEAD", "HEAD^!"] {
        let error = range(&sandbox.repo(), text).expect_err(text);
        assert!(matches!(error, Error::Usage(_)), "{text}: {error}");
    }
}

#[test]
fn a_line_that_git_never_writes_is_an_error() {
    let sandbox = with_remote();
    let head = sandbox.id("HEAD").to_string();
    for lines in [
        "\n".to_owned(),
        "refs/heads/main\n".to_owned(),
        format!("{head} {head} {head}\n"),
        format!("refs/heads/main main refs/heads/main {head}\n"),
    ] {
        let error =
            pushed(&sandbox.repo(), lines.as_bytes(), Towards::named("origin")).expect_err(&lines);
        assert!(matches!(error, Error::Usage(_)), "{lines:?}: {error}");
    }
}

#[test]
fn a_local_commit_that_is_not_here_is_an_error() {
    let sandbox = with_remote();
    let lines = line("refs/heads/main", "1".repeat(40), "refs/heads/main", ZEROS);

    let error = pushed(&sandbox.repo(), lines.as_bytes(), Towards::named("origin"))
        .expect_err("it is missing");
    assert!(matches!(error, Error::Repository { .. }), "{error}");
}

#[test]
fn sha256_history_is_read_too() {
    let sandbox = Sandbox::with(&["init", "-q", "-b", "main", "--object-format=sha256", "repo"]);
    sandbox.write("a", "1\n");
    sandbox.commit("first");
    sandbox.write("a", "1\n2\n");
    let head: ObjectId = sandbox.commit("second");
    let lines = line("refs/heads/main", head, "refs/heads/main", "0".repeat(64));

    let repo = sandbox.repo();
    let sets = pushed(&repo, lines.as_bytes(), Towards::named("origin"))
        .unwrap()
        .change_sets(&repo)
        .unwrap();
    let text: Vec<String> = sets.iter().flat_map(|set| new_text(&repo, set)).collect();
    assert_eq!(text, ["a: 1", "a: 2"]);
}

#[test]
fn what_the_remote_says_it_has_counts_without_a_tracking_branch() {
    let sandbox = with_remote();
    let known = sandbox.id("HEAD");
    sandbox.git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    sandbox.write("a", "1\nnew\n");
    let head = sandbox.commit("new");

    let lines = line("refs/heads/main", head, "refs/heads/main", known);
    assert_eq!(push(&sandbox, &lines), ["a: new"]);
}

#[test]
fn a_blob_that_comes_back_to_its_path_is_given_once() {
    let sandbox = with_remote();
    for text in ["1\nfirst\n", "1\nother\n", "1\nfirst\n"] {
        sandbox.write("a", text);
        sandbox.commit("next");
    }

    let known = sandbox.id("origin/main");
    let lines = line("refs/heads/main", sandbox.id("HEAD"), "refs/heads/main", known);
    assert_eq!(push(&sandbox, &lines), ["a: first", "a: other"]);
}

/// A commit of a tree that holds `copies` of a tree, which holds as many of another, and
/// so on.
fn nested(sandbox: &Sandbox, depth: usize, copies: usize) -> ObjectId {
    let native = git2::Repository::open(&sandbox.top).unwrap();
    let mut id = native.blob(b"x").unwrap();
    for level in 0..depth {
        let mut tree = native.treebuilder(None).unwrap();
        for copy in 0..copies {
            let mode = if level == 0 { 0o100_644 } else { 0o040_000 };
            tree.insert(copy.to_string(), id, mode).unwrap();
        }
        id = tree.write().unwrap();
    }
    let head = sandbox.git(&["commit-tree", "-m", "nested", &id.to_string()]);
    ObjectId::from_hex(head.as_bytes()).unwrap()
}

#[test]
fn trees_without_end_are_refused_in_time() {
    let sandbox = Sandbox::new();
    for commit in [nested(&sandbox, 5_000, 1), nested(&sandbox, 12, 12)] {
        let error = changes_of_commit(&sandbox.repo(), commit).expect_err("it never ends");
        assert!(matches!(error, Error::Repository { .. }), "{error}");
    }
    let set = changes_of_commit(&sandbox.repo(), nested(&sandbox, 1_000, 1)).unwrap();
    assert_eq!(set.changes.len(), 1);
}

#[test]
fn a_tracking_branch_that_the_remote_contradicts_does_not_count() {
    let sandbox = with_remote();
    let first = sandbox.id("HEAD");
    sandbox.write("a", "1\npurged\n");
    let purged = sandbox.commit("purged there since");
    sandbox.git(&["push", "-q", "origin", "main", "main:topic"]);
    sandbox.git(&["remote", "set-head", "origin", "main"]);
    let told = |lines: String| {
        let (sent, text) =
            outgoing(&sandbox, |repo| pushed(repo, lines.as_bytes(), Towards::named("origin")));
        (text, sent.stale.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let (main, topic) = ("refs/remotes/origin/main", "refs/remotes/origin/topic");

    // Another branch is known to have the commit.
    let lines = line("refs/heads/topic", purged, "refs/heads/topic", ZEROS);
    assert_eq!(told(lines.clone()), (vec![], vec![topic.to_owned()]));
    sandbox.git(&["update-ref", main, &first.to_string()]);
    assert_eq!(told(lines), (vec!["a: purged".to_owned()], vec![topic.to_owned()]));
    // The remote's branch is behind the tracking branch.
    sandbox.git(&["update-ref", "-d", topic]);
    sandbox.git(&["update-ref", main, &purged.to_string()]);
    let lines = line("main", purged, "refs/heads/main", first);
    assert_eq!(told(lines), (vec!["a: purged".to_owned()], vec![main.to_owned()]));
    // It was made anew there.
    let lines = line("main", purged, "refs/heads/main", "1".repeat(40));
    assert_eq!(told(lines).0, ["a: 1", "deep/b: 2", "a: purged"]);
}

#[test]
fn a_remote_whose_name_goes_on_with_a_slash_is_another() {
    let sandbox = with_remote();
    sandbox.git(&["remote", "add", "origin/mirror", "../mirror.git"]);
    let first = sandbox.id("HEAD");
    sandbox.write("a", "1\nmirrored\n");
    let head = sandbox.commit("mirrored");
    sandbox.git(&["update-ref", "refs/remotes/origin/mirror/main", "HEAD"]);

    let lines = line("refs/heads/main", head, "refs/heads/main", first);
    assert_eq!(push(&sandbox, &lines), ["a: mirrored"]);
}

#[test]
fn a_public_remote_is_known_to_have_only_what_is_public() {
    let sandbox = with_remote();
    let lines = line("HEAD", sandbox.id("HEAD"), "refs/heads/first", ZEROS);
    let sent = |public: &'static str, url: &str| {
        let is_public = move |url: &[u8]| url == public.as_bytes();
        let towards = Towards { remote: "new", url, is_public: &is_public };
        outgoing(&sandbox, |repo| pushed(repo, lines.as_bytes(), towards)).1
    };

    assert_eq!(sent("none", "../new.git"), [""; 0]);
    assert_eq!(sent("../new.git", "../new.git"), ["a: 1", "deep/b: 2"]);
    // The same place by its address.
    assert_eq!(sent("../origin.git", "../origin.git"), [""; 0]);
}
