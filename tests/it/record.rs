//! The record itself: what survives, and what is found when somebody has been at it.

use leakcoach::record::{
    Deed, Event, Fault, Kept, Order, Place, Record, Removal, Tampering, Told, What,
};
use rusqlite::Connection;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The variable that makes a run of these tests the one who writes.
const WRITES_TO: &str = "LEAKCOACH_TEST_WRITES_TO";

fn place(folder: &Path) -> Place {
    let patience = Duration::from_secs(20);
    Place { folder: folder.join("state"), keyring: None, anchor: None, patience }
}

fn event(at: i64, finding: &str) -> Event {
    Event {
        at,
        actor: "person".to_owned(),
        by: None,
        repository: Some("0011223344556677".to_owned()),
        what: What::Shown {
            deed: Deed::Commit,
            rule: "github-pat".to_owned(),
            finding: Some(finding.to_owned()),
            role: "source".to_owned(),
            exposure: "staged".to_owned(),
            severity: "critical".to_owned(),
            confidence: "proven".to_owned(),
            verdict: "block".to_owned(),
            brief: false,
        },
    }
}

fn forgot(events: Vec<(i64, i64)>) -> Event {
    let (who, why) = ("me".to_owned(), "asked".to_owned());
    let what = What::Forgot { of: Removal::Asked, who, why, events };
    Event { at: 99, actor: "person".to_owned(), by: None, repository: None, what }
}

/// A record of ten events, one in each transaction.
fn ten(folder: &TempDir) -> Record {
    let mut record = Record::open(place(folder.path())).unwrap();
    for at in 1..=10 {
        assert_eq!(record.append(&[event(at, &format!("finding{at}"))]).unwrap(), Kept::Recorded);
    }
    record
}

fn all(record: &Record) -> Vec<(i64, Told)> {
    let mut all = Vec::new();
    let each = record.each(Order::Oldest, |entry| {
        all.push((entry.sequence, entry.told));
        ControlFlow::Continue(())
    });
    each.unwrap();
    all
}

fn tampering(record: &Record) -> Vec<Tampering> {
    record.verify().unwrap().tampering
}

/// What is found after somebody else was at the database.
fn after(change: &str) -> Vec<Tampering> {
    let folder = TempDir::new().unwrap();
    drop(ten(&folder));
    let db = Connection::open(place(folder.path()).database()).unwrap();
    db.execute_batch(change).unwrap();
    drop(db);
    tampering(&Record::open_existing(place(folder.path())).unwrap().unwrap())
}

#[test]
fn what_was_recorded_is_read_again_in_order_and_the_chain_holds() {
    let folder = TempDir::new().unwrap();
    drop(ten(&folder));

    let record = Record::open_existing(place(folder.path())).unwrap().unwrap();

    let read = all(&record);
    assert_eq!(read.len(), 10);
    assert_eq!(read[3], (4, Told::Event(Box::new(event(4, "finding4")))));
    let proof = record.verify().unwrap();
    assert_eq!((proof.events, proof.tampering, proof.clock_set_back), (10, vec![], vec![]));
}

#[test]
fn nobody_else_reads_any_of_its_files_and_none_has_words_in_plain() {
    let folder = TempDir::new().unwrap();
    drop(ten(&folder));

    let state = place(folder.path()).folder;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    for file in std::fs::read_dir(&state).unwrap().flatten() {
        let bytes = std::fs::read(file.path()).unwrap();
        for word in ["github-pat", "finding4", "person", "staged", "0011223344556677"] {
            let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!found, "{word} in {}", file.path().display());
        }
        if file.file_name() != "record.lock" {
            assert_eq!(mode(&file.path()), 0o600, "{}", file.path().display());
        }
    }
}

#[test]
fn a_changed_byte_is_found() {
    assert_eq!(
        after(
            "UPDATE event SET sealed = substr(sealed, 1, 40) || x'00' || substr(sealed, 42) WHERE sequence = 4"
        ),
        [Tampering::Changed(4)]
    );
    assert_eq!(
        after("UPDATE event SET link = zeroblob(32) WHERE sequence = 4"),
        [Tampering::Broken(4), Tampering::Broken(5)]
    );
    assert_eq!(
        after("UPDATE event SET digest = zeroblob(32) WHERE sequence = 4"),
        [Tampering::Changed(4), Tampering::Broken(4)]
    );
    assert_eq!(after("UPDATE head SET mac = zeroblob(32)"), [Tampering::ForgedHead]);
}

#[test]
fn a_removed_event_is_found() {
    assert_eq!(after("DELETE FROM event WHERE sequence IN (4, 5)"), [Tampering::Missing(4, 5)]);
    assert_eq!(after("DELETE FROM event WHERE sequence = 1"), [Tampering::Missing(1, 1)]);
    assert_eq!(after("UPDATE event SET sealed = NULL WHERE sequence = 4"), [Tampering::Emptied(4)]);
}

#[test]
fn removed_events_whose_followers_moved_up_are_found() {
    let moved = after(
        "DELETE FROM event WHERE sequence = 4;
         UPDATE event SET sequence = sequence - 1 WHERE sequence > 4;",
    );

    assert!(moved.contains(&Tampering::Unsealed(4)), "{moved:?}");
    assert!(moved.contains(&Tampering::CutShort(1)), "{moved:?}");
}

#[test]
fn a_swapped_order_is_found() {
    let swapped = after(
        "UPDATE event SET sequence = 99 WHERE sequence = 4;
         UPDATE event SET sequence = 4 WHERE sequence = 5;
         UPDATE event SET sequence = 5 WHERE sequence = 99;",
    );

    assert!(swapped.contains(&Tampering::Unsealed(4)), "{swapped:?}");
    assert!(swapped.contains(&Tampering::Broken(4)), "{swapped:?}");
}

#[test]
fn a_tail_that_is_cut_off_is_found() {
    assert_eq!(after("DELETE FROM event WHERE sequence > 8"), [Tampering::CutShort(2)]);
    assert_eq!(
        after(
            "DELETE FROM event WHERE sequence > 8;
             UPDATE head SET count = 8, link = (SELECT link FROM event WHERE sequence = 8);"
        ),
        [Tampering::ForgedHead]
    );
    assert_eq!(after("DELETE FROM head"), [Tampering::Headless]);
    let none = after("DELETE FROM event");
    assert_eq!(none, [Tampering::CutShort(10)]);
}

#[test]
fn nothing_is_added_to_a_record_that_is_not_as_it_was_left() {
    let folder = TempDir::new().unwrap();
    drop(ten(&folder));
    let db = Connection::open(place(folder.path()).database()).unwrap();
    db.execute_batch("DELETE FROM event WHERE sequence = 10").unwrap();

    let mut record = Record::open(place(folder.path())).unwrap();

    assert!(matches!(record.append(&[event(11, "later")]), Err(Fault::Tampered { .. })));
    assert_eq!(tampering(&record), [Tampering::CutShort(1)]);
}

#[test]
fn what_is_forgotten_is_gone_and_the_chain_still_holds() {
    let folder = TempDir::new().unwrap();
    let mut record = ten(&folder);

    let goes = |event: &Event| (3..=5).contains(&event.at) || event.at == 9;
    assert_eq!(record.forget(goes, forgot).unwrap(), 4);

    let proof = record.verify().unwrap();
    assert_eq!((proof.events, proof.forgotten, proof.tampering), (11, 4, vec![]));
    let read = all(&record);
    assert_eq!(read[3].1, Told::Forgotten);
    assert_eq!(read[10].1, Told::Event(Box::new(forgot(vec![(3, 5), (9, 9)]))));
    // Not even a tombstone is forgotten.
    assert_eq!(record.forget(|_| true, forgot).unwrap(), 6);
    assert_eq!(record.forget(|_| true, forgot).unwrap(), 0);
    assert_eq!(tampering(&record), []);
}

#[test]
fn what_is_old_goes_and_a_clock_that_leaps_takes_nothing_with_it() {
    const DAY: i64 = 24 * 3600;
    let folder = TempDir::new().unwrap();
    let mut record = Record::open(place(folder.path())).unwrap();
    for day in [0, 1, 2, 300, 400] {
        record.append(&[event(day * DAY, "a")]).unwrap();
    }

    // It is so today, but the last event that was recorded says otherwise.
    assert_eq!(record.age(9000 * DAY, 365 * DAY).unwrap(), 0);
    record.append(&[event(401 * DAY, "a")]).unwrap();

    assert_eq!(record.age(401 * DAY, 365 * DAY).unwrap(), 3);
    assert_eq!(record.age(401 * DAY, 365 * DAY).unwrap(), 0);
    assert_eq!(tampering(&record), []);
}

#[test]
fn a_clock_that_was_set_back_is_said_and_is_no_fault() {
    let folder = TempDir::new().unwrap();
    let mut record = Record::open(place(folder.path())).unwrap();
    for at in [100, 200, 50, 60] {
        record.append(&[event(at, "a")]).unwrap();
    }

    let proof = record.verify().unwrap();

    assert_eq!((proof.tampering, proof.clock_set_back), (vec![], vec![3]));
}

#[test]
fn a_lost_or_wrong_key_and_a_file_that_is_no_database_are_said_by_name() {
    let folder = TempDir::new().unwrap();
    drop(ten(&folder));
    let key = place(folder.path()).folder.join("record.key");

    std::fs::write(&key, [7; 32]).unwrap();
    let mut record = Record::open(place(folder.path())).unwrap();
    assert!(matches!(record.append(&[event(11, "a")]), Err(Fault::WrongKey { .. })));
    assert!(matches!(record.verify(), Err(Fault::WrongKey { .. })));
    std::fs::write(&key, "short").unwrap();
    assert!(matches!(Record::open(place(folder.path())), Err(Fault::WrongKey { .. })));
    std::fs::remove_file(&key).unwrap();
    assert!(matches!(Record::open(place(folder.path())), Err(Fault::KeyLost { .. })));
    assert!(matches!(Record::open_existing(place(folder.path())), Err(Fault::KeyLost { .. })));

    let other = TempDir::new().unwrap();
    drop(ten(&other));
    std::fs::write(place(other.path()).database(), "no database, but some text".repeat(400))
        .unwrap();
    assert!(matches!(Record::open(place(other.path())), Err(Fault::Database { .. })));
    let existing = Record::open_existing(place(other.path()));
    assert!(matches!(existing, Err(Fault::Database { .. })));
}

#[test]
fn bytes_that_are_damaged_anywhere_are_an_error_or_found_and_never_a_crash() {
    let folder = TempDir::new().unwrap();
    drop(ten(&folder));
    let path = place(folder.path()).database();
    let whole = std::fs::read(&path).unwrap();
    for at in (0..whole.len()).step_by(61) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        std::fs::write(&path, &damaged).unwrap();
        let Ok(record) = Record::open(place(folder.path())) else { continue };
        let Ok(proof) = record.verify() else { continue };
        // Bytes that hold nothing may change; then all ten are still there.
        let read = all_or_none(&record);
        assert!(!proof.tampering.is_empty() || read == Some(10), "byte {at}");
    }
}

fn all_or_none(record: &Record) -> Option<usize> {
    let mut count = 0;
    let each = record.each(Order::Oldest, |entry| {
        count += usize::from(matches!(entry.told, Told::Event(_)));
        ControlFlow::Continue(())
    });
    each.ok().map(|()| count)
}

/// Not a test: what the others run to have somebody else write. It says after each event
/// that it is recorded.
#[test]
fn writer() {
    let Some(folder) = std::env::var_os(WRITES_TO) else { return };
    let mut record = Record::open(place(Path::new(&folder))).unwrap();
    for at in 0.. {
        let pair = [event(at, "one"), event(at, "two")];
        match record.append(&pair) {
            Ok(kept) => println!("\n{kept:?}"),
            Err(fault) => return println!("\nfault {fault:?}"),
        }
    }
}

fn writer_command(folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "record::writer", "--nocapture", "--test-threads=1"]);
    command.env(WRITES_TO, folder).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

#[test]
fn whoever_is_killed_while_recording_loses_nothing_that_was_recorded() {
    let folder = TempDir::new().unwrap();
    let mut said = 0;
    for round in 0..200_u64 {
        let mut child = writer_command(folder.path()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let count = std::thread::spawn(move || {
            out.lines().map_while(Result::ok).filter(|line| line == "Recorded").count()
        });
        std::thread::sleep(Duration::from_micros(500 + fastrand::u64(..25_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        said += count.join().unwrap() * 2;
        if round % 10 == 9 {
            let Some(record) = Record::open_existing(place(folder.path())).unwrap() else {
                continue;
            };
            let proof = record.verify().unwrap();
            assert_eq!(proof.tampering, [], "round {round}");
            assert!(proof.events >= said as u64, "{said} said, {} there", proof.events);
            assert_eq!(proof.events % 2, 0, "half of a transaction");
        }
    }
    assert!(said > 0);
}

#[test]
fn two_who_write_at_once_both_have_all_of_theirs() {
    let folder = TempDir::new().unwrap();
    let write = |name: &'static str| {
        let place = place(folder.path());
        std::thread::spawn(move || {
            let mut record = Record::open(place).unwrap();
            for at in 0..50 {
                record.append(&[event(at, name)]).unwrap();
            }
        })
    };
    for thread in [write("left"), write("right")] {
        thread.join().unwrap();
    }

    let mut record = Record::open(place(folder.path())).unwrap();
    record.append(&[]).unwrap();
    assert_eq!(record.verify().unwrap().events, 100);
    assert_eq!(tampering(&record), []);
}

#[test]
fn what_cannot_wait_is_put_aside_and_taken_in_once() {
    let folder = TempDir::new().unwrap();
    drop(ten(&folder));
    let hasty = Place { patience: Duration::from_millis(20), ..place(folder.path()) };
    let mut record = Record::open(hasty).unwrap();
    let other = Connection::open(place(folder.path()).database()).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();

    assert_eq!(record.append(&[event(11, "a"), event(12, "b")]).unwrap(), Kept::Aside);
    other.execute_batch("COMMIT").unwrap();
    assert_eq!((record.aside(), record.verify().unwrap().events), (1, 10));
    assert_eq!(record.append(&[event(13, "c")]).unwrap(), Kept::Recorded);

    assert_eq!((record.aside(), record.verify().unwrap().events), (0, 13));
    assert_eq!(tampering(&record), []);
}

#[test]
fn on_a_full_disk_nothing_that_was_recorded_is_lost() {
    let folder = TempDir::new().unwrap();
    drop(ten(&folder));
    // As much of a file as that many blocks; its signal is ignored, as daemons do.
    let limited = "trap '' XFSZ; ulimit -f 40; exec \"$@\"";
    let writer = writer_command(folder.path());
    let mut command = Command::new("bash");
    command.args(["-c", limited, "bash"]).arg(writer.get_program()).args(writer.get_args());
    let out = command.env(WRITES_TO, folder.path()).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let said = text.lines().filter(|line| *line == "Recorded").count();

    assert!(text.contains("fault "), "{text}");
    let mut record = Record::open(place(folder.path())).unwrap();
    assert_eq!(tampering(&record), []);
    assert_eq!(record.verify().unwrap().events, 10 + 2 * said as u64);
    record.append(&[event(11, "there is room again")]).unwrap();
    assert_eq!(tampering(&record), []);
}

/// Not a test: fills a record with 100,000 events, for `benches/record.sh`, and says how long
/// that took.
#[test]
#[ignore = "takes a minute, and needs LEAKCOACH_TEST_WRITES_TO"]
fn filler() {
    let Some(folder) = std::env::var_os(WRITES_TO) else { return };
    let mut record = Record::open(place(Path::new(&folder))).unwrap();
    let start = std::time::Instant::now();
    for batch in 0..1000 {
        let events: Vec<Event> =
            (0..100).map(|at| event(batch * 100 + at, &format!("finding{at}"))).collect();
        record.append(&events).unwrap();
    }
    println!("1000 times 100 events: {:?}", start.elapsed());
    let start = std::time::Instant::now();
    for at in 0..100 {
        record.append(&[event(100_000 + at, "last")]).unwrap();
    }
    println!("100 times 1 event: {:?}", start.elapsed());
}
