//! Which files are looked at: told by the path, then by a word that must be in it.

use super::facts::Facts;
use super::node::Node;
use super::yaml::Why;
use super::{
    agent, aws, azure, docker, gcp, gitlab, hcl, kubernetes, lines, manifest, sql, terraform,
    workflow, yaml,
};
use std::borrow::Cow;

/// What a file is, by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A workflow or action of GitHub.
    Workflow,
    /// A pipeline of GitLab.
    GitLab,
    /// Any other YAML: manifests of Kubernetes, `CloudFormation`, values of Helm.
    Yaml,
    /// JSON: policies, templates, manifests.
    Json,
    /// Terraform, or a policy of Vault.
    Hcl,
    /// Recipes of images.
    Dockerfile,
    /// SQL.
    Sql,
    /// TOML: manifests of apps.
    Toml,
    /// Scripts of a shell.
    Shell,
    /// Programs, of which only those that use the AWS CDK count.
    Program,
    /// Bicep.
    Bicep,
    /// Files of lines: `pg_hba.conf`, `sudoers`.
    Lines,
}

impl Format {
    /// What the file at `path` is, if it is looked at.
    pub fn of(path: &[u8]) -> Option<Self> {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
        let ending = name.rsplit(|byte| *byte == b'.').next().filter(|end| end.len() < name.len());
        let ends = |endings: &[&str]| {
            ending.is_some_and(|end| {
                endings.iter().any(|one| end.eq_ignore_ascii_case(one.as_bytes()))
            })
        };
        let contains = |part: &[u8]| memchr::memmem::find(path, part).is_some();
        if docker::is_dockerfile(name) {
            return Some(Self::Dockerfile);
        }
        if ends(&["yml", "yaml"]) {
            let workflow =
                contains(b".github/workflows/") || matches!(name, b"action.yml" | b"action.yaml");
            let gitlab = name.ends_with(b".gitlab-ci.yml")
                || name.ends_with(b".gitlab-ci.yaml")
                || contains(b".gitlab/ci/");
            return Some(if workflow {
                Self::Workflow
            } else if gitlab {
                Self::GitLab
            } else {
                Self::Yaml
            });
        }
        if ends(&["json", "template"]) {
            let made =
                matches!(name, b"package-lock.json" | b"composer.lock" | b"npm-shrinkwrap.json");
            return (!made).then_some(Self::Json);
        }
        if ends(&["tf", "tofu", "hcl"]) {
            return (name != b".terraform.lock.hcl").then_some(Self::Hcl);
        }
        if ends(&["sql"]) {
            return Some(Self::Sql);
        }
        if ends(&["sh", "bash"]) {
            return Some(Self::Shell);
        }
        if ends(&["ts", "py", "cs", "java", "go"]) {
            return Some(Self::Program);
        }
        if ends(&["bicep"]) {
            return Some(Self::Bicep);
        }
        if ends(&["toml"]) && name.starts_with(b"shopify.app") {
            return Some(Self::Toml);
        }
        let lines = name == b"pg_hba.conf"
            || name.starts_with(b"pg_hba.conf.")
            || name == b"sudoers"
            || contains(b"sudoers.d/")
            || name == b"authorized_keys"
            || ends(&["acl"]);
        lines.then_some(Self::Lines)
    }

    /// Words of which one is in every file that could grant anything.
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Workflow => &["jobs", "runs"],
            Self::GitLab | Self::Dockerfile | Self::Shell | Self::Lines => &[""],
            Self::Yaml => &[
                "apiVersion",
                "AWSTemplateFormatVersion",
                "Resources:",
                "Statement",
                "iamRoleStatements",
                "oauth_config",
                "privileged",
                "network_mode",
                "cap_add",
                "docker.sock",
                "roles/",
                "rbac",
                "clusterRole",
                "default_permissions",
                "securityContext",
                "hostNetwork",
                "pid:",
            ],
            Self::Json => &[
                "\"Statement\"",
                "AWSTemplateFormatVersion",
                "\"Resources\"",
                "roleDefinitionId",
                "roleDefinitions",
                "oauth_config",
                "oauthScopes",
                "default_permissions",
                "requiredResourceAccess",
                "host_permissions",
                "manifest_version",
                "permissions",
                "\"bindings\"",
                "apiVersion",
                "mcpServers",
                "\"resource\"",
                "allowSharedKeyAccess",
                "autoApprove",
            ],
            Self::Hcl => &["resource", "data", "provider", "module", "path", "output"],
            Self::Sql => &[
                "grant",
                "superuser",
                "bypassrls",
                "createrole",
                "to public",
                "row level security",
                "'%'",
            ],
            Self::Toml => &["scopes"],
            Self::Program => &["aws-cdk-lib", "aws_cdk", "@aws-cdk/", "awscdk", "Amazon.CDK"],
            Self::Bicep => {
                &["roleDefinition", "roleAssignments", "listKeys", "allowSharedKeyAccess"]
            }
        }
    }

    /// Whether a file of these bytes could grant anything.
    pub(super) fn may_hold(self, bytes: &[u8]) -> bool {
        self.words().iter().any(|word| {
            memchr::memmem::find(bytes, word.as_bytes()).is_some()
                || self == Self::Sql && find_in_any_case(bytes, word.as_bytes())
        })
    }

    /// Whether a file that is too large to be parsed is one that grants, not one of data
    /// that has such a word among others.
    pub(super) fn surely_holds(self, bytes: &[u8]) -> bool {
        let words: &[&[&str]] = match self {
            Self::Yaml => &[&["apiVersion:", "kind:", "metadata:"], &["Effect:", "Action:"]],
            Self::Json => &[
                &["\"apiVersion\"", "\"kind\"", "\"metadata\""],
                &["\"Effect\"", "\"Action\"", "\"Statement\""],
                &["AWSTemplateFormatVersion"],
                &["roleDefinitionId"],
            ],
            Self::Workflow
            | Self::GitLab
            | Self::Hcl
            | Self::Dockerfile
            | Self::Sql
            | Self::Toml
            | Self::Shell
            | Self::Program
            | Self::Bicep
            | Self::Lines => return true,
        };
        let has = |word: &&str| memchr::memmem::find(bytes, word.as_bytes()).is_some();
        words.iter().any(|all| all.iter().all(has))
    }

    /// What the file says.
    ///
    /// # Errors
    /// It cannot be read as what it is.
    pub(super) fn facts(self, path: &[u8], bytes: &[u8]) -> Result<Facts, Why> {
        let mut facts = Facts::default();
        let text = &*in_utf8(bytes);
        if text.trim().is_empty() {
            return Ok(facts);
        }
        match self {
            Self::Workflow => {
                for node in &yaml::documents(text)? {
                    workflow::tell(node, text, &mut facts);
                }
            }
            Self::GitLab => {
                for node in &yaml::documents(text)? {
                    gitlab::tell(node, text, &mut facts);
                }
            }
            Self::Yaml | Self::Json => {
                let blanked;
                let text = if yaml::is_template(text) {
                    blanked = yaml::without_templates(text);
                    &blanked
                } else {
                    text
                };
                for node in &yaml::documents(text)? {
                    document(node, &mut facts);
                }
            }
            Self::Hcl => terraform::tell(&hcl::body(text)?, path, &mut facts),
            Self::Dockerfile => docker::tell(text, &mut facts),
            Self::Sql => sql::tell(text, &mut facts),
            Self::Toml => manifest::shopify(text, &mut facts)?,
            Self::Shell => super::command::tell(text, 0, "", &mut facts),
            Self::Program => aws::in_program(text, &mut facts),
            Self::Bicep => azure::in_bicep(text, &mut facts),
            Self::Lines => lines::tell(text, path, &mut facts),
        }
        Ok(facts)
    }
}

/// A document that may be of several kinds: each looks for its own.
fn document(node: &Node, facts: &mut Facts) {
    kubernetes::tell(node, facts);
    aws::tell(node, facts);
    azure::tell(node, facts);
    gcp::tell(node, facts);
    docker::compose(node, facts);
    manifest::tell(node, facts);
    agent::tell(node, facts);
}

/// The text, with each byte that is no UTF-8 as a question mark, so that places stay.
fn in_utf8(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| '?'));
    }
    Cow::Owned(out)
}

fn find_in_any_case(bytes: &[u8], word: &[u8]) -> bool {
    let Some(first) = word.first() else { return true };
    let upper = first.to_ascii_uppercase();
    memchr::memchr2_iter(*first, upper, bytes).any(|at| {
        bytes.get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word))
    })
}
