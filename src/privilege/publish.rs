//! Steps of workflows that publish a package with a token that lasts.

use super::facts::Facts;
use super::node::{Entry, Node};
use std::ops::Range;

/// Where `line` stands in what was run.
pub(super) fn place(raw: &str, line: &str, run: &Entry) -> Range<usize> {
    match raw.find(line.trim_end()) {
        Some(at) => run.node.at.start + at..run.node.at.start + at + line.trim_end().len(),
        None => run.at.clone(),
    }
}

/// Commands that publish, with a token that lasts.
pub(super) fn publishes(
    step: &Node,
    run: &Entry,
    script: &str,
    raw: &str,
    scope: &str,
    facts: &mut Facts,
) {
    let secret = step
        .get("env")
        .into_iter()
        .flat_map(Node::entries)
        .filter(|entry| entry.node.text().is_some_and(lasts))
        .find(|entry| {
            ["TOKEN", "API_KEY", "PASSWORD", "NUGET_KEY"]
                .iter()
                .any(|word| entry.key.to_uppercase().contains(word))
                && !entry.key.contains("GITHUB")
                && !entry.key.starts_with("GH_")
        });
    let inline = script.replace("secrets.GITHUB_TOKEN", "");
    let inline = inline.contains("${{ secrets.") || inline.contains("${{secrets.");
    if secret.is_none() && !inline {
        return;
    }
    let commands = [
        ("npm publish", "npm"),
        ("pnpm publish", "npm"),
        ("yarn npm publish", "npm"),
        ("twine upload", "pypi"),
        ("uv publish", "pypi"),
        ("poetry publish", "pypi"),
        ("cargo publish", "crates"),
        ("gem push", "rubygems"),
        ("nuget push", "nuget"),
    ];
    for (command, registry) in commands {
        let Some(line) = told(script, command) else { continue };
        let at = place(raw, line.trim(), run);
        let provenance = script.contains("--provenance")
            || step.get("env").is_some_and(|env| env.get("NPM_CONFIG_PROVENANCE").is_some());
        if registry == "npm" && !provenance {
            facts.add("workflow-npm-no-provenance", command, scope, at);
        } else {
            facts.add("workflow-publish-token", registry, scope, at);
        }
    }
}

/// The first line of `script` that publishes by `command` to the public registry.
pub(super) fn told<'a>(script: &'a str, command: &str) -> Option<&'a str> {
    let line = script
        .lines()
        .find(|line| line.contains(command) && !line.trim_start().starts_with('#'))?;
    let elsewhere = line.contains("--dry-run") || is_elsewhere(command, whole(script, line));
    (!elsewhere).then_some(line)
}

/// Whether a text refers to a secret other than the token of the job, which is for GitHub's
/// own registries and ends with it.
pub(super) fn lasts(text: &str) -> bool {
    text.contains("secrets.") && !text.contains("secrets.GITHUB_TOKEN")
}

/// The command that begins on `line`, with the lines on which it goes on.
pub(super) fn whole<'a>(script: &'a str, line: &'a str) -> &'a str {
    let start = script.find(line).unwrap_or_default();
    let rest = script.get(start..).unwrap_or(line);
    let mut end = 0;
    for line in rest.split_inclusive('\n') {
        end += line.len();
        if !line.trim_end().ends_with(['\\', '`']) {
            break;
        }
    }
    rest.get(..end).unwrap_or(line)
}

/// Whether a command publishes to another registry than the public one.
fn is_elsewhere(command: &str, whole: &str) -> bool {
    let named = [
        "npm.pkg.github.com",
        "pkg.dev",
        "codeartifact",
        "jfrog",
        "--registry",
        "--repository-url",
        "--host",
        "--key github",
    ];
    let in_lower_case = whole.to_ascii_lowercase();
    if named.iter().any(|word| in_lower_case.contains(word)) {
        return true;
    }
    // `--source` says where to; what it says is nuget.org, or some place else.
    let to = ["--source", "-s", "-Source"];
    let mut words = whole.split_whitespace();
    command == "nuget push"
        && words
            .find(|word| to.contains(&word.split('=').next().unwrap_or(word)))
            .and_then(|word| word.split_once('=').map(|(_, to)| to).or_else(|| words.next()))
            .is_some_and(|to| !to.contains("nuget.org"))
}
