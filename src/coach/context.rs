//! Words by the file, the actor and the host: data of `patterns/context.toml`, compiled by
//! `build.rs`.

use crate::catalogue::{Coaching, Rule};
use crate::judge::Actor;
use crate::source::role::FileRole;
use bstr::{BString, ByteSlice};

/// Words for some files.
#[derive(Debug)]
struct Context {
    /// Tells it apart in tests.
    #[cfg_attr(not(test), expect(dead_code, reason = "told by tests"))]
    id: &'static str,
    paths: &'static [&'static str],
    roles: &'static [&'static str],
    families: &'static [&'static str],
    read: &'static str,
    instead: &'static str,
}

/// Who acts, by word, and what follows from it.
struct ByActor {
    is: &'static str,
    here: &'static str,
}

/// Hosts by the beginning of their name, and what they keep.
struct Host {
    domains: &'static [&'static str],
    keeps: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/contexts.rs"));

/// The words of one file for one credential.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Words {
    /// How the file gets the value instead.
    pub(super) read: Option<String>,
    /// What to do next time.
    pub(super) next_time: Option<String>,
}

/// The words for a credential of the rule in the file at `path`.
pub(super) fn words(of: &Rule, coaching: &Coaching, path: &[u8], role: FileRole) -> Words {
    let Some(context) = fitting(of, path, role) else { return Words::default() };
    let filled = |words: &str| {
        // A user's rule may say no variable.
        let variable = if coaching.variable.is_empty() { "SECRET" } else { coaching.variable };
        words.replace("{variable}", variable).replace("{rule}", of.id)
    };
    let given = |words: &str| (!words.is_empty()).then(|| filled(words));
    Words { read: given(context.read), next_time: given(context.instead) }
}

fn fitting(of: &Rule, path: &[u8], role: FileRole) -> Option<&'static Context> {
    let path = path.to_str_lossy().to_lowercase();
    let family = of.family.split('/').next().unwrap_or_default();
    CONTEXTS.iter().find(|context| {
        (context.paths.is_empty() || context.paths.iter().any(|pattern| fits(pattern, &path)))
            && (context.roles.is_empty() || context.roles.contains(&role.word()))
            && (context.families.is_empty() || context.families.contains(&family))
    })
}

/// `x/` is a folder, `*.x` an ending, `x*` the beginning of a name, anything else a name.
pub(super) fn fits(pattern: &str, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    if let Some(ending) = pattern.strip_prefix('*') {
        name.ends_with(ending)
    } else if let Some(start) = pattern.strip_suffix('*') {
        name.starts_with(start)
    } else if pattern.ends_with('/') {
        path.starts_with(pattern) || path.contains(&["/", pattern].concat())
    } else {
        name == pattern
    }
}

/// What follows from who acts.
pub(super) fn of_actor(actor: &Actor) -> Option<&'static str> {
    let word = match actor {
        Actor::Person => return None,
        Actor::Ci => "ci",
        Actor::Agent(_) => "agent",
    };
    ACTORS.iter().find(|one| one.is == word).map(|one| one.here)
}

/// What the hosts of these remotes keep after a rewrite: `github.com/acme/app`.
pub(super) fn kept_by(places: &[BString]) -> &'static str {
    let of = |host: &&Host| {
        let host = |place: &BString| host.domains.iter().any(|name| place.starts_with_str(name));
        places.iter().any(host)
    };
    HOSTS.iter().find(of).map_or("clones and forks keep the old commits", |host| host.keeps)
}

#[cfg(test)]
mod tests {
    use super::{CONTEXTS, fitting, kept_by, of_actor, words};
    use crate::catalogue::Catalogue;
    use crate::judge::Actor;
    use crate::source::role::{FileRole, role_of};

    fn chosen(rule: &str, path: &str) -> Option<&'static str> {
        let rule = Catalogue::builtin().rule(rule).unwrap();
        fitting(rule, path.as_bytes(), role_of(path.as_bytes())).map(|context| context.id)
    }

    #[test]
    fn each_file_has_the_words_of_its_own_platform() {
        let (cloud, other, npm) = ("aws-secret-access-key", "github-pat", "npm-access-token");
        for (rule, path, id) in [
            (cloud, ".github/workflows/ci.yml", Some("github-actions-cloud")),
            (other, ".github/workflows/ci.yml", Some("github-actions")),
            (npm, ".github/workflows/ci.yml", Some("github-actions-publish")),
            (cloud, ".gitlab-ci.yml", Some("gitlab-ci-cloud")),
            (other, ".gitlab-ci.yml", Some("gitlab-ci")),
            (cloud, ".circleci/config.yml", Some("circleci-cloud")),
            (cloud, "azure-pipelines.yml", Some("azure-pipelines-cloud")),
            (cloud, "bitbucket-pipelines.yml", Some("bitbucket-cloud")),
            (cloud, "deploy/Jenkinsfile", Some("jenkins-cloud")),
            (other, "services/Dockerfile.prod", Some("dockerfile")),
            (other, "infra/main.tf", Some("terraform")),
            (other, "deploy/k8s/app.yaml", Some("kubernetes")),
            (npm, ".npmrc", Some("npmrc")),
            (other, "Analysis.ipynb", Some("notebook")),
            (other, "tests/test_app.py", Some("test")),
            (other, "README.md", Some("example")),
            (npm, "yarn.lock", Some("lockfile")),
            (other, "app/settings.py", None),
        ] {
            assert_eq!(chosen(rule, path), id, "{rule} in {path}");
        }
    }

    #[test]
    fn every_role_and_family_is_one_that_there_is() {
        let roles: Vec<&str> = FileRole::ALL.iter().map(|role| role.word()).collect();
        let families: Vec<&str> = Catalogue::builtin().rules().map(|rule| rule.family).collect();
        for context in CONTEXTS {
            assert!(context.roles.iter().all(|role| roles.contains(role)), "{}", context.id);
            let known = |family: &&str| families.iter().any(|one| one.starts_with(family));
            assert!(context.families.iter().all(known), "{}", context.id);
        }
    }

    #[test]
    fn names_are_filled_in() {
        let rule = Catalogue::builtin().rule("github-pat").unwrap();
        let words = |path: &[u8]| words(rule, &rule.coaching(), path, role_of(path)).read.unwrap();

        assert!(words(b"t/tests/a.py").ends_with("leakcoach rules --sample github-pat"));
        assert!(words(b".npmrc").contains("${GITHUB_TOKEN}"));
        assert!(words(b".github/workflows/a.yml").contains("${{ secrets.GITHUB_TOKEN }}"));
        assert!(words(b".gitlab-ci.yml").contains(" $GITHUB_TOKEN"));
    }

    #[test]
    fn a_host_and_an_actor_have_their_words() {
        assert!(kept_by(&["github.com/acme/app".into()]).starts_with("GitHub"));
        assert!(kept_by(&["gitlab.acme.example/app".into()]).starts_with("GitLab"));
        assert!(kept_by(&["git.acme.example/app".into()]).starts_with("clones"));
        assert_eq!(of_actor(&Actor::Person), None);
        assert!(of_actor(&Actor::Agent("one")).is_some());
    }
}
