//! Text that another text holds: decoded, unescaped or put together, and scanned in turn.

use super::places::Places;
use super::spelled;
use super::{Confidence, Finding, Found, Note, Scanner, Text, encoded, merge};
use std::ops::Range;

impl Scanner {
    /// Looks at what runs of base64 and hexadecimal digits say, in which are the places
    /// `runs`. A finding in one stands where the run stands.
    pub(super) fn scan_encoded(
        &self,
        text: &Text<'_>,
        runs: &[usize],
        depth: usize,
        found: &mut Found,
    ) {
        if runs.is_empty() {
            return;
        }
        let (mut inside, mut stopped) = (Vec::new(), Vec::new());
        let judged = found.findings.iter().filter(|finding| merge::stands(finding));
        let judged: Places<()> = judged.map(|finding| (finding.secret_span.clone(), ())).collect();
        encoded::for_each(text.bytes, runs, |decoded| {
            // What a rule has judged as a whole is not judged again by its parts.
            if judged.meeting(&decoded.at).next().is_some() {
                return;
            }
            let inner = Text { bytes: &decoded.text, ..*text };
            let (mut within, runs) = self.scan_plain(&inner);
            if depth > 1 {
                self.scan_encoded(&inner, &runs, depth - 1, &mut within);
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
        let (mut inside, mut stopped): (Vec<Finding>, _) = (Vec::new(), Vec::new());
        let values = found.findings.iter().enumerate();
        let values: Places<usize> = values.map(|(i, f)| (f.secret_span.clone(), i)).collect();
        let mut covered = vec![false; found.findings.len()];
        let mut new: Places<usize> = Places::default();
        spelled::for_each(text.bytes, |spelled| {
            let inner = Text { bytes: &spelled.text, ..*text };
            let (mut within, _) = self.scan_plain(&inner);
            stopped.append(&mut within.stopped);
            for finding in within.findings {
                let Some(place) = spelled.origin(&finding.secret_span) else { continue };
                let known = |known: &Finding| {
                    known.confidence >= finding.confidence && merge::may_cover(known, &finding)
                };
                let at_place: Vec<usize> =
                    values.meeting(&place).filter(|index| !covered[*index]).collect();
                if at_place.iter().any(|index| known(&found.findings[*index]))
                    || new.meeting(&place).any(|index| known(&inside[index]))
                {
                    continue;
                }
                for weaker in at_place {
                    covered[weaker] = merge::may_cover(&finding, &found.findings[weaker]);
                }
                new.add(&place, inside.len());
                inside.push(moved(finding, place, spelled.how));
            }
        });
        let mut covered = covered.into_iter();
        found.findings.retain(|_| !covered.next().unwrap_or(false));
        found.stopped.append(&mut stopped);
        add(found, inside);
    }
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
