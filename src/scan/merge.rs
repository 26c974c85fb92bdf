//! One finding a credential: the most specific rule wins, and pairs become one.

use super::places::Places;
use super::{Confidence, Dismissed, Finding, Found, Note, Reason};
use crate::catalogue::{Check, Engine, Grade};
use std::ops::Range;

/// Sorts by place, drops what a better finding covers, and joins companions.
pub(super) fn merge(found: &mut Found, bytes: &[u8]) {
    join_pairs(found);
    let mut order: Vec<Finding> = std::mem::take(&mut found.findings);
    order.sort_by_key(|finding| std::cmp::Reverse(rank(finding)));
    let mut kept: Vec<Finding> = Vec::with_capacity(order.len());
    let mut values: Places<usize> = Places::default();
    let mut wholes: Places<usize> = Places::default();
    for finding in order {
        let at = &finding.secret_span;
        // What stands between a name and its value is covered for a generic rule only:
        // another credential may stand there.
        let around = (finding.rule.engine == Engine::Assignment).then(|| wholes.meeting(at));
        let covered = values
            .meeting(at)
            .chain(around.into_iter().flatten())
            .any(|better| may_cover(&kept[better], &finding));
        if covered {
            found.dismissed.push(as_covered(finding));
        } else {
            values.add(at, kept.len());
            wholes.add(&finding.span, kept.len());
            if let Some((_, place)) = &finding.companion {
                values.add(place, kept.len());
            }
            kept.push(finding);
        }
    }
    // A generic rule must not raise again what a specific one has dismissed.
    let dismissed: Places<()> = found
        .dismissed
        .iter()
        .filter(|d| {
            d.rule.file.is_none()
                && d.rule.engine == Engine::Shape
                && d.rule.grade == Grade::Likely
                // Too plain for a prefix's rule may be enough for a telling name.
                && !matches!(d.reason, Reason::Covered | Reason::TooPlain)
        })
        .map(|d| (d.span.clone(), ()))
        .collect();
    let (generic_covered, mut kept): (Vec<_>, Vec<_>) = kept.into_iter().partition(|finding| {
        finding.rule.engine == Engine::Assignment
            && dismissed.meeting(&finding.secret_span).next().is_some()
    });
    found.dismissed.extend(generic_covered.into_iter().map(as_covered));
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

/// What a better finding covers.
fn as_covered(finding: Finding) -> Dismissed {
    Dismissed { rule: finding.rule, span: finding.secret_span, reason: Reason::Covered }
}

/// A credential found beside an identifier takes it up, so that the pair is one card.
fn join_pairs(found: &mut Found) {
    if found.findings.iter().all(|finding| finding.companion.is_none()) {
        return;
    }
    let places = |spans: Vec<Range<usize>>| -> Places<usize> {
        spans.into_iter().enumerate().map(|(index, span)| (span, index)).collect()
    };
    let values = places(found.findings.iter().map(|finding| finding.secret_span.clone()).collect());
    let dismissed = places(found.dismissed.iter().map(|d| d.span.clone()).collect());
    let mut taken = vec![false; found.findings.len()];
    for at in 0..found.findings.len() {
        let Some((_, place)) = found.findings[at].companion.clone() else { continue };
        let wanted = found.findings[at].rule.companion.map_or("", |companion| companion.of);
        let partner = values
            .meeting(&place)
            .filter(|other| {
                let other = &found.findings[*other];
                other.secret_span == place && other.rule.id == wanted
            })
            .min()
            .filter(|partner| may_cover(&found.findings[at], &found.findings[*partner]));
        if let Some(partner) = partner {
            let rule = found.findings[partner].rule;
            let notes = found.findings[partner].notes.clone();
            let finding = &mut found.findings[at];
            finding.companion = Some((rule, place));
            finding.notes.extend(notes);
            taken[partner] = true;
        } else {
            // The identifier was dismissed (public by design), but it is there.
            let known = dismissed.meeting(&place).map(|index| &found.dismissed[index]);
            let known = known.filter(|d| d.span == place && d.rule.id == wanted).map(|d| d.rule);
            found.findings[at].companion = known.last().map(|rule| (rule, place));
        }
    }
    let all = std::mem::take(&mut found.findings);
    for (finding, taken) in all.into_iter().zip(taken) {
        if taken {
            found.dismissed.push(as_covered(finding));
        } else {
            found.findings.push(finding);
        }
    }
}
