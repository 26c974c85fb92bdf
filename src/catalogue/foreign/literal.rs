//! Literals without which an expression cannot match, and how much it weighs.

use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Class, Hir, HirKind};
use std::cmp::Reverse;

/// Shorter literals stand in nearly every text.
const LEAST: usize = 3;

/// Literals of this length are rare: then fewer are better.
const ENOUGH: usize = 5;

/// Literals in lower case, one of which stands in every match in some case; none where
/// there are no such.
pub(super) fn needed(hir: &Hir) -> Vec<Vec<u8>> {
    let found = match hir.kind() {
        HirKind::Capture(capture) => return needed(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => {
            return needed(&repetition.sub);
        }
        HirKind::Concat(parts) => {
            // A run of parts begins with a literal, or a part holds one.
            let runs = (0..parts.len().min(64))
                .map(|from| opening(&Hir::concat(parts.iter().skip(from).cloned().collect())));
            runs.chain(parts.iter().map(needed))
                .filter(|literals| !literals.is_empty())
                .max_by_key(|literals| {
                    let shortest = literals.iter().map(Vec::len).min().unwrap_or(0);
                    (shortest.min(ENOUGH), Reverse(literals.len()), shortest)
                })
                .unwrap_or_default()
        }
        HirKind::Alternation(parts) => {
            let each: Vec<Vec<Vec<u8>>> = parts.iter().map(needed).collect();
            if each.iter().any(Vec::is_empty) { Vec::new() } else { each.concat() }
        }
        HirKind::Empty
        | HirKind::Literal(_)
        | HirKind::Class(_)
        | HirKind::Look(_)
        | HirKind::Repetition(_) => opening(hir),
    };
    tidy(found)
}

/// The literals with which every match begins.
fn opening(hir: &Hir) -> Vec<Vec<u8>> {
    let prefixes = Extractor::new().extract(hir);
    let literals = prefixes.literals().unwrap_or_default();
    tidy(literals.iter().map(|literal| literal.as_bytes().to_ascii_lowercase()).collect())
}

fn tidy(mut literals: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    literals.sort_unstable();
    literals.dedup();
    if literals.iter().any(|literal| literal.len() < LEAST) { Vec::new() } else { literals }
}

/// About how many bytes an expression takes when compiled: rather too many than too few.
pub(super) fn weight(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 64,
        HirKind::Literal(literal) => 64 * literal.0.len() as u64,
        HirKind::Class(Class::Bytes(class)) => 64 + 16 * class.ranges().len() as u64,
        HirKind::Class(Class::Unicode(class)) => 64 + 256 * class.ranges().len() as u64,
        HirKind::Repetition(repetition) => {
            let times = u64::from(repetition.max.unwrap_or(repetition.min.saturating_add(1)));
            weight(&repetition.sub).saturating_add(64).saturating_mul(times.max(1))
        }
        HirKind::Capture(capture) => weight(&capture.sub).saturating_add(128),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().fold(64, |sum: u64, part| sum.saturating_add(weight(part)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{needed, weight};
    use regex_syntax::hir::Hir;

    fn hir(pattern: &str) -> Hir {
        let parser = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build();
        { parser }.parse(pattern).unwrap()
    }

    fn literals(pattern: &str) -> Vec<String> {
        needed(&hir(pattern)).into_iter().map(|text| String::from_utf8(text).unwrap()).collect()
    }

    #[test]
    fn a_literal_is_found_wherever_it_must_stand() {
        assert_eq!(literals("acme_[a-z]{8}"), ["acme_"]);
        assert_eq!(literals(r"\b(?i)acme[a-z]{8}\b"), ["acme"]);
        assert_eq!(literals(r"[\w.-]{0,50}(?:token|secret)\s*=\s*(\w+)"), ["secret", "token"]);
        assert_eq!(literals(r"(?:x|y)?([0-9]+-acme)+"), ["-acme"]);
        assert_eq!(literals(r"-----BEGIN[ A-Z]{0,9}-----"), ["-----begin"]);
        assert_eq!(literals("acme|[0-9]{8}"), [""; 0]);
        assert_eq!(literals("[0-9a-f]{32}"), [""; 0]);
    }

    #[test]
    fn weight_grows_with_what_is_repeated() {
        assert!(weight(&hir("(?:(?:[a-z]{1000}){1000}){1000}")) > 1 << 30);
        assert!(weight(&hir(r"(?i)[\w.-]{0,50}?(?:key|token)[\s'=]{1,9}(\w{10,150})")) < 1 << 18);
    }
}
