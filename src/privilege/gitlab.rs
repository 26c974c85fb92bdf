//! Pipelines of GitLab.
//!
//! Keys as docs.gitlab.com has them ("CI/CD YAML syntax reference", "Debug logging").

use super::command;
use super::facts::Facts;
use super::job_token;
use super::node::Node;

/// What the document `node` of `text` says.
pub(super) fn tell(node: &Node, text: &str, facts: &mut Facts) {
    variables(node, "", facts);
    includes(node, facts);
    images(node, "", facts);
    for key in ["before_script", "after_script"] {
        script(node, key, "", text, facts);
    }
    for job in node.entries() {
        let body = &job.node;
        let is_job =
            body.get("script").is_some() || body.get("stage").is_some() || job.key.starts_with('.');
        if !is_job && job.key != "default" {
            continue;
        }
        let scope = format!("job {}", job.key);
        variables(body, &scope, facts);
        images(body, &scope, facts);
        for key in ["before_script", "script", "after_script"] {
            script(body, key, &scope, text, facts);
        }
        for token in body.get("id_tokens").into_iter().flat_map(Node::entries) {
            for (audience, at) in token.node.texts_of("aud") {
                // A token for everybody is one that any of them can use on the others.
                if audience == "*" || audience.is_empty() {
                    facts.add("gitlab-token-audience", audience, &scope, at.at.clone());
                }
            }
        }
        artifacts(body, &scope, facts);
        lasting(body, &scope, facts);
    }
}

fn variables(of: &Node, scope: &str, facts: &mut Facts) {
    for entry in of.get("variables").into_iter().flat_map(Node::entries) {
        let value = entry.node.get("value").unwrap_or(&entry.node).text().unwrap_or_default();
        if value.eq_ignore_ascii_case("true") || value == "1" {
            facts.add("gitlab-switch", &entry.key, scope, entry.span());
        }
        if value.contains("CI_JOB_JWT") {
            facts.add("gitlab-old-token", "CI_JOB_JWT", scope, entry.span());
        }
        if entry.key == "DOCKER_TLS_CERTDIR" && value.is_empty() {
            facts.add("gitlab-docker-without-tls", &entry.key, scope, entry.span());
        }
    }
}

/// What a job logs in with that lasts, where a token of the job would do.
fn lasting(job: &Node, scope: &str, facts: &mut Facts) {
    for entry in job.get("variables").into_iter().flat_map(Node::entries) {
        let refers = entry.node.text().is_some_and(|text| text.contains('$'));
        if let Some((of, what)) = lasting_variable(&entry.key).filter(|_| refers) {
            facts.add(of, what, scope, entry.span());
        }
    }
    for key in ["before_script", "script"] {
        for (line, node) in job.texts_of(key) {
            if let Some((of, what)) = lasting_command(line) {
                facts.add(of, what, scope, node.at.clone());
            }
        }
    }
}

/// The fact that a variable of this name is, if it is to hold what lasts.
pub(super) fn lasting_variable(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "AWS_SECRET_ACCESS_KEY" => ("gitlab-static-key", "aws"),
        "VAULT_TOKEN" => ("gitlab-static-key", "vault"),
        "TWINE_PASSWORD" | "UV_PUBLISH_TOKEN" => ("gitlab-publish-token", "pypi"),
        "CARGO_REGISTRY_TOKEN" => ("gitlab-publish-token", "crates"),
        _ => return None,
    })
}

/// The fact that a command is, if it logs in with what lasts.
pub(super) fn lasting_command(line: &str) -> Option<(&'static str, &'static str)> {
    let has = |words: &[&str]| words.iter().all(|word| line.contains(word));
    let fact = if has(&["gcloud auth activate-service-account"]) {
        ("gitlab-static-key", "gcp")
    } else if has(&["az login", "--service-principal"]) && (has(&[" -p "]) || has(&[" --password"]))
    {
        ("gitlab-static-key", "azure")
    } else if has(&["vault login $"]) || has(&["vault login \"$"]) {
        ("gitlab-static-key", "vault")
    } else if has(&["aws configure set aws_secret_access_key"])
        || has(&["export AWS_SECRET_ACCESS_KEY="])
    {
        ("gitlab-static-key", "aws")
    } else if has(&["twine upload"]) && (has(&[" -p "]) || has(&[" --password"]))
        || has(&["uv publish", "--token"])
    {
        ("gitlab-publish-token", "pypi")
    } else if has(&["registry.npmjs.org", "_authToken"]) {
        ("gitlab-publish-token", "npm")
    } else if has(&["cargo publish", "--token"]) || has(&["cargo login $"]) {
        ("gitlab-publish-token", "crates")
    } else {
        return None;
    };
    // Another registry than the public one.
    let elsewhere = ["CI_API_V4_URL", "--repository-url", "--registry ", "CI_JOB_TOKEN"];
    (!elsewhere.iter().any(|word| line.contains(word))).then_some(fact)
}

fn includes(node: &Node, facts: &mut Facts) {
    for include in node.get("include").into_iter().flat_map(Node::items) {
        if let Some(remote) = include.entry("remote")
            && include.get("integrity").is_none()
        {
            let host = remote.node.text().unwrap_or_default().split('/').nth(2).unwrap_or_default();
            facts.add(
                "gitlab-include-remote",
                host.rsplit('@').next().unwrap_or_default(),
                "",
                remote.at.clone(),
            );
        }
        if let Some(project) = include.entry("project")
            && include.get("ref").is_none()
        {
            facts.add(
                "gitlab-include-project",
                project.node.text().unwrap_or_default(),
                "",
                project.span(),
            );
        }
    }
}

/// Services of Docker in Docker need a runner that is the host.
fn images(of: &Node, scope: &str, facts: &mut Facts) {
    for service in of.get("services").into_iter().flat_map(Node::items) {
        let name = service.get("name").unwrap_or(service);
        let text = name.text().unwrap_or_default();
        let image = text.rsplit('/').next().unwrap_or(text);
        if image.starts_with("docker:") && image.contains("dind") {
            facts.add("gitlab-docker-in-docker", "docker:dind", scope, name.at.clone());
        }
    }
}

fn script(of: &Node, key: &str, scope: &str, text: &str, facts: &mut Facts) {
    for (line, node) in of.texts_of(key) {
        let raw = text.get(node.at.clone()).unwrap_or(line);
        let own_images = raw.contains("login") && job_token::has_own_images(text);
        for place in job_token::places(raw, own_images) {
            let at = node.at.start + place.at.start..node.at.start + place.at.end;
            facts.add("gitlab-personal-token", place.what.name(), scope, at);
        }
        // A scalar in quotes is a command without them.
        let (raw, by) = match raw.as_bytes().first() {
            Some(b'"' | b'\'') => (line, node.at.start + 1),
            _ => (raw, node.at.start),
        };
        command::tell(raw, by, scope, facts);
        for part in line.lines() {
            let part = part.trim();
            let prints = ["echo ", "printf "].iter().any(|verb| part.starts_with(verb));
            let hidden = ["CI_JOB_TOKEN", "CI_REGISTRY_PASSWORD", "CI_DEPLOY_PASSWORD"];
            if prints
                && !part.contains('|')
                && !part.contains('>')
                && let Some(name) = hidden.iter().find(|name| part.contains(*name))
            {
                facts.add("gitlab-token-printed", name, scope, node.at.clone());
            }
        }
    }
}

fn artifacts(job: &Node, scope: &str, facts: &mut Facts) {
    let Some(artifacts) = job.get("artifacts") else { return };
    for (path, node) in artifacts.texts_of("paths") {
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
        if matches!(
            name,
            ".env"
                | ".git"
                | ".npmrc"
                | ".netrc"
                | "terraform.tfstate"
                | ".terraform"
                | ".ssh"
                | ".aws"
        ) {
            facts.add("gitlab-secret-artifact", name, scope, node.at.clone());
        }
    }
}
