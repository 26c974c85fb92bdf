//! Who reads the record: what is noted of it, and what is handed out to whom.

use crate::harness::{Attempt, Repo};
use leakcoach::catalogue::sample::expand;
use leakcoach::record::{Event, Place, Record, What};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

const ON: [(&str, &str); 1] = [("LEAKCOACH_RECORD", "on")];

fn token(seed: u64) -> String {
    expand("ghp_{base62:30}{crc32-base62}", seed).unwrap()
}

fn audit(repo: &Repo, args: &[&str]) -> Attempt {
    repo.leakcoach_with(&ON, &[&["audit"], args].concat())
}

/// A commit of this person with a token, which is refused.
fn refused(repo: &Repo, mail: &str, seed: u64) {
    let token = repo.plant(token(seed));
    repo.write("config/app.py", &format!("t = '{token}'\n"));
    repo.git(&["config", "user.email", mail]).accepted();
    repo.git(&["add", "-A"]).accepted();
    repo.git_with(&ON, &["commit", "-q", "-m", "no"]).refused();
}

/// A repository whose record knows of a refusal each of Ben and Eva.
fn shared() -> Repo {
    let repo = Repo::with_hook();
    refused(&repo, "ben@localhost", 100);
    refused(&repo, "eva@localhost", 101);
    repo
}

/// Somebody who reads what others hand out.
struct Reader {
    repo: Repo,
    key: String,
}

impl Reader {
    fn new() -> Self {
        let repo = Repo::plain();
        let made = repo.leakcoach(&["audit", "key", "key.txt"]);
        made.accepted();
        let key = made.text().lines().find(|line| line.starts_with("age1")).unwrap().to_owned();
        Self { repo, key }
    }

    fn open(&self, files: &[&PathBuf]) -> Attempt {
        self.open_with(&ON, files)
    }

    fn open_with(&self, variables: &[(&str, &str)], files: &[&PathBuf]) -> Attempt {
        let files = files.iter().map(|file| file.to_str().unwrap());
        let args = ["audit", "open", "--identity", "key.txt", "--why", "the weekly look"];
        let args: Vec<&str> = args.into_iter().chain(files).collect();
        self.repo.leakcoach_with(variables, &args)
    }

    fn place(&self) -> Place {
        Place {
            folder: self.repo.home().join(".local/state/leakcoach"),
            keyring: None,
            anchor: Some(self.repo.home().join(".local/share/leakcoach/record.head")),
            patience: Duration::from_secs(5),
        }
    }
}

/// Writes the user's own configuration with one recipient.
fn configured(repo: &Repo, reader: &Reader, rest: &str) {
    let folder = repo.home().join(".config/leakcoach");
    fs::create_dir_all(&folder).unwrap();
    let text = format!("[[recipients]]\nname = 'Ana'\nkey = '{}'\n{rest}\n", reader.key);
    fs::write(folder.join("config.toml"), text).unwrap();
}

/// An export for Ana.
fn exported(repo: &Repo, name: &str, more: &[&str]) -> PathBuf {
    let path = repo.top().parent().unwrap().join(name);
    let args = ["export", "--to", "Ana", "--why", "the weekly look", "--out"];
    let args = [&args[..], &[path.to_str().unwrap()], more].concat();
    audit(repo, &args).accepted().says("exported: ");
    path
}

#[test]
fn an_export_opens_for_its_recipient_and_both_records_know_of_it() {
    let (repo, ana) = (shared(), Reader::new());
    configured(&repo, &ana, "role = 'auditor'");
    let file = exported(&repo, "ana.export", &["--class", "restricted", "--until", "7d"]);

    let opened = ana.open(&[&file]);

    opened.accepted().says("shown").says("by ben@localhost").says("by eva@localhost");
    // The class, the end and for whom: of all, and on each line.
    opened.says("== restricted, for Ana until ").says("made by eva@localhost, as they say: the");
    let text = opened.text();
    assert!(
        text.lines().filter(|line| line.contains("  shown  ")).all(|l| l.ends_with("[for Ana]"))
    );
    let plain = fs::read_to_string(&file).unwrap();
    assert!(plain.contains("\nclass:   restricted\nfor:     Ana (age1"), "{plain}");
    assert!(!plain.contains("github-pat") && !plain.contains("localhost"), "{plain}");
    audit(&ana.repo, &["show"])
        .says("how import")
        .says("why the weekly look")
        .says("for Ana until");
    audit(&repo, &["show"])
        .says("how export")
        .says("restricted, for Ana until")
        .says("auditor, case");
    audit(&repo, &["verify"]).accepted();
}

#[test]
fn an_export_is_for_no_other_key_and_not_for_ever_and_tries_are_noted() {
    let (repo, ana, other) = (shared(), Reader::new(), Reader::new());
    configured(&repo, &ana, "role = 'auditor'");
    let file = exported(&repo, "ana.export", &[]);
    let short = exported(&repo, "short.export", &["--until", "1s"]);

    other.open(&[&file]).refused().says("not opened: ").says("it is not for this key");
    audit(&other.repo, &["show"]).says("how import").says("it is not for this key");
    std::thread::sleep(Duration::from_millis(1100));
    let expired = ana.open(&[&file, &short]);
    expired.refused().says("it expired on ");
    assert!(!expired.text().contains("github-pat"), "{}", expired.text());
    let text = fs::read_to_string(&file).unwrap().replace("confidential", "internal");
    fs::write(&file, text).unwrap();
    ana.open(&[&file]).refused().says("its label was changed");
}

#[test]
fn what_cannot_be_noted_is_not_opened() {
    let (repo, ana) = (shared(), Reader::new());
    configured(&repo, &ana, "role = 'auditor'");
    let file = exported(&repo, "ana.export", &[]);
    let nothing = |attempt: Attempt| assert!(!attempt.text().contains("github-pat"));

    let off = ana.open_with(&[("LEAKCOACH_RECORD", "off")], &[&file]);
    off.ends_with_code(2).says("recorded or not done, and recording is off");
    nothing(off);
    let nowhere = ana.open_with(&[ON[0], ("XDG_STATE_HOME", "/proc/nowhere")], &[&file]);
    nowhere.ends_with_code(3).says("cannot create");
    nothing(nowhere);
    ana.open(&[&file]).accepted();
    // A record that is not as it was left takes nothing in.
    fs::remove_file(ana.place().database()).unwrap();
    let gone = ana.open(&[&file]);
    assert_ne!(gone.code(), 0);
    nothing(gone);
    let without = ["open", "--identity", "key.txt", "--why", "a", file.to_str().unwrap()];
    audit(&ana.repo, &without).ends_with_code(2).says("the reason in words");
}

#[test]
fn a_clock_that_was_set_back_opens_nothing_that_has_expired() {
    let (repo, ana) = (shared(), Reader::new());
    configured(&repo, &ana, "role = 'auditor'");
    let file = exported(&repo, "ana.export", &["--until", "20d"]);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let at = i64::try_from(now.as_secs()).unwrap() + 21 * 24 * 3600;
    let what = What::Lesson { lesson: "exposure".to_owned() };
    let later = Event { at, actor: "person".to_owned(), by: None, repository: None, what };
    Record::open(ana.place()).unwrap().append(&[later]).unwrap();

    ana.open(&[&file]).refused().says("the clock was set back").says("it expired on ");
}

#[test]
fn each_role_is_given_the_events_that_are_its_own() {
    let repo = shared();
    let given = |rest: &str| {
        let ana = Reader::new();
        configured(&repo, &ana, rest);
        let path = repo.top().parent().unwrap().join("role.export");
        let _none = fs::remove_file(&path);
        let text = ana.open(&[&exported(&repo, "role.export", &[])]).text();
        let of =
            |mail: &str| text.lines().any(|line| !line.starts_with("==") && line.contains(mail));
        (of("ben@localhost"), of("eva@localhost"))
    };

    assert_eq!(given("role = 'developer'\nof = ['ben@localhost']"), (true, false));
    assert_eq!(given("role = 'reviewer'\nof = ['eva@localhost', 'kim@localhost']"), (false, true));
    assert_eq!(given("role = 'auditor'"), (true, true));
    let ana = Reader::new();
    configured(&repo, &ana, "role = 'reviewer'\nof = ['kim@localhost']");
    let none = audit(&repo, &["export", "--to", "Ana", "--why", "a look", "--out", "none.export"]);
    none.refused().says("there is nothing for Ana");
    assert!(!repo.top().join("none.export").exists());
}

#[test]
fn an_outsider_needs_an_approval_and_is_let_in_for_a_time() {
    let (repo, ana) = (shared(), Reader::new());
    let export = |more: &[&str]| {
        let args = ["export", "--why", "pentest of May", "--out", "out.export", "--to"];
        audit(&repo, &[&args[..], more].concat())
    };

    export(&[&ana.key]).ends_with_code(2).says("say who approved it by --approved-by");
    export(&["Ana"]).ends_with_code(2).says("nobody in `recipients` is called Ana");
    export(&[&ana.key, "--approved-by", "Kim", "--until", "80d"]).accepted();
    audit(&repo, &["show"]).says("approved by Kim");
    let opened = ana.open(&[&repo.top().join("out.export")]);
    // Of a shared record, only the own events; for 30 days, whatever was asked for.
    opened.accepted().says("by eva@localhost").says("confidential, for an outsider until ");
    assert!(!opened.text().contains("by ben@localhost"), "{}", opened.text());
    let plain = fs::read_to_string(repo.top().join("out.export")).unwrap();
    let day = |label: &str| {
        let line = plain.lines().find_map(|line| line.strip_prefix(label)).unwrap();
        line.trim().parse::<jiff::Timestamp>().unwrap().as_second()
    };
    assert_eq!(day("expires: ") - day("made:    "), 30 * 24 * 3600);

    configured(&repo, &ana, "role = 'auditor'\nuntil = '2020-01-01'\napproved-by = 'Kim'");
    let args = ["export", "--why", "again", "--out", "b.export", "--to", "Ana"];
    audit(&repo, &args).ends_with_code(2).says("the time of Ana is over");
}

#[test]
fn a_narrative_tells_nothing_of_the_case() {
    let (repo, ana) = (shared(), Reader::new());
    configured(&repo, &ana, "role = 'auditor'");
    let file = exported(&repo, "cards.export", &["--what", "narrative", "--class", "internal"]);

    let opened = ana.open(&[&file]);

    opened.accepted().says("-- internal, for Ana until ").says("[github-pat]").says("next time");
    let ids = audit(&repo, &["show", "--format", "json"]).text();
    let id = ids.split("\"finding\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let (_, cards) =
        opened.text().split_once("-- internal").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    for told in [id.as_str(), "config", "app.py", "ben@", "eva@"] {
        assert!(!cards.contains(told), "{told} in {cards}");
    }
    // Two refusals, one card.
    assert_eq!(cards.matches("[github-pat]").count(), 1);
}

#[test]
fn exports_of_several_machines_are_read_together_by_time() {
    let (one, two, ana) = (shared(), Repo::with_hook(), Reader::new());
    std::thread::sleep(Duration::from_millis(1100));
    refused(&two, "kim@localhost", 102);
    for repo in [&one, &two] {
        configured(repo, &ana, "role = 'auditor'");
    }
    let files = [exported(&two, "two.export", &[]), exported(&one, "one.export", &[])];
    let again = exported(&one, "again.export", &[]);

    let opened = ana.open(&[&files[0], &files[1], &again]).text();

    let by: Vec<&str> = opened
        .lines()
        .filter(|line| line.contains("  shown  "))
        .map(|line| line.split("by ").nth(1).unwrap().split('@').next().unwrap())
        .collect();
    assert_eq!(by, ["ben", "eva", "kim"]);
    let json = ana.repo.leakcoach_with(
        &ON,
        &[
            "audit",
            "open",
            "-i",
            "key.txt",
            "--why",
            "a report",
            "--format",
            "json",
            files[0].to_str().unwrap(),
        ],
    );
    let line: serde_json::Value =
        serde_json::from_str(json.text().lines().next().unwrap()).unwrap();
    assert_eq!((line["for"].as_str(), line["class"].as_str()), (Some("Ana"), Some("confidential")));
    assert_eq!(line["kind"], "shown");
}

#[test]
fn a_card_is_shown_again_and_that_is_noted() {
    let repo = shared();

    audit(&repo, &["replay", "1", "--why", "to learn"])
        .accepted()
        .says("[github-pat]")
        .says("do now")
        .says("next time");
    audit(&repo, &["show"]).says("how replay").says("why to learn").says("to event 1");
    audit(&repo, &["replay", "77"]).ends_with_code(2).says("no card was shown at 77");
}

#[test]
fn who_reads_is_named_and_what_is_only_said_is_called_so() {
    let repo = shared();
    audit(&repo, &["show"]).accepted();

    let noted = audit(&repo, &["show"]);

    noted.says(", uid ").says("git says eva@localhost, which is not verified");
}

#[test]
fn a_copy_needs_a_reason_and_is_noted() {
    let repo = shared();

    audit(&repo, &["copy", "../copy.db"]).ends_with_code(2);
    audit(&repo, &["copy", "../copy.db", "--why", "before the new laptop"]).accepted();

    audit(&repo, &["show"]).says("how copy").says("why before the new laptop");
    audit(&repo, &["copy", "../copy.db", "--why", "again, please"]).ends_with_code(2);
}

#[test]
fn the_doctor_says_how_the_record_is() {
    let repo = Repo::with_hook();
    repo.leakcoach(&["doctor"]).accepted().says("recording is off: LEAKCOACH_RECORD");
    let doctor = || repo.leakcoach_with(&ON, &["doctor"]);
    doctor().accepted().says("nothing is recorded yet");
    assert!(!repo.home().join(".local").exists());
    refused(&repo, "ben@localhost", 103);
    doctor().accepted().says("good  the record has 1 event, its key in the file");
    let database = repo.home().join(".local/state/leakcoach/record.db");
    fs::remove_file(&database).unwrap();
    doctor().accepted().says("weak  the record of 1 event").says("leakcoach audit verify");
    audit(&repo, &["verify"]).refused().says("wrong: the record of 1 event");
    fs::write(&database, "no database".repeat(400)).unwrap();
    doctor().accepted().says("weak  nothing is recorded: the record");
}

#[test]
fn no_file_of_anybody_holds_the_credential() {
    let (repo, ana) = (shared(), Reader::new());
    let secrets = [token(100), token(101)];
    configured(&repo, &ana, "role = 'auditor'");
    // Let through by a marker, pasted into a reason, forgotten, copied, handed out.
    repo.write(
        "config/app.py",
        &format!("t = '{}'  # leakcoach:allow github-pat because it is dead\n", secrets[0]),
    );
    repo.git(&["add", "-A"]).accepted();
    repo.git_with(&ON, &["commit", "-q", "-m", "let through"]).accepted();
    repo.write("config/other.py", &format!("t = '{}'\n", secrets[1]));
    repo.git(&["add", "-A"]).accepted();
    let let_through = [ON[0], ("LEAKCOACH_REASON", "dead since May, see ticket 812")];
    repo.git_with(&let_through, &["commit", "-q", "-m", "with a reason"]).accepted();
    audit(&repo, &["show", "--why", &format!("what is {}", secrets[1])])
        .accepted()
        .says("overridden");
    let file = exported(&repo, "ana.export", &[]);
    let why = format!("see {}", secrets[1]);
    audit(&repo, &["export", "--to", "Ana", "--why", &why, "--out", "../why.export"]).accepted();
    exported(&repo, "cards.export", &["--what", "narrative"]);
    audit(&repo, &["copy", "../copy.db", "--why", &why]).accepted();
    audit(&repo, &["forget", "--before", "1s", "--why", &why]).accepted();
    let other = repo.top().parent().unwrap().join("why.export");
    ana.open(&[&file, &other]).accepted();

    let tops = [repo.home(), repo.top().parent().unwrap().to_owned(), ana.repo.home()];
    let mut folders: Vec<PathBuf> = tops.to_vec();
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        // What git itself keeps is what the person gave it.
        if folder == repo.top() {
            continue;
        }
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            files += 1;
            let bytes = fs::read(entry.path()).unwrap();
            for secret in &secrets {
                let holds = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!holds, "{}", entry.path().display());
            }
        }
    }
    assert!(files >= 8, "{files}");
}
