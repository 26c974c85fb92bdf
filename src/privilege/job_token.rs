//! Tokens of persons or projects in pipelines of GitLab, where the token of the job does.
//!
//! What that one reaches is docs.gitlab.com, "GitLab CI/CD job token", "Job token access".

use std::ops::Range;

/// A token in a script, and what does in its place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) at: Range<usize>,
    pub(super) with: &'static str,
    pub(super) what: What,
}

/// What it is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Api,
    Clone,
    Push,
    Registry,
}

impl What {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Api => "API",
            Self::Clone => "git",
            Self::Push => "git push",
            Self::Registry => "registry",
        }
    }
}

/// All of whose endpoints take the token of a job.
const ENDPOINTS: [&str; 4] = ["packages", "releases", "deployments", "environments"];

/// The places in `script`, as it is written; `own_images` says that the pipeline names no
/// images but those of its project.
pub(super) fn places(script: &str, own_images: bool) -> Vec<Place> {
    let mut places = Vec::new();
    let mut start = 0;
    // A command goes on where its line ends with a backslash.
    for (at, _) in script.match_indices('\n').chain([(script.len(), "")]) {
        let line = script.get(start..at).unwrap_or_default();
        if line.trim_end().ends_with('\\') {
            continue;
        }
        if !line.trim_start().starts_with('#') {
            one_command(line, start, own_images, &mut places);
        }
        start = at + 1;
    }
    places.sort_by_key(|place| place.at.start);
    places
}

fn one_command(line: &str, by: usize, own_images: bool, places: &mut Vec<Place>) {
    let mut add = |at: Range<usize>, with, what| {
        places.push(Place { at: by + at.start..by + at.end, with, what });
    };
    if let Some(at) = line.find("PRIVATE-TOKEN:")
        && let Some(end) = stored(line, at + "PRIVATE-TOKEN:".len())
        && reaches_own_api(line)
    {
        add(at..end, "JOB-TOKEN: $CI_JOB_TOKEN", What::Api);
    }
    for (at, _) in line.match_indices("://") {
        let user = at + 3;
        let rest = line.get(user..).unwrap_or_default();
        let Some(colon) = rest.find([':', '@', '/', ' ']) else { continue };
        if !rest.get(colon..).is_some_and(|rest| rest.starts_with(':')) {
            continue;
        }
        let Some(end) = stored(line, user + colon + 1) else { continue };
        let after = line.get(end..).unwrap_or_default();
        if let Some(host) = after.strip_prefix('@')
            && let Some((_, path)) = host.split_once('/')
            && ["${CI_PROJECT_PATH}", "$CI_PROJECT_PATH"].iter().any(|own| path.starts_with(own))
        {
            let pushes = line.contains("git push") || line.contains("set-url");
            let what = if pushes { What::Push } else { What::Clone };
            add(user..end, "gitlab-ci-token:${CI_JOB_TOKEN}", what);
        }
    }
    if own_images {
        login(line, &mut add);
    }
}

/// A login to the registry of the project.
fn login(line: &str, add: &mut impl FnMut(Range<usize>, &'static str, What)) {
    let logs_in = ["docker login", "podman login", "buildah login"];
    let Some(at) = logs_in.iter().find_map(|verb| line.find(verb)) else { return };
    let words: Vec<(usize, &str)> = words(line).filter(|(start, _)| *start > at).collect();
    let bare = |word: &str| word.trim_matches(['"', '\'']).to_owned();
    let own = ["$CI_REGISTRY", "${CI_REGISTRY}"];
    if !words.iter().any(|(_, word)| own.contains(&bare(word).as_str())) {
        return;
    }
    let value = |names: [&str; 2]| {
        words.iter().enumerate().find_map(|(number, (start, word))| {
            if names.contains(word) {
                let (start, word) = words.get(number + 1)?;
                return Some(*start..start + word.len());
            }
            let (name, _) = word.split_once('=')?;
            names.contains(&name).then(|| start + name.len() + 1..start + word.len())
        })
    };
    let password = value(["-p", "--password"]).or_else(|| {
        // `echo $TOKEN | docker login … --password-stdin`
        let piped = words.iter().any(|(_, word)| *word == "--password-stdin");
        let before = line.get(..at)?.trim_end().strip_suffix('|')?;
        let (start, word) = self::words(before).last()?;
        (piped && before.trim_start().trim_start_matches("- ").starts_with("echo "))
            .then(|| start..start + word.len())
    });
    let (Some(password), Some(user)) = (password, value(["-u", "--username"])) else { return };
    let written = line.get(password.clone()).unwrap_or_default();
    let is_stored = stored(written, 0).is_some_and(|end| {
        written.get(end..).is_some_and(|rest| rest.trim_matches(['"', '\'']).is_empty())
    });
    if is_stored {
        add(user, "\"$CI_REGISTRY_USER\"", What::Registry);
        add(password, "\"$CI_REGISTRY_PASSWORD\"", What::Registry);
    }
}

/// Words and where they begin.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut next = 0;
    let parts = line.split([' ', '\t', '\r', '\n']).map(move |word| {
        let start = next;
        next += word.len() + 1;
        (start, word)
    });
    parts.filter(|(_, word)| !word.is_empty())
}

/// Where the variable at `at` ends, which is one that GitLab does not set itself.
fn stored(line: &str, at: usize) -> Option<usize> {
    let rest = line.get(at..)?;
    let blank = rest.len() - rest.trim_start_matches([' ', '"', '\'']).len();
    let variable = rest.get(blank..)?.strip_prefix('$')?;
    let (open, name) = match variable.strip_prefix('{') {
        Some(name) => (2, name),
        None => (1, variable),
    };
    let length = name.find(|char: char| !char.is_ascii_alphanumeric() && char != '_');
    let length = length.unwrap_or(name.len());
    let closed = usize::from(open == 2 && name.get(length..)?.starts_with('}'));
    let known = name.get(..length)?;
    let is_ours = length > 0 && !known.starts_with("CI_") && closed + 1 == open;
    is_ours.then_some(at + blank + open + length + closed)
}

/// Whether a request goes to those parts of the project's own API.
fn reaches_own_api(line: &str) -> bool {
    let own = ["${CI_API_V4_URL}/projects/", "$CI_API_V4_URL/projects/"];
    let id = ["${CI_PROJECT_ID}/", "$CI_PROJECT_ID/"];
    let mut of_api = own.iter().flat_map(|own| line.match_indices(own));
    of_api.any(|(at, own)| {
        let rest = line.get(at + own.len()..).unwrap_or_default();
        let rest = id.iter().find_map(|id| rest.strip_prefix(id));
        rest.is_some_and(|rest| ENDPOINTS.iter().any(|endpoint| rest.starts_with(endpoint)))
    })
}

/// Whether the images that a pipeline names are those of its project.
pub(super) fn has_own_images(text: &str) -> bool {
    let others = ["CI_REGISTRY/", "CI_REGISTRY}/", "registry.gitlab.com/"];
    text.contains("CI_REGISTRY_IMAGE") && !others.iter().any(|other| text.contains(other))
}

#[cfg(test)]
mod tests {
    use super::{What, has_own_images, places};
    use proptest::prelude::*;

    fn replaced(script: &str) -> (String, Vec<What>) {
        let found = places(script, true);
        let mut after = script.to_owned();
        for place in found.iter().rev() {
            after.replace_range(place.at.clone(), place.with);
        }
        (after, found.into_iter().map(|place| place.what).collect())
    }

    #[test]
    fn the_api_of_the_own_project_takes_the_token_of_the_job() {
        let (after, what) = replaced(
            "curl --header \"PRIVATE-TOKEN: ${RELEASE_TOKEN}\" \\\n  \
             \"$CI_API_V4_URL/projects/$CI_PROJECT_ID/releases\"",
        );
        assert!(after.starts_with("curl --header \"JOB-TOKEN: $CI_JOB_TOKEN\" \\\n"), "{after}");
        assert_eq!(what, [What::Api]);
    }

    #[test]
    fn what_the_token_of_a_job_does_not_reach_stays() {
        for script in [
            "curl -H \"PRIVATE-TOKEN: $T\" $CI_API_V4_URL/projects/$CI_PROJECT_ID/merge_requests",
            "curl -H \"PRIVATE-TOKEN: $T\" $CI_API_V4_URL/projects/42/releases",
            "curl -H \"JOB-TOKEN: $CI_JOB_TOKEN\" $CI_API_V4_URL/projects/$CI_PROJECT_ID/releases",
            "git clone https://oauth2:$T@gitlab.com/other/project.git",
            "git clone https://gitlab-ci-token:$CI_JOB_TOKEN@gitlab.com/$CI_PROJECT_PATH.git",
            "docker login -u a -p $T registry.example.com",
            "docker login -u $CI_REGISTRY_USER -p $CI_REGISTRY_PASSWORD $CI_REGISTRY",
            "# docker login -u a -p $T $CI_REGISTRY",
        ] {
            assert_eq!(places(script, true), [], "{script}");
        }
        assert!(!has_own_images("$CI_REGISTRY/other/image $CI_REGISTRY_IMAGE"));
    }

    #[test]
    fn the_own_repository_and_registry_take_it() {
        let (after, what) = replaced(
            "git remote set-url origin https://oauth2:$T@$CI_SERVER_HOST/$CI_PROJECT_PATH",
        );
        assert!(after.contains("//gitlab-ci-token:${CI_JOB_TOKEN}@$CI_SERVER_HOST"), "{after}");
        assert_eq!(what, [What::Push]);
        for login in [
            "docker login -u bot -p \"$T\" $CI_REGISTRY",
            "echo \"$T\" | docker login -u bot --password-stdin \"$CI_REGISTRY\"",
            "docker login --username=bot --password=${T} $CI_REGISTRY",
        ] {
            let (after, _) = replaced(login);
            assert!(after.contains("\"$CI_REGISTRY_USER\""), "{after}");
            assert!(
                after.contains("\"$CI_REGISTRY_PASSWORD\"") && !after.contains("$T"),
                "{after}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_script_ends_a_run(script in "(docker login|-p|-u|=|\\$|\\{|\\}|T|é|://|:|@|/|PRIVATE-TOKEN:|CI_PROJECT_PATH|\\$CI_REGISTRY| |\\\\|\n|\"){0,30}") {
            for place in places(&script, true) {
                prop_assert!(script.get(place.at).is_some());
            }
        }
    }
}
