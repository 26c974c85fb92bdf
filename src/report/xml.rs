//! Results of tests in the form of `JUnit`, and Checkstyle's.

use super::entry::{Entry, Report};
use crate::catalogue::Severity;
use crate::judge::Verdict;
use crate::text::Count;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

type Out = Writer<Vec<u8>>;

/// Without the characters that XML 1.0 has no way to write.
fn legal(text: &str) -> Cow<'_, str> {
    let illegal = |char: char| matches!(char, '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    if text.contains(illegal) {
        Cow::Owned(text.replace(illegal, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

fn document(root: impl FnOnce(&mut Out) -> io::Result<()>) -> Result<String, String> {
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 2);
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))
        .and_then(|()| root(&mut out))
        .map_err(|error| error.to_string())?;
    String::from_utf8(out.into_inner()).map_err(|error| error.to_string())
}

/// A result of one test.
struct Case {
    class: String,
    name: String,
    /// The element that says how it went, its message and its text.
    told: Option<(&'static str, String, String)>,
}

impl Case {
    fn of(entry: &Entry<'_>) -> Self {
        let message = format!("{}: {}", entry.card.what, entry.card.here);
        let told = match (entry.settled(), entry.verdict()) {
            (Some(by), _) => (
                "skipped",
                format!("let through by an {by}").replace("an list", "a list"),
                String::new(),
            ),
            (None, Verdict::Block) => {
                ("failure", message, format!("{}\nDo now: {}", entry.told(), entry.to_do()))
            }
            (None, Verdict::Permit | Verdict::Slow | Verdict::Guide) => {
                ("skipped", format!("noted: {message}"), String::new())
            }
        };
        let (path, line) = (entry.full_path(), entry.card.line);
        let column = entry.card.facts.region.start.column;
        Self {
            class: entry.card.rule.to_owned(),
            name: format!("{path}:{line}:{column}"),
            told: Some(told),
        }
    }
}

/// As Jenkins' schema has it (jenkinsci/xunit-plugin, junit-10.xsd), which knows no `file` at a
/// test: its path is in the name.
pub(super) fn junit(report: &Report<'_>) -> Result<String, String> {
    let count = Count(report.coverage.read, "file");
    // A suite without a test is an error to some readers.
    let mut cases =
        vec![Case { class: "leakcoach".to_owned(), name: format!("{count} checked"), told: None }];
    cases.extend(report.entries.iter().filter(|entry| !entry.again).map(Case::of));
    cases.extend(report.holes().map(|hole| Case {
        class: "could-not-check".to_owned(),
        name: hole.path.clone(),
        told: Some((if hole.inside { "skipped" } else { "error" }, hole.told(), String::new())),
    }));
    let of = |kind: &str| {
        let told = cases.iter().filter_map(|case| case.told.as_ref());
        told.filter(|(element, ..)| *element == kind).count().to_string()
    };
    let (tests, seconds) = (cases.len().to_string(), (report.ended - report.started).to_string());
    let (failures, errors, skipped) = (of("failure"), of("error"), of("skipped"));
    let totals =
        [("name", "leakcoach"), ("tests", &tests), ("failures", &failures), ("errors", &errors)];
    document(|out| {
        let suites = out.create_element("testsuites").with_attributes(totals);
        suites.with_attribute(("time", seconds.as_str())).write_inner_content(|out| {
            let suite = out.create_element("testsuite").with_attributes(totals);
            suite
                .with_attribute(("skipped", skipped.as_str()))
                .with_attribute(("time", seconds.as_str()))
                .write_inner_content(|out| cases.iter().try_for_each(|one| case(out, one)))?;
            Ok(())
        })?;
        Ok(())
    })
}

fn case(out: &mut Out, case: &Case) -> io::Result<()> {
    let element = out
        .create_element("testcase")
        .with_attribute(("classname", &*legal(&case.class)))
        .with_attribute(("name", &*legal(&case.name)))
        .with_attribute(("time", "0"));
    let Some((kind, message, text)) = &case.told else {
        return element.write_empty().map(drop);
    };
    element.write_inner_content(|out| {
        let told = out.create_element(*kind).with_attribute(("message", &*legal(message)));
        match *kind {
            "skipped" => told.write_empty(),
            kind => {
                told.with_attribute(("type", kind)).write_text_content(BytesText::new(&legal(text)))
            }
        }
        .map(drop)
    })?;
    Ok(())
}

/// An error of a file: line, column, severity, message, source.
type Fault<'a> = (Option<(usize, usize)>, &'static str, String, Cow<'a, str>);

pub(super) fn checkstyle(report: &Report<'_>) -> Result<String, String> {
    let mut files: BTreeMap<String, Vec<Fault<'_>>> = BTreeMap::new();
    for entry in report.open() {
        let severity = match (entry.verdict(), entry.card.facts.rule.severity) {
            (Verdict::Block, _) => "error",
            (_, Severity::Info | Severity::Low) => "info",
            (_, Severity::Medium | Severity::High | Severity::Critical) => "warning",
        };
        let spot = entry.spot();
        let source = format!("leakcoach.{}", entry.card.rule).into();
        let fault = (Some((spot.line, spot.column)), severity, entry.told(), source);
        files.entry(entry.path.clone()).or_default().push(fault);
    }
    for hole in report.holes() {
        let fault = (None, "warning", hole.told(), "leakcoach.could-not-check".into());
        files.entry(hole.path).or_default().push(fault);
    }
    document(|out| {
        let root = out.create_element("checkstyle").with_attribute(("version", "10.0"));
        root.write_inner_content(|out| {
            for (file, faults) in &files {
                let element = out.create_element("file").with_attribute(("name", &*legal(file)));
                element
                    .write_inner_content(|out| faults.iter().try_for_each(|one| fault(out, one)))?;
            }
            Ok(())
        })?;
        Ok(())
    })
}

fn fault(out: &mut Out, (place, severity, message, source): &Fault<'_>) -> io::Result<()> {
    let mut element = out.create_element("error");
    if let Some((line, column)) = place {
        element = element
            .with_attribute(("line", line.to_string().as_str()))
            .with_attribute(("column", column.to_string().as_str()));
    }
    element
        .with_attribute(("severity", *severity))
        .with_attribute(("message", &*legal(message)))
        .with_attribute(("source", &*legal(source)))
        .write_empty()
        .map(drop)
}
