use super::{Deed, Scope, rewrite};
use crate::secret::Secret;
use crate::source::testing::Sandbox;

const VALUE: &str = "once upon a value";

fn run(sandbox: &Sandbox, scope: Scope, deed: Deed) -> (usize, Vec<String>) {
    let done = rewrite(&sandbox.repo(), &Secret::new(VALUE.as_bytes()), scope, deed).unwrap();
    (done.commits, done.moved.iter().map(|moved| moved.name.to_string()).collect())
}

/// Whether any object that a reference reaches has the value.
fn reachable(sandbox: &Sandbox) -> bool {
    let objects = sandbox.git(&["rev-list", "--objects", "--all", "HEAD"]);
    objects.lines().any(|line| {
        let id = line.split(' ').next().unwrap();
        let kind = sandbox.git(&["cat-file", "-t", id]);
        kind != "tree" && sandbox.git(&["cat-file", kind.as_str(), id]).contains(VALUE)
    })
}

#[test]
fn a_value_is_gone_from_every_file_message_and_tag_and_all_else_is_as_it_was() {
    let sandbox = Sandbox::holding(&[("a", "1\n"), ("deep/er/b", "2\n")]);
    let first = sandbox.id("HEAD");
    sandbox.write("deep/er/b", format!("2\n{VALUE}\n3\n"));
    sandbox.commit("brings it");
    sandbox.git(&["tag", "-a", "v1", "-m", "one"]);
    sandbox.git(&["checkout", "-q", "-b", "side"]);
    sandbox.write("c", "c\n");
    sandbox.commit(&format!("says {VALUE}"));
    sandbox.git(&["checkout", "-q", "main"]);
    sandbox.write("deep/er/b", "2\n4\n");
    sandbox.commit("takes it out");
    sandbox.git(&["merge", "-q", "--no-edit", "side"]);
    assert!(reachable(&sandbox));

    let dry = run(&sandbox, Scope::Unpushed, Deed::Dry);
    assert!(reachable(&sandbox), "nothing is written");
    let done = run(&sandbox, Scope::Unpushed, Deed::Write);

    assert_eq!(done, dry);
    assert_eq!(done.1, ["refs/heads/main", "refs/heads/side", "refs/tags/v1"]);
    assert!(!reachable(&sandbox));
    sandbox.git(&["fsck", "--strict"]);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    assert_eq!(sandbox.git(&["show", "v1:deep/er/b"]), "2\nremoved-credential\n3");
    assert_eq!(sandbox.id("v1~1"), first, "what comes before stays");
    assert_eq!(sandbox.git(&["rev-list", "--count", "HEAD"]), "5");
    assert_eq!(run(&sandbox, Scope::All, Deed::Dry).0, 0);
}

#[test]
fn what_is_staged_and_what_is_in_the_work_tree_stays() {
    let sandbox = Sandbox::holding(&[("a", VALUE), ("b", "1\n")]);
    sandbox.commit("second");
    sandbox.stage("b", "staged\n");
    sandbox.write("b", "work\n");
    run(&sandbox, Scope::Unpushed, Deed::Write);

    assert_eq!(sandbox.git(&["show", ":b"]), "staged");
    assert_eq!(std::fs::read(sandbox.top.join("b")).unwrap(), b"work\n");
    assert_eq!(std::fs::read(sandbox.top.join("a")).unwrap(), VALUE.as_bytes());
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "M a\nMM b");
}

#[test]
fn what_a_remote_has_is_made_anew_only_when_all_is() {
    let sandbox = Sandbox::holding(&[("a", VALUE)]);
    sandbox.git(&["init", "-q", "--bare", "../origin.git"]);
    sandbox.git(&["remote", "add", "origin", "../origin.git"]);
    sandbox.git(&["push", "-q", "origin", "main"]);
    sandbox.write("b", VALUE);
    sandbox.commit("own");

    // The file that the remote has is left, and so is what it holds.
    assert_eq!(run(&sandbox, Scope::Unpushed, Deed::Dry).0, 0);
    assert_eq!(run(&sandbox, Scope::All, Deed::Dry).0, 2);
}

#[test]
fn a_detached_head_moves_along() {
    let sandbox = Sandbox::holding(&[("a", VALUE)]);
    sandbox.git(&["checkout", "-q", "--detach"]);
    let (_, moved) = run(&sandbox, Scope::Unpushed, Deed::Write);

    assert_eq!(moved, ["refs/heads/main", "HEAD"]);
    assert!(!reachable(&sandbox));
}

#[test]
fn what_is_no_text_keeps_its_length() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    let wide: Vec<u8> = VALUE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    sandbox.write("wide", &wide);
    sandbox.write("binary", [b"\0\x01", VALUE.as_bytes()].concat());
    sandbox.commit("brings it");
    assert_eq!(run(&sandbox, Scope::All, Deed::Write).0, 1);

    assert_eq!(sandbox.git(&["cat-file", "-s", "HEAD:wide"]), wide.len().to_string());
    assert_eq!(sandbox.git(&["cat-file", "-s", "HEAD:binary"]), (VALUE.len() + 2).to_string());
}
