//! Repositories that are damaged, incomplete, foreign or of a kind that libgit2 refuses.

use super::{read, staged};
use crate::error::Error;
use crate::source::repo::{Repo, RepoEnv};
use crate::source::testing::{self, Sandbox};
use proptest::prelude::*;
use std::sync::LazyLock;

#[track_caller]
fn is_about(error: &Error, part: &str) {
    assert!(
        matches!(error, Error::Repository { what, why } if what.contains(part) && !why.is_empty()),
        "{error}"
    );
    assert_eq!(error.exit_code(), crate::exit::INCOMPLETE);
}

#[test]
fn a_damaged_index_is_an_error_and_not_an_empty_one() {
    let sandbox = Sandbox::holding(&[("a", "1\n"), ("b", "2\n")]);
    let index = sandbox.top.join(".git/index");
    let whole = std::fs::read(&index).unwrap();

    for len in [0, 4, 12, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&index, &whole[..len]).unwrap();
        is_about(&sandbox.staged_error(), "the index");
    }
    std::fs::write(&index, "not an index at all, but long enough to be one").unwrap();
    is_about(&sandbox.staged_error(), "the index");
    std::fs::remove_file(&index).unwrap();
    std::fs::create_dir(&index).unwrap();
    is_about(&sandbox.staged_error(), "the index");
}

#[test]
fn a_split_index_without_its_shared_part_is_an_error() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    sandbox.git(&["update-index", "--split-index"]);
    for file in sandbox.top.join(".git").read_dir().unwrap() {
        let path = file.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("sharedindex") {
            std::fs::remove_file(path).unwrap();
        }
    }

    is_about(&sandbox.staged_error(), "the index");
}

#[test]
fn a_head_that_is_not_there_is_an_error() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    sandbox.stage("b", "2\n");
    std::fs::write(sandbox.top.join(".git/refs/heads/main"), "1".repeat(40) + "\n").unwrap();
    is_about(&sandbox.staged_error(), "commit 1111");

    std::fs::write(sandbox.top.join(".git/refs/heads/main"), "garbage\n").unwrap();
    is_about(&sandbox.staged_error(), "HEAD");
}

#[test]
fn a_blob_that_is_not_there_is_told_where_it_is_read() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    sandbox.stage("b", "2\n");
    let id = sandbox.id(":b").to_string();
    let (folder, file) = id.split_at(2);
    std::fs::remove_file(sandbox.top.join(".git/objects").join(folder).join(file)).unwrap();

    let lines = sandbox.staged();
    assert!(lines[0].starts_with("b: unread: object not found"), "{lines:?}");
}

#[test]
fn a_folder_without_a_repository_says_so() {
    let folder = tempfile::tempdir().unwrap();

    let error = Repo::open_at(folder.path(), &RepoEnv::default()).err().unwrap();
    assert!(matches!(error, Error::NoRepository { .. }), "{error}");
}

#[test]
fn a_sha256_repository_is_read_through_git() {
    let sandbox = Sandbox::with(&["init", "-q", "-b", "main", "--object-format=sha256", "repo"]);
    sandbox.stage("a/b", "1\n");
    assert_eq!(sandbox.staged(), ["a/b: 1"]);
    sandbox.commit("first");
    sandbox.stage("a/b", "1\n2\n");

    assert_eq!(sandbox.staged(), ["a/b: 2"]);
    let repo = sandbox.repo();
    assert!(repo.needs_git());
    assert_eq!(repo.format(), gix_hash::Kind::Sha256);
    assert_eq!(repo.top(), Some(sandbox.top.as_path()));
    assert_eq!(repo.head().unwrap().branch, Some("main".into()));
    assert_eq!(testing::staged(&repo.reopen().unwrap()), ["a/b: 2"]);
}

#[test]
fn a_partial_clone_is_read_as_far_as_it_is_here() {
    let sandbox = Sandbox::holding(&[("a", "1\n"), ("b", "2\n")]);
    sandbox.git(&["config", "uploadpack.allowFilter", "true"]);
    sandbox.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let url = format!("file://{}", sandbox.top.display());
    let clone = sandbox.home.join("clone");
    let args = ["clone", "-q", "--no-checkout", "--filter=blob:none", &url, "clone"];
    sandbox.git_in(&sandbox.home, &args);
    sandbox.git_in(&clone, &["reset", "-q"]);
    std::fs::write(clone.join("a"), "1\nnew\n").unwrap();
    sandbox.git_in(&clone, &["add", "a"]);

    // libgit2 opens it, and misses the old `a`.
    let repo = sandbox.repo_at(&clone);
    assert!(!repo.needs_git());
    missed(&repo, &["a"]);

    // With the extension that git used to write, libgit2 does not even open it.
    sandbox.git_in(&clone, &["config", "extensions.partialClone", "origin"]);
    std::fs::write(clone.join("b"), "2\nnew too\n").unwrap();
    sandbox.git_in(&clone, &["add", "b"]);
    let repo = sandbox.repo_at(&clone);
    assert!(repo.needs_git());
    missed(&repo, &["a", "b"]);
}

/// What is staged at these paths is here, and what was there before is not, even now.
#[track_caller]
fn missed(repo: &Repo, paths: &[&str]) {
    let set = staged(repo).unwrap();
    assert_eq!(set.changes.iter().map(|change| &change.path).collect::<Vec<_>>(), paths);
    for change in &set.changes {
        let before = change.before[0].unwrap();
        assert!(repo.read(change.id).is_ok() && !repo.lacks_promised(change.id));
        for _ in 0..2 {
            assert!(repo.read(before).is_err() && repo.lacks_promised(before));
        }
    }
}

#[test]
fn what_a_remote_promised_and_is_not_here_is_told() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    sandbox.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", sandbox.top.display());
    let clone = sandbox.home.join("clone");
    let args = ["clone", "-q", "--no-checkout", "--filter=blob:none", &url, "clone"];
    sandbox.git_in(&sandbox.home, &args);
    let repo = sandbox.repo_at(&clone);
    let blob = sandbox.id("HEAD:a");

    let why = repo.read(blob).err().unwrap();
    assert!(why.contains("missing") || why.contains("fatal"), "{why}");
    // One answer that failed is not the end of all.
    assert!(repo.head().unwrap().commit.is_some());
    assert!(repo.commit(repo.head().unwrap().commit.unwrap()).is_ok());
}

#[test]
fn a_shallow_clone_is_compared_with_what_it_has() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    sandbox.write("a", "1\n2\n");
    sandbox.commit("second");
    let url = format!("file://{}", sandbox.top.display());
    let clone = sandbox.home.join("clone");
    sandbox.git_in(&sandbox.home, &["clone", "-q", "--depth=1", &url, "clone"]);
    std::fs::write(clone.join("a"), "1\n2\n3\n").unwrap();
    sandbox.git_in(&clone, &["add", "a"]);

    assert_eq!(testing::staged(&sandbox.repo_at(&clone)), ["a: 3"]);
}

#[test]
fn an_extension_that_nobody_knows_is_told_in_gits_words() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    sandbox.git(&["config", "core.repositoryFormatVersion", "1"]);
    sandbox.git(&["config", "extensions.fromTheFuture", "true"]);

    let error = sandbox.staged_error();
    is_about(&error, "the repository");
    assert!(error.to_string().contains("fromthefuture"), "{error}");
}

#[test]
fn a_repository_of_another_user_is_read_only_if_git_would() {
    let sandbox = Sandbox::holding(&[("a", "1\n")]);
    sandbox.stage("a", "1\n2\n");
    for path in [&sandbox.top, &sandbox.top.join(".git")] {
        if std::os::unix::fs::chown(path, Some(12_345), None).is_err() {
            return; // Only root can give a folder away.
        }
    }
    let error = sandbox.staged_error();
    assert!(matches!(&error, Error::ForeignOwner { path } if path == &sandbox.top), "{error}");

    // Settings that came down from a parent process, which libgit2 does not read.
    let mut env = sandbox.variables();
    for (name, value) in [
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "safe.directory"),
        ("GIT_CONFIG_VALUE_0", "*"),
    ] {
        env.variables.push((name.into(), value.into()));
    }
    let repo = Repo::open_at(&sandbox.top, &env).unwrap();
    assert!(repo.needs_git());
    assert_eq!(testing::staged(&repo), ["a: 2"]);
}

#[test]
fn remotes_are_named_without_their_passwords() {
    for format in ["sha1", "sha256"] {
        let format = format!("--object-format={format}");
        let sandbox = Sandbox::with(&["init", "-q", &format, "repo"]);
        sandbox.git(&["config", "url.https://host.example/.insteadOf", "short:"]);
        sandbox.git(&["remote", "add", "origin", "short:a/b.git"]);
        sandbox.git(&["remote", "set-url", "--push", "origin", "https://me:word@host.example/c"]);
        sandbox.git(&["remote", "add", "other", "git@host.example:d"]);

        let remotes = sandbox.repo().remotes().unwrap();
        let told: Vec<String> =
            remotes.iter().map(|one| format!("{} {:?}", one.name, one.urls)).collect();
        assert_eq!(
            told,
            [
                r#"origin ["https://host.example/a/b.git", "https://host.example/c"]"#,
                r#"other ["git@host.example:d"]"#
            ]
        );
    }
}

#[test]
fn blobs_of_many_megabytes_are_read_whole() {
    for format in ["sha1", "sha256"] {
        let format = format!("--object-format={format}");
        let sandbox = Sandbox::with(&["init", "-q", &format, "repo"]);
        sandbox.stage("big", vec![b'x'; 40 << 20]);

        let repo = sandbox.repo();
        let set = staged(&repo).unwrap();
        assert_eq!(repo.read(set.changes[0].id).unwrap().len(), 40 << 20);
        assert!(repo.read_at_most(set.changes[0].id, 1 << 20).unwrap().is_none());
        assert_eq!(repo.read(set.changes[0].id).unwrap().len(), 40 << 20);
    }
}

/// Indexes of several kinds, with entries, cached trees and a shared part.
static REAL: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let sandbox = Sandbox::holding(&[("a/b/c", "1\n"), ("a/d", "2\n"), ("e", "3\n")]);
    let bytes = || std::fs::read(sandbox.top.join(".git/index")).expect("the index");
    let mut all = vec![bytes()];
    sandbox.git(&["update-index", "--index-version", "4"]);
    all.push(bytes());
    sandbox.git(&["update-index", "--split-index"]);
    all.push(bytes());
    all
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn a_mutated_index_does_no_harm(
        which in 0..3_usize,
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = REAL[which].clone();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index");
        std::fs::write(&path, &bytes).unwrap();

        // Read or refused; what is read can be walked.
        if let Ok(Some(index)) = read(&path, gix_hash::Kind::Sha1) {
            let range = super::Range::whole(&index);
            let sandbox = &*EMPTY;
            let _read_or_refused = super::compare(
                &sandbox.repo(), super::New::Index(range), &[], crate::source::Origin::Index,
            );
        }
    }
}

static EMPTY: LazyLock<Sandbox> = LazyLock::new(Sandbox::new);
