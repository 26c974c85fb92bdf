//! Pipelines of GitLab: the job gets an ID token, and its script logs in with it.

use super::super::gitlab::{lasting_command, lasting_variable};
use super::super::job_token::{self, What};
use super::super::node::{Entry, Node};
use super::line::{Lines, scalar};
use super::{Refused, Service};

const PROVIDER: &str =
    "projects/PROJECT_NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER";

/// Replaces what lasts in every job of the pipeline `document`.
pub(super) fn replace(document: &Node, lines: &mut Lines<'_>) -> Result<(), Refused> {
    for job in document.entries().iter().filter(|job| job.node.get("script").is_some()) {
        one_job(job, lines)?;
    }
    Ok(())
}

/// Puts the token of the job wherever a script of `text` uses another that it can stand for.
pub(super) fn personal(document: &Node, text: &str, lines: &mut Lines<'_>) {
    let own_images = job_token::has_own_images(text);
    let keys = ["before_script", "script", "after_script"];
    let jobs = document.entries().iter().map(|job| &job.node);
    for of in jobs.chain([document]) {
        for (_, node) in keys.iter().flat_map(|key| of.texts_of(key)) {
            for place in job_token::places(lines.written(node.at.clone()), own_images) {
                let at = node.at.start + place.at.start..node.at.start + place.at.end;
                lines.replace(at, place.with);
                match place.what {
                    What::Push => {
                        lines.first(
                            "in the project's settings, CI/CD, Job token permissions, allow Git \
                             push requests to the repository (GitLab 18.4 or later)"
                                .to_owned(),
                        );
                        lines.note("what is pushed with the token of a job starts no pipeline");
                    }
                    What::Api | What::Clone | What::Registry => lines.note(
                        "the token of a job may do what the person may who started it, and \
                         reaches other projects only where they list this one",
                    ),
                }
            }
        }
    }
}

/// What a fact of [`super::super::gitlab`] calls the service.
fn called(service: Service) -> &'static str {
    match service {
        Service::Aws => "aws",
        Service::Gcp => "gcp",
        Service::Azure => "azure",
        Service::Vault => "vault",
        Service::Npm => "npm",
        Service::PyPi => "pypi",
        Service::Crates => "crates",
        Service::DockerHub => "docker-hub",
        Service::RubyGems => "rubygems",
        Service::NuGet => "nuget",
        Service::Personal => "personal",
    }
}

fn one_job(job: &Entry, lines: &mut Lines<'_>) -> Result<(), Refused> {
    let ours = |fact: Option<(&str, &str)>| {
        fact.is_some_and(|(_, service)| service == called(lines.service))
    };
    let variables = job.node.entry("variables").filter(|variables| {
        variables.node.entries().iter().any(|entry| ours(lasting_variable(&entry.key)))
    });
    let scripts = ["before_script", "script"].into_iter().filter_map(|key| job.node.get(key));
    let commands: Vec<(&str, &Node)> = scripts.flat_map(Node::texts).collect();
    let lasts = commands.iter().any(|(line, _)| ours(lasting_command(line)));
    if variables.is_none() && !lasts {
        return Ok(());
    }
    // The other half of a key goes with it.
    let half = |line: &str| {
        let halves = ["export AWS_ACCESS_KEY_ID=", "export AWS_SESSION_TOKEN="];
        let configured = ["set aws_access_key_id", "set aws_session_token"];
        lines.service == Service::Aws
            && halves.iter().chain(&configured).any(|half| line.contains(half))
    };
    let commands: Vec<(&str, &Node)> = commands
        .into_iter()
        .filter(|(line, _)| ours(lasting_command(line)) || half(line))
        .collect();
    if let Some(variables) = variables {
        let (out, into) = swapped(lines.service);
        lines.swap(variables, out, into)?;
    }
    // What comes before all else, where no command is there to be replaced.
    let mut begin = login(lines.service);
    for (line, node) in &commands {
        let new = instead(lines.service, line)
            .ok_or_else(|| lines.refuse("the command is written in a way that is not known"))?;
        let mut new = new;
        if !begin.is_empty() {
            let all = std::mem::take(&mut begin);
            new = all.into_iter().chain(new).collect();
        }
        lines.replace_item(node, &new)?;
    }
    if !begin.is_empty() {
        let script = job.node.entry("before_script").or_else(|| job.node.entry("script"));
        let script = script.ok_or_else(|| lines.refuse("the job has no script"))?;
        before_all(script, &begin, lines)?;
    }
    token(job, lines)
}

/// Puts commands before all of a script.
fn before_all(script: &Entry, commands: &[String], lines: &mut Lines<'_>) -> Result<(), Refused> {
    let first = script.node.items().first();
    let first = first.ok_or_else(|| lines.refuse("the job has no script"))?;
    if lines.before(first.at.start).trim() == "-" {
        let items: Vec<String> =
            commands.iter().map(|command| format!("- {}", scalar(command))).collect();
        return lines.insert_item(first.at.start, &items);
    }
    // In one line, `script: make` or `script: [make]`: as a list of lines.
    let span = script.at.end..script.node.at.end;
    if lines.written(span.clone()).contains('\n') {
        return Err(lines.refuse("the list is not written item by item, line by line"));
    }
    let indent = lines.indent(script.at.start);
    let all = commands.iter().map(String::as_str).chain(script.node.texts().map(|(text, _)| text));
    let all: Vec<String> =
        all.map(|command| format!("\n{indent}  - {}", scalar(command))).collect();
    lines.replace(span, [":", &all.concat()].concat());
    Ok(())
}

/// The variables that go, and what comes.
fn swapped(service: Service) -> (&'static [&'static str], &'static [(&'static str, &'static str)]) {
    match service {
        // As the AWS SDKs' reference has it: "Assume role with web identity".
        Service::Aws => (
            &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"],
            &[
                ("AWS_ROLE_ARN", "arn:aws:iam::ACCOUNT_ID:role/ROLE_NAME"),
                ("AWS_WEB_IDENTITY_TOKEN_FILE", "/tmp/web-identity-token"),
            ],
        ),
        Service::Vault => (&["VAULT_TOKEN"], &[]),
        Service::PyPi => (&["TWINE_USERNAME", "TWINE_PASSWORD", "UV_PUBLISH_TOKEN"], &[]),
        Service::Crates => (&["CARGO_REGISTRY_TOKEN"], &[]),
        Service::Gcp
        | Service::Azure
        | Service::Npm
        | Service::DockerHub
        | Service::RubyGems
        | Service::NuGet
        | Service::Personal => (&[], &[]),
    }
}

/// The commands with which the job logs in.
fn login(service: Service) -> Vec<String> {
    let all: &[&str] = match service {
        Service::Aws => &["echo \"$GITLAB_OIDC_TOKEN\" > /tmp/web-identity-token"],
        Service::Vault => &[
            "export VAULT_TOKEN=\"$(vault write -field=token auth/jwt/login role=ROLE_NAME jwt=$VAULT_ID_TOKEN)\"",
        ],
        Service::Crates => &[
            "export CARGO_REGISTRY_TOKEN=\"$(curl -fsS https://crates.io/api/v1/trusted_publishing/tokens --json \"{\\\"jwt\\\":\\\"$CRATES_IO_ID_TOKEN\\\"}\" | jq -r .token)\"",
        ],
        Service::Npm => &["npm install --global npm@^11.5.1"],
        Service::Gcp
        | Service::Azure
        | Service::PyPi
        | Service::DockerHub
        | Service::RubyGems
        | Service::NuGet
        | Service::Personal => &[],
    };
    all.iter().map(|command| (*command).to_owned()).collect()
}

/// The commands in place of one that logs in with what lasts.
fn instead(service: Service, line: &str) -> Option<Vec<String>> {
    let one_command = !line.contains("&&") && !line.contains(';') && !line.contains('|');
    Some(match service {
        Service::Gcp if one_command => vec![
            "echo \"$GITLAB_OIDC_TOKEN\" > .ci_job_jwt_file".to_owned(),
            format!(
                "gcloud iam workload-identity-pools create-cred-config {PROVIDER} \
                 --service-account=SERVICE_ACCOUNT@PROJECT_ID.iam.gserviceaccount.com \
                 --credential-source-file=.ci_job_jwt_file --output-file=.gcp_temp_cred.json"
            ),
            "gcloud auth login --cred-file=.gcp_temp_cred.json".to_owned(),
        ],
        Service::Azure => {
            vec![format!(
                "{} --federated-token $GITLAB_OIDC_TOKEN",
                without(line, &["-p", "--password"])?
            )]
        }
        Service::PyPi => {
            let options = ["-u", "--username", "-p", "--password", "--token"];
            vec![without(line, &options)?]
        }
        Service::Crates if line.contains("cargo login") && one_command => vec![],
        Service::Crates => vec![without(line, &["--token"])?],
        Service::Npm | Service::Vault if one_command => vec![],
        Service::Aws if one_command && !line.to_ascii_lowercase().contains("secret_access_key") => {
            vec![]
        }
        Service::Aws if one_command => {
            vec!["export AWS_WEB_IDENTITY_TOKEN_FILE=/tmp/web-identity-token AWS_ROLE_ARN=arn:aws:iam::ACCOUNT_ID:role/ROLE_NAME".to_owned()]
        }
        Service::Gcp
        | Service::Npm
        | Service::Vault
        | Service::Aws
        | Service::DockerHub
        | Service::RubyGems
        | Service::NuGet
        | Service::Personal => return None,
    })
}

/// The command without these options and their values, which hold no blanks.
fn without(line: &str, options: &[&str]) -> Option<String> {
    let mut kept: Vec<&str> = Vec::new();
    let mut words = line.split_whitespace();
    while let Some(word) = words.next() {
        let name = word.split('=').next().unwrap_or(word);
        if options.contains(&name) {
            let value = match word.split_once('=') {
                Some((_, value)) => value,
                None => words.next()?,
            };
            let quotes = value.matches(['"', '\'']).count();
            if quotes % 2 == 1 {
                return None;
            }
            continue;
        }
        kept.push(word);
    }
    Some(kept.join(" "))
}

/// Gives the job its ID tokens.
fn token(job: &Entry, lines: &mut Lines<'_>) -> Result<(), Refused> {
    let google = format!("https://iam.googleapis.com/{PROVIDER}");
    let tokens: Vec<(&str, &str)> = match lines.service {
        Service::Aws | Service::Azure => vec![("GITLAB_OIDC_TOKEN", "https://gitlab.com")],
        Service::Gcp => vec![("GITLAB_OIDC_TOKEN", &google)],
        Service::Vault => vec![("VAULT_ID_TOKEN", "https://vault.example.com")],
        Service::Npm => {
            vec![("NPM_ID_TOKEN", "npm:registry.npmjs.org"), ("SIGSTORE_ID_TOKEN", "sigstore")]
        }
        Service::PyPi => vec![("PYPI_ID_TOKEN", "pypi")],
        Service::Crates => vec![("CRATES_IO_ID_TOKEN", "crates.io")],
        Service::DockerHub | Service::RubyGems | Service::NuGet | Service::Personal => vec![],
    };
    let known = job.node.entry("id_tokens");
    let missing = tokens.iter().filter(|(name, _)| {
        known.is_none_or(|known| !known.node.entries().iter().any(|entry| entry.key == *name))
    });
    let mut new: Vec<String> = missing
        .flat_map(|(name, audience)| [format!("{name}:"), format!("  aud: {audience}")])
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    match known.map(|known| known.node.entries().first()) {
        Some(Some(first)) => lines.insert_before(first.at.start, &new),
        Some(None) => Err(lines.refuse("its `id_tokens` are empty")),
        None => {
            for line in &mut new {
                line.insert_str(0, "  ");
            }
            new.insert(0, "id_tokens:".to_owned());
            let script = job.node.entry("script").map_or(job.at.start, |script| script.at.start);
            lines.insert_before(script, &new)
        }
    }
}
