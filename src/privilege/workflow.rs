//! Workflows and actions of GitHub.
//!
//! Keys and contexts as docs.github.com has them: "Workflow syntax for GitHub Actions",
//! "Secure use reference", "Contexts reference".

use super::command;
use super::facts::Facts;
use super::node::{Entry, It, Node};
use super::personal::{self, secret_name};
use super::publish::{place, publishes};
use std::ops::Range;

/// Triggers that run with the base repository's secrets for what others sent.
const TRUSTING: [&str; 2] = ["pull_request_target", "workflow_run"];

/// What others may write, by the end of its expression.
const UNTRUSTED: [&str; 14] = [
    "github.head_ref",
    "github.event.issue.title",
    "github.event.issue.body",
    "github.event.pull_request.title",
    "github.event.pull_request.body",
    "github.event.pull_request.head.ref",
    "github.event.pull_request.head.label",
    "github.event.comment.body",
    "github.event.review.body",
    "github.event.review_comment.body",
    "github.event.discussion.title",
    "github.event.discussion.body",
    "github.event.head_commit.message",
    "github.event.workflow_run.head_branch",
];

/// What tells that a job asks for a token by OIDC.
const USES_OIDC: [&str; 28] = [
    "scorecard",
    "endorlabs",
    "configure-aws-credentials",
    "google-github-actions/auth",
    "azure/login",
    "vault-action",
    "gh-action-pypi-publish",
    "crates-io-auth-action",
    "attest",
    "cosign",
    "slsa",
    "provenance",
    "npm publish",
    "npm stage publish",
    "release-gem",
    "rubygems",
    "id_token",
    "id-token",
    "oidc",
    "deploy-pages",
    "codecov",
    "sigstore",
    "trusted",
    "semantic-release",
    "changesets/action",
    "pulumi",
    "uv publish",
    "claude",
];

/// Actions that ask for no such token, by how they begin.
const ASKS_FOR_NONE: [&str; 12] = [
    "actions/cache",
    "actions/checkout",
    "actions/create-github-app-token",
    "actions/download-artifact",
    "actions/github-script",
    "actions/setup-",
    "actions/stale",
    "actions/upload-artifact",
    "docker/login-action",
    "docker/setup-",
    "peter-evans/create-pull-request",
    "softprops/action-gh-release",
];

/// What the document `node` of `text` says.
pub(super) fn tell(node: &Node, text: &str, facts: &mut Facts) {
    if let Some(runs) = node.get("runs") {
        steps(runs, "", &Around::default(), text, facts);
        return;
    }
    let Some(jobs) = node.get("jobs") else { return };
    // `on` without quotes is read as a word here, and as `true` by others.
    let on = node.get("on").or_else(|| node.get("true"));
    let triggers: Vec<&str> = on.map(triggers_of).unwrap_or_default();
    let top = node.entry("permissions");
    let several = jobs.entries().len() > 1;
    if let Some(top) = top {
        permissions(top, "", several, facts);
    }
    let bare = jobs.entries().iter().filter(|job| job.node.get("permissions").is_none());
    if top.is_none()
        && let Some(job) = bare.clone().next()
    {
        facts.add("workflow-token-default-changed", "", "", job.at.clone());
    }
    env(node, "", facts);
    for job in jobs.entries() {
        let scope = format!("job {}", job.key);
        let own = job.node.entry("permissions");
        if let Some(own) = own {
            permissions(own, &scope, false, facts);
        }
        let around = Around { triggers: &triggers, may_write: writes(own.or(top)) };
        oidc(own.or(top), job, &scope, text, facts);
        one_job(&job.node, &scope, &around, text, facts);
    }
    personal::tell(node, facts);
    everywhere(node, facts);
}

/// What holds around a step.
#[derive(Default)]
struct Around<'a> {
    triggers: &'a [&'a str],
    may_write: bool,
}

fn triggers_of(on: &Node) -> Vec<&str> {
    match &on.it {
        It::Map(entries) => entries.iter().map(|entry| entry.key.as_str()).collect(),
        It::None | It::Text(_) | It::Written(_) | It::List(_) => {
            on.texts().map(|(text, _)| text).collect()
        }
    }
}

fn permissions(entry: &Entry, scope: &str, several: bool, facts: &mut Facts) {
    if let Some(word) = entry.node.text() {
        facts.add("workflow-permission", word, scope, entry.span());
        return;
    }
    for one in entry.node.entries() {
        if one.node.text() != Some("write") {
            continue;
        }
        let value = format!("{}: write", one.key);
        if several {
            facts.add("workflow-permission-for-all-jobs", &value, scope, one.span());
        } else {
            facts.add("workflow-permission-changed", &value, scope, one.span());
        }
    }
}

/// Whether a token with these permissions may change the repository.
fn writes(permissions: Option<&Entry>) -> bool {
    let Some(permissions) = permissions else { return false };
    permissions.node.text() == Some("write-all")
        || permissions.node.says("contents", "write")
        || permissions.node.says("packages", "write")
}

/// `id-token: write` where nothing in the job asks for such a token.
fn oidc(of: Option<&Entry>, job: &Entry, scope: &str, text: &str, facts: &mut Facts) {
    let Some(entry) = of.and_then(|of| of.node.entry("id-token")) else { return };
    // What a called workflow does is not known here.
    if entry.node.text() != Some("write") || job.node.get("uses").is_some() {
        return;
    }
    let body = text.get(job.node.at.clone()).unwrap_or_default().to_ascii_lowercase();
    let body = body.replace("id-token: write", "");
    // Scripts of the repository, and actions that are not known, may ask for it.
    let unseen = job.node.get("steps").into_iter().flat_map(Node::items).any(|step| {
        let called = step.text_of("uses");
        called.is_some_and(|called| !ASKS_FOR_NONE.iter().any(|known| called.starts_with(known)))
            || step.text_of("run").is_some_and(|run| run.contains("./"))
    });
    if !unseen && !USES_OIDC.iter().any(|word| body.contains(word)) {
        facts.add("workflow-oidc-unused", "id-token: write", scope, entry.span());
    }
}

fn one_job(job: &Node, scope: &str, around: &Around<'_>, text: &str, facts: &mut Facts) {
    env(job, scope, facts);
    if let Some(secrets) = job.entry("secrets")
        && secrets.node.text() == Some("inherit")
    {
        let called = job.text_of("uses").unwrap_or_default();
        let called = called.split('@').next().unwrap_or_default();
        facts.add("workflow-secrets-inherit", called, scope, secrets.span());
    }
    // A called workflow is mostly one's own, in another repository: what it gets counts.
    if let Some(called) = job.entry("uses").filter(|_| job.get("secrets").is_some()) {
        uses(called, scope, true, facts);
    }
    let outside = around.triggers.contains(&"pull_request")
        || around.triggers.contains(&"pull_request_target");
    if let Some(runner) = job.entry("runs-on")
        && outside
        && runner.node.texts().any(|(label, _)| label == "self-hosted")
    {
        facts.add("workflow-self-hosted", "self-hosted", scope, runner.span());
    }
    if let Some(container) = job.get("container") {
        container_options(container, scope, facts);
    }
    for service in job.get("services").into_iter().flat_map(Node::entries) {
        container_options(&service.node, scope, facts);
    }
    steps(job, scope, around, text, facts);
    artifacts(job, scope, facts);
}

fn container_options(container: &Node, scope: &str, facts: &mut Facts) {
    let password = container.get("credentials").and_then(|login| login.entry("password"));
    if let Some(entry) = password
        && entry.node.text().is_some_and(|text| !text.is_empty() && !text.contains("${{"))
    {
        // The key alone: the value is not for anybody's eyes.
        facts.add("workflow-container-password", "password", scope, entry.at.clone());
    }
    let Some(options) = container.entry("options") else { return };
    let text = options.node.text().unwrap_or_default();
    if text.split_whitespace().any(|word| word == "--privileged") {
        facts.add("workflow-container-privileged", "--privileged", scope, options.span());
    }
    if text.contains("/var/run/docker.sock") {
        facts.add("docker-socket", "/var/run/docker.sock", scope, options.span());
    }
}

fn env(of: &Node, scope: &str, facts: &mut Facts) {
    for entry in of.get("env").into_iter().flat_map(Node::entries) {
        let on = entry.node.text().is_some_and(|text| text == "true" || text == "1");
        if on {
            facts.add("workflow-switch", &entry.key, scope, entry.span());
        }
    }
}

fn steps(of: &Node, scope: &str, around: &Around<'_>, text: &str, facts: &mut Facts) {
    for step in of.get("steps").into_iter().flat_map(Node::items) {
        env(step, scope, facts);
        if let Some(called) = step.entry("uses") {
            let secret = passes_secret(step);
            uses(called, scope, secret || around.may_write, facts);
            with(step, called, scope, around, facts);
        }
        if let Some(run) = step.entry("run")
            && let Some(script) = run.node.text()
        {
            ran(step, run, script, scope, text, facts);
        }
    }
}

/// Whether a step hands a secret other than its own token to what it calls.
fn passes_secret(step: &Node) -> bool {
    let given = ["with", "env"].into_iter().filter_map(|key| step.get(key));
    let mut texts = given.flat_map(Node::entries).filter_map(|entry| entry.node.text());
    texts.any(|text| text.contains("secrets.") && !text.contains("secrets.GITHUB_TOKEN"))
}

/// What is called, and by what it is pinned.
fn uses(entry: &Entry, scope: &str, matters: bool, facts: &mut Facts) {
    let Some(called) = entry.node.text() else { return };
    let Some((name, reference)) = called.rsplit_once('@') else { return };
    let hex = reference.len() >= 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
    // The last one proves where it comes from by its tag, and says to be called by it.
    let own =
        ["./", "$/", "docker://", "actions/", "github/", "slsa-framework/slsa-github-generator/"];
    // Workflows that an organization shares stand in its own `.github`.
    let own =
        own.iter().any(|own| name.starts_with(own)) || name.contains("/.github/.github/workflows/");
    if hex || own || reference.contains("${{") || reference.starts_with("sha256:") {
        return;
    }
    let branch =
        matches!(reference, "main" | "master" | "develop" | "dev" | "latest" | "HEAD" | "trunk");
    let of = match (branch, matters) {
        (true, _) => "workflow-action-on-branch",
        (false, true) => "workflow-action-unpinned-with-power",
        (false, false) => "workflow-action-unpinned",
    };
    // Another version of the same is nobody new.
    facts.add(of, name, "", entry.span());
    let _ = scope;
}

fn with(step: &Node, called: &Entry, scope: &str, around: &Around<'_>, facts: &mut Facts) {
    let name = called.node.text().unwrap_or_default();
    let name = name.split('@').next().unwrap_or_default();
    let none = Node::default();
    let with = step.get("with").unwrap_or(&none);
    if name == "actions/checkout" {
        checkout(with, called, scope, around, facts);
    }
    let secret_in = |key: &str| {
        with.entry(key)
            .filter(|entry| entry.node.text().is_some_and(|text| text.contains("secrets.")))
    };
    let static_keys = [
        ("aws-actions/configure-aws-credentials", "aws-secret-access-key", "aws"),
        ("google-github-actions/auth", "credentials_json", "gcp"),
        ("google-github-actions/setup-gcloud", "service_account_key", "gcp"),
        ("azure/login", "creds", "azure"),
        ("hashicorp/vault-action", "token", "vault"),
        ("hashicorp/vault-action", "secretId", "vault"),
    ];
    for (action, key, cloud) in static_keys {
        if name.eq_ignore_ascii_case(action)
            && let Some(entry) = secret_in(key)
        {
            facts.add("workflow-static-key", cloud, scope, entry.span());
        }
    }
    let hub = with.text_of("registry").is_none_or(|registry| registry.ends_with("docker.io"));
    if name == "docker/login-action"
        && hub
        && let Some(entry) = secret_in("password")
    {
        facts.add("workflow-static-key", "docker-hub", scope, entry.span());
    }
    if name == "pypa/gh-action-pypi-publish"
        && let Some(entry) = secret_in("password")
    {
        facts.add("workflow-publish-token", "pypi", scope, entry.span());
    }
    if name == "actions/create-github-app-token"
        && let Some(kept) = with.entry("skip-token-revoke")
        && kept.node.text() == Some("true")
    {
        facts.add("workflow-app-token-kept", "skip-token-revoke", scope, kept.span());
    }
    if name == "actions/create-github-app-token"
        && !with.entries().iter().any(|entry| entry.key.starts_with("permission-"))
    {
        facts.add("workflow-app-token-whole", "", scope, called.span());
    }
}

fn checkout(with: &Node, called: &Entry, scope: &str, around: &Around<'_>, facts: &mut Facts) {
    let trusting = around.triggers.iter().find(|trigger| TRUSTING.contains(trigger));
    if let (Some(trigger), Some(entry)) = (trusting, with.entry("ref")) {
        let text = entry.node.text().unwrap_or_default();
        let of_head = [
            "pull_request.head",
            "github.head_ref",
            "workflow_run.head",
            "refs/pull/",
            "pull_request.number",
        ];
        if of_head.iter().any(|word| text.contains(word)) {
            facts.add("workflow-untrusted-checkout", trigger, scope, entry.span());
        }
    }
    let kept = with.entry("persist-credentials");
    if kept.and_then(|kept| kept.node.text()) == Some("false") {
        facts.add("workflow-token-kept-out", "false", scope, called.span());
    } else {
        // It is kept unless that is said: only where it no longer is, something has changed.
        let at = kept.map_or_else(|| called.span(), Entry::span);
        facts.add("workflow-token-kept-in", "true", scope, at);
    }
}

/// A job that uploads its whole checkout, with the token that git keeps in it.
fn artifacts(job: &Node, scope: &str, facts: &mut Facts) {
    let steps = || job.get("steps").into_iter().flat_map(Node::items);
    let calls = |step: &Node, name: &str| {
        step.text_of("uses").is_some_and(|called| called.split('@').next() == Some(name))
    };
    let kept = steps().any(|step| {
        calls(step, "actions/checkout")
            && step
                .way(&["with", "persist-credentials"])
                .is_none_or(|it| it.text() != Some("false"))
    });
    for step in steps().filter(|step| kept && calls(step, "actions/upload-artifact")) {
        let Some(path) = step.get("with").and_then(|with| with.entry("path")) else { continue };
        let whole = |path: &str| {
            matches!(
                path.trim(),
                "." | "./" | "*" | "**" | "./**" | ".git" | "${{ github.workspace }}"
            )
        };
        if path.node.text().is_some_and(|text| text.lines().any(whole)) {
            facts.add("workflow-checkout-uploaded", ".", scope, path.span());
        }
    }
}

/// What a step's script says.
fn ran(step: &Node, run: &Entry, script: &str, scope: &str, text: &str, facts: &mut Facts) {
    let shell = step.text_of("shell").unwrap_or("bash");
    if !matches!(shell.split_whitespace().next(), Some("bash" | "sh")) {
        return;
    }
    let raw = text.get(run.node.at.clone()).unwrap_or(script);
    command::tell(raw, run.node.at.start, scope, facts);
    for (value, at) in expressions(raw) {
        let at = run.node.at.start + at.start..run.node.at.start + at.end;
        let told = value.trim();
        if UNTRUSTED.contains(&told) {
            facts.add("workflow-injection", told, scope, at.clone());
        }
    }
    for line in script.lines() {
        let line = line.trim_start();
        let prints = ["echo ", "printf ", "print "].iter().any(|verb| line.starts_with(verb));
        let kept = line.contains('>') || line.contains('|');
        let shown = ["$GITHUB_OUTPUT", "$GITHUB_STEP_SUMMARY", "${GITHUB_OUTPUT}"];
        if prints
            && shown.iter().any(|file| line.contains(file))
            && let Some(secret) = secret_name(line).filter(|_| line.contains("${{"))
        {
            facts.add("workflow-secret-handed-on", secret, scope, place(raw, line, run));
        }
        if prints
            && !kept
            && let Some(secret) = secret_name(line).filter(|_| line.contains("${{"))
        {
            facts.add("workflow-secret-printed", secret, scope, place(raw, line, run));
        }
    }
    publishes(step, run, script, raw, scope, facts);
}

/// Expressions in `${{ … }}`, and where they stand.
pub(super) fn expressions(text: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text.get(from..)?.find("${{")?;
        let end = start + text.get(start..)?.find("}}")? + 2;
        from = end;
        Some((text.get(start + 3..end - 2)?, start..end))
    })
}

/// What is looked for in any value of the file.
fn everywhere(node: &Node, facts: &mut Facts) {
    node.walk(&mut |value| {
        let Some(text) = value.text().filter(|text| text.contains("secrets")) else { return };
        for (expression, _) in expressions(text) {
            let plain: String = expression.chars().filter(|char| !char.is_whitespace()).collect();
            let lower = plain.to_ascii_lowercase();
            if lower.contains("tojson(secrets)") {
                facts.add("workflow-all-secrets", "toJSON(secrets)", "", value.at.clone());
            } else if lower.contains("secrets[") && !lower.contains("secrets['") {
                facts.add("workflow-all-secrets", "secrets[...]", "", value.at.clone());
            } else if let Some((_, of)) = lower.split_once("fromjson(secrets.")
                && of.split_once(')').is_some_and(|(_, rest)| rest.starts_with(['.', '[']))
            {
                facts.add("workflow-secret-parts", "fromJSON(secrets...)", "", value.at.clone());
            }
        }
    });
}
