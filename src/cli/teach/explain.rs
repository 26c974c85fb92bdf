//! The long form: all about a rule, or all that was seen in a file.

use crate::catalogue::{Catalogue, Kind, Rule, Signal};
use crate::cli::check::users::scanner;
use crate::cli::named;
use crate::cli::teach::ai;
use crate::config::Config;
use crate::error::Error;
use crate::feedback::explained;
use crate::scan::{Finding, Note, Text};
use crate::source::decode::to_utf8;
use crate::source::lines::LineStarts;
use crate::source::role::role_of;
use crate::{exit, report};
use std::path::Path;

/// Explains the rule called `id`, else the file at that path, else the finding; and gives
/// the word to a program, where one is to be asked.
pub(in crate::cli) fn explain(id: &str, with_ai: Option<&str>) -> Result<u8, Error> {
    let catalogue = Catalogue::builtin();
    let config = crate::cli::teach::rules::config(&[])?;
    if let Some(rule) = config.users.rule(id).or_else(|| catalogue.rule(id)) {
        explain_rule(rule);
        return ai::asked(with_ai, &ai::About { rule, card: None });
    }
    if Path::new(id).is_file() {
        if with_ai.is_some() {
            let what =
                "--with-ai is about a rule or a finding: of a file it would be told too much";
            return Err(Error::Usage(what.to_owned()));
        }
        return explain_file(Path::new(id), &config);
    }
    explain_finding(id, with_ai)?.ok_or_else(|| {
        let nearest = catalogue.nearest(id).map(str::to_owned);
        Error::UnknownId { id: id.to_owned(), nearest }
    })
}

/// Shows the cards of the finding called `id`, and all about its rule. Gives nothing
/// where there is none.
fn explain_finding(id: &str, with_ai: Option<&str>) -> Result<Option<u8>, Error> {
    let repo = match crate::cli::open() {
        Ok(repo) => repo,
        Err(Error::NoRepository { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let found = match named::find_any(&repo, Some(id)) {
        Ok(found) => found,
        Err(Error::UnknownId { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    for card in &found.cards {
        report::data(&report::card(card, crate::cli::env::style()));
    }
    let rule = found.all.first().map(|place| place.rule);
    let Some(rule) = rule else { return Ok(None) };
    explain_rule(rule);
    ai::asked(with_ai, &ai::About { rule, card: found.cards.first() }).map(Some)
}

fn explain_rule(rule: &Rule) {
    let (words, style) = (rule.coaching(), crate::cli::env::style());
    let mut text = format!("{} [{}]\n{} severity", rule.what, rule.id, rule.severity);
    // What is permitted stays so until somebody narrows it.
    if rule.kind != Kind::Privilege {
        text.push_str(&[", lives ", rule.lifetime.word()].concat());
    }
    text.push('\n');
    if let Some(at) = rule.file {
        text.push_str(&["a rule of ", at.path, ":", &at.line.to_string(), "\n"].concat());
    }
    for (label, words) in [
        ("opens", words.opens),
        ("signal", words.missed),
        ("next time", words.next_time),
        ("revoke at", words.revoke_console),
        ("revoke by", words.revoke_cli),
        ("note", words.revoke_note),
        ("rotate", words.rotate),
        ("vault", words.vault),
        ("instead", words.instead),
        ("abuse", words.abuse),
        ("variable", words.variable),
    ] {
        if words.is_empty() {
            continue;
        }
        let label = format!("{label:<10} ");
        text.push('\n');
        // A command is pasted: it stays in one piece.
        if label.starts_with("revoke by") {
            text.push_str(&[&label, words].concat());
        } else {
            text.push_str(&report::learning::labelled(&label, words, style));
        }
    }
    let paste = Signal::of(rule.id).map_or("", |signal| signal.paste);
    for line in paste.lines() {
        text.push_str("\n           ");
        text.push_str(line);
    }
    for source in words.sources.iter() {
        text.push_str("\nsource     ");
        text.push_str(source);
    }
    text.push('\n');
    for (framework, ids) in explained(rule) {
        text.push_str(&["\ntouches    ", &framework, ": ", &ids.join(", ")].concat());
    }
    report::data(&text);
}

/// Every match in a file, with what it is or why it is no credential.
fn explain_file(path: &Path, config: &Config) -> Result<u8, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::File {
        deed: "read",
        path: path.to_owned(),
        source,
    })?;
    let name = path.as_os_str().as_encoded_bytes();
    let (text, role) = (to_utf8(&bytes), role_of(name));
    let found = scanner(config).scan(&Text { bytes: &text, path: name, role });
    let lines = LineStarts::of(&text);
    report::data(&format!("read as a {role} file"));
    let mut all: Vec<(usize, String)> = Vec::new();
    for finding in found.findings.iter().chain(&found.marked) {
        let line = lines.line_of(finding.secret_span.start);
        let what = finding.rule.what;
        all.push((
            line,
            format!(
                "line {line}: {what} [{}], {}{}",
                finding.rule.id,
                finding.confidence,
                hidden(finding)
            ),
        ));
    }
    for dismissed in &found.dismissed {
        let line = lines.line_of(dismissed.span.start);
        let (id, reason) = (dismissed.rule.id, dismissed.reason);
        all.push((line, format!("line {line}: no {id}: {reason} ({})", reason.id())));
    }
    all.sort();
    if all.is_empty() {
        report::data("nothing in it looks like a credential");
    }
    for (_, shown) in all {
        report::data(&shown);
    }
    Ok(exit::PASSED)
}

/// That another tool's marker hides a finding.
fn hidden(finding: &Finding) -> String {
    let marked = finding.notes.iter().find(|note| matches!(note, Note::Marked(_)));
    marked.map(|note| format!(", {note}")).unwrap_or_default()
}
