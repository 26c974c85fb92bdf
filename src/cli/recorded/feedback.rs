//! `leakcoach report`: what the record says of what cards led to, and what to change for it.

use crate::cli::recorded::audit::reading::reason;
use crate::cli::recorded::audit::when;
use crate::cli::recorded::tally::tallied;
use crate::cli::{ask, env, open, recorded::recall, recorded::review};
use crate::config::{Config, FILE};
use crate::error::Error;
use crate::exit;
use crate::feedback::{Feedback, Proposal, governance, put_first};
use crate::record::Reading;
use crate::report::feedback::Page;
use crate::report::{self, write};
use crate::text::Escaped;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum As {
    /// For people at a terminal
    Text,
    /// In Markdown
    Markdown,
    /// For machines
    Json,
    /// One page with charts that needs nothing else
    Html,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ReportArgs {
    /// Only from then on: a date, or a length of time before now such as 90d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// How to write it
    #[arg(long, value_enum, default_value_t = As::Text)]
    format: As,
    /// Write it into this file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Group events by the controls of a framework: nhi, agentic, cwe, csf, ai-rmf, maestro,
    /// pci, iso27001 or soc2
    #[arg(long, value_name = "NAME", value_parser = framework)]
    framework: Option<String>,
    /// Leave out what is fewer than 5 and what is yours alone, to hand it on
    #[arg(long)]
    shared: bool,
    /// Put the proposal of this number into the repository's configuration; shows the change
    /// first
    #[arg(long, value_name = "N", conflicts_with_all = ["format", "output", "framework", "shared"])]
    apply: Option<usize>,
    /// Write the change without asking
    #[arg(long, requires = "apply")]
    yes: bool,
    /// Why you look; it is recorded
    #[arg(long, value_name = "WORDS")]
    because: Option<String>,
}

fn framework(given: &str) -> Result<String, String> {
    let file = governance();
    let known = || file.framework.iter().map(|framework| framework.id.as_str());
    if known().any(|id| id == given) {
        return Ok(given.to_owned());
    }
    Err(format!("one of: {}", known().collect::<Vec<_>>().join(", ")))
}

/// Writes the report, or applies what it proposes.
pub(in crate::cli) fn report(args: &ReportArgs) -> Result<u8, Error> {
    report::set_colour(args.output.is_none() && env::colour_of_data());
    let since = args.since.as_deref().map(|text| when(text, "--since")).transpose()?;
    let because = reason(args.because.as_deref())?;
    let (record, settings) = recall::whole()?;
    if let Some(at) = &settings.off {
        report::notice(&format!("recording is off: {at}"));
    }
    let Some(record) = record else {
        report::notice(&format!("nothing is recorded in {}", recall::place()?));
        return Ok(exit::PASSED);
    };
    let tally = tallied(&record, since)?;
    let evidence = args.framework.as_deref().and_then(|id| tally.evidence(id));
    let mut told = tally.told();
    if args.shared {
        told = told.handed_on();
    }
    let (events, unreadable) = (told.events, told.unreadable);
    // Who reads is recorded before anything is read out.
    let how = if args.output.is_some() { Reading::Copy } else { Reading::Show };
    let to = args.output.as_ref().map(|path| Escaped::path(path).to_string());
    review::read(record, settings.off.is_none(), how, because, events, to)?;
    if let Some(number) = args.apply {
        return apply(&told, number, args.yes);
    }
    let page = match &evidence {
        Some(evidence) => Page::of_framework(&told, evidence),
        None => Page::of(&told),
    };
    let text = match args.format {
        As::Text => page.text(env::style()),
        As::Markdown => page.markdown(),
        As::Json => page.json(),
        As::Html => page.html(),
    };
    match &args.output {
        Some(path) => {
            let failed = |source| Error::File { deed: "write", path: path.clone(), source };
            write::file(path, &text).map_err(failed)?;
            report::notice(&format!("written to `{}`", Escaped::path(path)));
        }
        None => write::stdout(&text).map_err(|source| Error::File {
            deed: "write",
            path: PathBuf::from("standard output"),
            source,
        })?,
    }
    if unreadable > 0 {
        report::notice(&format!("{unreadable} could not be read: see `leakcoach audit verify`"));
        return Ok(exit::INCOMPLETE);
    }
    Ok(exit::PASSED)
}

/// Puts a proposed line into the repository's configuration, on consent.
fn apply(told: &Feedback, number: usize, agreed: bool) -> Result<u8, Error> {
    let proposal = number.checked_sub(1).and_then(|at| told.proposals.get(at));
    let Some(Proposal { line, what, rule, .. }) = proposal else {
        return Err(Error::Usage(match told.proposals.len() {
            0 => "nothing is proposed".to_owned(),
            last => format!("there is no proposal {number}: the last one is {last}"),
        }));
    };
    if line.is_empty() {
        return Err(Error::Usage(format!("nothing is to be written for {rule}: {what}")));
    }
    let repo = open()?;
    let Some(top) = repo.top() else {
        return Err(Error::Usage("a bare repository has no configuration to change".to_owned()));
    };
    let path = top.join(FILE);
    let old = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(source) => return Err(Error::File { deed: "read", path, source }),
    };
    let new = put_first(&old, line).map_err(|why| {
        Error::Usage(format!(
            "nothing was written to {FILE}: {why}; put this first by hand:\n{line}"
        ))
    })?;
    // What would be written must be right before anybody is asked about it.
    Config::read(&new, &path)?;
    for shown in difference(&old, &new) {
        report::data(&shown);
    }
    if !agreed && !ask::consents(&format!("type yes to write it into {FILE}: "), &["yes"]) {
        report::notice(&format!(
            "nothing was written; to write it: leakcoach report --apply {number} --yes"
        ));
        return Ok(exit::PASSED);
    }
    let failed = |source| Error::File { deed: "write", path: path.clone(), source };
    write::file(&path, &new).map_err(failed)?;
    report::notice(&format!("{FILE} is written: {what}; see leakcoach policy explain"));
    said(top)
}

/// Says where an organisation's lock keeps the new line from deciding.
fn said(top: &Path) -> Result<u8, Error> {
    let config = Config::load_with(&env::outside()?, Some(top), &[])?;
    for refused in &config.refused {
        report::notice(&refused.to_string());
    }
    Ok(if config.refused.is_empty() { exit::PASSED } else { exit::REFUSED })
}

/// The lines that are new, with three around them.
fn difference(old: &str, new: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let added = new.len() - old.len();
    let shown = |mark: char, line: &str| format!("{mark} {}", Escaped(line.as_bytes()));
    let from = same.saturating_sub(3);
    let mut lines = vec![format!("--- {FILE}, from line {}", from + 1)];
    lines.extend(new.iter().take(same).skip(from).map(|line| shown(' ', line)));
    lines.extend(new.iter().skip(same).take(added).map(|line| shown('+', line)));
    lines.extend(new.iter().skip(same + added).take(3).map(|line| shown(' ', line)));
    lines
}
