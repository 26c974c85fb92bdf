//! The words for a change that permits more: no credential is out, so nothing is revoked;
//! what is permitted is narrowed before it takes effect.

use super::{Place, Step};
use crate::catalogue::Signal;
use crate::judge::fingerprint::FindingId;
use crate::judge::{Exposure, Verdict};
use crate::privilege::is_replaceable;
use crate::source::role::FileRole;

/// Why it matters here.
pub(super) fn here(place: &Place<'_>) -> String {
    let holder = match place.role {
        FileRole::Ci => "a pipeline's definition, which runs with secrets",
        FileRole::Infra => "infrastructure code, which is applied as it stands",
        FileRole::Test => "a test, which is copied as freely as code",
        FileRole::Docs | FileRole::Example => "an example, made to be copied",
        FileRole::Vendored => "vendored code",
        FileRole::Generated | FileRole::Lockfile => "a generated file",
        FileRole::Source | FileRole::Config | FileRole::Translation => "this file",
    };
    match place.exposure {
        Exposure::Staged => format!("it is only staged, in {holder}: nothing runs with it yet"),
        Exposure::Committed => {
            format!("it is in a local commit, in {holder}: it takes effect once that is merged")
        }
        Exposure::Received => format!("it is in {holder}, and this server refused it"),
        Exposure::Pushed | Exposure::Public => {
            format!("a remote has it, in {holder}: it may be in effect already")
        }
        Exposure::File | Exposure::Logged => format!("it is in {holder}"),
    }
}

/// What to do now.
pub(super) fn steps(
    rule: &str,
    id: Option<FindingId>,
    place: &Place<'_>,
    instead: &str,
    path: &str,
) -> Vec<Step> {
    let paste = Signal::of(rule).map_or("", |signal| signal.paste);
    let ready = id.filter(|_| cfg!(feature = "fix") && is_replaceable(rule));
    let least = match ready {
        // The patch for this very file says what is to be set up first.
        Some(id) => Step::of(instead, format!("leakcoach fix {id}")),
        None => Step {
            words: instead.to_owned(),
            command: (!paste.is_empty()).then(|| paste.to_owned()),
        },
    };
    let add = format!("git add -- {path}");
    let then = match place.exposure {
        Exposure::Staged => Step::of("commit again", format!("{add} && git commit")),
        Exposure::Committed if place.commit == Some(super::HEAD) => {
            Step::of("mend the commit", format!("{add} && git commit --amend --no-edit"))
        }
        Exposure::Committed | Exposure::Received => {
            Step::of("mend it in a commit, before this is merged", format!("{add} && git commit"))
        }
        Exposure::Pushed | Exposure::Public => Step::words(
            "commit and roll that out, then look at what was done with it in the meantime",
        ),
        Exposure::File | Exposure::Logged => return vec![least],
    };
    vec![least, then]
}

/// How to go on when it is meant so.
pub(super) fn go_on(verdict: Verdict, rule: &str, place: &Place<'_>) -> String {
    match verdict {
        Verdict::Permit => "nothing was refused".to_owned(),
        Verdict::Slow | Verdict::Guide | Verdict::Block if place.exposure == Exposure::Received => {
            "meant so? an exception for it on this server's default branch lets it through"
                .to_owned()
        }
        // JSON has no comments for a marker to stand in.
        Verdict::Slow | Verdict::Guide | Verdict::Block if is_json(place.path) => format!(
            "meant so? a line of policy in .leakcoach.toml with rule = [\"{rule}\"], its path and \
             verdict = \"permit\" lets it through"
        ),
        Verdict::Slow | Verdict::Guide | Verdict::Block => {
            format!("meant so? add to its line: leakcoach:allow {rule} because WORDS")
        }
    }
}

fn is_json(path: &[u8]) -> bool {
    let ending = path.rsplit(|byte| *byte == b'.').next();
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case(b"json"))
}
