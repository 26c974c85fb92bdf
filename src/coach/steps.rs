//! What to do now, by how far the credential has come.
//!
//! Each exposure has its own file. What they share is here: how a value is taken out of its
//! file, and how paths are given to a shell.

mod committed;
mod log;
mod pushed;
mod staged;
mod words;

use super::{Place, Step};
use crate::catalogue::Coaching;
use crate::judge::Exposure;
use crate::judge::fingerprint::FindingId;
use crate::source::Medium;
use crate::source::trail::Trail;
use crate::text::Escaped;

/// How a place names the last commit.
pub const HEAD: &str = "HEAD";

/// The steps for the credential called `id` at `place`; `read` says how its file gets it
/// instead.
pub(super) fn steps(id: Option<FindingId>, place: &Place<'_>, read: Option<String>) -> Vec<Step> {
    let job = Job::new(id, place, read);
    let mut steps = match place.medium {
        Medium::Log => log::steps(&job),
        Medium::Message | Medium::TagMessage | Medium::Path | Medium::Ref => words::steps(&job),
        Medium::File => match place.exposure {
            Exposure::Staged => staged::steps(&job),
            Exposure::Committed | Exposure::Received => committed::steps(&job),
            Exposure::Public if !job.is_pushed() => committed::steps(&job),
            Exposure::Public => pushed::public_steps(&job),
            Exposure::Pushed => pushed::steps(&job),
            Exposure::File | Exposure::Logged => vec![
                job.take_out(&job.path),
                job.vault(),
                Step::words(format!("if others have seen it, revoke it{}", job.at_console())),
            ],
        },
    };
    if place.below_top
        && let Some(first) = steps.iter_mut().find_map(|step| step.command.as_mut())
    {
        *first = format!("cd \"$(git rev-parse --show-toplevel)\" && {first}");
    }
    steps
}

/// A credential that is to be dealt with.
struct Job<'a> {
    words: Coaching,
    id: Option<FindingId>,
    place: &'a Place<'a>,
    /// The path of the file that git has, as a shell takes it; of what is in an archive,
    /// the archive's.
    path: String,
    /// Where it is read from instead.
    read: String,
}

impl<'a> Job<'a> {
    fn new(id: Option<FindingId>, place: &'a Place<'a>, read: Option<String>) -> Self {
        let words = place.words;
        let path = quoted(place.archive.unwrap_or(place.path));
        let usual = || format!("read {} from the environment", words.variable);
        Self { words, id, place, path, read: read.unwrap_or_else(usual) }
    }

    fn trail(&self) -> Option<&Trail> {
        self.place.trail
    }

    fn is_pushed(&self) -> bool {
        self.trail().is_some_and(|trail| trail.reach.pushed)
    }

    /// Whether there is nothing in the file to mend: it is kept out of git as a whole.
    fn is_outside(&self) -> bool {
        self.place.archive.is_none() && belongs_outside(self.place.path)
    }

    /// `at https://…`, or words for the place.
    fn console(&self) -> String {
        let console = self.words.revoke_console;
        if console.starts_with("http") { format!("at {console}") } else { console.to_owned() }
    }

    /// The same behind a verb.
    fn at_console(&self) -> String {
        let console = self.console();
        let gap = if console.starts_with("at ") { " " } else { ": " };
        format!("{gap}{console}")
    }

    /// What names the finding to another command.
    fn name(&self) -> String {
        match self.id {
            Some(id) => id.to_string(),
            None => format!("{}:{}", quoted(self.place.path), self.place.line),
        }
    }

    /// Takes the value out of the file at `path`.
    fn take_out(&self, path: &str) -> Step {
        if self.place.archive.is_some() {
            return Step::words(format!(
                "take it out of {path} and of what that is packed from; {}",
                self.read
            ));
        }
        if self.is_outside() {
            let command = format!("git rm --cached -- {path} && echo {path} >> .gitignore");
            return Step::of("keep the file out of git", command);
        }
        Step::words(format!("take it out of {path}; {}", self.read))
    }

    fn vault(&self) -> Step {
        Step::words(self.words.vault)
    }

    /// What the last commit has to take over once the value is out.
    fn staged_paths(&self) -> &str {
        if self.is_outside() { ".gitignore" } else { &self.path }
    }

    /// `revoke it first, at …`
    fn revoke_first(&self) -> Step {
        let words = format!("revoke it first, {}", self.console());
        match self.words.revoke_cli {
            "" => Step::words(words),
            command => Step::of(words, command.to_owned()),
        }
    }
}

impl Step {
    pub(super) fn words(words: impl Into<String>) -> Self {
        Self { words: words.into(), command: None }
    }

    pub(super) fn of(words: impl Into<String>, command: String) -> Self {
        Self { words: words.into(), command: Some(command) }
    }
}

/// The commit before which a rebase begins, as `git rebase` takes it.
fn base(commit: &str, root: bool) -> String {
    if root { "--root".to_owned() } else { format!("{commit}^") }
}

/// A rebase that moves `fixup!` commits into theirs, asks nothing and keeps what is not
/// committed.
fn rebase(base: &str, merges: bool) -> String {
    let merges = if merges { "--rebase-merges " } else { "" };
    format!("git -c sequence.editor=: rebase -i --autosquash --autostash {merges}{base}")
}

/// Files that are nothing but credentials: there is no line to mend in them.
fn belongs_outside(path: &[u8]) -> bool {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
    let ends = |ending: &str| name.ends_with(ending.as_bytes());
    let env =
        name == b".env" || name.starts_with(b".env.") && !ends(".example") && !ends(".sample");
    env || [".pem", ".key", ".p12", ".pfx", ".jks", ".ppk"].into_iter().any(ends)
        || matches!(
            name,
            b"id_rsa" | b"id_ed25519" | b"id_ecdsa" | b".netrc" | b".pgpass" | b"credentials"
        )
}

/// A name or path as a shell takes it.
pub(super) fn quoted(name: &[u8]) -> String {
    let name = Escaped(name).to_string();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+@%,".contains(&byte);
    if name.bytes().all(plain) { name } else { format!("'{}'", name.replace('\'', r"'\''")) }
}
