//! Ordinary and extraordinary states of an index, each made by git itself.

use super::{merged_by_variable, staged, staged_to_merge};
use crate::source::repo::{Repo, RepoEnv};
use crate::source::testing::{self, Sandbox};
use crate::source::{Carried, InProgress, Mode};
use bstr::BString;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

const NOTHING: [&str; 0] = [];

/// Ten lines that no other name gives.
fn ten_lines(name: &str) -> String {
    (0..10).map(|line| format!("line {line} of {name}")).collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn a_first_commit_is_all_new() {
    let sandbox = Sandbox::new();
    sandbox.stage("a.env", "one\ntwo\n");
    sandbox.stage("deep/er/b.env", "three\n");

    assert_eq!(sandbox.staged(), ["a.env: one|two", "deep/er/b.env: three"]);
    assert_eq!(sandbox.repo().head().unwrap().branch, Some("main".into()));
    assert_eq!(sandbox.repo().head().unwrap().commit, None);
}

#[test]
fn an_empty_repository_has_nothing_staged() {
    assert_eq!(Sandbox::new().staged(), NOTHING);
}

#[test]
fn a_commit_without_changes_has_nothing_staged() {
    assert_eq!(Sandbox::holding(&[("a/b/c", "x\n"), ("d", "y\n")]).staged(), NOTHING);
}

#[test]
fn only_the_staged_part_of_a_file_counts() {
    let sandbox = Sandbox::holding(&[("app.env", "one\n")]);
    sandbox.stage("app.env", "one\nstaged\n");
    sandbox.write("app.env", "one\nstaged\nnot staged\n");

    assert_eq!(sandbox.staged(), ["app.env: staged"]);
}

#[test]
fn a_file_in_a_folder_beside_others_is_found_alone() {
    let sandbox = Sandbox::holding(&[("a/x/1", "1\n"), ("a/y/2", "2\n"), ("a.b", "3\n")]);
    sandbox.stage("a/y/2", "2\nnew\n");
    sandbox.stage("a/z", "z\n");

    assert_eq!(sandbox.staged(), ["a/y/2: new", "a/z: z"]);
}

#[test]
fn the_index_that_git_names_is_the_one_that_is_read() {
    let sandbox = Sandbox::holding(&[("one", "1\n"), ("two", "2\n")]);
    sandbox.stage("one", "1\nstaged and left out\n");
    // As `git commit two` does it: HEAD and the named paths alone.
    let other = sandbox.top.join(".git/next-index-1.lock");
    sandbox.write("two", "2\ncommitted\n");
    let in_other = |args: &[&str]| {
        let mut all = vec!["-c", "alias.x=!GIT_INDEX_FILE=.git/next-index-1.lock git", "x"];
        all.extend(args);
        sandbox.git(&all);
    };
    in_other(&["read-tree", "HEAD"]);
    in_other(&["add", "two"]);

    for path in [other.as_path(), Path::new(".git/next-index-1.lock")] {
        let env = RepoEnv { index_file: Some(path.to_owned()), ..sandbox.variables() };
        let repo = Repo::open_at(&sandbox.top, &env).unwrap();
        assert_eq!(testing::staged(&repo), ["two: committed"]);
    }
}

#[test]
fn mode_changes_and_deletions_bring_nothing_new() {
    let sandbox = Sandbox::holding(&[("run", "x\n"), ("gone", "y\n"), ("gone-too/z", "z\n")]);
    sandbox.git(&["update-index", "--chmod=+x", "run"]);
    sandbox.git(&["rm", "-qr", "gone", "gone-too"]);

    assert_eq!(sandbox.staged(), NOTHING);
}

#[test]
fn removing_everything_brings_nothing_new() {
    let sandbox = Sandbox::holding(&[("a", "x\n")]);
    sandbox.git(&["rm", "-q", "a"]);

    assert_eq!(sandbox.staged(), NOTHING);
}

#[test]
fn a_missing_index_brings_nothing_new() {
    let sandbox = Sandbox::holding(&[("a", "x\n")]);
    std::fs::remove_file(sandbox.top.join(".git/index")).unwrap();

    assert_eq!(sandbox.staged(), NOTHING);
}

#[test]
fn a_renamed_file_carries_its_lines() {
    let text = ten_lines("old");
    let sandbox = Sandbox::holding(&[("dir/old.env", &text), ("dir/other", "o\n")]);
    let old = sandbox.id("HEAD:dir/old.env");
    sandbox.git(&["mv", "dir/old.env", "new.env"]);
    let carried = Carried { path: "dir/old.env".into(), id: old };

    let repo = sandbox.repo();
    let exact = staged(&repo).unwrap();
    assert_eq!(exact.changes[0].before, [None]);
    assert_eq!(exact.origin_of(&repo, &exact.changes[0]), Some(carried.clone()));

    sandbox.stage("new.env", text + "another\n");
    let similar = staged(&repo).unwrap();
    assert_eq!(similar.origin_of(&repo, &similar.changes[0]), Some(carried));
}

#[test]
fn a_file_of_a_removed_folder_is_found_again() {
    let sandbox = Sandbox::holding(&[("a/b/c", &ten_lines("c")), ("a/b/d", "d\n")]);
    let old = sandbox.id("HEAD:a/b/c");
    sandbox.git(&["mv", "a", "z"]);

    let repo = sandbox.repo();
    let set = staged(&repo).unwrap();
    let origin = set.origin_of(&repo, &set.changes[0]);
    assert_eq!(origin, Some(Carried { path: "a/b/c".into(), id: old }));
}

#[test]
fn a_copy_of_a_file_that_changes_too_carries_its_lines() {
    let text = ten_lines("source");
    let sandbox = Sandbox::holding(&[("source", &text), ("bystander", &ten_lines("copy"))]);
    let old = sandbox.id("HEAD:source");
    sandbox.stage("source", format!("{text}more\n"));
    sandbox.stage("copy", format!("{text}less\n"));
    // Its like is in the repository, but not in this change: as for `git diff -C`.
    sandbox.stage("unrelated", ten_lines("copy"));

    let repo = sandbox.repo();
    let set = staged(&repo).unwrap();
    let origin = |path: &str| {
        let change = set.changes.iter().find(|change| change.path == path).unwrap();
        set.origin_of(&repo, change)
    };
    assert_eq!(origin("copy"), Some(Carried { path: "source".into(), id: old }));
    assert_eq!(origin("unrelated"), None);
    assert_eq!(origin("source"), None);
}

#[test]
fn a_file_that_became_a_link_is_all_new() {
    let sandbox = Sandbox::holding(&[("a", "target"), ("b", "x\n")]);
    std::fs::remove_file(sandbox.top.join("a")).unwrap();
    std::os::unix::fs::symlink("target", sandbox.top.join("a")).unwrap();
    sandbox.git(&["add", "a"]);

    assert_eq!(sandbox.staged(), ["a: target"]);
    let set = staged(&sandbox.repo()).unwrap();
    assert_eq!((set.changes[0].mode, &set.changes[0].before[..]), (Mode::Link, &[None][..]));
}

#[test]
fn a_file_that_became_a_folder_and_back_is_all_new() {
    let sandbox = Sandbox::holding(&[("a", "x\n"), ("b/c", "y\n")]);
    sandbox.git(&["rm", "-q", "a", "b/c"]);
    sandbox.stage("a/c", "x\n");
    sandbox.stage("b", "y\n");

    assert_eq!(sandbox.staged(), ["a/c: x", "b: y"]);
}

#[test]
fn a_merge_brings_only_what_neither_side_had() {
    let sandbox = Sandbox::holding(&[("both", "base\n"), ("theirs", "t\n"), ("kept", "k\n")]);
    sandbox.git(&["checkout", "-q", "-b", "side"]);
    sandbox.write("both", "their line\n");
    sandbox.write("theirs", "t\nfrom their side\n");
    sandbox.commit("side");
    sandbox.git(&["checkout", "-q", "main"]);
    sandbox.write("both", "our line\n");
    sandbox.commit("main");
    let merge = sandbox.try_git(&sandbox.top, &["merge", "-q", "side"]);
    assert!(!merge.status.success(), "there is a conflict");

    let unmerged = staged(&sandbox.repo()).unwrap();
    assert!(unmerged.changes.is_empty(), "what is in conflict cannot be committed");
    assert_eq!(sandbox.repo().in_progress(), Some(InProgress::Merge));

    sandbox.stage("both", "our line\ntheir line\nsolved\n");
    assert_eq!(sandbox.staged(), ["both: solved"]);
}

#[test]
fn an_octopus_has_as_many_parents_as_it_has() {
    let sandbox = Sandbox::holding(&[("base", "b\n")]);
    for arm in ["one", "two", "three"] {
        sandbox.git(&["checkout", "-q", "-b", arm, "main"]);
        sandbox.write(arm, arm);
        sandbox.commit(arm);
    }
    sandbox.git(&["checkout", "-q", "main"]);
    sandbox.write("ours", "o\n");
    sandbox.commit("ours");
    sandbox.git(&["merge", "-q", "--no-commit", "one", "two", "three"]);
    sandbox.stage("base", "b\nadded while merging\n");

    assert_eq!(sandbox.repo().merge_heads().unwrap().len(), 3);
    assert_eq!(sandbox.staged(), ["base: added while merging"]);
    let set = staged(&sandbox.repo()).unwrap();
    assert_eq!(set.changes[0].before.len(), 4);
}

#[test]
fn a_merge_that_git_has_not_written_down_yet_is_known_by_the_hooks_environment() {
    let sandbox = Sandbox::holding(&[("base", "b\n")]);
    sandbox.git(&["checkout", "-q", "-b", "side"]);
    sandbox.write("theirs", "t\n");
    let side = sandbox.commit("side");
    sandbox.git(&["checkout", "-q", "main"]);
    sandbox.write("ours", "o\n");
    sandbox.commit("ours");
    sandbox.git(&["merge", "-q", "--no-commit", "side"]);
    sandbox.stage("base", "b\nslipped in\n");
    std::fs::remove_file(sandbox.top.join(".git/MERGE_HEAD")).unwrap();
    assert_eq!(sandbox.staged(), ["base: slipped in", "theirs: t"]);

    let variable = format!("GITHEAD_{side}");
    let merged = merged_by_variable(OsStr::new(&variable)).unwrap();
    let repo = sandbox.repo();
    let set = staged_to_merge(&repo, &[merged]).unwrap();
    assert_eq!(testing::new_text(&repo, &set), ["base: slipped in"]);
    assert_eq!(merged_by_variable(OsStr::new("GITHEAD_x")), None);
    assert_eq!(merged_by_variable(OsStr::new("GIT_DIR")), None);
}

#[test]
fn a_cherry_pick_is_compared_with_head() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    sandbox.git(&["checkout", "-q", "-b", "side"]);
    sandbox.write("a", "1\npicked\n");
    sandbox.commit("side");
    sandbox.git(&["checkout", "-q", "main"]);
    sandbox.write("a", "1\nours\n");
    sandbox.commit("ours");
    sandbox.try_git(&sandbox.top, &["cherry-pick", "side"]);
    sandbox.stage("a", "1\nours\npicked\n");

    assert_eq!(sandbox.repo().in_progress(), Some(InProgress::CherryPick));
    assert_eq!(sandbox.staged(), ["a: picked"]);
}

#[test]
fn a_linked_worktree_has_its_own_index() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    let linked = sandbox.home.join("linked");
    sandbox.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
    sandbox.stage("a", "1\nin the main one\n");
    std::fs::write(linked.join("a"), "1\nin the linked one\n").unwrap();
    sandbox.git_in(&linked, &["add", "a"]);

    let repo = sandbox.repo_at(&linked);
    assert_eq!(testing::staged(&repo), ["a: in the linked one"]);
    assert_eq!(repo.top(), Some(linked.as_path()));
    assert_eq!(repo.common_dir(), sandbox.top.join(".git"));
    assert_eq!(repo.head().unwrap().branch, Some("linked".into()));
}

#[test]
fn a_bare_repository_has_nothing_staged() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    let bare = sandbox.home.join("bare.git");
    sandbox.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);

    let repo = sandbox.repo_at(&bare);
    assert!(repo.is_bare() && repo.top().is_none());
    assert!(staged(&repo).unwrap().changes.is_empty());
}

#[test]
fn a_submodule_is_elsewhere_but_its_address_is_here() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    let other = sandbox.home.join("other");
    sandbox.git(&["clone", "-q", ".", other.to_str().unwrap()]);
    sandbox.git(&["submodule", "--quiet", "add", other.to_str().unwrap(), "sub"]);

    let set = staged(&sandbox.repo()).unwrap();
    assert_eq!(set.coverage.elsewhere, ["sub"]);
    assert_eq!(set.changes.len(), 1);
    assert_eq!(set.changes[0].path, ".gitmodules");
    sandbox.staged();
}

#[test]
fn a_folder_within_is_as_good_as_the_top() {
    let sandbox = Sandbox::holding(&[("deep/er/a", "1\n"), ("b", "2\n")]);
    sandbox.stage("b", "2\nnew\n");

    let repo = sandbox.repo_at(&sandbox.top.join("deep/er"));
    assert_eq!(testing::staged(&repo), ["b: new"]);
    let env = RepoEnv { index_file: Some(".git/index".into()), ..sandbox.variables() };
    let repo = Repo::open_at(&sandbox.top.join("deep"), &env).unwrap();
    assert_eq!(testing::new_text(&repo, &staged(&repo).unwrap()), ["b: new"]);
}

#[test]
fn a_sparse_index_is_read_inside_and_outside_its_cone() {
    let sandbox =
        Sandbox::holding(&[("in/a", "1\n"), ("out/b", "2\n"), ("out/deep/c", "3\n"), ("d", "4\n")]);
    sandbox.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "in"]);
    assert_eq!(sandbox.staged(), NOTHING);

    sandbox.stage("in/a", "1\ninside\n");
    assert_eq!(sandbox.staged(), ["in/a: inside"]);

    // A folder that stands in the index as one entry, of another tree than HEAD's.
    sandbox.commit("inside");
    sandbox.git(&["sparse-checkout", "disable"]);
    sandbox.write("out/deep/c", "3\noutside\n");
    let tree = sandbox.commit("outside");
    sandbox.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "in"]);
    sandbox.git(&["reset", "-q", "--soft", "HEAD~1"]);
    let listed = sandbox.git(&["ls-files", "--sparse"]);
    assert!(listed.contains("out/\n") || listed.ends_with("out/"), "sparse: {listed}");
    assert_eq!(sandbox.staged(), ["out/deep/c: outside"], "{tree}");
}

#[test]
fn a_split_index_is_read_with_its_shared_part() {
    let sandbox = Sandbox::holding(&[("a/1", "1\n"), ("a/2", "2\n"), ("b", "3\n")]);
    sandbox.git(&["update-index", "--split-index"]);
    sandbox.git(&["config", "splitIndex.maxPercentChange", "100"]);
    sandbox.stage("a/2", "2\nnew\n");
    sandbox.stage("c", "added\n");
    sandbox.git(&["rm", "-q", "b"]);

    assert_eq!(sandbox.staged(), ["a/2: new", "c: added"]);
}

#[test]
fn every_version_of_the_index_is_read() {
    for version in ["2", "3", "4"] {
        let sandbox = Sandbox::holding(&[("a/1", "1\n"), ("a/2", "2\n")]);
        sandbox.git(&["update-index", "--index-version", version]);
        sandbox.stage("a/2", "2\nnew\n");

        assert_eq!(sandbox.staged(), ["a/2: new"], "version {version}");
    }
}

#[test]
fn what_is_kept_out_of_the_work_tree_is_still_committed() {
    let sandbox = Sandbox::holding(&[("a", "1\n"), ("b", "2\n")]);
    sandbox.stage("a", "1\nnew\n");
    sandbox.stage("b", "2\nnew\n");
    sandbox.git(&["update-index", "--skip-worktree", "a"]);
    sandbox.git(&["update-index", "--assume-unchanged", "b"]);

    assert_eq!(sandbox.staged(), ["a: new", "b: new"]);
}

#[test]
fn what_is_only_meant_to_be_added_is_not_committed() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    sandbox.write("later", "text\n");
    sandbox.git(&["add", "-N", "later"]);
    sandbox.stage("now", "text\n");

    assert_eq!(sandbox.staged(), ["now: text"]);
}

#[test]
fn paths_are_bytes() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    for name in [&b"no utf\xff8"[..], b"line\nfeed", b"\"quoted\" \\", b":colon"] {
        sandbox.write(OsStr::from_bytes(name), "x\n");
    }
    sandbox.git(&["add", "-A"]);

    let paths: Vec<BString> =
        staged(&sandbox.repo()).unwrap().changes.into_iter().map(|change| change.path).collect();
    assert_eq!(
        paths,
        [
            "\"quoted\" \\".into(),
            ":colon".into(),
            "line\nfeed".into(),
            BString::from(&b"no utf\xff8"[..])
        ]
    );
    sandbox.staged();
}

#[test]
fn what_git_is_set_to_changes_nothing() {
    let sandbox = Sandbox::with(&["init", "-q", "-b", "main", "--object-format=sha256", "repo"]);
    for (key, value) in [
        ("color.ui", "always"),
        ("core.quotePath", "true"),
        ("diff.noprefix", "true"),
        ("diff.external", "false"),
        ("diff.x.textconv", "false"),
        ("diff.renames", "copies"),
        ("diff.ignoreSubmodules", "all"),
        ("core.fsmonitor", "false-program"),
        ("core.pager", "false"),
    ] {
        sandbox.git(&["config", key, value]);
    }
    sandbox.stage(".gitattributes", "* diff=x\n");
    sandbox.stage("a\u{e9}", "1\n");

    assert_eq!(sandbox.staged(), [".gitattributes: * diff=x", "a\u{e9}: 1"]);
}

#[test]
fn random_changes_look_to_git_as_they_look_to_us() {
    for seed in 0..12 {
        let mut random = fastrand::Rng::with_seed(seed);
        let sandbox = Sandbox::new();
        let shake = |random: &mut fastrand::Rng| {
            for _ in 0..random.usize(1..12) {
                let depth = random.usize(1..4);
                let path: Vec<&str> =
                    (0..depth).map(|_| ["a", "b", "a.b", "a-b", "c"][random.usize(..5)]).collect();
                let file = path.join("/") + ["", ".x", "0"][random.usize(..3)];
                sandbox.try_git(&sandbox.top, &["rm", "-qrf", "--cached", "--", &file]);
                let id = sandbox.git(&["rev-parse", ["HEAD:z", ":z"][random.usize(..2)]]);
                let mode = ["100644", "100755", "120000", "160000"][random.usize(..4)];
                let entry = format!("{mode},{id},{file}");
                let args = ["update-index", "--replace", "--add", "--cacheinfo", &entry];
                if random.u8(..4) > 0 {
                    sandbox.try_git(&sandbox.top, &args);
                }
            }
        };
        sandbox.stage("z", "first\n");
        sandbox.git(&["commit", "-qm", "first"]);
        for round in 0..4 {
            sandbox.stage("z", format!("{round}\n"));
            shake(&mut random);
            // What hooks see has all trees cached; `check` by hand sees some or none.
            if random.bool() {
                sandbox.try_git(&sandbox.top, &["write-tree"]);
            }
            let repo = sandbox.repo();
            let set = staged(&repo).unwrap();
            let told =
                super::as_git_tells(&repo, &super::parent_trees(&repo, &[]).unwrap()).unwrap();
            let facts = |set: &crate::source::ChangeSet| format!("{:#?}", set.changes);
            assert_eq!(facts(&set), facts(&told), "seed {seed}, round {round}");
            assert_eq!(set.coverage, told.coverage, "seed {seed}, round {round}");
            if random.bool() {
                sandbox.git(&["commit", "-q", "--allow-empty", "-m", "next"]);
            }
        }
    }
}
