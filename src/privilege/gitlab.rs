//! Pipelines of GitLab.
//!
//! Keys as docs.gitlab.com has them ("CI/CD YAML syntax reference", "Debug logging").

use super::command;
use super::facts::Facts;
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
    }
}

fn variables(of: &Node, scope: &str, facts: &mut Facts) {
    for entry in of.get("variables").into_iter().flat_map(Node::entries) {
        let value = entry.node.get("value").unwrap_or(&entry.node).text().unwrap_or_default();
        if value.eq_ignore_ascii_case("true") || value == "1" {
            facts.add("gitlab-switch", &entry.key, scope, entry.span());
        }
        if entry.key == "DOCKER_TLS_CERTDIR" && value.is_empty() {
            facts.add("gitlab-docker-without-tls", &entry.key, scope, entry.span());
        }
    }
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
