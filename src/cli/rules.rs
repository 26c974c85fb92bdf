//! The rules, listed or sampled.

use crate::catalogue::{Catalogue, Kind, Lifetime, Rule, Severity, sample};
use crate::error::Error;
use crate::report;
use clap::{Args, ValueEnum};

/// How data is printed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// For machines
    Json,
}

/// Reads one of a type's words.
fn word<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, given: &str) -> Result<T, String> {
    all.iter().copied().find(|case| name(*case) == given).ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|case| name(*case)).collect();
        format!("one of: {}", known.join(", "))
    })
}

/// Which rules, and how.
#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    /// Only rules of this service, by a part of its name
    #[arg(long)]
    service: Option<String>,
    /// Only rules of this kind
    #[arg(long, value_parser = |given: &str| word(Kind::ALL, Kind::word, given))]
    kind: Option<Kind>,
    /// Only rules of at least this severity
    #[arg(long, value_parser = |given: &str| word(Severity::ALL, Severity::word, given))]
    severity: Option<Severity>,
    /// Only rules for credentials that live this long
    #[arg(long, value_parser = |given: &str| word(Lifetime::ALL, Lifetime::word, given))]
    lifetime: Option<Lifetime>,
    /// Print a fresh fake credential of this rule instead, for tests and drills
    #[arg(long, value_name = "RULE", conflicts_with_all = ["service", "kind", "severity", "lifetime"])]
    sample: Option<String>,
    /// How to print them
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Lists the rules that `args` ask for.
pub(super) fn rules(args: &RulesArgs) -> Result<(), Error> {
    let catalogue = Catalogue::builtin();
    if let Some(id) = &args.sample {
        return print_sample(catalogue, id);
    }
    let service = args.service.as_ref().map(|service| service.to_lowercase());
    let wanted = |rule: &&Rule| {
        service.as_ref().is_none_or(|part| rule.service.to_lowercase().contains(part))
            && args.kind.is_none_or(|kind| rule.kind == kind)
            && args.severity.is_none_or(|least| rule.severity >= least)
            && args.lifetime.is_none_or(|lifetime| rule.lifetime == lifetime)
    };
    let rules = catalogue.rules().filter(wanted);
    match args.format {
        Format::Json => {
            let json: Vec<serde_json::Value> = rules.map(as_json).collect();
            report::data(&serde_json::Value::from(json).to_string());
        }
        Format::Text => {
            for rule in rules {
                report::data(&format!("{:<36} {:<9} {}", rule.id, rule.severity, rule.what));
            }
        }
    }
    Ok(())
}

fn print_sample(catalogue: &Catalogue, id: &str) -> Result<(), Error> {
    let rule = catalogue.rule(id).ok_or_else(|| Error::UnknownId {
        id: id.to_owned(),
        nearest: catalogue.nearest(id).map(str::to_owned),
    })?;
    let template = rule.samples.iter().next().unwrap_or_default();
    let made = sample::expand(template, fastrand::u64(..)).map_err(Error::Usage)?;
    report::data(&made);
    Ok(())
}

fn as_json(rule: &Rule) -> serde_json::Value {
    serde_json::json!({
        "id": rule.id,
        "service": rule.service,
        "what": rule.what,
        "kind": rule.kind.word(),
        "severity": rule.severity.word(),
        "lifetime": rule.lifetime.word(),
        "confidence": rule.grade.word(),
        "public": rule.public,
        "cwe": rule.cwe,
        "nhi": rule.nhi.iter().collect::<Vec<_>>(),
    })
}
