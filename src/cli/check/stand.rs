//! Where the text of a finding stands, and what is seen there.

use crate::cli::check::decided::Beside;
use crate::judge::fingerprint::FindingId;
use crate::judge::stretch::Stretcher;
use crate::judge::{Context, Exposure, Standing};
use crate::scan::Finding;
use crate::source::role::FileRole;
use crate::source::{ChangeSet, Medium, Origin, Repo};
use std::sync::OnceLock;

/// The changes of one commit, or of the next one.
pub(in crate::cli) struct Together<'a> {
    pub(super) set: &'a ChangeSet,
    /// The lists that come with them; looked up only once there is a finding.
    pub(super) beside: &'a OnceLock<Beside>,
}

impl Together<'_> {
    pub(super) fn beside(&self, repo: &Repo) -> &Beside {
        self.beside.get_or_init(|| Beside::of(repo, self.set))
    }
}

/// Where the text of a finding stands.
#[derive(Clone, Copy)]
pub(in crate::cli) struct Stand<'a> {
    pub(in crate::cli) path: &'a [u8],
    /// The file, or the archive, as it is stored.
    pub(in crate::cli) raw: &'a [u8],
    pub(in crate::cli) text: &'a [u8],
    /// The archive that it is in.
    pub(in crate::cli) archive: Option<&'a [u8]>,
    pub(in crate::cli) exposure: Exposure,
    pub(in crate::cli) commit: Option<&'a str>,
    pub(in crate::cli) place: Where<'a>,
    pub(in crate::cli) medium: Medium,
    /// The job or step that wrote it.
    pub(in crate::cli) writer: Option<&'a [u8]>,
}

impl Stand<'_> {
    /// The commit it is in, in whole.
    pub(in crate::cli) fn commit_id(&self) -> Option<String> {
        match self.place {
            Where::Git(_, _, Origin::Commit(id)) => Some(id.to_hex().to_string()),
            Where::Git(_, _, Origin::Index | Origin::File | Origin::Stdin)
            | Where::Files
            | Where::Nowhere => None,
        }
    }
}

/// Where a file is, for what was decided about its findings before.
#[derive(Clone, Copy)]
pub(in crate::cli) enum Where<'a> {
    /// In the index or a commit, beside other changes.
    Git(&'a Repo, &'a Together<'a>, &'a Origin),
    /// In the file system, or in none.
    Files,
    /// In no file: a message, a name, a log.
    Nowhere,
}

/// A finding, where it stands, and what was decided about it before.
pub(in crate::cli) struct Seen<'a> {
    pub(in crate::cli) finding: &'a Finding,
    pub(in crate::cli) id: Option<FindingId>,
    /// Its path, fit to be shown.
    pub(in crate::cli) path: &'a [u8],
    pub(in crate::cli) stand: &'a Stand<'a>,
    pub(in crate::cli) role: FileRole,
    /// How far it has come.
    pub(in crate::cli) exposure: Exposure,
    /// One-based.
    pub(in crate::cli) line: usize,
    pub(in crate::cli) standing: &'a Standing,
    pub(in crate::cli) context: &'a Context,
    pub(in crate::cli) by: &'a Stretcher,
}

/// Is given each finding.
pub(in crate::cli) type Watch = Box<dyn Fn(&Seen<'_>) + Send + Sync>;
