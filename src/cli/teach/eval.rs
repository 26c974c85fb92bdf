//! Precision and recall, printed.

use crate::config::{Config, Outside};
use crate::error::Error;
use crate::eval::{Checksums, Counts, Labels, Score, Trial};
use crate::report;
use crate::scan::Confidence;
use clap::Args;
use std::path::PathBuf;

/// What to measure, and how to print it.
#[derive(Debug, Args)]
pub(in crate::cli) struct EvalArgs {
    /// The folder of labelled files; without labels, any folder of real code
    folder: PathBuf,
    /// The labels: CSV with the columns `file`, `line_start`, `line_end`, `truth`, `category`
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Count findings of at least this confidence
    #[arg(long, default_value = "possible", value_parser = ["possible", "likely", "proven"])]
    least: String,
    /// Let failed checksums pass: the values of the set were made up
    #[arg(long)]
    ignore_checksums: bool,
    /// Leave out places of this category; may be given several times
    #[arg(long, value_name = "CATEGORY")]
    without: Vec<String>,
    /// List at most this many misses and false alarms of each kind
    #[arg(long, default_value_t = 0)]
    list: usize,
    /// Use the rules of this file too: leakcoach's format, or gitleaks'
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = crate::cli::teach::rules::Format::Text)]
    format: crate::cli::teach::rules::Format,
}

/// Measures and prints.
pub(in crate::cli) fn eval(args: &EvalArgs) -> Result<(), Error> {
    let least = Confidence::ALL.iter().copied().find(|case| case.word() == args.least);
    let config = Config::load_with(&Outside::default(), None, &args.rules)?;
    crate::cli::check::users::announce(&config.users);
    let trial = Trial {
        folder: args.folder.clone(),
        users: config.users,
        least: least.unwrap_or(Confidence::Possible),
        checksums: if args.ignore_checksums { Checksums::Ignored } else { Checksums::Count },
    };
    let labels = args.labels.clone().or_else(|| {
        let own = args.folder.join("labels.csv");
        own.is_file().then_some(own)
    });
    let score = match &labels {
        Some(path) => trial.run(&Labels::load(path)?.without(&args.without))?,
        None => trial.run_unlabelled()?,
    };
    match args.format {
        crate::cli::teach::rules::Format::Json => report::data(&as_json(&score).to_string()),
        crate::cli::teach::rules::Format::Text => print(&score, labels.is_some(), args.list),
    }
    Ok(())
}

fn print(score: &Score, labelled: bool, list: usize) {
    if labelled {
        report::data(&row("all", score.all));
        report::data("");
        for (category, counts) in sorted(&score.by_category) {
            report::data(&row(category, counts));
        }
        report::data("\nby rule");
        for (rule, counts) in sorted(&score.by_rule) {
            let Counts { hits, alarms, .. } = counts;
            report::data(&format!(
                "{rule:<40} P {:.3}  {hits:>5} real {alarms:>5} not",
                counts.precision()
            ));
        }
    } else {
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let rate = score.unlabelled.len() as f64 * 1e6 / score.lines.max(1) as f64;
        report::data(&format!(
            "{} findings in {} lines: {rate:.1} in a million",
            score.unlabelled.len(),
            score.lines
        ));
        let mut by_rule = std::collections::BTreeMap::<_, usize>::new();
        for hit in &score.unlabelled {
            *by_rule.entry((hit.rule, hit.confidence.word())).or_default() += 1;
        }
        for ((rule, confidence), count) in by_rule {
            report::data(&format!("{count:>6} {confidence:<9} {rule}"));
        }
    }
    for (hit, category) in score.alarms.iter().take(list) {
        let (file, line, rule) = (&hit.file, hit.line, hit.rule);
        report::data(&format!(
            "alarm {file}:{line} {rule} {} {} ({category})",
            hit.confidence, hit.masked
        ));
    }
    for (file, line, category) in score.misses.iter().take(list) {
        report::data(&format!("miss {file}:{line} ({category})"));
    }
    for hit in score.unlabelled.iter().take(list) {
        let (file, line, rule) = (&hit.file, hit.line, hit.rule);
        report::data(&format!("unlabelled {file}:{line} {rule} {} {}", hit.confidence, hit.masked));
    }
}

/// Most places first.
fn sorted<K: AsRef<str>>(all: &std::collections::BTreeMap<K, Counts>) -> Vec<(&str, Counts)> {
    let mut all: Vec<_> = all.iter().map(|(key, counts)| (key.as_ref(), *counts)).collect();
    all.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.hits + counts.alarms + counts.misses));
    all
}

fn row(name: &str, counts: Counts) -> String {
    format!(
        "{name:<40} P {:.3}  R {:.3}  F1 {:.3}  {:>5} hit {:>5} missed {:>5} false",
        counts.precision(),
        counts.recall(),
        counts.f1(),
        counts.hits,
        counts.misses,
        counts.alarms
    )
}

fn as_json(score: &Score) -> serde_json::Value {
    let counts = |counts: &Counts| {
        serde_json::json!({
            "hits": counts.hits, "misses": counts.misses, "false_alarms": counts.alarms,
            "precision": counts.precision(), "recall": counts.recall(), "f1": counts.f1(),
        })
    };
    let table = |all: &mut dyn Iterator<Item = (String, &Counts)>| -> serde_json::Value {
        all.map(|(key, value)| (key, counts(value))).collect::<serde_json::Map<_, _>>().into()
    };
    let hit = |hit: &crate::eval::Hit| {
        serde_json::json!({
            "file": hit.file, "line": hit.line, "rule": hit.rule,
            "confidence": hit.confidence.word(), "value": hit.masked,
        })
    };
    serde_json::json!({
        "version": 1,
        "lines": score.lines,
        "all": counts(&score.all),
        "by_category": table(&mut score.by_category.iter().map(|(k, v)| (k.clone(), v))),
        "by_rule": table(&mut score.by_rule.iter().map(|(k, v)| ((*k).to_owned(), v))),
        "false_alarms": score.alarms.iter().map(|(found, _)| hit(found)).collect::<Vec<_>>(),
        "misses": score.misses.iter().map(|(file, line, category)| serde_json::json!({
            "file": file, "line": line, "category": category,
        })).collect::<Vec<_>>(),
        "unlabelled": score.unlabelled.iter().map(hit).collect::<Vec<_>>(),
    })
}
