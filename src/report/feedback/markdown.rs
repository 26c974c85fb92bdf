//! The report in Markdown. Charts are tables there.

use super::{Page, Part, Table};
use crate::report::markdown::plain;
use crate::text::Escaped;
use std::fmt::Write as _;

pub(super) fn render(page: &Page) -> String {
    let mut out = format!("# {}\n\n{}\n", shown(&page.title), shown(&page.meta));
    for part in &page.parts {
        out.push('\n');
        match part {
            Part::Heading(words) => {
                let _ = writeln!(out, "## {}", shown(words));
            }
            Part::Words(words) if words.starts_with("https://") => {
                let _ = writeln!(out, "<{words}>");
            }
            Part::Words(words) => {
                let _ = writeln!(out, "{}", paragraph(words));
            }
            Part::Figures(figures) => {
                let rows = figures.iter().map(|figure| figure.to_vec()).collect();
                let head = vec!["", "", ""];
                table(&mut out, &Table { about: String::new(), head, rows, words: 1 });
            }
            Part::Chart(chart) => {
                let _ = writeln!(out, "**{}** ({})\n", shown(chart.title), shown(&chart.about));
                let head = std::iter::once("").chain(chart.series.iter().copied()).collect();
                let row = |(label, values): &(String, Vec<u64>)| {
                    let values = values.iter().map(ToString::to_string);
                    std::iter::once(label.clone()).chain(values).collect()
                };
                let rows = chart.rows.iter().map(row).collect();
                table(&mut out, &Table { about: String::new(), head, rows, words: 1 });
            }
            Part::Table(one) => table(&mut out, one),
            Part::Code(text) => {
                // Indented, nothing in it can end it.
                for line in text.lines() {
                    let _ = writeln!(out, "    {}", Escaped(line.as_bytes()));
                }
            }
            Part::List(items) => {
                for item in items {
                    let _ = writeln!(out, "- {}", paragraph(item));
                }
            }
        }
    }
    out
}

/// Words from the record, of which none is markup.
fn shown(words: &str) -> String {
    plain(&Escaped(words.as_bytes()).to_string())
}

/// The same, where a number and a dot would begin a list, and other marks other things.
fn paragraph(words: &str) -> String {
    let shown = shown(words);
    match shown.split_once(". ") {
        Some((number, rest))
            if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) =>
        {
            format!("{number}\\. {rest}")
        }
        _ if shown.starts_with(['-', '+', '=']) => format!("\\{shown}"),
        _ => shown,
    }
}

fn table(out: &mut String, table: &Table) {
    let line = |out: &mut String, cells: &mut dyn Iterator<Item = String>| {
        for cell in cells {
            let _ = write!(out, "| {cell} ");
        }
        out.push_str("|\n");
    };
    line(out, &mut table.head.iter().map(|name| shown(name)));
    line(
        out,
        &mut (0..table.head.len())
            .map(|at| if at < table.words { "---" } else { "---:" }.to_owned()),
    );
    for row in &table.rows {
        line(out, &mut row.iter().map(|cell| shown(cell)));
    }
}
