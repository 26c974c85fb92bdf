//! Pushes as a server sees them, read by libgit2 and by git: both must give the same.

use super::{Update, received};
use crate::source::repo::Repo;
use crate::source::testing::{Sandbox, new_text};
use gix_hash::ObjectId;
use proptest::prelude::*;
use std::fmt::Display;

const ZEROS: &str = "0000000000000000000000000000000000000000";

fn line(old: impl Display, new: impl Display, name: &str) -> String {
    format!("{old} {new} {name}\n")
}

/// A commit that no ref reaches, as in a push that is not taken yet.
fn unreached(sandbox: &Sandbox, path: &str, text: &str) -> ObjectId {
    sandbox.git(&["checkout", "-q", "--detach"]);
    sandbox.write(path, text);
    let id = sandbox.commit(path);
    sandbox.git(&["checkout", "-q", "main"]);
    id
}

#[track_caller]
fn sent(sandbox: &Sandbox, lines: &str) -> Vec<String> {
    let tell = |repo: &Repo| {
        let outgoing = received(repo, lines.as_bytes()).expect("history is read");
        let sets = outgoing.change_sets(repo).expect("commits are read");
        let mut text: Vec<String> = sets.iter().flat_map(|set| new_text(repo, set)).collect();
        text.sort();
        text
    };
    let found = tell(&sandbox.repo());
    sandbox.git(&["config", "core.repositoryFormatVersion", "1"]);
    sandbox.git(&["config", "extensions.partialClone", "nobody"]);
    let plumbing = sandbox.repo();
    assert!(plumbing.needs_git());
    assert_eq!(tell(&plumbing), found, "git finds something else");
    sandbox.git(&["config", "--unset", "extensions.partialClone"]);
    found
}

#[test]
fn a_server_is_sent_what_none_of_its_refs_reaches() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    let old = sandbox.id("HEAD");
    let new = unreached(&sandbox, "b", "2\n");

    assert_eq!(sent(&sandbox, &line(old, new, "refs/heads/main")), ["b: 2"]);
    assert_eq!(sent(&sandbox, &line(ZEROS, new, "refs/heads/topic")), ["b: 2"]);
    sandbox.git(&["tag", "-a", "-m", "kept", "kept", &new.to_string()]);
    assert_eq!(sent(&sandbox, &line(ZEROS, new, "refs/heads/topic")), [""; 0]);
}

#[test]
fn two_refs_bring_what_they_share_once_and_a_deleted_one_nothing() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    let old = sandbox.id("HEAD");
    let new = unreached(&sandbox, "b", "2\n");

    let both = line(ZEROS, new, "refs/heads/x") + &line(ZEROS, new, "refs/heads/y");
    assert_eq!(sent(&sandbox, &both), ["b: 2"]);
    assert_eq!(sent(&sandbox, &line(old, ZEROS, "refs/heads/main")), [""; 0]);
    assert_eq!(sent(&sandbox, &line("0".repeat(64), "0".repeat(64), "refs/x")), [""; 0]);
    assert_eq!(sent(&sandbox, ""), [""; 0]);
}

#[test]
fn a_pushed_tag_is_followed_to_its_commit_tree_or_blob() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    let blob = sandbox.id("HEAD:a");
    let new = unreached(&sandbox, "b", "2\n");
    sandbox.git(&["tag", "-a", "-m", "t", "t", &new.to_string()]);
    let tag = sandbox.id("refs/tags/t");
    sandbox.git(&["tag", "-d", "t"]);

    assert_eq!(sent(&sandbox, &line(ZEROS, tag, "refs/tags/t")), ["b: 2"]);
    assert_eq!(sent(&sandbox, &line(ZEROS, blob, "refs/tags/blob")), ["refs/tags/blob: 1"]);
}

#[test]
fn a_line_that_is_no_update_is_an_error() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    for wrong in ["x", "a b c", &format!("{ZEROS} {ZEROS}"), &format!("{ZEROS} {ZEROS} ")] {
        assert!(received(&sandbox.repo(), wrong.as_bytes()).is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn no_bytes_on_standard_input_make_it_panic(line: Vec<u8>) {
        let _update = Update::parse(&line);
    }
}
