//! `leakcoach exceptions approve`: an exception signed.

use super::{own_file, put_down};
use crate::cli::check::run::Check;
use crate::cli::key::Stretches;
use crate::cli::letting::approval::{Trust, listed};
use crate::cli::letting::file::write;
use crate::cli::named::{self, Named};
use crate::cli::{env, open, recorded::recall};
use crate::coach::letting;
use crate::error::Error;
use crate::judge::Actor;
use crate::judge::approval::{self, is_name};
use crate::judge::exception::{Exception, Exceptions};
use crate::judge::salt::ValueHash;
use crate::record::What;
use crate::source::Repo;
use crate::text::Escaped;
use crate::{exit, report};
use clap::Args;
use std::path::{Path, PathBuf};

/// What is signed, and with which key.
#[derive(Debug, Args)]
pub(in crate::cli) struct ApproveArgs {
    /// The finding: its id, PATH:LINE or a rule; or the exception's hash
    finding: String,
    /// Whose approval it is, as the file of signers names them; your mail address in git when
    /// left out
    #[arg(long = "as", value_name = "WHO")]
    who: Option<String>,
    /// The private key, or the public one of a key in your agent; git's user.signingkey when
    /// left out
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

fn usage(what: impl Into<String>) -> Error {
    Error::Usage(what.into())
}

/// Signs an exception.
pub(in crate::cli) fn approve(args: &ApproveArgs) -> Result<u8, Error> {
    if env::actor() != Actor::Person {
        report::notice("only a person approves an exception");
        return Ok(exit::REFUSED);
    }
    let repo = open()?;
    let check = Check::new(Some(&repo), &[])?;
    let (_, exceptions) = put_down(&own_file(&repo)?)?;
    let (hash, rule, exception, named) = found(&repo, &exceptions, &args.finding)?;
    let trust = Trust::of(&repo, &check.config.exceptions, false);
    if let Some(why) = trust.told.first() {
        return Err(usage(why.clone()));
    }
    if trust.settings.approvers.is_empty() {
        return Err(usage("no exception takes an approval here; see `exceptions.approvers`"));
    }
    let today = env::today();
    if !exception.is_live(today) {
        return Err(usage("it has ended; decide again: leakcoach allow"));
    }
    if let Some(why) = exception.fault(today, trust.settings.max) {
        return Err(usage(format!("it does not count: {why}")));
    }
    let who = match &args.who {
        Some(who) => who.clone(),
        None => {
            repo.author().ok_or_else(|| usage("git knows no mail address of yours: --as WHO"))?
        }
    };
    if exception.by.as_ref() == Some(&who) {
        return Err(usage("nobody approves an exception of their own"));
    }
    let path = named.as_ref().map(|one| one.path.to_vec()).unwrap_or_default();
    let approvers = trust.approvers(exception, &path);
    if !is_name(&who) || !approvers.contains(&who) {
        let (who, known) = (Escaped(who.as_bytes()), listed(&approvers));
        return Err(usage(format!("{who} may not approve it; who may: {known}")));
    }
    tell(&check, rule, exception, named.as_ref());
    let (key, _kept) = key(&repo, args.key.as_deref())?;
    let approvals = trust.approve((hash, rule, exception), &who, &key)?;
    let top = repo.top().unwrap_or(Path::new("."));
    write(&top.join(approval::FILE), &approvals.to_string())?;
    let until = exception.until.map(|until| until.to_string()).unwrap_or_default();
    report::notice(&format!("approved by {} until {until}", Escaped(who.as_bytes())));
    report::notice(&format!("share it: git add {} && git commit", approval::FILE));
    let finding = named.map(|one| one.id.to_string());
    recall::note(Some(&repo), vec![What::Approved { rule: rule.to_owned(), finding, who, until }]);
    Ok(exit::PASSED)
}

/// The exception that is called `name`, and the finding that it is for where that is here.
fn found<'e>(
    repo: &Repo,
    exceptions: &'e Exceptions,
    name: &str,
) -> Result<(ValueHash, &'e str, &'e Exception, Option<Named>), Error> {
    let all = exceptions.all();
    if let Some(hash) = ValueHash::parse(name) {
        let known = all.into_iter().find(|(known, ..)| *known == hash);
        let (hash, rule, it) = known.ok_or_else(|| usage("there is no exception of that hash"))?;
        return Ok((hash, rule, it, None));
    }
    let by = Stretches::of(Some(repo.common_dir()));
    for one in named::find(repo, Some(name))?.all {
        if let Some((hash, _)) = exceptions.find(&one.finding(), &by)
            && let Some((hash, rule, it)) = all.iter().find(|(known, ..)| *known == hash)
        {
            return Ok((*hash, rule, it, Some(one)));
        }
    }
    Err(usage("there is no exception for it: leakcoach allow makes one"))
}

/// What is about to be signed.
fn tell(check: &Check, rule: &str, exception: &Exception, named: Option<&Named>) {
    let by = exception.by.as_deref().unwrap_or("somebody");
    let reason = check.shown(exception.reason.as_bytes());
    let rule = Escaped(rule.as_bytes());
    report::notice(&format!(
        "{rule}, asked for by {}: {}",
        Escaped(by.as_bytes()),
        Escaped(&reason)
    ));
    if let Some(one) = named {
        let window = letting::window(one.facts.exposure, None, env::now());
        report::notice(&format!("{}: {window}", one.shown()));
        let instead = letting::instead(one.facts.exposure, Some(one.id), one.rule.id);
        report::notice(&format!("the way that needs no exception: {instead}"));
    }
}

/// The file of the key, and what keeps it there as long as it is needed.
fn key(
    repo: &Repo,
    given: Option<&Path>,
) -> Result<(PathBuf, Option<tempfile::NamedTempFile>), Error> {
    if let Some(path) = given {
        return Ok((path.to_owned(), None));
    }
    let missing = || usage("git has no user.signingkey: --key FILE");
    let known = repo.signing_key().ok_or_else(missing)?;
    // git takes the public key itself, too (git-config(1), user.signingKey).
    let literal = known.strip_prefix("key::").or(known.starts_with("ssh-").then_some(&*known));
    let Some(literal) = literal else { return Ok((known.into(), None)) };
    let failed = |source| Error::File { deed: "write", path: PathBuf::from("a temp file"), source };
    let file = tempfile::NamedTempFile::new().map_err(failed)?;
    std::fs::write(file.path(), format!("{literal}\n")).map_err(failed)?;
    Ok((file.path().to_owned(), Some(file)))
}
