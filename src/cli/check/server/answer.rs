//! The answer to a push: cards, or what was let through and why.

use super::{Ended, Progress};
use crate::cli::check::checked::Checked;
use crate::cli::check::run::Check;
use crate::cli::{check::decided, env};
use crate::coach::Card;
use crate::config::server::Answer;
use crate::exit;
use crate::judge::Verdict;
use crate::judge::reason::reason;
use crate::report::{self, Style};
use crate::source::Coverage;
use crate::text::{Count, Escaped};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::time::Duration;

/// git puts `remote: ` before each line that the pusher sees.
const STYLE: Style = Style { width: 72, unicode: false };

/// The push option that says why a refusal is to be overridden.
const REASON: &[u8] = b"leakcoach.reason=";

/// As many places are named at most.
const PLACES: usize = 20;

/// Where the objects of a push are once its hook has refused it.
#[derive(Clone, Copy)]
pub(super) enum Objects {
    /// git throws its quarantine away.
    Go,
    /// git has taken them in before it asked: they stay, though no ref reaches them.
    Stay,
}

impl Objects {
    /// What that means for a credential among them, after the words of a card.
    const fn after_a_refusal(self) -> &'static str {
        match self {
            Self::Go => ": while no other place has it, nothing needs revoking",
            Self::Stay => {
                ": what was sent lies here until git prunes it, and whoever can fetch by id \
                 can read it, so revoke it"
            }
        }
    }
}

/// A push that was checked, as far as the time went.
pub(super) struct Push {
    pub(super) check: Arc<Check>,
    pub(super) place: env::Server,
    pub(super) limit: Duration,
    pub(super) progress: Progress,
    pub(super) ended: Ended,
    /// What is answered: `the push`, or `the push to refs/heads/main`.
    pub(super) what: String,
    pub(super) objects: Objects,
}

/// What was found in a push.
struct Findings {
    refused: Vec<Card>,
    noted: Vec<Card>,
    /// What is to be said of what was decided before.
    told: Vec<String>,
    coverage: Coverage,
}

impl Findings {
    fn of(checked: Checked) -> Self {
        let Checked { mut cards, coverage, told, moment: _ } = checked;
        let settled = cards.extract_if(.., |card| card.judgement.is_settled());
        let settled: Vec<Card> = settled.collect();
        let (noted, refused) =
            cards.into_iter().partition(|card| card.judgement.verdict == Verdict::Permit);
        let told = told.into_iter().chain(decided::words_for(&settled)).collect();
        Self { refused, noted, told, coverage }
    }
}

impl Push {
    /// Says what there is to say to the pusher, and gives the exit code.
    pub(super) fn answer(mut self) -> u8 {
        let mut found = Findings::of(std::mem::take(&mut self.progress.checked));
        let code = self.code(&found);
        if code == exit::PASSED {
            self.remarks(&found);
            return code;
        }
        match self.reason() {
            Some(Ok(reason)) => {
                self.let_through(&found, &reason);
                exit::PASSED
            }
            reason => {
                let after = self.objects.after_a_refusal();
                found.refused.iter_mut().for_each(|card| card.here.push_str(after));
                report::received(&found.refused, &found.coverage, self.progress.done, STYLE);
                self.remarks(&found);
                self.refuse(&found, reason.and_then(Result::err).as_deref());
                code
            }
        }
    }

    fn code(&self, found: &Findings) -> u8 {
        if !found.refused.is_empty() {
            return exit::REFUSED;
        }
        match &self.ended {
            Ended::Failed(error) => error.exit_code(),
            Ended::TimeUp if self.check.config.server.at_time_limit == Answer::Closed => {
                exit::INCOMPLETE
            }
            Ended::Whole | Ended::TimeUp if found.coverage.unread.is_empty() => exit::PASSED,
            Ended::Whole | Ended::TimeUp => exit::INCOMPLETE,
        }
    }

    /// What is said whether the push is taken or not.
    fn remarks(&self, found: &Findings) {
        for card in found.noted.iter().take(PLACES) {
            let (place, because) = (place_of(card), &card.judgement.because);
            report::notice(&format!("not refused: {place}: {because}"));
        }
        report::unopened(&found.coverage);
        found.told.iter().for_each(|words| report::notice(words));
        match &self.ended {
            Ended::Whole => {}
            Ended::TimeUp => report::notice(&self.time_is_up()),
            Ended::Failed(error) => report::error(error),
        }
    }

    fn time_is_up(&self) -> String {
        let checked = match self.progress.of {
            Some(of) => format!("{} of {} were checked", self.progress.done, Count(of, "commit")),
            None => "the commits were not even counted".to_owned(),
        };
        format!("this server ends a check after {:?}: {checked}", self.limit)
    }

    fn refuse(&self, found: &Findings, why_not: Option<&str>) {
        let what = &self.what;
        let (kept, rest) = match self.objects {
            Objects::Go => ("nothing of it is kept", ""),
            Objects::Stay => ("no ref reaches it", "; each other ref has an answer of its own"),
        };
        report::notice(&format!("this server refused {what}: {kept}{rest}"));
        if let (Ended::TimeUp, true) = (&self.ended, found.refused.is_empty()) {
            report::notice(
                "push fewer commits at a time: git push REMOTE COMMIT:refs/heads/BRANCH",
            );
        }
        let overridable = self.check.config.server.override_by_reason;
        match why_not {
            Some(why) => report::notice(why),
            None if overridable => report::notice(
                "if it must go through, say why: git push -o leakcoach.reason=\"WORDS\"",
            ),
            None => {}
        }
        if self.place.gitlab {
            // GitLab shows only such lines in its pages.
            let first = match found.refused.as_slice() {
                [] => "could not check all of it".to_owned(),
                [one] => place_of(one),
                [one, others @ ..] => format!("{} and {} more", place_of(one), others.len()),
            };
            report::data(&format!("GL-HOOK-ERR: leakcoach refused {what}: {first}"));
        }
    }

    /// The pusher's reason to let it through nevertheless, or why that does not count.
    /// Nothing where none was given.
    fn reason(&self) -> Option<Result<String, String>> {
        let options: Vec<_> = env::push_options().collect();
        let given = options.iter().find_map(|option| option.as_bytes().strip_prefix(REASON))?;
        if !self.check.config.server.override_by_reason {
            let why = "your reason does not count: this server lets none override";
            return Some(Err(why.to_owned()));
        }
        let given = String::from_utf8_lossy(given);
        let scanned = self.check.scan(b"", given.as_bytes(), &mut Coverage::default());
        if !scanned.findings.is_empty() {
            return Some(Err("your reason holds a credential itself: revoke that".to_owned()));
        }
        let weighed = reason(&given, "");
        let weighed = weighed.map_err(|why| format!("your reason does not count: {why}"));
        Some(weighed.map(|_| Escaped(given.trim().as_bytes()).to_string()))
    }

    fn let_through(&self, found: &Findings, reason: &str) {
        report::notice(&format!("this server let {} through by your reason: {reason}", self.what));
        for card in found.refused.iter().take(PLACES) {
            report::notice(&format!("let through: {}", place_of(card)));
        }
        if let Some(more @ 1..) = found.refused.len().checked_sub(PLACES) {
            report::notice(&format!("let through: {more} more"));
        }
        for unread in found.coverage.unread.iter().take(PLACES) {
            let path = Escaped(&unread.path);
            report::notice(&format!("let through unchecked: {path}: {}", unread.why));
        }
        self.remarks(found);
        if !found.refused.is_empty() {
            let words = "whoever reads this repository has them now: revoke what is real";
            report::notice(words);
        }
    }
}

fn place_of(card: &Card) -> String {
    format!("{}:{} [{}]", card.path, card.line, card.rule)
}
