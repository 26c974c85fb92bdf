//! A file of lines of JSON. Its own end tells how far it has come, so that no event stands
//! in it twice, whenever leakcoach was ended.

use super::event::Outgoing;
use super::receiver::Receiver;
use super::{Format, Trouble, fields};
use serde_json::Value;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

/// As much of the end is read.
const END: u64 = 64 << 10;

/// The file.
pub(super) struct Lines {
    path: PathBuf,
    format: Format,
}

impl Lines {
    pub(super) fn new(path: PathBuf, format: Format) -> Self {
        Self { path, format }
    }

    fn end(&self) -> std::io::Result<Vec<u8>> {
        let mut file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
        let mut end = Vec::new();
        file.take(END).read_to_end(&mut end)?;
        Ok(end)
    }
}

impl Receiver for Lines {
    fn at_once(&self) -> usize {
        500
    }

    fn take(&mut self, events: &[Outgoing]) -> Result<u64, Trouble> {
        let failed = |error: std::io::Error| {
            if error.kind() == std::io::ErrorKind::StorageFull {
                return Trouble::Later("the disk is full".to_owned(), None);
            }
            Trouble::Stop(format!("the file cannot be written: {error}"))
        };
        // A pipe would keep whoever opens it waiting.
        let kind = std::fs::metadata(&self.path).map(|meta| meta.file_type());
        if kind.is_ok_and(|kind| kind.is_fifo() || kind.is_dir() || kind.is_socket()) {
            return Err(Trouble::Stop("it is no file".to_owned()));
        }
        let mut text = Vec::new();
        // After a power cut, half a line may be the last: what is new begins one of its own.
        if self.end().is_ok_and(|end| end.last().is_some_and(|byte| *byte != b'\n')) {
            text.push(b'\n');
        }
        for event in events {
            text.extend_from_slice(fields::of(event, self.format).to_string().as_bytes());
            text.push(b'\n');
        }
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.path)
            .map_err(failed)?;
        file.write_all(&text).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        Ok(0)
    }

    fn has(&self, machine: &str) -> Option<i64> {
        let end = self.end().ok()?;
        // The first line may be cut, the last one half written: both are no JSON, then.
        let lines = end.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
        lines.filter_map(|line| sequence(line, machine)).max()
    }
}

/// The number of the event in `line`, where it is one of `machine`'s.
fn sequence(line: &[u8], machine: &str) -> Option<i64> {
    let line: Value = serde_json::from_slice(line).ok()?;
    let id =
        ["/id", "/event/id", "/metadata/uid"].iter().find_map(|at| line.pointer(at)?.as_str())?;
    let rest = id.strip_prefix(machine)?.strip_prefix('-')?;
    rest.split_once('-')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Lines, sequence};
    use crate::send::event::tests::{outgoing, shown, sink};
    use crate::send::receiver::Receiver as _;
    use crate::send::{Class, Format};
    use proptest::prelude::*;

    #[test]
    fn its_own_end_tells_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        for format in [Format::Plain, Format::Ecs, Format::Ocsf] {
            let path = folder.path().join(format!("{format:?}"));
            let mut file = Lines::new(path.clone(), format);
            assert_eq!(file.has("00c0ffee00c0ffee"), None);
            file.take(&[outgoing(shown(), &sink(Class::Confidential)).unwrap()]).unwrap();
            assert_eq!(file.has("00c0ffee00c0ffee"), Some(12), "{format:?}");
            assert_eq!(file.has("another"), None);
        }
    }

    #[test]
    fn half_a_line_does_not_count_and_harms_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events");
        let mut file = Lines::new(path.clone(), Format::Plain);
        let event = outgoing(shown(), &sink(Class::Confidential)).unwrap();
        file.take(std::slice::from_ref(&event)).unwrap();
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert_eq!(file.has("00c0ffee00c0ffee"), None);

        file.take(&[event]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line: Vec<u8>) {
            let _sequence = sequence(&line, "m");
        }
    }
}
