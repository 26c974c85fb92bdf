//! The record against the copy of its head outside the folder: what was taken away or put back.

use leakcoach::record::{Event, Fault, Kept, Place, Record, Tampering, What};
use std::fs;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

fn place(folder: &Path) -> Place {
    Place {
        folder: folder.join("state"),
        keyring: None,
        anchor: Some(folder.join("data/record.head")),
        patience: Duration::from_secs(5),
    }
}

fn event(at: i64) -> Event {
    let what = What::Lesson { lesson: "exposure".to_owned() };
    Event { at, actor: "person".to_owned(), by: None, repository: None, what }
}

fn recorded(folder: &TempDir, times: std::ops::RangeInclusive<i64>) {
    let mut record = Record::open(place(folder.path())).unwrap();
    for at in times {
        assert_eq!(record.append(&[event(at)]).unwrap(), Kept::Recorded);
    }
}

/// What is wrong with it, in words.
fn wrong(folder: &TempDir) -> Vec<String> {
    let record = Record::open_existing(place(folder.path())).unwrap().unwrap();
    record.verify().unwrap().tampering.iter().map(Tampering::to_string).collect()
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap().flatten() {
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[test]
fn a_record_that_grows_fits_the_copy_of_its_head() {
    let folder = TempDir::new().unwrap();
    recorded(&folder, 1..=3);
    let behind = fs::read(folder.path().join("data/record.head")).unwrap();
    recorded(&folder, 4..=5);

    assert_eq!(wrong(&folder), [""; 0]);
    // As after a kill between the record and the copy.
    fs::write(folder.path().join("data/record.head"), behind).unwrap();
    assert_eq!(wrong(&folder), [""; 0]);
    let mut record = Record::open(place(folder.path())).unwrap();
    assert_eq!(record.glance().unwrap(), 5);
    record.forget(|event| event.at < 3, |_| event(6)).unwrap();
    assert_eq!(record.glance().unwrap(), 6);
}

#[test]
fn an_older_copy_of_the_database_in_its_place_is_found_and_takes_nothing_more() {
    let folder = TempDir::new().unwrap();
    recorded(&folder, 1..=3);
    let database = place(folder.path()).database();
    let older = fs::read(&database).unwrap();
    recorded(&folder, 4..=5);

    fs::write(&database, older).unwrap();

    assert_eq!(wrong(&folder), ["it is an older copy: 2 events are missing at its end"]);
    let mut record = Record::open(place(folder.path())).unwrap();
    assert!(matches!(record.append(&[event(6)]), Err(Fault::Tampered { .. })));
    assert!(matches!(record.forget(|_| true, |_| event(6)), Err(Fault::Tampered { .. })));
    assert!(matches!(record.glance(), Err(Fault::Tampered { .. })));
}

#[test]
fn an_older_copy_of_the_whole_folder_is_found_however_it_went_on() {
    let folder = TempDir::new().unwrap();
    let (state, kept) = (folder.path().join("state"), folder.path().join("kept"));
    recorded(&folder, 1..=3);
    copied(&state, &kept);
    recorded(&folder, 4..=5);
    copied(&kept, &state);

    assert_eq!(wrong(&folder), ["it is an older copy: 2 events are missing at its end"]);
    // By whoever has the key, and another copy of the head.
    let alone = Place { anchor: None, ..place(folder.path()) };
    let mut record = Record::open(alone).unwrap();
    for at in 4..=6 {
        record.append(&[event(at)]).unwrap();
    }
    assert_eq!(wrong(&folder), ["event 5 is not the one that was recorded"]);
}

#[test]
fn a_database_that_was_deleted_beside_its_key_is_found() {
    let folder = TempDir::new().unwrap();
    recorded(&folder, 1..=3);
    fs::remove_file(place(folder.path()).database()).unwrap();

    assert!(Record::open_existing(place(folder.path())).unwrap().is_none());
    assert_eq!(place(folder.path()).gone().unwrap(), Some(3));
    let mut record = Record::open(place(folder.path())).unwrap();
    assert!(matches!(record.append(&[event(4)]), Err(Fault::Tampered { .. })));
    let found = record.verify().unwrap().tampering;
    assert_eq!(found[0].to_string(), "it is an older copy: 3 events are missing at its end");
}

#[test]
fn that_a_whole_record_is_gone_stays_to_be_seen_while_a_new_one_grows() {
    let folder = TempDir::new().unwrap();
    recorded(&folder, 1..=3);
    fs::remove_dir_all(folder.path().join("state")).unwrap();

    recorded(&folder, 4..=5);

    assert_eq!(wrong(&folder), ["an earlier record of 3 events is gone, and its key"]);
    // With the copy of the head gone as well, nothing tells.
    fs::remove_dir_all(folder.path().join("data")).unwrap();
    assert_eq!(wrong(&folder), [""; 0]);
    let record = Record::open_existing(place(folder.path())).unwrap().unwrap();
    assert!(!record.verify().unwrap().anchored);
}

#[test]
fn a_copy_of_the_head_that_was_changed_is_found() {
    let folder = TempDir::new().unwrap();
    recorded(&folder, 1..=3);
    let path = folder.path().join("data/record.head");
    let text = fs::read_to_string(&path).unwrap();

    for changed in [text.replace("3:", "2:"), text.replace("head 1", "head 2"), String::new()] {
        fs::write(&path, changed).unwrap();
        assert_eq!(wrong(&folder), ["the copy of its head outside the folder was changed"]);
    }
    fs::write(&path, b"\xff\xfe").unwrap();
    assert_eq!(wrong(&folder), ["the copy of its head outside the folder was changed"]);
}

#[test]
fn where_the_copy_of_the_head_cannot_be_written_events_are_recorded_all_the_same() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("data"), "no folder").unwrap();

    recorded(&folder, 1..=3);

    let record = Record::open_existing(place(folder.path())).unwrap().unwrap();
    let proof = record.verify().unwrap();
    assert_eq!((proof.events, proof.anchored, proof.tampering), (3, false, vec![]));
}

#[test]
fn what_was_put_aside_is_not_taken_in_under_another_name() {
    let folder = TempDir::new().unwrap();
    recorded(&folder, 1..=1);
    let mut record = Record::open(place(folder.path())).unwrap();
    record.put_aside(&[event(2)]).unwrap();
    let spool = folder.path().join("state/spool");
    let file = fs::read_dir(&spool).unwrap().flatten().next().unwrap().path();
    fs::copy(&file, spool.join("again.sealed")).unwrap();

    record.append(&[event(3)]).unwrap();
    record.append(&[event(4)]).unwrap();

    assert_eq!(record.verify().unwrap().events, 4);
    // What is not ours stays, to be looked at.
    assert_eq!(record.aside(), 1);
}

#[test]
fn a_copy_is_sealed_private_and_as_good_as_the_record() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    recorded(&folder, 1..=5);
    let record = Record::open(place(folder.path())).unwrap();
    let copy = folder.path().join("copy/record.db");
    fs::create_dir_all(folder.path().join("copy")).unwrap();

    record.copy_to(&copy).unwrap();

    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(matches!(record.copy_to(&copy), Err(Fault::File { .. })));
    fs::copy(folder.path().join("state/record.key"), folder.path().join("copy/record.key"))
        .unwrap();
    let moved = Place { folder: folder.path().join("copy"), ..place(folder.path()) };
    let proof = Record::open_existing(moved).unwrap().unwrap().verify().unwrap();
    assert_eq!((proof.events, proof.tampering), (5, vec![]));
}
