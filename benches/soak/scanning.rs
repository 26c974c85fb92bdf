//! The scan, and what turns bytes into the text that it reads.

use crate::inputs::{self, Corpus, TEXTS};
use crate::{Target, timed};
use fastrand::Rng;
use leakcoach::catalogue::Catalogue;
use leakcoach::catalogue::sample::expand;
use leakcoach::scan::{Finding, Found, Note, Scanner, Text};
use leakcoach::source::NewLines;
use leakcoach::source::decode::to_utf8;
use leakcoach::source::lines::{LineStarts, new_lines};
use leakcoach::source::role::{FileRole, role_of};
use std::ops::Range;
use std::time::Duration;

pub(crate) fn targets() -> Vec<Box<dyn Target>> {
    let corpus = || Corpus::new(Catalogue::builtin());
    vec![
        Box::new(Scan { corpus: corpus(), scanner: warm_scanner() }),
        Box::new(Decode { corpus: corpus() }),
        Box::new(Lines { corpus: corpus() }),
    ]
}

/// A scanner whose shapes are compiled: the first use of each would count as slow input.
fn warm_scanner() -> Scanner {
    let scanner = Scanner::new(Catalogue::builtin());
    for template in Catalogue::builtin().rules().flat_map(|rule| rule.samples.iter()) {
        let bytes = expand(template, 1).unwrap_or_default().into_bytes();
        let _found = scanner.scan(&Text { bytes: &bytes, path: b"", role: FileRole::Source });
    }
    scanner
}

/// Whether `words` hold a part of a credential that tells it: a run of letters and
/// digits of its own.
pub(crate) fn shows(words: &str, secret: &[u8]) -> bool {
    secret
        .split(|byte| !byte.is_ascii_alphanumeric())
        .filter(|run| run.len() >= 16)
        .filter_map(|run| std::str::from_utf8(run).ok())
        .any(|run| words.contains(run))
}

struct Scan {
    corpus: Corpus,
    scanner: Scanner,
}

impl Target for Scan {
    fn name(&self) -> &'static str {
        "scan"
    }

    fn generators(&self) -> &'static [&'static str] {
        TEXTS
    }

    fn shares(&self) -> u32 {
        12
    }

    fn input(&mut self, generator: &str, rng: &mut Rng) -> Vec<u8> {
        inputs::text(generator, &self.corpus, rng)
    }

    fn check(&mut self, _: &str, input: &[u8], rng: &mut Rng) -> Result<Duration, String> {
        let path = inputs::path(rng);
        let bytes = to_utf8(input);
        let text = Text { bytes: &bytes, path: &path, role: role_of(&path) };
        let (found, took) = timed(|| self.scanner.scan(&text));
        for findings in [&found.findings, &found.marked] {
            in_order(findings.iter().map(|finding| &finding.secret_span), "findings")?;
            for finding in findings {
                stands_in_text(finding, &bytes)?;
            }
            for finding in findings.iter().take(8) {
                is_shy(finding)?;
            }
        }
        in_order(found.dismissed.iter().map(|dismissed| &dismissed.span), "dismissals")?;
        if found.dismissed.iter().any(|dismissed| bytes.get(dismissed.span.clone()).is_none()) {
            return Err("a dismissal stands outside the text".to_owned());
        }
        if rng.u8(..16) == 0 && places(&self.scanner.scan(&text)) != places(&found) {
            return Err("the same text gave other findings".to_owned());
        }
        Ok(took)
    }
}

fn places(found: &Found) -> Vec<(&'static str, Range<usize>)> {
    found.findings.iter().map(|finding| (finding.rule.id, finding.span.clone())).collect()
}

fn in_order<'a>(spans: impl Iterator<Item = &'a Range<usize>>, of: &str) -> Result<(), String> {
    if spans.map(|span| span.start).is_sorted() {
        Ok(())
    } else {
        Err(format!("{of} are not in order"))
    }
}

fn stands_in_text(finding: &Finding, bytes: &[u8]) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{}: {what}", finding.rule.id));
    let (span, secret) = (&finding.span, &finding.secret_span);
    if bytes.get(span.clone()).is_none() || bytes.get(secret.clone()).is_none() {
        return wrong("its span is outside the text");
    }
    if secret.start < span.start || span.end < secret.end {
        return wrong("its credential is outside its span");
    }
    if secret.is_empty() || finding.secret.is_empty() {
        return wrong("its credential is empty");
    }
    let encoded = finding.notes.iter().any(|note| matches!(note, Note::Encoded(_)));
    if !encoded && finding.secret.expose() != &bytes[secret.clone()] {
        return wrong("its credential is not what stands in its span");
    }
    if finding.companion.as_ref().is_some_and(|(_, place)| bytes.get(place.clone()).is_none()) {
        return wrong("its companion is outside the text");
    }
    Ok(())
}

/// Neither `Debug` nor what a card says of a finding shows its credential.
fn is_shy(finding: &Finding) -> Result<(), String> {
    let secret = finding.secret.expose();
    let mut words = format!("{finding:?} {:?} {}", finding.secret, finding.secret);
    for note in &finding.notes {
        words.push_str(&note.to_string());
    }
    words.push_str(&leakcoach::eval::mask(secret));
    // Names and templates of the rule may stand in the value: `client_secret_key…`.
    if shows(&words, secret) && !shows(&format!("{:?}", finding.rule), secret) {
        return Err(format!("{}: its credential is shown", finding.rule.id));
    }
    Ok(())
}

struct Decode {
    corpus: Corpus,
}

impl Target for Decode {
    fn name(&self) -> &'static str {
        "decode"
    }

    fn generators(&self) -> &'static [&'static str] {
        &["noise", "wide", "damaged"]
    }

    fn input(&mut self, generator: &str, rng: &mut Rng) -> Vec<u8> {
        inputs::text(generator, &self.corpus, rng)
    }

    fn check(&mut self, _: &str, input: &[u8], rng: &mut Rng) -> Result<Duration, String> {
        let (text, took) = timed(|| to_utf8(input));
        let decoded = matches!(text, std::borrow::Cow::Owned(_));
        if decoded && std::str::from_utf8(&text).is_err() {
            return Err("UTF-16 did not become UTF-8".to_owned());
        }
        let big = matches!(input, [0xfe, 0xff, ..] | [0, ..]);
        let feed = if big { [0, b'\n'] } else { [b'\n', 0] };
        let feeds = input.chunks_exact(2).filter(|unit| *unit == feed).count();
        if decoded && matches!(input, [0xfe, 0xff, ..] | [0xff, 0xfe, ..]) {
            let kept = memchr::memchr_iter(b'\n', &text).count();
            if kept != feeds {
                return Err("the lines of the text are not those of the file".to_owned());
            }
        }
        let starts = LineStarts::of(&text);
        let at = rng.usize(..=text.len());
        let line = starts.line_of(at);
        let holds = starts.start_of(line).is_some_and(|start| start <= at)
            && starts.start_of(line + 1).is_none_or(|next| at < next);
        if holds { Ok(took) } else { Err("a byte is on another line".to_owned()) }
    }
}

struct Lines {
    corpus: Corpus,
}

impl Target for Lines {
    fn name(&self) -> &'static str {
        "lines"
    }

    fn generators(&self) -> &'static [&'static str] {
        &["noise", "pieces", "damaged", "lines"]
    }

    fn input(&mut self, generator: &str, rng: &mut Rng) -> Vec<u8> {
        inputs::text(generator, &self.corpus, rng)
    }

    fn check(&mut self, _: &str, input: &[u8], rng: &mut Rng) -> Result<Duration, String> {
        let new = inputs::damage(input.to_vec(), rng);
        let (lines, took) = timed(|| new_lines(input, &new));
        let lines = lines.map_err(|_| "two texts cannot be compared".to_owned())?;
        let NewLines::Ranges(ranges) = lines else { return Ok(took) };
        let count = new.split(|byte| *byte == b'\n').count();
        let mut last = 0;
        for range in &ranges {
            if range.start <= last || range.is_empty() || range.end > count + 1 {
                return Err("new lines are not in order".to_owned());
            }
            last = range.end;
        }
        // A line of its own that the old text has not is new.
        let known: std::collections::HashSet<&[u8]> = input.split(|byte| *byte == b'\n').collect();
        for (index, line) in new.split(|byte| *byte == b'\n').enumerate() {
            let touched = ranges.iter().any(|range| range.contains(&(index + 1)));
            if !line.is_empty() && !known.contains(line) && !touched {
                return Err("a line that the old text has not is not new".to_owned());
            }
        }
        Ok(took)
    }
}
