//! Commands in scripts, steps and recipes: what they grant when they run.
//!
//! Words are told apart as a shell does, as far as quotes and separators go; what variables
//! and functions stand for is not worked out.

use super::facts::Facts;
use std::ops::Range;

/// The commands of `script`, which begins at byte `offset` of its file.
pub(super) fn tell(script: &str, offset: usize, scope: &str, facts: &mut Facts) {
    let mut heredoc: Option<String> = None;
    for (line, at) in joined(script) {
        if let Some(end) = &heredoc {
            if line.trim() == end {
                heredoc = None;
            }
            continue;
        }
        let trimmed = line.trim_start();
        if trimmed.starts_with('#') || trimmed.starts_with("echo ") {
            continue;
        }
        heredoc = heredoc_end(&line);
        let start = at.start + (line.len() - trimmed.len());
        let at = offset + start..offset + at.end.max(start);
        let mut before: Vec<String> = Vec::new();
        for (words, piped) in commands(trimmed) {
            if piped && is_shell(&words) && fetches(&before) {
                facts.add("pipe-to-shell", host_of(&before).unwrap_or("curl"), scope, at.clone());
            }
            command(&words, scope, &at, facts);
            before = words;
        }
    }
}

/// The word that ends a document which begins on this line.
fn heredoc_end(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("<<")?;
    if rest.starts_with('<') {
        return None;
    }
    let word = rest.trim_start_matches('-').split_whitespace().next()?;
    let word = word.trim_matches(|char| char == '\'' || char == '"' || char == '\\');
    let name = word.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
    (name && !word.is_empty()).then(|| word.to_owned())
}

/// Lines, with those joined that end in a backslash, and where their first one stands.
fn joined(script: &str) -> Vec<(String, Range<usize>)> {
    let mut lines = Vec::new();
    let mut open: Option<(String, Range<usize>)> = None;
    let mut start = 0;
    for line in script.split_inclusive('\n') {
        let end = start + line.trim_end().len();
        let text = line.trim_end();
        let (more, text) = match text.strip_suffix('\\') {
            Some(text) => (true, text),
            None => (false, text),
        };
        let (mut whole, at) = open.take().unwrap_or_else(|| (String::new(), start..end));
        // Nobody writes so much in one command.
        if whole.len() < 16 << 10 {
            whole.push_str(text);
            whole.push(' ');
        }
        if more {
            open = Some((whole, at));
        } else {
            lines.push((whole, at));
        }
        start += line.len();
    }
    lines.extend(open);
    lines
}

/// The commands of a line: their words, and whether the one before is piped into it.
fn commands(line: &str) -> Vec<(Vec<String>, bool)> {
    let mut all = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let (mut quote, mut piped) = (None, false);
    let mut chars = line.chars().peekable();
    while let Some(char) = chars.next() {
        match (quote, char) {
            (Some(open), _) if char == open => quote = None,
            (None, '\'' | '"') => quote = Some(char),
            (None, '|' | ';' | '&') => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                // `2>&1` ends nothing.
                if char == '&' && words.last().is_some_and(|last| last.ends_with('>')) {
                    continue;
                }
                let pipe = char == '|' && chars.peek() != Some(&'|');
                if !words.is_empty() {
                    all.push((std::mem::take(&mut words), piped));
                }
                piped = pipe;
                if matches!(chars.peek(), Some('|' | '&')) {
                    chars.next();
                }
            }
            (None, '(' | ')' | '{' | '}' | '`') if word.is_empty() || word.ends_with('$') => {
                word.clear();
                if !words.is_empty() {
                    all.push((std::mem::take(&mut words), piped));
                }
                piped = false;
            }
            (None, _) if char.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            (Some(_) | None, _) => word.push(char),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    if !words.is_empty() {
        all.push((words, piped));
    }
    all
}

/// The words without what stands before the program: `sudo`, variables, `RUN`.
fn program(words: &[String]) -> &[String] {
    let before = |word: &String| {
        matches!(
            word.as_str(),
            "sudo"
                | "exec"
                | "time"
                | "env"
                | "-E"
                | "-n"
                | "RUN"
                | "-"
                | "run:"
                | "then"
                | "do"
                | "if"
                | "!"
        ) || word.starts_with("--mount=")
            || word.split_once('=').is_some_and(|(name, _)| {
                !name.is_empty()
                    && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            })
    };
    let at = words.iter().position(|word| !before(word)).unwrap_or(words.len());
    words.get(at..).unwrap_or_default()
}

fn is_shell(words: &[String]) -> bool {
    let name = program(words).first().map(|word| word.rsplit('/').next().unwrap_or(word));
    matches!(name, Some("sh" | "bash" | "zsh" | "python" | "python3" | "node" | "perl" | "ruby"))
}

fn fetches(words: &[String]) -> bool {
    matches!(program(words).first().map(String::as_str), Some("curl" | "wget"))
}

/// The host of the first address among `words`.
fn host_of(words: &[String]) -> Option<&str> {
    let url = words.iter().find_map(|word| word.split_once("://"))?.1;
    let host = url.split(['/', '?', ':']).next()?;
    // Before an `@` stands who logs in.
    host.rsplit('@').next().filter(|host| !host.is_empty() && !host.contains('$'))
}

/// The value of an option, in either way of writing it.
fn option<'a>(words: &'a [String], name: &str) -> Option<&'a str> {
    let at = words.iter().position(|word| {
        word == name || word.strip_prefix(name).is_some_and(|rest| rest.starts_with('='))
    })?;
    match words[at].split_once('=') {
        Some((_, value)) => Some(value),
        None => words.get(at + 1).map(String::as_str),
    }
}

fn command(words: &[String], scope: &str, at: &Range<usize>, facts: &mut Facts) {
    let words = program(words);
    let has = |word: &str| words.iter().any(|other| other == word);
    let Some(name) = words.first() else { return };
    let name = name.rsplit('/').next().unwrap_or(name);
    let mut add = |of, value: &str| facts.add(of, value, scope, at.clone());
    match name {
        "gcloud" => {
            if has("add-iam-policy-binding") {
                let level = ["projects", "organizations", "folders", "resource-manager"];
                let wide = level.iter().any(|level| has(level));
                if let Some(role) = option(words, "--role") {
                    add(if wide { "gcp-role" } else { "gcp-role-on-resource" }, role);
                }
                if let Some(member) = option(words, "--member")
                    && matches!(member, "allUsers" | "allAuthenticatedUsers")
                {
                    add("gcp-member", member);
                }
            }
            if has("keys") && has("create") && has("service-accounts") {
                add("long-lived-key", "gcloud service-accounts keys create");
            }
            if has("--allow-unauthenticated") {
                add("gcp-unauthenticated", "--allow-unauthenticated");
            }
        }
        "gsutil"
            if words.iter().any(|word| word.starts_with("allUsers") || word == "public-read") =>
        {
            add("public-acl", "allUsers");
        }
        "aws" => {
            let attaches = ["attach-role-policy", "attach-user-policy", "attach-group-policy"];
            if attaches.iter().any(|verb| has(verb))
                && let Some(policy) =
                    option(words, "--policy-arn").and_then(super::aws::managed_name)
            {
                add("aws-managed-policy", policy);
            }
            if has("create-access-key") {
                add("long-lived-key", "aws iam create-access-key");
            }
            if let Some(acl) = option(words, "--acl") {
                add("public-acl", acl);
            }
        }
        "az" => {
            if has("assignment") && has("create") && has("role") {
                let scope_of = option(words, "--scope").unwrap_or("/subscriptions/");
                let wide = !scope_of.to_ascii_lowercase().contains("resourcegroups")
                    && option(words, "--resource-group").is_none()
                    && option(words, "-g").is_none();
                if let Some(role) = option(words, "--role") {
                    add(if wide { "azure-role" } else { "azure-role-on-resource" }, role);
                }
            }
            if has("create-for-rbac") {
                add("long-lived-key", "az ad sp create-for-rbac");
            }
        }
        "kubectl" | "oc" => {
            if has("clusterrolebinding")
                && let Some(role) = option(words, "--clusterrole")
            {
                add("k8s-binding", role);
            }
            if has("add-cluster-role-to-user") || has("add-cluster-role-to-group") {
                let role = words.iter().find(|word| *word == "cluster-admin");
                if let Some(role) = role {
                    add("k8s-binding", role);
                }
            }
            if has("add-scc-to-user") && has("privileged") {
                add("k8s-privileged", "privileged");
            }
        }
        "docker" | "podman" | "nerdctl" => {
            let runs = has("run") || has("create");
            if runs && has("--privileged") {
                add("container-privileged", "--privileged");
            }
            if runs && words.iter().any(|word| word.contains("/var/run/docker.sock:")) {
                add("docker-socket", "/var/run/docker.sock");
            }
            for (at, word) in words.iter().enumerate() {
                let value = word.strip_prefix("--cap-add=").or_else(|| {
                    (word == "--cap-add").then(|| words.get(at + 1).map(String::as_str)).flatten()
                });
                if let Some(value) = value {
                    add("capability", value.trim_start_matches("CAP_"));
                }
            }
            if has("login")
                && (has("-p")
                    || words
                        .iter()
                        .any(|word| word.starts_with("--password") && word != "--password-stdin"))
            {
                add("password-in-arguments", "docker login -p");
            }
        }
        "vault" | "bao" => {
            let root = option(words, "-policy").is_some_and(|policy| policy == "root");
            if has("token") && has("create") && root {
                add("vault-root-token", "root");
            }
        }
        "chmod"
            if words
                .iter()
                .any(|word| matches!(word.as_str(), "777" | "0777" | "a+rwx" | "ugo+rwx")) =>
        {
            add("world-writable", "777");
        }
        "claude" | "codex" | "gemini" | "cursor-agent" | "copilot" => {
            let flags = [
                "--dangerously-skip-permissions",
                "--dangerously-bypass-approvals-and-sandbox",
                "--yolo",
                "--allow-all-tools",
            ];
            if let Some(flag) = flags.iter().find(|flag| has(flag)) {
                add("agent-unguarded", flag);
            }
        }
        "mysql" | "psql" => {
            for word in
                words.iter().skip(1).filter(|word| word.to_ascii_lowercase().contains("grant "))
            {
                super::sql::statements(word, |of, value| add(of, value));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::commands;

    #[test]
    fn words_are_told_apart_as_a_shell_does() {
        let all = commands("curl -fsSL 'https://a.example/x y' 2>&1 | sudo bash -s -- && ls");
        let words: Vec<(Vec<&str>, bool)> = all
            .iter()
            .map(|(words, piped)| (words.iter().map(String::as_str).collect(), *piped))
            .collect();

        assert_eq!(words[1], (vec!["sudo", "bash", "-s", "--"], true));
        assert_eq!(words[2], (vec!["ls"], false));
        assert_eq!(words[0].0[2], "https://a.example/x y");
    }
}
