//! Markers that let a line through: `leakcoach:allow RULE because WORDS`, and those of
//! other tools.

use super::{Dismissed, Found, Note, Reason};
use std::ops::Range;

const MARKER: &[u8] = b"leakcoach:allow ";

/// Other tools' markers, on the line of the value. None of them asks for a reason.
const FOREIGN: [&str; 9] = [
    "gitleaks:allow",
    "betterleaks:allow",
    "trufflehog:ignore",
    "kingfisher:ignore",
    "ggignore",
    "pragma: allowlist secret",
    "pragma: whitelist secret",
    "secretlint-disable-line",
    "talisman-ignore-line",
];

/// On the line before it.
const FOREIGN_ABOVE: [&str; 2] =
    ["pragma: allowlist nextline secret", "secretlint-disable-next-line"];

/// Dismisses the findings whose line carries a marker that names their rule and a
/// reason of ten characters or more; sets those aside that another tool's marker hides.
pub(super) fn apply(found: &mut Found, bytes: &[u8]) {
    let mut kept = Vec::with_capacity(found.findings.len());
    for finding in found.findings.drain(..) {
        let at = finding.secret_span.clone();
        // A marker further off, in a line without end, is none of this value.
        let floor = at.start.saturating_sub(4096);
        let limit = bytes.len().min(at.end + 512);
        let start =
            memchr::memrchr(b'\n', &bytes[floor..at.start]).map_or(floor, |n| floor + n + 1);
        let end = memchr::memchr(b'\n', &bytes[at.end..limit]).map_or(limit, |n| at.end + n);
        if allows(&bytes[start..end], finding.rule.id) {
            found.dismissed.push(Dismissed {
                rule: finding.rule,
                span: at,
                reason: Reason::Marked,
            });
        } else if let Some(marker) = foreign(bytes, start, end) {
            let mut finding = finding;
            finding.notes.push(Note::Marked(marker));
            found.marked.push(finding);
        } else {
            kept.push(finding);
        }
    }
    found.findings = kept;
}

/// Whether the line of what stands at `at` lets the rule called `id` through, with a reason.
pub(crate) fn is_allowed(bytes: &[u8], at: &Range<usize>, id: &str) -> bool {
    let floor = at.start.saturating_sub(4096);
    let start = memchr::memrchr(b'\n', &bytes[floor..at.start]).map_or(floor, |n| floor + n + 1);
    let limit = bytes.len().min(at.start + 4096);
    let end = memchr::memchr(b'\n', &bytes[at.start..limit]).map_or(limit, |n| at.start + n);
    allows(&bytes[start..end], id)
}

/// The marker of another tool that hides the line at `start..end`.
fn foreign(bytes: &[u8], start: usize, end: usize) -> Option<&'static str> {
    let holds = |line: &[u8], marker: &str| memchr::memmem::find(line, marker.as_bytes()).is_some();
    let line = &bytes[start..end];
    let above = bytes[..start].strip_suffix(b"\n").unwrap_or_default();
    let above = &above[above.len().saturating_sub(512)..];
    let above = &above[memchr::memrchr(b'\n', above).map_or(0, |newline| newline + 1)..];
    FOREIGN
        .into_iter()
        .find(|marker| holds(line, marker))
        .or_else(|| FOREIGN_ABOVE.into_iter().find(|marker| holds(above, marker)))
}

fn allows(line: &[u8], id: &str) -> bool {
    let Some(at) = memchr::memmem::find(line, MARKER) else { return false };
    let rest = line[at + MARKER.len()..].trim_ascii_start();
    let Some(rest) = rest.strip_prefix(id.as_bytes()) else { return false };
    let Some(words) = rest.strip_prefix(b" because ") else { return false };
    words.trim_ascii().len() >= 10
}
