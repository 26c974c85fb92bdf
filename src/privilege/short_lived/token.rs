//! Workflows with the token of a person: that of the job in its place where it does, that of
//! an app where not.
//!
//! Permissions as the pages of the actions have them: actions/checkout, actions/labeler,
//! actions/stale, docker/login-action, peter-evans/create-pull-request,
//! softprops/action-gh-release.

use super::super::node::{Entry, Node};
use super::super::personal::of_step;
use super::Refused;
use super::commands::{self, Gives, merged};
use super::github::{Need, permit};
use super::line::Lines;

const OF_JOB: &str = "${{ secrets.GITHUB_TOKEN }}";

/// Replaces the tokens of persons in each job of `document`; those of which is not certain
/// what they are for stay, and are told of.
pub(super) fn replace(document: &Node, lines: &mut Lines<'_>) -> Result<(), Refused> {
    let mut first = None;
    let mut done = false;
    for job in document.get("jobs").into_iter().flat_map(Node::entries) {
        match one_job(document, job, lines)? {
            Outcome::Replaced => done = true,
            Outcome::Stays(why) => {
                first.get_or_insert(why);
            }
            Outcome::Both(why) => {
                done = true;
                first.get_or_insert(why);
            }
            Outcome::Nothing => {}
        }
    }
    match (done, first) {
        (true, Some(why)) => {
            lines.note(&format!("another stays, to be replaced by hand: {why}"));
            Ok(())
        }
        (true, None) => Ok(()),
        (false, why) => Err(lines.refuse(why.unwrap_or("it stands for several jobs or steps"))),
    }
}

/// What became of the tokens in a job.
enum Outcome {
    Nothing,
    Replaced,
    Stays(&'static str),
    Both(&'static str),
}

fn one_job(document: &Node, job: &Entry, lines: &mut Lines<'_>) -> Result<Outcome, Refused> {
    let (mut of_job, mut of_app): (Vec<Need>, Vec<Need>) = (Vec::new(), Vec::new());
    let (mut begin, mut why, mut done) = (None, None, false);
    let steps = || job.node.get("steps").into_iter().flat_map(Node::items);
    for step in steps() {
        for held in of_step(step) {
            let at = held.entry.node.at.clone();
            match instead(&job.node, step, &held.entry.key, lines) {
                Ok(Gives::Job(needs)) => {
                    of_job.extend(needs);
                    lines.replace(at, OF_JOB);
                    user(step, lines);
                }
                Ok(Gives::App(needs)) => {
                    of_app.extend(needs);
                    lines.replace(at, "${{ steps.app-token.outputs.token }}");
                    begin = begin.or_else(|| step.entries().first().map(|first| first.at.start));
                }
                Err(reason) => {
                    why.get_or_insert(reason);
                    continue;
                }
            }
            done = true;
        }
    }
    if let Some(begin) = begin {
        if steps().any(|step| step.text_of("id") == Some("app-token")) {
            return Err(lines.refuse("a step of the job is called `app-token` already"));
        }
        app(begin, &merged(of_app), lines)?;
    }
    if !of_job.is_empty() {
        permit(document, job, &merged(of_job), lines)?;
        lines.note("what the token of a job does starts no other workflow");
    }
    Ok(match (done, why) {
        (false, None) => Outcome::Nothing,
        (true, None) => Outcome::Replaced,
        (false, Some(why)) => Outcome::Stays(why),
        (true, Some(why)) => Outcome::Both(why),
    })
}

/// Who logs in to a registry with the token of a job is whoever started it.
fn user(step: &Node, lines: &mut Lines<'_>) {
    if !step.text_of("uses").is_some_and(|called| called.starts_with("docker/login-action@")) {
        return;
    }
    if let Some(user) = step.get("with").and_then(|with| with.entry("username")) {
        lines.replace(user.node.at.clone(), "${{ github.actor }}");
    }
    lines.first(
        "on GitHub, in the settings of the package, under Manage Actions access, give this \
         repository the role Write"
            .to_owned(),
    );
}

/// A step that asks an app for a token, before the step at `begin`.
fn app(begin: usize, needs: &[Need], lines: &mut Lines<'_>) -> Result<(), Refused> {
    let mut step = vec![
        "- uses: actions/create-github-app-token@v3".to_owned(),
        "id: app-token".to_owned(),
        "with:".to_owned(),
        "  client-id: ${{ vars.APP_CLIENT_ID }}".to_owned(),
        "  private-key: ${{ secrets.APP_PRIVATE_KEY }}".to_owned(),
    ];
    step.extend(needs.iter().map(|need| format!("  permission-{}: {}", need.0, need.1)));
    lines.insert_item(begin, &step)?;
    let needs: Vec<String> = needs.iter().map(|need| format!("{}: {}", need.0, need.1)).collect();
    lines.first(format!(
        "register a GitHub App with the permissions {}, install it on this repository alone, set \
         the variable APP_CLIENT_ID to its client id and the secret APP_PRIVATE_KEY to its key, \
         as in https://github.com/actions/create-github-app-token",
        needs.join(", ")
    ));
    lines.note("the token of the app ends with the job, or after an hour");
    Ok(())
}

/// Who can give the token that `step` is given under `key`.
fn instead(job: &Node, step: &Node, key: &str, lines: &Lines<'_>) -> Result<Gives, &'static str> {
    let called = step.text_of("uses").unwrap_or_default();
    let name = called.split('@').next().unwrap_or_default().to_ascii_lowercase();
    let none = Node::default();
    let with = step.get("with").unwrap_or(&none);
    let body = lines.written(job.at.clone());
    let others = job.get("steps").into_iter().flat_map(Node::items).any(|step| {
        step.text_of("uses").is_some_and(|called| called.starts_with("actions/checkout"))
            && step.way(&["with", "repository"]).is_some_and(|of| !is_own(of.text()))
    });
    if others && name != "docker/login-action" {
        return Err("it may be for the other repository that is checked out");
    }
    if name.is_empty() {
        let script = step.text_of("run").ok_or("what it is for is not told")?;
        let elsewhere = [(step, ["env", "GH_REPO"]), (job, ["env", "GH_REPO"])];
        let in_folder = step.get("working-directory").is_some()
            || job.way(&["defaults", "run", "working-directory"]).is_some();
        if in_folder
            || elsewhere.iter().any(|(of, way)| of.way(way).is_some_and(|of| !is_own(of.text())))
        {
            return Err("its commands may be about another repository");
        }
        return commands::of_script(script);
    }
    let elsewhere = ["repository", "push-to-fork", "repositories", "org", "owner"];
    let own =
        |with: &Node| elsewhere.iter().all(|key| with.get(key).is_none_or(|of| is_own(of.text())));
    let in_env = step.get("env").is_some_and(|env| env.get("GITHUB_REPOSITORY").is_some());
    if !own(with) || in_env {
        return Err("it is for another repository: install an app there, which gives a token");
    }
    let is_input = with.get(key).is_some();
    match name.as_str() {
        "docker/login-action" if is_input => {
            if !names_own_images(lines.text()) {
                return Err("whether its images belong to this repository is not told");
            }
            let pushes = ["push: true", "push: ${{", "docker push", "--push", "push=true"];
            let level =
                if pushes.iter().any(|word| body.contains(word)) { "write" } else { "read" };
            Ok(Gives::Job(vec![("packages", level)]))
        }
        "actions/checkout" if is_input => checkout(job, with),
        "actions/labeler" if is_input => {
            Ok(Gives::Job(vec![("contents", "read"), ("pull-requests", "write")]))
        }
        "actions/stale" if is_input && with.get("delete-branch").is_none() => {
            Ok(Gives::Job(vec![("issues", "write"), ("pull-requests", "write")]))
        }
        "peter-evans/create-pull-request" if is_input => {
            if with.get("team-reviewers").is_some() {
                return Err("teams as reviewers take a right in the organization");
            }
            Ok(Gives::App(vec![("contents", "write"), ("pull-requests", "write")]))
        }
        "softprops/action-gh-release" => {
            if with.get("discussion_category_name").is_some() {
                return Err("a discussion takes a right of its own");
            }
            Ok(Gives::App(vec![("contents", "write")]))
        }
        _ => Err("which permissions the called action takes is not known here"),
    }
}

/// Whether an expression is the repository of the workflow.
fn is_own(text: Option<&str>) -> bool {
    let bare = text.unwrap_or_default().replace(' ', "");
    bare == "${{github.repository}}" || bare == "$GITHUB_REPOSITORY"
}

/// A checkout keeps its token for what the scripts after it do with git.
fn checkout(job: &Node, with: &Node) -> Result<Gives, &'static str> {
    let more = ["submodules", "lfs", "ssh-key"];
    if more.iter().any(|key| with.text_of(key).is_some_and(|value| value != "false")) {
        return Err("its submodules may be other repositories");
    }
    let steps = || job.get("steps").into_iter().flat_map(Node::items);
    let mut scripts = steps().filter_map(|step| step.text_of("run"));
    let mut called = steps().filter_map(|step| step.text_of("uses"));
    let commits = ["stefanzweifel/git-auto-commit-action@", "EndBug/add-and-commit@"];
    let pushes = scripts.clone().any(|script| script.contains("git push"))
        || called.clone().any(|name| commits.iter().any(|action| name.starts_with(action)));
    let elsewhere = scripts.clone().any(|script| {
        ["git clone", "git submodule", "git remote", "github.com/"]
            .iter()
            .any(|word| script.contains(word))
    });
    if elsewhere {
        return Err("its scripts reach other repositories, or may");
    }
    if pushes {
        return Ok(Gives::App(vec![("contents", "write")]));
    }
    // What is run may push by itself.
    let words = [
        "push",
        "release",
        "publish",
        "version",
        "commit",
        "deploy",
        "bump",
        "tag",
        "sync",
        "./",
        "submodule",
        "fetch",
        "pull",
        "lerna",
        "changeset",
        "private",
        "bash ",
        "sh ",
        "python",
    ];
    let known = [
        "actions/cache",
        "actions/checkout",
        "actions/download-artifact",
        "actions/setup-",
        "actions/upload-artifact",
        "codecov/codecov-action",
        "docker/setup-",
        "dtolnay/rust-toolchain",
        "golangci/golangci-lint-action",
        "gradle/actions/setup-gradle",
        "pnpm/action-setup",
        "ruby/setup-ruby",
        "astral-sh/setup-uv",
        "oven-sh/setup-bun",
    ];
    let quiet = scripts.all(|script| !words.iter().any(|word| script.contains(word)))
        && called.all(|name| known.iter().any(|action| name.starts_with(action)));
    if quiet {
        return Ok(Gives::Job(vec![("contents", "read")]));
    }
    Err("what the steps after it do with the token that git keeps is not told")
}

/// Whether the images that a workflow names are those of this repository's owner.
fn names_own_images(text: &str) -> bool {
    let literal = text.match_indices("ghcr.io/").any(|(at, host)| {
        let rest = text.get(at + host.len()..).unwrap_or_default();
        !["${{ github.repository", "${{github.repository", "${{ env.", "$GITHUB_REPOSITORY"]
            .iter()
            .any(|own| rest.starts_with(own))
    });
    !literal
        && ["${{ github.repository", "${{github.repository", "$GITHUB_REPOSITORY"]
            .iter()
            .any(|own| text.contains(own))
}
