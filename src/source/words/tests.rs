//! Messages and names, by libgit2 and by git.

use super::{Words, has_scissors, kept_of_message, message_of_commit, words_of_history};
use crate::source::range::pushed;
use crate::source::repo::Repo;
use crate::source::testing::Sandbox;
use crate::source::{Medium, Towards};
use bstr::ByteSlice;
use proptest::prelude::*;

const ZEROS: &str = "0000000000000000000000000000000000000000";

/// `name: text`, one a message or name that a push sends.
fn sent(repo: &Repo, lines: &str) -> Vec<String> {
    let outgoing = pushed(repo, lines.as_bytes(), Towards::named("origin")).unwrap();
    let tell = |words: Words| format!("{}: {}", words.name, words.text.trim_ascii().as_bstr());
    outgoing.words(repo).map(|words| tell(words.unwrap())).collect()
}

#[test]
fn messages_tags_and_new_names_are_sent_too() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    sandbox.git(&["tag", "-a", "-m", "inner words", "v1"]);
    sandbox.git(&["tag", "-a", "-m", "outer words", "v2", "v1"]);
    let (head, tag) = (sandbox.id("HEAD"), sandbox.id("v2"));
    let lines = format!(
        "refs/heads/main {head} refs/heads/topic {ZEROS}\nrefs/tags/v2 {tag} refs/tags/v2 {ZEROS}\n"
    );

    let short = head.to_hex_with_len(12);
    let expected = [
        format!("commit {short} (message): first"),
        "tag v2 (message): outer words".to_owned(),
        "tag v1 (message): inner words".to_owned(),
        "ref refs/heads/topic: refs/heads/topic".to_owned(),
        "ref refs/tags/v2: refs/tags/v2".to_owned(),
    ];
    assert_eq!(sent(&sandbox.repo(), &lines), expected);
    sandbox.git(&["config", "core.repositoryFormatVersion", "1"]);
    sandbox.git(&["config", "extensions.partialClone", "nobody"]);
    assert!(sandbox.repo().needs_git());
    assert_eq!(sent(&sandbox.repo(), &lines), expected);
}

#[test]
fn the_words_of_a_history_are_given_once_each() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    sandbox.git(&["checkout", "-q", "-b", "side"]);
    sandbox.write("b", "2\n");
    sandbox.commit("on the side");
    sandbox.git(&["checkout", "-q", "main"]);
    sandbox.write("c", "3\n");
    sandbox.commit("on main");
    sandbox.git(&["merge", "-q", "-m", "both", "side"]);
    sandbox.git(&["tag", "-a", "-m", "tagged", "v1"]);
    sandbox.git(&["tag", "-a", "-m", "again", "v2", "v1"]);
    let all = || {
        let repo = sandbox.repo();
        let words = words_of_history(&repo, false).expect("the refs are read");
        let text = |words: Words| words.text.trim_ascii().as_bstr().to_string();
        let mut all: Vec<String> = words.map(|words| text(words.expect("it is read"))).collect();
        all.sort();
        all
    };

    let expected = [
        "again",
        "both",
        "first",
        "on main",
        "on the side",
        "refs/heads/main",
        "refs/heads/side",
        "refs/tags/v1",
        "refs/tags/v2",
        "tagged",
    ];
    assert_eq!(all(), expected);
    sandbox.git(&["config", "core.repositoryFormatVersion", "1"]);
    sandbox.git(&["config", "extensions.partialClone", "nobody"]);
    assert!(sandbox.repo().needs_git());
    assert_eq!(all(), expected);
}

#[test]
fn a_name_that_the_remote_has_is_not_sent_again() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    let head = sandbox.id("HEAD");
    let update = format!("refs/heads/main {head} refs/heads/main {head}\n");
    let delete = format!("(delete) {ZEROS} refs/heads/old {head}\n");

    assert_eq!(sent(&sandbox.repo(), &update), [""; 0]);
    assert_eq!(sent(&sandbox.repo(), &delete), [""; 0]);
}

#[test]
fn sha256_messages_are_read_too() {
    let sandbox = Sandbox::with(&["init", "-q", "-b", "main", "--object-format=sha256", "repo"]);
    sandbox.write("a", "1\n");
    let head = sandbox.commit("subject\n\nbody");

    let words = message_of_commit(&sandbox.repo(), head).unwrap();
    assert_eq!(
        (words.medium, words.text.as_bstr()),
        (Medium::Message, b"subject\n\nbody\n".into())
    );
}

#[test]
fn a_message_is_kept_without_comments_and_what_is_under_the_scissors() {
    let cut = "# ------------------------ >8 ------------------------\n";
    let text = format!("subject\n# comment\nbody\n; other\n{cut}diff\n");
    let kept = |mark: Option<&str>| {
        let mark = mark.map(|mark| mark.as_bytes().as_bstr());
        String::from_utf8(kept_of_message(text.as_bytes(), mark)).unwrap()
    };

    assert_eq!(kept(Some("#")), "subject\n\nbody\n; other\n");
    assert_eq!(kept(Some(";")), "subject\n# comment\nbody\n\n");
    assert_eq!(kept(None), "subject\n# comment\nbody\n; other\n");
    assert!(has_scissors(text.as_bytes()) && !has_scissors(b"subject\n>8\n"));
}

proptest! {
    #[test]
    fn no_message_makes_more_of_itself(text: Vec<u8>, mark: Vec<u8>) {
        let kept = kept_of_message(&text, Some(mark.as_bstr()));
        prop_assert!(kept.lines().count() <= text.lines().count());
    }
}
