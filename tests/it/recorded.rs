//! What commits leave in the record, and what cards make of it.

use crate::harness::{Attempt, Repo};
use leakcoach::catalogue::sample::expand;
use leakcoach::record::{Deed, Event, Place, Record, What};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn token(seed: u64) -> String {
    expand("ghp_{base62:30}{crc32-base62}", seed).unwrap()
}

const ON: [(&str, &str); 1] = [("LEAKCOACH_RECORD", "on")];

fn commit(repo: &Repo, message: &str) -> Attempt {
    repo.git(&["add", "-A"]).accepted();
    repo.git_with(&ON, &["commit", "-q", "-m", message])
}

fn audit(repo: &Repo, args: &[&str]) -> Attempt {
    repo.leakcoach_with(&ON, &[&["audit"], args].concat())
}

/// A repository in which a commit with a token was refused.
fn refused_once(seed: u64) -> Repo {
    let repo = Repo::with_hook();
    let token = repo.plant(token(seed));
    repo.write("a.py", &format!("t = '{token}'\n"));
    commit(&repo, "no").refused().says("  signal ");
    repo
}

#[test]
fn a_clean_commit_leaves_nothing_and_opens_nothing() {
    let repo = Repo::with_hook();

    repo.write("a.py", "a = 1\n");
    commit(&repo, "first").accepted().silent();

    assert!(!repo.home().join(".local").exists());
    audit(&repo, &["show"]).accepted().says("nothing is recorded in ");
}

#[test]
fn a_refusal_and_its_end_are_recorded_without_the_credential() {
    let repo = refused_once(1);

    repo.write("a.py", "t = os.environ['T']\n");
    commit(&repo, "yes").accepted().silent();

    let shown = audit(&repo, &["show", "--because", "a look"]);
    shown.accepted().says("shown").says("verdict block").says("fixed");
    audit(&repo, &["show"]).accepted().says("how show").says("why a look");
    audit(&repo, &["verify"]).accepted().says("the record holds: 4 events").says("record.key");
}

#[test]
fn a_clean_commit_after_the_mended_one_is_not_recorded_again() {
    let repo = refused_once(2);
    repo.write("a.py", "t = 1\n");
    commit(&repo, "mended").accepted();
    repo.write("a.py", "t = 2\n");
    commit(&repo, "next").accepted();

    audit(&repo, &["verify"]).accepted().says("holds: 2 events");
}

#[test]
fn whoever_meets_the_same_rule_again_within_a_day_reads_two_lines() {
    let repo = refused_once(3);

    let again = commit(&repo, "again");

    again.refused().says("refused: ").says("a.py:1").says("leakcoach explain github-pat");
    assert!(!again.text().contains("  signal "), "{}", again.text());
    let machine = repo.git_with(&[ON[0], ("CI", "true")], &["commit", "-q", "-m", "ci"]);
    machine.refused().says("  signal ");
    let agent = repo.git_with(&[ON[0], ("CLAUDECODE", "1")], &["commit", "-q", "-m", "agent"]);
    agent.refused().says("  signal ");
    repo.commit("recording is off").refused().says("  signal ");
}

#[test]
fn a_commit_past_the_guard_is_not_taken_for_a_mended_one() {
    let repo = refused_once(4);
    repo.git_with(&ON, &["commit", "-q", "--no-verify", "-m", "past it"]).accepted();
    repo.write("b.py", "b = 1\n");
    commit(&repo, "next").accepted();

    let shown = audit(&repo, &["show"]);
    shown.accepted().says("deed afterwards");
    assert!(!shown.text().contains("fixed"), "{}", shown.text());
}

#[test]
fn what_is_forgotten_is_not_shown_any_more_and_the_record_holds() {
    let repo = refused_once(5);
    let shown = audit(&repo, &["show", "--format", "json"]).text();
    let event: serde_json::Value = serde_json::from_str(shown.lines().next().unwrap()).unwrap();
    let id = event["finding"].as_str().unwrap().to_owned();

    audit(&repo, &["forget", "--finding", &id, "--because", "asked to"])
        .accepted()
        .says("1 event forgotten");

    audit(&repo, &["show", "--finding", &id]).accepted().silent();
    audit(&repo, &["verify"]).accepted().says(", 1 of them forgotten");
    audit(&repo, &["forget"]).ends_with_code(2);
}

#[test]
fn a_reason_that_holds_a_credential_is_kept_without_it() {
    let repo = refused_once(6);
    let pasted = repo.plant(token(60));

    audit(&repo, &["show", "--because", &format!("what is {pasted}")]).accepted();
    audit(&repo, &["show"]).accepted().says("why what is ghp_");
}

#[test]
fn an_earlier_head_proves_that_the_record_only_grew() {
    let repo = refused_once(7);
    let text = audit(&repo, &["verify"]).text();
    let head = text.lines().find_map(|line| line.strip_prefix("head: ")).unwrap().to_owned();
    commit(&repo, "again").refused();

    audit(&repo, &["verify", "--from", &head]).accepted();
    let other = head.replace("1:", "2:");
    audit(&repo, &["verify", "--from", &other]).refused().says("does not go on from");
}

#[test]
fn a_record_that_cannot_be_used_is_named_and_commits_go_on() {
    let repo = refused_once(8);
    let state = repo.home().join(".local/state/leakcoach");
    std::fs::write(state.join("record.db"), "no database".repeat(500)).unwrap();

    commit(&repo, "no").refused().says("not recorded: the record").says("  signal ");
    audit(&repo, &["verify"]).ends_with_code(3).says("cannot be read");
    repo.write("a.py", "a = 1\n");
    commit(&repo, "clean").accepted();
    std::fs::remove_file(state.join("record.key")).unwrap();
    repo.write("b.py", &format!("t = '{}'\n", repo.plant(token(80))));
    commit(&repo, "no").refused().says("not recorded: the key of the record is gone");
}

#[test]
fn switched_off_it_records_nothing_and_says_so() {
    let repo = Repo::with_hook();
    let token = repo.plant(token(9));
    repo.write(".leakcoach.toml", "[record]\nenabled = false\n");
    repo.write("a.py", &format!("t = '{token}'\n"));
    repo.git(&["add", "-A"]).accepted();
    let prepared = [("LEAKCOACH_RECORD", "")];

    repo.git_with(&prepared, &["commit", "-q", "-m", "no"]).refused();

    assert!(!repo.home().join(".local").exists());
    let told = repo.leakcoach_with(&prepared, &["audit", "show"]);
    told.accepted().says("recording is off: .leakcoach.toml:2");
    repo.leakcoach(&["audit", "show"]).accepted().says("recording is off: LEAKCOACH_RECORD");
}

/// Events of one kind, oldest first.
fn events(repo: &Repo, kind: &str) -> Vec<serde_json::Value> {
    let text = audit(repo, &["show", "--format", "json"]).text();
    let lines = text.lines().filter_map(|line| serde_json::from_str(line).ok());
    lines.filter(|event: &serde_json::Value| event["kind"] == kind).collect()
}

#[test]
fn a_case_lives_in_the_record_and_tells_how_long_it_took() {
    let repo = refused_once(11);
    let on = |args: &[&str]| repo.leakcoach_with(&ON, args);

    on(&["remediate", "github-pat"]).refused().says("staged: found ").says("[ ] mended");
    repo.write("a.py", "a = 1\n");
    repo.git(&["add", "-A"]).accepted();
    on(&["remediate", "--close"]).accepted();

    assert!(!repo.top().join(".git/leakcoach/cases").exists());
    on(&["remediate", "--status", "--all"]).accepted().says("closed");
    let changes: Vec<String> = events(&repo, "case")
        .iter()
        .map(|event| event["change"]["what"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(changes, ["found", "done", "closed"]);
}

#[test]
fn a_case_that_was_begun_without_the_record_goes_on_in_it() {
    let repo = refused_once(12);

    repo.leakcoach(&["remediate", "github-pat"]).refused();
    assert!(repo.top().join(".git/leakcoach/cases").exists());
    repo.write("a.py", "a = 1\n");
    repo.git(&["add", "-A"]).accepted();

    repo.leakcoach_with(&ON, &["remediate", "--close"]).accepted().says("closed");
}

/// Puts into the record what happened some days ago.
fn happened(repo: &Repo, days: i64, what: What) {
    let folder = repo.home().join(".local/state/leakcoach");
    let place = Place { folder, keyring: None, anchor: None, patience: Duration::from_secs(5) };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let at = i64::try_from(now).unwrap() - days * 24 * 3600;
    let event = Event { at, actor: "person".to_owned(), by: None, repository: None, what };
    Record::open(place).unwrap().append(&[event]).unwrap();
}

fn shown(finding: &str) -> What {
    What::Shown {
        deed: Deed::Commit,
        rule: "github-pat".to_owned(),
        finding: Some(finding.to_owned()),
        role: "source".to_owned(),
        exposure: "staged".to_owned(),
        severity: "critical".to_owned(),
        confidence: "certain".to_owned(),
        verdict: "block".to_owned(),
        brief: false,
    }
}

#[test]
fn the_third_credential_of_a_kind_earns_a_lesson_and_sooner_where_more_is_at_stake() {
    let repo = Repo::with_hook();
    happened(&repo, 9, shown("aaaa"));
    repo.write("a.py", &format!("t = '{}'\n", repo.plant(token(13))));
    let second = commit(&repo, "second");
    second.refused().says("you met this 9 days ago");
    assert!(!second.text().contains("leakcoach learn"), "{}", second.text());

    let repo = Repo::with_hook();
    happened(&repo, 9, shown("aaaa"));
    repo.write("a.py", &format!("t = '{}'\n", repo.plant(token(13))));
    repo.git(&["add", "-A"]).accepted();
    let sre = [ON[0], ("LEAKCOACH_ROLE", "sre")];
    let told = repo.git_with(&sre, &["commit", "-q", "-m", "second"]);
    told.refused().says("github-pat for the 2nd time, and your role opens more than most");

    let repo = Repo::with_hook();
    happened(&repo, 9, shown("aaaa"));
    happened(&repo, 8, shown("bbbb"));
    repo.write("a.py", &format!("t = '{}'\n", repo.plant(token(13))));
    let told = commit(&repo, "third");
    told.refused().says("github-pat for the 3rd time").says("leakcoach learn --rule github-pat");
    repo.leakcoach_with(&ON, &["learn"]).accepted().says("github-pat");
}

#[test]
fn a_cue_that_is_let_through_again_and_again_is_said_to_be_the_process() {
    let repo = Repo::with_hook();
    repo.write(".leakcoach.toml", "[[coaching]]\nservice = \"GitHub\"\ncontact = \"#code\"\n");
    for days in 2..10 {
        let (rule, finding) = ("github-pat".to_owned(), Some(format!("{days}")));
        let reason = "release".to_owned();
        happened(&repo, days, shown(&format!("{days}")));
        happened(&repo, days, What::Overridden { deed: Deed::Commit, rule, finding, reason });
    }
    repo.write("a.py", &format!("t = '{}'\n", repo.plant(token(14))));

    let told = commit(&repo, "again");

    told.refused()
        .says("let through 8 times: the way of working may be at fault")
        .says("talk to #code");
}

#[test]
fn drills_and_lessons_are_kept() {
    let repo = Repo::with_hook();

    repo.leakcoach_with(&ON, &["drill", "--seed", "3", "--mark", "1,2"]).accepted();
    repo.leakcoach_with(&ON, &["learn", "--rule", "github-pat", "--no-question"]).accepted();

    let drill = events(&repo, "drill");
    let found = drill[0]["found"].as_array().unwrap().len();
    assert!(found + drill[0]["missed"].as_array().unwrap().len() > 0, "{drill:?}");
    assert_eq!(events(&repo, "lesson")[0]["lesson"], "github-pat");
}

#[test]
fn no_file_that_is_left_holds_the_credential() {
    let repo = Repo::with_hook();
    let secret = token(10);
    repo.write("a.py", &format!("t = '{secret}'\n"));
    commit(&repo, "no").refused();
    commit(&repo, "again").refused();

    let mut folders = vec![repo.home()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            files += 1;
            let bytes = std::fs::read(entry.path()).unwrap();
            let holds = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!holds, "{}", entry.path().display());
        }
    }
    assert!(files >= 2);
}
