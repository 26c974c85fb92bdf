//! GitHub Actions: annotations by workflow commands, and the step's summary
//! (docs.github.com, "Workflow commands for GitHub Actions").

use super::entry::{Entry, Report, Spot};
use super::markdown::{code, plain, prose};
use crate::judge::Verdict;
use crate::text::Count;
use std::fmt::Write as _;

/// GitHub shows at most this many annotations of a job.
const ANNOTATIONS: usize = 50;
/// GitHub takes a summary of at most 1 MiB; this leaves room for what is there already.
const SUMMARY_BYTES: usize = 512 << 10;

/// A value that cannot end its command.
fn value(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property's value, which cannot end the property either.
fn property(text: &str) -> String {
    value(text).replace(':', "%3A").replace(',', "%2C")
}

pub(super) fn annotations(report: &Report<'_>) -> String {
    let mut open: Vec<&Entry<'_>> = report.open().collect();
    // Those that are shown at all are the ones that matter most.
    open.sort_by_key(|entry| std::cmp::Reverse((entry.verdict(), entry.card.facts.rule.severity)));
    let mut out = String::new();
    for entry in open.iter().take(ANNOTATIONS) {
        let command = match entry.verdict() {
            Verdict::Block => "error",
            Verdict::Guide | Verdict::Slow => "warning",
            Verdict::Permit => "notice",
        };
        let Spot { line, column, end_line, end_column, .. } = entry.spot();
        let columns = if line == end_line {
            format!(",col={column},endColumn={}", end_column.saturating_sub(1).max(column))
        } else {
            String::new()
        };
        let _ = writeln!(
            out,
            "::{command} file={},line={line},endLine={end_line}{columns},title={}::{}",
            property(&entry.path),
            property(entry.card.what),
            value(&format!("{}\nDo now: {}", entry.told(), entry.to_do())),
        );
    }
    if let Some(more @ 1..) = open.len().checked_sub(ANNOTATIONS) {
        let _ = writeln!(out, "::error title=leakcoach::{} more", Count(more, "finding"));
    }
    let holes: Vec<_> = report.holes().collect();
    for hole in holes.iter().take(ANNOTATIONS) {
        let _ = writeln!(
            out,
            "::warning file={},title=leakcoach::{}",
            property(&hole.path),
            value(&hole.told())
        );
    }
    if let Some(more @ 1..) = holes.len().checked_sub(ANNOTATIONS) {
        let _ = writeln!(out, "::warning title=leakcoach::could not check {more} more");
    }
    out
}

pub(super) fn summary(report: &Report<'_>) -> String {
    let (found, refused) = (report.found(), report.refused());
    let mut out = format!("## leakcoach: {}\n\n", report.outcome);
    let _ = writeln!(
        out,
        "{refused} refused of {found} found; {} checked; {} let through.\n",
        Count(report.coverage.read, "file"),
        report.let_through(),
    );
    if found > 0 {
        out.push_str(
            "| verdict | severity | what | where | owner | do now |\n|---|---|---|---|---|---|\n",
        );
    }
    let mut rows = 0;
    for entry in report.open() {
        let owners = entry.owners.join(" ");
        let row = format!(
            "| {} | {} | {} | {} | {} | {} |",
            entry.verdict(),
            entry.card.facts.rule.severity,
            plain(entry.card.what),
            code(&format!("{}:{}", entry.full_path(), entry.card.line)),
            plain(&owners),
            prose(&entry.to_do()),
        );
        if out.len() + row.len() > SUMMARY_BYTES {
            break;
        }
        out.push_str(&row);
        out.push('\n');
        rows += 1;
    }
    if let Some(more @ 1..) = found.checked_sub(rows) {
        let _ = writeln!(out, "\n{} more are not shown here.", Count(more, "finding"));
    }
    let holes = report.holes().count();
    if holes > 0 {
        let _ = writeln!(out, "\n### Could not be checked\n");
        for hole in report.holes().take(100) {
            let _ = writeln!(out, "- {}: {}", code(&hole.path), plain(hole.why));
        }
        if let Some(more @ 1..) = holes.checked_sub(100) {
            let _ = writeln!(out, "- and {more} more");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{property, value};

    #[test]
    fn a_value_ends_neither_its_command_nor_its_property() {
        assert_eq!(value("a%\r\n::error::b"), "a%25%0D%0A::error::b");
        assert_eq!(property("a:b,c\n"), "a%3Ab%2Cc%0A");
    }
}
