//! The whole way out of a credential: step by step, remembered, against services on this
//! machine.

use crate::harness::{Attempt, BINARY, Repo};
use crate::loopback::{Server, answer};
use leakcoach::catalogue::sample::expand;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

/// GitHub, which takes a revocation and does not know the token from then on.
fn github() -> String {
    let mut revoked = false;
    let server = Server::new(move |request| {
        revoked |= request.starts_with("POST /credentials/revoke ");
        let status = match (request.starts_with("POST "), revoked) {
            (true, _) => 202,
            (false, true) => 401,
            (false, false) => 200,
        };
        answer(status, "", "{}")
    });
    server.address
}

fn token(repo: &Repo, seed: u64) -> String {
    repo.plant(expand("ghp_{base62:30}{crc32-base62}", seed).unwrap())
}

fn staged() -> (Repo, String) {
    let repo = Repo::plain();
    repo.write("README.md", "# Shop\n").commit_unchecked("start");
    let token = token(&repo, 1);
    repo.write("app.py", &format!("token = \"{token}\"\n"));
    repo.git(&["add", "-A"]).accepted();
    (repo, token)
}

fn pushed() -> (Repo, String) {
    let (repo, token) = staged();
    repo.commit_unchecked("add a token");
    let bare = repo.top().with_file_name("origin.git");
    repo.git(&["init", "-q", "--bare", bare.to_str().unwrap()]).accepted();
    repo.git(&["remote", "add", "origin", bare.to_str().unwrap()]).accepted();
    repo.git(&["push", "-q", "-u", "origin", "main"]).accepted();
    (repo, token)
}

fn kept(repo: &Repo) -> String {
    fs::read_to_string(repo.top().join(".git/leakcoach/cases")).unwrap()
}

/// As JSON, with the one case of it.
fn case(attempt: &Attempt) -> serde_json::Value {
    let shown = attempt.text();
    let mut values = serde_json::Deserializer::from_str(&shown).into_iter();
    let mut value: serde_json::Value = values.next().unwrap().unwrap();
    assert_eq!(value["schema"], "leakcoach-cases");
    value["cases"][0].take()
}

#[test]
fn a_pushed_token_is_led_all_the_way_out() {
    let (repo, token) = pushed();
    let server = github();
    let asks = [("LEAKCOACH_VERIFY_GITHUB", server.as_str())];
    let remediate =
        |args: &[&str]| repo.leakcoach_with(&asks, &[&["remediate", "github-pat"], args].concat());

    remediate(&[])
        .refused()
        .says("pushed: found 0 s ago, not revoked")
        .says("[ ] revoked")
        .says("next: revoked: whoever has it can use it until it is revoked")
        .says("  leakcoach revoke ");
    let id = case(&remediate(&["--next", "--format", "json"]))["id"].as_str().unwrap().to_owned();
    remediate(&["--close"]).refused().says("not closed: revoked").says("not closed: abuse");

    repo.leakcoach_with(&asks, &["revoke", &id, "--yes", "--confirm", "github-pat"]).accepted();
    remediate(&["--next"]).refused().says("next: rotated");

    // `pass`, which takes what it is given.
    let programs = tempfile::tempdir().unwrap();
    let pass = programs.path().join("pass");
    let here = programs.path().display();
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in\nshow*) if [ -f {here}/store ]; then cat {here}/store; else \
         echo 'Error: x is not in the password store.' >&2; exit 1; fi;;\n*) cat > {here}/store;;\nesac\n"
    );
    fs::write(&pass, script).unwrap();
    fs::set_permissions(&pass, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{here}:/usr/bin:/bin");
    let new = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 2).unwrap());
    repo.typed_unseen(
        &[("PATH", &path)],
        &[BINARY, "vault", &id, "--to", "pass", "--new", "--yes"],
        &new,
    );
    remediate(&["--next"]).refused().says("next: mended").says(&format!("leakcoach fix {id}"));

    repo.leakcoach(&["fix", &id, "--yes"]).accepted();
    remediate(&["--next"]).refused().says("git commit -m 'Read it at run time' -- 'app.py'");
    repo.commit_unchecked("read it at run time");
    remediate(&["--next"]).refused().says("next: history").says("leakcoach rewrite");
    remediate(&["--skip", "history", "--reason", "revoked: its text opens nothing"]).accepted();
    remediate(&["--done", "abuse=audit log of 24 h, nothing odd"]).accepted();

    let closed = remediate(&["--close", "--format", "json"]);
    closed.accepted();
    let closed = case(&closed);
    assert_eq!(closed["state"], "closed");
    assert!(closed["seconds_to_revoke"].as_i64().unwrap() < 600);
    assert_eq!(closed["steps"][0]["proof"], "proven");
    assert!(closed["steps"][0]["evidence"].as_str().unwrap().starts_with("verified dead at 2"));
    for secret in [&token, &new] {
        assert!(!kept(&repo).contains(secret));
    }
    let mode = fs::metadata(repo.top().join(".git/leakcoach/cases")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_is_only_staged_is_mended_and_closed() {
    let (repo, _) = staged();

    let shown = repo.leakcoach(&["remediate"]);
    shown.refused().says("staged: found").says("[ ] mended").says("leakcoach fix ");
    assert!(!shown.text().contains("revoked"), "{}", shown.text());
    let id = case(&repo.leakcoach(&["remediate", "--format", "json"]))["id"].clone();
    repo.leakcoach(&["remediate", "--done", "mended"]).ends_with_code(2).says("app.py:1");
    repo.leakcoach(&["remediate", "--done", "revoked"]).ends_with_code(2).says("no step of this");
    repo.leakcoach(&["fix", "--yes"]).accepted();
    repo.commit_unchecked("mended");

    repo.leakcoach(&["remediate", id.as_str().unwrap(), "--close"]).accepted().says("[x] mended");
    repo.leakcoach(&["remediate", "--status"]).accepted().says("no case is open");
    repo.leakcoach(&["remediate", "--status", "--all"]).accepted().says("closed after");
}

#[test]
fn a_local_commit_is_made_anew() {
    let (repo, _) = staged();
    repo.commit_unchecked("add a token");

    repo.leakcoach(&["remediate"]).refused().says("committed: found").says("next: mended");
    let id = case(&repo.leakcoach(&["remediate", "--format", "json"]))["id"].clone();
    let id = id.as_str().unwrap();
    repo.leakcoach(&["fix", id, "--yes"]).accepted();
    repo.leakcoach(&["remediate", id, "--next"])
        .refused()
        .says("next: history")
        .says("git commit --amend --no-edit -p -- app.py");
    // git shows what it takes over, the old line too.
    let amend = ["git", "commit", "--amend", "--no-edit", "-p", "--", "app.py"];
    repo.typed_unseen(&[], &amend, "a\n");
    repo.leakcoach(&["remediate", id, "--close"]).accepted().says("[x] history");
}

#[test]
fn a_case_that_is_alive_or_back_is_not_closed() {
    let (repo, token) = pushed();
    let server = github();
    let asks = [("LEAKCOACH_VERIFY_GITHUB", server.as_str())];
    let remediate =
        |args: &[&str]| repo.leakcoach_with(&asks, &[&["remediate", "github-pat"], args].concat());

    remediate(&["--done", "revoked=by ops"]).accepted().says("let its service prove it");
    remediate(&["--next"]).refused().says("leakcoach verify ");
    repo.leakcoach_with(&asks, &["verify", "github-pat", "--yes"]).refused();
    remediate(&["--done", "revoked=really"]).ends_with_code(2).says("it is alive");
    remediate(&["--reopen"]).ends_with_code(2).says("is open");
    remediate(&["--done", &format!("abuse=by {token}")])
        .ends_with_code(2)
        .says("has a credential in it");
}

#[test]
fn words_with_a_credential_are_not_kept() {
    let (repo, _) = pushed();
    let other = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 5).unwrap());

    repo.leakcoach(&["remediate", "github-pat", "--done", &format!("rotated=now {other}")])
        .ends_with_code(2)
        .says("has a credential in it");
    assert!(!kept(&repo).contains(&other));
}

#[test]
fn wrong_flags_are_said_so() {
    let (repo, _) = pushed();
    for (args, says) in [
        (&["--skip", "history"][..], "--reason"),
        (&["--skip", "revoked", "--reason", "no time"], "whatever the reason"),
        (&["--skip", "mended", "--reason", "no time"], "while files hold it"),
        (&["--skip", "abuse", "--reason", " "], "say why"),
        (&["--done", "sung"], "one of: revoked, rotated"),
        (&["--next", "--close"], "cannot be used with"),
    ] {
        let args = [&["remediate", "github-pat"], args].concat();
        repo.leakcoach(&args).ends_with_code(2).says(says);
    }
}

#[test]
fn status_tells_how_long_and_the_oldest_first() {
    let repo = Repo::plain();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let found = now - 3 * 86_400 - 60;
    let line =
        |case: &str, at: u64, what: &str| format!("{{\"case\":\"{case}\",\"at\":{at},{what}}}\n");
    let pushed = "\"what\":\"found\",\"rule\":\"github-pat\",\"exposure\":\"pushed\"";
    let dead = "\"what\":\"done\",\"step\":\"revoked\",\"evidence\":\"x\",\"proof\":\"proven\"";
    let text = line("7h2kq9xw", found, pushed)
        + &line("7h2kq9xw", found + 7800, dead)
        + &line("aaaaaaaa", now - 600, pushed)
        + "{\"case\":\"7h2kq9xw\",\"at\":1,\"wh";
    repo.write(".git/leakcoach/cases", &text);

    let shown = repo.leakcoach(&["remediate", "--status"]);
    shown
        .accepted()
        .says("7h2kq9xw, pushed: found 3 days ago, revoked after 2 h 10 min; next: rotated")
        .says("aaaaaaaa, pushed: found 10 min ago, not revoked; next: revoked");
    assert!(shown.text().find("aaaaaaaa") < shown.text().find("7h2kq9xw"), "alive first");
    let first = case(&repo.leakcoach(&["remediate", "--status", "--format", "json"]));
    assert_eq!((first["alive"].as_bool(), first["id"].as_str()), (Some(true), Some("aaaaaaaa")));
}

#[test]
fn a_person_is_led_on_the_terminal_and_goes_on_later() {
    let (repo, _) = pushed();
    let server = github();
    let command = format!("LEAKCOACH_VERIFY_GITHUB={server} {BINARY} remediate github-pat");
    let at_terminal = |typed: &str| repo.typed(&["script", "-qec", &command, "/dev/null"], typed);

    at_terminal("later\n").says("[ ] revoked").says("the case stays as it is");
    let revoked = at_terminal("y\nrevoke\ny\nnew key, ticket 812\ns\nin the vault by ops\nlater\n");
    revoked.says("[x] revoked").says("[x] rotated");
    repo.leakcoach(&["remediate", "github-pat"])
        .refused()
        .says("new key, ticket 812")
        .says("left out: in the vault by ops")
        .says("next: mended");
}

#[test]
fn ctrl_c_at_a_question_says_where_the_case_stays_and_changes_nothing() {
    let (repo, _) = pushed();
    let command = format!("exec {BINARY} remediate github-pat");
    let mut script = Command::new("script");
    script.args(["-qec", &command, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut run = repo.prepared(&mut script).spawn().unwrap();
    let mut output = run.stdout.take().unwrap();
    let mut shown = Vec::new();
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(&shown).contains("for later: ") {
        let read = output.read(&mut buffer).unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&shown));
        shown.extend_from_slice(&buffer[..read]);
    }
    let before = kept(&repo);

    // What a terminal makes of Ctrl-C.
    run.stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
    output.read_to_end(&mut shown).unwrap();
    run.wait().unwrap();

    let shown = String::from_utf8_lossy(&shown).into_owned();
    assert!(shown.contains("to go on: leakcoach remediate "), "{shown}");
    assert_eq!(kept(&repo), before);
    repo.leakcoach(&["remediate", "--status"]).accepted().says("github-pat");
}
