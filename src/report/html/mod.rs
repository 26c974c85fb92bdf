//! One page that needs nothing else: no network, no other file.
//!
//! Its own style and script are the only ones its content security policy lets run, by
//! their hashes, so that nothing in a path or a rule's words can.

use super::entry::{Entry, Report};
use crate::catalogue::Rule;
use crate::judge::Verdict;
use crate::report::Outcome;
use crate::text::Count;
use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// More would be slow to open on a phone.
const FINDINGS: usize = 5_000;
const HOLES: usize = 200;

pub(super) fn render(report: &Report<'_>) -> String {
    let mut out = String::with_capacity(PAGE.len() + STYLE.len() + SCRIPT.len() + 4096);
    // The page is taken apart once: no text put in is looked at again.
    for (index, part) in PAGE.split("{{").enumerate() {
        let Some((name, rest)) = part.split_once("}}").filter(|_| index > 0) else {
            out.push_str(part);
            continue;
        };
        match name {
            "style" => out.push_str(STYLE),
            "script" => out.push_str(SCRIPT),
            "style-hash" => out.push_str(&hash(STYLE)),
            "script-hash" => out.push_str(&hash(SCRIPT)),
            "title" => out.push_str(&escape(&format!("leakcoach: {}", headline(report)))),
            "headline" => out.push_str(&escape(&headline(report))),
            "outcome" => out.push_str(report.outcome.word()),
            "meta" => out.push_str(&escape(&meta(report))),
            "holes" => holes(&mut out, report),
            "findings" => findings(&mut out, report),
            "rules" => rules(&mut out, report),
            _ => {}
        }
        out.push_str(rest);
    }
    out
}

pub(super) fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64.encode(&Sha256::digest(text)))
}

/// Words that HTML takes as words, between tags and in quotes.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '>', '&', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        match char {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            char => out.push(char),
        }
    }
    Cow::Owned(out)
}

fn headline(report: &Report<'_>) -> String {
    let found = Count(report.found(), "finding");
    match report.outcome {
        Outcome::Refused => format!("{} of {found} refused", report.refused()),
        Outcome::Incomplete if report.coverage.interrupted.is_some() => {
            "Interrupted: not everything was checked".to_owned()
        }
        Outcome::Incomplete => "Not everything could be checked".to_owned(),
        Outcome::Passed if report.found() == 0 => "Nothing found".to_owned(),
        Outcome::Passed => format!("{found}, nothing refused"),
    }
}

fn meta(report: &Report<'_>) -> String {
    let time = jiff::Timestamp::from_second(report.ended).unwrap_or_default();
    let coverage = report.coverage;
    let mut facts = vec![format!("{} checked", Count(coverage.read, "file"))];
    let mut add = |count: usize, words: &str| {
        if count > 0 {
            facts.push(format!("{count} {words}"));
        }
    };
    add(coverage.members, "in archives");
    add(coverage.messages, "messages of commits and tags");
    add(coverage.ignored, "left out by configuration");
    add(coverage.elsewhere.len(), "in submodules");
    add(coverage.unread.len(), "could not be read");
    add(coverage.unopened.len(), "could not be looked into");
    add(report.let_through(), "let through");
    facts.push(time.strftime("%Y-%m-%d %H:%M UTC").to_string());
    facts.push(format!("leakcoach {}", env!("CARGO_PKG_VERSION")));
    facts.join(" · ")
}

fn holes(out: &mut String, report: &Report<'_>) {
    let count = report.holes().count();
    if count == 0 {
        return;
    }
    out.push_str("<section class=\"box\"><h2>Could not be checked</h2><ul>");
    for hole in report.holes().take(HOLES) {
        let _ = write!(out, "<li><code>{}</code>: {}</li>", escape(&hole.path), escape(hole.why));
    }
    if let Some(more @ 1..) = count.checked_sub(HOLES) {
        let _ = write!(out, "<li>and {more} more</li>");
    }
    out.push_str("</ul></section>");
}

fn findings(out: &mut String, report: &Report<'_>) {
    let mut all: Vec<&Entry<'_>> = report.entries.iter().filter(|entry| !entry.again).collect();
    // The worst first; a stable sort keeps the places in order.
    all.sort_by_key(|entry| {
        let severity = entry.card.facts.rule.severity;
        std::cmp::Reverse((entry.settled().is_none(), entry.verdict(), severity))
    });
    for entry in all.iter().take(FINDINGS) {
        finding(out, entry);
    }
    if let Some(more @ 1..) = all.len().checked_sub(FINDINGS) {
        let _ = write!(
            out,
            "<p class=\"nothing\">{} more are not on this page; the JSON report has all.</p>",
            Count(more, "finding")
        );
    }
    if all.is_empty() {
        out.push_str("<p class=\"nothing\">Nothing was found.</p>");
    }
}

fn verdict(entry: &Entry<'_>) -> &'static str {
    match (entry.settled(), entry.verdict()) {
        (Some(_), _) => "let through",
        (None, Verdict::Block) => "refused",
        (None, Verdict::Guide | Verdict::Slow) => "asked",
        (None, Verdict::Permit) => "noted",
    }
}

fn finding(out: &mut String, entry: &Entry<'_>) {
    let (card, facts) = (entry.card, &entry.card.facts);
    let (verdict, severity) = (verdict(entry), facts.rule.severity);
    let owners = entry.owners.join(" ");
    let (path, id) = (entry.full_path(), card.id.map(|id| id.to_string()).unwrap_or_default());
    let _ = write!(
        out,
        "<article class=\"finding\" data-verdict=\"{verdict}\" data-severity=\"{severity}\" \
         data-rule=\"{}\" data-owner=\"{}\" data-file=\"{}\"><details><summary>\
         <span class=\"badge verdict {}\">{verdict}</span> <span class=\"what\">{}</span> \
         <span class=\"badge severity {severity}\">{severity}</span> \
         <code class=\"where\">{}:{}</code></summary><dl>",
        escape(card.rule),
        escape(&owners),
        escape(&entry.path),
        verdict.replace(' ', "-"),
        escape(card.what),
        escape(&path),
        card.line,
    );
    let mut part = |label: &str, words: &str| {
        if !words.is_empty() {
            let _ = write!(out, "<dt>{label}</dt><dd>{}</dd>", prose(words));
        }
    };
    part("seen", &card.seen);
    part("signal", card.signal);
    part("opens", card.opens);
    part("here", &card.here);
    out.push_str("<dt>do now</dt><dd><ol>");
    for step in &card.steps {
        let _ = write!(out, "<li>{}", prose(&step.words));
        if let Some(command) = &step.command {
            let _ = write!(out, "<pre>{}</pre>", escape(command));
        }
        out.push_str("</li>");
    }
    out.push_str("</ol></dd>");
    let mut part = |label: &str, words: &str| {
        if !words.is_empty() {
            let _ = write!(out, "<dt>{label}</dt><dd>{}</dd>", prose(words));
        }
    };
    part("next time", &card.next_time);
    part("your team", card.own.as_deref().unwrap_or_default());
    part("go on", &card.go_on);
    part("owner", &owners);
    part("repository", entry.repository.as_deref().unwrap_or_default());
    part("commit", facts.commit.as_deref().unwrap_or_default());
    part("id", &id);
    let rule = escape(card.rule);
    let _ = writeln!(
        out,
        "<dt>rule</dt><dd><a href=\"#rule-{rule}\">{rule}</a></dd></dl></details></article>"
    );
}

/// The whole coaching of each rule that found something.
fn rules(out: &mut String, report: &Report<'_>) {
    let all: BTreeMap<&str, &Rule> =
        report.entries.iter().map(|entry| (entry.card.rule, entry.card.facts.rule)).collect();
    if all.is_empty() {
        return;
    }
    out.push_str("<h2>The way out, by rule</h2>");
    for (id, rule) in all {
        let words = rule.coaching();
        let _ = write!(
            out,
            "<div class=\"rule\" id=\"rule-{0}\"><details><summary>{1} <code>{0}</code></summary><dl>",
            escape(id),
            escape(rule.what)
        );
        for (label, said) in [
            ("revoke at", words.revoke_console),
            ("revoke by", words.revoke_cli),
            ("note", words.revoke_note),
            ("rotate", words.rotate),
            ("vault", words.vault),
            ("better", words.instead),
            ("abuse", words.abuse),
            ("variable", words.variable),
        ] {
            if !said.is_empty() {
                let _ = write!(out, "<dt>{label}</dt><dd>{}</dd>", linked(said, label));
            }
        }
        let pages: Vec<String> = words.sources.iter().map(|page| linked(page, "")).collect();
        if !pages.is_empty() {
            let _ = write!(out, "<dt>read on</dt><dd>{}</dd>", pages.join("<br>"));
        }
        out.push_str("</dl></details></div>\n");
    }
}

/// Words in which addresses are links and what is in backticks is code.
fn prose(words: &str) -> String {
    let mut out = String::with_capacity(words.len() + 16);
    for (index, part) in words.split('`').enumerate() {
        if index % 2 == 1 {
            let _ = write!(out, "<code>{}</code>", escape(part));
            continue;
        }
        for word in part.split_inclusive(' ') {
            let bare = word.trim_end_matches([' ', ',', '.', ';', ':', ')']);
            out.push_str(&linked(bare, ""));
            out.push_str(word.strip_prefix(bare).unwrap_or_default());
        }
    }
    out
}

/// An address as a link, a command as one, else words.
fn linked(said: &str, label: &str) -> String {
    let text = escape(said);
    if said.starts_with("https://") && !said.contains(char::is_whitespace) {
        format!("<a href=\"{text}\" rel=\"noreferrer noopener\">{text}</a>")
    } else if label == "revoke by" {
        format!("<pre>{text}</pre>")
    } else if said.contains(' ') {
        prose(said)
    } else {
        text.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{PAGE, SCRIPT, STYLE, escape, prose};

    #[test]
    fn words_are_neither_tags_nor_ends_of_attributes() {
        assert_eq!(escape("<b a='\"'>&"), "&lt;b a=&#39;&quot;&#39;&gt;&amp;");
    }

    #[test]
    fn addresses_are_links_and_backticks_code() {
        assert_eq!(
            prose("at https://a.example/?a&b; or `x <y>` <z>"),
            "at <a href=\"https://a.example/?a&amp;b\" rel=\"noreferrer noopener\">\
             https://a.example/?a&amp;b</a>; or <code>x &lt;y&gt;</code> &lt;z&gt;"
        );
    }

    #[test]
    fn the_page_loads_nothing() {
        for part in [PAGE, SCRIPT, STYLE] {
            for loader in ["http:", "https:", "@import", "url(", "fetch(", "src=", "<link"] {
                assert!(!part.contains(loader), "{loader}");
            }
        }
        assert!(!SCRIPT.contains("</"), "the script would end early");
    }
}
