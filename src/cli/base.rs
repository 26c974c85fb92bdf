//! What the default branch has: whose word counts is said there, and not by the change that it
//! is about.

use crate::config::FILE;
use crate::error::Error;
use crate::source::owners::{self, Owners};
use crate::source::{Repo, branch};
use crate::text::Escaped;
use gix_hash::ObjectId;

/// The commit whose word counts.
pub(super) struct Base(ObjectId);

impl Base {
    /// The remote's default branch as it was fetched last, `HEAD` where there is no remote; on
    /// a server the default branch.
    ///
    /// # Errors
    /// The words why there is none.
    pub(super) fn of(repo: &Repo, server: bool) -> Result<Self, String> {
        let told = |error: Error| error.to_string();
        let base = if server || repo.is_bare() {
            repo.head().map_err(told)?.commit
        } else {
            branch::default_tip(repo).map_err(told)?
        };
        let fetch = "git fetch origin +HEAD:refs/remotes/origin/HEAD";
        base.map(Self).ok_or_else(|| format!("the remote's default branch is not here: {fetch}"))
    }

    /// A file of it; nothing where it has none.
    ///
    /// # Errors
    /// The words why it cannot be read.
    pub(super) fn file(&self, repo: &Repo, path: &str) -> Result<Option<Vec<u8>>, String> {
        let blob = repo.file_at(self.0, path.as_bytes()).map_err(|error| error.to_string())?;
        blob.map(|blob| Ok(repo.read(blob)?.to_vec())).transpose()
    }

    /// The same where it has to be there.
    ///
    /// # Errors
    /// As [`Self::file`], and where there is none.
    pub(super) fn must(&self, repo: &Repo, path: &str) -> Result<Vec<u8>, String> {
        self.file(repo, path)?
            .ok_or_else(|| format!("the default branch has no `{}`", Escaped(path.as_bytes())))
    }

    /// The text of its configuration; nothing where it has none.
    ///
    /// # Errors
    /// As [`Self::file`], and where it is no UTF-8.
    pub(super) fn config(&self, repo: &Repo) -> Result<Option<String>, String> {
        let text = self.file(repo, FILE)?.map(String::from_utf8).transpose();
        text.map_err(|_| "it is no UTF-8".to_owned())
    }

    /// Who owns which files, by the first `CODEOWNERS` that it has; nobody where it has none.
    ///
    /// # Errors
    /// As [`Self::file`], and where it is too large.
    pub(super) fn owners(&self, repo: &Repo) -> Result<Owners, String> {
        for place in owners::PLACES {
            match self.file(repo, place)? {
                None => {}
                Some(bytes) if bytes.len() > owners::BYTES_AT_MOST => {
                    return Err(format!("{place} is too large"));
                }
                Some(bytes) => return Ok(Owners::parse(&String::from_utf8_lossy(&bytes))),
            }
        }
        Ok(Owners::default())
    }
}
