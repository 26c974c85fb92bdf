//! The change as a person or a machine sees it: every credential in it is masked.

use super::plan::{Plan, Version};
use crate::cli::check::run::Check;
use crate::cli::named::Named;
use crate::cli::teach::rules::Format;
use crate::error::Error;
use crate::report;
use crate::scan::Text;
use crate::source::role::role_of;
use crate::source::{Coverage, Repo};
use crate::text::Escaped;
use bstr::ByteSlice;
use colored::Colorize;
use serde_json::json;
use std::ops::Range;

/// One change of one file.
struct Shown {
    path: String,
    place: &'static str,
    diff: String,
}

/// Shows the plan.
pub(super) fn plan(repo: &Repo, plan: &Plan, all: &[Named], format: Format) -> Result<(), Error> {
    let check = Check::new(Some(repo), &[])?;
    let mut shown = Vec::new();
    for file in &plan.files {
        let path = Escaped(&file.path).to_string();
        let mut add = |place, version: &Version| -> Result<(), Error> {
            let diff =
                diff(&Masker { check: &check, all }, &file.path, &version.before, &version.after)?;
            shown.push(Shown { path: path.clone(), place, diff });
            Ok(())
        };
        match (&file.index, &file.tree) {
            (Some((_, index)), Some(tree)) if index.before == tree.before => {
                add("index and work tree", tree)?;
            }
            (index, tree) => {
                if let Some((_, index)) = index {
                    add("index", index)?;
                }
                if let Some(tree) = tree {
                    add("work tree", tree)?;
                }
            }
        }
        if file.untracked.is_some() {
            let diff = "taken out of the index; the file itself stays\n".to_owned();
            shown.push(Shown { path, place: "index", diff });
        }
    }
    for added in &plan.extras.added {
        let path = added.at.file_name().unwrap_or_default().as_encoded_bytes();
        let diff = added.text.trim_start().lines().flat_map(|line| ["+", line, "\n"]).collect();
        shown.push(Shown { path: Escaped(path).to_string(), place: "work tree", diff });
    }
    if let Some(value) = &plan.extras.env {
        let diff = format!("+{}={}\n", value.name, value.secret);
        shown.push(Shown { path: ".env".to_owned(), place: "work tree", diff });
    }
    match format {
        Format::Text => text(plan, &shown),
        Format::Json => machines(plan, &shown),
    }
    Ok(())
}

fn text(plan: &Plan, shown: &[Shown]) {
    for one in shown {
        report::data(&format!("{} ({})", one.path.bold(), one.place));
        for line in one.diff.lines() {
            let line = match line.as_bytes().first() {
                Some(b'+') => line.green().to_string(),
                Some(b'-') => line.red().to_string(),
                _ => line.to_owned(),
            };
            report::data(&format!("  {line}"));
        }
    }
    for note in &plan.notes {
        report::data(&format!("note: {note}"));
    }
    for refused in &plan.refused {
        report::notice(&format!("{} is left as it is: {}", Escaped(&refused.path), refused.why));
        report::notice(&format!("  by hand: {}", refused.by_hand));
    }
}

fn machines(plan: &Plan, shown: &[Shown]) {
    let changes: Vec<_> = shown
        .iter()
        .map(|one| json!({ "path": one.path, "place": one.place, "diff": one.diff }))
        .collect();
    let refused: Vec<_> = plan
        .refused
        .iter()
        .map(|one| {
            let path = Escaped(&one.path).to_string();
            json!({ "path": path, "why": one.why, "by_hand": one.by_hand })
        })
        .collect();
    let all = json!({
        "variables": plan.names, "changes": changes, "notes": plan.notes, "refused": refused,
    });
    report::data(&format!("{all:#}"));
}

/// A unified diff of two texts, with every credential that the rules see masked.
fn diff(masker: &Masker<'_>, path: &[u8], before: &[u8], after: &[u8]) -> Result<String, Error> {
    let (before, after) = (masker.masked(path, before), masker.masked(path, after));
    let mut options = git2::DiffOptions::new();
    options.context_lines(2).force_text(true);
    let fail = |error: git2::Error| Error::Repository {
        what: "the difference of two texts".to_owned(),
        why: error.message().to_owned(),
    };
    let mut hunks =
        git2::Patch::from_buffers(&before, None, &after, None, Some(&mut options)).map_err(fail)?;
    let hunks = hunks.to_buf().map_err(fail)?;
    let mut out = String::new();
    for line in hunks.lines().skip_while(|line| !line.starts_with(b"@@")) {
        out.push_str(&Escaped(line).to_string());
        out.push('\n');
    }
    Ok(out)
}

/// Hides the findings at hand, and whatever else the rules see.
struct Masker<'a> {
    check: &'a Check,
    all: &'a [Named],
}

impl Masker<'_> {
    fn masked(&self, path: &[u8], text: &[u8]) -> Vec<u8> {
        let mut coverage = Coverage::default();
        let text = &Text { bytes: text, path, role: role_of(path) };
        let found = self.check.scan_text(text, &mut coverage);
        let seen = found.findings.iter().chain(&found.marked);
        let mut spans: Vec<Range<usize>> =
            seen.map(|finding| finding.secret_span.clone()).collect();
        for secret in self.all.iter().map(|one| one.secret.expose()) {
            let places = memchr::memmem::find_iter(text.bytes, secret);
            spans.extend(places.map(|at| at..at + secret.len()));
        }
        spans.sort_by_key(|span| (span.start, usize::MAX - span.end));
        let (mut out, mut at) = (Vec::with_capacity(text.bytes.len()), 0);
        for span in spans.into_iter().filter(|span| !span.is_empty()) {
            if span.end <= at {
                continue;
            }
            // What overlaps is hidden as well, without a second word.
            if span.start >= at {
                out.extend_from_slice(&text.bytes[at..span.start]);
                out.extend_from_slice(format!("[{} bytes hidden]", span.len()).as_bytes());
            }
            at = span.end;
        }
        out.extend_from_slice(&text.bytes[at..]);
        out
    }
}
