//! The report as one page: no script, no other file, no network. Its own style is the only one
//! that its content security policy lets in.
//!
//! Words stand outside of the drawings, so that they are as large on a phone as elsewhere; each
//! chart has a sentence and a table that say the same.

use super::{Chart, Kind, Page, Part, Table};
use crate::report::html::{escape, hash};
use crate::text::Escaped;
use std::fmt::Write as _;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");

/// So many groups of columns have room at least: fewer are not drawn wider.
const GROUPS: usize = 8;

pub(super) fn render(page: &Page) -> String {
    let mut out = String::with_capacity(PAGE.len() + STYLE.len() + 16 * 1024);
    // The page is taken apart once: no text put in is looked at again.
    for (index, part) in PAGE.split("{{").enumerate() {
        let Some((name, rest)) = part.split_once("}}").filter(|_| index > 0) else {
            out.push_str(part);
            continue;
        };
        match name {
            "style" => out.push_str(STYLE),
            "style-hash" => out.push_str(&hash(STYLE)),
            "title" => out.push_str(&shown(&format!("leakcoach: {}", page.title))),
            "headline" => out.push_str(&shown(&page.title)),
            "meta" => out.push_str(&shown(&page.meta)),
            "parts" => parts(&mut out, &page.parts),
            _ => {}
        }
        out.push_str(rest);
    }
    out
}

/// Words from the record, of which none is a tag.
fn shown(words: &str) -> String {
    escape(&Escaped(words.as_bytes()).to_string()).into_owned()
}

fn parts(out: &mut String, parts: &[Part]) {
    let mut charts = 0;
    for part in parts {
        let _ = match part {
            Part::Heading(words) => writeln!(out, "<h2>{}</h2>", shown(words)),
            Part::Words(words) if words.starts_with("https://") => {
                let words = shown(words);
                writeln!(out, "<p><a href=\"{words}\" rel=\"noreferrer noopener\">{words}</a></p>")
            }
            Part::Words(words) => writeln!(out, "<p>{}</p>", shown(words)),
            Part::Figures(figures) => {
                out.push_str("<dl class=\"figures\">");
                for [label, value, note] in figures {
                    let _ = write!(
                        out,
                        "<div><dt>{}</dt><dd class=\"value\">{}</dd><dd class=\"note\">{}</dd></div>",
                        shown(label),
                        shown(value),
                        shown(note)
                    );
                }
                writeln!(out, "</dl>")
            }
            Part::Chart(one) => {
                charts += 1;
                chart(out, one, charts);
                Ok(())
            }
            Part::Table(one) => {
                table(out, one);
                Ok(())
            }
            Part::Code(text) => {
                let lines: Vec<String> = text.lines().map(shown).collect();
                writeln!(out, "<pre>{}</pre>", lines.join("\n"))
            }
            Part::List(items) => {
                out.push_str("<ul>");
                for item in items {
                    let _ = write!(out, "<li>{}</li>", shown(item));
                }
                writeln!(out, "</ul>")
            }
        };
    }
}

/// The colour of a series, which means the same in all charts.
fn colour(series: &str) -> &'static str {
    match series {
        "fixed at once" => "good",
        "fixed" | "fixed later" => "fair",
        "let through" | "missed" => "warn",
        "not seen mended" => "left",
        _ => "all",
    }
}

fn chart(out: &mut String, chart: &Chart, number: usize) {
    let _ = write!(
        out,
        "<figure aria-labelledby=\"chart-{number}\"><figcaption id=\"chart-{number}\">\
         <strong>{}</strong> <span>{}</span></figcaption>",
        shown(chart.title),
        shown(&chart.about)
    );
    if chart.series.len() > 1 {
        out.push_str("<ul class=\"legend\" aria-hidden=\"true\">");
        for name in &chart.series {
            let _ = write!(
                out,
                "<li><svg viewBox=\"0 0 8 8\"><rect class=\"{}\" width=\"8\" height=\"8\"/></svg>{}</li>",
                colour(name),
                shown(name)
            );
        }
        out.push_str("</ul>");
    }
    match chart.kind {
        Kind::Bars => bars(out, chart),
        Kind::Columns => columns(out, chart),
    }
    out.push_str("<details><summary>As a table</summary>");
    let head = std::iter::once("").chain(chart.series.iter().copied()).collect();
    let row = |(label, values): &(String, Vec<u64>)| {
        std::iter::once(label.clone()).chain(values.iter().map(ToString::to_string)).collect()
    };
    let rows = chart.rows.iter().map(row).collect();
    table(out, &Table { about: chart.title.to_owned(), head, rows, words: 1 });
    out.push_str("</details></figure>\n");
}

/// In thousandths of the whole.
fn part_of(value: u64, whole: u64) -> u64 {
    (value * 1000).div_ceil(whole)
}

fn bars(out: &mut String, chart: &Chart) {
    let most = chart.most();
    out.push_str("<div class=\"rows\" aria-hidden=\"true\">");
    for (label, values) in &chart.rows {
        let _ = write!(
            out,
            "<span class=\"label\">{}</span><svg class=\"bar\" viewBox=\"0 0 1000 10\" \
             preserveAspectRatio=\"none\">",
            shown(label)
        );
        let mut at = 0;
        for (value, name) in values.iter().zip(&chart.series).filter(|(value, _)| **value > 0) {
            // A gap tells parts apart where colours do not.
            let width = part_of(*value, most).saturating_sub(2).max(2);
            let class = colour(name);
            let _ =
                write!(out, "<rect class=\"{class}\" x=\"{at}\" width=\"{width}\" height=\"10\"/>");
            at += width + 2;
        }
        let _ = write!(out, "</svg><span class=\"sum\">{}</span>", values.iter().sum::<u64>());
    }
    out.push_str("</div>");
}

fn columns(out: &mut String, chart: &Chart) {
    let most = chart.most();
    let series = chart.series.len();
    let group = series * 10 + 8;
    let width = group * chart.rows.len().max(GROUPS);
    let _ = write!(
        out,
        "<div class=\"plot\" aria-hidden=\"true\"><div class=\"scale\"><span>{most}</span>\
         <span>0</span></div><svg class=\"columns\" viewBox=\"0 0 {width} 1000\" \
         preserveAspectRatio=\"none\">"
    );
    for line in [0, 500, 1000] {
        let _ = write!(out, "<path class=\"grid\" d=\"M0 {line}H{width}\"/>");
    }
    for (at, (_, values)) in chart.rows.iter().enumerate() {
        for (index, (value, name)) in values.iter().zip(&chart.series).enumerate() {
            let (height, x) = (part_of(*value, most), at * group + 4 + index * 10);
            let _ = write!(
                out,
                "<rect class=\"{}\" x=\"{x}\" y=\"{}\" width=\"9\" height=\"{height}\"/>",
                colour(name),
                1000 - height.min(1000)
            );
        }
    }
    out.push_str("</svg><div class=\"axis\">");
    let (first, last) = (chart.rows.first(), chart.rows.last());
    if let Some((label, _)) = first {
        let _ = write!(out, "<span>{}</span>", shown(label));
    }
    // The last label stands below the last group where groups fill the width.
    if let Some((label, _)) = last.filter(|_| chart.rows.len() > 1) {
        let _ = write!(out, "<span>{}</span>", shown(label));
    }
    out.push_str("</div></div>");
}

fn table(out: &mut String, table: &Table) {
    let about = shown(&table.about);
    let _ = write!(
        out,
        "<div class=\"scroll\" role=\"region\" aria-label=\"{about}\" tabindex=\"0\"><table>\
         <caption>{about}</caption><thead><tr>"
    );
    for (at, name) in table.head.iter().enumerate() {
        let class = if at < table.words { "" } else { " class=\"number\"" };
        let name = if name.is_empty() { "&nbsp;".to_owned() } else { shown(name) };
        let _ = write!(out, "<th scope=\"col\"{class}>{name}</th>");
    }
    out.push_str("</tr></thead><tbody>");
    for row in &table.rows {
        out.push_str("<tr>");
        for (at, cell) in row.iter().enumerate() {
            let cell = shown(cell);
            let _ = match at {
                0 => write!(out, "<th scope=\"row\">{cell}</th>"),
                at if at < table.words => write!(out, "<td class=\"words\">{cell}</td>"),
                _ => write!(out, "<td class=\"number\">{cell}</td>"),
            };
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>\n");
}

#[cfg(test)]
mod tests {
    use super::{PAGE, STYLE};

    #[test]
    fn the_page_loads_and_runs_nothing() {
        for part in [PAGE, STYLE] {
            for loader in ["http:", "https:", "@import", "url(", "src=", "<link", "<script"] {
                assert!(!part.contains(loader), "{loader}");
            }
        }
    }
}
