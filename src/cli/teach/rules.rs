//! The rules, listed or sampled.

use crate::catalogue::{
    Catalogue, Kind, Lifetime, Remark, Rule, Severity, Signal, UserRules, sample,
};
use crate::cli::env;
use crate::config::{Config, Outside};
use crate::error::Error;
use crate::report;
use crate::scan::{Scanner, Text};
use crate::source::role::FileRole;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::sync::Arc;

/// How data is printed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum Format {
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
pub(in crate::cli) struct RulesArgs {
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
    /// List the rules of this file only, and what of it is not honoured: leakcoach's
    /// format, or gitleaks'
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
    /// How to print them
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// The configuration of this repository, if there is one, with the rule files `given`.
pub(in crate::cli) fn config(given: &[PathBuf]) -> Result<Config, Error> {
    match crate::cli::open() {
        Ok(repo) => Config::load_with(&env::outside()?, repo.top(), given),
        Err(Error::NoRepository { .. }) => Config::load_with(&env::outside()?, None, given),
        Err(error) => Err(error),
    }
}

/// Lists the rules that `args` ask for.
pub(in crate::cli) fn rules(args: &RulesArgs) -> Result<(), Error> {
    let catalogue = Catalogue::builtin();
    // What is asked of a file is asked of it alone.
    let config = if args.rules.is_empty() {
        config(&[])?
    } else {
        Config::load_with(&Outside::default(), None, &args.rules)?
    };
    let users = &config.users;
    if let Some(id) = &args.sample {
        return print_sample(users.rule(id), id);
    }
    let service = args.service.as_ref().map(|service| service.to_lowercase());
    let wanted = |rule: &&Rule| {
        service.as_ref().is_none_or(|part| rule.service.to_lowercase().contains(part))
            && args.kind.is_none_or(|kind| rule.kind == kind)
            && args.severity.is_none_or(|least| rule.severity >= least)
            && args.lifetime.is_none_or(|lifetime| rule.lifetime == lifetime)
    };
    let signals = Signal::all().iter().map(|signal| signal.rule);
    let own = catalogue
        .rules()
        .chain(signals)
        .filter(|rule| args.rules.is_empty() && !users.replaces(rule.id));
    let rules = own.chain(users.iter().map(|user| user.rule)).filter(wanted);
    match args.format {
        Format::Json => {
            let json: Vec<serde_json::Value> =
                rules.map(|rule| as_json(rule, users.remarks())).collect();
            report::data(&serde_json::Value::from(json).to_string());
        }
        Format::Text => {
            for rule in rules {
                let file = rule.file.map(|at| format!("  ({}:{})", at.path, at.line));
                let file = file.unwrap_or_default();
                report::data(&format!("{:<36} {:<9} {}{file}", rule.id, rule.severity, rule.what));
            }
        }
    }
    for remark in users.remarks() {
        report::notice(&remark.to_string());
    }
    for miss in found_near_misses(users) {
        report::notice(&miss);
    }
    Ok(())
}

/// Near-misses of users' rules that are found after all.
fn found_near_misses(users: &Arc<UserRules>) -> Vec<String> {
    let mut faults = Vec::new();
    for user in users.iter() {
        let (rule, Some(at)) = (user.rule, user.rule.file) else { continue };
        let alone = Scanner::new(Catalogue::builtin())
            .only(|_| false)
            .with(users, |other| std::ptr::eq(other, rule));
        for (number, template) in (1..).zip(rule.near_misses.iter()) {
            let Ok(text) = sample::expand(template, 1) else { continue };
            let text = Text { bytes: text.as_bytes(), path: b"", role: FileRole::Config };
            if !alone.scan(&text).findings.is_empty() {
                faults.push(format!(
                    "{}:{}: `{}`: near-miss {number} is found",
                    at.path, at.line, rule.id
                ));
            }
        }
    }
    faults
}

fn print_sample(users: Option<&'static Rule>, id: &str) -> Result<(), Error> {
    let catalogue = Catalogue::builtin();
    let rule = users.or_else(|| catalogue.rule(id)).ok_or_else(|| Error::UnknownId {
        id: id.to_owned(),
        nearest: catalogue.nearest(id).map(str::to_owned),
    })?;
    let none = || Error::Usage(format!("the rule file of `{}` gives no sample", rule.id));
    let template = rule.samples.iter().next().ok_or_else(none)?;
    let made = sample::expand(template, fastrand::u64(..)).map_err(Error::Usage)?;
    report::data(&made);
    Ok(())
}

fn as_json(rule: &Rule, remarks: &[Remark]) -> serde_json::Value {
    let about = |remark: &&Remark| {
        rule.file.is_some_and(|at| at.path == remark.path)
            && remark.rule.as_deref() == Some(rule.id)
    };
    let remarks: Vec<&str> =
        remarks.iter().filter(about).map(|remark| remark.what.as_str()).collect();
    serde_json::json!({
        "file": rule.file.map(|at| format!("{}:{}", at.path, at.line)),
        "remarks": remarks,
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
