//! Cases in words and as JSON.

use super::look::Look;
use super::next::{Next, next as next_of};
use super::{Format, env, left};
use crate::remedy::case::{Case, Check, Proof, Standing, Step, span};
use crate::report;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fmt::Write as _;

fn when(at: i64) -> String {
    Timestamp::from_second(at).map(|at| at.to_string()).unwrap_or_default()
}

/// `found 3 days ago, revoked after 2 h 10 min`
fn times(case: &Case, now: i64) -> String {
    let mut words = format!("found {} ago", span(now.saturating_sub(case.found)));
    if let Some(seconds) = case.to_revoke() {
        let _ = write!(words, ", revoked after {}", span(seconds));
    } else if case.is_alive() {
        words.push_str(", not revoked");
    }
    if let Some(at) = case.closed {
        let _ = write!(words, ", closed after {}", span(at.saturating_sub(case.found)));
    }
    words
}

/// `github-pat 7h2kq9xw, pushed: found …`
fn head(case: &Case, now: i64) -> String {
    format!("{} {}, {}: {}", case.rule, case.id, case.exposure, times(case, now))
}

/// A case with its steps.
fn checklist(case: &Case, now: i64) -> String {
    let mut text = head(case, now);
    for step in case.steps() {
        let (mark, words) = match case.standing(*step) {
            Standing::Open => (' ', String::new()),
            Standing::Again { why } => (' ', why),
            Standing::Skipped { reason, .. } => ('-', format!("left out: {reason}")),
            Standing::Done { evidence, proof, at } => (
                'x',
                match (proof, evidence.as_str()) {
                    (Proof::Said, "") => format!("said at {}", when(at)),
                    (Proof::Said, evidence) => format!("said at {}: {evidence}", when(at)),
                    (Proof::Proven, evidence) => evidence.to_owned(),
                },
            ),
        };
        let line = format!("\n  [{mark}] {step:<8} {words}");
        text.push_str(line.trim_end());
    }
    text
}

/// A step that is proposed.
fn proposal(step: Step, next: &Next) -> String {
    let mut text = format!("next: {step}: {}", next.why);
    for command in &next.commands {
        let _ = write!(text, "\n  {command}");
    }
    let _ = write!(text, "\nthen: {}", next.tell);
    text
}

/// The checklist, and what comes next.
pub(super) fn case(look: &Look<'_>, format: Format) {
    match format {
        Format::Json => report::data(&format!("{:#}", with_next(look))),
        Format::Text => {
            report::data(&checklist(&look.case, env::now()));
            if look.case.closed.is_none() {
                next(look, format);
            }
        }
    }
}

/// The next step alone. Gives 1 while there is one.
pub(super) fn next(look: &Look<'_>, format: Format) -> u8 {
    match (format, next_of(look)) {
        (Format::Json, _) => report::data(&format!("{:#}", with_next(look))),
        (Format::Text, Some((step, next))) => report::data(&proposal(step, &next)),
        (Format::Text, None) if look.case.closed.is_some() => report::data("it is closed"),
        (Format::Text, None) => {
            report::data(&format!("nothing is left: leakcoach remediate {} --close", look.case.id));
        }
    }
    left(look)
}

fn as_json(case: &Case, now: i64) -> Value {
    let steps: Vec<Value> = case
        .steps()
        .iter()
        .map(|step| match case.standing(*step) {
            Standing::Open => json!({ "step": step, "state": "open" }),
            Standing::Again { why } => json!({ "step": step, "state": "open", "why": why }),
            Standing::Skipped { at, reason } => {
                json!({ "step": step, "state": "skipped", "at": when(at), "reason": reason })
            }
            Standing::Done { at, evidence, proof } => json!({
                "step": step, "state": "done", "at": when(at), "evidence": evidence, "proof": proof,
            }),
        })
        .collect();
    json!({
        "id": case.id,
        "rule": case.rule,
        "exposure": case.exposure.word(),
        "state": if case.closed.is_some() { "closed" } else { "open" },
        "found_at": when(case.found),
        "closed_at": case.closed.map(when),
        "alive": case.is_alive(),
        "seconds_since_found": now.saturating_sub(case.found),
        "seconds_to_revoke": case.to_revoke(),
        "steps": steps,
    })
}

fn document(cases: &[Value]) -> Value {
    json!({ "schema": "leakcoach-cases", "schema_version": "1.0", "cases": cases })
}

fn with_next(look: &Look<'_>) -> Value {
    let mut case = as_json(&look.case, env::now());
    let next = next_of(look).filter(|_| look.case.closed.is_none()).map(|(step, next)| {
        json!({ "step": step, "why": next.why, "commands": next.commands, "then": next.tell })
    });
    if let Some(case) = case.as_object_mut() {
        case.insert("next".to_owned(), next.into());
    }
    document(&[case])
}

/// All cases, those that are open longest first.
pub(super) fn status(cases: &[Case], closed_too: bool, format: Format) {
    let now = env::now();
    let shown = || cases.iter().filter(|case| closed_too || case.closed.is_none());
    match format {
        Format::Json => {
            let all = document(&shown().map(|case| as_json(case, now)).collect::<Vec<_>>());
            report::data(&format!("{all:#}"));
        }
        Format::Text => {
            for case in shown() {
                let left = case.lacks(Check::None).into_iter().next();
                let left = match (left, case.closed) {
                    (_, Some(_)) => String::new(),
                    (Some(lack), None) => format!("; next: {}", lack.step),
                    (None, None) => "; nothing is left but to look and close it".to_owned(),
                };
                report::data(&format!("{}{left}", head(case, now)));
            }
            if shown().next().is_none() {
                report::notice("no case is open");
            }
        }
    }
}

/// The checklist and the next step, before a person is asked.
pub(super) fn before_asking(look: &Look<'_>, step: Step, next: &Next) {
    report::data(&checklist(&look.case, env::now()));
    report::data(&proposal(step, next));
}
