//! `leakcoach config`: each value, and where it comes from.

use crate::cli::check::run::Check;
use crate::cli::{env, setup::policy};
use crate::config::{self, Config, Layers, Outside, Said};
use crate::error::Error;
use crate::source::Repo;
use crate::text::Escaped;
use crate::{exit, report};
use clap::Args;
use std::path::Path;

#[derive(Debug, Args)]
pub(in crate::cli) struct ConfigArgs {
    /// Only say whether all is right: exit code 1 when a lock refuses something or a line of
    /// policy can never decide, 2 when a file is wrong
    #[arg(long)]
    check: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = crate::cli::teach::rules::Format::Text)]
    format: crate::cli::teach::rules::Format,
}

/// Shows the configuration, or checks it.
pub(in crate::cli) fn config(args: &ConfigArgs) -> Result<u8, Error> {
    let repo = match crate::cli::open() {
        Ok(repo) => Some(repo),
        Err(Error::NoRepository { .. }) => None,
        Err(error) => return Err(error),
    };
    let (outside, top) = (env::outside()?, repo.as_ref().and_then(Repo::top));
    let config = Config::load_with(&outside, top, &[])?;
    if args.check {
        return Ok(checked(&config));
    }
    let layers = Layers::read(&outside, top)?;
    // What was pasted into a wrong place is masked, as everywhere.
    let check = Check::new(repo.as_ref(), &[])?;
    let shown = |text: &str| Escaped(&check.shown(text.as_bytes())).to_string();
    let said = config::view(&layers, &config);
    match args.format {
        crate::cli::teach::rules::Format::Json => {
            let values: Vec<serde_json::Value> =
                said.iter().map(|one| as_json(one, &shown(&one.value))).collect();
            let refused: Vec<String> = config.refused.iter().map(ToString::to_string).collect();
            let files: Vec<serde_json::Value> = files(&outside, top)
                .map(|(whose, path, found)| {
                    serde_json::json!({ "layer": whose, "path": path, "found": found })
                })
                .collect();
            let all = serde_json::json!({ "files": files, "values": values, "refused": refused });
            report::data(&format!("{all:#}"));
        }
        crate::cli::teach::rules::Format::Text => {
            for (whose, path, found) in files(&outside, top) {
                let mark = if found { "" } else { " (not there)" };
                report::data(&format!("# {whose}: {path}{mark}"));
            }
            for one in &said {
                report::data(&line(one, &shown(&one.value)));
            }
        }
    }
    for refused in &config.refused {
        report::notice(&refused.to_string());
    }
    Ok(exit::PASSED)
}

fn checked(config: &Config) -> u8 {
    let faults = policy::faults(config);
    for words in config.refused.iter().map(ToString::to_string).chain(faults.iter().cloned()) {
        report::notice(&words);
    }
    if config.refused.is_empty() && faults.is_empty() {
        report::data("the configuration is right");
        return exit::PASSED;
    }
    exit::REFUSED
}

/// The files that are looked for.
fn files<'a>(
    outside: &'a Outside,
    top: Option<&'a Path>,
) -> impl Iterator<Item = (&'static str, String, bool)> + 'a {
    let organisation = outside.organisation.as_ref().filter(|path| path.exists());
    let organisation = organisation.or(outside.named.as_ref()).or(outside.organisation.as_ref());
    let repository = top.map(|top| top.join(config::FILE));
    let whose = config::Whose::word;
    [
        (whose(config::Whose::Organisation), organisation.cloned()),
        (whose(config::Whose::User), outside.user.clone()),
        (whose(config::Whose::Repository), repository),
    ]
    .into_iter()
    .filter_map(|(whose, path)| {
        let path = path?;
        Some((whose, Escaped::path(&path).to_string(), path.exists()))
    })
}

/// `verdicts.possible = "block"   # .leakcoach.toml:7`
fn line(said: &Said, value: &str) -> String {
    let at = match &said.at {
        Some(at) => format!("{at}, {}", at.whose.word()),
        None => "default".to_owned(),
    };
    let but = if said.counts { "" } else { "; does not count" };
    let value = if value.is_empty() { "(nothing)" } else { value };
    format!("{} = {value}  # {at}{but}", said.key)
}

fn as_json(said: &Said, value: &str) -> serde_json::Value {
    let at = said.at.as_ref();
    serde_json::json!({
        "key": said.key,
        "value": value,
        "layer": at.map_or("default", |at| at.whose.word()),
        "path": at.map(|at| Escaped::path(&at.path).to_string()),
        "line": at.and_then(|at| at.line),
        "counts": said.counts,
    })
}
