//! What the record keeps of lessons and drills, and what it is asked for them.

use crate::catalogue::{Catalogue, Rule};
use crate::cli::recorded::recall::{self, Own};
use crate::coach::drill::Score;
use crate::error::Error;
use crate::record::What;
use crate::source::Repo;

/// Keeps the score of a drill.
pub(in crate::cli) fn remember(score: &Score) {
    let words = |rules: &[&str]| rules.iter().map(|rule| (*rule).to_owned()).collect();
    keep(What::Drill {
        found: words(&score.found),
        missed: words(&score.missed),
        false_alarms: u32::try_from(score.false_alarms).unwrap_or(u32::MAX),
    });
}

/// Keeps that a lesson was read.
pub(in crate::cli) fn read(lesson: &str) {
    keep(What::Lesson { lesson: lesson.to_owned() });
}

/// Lessons and drills are for everywhere: outside of a repository they belong to none.
fn keep(what: What) {
    recall::note(crate::cli::open().ok().as_ref(), vec![what]);
}

/// The rule whose credential was last found in this repository.
///
/// # Errors
/// The record cannot be read.
pub(in crate::cli) fn last_found(repo: &Repo) -> Result<Option<&'static Rule>, Error> {
    let Some(record) = Own::open(repo)? else { return Ok(None) };
    Ok(record.last_met()?.and_then(|id| Catalogue::builtin().rule(&id)))
}
