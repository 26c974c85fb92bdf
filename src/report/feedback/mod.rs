//! The feedback report: first what is told, then how it is drawn on a terminal, in Markdown
//! and on a page. Every format draws the same parts, so that none tells more than another.

mod html;
mod markdown;
mod parts;
mod text;

use super::Style;
use crate::feedback::{Evidence, Feedback};
use serde_json::json;

/// A part of a report.
#[derive(Debug)]
enum Part {
    Heading(String),
    Words(String),
    /// A number that stands out: its label, itself, and what it means.
    Figures(Vec<[String; 3]>),
    Chart(Chart),
    Table(Table),
    /// Lines to be pasted.
    Code(String),
    List(Vec<String>),
}

/// Numbers in rows; the first column is words.
#[derive(Debug)]
struct Table {
    about: String,
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    /// Columns of words at the left; those after them are numbers.
    words: usize,
}

/// How a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A bar for each row, its parts one after the other.
    Bars,
    /// A group of columns for each row.
    Columns,
}

#[derive(Debug)]
struct Chart {
    title: &'static str,
    /// The same in words, for who does not see it.
    about: String,
    kind: Kind,
    series: Vec<&'static str>,
    rows: Vec<(String, Vec<u64>)>,
}

impl Chart {
    /// The longest bar or the highest column; at least 1.
    fn most(&self) -> u64 {
        let of = |values: &Vec<u64>| match self.kind {
            Kind::Bars => values.iter().sum(),
            Kind::Columns => values.iter().copied().max().unwrap_or(0),
        };
        self.rows.iter().map(|(_, values)| of(values)).max().unwrap_or(0).max(1)
    }
}

/// A report that can be drawn.
#[derive(Debug)]
pub struct Page {
    title: String,
    /// The period, and how much was counted.
    meta: String,
    parts: Vec<Part>,
    json: serde_json::Value,
}

impl Page {
    /// All that `feedback` tells.
    pub fn of(feedback: &Feedback) -> Self {
        Self {
            title: "What cards led to, and what to tune".to_owned(),
            meta: parts::meta(feedback),
            parts: parts::all(feedback),
            json: json!(feedback),
        }
    }

    /// What there is for the controls of a framework.
    pub fn of_framework(feedback: &Feedback, evidence: &Evidence) -> Self {
        let mut json = json!(evidence);
        json["since"] = json!(feedback.since);
        json["until"] = json!(feedback.until);
        Self {
            title: format!("{} {}", evidence.name, evidence.version),
            meta: parts::meta(feedback),
            parts: parts::controls(evidence),
            json,
        }
    }

    /// For a terminal.
    pub fn text(&self, style: Style) -> String {
        text::render(self, style)
    }

    /// In Markdown.
    pub fn markdown(&self) -> String {
        markdown::render(self)
    }

    /// For machines.
    pub fn json(&self) -> String {
        format!("{:#}\n", self.json)
    }

    /// One page that needs nothing else.
    pub fn html(&self) -> String {
        html::render(self)
    }
}
