//! Reports for machines, held against what each format's reader asks for.

use crate::harness::{BINARY, Repo};
use leakcoach::catalogue::{Catalogue, sample::expand};
use leakcoach::report::Format;
use leakcoach::scan::{Scanner, Text};
use leakcoach::source::role::role_of;
use quick_xml::escape::unescape;
use quick_xml::events::Event;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use std::fs;
use std::os::unix::net::UnixListener;

const TOKEN: &str = "# settings\n\ntoken = \"ghp_{base62:30}{crc32-base62}\"\n";

fn token(repo: &Repo, seed: u64) -> String {
    let text = expand(TOKEN, seed).unwrap();
    repo.plant(text.split('"').nth(1).unwrap().to_owned());
    text
}

/// A repository in which a token is staged.
fn staged() -> Repo {
    let repo = Repo::plain();
    let text = token(&repo, 5);
    repo.write("app/settings.py", &text).git(&["add", "-A"]).accepted();
    repo
}

fn read(repo: &Repo, name: &str) -> String {
    fs::read_to_string(repo.top().join(name)).unwrap()
}

fn json(repo: &Repo, name: &str) -> Value {
    serde_json::from_str(&read(repo, name)).unwrap()
}

/// The report of a check that refuses.
fn refused(repo: &Repo, format: &str) -> String {
    let target = format!("{format}=../report");
    repo.leakcoach(&["check", "--report", &target]).refused();
    read(repo, "../report")
}

fn refused_json(repo: &Repo, format: &str) -> Value {
    serde_json::from_str(&refused(repo, format)).unwrap()
}

/// Every format to a file of its own.
fn all_formats() -> Vec<String> {
    let each = Format::ALL.iter().map(|format| format!("--report={format}=../reports/{format}"));
    each.collect()
}

#[test]
fn several_reports_are_written_at_once_and_the_cards_are_still_shown() {
    let repo = staged();

    let targets = ["check", "--report", "json=a.json", "--report", "sarif=b.sarif"];
    repo.leakcoach(&targets).refused().says("refused: GitHub");

    assert_eq!(json(&repo, "a.json")["outcome"], "refused");
    assert_eq!(json(&repo, "b.sarif")["version"], "2.1.0");
}

#[test]
fn a_format_takes_the_place_of_the_cards() {
    let repo = staged();

    let shown = repo.leakcoach(&["check", "--format", "json"]);

    let text = shown.refused().text();
    assert!(!text.contains("refused: GitHub"));
    let value = serde_json::Deserializer::from_str(&text).into_iter::<Value>().next().unwrap();
    assert_eq!(value.unwrap()["summary"]["refused"], 1);
    shown.says("1 refused of 1 found");
}

#[test]
fn what_cannot_be_written_is_known_before_anything_is_checked() {
    let repo = staged();

    for (targets, words) in [
        (&["--report", "json"][..], "FORMAT=FILE"),
        (&["--report", "yaml=a"], "no such format; one of: json, sarif"),
        (&["--report", "json="], "expected a file"),
        (&["--report", "json=no/such/a"], "there is no folder `no/such`"),
        (&["--report", "json=app"], "is a folder"),
        (&["--report", "json=a", "--report", "csv=a"], "two reports would go to `a`"),
        (&["--report", "json=-", "--format", "csv"], "only one report"),
    ] {
        let args = [&["check"], targets].concat();
        repo.leakcoach(&args).ends_with_code(2).says(words);
    }
}

#[test]
fn no_report_holds_a_credential_or_a_part_or_a_hash_of_one() {
    let repo = Repo::plain();
    fs::create_dir(repo.top().join("../reports")).unwrap();
    let scanner = Scanner::new(Catalogue::builtin());
    let (mut parts, mut hashes, mut found) = (HashSet::new(), Vec::new(), 0);
    for rule in Catalogue::builtin().rules() {
        let Some(template) = rule.samples.iter().next() else { continue };
        let [text, other] = [7, 8].map(|seed| expand(template, seed).unwrap());
        let known: HashSet<&[u8]> = other.as_bytes().windows(12).collect();
        let path = format!("src/{}.txt", rule.id);
        let name = path.as_bytes();
        let scan = Text { bytes: text.as_bytes(), path: name, role: role_of(name) };
        for finding in scanner.scan(&scan).findings {
            found += 1;
            let secret = finding.secret.expose();
            hashes.push(data_encoding::HEXLOWER.encode(&Sha256::digest(secret)));
            // What another sample has too is no part of what is random.
            let random = secret.windows(12).filter(|part| !known.contains(part));
            parts.extend(random.map(<[u8]>::to_vec));
        }
        repo.write(&path, &text);
    }
    assert!(found > 400, "only {found}");

    let mut args = vec!["check", "--tree", ".", "--format", "csv"];
    let targets = all_formats();
    args.extend(targets.iter().map(String::as_str));
    let shown = repo.leakcoach(&args).refused().text();

    let files = Format::ALL.iter().map(|format| read(&repo, &format!("../reports/{format}")));
    for text in files.chain([shown]) {
        for part in text.as_bytes().windows(12) {
            assert!(!parts.contains(part), "a part of a credential is shown");
        }
        assert!(hashes.iter().all(|hash| !text.contains(hash.get(..32).unwrap())));
    }
}

#[test]
fn each_format_names_what_could_not_be_checked() {
    let repo = staged();
    fs::create_dir(repo.top().join("../reports")).unwrap();
    let _socket = UnixListener::bind(repo.top().join("app/a&b.sock")).unwrap();
    let targets = all_formats();
    let mut args = vec!["check", "--strict", "--tree", "app"];
    args.extend(targets.iter().map(String::as_str));

    repo.leakcoach(&args).refused();

    for format in Format::ALL {
        let text = read(&repo, &format!("../reports/{format}"));
        let named = ["app/a&b.sock", "app/a&amp;b.sock", "app/a%26b.sock"];
        assert!(named.iter().any(|name| text.contains(name)), "{format}");
    }
    let json = json(&repo, "../reports/json");
    assert_eq!(json["coverage"]["complete"], false);
    assert_eq!(json["coverage"]["unread"][0]["path"], "app/a&b.sock");
}

#[test]
fn nothing_found_with_a_hole_is_no_success_in_any_report() {
    let repo = Repo::plain();
    repo.write("a.txt", "nothing\n");
    let _socket = UnixListener::bind(repo.top().join("b")).unwrap();
    let targets = ["--report=json=../j", "--report=sarif=../s", "--report=gitlab=../g"];
    let args = [&["check", "--strict", "--tree", "."], &targets[..]].concat();

    repo.leakcoach(&args).ends_with_code(3);

    assert_eq!(json(&repo, "../j")["outcome"], "incomplete");
    let invocation = json(&repo, "../s")["runs"][0]["invocations"][0].clone();
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["toolExecutionNotifications"][0]["level"], "error");
    assert_eq!(json(&repo, "../g")["scan"]["status"], "failure");
}

#[test]
fn a_kill_while_writing_leaves_the_old_report_and_so_does_a_full_disk() {
    let repo = staged();
    repo.leakcoach(&["check", "--report", "json=old.json"]).refused();
    let old = read(&repo, "old.json");

    // No file may grow past 512 bytes: the system ends the program, or the write fails.
    let check = format!("ulimit -f 1; '{BINARY}' check --report json=old.json");
    let killed = repo.typed(&["sh", "-c", &check], "");
    assert_ne!(killed.text(), "");
    assert_eq!(read(&repo, "old.json"), old);
    let unfinished = || {
        let names = fs::read_dir(repo.top()).unwrap().flatten().map(|entry| entry.file_name());
        names.filter(|name| name.to_string_lossy().starts_with(".leakcoach-")).count()
    };
    let left = unfinished();

    repo.git(&["rm", "-q", "-r", "--cached", "app"]).accepted();
    repo.write("fine.txt", "fine\n").git(&["add", "fine.txt"]).accepted();
    let failing = format!("trap '' XFSZ; {check}").replace("json=", "html=");
    repo.typed(&["sh", "-c", &failing], "")
        .ends_with_code(3)
        .says("cannot write the html report to `old.json`");
    assert_eq!(read(&repo, "old.json"), old);
    assert_eq!(unfinished(), left, "a failed write cleans up");

    repo.leakcoach(&["check", "--report", "json=/dev/full"]).ends_with_code(3).says("/dev/full");
}

#[test]
fn a_reader_that_goes_away_neither_crashes_nor_passes_it() {
    let repo = staged();

    let piped = format!("('{BINARY}' check --format html; echo code=$? >&2) | true");
    repo.typed(&["sh", "-c", &piped], "").accepted().says("code=1");
}

#[test]
fn a_fingerprint_stays_when_lines_move_and_changes_with_the_credential() {
    let repo = staged();
    let print = || {
        let found = refused_json(&repo, "json")["findings"][0].clone();
        (found["fingerprint"].clone(), found["fingerprint_of"].clone(), found["line"].clone())
    };
    let before = print();
    assert_eq!((&before.1, &before.2), (&"credential".into(), &3.into()));

    let moved = format!("\n\n{}", read(&repo, "app/settings.py"));
    repo.write("app/settings.py", &moved).git(&["add", "-A"]).accepted();
    let after = print();
    assert_eq!((&after.0, &after.2), (&before.0, &5.into()));

    let other = token(&repo, 6);
    repo.write("app/settings.py", &other).git(&["add", "-A"]).accepted();
    assert_ne!(print().0, before.0);
}

#[test]
fn with_a_shared_key_two_clones_agree_and_a_pipeline_without_one_goes_by_place() {
    let print = |variables: &[(&str, &str)]| {
        let repo = staged();
        let shown = repo.leakcoach_with(variables, &["check", "--report", "json=../report"]);
        let found = json(&repo, "../report")["findings"][0].clone();
        let of = found["fingerprint_of"].as_str().unwrap().to_owned();
        (found["fingerprint"].to_string(), of, shown.refused().text())
    };
    let key = ("LEAKCOACH_KEY", "sixteen bytes or more");
    let [one, two] = [print(&[key]), print(&[key, ("CI", "true")])];
    assert_eq!((&one.0, &one.1), (&two.0, &two.1));
    assert_eq!(one.1, "credential");

    let [one, two] = [print(&[("CI", "true")]), print(&[("CI", "true")])];
    assert_eq!((&one.0, &one.1), (&two.0, &two.1));
    assert_eq!(one.1, "place");
    assert!(one.2.contains("set LEAKCOACH_KEY"));

    let repo = staged();
    let short = repo.leakcoach_with(&[("LEAKCOACH_KEY", "short")], &["check"]);
    short.ends_with_code(2).says("LEAKCOACH_KEY has fewer than 16 bytes");
}

#[test]
fn a_finding_in_several_commits_is_reported_once_where_readers_count() {
    let repo = Repo::plain();
    repo.write("a", "a\n").commit_unchecked("start");
    for (seed, text) in
        [(1, token(&repo, 5)), (2, "gone\n".to_owned()), (3, token(&repo, 5) + "x\n")]
    {
        repo.write("a", &text).commit_unchecked(&seed.to_string());
    }
    let args =
        ["check", "--range", "HEAD~3..HEAD", "--report", "json=../j", "--report", "sarif=../s"];

    repo.leakcoach(&args).refused();

    assert_eq!(json(&repo, "../j")["findings"].as_array().unwrap().len(), 2);
    assert_eq!(json(&repo, "../j")["summary"]["found"], 1);
    assert_eq!(json(&repo, "../s")["runs"][0]["results"].as_array().unwrap().len(), 1);
}

#[test]
fn json_has_the_facts_the_words_and_the_owner() {
    let repo = staged();
    repo.write(".github/CODEOWNERS", "* @all\n/app/ @team\n");

    let report = refused_json(&repo, "json");

    assert_eq!(report["schema"], "leakcoach-report");
    assert_eq!(report["schema_version"], "1.1");
    let finding = &report["findings"][0];
    let fields = serde_json::json!({
        "rule": "github-pat", "verdict": "block", "confidence": "proven",
        "exposure": "staged", "path": "app/settings.py", "line": 3, "column": 10,
        "end_line": 3, "end_column": 50, "owners": ["@team"], "commit": null,
        "let_through_by": null, "member": null, "path_base64": null,
    });
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!(&finding[name], value, "{name}");
    }
    assert!(!finding["steps"][0]["words"].as_str().unwrap().is_empty());
    assert!(report["rules"]["github-pat"]["revoke"]["console"].is_string());
}

/// Every key that the document describes is there, and every key that is there is described.
#[test]
fn the_document_of_the_json_format_is_complete() {
    fn keys(value: &Value, found: &mut HashSet<String>) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    found.insert(key.clone());
                    keys(value, found);
                }
            }
            Value::Array(all) => all.iter().for_each(|value| keys(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let document = include_str!("../../docs/reports.md");
    let mut found = HashSet::new();
    keys(&refused_json(&staged(), "json"), &mut found);
    found.remove("github-pat");

    for key in found {
        assert!(document.contains(&format!("`{key}`")), "{key} is not described");
    }
}

#[test]
fn sarif_is_what_code_scanning_takes() {
    let repo = staged();
    let again = read(&repo, "app/settings.py");
    repo.write("odd name/\u{e4}.py", &again).git(&["add", "-A"]).accepted();

    let sarif = refused_json(&repo, "sarif");

    assert_eq!(sarif["$schema"], "https://json.schemastore.org/sarif-2.1.0.json");
    let run = &sarif["runs"][0];
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    assert_eq!(run["automationDetails"]["id"], "leakcoach/");
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "leakcoach");
    let rule = &driver["rules"][0];
    for text in [
        &rule["id"],
        &rule["shortDescription"]["text"],
        &rule["fullDescription"]["text"],
        &rule["help"]["text"],
        &rule["help"]["markdown"],
    ] {
        assert!(!text.as_str().unwrap().is_empty());
    }
    let severity: f64 = rule["properties"]["security-severity"].as_str().unwrap().parse().unwrap();
    assert!((0.1..=10.0).contains(&severity));
    let tags = rule["properties"]["tags"].as_array().unwrap();
    assert!(tags.contains(&"security".into()) && tags.contains(&"external/cwe/cwe-798".into()));
    let results = run["results"].as_array().unwrap();
    let mut prints = HashSet::new();
    for result in results {
        assert_eq!((&result["ruleId"], &result["ruleIndex"]), (&"github-pat".into(), &0.into()));
        assert_eq!(result["level"], "error");
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let print = result["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap();
        let (hex, count) = print.split_once(':').unwrap();
        assert!(hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(count, "1");
        prints.insert(print);
        let place = &result["locations"][0]["physicalLocation"];
        let region = &place["region"];
        let numbers = ["startLine", "startColumn", "endLine", "endColumn"];
        assert_eq!(numbers.map(|name| region[name].as_u64().unwrap()), [3, 10, 3, 50]);
        assert_eq!(result["relatedLocations"].as_array().unwrap().len(), 1);
    }
    assert_eq!(prints.len(), 2);
    let uri = &results[1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "odd%20name/%C3%A4.py");
}

#[test]
fn gitlab_takes_its_report_of_secrets() {
    let repo = staged();

    let report = refused_json(&repo, "gitlab");

    assert_eq!(report["version"], "15.0.4");
    let scan = &report["scan"];
    for tool in ["analyzer", "scanner"] {
        for field in ["id", "name", "version"] {
            assert!(!scan[tool][field].as_str().unwrap().is_empty());
        }
        assert!(scan[tool]["vendor"]["name"].is_string());
    }
    let time = regex::Regex::new(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$").unwrap();
    assert!(["start_time", "end_time"].iter().all(|at| time.is_match(scan[at].as_str().unwrap())));
    assert_eq!((&scan["type"], &scan["status"]), (&"secret_detection".into(), &"success".into()));
    let one = &report["vulnerabilities"][0];
    let uuid =
        regex::Regex::new(r"^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$");
    assert!(uuid.unwrap().is_match(one["id"].as_str().unwrap()));
    assert_eq!(one["identifiers"][0]["value"], "github-pat");
    assert_eq!(one["location"]["file"], "app/settings.py");
    assert_eq!(one["location"]["start_line"], 3);
    assert!(!one["location"]["commit"]["sha"].as_str().unwrap().is_empty());
    let severities = ["Info", "Unknown", "Low", "Medium", "High", "Critical"];
    assert!(severities.contains(&one["severity"].as_str().unwrap()));
    assert!(one.get("raw_source_code_extract").is_none());
    for link in one["links"].as_array().unwrap() {
        assert!(link["url"].as_str().unwrap().starts_with("https://"));
    }
}

#[test]
fn gitlab_takes_its_report_of_code_quality() {
    let report = refused_json(&staged(), "gitlab-code-quality");

    let one = &report[0];
    for field in ["description", "check_name", "fingerprint"] {
        assert!(!one[field].as_str().unwrap().is_empty());
    }
    let severities = ["info", "minor", "major", "critical", "blocker"];
    assert!(severities.contains(&one["severity"].as_str().unwrap()));
    assert_eq!(one["location"]["path"], "app/settings.py");
    assert_eq!(one["location"]["lines"]["begin"], 3);
}

#[test]
fn a_clean_run_is_a_whole_report_in_every_format() {
    let repo = Repo::plain();
    fs::create_dir(repo.top().join("../reports")).unwrap();
    repo.write("a.txt", "nothing\n").git(&["add", "-A"]).accepted();
    let targets = all_formats();
    let mut args = vec!["check"];
    args.extend(targets.iter().map(String::as_str));

    repo.leakcoach(&args).accepted().silent();

    let of = |format: &str| read(&repo, &format!("../reports/{format}"));
    assert!(of("junit").contains("tests=\"1\" failures=\"0\" errors=\"0\""));
    assert_eq!(json(&repo, "../reports/gitlab-code-quality"), Value::Array(Vec::new()));
    assert_eq!(json(&repo, "../reports/sarif")["runs"][0]["results"], Value::Array(Vec::new()));
    assert_eq!(of("csv").lines().count(), 1);
    assert_eq!(of("github"), "");
    assert!(of("markdown").contains("passed"));
    assert!(of("html").contains("Nothing found"));
}

/// The names and attributes of each element, after a parse of the whole.
fn elements(xml: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut found = Vec::new();
    loop {
        let event = reader.read_event().unwrap();
        if matches!(event, Event::Eof) {
            return found;
        }
        let (Event::Start(tag) | Event::Empty(tag)) = event else { continue };
        let attributes = tag.attributes().map(|one| {
            let one = one.unwrap();
            let key = one.key.as_ref().to_owned();
            (key, unescape(&one.value).unwrap().into_owned())
        });
        found.push((tag.name().as_ref().to_owned(), attributes.collect()));
    }
}

#[test]
fn odd_names_of_files_break_no_format() {
    let repo = Repo::plain();
    fs::create_dir(repo.top().join("../reports")).unwrap();
    let text = token(&repo, 5);
    let name = "=a\n\"<script>&'%,:|`]]>\u{1b}\u{202e}.py";
    repo.write(name, &text).git(&["add", "-A"]).accepted();
    let targets = all_formats();
    let mut args = vec!["check"];
    args.extend(targets.iter().map(String::as_str));

    repo.leakcoach(&args).refused();

    let of = |format: &str| read(&repo, &format!("../reports/{format}"));
    for format in ["json", "sarif", "gitlab", "gitlab-code-quality", "rdjson"] {
        let value: Value = serde_json::from_str(&of(format)).unwrap();
        assert!(!value.is_null());
    }
    let exact = json(&repo, "../reports/json")["findings"][0]["path_base64"].clone();
    assert_eq!(exact, data_encoding::BASE64.encode(name.as_bytes()));
    for format in ["junit", "checkstyle"] {
        assert!(elements(&of(format)).iter().any(|(_, attributes)| {
            attributes.iter().any(|(_, value)| value.starts_with("=a\\x0a\"<script>"))
        }));
    }
    let annotations = of("github");
    assert_eq!(annotations.lines().count(), 1);
    assert!(annotations.starts_with("::error file==a\\x0a\"<script>&'%25%2C%3A"));
    let table = of("csv");
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    let row = rows.records().next().unwrap().unwrap();
    assert!(row.get(6).unwrap().starts_with("'=a"));
    let page = of("html");
    assert!(!page.contains("<script>&"));
    assert_eq!(page.matches("<script").count(), 1);
}

#[test]
fn a_credential_in_a_path_is_masked_in_every_report() {
    let repo = Repo::plain();
    fs::create_dir(repo.top().join("../reports")).unwrap();
    let text = token(&repo, 5);
    let secret = text.split('"').nth(1).unwrap();
    repo.write(&format!("for-{secret}/a.py"), &text).git(&["add", "-A"]).accepted();
    let targets = all_formats();
    let mut args = vec!["check"];
    args.extend(targets.iter().map(String::as_str));

    repo.leakcoach(&args).refused();

    for format in Format::ALL {
        assert!(!read(&repo, &format!("../reports/{format}")).contains(secret), "{format}");
    }
}

#[test]
fn junit_counts_what_it_lists() {
    let repo = staged();
    let _socket = UnixListener::bind(repo.top().join("app/s")).unwrap();
    let check = ["check", "--strict", "--tree", "app", "--report", "junit=../report"];
    repo.leakcoach(&check).refused();

    let all = elements(&read(&repo, "../report"));

    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.iter().filter(|name| **name == "testcase").count(), 3);
    let suite = &all[1].1;
    for (name, value) in [("tests", "3"), ("failures", "1"), ("errors", "1"), ("skipped", "0")] {
        assert!(suite.contains(&(name.to_owned(), value.to_owned())), "{name}");
    }
    assert_eq!(names[..3], ["testsuites", "testsuite", "testcase"]);
}

#[test]
fn on_github_lines_are_annotated_and_the_summary_is_added_to() {
    let repo = staged();
    repo.write("../summary.md", "before\n");
    let summary = repo.top().join("../summary.md");
    let variables = [("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())];

    let shown = repo.leakcoach_with(&variables, &["check", "--format", "github"]);

    let start = "::error file=app/settings.py,line=3,endLine=3,col=10,endColumn=49,title=GitHub";
    shown.refused().says(start);
    let summary = read(&repo, "../summary.md");
    assert!(summary.starts_with("before\n## leakcoach: refused\n"));
    assert!(summary.contains("`app/settings.py:3`"));
}

#[test]
fn the_page_lets_only_its_own_style_and_script_run() {
    let page = refused(&staged(), "html");

    for tag in ["style", "script"] {
        let (_, rest) = page.split_once(&format!("<{tag}>")).unwrap();
        let (text, _) = rest.split_once(&format!("</{tag}>")).unwrap();
        let hash = data_encoding::BASE64.encode(&Sha256::digest(text));
        assert!(page.contains(&format!("{tag}-src 'sha256-{hash}'")));
    }
    assert!(page.contains("default-src 'none'"));
    assert!(!page.contains("{{"));
    assert!(!["src=", "<link", "@import", "url("].iter().any(|loader| page.contains(loader)));
}

#[test]
fn paths_are_from_the_top_of_the_repository_wherever_the_check_runs() {
    let repo = staged();
    let within =
        format!("cd app && '{BINARY}' check --tree settings.py --report json=../../report");

    repo.typed(&["sh", "-c", &within], "").refused();

    assert_eq!(json(&repo, "../report")["findings"][0]["path"], "app/settings.py");
}

#[test]
fn what_was_let_through_is_in_the_reports_that_have_a_place_for_it() {
    let repo = staged();
    repo.git(&["commit", "-q", "--no-verify", "-m", "in"]).accepted();
    repo.write(".trufflehog-exclude", "")
        .write(".gitleaksignore", "app/settings.py:github-pat:3\n");
    repo.commit_unchecked("list");
    let args = [
        "check",
        "--tree",
        "app",
        "--report=json=../j",
        "--report=junit=../x",
        "--report=sarif=../s",
    ];

    repo.leakcoach(&args).accepted();

    assert_eq!(json(&repo, "../j")["findings"][0]["let_through_by"], "list");
    assert_eq!(json(&repo, "../j")["summary"]["let_through"], 1);
    assert!(read(&repo, "../x").contains("<skipped message=\"let through by a list\""));
    assert_eq!(json(&repo, "../s")["runs"][0]["results"], Value::Array(Vec::new()));
}
