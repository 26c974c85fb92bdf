//! Edits of YAML by whole lines, where entries and items stand on lines of their own.

use super::super::node::{Entry, Node};
use super::{Change, Refused, Replacement, Service};
use std::ops::Range;

/// A text and what is to become of it.
pub(super) struct Lines<'a> {
    text: &'a str,
    pub(super) service: Service,
    on_gitlab: bool,
    changes: Vec<Change>,
    notes: Vec<String>,
    first: Vec<String>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str, service: Service, on_gitlab: bool) -> Self {
        Self { text, service, on_gitlab, changes: Vec::new(), notes: Vec::new(), first: Vec::new() }
    }

    pub(super) fn refuse(&self, why: &str) -> Refused {
        Refused::new(why, self.service, self.on_gitlab)
    }

    pub(super) fn note(&mut self, words: &str) {
        if !self.notes.iter().any(|note| note == words) {
            self.notes.push(words.to_owned());
        }
    }

    /// What is to be set up on the other side, where the service alone does not tell.
    pub(super) fn first(&mut self, words: String) {
        if !self.first.contains(&words) {
            self.first.push(words);
        }
    }

    /// What was collected, in order, with the line ends of the text; and what comes first.
    pub(super) fn done(mut self) -> (Replacement, Vec<String>) {
        if self.text.contains("\r\n") {
            for change in &mut self.changes {
                change.with = change.with.replace('\n', "\r\n");
            }
        }
        self.changes.sort_by_key(|change| (change.span.start, change.span.end));
        self.changes.dedup();
        (Replacement { changes: self.changes, notes: self.notes }, self.first)
    }

    pub(super) fn replace(&mut self, span: Range<usize>, with: impl Into<String>) {
        self.changes.push(Change { span, with: with.into() });
    }

    /// All of the file.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// What is written at `span`.
    pub(super) fn written(&self, span: Range<usize>) -> &'a str {
        self.text.get(span).unwrap_or_default()
    }

    fn line_start(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        before.rfind('\n').map_or(0, |newline| newline + 1)
    }

    fn line_end(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        rest.find('\n').map_or(self.text.len(), |newline| at + newline + 1)
    }

    /// What stands before `at` on its line.
    pub(super) fn before(&self, at: usize) -> &'a str {
        self.written(self.line_start(at)..at)
    }

    /// Blanks as wide as what stands before `at` on its line.
    pub(super) fn indent(&self, at: usize) -> String {
        " ".repeat(self.before(at).chars().count())
    }

    /// Takes out the whole line of `at`, which nothing else begins.
    pub(super) fn remove_line(&mut self, at: usize) -> Result<(), Refused> {
        if !self.begins_line(at) {
            return Err(self.refuse("what stands beside it is not on a line of its own"));
        }
        self.replace(self.line_start(at)..self.line_end(at), "");
        Ok(())
    }

    /// Whether `at` is the first of its line but for blanks.
    fn begins_line(&self, at: usize) -> bool {
        self.before(at).chars().all(|char| char == ' ')
    }

    /// The lines of `entry`, which has them for itself.
    pub(super) fn lines_of(&self, entry: &Entry) -> Result<Range<usize>, Refused> {
        let start = entry.at.start;
        if !self.begins_line(start) {
            return Err(self.refuse("it is not written on a line of its own"));
        }
        let end = entry.node.at.end.max(entry.at.end);
        let length = self.written(start..end).trim_end().len();
        Ok(self.line_start(start)..self.line_end(start + length))
    }

    /// Adds lines before that of `at`, as far to the right.
    pub(super) fn insert_before(&mut self, at: usize, lines: &[String]) -> Result<(), Refused> {
        if !self.begins_line(at) {
            return Err(self.refuse("what stands beside it is not on a line of its own"));
        }
        let indent = self.indent(at);
        let with: String = lines.iter().flat_map(|line| [&indent, line, "\n"]).collect();
        let at = self.line_start(at);
        self.replace(at..at, with);
        Ok(())
    }

    /// Adds items of a list before the item that begins at `at`.
    pub(super) fn insert_item(&mut self, at: usize, lines: &[String]) -> Result<(), Refused> {
        let before = self.before(at);
        if before.trim() != "-" {
            return Err(self.refuse("the list is not written item by item, line by line"));
        }
        let dash = before.to_owned();
        let blank = " ".repeat(before.len());
        let with = lines.iter().enumerate().flat_map(|(number, line)| {
            let first = number == 0 || line.starts_with("- ");
            let line = line.strip_prefix("- ").unwrap_or(line);
            [if first { dash.clone() } else { blank.clone() }, line.to_owned(), "\n".to_owned()]
        });
        let with: String = with.collect();
        let at = self.line_start(at);
        self.replace(at..at, with);
        Ok(())
    }

    /// Takes entries out of the map under `of` and puts others in the place of the first; a
    /// map that would be empty goes as well. Nothing where none of them is there.
    pub(super) fn swap(
        &mut self,
        of: &Entry,
        out: &[&str],
        into: &[(&str, &str)],
    ) -> Result<(), Refused> {
        let entries = of.node.entries();
        let goes = |entry: &&Entry| out.iter().any(|key| entry.key.eq_ignore_ascii_case(key));
        let going: Vec<&Entry> = entries.iter().filter(goes).collect();
        let Some(first) = going.first() else { return Ok(()) };
        let stays = |key: &str| {
            entries.iter().any(|entry| entry.key.eq_ignore_ascii_case(key) && !out.contains(&key))
        };
        if going.len() == entries.len() && into.is_empty() {
            let start = self.lines_of(of)?.start;
            let end = going.iter().try_fold(start, |end, entry| {
                Ok::<_, Refused>(self.lines_of(entry)?.end.max(end))
            })?;
            self.replace(start..end, "");
            return Ok(());
        }
        let indent = self.indent(first.at.start);
        let new = into.iter().filter(|(key, _)| !stays(key));
        let new: Vec<String> =
            new.map(|(key, value)| format!("{indent}{key}: {value}\n")).collect();
        let new = new.concat();
        for (number, entry) in going.iter().enumerate() {
            let lines = self.lines_of(entry)?;
            self.replace(lines, if number == 0 { new.clone() } else { String::new() });
        }
        Ok(())
    }

    /// Puts commands in the place of the item `node` of a list, which is one of one line.
    pub(super) fn replace_item(&mut self, node: &Node, with: &[String]) -> Result<(), Refused> {
        let before = self.before(node.at.start);
        let one_line = !self.written(node.at.clone()).contains('\n');
        if before.trim() != "-" || !one_line {
            return Err(self.refuse("the command is one of several in one item of the script"));
        }
        let start = self.line_start(node.at.start);
        let end = self.line_end(node.at.end);
        let lines: Vec<String> =
            with.iter().map(|command| format!("{before}{}\n", scalar(command))).collect();
        self.replace(start..end, lines.concat());
        Ok(())
    }
}

/// A command as a scalar of YAML.
pub(super) fn scalar(text: &str) -> String {
    let starts = text.starts_with(|char: char| "\"'[]{}&*!|>%@`#,?:-".contains(char));
    if starts || text.contains(": ") || text.contains(" #") || text.ends_with(':') {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        text.to_owned()
    }
}
