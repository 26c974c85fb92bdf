//! `leakcoach wrong`: somebody says that a finding is none. It is recorded and nothing more: the
//! ways to silence it are said, the narrowest first, and left to the person.

use crate::catalogue::{Catalogue, Rule};
use crate::cli::teach::rules::Format;
use crate::cli::{letting::because, named, open, recorded::recall, recorded::review};
use crate::error::Error;
use crate::record::{Order, Record, Told, What};
use crate::scan::Confidence;
use crate::text::Escaped;
use crate::{exit, report};
use clap::Args;
use std::ops::ControlFlow;

#[derive(Debug, Args)]
pub(in crate::cli) struct WrongArgs {
    /// Its id on the card, PATH:LINE or a rule
    finding: String,
    /// Why it is none: what it is instead, or how that is known
    #[arg(long, value_name = "WORDS")]
    because: String,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What is said to be none.
struct Meant {
    rule: String,
    finding: String,
    /// Where it stands now, if it still does.
    place: Option<(String, &'static str)>,
    proven: bool,
}

/// Records the verdict, and says what would silence it.
pub(in crate::cli) fn wrong(args: &WrongArgs) -> Result<u8, Error> {
    let because = because::one(&args.because, "--because")?;
    let (known, settings) = recall::whole()?;
    if let Some(at) = &settings.off {
        return Err(Error::Usage(format!("recording is off, and nothing else keeps this: {at}")));
    }
    let meant = meant(&args.finding, known.as_ref())?;
    drop(known);
    let record = recall::made()?;
    let (rule, finding) = (meant.rule.clone(), Some(meant.finding.clone()));
    review::keep(record, vec![What::Wrong { rule, finding, because: because.clone() }])?;
    let ways = ways(&meant, &because);
    match args.format {
        Format::Json => {
            let ways: Vec<_> = ways
                .iter()
                .map(|(what, how)| serde_json::json!({ "what": what, "how": how }))
                .collect();
            let all = serde_json::json!({
                "rule": meant.rule,
                "finding": meant.finding,
                "because": because,
                "proven": meant.proven,
                "ways": ways,
            });
            report::data(&format!("{all:#}"));
        }
        Format::Text => told(&meant, &ways),
    }
    Ok(exit::PASSED)
}

fn told(meant: &Meant, ways: &[(String, String)]) {
    report::data(&format!("recorded: {} {} is said to be none", meant.rule, meant.finding));
    if meant.proven {
        report::data(
            "A check proves the form of this value: if it ever opened anything, revoke it instead.",
        );
    }
    report::data("It is found all the same until one of these is done; the narrowest first:");
    for (number, (what, how)) in (1..).zip(ways) {
        report::data(&format!("{number}. {what}"));
        for line in how.lines() {
            report::data(&format!("     {line}"));
        }
    }
}

/// The finding that is meant: here, in history, or known from its card alone.
fn meant(name: &str, record: Option<&Record>) -> Result<Meant, Error> {
    let missing = match named::find(&open()?, Some(name)) {
        Ok(found) => {
            let first = found.all.first().map(|one| Meant {
                rule: one.rule.id.to_owned(),
                finding: one.id.to_string(),
                place: Some((format!("{}:{}", Escaped(&one.path), one.line), one.role.word())),
                proven: one.confidence == Confidence::Proven,
            });
            let ids: std::collections::BTreeSet<_> = found.all.iter().map(|one| one.id).collect();
            if ids.len() > 1 {
                let mut lines: Vec<String> = found.all.iter().map(named::Named::shown).collect();
                lines.dedup();
                lines.truncate(20);
                let lines = lines.join("\n  ");
                return Err(Error::Usage(format!("there are several; say which:\n  {lines}")));
            }
            match first {
                Some(first) => return Ok(first),
                None => Error::UnknownId { id: name.to_owned(), nearest: None },
            }
        }
        Err(error @ Error::UnknownId { .. }) => error,
        Err(error) => return Err(error),
    };
    let mut seen = None;
    if let Some(record) = record {
        record.each(Order::Newest, |entry| {
            if let Told::Event(event) = entry.told
                && let What::Shown { rule, finding: Some(finding), confidence, .. } = event.what
                && finding == name
            {
                let proven = confidence == Confidence::Proven.word();
                seen = Some(Meant { rule, finding, place: None, proven });
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
    }
    seen.ok_or(missing)
}

/// What would silence it, the narrowest first: what it is for, and how.
fn ways(meant: &Meant, because: &str) -> Vec<(String, String)> {
    let Meant { rule, finding, place, proven } = meant;
    let quoted = because.replace('\'', "'\\''");
    let mut ways = vec![(
        "an exception for this value, with an end:".to_owned(),
        format!("leakcoach allow {finding} --reason '{quoted}'"),
    )];
    if let Some((place, _)) = place {
        ways.push((
            format!("a comment on its line ({place}):"),
            format!("leakcoach:allow {rule} because {because}"),
        ));
    }
    let quoted = toml::Value::from(rule.as_str()).to_string();
    if let Some((_, role)) = place
        && !proven
    {
        ways.push((
            format!("for all {role} files, as the first line of policy in .leakcoach.toml:"),
            format!(
                "[[policy]]\nrule = {quoted}\nfile-role = \"{role}\"\nconfidence = \"<=likely\"\nverdict = \"digest\""
            ),
        ));
    }
    let known: Option<&Rule> = Catalogue::builtin().rule(rule);
    if known.is_none_or(|rule| rule.file.is_some()) {
        ways.push((
            "it is a rule of your own: narrow its shape or its allowlist".to_owned(),
            format!("leakcoach explain {rule}"),
        ));
    }
    ways.push((
        "said often enough, a line of policy is proposed for the rule:".to_owned(),
        "leakcoach report".to_owned(),
    ));
    ways
}
