//! Workflows of GitHub: the job asks for a token by OIDC, and a step logs in with it.

use super::super::node::{Entry, It, Node};
use super::line::Lines;
use super::{Refused, Service};

const READ: &str = "contents: read";
const OIDC: &str = "id-token: write";

/// Replaces what lasts in every job of the workflow `document`.
pub(super) fn replace(document: &Node, lines: &mut Lines<'_>) -> Result<(), Refused> {
    for job in document.get("jobs").into_iter().flat_map(Node::entries) {
        let mut replaced = false;
        for step in job.node.get("steps").into_iter().flat_map(Node::items) {
            replaced |= one_step(step, lines)?;
        }
        if replaced {
            permission(document, job, lines)?;
        }
    }
    Ok(())
}

/// Whether the step logged in with what lasts, and does no longer.
fn one_step(step: &Node, lines: &mut Lines<'_>) -> Result<bool, Refused> {
    let called = step.text_of("uses").unwrap_or_default();
    let name = called.split('@').next().unwrap_or_default().to_ascii_lowercase();
    let none = Entry { key: String::new(), at: 0..0, node: Node::default() };
    let with = step.entry("with").unwrap_or(&none);
    let secret = |key: &str| with.node.text_of(key).is_some_and(|text| text.contains("secrets."));
    match (lines.service, name.as_str()) {
        (Service::Aws, "aws-actions/configure-aws-credentials")
            if secret("aws-secret-access-key") =>
        {
            let keys = ["aws-access-key-id", "aws-secret-access-key", "aws-session-token"];
            let into = [
                ("role-to-assume", "arn:aws:iam::ACCOUNT_ID:role/ROLE_NAME"),
                ("aws-region", "REGION"),
            ];
            if with.node.get("role-to-assume").is_some() {
                lines.note(
                    "the role that it took on stays: its trust has to name this repository now",
                );
            }
            lines.swap(with, &keys, &into)?;
        }
        (Service::Gcp, "google-github-actions/auth") if secret("credentials_json") => {
            let provider = "projects/PROJECT_NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER";
            let account = "SERVICE_ACCOUNT@PROJECT_ID.iam.gserviceaccount.com";
            let into = [("workload_identity_provider", provider), ("service_account", account)];
            lines.swap(with, &["credentials_json"], &into)?;
        }
        (Service::Gcp, "google-github-actions/setup-gcloud") if secret("service_account_key") => {
            let why = "setup-gcloud logs in by itself no longer: google-github-actions/auth does";
            return Err(lines.refuse(why));
        }
        (Service::Azure, "azure/login") if secret("creds") => {
            let into = [
                ("client-id", "${{ vars.AZURE_CLIENT_ID }}"),
                ("tenant-id", "${{ vars.AZURE_TENANT_ID }}"),
                ("subscription-id", "${{ vars.AZURE_SUBSCRIPTION_ID }}"),
            ];
            lines.swap(with, &["creds"], &into)?;
        }
        (Service::Vault, "hashicorp/vault-action") if secret("token") || secret("secretId") => {
            let keys = ["token", "roleId", "secretId", "method"];
            lines.swap(with, &keys, &[("method", "jwt"), ("role", "ROLE_NAME")])?;
        }
        (Service::DockerHub, "docker/login-action")
            if secret("password")
                && with
                    .node
                    .text_of("registry")
                    .is_none_or(|registry| registry.ends_with("docker.io")) =>
        {
            docker_hub(step, with, called, lines)?;
        }
        (Service::PyPi, "pypa/gh-action-pypi-publish") if secret("password") => {
            lines.swap(with, &["user", "password"], &[])?;
        }
        (Service::Npm | Service::PyPi | Service::Crates, "") => return publishes(step, lines),
        _ => return Ok(false),
    }
    Ok(true)
}

fn docker_hub(
    step: &Node,
    with: &Entry,
    called: &str,
    lines: &mut Lines<'_>,
) -> Result<(), Refused> {
    let organization = ("username", "${{ vars.DOCKERHUB_ORGANIZATION }}");
    lines.swap(with, &["username", "password"], &[organization])?;
    let connection = "DOCKERHUB_OIDC_CONNECTIONID: ${{ vars.DOCKERHUB_OIDC_CONNECTIONID }}";
    if let Some(env) = step.entry("env") {
        let first = env.node.entries().first();
        let first = first.ok_or_else(|| lines.refuse("its `env` is empty"))?;
        lines.insert_before(first.at.start, &[connection.to_owned()])?;
    } else {
        lines.insert_before(with.at.start, &["env:".to_owned(), format!("  {connection}")])?;
    }
    let version = called.rsplit('@').next().unwrap_or_default();
    let old = ["v1", "v2", "v3"].iter().any(|old| {
        version.strip_prefix(old).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    });
    if let Some(uses) = step.entry("uses").filter(|_| old) {
        let at = lines.written(uses.node.at.clone()).find('@').map(|at| uses.node.at.start + at);
        let at = at.ok_or_else(|| lines.refuse("the version of the action is not known"))?;
        lines.replace(at + 1..at + 1 + version.len(), "v4");
    } else if !version.starts_with('v') {
        lines.note("it takes docker/login-action v4: pin a commit of that");
    }
    Ok(())
}

/// A script that publishes with a token.
fn publishes(step: &Node, lines: &mut Lines<'_>) -> Result<bool, Refused> {
    let Some(run) = step.entry("run") else { return Ok(false) };
    let script = run.node.text().unwrap_or_default();
    let has = |words: &[&str]| words.iter().any(|word| script.contains(word));
    let (ours, names): (bool, &[&str]) = match lines.service {
        Service::Npm => {
            (has(&["npm publish"]), &["NODE_AUTH_TOKEN", "NPM_TOKEN", "NPM_CONFIG_TOKEN"])
        }
        Service::PyPi => (
            has(&["twine upload", "uv publish", "poetry publish"]),
            &["TWINE_USERNAME", "TWINE_PASSWORD", "UV_PUBLISH_TOKEN"],
        ),
        Service::Crates => (has(&["cargo publish"]), &["CARGO_REGISTRY_TOKEN"]),
        Service::Aws | Service::Gcp | Service::Azure | Service::Vault | Service::DockerHub => {
            return Ok(false);
        }
    };
    let env = step.entry("env").filter(|env| {
        let lasts = |entry: &Entry| {
            names.contains(&entry.key.as_str())
                && entry.node.text().is_some_and(|text| text.contains("secrets."))
        };
        env.node.entries().iter().any(lasts)
    });
    let inline = script.contains("secrets.");
    if !ours || env.is_none() && !inline {
        return Ok(false);
    }
    let first = step.entries().first().map_or(run.at.start, |first| first.at.start);
    if lines.service == Service::Crates {
        crates(env, run, inline, first, lines)?;
        return Ok(true);
    }
    if inline || script.contains("_authToken") {
        return Err(lines.refuse("the token is written into the script"));
    }
    if script.contains("poetry publish") || script.contains("yarn npm publish") {
        return Err(lines.refuse("that program is not known to publish without a token here"));
    }
    if let Some(env) = env {
        lines.swap(env, names, &[])?;
    }
    if lines.service == Service::Npm {
        let update = [
            "- name: npm that can do without a token".to_owned(),
            "run: npm install --global npm@^11.5.1".to_owned(),
        ];
        lines.insert_item(first, &update)?;
        lines.note("Node has to be 22.14 or later, and `registry-url` of setup-node stays");
    } else if script.contains("twine") {
        lines.note("twine has to be 6.1 or later");
    }
    Ok(true)
}

fn crates(
    env: Option<&Entry>,
    run: &Entry,
    inline: bool,
    first: usize,
    lines: &mut Lines<'_>,
) -> Result<(), Refused> {
    const TOKEN: &str = "${{ steps.crates-io-auth.outputs.token }}";
    let login =
        ["- uses: rust-lang/crates-io-auth-action@v1".to_owned(), "id: crates-io-auth".to_owned()];
    lines.insert_item(first, &login)?;
    lines.note("pin rust-lang/crates-io-auth-action to the commit of its release");
    if let Some(token) = env.and_then(|env| env.node.entry("CARGO_REGISTRY_TOKEN")) {
        let span = token.node.at.clone();
        lines.replace(span, TOKEN);
    }
    if inline {
        let raw = lines.written(run.node.at.clone());
        let at = run.node.at.start;
        let secret = |inner: &str| {
            let inner = inner.trim();
            inner.strip_prefix("secrets.").is_some_and(|name| name.to_uppercase().contains("TOKEN"))
        };
        let all = super::super::workflow::expressions(raw);
        let spans: Vec<_> = all.filter(|(inner, _)| secret(inner)).map(|(_, span)| span).collect();
        for span in spans {
            lines.replace(at + span.start..at + span.end, TOKEN);
        }
    }
    Ok(())
}

/// Lets the job ask for a token; what it may do else stays.
fn permission(document: &Node, job: &Entry, lines: &mut Lines<'_>) -> Result<(), Refused> {
    let new = |mut all: Vec<String>| {
        all.insert(0, "permissions:".to_owned());
        all
    };
    let own = job.node.entry("permissions");
    let Some(permissions) = own else {
        let top = document.get("permissions");
        let mut all: Vec<String> = match top.map(|top| &top.it) {
            Some(It::Text(word)) if word == "write-all" => return Ok(()),
            Some(It::Map(entries)) => {
                if top.is_some_and(|top| top.says("id-token", "write")) {
                    return Ok(());
                }
                let kept = entries.iter().filter(|entry| entry.key != "id-token");
                kept.map(|entry| {
                    format!("  {}: {}", entry.key, entry.node.text().unwrap_or("none"))
                })
                .collect()
            }
            Some(It::None | It::Text(_) | It::Written(_) | It::List(_)) | None => {
                lines.note(
                    "with `permissions`, the token of the job may do what they name and no more: \
                     add what else it needs",
                );
                vec![format!("  {READ}")]
            }
        };
        all.push(format!("  {OIDC}"));
        let steps = job.node.entry("steps").map_or(job.at.start, |steps| steps.at.start);
        return lines.insert_before(steps, &new(all));
    };
    let indent = lines.indent(permissions.at.start);
    let span = permissions.at.start..permissions.node.at.end;
    match &permissions.node.it {
        It::Text(word) if word == "write-all" => Ok(()),
        It::Text(_) => {
            let all = format!("permissions:\n{indent}  {READ}\n{indent}  {OIDC}");
            lines.replace(span, all);
            Ok(())
        }
        It::Map(entries) => match (permissions.node.entry("id-token"), entries.first()) {
            (Some(token), _) if token.node.text() == Some("write") => Ok(()),
            (Some(token), _) => {
                lines.replace(token.node.at.clone(), "write");
                Ok(())
            }
            (None, None) => {
                lines.replace(span, format!("permissions:\n{indent}  {OIDC}"));
                Ok(())
            }
            (None, Some(_)) if lines.written(span).contains('{') => {
                let at = permissions.node.at.start + 1;
                lines.replace(at..at, format!(" {OIDC},"));
                Ok(())
            }
            (None, Some(first)) => lines.insert_before(first.at.start, &[OIDC.to_owned()]),
        },
        It::None | It::Written(_) | It::List(_) => {
            Err(lines.refuse("the permissions of the job are not known"))
        }
    }
}
