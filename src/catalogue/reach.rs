//! How far before an anchor a match may begin.
//!
//! Shared with `build.rs`: names nothing of the rest of the crate.

use regex_syntax::hir::{Class, Hir, HirKind};

/// How many bytes of a match may stand before any of `anchors`: up to the end of the last
/// part of the shape that spells one. `None` where that cannot be told.
pub(super) fn lead_in(hir: &Hir, anchors: &[String]) -> Option<u32> {
    let HirKind::Concat(parts) = hir.kind() else { return None };
    let folded: Vec<Vec<u8>> =
        anchors.iter().map(|anchor| anchor.as_bytes().to_ascii_lowercase()).collect();
    // Three bytes of an anchor are enough to say that it may stand there.
    let spells = |run: &[u8]| {
        run.windows(3).any(|three| {
            folded.iter().any(|anchor| anchor.windows(3).any(|window| window == three))
        })
    };
    let (mut length, mut found) = (Some(0_usize), None);
    let mut run = Vec::new();
    for part in parts {
        length = length.zip(part.properties().maximum_len()).map(|(sum, more)| sum + more);
        let (known, mut runs) = (run.clone(), Vec::new());
        spelled(part, &mut run, &mut runs);
        // What was spelled before belongs to the parts before.
        runs.push(run.clone());
        if runs.iter().any(|run| *run != known && spells(run)) {
            found = Some(length?);
        }
    }
    found.and_then(|length| u32::try_from(length).ok())
}

/// Adds to `run` the letters that `hir` spells, in lower case, and to `runs` those that
/// something else interrupted.
fn spelled(hir: &Hir, run: &mut Vec<u8>, runs: &mut Vec<Vec<u8>>) {
    let cut = |run: &mut Vec<u8>, runs: &mut Vec<Vec<u8>>| {
        if !run.is_empty() {
            runs.push(std::mem::take(run));
        }
    };
    match hir.kind() {
        HirKind::Literal(literal) => run.extend(literal.0.to_ascii_lowercase()),
        HirKind::Class(Class::Bytes(class)) => {
            // [Aa]: a letter in either case.
            let mut letters = class.ranges().iter().flat_map(|r| r.start()..=r.end());
            match (letters.next(), letters.next(), letters.next()) {
                (Some(one), Some(two), None) if one.eq_ignore_ascii_case(&two) => {
                    run.push(one.to_ascii_lowercase());
                }
                _ => cut(run, runs),
            }
        }
        HirKind::Capture(capture) => spelled(&capture.sub, run, runs),
        HirKind::Concat(parts) => parts.iter().for_each(|part| spelled(part, run, runs)),
        HirKind::Alternation(parts) => {
            for part in parts {
                cut(run, runs);
                spelled(part, run, runs);
            }
            cut(run, runs);
        }
        HirKind::Repetition(repetition) => {
            cut(run, runs);
            spelled(&repetition.sub, run, runs);
            cut(run, runs);
        }
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(Class::Unicode(_)) => cut(run, runs),
    }
}

#[cfg(test)]
mod tests {
    use super::lead_in;

    #[test]
    fn a_match_begins_no_further_before_an_anchor_than_its_shape_allows() {
        for (shape, anchors, expected) in [
            ("[0-9]{4}-abc_[a-z]{8}", &["abc_"][..], Some(9)),
            ("(?i:(?:token|[a-z]{2}) is)abc[0-9]{2}", &["abc", "token"], Some(11)),
            ("(?i:secret)[-_](?i:key)=[a-z]{40}", &["secret_key", "secret-key"], Some(11)),
            ("[a-z]*abc", &["abc"], None),
            ("[a-z]{40}", &["abc"], None),
        ] {
            let mut builder = regex_syntax::ParserBuilder::new();
            let hir = builder.utf8(false).unicode(false).build().parse(shape).unwrap();
            let anchors: Vec<String> = anchors.iter().map(|text| (*text).to_owned()).collect();
            assert_eq!(lead_in(&hir, &anchors), expected, "{shape}");
        }
    }
}
