//! `leakcoach run`: real commands, whose output is masked and else unchanged.

use crate::harness::{Attempt, BINARY, Repo};
use leakcoach::catalogue::sample::expand;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn token(repo: &Repo, seed: u64) -> String {
    repo.plant(expand("ghp_{base62:30}{crc32-base62}", seed).unwrap())
}

/// A script of a shell in a file, so that no argument holds a credential.
fn script(repo: &Repo, text: &str) -> Attempt {
    script_with(repo, &[], text)
}

fn script_with(repo: &Repo, variables: &[(&str, &str)], text: &str) -> Attempt {
    repo.write("script.sh", text);
    repo.leakcoach_with(variables, &["run", "--", "sh", "script.sh"])
}

#[test]
fn both_streams_are_masked_and_the_exit_code_is_the_commands() {
    let repo = Repo::plain();
    let (one, two) = (token(&repo, 1), token(&repo, 2));
    let text = format!("echo out {one} end\necho err {two} >&2\nexit 7\n");
    script(&repo, &text)
        .ends_with_code(7)
        .says("out [hidden github-pat] end\n")
        .says("err [hidden github-pat]\n")
        .says("2 credentials masked")
        .says("line 1 of standard output")
        .says("line 1 of standard error")
        .reads("take out what prints it");
}

#[test]
fn clean_output_passes_unchanged_and_nothing_is_said() {
    let repo = Repo::plain();
    let shown = script(&repo, "printf 'a\\n\\000\\377b'; printf 'c' >&2");
    assert_eq!(shown.accepted().text(), "a\n\0\u{fffd}bc");
    repo.leakcoach(&["run", "--", "true"]).accepted().silent();
    repo.leakcoach(&["run", "--", "leakcoach-is-not-here"]).ends_with_code(127).says("cannot run");
}

#[test]
fn values_of_the_environment_are_known_in_other_forms_too() {
    use data_encoding::BASE64;
    let repo = Repo::plain();
    let value = repo.plant("correct-horse-Battery9".to_owned());
    let coded = repo.plant(BASE64.encode(format!("deploy:{value}").as_bytes()));
    let text = "echo \"it is $DEPLOY_PASSWORD\"; printf 'deploy:%s' \"$DEPLOY_PASSWORD\" | base64 -w0; echo";
    script_with(&repo, &[("DEPLOY_PASSWORD", &value)], text)
        .accepted()
        .says("it is [hidden $DEPLOY_PASSWORD]")
        .says("the value of $DEPLOY_PASSWORD");
    assert!(!coded.is_empty());
}

#[test]
fn strict_fails_a_command_that_printed_something() {
    let repo = Repo::plain();
    repo.write("script.sh", &format!("echo {}\n", token(&repo, 4)));
    repo.leakcoach(&["run", "--strict", "--", "sh", "script.sh"]).refused();
    repo.leakcoach(&["run", "--strict", "--", "true"]).accepted();
}

#[test]
fn a_prompt_without_a_line_end_is_shown_while_the_command_waits() {
    let repo = Repo::plain();
    let mut command = Command::new(BINARY);
    repo.prepared(&mut command).args([
        "run",
        "--",
        "sh",
        "-c",
        "printf 'Name: '; read name; echo \"hello $name\"",
    ]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut prompt = [0; 6];
    let since = Instant::now();
    child.stdout.as_mut().unwrap().read_exact(&mut prompt).unwrap();
    assert_eq!(&prompt, b"Name: ");
    assert!(since.elapsed() < Duration::from_secs(5));
    child.stdin.take().unwrap().write_all(b"Ada\n").unwrap();
    let mut rest = String::new();
    child.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "hello Ada\n");
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_signal_reaches_the_command_and_its_end_is_passed_on() {
    use std::os::unix::process::ExitStatusExt;
    let repo = Repo::plain();
    let start = |text: &str| {
        let mut command = Command::new(BINARY);
        repo.prepared(&mut command).args(["run", "--", "sh", "-c", text]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut ready = [0; 6];
        child.stdout.as_mut().unwrap().read_exact(&mut ready).unwrap();
        let pid = rustix::process::Pid::from_raw(child.id().try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        child.wait().unwrap()
    };
    let handled = start("trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done");
    assert_eq!(handled.code(), Some(3));
    let ended = start("echo ready; exec sleep 30");
    assert_eq!(ended.signal(), Some(15));
    repo.leakcoach(&["run", "--", "sh", "-c", "kill -9 $$"]).ends_with_code(137);
}

#[test]
fn a_terminal_stays_one_for_the_command() {
    let repo = Repo::plain();
    let token = token(&repo, 6);
    repo.write(
        "script.sh",
        &format!("test -t 1 && echo a terminal\nprintf '\\033[1m{token}\\033[0m\\n'\n"),
    );
    // script(1) gives it a terminal.
    let command = format!("{BINARY} run -- sh script.sh");
    let mut script = Command::new("script");
    let done = Attempt::of(
        repo.prepared(&mut script).args(["-qec", &command, "/dev/null"]).stdin(Stdio::null()),
    );
    repo.holds_back(&done.text());
    done.accepted().says("a terminal").says("[hidden github-pat]");
}

#[test]
fn owners_of_the_pipeline_are_told_and_again_when_it_repeats() {
    let repo = Repo::plain();
    repo.write(".github/CODEOWNERS", "/.github/workflows/ @shop/platform\n");
    let text = format!("echo {}\n", token(&repo, 8));
    let job = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_REPOSITORY", "shop/api"),
        ("GITHUB_WORKFLOW_REF", "shop/api/.github/workflows/deploy.yml@refs/heads/main"),
        ("GITHUB_JOB", "deploy"),
        ("LEAKCOACH_RECORD", "on"),
    ];
    let first = script_with(&repo, &job, &text);
    first
        .accepted()
        .reads("for @shop/platform, who owns .github/workflows/deploy.yml by CODEOWNERS");
    assert!(!first.text().contains("follow-up"), "{}", first.text());
    script_with(&repo, &job, &text).accepted().reads(
        "follow-up for @shop/platform: github-pat was in the output of 1 run of the job deploy",
    );

    repo.write(".github/CODEOWNERS", "/docs/ @shop/writers\n");
    script_with(&repo, &job, &text)
        .accepted()
        .reads("CODEOWNERS names nobody for .github/workflows/deploy.yml");
}

#[test]
fn a_large_log_is_checked_a_part_at_a_time() {
    let repo = Repo::plain();
    let token = token(&repo, 9);
    let mut log = "2026-01-02T03:04:05Z nothing of note in this line\n".repeat(200_000);
    log.push_str("2026-01-02T03:04:05Z ");
    log.push_str(&token);
    log.push('\n');
    repo.write("build.log", &log);
    let done = repo.leakcoach(&["check", "--log", "build.log", "--pipeline", "ci/build.yml"]);
    done.refused().says("build.log:200001").reads("no CODEOWNERS says whose ci/build.yml is");
}
