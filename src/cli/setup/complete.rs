//! Completions and manual pages, made from the arguments' own definitions.

use crate::error::Error;
use crate::report;
use clap::Command;
use clap_complete::Shell;
use std::path::Path;

/// Prints the completions of `shell`.
pub(in crate::cli) fn completions(shell: Shell, mut command: Command) -> Result<(), Error> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, "leakcoach", &mut text);
    print(&text)
}

/// Writes every page of the manual into `folder`; prints the first where there is none.
pub(in crate::cli) fn man(folder: Option<&Path>, command: Command) -> Result<(), Error> {
    let failed = |path: &Path, source| Error::File { deed: "write", path: path.into(), source };
    if let Some(folder) = folder {
        return clap_mangen::generate_to(command, folder).map_err(|error| failed(folder, error));
    }
    let mut text = Vec::new();
    let made = clap_mangen::Man::new(command).render(&mut text);
    made.map_err(|error| failed(Path::new("leakcoach.1"), error))?;
    print(&text)
}

fn print(text: &[u8]) -> Result<(), Error> {
    let text = std::str::from_utf8(text).map_err(|error| Error::Usage(error.to_string()))?;
    report::data(text.trim_end());
    Ok(())
}
