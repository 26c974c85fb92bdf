//! On a remote: revoke first, then rotate. Only then is history worth a thought.

use super::{Job, Step, quoted};
use crate::coach::context;
use crate::source::trail::Trail;
use bstr::{BString, ByteSlice};
use std::fmt::Write as _;

/// On a remote that is not public, as far as anybody said.
pub(super) fn steps(job: &Job<'_>) -> Vec<Step> {
    let mut steps = vec![
        job.revoke_first(),
        Step::words(format!("make a new one: {}", job.words.rotate)),
        stored(job),
    ];
    if let Some(trail) = job.trail() {
        let kept = context::kept_by(&trail.places);
        let words = format!("history, only if its text matters once revoked; {kept}");
        steps.push(Step::of(words, rewrite(job, trail)));
    }
    steps
}

/// On a public remote: others have it, and taking it out of history takes nothing back.
pub(super) fn public_steps(job: &Job<'_>) -> Vec<Step> {
    vec![
        job.revoke_first(),
        Step::words(format!("look for use by others: {}", job.words.abuse)),
        Step::words(format!("make a new one: {}", job.words.rotate)),
        stored(job),
        Step::words("leave history as it is: copies are out, and a rewrite takes none back"),
    ]
}

/// The new one goes elsewhere. A file that holds nothing else leaves git.
fn stored(job: &Job<'_>) -> Step {
    let take_out = job.take_out(&job.path);
    Step { words: format!("{}; {}", take_out.words, job.words.vault), ..take_out }
}

fn rewrite(job: &Job<'_>, trail: &Trail) -> String {
    let mut command = String::new();
    let mut pushes: Vec<(&[u8], Vec<String>)> = Vec::new();
    for name in &trail.reach.remote_refs {
        let Some((remote, branch)) = name.split_once_str("/") else { continue };
        // What is rewritten are local branches.
        if !trail.reach.branches.contains(&BString::from(branch)) {
            let (branch, name) = (quoted(branch), quoted(name));
            let _ = write!(command, "git branch -q {branch} {name} && ");
        }
        match pushes.iter_mut().find(|(known, _)| *known == remote) {
            Some((_, branches)) => branches.push(quoted(branch)),
            None => pushes.push((remote, vec![quoted(branch)])),
        }
    }
    let _ = write!(command, "leakcoach rewrite {} --pushed --yes", job.name());
    for (remote, branches) in pushes {
        let (remote, branches) = (quoted(remote), branches.join(" "));
        let _ = write!(command, " && git push --force-with-lease {remote} {branches}");
    }
    command
}
