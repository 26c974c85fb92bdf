//! `leakcoach policy`: which line decides, and which never can.

use crate::catalogue::Catalogue;
use crate::cli::check::run::Check;
use crate::cli::named;
use crate::config::Config;
use crate::config::cases::{Case, cases};
use crate::error::Error;
use crate::judge::Policy;
use crate::judge::policy::{Answer, Facts, Looked, lint};
use crate::text::{Count, Escaped};
use crate::{exit, report};
use clap::Subcommand;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Ask {
    /// Say which line decided about a finding, and what was looked at
    #[command(
        after_help = "Examples:\n  leakcoach policy explain\n  leakcoach policy explain app.py:3"
    )]
    Explain {
        /// Its id on the card, PATH:LINE or a rule; the only one that is staged or unpushed
        /// where none is named
        finding: Option<String>,
        /// How to print it
        #[arg(long, value_enum, default_value_t = crate::cli::teach::rules::Format::Text)]
        format: crate::cli::teach::rules::Format,
    },
    /// Hold the policy against a table of cases; exit code 1 when one comes out otherwise
    #[command(after_help = "Example:\n  leakcoach policy test policy-cases.toml")]
    Test {
        /// The table, in TOML (docs/policy.md)
        file: PathBuf,
    },
    /// Find lines that can never decide; exit code 1 when there are any
    #[command(after_help = "Example:\n  leakcoach policy lint")]
    Lint,
}

/// Answers what is asked of the policy.
pub(in crate::cli) fn policy(ask: &Ask) -> Result<u8, Error> {
    match ask {
        Ask::Explain { finding, format } => explain(finding.as_deref(), *format),
        Ask::Test { file } => test(file),
        Ask::Lint => {
            let faults = faults(&crate::cli::teach::rules::config(&[])?);
            for fault in &faults {
                report::data(fault);
            }
            if faults.is_empty() {
                report::data("every line can decide");
            }
            Ok(if faults.is_empty() { exit::PASSED } else { exit::REFUSED })
        }
    }
}

/// Lines of the policy that can never decide, each with the reason.
pub(in crate::cli) fn faults(config: &Config) -> Vec<String> {
    let users = config.users.iter().map(|user| user.rule);
    let rules: Vec<_> = Catalogue::builtin().rules().chain(users).collect();
    lint(&config.policy.lines, &rules)
        .into_iter()
        .map(|fault| format!("{}: {}", fault.at, fault.what))
        .collect()
}

/// What the policy says about `facts`, and the line that does.
fn answer<'p>(policy: &'p Policy, facts: &Facts) -> (Answer, &'p str) {
    // Where no line fits, nothing passes.
    policy
        .decide(facts)
        .map_or((Answer::Block, "nothing"), |decision| (decision.line.answer, &*decision.line.at))
}

fn explain(name: Option<&str>, format: crate::cli::teach::rules::Format) -> Result<u8, Error> {
    let repo = crate::cli::open()?;
    let found = named::find_any(&repo, name)?;
    // The same rules that found it tell what may be shown of names.
    let check = Check::new(Some(&repo), &[])?;
    let config = &check.config;
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for one in &found.all {
        if !seen.insert(one.shown()) {
            continue;
        }
        let mine = |card: &&crate::coach::Card| card.id == Some(one.id) && card.line == one.line;
        let card = found.cards.iter().find(mine);
        let (decided, by) = answer(&config.policy, &one.facts);
        let facts = one.facts.shown().map(|(key, fact)| {
            (key, fact.map(|fact| Escaped(&check.shown(fact.as_bytes())).to_string()))
        });
        let (looked, floor) = (config.policy.trace(&one.facts), locked(&config.policy, &one.facts));
        match format {
            crate::cli::teach::rules::Format::Json => all.push(json!({
                "finding": one.shown(),
                "policy": decided.word(),
                "by": by,
                "locked": floor.is_some(),
                "verdict": card.map(|card| card.judgement.verdict.word()),
                "because": card.map(|card| &*card.judgement.because),
                "facts": facts.into_iter()
                    .map(|(key, fact)| (key.to_owned(), Value::from(fact)))
                    .collect::<serde_json::Map<_, _>>(),
                "looked_at": looked.iter().map(|one| json!({
                    "line": &*one.line.at, "verdict": one.line.answer.word(), "missed": one.missed,
                })).collect::<Vec<_>>(),
            })),
            crate::cli::teach::rules::Format::Text => {
                report::data(&one.shown());
                report::data(&format!("  {decided}, by {by}{}", floor.unwrap_or_default()));
                if let Some(card) = card {
                    let (verdict, because) = (card.judgement.verdict, &card.judgement.because);
                    report::data(&format!("  here: {verdict}, because {because}"));
                }
                for (key, fact) in facts {
                    let fact = fact.as_deref().unwrap_or("(not known)");
                    report::data(&format!("  {key:<12} {fact}"));
                }
                report::data("  looked at");
                for one in &looked {
                    report::data(&told(one));
                }
            }
        }
    }
    if matches!(format, crate::cli::teach::rules::Format::Json) {
        report::data(&format!("{:#}", Value::from(all)));
    }
    Ok(exit::PASSED)
}

/// That a locked line stands before what the rest of the policy says.
fn locked(policy: &Policy, facts: &Facts) -> Option<String> {
    let decision = policy.decide(facts)?;
    let looser = decision.instead_of?;
    Some(format!(", which is locked; {} would say {}", looser.at, looser.answer))
}

fn told(one: &Looked<'_>) -> String {
    let fits = match one.missed {
        None => "fits".to_owned(),
        Some(key) => format!("not here: `{key}` differs"),
    };
    format!("    {}  {}  {fits}", one.line.at, one.line.answer)
}

fn test(file: &PathBuf) -> Result<u8, Error> {
    let failed = |source| Error::ConfigUnread { path: file.clone(), source };
    let text = std::fs::read_to_string(file).map_err(failed)?;
    let config = crate::cli::teach::rules::config(&[])?;
    let cases = cases(&text, file, &config.users)?;
    let misses: Vec<String> = cases.iter().filter_map(|case| miss(&config.policy, case)).collect();
    let path = Escaped::path(file);
    for miss in &misses {
        report::data(&format!("{path}:{miss}"));
    }
    let right = cases.len() - misses.len();
    report::data(&format!("{right} of {} as expected", Count(cases.len(), "case")));
    if cases.is_empty() {
        return Err(Error::Usage("there is no case to test in it".to_owned()));
    }
    Ok(if misses.is_empty() { exit::PASSED } else { exit::REFUSED })
}

/// What came out otherwise than expected.
fn miss(policy: &Policy, case: &Case) -> Option<String> {
    let (answer, by) = answer(policy, &case.facts);
    let other_line = case.by.as_deref().filter(|expected| *expected != by);
    if answer == case.expect && other_line.is_none() {
        return None;
    }
    let name = Escaped(case.name.as_bytes());
    let wanted = other_line.map(|line| format!(" by {}", Escaped(line.as_bytes())));
    let wanted = format!("{}{}", case.expect, wanted.unwrap_or_default());
    Some(format!("{}: {name}: expected {wanted}, got {answer} by {by}", case.line))
}
