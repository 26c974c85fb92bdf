//! `leakcoach remediate`: the whole way out of one credential, step by step, remembered.

mod ask;
mod kept;
mod look;
mod next;
mod show;

use crate::cli::named::{self, Named};
use crate::cli::teach::rules::Format;
use crate::cli::{env, open};
use crate::config::Config;
use crate::error::Error;
use crate::judge::Terminal;
use crate::judge::fingerprint::FindingId;
use crate::remedy::case::file::Fault;
use crate::remedy::case::{self, Event, Memory, Proof, Standing, Step, What};
use crate::remedy::vault::keeps_in;
use crate::scan::Text;
use crate::source::Repo;
use crate::source::role::FileRole;
use crate::text::Escaped;
use crate::{exit, report};
use clap::Args;
use kept::Cases;
use look::Look;
use std::collections::BTreeSet;

/// As long as a person's words on a step may be.
const WORDS: usize = 500;

/// Which case, and what is said of it.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(in crate::cli) struct RemediateArgs {
    /// The finding: its id on the card, PATH:LINE or its rule; may be left out where there is one
    finding: Option<String>,
    /// Say that a step is done, and where that can be seen: revoked, rotated, vaulted, mended,
    /// history or abuse
    #[arg(long, value_name = "STEP[=EVIDENCE]", value_parser = said)]
    done: Vec<(Step, String)>,
    /// Leave a step out: rotated, vaulted, history or abuse
    #[arg(long, value_name = "STEP", value_parser = step, requires = "reason")]
    skip: Vec<Step>,
    /// Why it is left out
    #[arg(long, value_name = "WORDS", requires = "skip")]
    reason: Option<String>,
    /// Print the next step only
    #[arg(long, conflicts_with_all = ["done", "skip", "status", "close", "reopen"])]
    next: bool,
    /// Print what is open and since when; with a finding, that case alone
    #[arg(long, conflicts_with_all = ["done", "skip", "close", "reopen"])]
    status: bool,
    /// With --status: closed cases too
    #[arg(long, requires = "status")]
    all: bool,
    /// Close the case, once nothing is left to do
    #[arg(long)]
    close: bool,
    /// Open a closed case again
    #[arg(long, conflicts_with = "close")]
    reopen: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

fn step(word: &str) -> Result<Step, String> {
    Step::named(word).ok_or_else(|| {
        let known: Vec<&str> = Step::ALL.iter().map(|step| step.word()).collect();
        format!("one of: {}", known.join(", "))
    })
}

fn said(text: &str) -> Result<(Step, String), String> {
    let (word, evidence) = text.split_once('=').unwrap_or((text, ""));
    Ok((step(word)?, evidence.to_owned()))
}

impl From<Fault> for Error {
    fn from(Fault { deed, path, source }: Fault) -> Self {
        Self::File { deed, path, source }
    }
}

/// Shows or moves on the case that `args` name. Gives 1 while something is left to do.
pub(in crate::cli) fn remediate(args: &RemediateArgs) -> Result<u8, Error> {
    let repo = open()?;
    let cases = Cases::of(&repo)?;
    if let count @ 1.. = cases.unread() {
        report::notice(&format!(
            "{count} lines of what is remembered of cases cannot be read: a newer leakcoach may \
             have written them"
        ));
    }
    if args.status && args.finding.is_none() {
        show::status(&case::cases(&cases.events(None)?), args.all, args.format);
        return Ok(exit::PASSED);
    }
    let name = chosen(&repo, &cases, args.finding.as_deref())?;
    let mut look = Look::at(&repo, &cases, &name)?;
    let changes = args.close || args.reopen || !args.done.is_empty() || !args.skip.is_empty();
    if args.reopen {
        reopen(&mut look)?;
    }
    if changes && !args.reopen && look.case.closed.is_some() {
        let what = format!("the case {} is closed: --reopen opens it again", look.case.id);
        return Err(Error::Usage(what));
    }
    for (step, evidence) in &args.done {
        say_done(&repo, &mut look, *step, evidence)?;
    }
    for step in &args.skip {
        skip(&repo, &mut look, *step, args.reason.as_deref().unwrap_or_default())?;
    }
    if args.close {
        return close(&mut look, args.format);
    }
    if args.next {
        return Ok(show::next(&look, args.format));
    }
    let can_ask = env::terminal(&env::actor()) == Terminal::Interactive;
    if can_ask && !changes && !args.status && matches!(args.format, Format::Text) {
        return ask::through(&repo, &cases, look);
    }
    show::case(&look, args.format);
    Ok(if changes || args.status { exit::PASSED } else { left(&look) })
}

/// 1 while something is left to do.
fn left(look: &Look<'_>) -> u8 {
    if look.lacks().is_empty() { exit::PASSED } else { exit::REFUSED }
}

/// The case that is meant: as it is named, else the only one that is open or could be.
fn chosen(repo: &Repo, cases: &Cases, name: Option<&str>) -> Result<String, Error> {
    if let Some(name) = name {
        return Ok(name.to_owned());
    }
    let known = case::cases(&cases.events(None)?);
    let open = known.into_iter().filter(|case| case.closed.is_none());
    let mut ids: BTreeSet<String> = open.map(|case| case.id).collect();
    ids.extend(named::all(repo, false)?.iter().map(|one| one.id.to_string()));
    let mut all = ids.into_iter();
    match (all.next(), all.next()) {
        (Some(id), None) => Ok(id),
        (None, _) => {
            let found = named::find(repo, None)?.all.into_iter().next();
            let nothing = || Error::Usage("there is no credential to deal with".to_owned());
            found.map(|one| one.id.to_string()).ok_or_else(nothing)
        }
        (Some(first), Some(second)) => {
            let ids: String = [first, second].into_iter().chain(all).take(20).fold(
                String::new(),
                |mut ids, id| {
                    ids.push_str("\n  ");
                    ids.push_str(&id);
                    ids
                },
            );
            Err(Error::Usage(format!(
                "there are several; say which (leakcoach remediate --status tells more):{ids}"
            )))
        }
    }
}

fn reopen(look: &mut Look<'_>) -> Result<(), Error> {
    if look.case.closed.is_none() {
        return Err(Error::Usage(format!("the case {} is open", look.case.id)));
    }
    look.keep(What::Reopened)
}

fn say_done(repo: &Repo, look: &mut Look<'_>, step: Step, evidence: &str) -> Result<(), Error> {
    belongs(look, step)?;
    let evidence = fit(repo, look, evidence, "the evidence")?;
    match step {
        Step::Mended if !look.places().is_empty() => {
            let what = format!("it is not mended: it is in {}", look.places().join(", "));
            return Err(Error::Usage(what));
        }
        Step::Revoked if look.answered_alive() => {
            let id = &look.case.id;
            return Err(Error::Usage(format!(
                "its service said that it is alive; once it is revoked: leakcoach verify {id} --fresh"
            )));
        }
        Step::Revoked if evidence.is_empty() && look.check() == case::Check::None => {
            return Err(Error::Usage(
                "no service can be asked about it: say who revoked it where, by --done \
                 revoked='…'"
                    .to_owned(),
            ));
        }
        Step::Revoked
        | Step::Rotated
        | Step::Vaulted
        | Step::Mended
        | Step::History
        | Step::Abuse => {}
    }
    look.keep(What::Done { step, evidence, proof: Proof::Said })?;
    if step == Step::Revoked && look.check() == case::Check::Possible {
        let id = &look.case.id;
        report::notice(&format!("now let its service prove it: leakcoach verify {id} --fresh"));
    }
    Ok(())
}

fn skip(repo: &Repo, look: &mut Look<'_>, step: Step, reason: &str) -> Result<(), Error> {
    belongs(look, step)?;
    if !step.may_be_skipped() {
        return Err(Error::Usage(match step {
            Step::Revoked => "a credential that others have seen is revoked, whatever the reason; \
                              where no service can be asked: --done revoked='WHO AND WHERE'"
                .to_owned(),
            Step::Rotated | Step::Vaulted | Step::Mended | Step::History | Step::Abuse => {
                format!("no case ends while files hold it: leakcoach fix {}", look.case.id)
            }
        }));
    }
    let reason = fit(repo, look, reason, "the reason")?;
    if reason.is_empty() {
        return Err(Error::Usage("--reason: say why, for whoever asks later".to_owned()));
    }
    look.keep(What::Skipped { step, reason })
}

/// That `step` is one of the case's.
fn belongs(look: &Look<'_>, step: Step) -> Result<(), Error> {
    if look.case.steps().contains(&step) {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "`{step}` is no step of this case: the credential is {}, and nobody else has it",
        look.case.exposure
    )))
}

/// Words of a person, once no credential is in them.
fn fit(repo: &Repo, look: &Look<'_>, words: &str, which: &str) -> Result<String, Error> {
    let words: String = Escaped(words.trim().as_bytes()).to_string();
    if words.chars().count() > WORDS {
        return Err(Error::Usage(format!("{which} is longer than {WORDS} characters")));
    }
    let own = look.named().is_some_and(|one| keeps_in(words.as_bytes(), &one.secret));
    let config = Config::load_with(&env::outside()?, repo.top(), &[])?;
    let text = Text { bytes: words.as_bytes(), path: b"words", role: FileRole::Source };
    if own || !crate::cli::check::users::scanner(&config).scan(&text).findings.is_empty() {
        let what = format!("{which} has a credential in it, which would be kept: use other words");
        return Err(Error::Usage(what));
    }
    Ok(words)
}

fn close(look: &mut Look<'_>, format: Format) -> Result<u8, Error> {
    let lacks = look.lacks();
    if !lacks.is_empty() {
        for lack in &lacks {
            report::notice(&format!("not closed: {}: {}", lack.step, lack.why));
        }
        show::next(look, format);
        return Ok(exit::REFUSED);
    }
    look.keep(What::Closed)?;
    show::case(look, format);
    Ok(exit::PASSED)
}

/// Remembers what another command did for a step, where there is an open case.
pub(in crate::cli) fn note(repo: &Repo, one: &Named, what: What) {
    noted(repo, one.id, what, env::now());
}

fn noted(repo: &Repo, id: FindingId, what: What, at: i64) {
    let case = id.to_string();
    let keep = || -> Result<(), Error> {
        let cases = Cases::of(repo)?;
        let events = cases.events(Some(&case))?;
        match case::Case::fold(&events) {
            Some(known) if says_more(&known, &what) => {
                cases.append(&[Event { case: case.clone(), at, what }])
            }
            Some(_) | None => Ok(()),
        }
    };
    if let Err(error) = keep() {
        report::notice(&format!("the case does not tell of it: {error}"));
    }
}

/// Whether `what` is not known already.
fn says_more(known: &case::Case, what: &What) -> bool {
    match what {
        What::Done { step, proof, .. } => !matches!(
            known.standing(*step),
            Standing::Done { proof: known, .. } if known >= *proof
        ),
        What::Undone { step, .. } => matches!(known.standing(*step), Standing::Done { .. }),
        What::Found { exposure, .. } => case::further(known.exposure, *exposure) != known.exposure,
        What::Skipped { .. } | What::Closed | What::Reopened => true,
    }
}
