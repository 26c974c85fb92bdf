//! Folders as people have them.

use super::walk;
use crate::source::Coverage;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// What was read below `top`, and the account.
fn read(top: &Path, paths: &[&str]) -> (Vec<(String, usize)>, Coverage) {
    let found = Mutex::new(BTreeMap::new());
    let paths: Vec<PathBuf> = paths.iter().map(|path| top.join(path)).collect();
    let coverage = walk(&paths, None, |path, bytes| {
        let path = path.strip_prefix(top).unwrap().display().to_string();
        let before = found.lock().unwrap().insert(path, bytes.len());
        assert_eq!(before, None, "no file is read twice");
    });
    (found.into_inner().unwrap().into_iter().collect(), coverage)
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn hidden_and_ignored_files_are_read_and_git_folders_are_not() {
    let folder = folder(&[
        (".gitignore", "*.env\n"),
        ("app.env", "xyz"),
        (".hidden/file", "ab"),
        (".git/config", "c"),
        ("sub/.git/config", "c"),
        ("linked/.git", "gitdir: elsewhere"),
        ("empty", ""),
    ]);

    let (files, coverage) = read(folder.path(), &[""]);
    let expected =
        [(".gitignore", 6), (".hidden/file", 2), ("app.env", 3), ("empty", 0), ("linked/.git", 17)];
    assert_eq!(files, expected.map(|(path, len)| (path.to_owned(), len)));
    assert_eq!((coverage.read, coverage.bytes), (5, 28));
    assert!(coverage.unread.is_empty());
}

#[test]
fn links_are_not_followed_unless_they_are_what_was_named() {
    let folder = folder(&[("real/a", "1")]);
    std::os::unix::fs::symlink("real", folder.path().join("link")).unwrap();
    std::os::unix::fs::symlink("real/a", folder.path().join("file-link")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("dangling")).unwrap();

    let names = |paths: &[&str]| -> Vec<String> {
        read(folder.path(), paths).0.into_iter().map(|(path, _)| path).collect()
    };
    assert_eq!(names(&[""]), ["real/a"]);
    assert_eq!(names(&["link"]), ["link/a"]);
    assert_eq!(names(&["file-link"]), ["file-link"]);
}

#[test]
fn a_pipe_is_named_and_never_opened() {
    let folder = folder(&[("a", "1")]);
    let socket = folder.path().join("socket");
    let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();

    let (files, coverage) = read(folder.path(), &["", "socket"]);
    assert_eq!(files.len(), 1);
    let unread = &coverage.unread;
    assert_eq!(unread.len(), 2, "found in the folder, and named");
    assert_eq!(unread[0].path, socket.to_str().unwrap());
    assert_eq!(unread[0].why, "it is no file, folder or link");
}

#[test]
fn what_is_not_there_is_named() {
    let folder = folder(&[("a", "1")]);

    let (_, coverage) = read(folder.path(), &["missing", "a"]);
    assert_eq!(coverage.read, 1);
    assert_eq!(coverage.unread.len(), 1);
    assert_eq!(coverage.unread[0].path, folder.path().join("missing").to_str().unwrap());
    assert!(coverage.unread[0].why.starts_with("No such file"), "{}", coverage.unread[0].why);
}

#[test]
fn a_link_to_itself_is_named_when_asked_for() {
    let folder = folder(&[]);
    std::os::unix::fs::symlink("me", folder.path().join("me")).unwrap();

    assert_eq!(read(folder.path(), &["me"]).1.unread.len(), 1);
}

#[test]
fn no_path_is_nothing_to_read() {
    assert_eq!(read(Path::new("/"), &[]).1, Coverage::default());
}
