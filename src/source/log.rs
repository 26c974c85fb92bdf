//! Logs of pipelines: what the jobs wrote, without what runners put around it.
//!
//! Colours and times are taken off each line, so that a key over several lines reads as
//! one; line numbers stay those of the file. Markers of groups and sections tell in which
//! job or step a line was written.
//!
//! Formats: GitHub Actions (`##[group]`, `::group::`, and the columns of `gh run view
//! --log`), Azure Pipelines (`##[section]Starting: `), GitLab (`section_start:`, and the
//! stream column of timestamped job logs), after each vendor's documentation.

use bstr::{BStr, BString, ByteSlice};

/// As much of a title is kept.
const TITLE_AT_MOST: usize = 120;

/// As many open groups are kept.
const DEPTH_AT_MOST: usize = 32;

/// A log made ready to be scanned, as its lines come.
#[derive(Debug, Default)]
pub struct Log {
    writer: Writer,
    /// From which line on which job or step is written; ascending.
    places: Vec<(usize, Option<BString>)>,
    /// Lines that were taken.
    lines: usize,
    /// Of those, the last that were joined to the one before them.
    joined: usize,
    /// Whether the last line goes on.
    goes_on: bool,
}

impl Log {
    /// Adds to `text` what was written in these lines, of which the last is whole and without
    /// its end; `text` keeps as many lines as the file.
    pub fn take(&mut self, lines: &[u8], text: &mut Vec<u8>) {
        let lines = if self.lines == 0 { lines.strip_prefix(MARK).unwrap_or(lines) } else { lines };
        for line in lines.split(|byte| *byte == b'\n') {
            let line = plain(line.strip_suffix(b"\r").unwrap_or(line));
            if std::mem::take(&mut self.goes_on) {
                text.extend_from_slice(&line);
                continue;
            }
            let line = self.writer.columns(&line);
            let (line, appended) = without_time(line);
            if self.lines > 0 && appended {
                self.joined += 1;
            } else if self.lines > 0 {
                text.extend(std::iter::repeat_n(b'\n', self.joined + 1));
                self.joined = 0;
            }
            self.lines += 1;
            self.writer.markers(line);
            if self.writer.moved {
                self.writer.moved = false;
                let place = self.writer.place();
                if self.places.last().map_or(place.is_some(), |(_, last)| *last != place) {
                    self.places.push((self.lines, place));
                }
            }
            text.extend_from_slice(line);
        }
    }

    /// The same of a part of a line that is too long to be held.
    pub fn take_part(&mut self, part: &[u8], text: &mut Vec<u8>) {
        self.take(part, text);
        self.goes_on = true;
    }

    /// Adds what is left at the end of the log.
    pub fn end(&mut self, text: &mut Vec<u8>) {
        text.extend(std::iter::repeat_n(b'\n', std::mem::take(&mut self.joined)));
    }

    /// Forgets who wrote the lines before this one.
    pub fn forget_before(&mut self, line: usize) {
        let before = self.places.partition_point(|(first, _)| *first <= line);
        self.places.drain(..before.saturating_sub(1));
    }

    /// The job or step that wrote the one-based `line`, as the log names it; any bytes.
    pub fn place_of(&self, line: usize) -> Option<&BStr> {
        let before = self.places.partition_point(|(first, _)| *first <= line);
        let (_, place) = self.places.get(before.checked_sub(1)?)?;
        place.as_ref().map(|place| place.as_bstr())
    }
}

/// The byte order mark in UTF-8, with which GitHub begins each step.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Who writes at a line.
#[derive(Debug, Default)]
struct Writer {
    job: BString,
    step: BString,
    /// Groups that are open, each with what closes it.
    open: Vec<(BString, BString)>,
    /// Whether it is another than before.
    moved: bool,
}

impl Writer {
    /// Takes off the columns of `gh run view --log`: the job, the step, and a time.
    fn columns<'a>(&mut self, line: &'a [u8]) -> &'a [u8] {
        let mut columns = line.splitn(3, |byte| *byte == b'\t');
        let (Some(job), Some(step), Some(rest)) = (columns.next(), columns.next(), columns.next())
        else {
            return line;
        };
        let rest = rest.strip_prefix(MARK).unwrap_or(rest);
        if time(rest) == 0 {
            return line;
        }
        let (job, step) = (title(job), title(step));
        if self.job != job || self.step != step {
            (self.job, self.step) = (job, step);
            self.open.clear();
            self.moved = true;
        }
        rest
    }

    /// Follows the markers of groups and sections that `line` begins with.
    fn markers(&mut self, line: &[u8]) {
        let line = line.trim_ascii_start();
        if let Some(name) = starts(line, &["##[group]", "::group::"]) {
            // What a step writes follows the group in which it is announced.
            if name.starts_with(b"Run ") && self.job.is_empty() {
                self.step = title(name);
                self.open.clear();
                self.moved = true;
            } else {
                self.enter(name, b"group");
            }
        } else if starts(line, &["##[endgroup]", "::endgroup::"]).is_some() {
            self.leave(b"group");
        } else if let Some(name) = starts(line, &["##[section]Starting: "]) {
            self.enter(name, name);
        } else if let Some(name) = starts(line, &["##[section]Finishing: "]) {
            self.leave(name);
        } else {
            self.sections(line);
        }
    }

    /// GitLab's, of which one line can have several: `section_end:TIME:NAME`,
    /// `section_start:TIME:NAME[collapsed=true]` and its header.
    fn sections(&mut self, mut line: &[u8]) {
        while let Some((starts, rest)) = section(line) {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let Some(rest) = rest.get(digits..).and_then(|rest| rest.strip_prefix(b":")) else {
                return;
            };
            let end = rest.find_byteset(b"[ ").unwrap_or(rest.len());
            let (name, rest) = rest.split_at(end);
            let options = if rest.starts_with(b"[") { rest.find_byte(b']') } else { None };
            let rest = rest.split_at(options.map_or(0, |end| end + 1)).1.trim_ascii_start();
            if starts {
                let header = rest.split_str("section_").next().unwrap_or_default().trim_ascii();
                self.enter(if header.is_empty() { name } else { header }, name);
            } else {
                self.leave(name);
            }
            let next = rest.find("section_").unwrap_or(rest.len());
            line = rest.split_at(next).1;
        }
    }

    fn enter(&mut self, name: &[u8], closed_by: &[u8]) {
        if self.open.len() < DEPTH_AT_MOST {
            self.open.push((title(name), title(closed_by)));
            self.moved = true;
        }
    }

    fn leave(&mut self, closed_by: &[u8]) {
        let closed_by = title(closed_by);
        if let Some(at) = self.open.iter().rposition(|(_, end)| *end == closed_by) {
            self.open.truncate(at);
            self.moved = true;
        }
    }

    fn place(&self) -> Option<BString> {
        let group = self.open.last().map(|(name, _)| name);
        let parts = [Some(&self.job), Some(&self.step), group].into_iter().flatten();
        let parts: Vec<&BString> = parts.filter(|part| !part.is_empty()).collect();
        (!parts.is_empty()).then(|| bstr::join(" > ", parts).into())
    }
}

fn starts<'a>(line: &'a [u8], markers: &[&str]) -> Option<&'a [u8]> {
    markers.iter().find_map(|marker| line.strip_prefix(marker.as_bytes()))
}

fn section(line: &[u8]) -> Option<(bool, &[u8])> {
    let start = line.strip_prefix(b"section_start:").map(|rest| (true, rest));
    start.or_else(|| line.strip_prefix(b"section_end:").map(|rest| (false, rest)))
}

fn title(name: &[u8]) -> BString {
    let name = name.trim_ascii();
    name.get(..TITLE_AT_MOST).unwrap_or(name).into()
}

/// A line without colours and other control sequences (ECMA-48). What a sequence other
/// than CSI carries is text too: an address behind a link is no less in the log.
fn plain(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = memchr::memchr3(0x1b, 0x07, b'\r', rest) {
        let (before, after) = rest.split_at(at);
        out.extend_from_slice(before);
        rest = after.get(1..).unwrap_or_default();
        if after.first() != Some(&0x1b) {
            out.push(b' ');
        } else if let Some(sequence) = rest.strip_prefix(b"[") {
            let of = |range: std::ops::RangeInclusive<u8>, from: &[u8]| {
                from.iter().take_while(|byte| range.contains(byte)).count()
            };
            let parameters = of(0x30..=0x3f, sequence);
            let between = of(0x20..=0x2f, sequence.split_at(parameters).1);
            match sequence.get(parameters + between..).and_then(<[u8]>::split_first) {
                Some((0x40..=0x7e, after)) => rest = after,
                // None that a terminal would know: all of it is text.
                Some(_) | None => out.push(b' '),
            }
        } else {
            out.push(b' ');
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    out.extend_from_slice(rest);
    out
}

/// A line without the time before it, and whether it goes on where the last one ended.
fn without_time(line: &[u8]) -> (&[u8], bool) {
    let line = line.strip_prefix(MARK).unwrap_or(line);
    let (_, rest) = line.split_at(time(line));
    if rest.len() == line.len() {
        return (line, false);
    }
    // GitLab: two hexadecimal digits for the stream, `O` or `E`, and a blank or `+`.
    match rest {
        [a, b, b'O' | b'E', goes_on @ (b' ' | b'+'), rest @ ..]
            if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() =>
        {
            (rest, *goes_on == b'+')
        }
        _ => (rest, false),
    }
}

/// How long the time is that `line` begins with, and the blank after it: RFC 3339 with
/// `T` or a blank, or the time of day; also in brackets.
fn time(line: &[u8]) -> usize {
    let bracket = usize::from(line.first() == Some(&b'['));
    let mut at = bracket;
    let fits = |at: usize, pattern: &[u8]| {
        let text = line.get(at..at + pattern.len());
        text.is_some_and(|text| {
            text.iter().zip(pattern).all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                b'T' => matches!(byte, b'T' | b' '),
                _ => byte == wanted,
            })
        })
    };
    if fits(at, b"0000-00-00T") {
        at += 11;
    }
    if !fits(at, b"00:00:00") {
        return 0;
    }
    at += 8;
    if matches!(line.get(at), Some(b'.' | b',')) {
        let rest = line.get(at + 1..).unwrap_or_default();
        at += 1 + rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    }
    if line.get(at) == Some(&b'Z') {
        at += 1;
    } else if matches!(line.get(at), Some(b'+' | b'-')) {
        let width = [&b"00:00"[..], b"0000"].into_iter().find(|zone| fits(at + 1, zone));
        at += width.map_or(0, |zone| zone.len() + 1);
    }
    if bracket == 1 {
        if line.get(at) != Some(&b']') {
            return 0;
        }
        at += 1;
    }
    match line.get(at) {
        Some(b' ' | b'\t') => at + 1,
        None => at,
        Some(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> (Log, Vec<u8>) {
        let (mut log, mut text) = (Log::default(), Vec::new());
        log.take(bytes, &mut text);
        log.end(&mut text);
        (log, text)
    }

    fn text(log: &str) -> String {
        String::from_utf8(read(log.as_bytes()).1).unwrap()
    }

    fn places(log: &str) -> Vec<String> {
        let (read, _) = read(log.as_bytes());
        let lines = 1..=log.split('\n').count();
        lines.map(|line| read.place_of(line).unwrap_or_default().to_string()).collect()
    }

    #[test]
    fn times_and_colours_are_taken_off() {
        for (line, plain) in [
            ("2026-01-02T03:04:05.1234567Z a", "a"),
            ("2026-01-02T03:04:05Z", ""),
            ("2026-01-02 03:04:05,123 a", "a"),
            ("2026-01-02T03:04:05+01:00 a", "a"),
            ("[2026-01-02T03:04:05.123Z] a", "a"),
            ("03:04:05 a", "a"),
            ("\u{feff}2026-01-02T03:04:05Z a", "a"),
            ("2026-01-02T03:04:05.1Z 00O a", "a"),
            ("\x1b[36;1ma\x1b[0m\x1b[Kb\r", "ab"),
            ("a\x1b]8;;https://host.example\x1b\\b", "a 8;;https://host.example b"),
            ("a \x1b[3", "a  [3"),
            ("03:04:05x", "03:04:05x"),
            ("2026-01-02 is a date", "2026-01-02 is a date"),
        ] {
            assert_eq!(text(line), plain, "{line:?}");
        }
    }

    #[test]
    fn a_line_that_goes_on_is_one_and_the_next_keeps_its_number() {
        let log = "2026-01-02T03:04:05Z 00O one\n2026-01-02T03:04:05Z 00O+ more\n2026-01-02T03:04:05Z 00O three";

        assert_eq!(text(log), "one more\n\nthree");
    }

    #[test]
    fn a_github_step_writes_until_the_next_one_begins() {
        let log = "2026-01-02T03:04:05Z ##[group]Run npm test\n\
                   2026-01-02T03:04:05Z npm test\n\
                   2026-01-02T03:04:05Z ##[endgroup]\n\
                   2026-01-02T03:04:05Z ok\n\
                   ::group::details\nmore\n::endgroup::\nlast";

        let step = "Run npm test";
        let group = "Run npm test > details";
        assert_eq!(places(log), [step, step, step, step, group, group, step, step]);
    }

    #[test]
    fn the_columns_of_gh_name_job_and_step() {
        let log = "build\tRun tests\t\u{feff}2026-01-02T03:04:05Z ##[group]Run make\n\
                   build\tRun tests\t2026-01-02T03:04:05Z ##[endgroup]\n\
                   deploy\tPush\t2026-01-02T03:04:05Z out\na\tb\tc";

        assert_eq!(text(log), "##[group]Run make\n##[endgroup]\nout\na\tb\tc");
        assert_eq!(
            places(log),
            ["build > Run tests > Run make", "build > Run tests", "deploy > Push", "deploy > Push"]
        );
    }

    #[test]
    fn azure_and_gitlab_sections_open_and_close() {
        let azure = "##[section]Starting: Build\nx\n##[section]Finishing: Build\ny";
        assert_eq!(places(azure), ["Build", "Build", "", ""]);

        let gitlab = "section_start:1:get_sources\r\x1b[0K\x1b[36;1mGetting source\x1b[0;m\nx\n\
                      section_end:2:get_sources\r\x1b[0Ksection_start:2:step_script[collapsed=true]\r\x1b[0K\n\
                      y\nsection_end:3:step_script\r\x1b[0K\nz";
        assert_eq!(
            places(gitlab),
            ["Getting source", "Getting source", "step_script", "step_script", "", ""]
        );
    }

    proptest! {
        #[test]
        fn no_log_loses_a_line(bytes in prop::collection::vec(
            prop_oneof![Just(b'\n'), Just(0x1b), Just(b'['), Just(b'\r'), Just(b':'), any::<u8>()],
            0..200,
        )) {
            let count = |text: &[u8]| text.split(|byte| *byte == b'\n').count();
            prop_assert_eq!(count(&read(&bytes).1), count(&bytes));
        }

        #[test]
        fn lines_that_come_apart_are_read_as_together(lines in prop::collection::vec(
            prop_oneof![
                Just("##[group]a"), Just("##[endgroup]"), Just("section_start:1:a"), Just("x y"),
                Just("2026-01-02T03:04:05Z 00O+ more"), Just(""), Just("2026-01-02T03:04:05Z 00O z"),
            ],
            1..30,
        ), cut in 1..30_usize) {
            let (mut log, mut apart) = (Log::default(), Vec::new());
            for part in lines.chunks(cut) {
                log.take(part.join("\n").as_bytes(), &mut apart);
            }
            log.end(&mut apart);
            prop_assert_eq!(String::from_utf8(apart).unwrap(), text(&lines.join("\n")));
        }

        #[test]
        fn markers_in_any_order_are_followed_without_harm(lines in prop::collection::vec(
            prop_oneof![
                Just("##[group]a"), Just("##[endgroup]"), Just("section_start:1:a"),
                Just("section_end:1:a"), Just("section_start:"), Just("section_start:1"),
                Just("##[section]Starting: "), Just("2026-01-02T03:04:05Z 00O+"),
            ],
            0..60,
        )) {
            let log = lines.join("\n");
            prop_assert_eq!(text(&log).lines().count() <= lines.len(), true);
            let _places = places(&log);
        }
    }
}
