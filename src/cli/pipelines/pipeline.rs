//! Whose pipeline this is: which job runs, which file says so, and who owns that.

use crate::catalogue::Rule;
use crate::cli::check::run::Check;
use crate::cli::env;
use crate::cli::recorded::recall;
use crate::cli::reports::owners_of;
use crate::coach::pipeline::{self, Exposed, Owned};
use crate::judge::fingerprint::FindingId;
use crate::report;
use crate::source::Repo;
use crate::text::Escaped;
use std::path::Path;

/// A job of a pipeline, as far as its environment tells.
#[derive(Debug, Default)]
pub(in crate::cli) struct Job {
    /// What it is called.
    name: Option<String>,
    /// The file that says what it does, from the top of the repository.
    file: Option<String>,
    /// Why no file is known, where there is one elsewhere.
    elsewhere: Option<String>,
}

impl Job {
    /// The job that runs here; `file` is what a person said of it.
    pub(in crate::cli) fn here(file: Option<&Path>) -> Self {
        let mut job = Self::of(|name| env::variable(name)?.into_string().ok());
        if let Some(file) = file {
            job.file = Some(file.to_string_lossy().trim_start_matches("./").to_owned());
            job.elsewhere = None;
        }
        job
    }

    /// By the variables of GitHub Actions (docs.github.com, "Variables reference"), GitLab
    /// (docs.gitlab.com, "Predefined CI/CD variables reference") and `CircleCI` (circleci.com,
    /// "Project values and variables"), in which `read` looks.
    fn of(read: impl Fn(&str) -> Option<String>) -> Self {
        let is = |name: &str| read(name).is_some_and(|value| value == "true");
        if is("GITHUB_ACTIONS") {
            // OWNER/REPOSITORY/.github/workflows/FILE.yml@refs/heads/BRANCH
            let whole = read("GITHUB_WORKFLOW_REF").unwrap_or_default();
            let path = whole.split_once("/.github/").map(|(repository, rest)| {
                let file = rest.split_once('@').map_or(rest, |(file, _)| file);
                (repository.to_owned(), format!(".github/{file}"))
            });
            let here = read("GITHUB_REPOSITORY").unwrap_or_default();
            let (file, elsewhere) = match path {
                Some((repository, file)) if repository == here => (Some(file), None),
                Some((repository, file)) => (None, Some(format!("{file} of {repository}"))),
                None => (None, None),
            };
            return Self { name: read("GITHUB_JOB"), file, elsewhere };
        }
        if is("GITLAB_CI") {
            let file = read("CI_CONFIG_PATH").unwrap_or_else(|| ".gitlab-ci.yml".to_owned());
            // A file of another project is FILE@GROUP/PROJECT, one of another host an address.
            let elsewhere = file.contains('@') || file.contains("://");
            let (file, elsewhere) = if elsewhere { (None, Some(file)) } else { (Some(file), None) };
            return Self { name: read("CI_JOB_NAME"), file, elsewhere };
        }
        if is("CIRCLECI") {
            let file = Some(".circleci/config.yml".to_owned());
            return Self { name: read("CIRCLE_JOB"), file, elsewhere: None };
        }
        Self::default()
    }

    /// What the record calls it; nothing where nothing is known of it.
    fn key(&self) -> Option<String> {
        let of = |part: &Option<String>| part.clone().unwrap_or_default();
        (self.name.is_some() || self.file.is_some())
            .then(|| format!("{}\n{}", of(&self.file), of(&self.name)))
    }
}

/// A credential in output, to be told of.
pub(in crate::cli) struct Printed {
    pub(in crate::cli) rule: Option<&'static Rule>,
    /// What it is called where no rule knows it.
    pub(in crate::cli) what: String,
    pub(in crate::cli) place: String,
    pub(in crate::cli) id: Option<FindingId>,
    pub(in crate::cli) times: usize,
}

/// Says what was masked, what to do, and to whom it goes; remembers it for the next time.
pub(in crate::cli) fn tell(repo: Option<&Repo>, check: &Check, job: &Job, printed: &[Printed]) {
    let exposed: Vec<Exposed<'_>> = printed
        .iter()
        .map(|one| Exposed {
            what: one
                .rule
                .map_or_else(|| one.what.clone(), |rule| format!("{} [{}]", rule.what, rule.id)),
            place: &one.place,
            id: one.id.map(|id| id.to_string()),
            times: one.times,
            words: one.rule.map(|rule| check.config.coaching.of(rule, Path::new("")).0),
        })
        .collect();
    for line in pipeline::masked(&exposed) {
        report::line(&line);
    }
    for line in told_of(repo, job, printed, true) {
        report::notice(&line);
    }
}

/// To whom it goes that these were in a job's log; nothing where no job is known.
pub(in crate::cli) fn concerns(repo: Option<&Repo>, job: &Job, printed: &[Printed]) -> Vec<String> {
    told_of(repo, job, printed, false)
}

fn told_of(repo: Option<&Repo>, job: &Job, printed: &[Printed], masked: bool) -> Vec<String> {
    if job.file.is_none() && job.name.is_none() && job.elsewhere.is_none() {
        return Vec::new();
    }
    let owned = owned(repo, job);
    let mut lines = vec![pipeline::route(&owned)];
    if let Some(key) = job.key() {
        let found = printed.iter().map(|one| {
            let rule = one.rule.map_or_else(|| one.what.clone(), |rule| rule.id.to_owned());
            (rule, one.id.map(|id| id.to_string()))
        });
        let before = recall::printed(repo, &key, found.collect(), masked);
        let name = job.name.as_deref().map(|name| Escaped(name.as_bytes()).to_string());
        lines.extend(pipeline::again(&before, name.as_deref(), &owned));
    }
    lines
}

/// Who owns the job's file.
fn owned(repo: Option<&Repo>, job: &Job) -> Owned {
    let Some(file) = &job.file else {
        return match &job.elsewhere {
            Some(place) => Owned::Elsewhere(Escaped(place.as_bytes()).to_string()),
            None => Owned::Unknown,
        };
    };
    let shown = Escaped(file.as_bytes()).to_string();
    match repo.map(owners_of) {
        None => Owned::NoFile(shown),
        Some(Err(why)) => Owned::Unread(why),
        Some(Ok(owners)) if owners.is_empty() => Owned::NoFile(shown),
        Some(Ok(owners)) => {
            let of = owners.of(file.as_bytes());
            let of: Vec<_> = of.iter().map(|owner| Escaped(owner.as_bytes()).to_string()).collect();
            if of.is_empty() { Owned::Nobody(shown) } else { Owned::By(shown, of) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Job;

    fn job(variables: &[(&str, &str)]) -> Job {
        Job::of(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_tells_the_file_of_a_job() {
        let github = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_REPOSITORY", "shop/api"),
            ("GITHUB_JOB", "build"),
        ];
        let at = |value| [&github[..], &[("GITHUB_WORKFLOW_REF", value)]].concat();

        let own = job(&at("shop/api/.github/workflows/ci.yml@refs/heads/a@b"));
        assert_eq!(own.file.as_deref(), Some(".github/workflows/ci.yml"));
        assert_eq!(own.name.as_deref(), Some("build"));
        let other = job(&at("shop/ci/.github/workflows/ci.yml@refs/heads/main"));
        assert_eq!(other.file, None);
        assert_eq!(other.elsewhere.as_deref(), Some(".github/workflows/ci.yml of shop/ci"));

        let gitlab = |path| job(&[("GITLAB_CI", "true"), ("CI_CONFIG_PATH", path)]);
        assert_eq!(gitlab("ci/main.yml").file.as_deref(), Some("ci/main.yml"));
        assert_eq!(gitlab("ci.yml@group/project").file, None);
        assert_eq!(job(&[("GITLAB_CI", "true")]).file.as_deref(), Some(".gitlab-ci.yml"));
        assert_eq!(job(&[("CIRCLECI", "true")]).file.as_deref(), Some(".circleci/config.yml"));
        assert_eq!(job(&[]).key(), None);
    }
}
