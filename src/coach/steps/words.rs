//! In a message or a name: there is no file to mend.

use super::{HEAD, Job, Step, base, quoted, rebase};
use crate::judge::Exposure;
use crate::source::Medium;

pub(super) fn steps(job: &Job<'_>) -> Vec<Step> {
    let place = job.place;
    let of = place.commit.map(|of| quoted(of.as_bytes()));
    let root = job.trail().is_some_and(|trail| trail.course.root);
    let merges = job.trail().is_some_and(|trail| trail.course.merges);
    let again = |commit: &str| rebase(&base(commit, root), merges);
    let mut steps = Vec::new();
    if job.is_pushed() {
        steps.push(job.revoke_first());
    }
    match (place.medium, of.as_deref()) {
        (Medium::Message, None) => steps.push(Step::of(
            "take it out of the message, which is kept",
            format!("git commit -eF {}", quoted(place.path)),
        )),
        (Medium::Message, Some(HEAD)) => steps
            .push(Step::of("write the message anew, without it", "git commit --amend".to_owned())),
        (Medium::Message, Some(commit)) => steps.push(Step::of(
            "write that commit's message anew, without it",
            format!("git commit --fixup=reword:{commit} && {}", again(commit)),
        )),
        (Medium::TagMessage, tag) => steps.push(Step {
            words: "make the tag anew, without it".to_owned(),
            command: tag.map(|tag| format!("git tag -f -a {tag} {tag}^{{}}")),
        }),
        (Medium::Ref, _) => steps.push(Step::words(
            "give it another name (git branch -m, or git tag NEW OLD), and push that",
        )),
        (Medium::Path | Medium::File | Medium::Log, of) => {
            steps.push(Step::words("give the file another name: git mv OLD NEW"));
            steps.push(match (place.exposure, of) {
                (Exposure::Committed | Exposure::Pushed | Exposure::Public, Some(HEAD)) => {
                    Step::of("mend that commit", "git commit --amend --no-edit".to_owned())
                }
                (
                    Exposure::Committed | Exposure::Pushed | Exposure::Public | Exposure::Received,
                    Some(commit),
                ) => Step::of(
                    "mend that commit",
                    format!("git commit -m 'fixup! {commit}' && {}", again(commit)),
                ),
                _ => Step::of("commit again", "git commit".to_owned()),
            });
        }
    }
    steps
}
