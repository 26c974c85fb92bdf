//! `leakcoach init`: a configuration proposed, and written on consent.

use crate::cli::{ask, env, open};
use crate::config::propose::{Seen, propose};
use crate::config::{Config, FILE, Visibility};
use crate::error::Error;
use crate::judge::policy::Preset;
use crate::source::host_and_path;
use crate::text::Escaped;
use crate::{exit, report};
use clap::Args;
use std::io::Write;
use std::path::Path;

#[derive(Debug, Args)]
pub(in crate::cli) struct InitArgs {
    /// Write it without asking
    #[arg(long)]
    yes: bool,
    /// The policy to start from; chosen by what is seen where none is named
    #[arg(long, value_parser = preset)]
    preset: Option<Preset>,
}

fn preset(given: &str) -> Result<Preset, String> {
    Preset::ALL.iter().copied().find(|preset| preset.word() == given).ok_or_else(|| {
        let words: Vec<&str> = Preset::ALL.iter().map(|preset| preset.word()).collect();
        format!("one of: {}", words.join(", "))
    })
}

/// Proposes a configuration for this repository.
pub(in crate::cli) fn init(args: &InitArgs) -> Result<u8, Error> {
    let repo = open()?;
    let Some(top) = repo.top() else {
        let what = "a bare repository has no work tree to put a configuration in";
        return Err(Error::Usage(what.to_owned()));
    };
    let path = top.join(FILE);
    if path.symlink_metadata().is_ok() {
        let what = format!("{FILE} is there already, and nothing is written over it");
        return Err(Error::Usage(what));
    }
    let config = Config::load_with(&env::outside()?, Some(top), &[])?;
    let mut seen = Seen::at(top);
    for url in repo.remotes()?.iter().flat_map(|remote| &remote.urls) {
        match config.visibility(url) {
            Visibility::Public => seen.public = true,
            Visibility::Private => {}
            Visibility::Unknown => {
                seen.remotes.insert(Escaped(&host_and_path(url)).to_string());
            }
        }
    }
    let text = propose(&seen, args.preset.unwrap_or_else(|| seen.preset()));
    // What is proposed must be right before anybody is asked about it.
    Config::read(&text, &path)?;
    report::data(text.trim_end());
    if !args.yes && !ask::consents(&format!("type yes to write it into {FILE}: "), &["yes"]) {
        report::notice("nothing was written; to write it: leakcoach init --yes");
        return Ok(exit::PASSED);
    }
    write(&path, &text)?;
    report::notice(&format!("{FILE} is written; put the hooks in: leakcoach install"));
    if !seen.managers.is_empty() {
        report::notice("beside a hook manager: see docs/hook-managers.md");
    }
    if repo.head()?.commit.is_some() {
        report::notice("credentials in it already? write them down: leakcoach baseline");
    }
    Ok(exit::PASSED)
}

/// Writes a file that was not there.
fn write(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |source| Error::File { deed: "write", path: path.to_owned(), source };
    let mut file = std::fs::File::create_new(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}
