//! Facts of a repository, each found out when it is first asked for.

use super::{Backend, Repo, broken, hex_id, oid};
use crate::error::Error;
use crate::source::plumbing;
use crate::source::remote::Remote;
use crate::source::trail::Staging;
use bstr::{BString, ByteSlice};
use gix_hash::ObjectId;
use std::collections::HashSet;
use std::ffi::OsStr;

/// Where the next commit goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// The branch without `refs/heads/`, also when it has no commit yet; nothing when
    /// detached.
    pub branch: Option<BString>,
    /// The commit; nothing before the first.
    pub commit: Option<ObjectId>,
}

/// What git was in the middle of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InProgress {
    /// A merge.
    Merge,
    /// A rebase, or patches being applied.
    Rebase,
    /// A cherry-pick.
    CherryPick,
    /// A revert.
    Revert,
}

impl Repo {
    /// Where the next commit goes.
    pub fn head(&self) -> Result<&Head, Error> {
        if let Some(head) = self.head.get() {
            return Ok(head);
        }
        let head = match &self.backend {
            Backend::Native(native) => native_head(native).map_err(|error| broken("HEAD", &error)),
            Backend::Git(_) => self.git_head(),
        }?;
        Ok(self.head.get_or_init(|| head))
    }

    fn git_head(&self) -> Result<Head, Error> {
        let name = self.git.ask_if_any("HEAD", &["symbolic-ref", "-q", "HEAD"])?;
        let branch = name
            .and_then(|name| name.trim_ascii_end().strip_prefix(b"refs/heads/").map(BString::from));
        let commit = self.git.ask_if_any("HEAD", &["rev-parse", "-q", "--verify", "HEAD"])?;
        let commit = commit.map(|hex| hex_id("HEAD", &hex)).transpose()?;
        Ok(Head { branch, commit })
    }

    /// The commits that a merge in progress brings in, beside `HEAD`.
    pub fn merge_heads(&self) -> Result<Vec<ObjectId>, Error> {
        // git keeps it as a file whatever else its refs are kept in.
        let path = self.git_dir().join("MERGE_HEAD");
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(Error::File { deed: "read", path, source }),
        };
        text.lines().map(|line| hex_id("MERGE_HEAD", line)).collect()
    }

    /// What git was in the middle of.
    pub fn in_progress(&self) -> Option<InProgress> {
        let file = |name: &str| self.git_dir().join(name).exists();
        // With other stores of refs than files, these two are refs.
        let head = |name: &str| {
            file(name)
                || self.needs_git()
                    && self
                        .git
                        .run(&["rev-parse", "-q", "--verify", name])
                        .is_ok_and(|output| output.status.success())
        };
        if file("rebase-merge") || file("rebase-apply") {
            Some(InProgress::Rebase)
        } else if file("MERGE_HEAD") {
            Some(InProgress::Merge)
        } else if head("CHERRY_PICK_HEAD") {
            Some(InProgress::CherryPick)
        } else if head("REVERT_HEAD") {
            Some(InProgress::Revert)
        } else {
            None
        }
    }

    /// The remotes, in git's order.
    pub fn remotes(&self) -> Result<Vec<Remote>, Error> {
        match &self.backend {
            Backend::Native(native) => {
                native_remotes(native).map_err(|error| broken("the remotes", &error))
            }
            Backend::Git(_) => {
                let names = self.git.ask("the remotes", &["remote"])?;
                names.lines().map(|name| self.git_remote(name)).collect()
            }
        }
    }

    fn git_remote(&self, name: &[u8]) -> Result<Remote, Error> {
        let name_arg = name.to_os_str_lossy();
        let mut urls = Vec::new();
        for direction in [&["--all"][..], &["--push", "--all"]] {
            let mut args: Vec<&OsStr> = vec!["remote".as_ref(), "get-url".as_ref()];
            args.extend(direction.iter().map(OsStr::new));
            args.extend([OsStr::new("--"), &name_arg]);
            let output = self.git.run(&args)?;
            // A remote can have settings and no address.
            if output.status.code() != Some(2) {
                urls.extend(plumbing::answer("the remotes", output)?);
            }
        }
        Ok(Remote::new(name, urls.lines()))
    }

    /// Whether history has an edge here beyond which nothing is known.
    pub(in crate::source) fn is_shallow(&self) -> Result<bool, Error> {
        Ok(!self.shallow()?.is_empty())
    }

    /// Which index the next commit is made from: `commit -a` and `commit PATH` make it from
    /// one of their own, by these names (builtin/commit.c of git).
    pub(in crate::source) fn staging(&self) -> Staging {
        let name = self.index_path();
        match name.file_name().and_then(OsStr::to_str) {
            Some(name) if name.starts_with("next-index-") => Staging::Paths,
            Some("index.lock") => Staging::All,
            Some(_) | None => Staging::Index,
        }
    }

    pub(in crate::source) fn shallow(&self) -> Result<&HashSet<ObjectId>, Error> {
        if let Some(shallow) = self.shallow.get() {
            return Ok(shallow);
        }
        let path = self.common_dir().join("shallow");
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(Error::File { deed: "read", path, source }),
        };
        let ids = text.lines().map(|line| hex_id("the shallow file", line));
        let ids = ids.collect::<Result<_, _>>()?;
        Ok(self.shallow.get_or_init(|| ids))
    }

    /// What begins a comment in the messages that people edit; nothing where git chooses it
    /// for each message (`auto`).
    pub fn comment_mark(&self) -> Option<BString> {
        let value = match &self.backend {
            Backend::Native(native) => native.config().and_then(|mut config| {
                let config = config.snapshot()?;
                let set = |key| config.get_bytes(key).map(<[u8]>::to_vec);
                set("core.commentString").or_else(|_| set("core.commentChar"))
            }),
            Backend::Git(_) => {
                let set = |key| self.git.ask("the comment mark", &["config", "--get", key]);
                let value = set("core.commentString").or_else(|_| set("core.commentChar"));
                value.map_err(|_| git2::Error::from_str("it is not set"))
            }
        };
        match value.as_deref().map(<[u8]>::trim_ascii_end) {
            Ok(b"auto") => None,
            Ok(mark) if !mark.is_empty() => Some(mark.into()),
            Ok(_) | Err(_) => Some("#".into()),
        }
    }

    /// The commit that a revision such as `HEAD~2` or `main` names.
    pub fn commit_id(&self, revision: &str) -> Result<ObjectId, Error> {
        let unknown = || Error::Revision { revision: revision.to_owned() };
        if let Some(native) = self.native() {
            return self.native_commit_id(native, revision)?.ok_or_else(unknown);
        }
        let peeled = format!("{revision}^{{commit}}");
        let args = ["rev-parse", "-q", "--verify", "--end-of-options", &peeled];
        let hex = self.git.ask_if_any("the revision", &args).map_err(|_| unknown())?;
        hex_id("the revision", &hex.ok_or_else(unknown)?)
    }
}

fn native_head(native: &git2::Repository) -> Result<Head, git2::Error> {
    let head = native.find_reference("HEAD")?;
    let branch = head
        .symbolic_target_bytes()
        .and_then(|name| name.strip_prefix(b"refs/heads/"))
        .map(BString::from);
    let commit = match head.resolve() {
        Ok(resolved) => resolved.target().map(oid),
        // The branch's name is given, and nothing is there yet.
        Err(error) if error.code() == git2::ErrorCode::NotFound => None,
        Err(error) => return Err(error),
    };
    Ok(Head { branch, commit })
}

fn native_remotes(native: &git2::Repository) -> Result<Vec<Remote>, git2::Error> {
    let config = native.config()?;
    let mut remotes = Vec::new();
    for name in native.remotes()?.iter_bytes() {
        let Ok(text) = std::str::from_utf8(name) else { continue };
        // The first of each as rewritten by `url.<base>.insteadOf`, then the others.
        let mut urls: Vec<Vec<u8>> = Vec::new();
        if let Ok(remote) = native.find_remote(text) {
            urls.push(remote.url_bytes().to_vec());
            urls.extend(remote.pushurl_bytes().map(<[u8]>::to_vec));
        }
        for key in ["url", "pushurl"] {
            let mut values = config.multivar(&format!("remote.{text}.{key}"), None)?;
            let mut first = true;
            while let Some(entry) = values.next() {
                let value = entry?.value_bytes().to_vec();
                if !std::mem::take(&mut first) {
                    urls.push(value);
                }
            }
        }
        remotes.push(Remote::new(name, urls.iter().map(Vec::as_slice)));
    }
    Ok(remotes)
}
