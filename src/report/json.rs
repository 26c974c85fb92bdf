//! leakcoach's own format, described in `docs/reports.md`.

use super::entry::{Entry, Hole, Report};
use crate::catalogue::Rule;
use crate::text::Escaped;
use bstr::BString;
use data_encoding::BASE64;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Raised in its first number when a reader would have to change.
const VERSION: &str = "1.1";

pub(super) fn render(report: &Report<'_>) -> String {
    let rules: BTreeMap<&str, &Rule> =
        report.entries.iter().map(|entry| (entry.card.rule, entry.card.facts.rule)).collect();
    let rules: Map<String, Value> =
        rules.into_iter().map(|(id, rule)| (id.to_owned(), described(rule))).collect();
    let coverage = report.coverage;
    let holes = |inside: bool| -> Vec<Value> {
        report.holes().filter(|hole| hole.inside == inside).map(|hole| as_json(&hole)).collect()
    };
    let value = json!({
        "schema": "leakcoach-report",
        "schema_version": VERSION,
        "tool": { "name": "leakcoach", "version": env!("CARGO_PKG_VERSION") },
        "outcome": report.outcome.word(),
        "summary": {
            "found": report.found(),
            "refused": report.refused(),
            "let_through": report.let_through(),
        },
        "coverage": {
            "complete": coverage.unread.is_empty() && coverage.unopened.is_empty(),
            "interrupted": coverage.interrupted.map(|at| at.to_string()),
            "files": coverage.read,
            "bytes": coverage.bytes,
            "members": coverage.members,
            "messages": coverage.messages,
            "ignored": coverage.ignored,
            "elsewhere": coverage.elsewhere.len(),
            "unread": holes(false),
            "unopened": holes(true),
        },
        "findings": report.entries.iter().map(finding).collect::<Vec<_>>(),
        "rules": rules,
    });
    format!("{value:#}")
}

fn as_json(hole: &Hole<'_>) -> Value {
    json!({ "path": hole.path, "why": hole.why })
}

fn finding(entry: &Entry<'_>) -> Value {
    let (card, facts) = (entry.card, &entry.card.facts);
    let steps: Vec<Value> = card
        .steps
        .iter()
        .map(|step| json!({ "words": step.words, "command": step.command }))
        .collect();
    // What is shown differs from the bytes only where these cannot be shown.
    let exact = (entry.path.as_bytes() != &**entry.file && !entry.file.is_empty())
        .then(|| BASE64.encode(&entry.file));
    let mut value = json!({
        "id": card.id.map(|id| id.to_string()),
        "fingerprint": format!("{}:{}", entry.fingerprint, entry.occurrence),
        "fingerprint_of": if entry.of_credential() { "credential" } else { "place" },
        "rule": card.rule,
        "what": card.what,
        "verdict": entry.verdict().word(),
        "because": card.judgement.because,
        "policy": card.judgement.line.as_deref(),
        "digest": card.judgement.digest,
        "let_through_by": entry.settled(),
        "severity": facts.rule.severity.word(),
        "confidence": facts.confidence.word(),
        "exposure": facts.exposure.word(),
        "role": facts.role.word(),
        "path": entry.path,
        "path_base64": exact,
        "member": entry.member,
        "line": facts.region.start.line,
        "column": facts.region.start.column,
        "end_line": facts.region.end.line,
        "end_column": facts.region.end.column,
        "commit": facts.commit,
        "remote_refs": names(&facts.remote_refs),
        "branches": names(&facts.branches),
        "commits": facts.commits,
        "owners": entry.owners,
        "seen": card.seen,
        "here": card.here,
        "steps": steps,
        "own": card.own,
        "go_on": card.go_on,
    });
    if let Some(repository) = &entry.repository {
        value["repository"] = json!(repository);
    }
    value
}

fn names(names: &[BString]) -> Vec<String> {
    names.iter().map(|name| Escaped(name).to_string()).collect()
}

fn described(rule: &Rule) -> Value {
    let words = rule.coaching();
    json!({
        "what": rule.what,
        "service": rule.service,
        "kind": rule.kind.word(),
        "severity": rule.severity.word(),
        "lifetime": rule.lifetime.word(),
        "cwe": rule.cwe,
        "nhi": rule.nhi.iter().collect::<Vec<_>>(),
        "opens": words.opens,
        "signal": words.missed,
        "next_time": words.next_time,
        "revoke": {
            "console": words.revoke_console,
            "command": words.revoke_cli,
            "note": words.revoke_note,
        },
        "rotate": words.rotate,
        "vault": words.vault,
        "instead": words.instead,
        "abuse": words.abuse,
        "variable": words.variable,
        "sources": words.sources.iter().collect::<Vec<_>>(),
    })
}
