//! The commits of a branch, by what the default branch has not.

use super::range::{Outgoing, commits_between};
use super::repo::Repo;
use crate::error::Error;
use bstr::ByteSlice;
use gix_hash::ObjectId;

/// A branch's own commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// What it has and `against` has not.
    pub outgoing: Outgoing,
    /// The default branch, as it was named; nothing when there is none to compare with.
    pub against: Option<String>,
}

/// The commits of the branch or revision `name` that the default branch does not have.
///
/// The default branch is what the remote says it is (`refs/remotes/origin/HEAD`), else its
/// `main` or `master`, else the local one. Of the local default branch itself it is what
/// its remote does not have.
///
/// # Errors
/// There is no such branch, or history cannot be read.
pub fn branch(repo: &Repo, name: &str) -> Result<Branch, Error> {
    let known = |full: &str| repo.commit_id(full).ok();
    let unknown = || Error::Revision { revision: name.to_owned() };
    let named = if name.is_empty() || name.starts_with('-') { None } else { Some(name) };
    let named = named.ok_or_else(unknown)?;
    let local = format!("refs/heads/{named}");
    let found = known(&local).map(|tip| (tip, local));
    let (tip, full) = match found {
        Some(found) => found,
        None => (repo.commit_id(named)?, format!("refs/remotes/{named}")),
    };
    let against = default_branches(repo)?
        .into_iter()
        .filter(|candidate| *candidate != full)
        .find_map(|candidate| Some((known(&candidate)?, candidate)));
    let hidden: Vec<ObjectId> = against.iter().map(|(id, _)| *id).collect();
    let commits = commits_between(repo, &hidden, &[tip])?;
    let against = against.map(|(_, name)| {
        let short = ["refs/heads/", "refs/remotes/"];
        let short = short.iter().find_map(|prefix| name.strip_prefix(prefix));
        short.map_or(name.clone(), str::to_owned)
    });
    Ok(Branch { outgoing: Outgoing { commits, ..Outgoing::default() }, against })
}

/// The last commit of the default branch, as the remote was heard of last; `HEAD` where there
/// is no remote. Nothing where there is one, and its default branch is not known here.
///
/// # Errors
/// References cannot be read.
pub fn default_tip(repo: &Repo) -> Result<Option<ObjectId>, Error> {
    if repo.remotes()?.is_empty() {
        return Ok(repo.head()?.commit);
    }
    let names = default_branches(repo)?.into_iter();
    let mut names = names.filter(|name| name.starts_with("refs/remotes/"));
    Ok(names.find_map(|name| repo.commit_id(&name).ok()))
}

/// Where the default branch can be, the surest first.
fn default_branches(repo: &Repo) -> Result<Vec<String>, Error> {
    let remotes = repo.remotes()?;
    let remote = remotes.iter().find(|remote| remote.name == "origin").or(remotes.first());
    let remote = remote.and_then(|remote| remote.name.to_str().ok());
    let mut names = Vec::new();
    if let Some(remote) = remote {
        let of = |branch: &str| format!("refs/remotes/{remote}/{branch}");
        names.extend(["HEAD", "main", "master"].map(of));
    }
    names.extend(["main", "master"].map(|branch| format!("refs/heads/{branch}")));
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::branch;
    use crate::error::Error;
    use crate::source::testing::Sandbox;

    fn found(sandbox: &Sandbox, name: &str) -> (usize, Option<String>) {
        let branch = branch(&sandbox.repo(), name).unwrap();
        (branch.outgoing.commits.len(), branch.against)
    }

    #[test]
    fn a_branch_is_what_the_default_branch_has_not() {
        let sandbox = Sandbox::holding(&[("a", "1\n")]);
        assert_eq!(found(&sandbox, "main"), (1, None));
        sandbox.git(&["checkout", "-q", "-b", "topic"]);
        sandbox.commit("own");
        sandbox.commit("second");
        assert_eq!(found(&sandbox, "topic"), (2, Some("main".to_owned())));

        sandbox.git(&["init", "-q", "--bare", "../origin.git"]);
        sandbox.git(&["remote", "add", "origin", "../origin.git"]);
        sandbox.git(&["push", "-q", "origin", "main", "topic"]);
        sandbox.git(&["checkout", "-q", "main"]);
        sandbox.commit("not pushed");

        let against = Some("origin/main".to_owned());
        assert_eq!(found(&sandbox, "main"), (1, against.clone()));
        assert_eq!(found(&sandbox, "topic"), (2, against.clone()));
        assert_eq!(found(&sandbox, "origin/topic"), (2, against));
    }

    #[test]
    fn a_branch_that_is_not_there_is_no_branch() {
        let sandbox = Sandbox::holding(&[("a", "1\n")]);
        for name in ["nowhere", "", "--all"] {
            let error = branch(&sandbox.repo(), name).expect_err(name);
            assert!(matches!(error, Error::Revision { .. }), "{error}");
        }
    }
}
