//! Logs of pipelines, checked: what was printed is out, whoever may read the log.
//!
//! A log of any size is read a part at a time. Parts overlap in what was made of them, so that
//! a credential at the edge of one is whole in the next.

use crate::cli::check::checked::Checked;
use crate::cli::check::inside::fingerprint;
use crate::cli::check::run::Check;
use crate::cli::check::stand::{Stand, Where};
use crate::cli::pipelines::pipeline::{self, Job, Printed};
use crate::error::Error;
use crate::judge::Exposure;
use crate::scan::Text;
use crate::source::Medium;
use crate::source::Repo;
use crate::source::decode::Encoding;
use crate::source::lines::LineStarts;
use crate::source::log::Log;
use crate::text::Count;
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes that are read at once; even, as UTF-16 needs it.
const AT_ONCE: usize = 4 << 20;

/// Bytes of text that two parts have in common.
const OVERLAP: usize = 128 << 10;

/// What begins in the last so many bytes of a part is told of by the next one.
const MARGIN: usize = OVERLAP / 2;

/// Checks each log; `-` is standard input. Tells whom it concerns, where that is known.
pub(in crate::cli) fn logs(
    check: &Check,
    repo: Option<&Repo>,
    paths: &[PathBuf],
    file: Option<&Path>,
) -> Result<Checked, Error> {
    let mut checked = Checked::default();
    for path in paths {
        let name = path.as_os_str().as_encoded_bytes();
        let mut reading = Reading::new(check, name, &mut checked);
        if path == Path::new("-") {
            let wrong = |error| Error::Usage(format!("cannot read standard input: {error}"));
            reading.all(std::io::stdin()).map_err(wrong)?;
        } else {
            let unread = |source| Error::File { deed: "read", path: path.clone(), source };
            reading.all(file_at(path)?).map_err(unread)?;
        }
    }
    if !checked.cards.is_empty() {
        let told = |card: &crate::coach::Card| Printed {
            rule: Some(card.facts.rule),
            what: card.rule.to_owned(),
            place: String::new(),
            id: card.id,
            times: 1,
        };
        let printed: Vec<Printed> = checked.cards.iter().map(told).collect();
        checked.told.extend(pipeline::concerns(repo, &Job::here(file), &printed));
    }
    Ok(checked)
}

/// All of standard input.
pub(in crate::cli) fn stdin() -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .map_err(|error| Error::Usage(format!("cannot read standard input: {error}")))?;
    Ok(bytes)
}

fn file_at(path: &Path) -> Result<File, Error> {
    File::open(path).map_err(|source| {
        let path = path.to_owned();
        if source.kind() == std::io::ErrorKind::NotFound {
            Error::NoPath { path }
        } else {
            Error::File { deed: "read", path, source }
        }
    })
}

/// A log that is being read.
struct Reading<'a> {
    check: &'a Check,
    name: &'a [u8],
    checked: &'a mut Checked,
    log: Log,
    /// Lines in UTF-8 that were not taken yet.
    waiting: Vec<u8>,
    /// What was made of the last ones that were.
    text: Vec<u8>,
    /// Lines before that.
    lines_before: usize,
    /// Where in it begins what was not told of.
    untold: usize,
    /// Cards by what they are about, and how often that was printed.
    first: HashMap<[u8; 32], (usize, usize)>,
}

impl<'a> Reading<'a> {
    fn new(check: &'a Check, name: &'a [u8], checked: &'a mut Checked) -> Self {
        checked.coverage.read += 1;
        Self {
            check,
            name,
            checked,
            log: Log::default(),
            waiting: Vec::new(),
            text: Vec::new(),
            lines_before: 0,
            untold: 0,
            first: HashMap::new(),
        }
    }

    fn all(&mut self, mut from: impl Read) -> std::io::Result<()> {
        let mut buffer = Vec::new();
        let mut encoding = None;
        loop {
            buffer.clear();
            let read = from.by_ref().take(AT_ONCE as u64).read_to_end(&mut buffer)?;
            self.checked.coverage.bytes += read as u64;
            let encoding = *encoding.get_or_insert_with(|| Encoding::of(&buffer));
            self.waiting.extend_from_slice(&encoding.decode(&buffer));
            let last = read < AT_ONCE;
            let waiting = std::mem::take(&mut self.waiting);
            if last {
                self.log.take(&waiting, &mut self.text);
                self.log.end(&mut self.text);
            } else if let Some(end) = memchr::memrchr(b'\n', &waiting) {
                let (lines, rest) = waiting.split_at(end);
                self.log.take(lines, &mut self.text);
                self.waiting = rest.get(1..).unwrap_or_default().to_vec();
            } else {
                self.log.take_part(&waiting, &mut self.text);
            }
            self.part(last);
            if last {
                break;
            }
        }
        for (card, times) in self.first.values().filter(|(_, times)| *times > 1) {
            if let Some(card) = self.checked.cards.get_mut(*card) {
                let times = Count(*times, "time");
                card.seen = format!("{}, printed {times} in this log", card.seen);
            }
        }
        self.checked.told.extend(self.check.decided.told());
        Ok(())
    }

    /// Tells of what is in the text and is whole, and forgets what is no longer needed.
    fn part(&mut self, last: bool) {
        let scanned =
            Text { bytes: &self.text, path: self.name, role: Medium::Log.role(self.name) };
        let findings = self.check.scan_text(&scanned, &mut self.checked.coverage).findings;
        let lines = LineStarts::after(self.lines_before, &self.text);
        let end = if last { self.text.len() } else { self.text.len().saturating_sub(MARGIN) };
        for finding in &findings {
            let start = finding.secret_span.start;
            if start < self.untold || start >= end {
                continue;
            }
            // Logs repeat themselves: one card for each credential, at its first place.
            if let Some((_, times)) = self.first.get_mut(&fingerprint(finding)) {
                *times += 1;
                continue;
            }
            self.first.insert(fingerprint(finding), (self.checked.cards.len(), 1));
            let line = lines.line_of(start);
            let stand = Stand {
                path: self.name,
                raw: &self.text,
                text: &self.text,
                archive: None,
                exposure: Exposure::Logged,
                commit: None,
                place: Where::Nowhere,
                medium: Medium::Log,
                writer: self.log.place_of(line).map(|place| &**place),
            };
            self.checked.cards.push(self.check.card(finding, self.name, &stand, &lines));
        }
        let from = self.text.len().saturating_sub(OVERLAP);
        self.lines_before +=
            memchr::memchr_iter(b'\n', self.text.get(..from).unwrap_or_default()).count();
        self.text.drain(..from);
        self.untold = end.saturating_sub(from);
        self.log.forget_before(self.lines_before + 1);
    }
}
