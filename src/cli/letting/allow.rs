//! `leakcoach allow`: a reasoned, ending exception for one credential.

use crate::cli::ask::{Person, Watch};
use crate::cli::check::run::Check;
use crate::cli::letting::because::{HOLDS, refusal};
use crate::cli::letting::file::{fresh_salt, own_file, put_down, until as until_day, write};
use crate::cli::named::{self, Named};
use crate::cli::{env, key::Stretches, open, recorded::recall};
use crate::coach::letting;
use crate::error::Error;
use crate::judge::exception::{Exception, one_line};
use crate::judge::reason::reason;
use crate::record::What;
use crate::source::{Repo, since};
use crate::text::Escaped;
use crate::{exit, report};
use clap::Args;
use std::collections::BTreeSet;

/// What is let through, and why.
#[derive(Debug, Args)]
pub(in crate::cli) struct AllowArgs {
    /// Its id on the card, PATH:LINE or a rule; the only one that is staged or unpushed
    /// where none is named
    finding: Option<String>,
    /// Why it may stay, in words that somebody else can weigh later
    #[arg(long, value_name = "WORDS")]
    reason: Option<String>,
    /// The last day on which it counts, as a date or as days from now; `exceptions.default`
    /// when left out
    #[arg(long, value_name = "DATE|30d")]
    until: Option<String>,
    /// Whose signed approval to ask for (docs/exceptions.md)
    #[arg(long, value_name = "WHO")]
    approver: Option<String>,
    /// Only say what would be written
    #[arg(long)]
    dry_run: bool,
}

/// Writes an exception for one credential.
pub(in crate::cli) fn allow(args: &AllowArgs) -> Result<u8, Error> {
    let repo = open()?;
    let check = Check::new(Some(&repo), &[])?;
    let settings = &check.config.exceptions;
    let actor = env::actor();
    if !settings.lets(&actor) {
        report::notice(&refusal(&actor, args.finding.as_deref()));
        return Ok(exit::REFUSED);
    }
    let found = named::find(&repo, args.finding.as_deref())?.all;
    let ids: BTreeSet<_> = found.iter().map(|one| one.id).collect();
    let Some(one) = found.first().filter(|_| ids.len() == 1) else {
        return Err(Error::Usage(several(&found)));
    };
    let path = own_file(&repo)?;
    let today = env::today();
    let until = until_day(args.until.as_deref(), settings.default, settings.max, today)?;
    let asks = args.approver.as_deref().map(|who| asked(who, &settings.approvers)).transpose()?;
    // What needs no exception comes first, and what an exception costs.
    for words in before(&repo, one) {
        report::notice(&words);
    }
    let given = match &args.reason {
        Some(given) => given.clone(),
        None => typed()?,
    };
    let reason = reason(&given, one.rule.id)
        .and_then(|line| if holds(&check, &line, one) { Err(HOLDS) } else { Ok(line) })
        .map_err(|why| Error::Usage(format!("--reason: {why}")))?;
    let (bytes, mut exceptions) = put_down(&path)?;
    let exception = Exception {
        until: Some(until),
        since: Some(today),
        by: repo.author().map(|mail| one_line(&mail).replace(' ', "_")),
        asks,
        reason,
    };
    let by = Stretches::of(Some(repo.common_dir()));
    let salt = fresh_salt()?;
    exceptions.put(&one.finding(), exception.clone(), salt, &by).ok_or_else(|| {
        Error::Usage("its value cannot be hashed: there is too little memory".to_owned())
    })?;
    let reason = Escaped(exception.reason.as_bytes());
    if args.dry_run {
        report::notice(&format!("would be let through until {until}, because: {reason}"));
        return Ok(exit::PASSED);
    }
    let text = exceptions.to_string();
    if text.as_bytes() != bytes {
        write(&path, &text)?;
    }
    report::notice(&format!("let through until {until}, because: {reason}"));
    let file = crate::judge::exception::FILE;
    report::notice(&format!("share it: git add {file} && git commit"));
    if settings.asks_approval(one.rule.severity) {
        let who = exception.asks.clone().unwrap_or_else(|| settings.approvers.join(" or "));
        let who = Escaped(who.as_bytes());
        report::notice(&format!(
            "it counts once {who} has run: leakcoach exceptions approve {}:{}",
            Escaped(&one.shown_path),
            one.line
        ));
    }
    let allowed = What::Allowed {
        rule: one.rule.id.to_owned(),
        finding: Some(one.id.to_string()),
        until: until.to_string(),
        reason: exception.reason,
        asks: exception.asks,
    };
    recall::note(Some(&repo), vec![allowed]);
    Ok(exit::PASSED)
}

/// Whether words hold the credential that they are about, or another one.
fn holds(check: &Check, words: &str, one: &Named) -> bool {
    let secret = one.secret.expose();
    let own = !secret.is_empty() && memchr::memmem::find(words.as_bytes(), secret).is_some();
    own || check.shown(words.as_bytes()) != words.as_bytes()
}

fn several(found: &[Named]) -> String {
    let lines: BTreeSet<String> = found.iter().map(|one| format!("\n  {}", one.shown())).collect();
    let lines: String = lines.into_iter().take(20).collect();
    format!("there are several of that name; an exception is for one:{lines}")
}

/// Whose approval is asked for: one who is configured to give any.
fn asked(who: &str, approvers: &[String]) -> Result<String, Error> {
    let who = one_line(who);
    let usage = |what: String| Err(Error::Usage(format!("--approver: {what}")));
    if who.is_empty() || who.contains(' ') {
        return usage("a name as in the file of signers, without blanks".to_owned());
    }
    let owners = approvers.iter().any(|one| one == crate::config::exceptions::OWNERS);
    if approvers.is_empty() {
        return usage("nobody's approval counts here; see `exceptions.approvers`".to_owned());
    }
    if !owners && !approvers.contains(&who) {
        let known = approvers.join(", ");
        return usage(format!("{} approve here", Escaped(known.as_bytes())));
    }
    Ok(who)
}

/// How long it has been open, and the way that needs no exception.
fn before(repo: &Repo, one: &Named) -> [String; 2] {
    let since = one.commit.as_deref().and_then(|commit| {
        since::line_since(repo, commit, &one.path, one.line).filter(|_| !one.packed)
    });
    let exposure = one.facts.exposure;
    let instead = letting::instead(exposure, Some(one.id), one.rule.id);
    [
        format!("{}: {}", one.shown(), letting::window(exposure, since, env::now())),
        format!("the way that needs no exception: {instead}"),
    ]
}

/// The reason, as the person types it.
fn typed() -> Result<String, Error> {
    let missing = || Error::Usage("say why it may stay: --reason WORDS".to_owned());
    let mut person = Person::present().ok_or_else(missing)?;
    let typed = person.ask("why may it stay? ", &Watch::begin())?;
    typed.filter(|line| !line.trim().is_empty()).ok_or_else(missing)
}
