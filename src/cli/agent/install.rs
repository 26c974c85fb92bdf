//! Agents' settings: the hook put in, taken out, and seen to fire.

use crate::catalogue::{Catalogue, sample::expand};
use crate::cli::env;
use crate::error::Error;
use crate::guard::agent::Agent;
use crate::guard::settings::{self, Reach};
use crate::hook::doctor::{Health, Sign};
use crate::{exit, report, tool};
use serde_json::json;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// Puts the hook into an agent's settings, or takes it out.
pub(in crate::cli) fn edit(agent: Agent, user: Whose, deed: Deed) -> Result<u8, Error> {
    let reach = match user {
        Whose::User => Reach::User(home()?),
        Whose::Project => {
            Reach::Project(crate::cli::agent::guard::Place::at(PathBuf::from(".")).top)
        }
    };
    let Some(path) = settings::file(agent, &reach) else {
        let words = "`generic` has no settings: call `leakcoach guard --agent generic` yourself";
        return Err(Error::Usage(words.to_owned()));
    };
    let words = settings::command(agent, &reach, &env::program()?);
    let done = settings::edit(&path, agent, (deed == Deed::Install).then_some(&words))?;
    report::notice(&done);
    if deed == Deed::Install {
        if agent == Agent::Codex {
            report::notice("Codex runs it once you have trusted it: /hooks in Codex");
        }
        report::notice("see it fire: leakcoach doctor");
    }
    Ok(exit::PASSED)
}

/// Whose settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Whose {
    Project,
    User,
}

/// What is done to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Deed {
    Install,
    Uninstall,
}

fn home() -> Result<PathBuf, Error> {
    let home = env::variable("HOME").map(PathBuf::from);
    home.ok_or_else(|| Error::Usage("HOME is not set".to_owned()))
}

/// Runs the command of each agent's settings with a fake event, and sees whether it says no.
pub(in crate::cli) fn examine(top: Option<&Path>, seed: u64) -> Result<Vec<Sign>, Error> {
    let mut signs = Vec::new();
    for agent in Agent::ALL.iter().copied() {
        let project = top.map(|top| Reach::Project(top.to_owned()));
        let user = home().ok().map(Reach::User);
        for reach in project.into_iter().chain(user) {
            let Some(path) = settings::file(agent, &reach) else { continue };
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let Some(line) = settings::called(agent, &text) else { continue };
            let shown = crate::text::Escaped::path(&path).to_string();
            let (well, told, mend) = if denies(agent, &line, seed)? {
                let told = format!("{} is told no by `{shown}`", agent.name());
                (Health::Good, told, String::new())
            } else {
                let told = format!("the hook in `{shown}` lets a fake token through");
                let user = if matches!(reach, Reach::User(_)) { " --user" } else { "" };
                let mend = format!("leakcoach install --agent {agent}{user}, with it on PATH");
                (Health::Bad, told, mend)
            };
            signs.push(Sign { name: "agent", well, seen: told, mend });
        }
    }
    Ok(signs)
}

/// Whether `line` refuses a call that would write a fresh fake token.
fn denies(agent: Agent, line: &str, seed: u64) -> Result<bool, Error> {
    let rule = Catalogue::builtin().rule("github-pat");
    let template = rule.and_then(|rule| rule.samples.iter().next()).unwrap_or_default();
    let token = expand(template, seed).map_err(Error::Usage)?;
    let event = event(agent, &token);
    let run = || {
        let mut child = tool::agent_hook(line)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(event.as_bytes())?;
        }
        child.wait_with_output()
    };
    let Ok(output) = run() else { return Ok(false) };
    let said = String::from_utf8_lossy(&output.stdout);
    let refused = output.status.code() == Some(2) && !output.stderr.is_empty();
    let says_no = output.status.success() && said.contains("\"deny\"");
    let both = [said.as_bytes(), &output.stderr].concat();
    let told = memchr::memmem::find(&both, b"[github-pat]").is_some();
    Ok(told && (refused || says_no))
}

/// A call of `agent` that would run a command with `token`.
fn event(agent: Agent, token: &str) -> String {
    let command = json!({ "command": format!("echo {token} > note.txt") });
    let event = match agent {
        Agent::ClaudeCode | Agent::Codex => json!({
            "hook_event_name": "PreToolUse", "session_id": "doctor", "tool_name": "Bash",
            "tool_input": command,
        }),
        Agent::Gemini => json!({
            "hook_event_name": "BeforeTool", "session_id": "doctor",
            "tool_name": "run_shell_command", "tool_input": command,
        }),
        Agent::Cursor => json!({
            "hook_event_name": "beforeShellExecution", "command": command["command"],
        }),
        Agent::Copilot => json!({ "toolName": "bash", "toolArgs": command }),
        Agent::Windsurf => json!({
            "agent_action_name": "pre_run_command",
            "tool_info": { "command_line": command["command"] },
        }),
        Agent::Opencode => {
            json!({ "event": "tool.execute.before", "tool": "bash", "args": command })
        }
        Agent::Generic => json!({ "event": "before", "tool": "shell", "input": command }),
    };
    event.to_string()
}
