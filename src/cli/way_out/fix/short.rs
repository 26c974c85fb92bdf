//! The fix for what lasts in a pipeline: the pipeline with a token of its job.

use super::plan::{self, File, Plan, Standing, Version};
use crate::catalogue::Kind;
use crate::cli::named::{Named, Places};
use crate::error::Error;
use crate::privilege::{is_replaceable, short_lived};
use crate::remedy::fix::{Edit, applied};
use crate::report;
use crate::source::Repo;
use bstr::BString;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// Whether what was found lasts, and something else is to be had.
pub(super) fn is_about(found: &Places) -> bool {
    let all = &found.all;
    let first = all.first().is_some_and(|one| is_replaceable(one.rule.id));
    first && all.iter().all(|one| one.rule.kind == Kind::Privilege)
}

/// The plan for each file with such a finding.
pub(super) fn plan(repo: &Repo, all: &[Named]) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    let mut by_file: BTreeMap<&BString, Vec<&Named>> = BTreeMap::new();
    for one in all {
        by_file.entry(&one.path).or_default().push(one);
    }
    for (path, found) in by_file {
        file(&mut plan, repo, path, &found)?;
    }
    Ok(plan)
}

fn file(plan: &mut Plan, repo: &Repo, path: &BString, found: &[&Named]) -> Result<(), Error> {
    let Some(standing) = plan.standing(repo, path, found)? else { return Ok(()) };
    let Standing { at, entry, index, tree } = standing;
    let kept_in = plan::kept_in(repo, path, entry.as_ref(), found);
    let mut file =
        File { path: path.clone(), at, index: None, tree: None, untracked: None, kept_in };
    let mut rules: Vec<&str> = found.iter().map(|one| one.rule.id).collect();
    rules.sort_unstable();
    rules.dedup();
    if let (Some(bytes), Some(entry)) = (index, entry) {
        let Some(version) = version(plan, path, bytes, &rules) else { return Ok(()) };
        file.index = Some((entry, version));
    }
    if let Some(bytes) = tree {
        let Some(version) = version(plan, path, bytes, &rules) else { return Ok(()) };
        file.tree = Some(version);
    }
    plan.files.push(file);
    Ok(())
}

/// The text with its replacements; nothing, which is remembered, where there are none.
fn version(
    plan: &mut Plan,
    path: &BString,
    before: Zeroizing<Vec<u8>>,
    rules: &[&str],
) -> Option<Version> {
    let (mut after, mut steps) = (before.clone(), Vec::new());
    for rule in rules {
        let Ok(text) = std::str::from_utf8(&after) else {
            plan.refuse(path, "it is no UTF-8", "replace it by hand");
            return None;
        };
        let replacement = match short_lived(path, text, rule) {
            Ok(replacement) => replacement,
            Err(refused) => {
                plan.refuse(path, &refused.why, &refused.by_hand);
                return None;
            }
        };
        for note in replacement.notes {
            if !plan.notes.contains(&note) {
                plan.notes.push(note);
            }
        }
        let edits: Vec<Edit> = replacement
            .changes
            .into_iter()
            .map(|change| Edit { span: change.span, with: change.with })
            .collect();
        after = Zeroizing::new(applied(&after, &edits));
        steps.push(edits);
    }
    Some(Version { before, after, steps })
}

/// What comes after the fix.
pub(super) fn tell_next() {
    report::notice("done; to take it back: leakcoach fix --undo");
    report::notice(
        "once a run has passed with it: delete the stored secret, and revoke what it held",
    );
}
