//! The hook as a whole process, in turn with `git diff --cached`, as ratios.
//!
//! `cargo bench --bench hook` makes the repositories, runs every pair and prints a table.
//! gitleaks and ripsecrets stand beside it where they are on `PATH`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PAIRS: usize = 60;

struct Workload {
    name: &'static str,
    files: usize,
    changed: usize,
    lines: usize,
}

const WORKLOADS: [Workload; 4] = [
    Workload { name: "200 lines, 237 files", files: 237, changed: 1, lines: 200 },
    Workload { name: "1 line, 237 files", files: 237, changed: 1, lines: 1 },
    Workload { name: "200 lines, 5,000 files", files: 5000, changed: 1, lines: 200 },
    Workload { name: "2,000 changed files", files: 2000, changed: 2000, lines: 5 },
];

fn code(seed: usize, lines: usize) -> String {
    let mut text = String::new();
    for line in 0..lines {
        let _ = writeln!(text, "    total_{line} = compute(order[{seed}], rate={line}) + previous");
    }
    text
}

fn git(top: &Path, args: &[&str]) {
    let done = Command::new("git").args(args).current_dir(top).stdout(Stdio::null()).status();
    assert!(done.unwrap().success(), "git {args:?}");
}

/// A repository of `files` files with the workload's change staged.
fn make(top: &Path, workload: &Workload) {
    git(top, &["init", "-q"]);
    let path = |n: usize| top.join(format!("src/part{}/module{n}.py", n % 40));
    for n in 0..workload.files {
        fs::create_dir_all(path(n).parent().unwrap()).unwrap();
        fs::write(path(n), code(n, 80)).unwrap();
    }
    git(top, &["add", "-A"]);
    let author = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"];
    git(top, &[&author[..], &["commit", "-q", "-m", "start"]].concat());
    git(top, &["gc", "-q"]);
    for n in 0..workload.changed {
        let text = code(n, 80) + &code(n + 1, workload.lines);
        fs::write(path(n), text).unwrap();
    }
    git(top, &["add", "-A"]);
}

fn time(top: &Path, program: &str, args: &[&str]) -> Option<Duration> {
    let mut command = Command::new(program);
    command.args(args).current_dir(top).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    command.status().ok()?;
    Some(start.elapsed())
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

fn main() {
    let leakcoach = env!("CARGO_BIN_EXE_leakcoach");
    let others: [(&str, &str, &[&str]); 3] = [
        ("leakcoach", leakcoach, &["hook", "pre-commit"]),
        ("gitleaks", "gitleaks", &["git", "--staged", "--no-banner", "."]),
        ("ripsecrets", "ripsecrets", &["."]),
    ];
    println!("{:<24} {:<11} {:>9} {:>9} {:>7}", "workload", "tool", "ms", "git ms", "ratio");
    for workload in &WORKLOADS {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path(), workload);
        for (name, program, args) in others {
            let (mut own, mut gits, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
            // The first pair warms the caches and is not counted.
            for pair in 0..=PAIRS {
                let Some(one) = time(folder.path(), program, args) else { break };
                let Some(two) = time(folder.path(), "git", &["diff", "--cached"]) else { break };
                if pair > 0 {
                    own.push(one.as_secs_f64() * 1e3);
                    gits.push(two.as_secs_f64() * 1e3);
                    ratios.push(one.as_secs_f64() / two.as_secs_f64());
                }
            }
            if own.is_empty() {
                println!("{:<24} {name:<11} not installed", workload.name);
                continue;
            }
            let (own, gits, ratio) = (median(own), median(gits), median(ratios));
            println!("{:<24} {name:<11} {own:>9.2} {gits:>9.2} {ratio:>7.2}", workload.name);
        }
    }
}
