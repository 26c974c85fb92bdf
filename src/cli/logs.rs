//! Logs of pipelines, checked: what was printed is out, whoever may read the log.

use super::checked::Checked;
use super::inside::fingerprint;
use super::run::{Check, Stand, Where};
use crate::error::Error;
use crate::judge::Exposure;
use crate::scan::Text;
use crate::source::Medium;
use crate::source::lines::LineStarts;
use crate::source::log::Log;
use crate::text::Count;
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Checks each log; `-` is standard input.
pub(super) fn logs(check: &Check, paths: &[PathBuf]) -> Result<Checked, Error> {
    let mut checked = Checked::default();
    for path in paths {
        let bytes = if path == Path::new("-") { stdin()? } else { file(path)? };
        check.log(path.as_os_str().as_encoded_bytes(), &bytes, &mut checked);
    }
    Ok(checked)
}

/// All of standard input.
pub(super) fn stdin() -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .map_err(|error| Error::Usage(format!("cannot read standard input: {error}")))?;
    Ok(bytes)
}

fn file(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| {
        let path = path.to_owned();
        if source.kind() == std::io::ErrorKind::NotFound {
            Error::NoPath { path }
        } else {
            Error::File { deed: "read", path, source }
        }
    })
}

impl Check {
    fn log(&self, name: &[u8], bytes: &[u8], checked: &mut Checked) {
        checked.coverage.read += 1;
        checked.coverage.bytes += bytes.len() as u64;
        let log = Log::read(bytes);
        let text = &log.text;
        let scanned = Text { bytes: text, path: name, role: Medium::Log.role(name) };
        let findings = self.scan_text(&scanned, &mut checked.coverage).findings;
        let lines = LineStarts::of(text);
        // Logs repeat themselves: one card for each credential, at its first place.
        let mut first = HashMap::new();
        let mut again: Vec<usize> = Vec::new();
        let start = checked.cards.len();
        for finding in &findings {
            if let Some(at) = first.get(&fingerprint(finding)) {
                if let Some(count) = again.get_mut(*at) {
                    *count += 1;
                }
                continue;
            }
            first.insert(fingerprint(finding), again.len());
            again.push(0);
            let line = lines.line_of(finding.secret_span.start);
            let stand = Stand {
                path: name,
                raw: bytes,
                text,
                archive: None,
                exposure: Exposure::Logged,
                commit: None,
                place: Where::Nowhere,
                medium: Medium::Log,
                writer: log.place_of(line).map(|place| &**place),
            };
            checked.cards.push(self.card(finding, name, &stand, &lines));
        }
        for (card, count) in checked.cards.iter_mut().skip(start).zip(again) {
            if count > 0 {
                let times = Count(count + 1, "time");
                card.seen = format!("{}, printed {times} in this log", card.seen);
            }
        }
        checked.told.extend(self.decided.told());
    }
}
