//! Credentials written one right after the other: what stands beside each is then a letter of
//! the other, which no rule lets stand there.

use super::{Finding, Scanner, Text, anchors};
use crate::catalogue::Engine;

/// Two credentials have at least as many letters.
const LEAST: usize = 40;

/// A shorter anchor stands in too many words.
const ANCHOR: usize = 4;

fn of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'=' | b'/' | b'+')
}

impl Scanner {
    /// What [`Self::scan`] finds once words are parted before each anchor within them.
    pub fn scan_glued(&self, text: &Text<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let bytes = text.bytes;
        let mut at = 0;
        while at + LEAST <= bytes.len() {
            // From the far end: one byte that fits no word skips all before it.
            if let Some(gap) = bytes[at..at + LEAST].iter().rposition(|byte| !of_token(*byte)) {
                at += gap + 1;
                continue;
            }
            let more = bytes[at + LEAST..].iter().take_while(|byte| of_token(**byte)).count();
            let word = at..at + LEAST + more;
            at = word.end;
            self.word(text, word, &mut findings);
        }
        findings
    }

    fn word(&self, text: &Text<'_>, word: std::ops::Range<usize>, findings: &mut Vec<Finding>) {
        let mut cuts = Vec::new();
        let _runs = anchors::for_each(self.catalogue, text.bytes, word.clone(), |anchor, start| {
            let rule = self.catalogue.get(usize::from(anchor.rule));
            let long = self.catalogue.text_of(anchor).len() >= ANCHOR;
            if long && start > word.start && rule.leads && rule.engine == Engine::Shape {
                cuts.push(start);
            }
        });
        cuts.sort_unstable();
        cuts.dedup();
        let starts = std::iter::once(word.start).chain(cuts.iter().copied());
        let ends = cuts.iter().copied().chain([word.end]);
        for (start, end) in starts.zip(ends).filter(|_| !cuts.is_empty()) {
            let part = Text { bytes: &text.bytes[start..end], ..*text };
            findings.extend(self.scan_plain(&part).0.findings.into_iter().map(|mut finding| {
                let moved = |span: &std::ops::Range<usize>| span.start + start..span.end + start;
                finding.span = moved(&finding.span);
                finding.secret_span = moved(&finding.secret_span);
                finding.companion = None;
                finding
            }));
        }
    }
}
