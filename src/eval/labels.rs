//! A table of labels: which lines of which file hold a credential.

use crate::error::Error;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// One place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// First line, from one.
    pub first: usize,
    /// Last line.
    pub last: usize,
    /// Whether a credential stands there.
    pub real: bool,
    /// What the set calls it; several joined by `+` where labels of one place differ.
    pub category: String,
}

/// Labels by file.
#[derive(Debug, Default)]
pub struct Labels(BTreeMap<String, Vec<Label>>);

/// A row of the table; other columns are not read.
#[derive(Deserialize)]
struct Row {
    file: String,
    line_start: usize,
    line_end: usize,
    truth: String,
    #[serde(default)]
    category: String,
}

impl Labels {
    /// Reads a table in CSV with the columns `file`, `line_start`, `line_end`, `truth`
    /// (`T` or `F`) and `category`. Labels of the same lines are one place, which is
    /// real if any of them is.
    ///
    /// # Errors
    /// The file cannot be read, or a row has no such columns.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|source| Error::File {
            deed: "read",
            path: path.to_owned(),
            source,
        })?;
        let mut files: BTreeMap<String, Vec<Label>> = BTreeMap::new();
        let wrong = |line: u64, what: String| Error::Config {
            path: path.to_owned(),
            line: usize::try_from(line).unwrap_or(0),
            what,
        };
        for row in csv::Reader::from_reader(bytes.as_slice()).into_deserialize::<Row>() {
            let row = row.map_err(|error| {
                let line = error.position().map_or(0, csv::Position::line);
                wrong(line, "no row of file,line_start,line_end,truth,category".to_owned())
            })?;
            let real = match row.truth.as_str() {
                "T" => true,
                "F" | "X" => false,
                _ => return Err(wrong(0, "truth is neither T nor F".to_owned())),
            };
            let places = files.entry(row.file).or_default();
            let known = places
                .iter_mut()
                .find(|known| known.first == row.line_start && known.last == row.line_end);
            match known {
                Some(known) if known.real == real => {
                    known.category.push('+');
                    known.category.push_str(&row.category);
                }
                Some(known) if real => {
                    known.real = true;
                    known.category = row.category;
                }
                Some(_) => {}
                None => places.push(Label {
                    first: row.line_start,
                    last: row.line_end,
                    real,
                    category: row.category,
                }),
            }
        }
        Ok(Self(files))
    }

    /// The files and their places.
    pub fn files(&self) -> impl Iterator<Item = (&String, &Vec<Label>)> {
        self.0.iter()
    }

    /// Leaves out the places of these categories, of whatever truth.
    #[must_use]
    pub fn without(mut self, categories: &[String]) -> Self {
        for places in self.0.values_mut() {
            places.retain(|place| {
                !place.category.split(['+', ':']).all(|part| categories.iter().any(|c| c == part))
            });
        }
        self
    }
}
