//! Hostile input: never a panic, never a secret shown, never a silent pass.

use crate::harness::Repo;
use leakcoach::catalogue::{Catalogue, Rule, sample::expand};
use leakcoach::scan::{Scanner, Text};
use leakcoach::source::decode::to_utf8;
use leakcoach::source::role::role_of;
use proptest::prelude::*;

fn scan(bytes: &[u8], path: &[u8]) -> usize {
    let scanner = Scanner::new(Catalogue::builtin());
    let text = to_utf8(bytes);
    let found = scanner.scan(&Text { bytes: &text, path, role: role_of(path) });
    for finding in &found.findings {
        assert!(finding.span.end <= text.len() && finding.span.start <= finding.secret_span.start);
        let debug = format!("{finding:?}");
        let secret = String::from_utf8_lossy(finding.secret.expose()).into_owned();
        assert!(secret.len() < 12 || !debug.contains(&secret), "Debug shows a credential");
    }
    found.findings.len()
}

/// Samples cut, joined and damaged: what parsers meet at their edges.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let rules: Vec<&Rule> = Catalogue::builtin().rules().collect();
    let piece =
        (any::<prop::sample::Index>(), 0..4_u64, any::<prop::sample::Index>(), any::<Vec<u8>>());
    prop::collection::vec(piece, 1..5).prop_map(move |pieces| {
        let mut all = Vec::new();
        for (rule, seed, cut, glue) in pieces {
            let rule = rule.get(&rules);
            let text = expand(rule.samples.iter().next().unwrap(), seed).unwrap().into_bytes();
            all.extend_from_slice(&text[..=cut.index(text.len())]);
            all.extend(glue.into_iter().take(6));
        }
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_make_a_scan_panic(bytes: Vec<u8>) {
        scan(&bytes, b"settings.conf");
    }

    #[test]
    fn no_damaged_sample_makes_a_scan_panic(bytes in damaged()) {
        scan(&bytes, b"settings.conf");
        scan(&bytes, b"src/app.py");
    }
}

#[test]
fn a_line_of_50_megabytes_is_scanned_whole() {
    let repo = Repo::with_hook();
    let token = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 21).unwrap());
    let line = format!("{}'{token}'{}", "x".repeat(25_000_000), "y".repeat(25_000_000));

    repo.write("bundle.js", &line).commit("long").refused().says("github-pat");
}

#[test]
fn a_missing_blob_is_named_and_is_no_pass() {
    let repo = Repo::with_hook();
    repo.write("a.py", "a = 1\n").git(&["add", "a.py"]).accepted();
    let objects = repo.top().join(".git/objects");
    for folder in std::fs::read_dir(&objects).unwrap().flatten() {
        if folder.file_name().len() == 2 {
            std::fs::remove_dir_all(folder.path()).unwrap();
        }
    }

    repo.leakcoach(&["check"]).ends_with_code(3).says("a.py");
}

#[test]
fn a_damaged_index_is_no_pass() {
    let repo = Repo::with_hook();
    repo.write("a.py", "a = 1\n").git(&["add", "a.py"]).accepted();
    std::fs::write(repo.top().join(".git/index"), b"DIRC rubbish").unwrap();

    repo.leakcoach(&["check"]).ends_with_code(3);
}

#[test]
fn outside_a_repository_it_says_so() {
    let repo = Repo::plain();
    std::fs::remove_dir_all(repo.top().join(".git")).unwrap();

    repo.leakcoach(&["check"]).ends_with_code(2).says("no git repository");
}

#[test]
fn a_staged_file_of_200_megabytes_is_scanned_to_its_end() {
    let repo = Repo::with_hook();
    let token = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 22).unwrap());
    let mut text = "insert into orders values (1, 'two', 3.0);\n".repeat(4_900_000);
    text.extend(["token = '", &token, "'\n"]);
    assert!(text.len() > 200_000_000);

    repo.write("dump.sql", &text).commit("large").refused().says("dump.sql:4900001");
}

#[test]
fn a_damaged_object_is_named_and_is_no_pass() {
    let repo = Repo::with_hook();
    repo.write("a.py", "a = 1\n").git(&["add", "a.py"]).accepted();
    let objects = repo.top().join(".git/objects");
    let folder = std::fs::read_dir(&objects).unwrap().flatten();
    let folder = folder
        .map(|entry| entry.path())
        .find(|path| {
            path.to_string_lossy().ends_with(char::is_alphanumeric)
                && path.file_name().unwrap().len() == 2
        })
        .unwrap();
    let object = std::fs::read_dir(folder).unwrap().flatten().next().unwrap().path();
    std::fs::remove_file(&object).unwrap();
    std::fs::write(&object, b"x\x9crubbish").unwrap();

    repo.leakcoach(&["check"]).ends_with_code(3).says("a.py");
}

#[test]
fn a_broken_configuration_is_told_with_its_line_and_never_passes() {
    let repo = Repo::with_hook();
    for (text, says) in [
        ("[rules\n", ".leakcoach.toml:1"),
        ("[rules]\ndisabel = []\n", "did you mean `disable`"),
        ("[rules]\ndisable = [\"github-pta\"]\n", "github-pat"),
        ("[verdicts]\nproven = \"maybe\"\n", ".leakcoach.toml:2"),
    ] {
        repo.write(".leakcoach.toml", text);
        repo.leakcoach(&["check"]).ends_with_code(2).says(says);
    }
}

#[test]
fn paths_with_line_breaks_and_escapes_are_shown_harmless() {
    let repo = Repo::with_hook();
    let token = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 23).unwrap());

    let refused = repo.write("a\n\x1b[31mb.py", &format!("t = '{token}'\n")).commit("odd");

    assert!(!refused.refused().text().contains('\x1b'));
}

#[test]
fn what_is_no_utf_8_is_scanned_all_the_same() {
    let repo = Repo::with_hook();
    let token = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 24).unwrap());
    let bytes = [b"\x80\xc3(\xff\n".as_slice(), format!("t = '{token}'\n").as_bytes()].concat();
    std::fs::write(repo.top().join("a.bin"), bytes).unwrap();

    repo.commit("bytes").refused().says("a.bin:2");
}

#[test]
fn names_and_prefixes_without_end_are_scanned_in_linear_time() {
    // Each took minutes when every place was looked at on its own.
    for text in ["password=".repeat(200_000), "eyJ".repeat(300_000), "token: \"".repeat(200_000)] {
        scan(text.as_bytes(), b"settings.conf");
    }
}
