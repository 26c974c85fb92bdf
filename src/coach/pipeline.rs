//! What to say of credentials that a job printed: what to mend, and whom it concerns.
//!
//! Takes what was printed, who owns the job's file, and how often the same happened in it
//! before. Pure.

use crate::catalogue::Coaching;
use crate::text::Count;

/// As many values are told of one by one.
const AT_MOST: usize = 12;

/// So many days back a job's earlier runs count.
pub const WINDOW_DAYS: i64 = 30;

/// A credential that was printed.
#[derive(Debug, Clone)]
pub struct Exposed<'a> {
    /// What it is.
    pub what: String,
    /// Where it was printed first.
    pub place: &'a str,
    /// The finding's id.
    pub id: Option<String>,
    /// How often it was printed.
    pub times: usize,
    /// What is told of its rule.
    pub words: Option<Coaching>,
}

/// Who owns the file of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owned {
    /// The file, and its owners.
    By(String, Vec<String>),
    /// The file, for which `CODEOWNERS` names nobody.
    Nobody(String),
    /// The file of a repository without `CODEOWNERS`.
    NoFile(String),
    /// `CODEOWNERS` cannot be read.
    Unread(String),
    /// The file is in another repository.
    Elsewhere(String),
    /// No variable tells which file it is.
    Unknown,
}

/// What is said of what was masked, a line each.
pub fn masked(exposed: &[Exposed<'_>]) -> Vec<String> {
    let count = Count(exposed.len(), "credential");
    let mut lines = vec![format!("leakcoach: {count} masked in what the command wrote")];
    for one in exposed.iter().take(AT_MOST) {
        let id = one.id.as_ref().map(|id| format!("  {id}")).unwrap_or_default();
        let times = if one.times > 1 { format!(", {} times", one.times) } else { String::new() };
        lines.push(format!("  {}, {}{times}{id}", one.what, one.place));
        if let Some(words) = one.words {
            lines.push(format!("    opens: {}", words.opens));
            if !words.instead.is_empty() {
                lines.push(format!("    short-lived instead: {}", words.instead));
            }
        }
    }
    if let Some(more @ 1..) = exposed.len().checked_sub(AT_MOST) {
        lines.push(format!("  and {more} more"));
    }
    lines.push(
        "  1. take out what prints it: set -x, env, --verbose, a level of debugging".to_owned(),
    );
    lines.push("  2. store it as a masked secret of the pipeline".to_owned());
    lines.push(
        "  3. see whether a run before printed it in clear; if so, revoke it first:".to_owned(),
    );
    lines.push("       leakcoach check --log FILE".to_owned());
    lines
}

/// To whom it goes.
pub fn route(owned: &Owned) -> String {
    match owned {
        Owned::By(file, owners) => {
            let own = if owners.len() == 1 { "owns" } else { "own" };
            format!("for {}, who {own} {file} by CODEOWNERS", owners.join(" "))
        }
        Owned::Nobody(file) => format!(
            "CODEOWNERS names nobody for {file}: nobody is told but who reads this; \
             add a line for it"
        ),
        Owned::NoFile(file) => {
            format!("no CODEOWNERS says whose {file} is: nobody is told but who reads this")
        }
        Owned::Unread(why) => format!("owners are not told: {why}"),
        Owned::Elsewhere(place) => {
            format!("the job's file is {place}: its owners are in that repository's CODEOWNERS")
        }
        Owned::Unknown => "no variable tells the job's file: name it by --pipeline PATH".to_owned(),
    }
}

/// What is said where a job printed the same kind in earlier runs: `before` has each kind and
/// the number of runs. For the owners, if there are any; the process is at fault and no person.
pub fn again(before: &[(String, usize)], job: Option<&str>, owned: &Owned) -> Vec<String> {
    let job = job.map(|job| format!(" of the job {job}")).unwrap_or_default();
    let (file, whom) = match owned {
        Owned::By(file, owners) => (format!(" ({file})"), owners.join(" ")),
        Owned::Nobody(file) | Owned::NoFile(file) => {
            (format!(" ({file})"), "whoever looks after this pipeline".to_owned())
        }
        Owned::Unread(_) | Owned::Elsewhere(_) | Owned::Unknown => {
            (String::new(), "whoever looks after this pipeline".to_owned())
        }
    };
    let again = before.iter().filter(|(_, runs)| *runs > 0);
    again
        .map(|(what, runs)| {
            let runs = Count(*runs, "run");
            format!(
                "follow-up for {whom}: {what} was in the output of {runs}{job}{file} in \
                 the last {WINDOW_DAYS} days before this one; what prints it was not mended"
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Owned, again, route};

    #[test]
    fn a_follow_up_is_for_the_owners_and_only_when_it_repeats() {
        let owned = Owned::By(".gitlab-ci.yml".to_owned(), vec!["@ops".to_owned()]);
        let before = [("github-pat".to_owned(), 2), ("npm-token".to_owned(), 0)];

        assert_eq!(
            again(&before, Some("deploy"), &owned),
            ["follow-up for @ops: github-pat was in the output of 2 runs of the job \
              deploy (.gitlab-ci.yml) in the last 30 days before this one; what prints it was not \
              mended"]
        );
        assert!(route(&owned).contains("for @ops, who owns .gitlab-ci.yml"));
    }

    #[test]
    fn a_codeowners_that_names_nobody_is_said() {
        let words = route(&Owned::Nobody(".github/workflows/a.yml".to_owned()));
        assert!(words.contains("names nobody for .github/workflows/a.yml"), "{words}");
    }
}
