//! Lessons, questions and drills in words, drawn as cards are.

use super::{Style, clip, section};
use crate::catalogue::Rule;
use crate::coach::drill::{Added, Change, Line, Score};
use crate::coach::lesson::{Lesson, Question};
use crate::text::Count;
use colored::Colorize;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr;

/// A lesson without its question.
pub fn lesson(lesson: &Lesson, style: Style) -> String {
    let mut out = String::new();
    let head = "lesson".cyan().bold();
    let _ = writeln!(out, "{head}: {} [{}]", lesson.title.bold(), lesson.id);
    for (label, words) in &lesson.says {
        out.push('\n');
        if label.is_empty() {
            out.push_str(&wrapped(words, 2, style));
        } else {
            section(&mut out, label, words, style);
        }
    }
    out.push('\n');
    // On lines of their own, to be pasted and clicked.
    if !lesson.tries.is_empty() {
        let _ = writeln!(out, "  {}{}", format!("{:<10}", "try").bold(), lesson.tries);
    }
    if !lesson.source.is_empty() {
        let _ = writeln!(out, "  {}{}", format!("{:<10}", "read").bold(), lesson.source);
    }
    out
}

/// A question and its answers, without which is right.
pub fn question(question: &Question, style: Style) -> String {
    let mut out = format!("\n{}", wrapped_with("question: ", &question.ask, 0, style));
    for (index, answer) in question.answers.iter().enumerate() {
        let letter = Question::letter(index);
        if answer.code {
            let line = clip(&answer.text, style.width.saturating_sub(5));
            let _ = writeln!(out, "  {}  {line}", letter.to_string().bold());
        } else {
            let letter = format!("  {letter}  ");
            out.push_str(&wrapped_with(&letter, &answer.text, 5, style));
        }
    }
    out
}

/// What came of a choice, the right answer, and why each other one is wrong.
pub fn answer(question: &Question, chosen: Option<usize>, style: Style) -> String {
    let right = question.right();
    let letter = Question::letter(right);
    let mut out = match chosen {
        Some(index) if index == right => format!("\n{}: {letter}\n", "right".green().bold()),
        Some(index) => {
            let head = "not that one".yellow().bold();
            format!("\n{head}: {}, it is {letter}\n", Question::letter(index))
        }
        None => format!("\n{}: {letter}\n", "answer".cyan().bold()),
    };
    let rest = (0..question.answers.len()).filter(|index| *index != right);
    for index in std::iter::once(right).chain(rest) {
        let Some(answer) = question.answers.get(index) else { continue };
        let label = format!("  {}  ", Question::letter(index));
        out.push_str(&wrapped_with(&label, &answer.because, 5, style));
    }
    out
}

/// The list of lessons.
pub fn lessons(list: &[(String, String)]) -> String {
    let width = list.iter().map(|(id, _)| id.width()).max().unwrap_or(0);
    let line =
        |(id, title): &(String, String)| format!("  {}  {title}", format!("{id:<width$}").bold());
    list.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A change as a diff, its added lines numbered.
pub fn change(change: &Change, style: Style) -> String {
    let (bar, corner) = if style.unicode { ("│", "─→") } else { ("|", "-->") };
    let mut out = format!("  {} {}\n", corner.dimmed(), change.path.bold());
    let room = style.width.saturating_sub(10);
    let plain = |out: &mut String, line: &String| {
        let shown = format!("      {bar}   {}", clip(line, room));
        let _ = writeln!(out, "{}", shown.trim_end().dimmed());
    };
    for line in &change.before {
        plain(&mut out, line);
    }
    for added in &change.added {
        let number = format!("{:>5} {bar}", added.number).dimmed();
        let _ = writeln!(out, "{number} {} {}", "+".green(), clip(&added.text, room));
    }
    for line in &change.after {
        plain(&mut out, line);
    }
    out
}

/// What each line of a change was that holds a credential, and of each that was marked and holds none.
pub fn told(changes: &[Change], marked: impl Fn(&Change, &Added) -> bool, style: Style) -> String {
    let mut out = String::new();
    for change in changes {
        for added in &change.added {
            let (head, words) = match (&added.is, marked(change, added)) {
                (Line::Planted(rule), true) => {
                    ("found   ".green(), format!("{} [{}]", rule.what, rule.id))
                }
                (Line::Planted(rule), false) => ("missed  ".red(), signal(rule)),
                (Line::LookAlike(because), true) => ("none    ".yellow(), because.clone()),
                (Line::Calm, true) => ("none    ".yellow(), "an ordinary line".to_owned()),
                (Line::LookAlike(_) | Line::Calm, false) => continue,
            };
            let label = format!("{:>5}  {head}", added.number);
            out.push_str(&wrapped_after(&label, 15, &words, style));
        }
    }
    out
}

/// Why each line that looks like a credential is none, and what each credential is.
pub fn answers(changes: &[Change], style: Style) -> String {
    let mut out = String::new();
    for added in changes.iter().flat_map(|change| &change.added) {
        let (head, words) = match &added.is {
            Line::Planted(rule) => ("holds   ".red(), signal(rule)),
            Line::LookAlike(because) => ("none    ".dimmed(), because.clone()),
            Line::Calm => continue,
        };
        let label = format!("{:>5}  {head}", added.number);
        out.push_str(&wrapped_after(&label, 15, &words, style));
    }
    out
}

fn signal(rule: &Rule) -> String {
    format!("{} [{}]: {}", rule.what, rule.id, rule.coaching().missed)
}

/// A score in words.
pub fn score(score: &Score) -> String {
    let (found, missed) = (score.found.len(), score.missed.len());
    let all = Count(found + missed, "credential");
    let alarms = match score.false_alarms {
        0 => "no false alarm".to_owned(),
        count => Count(count, "false alarm").to_string(),
    };
    let verdict = match (found + missed, missed, score.false_alarms) {
        (0, _, 0) => "nothing was planted, and you saw it",
        (0, _, _) => "nothing was planted",
        (_, 0, 0) => "you saw every one",
        (_, 0, _) => "you saw every one, and more than there were",
        (_, missed, _) if missed == found + missed => "none was seen: read the signals above",
        _ => "read the signals of those you missed",
    };
    format!("{found} of {all} found, {missed} missed, {alarms}: {verdict}")
}

/// Words that fill the width, without a line break at their end.
pub fn prose(words: &str, style: Style) -> String {
    wrapped(words, 0, style).trim_end().to_owned()
}

/// Words after a label, in lines that begin where the first one's words do; without a line
/// break at their end.
pub fn labelled(label: &str, words: &str, style: Style) -> String {
    wrapped_after(label, label.width(), words, style).trim_end().to_owned()
}

fn wrapped(words: &str, indent: usize, style: Style) -> String {
    wrapped_after(&" ".repeat(indent), indent, words, style)
}

/// Words after a bold label, the lines that follow indented by `indent`.
fn wrapped_with(label: &str, words: &str, indent: usize, style: Style) -> String {
    let shown = label.bold().to_string();
    wrap(&shown, label.width(), indent, words, style)
}

/// Words after a label of `width` columns, the lines that follow as far in.
fn wrapped_after(label: &str, width: usize, words: &str, style: Style) -> String {
    wrap(label, width, width, words, style)
}

fn wrap(label: &str, width: usize, indent: usize, words: &str, style: Style) -> String {
    let mut out = String::new();
    let mut line = label.to_owned();
    let (mut used, mut empty) = (width, true);
    for word in words.split(' ') {
        if used + word.width() > style.width && !empty {
            out.push_str(line.trim_end());
            out.push('\n');
            line = " ".repeat(indent);
            used = indent;
        }
        line.push_str(word);
        line.push(' ');
        used += word.width() + 1;
        empty = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}
