//! Writes a plan: the record of how to undo it first, then the work tree, then the index.

use super::plan::Plan;
use super::record::{self, Record};
use crate::cli::named::Named;
use crate::error::Error;
use crate::source::Repo;
use crate::source::stage::Entry;
use std::fs;
use std::io::Write;
use std::path::Path;

/// Writes every part of `plan`, or leaves all as it was.
pub(super) fn write(repo: &Repo, plan: &Plan, all: &[Named]) -> Result<(), Error> {
    unchanged(repo, plan)?;
    let record = Record::of(repo, plan, all)?;
    record.save(repo)?;
    let mut done: Vec<(&Path, &[u8])> = Vec::new();
    let written = work_tree(plan, &mut done).and_then(|()| index(repo, plan));
    if let Err(error) = written {
        // What was replaced is put back: its bytes are still here.
        for (at, before) in done {
            replace(at, before)?;
        }
        record::forget(repo)?;
        return Err(error);
    }
    extras(plan)
}

/// That nothing has changed since the plan was made.
fn unchanged(repo: &Repo, plan: &Plan) -> Result<(), Error> {
    let changed = |what: &Path| {
        Error::Usage(format!(
            "`{}` has changed meanwhile: nothing was written; run it again",
            crate::text::Escaped::path(what)
        ))
    };
    for file in &plan.files {
        if let Some(tree) = &file.tree
            && fs::read(&file.at).ok().as_deref() != Some(&**tree.before)
        {
            return Err(changed(&file.at));
        }
        let entry = file.index.as_ref().map(|(entry, _)| entry).or(file.untracked.as_ref());
        if let Some(entry) = entry
            && repo.staged_at(&file.path)?.as_slice() != std::slice::from_ref(entry)
        {
            return Err(changed(&file.at));
        }
    }
    for added in &plan.extras.added {
        if fs::read(&added.at).ok() != added.before {
            return Err(changed(&added.at));
        }
    }
    Ok(())
}

fn work_tree<'a>(plan: &'a Plan, done: &mut Vec<(&'a Path, &'a [u8])>) -> Result<(), Error> {
    for file in &plan.files {
        if let Some(tree) = &file.tree {
            replace(&file.at, &tree.after)?;
            done.push((&file.at, &tree.before));
        }
    }
    Ok(())
}

fn index(repo: &Repo, plan: &Plan) -> Result<(), Error> {
    let mut done: Vec<(&[u8], &Entry)> = Vec::new();
    for file in &plan.files {
        let staged = match (&file.index, &file.untracked) {
            (Some((entry, version)), _) => {
                let id = repo.keep_blob(&version.after)?;
                let mended = Entry { id, ..entry.clone() };
                repo.stage(&file.path, Some(&mended)).map(|()| entry)
            }
            (None, Some(entry)) => repo.stage(&file.path, None).map(|()| entry),
            (None, None) => continue,
        };
        match staged {
            Ok(entry) => done.push((&file.path, entry)),
            Err(error) => {
                for (path, entry) in done {
                    repo.stage(path, Some(entry))?;
                }
                return Err(error);
            }
        }
    }
    Ok(())
}

fn extras(plan: &Plan) -> Result<(), Error> {
    for added in &plan.extras.added {
        let text = [added.before.as_deref().unwrap_or_default(), added.text.as_bytes()].concat();
        replace(&added.at, &text)?;
    }
    if let Some(value) = &plan.extras.env {
        record::append_env(value)?;
    }
    Ok(())
}

/// Replaces a file in one step; its mode stays.
pub(super) fn replace(at: &Path, bytes: &[u8]) -> Result<(), Error> {
    let fail = |source| Error::File { deed: "write", path: at.to_owned(), source };
    let folder = at.parent().unwrap_or(Path::new("."));
    let mut file =
        tempfile::Builder::new().prefix(".leakcoach-").tempfile_in(folder).map_err(fail)?;
    file.write_all(bytes).map_err(fail)?;
    let mode = match fs::metadata(at) {
        Ok(facts) => facts.permissions(),
        Err(_) => std::os::unix::fs::PermissionsExt::from_mode(0o644),
    };
    file.as_file().set_permissions(mode).map_err(fail)?;
    file.as_file().sync_all().map_err(fail)?;
    file.persist(at).map_err(|error| fail(error.error))?;
    Ok(())
}
