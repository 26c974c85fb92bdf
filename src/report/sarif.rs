//! SARIF 2.1.0 (OASIS), with what GitHub code scanning asks for beyond it
//! (docs.github.com, "SARIF support for code scanning").

use super::entry::{Entry, Hole, Report, Spot, upper};
use super::markdown;
use crate::catalogue::governance::{Framework, GovernanceFile};
use crate::catalogue::{Grade, Rule, Severity};
use crate::feedback::{governance, of_rule};
use crate::judge::Verdict;
use crate::source::REST;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

/// GitHub takes no file with more results.
const RESULTS: usize = 25_000;
/// As many places of the same credential are named beside one of them.
const RELATED: usize = 20;
/// As many holes are named one by one.
const HOLES: usize = 1_000;

pub(super) fn render(report: &Report<'_>) -> String {
    let mut open: Vec<&Entry<'_>> = report.open().collect();
    let left_out = open.len().saturating_sub(RESULTS);
    if left_out > 0 {
        // A stable sort keeps the places in order.
        open.sort_by_key(|entry| Reverse((entry.verdict(), entry.card.facts.rule.severity)));
        open.truncate(RESULTS);
    }
    let rules: BTreeMap<&str, &Rule> =
        open.iter().map(|entry| (entry.card.rule, entry.card.facts.rule)).collect();
    let index: HashMap<&str, usize> = rules.keys().copied().zip(0..).collect();
    let mut same: HashMap<_, Vec<&Entry<'_>>> = HashMap::new();
    for entry in &open {
        if let Some(id) = entry.card.id {
            same.entry(id).or_default().push(entry);
        }
    }
    let results = open.iter().map(|entry| {
        let others = entry.card.id.and_then(|id| same.get(&id)).map_or(&[][..], Vec::as_slice);
        result(entry, index.get(entry.card.rule).copied(), others)
    });
    let results: Vec<Value> = results.collect();
    let governance = governance();
    let value = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "leakcoach",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "supportedTaxonomies": (0..)
                    .zip(&governance.framework)
                    .map(|(index, framework)| json!({ "name": framework.id, "index": index }))
                    .collect::<Vec<_>>(),
                "rules": rules
                    .values()
                    .map(|rule| described(rule, &governance))
                    .collect::<Vec<_>>(),
            } },
            "taxonomies": governance
                .framework
                .iter()
                .map(|framework| taxonomy(framework, &governance, rules.values().copied()))
                .collect::<Vec<_>>(),
            "automationDetails": { "id": "leakcoach/" },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": report.coverage.unread.is_empty() && left_out == 0,
                "toolExecutionNotifications": notifications(report, left_out),
            }],
            "results": results,
        }],
    });
    format!("{value:#}")
}

fn result(entry: &Entry<'_>, rule: Option<usize>, same: &[&Entry<'_>]) -> Value {
    let card = entry.card;
    let level = match entry.verdict() {
        Verdict::Block => "error",
        Verdict::Guide | Verdict::Slow => "warning",
        Verdict::Permit => "note",
    };
    let mut prints = BTreeMap::from([(
        "primaryLocationLineHash",
        format!("{}:{}", entry.fingerprint, entry.occurrence),
    )]);
    if let Some(id) = card.id.filter(|_| entry.of_credential()) {
        prints.insert("leakcoach/v1", id.to_string());
    }
    let others = same.iter().filter(|other| !std::ptr::eq(**other, entry)).take(RELATED);
    let related = (1..).zip(others).map(|(id, other)| {
        let mut place = location(other);
        place["id"] = json!(id);
        place["message"] = json!({ "text": "the same credential" });
        place
    });
    let mut result = json!({
        "ruleId": card.rule,
        "ruleIndex": rule,
        "level": level,
        "message": { "text": format!("{} Do now: {}.", entry.told(), entry.to_do()) },
        "locations": [location(entry)],
        "partialFingerprints": prints,
        "properties": {
            "confidence": card.facts.confidence.word(),
            "exposure": card.facts.exposure.word(),
            "verdict": entry.verdict().word(),
            "role": card.facts.role.word(),
            "owners": entry.owners,
        },
    });
    let related: Vec<Value> = related.collect();
    if !related.is_empty() {
        result["relatedLocations"] = json!(related);
    }
    if let Some(commit) = &card.facts.commit {
        result["properties"]["commit"] = json!(commit);
    }
    if let Some(repository) = &entry.repository {
        result["properties"]["repository"] = json!(repository);
    }
    result
}

fn location(entry: &Entry<'_>) -> Value {
    let Spot { line, column, end_line, end_column, .. } = entry.spot();
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(&entry.file) },
            "region": {
                "startLine": line,
                "startColumn": column,
                "endLine": end_line,
                "endColumn": end_column,
            },
        },
    });
    if let Some(member) = &entry.member {
        location["logicalLocations"] = json!([{
            "name": member,
            "fullyQualifiedName": entry.full_path(),
            "kind": "member",
        }]);
    }
    location
}

/// A path as a relative URI (RFC 3986), of an absolute one as one of a file.
fn uri(path: &[u8]) -> String {
    if path.is_empty() {
        return "stdin".to_owned();
    }
    let mut out = String::with_capacity(path.len());
    if path.starts_with(b"/") {
        out.push_str("file://");
    }
    for byte in path {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(byte) {
            out.push(char::from(*byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn described(rule: &Rule, governance: &GovernanceFile) -> Value {
    let words = rule.coaching();
    let mut tags = vec!["security".to_owned(), "secret".to_owned()];
    tags.extend(rule.cwe.iter().map(|number| format!("external/cwe/cwe-{number}")));
    if rule.cwe.is_empty() {
        tags.push("external/cwe/cwe-798".to_owned());
    }
    // GitHub's bands: critical from 9.0 on, high from 7.0, medium from 4.0.
    let severity = match rule.severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Info => "0.1",
    };
    let precision = match rule.grade {
        Grade::Likely => "high",
        Grade::Possible => "medium",
    };
    let sentence = |words: &str, otherwise: &str| {
        let words = if words.is_empty() { otherwise } else { words };
        words.chars().take(1_000).collect::<String>()
    };
    let mut described = json!({
        "id": rule.id,
        "name": pascal(rule.id),
        "shortDescription": { "text": sentence(rule.what, rule.id) },
        "fullDescription": {
            "text": sentence(&format!("{}. It opens: {}.", upper(rule.what), words.opens), rule.id),
        },
        "help": { "text": markdown::help(rule, false), "markdown": markdown::help(rule, true) },
        "defaultConfiguration": { "level": "error" },
        "relationships": relationships(rule, governance),
        "properties": {
            "tags": tags,
            "precision": precision,
            "security-severity": severity,
            "problem.severity": "error",
        },
    });
    if let Some(page) = words.sources.iter().find(|page| page.starts_with("https://")) {
        described["helpUri"] = json!(page);
    }
    described
}

/// A framework, and those of its controls that these rules touch.
fn taxonomy<'a>(
    framework: &Framework,
    governance: &GovernanceFile,
    rules: impl Iterator<Item = &'a Rule>,
) -> Value {
    let touched: BTreeSet<String> =
        rules.flat_map(|rule| of_rule(governance, &framework.id, rule)).collect();
    let taxa = touched.iter().map(|id| {
        let title = framework.controls.get(id).map_or(id.as_str(), String::as_str);
        json!({ "id": id, "shortDescription": { "text": title } })
    });
    json!({
        "name": framework.id,
        "fullName": format!("{} {}", framework.name, framework.version),
        "version": framework.version,
        "informationUri": framework.page,
        "isComprehensive": false,
        "shortDescription": { "text": format!("{} {}", framework.name, framework.version) },
        "taxa": taxa.collect::<Vec<_>>(),
    })
}

/// What a rule touches, by framework.
fn relationships(rule: &Rule, governance: &GovernanceFile) -> Vec<Value> {
    let frameworks = (0..).zip(&governance.framework);
    let all = frameworks.flat_map(|(index, framework)| {
        of_rule(governance, &framework.id, rule).into_iter().map(move |id| {
            let component = json!({ "name": framework.id, "index": index });
            json!({ "target": { "id": id, "toolComponent": component }, "kinds": ["relevant"] })
        })
    });
    all.collect()
}

/// A rule's id as the one word that viewers show; it must be another than the id (SARIF 3.49.7).
fn pascal(id: &str) -> String {
    id.split(|char: char| !char.is_alphanumeric()).map(upper).collect()
}

fn notifications(report: &Report<'_>, left_out: usize) -> Vec<Value> {
    let one = |hole: Hole<'_>| {
        let level = if hole.inside { "warning" } else { "error" };
        let mut note = json!({ "level": level, "message": { "text": hole.told() } });
        if hole.raw != REST.as_bytes() {
            let file = json!({ "uri": uri(hole.raw) });
            note["locations"] = json!([{ "physicalLocation": { "artifactLocation": file } }]);
        }
        note
    };
    let note = |level: &str, text: String| json!({ "level": level, "message": { "text": text } });
    let mut all: Vec<Value> = report.holes().take(HOLES).map(one).collect();
    if let Some(more @ 1..) = report.holes().count().checked_sub(HOLES) {
        all.push(note("error", format!("could not check or look into {more} more")));
    }
    if left_out > 0 {
        all.push(note("error", format!("{left_out} more findings are not in this file")));
    }
    let (read, through) = (report.coverage.read, report.let_through());
    all.push(note("note", format!("{read} files checked, {through} findings let through")));
    all
}

#[cfg(test)]
mod tests {
    use super::{pascal, uri};

    #[test]
    fn a_name_is_another_than_the_id() {
        assert_eq!(pascal("github-pat"), "GithubPat");
        assert_eq!(pascal("1password-x.y_z"), "1passwordXYZ");
        assert_eq!(pascal("plain"), "Plain");
    }

    #[test]
    fn a_path_of_any_bytes_is_a_uri() {
        assert_eq!(uri(b"a b/\xc3\xa4#?%.env"), "a%20b/%C3%A4%23%3F%25.env");
        assert_eq!(uri(b"/tmp/x:y"), "file:///tmp/x%3Ay");
        assert_eq!(uri(b"\xff\n"), "%FF%0A");
        assert_eq!(uri(b""), "stdin");
    }
}
