//! GitLab's reports: secret detection (schema 15.0.4) and code quality (docs.gitlab.com).

use super::entry::{Entry, Hole, Report, Spot};
use super::markdown;
use crate::catalogue::Severity;
use serde_json::{Value, json};

pub(super) fn secrets(report: &Report<'_>) -> String {
    let time = |seconds: i64| {
        let time = jiff::Timestamp::from_second(seconds).unwrap_or_default();
        time.strftime("%Y-%m-%dT%H:%M:%S").to_string()
    };
    let tool = json!({
        "id": "leakcoach",
        "name": "leakcoach",
        "version": env!("CARGO_PKG_VERSION"),
        "vendor": { "name": "leakcoach" },
    });
    let message = |hole: Hole<'_>| json!({ "level": "warn", "value": hole.told() });
    let mut messages: Vec<Value> = report.holes().map(message).collect();
    messages.push(json!({
        "level": "info",
        "value": format!(
            "{} files checked, {} findings let through",
            report.coverage.read,
            report.let_through()
        ),
    }));
    let value = json!({
        "version": "15.0.4",
        "scan": {
            "analyzer": tool,
            "scanner": tool,
            "type": "secret_detection",
            "status": if report.coverage.unread.is_empty() { "success" } else { "failure" },
            "start_time": time(report.started),
            "end_time": time(report.ended),
            "messages": messages,
        },
        "vulnerabilities": report.open().map(vulnerability).collect::<Vec<_>>(),
        "remediations": [],
    });
    format!("{value:#}")
}

fn vulnerability(entry: &Entry<'_>) -> Value {
    let (card, facts) = (entry.card, &entry.card.facts);
    let severity = match facts.rule.severity {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
        Severity::Info => "Info",
    };
    let mut identifiers = vec![json!({
        "type": "leakcoach_rule_id",
        "name": format!("leakcoach rule {}", card.rule),
        "value": card.rule,
    })];
    let cwe = if facts.rule.cwe.is_empty() { &[798][..] } else { facts.rule.cwe };
    identifiers.extend(cwe.iter().map(|number| {
        json!({
            "type": "cwe",
            "name": format!("CWE-{number}"),
            "value": number.to_string(),
            "url": format!("https://cwe.mitre.org/data/definitions/{number}.html"),
        })
    }));
    let Spot { line, end_line, .. } = entry.spot();
    let pages = facts.rule.coaching().sources.iter();
    let links: Vec<Value> = pages
        .filter(|page| page.starts_with("https://"))
        .map(|page| json!({ "url": page }))
        .collect();
    json!({
        "id": uuid(entry),
        "name": card.what.chars().take(255).collect::<String>(),
        "description": markdown::prose(&entry.told()),
        "severity": severity,
        "solution": solution(entry),
        "identifiers": identifiers,
        "links": links,
        "location": {
            "file": entry.path,
            "start_line": line,
            "end_line": end_line,
            // What GitLab's own analyzer writes outside of commits.
            "commit": { "sha": facts.commit.as_deref().unwrap_or("0000000") },
        },
    })
}

/// What to do now, then the way out of a leak.
fn solution(entry: &Entry<'_>) -> String {
    let words = entry.card.facts.rule.coaching();
    let all = format!(
        "{}. If it has left: revoke it at {}; {}.",
        entry.to_do(),
        words.revoke_console,
        words.rotate
    );
    all.chars().take(7_000).collect()
}

/// A UUID of version 8 (RFC 9562) from the fingerprint, the same from run to run.
fn uuid(entry: &Entry<'_>) -> String {
    // The occurrence takes the last digits, which a reader may not see to be apart.
    let digits: String = entry.fingerprint.chars().take(24).collect();
    let digits = format!("{digits}{:08x}", entry.occurrence);
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default().to_owned();
    [&part(0, 8), "-", &part(8, 12), "-8", &part(13, 16), "-8", &part(17, 20), "-", &part(20, 32)]
        .concat()
}

pub(super) fn quality(report: &Report<'_>) -> String {
    let finding = |entry: &Entry<'_>| {
        let severity = match entry.card.facts.rule.severity {
            Severity::Critical => "blocker",
            Severity::High => "critical",
            Severity::Medium => "major",
            Severity::Low => "minor",
            Severity::Info => "info",
        };
        json!({
            "description": entry.told(),
            "check_name": entry.card.rule,
            "fingerprint": format!("{}{}", entry.fingerprint, entry.occurrence),
            "severity": severity,
            "location": { "path": entry.path, "lines": { "begin": entry.spot().line } },
        })
    };
    let hole = |hole: Hole<'_>| {
        json!({
            "description": hole.told(),
            "check_name": "could-not-check",
            "fingerprint": hole.fingerprint(),
            "severity": if hole.inside { "info" } else { "major" },
            "location": { "path": hole.path, "lines": { "begin": 1 } },
        })
    };
    let all: Vec<Value> = report.open().map(finding).chain(report.holes().map(hole)).collect();
    format!("{:#}", Value::from(all))
}
