//! Which reader a YAML file is for, and how that one refers to a value elsewhere.

use super::edit::has;
use super::{Ask, Refusal, Source};

/// The reader of a YAML file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// GitHub Actions, Forgejo's and Gitea's
    /// (<https://docs.github.com/en/actions/reference/secrets-reference>).
    Actions,
    /// GitLab CI (<https://docs.gitlab.com/ci/variables/>).
    GitLab,
    /// Azure Pipelines.
    Azure,
    /// Docker Compose (<https://docs.docker.com/reference/compose-file/interpolation/>).
    Compose,
    /// Kubernetes (<https://kubernetes.io/docs/concepts/configuration/secret/>).
    Kubernetes,
    /// A chart's values.
    HelmValues,
    /// A chart's template.
    HelmTemplate,
    /// Ansible (<https://docs.ansible.com/ansible/latest/collections/ansible/builtin/env_lookup.html>).
    Ansible,
    /// Spring Boot (<https://docs.spring.io/spring-boot/reference/features/external-config.html>).
    Spring,
    /// Rails' files that are read through ERB.
    Rails,
    /// The Serverless Framework.
    Serverless,
    /// `CloudFormation`
    /// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html>).
    CloudFormation,
    /// Grafana's provisioning (<https://grafana.com/docs/grafana/latest/administration/provisioning/>).
    Grafana,
    /// Yarn 2 and later (<https://yarnpkg.com/configuration/yarnrc>).
    Yarn,
    /// The scripts of `CircleCI` and Bitbucket, which are a shell's.
    Script,
}

/// The reader of the file at `path`.
pub(super) fn reader(path: &[u8], text: &[u8]) -> Option<Reader> {
    let path = String::from_utf8_lossy(path).to_lowercase();
    let name = path.rsplit('/').next().unwrap_or(&path);
    let stem = name.trim_end_matches(".yaml").trim_end_matches(".yml");
    let workflows = [".github/workflows/", ".gitea/workflows/", ".forgejo/workflows/"];
    if workflows.iter().any(|folder| path.starts_with(folder)) {
        return Some(Reader::Actions);
    }
    if stem == ".gitlab-ci" || path.contains(".gitlab/ci/") || stem.ends_with(".gitlab-ci") {
        return Some(Reader::GitLab);
    }
    if stem.starts_with("azure-pipelines") {
        return Some(Reader::Azure);
    }
    if stem == "bitbucket-pipelines" || path.starts_with(".circleci/") {
        return Some(Reader::Script);
    }
    if stem.starts_with("docker-compose") || stem == "compose" || stem.starts_with("compose.") {
        return Some(Reader::Compose);
    }
    if stem.starts_with("application") || stem.starts_with("bootstrap") {
        return Some(Reader::Spring);
    }
    if path.contains("templates/") && has(text, "{{") {
        return Some(Reader::HelmTemplate);
    }
    if stem == "values" || stem.starts_with("values-") || stem.starts_with("values.") {
        return Some(Reader::HelmValues);
    }
    if stem == ".yarnrc" {
        return Some(Reader::Yarn);
    }
    if stem == "serverless" {
        return Some(Reader::Serverless);
    }
    let rails = ["database", "storage", "cable", "cache", "queue", "secrets"];
    if path.contains("config/") && rails.contains(&stem) {
        return Some(Reader::Rails);
    }
    if path.contains("provisioning/") && (has(text, "datasources:") || has(text, "contactPoints:"))
    {
        return Some(Reader::Grafana);
    }
    if has(text, "AWSTemplateFormatVersion") || has(text, "Type: AWS::") {
        return Some(Reader::CloudFormation);
    }
    if has(text, "apiVersion:") && has(text, "kind:") {
        return Some(Reader::Kubernetes);
    }
    let ansible = ["group_vars/", "host_vars/", "/vars/", "/defaults/", "/tasks/", "playbook"];
    if ansible.iter().any(|part| path.contains(part))
        || has(text, "hosts:") && (has(text, "tasks:") || has(text, "roles:"))
    {
        return Some(Reader::Ansible);
    }
    if has(text, "services:") && (has(text, "image:") || has(text, "build:")) {
        return Some(Reader::Compose);
    }
    None
}

/// How a reader takes a value from elsewhere.
pub(super) struct Reference {
    pub(super) words: String,
    /// Whether YAML would take it for something else without quotes.
    pub(super) quoted: bool,
    pub(super) source: Source,
    pub(super) note: Option<String>,
}

pub(super) fn reference(reader: Reader, ask: &Ask<'_>, script: bool) -> Result<Reference, Refusal> {
    let name = ask.name;
    let platform = |words: String, note: String| Reference {
        words,
        quoted: false,
        source: Source::Platform,
        note: Some(note),
    };
    let environment =
        |words: String| Reference { words, quoted: false, source: Source::Environment, note: None };
    Ok(match reader {
        Reader::Actions if name == "GITHUB_TOKEN" => platform(
            "${{ secrets.GITHUB_TOKEN }}".to_owned(),
            "this is the job's own token, made for each run: give it what it needs under \
             `permissions:`"
                .to_owned(),
        ),
        Reader::Actions if name.starts_with("GITHUB_") => {
            return Err(Refusal::new(
                "GitHub allows no secret whose name begins with GITHUB_",
                "give another name: leakcoach fix --name NAME",
            ));
        }
        Reader::Actions => platform(
            format!("${{{{ secrets.{name} }}}}"),
            format!("store the new value: gh secret set {name}"),
        ),
        Reader::GitLab => platform(
            format!("${{{name}}}"),
            format!("store the new value as a masked variable: glab variable set {name} --masked"),
        ),
        Reader::Azure => platform(
            format!("$({name})"),
            format!("store the new value as a secret variable {name} of the pipeline"),
        ),
        Reader::Script if script => platform(
            format!("${{{name}}}"),
            format!("store the new value as a secured variable {name} of the project"),
        ),
        Reader::Script => {
            return Err(Refusal::new(
                "only the scripts of this pipeline expand variables",
                "take the line out, and store the value as a secured variable of the project",
            ));
        }
        Reader::Compose => environment(format!("${{{name}:?{name} is not set}}")),
        Reader::Spring | Reader::Yarn | Reader::Grafana => environment(format!("${{{name}}}")),
        Reader::Serverless => environment(format!("${{env:{name}}}")),
        Reader::Rails => environment(format!("<%= ENV.fetch(\"{name}\") %>")),
        Reader::Ansible => Reference {
            words: format!("{{{{ lookup('ansible.builtin.env', '{name}', default=undef()) }}}}"),
            quoted: true,
            source: Source::Environment,
            note: Some("the variable is read where ansible runs".to_owned()),
        },
        Reader::CloudFormation => Reference {
            words: format!("{{{{resolve:secretsmanager:{name}}}}}"),
            quoted: true,
            source: Source::Platform,
            note: Some(format!("store the new value in Secrets Manager under the name {name}")),
        },
        Reader::HelmValues | Reader::HelmTemplate | Reader::Kubernetes => {
            return Err(Refusal::new(
                "Kubernetes fills in no variables here",
                "keep it in a Secret that is made outside git",
            ));
        }
    })
}
