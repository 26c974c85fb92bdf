//! A table, a row for each finding and one for each thing that could not be checked.

use super::entry::Report;
use std::borrow::Cow;

const HEAD: [&str; 21] = [
    "verdict",
    "severity",
    "confidence",
    "rule",
    "what",
    "service",
    "path",
    "member",
    "line",
    "column",
    "end_line",
    "end_column",
    "exposure",
    "role",
    "commit",
    "owners",
    "id",
    "fingerprint",
    "let_through_by",
    "told",
    "to_do",
];

/// A cell that no spreadsheet takes for a formula.
fn cell(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

pub(super) fn render(report: &Report<'_>) -> Result<String, String> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let mut row = |cells: &[&str]| {
        out.write_record(cells.iter().map(|text| cell(text).into_owned()))
            .map_err(|error| error.to_string())
    };
    row(&HEAD)?;
    for entry in &report.entries {
        let (card, facts) = (entry.card, &entry.card.facts);
        let region = facts.region;
        row(&[
            entry.verdict().word(),
            facts.rule.severity.word(),
            facts.confidence.word(),
            card.rule,
            card.what,
            facts.rule.service,
            &entry.path,
            entry.member.as_deref().unwrap_or_default(),
            &region.start.line.to_string(),
            &region.start.column.to_string(),
            &region.end.line.to_string(),
            &region.end.column.to_string(),
            facts.exposure.word(),
            facts.role.word(),
            facts.commit.as_deref().unwrap_or_default(),
            &entry.owners.join(" "),
            &card.id.map(|id| id.to_string()).unwrap_or_default(),
            &format!("{}:{}", entry.fingerprint, entry.occurrence),
            entry.settled().unwrap_or_default(),
            &entry.told(),
            &entry.to_do(),
        ])?;
    }
    for hole in report.holes() {
        let mut cells = [""; HEAD.len()];
        let told = hole.told();
        cells[0] = if hole.inside { "unopened" } else { "unread" };
        (cells[6], cells[19]) = (&hole.path, &told);
        row(&cells)?;
    }
    let bytes = out.into_inner().map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn no_cell_begins_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert!(cell(text).starts_with('\''), "{text:?}");
        }
        assert_eq!(cell("a=b"), "a=b");
    }
}
