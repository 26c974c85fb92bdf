//! What is let through, by whom, until when, and what never is.

use crate::harness::{Attempt, BINARY, Repo};
use leakcoach::catalogue::{Catalogue, sample::expand};
use std::fs;

const FILE: &str = ".leakcoach/exceptions";
const WHY: &str = "a fixture of the parser, revoked in May";

fn token(repo: &Repo, seed: u64) -> String {
    let rule = Catalogue::builtin().rule("github-pat").unwrap();
    repo.plant(expand(rule.samples.iter().next().unwrap(), seed).unwrap())
}

/// A repository with a token staged in `app.py`.
fn staged(seed: u64) -> Repo {
    let repo = Repo::plain();
    add(&repo, "app.py", seed);
    repo
}

fn add(repo: &Repo, path: &str, seed: u64) {
    let token = token(repo, seed);
    repo.write(path, &format!("t = '{token}'\n")).git(&["add", path]).accepted();
}

fn allow(repo: &Repo, more: &[&str]) -> Attempt {
    repo.leakcoach(&[&["allow", "github-pat", "--reason", WHY][..], more].concat())
}

fn text(repo: &Repo) -> String {
    fs::read_to_string(repo.top().join(FILE)).unwrap()
}

/// Rewrites the file of exceptions.
fn forge(repo: &Repo, from: &str, to: &str) {
    let text = text(repo);
    assert!(text.contains(from), "{text}");
    repo.write(FILE, &text.replace(from, to));
}

fn day(days: i32) -> String {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    today.saturating_add(jiff::Span::new().days(days)).to_string()
}

#[test]
fn an_exception_has_a_reason_and_an_end_and_offers_the_other_way_first() {
    let repo = staged(1);
    repo.leakcoach(&["check"]).refused();

    let told = allow(&repo, &[]);
    told.accepted()
        .reads("the way that needs no exception: leakcoach fix")
        .reads("once it is pushed, it is valid until revoked")
        .reads(&format!("let through until {}, because: {WHY}", day(30)))
        .reads(&format!("git add {FILE}"));
    let (way, done) = (told.text().find("leakcoach fix"), told.text().find("let through until"));
    assert!(way < done);
    repo.leakcoach(&["check"]).accepted().reads("1 finding let through by .leakcoach/exceptions");
    repo.leakcoach(&["exceptions"])
        .accepted()
        .reads(&format!("live github-pat until {}, 30 days app.py:1", day(30)))
        .reads(WHY);
}

#[test]
fn words_that_are_no_reason_and_ends_that_are_none_write_nothing() {
    let repo = staged(2);
    let own = fs::read_to_string(repo.top().join("app.py")).unwrap();
    let own = format!("it is {} and was revoked in May", own.trim());
    for reason in ["", "test", "asdf", "testing testing", "github-pat github-pat", &own] {
        let args = ["allow", "github-pat", "--reason", reason];
        repo.leakcoach(&args).ends_with_code(2).reads("--reason: ");
    }
    repo.leakcoach(&["allow", "github-pat"]).ends_with_code(2).reads("say why it may stay");
    for until in ["9999-12-31", "366d", "soon", "2020-01-01"] {
        allow(&repo, &["--until", until]).ends_with_code(2);
    }
    allow(&repo, &["--dry-run"]).accepted().reads("would be let through");
    assert!(!repo.top().join(FILE).exists());
}

#[test]
fn the_longest_end_is_configured_and_an_organisation_locks_it() {
    let repo = staged(3);
    repo.write(".leakcoach.toml", "[exceptions]\ndefault = '7d'\nmax = '200d'\n");
    allow(&repo, &[]).accepted().reads(&day(7));
    allow(&repo, &["--until", "100d"]).accepted().reads(&day(100));

    repo.write("org.toml", "lock = ['exceptions']\n[exceptions]\nmax = '60d'\n");
    let own = repo.top().join("org.toml").display().to_string();
    let locked = [("LEAKCOACH_ORG_CONFIG", own.as_str())];
    let check = |args: &[&str]| repo.leakcoach_with(&locked, args);
    // What was made for longer does not count any more.
    check(&["check"]).refused().reads("its exception does not count: it ends on");
    check(&["allow", "github-pat", "--reason", WHY, "--until", "61d"]).ends_with_code(2);
    check(&["config", "--check"]).refused().reads("locks `exceptions.max`");
    repo.write(".leakcoach.toml", "[exceptions]\ndefault = '40d'\nmax = '30d'\n");
    repo.leakcoach(&["check"]).ends_with_code(2).reads(":2: `exceptions.default` is beyond");
}

#[test]
fn it_survives_a_move_and_arms_again_when_the_value_changes() {
    let repo = staged(4);
    allow(&repo, &[]).accepted();
    repo.git(&["mv", "app.py", "moved.py"]).accepted();
    repo.leakcoach(&["check"]).accepted();

    add(&repo, "moved.py", 5);
    repo.leakcoach(&["check"]).refused();
    repo.leakcoach(&["exceptions", "--check"]).refused().reads("dead github-pat");
    repo.leakcoach(&["exceptions", "--prune"]).accepted().reads("1 exception taken out");
    assert!(!text(&repo).contains("github-pat"));
}

#[test]
fn its_end_is_told_two_weeks_ahead_and_after_it_nothing_passes() {
    let repo = staged(6);
    allow(&repo, &["--until", "15d"]).accepted();
    assert!(!repo.leakcoach(&["check"]).accepted().text().contains("ends on"));
    forge(&repo, &day(15), &day(14));
    let line = format!("app.py:1: its exception ends on {}", day(14));
    repo.leakcoach(&["check"]).accepted().reads(&line);
    repo.leakcoach(&["exceptions"]).accepted().reads("expiring github-pat");

    forge(&repo, &format!("until {} since {}", day(14), day(0)), &format!("until {}", day(-1)));
    repo.leakcoach(&["check"]).refused().reads(&format!("its exception ended on {}", day(-1)));
    repo.leakcoach(&["exceptions"]).accepted().reads("expired github-pat ended");
    let json = repo.leakcoach(&["exceptions", "--check", "--format", "json"]);
    json.refused().says("\"state\": \"expired\"");
    // Deciding again puts it in the old one's place.
    allow(&repo, &[]).accepted();
    assert_eq!(text(&repo).matches("github-pat").count(), 1);
}

#[test]
fn a_hostile_file_is_named_and_lets_nothing_through() {
    let repo = staged(7);
    allow(&repo, &[]).accepted();
    let good = text(&repo);
    let line = good.lines().find(|line| line.contains("github-pat")).unwrap().to_owned();
    for (forged, says) in [
        (good.replace(&day(30), "9999-12-31"), "beyond `exceptions.max`"),
        (good.replace(&format!(" until {}", day(30)), ""), "it has no end"),
        (good.replace(" by ", " approved-by bob by "), "it has a word that is not known"),
        (good.replace(" until ", " until 2026-12-01 until "), "it says the same thing twice"),
        (good.replace("fixture", "fix\u{1b}[2Jture"), "it holds a control character"),
        (good.replace("github-pat", "github-pat\t../../x"), "it holds a control character"),
        (format!("{good}{}\n", line.replace(&day(30), &day(60))), "says otherwise of the same"),
        (good.replace("fixture", &"fixture ".repeat(600)), "it is too long"),
        (good.replace(" because", ""), "it gives no reason"),
        (format!("{good}#{}", "x".repeat(5 << 20)), "it is too large"),
    ] {
        repo.write(FILE, &forged);
        let told = repo.leakcoach(&["check"]);
        told.refused().reads(says);
        assert!(!told.text().contains('\u{1b}'), "{says}");
    }
    repo.write(FILE, &good.replace("fixture", "fix\u{1b}[2Jture"));
    allow(&repo, &[]).ends_with_code(2).reads("exceptions:4: it holds a control character");
}

#[test]
fn what_is_no_plain_file_of_this_folder_is_not_read() {
    let repo = staged(8);
    allow(&repo, &[]).accepted();
    let (file, folder) = (repo.top().join(FILE), repo.top().join(".leakcoach"));
    fs::rename(&file, repo.home().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(repo.home().join("elsewhere"), &file).unwrap();
    repo.leakcoach(&["check"]).refused().reads("it is behind a symbolic link");
    fs::remove_file(&file).unwrap();
    repo.typed(&["mkfifo", FILE], "").accepted();
    repo.leakcoach(&["check"]).refused().reads("it is no file");
    fs::remove_file(&file).unwrap();
    fs::rename(&folder, repo.home().join("folder")).unwrap();
    std::os::unix::fs::symlink(repo.home().join("folder"), &folder).unwrap();
    allow(&repo, &[]).ends_with_code(2).reads("it is behind a symbolic link");
    assert!(!repo.home().join("folder/exceptions").exists());
}

#[test]
fn an_agent_lets_nothing_through_unless_policy_says_so() {
    let repo = staged(9);
    let allow = |variables: &[(&str, &str)]| {
        repo.leakcoach_with(variables, &["allow", "github-pat", "--reason", WHY])
    };
    allow(&[("CLAUDECODE", "1")]).refused().reads("an agent may not let findings through");
    allow(&[("CI", "true")]).refused().reads("a pipeline may not");
    assert!(!repo.top().join(FILE).exists());
    repo.write(".leakcoach.toml", "[exceptions]\nwho = ['person', 'agent']\n");
    allow(&[("CLAUDECODE", "1")]).accepted();
    repo.write(".leakcoach.toml", "[exceptions]\nwho = ['robot']\n");
    allow(&[]).ends_with_code(2).reads(".leakcoach.toml:2: `exceptions.who` lists");
}

#[test]
fn how_long_a_pushed_credential_has_been_open_is_told_in_days() {
    let repo = Repo::plain();
    repo.git(&["init", "-q", "--bare", "../there"]).accepted();
    repo.git(&["remote", "add", "origin", "../there"]).accepted();
    add(&repo, "app.py", 10);
    let before = format!("{}T00:00:00Z", day(-43));
    let dated = [("GIT_COMMITTER_DATE", before.as_str()), ("GIT_AUTHOR_DATE", before.as_str())];
    repo.git_with(&dated, &["commit", "-q", "-m", "one"]).accepted();
    repo.git(&["push", "-q", "origin", "main"]).accepted();

    allow(&repo, &["--dry-run"])
        .accepted()
        .reads("valid until revoked: 43 days so far, for all who read the remote")
        .reads("leakcoach remediate");
}

#[test]
fn on_a_terminal_the_reason_is_asked_for() {
    let repo = staged(11);
    let command = format!("{BINARY} allow github-pat");
    let typed = |answer: &str| repo.typed(&["script", "-qec", &command, "/dev/null"], answer);

    typed("\n").ends_with_code(2).reads("say why it may stay");
    typed("asdf asdf asdf\n").ends_with_code(2).reads("these words say nothing of why");
    typed(&format!("{WHY}\n")).accepted().reads("let through until");
}

#[test]
fn what_is_allowed_is_recorded() {
    let repo = staged(12);
    let on = [("LEAKCOACH_RECORD", "on")];
    repo.leakcoach_with(&on, &["allow", "github-pat", "--reason", WHY]).accepted();
    let shown = ["audit", "show", "--because", "a look at it"];
    repo.leakcoach_with(&on, &shown).accepted().reads("allowed").reads("github-pat");
}
