//! Whether an exception has the approval that it takes. By a signature under the exception's
//! line, or under the commit that brought it; never by a name that somebody wrote.

use crate::approval::ssh;
use crate::cli::base::Base;
use crate::cli::env;
use crate::cli::own::small_file;
use crate::config::exceptions::{OWNERS, Settings, Signers, with};
use crate::error::Error;
use crate::judge::approval::{self, Approval, Approvals, NAMESPACE, statement};
use crate::judge::exception::{self, Exception};
use crate::judge::salt::ValueHash;
use crate::source::owners::Owners;
use crate::source::{Repo, signed};
use crate::text::Escaped;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// As many signatures of one exception are looked at.
const SIGNATURES_AT_MOST: usize = 8;

/// As large a file of signers may be.
const SIGNERS_AT_MOST: usize = 1 << 20;

/// Whose approval counts, as somebody else than the author of a change says.
pub(in crate::cli) struct Trust {
    pub(in crate::cli) settings: Settings,
    /// The file of allowed signers, or why there is none.
    signers: Result<Vec<u8>, String>,
    owners: Owners,
    approvals: Approvals,
    /// What of the approvals cannot be read.
    pub(in crate::cli) told: Vec<String>,
}

impl Trust {
    /// Whose word counts in `repo`, where `settings` are configured. What the repository
    /// itself says of it is taken from its default branch: a change that brings its own
    /// approvers has none.
    pub(in crate::cli) fn of(repo: &Repo, settings: &Settings, server: bool) -> Self {
        let base = Base::of(repo, server);
        let settings = base
            .as_ref()
            .ok()
            .filter(|_| !server)
            .and_then(|base| stricter(repo, base, settings))
            .unwrap_or_else(|| settings.clone());
        let base = base.as_ref().map_err(Clone::clone);
        let read = |path: &str| base.clone()?.must(repo, path);
        let signers = match &settings.signers {
            Signers::Committed(path) => read(path),
            Signers::Outside(path) => {
                fs::read(path).map_err(|error| format!("{}: {error}", Escaped::path(path)))
            }
        };
        let signers = signers.and_then(|bytes| {
            if bytes.len() > SIGNERS_AT_MOST {
                return Err("the file of signers is too large".to_owned());
            }
            Ok(bytes)
        });
        let owned = settings.approvers.iter().any(|one| one == OWNERS);
        // Nobody owns anything where that cannot be told, and nobody approves.
        let owners = base.clone().ok().filter(|_| owned);
        let owners = owners.and_then(|base| base.owners(repo).ok()).unwrap_or_default();
        let approvals = match repo.top().filter(|_| !server) {
            Some(top) => small_file(top, approval::FILE),
            None => base
                .clone()
                .and_then(|base| Ok(base.file(repo, approval::FILE)?.unwrap_or_default())),
        };
        let (approvals, told) = match approvals {
            Ok(bytes) => (Approvals::parse(&bytes), Vec::new()),
            Err(why) => {
                let told = format!("{} approves nothing: {why}", approval::FILE);
                (Approvals::default(), vec![told])
            }
        };
        let faults = approvals.faults.iter();
        let faults =
            faults.map(|fault| format!("{}:{}: {}", approval::FILE, fault.line, fault.what));
        let told = told.into_iter().chain(faults).collect();
        Self { settings, signers, owners, approvals, told }
    }

    /// Who may approve an exception for what stands at `path`, but for whoever made it.
    pub(in crate::cli) fn approvers(&self, exception: &Exception, path: &[u8]) -> Vec<String> {
        let mut names = Vec::new();
        for name in &self.settings.approvers {
            if name == OWNERS {
                names.extend(self.owners.of(path));
            } else {
                names.push(name.clone());
            }
        }
        names.retain(|name| Some(name) != exception.by.as_ref());
        names.dedup();
        names
    }

    /// Why an exception lacks its approval; nothing where it has it.
    pub(in crate::cli) fn lack(
        &self,
        repo: &Repo,
        (hash, rule, exception): (ValueHash, &str, &Exception),
        path: &[u8],
    ) -> Option<String> {
        let approvers = self.approvers(exception, path);
        if approvers.is_empty() {
            return Some("it takes an approval, and nobody may give one".to_owned());
        }
        let signers = match &self.signers {
            Ok(signers) => signers,
            Err(why) => return Some(format!("whose approval counts cannot be told: {why}")),
        };
        let line = exception::line(hash, rule, exception);
        let mut why = None;
        for claim in self.approvals.of(hash).take(SIGNATURES_AT_MOST) {
            let who = Escaped(claim.who.as_bytes());
            if !approvers.contains(&claim.who) {
                why = Some(format!("{who} may not approve it"));
                continue;
            }
            match holds(signers, claim, &line) {
                Ok(true) => return None,
                Ok(false) => why = Some(format!("the approval by {who} does not hold")),
                Err(error) => why = Some(format!("the approval by {who} cannot be told: {error}")),
            }
        }
        let by_commit = with_signers(signers, |file| {
            signed::signers_of_line(repo, exception::FILE, &line, file)
        });
        if by_commit.is_ok_and(|names| names.iter().any(|name| approvers.contains(name))) {
            return None;
        }
        Some(why.unwrap_or_else(|| {
            let names = exception.asks.as_ref().filter(|asked| approvers.contains(asked));
            let names = names.cloned().unwrap_or_else(|| approvers.join(" or "));
            format!("it waits for the approval of {}", Escaped(names.as_bytes()))
        }))
    }

    /// The approval of `who` for an exception, signed by the key in the file `key`.
    pub(in crate::cli) fn approve(
        &self,
        (hash, rule, exception): (ValueHash, &str, &Exception),
        who: &str,
        key: &Path,
    ) -> Result<Approvals, Error> {
        let line = exception::line(hash, rule, exception);
        let usage = |what: String| Error::Usage(what);
        let armored = ssh::sign(statement(&line).as_bytes(), NAMESPACE, key)
            .map_err(|trouble| usage(trouble.to_string()))?;
        let approval = Approval::of_armored(hash, who, &armored)
            .ok_or_else(|| usage("ssh-keygen gave no signature".to_owned()))?;
        let signers = self.signers.as_ref().map_err(|why| Error::Usage(why.clone()))?;
        if !holds(signers, &approval, &line).map_err(Error::Usage)? {
            return Err(Error::Usage(format!(
                "that key is not one of {} in the file of signers",
                Escaped(who.as_bytes())
            )));
        }
        let mut approvals = self.approvals.clone();
        approvals.put(approval);
        Ok(approvals)
    }
}

/// What the default branch's own configuration says, where that asks for approvals.
fn stricter(repo: &Repo, base: &Base, settings: &Settings) -> Option<Settings> {
    let text = base.config(repo).ok()??;
    let before = with(&env::outside().ok()?, Some(text)).ok()?;
    (!before.approvers.is_empty()).then(|| Settings {
        max: before.max.min(settings.max),
        approve_from: before.approve_from.min(if settings.approvers.is_empty() {
            before.approve_from
        } else {
            settings.approve_from
        }),
        ..before
    })
}

/// Whether a signature is one of its signer under `line`.
fn holds(signers: &[u8], claim: &Approval, line: &str) -> Result<bool, String> {
    with_signers(signers, |file| {
        let signature = file.with_file_name("signature");
        fs::write(&signature, claim.armored()).map_err(|error| error.to_string())?;
        let text = statement(line);
        ssh::is_by(&claim.who, text.as_bytes(), (&signature, NAMESPACE), file, None)
            .map_err(|trouble| trouble.to_string())
    })?
}

/// Does what needs the signers in a file. They are no secret.
fn with_signers<T>(signers: &[u8], work: impl FnOnce(&Path) -> T) -> Result<T, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file: PathBuf = folder.path().join("signers");
    fs::write(&file, signers).map_err(|error| error.to_string())?;
    Ok(work(&file))
}

/// Names, once each.
pub(in crate::cli) fn listed(names: &[String]) -> String {
    let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let names: Vec<&str> = names.into_iter().collect();
    Escaped(names.join(" or ").as_bytes()).to_string()
}
