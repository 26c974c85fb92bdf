//! Takes credentials out of output while it is written.
//!
//! Takes bytes as they come, cut anywhere, and a [`Scanner`]; gives the same bytes with
//! credentials masked, as soon as no byte that may follow could make one of them a part of a
//! credential. Whole lines are passed on; the last few wait a moment where what follows may
//! tell more of them, and so does a line without an end. Knows nothing of processes or of
//! time: who calls says when a moment has passed ([`Masker::rest`]).
//!
//! Memory is bounded: a context of what was passed on, and a line up to a limit; a longer
//! one is passed on in pieces that overlap.

pub(crate) mod forms;
mod key;
mod known;
#[cfg(test)]
mod tests;
mod view;

pub use known::{Known, VALUES_AT_MOST};

use crate::catalogue::{Catalogue, Engine, Rule};
use crate::scan::{Confidence, Scanner, Text};
use crate::secret::Secret;
use crate::source::role::FileRole;
use bstr::ByteSlice;
use key::Block;
use known::Ready;
use std::fmt;
use std::io::{self, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
pub(crate) use view::View;
use zeroize::Zeroize;

/// As much of what was passed on is kept, to understand what follows by.
const CONTEXT: usize = 4 << 10;

/// A line that is longer is passed on in pieces.
const LINE_AT_MOST: usize = 1 << 20;

/// So much of such a line waits for what follows.
const OVERLAP: usize = 128 << 10;

/// As many lines wait for what follows them.
const LINES_HELD: usize = 8;

/// A value that was found is looked for again only where it is as long.
const LEARNT_FROM: usize = 12;

/// What may follow, to see whether it would be a credential: no word, no known value.
const PROBE: &[u8] = b"q8Zx7Kd3WvT5nRb2LmYp6HsJ4";

/// What GitHub's runner takes for the order to mask a value (docs.github.com, "Workflow
/// commands for GitHub Actions").
const ADD_MASK: &[u8] = b"::add-mask::";

/// What was masked.
#[derive(Debug)]
pub struct Masked<'a> {
    /// What it is.
    pub what: What,
    /// One-based.
    pub line: usize,
    /// The credential, where a rule found it.
    pub secret: Option<&'a Secret>,
}

/// What something is that was masked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum What {
    /// What a rule recognises.
    Rule(&'static str),
    /// A value that the environment holds, by its name.
    Named(Arc<str>),
    /// A value that was seen before.
    Again,
    /// Lines of a private key.
    Key,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(rule) => write!(f, "[hidden {rule}]"),
            Self::Named(name) => write!(f, "[hidden ${name}]"),
            Self::Again => f.write_str("[hidden]"),
            Self::Key => f.write_str("[hidden private-key]"),
        }
    }
}

/// What is told of each value that is masked.
pub type Tell<'a> = dyn FnMut(&Masked<'_>) + 'a;

/// A place to be masked.
struct Hit {
    what: What,
    /// Where it stands: parted by control sequences and line ends.
    pieces: Vec<Range<usize>>,
    secret: Option<Secret>,
    learns: bool,
}

impl Hit {
    fn start(&self) -> usize {
        self.pieces.first().map_or(0, |piece| piece.start)
    }

    fn end(&self) -> usize {
        self.pieces.last().map_or(0, |piece| piece.end)
    }
}

/// Masks one stream.
pub struct Masker<'a> {
    scanner: &'a Scanner,
    known: &'a Mutex<Known>,
    /// Whether a runner reads the output, which masks `::add-mask::` itself.
    runner: bool,
    /// What was passed on last, and what was not yet.
    buffer: Vec<u8>,
    /// Where in it the latter begins.
    passed: usize,
    block: Block,
    /// Lines that were passed on.
    lines: usize,
}

impl fmt::Debug for Masker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masker").field("lines", &self.lines).finish_non_exhaustive()
    }
}

impl Drop for Masker<'_> {
    fn drop(&mut self) {
        self.buffer.zeroize();
    }
}

impl<'a> Masker<'a> {
    /// A masker for one stream; streams of one job share what is `known`. `runner` says that
    /// GitHub's runner reads the output: then its orders to mask are passed on as they are.
    pub fn new(scanner: &'a Scanner, known: &'a Mutex<Known>, runner: bool) -> Self {
        Self {
            scanner,
            known,
            runner,
            buffer: Vec::new(),
            passed: 0,
            block: Block::default(),
            lines: 0,
        }
    }

    /// Whether there is anything that was not passed on.
    pub fn holds(&self) -> bool {
        self.passed < self.buffer.len()
    }

    /// Takes `bytes`, and passes on to `out` what can be.
    pub fn feed(
        &mut self,
        bytes: &[u8],
        out: &mut dyn Write,
        tell: &mut Tell<'_>,
    ) -> io::Result<()> {
        for part in bytes.chunks(LINE_AT_MOST) {
            self.add(part);
            let waiting = &self.buffer[self.passed..];
            if let Some(end) = memchr::memrchr2(b'\n', b'\r', part) {
                let whole = self.buffer.len() - part.len() + end + 1;
                let cut = self.held_from(whole);
                self.pass(whole, cut, out, tell)?;
            } else if waiting.len() > LINE_AT_MOST {
                let all = self.buffer.len();
                self.pass(all, all - OVERLAP, out, tell)?;
            }
        }
        Ok(())
    }

    /// Adds bytes to the buffer, and leaves none behind where that has to move.
    fn add(&mut self, part: &[u8]) {
        if self.buffer.capacity() - self.buffer.len() < part.len() {
            let mut larger = Vec::with_capacity(2 * (self.buffer.len() + part.len()));
            larger.extend_from_slice(&self.buffer);
            self.buffer.zeroize();
            self.buffer = larger;
        }
        self.buffer.extend_from_slice(part);
    }

    /// Passes on what cannot become a part of a credential, now that nothing came for a
    /// moment.
    pub fn rest(&mut self, out: &mut dyn Write, tell: &mut Tell<'_>) -> io::Result<()> {
        if let Some(end) = memchr::memrchr2(b'\n', b'\r', &self.buffer[self.passed..]) {
            let whole = self.passed + end + 1;
            let cut = self.wrapped_from(whole);
            self.pass(whole, cut, out, tell)?;
            if cut < whole {
                return Ok(());
            }
        }
        if self.holds() && !self.block.is_open() {
            let cut = self.safe_end();
            let all = self.buffer.len();
            self.pass(all, cut, out, tell)?;
        }
        Ok(())
    }

    /// Passes on all that is left.
    pub fn end(&mut self, out: &mut dyn Write, tell: &mut Tell<'_>) -> io::Result<()> {
        let all = self.buffer.len();
        self.pass(all, all, out, tell)
    }

    /// From where on whole lines wait: the last few, from the first that has something of
    /// which the next ones may say more.
    fn held_from(&self, whole: usize) -> usize {
        let mut from = whole;
        let mut held = whole;
        for _ in 0..LINES_HELD {
            let before = &self.buffer[self.passed..from.saturating_sub(1).max(self.passed)];
            from = self.passed + memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
            if whole - from > CONTEXT {
                break;
            }
            if self.buffer[from..whole]
                .split(|byte| !view::is_base64(*byte))
                .any(|word| word.len() >= 16 && is_mixed(word))
            {
                held = from;
            }
            if from == self.passed {
                break;
            }
        }
        held
    }

    /// From where on lines of base64 stand, whose text may go on in the next one.
    fn wrapped_from(&self, whole: usize) -> usize {
        let mut from = whole;
        for _ in 0..LINES_HELD {
            let Some(before) = self.buffer[self.passed..from].strip_suffix(b"\n") else { break };
            let start = self.passed + memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
            if !view::is_wrapped(&self.buffer[start..from - 1]) {
                break;
            }
            from = start;
        }
        from
    }

    /// Scans all up to `seen`, and passes on what is before `cut`.
    fn pass(
        &mut self,
        seen: usize,
        cut: usize,
        out: &mut dyn Write,
        tell: &mut Tell<'_>,
    ) -> io::Result<()> {
        if cut <= self.passed {
            return Ok(());
        }
        self.orders(cut);
        let mut hits = self.hits(seen);
        if self.learn(&hits, cut) {
            // What was learnt may stand here in another form.
            hits = self.hits(seen);
        }
        let mut block = self.block;
        hits.extend(self.key_lines(cut, &mut block));
        self.block = block;
        hits.retain(|hit| hit.end() > self.passed && hit.start() < cut);
        hits.sort_by_key(|hit| (hit.start(), std::cmp::Reverse(hit.end())));
        let protected = if self.runner { self.order_lines(cut) } else { Vec::new() };
        self.paint(&hits, cut, &protected, out)?;
        self.tell(&hits, cut, tell);
        self.lines += memchr::memchr_iter(b'\n', &self.buffer[self.passed..cut]).count();
        self.passed = cut;
        if self.passed > 16 * CONTEXT || self.passed == self.buffer.len() {
            let from = self.passed.saturating_sub(CONTEXT);
            // From the begin of a line, where one is near.
            let line = memchr::memchr(b'\n', &self.buffer[from..self.passed]);
            let from = if from == 0 { 0 } else { line.map_or(from, |end| from + end + 1) };
            self.buffer.drain(..from);
            self.passed -= from;
        }
        Ok(())
    }

    /// All that is secret in the buffer up to `seen`.
    fn hits(&self, seen: usize) -> Vec<Hit> {
        let raw = &self.buffer[..seen];
        let ready = self.known.lock().unwrap_or_else(PoisonError::into_inner).ready();
        let mut hits = Vec::new();
        self.look(raw, None, ready.as_deref(), &mut hits);
        let plain = View::plain(raw);
        if let Some(view) = &plain {
            self.look(&view.text, Some(&|part| view.places(part)), ready.as_deref(), &mut hits);
        }
        let text = plain.as_ref().map_or(raw, |view| &view.text);
        if let Some(joined) = View::unwrapped(text) {
            let places = |part: Range<usize>| -> Vec<Range<usize>> {
                let within = joined.places(part);
                match &plain {
                    Some(view) => within.into_iter().flat_map(|part| view.places(part)).collect(),
                    None => within,
                }
            };
            self.look(&joined.text, Some(&places), ready.as_deref(), &mut hits);
        }
        hits
    }

    /// All that is secret in `text`, of which `places` tells where it stands.
    fn look(
        &self,
        text: &[u8],
        places: Option<&dyn Fn(Range<usize>) -> Vec<Range<usize>>>,
        ready: Option<&Ready>,
        hits: &mut Vec<Hit>,
    ) {
        let pieces_of =
            |part: Range<usize>| places.map_or_else(|| vec![part.clone()], |of| of(part.clone()));
        let scanned = Text { bytes: text, path: b"", role: FileRole::Source };
        let found = self.scanner.scan(&scanned);
        let glued = self.scanner.scan_glued(&scanned);
        for finding in
            found.findings.into_iter().chain(glued).filter(|finding| !finding.rule.public)
        {
            let value = finding.secret.expose();
            let sure = finding.confidence >= Confidence::Likely || value.len() >= LEARNT_FROM;
            hits.push(Hit {
                what: What::Rule(finding.rule.id),
                pieces: pieces_of(finding.secret_span.clone()),
                learns: sure && value.len() >= 8 && !value.contains(&b'\n'),
                secret: Some(finding.secret),
            });
        }
        if let Some(ready) = ready {
            ready.for_each(text, 0, |part, name| {
                let what = name.map_or(What::Again, |name| What::Named(Arc::clone(name)));
                hits.push(Hit { what, pieces: pieces_of(part), secret: None, learns: false });
            });
        }
    }

    /// Remembers what was found before `cut`, so that its other forms are known; whether
    /// anything was new.
    fn learn(&self, hits: &[Hit], cut: usize) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.count();
        for hit in hits.iter().filter(|hit| hit.learns && hit.start() < cut) {
            if let Some(secret) = &hit.secret {
                known.learn(secret, None);
            }
        }
        known.count() > before
    }

    /// The lines of private keys up to `cut`.
    fn key_lines(&self, cut: usize, block: &mut Block) -> Vec<Hit> {
        let raw = &self.buffer[..cut];
        // From the begin of the line that is next: its first half may have been passed on.
        let from = memchr::memrchr(b'\n', &raw[..self.passed]).map_or(0, |end| end + 1);
        let parts = match View::plain(&raw[from..]) {
            None => block.parts(raw, from).into_iter().map(|part| vec![part]).collect(),
            Some(view) => {
                let parts = block.parts(&view.text, 0).into_iter();
                let moved = |piece: Range<usize>| piece.start + from..piece.end + from;
                parts
                    .map(|part| view.places(part).into_iter().map(moved).collect())
                    .collect::<Vec<Vec<_>>>()
            }
        };
        let hit = |pieces| Hit { what: What::Key, pieces, secret: None, learns: false };
        parts.into_iter().map(hit).collect()
    }

    /// Writes what is before `cut`, with a word for each hit.
    fn paint(
        &self,
        hits: &[Hit],
        cut: usize,
        protected: &[Range<usize>],
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut pieces: Vec<(Range<usize>, Option<&What>)> = Vec::new();
        for hit in hits {
            let mut word = Some(&hit.what);
            for piece in &hit.pieces {
                let piece = piece.start.max(self.passed)..piece.end.min(cut);
                if piece.start < piece.end
                    && !protected.iter().any(|line| line.contains(&piece.start))
                {
                    pieces.push((piece, word.take()));
                }
            }
        }
        pieces.sort_by_key(|(piece, _)| (piece.start, std::cmp::Reverse(piece.end)));
        let mut at = self.passed;
        for (piece, word) in pieces {
            if piece.end <= at {
                continue;
            }
            out.write_all(&self.buffer[at..piece.start.max(at)])?;
            // What goes on from one word into the next needs no second one.
            if let Some(word) = word.filter(|_| piece.start >= at) {
                write!(out, "{word}")?;
            }
            at = piece.end;
        }
        out.write_all(&self.buffer[at..cut])
    }

    fn tell(&self, hits: &[Hit], cut: usize, tell: &mut Tell<'_>) {
        let mut last: Option<(&What, usize)> = None;
        for hit in hits {
            // What begins before was told of with that part.
            if hit.start() < self.passed || hit.start() >= cut {
                continue;
            }
            let again = last.is_some_and(|(what, end)| {
                hit.start() < end && (*what == hit.what || hit.secret.is_none())
            });
            if again {
                continue;
            }
            last = Some((&hit.what, hit.end()));
            let before = &self.buffer[self.passed..hit.start()];
            let line = self.lines + memchr::memchr_iter(b'\n', before).count() + 1;
            tell(&Masked { what: hit.what.clone(), line, secret: hit.secret.as_ref() });
        }
    }

    /// The lines before `cut` that order to mask a value.
    fn order_lines(&self, cut: usize) -> Vec<Range<usize>> {
        let text = &self.buffer[..cut];
        let mut lines = Vec::new();
        for at in text[self.passed..].find_iter(ADD_MASK) {
            let at = self.passed + at;
            let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |end| end + 1);
            let end = memchr::memchr(b'\n', &text[at..]).map_or(cut, |end| at + end);
            if text[start..at].trim_ascii().is_empty() {
                lines.push(start..end);
            }
        }
        lines
    }

    /// Does what such lines before `cut` order.
    fn orders(&self, cut: usize) {
        let lines = self.order_lines(cut);
        if lines.is_empty() {
            return;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for line in lines {
            let line = self.buffer[line].trim_ascii();
            if let Some(value) = line.strip_prefix(ADD_MASK) {
                // As the runner's commands are escaped.
                let value = value.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
                known.learn(&Secret::new(&value), None);
            }
        }
    }

    /// Up to where a line without an end holds nothing that could become a part of a
    /// credential.
    fn safe_end(&self) -> usize {
        let mut end = self.buffer.len();
        // A control sequence that goes on would hide what follows.
        if let Some(at) = memchr::memrchr(0x1b, &self.buffer[self.passed..])
            && view::sequence(&self.buffer[self.passed + at..]).is_none()
        {
            end = self.passed + at;
        }
        let raw = &self.buffer[..end];
        let plain = View::plain(raw);
        let text = plain.as_ref().map_or(raw, |view| &view.text);
        let mut safe = text.len().min(self.safe_in(text));
        if let Some(ready) = self.known.lock().unwrap_or_else(PoisonError::into_inner).ready() {
            let tail = text.len().saturating_sub(ready.longest());
            safe = safe.min(text.len() - ready.begun(&text[tail..]));
        }
        if safe == text.len() {
            return end;
        }
        plain.map_or(safe, |view| view.place(safe)).max(self.passed)
    }

    fn safe_in(&self, text: &[u8]) -> usize {
        let line = memchr::memrchr2(b'\n', b'\r', text).map_or(0, |end| end + 1);
        let word = text[line..].iter().rposition(u8::is_ascii_whitespace);
        let word = line + word.map_or(0, |blank| blank + 1);
        let mut safe = if may_begin(&text[word..]) { word } else { text.len() };
        // Would it be one if it went on?
        for close in [&b"\n"[..], b"\"\n", b"'\n"] {
            let probed = [text, PROBE, close].concat();
            let scanned = Text { bytes: &probed, path: b"", role: FileRole::Source };
            let found = self.scanner.scan(&scanned).findings;
            let on = found.iter().map(|finding| &finding.secret_span);
            let on = on.filter(|span| span.end > text.len()).map(|span| span.start);
            safe = on.fold(safe, usize::min);
        }
        safe
    }
}

/// Whether `word`, at the end of what was written, may be the beginning of a credential.
fn may_begin(word: &[u8]) -> bool {
    let core = word.trim_end_with(|char| ":?>)]}#$%!;".contains(char));
    if core.len() < word.len() || word.is_empty() {
        return false;
    }
    let joins = word.contains(&b'=') || word.find(b"://").is_some() || word.starts_with(b"-----");
    let telling = word.len() >= 20 || (word.len() >= 5 && is_mixed(word));
    let last = word.rsplit(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b'-'));
    joins || telling || last.take(1).any(begins_an_anchor) || begins_an_anchor(word)
}

/// Whether a word has letters and digits, or letters of both cases beyond its first.
fn is_mixed(word: &[u8]) -> bool {
    let letters = word.iter().any(u8::is_ascii_alphabetic);
    let digits = word.iter().any(u8::is_ascii_digit);
    let inner = word.get(1..).unwrap_or_default();
    let cases =
        inner.iter().any(u8::is_ascii_uppercase) && inner.iter().any(u8::is_ascii_lowercase);
    (letters && digits) || cases
}

/// Whether a rule's credentials begin as `word` does, and go on.
fn begins_an_anchor(word: &[u8]) -> bool {
    let catalogue = Catalogue::builtin();
    let shaped = |rule: &Rule| rule.engine == Engine::Shape && rule.leads;
    !word.is_empty()
        && catalogue.anchors.iter().any(|anchor| {
            let text = catalogue.text_of(anchor);
            let common = text.len().min(word.len());
            text[..common].eq_ignore_ascii_case(&word[..common])
                && (text.len() > word.len() || text.len() >= 3)
                && shaped(catalogue.get(usize::from(anchor.rule)))
        })
}
