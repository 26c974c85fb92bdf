//! Staged: nobody else has it. Unstage, edit, commit again.

use super::{Job, Step};
use crate::source::InProgress;
use crate::source::trail::{Staging, State};

pub(super) fn steps(job: &Job<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    // The same value is in a commit that others have: its file was touched, or it was moved.
    if job.is_pushed() {
        steps.push(job.revoke_first());
    }
    steps.extend([job.take_out(&job.path), job.vault(), again(job)]);
    steps
}

fn again(job: &Job<'_>) -> Step {
    let path = job.staged_paths();
    let Some(trail) = job.trail() else {
        return Step::of("commit again", format!("git add -- {path} && git commit"));
    };
    let State { in_progress, conflicted, staging, .. } = trail.state;
    // A file that is kept out whole has no other changes to leave out.
    let part = if trail.course.mixed && !job.is_outside() { "-p " } else { "" };
    let add = format!("git add {part}-- {path}");
    if conflicted {
        let words = "resolve the conflicts, stage what you resolved, and commit again";
        return Step::of(words, format!("{add} && git status"));
    }
    let commit = match in_progress {
        Some(InProgress::Rebase) => "git rebase --continue",
        Some(InProgress::CherryPick) => "git cherry-pick --continue",
        Some(InProgress::Revert) => "git revert --continue",
        Some(InProgress::Merge) | None => "git commit",
    };
    match staging {
        // These made an index of their own, which is gone: the file is staged by them anew.
        Staging::All if in_progress.is_none() && !job.is_outside() => {
            Step::of("commit again", "git commit -a".to_owned())
        }
        Staging::Paths if in_progress.is_none() && !job.is_outside() => {
            Step::of("commit again, with the paths as before", format!("git commit -- {path}"))
        }
        Staging::Index | Staging::All | Staging::Paths if part.is_empty() => {
            Step::of("commit again", format!("{add} && {commit}"))
        }
        Staging::Index | Staging::All | Staging::Paths => {
            let words = "stage this change alone (the file has others), and commit again";
            Step::of(words, format!("{add} && {commit}"))
        }
    }
}
