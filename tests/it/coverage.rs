//! What cannot be looked into is named, and is a refusal when that is asked for.

use crate::harness::Repo;
use data_encoding::HEXLOWER;
use leakcoach::catalogue::sample::expand;
use sha2::{Digest, Sha256};
use std::fs;

fn token(repo: &Repo, seed: u64) -> String {
    repo.plant(expand("ghp_{base62:30}{crc32-base62}", seed).unwrap())
}

/// The pointer of git LFS to `content`, which goes into the store if it is to be here.
fn pointer(repo: &Repo, content: &str, here: bool) -> String {
    let oid = HEXLOWER.encode(&Sha256::digest(content));
    if here {
        let (first, rest) = oid.split_at(2);
        let folder = repo.top().join(".git/lfs/objects").join(first).join(rest.split_at(2).0);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(&oid), content).unwrap();
    }
    let size = content.len();
    format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n")
}

#[test]
fn what_a_pointer_of_git_lfs_stands_for_is_checked_where_it_is_here() {
    let repo = Repo::with_hook();
    let text = format!("a = 1\nt = '{}'\n", token(&repo, 1));

    repo.write("data.csv", &pointer(&repo, &text, true)).commit("large").refused().says("csv:2");
    repo.leakcoach(&["check", "--tree", "data.csv"]).refused().says("data.csv:2");
    repo.write("data.csv", &pointer(&repo, "a = 1\n", true)).commit("clean").accepted().silent();
}

#[test]
fn what_stood_in_an_earlier_object_of_git_lfs_is_old() {
    let repo = Repo::with_hook();
    let old = format!("t = '{}'\n", token(&repo, 2));
    repo.write("data.csv", &pointer(&repo, &old, true)).commit_unchecked("old");

    let more = format!("x\n{old}");
    repo.write("data.csv", &pointer(&repo, &more, true)).commit("old value").accepted().silent();
    let new = format!("{more}u = '{}'\n", token(&repo, 3));
    let refused = repo.write("data.csv", &pointer(&repo, &new, true)).commit("new value");
    assert_eq!(refused.refused().says("data.csv:3").refusals(), 1);
}

#[test]
fn a_pointer_of_git_lfs_whose_object_is_elsewhere_is_named() {
    let repo = Repo::with_hook();
    let told = "could not look into data.csv: its content is in git LFS and not here";

    repo.write("data.csv", &pointer(&repo, "a = 1\n", false)).git(&["add", "-A"]).accepted();
    repo.leakcoach(&["check", "--strict"]).ends_with_code(3);
    repo.commit("pointer").accepted().says(told);
    repo.leakcoach(&["check", "--tree", "data.csv"]).accepted().says(told);
}

#[test]
fn a_submodule_is_named_only_when_asked_to_be_strict() {
    let repo = Repo::with_hook();
    repo.write("a.py", "a = 1\n").commit("first").accepted();
    let head = repo.git(&["rev-parse", "HEAD"]).text();
    let entry = format!("160000,{},vendor/lib", head.trim());
    repo.git(&["update-index", "--add", "--cacheinfo", &entry]).accepted();

    repo.leakcoach(&["check"]).accepted().silent();
    repo.leakcoach(&["check", "--strict"]).ends_with_code(3).says("vendor/lib: it is a submodule");
}

#[test]
fn what_a_partial_clone_lacks_is_named_and_not_fetched() {
    let repo = Repo::plain();
    repo.write("a.py", "a = 1\n").commit("first").accepted();
    repo.write("b.py", "b = 1\n").commit("second").accepted();
    repo.git(&["config", "uploadpack.allowFilter", "true"]).accepted();
    let url = format!("file://{}", repo.top().display());
    let clone = ["clone", "-q", "--no-checkout", "--filter=blob:none", &url, "../clone"];
    repo.git(&clone).accepted();
    let check = |args: &[&str]| {
        let all = ["-C", "../clone", "-c", "alias.lc=!leakcoach", "lc", "check"];
        repo.git(&[&all[..], args].concat())
    };

    let told = check(&["--range", "HEAD~1..HEAD"]);
    told.ends_with_code(3).says("b.py: a remote promised to send it");
    repo.git(&["-C", "../clone", "cat-file", "-p", "HEAD:b.py"]).accepted();
    check(&["--range", "HEAD~1..HEAD"]).accepted().silent();
    fs::write(repo.top().join("../clone/c.py"), "c = 1\n").unwrap();
    repo.git(&["-C", "../clone", "read-tree", "HEAD"]).accepted();
    repo.git(&["-C", "../clone", "add", "c.py"]).accepted();
    check(&["--strict"]).accepted().silent();
}

#[test]
fn a_large_file_is_checked_in_pieces_and_each_finding_told_once() {
    let repo = Repo::plain();
    let line = "insert into orders values (1, 'two', 3.0);\n";
    // Around the ends of the first piece and of what is its own.
    let places = [8 << 20, (8 << 20) - (64 << 10), (8 << 20) - (128 << 10), 20 << 20];
    let (mut text, mut expected) = (String::new(), Vec::new());
    let mut places: Vec<usize> = places.iter().map(|at: &usize| at - 20).collect();
    places.sort_unstable();
    for (seed, place) in (10..).zip(places) {
        let lines = (place - text.len()) / line.len();
        text.push_str(&line.repeat(lines));
        text.push_str(&"x".repeat((place - text.len()).saturating_sub(1)));
        text.extend(["\nt = '", &token(&repo, seed), "'\n"]);
        expected.push(text.lines().count());
    }
    let told = repo.write("dump.sql", &text).leakcoach(&["check", "--tree", "."]);

    assert_eq!(told.refused().refusals(), expected.len());
    for line in expected {
        told.says(&format!("dump.sql:{line}"));
    }
}

#[test]
fn pipes_and_links_in_a_circle_do_not_stop_a_walk() {
    let repo = Repo::plain();
    repo.write("a.py", "a = 1\n");
    let pipe = repo.top().join("pipe");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    std::os::unix::fs::symlink("me", repo.top().join("me")).unwrap();

    repo.leakcoach(&["check", "--tree", "."])
        .accepted()
        .says("pipe: it is no file, folder or link")
        .says("me: it is a link that leads back to itself");
    repo.leakcoach(&["check", "--tree", ".", "--strict"]).ends_with_code(3);
    repo.leakcoach(&["check", "--tree", "pipe"]).ends_with_code(3).says("pipe: it is no file");
    repo.leakcoach(&["check", "--tree", "/dev/zero"]).ends_with_code(3);
}
