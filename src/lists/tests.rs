use super::*;
use crate::catalogue::{Catalogue, sample::expand};
use crate::scan::{Finding, Scanner, Text};
use crate::source::lines::LineStarts;
use crate::source::role::FileRole;
use data_encoding::HEXLOWER;
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

/// A token on the third line.
fn text() -> String {
    expand("import os\n\nt = 'ghp_{base62:30}{crc32-base62}'\n", 1).unwrap()
}

fn token(text: &str) -> &str {
    text.split('\'').nth(1).unwrap()
}

fn found(text: &str) -> Finding {
    let text = Text { bytes: text.as_bytes(), path: b"a.py", role: FileRole::Source };
    Scanner::new(Catalogue::builtin()).scan(&text).findings.remove(0)
}

/// Whether a list has the token of [`text`] at `path`.
fn has(format: Format, list: &str, path: &str) -> bool {
    has_in(format, list, path, None)
}

fn has_in(format: Format, list: &str, path: &str, commit: Option<&str>) -> bool {
    let text = text();
    let finding = found(&text);
    let bytes = text.as_bytes();
    let lines = LineStarts::of(bytes);
    let commit = commit.map(str::to_owned);
    let sight = Sight::new(&finding, path.as_bytes(), (bytes, bytes), &lines, commit);
    let list = read(format, list.as_bytes());
    assert_eq!(list.fault, None);
    list.entries.iter().any(|entry| entry.covers(&sight))
}

fn sha1_hex(value: &[u8]) -> String {
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha1);
    hasher.update(value);
    hasher.try_finalize().unwrap().to_hex().to_string()
}

#[test]
fn a_fingerprint_is_for_a_line_of_a_file_in_any_commit_or_in_one() {
    let has = |list: &str, commit| has_in(Format::Fingerprints, list, "src/a.py", commit);
    let (this, other) = ("0123456789abcdef0123456789abcdef01234567", "fedcba9");
    let whole = format!("# known\n\n{this}:src/a.py:github-pat:3\n");

    assert!(has("src/a.py:generic-api-key:3\n", None));
    assert!(has("src\\a.py:github-pat:3\r\n", Some(this)));
    assert!(has(&whole, Some(this)) && !has(&whole, Some(other)) && !has(&whole, None));
    assert!(has("0123456:src/a.py:github-pat:3", Some(this)));
    assert!(!has("src/a.py:github-pat:4", None));
    assert!(!has("b.py:github-pat:3\nsrc/a.py:3\nx\n", None));
}

#[test]
fn a_path_with_colons_is_read_from_the_right() {
    assert!(has(Format::Fingerprints, "a:b.py:github-pat:3", "a:b.py"));
}

#[test]
fn a_report_of_gitleaks_is_a_list_of_fingerprints() {
    let report = r#"[{"RuleID": "github-pat", "Fingerprint": "src/a.py:github-pat:3"}]"#;

    assert_eq!(format_of("report.json", report.as_bytes()), Format::GitleaksReport);
    assert!(has(Format::GitleaksReport, report, "src/a.py"));
}

#[test]
fn allowlists_of_gitleaks_count_by_their_paths() {
    let has = |list| has(Format::GitleaksConfig, list, "test/data/a.py");

    assert!(has("[allowlist]\npaths = ['''test/data/.*''']\n"));
    assert!(has("[[allowlists]]\npaths = ['^src/']\n[[allowlists]]\npaths = ['\\.py$']\n"));
    assert!(!has("[[allowlists]]\ncondition = 'AND'\npaths = ['py']\nregexes = ['x']\n"));
    assert!(!has("[[rules]]\nid = 'x'\nregex = 'x'\n"));
}

#[test]
fn a_baseline_of_detect_secrets_is_told_by_the_values_hash() {
    let text = text();
    let list = |value: &str| {
        let hash = sha1_hex(value.as_bytes());
        format!(
            r#"{{"version": "1.5.0", "plugins_used": [], "results": {{"src/a.py": [{{
                "type": "GitHub Token", "filename": "src/a.py", "hashed_secret": "{hash}",
                "is_verified": false, "is_secret": true, "line_number": 99}}]}}}}"#
        )
    };
    let (same, other) = (list(token(&text)), list("another"));

    assert!(has(Format::DetectSecrets, &same, "src/a.py"));
    assert!(!has(Format::DetectSecrets, &same, "src/b.py"));
    assert!(!has(Format::DetectSecrets, &other, "src/a.py"));
    assert!(read(Format::DetectSecrets, same.as_bytes()).entries[0].real);
}

#[test]
fn a_private_key_is_known_by_its_first_line_as_detect_secrets_has_it() {
    let text = expand("{pem:RSA PRIVATE KEY}\n", 2).unwrap();
    let finding = found(&text);
    let bytes = text.as_bytes();
    let sight = Sight::new(&finding, b"k", (bytes, bytes), &LineStarts::of(bytes), None);
    let hash = HEXLOWER.decode(sha1_hex(b"BEGIN RSA PRIVATE KEY").as_bytes()).unwrap();

    assert!(sight.has_value(&Digest::Sha1(hash.try_into().unwrap())));
}

#[test]
fn files_that_detect_secrets_leaves_out_are_left_out() {
    let newer = r#"{"results": {}, "filters_used": [{"pattern": ["^docs/", "\\.py$"],
        "path": "detect_secrets.filters.regex.should_exclude_file"}]}"#;
    let older = r#"{"results": {}, "exclude": {"files": "^src/", "lines": null}}"#;

    assert!(has(Format::DetectSecrets, newer, "src/a.py"));
    assert!(has(Format::DetectSecrets, older, "src/a.py"));
    assert!(!has(Format::DetectSecrets, older, "lib/a.py"));
}

#[test]
fn a_file_of_talismans_counts_while_its_checksum_holds() {
    let hex = |bytes: &[u8]| HEXLOWER.encode(&Sha256::digest(bytes));
    let sum = |path: &str| {
        hex([hex(b""), hex(text().as_bytes()), hex(path.as_bytes())].concat().as_bytes())
    };
    let list = |path: &str, sum: &str| {
        format!("fileignoreconfig:\n- filename: {path}\n  checksum: {sum}\nversion: \"1.0\"\n")
    };

    assert!(has(Format::Talisman, &list("src/a.py", &sum("src/a.py")), "src/a.py"));
    assert!(!has(Format::Talisman, &list("src/a.py", &sum("src/b.py")), "src/a.py"));
    assert!(!has(Format::Talisman, &list("src/*.py", &sum("src/a.py")), "src/a.py"));
}

#[test]
fn a_detector_that_talisman_does_not_run_finds_nothing() {
    let list = |path: &str, detector: &str| {
        format!("fileignoreconfig:\n- filename: '{path}'\n  ignore_detectors: [{detector}]\n")
    };
    let has = |path, detector| has(Format::Talisman, &list(path, detector), "src/a.py");

    assert!(has("src/a.py", "filecontent") && has("*.py", "filecontent"));
    assert!(has("src/", "filecontent") && has("src/*.py", "filecontent"));
    assert!(!has("a.py", "filecontent") && !has("src/a.py", "filename"));
}

#[test]
fn ggshield_ignores_paths_and_values_in_both_formats() {
    let text = text();
    let typed = HEXLOWER.encode(&Sha256::digest(format!("{},apikey", token(&text))));
    let second = |value: &str| {
        format!("version: 2\nsecret:\n  ignored_matches:\n  - name: x\n    match: {value}\n")
    };
    let first = format!("matches-ignore:\n- {typed}\npaths-ignore:\n- docs/**\n");

    assert!(has(Format::GitGuardian, &second(&typed), "src/a.py"));
    assert!(has(Format::GitGuardian, &second(token(&text)), "src/a.py"));
    assert!(has(Format::GitGuardian, &first, "src/a.py"));
    assert!(!has(Format::GitGuardian, &second("another"), "src/a.py"));
    let paths = |pattern| format!("version: 2\nsecret:\n  ignored_paths:\n  - '{pattern}'\n");
    let has = |pattern| has(Format::GitGuardian, &paths(pattern), "src/x/a.py");
    assert!(has("**/a.py") && has("a.py") && has("x/*") && has("/src/") && has("src/**/*"));
    assert!(!has("/a.py") && !has("src/*"));
}

#[test]
fn a_baseline_of_kingfisher_is_told_by_the_place() {
    let first = |path: &str| {
        format!(
            "ExactFindings:\n  matches:\n  - filepath: {path}\n    fingerprint: '12'\n    \
             linenum: 3\n    lastupdated: x\n"
        )
    };
    let second = "version: 2\nrepositories:\n- id: x\n  findings:\n  - path: src/a.py\n    \
                  fingerprint: 'x'\n    rule_id: kingfisher.github.1\n    line: 3\n";

    assert!(has(Format::Kingfisher, &first("repo/src/a.py"), "src/a.py"));
    assert!(has(Format::Kingfisher, &first("src/a.py"), "src/a.py"));
    assert!(!has(Format::Kingfisher, &first("x/y/src/a.py"), "src/a.py"));
    assert!(has(Format::Kingfisher, second, "src/a.py"));
}

#[test]
fn patterns_are_read_as_gits_or_as_expressions() {
    let globs = |list| has(Format::Globs, list, "src/data/a.py");
    assert!(globs("# x\n*.py\n") && globs("data/") && globs("/src\n"));
    assert!(!globs("*.py\n!a.py\n") && !globs("/data\n") && !globs("[secrets]\na.py\n"));

    let regexes = |list| has(Format::Regexes, list, "src/data/a.py");
    assert!(regexes("# x\nnode_modules\n\\.py$\n") && !regexes("^data/\n"));
}

#[test]
fn what_a_list_is_shows_in_its_name_or_content() {
    for (name, text, format) in [
        (".secretlintignore", "a:b:3", Format::Globs),
        ("x", "a.py:generic-api-key:3\n", Format::Fingerprints),
        ("x.json", "{\"plugins_used\": [], \"results\": {}}", Format::DetectSecrets),
        ("x.yml", "fileignoreconfig: []\n", Format::Talisman),
        ("x.yml", "secret:\n  ignored_paths: []\n", Format::GitGuardian),
        ("x.yml", "ExactFindings:\n  matches: []\n", Format::Kingfisher),
        ("x.toml", "[allowlist]\npaths = []\n", Format::GitleaksConfig),
        ("exclude.txt", "^docs/\n", Format::Regexes),
    ] {
        assert_eq!(format_of(name, text.as_bytes()), format, "{name}: {text}");
    }
}

#[test]
fn more_patterns_than_anybody_writes_are_named_and_not_compiled() {
    let many = "[0-9a-f]{100}x\n".repeat(5000);

    let list = read(Format::Regexes, many.as_bytes());

    assert_eq!(list.entries.len(), 1001);
    assert_eq!(list.entries[1000].means.to_string(), "4000 patterns");
}

#[test]
fn a_broken_list_is_a_fault_that_quotes_nothing() {
    let planted = format!("{}: [unclosed", token(&text()));
    for format in [
        Format::DetectSecrets,
        Format::GitleaksReport,
        Format::GitleaksConfig,
        Format::Talisman,
        Format::GitGuardian,
        Format::Kingfisher,
    ] {
        let list = read(format, planted.as_bytes());
        let fault = list.fault.unwrap();
        assert!(!fault.contains("ghp_"), "{fault}");
    }
}

proptest! {
    #[test]
    fn hostile_lists_are_refused_not_obeyed(bytes: Vec<u8>, words in "(results|secret:\n|fileignoreconfig:|- |\\{|\\}|\\[|\\]|&a|\\*a|:|\"|\n| |\\(|\\)|\\*|!|\\PC){0,40}") {
        let text = text();
        let finding = found(&text);
        let lines = LineStarts::of(text.as_bytes());
        let raw = (text.as_bytes(), text.as_bytes());
        for path in ["src/a.py", "/src/a.py", "../a", ""] {
            let sight = Sight::new(&finding, path.as_bytes(), raw, &lines, None);
            for (_, format) in KNOWN {
                for bytes in [bytes.as_slice(), words.as_bytes()] {
                    for entry in read(*format, bytes).entries {
                        let _covers = entry.covers(&sight);
                        let _shown = entry.means.to_string();
                    }
                }
            }
        }
    }
}
