//! `leakcoach report` over a long record: time and memory of the whole process.
//!
//! `cargo bench --bench report` makes a record of 100,000 events once (`--bench report -- 5000`:
//! of so many) and times each format. Add `--keep FOLDER` to leave the record there.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench"
)]

use leakcoach::catalogue::Catalogue;
use leakcoach::record::{Deed, Event, Place, Record, What};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const DAY: i64 = 24 * 3600;
const RUNS: usize = 5;

/// As people work: more than one finding in two is fixed at once, some are let through, some are
/// out; a new one every fourth event.
fn event(number: i64, at: i64, rules: &[&str]) -> Event {
    let mut random = fastrand::Rng::with_seed(number.unsigned_abs() / 4);
    // A few rules make most findings.
    let rule = rules[(random.usize(..rules.len()) * random.usize(..rules.len())) / rules.len()];
    let (rule, finding) = (rule.to_owned(), Some(format!("f{}", number / 4)));
    let deed = Deed::Commit;
    let kind = random.u8(..20);
    let fixed_after = 30 + i64::from(random.u32(..3600)).pow(2) / 3600;
    let what = match (number % 4, kind) {
        (0, _) => What::Shown {
            deed,
            rule,
            finding,
            role: ["source", "source", "config", "test", "ci"][random.usize(..5)].to_owned(),
            exposure: if kind < 3 { "pushed" } else { "staged" }.to_owned(),
            severity: ["medium", "high", "critical"][random.usize(..3)].to_owned(),
            confidence: ["possible", "likely", "proven"][random.usize(..3)].to_owned(),
            verdict: "block".to_owned(),
            brief: false,
        },
        (1, 0..=11) => What::Fixed { deed, rule, finding, after: fixed_after },
        (1, 12..=14) => {
            let reason = ["release tonight", "used by nobody yet", "rotated"][random.usize(..3)];
            What::Overridden { deed, rule, finding, reason: reason.to_owned() }
        }
        (1, 15..=16) => What::Wrong { rule, finding, because: "hash of a fixture".to_owned() },
        (2, 0..=1) => What::Verified { rule, finding, answer: "dead".to_owned() },
        (2, 17) => What::Drill {
            found: vec![rule.clone(); random.usize(3..6)],
            missed: vec![rule],
            false_alarms: 0,
        },
        (2, 18) => What::Lesson { lesson: "exposure".to_owned() },
        _ => What::Digest { deed, rule, count: 1 },
    };
    let actor = if kind == 19 { "Claude Code" } else { "person" };
    let repository = Some(format!("{:016x}", number / 4 % 7));
    Event { at, actor: actor.to_owned(), by: None, repository, what }
}

fn make(home: &Path, count: i64) {
    let folder = home.join(".local/state/leakcoach");
    std::fs::create_dir_all(folder.parent().unwrap()).unwrap();
    let patience = Duration::from_secs(5);
    let mut record = Record::open(Place { folder, keyring: None, anchor: None, patience }).unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_secs()).unwrap();
    let rules: Vec<&str> = Catalogue::builtin().rules().map(|rule| rule.id).step_by(18).collect();
    let span = 180 * DAY;
    let events: Vec<Event> = (0..count)
        .map(|number| event(number, now - span + number * span / count, &rules))
        .collect();
    for batch in events.chunks(10_000) {
        record.append(batch).unwrap();
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let count = args.iter().find_map(|arg| arg.parse().ok()).unwrap_or(100_000);
    let kept = args.iter().position(|arg| arg == "--keep").and_then(|at| args.get(at + 1));
    let folder = tempfile::tempdir().unwrap();
    let home = kept.map_or_else(|| folder.path().to_owned(), PathBuf::from);
    let begun = Instant::now();
    make(&home, count);
    println!("{count} events recorded in {:.1?}", begun.elapsed());
    for args in [
        &["report"][..],
        &["report", "--format", "json"],
        &["report", "--format", "html"],
        &["report", "--since", "30d"],
        &["report", "--framework", "csf"],
        &["review"],
    ] {
        let mut times = Vec::new();
        let mut memory = String::new();
        for _ in 0..RUNS {
            let begun = Instant::now();
            // GNU time tells the most memory that was resident.
            let done = Command::new("/usr/bin/time")
                .args(["-f", "%M", env!("CARGO_BIN_EXE_leakcoach")])
                .args(args)
                .env_clear()
                .env("HOME", &home)
                .current_dir(&home)
                .stdout(Stdio::null())
                .output()
                .unwrap();
            times.push(begun.elapsed());
            let said = String::from_utf8_lossy(&done.stderr);
            said.lines().last().unwrap_or_default().clone_into(&mut memory);
            assert!(done.status.success(), "{said}");
        }
        times.sort_unstable();
        println!("{:<34} {:>8.0?} in the middle, {memory} kB", args.join(" "), times[RUNS / 2]);
    }
}
