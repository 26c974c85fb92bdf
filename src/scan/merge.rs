//! One finding a credential: the most specific rule wins, and pairs become one.

use super::{Confidence, Dismissed, Finding, Found, Note, Reason};
use crate::catalogue::{Check, Engine, Grade};
use std::ops::Range;

/// Sorts by place, drops what a better finding covers, and joins companions.
pub(super) fn merge(found: &mut Found, bytes: &[u8]) {
    join_pairs(found);
    let mut order: Vec<Finding> = std::mem::take(&mut found.findings);
    order.sort_by_key(|finding| std::cmp::Reverse(rank(finding)));
    let mut kept: Vec<Finding> = Vec::with_capacity(order.len());
    for finding in order {
        if kept.iter().filter(|better| may_cover(better, &finding)).any(|better| {
            overlaps(&better.secret_span, &finding.secret_span)
                // What stands between a name and its value is covered for a generic rule
                // only: another credential may stand there.
                || finding.rule.engine == Engine::Assignment
                    && overlaps(&better.span, &finding.secret_span)
                || better
                    .companion
                    .as_ref()
                    .is_some_and(|(_, place)| overlaps(place, &finding.secret_span))
        }) {
            found.dismissed.push(Dismissed {
                rule: finding.rule,
                span: finding.secret_span,
                reason: Reason::Covered,
            });
        } else {
            kept.push(finding);
        }
    }
    // A generic rule must not raise again what a specific one has dismissed.
    let dismissed: Vec<(Range<usize>, Reason)> = found
        .dismissed
        .iter()
        .filter(|d| {
            d.rule.file.is_none()
                && d.rule.engine == Engine::Shape
                && d.rule.grade == Grade::Likely
                // Too plain for a prefix's rule may be enough for a telling name.
                && !matches!(d.reason, Reason::Covered | Reason::TooPlain)
        })
        .map(|d| (d.span.clone(), d.reason))
        .collect();
    let (generic_covered, mut kept): (Vec<_>, Vec<_>) = kept.into_iter().partition(|finding| {
        finding.rule.engine == Engine::Assignment
            && dismissed.iter().any(|(span, _)| overlaps(span, &finding.secret_span))
    });
    for finding in generic_covered {
        found.dismissed.push(Dismissed {
            rule: finding.rule,
            span: finding.secret_span,
            reason: Reason::Covered,
        });
    }
    kept.sort_by_key(|finding| finding.secret_span.start);
    found.findings = kept;
    found.dismissed.sort_by_key(|dismissed| dismissed.span.start);
    debug_assert!(found.findings.iter().all(|finding| finding.span.end <= bytes.len()));
}

/// Whether `better` may stand for `finding` too. A user's rule may come with the very
/// change that is checked: it hides nothing that would be refused harder without it.
pub(super) fn may_cover(better: &Finding, finding: &Finding) -> bool {
    better.rule.file.is_none()
        || finding.rule.file.is_some()
        || better.confidence >= finding.confidence
            && (better.rule.severity >= finding.rule.severity || stands(better))
            && !better.notes.iter().any(|n| matches!(n, Note::LocalHost | Note::DefaultLogin))
}

/// Whether a finding is told by leakcoach's own rules, or surely refused.
pub(super) fn stands(finding: &Finding) -> bool {
    finding.rule.file.is_none() || finding.confidence >= Confidence::Likely
}

/// Surer first, then named before generic, then the longer,
/// then the one that says more of what stands around it.
fn rank(finding: &Finding) -> (u8, Confidence, bool, usize, usize) {
    let any_address = finding.rule.checks.contains(&Check::UrlPassword);
    let any_service = finding.rule.family.starts_with("generic/");
    let specific = match (finding.rule.engine, finding.rule.grade) {
        // Any password in any address: a token's own rule knows more of it.
        (Engine::Shape, Grade::Likely) if any_service && any_address => 1,
        (Engine::Shape, Grade::Likely) if any_service => 2,
        // A name with its shape says as much as a shape of its own: the longer wins.
        (Engine::Shape | Engine::Named, Grade::Likely) => 3,
        (Engine::Shape | Engine::Named, Grade::Possible) => 1,
        (Engine::Assignment, _) => 0,
    };
    let (value, whole) = (finding.secret_span.len(), finding.span.len());
    (specific, finding.confidence, finding.companion.is_some(), value, whole)
}

fn overlaps(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// A credential found beside an identifier takes it up, so that the pair is one card.
fn join_pairs(found: &mut Found) {
    let mut taken = Vec::new();
    for at in 0..found.findings.len() {
        let Some((_, place)) = found.findings[at].companion.clone() else { continue };
        let wanted = found.findings[at].rule.companion.map_or("", |companion| companion.of);
        let partner = found
            .findings
            .iter()
            .position(|other| other.secret_span == place && other.rule.id == wanted)
            .filter(|partner| may_cover(&found.findings[at], &found.findings[*partner]));
        if let Some(partner) = partner {
            let rule = found.findings[partner].rule;
            let notes = found.findings[partner].notes.clone();
            let finding = &mut found.findings[at];
            finding.companion = Some((rule, place));
            finding.notes.extend(notes);
            taken.push(partner);
        } else {
            // The identifier was dismissed (public by design), but it is there.
            let mut dismissed = found.dismissed.iter();
            let known = dismissed.find(|d| d.span == place && d.rule.id == wanted).map(|d| d.rule);
            found.findings[at].companion = known.map(|rule| (rule, place));
        }
    }
    taken.sort_unstable();
    taken.dedup();
    for partner in taken.into_iter().rev() {
        let identifier = found.findings.remove(partner);
        found.dismissed.push(Dismissed {
            rule: identifier.rule,
            span: identifier.secret_span,
            reason: Reason::Covered,
        });
    }
}
