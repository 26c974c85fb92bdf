//! Reports held against the published schemas of their formats.
//!
//! The schemas themselves are their authors'; what they ask for of the parts that leakcoach
//! writes is set down here: which fields must be there, of what kind, and which may be there at
//! all. docs/reports.md tells against which versions reports were validated as a whole.

use crate::harness::Repo;
use leakcoach::catalogue::{Catalogue, sample::expand};
use quick_xml::events::Event;
use regex::Regex;
use serde_json::Value;
use std::fs;
use std::os::unix::net::UnixListener;

/// What a field must be.
#[derive(Clone, Copy)]
enum Is<'a> {
    /// A text that is not empty.
    Text,
    /// A text of at most as many characters, and not empty.
    TextUpTo(usize),
    OneOf(&'a [&'a str]),
    Matching(&'a str),
    /// A whole number from 1 on.
    Count,
    Flag,
    /// A list of at most as many items.
    ListUpTo(usize),
    /// A list with something in it.
    Filled,
    /// An object without other fields than these.
    With(&'a [&'a str]),
}

use Is::{Count, Filled, Flag, ListUpTo, Matching, OneOf, Text, TextUpTo, With};

/// `a.b[].c` names the field `c` of each item of `b`; one that ends in `?` may be missing.
fn hold(report: &Value, fields: &[(&str, Is<'_>)]) {
    for (path, is) in fields {
        let steps: Vec<&str> = path.split('.').filter(|step| !step.is_empty()).collect();
        visit(report, &steps, path, *is);
    }
}

fn visit(value: &Value, steps: &[&str], path: &str, is: Is<'_>) {
    let Some((step, rest)) = steps.split_first() else { return fits(value, path, is) };
    let (step, optional) = step.strip_suffix('?').map_or((*step, false), |step| (step, true));
    let (name, each) = step.strip_suffix("[]").map_or((step, false), |step| (step, true));
    let found = if name.is_empty() { Some(value) } else { value.get(name) };
    let Some(found) = found else {
        assert!(optional, "`{path}` is not there in {value}");
        return;
    };
    if each {
        let items = found.as_array().unwrap_or_else(|| panic!("`{path}` is no list"));
        for item in items {
            visit(item, rest, path, is);
        }
    } else {
        visit(found, rest, path, is);
    }
}

fn fits(value: &Value, path: &str, is: Is<'_>) {
    let text = value.as_str().unwrap_or_default();
    let well = match is {
        Text => !text.is_empty(),
        TextUpTo(most) => (1..=most).contains(&text.chars().count()),
        OneOf(words) => words.contains(&text),
        Matching(shape) => Regex::new(shape).unwrap().is_match(text),
        Count => value.as_u64().is_some_and(|number| number > 0),
        Flag => value.is_boolean(),
        ListUpTo(most) => value.as_array().is_some_and(|items| items.len() <= most),
        Filled => value.as_array().is_some_and(|items| !items.is_empty()),
        With(known) => value
            .as_object()
            .is_some_and(|object| object.keys().all(|key| known.contains(&key.as_str()))),
    };
    assert!(well, "`{path}` is {value}");
}

/// The reports of a tree with a finding of every rule, an archive, odd names and what cannot
/// be read; and of commits with messages, tags and names of branches.
fn reports(formats: &[&str]) -> Vec<Vec<String>> {
    let repo = Repo::plain();
    fs::create_dir(repo.top().join("../reports")).unwrap();
    let catalogue = Catalogue::builtin();
    for rule in catalogue.rules() {
        if let Some(template) = rule.samples.iter().next() {
            repo.write(&format!("src/{}.txt", rule.id), &expand(template, 3).unwrap());
        }
    }
    let token = |seed| {
        let rule = catalogue.rule("github-pat").unwrap();
        repo.plant(expand(rule.samples.iter().next().unwrap(), seed).unwrap())
    };
    repo.write("odd \"<&%\u{e4}\n.py", &format!("t = '{}'\n", token(4)));
    let mut archive = tar::Builder::new(Vec::new());
    let text = format!("t = '{}'\n", token(5));
    let mut header = tar::Header::new_ustar();
    header.set_size(text.len() as u64);
    header.set_cksum();
    archive.append_data(&mut header, "in/a.py", text.as_bytes()).unwrap();
    fs::write(repo.top().join("all.tar"), archive.into_inner().unwrap()).unwrap();
    repo.commit_unchecked(&format!("use {}", token(6)));
    repo.git(&["tag", "-a", "-m", &format!("see {}", token(7)), "v1"]).accepted();
    repo.git(&["branch", &format!("try-{}", token(8))]).accepted();
    let _socket = UnixListener::bind(repo.top().join("src/a.sock")).unwrap();

    let targets: Vec<String> =
        formats.iter().map(|format| format!("--report={format}=../reports/{format}")).collect();
    let runs = [&["check", "--strict", "--tree", "."][..], &["check", "--history"]];
    let read = |args: &&[&str]| {
        let mut args = args.to_vec();
        args.extend(targets.iter().map(String::as_str));
        repo.leakcoach(&args).refused();
        let path = |format: &&str| repo.top().join("../reports").join(format);
        formats.iter().map(|format| fs::read_to_string(path(format)).unwrap()).collect()
    };
    runs.iter().map(read).collect()
}

/// OASIS, sarif-2.1/schema/sarif-schema-2.1.0.json: no object has fields beyond those it knows.
const SARIF: &[(&str, Is<'_>)] = &[
    ("", With(&["$schema", "version", "runs"])),
    ("version", OneOf(&["2.1.0"])),
    (
        "runs[]",
        With(&["tool", "automationDetails", "columnKind", "invocations", "results", "taxonomies"]),
    ),
    (
        "runs[].tool.driver",
        With(&["name", "version", "semanticVersion", "rules", "supportedTaxonomies"]),
    ),
    ("runs[].tool.driver.supportedTaxonomies[]", With(&["name", "index"])),
    (
        "runs[].taxonomies[]",
        With(&[
            "name",
            "fullName",
            "version",
            "informationUri",
            "isComprehensive",
            "shortDescription",
            "taxa",
        ]),
    ),
    ("runs[].taxonomies[].isComprehensive", Flag),
    ("runs[].taxonomies[].informationUri", Matching(r"^https://\S+$")),
    ("runs[].taxonomies[].taxa[]", With(&["id", "shortDescription"])),
    ("runs[].tool.driver.rules[].relationships[]", With(&["target", "kinds"])),
    ("runs[].tool.driver.rules[].relationships[].target", With(&["id", "toolComponent"])),
    ("runs[].tool.driver.rules[].relationships[].target.toolComponent", With(&["name", "index"])),
    ("runs[].columnKind", OneOf(&["utf16CodeUnits", "unicodeCodePoints"])),
    ("runs[].automationDetails", With(&["id"])),
    (
        "runs[].tool.driver.rules[]",
        With(&[
            "id",
            "name",
            "shortDescription",
            "fullDescription",
            "help",
            "helpUri",
            "defaultConfiguration",
            "relationships",
            "properties",
        ]),
    ),
    ("runs[].tool.driver.rules[].id", Text),
    ("runs[].tool.driver.rules[].help", With(&["text", "markdown"])),
    ("runs[].tool.driver.rules[].helpUri?", Matching(r"^https://\S+$")),
    (
        "runs[].tool.driver.rules[].defaultConfiguration.level",
        OneOf(&["none", "note", "warning", "error"]),
    ),
    ("runs[].invocations[]", With(&["executionSuccessful", "toolExecutionNotifications"])),
    ("runs[].invocations[].executionSuccessful", Flag),
    ("runs[].invocations[].toolExecutionNotifications[]", With(&["level", "message", "locations"])),
    (
        "runs[].invocations[].toolExecutionNotifications[].level",
        OneOf(&["none", "note", "warning", "error"]),
    ),
    ("runs[].invocations[].toolExecutionNotifications[].message.text", Text),
    (
        "runs[].results[]",
        With(&[
            "ruleId",
            "ruleIndex",
            "level",
            "message",
            "locations",
            "relatedLocations",
            "partialFingerprints",
            "properties",
        ]),
    ),
    ("runs[].results[].level", OneOf(&["none", "note", "warning", "error"])),
    ("runs[].results[].message", With(&["text"])),
    ("runs[].results[].message.text", Text),
    ("runs[].results[].locations[]", With(&["physicalLocation", "logicalLocations"])),
    (
        "runs[].results[].locations[].logicalLocations[]?",
        With(&["name", "fullyQualifiedName", "kind"]),
    ),
    ("runs[].results[].relatedLocations[]?.id", Count),
    ("runs[].results[].locations[].physicalLocation", With(&["artifactLocation", "region"])),
    (
        "runs[].results[].locations[].physicalLocation.artifactLocation.uri",
        Matching(r"^[A-Za-z0-9._~/%-]+$"),
    ),
    (
        "runs[].results[].locations[].physicalLocation.region",
        With(&["startLine", "startColumn", "endLine", "endColumn"]),
    ),
    ("runs[].results[].locations[].physicalLocation.region.startLine", Count),
    ("runs[].results[].locations[].physicalLocation.region.startColumn", Count),
    ("runs[].results[].locations[].physicalLocation.region.endLine", Count),
    ("runs[].results[].locations[].physicalLocation.region.endColumn", Count),
];

/// docs.github.com, "SARIF support for code scanning": what it reads, and how much of it.
const CODE_SCANNING: &[(&str, Is<'_>)] = &[
    ("runs", ListUpTo(20)),
    ("runs[].results", ListUpTo(25_000)),
    ("runs[].tool.driver.name", Text),
    ("runs[].tool.driver.rules", ListUpTo(25_000)),
    ("runs[].tool.driver.rules[].name", TextUpTo(255)),
    ("runs[].tool.driver.rules[].shortDescription.text", TextUpTo(1024)),
    ("runs[].tool.driver.rules[].fullDescription.text", TextUpTo(1024)),
    ("runs[].tool.driver.rules[].help.text", Text),
    ("runs[].tool.driver.rules[].properties.tags", ListUpTo(20)),
    (
        "runs[].tool.driver.rules[].properties.precision",
        OneOf(&["very-high", "high", "medium", "low"]),
    ),
    (
        "runs[].tool.driver.rules[].properties.security-severity",
        Matching(r"^(10\.0|[0-9]\.[0-9])$"),
    ),
    ("runs[].results[].ruleId", Text),
    ("runs[].results[].locations", Filled),
    ("runs[].results[].locations", ListUpTo(1_000)),
    (
        "runs[].results[].partialFingerprints.primaryLocationLineHash",
        Matching(r"^[0-9a-f]{32}:[0-9]+$"),
    ),
];

/// GitLab, security-report-schemas 15.0.4, secret-detection-report-format.json.
const GITLAB_SECRETS: &[(&str, Is<'_>)] = &[
    ("version", Matching(r"^[0-9]+\.[0-9]+\.[0-9]+$")),
    ("scan.start_time", Matching(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$")),
    ("scan.end_time", Matching(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$")),
    ("scan.status", OneOf(&["success", "failure"])),
    ("scan.type", OneOf(&["secret_detection"])),
    ("scan.analyzer.id", Text),
    ("scan.analyzer.name", Text),
    ("scan.analyzer.version", Text),
    ("scan.analyzer.vendor.name", Text),
    ("scan.scanner.id", Text),
    ("scan.scanner.name", Text),
    ("scan.scanner.version", Text),
    ("scan.scanner.vendor.name", Text),
    ("scan.messages[].level", OneOf(&["info", "warn", "fatal"])),
    ("scan.messages[].value", Text),
    ("vulnerabilities[].id", Text),
    ("vulnerabilities[].name", TextUpTo(255)),
    ("vulnerabilities[].description", TextUpTo(1_048_576)),
    (
        "vulnerabilities[].severity",
        OneOf(&["Info", "Unknown", "Low", "Medium", "High", "Critical"]),
    ),
    ("vulnerabilities[].solution", TextUpTo(7_000)),
    ("vulnerabilities[].identifiers", Filled),
    ("vulnerabilities[].identifiers[].type", Text),
    ("vulnerabilities[].identifiers[].name", Text),
    ("vulnerabilities[].identifiers[].value", Text),
    ("vulnerabilities[].identifiers[].url?", Matching("^https?://.+")),
    ("vulnerabilities[].links[].url", Matching("^https?://.+")),
    ("vulnerabilities[].location.file", Text),
    ("vulnerabilities[].location.start_line", Count),
    ("vulnerabilities[].location.end_line", Count),
    ("vulnerabilities[].location.commit.sha", Text),
    ("remediations", ListUpTo(0)),
];

/// docs.gitlab.com, "Code Quality report format"; a path must not begin with `./`.
const GITLAB_QUALITY: &[(&str, Is<'_>)] = &[
    ("[].description", Text),
    ("[].check_name", Text),
    ("[].fingerprint", Text),
    ("[].severity", OneOf(&["info", "minor", "major", "critical", "blocker"])),
    ("[].location.path", Matching(r"^([^./]|\.[^/])")),
    ("[].location.lines.begin", Count),
];

/// reviewdog, proto/rdf/jsonschema/DiagnosticResult.json.
const RDJSON: &[(&str, Is<'_>)] = &[
    ("source.name", Text),
    ("severity", OneOf(&["UNKNOWN_SEVERITY", "ERROR", "WARNING", "INFO"])),
    ("diagnostics[].message", Text),
    ("diagnostics[].severity", OneOf(&["UNKNOWN_SEVERITY", "ERROR", "WARNING", "INFO"])),
    ("diagnostics[].location.path", Text),
    ("diagnostics[].location.range?.start.line", Count),
    ("diagnostics[].location.range?.start.column", Count),
    ("diagnostics[].location.range?.end.line", Count),
    ("diagnostics[].location.range?.end.column", Count),
    ("diagnostics[].code.value", Text),
];

/// Jenkins, xunit-plugin, junit-10.xsd: what each element may hold, its attributes (those that
/// it must have first, with how many they are), and where it may stand.
type Element = (&'static str, &'static [&'static str], usize, &'static [&'static str]);
const JUNIT: &[Element] = &[
    ("testsuites", &["name", "time", "tests", "failures", "errors"], 0, &[""]),
    (
        "testsuite",
        &[
            "name",
            "tests",
            "failures",
            "errors",
            "group",
            "time",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
            "file",
            "log",
            "url",
            "version",
        ],
        4,
        &["testsuites", "testsuite"],
    ),
    ("testcase", &["name", "time", "classname", "group"], 1, &["testsuite"]),
    ("failure", &["type", "message"], 0, &["testcase"]),
    ("error", &["type", "message"], 0, &["testcase"]),
    ("skipped", &["type", "message"], 0, &["testcase"]),
];

fn hold_junit(xml: &str) {
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut above = vec![String::new()];
    loop {
        let event = reader.read_event().unwrap();
        if matches!(event, Event::Eof) {
            return assert_eq!(above.len(), 1);
        }
        if matches!(event, Event::End(_)) {
            above.pop();
        }
        if let Event::Text(text) = &event
            && !text.trim_ascii().is_empty()
        {
            assert!(["failure", "error"].contains(&above.last().unwrap().as_str()));
        }
        let (Event::Start(tag) | Event::Empty(tag)) = &event else { continue };
        let name = tag.name().as_ref().to_owned();
        let known = JUNIT.iter().find(|(known, ..)| *known == name);
        let (_, attributes, needed, parents) = known.unwrap_or_else(|| panic!("`{name}`"));
        assert!(parents.contains(&above.last().unwrap().as_str()), "`{name}` stands there");
        let has: Vec<String> =
            tag.attributes().map(|one| one.unwrap().key.as_ref().to_owned()).collect();
        for attribute in &has {
            assert!(attributes.contains(&attribute.as_str()), "`{name}` has `{attribute}`");
        }
        for must in attributes.iter().take(*needed) {
            assert!(has.iter().any(|attribute| attribute == must), "`{name}` has no `{must}`");
        }
        if matches!(event, Event::Start(_)) {
            above.push(name);
        }
    }
}

#[test]
fn every_report_of_every_rule_is_as_its_published_schema_asks() {
    let formats = ["sarif", "gitlab", "gitlab-code-quality", "rdjson", "junit"];
    for run in reports(&formats) {
        let parse = |text: &String| serde_json::from_str::<Value>(text).unwrap();
        let [sarif, secrets, quality, rdjson, junit] = run.as_slice() else { unreachable!() };
        let (sarif, secrets) = (parse(sarif), parse(secrets));
        assert!(sarif["runs"][0]["results"].as_array().unwrap().len() > 3);
        assert!(secrets["vulnerabilities"].as_array().unwrap().len() > 3);
        hold(&sarif, SARIF);
        hold(&sarif, CODE_SCANNING);
        for rule in sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap() {
            // SARIF 3.49.7: where both are there, the name differs from the id.
            assert_ne!(rule["id"], rule["name"]);
        }
        hold(&secrets, GITLAB_SECRETS);
        let ids = secrets["vulnerabilities"].as_array().unwrap().iter().map(|one| &one["id"]);
        let distinct: std::collections::HashSet<String> = ids.map(Value::to_string).collect();
        assert_eq!(distinct.len(), secrets["vulnerabilities"].as_array().unwrap().len());
        hold(&parse(quality), GITLAB_QUALITY);
        hold(&parse(rdjson), RDJSON);
        hold_junit(junit);
    }
}

#[test]
#[should_panic(expected = "`a.b` is not there")]
fn what_is_missing_does_not_hold() {
    hold(&serde_json::json!({ "a": {} }), &[("a.b", Text)]);
}

#[test]
#[should_panic(expected = "`a[]` is")]
fn what_nobody_knows_does_not_hold() {
    hold(&serde_json::json!({ "a": [{ "b": 1 }, { "c": 1 }] }), &[("a[]", With(&["b"]))]);
}
