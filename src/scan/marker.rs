//! The marker that lets a line through: `leakcoach:allow RULE because WORDS`.

use super::{Dismissed, Found, Reason};

const MARKER: &[u8] = b"leakcoach:allow ";

/// Dismisses the findings whose line carries a marker that names their rule and a
/// reason of ten characters or more.
pub(super) fn apply(found: &mut Found, bytes: &[u8]) {
    let mut kept = Vec::with_capacity(found.findings.len());
    for finding in found.findings.drain(..) {
        let at = finding.secret_span.clone();
        let start = memchr::memrchr(b'\n', &bytes[..at.start]).map_or(0, |newline| newline + 1);
        let end = memchr::memchr(b'\n', &bytes[at.end..]).map_or(bytes.len(), |n| at.end + n);
        if allows(&bytes[start..end.min(at.end + 512)], finding.rule.id) {
            found.dismissed.push(Dismissed {
                rule: finding.rule,
                span: at,
                reason: Reason::Marked,
            });
        } else {
            kept.push(finding);
        }
    }
    found.findings = kept;
}

fn allows(line: &[u8], id: &str) -> bool {
    let Some(at) = memchr::memmem::find(line, MARKER) else { return false };
    let rest = line[at + MARKER.len()..].trim_ascii_start();
    let Some(rest) = rest.strip_prefix(id.as_bytes()) else { return false };
    let Some(words) = rest.strip_prefix(b" because ") else { return false };
    words.trim_ascii().len() >= 10
}
