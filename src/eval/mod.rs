//! How well the rules do on labelled files: precision, recall, misses and false alarms.
//!
//! Takes a folder and a table of labels, gives counts and places. A label is a place (a
//! file and its lines) that holds a credential or does not; a finding whose first line
//! lies in a place hits it, however often. What is found on lines without a label counts
//! for neither side and is listed.

mod labels;
mod score;

pub use labels::{Label, Labels};
pub use score::{Counts, Hit, Score};

use crate::catalogue::{Catalogue, Rule, UserRules};
use crate::error::Error;
use crate::scan::{Confidence, Scanner, Text};
use crate::source::lines::LineStarts;
use crate::source::pieces::Piece;
use crate::source::role::role_of;
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What to measure.
#[derive(Debug)]
pub struct Trial {
    /// The folder that the labels' files are in.
    pub folder: PathBuf,
    /// Rules of users, which are tried too.
    pub users: Arc<UserRules>,
    /// Findings below this are not counted.
    pub least: Confidence,
    /// Whether a checksum that fails only makes a finding less sure.
    pub checksums: Checksums,
}

/// What a failed checksum means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksums {
    /// There was no credential.
    Count,
    /// Nothing: the labelled values were made up.
    Ignored,
}

impl Trial {
    /// Measures the rules on every labelled file.
    ///
    /// # Errors
    /// A file that a label names cannot be read.
    pub fn run(&self, labels: &Labels) -> Result<Score, Error> {
        let scanner = self.scanner();
        let files: Vec<(&String, &Vec<Label>)> = labels.files().collect();
        let scored = files
            .into_par_iter()
            .map(|(name, labels)| {
                let path = self.folder.join(name);
                let bytes = std::fs::read(&path).map_err(|source| Error::File {
                    deed: "read",
                    path,
                    source,
                })?;
                let hits = self.hits(&scanner, name, &Piece::whole(&bytes));
                Ok(Score::of_file(name, labels, hits, lines_in(&bytes)))
            })
            .collect::<Result<Vec<Score>, Error>>()?;
        Ok(scored.into_iter().fold(Score::default(), Score::and))
    }

    /// Counts findings in every file of the folder, where nearly each is a false alarm.
    ///
    /// # Errors
    /// The folder holds nothing that can be read.
    pub fn run_unlabelled(&self) -> Result<Score, Error> {
        let scanner = self.scanner();
        let all = std::sync::Mutex::new(Score::default());
        let roots = [self.folder.clone()];
        let coverage = crate::source::tree::walk(
            &roots,
            None,
            &crate::source::Work::default(),
            |_| false,
            |path, piece| {
                let name = path.strip_prefix(&self.folder).unwrap_or(path).to_string_lossy();
                let hits = self.hits(&scanner, &name, piece);
                let score = Score::of_file(&name, &[], hits, piece.own_lines() as u64);
                if let Ok(mut all) = all.lock() {
                    *all = std::mem::take(&mut *all).and(score);
                }
            },
        );
        if coverage.read == 0 {
            let path = Path::new(&self.folder).display();
            return Err(Error::Usage(format!("nothing to read in `{path}`")));
        }
        Ok(all.into_inner().unwrap_or_default())
    }

    fn scanner(&self) -> Scanner {
        let scanner = Scanner::new(Catalogue::builtin()).with(&self.users, |_| true);
        match self.checksums {
            Checksums::Count => scanner,
            Checksums::Ignored => scanner.ignoring_checksums(),
        }
    }

    fn hits(&self, scanner: &Scanner, name: &str, piece: &Piece<'_>) -> Vec<Hit> {
        let text = &piece.text;
        // The folder of a labelled set is its own: only what is below it tells the role.
        let path = name.as_bytes();
        let found = scanner.scan(&Text { bytes: text, path, role: role_of(path) });
        let lines = LineStarts::after(piece.lines_before, text);
        let counted = found.findings.iter().filter(|finding| {
            finding.confidence >= self.least && piece.owns(finding.secret_span.start)
        });
        let mut hits = Vec::new();
        for finding in counted {
            let hit = |rule: &'static Rule, at: usize, masked| Hit {
                file: name.to_owned(),
                line: lines.line_of(at),
                rule: rule.id,
                confidence: finding.confidence,
                masked,
            };
            // A pair is one finding in two places.
            if let Some((rule, place)) = &finding.companion {
                hits.push(hit(rule, place.start, mask(&text[place.clone()])));
            }
            hits.push(hit(finding.rule, finding.secret_span.start, mask(finding.secret.expose())));
        }
        hits
    }
}

fn lines_in(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// What a value is made of, and nothing of it: `Aa0-Aa0` for `Xy7-Qw1`, runs shortened.
pub fn mask(value: &[u8]) -> String {
    let mut out = String::new();
    let mut last = (' ', 0_usize);
    let close = |last: (char, usize), out: &mut String| {
        out.push(last.0);
        if last.1 > 1 {
            out.push_str(&last.1.to_string());
        }
    };
    for byte in value.iter().take(200) {
        let class = match byte {
            b'a'..=b'z' => 'a',
            b'A'..=b'Z' => 'A',
            b'0'..=b'9' => '#',
            b' '..=b'~' => char::from(*byte),
            _ => '.',
        };
        if class == last.0 {
            last.1 += 1;
        } else {
            if last.1 > 0 {
                close(last, &mut out);
            }
            last = (class, 1);
        }
    }
    if last.1 > 0 {
        close(last, &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn a_mask_shows_classes_and_no_letter() {
        assert_eq!(mask(b"Winter2024!"), "Aa5#4!");
        assert_eq!(mask(b"a-b"), "a-a");
        assert_eq!(mask(b""), "");
    }
}
