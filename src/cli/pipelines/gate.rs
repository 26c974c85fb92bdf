//! `leakcoach gate`: a deployment goes on only with a fresh approval of this very commit.

mod approve;
mod git;

pub(in crate::cli) use approve::{ApproveArgs, approve};

use crate::approval::{Approval, GATE, is_name, ssh};
use crate::cli::base::Base;
use crate::cli::env;
use crate::config::FILE as CONFIG;
use crate::config::exceptions::Signers;
use crate::config::gate::{self, Gate};
use crate::error::Error;
use crate::exit;
use crate::report;
use crate::source::Repo;
use crate::text::Escaped;
use clap::{Args, Subcommand};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Where approvals are: `refs/leakcoach/approvals/TARGET/COMMIT/…`, each a blob.
const REFS: &str = "refs/leakcoach/approvals";

/// No approval is larger.
const BYTES_AT_MOST: usize = 64 << 10;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct GateArgs {
    #[command(subcommand)]
    ask: Option<Ask>,
    /// Where the deployment goes
    #[arg(long, value_name = "NAME", required = true)]
    target: Option<String>,
    /// The commit that is deployed
    #[arg(long, value_name = "REVISION", default_value = "HEAD")]
    commit: String,
    /// Look at this approval too, in a file; may be given several times
    #[arg(long, value_name = "FILE")]
    approval: Vec<PathBuf>,
    /// The file of allowed signers, in place of the configured one
    #[arg(long, value_name = "FILE")]
    signers: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Ask {
    /// Approve a commit for a target for a while, signed with your SSH key
    #[command(
        after_help = "Examples:\n  leakcoach gate approve --target production --for 2h --reason 'release 4' --push\n  leakcoach gate approve --target production --for 30m --output approval.txt"
    )]
    Approve(ApproveArgs),
}

/// Whether the commit may go to the target: 0 it may, 1 it may not, 3 it cannot be told.
pub(in crate::cli) fn gate(args: &GateArgs) -> Result<u8, Error> {
    if let Some(Ask::Approve(args)) = &args.ask {
        return approve(args);
    }
    let repo = crate::cli::open()?;
    let base = base(&repo)?;
    let policy = policy(&repo, &base)?;
    let target = target(&policy, args.target.as_deref().unwrap_or_default())?;
    let commit = git::commit(&args.commit)?;
    let signers = File::of_signers(&repo, &base, &policy, args.signers.as_deref())?;
    let mut candidates = Vec::new();
    for path in &args.approval {
        let bytes = std::fs::read(path).map_err(|source| Error::File {
            deed: "read",
            path: path.clone(),
            source,
        })?;
        candidates.push((Escaped::path(path).to_string(), bytes));
    }
    candidates.extend(git::approvals(&format!("{REFS}/{target}/{commit}"))?);
    let signers = signers.path();
    let asked =
        Asked { repo: &repo, base: &base, policy: &policy, target, commit: &commit, signers };
    let mut reasons = Vec::new();
    for (name, bytes) in &candidates {
        match asked.counts(bytes)? {
            Ok((approval, signer)) => {
                let until = crate::approval::time(approval.until);
                let (signer, reason) =
                    (Escaped(signer.as_bytes()), Escaped(approval.reason.as_bytes()));
                report::notice(&format!(
                    "{commit:.12} may go to {target} until {until}: approved by {signer} ({reason})"
                ));
                return Ok(exit::PASSED);
            }
            Err(why) => reasons.push(format!("  {name}: {why}")),
        }
    }
    report::notice(&format!("refused: {commit:.12} has no approval for {target} that counts"));
    if candidates.is_empty() {
        report::line(
            "  there is none here at all; fetch them first, for refs like these are not fetched by themselves:",
        );
        report::line(&format!("    git fetch origin '+{REFS}/*:{REFS}/*'"));
    }
    for line in &reasons {
        report::line(line);
    }
    report::line("  ask an approver who did not write it to run, at this commit:");
    report::line(&format!(
        "    leakcoach gate approve --target {target} --for 2h --reason WORDS --push"
    ));
    Ok(exit::REFUSED)
}

/// The commit whose policy counts: the one that is to be deployed could bring its own.
fn base(repo: &Repo) -> Result<Base, Error> {
    let what = "whose approval counts".to_owned();
    Base::of(repo, false).map_err(|why| Error::Repository { what, why })
}

fn policy(repo: &Repo, base: &Base) -> Result<Gate, Error> {
    let unread = |why: String| {
        let what = format!("{CONFIG} of the default branch");
        Error::Repository { what, why }
    };
    gate::with(&env::outside()?, base.config(repo).map_err(unread)?)
}

/// The target, if there is such a one: a slip of the pen must not open another gate.
fn target<'a>(policy: &Gate, name: &'a str) -> Result<&'a str, Error> {
    if !is_name(name) {
        let words = "a target is called by letters, digits, `-` and `_`".to_owned();
        return Err(Error::Usage(words));
    }
    if policy.targets.is_empty() || policy.targets.iter().any(|known| known == name) {
        return Ok(name);
    }
    let known = policy.targets.join(", ");
    Err(Error::Usage(format!("`gate.targets` has no `{name}`: {known}")))
}

/// A file that is there, or what the default branch has in a file for `ssh-keygen`.
enum File {
    At(PathBuf),
    Copy(NamedTempFile),
}

impl File {
    fn of_signers(
        repo: &Repo,
        base: &Base,
        policy: &Gate,
        named: Option<&Path>,
    ) -> Result<Self, Error> {
        let at = |path: &Path| match std::fs::metadata(path) {
            Ok(_) => Ok(Self::At(path.to_owned())),
            Err(source) => Err(Error::File { deed: "read", path: path.to_owned(), source }),
        };
        let unread =
            |why| Error::Repository { what: "the file of allowed signers".to_owned(), why };
        match (named, &policy.signers) {
            (Some(path), _) => at(path),
            (None, Some(Signers::Outside(path))) => at(path),
            (None, Some(Signers::Committed(path))) => {
                let bytes = base.must(repo, path).map_err(unread)?;
                let copy = NamedTempFile::new().and_then(|mut file| {
                    file.write_all(&bytes)?;
                    Ok(file)
                });
                copy.map(Self::Copy).map_err(|error| unread(error.to_string()))
            }
            (None, None) => Err(Error::Usage(format!(
                "no file of allowed signers: {CONFIG} of the default branch names none by \
                 `gate.signers`; --signers names one"
            ))),
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::At(path) => path,
            Self::Copy(file) => file.path(),
        }
    }
}

/// What an approval has to be for.
struct Asked<'a> {
    repo: &'a Repo,
    base: &'a Base,
    policy: &'a Gate,
    target: &'a str,
    commit: &'a str,
    signers: &'a Path,
}

impl Asked<'_> {
    /// Whether what is in `bytes` counts, and who signed it; else why not.
    fn counts(&self, bytes: &[u8]) -> Result<Result<(Approval, String), String>, Error> {
        let flaw = |flaw: crate::approval::Flaw| Ok(Err(flaw.to_string()));
        let Some((text, signature)) = parts(bytes) else {
            return flaw(crate::approval::Flaw::Unreadable);
        };
        let now = env::now();
        // First who signed it, so that what is said of it is said by that person.
        let signer = match ssh::verify(text.as_bytes(), signature, GATE, self.signers, now) {
            Ok(signer) => signer,
            Err(trouble @ ssh::Trouble::NoTool(_)) => {
                return Err(Error::Repository {
                    what: "the signature of an approval".to_owned(),
                    why: trouble.to_string(),
                });
            }
            Err(trouble) => return Ok(Err(trouble.to_string())),
        };
        let Some(approval) = Approval::read(text) else {
            return flaw(crate::approval::Flaw::Unreadable);
        };
        if let Some(why) = approval.flaw(self.commit, self.target, now, self.policy.at_most) {
            return flaw(why);
        }
        let shown = Escaped(signer.as_bytes()).to_string();
        if !self.may_approve(&signer)? {
            return Ok(Err(format!("{shown} signed it and is no approver")));
        }
        if self.policy.four_eyes {
            if !signer.contains('@') || signer.starts_with('@') {
                return Ok(Err(format!(
                    "{shown} is no e-mail address, so it cannot be told from who wrote the commit"
                )));
            }
            let authors = git::authors(self.commit)?;
            if authors.iter().any(|author| author.eq_ignore_ascii_case(&signer)) {
                return Ok(Err(format!("{shown} signed it and wrote the commit (gate.four-eyes)")));
            }
        }
        Ok(Ok((approval, signer)))
    }

    fn may_approve(&self, signer: &str) -> Result<bool, Error> {
        let approvers = &self.policy.approvers;
        for approver in approvers {
            let fits = match approver.strip_prefix("owners:") {
                None => approver.eq_ignore_ascii_case(signer),
                Some(path) => {
                    let owners = self
                        .base
                        .owners(self.repo)
                        .map_err(|why| Error::Repository { what: "CODEOWNERS".to_owned(), why })?;
                    let of = owners.of(path.as_bytes());
                    if of.is_empty() {
                        let path = Escaped(path.as_bytes());
                        report::notice(&format!("CODEOWNERS names nobody for {path}"));
                    }
                    of.iter().any(|owner| owner.eq_ignore_ascii_case(signer))
                }
            };
            if fits {
                return Ok(true);
            }
        }
        Ok(approvers.is_empty())
    }
}

/// The text and the signature of an approval.
fn parts(bytes: &[u8]) -> Option<(&str, &str)> {
    let text = std::str::from_utf8(bytes.get(..bytes.len().min(BYTES_AT_MOST + 1))?).ok()?;
    let at = text.find(ssh::BEGIN).filter(|_| bytes.len() <= BYTES_AT_MOST)?;
    Some(text.split_at(at))
}
