//! The work tree, as git says that it is.

use super::all_changes;
use crate::source::lines::new_lines;
use crate::source::testing::Sandbox;
use crate::source::{Mode, NewLines, Origin};
use bstr::ByteSlice;
use proptest::prelude::*;

/// `path: first new line|second new line`, one a change.
#[track_caller]
fn told(sandbox: &Sandbox) -> Vec<String> {
    let repo = sandbox.repo();
    let set = all_changes(&repo).expect("the work tree is read");
    let tell = |change: &crate::source::Change| {
        let new = repo.content(change).expect("it is read");
        let lines = change.before.iter().flatten().fold(NewLines::All, |lines, before| {
            let old = repo.read(*before).expect("the old blob is read");
            lines.and(new_lines(&old, &new).expect("they compare"))
        });
        let text = new.lines().enumerate().filter(|(at, _)| lines.touch(at + 1, at + 1));
        let text: Vec<String> = text.map(|(_, line)| line.as_bstr().to_string()).collect();
        format!("{}: {}", change.path, text.join("|"))
    };
    set.changes.iter().map(tell).collect()
}

#[test]
fn staged_unstaged_and_untracked_are_all_changes() {
    let sandbox = Sandbox::holding(&[("a", "1\n"), ("b", "1\n"), ("c", "1\n"), ("d", "1\n")]);
    sandbox.stage("a", "1\nstaged\n");
    sandbox.write("b", "1\nunstaged\n");
    sandbox.stage("c", "1\nearlier\n");
    sandbox.write("c", "1\nlater\n");
    sandbox.write("new folder/e", "untracked\n");
    sandbox.write(".gitignore", "ignored\n");
    sandbox.write("ignored", "no\n");

    let expected =
        ["b: unstaged", "c: later", ".gitignore: ignored", "new folder/e: untracked", "a: staged"];
    assert_eq!(told(&sandbox), [&expected[..], &["c: earlier"]].concat());
}

#[test]
fn what_is_gone_is_no_change_and_what_is_elsewhere_is_counted() {
    let sandbox = Sandbox::holding(&[("a", "1\n"), ("b", "1\n")]);
    std::fs::remove_file(sandbox.top.join("a")).unwrap();
    sandbox.git(&["init", "-q", "inner"]);
    sandbox.write("inner/x", "x\n");

    let repo = sandbox.repo();
    let set = all_changes(&repo).unwrap();
    assert_eq!((set.changes.len(), set.coverage.elsewhere), (0, vec!["inner/".into()]));
}

#[test]
fn a_file_that_was_moved_by_hand_carries_its_lines() {
    let sandbox = Sandbox::holding(&[("a", "1\n2\n3\n4\n")]);
    std::fs::rename(sandbox.top.join("a"), sandbox.top.join("b")).unwrap();

    let repo = sandbox.repo();
    let set = all_changes(&repo).unwrap();
    assert_eq!(set.origin_of(&repo, &set.changes[0]).unwrap().path, "a");
}

#[test]
fn a_link_is_the_path_it_points_to() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    std::fs::remove_file(sandbox.top.join("a")).unwrap();
    std::os::unix::fs::symlink("/nowhere/at/all", sandbox.top.join("a")).unwrap();

    let repo = sandbox.repo();
    let set = all_changes(&repo).unwrap();
    assert_eq!((set.changes[0].mode, &set.changes[0].origin), (Mode::Link, &Origin::File));
    assert_eq!(&*repo.content(&set.changes[0]).unwrap(), b"/nowhere/at/all");
}

#[test]
fn line_ends_of_the_work_tree_make_no_line_new() {
    let sandbox = Sandbox::holding(&[("a", "1\n2\n")]);
    sandbox.git(&["config", "core.autocrlf", "true"]);
    sandbox.write("a", "1\r\n2\r\nnew\r\n");

    assert_eq!(told(&sandbox), ["a: new"]);
}

#[test]
fn a_conflict_brings_what_neither_side_had() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    sandbox.git(&["checkout", "-q", "-b", "side"]);
    sandbox.write("a", "theirs\n");
    sandbox.commit("theirs");
    sandbox.git(&["checkout", "-q", "main"]);
    sandbox.write("a", "ours\n");
    sandbox.commit("ours");
    assert!(!sandbox.try_git(&sandbox.top, &["merge", "side"]).status.success());
    sandbox.write("a", "ours\ntheirs\nslipped in\n");

    assert_eq!(told(&sandbox), ["a: slipped in"]);
}

proptest! {
    #[test]
    fn no_answer_is_read_past_its_end(row: Vec<u8>, kind in prop_oneof![Just("1 "), Just("u "), Just("? ")]) {
        let _row = super::Row::parse(&[kind.as_bytes(), &row].concat()).is_some();
    }
}
