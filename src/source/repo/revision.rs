//! What a revision names, without reading a commit by libgit2, which waits for ever for the
//! rest of one that was cut short.

use super::{Repo, oid};
use crate::error::Error;
use crate::source::object::Kind;
use crate::source::range::peel;
use gix_hash::ObjectId;

/// As many steps a revision may take.
const STEPS_AT_MOST: usize = 64;

/// One step from a commit to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// `^2`
    Parent(usize),
    /// `~3`
    Back(usize),
}

impl Repo {
    /// The commit that `revision` names; nothing when there is none.
    pub(super) fn native_commit_id(
        &self,
        native: &git2::Repository,
        revision: &str,
    ) -> Result<Option<ObjectId>, Error> {
        let Some((base, steps)) = split(revision) else {
            // Reflogs, searches in messages and the like are libgit2's to read.
            let found = native.revparse_single(revision);
            let found = found.and_then(|object| object.peel_to_commit());
            return Ok(found.ok().map(|commit| oid(commit.id())));
        };
        let Some(mut commit) = self.named(native, base)? else { return Ok(None) };
        for step in steps {
            let (which, times) = match step {
                Step::Parent(0) => continue,
                Step::Parent(which) => (which - 1, 1),
                Step::Back(times) => (0, times),
            };
            for _ in 0..times {
                let Some(parent) = self.commit(commit)?.parents.get(which).copied() else {
                    return Ok(None);
                };
                commit = parent;
            }
        }
        Ok(Some(commit))
    }

    /// The commit of a name without steps, found in git's order (gitrevisions(7)).
    fn named(&self, native: &git2::Repository, name: &str) -> Result<Option<ObjectId>, Error> {
        let peeled = |id| match peel(self, id, &mut Vec::new())? {
            (commit, Kind::Commit) => Ok(Some(commit)),
            _ => Ok(None),
        };
        let name = if name == "@" { "HEAD" } else { name };
        if let Ok(id) = ObjectId::from_hex(name.as_bytes()) {
            return if self.has(id)? { peeled(id) } else { Ok(None) };
        }
        if let Ok(reference) = native.resolve_reference_from_short_name(name) {
            let target = reference.resolve().ok().and_then(|reference| reference.target());
            return target.map_or(Ok(None), |id| peeled(oid(id)));
        }
        let short = (4..40).contains(&name.len()) && name.bytes().all(|it| it.is_ascii_hexdigit());
        if !short {
            return Ok(None);
        }
        let padded = format!("{name:0<40}");
        let found = git2::Oid::from_str(&padded)
            .and_then(|prefix| native.odb()?.exists_prefix(prefix, name.len()));
        found.ok().map_or(Ok(None), |id| peeled(oid(id)))
    }
}

/// The name and the steps after it; nothing of what is spelt in another way.
fn split(revision: &str) -> Option<(&str, Vec<Step>)> {
    if revision.contains("@{") || revision.contains(':') {
        return None;
    }
    let end = revision.find(['^', '~']).unwrap_or(revision.len());
    let (base, mut rest) = revision.split_at(end);
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("^{commit}").or_else(|| rest.strip_prefix("^{}")) {
            rest = after;
            continue;
        }
        let (sign, after) = (rest.strip_prefix('~').is_some(), rest.strip_prefix(['^', '~'])?);
        let end = after.find(|char: char| !char.is_ascii_digit()).unwrap_or(after.len());
        let (count, after) = after.split_at(end);
        let count = if count.is_empty() { 1 } else { count.parse().ok()? };
        steps.push(if sign { Step::Back(count) } else { Step::Parent(count) });
        rest = after;
    }
    (!base.is_empty() && steps.len() <= STEPS_AT_MOST).then_some((base, steps))
}

#[cfg(test)]
mod tests {
    use super::{Step, split};
    use crate::source::testing::Sandbox;
    use proptest::prelude::*;

    #[test]
    fn steps_are_taken_off_and_what_is_spelt_otherwise_is_left() {
        assert_eq!(split("main~2^"), Some(("main", vec![Step::Back(2), Step::Parent(1)])));
        assert_eq!(split("v1^{commit}^0"), Some(("v1", vec![Step::Parent(0)])));
        for left in ["main@{1}", ":/fix", "main^{/fix}", "^main", "main~-1"] {
            assert_eq!(split(left), None, "{left}");
        }
    }

    #[test]
    fn a_revision_names_the_commit_that_git_says() {
        let sandbox = Sandbox::holding(&[("a", "1\n")]);
        sandbox.git(&["checkout", "-q", "-b", "side"]);
        sandbox.commit("on the side");
        sandbox.git(&["checkout", "-q", "main"]);
        sandbox.commit("second");
        sandbox.git(&["merge", "-q", "--no-ff", "-m", "both", "side"]);
        sandbox.git(&["tag", "-a", "-m", "one", "v1"]);
        let repo = sandbox.repo();
        let short = sandbox.git(&["rev-parse", "--short", "HEAD~1"]);
        let names = [
            "HEAD",
            "@",
            "@~1",
            "main",
            "side",
            "refs/heads/side",
            "v1",
            "v1^{}",
            "v1~2",
            "HEAD^2",
            "HEAD^^",
            "HEAD^2^",
            "HEAD~",
            "main@{1}",
            ":/side",
            &short,
        ];
        for name in names {
            let peel = if name.starts_with(':') { "" } else { "^{commit}" };
            let told = sandbox.id(&format!("{name}{peel}"));
            assert_eq!(repo.commit_id(name).expect(name), told, "{name}");
        }
        for none in ["HEAD~9", "HEAD^3", "nowhere", "0000000", "HEAD:a", "~1"] {
            assert!(repo.commit_id(none).is_err(), "{none}");
        }
    }

    proptest! {
        #[test]
        fn no_revision_makes_it_panic(revision in "[a-z@^~{}0-9:]{0,20}") {
            let _any = split(&revision);
        }
    }
}
