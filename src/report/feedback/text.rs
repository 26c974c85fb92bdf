//! The report on a terminal.

use super::{Chart, Kind, Page, Part, Table};
use crate::report::{Style, clip, learning};
use crate::text::Escaped;
use colored::Colorize;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr;

/// Columns of a bar.
const BAR: u64 = 30;

/// What the parts of a bar are drawn with, in order.
const ASCII: [char; 4] = ['#', '=', 'o', '.'];
const BLOCKS: [char; 4] = ['█', '▓', '▒', '░'];

pub(super) fn render(page: &Page, style: Style) -> String {
    let mut out = format!("{}\n{}\n", page.title.bold(), page.meta.dimmed());
    for part in &page.parts {
        match part {
            Part::Heading(words) => {
                let _ = writeln!(out, "\n{}", shown(words).bold());
            }
            Part::Words(words) => {
                let _ = writeln!(out, "{}", learning::prose(&shown(words), style));
            }
            Part::Figures(figures) => {
                out.push('\n');
                for [label, value, note] in figures {
                    let _ = writeln!(out, "  {label:<24}{:>9}  {}", value.bold(), note.dimmed());
                }
            }
            Part::Chart(one) => chart(&mut out, one, style),
            Part::Table(one) => table(&mut out, one, style),
            Part::Code(text) => {
                for line in text.lines() {
                    let _ = writeln!(out, "    {}", shown(line));
                }
            }
            Part::List(items) => {
                for item in items {
                    let bullet = if style.unicode { "•" } else { "-" };
                    let words = learning::prose(&format!("{bullet} {}", shown(item)), style);
                    let _ = writeln!(out, "{}", words.replace('\n', "\n  "));
                }
            }
        }
    }
    out
}

/// Words from the record, of which none moves the cursor.
fn shown(words: &str) -> String {
    Escaped(words.as_bytes()).to_string()
}

fn chart(out: &mut String, chart: &Chart, style: Style) {
    let _ = writeln!(out, "\n{}", chart.title.bold());
    let marks = if style.unicode { BLOCKS } else { ASCII };
    if chart.series.len() > 1 {
        let legend: Vec<String> =
            marks.iter().zip(&chart.series).map(|(mark, name)| format!("{mark} {name}")).collect();
        let _ = writeln!(out, "  {}", legend.join("   ").dimmed());
    }
    let width = chart.rows.iter().map(|(label, _)| shown(label).width()).max().unwrap_or(0);
    let width = width.min(style.width / 3);
    let most = chart.most();
    for (label, values) in &chart.rows {
        let label = clip(&shown(label), width);
        let gap = " ".repeat(width.saturating_sub(label.width()));
        let numbers: Vec<String> = values.iter().map(ToString::to_string).collect();
        match chart.kind {
            Kind::Bars => {
                let bar = bar(values, most, marks);
                let _ = writeln!(out, "  {label}{gap}  {bar} {}", numbers.join(" "));
            }
            Kind::Columns => {
                // One line a row, each value as its own bar of a third.
                let bars: Vec<String> = values
                    .iter()
                    .zip(marks)
                    .map(|(value, mark)| {
                        let bar = bar(&[*value], most * 3, [mark; 4]);
                        format!("{:<width$}{value:>4}", bar, width = 12)
                    })
                    .collect();
                let _ = writeln!(out, "  {label}{gap}  {}", bars.join(" ").trim_end());
            }
        }
    }
}

/// Parts one after the other, so long that `most` is the whole width. What is there at all is seen.
fn bar(values: &[u64], most: u64, marks: [char; 4]) -> String {
    let mut bar = String::new();
    for (value, mark) in values.iter().zip(marks) {
        let length = (value * BAR).div_ceil(most);
        bar.extend(std::iter::repeat_n(mark, usize::try_from(length).unwrap_or(0)));
    }
    bar
}

fn table(out: &mut String, table: &Table, style: Style) {
    let rows: Vec<Vec<String>> =
        table.rows.iter().map(|row| row.iter().map(|cell| shown(cell)).collect()).collect();
    let mut widths: Vec<usize> = table.head.iter().map(|name| name.width()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    // Words give way to numbers, the widest first.
    let room = style.width.saturating_sub(2 * widths.len());
    while widths.iter().sum::<usize>() > room {
        let widest = widths.iter().take(table.words).enumerate().max_by_key(|(_, width)| **width);
        match widest {
            Some((at, width)) if *width > 12 => widths[at] -= 1,
            _ => break,
        }
    }
    let line = |row: &[String]| {
        let cells = row.iter().zip(&widths).enumerate().map(|(at, (cell, width))| {
            let cell = clip(cell, *width);
            let gap = " ".repeat(width.saturating_sub(cell.width()));
            if at < table.words { format!("{cell}{gap}") } else { format!("{gap}{cell}") }
        });
        format!("  {}", cells.collect::<Vec<_>>().join("  ")).trim_end().to_owned()
    };
    let head: Vec<String> = table.head.iter().map(|name| (*name).to_owned()).collect();
    let _ = writeln!(out, "\n{}", line(&head).dimmed());
    for row in &rows {
        let _ = writeln!(out, "{}", line(row));
    }
}
