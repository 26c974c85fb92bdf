//! Ctrl-C in the middle: what was found is told, and that it is not all.

use crate::harness::{BINARY, Repo};
use leakcoach::catalogue::sample::expand;
use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How a run ended that got these signals.
struct Ended {
    code: Option<i32>,
    told: String,
    /// From the first signal on.
    took: Duration,
}

/// Runs `check` and sends it these signals when it has run for `after`.
fn interrupted(repo: &Repo, args: &[&str], signals: &[&str], after: Duration) -> Ended {
    let mut command = Command::new(BINARY);
    command.arg("check").args(args).stdout(Stdio::null()).stderr(Stdio::piped());
    let run = repo.prepared(&mut command).spawn().unwrap();
    std::thread::sleep(after);
    let since = Instant::now();
    for signal in signals {
        let id = run.id().to_string();
        Command::new("kill").args([*signal, &id]).stderr(Stdio::null()).status().unwrap();
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = run.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    repo.holds_back(&told);
    Ended { code: output.status.code(), told, took: since.elapsed() }
}

/// A history that takes minutes: the same megabyte at another path in each of 8,000 commits.
fn long_history() -> Repo {
    let repo = Repo::plain();
    let token = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 91).unwrap());
    let (secret, large) =
        (format!("t = '{token}'\n"), "password = os.environ['A']\n".repeat(40_000));
    let mut stream = format!(
        "blob\nmark :1\ndata {}\n{large}\nblob\nmark :2\ndata {}\n{secret}\n",
        large.len(),
        secret.len()
    );
    let person = "committer T <t@localhost> 1767225600 +0000";
    let _ = write!(stream, "commit refs/heads/main\n{person}\ndata 1\na\nM 100644 :2 a.py\n");
    for at in 0..8_000 {
        let _ = write!(
            stream,
            "commit refs/heads/main\n{person}\ndata 1\na\ndeleteall\nM 100644 :1 {at}.py\n"
        );
    }
    repo.typed(&["git", "fast-import", "--quiet"], &stream).accepted();
    repo
}

#[test]
fn the_first_ctrl_c_ends_it_soon_with_all_reports_and_the_second_at_once() {
    let repo = long_history();
    let reports = [
        "--branch",
        "main",
        "--report",
        "json=a.json",
        "--report",
        "sarif=a.sarif",
        "--report",
        "gitlab=a.gitlab",
        "--report",
        "junit=a.xml",
        "--report",
        "html=a.html",
    ];
    // On a machine that is busy it may take long until the first commit is checked.
    let ended = [1, 4, 16].into_iter().find_map(|seconds| {
        let after = Duration::from_secs(seconds);
        let ended = interrupted(&repo, &reports, &["-INT"], after);
        (ended.code == Some(1)).then_some(ended)
    });
    let ended = ended.expect("it ends with a refusal");
    assert!(ended.took < Duration::from_secs(5), "{:?}", ended.took);
    assert!(ended.told.contains("refused: "), "{}", ended.told);
    let partial = "could not check the rest: interrupted: only ";
    assert!(ended.told.contains(partial), "{}", ended.told);
    assert!(ended.told.contains(" of 8001 commits and "), "{}", ended.told);

    let read = |name: &str| fs::read_to_string(repo.top().join(name)).unwrap();
    let json: serde_json::Value = serde_json::from_str(&read("a.json")).unwrap();
    assert_eq!(json["coverage"]["complete"], false);
    assert!(json["coverage"]["interrupted"].as_str().unwrap().contains("of 8001 commits"));
    assert_eq!(json["findings"].as_array().unwrap().len(), 1);
    let sarif: serde_json::Value = serde_json::from_str(&read("a.sarif")).unwrap();
    let invocation = &sarif["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let words = invocation["toolExecutionNotifications"][0]["message"]["text"].as_str();
    assert!(words.unwrap().contains("interrupted"));
    let gitlab: serde_json::Value = serde_json::from_str(&read("a.gitlab")).unwrap();
    assert_eq!(gitlab["scan"]["status"], "failure");
    assert!(read("a.xml").contains("interrupted: only"));
    assert!(read("a.html").contains("interrupted: only"));
    let left = fs::read_dir(repo.top()).unwrap().flatten();
    let left: Vec<_> = left
        .map(|entry| entry.file_name())
        .filter(|it| it.to_string_lossy().starts_with(".leak"))
        .collect();
    assert!(left.is_empty(), "{left:?}");

    // It may be over before, and it may not have come to a file yet.
    let told = [100, 200, 400, 800, 1600, 3200].into_iter().find_map(|millis| {
        let after = Duration::from_millis(millis);
        let ended = interrupted(&repo, &["--history", "--jobs", "1"], &["-INT"], after);
        Some(ended.told).filter(|told| told.contains(" of 8001 files were checked"))
    });
    assert!(told.is_some_and(|told| told.contains("could not check the rest: interrupted")));

    // It may end by itself between the two.
    let killed = [50, 100, 200, 400, 800, 1600].into_iter().any(|millis| {
        let after = Duration::from_millis(millis);
        let ended = interrupted(&repo, &["--branch", "main"], &["-INT", "-INT"], after);
        ended.code.is_none()
    });
    assert!(killed, "the second signal ends it");
}

#[test]
fn a_walk_through_a_tree_that_is_ended_by_sigterm_is_no_pass() {
    let repo = Repo::plain();
    repo.write("0/0.py", &"password = os.environ['A']\n".repeat(40_000));
    // The same megabyte again and again takes no room.
    for at in 0..20_000 {
        let to = repo.top().join(format!("{}/{at}.py", at % 10));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        if at > 0 {
            fs::hard_link(repo.top().join("0/0.py"), to).unwrap();
        }
    }
    let args = ["--tree", ".", "--report", "json=a.json"];
    let ended = interrupted(&repo, &args, &["-TERM"], Duration::from_secs(1));
    assert_eq!(ended.code, Some(3), "{}", ended.told);
    assert!(ended.took < Duration::from_secs(5), "{:?}", ended.took);
    assert!(ended.told.contains("interrupted: only "), "{}", ended.told);
    let json = fs::read_to_string(repo.top().join("a.json")).unwrap();
    assert!(json.contains("\"outcome\": \"incomplete\""));
}

#[test]
fn any_number_of_threads_finds_the_same() {
    let repo = Repo::plain();
    for seed in 0..100 {
        let token = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 9_000 + seed).unwrap());
        repo.write(&format!("{seed}.py"), &format!("t = '{token}'\n"));
    }
    repo.commit_unchecked("all");
    for what in [["--tree", "."], ["--commit", "HEAD"]] {
        let one = repo.leakcoach(&["check", what[0], what[1], "--jobs", "1"]);
        let more = repo.leakcoach(&["check", what[0], what[1], "--jobs", "3"]);
        assert_eq!(one.refused().refusals(), 100);
        assert_eq!(one.text(), more.text());
    }
    repo.leakcoach(&["check", "--jobs", "0"]).ends_with_code(2);
}
