//! What goes with a fix: the name in `.env.example`, a guard for `.env`, and the value in
//! `.env` where a person wants it there.

use super::plan::Plan;
use super::top;
use crate::cli::named::Named;
use crate::error::Error;
use crate::remedy::fix::Source;
use crate::secret::Secret;
use crate::source::Repo;
use bstr::ByteSlice;
use std::fs;
use std::path::{Path, PathBuf};

/// Lines to be added to files at the top of the repository.
#[derive(Debug, Default)]
pub(super) struct Extras {
    pub(super) added: Vec<Added>,
    /// The value for `.env`.
    pub(super) env: Option<Value>,
}

/// Text added to the end of a file.
#[derive(Debug)]
pub(super) struct Added {
    pub(super) at: PathBuf,
    /// Nothing where the file is made anew.
    pub(super) before: Option<Vec<u8>>,
    pub(super) text: String,
}

/// A value for `.env`.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) at: PathBuf,
    pub(super) name: String,
    pub(super) secret: Secret,
}

/// Examples of `.env` that projects have, the first of which is made where there is none.
const EXAMPLES: [&str; 4] = [".env.example", ".env.sample", ".env.template", ".env.dist"];

pub(super) fn of(repo: &Repo, plan: &Plan, all: &[Named], to_env: bool) -> Result<Extras, Error> {
    let mut extras = Extras::default();
    let top = top(repo)?;
    let untracked: Vec<_> = plan.files.iter().filter(|file| is_env(&file.path)).collect();
    let uses = untracked.iter().any(|_| true)
        || to_env
        || top.join(".env").exists()
        || EXAMPLES.iter().any(|name| top.join(name).exists());
    if plan.files.is_empty() || plan.source != Some(Source::Environment) || !uses {
        return if to_env && !plan.files.is_empty() {
            Err(Error::Usage(
                "the mended file reads no environment: --to-env has no use".to_owned(),
            ))
        } else {
            Ok(extras)
        };
    }
    let example = EXAMPLES.iter().find(|name| top.join(name).exists()).unwrap_or(&EXAMPLES[0]);
    let names: std::collections::BTreeSet<&String> = plan.names.values().collect();
    extras.add(&top.join(example), |text| {
        let known = |name: &str| {
            text.lines().any(|line| {
                let line = line.trim_ascii_start();
                let line = line.strip_prefix(b"export ").unwrap_or(line);
                line.strip_prefix(name.as_bytes())
                    .is_some_and(|rest| rest.trim_ascii_start().starts_with(b"="))
            })
        };
        names.iter().filter(|name| !known(name)).flat_map(|name| [name, "=\n"]).collect()
    })?;
    let guarded: Vec<String> = untracked
        .iter()
        .map(|file| format!("/{}", file.path.to_str_lossy()))
        .chain((!untracked.iter().any(|file| file.path == ".env")).then(|| ".env".to_owned()))
        .filter(|name| !repo.ignores(name.trim_start_matches('/').as_bytes()).unwrap_or(false))
        .collect();
    let literal = |name: &String| !name.contains(['*', '?', '[', '\\', '!', '#', ' ', '\u{fffd}']);
    let guarded: Vec<String> = guarded.into_iter().filter(literal).collect();
    extras
        .add(&top.join(".gitignore"), |_| guarded.iter().flat_map(|name| [name, "\n"]).collect())?;
    if to_env {
        extras.env = value(repo, plan, all, top)?;
    }
    Ok(extras)
}

fn is_env(path: &[u8]) -> bool {
    crate::remedy::fix::Kind::of(path, b"") == crate::remedy::fix::Kind::Env
}

impl Extras {
    fn add(&mut self, at: &Path, text: impl Fn(&[u8]) -> String) -> Result<(), Error> {
        let before = match fs::read(at) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(source) => return Err(Error::File { deed: "read", path: at.to_owned(), source }),
        };
        let added = text(before.as_deref().unwrap_or_default());
        if added.is_empty() {
            return Ok(());
        }
        let open =
            before.as_ref().is_some_and(|bytes| !bytes.is_empty() && !bytes.ends_with(b"\n"));
        let text = if open { format!("\n{added}") } else { added };
        self.added.push(Added { at: at.to_owned(), before, text });
        Ok(())
    }
}

/// The value for `.env`; refused where git tracks that file or the value has no safe form.
fn value(repo: &Repo, plan: &Plan, all: &[Named], top: &Path) -> Result<Option<Value>, Error> {
    let refuse = |what: &str| Err(Error::Usage(what.to_owned()));
    if plan.names.len() != 1 {
        return refuse("--to-env takes one finding: name it by its id");
    }
    if !repo.staged_at(b".env")?.is_empty() {
        return refuse("git tracks .env: take it out first (git rm --cached .env)");
    }
    let Some((one, name)) = all.first().zip(plan.names.values().next()) else { return Ok(None) };
    let at = top.join(".env");
    if fs::symlink_metadata(&at).is_ok_and(|facts| !facts.is_file()) {
        return refuse(".env is no plain file");
    }
    let secret = one.secret.expose();
    if secret.iter().any(|byte| byte.is_ascii_control() || *byte == b'\'' || !byte.is_ascii()) {
        return refuse("the value has characters that .env files do not agree on: add it by hand");
    }
    let known = fs::read(&at).unwrap_or_default();
    if known.lines().any(|line| line.starts_with(format!("{name}=").as_bytes())) {
        return refuse("that name is in .env already");
    }
    Ok(Some(Value { at, name: name.clone(), secret: Secret::new(secret) }))
}
