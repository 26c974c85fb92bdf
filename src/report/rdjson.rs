//! reviewdog's diagnostics (reviewdog, `proto/rdf/reviewdog.proto`). Columns are bytes.

use super::entry::{Entry, Hole, Report, Spot};
use crate::judge::Verdict;
use serde_json::{Value, json};

pub(super) fn render(report: &Report<'_>) -> String {
    let all: Vec<Value> =
        report.open().map(finding).chain(report.holes().map(|one| hole(&one))).collect();
    let value = json!({
        "source": { "name": "leakcoach" },
        "severity": "ERROR",
        "diagnostics": all,
    });
    format!("{value:#}")
}

fn finding(entry: &Entry<'_>) -> Value {
    let severity = match entry.verdict() {
        Verdict::Block => "ERROR",
        Verdict::Guide | Verdict::Slow => "WARNING",
        Verdict::Permit => "INFO",
    };
    let Spot { line, byte, end_line, end_byte, .. } = entry.spot();
    json!({
        "message": format!("{}\nDo now: {}", entry.told(), entry.to_do()),
        "location": {
            "path": entry.path,
            "range": {
                "start": { "line": line, "column": byte },
                "end": { "line": end_line, "column": end_byte },
            },
        },
        "severity": severity,
        "code": { "value": entry.card.rule },
    })
}

fn hole(hole: &Hole<'_>) -> Value {
    json!({
        "message": hole.told(),
        "location": { "path": hole.path },
        "severity": "WARNING",
        "code": { "value": "could-not-check" },
    })
}
