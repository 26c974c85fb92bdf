//! Recipes of images, and compositions of containers.
//!
//! Instructions as docs.docker.com has them ("Dockerfile reference", "Build secrets",
//! "Compose file reference").

use super::command;
use super::facts::Facts;
use super::node::{Entry, Node};

/// Parts of names that hold credentials.
const SECRET_NAMES: [&str; 9] = [
    "PASSWORD",
    "PASSWD",
    "SECRET",
    "TOKEN",
    "API_KEY",
    "APIKEY",
    "ACCESS_KEY",
    "PRIVATE_KEY",
    "CREDENTIALS",
];

/// Whether a file of this name is a recipe.
pub(super) fn is_dockerfile(name: &[u8]) -> bool {
    let lower = name.to_ascii_lowercase();
    let names = [&b"dockerfile"[..], b"containerfile"];
    names.iter().any(|word| lower == *word || lower.starts_with(&[word, &b"."[..]].concat()))
        || lower.ends_with(b".dockerfile")
}

/// What a recipe says.
pub(super) fn tell(text: &str, facts: &mut Facts) {
    let mut stage = String::new();
    let mut user: Option<std::ops::Range<usize>> = None;
    let mut dropped = false;
    let (mut start, mut continued) = (0, false);
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        let at = start + (line.len() - line.trim_start().len());
        let at = at..(start + line.trim_end().len()).max(at);
        start += line.len();
        let goes_on = trimmed.ends_with('\\');
        if trimmed.starts_with('#') || std::mem::replace(&mut continued, goes_on) {
            continue;
        }
        let (word, rest) = trimmed.split_once(char::is_whitespace).unwrap_or((trimmed, ""));
        let rest = rest.trim();
        match word.to_ascii_uppercase().as_str() {
            "FROM" => {
                // Only who the last stage ends as runs.
                user = None;
                dropped = false;
                rest.split_whitespace().nth(2).unwrap_or_default().clone_into(&mut stage);
            }
            "USER" => {
                let root = matches!(rest.split(':').next(), Some("root" | "0"));
                user = root.then_some(at);
                dropped |= !root;
            }
            "ADD" => {
                let url = rest
                    .split_whitespace()
                    .find(|word| word.starts_with("http://") || word.starts_with("https://"));
                if let Some(url) = url {
                    let plain = url.starts_with("http://");
                    let host = url
                        .split('/')
                        .nth(2)
                        .unwrap_or_default()
                        .rsplit('@')
                        .next()
                        .unwrap_or_default();
                    if !rest.contains("--checksum=") {
                        facts.add(
                            if plain { "docker-add-http" } else { "docker-add-url" },
                            host,
                            "",
                            at,
                        );
                    }
                }
            }
            "ENV" | "ARG" => variables(word, rest, &at, &stage, facts),
            "COPY" => copied(rest, &at, facts),
            _ => {}
        }
    }
    if let Some(at) = user {
        facts.add("docker-root", if dropped { "USER root again" } else { "USER root" }, "", at);
    }
    command::tell(text, 0, "", facts);
}

fn variables(word: &str, rest: &str, at: &std::ops::Range<usize>, stage: &str, facts: &mut Facts) {
    // `ENV A b` and `ENV A=b C=d`.
    let single = !rest.split_whitespace().next().is_some_and(|first| first.contains('='));
    let names = rest.split_whitespace().take(if single { 1 } else { usize::MAX });
    for part in names {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let value = if single {
            rest.split_once(char::is_whitespace).map_or("", |(_, value)| value)
        } else {
            value
        };
        let upper = name.to_ascii_uppercase();
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let file = [
            "_FILE", "_PATH", "_URL", "_NAME", "_ID", "_TTL", "_LENGTH", "_EXPIRY", "_ENABLED",
            "_DIR",
        ]
        .iter()
        .any(|end| upper.ends_with(end));
        if !plain || file || !SECRET_NAMES.iter().any(|secret| upper.contains(secret)) {
            continue;
        }
        // Nothing, a switch or a dummy that the build needs and no one could use.
        let empty = matches!(
            value.trim_matches(['"', '\''].as_slice()),
            "" | "true" | "false" | "0" | "1" | "dummy" | "placeholder" | "changeme"
        );
        let is_env = word.eq_ignore_ascii_case("ENV");
        if is_env && empty {
            continue;
        }
        // What is shown ends with the name: the value is not for anybody's eyes.
        let end = at.start + word.len() + 1 + name.len();
        let shown = at.start..end.min(at.end);
        facts.add(
            if is_env { "docker-env-secret" } else { "docker-arg-secret" },
            name,
            stage,
            shown,
        );
    }
}

/// Files of credentials that become a part of the image.
fn copied(rest: &str, at: &std::ops::Range<usize>, facts: &mut Facts) {
    if rest.contains("--from=") {
        return;
    }
    let names = [
        "id_rsa",
        "id_ed25519",
        ".env",
        ".npmrc",
        ".netrc",
        ".pypirc",
        ".git-credentials",
        "credentials.json",
        ".aws",
        ".ssh",
        "kubeconfig",
    ];
    let words: Vec<&str> = rest.split_whitespace().filter(|word| !word.starts_with("--")).collect();
    let sources = words.get(..words.len().saturating_sub(1)).unwrap_or_default();
    for source in sources {
        let name = source.trim_end_matches('/').rsplit('/').next().unwrap_or(source);
        if names.contains(&name) {
            facts.add("docker-copies-secret", name, "", at.clone());
        }
    }
}

/// A composition: services, and what each may reach.
pub(super) fn compose(node: &Node, facts: &mut Facts) {
    let Some(services) = node.get("services").filter(|_| node.get("apiVersion").is_none()) else {
        return;
    };
    for service in services.entries() {
        let scope = format!("service {}", service.key);
        let body = &service.node;
        let on = |key: &str, word: &str| {
            body.entry(key).filter(|entry| entry.node.text() == Some(word)).map(Entry::span)
        };
        if let Some(at) = on("privileged", "true") {
            facts.add("container-privileged", "privileged: true", &scope, at);
        }
        if let Some(at) = on("pid", "host") {
            facts.add("container-host", "pid: host", &scope, at);
        }
        for (capability, node) in body.texts_of("cap_add") {
            facts.add("capability", capability.trim_start_matches("CAP_"), &scope, node.at.clone());
        }
        for volume in body.get("volumes").into_iter().flat_map(Node::items) {
            let source = volume.get("source").unwrap_or(volume);
            let Some(text) = source.text() else { continue };
            let from = text.split(':').next().unwrap_or_default();
            if from.ends_with("/docker.sock") {
                facts.add("docker-socket", from, &scope, source.at.clone());
            }
        }
    }
}
