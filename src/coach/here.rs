//! Why it matters here: how far it has come, what holds it, and who acts.

use super::{Place, context};
use crate::judge::Exposure;
use crate::source::Medium;
use crate::source::role::FileRole;
use crate::source::trail::{Trail, Unsure};
use crate::text::{Count, Escaped};
use bstr::BString;

/// As many names are told.
const NAMES_AT_MOST: usize = 3;

pub(super) fn here(place: &Place<'_>) -> String {
    let told = told(place);
    match context::of_actor(place.actor) {
        Some(words) if place.exposure != Exposure::File => format!("{told}; {words}"),
        Some(_) | None => told,
    }
}

fn told(place: &Place<'_>) -> String {
    let holder = holder(place);
    let pushed = place.trail.filter(|trail| trail.reach.pushed);
    let on = pushed.map_or_else(|| "on a remote".to_owned(), on_remotes);
    match (place.exposure, place.medium) {
        (Exposure::Staged, Medium::Message) => format!(
            "it is in {holder} and the commit was not made: nobody else has it yet, so nothing \
             needs revoking"
        ),
        (Exposure::Staged, _) if pushed.is_some() => {
            format!(
                "it is staged, in {holder}, and the same value is {on} already: revoke it first"
            )
        }
        (Exposure::Staged, _) if is_in_head(place.trail) => format!(
            "it is staged, in {holder}, and the same value is in the last commit already: \
             that has to be mended too"
        ),
        (Exposure::Staged, _) => format!(
            "it is only staged, in {holder}: nobody else has it yet, so nothing needs revoking"
        ),
        (Exposure::Committed, Medium::Ref) => {
            format!("it is in {holder}: once pushed, it must be revoked")
        }
        (Exposure::Committed, _) => {
            format!("it is in {}, in {holder}: {}", commits(place.trail), once_pushed(place.trail))
        }
        (Exposure::Pushed, _) => {
            format!("it is {on}, in {holder}: whoever may read that has it, so revoke it first")
        }
        (Exposure::Public, _) if pushed.is_some() => format!(
            "it is {on}, which is public, in {holder}: bots find a credential there within \
             minutes, so take it for used by others"
        ),
        (Exposure::Public, _) => format!(
            "it is on its way to a public remote, in {holder}: bots find a credential there \
             within minutes, so once pushed, take it for used by others"
        ),
        (Exposure::Received, _) => format!("it is in {holder}, and this server refused it"),
        (Exposure::Logged, _) => {
            format!("it is in {holder}: whoever may read the log has it already")
        }
        (Exposure::File, _) => format!("it is in {holder}"),
    }
}

/// Whether what is staged is in the last commit too.
fn is_in_head(trail: Option<&Trail>) -> bool {
    trail.is_some_and(|trail| !trail.course.held_now.is_empty())
}

/// `on origin/main`
fn on_remotes(trail: &Trail) -> String {
    match trail.reach.remote_refs.as_slice() {
        [] => "on a remote".to_owned(),
        names => format!("on {}", listed(names)),
    }
}

/// `a local commit`, `3 local commits on main and topic`
fn commits(trail: Option<&Trail>) -> String {
    let Some(trail) = trail else { return "a local commit".to_owned() };
    let on = match trail.reach.branches.as_slice() {
        [] => String::new(),
        names => format!(" on {}", listed(names)),
    };
    match trail.course.commits() {
        0 | 1 => format!("a local commit{on}"),
        count => format!("{}{on}", Count(count, "local commit")),
    }
}

fn once_pushed(trail: Option<&Trail>) -> &'static str {
    match trail.and_then(|trail| trail.reach.unsure) {
        None => "once pushed, it must be revoked",
        Some(Unsure::NothingFetched) => {
            "whether it was pushed is not known here (nothing was fetched); if so, revoke it first"
        }
        Some(Unsure::Shallow) => {
            "whether it was pushed is not known in a shallow clone; if so, revoke it first"
        }
    }
}

fn listed(names: &[BString]) -> String {
    let mut shown: Vec<String> =
        names.iter().take(NAMES_AT_MOST).map(|name| Escaped(name).to_string()).collect();
    if let Some(more @ 1..) = names.len().checked_sub(NAMES_AT_MOST) {
        shown.push(format!("{more} more"));
    }
    shown.join(", ")
}

fn holder(place: &Place<'_>) -> String {
    let role = match place.role {
        FileRole::Source => "a source file",
        FileRole::Test => "a test, which is copied and shared as freely as code",
        FileRole::Docs => "a document, made to be read by others",
        FileRole::Example => "an example, made to be copied",
        FileRole::Ci => "a pipeline's definition, whose logs may repeat it",
        FileRole::Infra => "infrastructure code",
        FileRole::Config => "a settings file",
        FileRole::Lockfile => "a lockfile, which every checkout reads",
        FileRole::Generated => "a generated file, made anew from something that holds it too",
        FileRole::Vendored => "vendored code",
        FileRole::Translation => "a translation",
    };
    match place.medium {
        Medium::File => role.to_owned(),
        Medium::Message => "a commit's message, which no later commit takes back".to_owned(),
        Medium::TagMessage => "a tag's message, which everybody fetches".to_owned(),
        Medium::Path => "a file's name, which listings, logs and links repeat".to_owned(),
        Medium::Ref => "the name of a branch or tag, which logs and links repeat".to_owned(),
        Medium::Log => match place.writer {
            Some(writer) => format!("the log of `{}`", Escaped(writer)),
            None => "a pipeline's log".to_owned(),
        },
    }
}
