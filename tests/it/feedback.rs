//! What `report`, `review` and `wrong` make of a record.

use crate::harness::{Attempt, Repo};
use leakcoach::catalogue::sample::expand;
use leakcoach::record::{Deed, Event, Place, Record, What};
use serde_json::Value;
use std::time::Duration;

const ON: [(&str, &str); 1] = [("LEAKCOACH_RECORD", "on")];

/// Words that would be markup or move the cursor, where any may be.
const HOSTILE: &str =
    "<script>alert(1)</script> [x](javascript:y) | `z` \u{1b}[31mred\u{202e} & \"q\"";

fn leakcoach(repo: &Repo, args: &[&str]) -> Attempt {
    repo.leakcoach_with(&ON, args)
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.unwrap().as_secs()).unwrap()
}

/// Puts events into the person's record, so many seconds before now.
fn recorded(repo: &Repo, events: Vec<(i64, What)>) {
    let folder = repo.home().join(".local/state/leakcoach");
    let place = Place { folder, keyring: None, anchor: None, patience: Duration::from_secs(5) };
    let events: Vec<Event> = events
        .into_iter()
        .map(|(ago, what)| Event {
            at: now() - ago,
            actor: "person".to_owned(),
            by: None,
            repository: Some("0011223344556677".to_owned()),
            what,
        })
        .collect();
    std::fs::create_dir_all(repo.home().join(".local/state")).unwrap();
    Record::open(place).unwrap().append(&events).unwrap();
}

fn shown(rule: &str, finding: &str, file: &str) -> What {
    What::Shown {
        deed: Deed::Commit,
        rule: rule.to_owned(),
        finding: Some(finding.to_owned()),
        role: file.to_owned(),
        exposure: "staged".to_owned(),
        severity: "medium".to_owned(),
        confidence: "possible".to_owned(),
        verdict: "block".to_owned(),
        brief: false,
    }
}

fn fixed(rule: &str, finding: &str, after: i64) -> What {
    let (rule, finding) = (rule.to_owned(), Some(finding.to_owned()));
    What::Fixed { deed: Deed::Commit, rule, finding, after }
}

fn overridden(rule: &str, finding: &str, reason: &str) -> What {
    let (rule, finding) = (rule.to_owned(), Some(finding.to_owned()));
    What::Overridden { deed: Deed::Commit, rule, finding, reason: reason.to_owned() }
}

fn wrong(rule: &str, finding: &str) -> What {
    let (rule, finding) = (rule.to_owned(), Some(finding.to_owned()));
    What::Wrong { rule, finding, because: "hash of a fixture".to_owned() }
}

/// A story in which one rule is fixed and another one is noise in tests.
fn story(repo: &Repo) {
    const DAY: i64 = 24 * 3600;
    let mut events = vec![
        (200 * DAY, shown("github-pat", "old", "source")),
        (20 * DAY, shown("github-pat", "a", "source")),
        (20 * DAY - 90, fixed("github-pat", "a", 90)),
        (10 * DAY, shown("github-pat", "b", "config")),
        (10 * DAY - 60, overridden("github-pat", "b", HOSTILE)),
        (
            9 * DAY,
            What::Drill {
                found: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
                missed: vec!["npm-token".to_owned()],
                false_alarms: 1,
            },
        ),
        (
            9 * DAY,
            What::Verified {
                rule: "github-pat".to_owned(),
                finding: Some("b".to_owned()),
                answer: "dead".to_owned(),
            },
        ),
    ];
    for n in 0..6 {
        let name = format!("n{n}");
        events.push(((8 - n) * DAY, shown("generic-token", &name, "test")));
        events.push(((8 - n) * DAY - 5, wrong("generic-token", &name)));
    }
    events.sort_by_key(|(ago, _)| std::cmp::Reverse(*ago));
    recorded(repo, events);
}

fn json(attempt: &Attempt) -> Value {
    serde_json::from_str(&attempt.text()).unwrap()
}

#[test]
fn a_known_story_gives_exactly_its_figures() {
    let repo = Repo::plain();
    story(&repo);

    let told = leakcoach(&repo, &["report", "--since", "90d", "--format", "json"]);

    let told = json(told.accepted());
    let rules: Vec<_> = told["rules"].as_array().unwrap().iter().collect();
    let figures = |rule: &Value| {
        ["findings", "fixed_at_once", "fixed", "let_through", "repeated", "wrong"]
            .map(|key| rule[key].as_u64().unwrap())
    };
    assert_eq!(rules.len(), 2);
    assert_eq!(
        (&rules[0]["rule"], figures(rules[0])),
        (&"generic-token".into(), [6, 0, 0, 0, 5, 6])
    );
    assert_eq!((&rules[1]["rule"], figures(rules[1])), (&"github-pat".into(), [2, 1, 1, 1, 1, 0]));
    assert_eq!(told["events"], 18);
    assert_eq!(told["clean_after"]["median"], 90);
    assert_eq!((&told["drills"]["score"], &told["drills"]["of"]), (&4.into(), &5.into()));
    assert_eq!(told["proposals"][0]["rule"], "generic-token");
}

#[test]
fn reading_is_recorded_with_why_and_where_to() {
    let repo = Repo::plain();
    story(&repo);
    let file = repo.home().join("report.html");

    let args = ["report", "--format", "html", "--output", file.to_str().unwrap()];
    leakcoach(&repo, &[&args[..], &["--because", "the quarterly look"]].concat()).accepted();

    let shown = leakcoach(&repo, &["audit", "show"]);
    shown.accepted().says("how copy").says("why the quarterly look").says("report.html");
    leakcoach(&repo, &["audit", "verify"]).accepted().says("the record holds");
}

#[test]
fn hostile_reasons_are_words_in_every_format() {
    let repo = Repo::plain();
    story(&repo);
    let of = |format: &str| leakcoach(&repo, &["report", "--format", format]).accepted().text();

    let (text, markdown, html) = (of("text"), of("markdown"), of("html"));

    for told in [&text, &markdown, &html] {
        assert!(!told.contains(['\u{1b}', '\u{202e}']), "{told}");
        assert!(told.contains("alert(1)"), "{told}");
    }
    assert!(!html.contains("<script"), "{html}");
    assert!(html.contains("&lt;script&gt;alert(1)"));
    assert!(!markdown.contains("<script") && !markdown.contains("[x](javascript"), "{markdown}");
    let row = markdown.lines().find(|line| line.contains("alert")).unwrap();
    assert_eq!(row.replace("\\|", "").matches('|').count(), 4, "{row}");
    // On a page nothing runs and nothing is loaded.
    assert!(html.contains("default-src 'none'; style-src 'sha256-"));
    for loader in ["src=", "<link", "@import", "url(", "style="] {
        assert!(!html.contains(loader), "{loader}");
    }
}

#[test]
fn each_chart_says_the_same_in_a_table() {
    let repo = Repo::plain();
    story(&repo);

    let html = leakcoach(&repo, &["report", "--format", "html"]).accepted().text();

    let figures: Vec<&str> = html.split("<figure").skip(1).collect();
    assert!(figures.len() >= 3, "{}", figures.len());
    for figure in figures {
        assert!(figure.contains("<figcaption id=\"chart-") && figure.contains("<svg "), "{figure}");
        assert!(figure.contains("<summary>As a table</summary>"), "{figure}");
    }
}

#[test]
fn a_proposal_is_shown_and_written_on_consent_alone() {
    let repo = Repo::plain();
    story(&repo);
    let file = repo.top().join(".leakcoach.toml");
    let old = "# ours\npreset = \"strict\"\n\n# CI is read by all\n[[policy]]\nfile-role = \"ci\"\nverdict = \"block\"\n";
    repo.write(".leakcoach.toml", old);

    let shown = leakcoach(&repo, &["report", "--apply", "1"]);
    shown.accepted().says("+ rule = \"generic-token\"").says("nothing was written");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), old);
    leakcoach(&repo, &["report", "--apply", "1", "--yes"]).accepted();

    let new = std::fs::read_to_string(&file).unwrap();
    let line =
        "[[policy]]\nrule = \"generic-token\"\nfile-role = \"test\"\nverdict = \"guide\"\n\n";
    assert_eq!(new, old.replace("# CI is", &format!("{line}# CI is")));
    leakcoach(&repo, &["config", "--check"]).accepted();
    leakcoach(&repo, &["report", "--apply", "7"]).ends_with_code(2).says("the last one is 1");
}

#[test]
fn what_an_organisation_locks_stays_and_is_said_to() {
    let repo = Repo::plain();
    story(&repo);
    let organisation = repo.home().join("org.toml");
    std::fs::write(&organisation, "lock = [\"policy\"]\n[[policy]]\nverdict = \"block\"\n")
        .unwrap();
    let locked = [ON[0], ("LEAKCOACH_ORG_CONFIG", organisation.to_str().unwrap())];

    let done = repo.leakcoach_with(&locked, &["report", "--apply", "1", "--yes"]);

    assert!(done.code() == 0 || done.code() == 1, "{}", done.text());
    done.says(".leakcoach.toml is written");
}

#[test]
fn a_framework_groups_events_by_control() {
    let repo = Repo::plain();
    story(&repo);

    let told =
        json(leakcoach(&repo, &["report", "--framework", "csf", "--format", "json"]).accepted());

    let events = |id: &str| {
        let controls = told["controls"].as_array().unwrap();
        controls.iter().find(|control| control["id"] == id).unwrap()["events"].as_u64().unwrap()
    };
    assert_eq!((events("RS.MA-02"), events("RS.AN-03")), (6, 1));
    leakcoach(&repo, &["report", "--framework", "csf"]).accepted().says("PR.AT-01");
    leakcoach(&repo, &["report", "--framework", "iso"]).ends_with_code(2).says("iso27001");
}

#[test]
fn what_is_to_be_looked_at_again_is_assigned_and_closed_with_a_note() {
    let repo = Repo::plain();
    story(&repo);
    let items = |args: &[&str]| {
        json(leakcoach(&repo, &[&["review", "--format", "json"], args].concat()).accepted())
    };
    let all = items(&[]);
    let item = all.as_array().unwrap().iter().find(|item| item["about"] == "false-alarm").unwrap();
    let id = item["id"].as_str().unwrap();

    leakcoach(&repo, &["review", "--assign", id, "--to", "ann"]).accepted().says("goes to ann");
    leakcoach(&repo, &["review"]).accepted().says("with ann").says("generic-token");
    leakcoach(&repo, &["review", "--close", id, "--note", "ok"]).ends_with_code(2).says("say why");
    let note = "fixtures have a line of policy now";
    leakcoach(&repo, &["review", "--close", id, "--note", note]).accepted().says("is closed");

    assert!(!items(&[]).to_string().contains(id));
    assert!(items(&["--all"]).to_string().contains(note));
    leakcoach(&repo, &["review", "--close", id, "--note", note]).ends_with_code(2);
}

#[test]
fn a_false_alarm_is_recorded_with_its_reason_and_silences_nothing() {
    let repo = Repo::plain();
    let token = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 5).unwrap());
    repo.write("tests/a.py", &format!("t = '{token}'\n"));
    repo.git(&["add", "-A"]).accepted();
    let say = |because: &str| leakcoach(&repo, &["wrong", "tests/a.py:1", "--because", because]);

    say("false positive").ends_with_code(2).says("what is it, and how is that known");
    say(&format!("it is {token} from the docs")).ends_with_code(2).says("has a credential in it");
    let told = say("made up by our own fixture generator");

    told.accepted().says("recorded: github-pat").says("the narrowest first").says("tests/a.py:1");
    told.says("leakcoach:allow github-pat because made up").says("A check proves the form");
    leakcoach(&repo, &["check"]).refused();
    let shown = leakcoach(&repo, &["audit", "show"]);
    shown.says("wrong").says("because made up by our own fixture generator");
    leakcoach(&repo, &["report"]).accepted().says("said to be wrong");
}

#[test]
fn a_verdict_that_could_not_be_kept_is_refused() {
    let repo = Repo::plain();
    let args = ["wrong", "github-pat", "--because", "made up by our own generator"];

    repo.leakcoach(&args).ends_with_code(2).says("recording is off");
}

#[test]
fn where_nothing_is_recorded_that_is_said() {
    let repo = Repo::plain();

    for command in ["report", "review"] {
        leakcoach(&repo, &[command]).accepted().says("nothing is recorded in ");
    }
    assert!(!repo.home().join(".local").exists());
}

#[test]
fn a_drill_and_a_lesson_are_told_of() {
    let repo = Repo::plain();
    leakcoach(&repo, &["drill", "--seed", "7", "--mark", "none"]).accepted();
    leakcoach(&repo, &["learn", "exposure", "--no-question"]).accepted();

    let told = json(leakcoach(&repo, &["report", "--format", "json"]).accepted());

    assert_eq!((&told["drills"]["runs"], &told["lessons"]), (&1.into(), &1.into()));
    assert_eq!(told["drills"]["score"], 0);
}
