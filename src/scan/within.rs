//! Text that another text holds: decoded, unescaped or put together, and scanned in turn.

use super::spelled;
use super::{Confidence, Finding, Found, Note, Scanner, Text, encoded, merge};
use std::ops::Range;

impl Scanner {
    /// Looks at what runs of base64 and hexadecimal digits say. A finding in one stands
    /// where the run stands.
    pub(super) fn scan_encoded(&self, text: &Text<'_>, depth: usize, found: &mut Found) {
        let (mut inside, mut stopped) = (Vec::new(), Vec::new());
        encoded::for_each(text.bytes, |decoded| {
            // What a rule has judged as a whole is not judged again by its parts.
            let mut judged = found.findings.iter().filter(|finding| merge::stands(finding));
            if judged.any(|finding| meet(&finding.secret_span, &decoded.at)) {
                return;
            }
            let inner = Text { bytes: &decoded.text, ..*text };
            let mut within = self.scan_plain(&inner);
            if depth > 1 {
                self.scan_encoded(&inner, depth - 1, &mut within);
            }
            stopped.append(&mut within.stopped);
            for finding in within.findings {
                // A generic name in a decoded text is too weak a sign.
                if finding.confidence > Confidence::Possible {
                    inside.push(moved(finding, decoded.at.clone(), decoded.how));
                }
            }
        });
        found.stopped.append(&mut stopped);
        add(found, inside);
    }

    /// Looks at literals that the program joins and at characters written as escapes. A
    /// finding that reads the same as it is written is left to the plain scan.
    pub(super) fn scan_spelled(&self, text: &Text<'_>, found: &mut Found) {
        let mut inside: Vec<Finding> = Vec::new();
        let mut stopped = Vec::new();
        spelled::for_each(text.bytes, |spelled| {
            let inner = Text { bytes: &spelled.text, ..*text };
            let mut within = self.scan_plain(&inner);
            stopped.append(&mut within.stopped);
            for finding in within.findings {
                let Some(place) = spelled.origin(&finding.secret_span) else { continue };
                let known = |known: &Finding| {
                    meet(&known.secret_span, &place)
                        && known.confidence >= finding.confidence
                        && merge::may_cover(known, &finding)
                };
                if !found.findings.iter().chain(&inside).any(known) {
                    found.findings.retain(|weaker| {
                        !meet(&weaker.secret_span, &place) || !merge::may_cover(&finding, weaker)
                    });
                    inside.push(moved(finding, place, spelled.how));
                }
            }
        });
        found.stopped.append(&mut stopped);
        add(found, inside);
    }
}

fn meet(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// `finding`, standing where the text stands that it was read from.
fn moved(mut finding: Finding, place: Range<usize>, how: &'static str) -> Finding {
    finding.notes.push(Note::Encoded(how));
    finding.span = place.clone();
    finding.secret_span = place;
    finding.companion = None;
    finding
}

fn add(found: &mut Found, mut inside: Vec<Finding>) {
    if !inside.is_empty() {
        found.findings.append(&mut inside);
        found.findings.sort_by_key(|finding| finding.secret_span.start);
    }
}

#[cfg(test)]
mod tests {
    use crate::catalogue::Catalogue;
    use crate::catalogue::sample::expand;
    use crate::scan::{Confidence, Scanner, Text};
    use crate::source::role::role_of;

    /// Each finding's rule, confidence, and the text that it stands in.
    fn found(text: &str) -> Vec<(&'static str, Confidence, String)> {
        let path = b"app.py";
        let scanned = Scanner::new(Catalogue::builtin()).scan(&Text {
            bytes: text.as_bytes(),
            path,
            role: role_of(path),
        });
        let told = scanned.findings.iter().map(|finding| {
            let place = text.get(finding.secret_span.clone()).unwrap().to_owned();
            (finding.rule.id, finding.confidence, place)
        });
        told.collect()
    }

    #[test]
    fn a_credential_is_found_however_the_language_spells_it() {
        let token = expand("ghp_{base62:30}{crc32-base62}", 5).unwrap();
        let (head, tail) = token.split_at(14);
        for (text, place) in [
            (format!("k = \"{head}\" + \"{tail}\"\n"), format!("{head}\" + \"{tail}")),
            (format!("k = (\"{head}\"\n     \"{tail}\")\n"), format!("{head}\"\n     \"{tail}")),
            (format!("k = \"{}\"\n", token.replace('_', "\\u005f")), token.replace('_', "\\u005f")),
            (format!("u?t={}\n", token.replace('_', "%5F")), token.replace('_', "%5F")),
        ] {
            assert_eq!(found(&text), [("github-pat", Confidence::Proven, place)], "{text}");
        }
    }

    #[test]
    fn what_reads_as_it_is_written_is_found_once() {
        let token = expand("ghp_{base62:30}{crc32-base62}", 6).unwrap();
        let text = format!("k = \"{token}\" + \"abcdefghijklmnopqrst\"; u = \"a%2Fb\"\n");
        assert_eq!(found(&text).len(), 1);
    }
}
