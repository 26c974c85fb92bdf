//! `[agents]`: what agents may use, and what happens to calls that cannot be checked.

use super::layers::{Layers, Origin, Outside};
use super::written::At;
use super::{More, Refused};
use crate::error::Error;
use crate::guard::Reason;
use crate::guard::agent::Agent;
use crate::guard::approval::in_scope;
use serde::Deserialize;
use toml::Spanned;

/// What is configured of agents.
#[derive(Debug, Default)]
pub(crate) struct Agents {
    /// Whether a call that cannot be checked goes through.
    pub(crate) fails_open: bool,
    /// What is approved in advance.
    pub(crate) allow: Vec<Allowed>,
    /// Patterns of tools that a person confirms, beside those that are known.
    pub(crate) confirm: Vec<String>,
}

/// One credential, or deed, that an agent may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// The agent's word; all of them without one.
    pub(crate) agent: Option<String>,
    /// `RULE`, or `RULE:PATTERN`.
    pub(crate) scope: String,
    /// The folder, from the repository's top, that the agent works in; any without one.
    pub(crate) path: Option<String>,
    /// The task, as `LEAKCOACH_TASK` names it to the agent; any without one.
    pub(crate) task: Option<String>,
    /// The last second since 1970; no end without one.
    pub(crate) until: Option<i64>,
}

impl Allowed {
    /// Whether it lets `agent` do what `reason` is about, in `folder` from the top.
    pub(crate) fn lets(
        &self,
        agent: Agent,
        now: i64,
        task: &str,
        folder: &str,
        reason: &Reason,
    ) -> bool {
        let covers = |pattern: &Option<String>, text: &str| {
            pattern.as_ref().is_none_or(|pattern| {
                let glob = globset::Glob::new(pattern);
                let there = format!("{text}/");
                glob.is_ok_and(|glob| {
                    let glob = glob.compile_matcher();
                    glob.is_match(text) || glob.is_match(&there)
                })
            })
        };
        self.agent.as_ref().is_none_or(|known| known == agent.word())
            && self.until.is_none_or(|until| now < until)
            && covers(&self.task, task)
            && covers(&self.path, folder)
            && in_scope(&self.scope, reason)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Written {
    fail: At<Fail>,
    pub(super) allow: Vec<Spanned<Allow>>,
    confirm: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Fail {
    Closed,
    Open,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Allow {
    #[serde(default)]
    agent: Option<String>,
    scope: Option<String>,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    task: Option<String>,
    #[serde(default)]
    until: Option<String>,
}

/// What is configured `outside`, and by the text of a repository's file.
///
/// # Errors
/// One of them cannot be read.
pub(crate) fn with(outside: &Outside, text: Option<String>) -> Result<Agents, Error> {
    read(&mut Layers::read_with(outside, text)?)
}

/// What the layers say together.
pub(super) fn read(layers: &mut Layers) -> Result<Agents, Error> {
    let fail = layers.one(
        "agents.fail",
        Some(Fail::Closed),
        |it| &it.agents.fail,
        |new, _| *new == Fail::Open,
    );
    let fails_open = fail.is_some_and(|(fail, _)| fail == Fail::Open);
    let (entries, refused): (Vec<_>, Vec<Refused>) =
        layers.all("agents.allow", More::Loosens, |it| &it.agents.allow);
    let allow = entries.into_iter().map(|(one, at)| allowed(one, &at)).collect::<Result<_, _>>()?;
    layers.refused.extend(refused);
    let (patterns, refused) = layers.all("agents.confirm", More::Tightens, |it| &it.agents.confirm);
    let confirm = patterns.into_iter().map(|(pattern, _)| pattern.to_lowercase()).collect();
    layers.refused.extend(refused);
    Ok(Agents { fails_open, allow, confirm })
}

fn allowed(one: &Allow, at: &Origin) -> Result<Allowed, Error> {
    let wrong = |what: &str| match at.line {
        Some(line) => Error::Config { path: at.path.clone(), line, what: what.to_owned() },
        None => Error::Usage(format!("{at}: {what}")),
    };
    let scope = one.scope.clone().filter(|scope| !scope.is_empty());
    let scope = scope.ok_or_else(|| wrong("an entry of `agents.allow` needs a `scope`"))?;
    if scope.trim_matches('*').is_empty() {
        return Err(wrong("`scope` names a rule, or `RULE:PATTERN`"));
    }
    if let Some(agent) = &one.agent
        && Agent::named(agent).is_none()
    {
        let known: Vec<&str> = Agent::ALL.iter().map(|agent| agent.word()).collect();
        return Err(wrong(&format!("no such agent; one of: {}", known.join(", "))));
    }
    let until = one.until.as_deref().map(|text| {
        let end = text.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_second).or_else(|_| {
            // A day counts to its end.
            let day = text.parse::<jiff::civil::Date>()?;
            let next = day.tomorrow()?.to_zoned(jiff::tz::TimeZone::UTC)?;
            Ok::<i64, jiff::Error>(next.timestamp().as_second())
        });
        end.map_err(|_| wrong("`until` is a day such as \"2026-12-31\", or a time in RFC 3339"))
    });
    Ok(Allowed {
        agent: one.agent.clone(),
        scope,
        path: one.path.clone(),
        task: one.task.clone(),
        until: until.transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use std::path::Path;

    fn read(text: &str) -> Result<super::Agents, String> {
        let config = Config::read(text, Path::new(".leakcoach.toml"));
        config.map(|config| config.agents).map_err(|error| error.to_string())
    }

    #[test]
    fn a_team_approves_in_advance() {
        let text = "[agents]\nfail = 'open'\n[[agents.allow]]\nagent = 'codex'\n\
                    scope = 'env-file:.env.test'\ntask = 'e2e*'\nuntil = '2026-12-31'\n";
        let agents = read(text).unwrap();
        assert!(agents.fails_open);
        assert_eq!(agents.allow[0].scope, "env-file:.env.test");
        assert_eq!(agents.allow[0].until, Some(1_798_761_600));
        assert!(!read("").unwrap().fails_open);
        let agents = read("[agents]\nconfirm = ['*__Write_*']").unwrap();
        assert_eq!(agents.confirm, ["*__write_*"]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, says) in [
            ("[[agents.allow]]\nagent = 'codex'", ":1: an entry of `agents.allow` needs a `scope`"),
            ("[[agents.allow]]\nscope = '*'", "`scope` names a rule"),
            ("[[agents.allow]]\nscope = 'x'\nagent = 'codx'", "no such agent; one of: claude-code"),
            ("[[agents.allow]]\nscope = 'x'\nuntil = 'soon'", "`until` is a day"),
            ("[agents]\nfail = 'shut'", "unknown variant"),
            ("[agents]\nfial = 'open'", "unknown key `fial`"),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.contains(says), "{said}");
        }
    }
}
