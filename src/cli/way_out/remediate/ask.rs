//! A case gone through with the person at the terminal.

use super::kept::Cases;
use super::look::Look;
use super::next::{Next, next};
use super::{close, exit, left, say_done, show, skip};
use crate::cli::ask::typed;
use crate::cli::run_within;
use crate::cli::teach::rules::Format;
use crate::error::Error;
use crate::remedy::case::Step;
use crate::report;
use crate::source::Repo;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a person wants done about a step.
enum Answer {
    Yes,
    Skip,
    Later,
}

/// Goes on from step to step until the person has had enough, or nothing is left.
pub(super) fn through<'a>(repo: &Repo, cases: &'a Cases, mut look: Look<'a>) -> Result<u8, Error> {
    let id = look.case.id.clone();
    let careful = stays_when_stopped(&id);
    if look.case.closed.is_some() {
        show::case(&look, Format::Text);
        return Ok(exit::PASSED);
    }
    while let Some((step, next)) = next(&look) {
        show::before_asking(&look, step, &next);
        match asked(step, &next) {
            Answer::Yes => {
                if !done(repo, &mut look, step, &next, &careful)? {
                    break;
                }
            }
            Answer::Skip => {
                let reason = typed("why: ").unwrap_or_default();
                if let Err(error) = skip(repo, &mut look, step, &reason) {
                    report::error(&error);
                    break;
                }
            }
            Answer::Later => break,
        }
        // The work tree, the commits and what services said have changed.
        let repo = repo.reopen()?;
        look = Look::at(&repo, cases, &id)?;
        if look.lacks().first().is_some_and(|lack| lack.step == step) {
            report::notice(&format!("{step} is still open: {}", why(&look, step)));
            break;
        }
    }
    if look.lacks().is_empty() {
        return close(&mut look, Format::Text);
    }
    report::notice(&format!("the case stays as it is; to go on: leakcoach remediate {id}"));
    Ok(left(&look))
}

fn why(look: &Look<'_>, step: Step) -> String {
    let lack = look.lacks().into_iter().find(|lack| lack.step == step);
    lack.map(|lack| lack.why).unwrap_or_default()
}

/// Does the step, or takes the person's word for it. Gives whether to go on.
fn done(
    repo: &Repo,
    look: &mut Look<'_>,
    step: Step,
    next: &Next,
    careful: &Arc<AtomicBool>,
) -> Result<bool, Error> {
    if let Some(run) = &next.run {
        let words: Vec<&str> = run.iter().map(String::as_str).collect();
        careful.store(step == Step::Vaulted, Ordering::SeqCst);
        let done = run_within(&words);
        careful.store(false, Ordering::SeqCst);
        return match done {
            Ok(code) => Ok(code == exit::PASSED),
            Err(error) => {
                report::error(&error);
                Ok(false)
            }
        };
    }
    if step == Step::Mended || step == Step::History && look.is_local() {
        // It is seen whether it is done.
        return Ok(true);
    }
    let evidence = typed("what was done, and where it can be seen (Enter for nothing): ");
    let Some(evidence) = evidence else { return Ok(false) };
    match say_done(repo, look, step, &evidence) {
        Ok(()) => Ok(true),
        Err(error @ Error::Usage(_)) => {
            report::error(&error);
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn asked(step: Step, next: &Next) -> Answer {
    let yes = if next.run.is_some() { "y to do it" } else { "y when it is done" };
    let skip = if step.may_be_skipped() { ", s to leave it out" } else { "" };
    match typed(&format!("{yes}{skip}, anything else for later: ")).as_deref() {
        Some("y" | "Y" | "yes") => Answer::Yes,
        Some("s" | "S" | "skip") => Answer::Skip,
        Some(_) | None => Answer::Later,
    }
}

/// Lets Ctrl-C say where the case stays. While the flag that is given is set, another command
/// ends as it knows best.
fn stays_when_stopped(id: &str) -> Arc<AtomicBool> {
    let careful = Arc::new(AtomicBool::new(false));
    let (id, flag) = (id.to_owned(), Arc::clone(&careful));
    // Where no handler is to be had, a signal ends all at once, as it always did.
    if let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) {
        std::thread::spawn(move || {
            for signal in signals.forever() {
                if flag.load(Ordering::SeqCst) {
                    continue;
                }
                report::notice(&format!(
                    "\nstopped: the case stays where it was; to go on: leakcoach remediate {id}"
                ));
                let _ended = emulate_default_handler(signal);
            }
        });
    }
    careful
}
