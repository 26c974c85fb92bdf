//! `leakcoach gate approve`: says that a commit may go somewhere for a while, and signs that.

use super::{REFS, base, git, policy, target};
use crate::approval::{Approval, GATE, ssh, time};
use crate::cli::env;
use crate::config::record::length;
use crate::error::Error;
use crate::exit;
use crate::report;
use clap::Args;
use std::io::Write as _;
use std::path::PathBuf;
use tempfile::NamedTempFile;

#[derive(Debug, Args)]
pub(in crate::cli) struct ApproveArgs {
    /// Where the deployment goes
    #[arg(long, value_name = "NAME")]
    target: String,
    /// The commit that may be deployed
    #[arg(long, value_name = "REVISION", default_value = "HEAD")]
    commit: String,
    /// For how long
    #[arg(long = "for", value_name = "DURATION")]
    lasts: String,
    /// Why
    #[arg(long, value_name = "WORDS")]
    reason: String,
    /// The SSH key to sign with; git's `user.signingKey` or a key in ~/.ssh when not given
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Write the approval into this file instead of a ref
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Push the ref at once, to origin or to the remote that is named
    #[arg(long, value_name = "REMOTE", num_args = 0..=1, default_missing_value = "origin", conflicts_with = "output")]
    push: Option<String>,
}

pub(in crate::cli) fn approve(args: &ApproveArgs) -> Result<u8, Error> {
    let repo = crate::cli::open()?;
    let policy = policy(&repo, &base(&repo)?)?;
    let target = target(&policy, &args.target)?;
    let commit = git::commit(&args.commit)?;
    let lasts = length(&args.lasts)
        .ok_or_else(|| Error::Usage("--for is a length of time such as 2h".to_owned()))?;
    if lasts > policy.at_most {
        let (most, unit) = match policy.at_most {
            hours if hours % 3600 == 0 => (hours / 3600, "h"),
            seconds => (seconds / 60, " minutes"),
        };
        return Err(Error::Usage(format!("policy lets an approval last {most}{unit} at most")));
    }
    if args.reason.trim().is_empty() || args.reason.len() > 500 {
        return Err(Error::Usage("--reason is a short sentence".to_owned()));
    }
    let now = env::now();
    let reason = args.reason.trim().to_owned();
    let approval =
        Approval { target: target.to_owned(), commit, from: now, until: now + lasts, reason };
    let text = approval.text();
    let key = Key::found(args.key.as_deref())?;
    let signature =
        ssh::sign(text.as_bytes(), GATE, key.path()).map_err(|trouble| Error::Hook {
            what: trouble.to_string(),
            hint: "name a key by --key FILE, a private one or a public one of your agent"
                .to_owned(),
        })?;
    let whole = format!("{text}{signature}");
    let (commit, until) = (&approval.commit, time(approval.until));
    if let Some(path) = &args.output {
        std::fs::write(path, &whole).map_err(|source| Error::File {
            deed: "write",
            path: path.clone(),
            source,
        })?;
        report::notice(&format!("{commit:.12} may go to {target} until {until}"));
        return Ok(exit::PASSED);
    }
    let name = git::keep(&format!("{REFS}/{target}/{commit}"), &whole)?;
    if let Some(remote) = &args.push {
        if let Err(why) = git::push(remote, &name)? {
            report::notice(&format!("signed, but not pushed: {why}"));
            report::line(&format!("    git push --no-verify {remote} {name}:{name}"));
            return Ok(exit::INCOMPLETE);
        }
        report::notice(&format!("{commit:.12} may go to {target} until {until}"));
    } else {
        report::notice(&format!(
            "{commit:.12} may go to {target} until {until}, once it is pushed:"
        ));
        report::line(&format!("    git push --no-verify origin {name}:{name}"));
    }
    Ok(exit::PASSED)
}

/// A key to sign with, and the file in which it is.
enum Key {
    At(PathBuf),
    /// A public key that git's settings have word by word; its agent has the other half.
    Literal(NamedTempFile),
}

impl Key {
    fn found(given: Option<&std::path::Path>) -> Result<Self, Error> {
        if let Some(path) = given {
            return Ok(Self::At(path.to_owned()));
        }
        let by_ssh = git::setting("gpg.format")?.is_some_and(|format| format == "ssh");
        let configured = git::setting("user.signingKey")?.filter(|key| by_ssh && !key.is_empty());
        if let Some(key) = configured {
            let literal =
                key.strip_prefix("key::").or_else(|| key.starts_with("ssh-").then_some(&key));
            let Some(literal) = literal else {
                let home = key.strip_prefix("~/").zip(env::home());
                return Ok(Self::At(
                    home.map_or_else(|| key.clone().into(), |(rest, home)| home.join(rest)),
                ));
            };
            let made = NamedTempFile::new().and_then(|mut file| {
                writeln!(file, "{literal}")?;
                Ok(file)
            });
            let path = PathBuf::from("a temporary file");
            return made.map(Self::Literal).map_err(|source| Error::File {
                deed: "write",
                path,
                source,
            });
        }
        let folder = env::home().map(|home| home.join(".ssh")).unwrap_or_default();
        let usual = ["id_ed25519", "id_ecdsa", "id_rsa"].into_iter().map(|name| folder.join(name));
        usual
            .into_iter()
            .find(|path| path.exists())
            .map(Self::At)
            .ok_or_else(|| Error::Usage("no SSH key in ~/.ssh: name one by --key FILE".to_owned()))
    }

    fn path(&self) -> &std::path::Path {
        match self {
            Self::At(path) => path,
            Self::Literal(file) => file.path(),
        }
    }
}
