//! Workflows of GitHub: the job asks for a token by OIDC, and a step logs in with it.

use super::super::node::{Entry, It, Node};
use super::super::publish::{lasts, told, whole};
use super::super::workflow::expressions;
use super::line::Lines;
use super::{Refused, Service};

const OIDC: Need = ("id-token", "write");

/// A permission of the job's token, and how much of it.
pub(super) type Need = (&'static str, &'static str);

/// Replaces what lasts in every job of the workflow `document`.
pub(super) fn replace(document: &Node, lines: &mut Lines<'_>) -> Result<(), Refused> {
    for job in document.get("jobs").into_iter().flat_map(Node::entries) {
        let (mut replaced, mut login) = (false, Login::Missing);
        for step in job.node.get("steps").into_iter().flat_map(Node::items) {
            replaced |= one_step(step, &mut login, lines)?;
        }
        if replaced {
            permit(document, job, &[OIDC], lines)?;
        }
    }
    Ok(())
}

/// Whether a step of the job gets the token for those after it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Login {
    Missing,
    There,
}

/// Whether the step logged in with what lasts, and does no longer.
fn one_step(step: &Node, login: &mut Login, lines: &mut Lines<'_>) -> Result<bool, Refused> {
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
        (
            Service::Npm | Service::PyPi | Service::Crates | Service::RubyGems | Service::NuGet,
            "",
        ) => return publishes(step, login, lines),
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
fn publishes(step: &Node, login: &mut Login, lines: &mut Lines<'_>) -> Result<bool, Refused> {
    let Some(run) = step.entry("run") else { return Ok(false) };
    let script = run.node.text().unwrap_or_default();
    let has = |words: &[&str]| words.iter().any(|word| told(script, word).is_some());
    let (ours, names): (bool, &[&str]) = match lines.service {
        Service::Npm => {
            (has(&["npm publish"]), &["NODE_AUTH_TOKEN", "NPM_TOKEN", "NPM_CONFIG_TOKEN"])
        }
        Service::PyPi => (
            has(&["twine upload", "uv publish", "poetry publish"]),
            &["TWINE_USERNAME", "TWINE_PASSWORD", "UV_PUBLISH_TOKEN"],
        ),
        Service::Crates => (has(&["cargo publish"]), &["CARGO_REGISTRY_TOKEN"]),
        Service::RubyGems => (has(&["gem push"]), &["GEM_HOST_API_KEY"]),
        Service::NuGet => return nuget(step, run, login, lines),
        Service::Aws
        | Service::Gcp
        | Service::Azure
        | Service::Vault
        | Service::DockerHub
        | Service::Personal => return Ok(false),
    };
    let env = step.entry("env").filter(|env| {
        let ours = |entry: &Entry| {
            names.contains(&entry.key.as_str()) && entry.node.text().is_some_and(lasts)
        };
        env.node.entries().iter().any(ours)
    });
    let inline = script.contains("secrets.");
    if !ours || env.is_none() && !inline {
        return Ok(false);
    }
    let first = step.entries().first().map_or(run.at.start, |first| first.at.start);
    if lines.service == Service::Crates {
        if std::mem::replace(login, Login::There) == Login::Missing {
            let action = [
                "- uses: rust-lang/crates-io-auth-action@v1".to_owned(),
                "id: crates-io-auth".to_owned(),
            ];
            lines.insert_item(first, &action)?;
        }
        crates(env, run, inline, lines);
        return Ok(true);
    }
    if lines.service == Service::RubyGems && !inline {
        rubygems(env, run, first, login, lines)?;
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

fn crates(env: Option<&Entry>, run: &Entry, inline: bool, lines: &mut Lines<'_>) {
    const TOKEN: &str = "${{ steps.crates-io-auth.outputs.token }}";
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
        let all = expressions(raw);
        let spans: Vec<_> = all.filter(|(inner, _)| secret(inner)).map(|(_, span)| span).collect();
        for span in spans {
            lines.replace(at + span.start..at + span.end, TOKEN);
        }
    }
}

/// `dotnet nuget push`, whose key is an option.
fn nuget(
    step: &Node,
    run: &Entry,
    login: &mut Login,
    lines: &mut Lines<'_>,
) -> Result<bool, Refused> {
    const KEY: &str = "${{ steps.nuget-login.outputs.NUGET_API_KEY }}";
    let raw = lines.written(run.node.at.clone());
    let env = step.get("env");
    let mut spans = Vec::new();
    for (at, _) in raw.match_indices("nuget push") {
        let rest = raw.get(at..).unwrap_or_default();
        let line = rest.split_inclusive('\n').next().unwrap_or(rest);
        let command = whole(rest, line);
        if told(command, "nuget push").is_none() {
            continue;
        }
        let options = ["--api-key", "-k ", "-ApiKey"];
        let key = options.iter().find_map(|key| Some(at + command.find(key)? + key.len()));
        let Some(key) = key else {
            return Err(lines.refuse("its key is no option of the command"));
        };
        let after = raw.get(key..).unwrap_or_default();
        let written = after.trim_start_matches([' ', '=', '"', '\'']);
        let key = key + after.len() - written.len();
        if let Some((inner, span)) = expressions(written).next().filter(|(_, span)| span.start == 0)
        {
            if inner.trim().starts_with("secrets.") {
                spans.push(run.node.at.start + key..run.node.at.start + key + span.end);
            }
            continue;
        }
        let name = ["${", "$env:", "$", "%"].iter().find_map(|sign| written.strip_prefix(sign));
        let name = name.unwrap_or_default();
        let end = name.find(|char: char| !char.is_ascii_alphanumeric() && char != '_');
        let name = name.get(..end.unwrap_or(name.len())).unwrap_or_default();
        match env.and_then(|env| env.entry(name)) {
            Some(held) if held.node.text().is_some_and(lasts) => {
                spans.push(held.node.at.clone());
            }
            Some(_) => {}
            None => return Err(lines.refuse("where its key comes from is not told in this step")),
        }
    }
    if spans.is_empty() {
        return Ok(false);
    }
    if std::mem::replace(login, Login::There) == Login::Missing {
        let action = [
            "- uses: NuGet/login@v1".to_owned(),
            "id: nuget-login".to_owned(),
            "with:".to_owned(),
            "  user: ${{ vars.NUGET_USER }}".to_owned(),
        ];
        let first = step.entries().first().map_or(run.at.start, |first| first.at.start);
        lines.insert_item(first, &action)?;
        lines.note("pin NuGet/login to the commit of its release");
        lines.note("its key is good for about an hour: log in right before the push");
    }
    for span in spans {
        lines.replace(span, KEY);
    }
    Ok(true)
}

/// `gem push`, without the key and without the file that a script wrote it to.
fn rubygems(
    env: Option<&Entry>,
    run: &Entry,
    first: usize,
    login: &mut Login,
    lines: &mut Lines<'_>,
) -> Result<(), Refused> {
    let raw = lines.written(run.node.at.clone());
    if ["--otp", "--key ", " -k ", "RUBYGEMS_OTP"].iter().any(|word| raw.contains(word)) {
        return Err(lines.refuse("it names a key or a one-time password"));
    }
    let mut at = run.node.at.start;
    let mut left = false;
    for line in raw.split_inclusive('\n') {
        let bare = line.trim();
        let of_file = bare.contains(".gem/credentials")
            || bare.starts_with("mkdir") && bare.trim_end_matches('/').ends_with("/.gem");
        if of_file {
            let simple = !["&&", ";", "||", "<<"].iter().any(|sign| bare.contains(sign))
                && !bare.ends_with('\\');
            if !simple {
                return Err(lines.refuse("the script writes the key to a file in its own way"));
            }
            lines.remove_line(at + line.len() - line.trim_start().len())?;
        } else {
            left |= bare.contains("gem push");
            let names_key = bare.contains("API_KEY") || bare.contains("rubygems_api_key");
            if names_key {
                return Err(lines.refuse("the script uses the key in its own way"));
            }
        }
        at += line.len();
    }
    if !left {
        return Err(lines.refuse("the push is not a command of its own"));
    }
    if let Some(env) = env {
        lines.swap(env, &["GEM_HOST_API_KEY"], &[])?;
    }
    if std::mem::replace(login, Login::There) == Login::Missing {
        let action = ["- uses: rubygems/configure-rubygems-credentials@v2.0.0".to_owned()];
        lines.insert_item(first, &action)?;
        lines.note("pin rubygems/configure-rubygems-credentials to the commit of its release");
    }
    Ok(())
}

/// Lets the token of the job do what it needs; what it may do else stays.
pub(super) fn permit(
    document: &Node,
    job: &Entry,
    needs: &[Need],
    lines: &mut Lines<'_>,
) -> Result<(), Refused> {
    let own = job.node.entry("permissions");
    let Some(permissions) = own else {
        let top = document.get("permissions");
        let mut all: Vec<String> = match top.map(|top| &top.it) {
            Some(It::Text(word)) if word == "write-all" => return Ok(()),
            Some(It::Map(entries)) => {
                let top = top.unwrap_or(document);
                if needs.iter().all(|need| has(top, need)) {
                    return Ok(());
                }
                let raised = |key: &str| needs.iter().any(|need| need.0 == key && !has(top, need));
                let kept = entries.iter().filter(|entry| !raised(&entry.key));
                let kept = kept.map(|entry| {
                    format!("  {}: {}", entry.key, entry.node.text().unwrap_or("none"))
                });
                kept.chain(needs.iter().filter(|need| !has(top, need)).map(written)).collect()
            }
            Some(It::None | It::Text(_) | It::Written(_) | It::List(_)) | None => {
                lines.note(
                    "with `permissions`, the token of the job may do what they name and no more: \
                     add what else it needs",
                );
                at_least(needs).iter().map(written).collect()
            }
        };
        all.insert(0, "permissions:".to_owned());
        let steps = job.node.entry("steps").map_or(job.at.start, |steps| steps.at.start);
        return lines.insert_before(steps, &all);
    };
    let indent = lines.indent(permissions.at.start);
    let span = permissions.at.start..permissions.node.at.end;
    let block = |needs: &[Need]| {
        let all = needs.iter().map(|need| format!("\n{indent}{}", written(need)));
        ["permissions:".to_owned()].into_iter().chain(all).collect::<String>()
    };
    match &permissions.node.it {
        It::Text(word) if word == "write-all" => Ok(()),
        It::Text(_) => {
            lines.replace(span, block(&at_least(needs)));
            Ok(())
        }
        It::Map(entries) => {
            let mut missing: Vec<Need> = Vec::new();
            for need in needs.iter().filter(|need| !has(&permissions.node, need)) {
                match permissions.node.entry(need.0) {
                    Some(less) => lines.replace(less.node.at.clone(), need.1),
                    None => missing.push(*need),
                }
            }
            let words = || missing.iter().map(|need| format!("{}: {}", need.0, need.1));
            match entries.first() {
                _ if missing.is_empty() => Ok(()),
                None => {
                    lines.replace(span, block(&missing));
                    Ok(())
                }
                Some(_) if lines.written(span).contains('{') => {
                    let at = permissions.node.at.start + 1;
                    let all: Vec<String> = words().collect();
                    lines.replace(at..at, [" ", &all.join(", "), ","].concat());
                    Ok(())
                }
                Some(first) => {
                    let all: Vec<String> = words().collect();
                    lines.insert_before(first.at.start, &all)
                }
            }
        }
        It::None | It::Written(_) | It::List(_) => {
            Err(lines.refuse("the permissions of the job are not known"))
        }
    }
}

/// Whether `permissions` give it, or more.
fn has(permissions: &Node, need: &Need) -> bool {
    match permissions.text_of(need.0) {
        Some("write") => true,
        Some("read") => need.1 == "read",
        Some(_) | None => false,
    }
}

/// As an entry of `permissions`.
fn written(need: &Need) -> String {
    format!("  {}: {}", need.0, need.1)
}

/// With the right to read the code, which nearly every job takes for given.
fn at_least(needs: &[Need]) -> Vec<Need> {
    let read = (!needs.iter().any(|need| need.0 == "contents")).then_some(("contents", "read"));
    read.into_iter().chain(needs.iter().copied()).collect()
}
