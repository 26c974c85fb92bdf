//! Words beside files, checked: messages, and the names of files and refs.

use crate::cli::check::checked::Checked;
use crate::cli::check::inside::{Digest, fingerprint};
use crate::cli::check::run::{Check, ignored};
use crate::cli::check::stand::{Stand, Where};
use crate::cli::mask::type_prefix;
use crate::judge::Exposure;
use crate::scan::{Confidence, Finding, Text};
use crate::source::decode::to_utf8;
use crate::source::lines::LineStarts;
use crate::source::words::Words;
use crate::source::{ChangeSet, Coverage, Medium, Unread};
use bstr::BString;
use std::collections::HashSet;

impl Check {
    /// Checks a message or a name; every line of it counts.
    pub(in crate::cli) fn words(&self, words: &Words, exposure: Exposure, checked: &mut Checked) {
        self.words_with(words, exposure, |_| true, checked);
    }

    /// The same, of those findings that are to be told of.
    fn words_with(
        &self,
        words: &Words,
        exposure: Exposure,
        told: impl FnMut(&Finding) -> bool,
        checked: &mut Checked,
    ) {
        if matches!(words.medium, Medium::Message | Medium::TagMessage) {
            checked.coverage.messages += 1;
        }
        let text = to_utf8(&words.text);
        let role = words.medium.role(&words.name);
        let scanned = Text { bytes: &text, path: b"", role };
        let mut coverage = Coverage::default();
        let mut findings = self.scan_text(&scanned, &mut coverage).findings;
        for unread in &mut coverage.unread {
            unread.path = self.shown(&words.name);
        }
        checked.coverage.add(coverage);
        if matches!(words.medium, Medium::Path | Medium::Ref) {
            // What needs a telling context finds anything but that in a name.
            findings.retain(|finding| finding.confidence >= Confidence::Likely);
        }
        findings.retain(told);
        if findings.is_empty() {
            return;
        }
        let lines = LineStarts::of(&text);
        let of = words.of.as_ref().map(|of| self.shown(of).to_string());
        let stand = Stand {
            path: &words.name,
            raw: &words.text,
            text: &text,
            archive: None,
            exposure,
            commit: of.as_deref(),
            place: Where::Nowhere,
            medium: words.medium,
            writer: None,
        };
        let cards = findings.iter().map(|finding| self.card(finding, b"", &stand, &lines));
        checked.cards.extend(cards);
        checked.told.extend(self.told());
    }

    /// Checks the paths that are new in `set`.
    pub(in crate::cli) fn paths(&self, set: &ChangeSet, checked: &mut Checked) {
        let is_new = |before: &[Option<_>]| before.iter().all(Option::is_none);
        let new = || {
            let new = set.changes.iter().filter(|change| is_new(&change.before));
            new.filter(|change| !ignored(&self.config, &change.path))
        };
        // One scan for all of them, since there is seldom anything in any.
        let mut joined = Vec::new();
        for change in new() {
            joined.extend_from_slice(&change.path);
            joined.push(b'\n');
        }
        if joined.is_empty() || !self.holds_any(&joined) {
            return;
        }
        let mut seen = HashSet::new();
        for change in new() {
            // A folder's name is told of once.
            let shown = self.shown(&change.path);
            if shown == change.path {
                continue;
            }
            let (exposure, commit) = self.standing_of(&change.origin);
            let of = commit.map(BString::from);
            let (name, text) = (change.path.clone(), change.path.to_vec());
            let words = Words { name, medium: Medium::Path, of, text };
            self.words_with(&words, exposure, |one| seen.insert(fingerprint(one)), checked);
        }
    }

    /// Checks the names of files that are in no commit, a line each. What is in `seen` was
    /// told of before: a folder's name is in that of each of its files.
    pub(in crate::cli) fn names(
        &self,
        lines: &[u8],
        seen: &mut HashSet<Digest>,
        checked: &mut Checked,
    ) {
        if lines.is_empty() || !self.holds_any(lines) {
            return;
        }
        for name in lines.split(|byte| *byte == b'\n').filter(|name| !name.is_empty()) {
            let (medium, text) = (Medium::Path, name.to_vec());
            let words = Words { name: name.into(), medium, of: None, text };
            let new = |finding: &Finding| seen.insert(fingerprint(finding));
            self.words_with(&words, Exposure::File, new, checked);
        }
    }

    /// What was not read, with its names fit to be shown.
    pub(in crate::cli) fn fit_to_show(&self, mut coverage: Coverage) -> Coverage {
        for unread in coverage.unread.iter_mut().chain(&mut coverage.unopened) {
            unread.path = self.shown(&unread.path);
        }
        for path in &mut coverage.elsewhere {
            *path = self.shown(path);
        }
        coverage
    }

    /// The same of one thing.
    pub(in crate::cli) fn shown_of(&self, unread: Unread) -> Unread {
        Unread { path: self.shown(&unread.path), why: unread.why }
    }

    fn holds_any(&self, text: &[u8]) -> bool {
        let role = Medium::Path.role(b"");
        let text = Text { bytes: text, path: b"", role };
        !self.scan_text(&text, &mut Coverage::default()).findings.is_empty()
    }

    /// A path or another name, fit to be shown: what is a credential in it is masked.
    pub(in crate::cli) fn shown(&self, name: &[u8]) -> BString {
        let text = Text { bytes: name, path: b"", role: Medium::Path.role(b"") };
        let found = self.scan_text(&text, &mut Coverage::default()).findings;
        let mut out = BString::default();
        let mut at = 0;
        for finding in found {
            let secret = finding.secret_span.clone();
            if secret.start < at {
                continue;
            }
            let (Some(before), Some(value)) =
                (name.get(at..secret.start), name.get(secret.clone()))
            else {
                continue;
            };
            let prefix = type_prefix(finding.rule, value);
            out.extend_from_slice(before);
            out.extend_from_slice(prefix);
            out.extend_from_slice(
                format!("[{} bytes hidden]", value.len() - prefix.len()).as_bytes(),
            );
            at = secret.end;
        }
        out.extend_from_slice(name.get(at..).unwrap_or_default());
        out
    }
}
