//! Cards and coverage in words, and reports for machines. The only place that writes to
//! people.

/// A line on standard error. Who closed it does not want to hear.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _closed = writeln!(std::io::stderr(), $($words)*);
    }};
}

mod csv;
pub mod entry;
pub mod feedback;
mod format;
mod github;
mod gitlab;
mod html;
mod json;
pub mod learning;
mod markdown;
mod narrative;
pub mod part;
mod progress;
mod rdjson;
mod received;
mod sarif;
pub mod write;
mod xml;

pub use entry::{Entry, Outcome, Report, Whereabouts};
pub use format::Format;
pub use narrative::narrative;
pub use progress::{Drawn, draw};
pub use received::{received, unopened};

use crate::coach::Card;
use crate::coach::memory::Telling;
use crate::error::Error;
use crate::judge::Verdict;
use crate::source::Coverage;
use crate::text::{Count, Escaped};
use colored::Colorize;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr;

/// How cards are drawn.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Columns.
    pub width: usize,
    /// Whether lines and dots may be other than ASCII.
    pub unicode: bool,
}

/// Decides once whether there is colour; `colored` itself looks at standard output,
/// while hooks speak on standard error.
pub fn set_colour(on: bool) {
    colored::control::set_override(on);
}

/// One card as text, ending in a line break.
pub fn card(card: &Card, style: Style) -> String {
    let (bar, corner) = if style.unicode { ("│", "─→") } else { ("|", "-->") };
    let mut out = String::new();
    let _ = writeln!(out, "{}: {} [{}]", head(card).bold(), card.what.bold(), card.rule);
    let id = card.id.map(|id| format!("  {id}").dimmed().to_string()).unwrap_or_default();
    let _ = writeln!(out, "  {} {}:{}{id}", corner.dimmed(), card.full_path(), card.line);
    let line = card.line.to_string();
    let room = style.width.saturating_sub(line.len() + 5);
    let _ =
        writeln!(out, "  {} {}", format!("{line} {bar}").dimmed(), clip(card.masked.trim(), room));
    section(&mut out, "seen", &card.seen, style);
    section(&mut out, "signal", card.signal, style);
    section(&mut out, "opens", card.opens, style);
    section(&mut out, "here", &card.here, style);
    for (index, step) in card.steps.iter().enumerate() {
        let label = if index == 0 { "do now" } else { "" };
        section(&mut out, label, &format!("{}. {}", index + 1, step.words), style);
        if let Some(command) = &step.command {
            for line in command.lines() {
                let _ = writeln!(out, "            {line}");
            }
        }
    }
    section(&mut out, "next time", &card.next_time, style);
    if let Some(own) = &card.own {
        section(&mut out, "your team", own, style);
    }
    section(&mut out, "go on", &card.go_on, style);
    out
}

/// A label and its words, wrapped and indented.
fn section(out: &mut String, label: &str, words: &str, style: Style) {
    let mut line = format!("  {label:<10}").bold().to_string();
    let mut used = 12;
    for word in words.split(' ') {
        if used + word.width() > style.width && used > 12 {
            out.push_str(line.trim_end());
            out.push('\n');
            line = " ".repeat(12);
            used = 12;
        }
        line.push_str(word);
        line.push(' ');
        used += word.width() + 1;
    }
    out.push_str(line.trim_end());
    out.push('\n');
}

/// At most `width` columns.
fn clip(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 0;
    let mut out: String = text
        .chars()
        .take_while(|char| {
            used += unicode_width::UnicodeWidthChar::width(*char).unwrap_or(0);
            used + 3 <= width
        })
        .collect();
    out.push_str("...");
    out
}

/// Shows cards and a line that sums up, on standard error. Nothing at all when there is
/// nothing to say.
pub fn cards(cards: &[Card], coverage: &Coverage, style: Style) {
    told(cards, &[], style);
    account(cards, coverage);
}

/// Shows cards as `tellings` say, on standard error; in full where they say nothing.
pub fn told(cards: &[Card], tellings: &[Telling], style: Style) {
    let tellings = tellings.iter().chain(std::iter::repeat(&Telling::Full));
    for (shown, telling) in cards.iter().zip(tellings) {
        match telling {
            Telling::Full => say!("{}", card(shown, style)),
            Telling::Brief => say!("{}", brief(shown)),
            Telling::Again(words) => {
                let mut text = card(shown, style);
                section(&mut text, "again", words, style);
                say!("{text}");
            }
        }
    }
}

/// A card in two lines, ending in a line break.
fn brief(card: &Card) -> String {
    let [what, again] = card.brief();
    format!("{}: {what}\n  {again}\n", head(card).bold())
}

/// The word that a card begins with.
fn head(card: &Card) -> colored::ColoredString {
    match card.judgement.verdict {
        Verdict::Permit => "note".cyan(),
        Verdict::Slow | Verdict::Guide => "warning".yellow(),
        Verdict::Block => "refused".red(),
    }
}

/// What could not be checked, and a line that sums up, on standard error.
pub fn account(cards: &[Card], coverage: &Coverage) {
    for unread in coverage.unread.iter().take(20) {
        say!("leakcoach: could not check {}: {}", Escaped(&unread.path), unread.why);
    }
    for unopened in coverage.unopened.iter().take(20) {
        say!("leakcoach: could not look into {}: {}", Escaped(&unopened.path), unopened.why);
    }
    if let Some(more @ 1..) = coverage.unopened.len().checked_sub(20) {
        say!("leakcoach: could not look into {more} more");
    }
    if cards.is_empty() && coverage.unread.is_empty() {
        return;
    }
    let refused = cards.iter().filter(|card| card.judgement.verdict == Verdict::Block).count();
    let unread = match coverage.unread.len() {
        0 => String::new(),
        count => format!(", {count} could not be"),
    };
    let members = match coverage.members {
        0 => String::new(),
        count => format!(" and {} of archives", Count(count, "member")),
    };
    let messages = match (coverage.messages, coverage.read) {
        (0, _) => String::new(),
        (count, 0) => Count(count, "message").to_string(),
        (count, _) => format!(" and {}", Count(count, "message")),
    };
    let files = match (coverage.read, coverage.messages) {
        (0, 1..) => String::new(),
        (count, _) => Count(count, "file").to_string(),
    };
    say!(
        "leakcoach: {refused} refused of {} found; {files}{members}{messages} checked{unread}",
        cards.len(),
    );
}

/// Shows why leakcoach stopped, and how to go on.
pub fn error(error: &Error) {
    say!("leakcoach: {error}");
    if let Some(hint) = error.hint() {
        say!("  hint: {hint}");
    }
}

/// A line for people, on standard error.
pub fn notice(line: &str) {
    say!("leakcoach: {line}");
}

/// A line that says itself whose it is, on standard error.
pub fn line(line: &str) {
    say!("{line}");
}

/// Data, on standard output.
pub fn data(text: &str) {
    use std::io::Write as _;
    // A closed pipe is the reader's choice.
    let _closed = writeln!(std::io::stdout(), "{text}");
}
