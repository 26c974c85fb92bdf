//! Repositories that are damaged, or made to hurt: in time, by name, and never a pass.

use crate::harness::{BINARY, Repo};
use leakcoach::catalogue::sample::expand;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A repository of three commits, of which the second has a token.
fn with_token(seed: u64) -> Repo {
    let repo = Repo::plain();
    let token = repo.plant(expand("ghp_{base62:30}{crc32-base62}", seed).unwrap());
    repo.write("a.py", &"a = 1\n".repeat(200)).commit_unchecked("first");
    repo.write("b.py", &format!("t = '{token}'\n")).commit_unchecked("second");
    repo.write("c.py", "c = 3\n").commit_unchecked("third");
    repo
}

fn only_file(folder: &Path, ending: &str) -> PathBuf {
    let files = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    let file = files.into_iter().find(|path| path.extension().is_some_and(|it| it == ending));
    let file = file.unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    file
}

fn id(repo: &Repo, revision: &str) -> String {
    repo.git(&["rev-parse", revision]).text().trim().to_owned()
}

/// What a loose object is kept in.
fn loose(repo: &Repo, id: &str) -> PathBuf {
    let (folder, file) = id.split_at(2);
    let path = repo.top().join(".git/objects").join(folder).join(file);
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    path
}

/// What pre-push says of a push of `main` to a remote that has nothing.
fn pushed(repo: &Repo, tip: &str) -> crate::harness::Attempt {
    let line = format!("refs/heads/main {tip} refs/heads/main {}\n", "0".repeat(40));
    let hook = ["timeout", "60", BINARY, "hook", "pre-push", "origin", "nowhere"];
    repo.typed(&hook, &line)
}

fn check(repo: &Repo, args: &[&str]) -> crate::harness::Attempt {
    repo.typed(&[&["timeout", "60", BINARY, "check"][..], args].concat(), "")
}

#[test]
fn a_damaged_pack_or_its_index_is_told_and_never_a_pass() {
    let repo = with_token(71);
    repo.git(&["repack", "-adq"]).accepted();
    let packs = repo.top().join(".git/objects/pack");
    for ending in ["pack", "idx"] {
        let path = only_file(&packs, ending);
        let whole = fs::read(&path).unwrap();
        let mut ways = vec![whole[..whole.len() / 2].to_vec(), whole[..40].to_vec(), Vec::new()];
        for at in (4..whole.len() - 20).step_by(whole.len() / 12) {
            let mut flipped = whole.clone();
            flipped[at] ^= 0x55;
            ways.push(flipped);
        }
        for damaged in ways {
            fs::write(&path, &damaged).unwrap();
            for args in [&["--branch", "main"][..], &["--history"]] {
                let code = check(&repo, args).code();
                assert!(code == 1 || code == 3, "{args:?} ends with {code} ({ending})");
            }
        }
        fs::write(&path, &whole).unwrap();
    }
    check(&repo, &["--branch", "main"]).refused();
}

#[test]
fn a_commit_cut_short_is_named_in_time_wherever_it_stands() {
    for revision in ["HEAD", "HEAD~1", "HEAD~2"] {
        let repo = with_token(72);
        let (tip, damaged) = (id(&repo, "HEAD"), id(&repo, revision));
        let path = loose(&repo, &damaged);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();

        pushed(&repo, &tip).ends_with_code(3).says(&damaged);
        let near = if revision == "HEAD~2" { 0 } else { 3 };
        check(&repo, &["--commit", "HEAD"]).ends_with_code(near);
        check(&repo, &["--range", &format!("{damaged}..HEAD")]).ends_with_code(3).says(&damaged);
    }
}

#[test]
fn what_is_missing_is_named_and_the_rest_is_checked() {
    let repo = with_token(73);
    let (tip, tree) = (id(&repo, "HEAD"), id(&repo, "HEAD^{tree}"));
    fs::remove_file(loose(&repo, &tree)).unwrap();
    pushed(&repo, &tip).refused().says("b.py:1").says(&format!("could not check tree {tree}"));

    let repo = with_token(74);
    let (tip, first) = (id(&repo, "HEAD"), id(&repo, "HEAD~2"));
    fs::remove_file(loose(&repo, &first)).unwrap();
    pushed(&repo, &tip).ends_with_code(3).says(&first);
}

#[test]
fn alternates_in_a_circle_are_followed_once() {
    let repo = with_token(75);
    let objects = repo.top().join(".git/objects");
    let other = repo.top().join("../other/objects");
    fs::create_dir_all(other.join("info")).unwrap();
    for (folder, to) in [(&objects, &objects), (&objects, &other), (&other, &objects)] {
        let line = format!("{}\n", to.display());
        fs::write(folder.join("info/alternates"), line).unwrap();
        check(&repo, &["--branch", "main"]).refused().says("b.py:1");
    }
}

#[test]
fn a_commit_cut_short_in_a_borrowed_store_is_named_in_time() {
    let repo = with_token(76);
    let (tip, damaged) = (id(&repo, "HEAD"), id(&repo, "HEAD~1"));
    let path = loose(&repo, &damaged);
    let whole = fs::read(&path).unwrap();
    let folder = repo.top().join("../other/objects").join(damaged.split_at(2).0);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(damaged.split_at(2).1), &whole[..whole.len() / 2]).unwrap();
    fs::remove_file(path).unwrap();
    let alternates = repo.top().join(".git/objects/info/alternates");
    fs::write(alternates, format!("{}\n", repo.top().join("../other/objects").display())).unwrap();

    pushed(&repo, &tip).ends_with_code(3).says(&damaged);
}

/// A commit of a folder that has a file ten to the twelfth times.
fn bomb(repo: &Repo) -> String {
    let blob = repo.typed(&["git", "hash-object", "-w", "--stdin"], "a = 1\n").text();
    let ten = |what: &str, id: &str| {
        let lines: Vec<String> =
            (0..10).map(|at| format!("{what} {}\t{at}\n", id.trim())).collect();
        lines.concat()
    };
    let mut lines = ten("100644 blob", &blob);
    for _ in 0..11 {
        let tree = repo.typed(&["git", "mktree"], &lines).text();
        lines = ten("040000 tree", &tree);
    }
    let tree = repo.typed(&["git", "mktree"], &lines).text();
    let head = id(repo, "HEAD");
    repo.git(&["commit-tree", "-m", "bomb", "-p", &head, tree.trim()]).text().trim().to_owned()
}

#[test]
fn a_folder_in_itself_a_billion_times_is_named_in_time_by_every_check() {
    let repo = with_token(77);
    let commit = bomb(&repo);
    repo.git(&["update-ref", "refs/heads/main", &commit]).accepted();
    let named = format!("could not check the tree of commit {commit}: it holds more");

    pushed(&repo, &commit).refused().says("b.py:1").says(&named);
    check(&repo, &["--commit", "main"]).ends_with_code(3).says(&named);
    let baseline = ["timeout", "600", BINARY, "baseline"];
    repo.typed(&baseline, "").ends_with_code(3).says("it holds more");

    // A folder that is gone is looked into for where a file came from.
    let token = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 78).unwrap());
    repo.git(&["read-tree", "--empty"]).accepted();
    fs::write(repo.top().join("d.py"), format!("t = '{token}'\n")).unwrap();
    repo.git(&["add", "d.py"]).accepted();
    repo.git(&["commit", "-q", "-m", "gone"]).accepted();
    check(&repo, &["--commit", "main"]).refused().says("d.py:1");
}

#[test]
fn paths_outside_the_repository_are_checked_like_any() {
    let repo = Repo::plain();
    let token = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 79).unwrap());
    let outside = repo.top().join("../outside");
    fs::create_dir_all(&outside).unwrap();
    fs::write(outside.join("x.py"), format!("t = '{token}'\n")).unwrap();

    check(&repo, &["--tree", "../outside"]).refused().says("../outside/x.py:1");
    let whole = outside.canonicalize().unwrap().join("x.py");
    let whole = whole.display().to_string();
    check(&repo, &["--tree", &whole, "--report", "sarif=-"]).refused().says(&whole);
    check(&repo, &["--tree", "../nowhere"]).ends_with_code(2).says("there is nothing at");
}

#[test]
fn a_reader_that_goes_away_changes_nothing_of_the_answer() {
    let repo = Repo::plain();
    // More than a pipe holds.
    let tokens =
        (0..200).map(|seed| expand("ghp_{base62:30}{crc32-base62}", 8_000 + seed).unwrap());
    let lines: Vec<String> = tokens.map(|token| format!("t = '{}'\n", repo.plant(token))).collect();
    repo.write("a.py", &lines.concat());
    for told in ["2>&1", "--format json", "--report csv=- 2>&1", "2>&1 >/dev/full"] {
        let line = format!("{{ '{BINARY}' check --tree a.py {told}; echo $? > code; }} | head -1");
        repo.typed(&["sh", "-c", &line], "").accepted();
        let code = fs::read_to_string(repo.top().join("code")).unwrap();
        assert_eq!(code.trim(), "1", "{told}");
    }
}

#[test]
fn the_names_of_files_in_a_tree_are_checked_and_never_shown() {
    let repo = Repo::plain();
    let token = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 81).unwrap());
    repo.write(&format!("{token}/a.py"), "a = 1\n").write(&format!("{token}/b.py"), "b = 1\n");

    let told = check(&repo, &["--tree", "."]);
    assert_eq!(told.refused().says("ghp_[36 bytes hidden]").refusals(), 1);

    let repo = Repo::plain();
    let token = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 82).unwrap());
    repo.write("a.py", "a = 1\n");
    let mode = rustix::fs::Mode::RUSR;
    let pipe = repo.top().join(&token);
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let told = check(&repo, &["--tree", ".", "--report", "json=-"]);
    told.refused().says("could not look into ghp_[36 bytes hidden]");
}
