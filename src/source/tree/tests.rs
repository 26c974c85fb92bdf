//! Folders as people have them.

use super::walk;
use crate::source::{Coverage, Work};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// What was read below `top`, and the account.
fn read(top: &Path, paths: &[&str]) -> (Vec<(String, usize)>, Coverage) {
    let found = Mutex::new(BTreeMap::new());
    let paths: Vec<PathBuf> = paths.iter().map(|path| top.join(path)).collect();
    let coverage = walk(
        &paths,
        None,
        &Work::default(),
        |path| path.ends_with("left/out"),
        |path, piece| {
            let path = path.strip_prefix(top).unwrap().display().to_string();
            let before = found.lock().unwrap().insert(path, piece.raw.len());
            assert_eq!(before, None, "no file is read twice");
        },
    );
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
fn what_is_left_out_is_counted_and_not_read() {
    let folder = folder(&[("a", "xyz"), ("left/out", "ab")]);
    let (read, coverage) = read(folder.path(), &["."]);

    assert_eq!(read, [("a".to_owned(), 3)]);
    assert_eq!((coverage.read, coverage.ignored), (1, 1));
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
    let place = |all: &[crate::source::Unread]| -> Vec<(String, String)> {
        all.iter().map(|one| (one.path.to_string(), one.why.clone())).collect()
    };
    let told = (socket.display().to_string(), "it is no file, folder or link".to_owned());
    assert_eq!(place(&coverage.unopened), std::slice::from_ref(&told), "found in the folder");
    assert_eq!(place(&coverage.unread), [told], "asked for by name");
}

#[test]
fn a_pipe_that_takes_a_files_place_is_not_waited_for() {
    let folder = folder(&[]);
    let pipe = folder.path().join("pipe");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("zero")).unwrap();

    let why = |name: &str, follow: bool| {
        super::open_file(&folder.path().join(name), follow).err().map(|error| error.to_string())
    };
    assert_eq!(why("pipe", false).as_deref(), Some("it is no file, folder or link"));
    assert_eq!(why("zero", true).as_deref(), Some("it is no file, folder or link"));
    assert!(why("zero", false).is_some(), "a link is not followed");
}

#[test]
fn a_folder_that_cannot_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&[("shut/a", "1"), ("b", "2")]);
    let shut = folder.path().join("shut");
    std::fs::set_permissions(&shut, std::fs::Permissions::from_mode(0o000)).unwrap();
    // Root reads all.
    let readable = std::fs::read_dir(&shut).is_ok();

    let (files, coverage) = read(folder.path(), &[""]);
    std::fs::set_permissions(&shut, std::fs::Permissions::from_mode(0o700)).unwrap();
    assert!(readable || (files.len() == 1 && coverage.unread[0].path == shut.to_str().unwrap()));
}

#[test]
fn links_in_a_circle_are_named_and_not_followed() {
    let folder = folder(&[("a/b", "1")]);
    std::os::unix::fs::symlink("me", folder.path().join("me")).unwrap();
    std::os::unix::fs::symlink("..", folder.path().join("a/up")).unwrap();

    let (files, coverage) = read(folder.path(), &[""]);
    assert_eq!(files.len(), 1);
    let told: Vec<_> = coverage.unopened.iter().map(|one| one.why.as_str()).collect();
    assert_eq!(told, ["it is a link that leads back to itself"]);
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
