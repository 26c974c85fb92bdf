//! Committed and on no remote: mend the commits that have it, and nothing needs revoking.

use super::{HEAD, Job, Step, base, quoted, rebase};
use crate::source::InProgress;
use crate::source::trail::{Brought, Course, Trail};
use std::collections::BTreeSet;

/// As many fixups fit on a line.
const FIXUPS_AT_MOST: usize = 4;

/// How a credential is taken out of local commits.
enum Plan<'a> {
    /// It is in the last one.
    Amend,
    /// Each commit that brings it is given what takes it out.
    Fixups(&'a [Brought]),
    /// What is known of its commit is too little for more than the usual.
    Fixup,
    /// Nothing that is edited now fits the commits: they are made anew without it.
    Rewrite,
}

pub(super) fn steps(job: &Job<'_>) -> Vec<Step> {
    let Some(trail) = job.trail() else {
        let commit = job.place.commit.unwrap_or("COMMIT");
        return edited(job, mend(job, commit, false));
    };
    let plan = plan(job, trail);
    let mut steps = match plan {
        Plan::Amend => edited(job, amend(job, trail.course.mixed)),
        Plan::Fixup => {
            let commit = job.place.commit.unwrap_or(HEAD);
            edited(job, mend(job, commit, trail.course.root))
        }
        Plan::Fixups(brought) => fixups(job, &trail.course, brought),
        Plan::Rewrite => rewrite(job, &trail.course),
    };
    if let Some(first) = unfinished(trail, &plan) {
        steps.insert(0, first);
    }
    steps
}

fn plan<'a>(job: &Job<'_>, trail: &'a Trail) -> Plan<'a> {
    let Course { brought, held_now, merges, .. } = &trail.course;
    let others = trail.reach.branches.iter().any(|name| trail.state.branch.as_ref() != Some(name));
    // What is packed or written otherwise is in no text that a rewriting could find.
    if job.place.archive.is_some() || brought.is_empty() {
        return if trail.course.is_head { Plan::Amend } else { Plan::Fixup };
    }
    let own: BTreeSet<_> = brought.iter().filter_map(|one| one.now.as_ref()).collect();
    let whole = own.len() == brought.len() && own.len() == held_now.len();
    match brought.as_slice() {
        _ if others || !trail.course.on_head || !whole => Plan::Rewrite,
        [_] if trail.course.is_head => Plan::Amend,
        [_] => Plan::Fixups(brought),
        _ if *merges || job.is_outside() || brought.len() > FIXUPS_AT_MOST => Plan::Rewrite,
        _ => Plan::Fixups(brought),
    }
}

/// What has to be finished before commits can be mended.
fn unfinished(trail: &Trail, plan: &Plan<'_>) -> Option<Step> {
    if trail.state.conflicted {
        let words = "resolve the conflicts and finish what git is in the middle of first";
        return Some(Step::of(words, "git status".to_owned()));
    }
    let (what, command) = match trail.state.in_progress? {
        // A rebase that stops is made to amend.
        InProgress::Rebase if matches!(plan, Plan::Amend) => return None,
        InProgress::Rebase => ("rebase", "git rebase --continue"),
        InProgress::Merge => ("merge", "git commit"),
        InProgress::CherryPick => ("cherry-pick", "git cherry-pick --continue"),
        InProgress::Revert => ("revert", "git revert --continue"),
    };
    Some(Step::of(format!("finish the {what} first"), command.to_owned()))
}

/// The value taken out, stored, and then `mended`.
fn edited(job: &Job<'_>, mended: Step) -> Vec<Step> {
    vec![job.take_out(&job.path), job.vault(), mended]
}

fn amend(job: &Job<'_>, mixed: bool) -> Step {
    let path = job.staged_paths();
    let command = if job.is_outside() {
        format!("git add -- {path} && git commit --amend --no-edit")
    } else if mixed {
        format!("git commit --amend --no-edit -p -- {path}")
    } else {
        // With the path alone: what else is staged stays so.
        format!("git commit --amend --no-edit -- {path}")
    };
    Step::of("mend that commit", command)
}

/// One fixup, where nothing is known of what came after the commit.
fn mend(job: &Job<'_>, commit: &str, root: bool) -> Step {
    let (path, to) = (job.staged_paths(), base(commit, root));
    let command =
        format!("git add -- {path} && git commit -m 'fixup! {commit}' && {}", rebase(&to, false));
    Step::of("mend that commit", command)
}

fn fixups(job: &Job<'_>, course: &Course, brought: &[Brought]) -> Vec<Step> {
    let named = |one: &Brought| one.commit.to_hex_with_len(12).to_string();
    let paths: Vec<String> =
        brought.iter().filter_map(|one| one.now.as_ref()).map(|path| quoted(path)).collect();
    let Some(first) = brought.first() else { return Vec::new() };
    let again = rebase(&base(&named(first), first.root), course.merges);
    let part = if course.mixed { "-p " } else { "" };
    let mended = if job.is_outside() {
        // The rebase goes back to when git had the file, over whatever is there now.
        let path = paths.concat();
        format!(
            "k=$(git rev-parse --git-path leakcoach-kept) && mv {path} \"$k\" && git add -- \
             .gitignore && git commit -m 'fixup! {}' && {again}; mv \"$k\" {path}",
            named(first)
        )
    } else {
        // By id: a subject may be that of several commits.
        let fixup = |(one, path): (&Brought, &String)| {
            format!("git commit {part}-m 'fixup! {}' -- {path} && ", named(one))
        };
        let fixups: String = brought.iter().zip(&paths).map(fixup).collect();
        fixups + &again
    };
    let words = match brought.len() {
        1 => "mend that commit".to_owned(),
        count => format!("mend the {count} commits that bring it"),
    };
    let conflict =
        format!("{words} (if it stops: git rebase --abort, then leakcoach rewrite {})", job.name());
    let words = if course.merges || course.mixed { conflict } else { words };
    vec![job.take_out(&paths.join(" and ")), job.vault(), Step::of(words, mended)]
}

/// The commits made anew: for what no edit of now fits.
fn rewrite(job: &Job<'_>, course: &Course) -> Vec<Step> {
    let command = format!("leakcoach rewrite {} --yes", job.name());
    let paths: Vec<String> = course.held_now.iter().map(|path| quoted(path)).collect();
    let count = course.brought.iter().map(|one| one.commit).collect::<BTreeSet<_>>().len();
    let all = match count {
        0 | 1 => {
            let commit = job.place.commit.unwrap_or("that commit");
            format!("take it out of {commit} and of those that carry it on")
        }
        _ => format!("take it out of the {count} commits that bring it, and those after"),
    };
    if paths.is_empty() {
        // It was deleted since, and its commit still has it.
        return vec![Step::of(all, command), job.vault()];
    }
    let (path, end) = if job.is_outside() {
        (job.path.clone(), "git add -- .gitignore && git commit -m 'Keep it out of git'".to_owned())
    } else {
        let message = format!("Read {} from the environment", job.words.variable);
        let message = quoted(message.as_bytes());
        let paths = paths.join(" ");
        (paths.replace(' ', " and "), format!("git commit -m {message} -- {paths}"))
    };
    vec![Step::of(all, command), job.take_out(&path), job.vault(), Step::of("commit that", end)]
}
