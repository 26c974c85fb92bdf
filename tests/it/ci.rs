//! The ready-made pipelines: their own scripts, run as the runners run them, on a real server's
//! repository for each kind of event.

use crate::harness::{Attempt, BINARY, Repo};
use leakcoach::catalogue::sample::expand;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ZEROS: &str = "0000000000000000000000000000000000000000";

fn yaml(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn step(name: &str) -> Value {
    let action = yaml("action.yml");
    let steps = action["runs"]["steps"].as_array().unwrap().clone();
    steps.into_iter().find(|step| step["name"] == name).unwrap()
}

/// A server's repository, what was pushed to it, and a checkout of a runner.
struct Server {
    repo: Repo,
    checkout: PathBuf,
}

impl Server {
    /// Main has one clean commit; a topic has one with a token; both are pushed.
    fn new() -> Self {
        let repo = Repo::plain();
        repo.git(&["init", "-q", "--bare", "-b", "main", "../server.git"]).accepted();
        repo.git(&["--git-dir=../server.git", "config", "uploadpack.allowAnySHA1InWant", "true"])
            .accepted();
        repo.git(&["remote", "add", "origin", "../server.git"]).accepted();
        repo.write("a.py", "a = 1\n").commit_unchecked("first");
        repo.write("b.py", "b = 1\n").commit_unchecked("second");
        repo.git(&["push", "-q", "origin", "main"]).accepted();
        repo.git(&["checkout", "-q", "-b", "topic"]).accepted();
        let token = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 3).unwrap());
        repo.write("c.py", &format!("c = '{token}'\n")).commit_unchecked("leak");
        repo.write("c.py", "c = 2\n").commit_unchecked("take it out");
        repo.git(&["push", "-q", "origin", "topic"]).accepted();
        let checkout = repo.top().parent().unwrap().join("checkout");
        Self { repo, checkout }
    }

    fn id(&self, revision: &str) -> String {
        String::from_utf8(self.repo.bytes(&["rev-parse", revision])).unwrap().trim().to_owned()
    }

    /// What a runner checks out: the last commit of a branch alone.
    fn checked_out(&self, branch: &str) {
        if self.checkout.exists() {
            fs::remove_dir_all(&self.checkout).unwrap();
        }
        let url =
            format!("file://{}", self.repo.top().parent().unwrap().join("server.git").display());
        let to = self.checkout.to_str().unwrap();
        self.repo.git(&["clone", "-q", "--depth=1", "-b", branch, &url, to]).accepted();
    }

    fn run(&self, shell: &str, script: &str, variables: &[(&str, &str)]) -> Attempt {
        let mut command = Command::new(shell);
        self.repo.prepared(&mut command);
        command.current_dir(&self.checkout).args(["-c", script]).env("CI", "true");
        command.envs(variables.iter().copied());
        let done = Attempt::of(&mut command);
        self.repo.holds_back(&done.text());
        done
    }

    fn on_github(&self, event: &[(&str, &str)]) -> Attempt {
        let of = |name: &str| self.repo.home().join(name).display().to_string();
        let (output, summary, sarif) = (of("output"), of("summary"), of("leak.sarif"));
        for file in [&output, &summary] {
            fs::write(file, "").unwrap();
        }
        let variables = [
            ("PROGRAM", "leakcoach"),
            ("ARGS", ""),
            ("SARIF", sarif.as_str()),
            ("PULL_BASE", ""),
            ("PULL_HEAD", ""),
            ("GROUP_BASE", ""),
            ("GROUP_HEAD", ""),
            ("BEFORE", ""),
            ("AFTER", ""),
            ("DEFAULT", "main"),
            ("REF", "refs/heads/topic"),
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_OUTPUT", output.as_str()),
            ("GITHUB_STEP_SUMMARY", summary.as_str()),
        ];
        let script = step("check")["run"].as_str().unwrap().to_owned();
        self.run("bash", &script, &[&variables[..], event].concat())
    }

    fn output(&self) -> String {
        fs::read_to_string(self.repo.home().join("output")).unwrap()
    }
}

#[test]
fn each_event_of_github_is_checked_by_its_range() {
    let server = Server::new();
    let (main, topic) = (server.id("main"), server.id("topic"));
    let gone = "1234567890123456789012345678901234567890";
    let range = format!("--range {main}..{topic}");
    for (event, variables, checked) in [
        (
            "a pull request",
            vec![("EVENT", "pull_request"), ("PULL_BASE", &*main), ("PULL_HEAD", &*topic)],
            &*range,
        ),
        (
            "a merge queue",
            vec![("EVENT", "merge_group"), ("GROUP_BASE", &*main), ("GROUP_HEAD", &*topic)],
            &range,
        ),
        ("a push", vec![("EVENT", "push"), ("BEFORE", &*main), ("AFTER", &*topic)], &range),
        ("a new branch", vec![("EVENT", "push"), ("BEFORE", ZEROS), ("AFTER", &*topic)], &range),
        ("a forced push", vec![("EVENT", "push"), ("BEFORE", gone), ("AFTER", &*topic)], &range),
        ("a schedule", vec![("EVENT", "schedule")], "--history"),
    ] {
        server.checked_out("topic");
        let done = server.on_github(&variables);
        assert_eq!(done.code(), 1, "{event}: {}", done.text());
        done.says("::error ");
        assert!(
            server.output().contains(&format!("range={checked}\n")),
            "{event}: {}",
            server.output()
        );
        assert!(server.output().contains("exit-code=1\nsarif=true\n"), "{event}");
        let summary = fs::read_to_string(server.repo.home().join("summary")).unwrap();
        assert!(summary.contains("c.py"), "{event}: {summary}");
    }
}

#[test]
fn a_push_that_brings_nothing_bad_passes_and_one_that_deletes_is_nothing_to_check() {
    let server = Server::new();
    let (before, main) = (server.id("main~1"), server.id("main"));
    server.checked_out("main");
    let on_main = ("REF", "refs/heads/main");
    server
        .on_github(&[("EVENT", "push"), ("BEFORE", &before), ("AFTER", &main), on_main])
        .accepted();
    server
        .on_github(&[("EVENT", "push"), ("BEFORE", &main), ("AFTER", ZEROS)])
        .accepted()
        .says("deleted");
    // The first push of the default branch: all of it.
    server.on_github(&[("EVENT", "push"), ("BEFORE", ZEROS), ("AFTER", &main), on_main]).accepted();
    assert!(server.output().contains("range=--history"));
}

#[test]
fn a_head_that_cannot_be_had_is_no_pass() {
    let server = Server::new();
    let main = server.id("main");
    server.checked_out("main");
    let gone = "1234567890123456789012345678901234567890";
    server
        .on_github(&[("EVENT", "pull_request"), ("PULL_BASE", &main), ("PULL_HEAD", gone)])
        .ends_with_code(3)
        .says("cannot be fetched");
}

#[test]
fn commits_that_no_hook_has_seen_are_named() {
    let server = Server::new();
    let (main, topic, leak) = (server.id("main"), server.id("topic"), server.id("topic~1"));
    server.checked_out("topic");
    server
        .on_github(&[("EVENT", "push"), ("BEFORE", &main), ("AFTER", &topic)])
        .refused()
        .reads(&format!("no hook has seen {}, or it was skipped", leak.get(..12).unwrap()));
}

/// A change could let itself through: whoever reviews it is to know.
#[test]
fn what_decides_about_itself_is_pointed_out() {
    let server = Server::new();
    let topic = server.id("topic");
    server.repo.write(".leakcoach.toml", "[paths]\nignore = ['d.py']\n").commit_unchecked("calm");
    server.repo.git(&["push", "-q", "origin", "topic"]).accepted();
    let after = server.id("topic");
    server.checked_out("topic");
    let event = [("EVENT", "push"), ("BEFORE", &*topic), ("AFTER", &*after)];
    server.on_github(&event).accepted().reads(".leakcoach.toml comes with the change");
}

#[test]
fn no_script_of_the_action_holds_a_value_of_the_event() {
    for step in yaml("action.yml")["runs"]["steps"].as_array().unwrap() {
        let script = step["run"].as_str().unwrap_or_default();
        assert!(!script.contains("${{"), "{script}");
    }
    // Nor is a value run: a branch may be called anything.
    let server = Server::new();
    let (main, topic) = (server.id("main"), server.id("topic"));
    server.checked_out("topic");
    let canary = server.repo.home().join("canary");
    let evil = format!("$(touch {0})`touch {0}`;touch {0}", canary.display());
    let event = [
        ("EVENT", "push"),
        ("BEFORE", &*main),
        ("AFTER", &*topic),
        ("DEFAULT", &*evil),
        ("REF", &*evil),
    ];
    server.on_github(&event).refused();
    assert!(!canary.exists());
}

#[test]
fn gitlab_checks_merge_requests_branches_and_tags_by_their_range() {
    let server = Server::new();
    let (main, topic) = (server.id("main"), server.id("topic"));
    let gone = "1234567890123456789012345678901234567890";
    let job = yaml("hooks/gitlab-ci.yml")["leakcoach"].clone();
    assert_eq!(job["variables"]["GIT_DEPTH"], "0");
    let script = job["script"][0].as_str().unwrap();
    for (event, variables) in [
        (
            "a merge request",
            vec![("CI_MERGE_REQUEST_DIFF_BASE_SHA", &*main), ("CI_COMMIT_BEFORE_SHA", ZEROS)],
        ),
        ("a push", vec![("CI_COMMIT_BEFORE_SHA", &*main), ("CI_COMMIT_BRANCH", "topic")]),
        ("a new branch", vec![("CI_COMMIT_BEFORE_SHA", ZEROS), ("CI_COMMIT_BRANCH", "topic")]),
        ("a forced push", vec![("CI_COMMIT_BEFORE_SHA", gone), ("CI_COMMIT_BRANCH", "topic")]),
        ("a tag", vec![("CI_COMMIT_BEFORE_SHA", ZEROS)]),
    ] {
        server.checked_out("topic");
        let always = [("CI_COMMIT_SHA", &*topic), ("CI_DEFAULT_BRANCH", "main")];
        let done = server.run("sh", script, &[&variables[..], &always].concat());
        assert_eq!(done.code(), 1, "{event}: {}", done.text());
        let report = fs::read_to_string(server.checkout.join("gl-secret-detection-report.json"));
        assert!(report.unwrap().contains("github-pat"), "{event}");
    }
    server.checked_out("main");
    let clean =
        [("CI_COMMIT_SHA", &*main), ("CI_DEFAULT_BRANCH", "main"), ("CI_COMMIT_BRANCH", "main")];
    let before = server.id("main~1");
    server
        .run("sh", script, &[&clean[..], &[("CI_COMMIT_BEFORE_SHA", &*before)]].concat())
        .accepted();
}

#[test]
fn the_scripts_are_shell() {
    for script in [step("check")["run"].clone(), step("find leakcoach")["run"].clone()] {
        let mut bash = Command::new("bash");
        assert_eq!(Attempt::of(bash.args(["-n", "-c", script.as_str().unwrap()])).code(), 0);
    }
    assert!(Path::new(BINARY).exists());
}
