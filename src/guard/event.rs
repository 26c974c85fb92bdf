//! One event of an agent, read from its JSON: by the fields that its documentation names,
//! with all others left alone.

use super::agent::Agent;
use serde_json::{Map, Value};
use std::path::PathBuf;

/// The most bytes of an event that are read.
pub(crate) const AT_MOST: usize = 32 << 20;

/// When an event happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before a tool is called.
    Before,
    /// Before a person's words reach the model.
    Prompt,
    /// After a tool was called.
    After,
    /// At another one, of which there is nothing to check.
    Other,
}

/// What an agent tells.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) agent: Agent,
    /// As the agent calls it.
    pub(crate) name: String,
    pub(crate) moment: Moment,
    /// The tool; empty where there is none.
    pub(crate) tool: String,
    pub(crate) input: Value,
    pub(crate) output: Option<Value>,
    /// What else stands beside a tool's output.
    pub(crate) more: Option<Value>,
    pub(crate) prompt: Option<String>,
    pub(crate) cwd: Option<PathBuf>,
}

/// Why an event could not be read, and what is known of it all the same.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) agent: Option<Agent>,
    pub(crate) what: String,
}

/// Events by their names, for all agents: no name means two things.
const NAMES: &[(&str, Moment)] = &[
    // Claude Code, Codex, VS Code
    ("PreToolUse", Moment::Before),
    ("PostToolUse", Moment::After),
    ("PostToolUseFailure", Moment::After),
    ("UserPromptSubmit", Moment::Prompt),
    // Cursor
    ("beforeShellExecution", Moment::Before),
    ("beforeMCPExecution", Moment::Before),
    ("beforeReadFile", Moment::Before),
    ("beforeTabFileRead", Moment::Before),
    ("preToolUse", Moment::Before),
    ("postToolUse", Moment::After),
    ("postToolUseFailure", Moment::After),
    ("afterShellExecution", Moment::After),
    ("afterMCPExecution", Moment::After),
    ("beforeSubmitPrompt", Moment::Prompt),
    // Copilot
    ("userPromptSubmitted", Moment::Prompt),
    // Gemini CLI
    ("BeforeTool", Moment::Before),
    ("AfterTool", Moment::After),
    ("BeforeAgent", Moment::Prompt),
    // Windsurf
    ("pre_read_code", Moment::Before),
    ("pre_write_code", Moment::Before),
    ("pre_run_command", Moment::Before),
    ("pre_mcp_tool_use", Moment::Before),
    ("pre_user_prompt", Moment::Prompt),
    ("post_run_command", Moment::After),
    ("post_mcp_tool_use", Moment::After),
    // OpenCode's plugin, and leakcoach's own
    ("tool.execute.before", Moment::Before),
    ("tool.execute.after", Moment::After),
    ("before", Moment::Before),
    ("after", Moment::After),
    ("prompt", Moment::Prompt),
];

/// Events of which there is nothing to check: nothing is called, or it was checked before.
const QUIET: &[&str] = &[
    "SessionStart",
    "SessionEnd",
    "Stop",
    "StopFailure",
    "SubagentStart",
    "SubagentStop",
    "Notification",
    "PreCompact",
    "PostCompact",
    "PermissionRequest",
    "Setup",
    "TeammateIdle",
    "TaskCompleted",
    "ConfigChange",
    "WorktreeCreate",
    "WorktreeRemove",
    "InstructionsLoaded",
    "AfterAgent",
    "BeforeModel",
    "AfterModel",
    "BeforeToolSelection",
    "PreCompress",
    "sessionStart",
    "sessionEnd",
    "stop",
    "preCompact",
    "subagentStart",
    "subagentStop",
    "afterFileEdit",
    "afterTabFileEdit",
    "afterAgentResponse",
    "afterAgentThought",
    "agentStop",
    "errorOccurred",
    "notification",
    "permissionRequest",
    "post_read_code",
    "post_write_code",
    "post_cascade_response",
    "post_cascade_response_with_transcript",
    "post_setup_worktree",
];

/// The agent that the fields of an event tell of, where only one writes them.
fn detected(event: &Map<String, Value>) -> Option<Agent> {
    let has = |name: &str| event.contains_key(name);
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    let transcript = text("transcript_path");
    let named = text("hook_event_name");
    if has("cursor_version") || has("generation_id") || named.starts_with("before") {
        Some(Agent::Cursor)
    } else if has("agent_action_name") {
        Some(Agent::Windsurf)
    } else if has("turn_id") || transcript.contains("/.codex/") {
        Some(Agent::Codex)
    } else if transcript.contains("copilot") || has("toolName") || has("toolArgs") {
        Some(Agent::Copilot)
    } else if matches!(named, "BeforeTool" | "AfterTool" | "BeforeAgent") {
        Some(Agent::Gemini)
    } else if transcript.contains("/.claude/") {
        Some(Agent::ClaudeCode)
    } else if text("event").starts_with("tool.execute.") {
        Some(Agent::Opencode)
    } else if matches!(text("event"), "before" | "after" | "prompt") {
        Some(Agent::Generic)
    } else {
        None
    }
}

/// Reads an event of the agent `given`, or of the one that it tells of; `named` is its name,
/// where the command line says it.
pub(crate) fn read(
    given: Option<Agent>,
    named: Option<&str>,
    bytes: &[u8],
) -> Result<Event, Trouble> {
    let trouble = |agent, what: &str| Trouble { agent, what: what.to_owned() };
    let by_name = |name: &str| NAMES.iter().find(|(known, _)| *known == name).map(|it| it.1);
    if bytes.len() > AT_MOST {
        let most = AT_MOST >> 20;
        return Err(trouble(given, &format!("the event is larger than {most} MiB")));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let what = if error.is_eof() {
            "the event ends in the middle of its JSON".to_owned()
        } else {
            format!("the event is no JSON that can be read (line {line}, column {column})")
        };
        trouble(given, &what)
    })?;
    let Value::Object(mut event) = value else {
        return Err(trouble(given, "the event is no JSON object"));
    };
    let Some(agent) = given.or_else(|| detected(&event)) else {
        let what = "the event does not tell which agent it is of: say it by --agent";
        return Err(trouble(None, what));
    };
    let name = ["hook_event_name", "hookEventName", "agent_action_name", "event"]
        .iter()
        .find_map(|field| event.get(*field)?.as_str())
        .or(named)
        .map(str::to_owned)
        .or_else(|| inferred(&event));
    let Some(name) = name else {
        return Err(trouble(given, "the event has no name"));
    };
    let moment = match by_name(&name) {
        Some(moment) => moment,
        None if QUIET.contains(&name.as_str()) => Moment::Other,
        None => {
            let shown: String = name.chars().filter(char::is_ascii_graphic).take(40).collect();
            let what = format!("leakcoach does not know the event `{shown}`");
            return Err(trouble(Some(agent), &what));
        }
    };
    Ok(fields(agent, name, moment, &mut event))
}

/// Copilot's events in camel case have no name: what they hold tells them apart.
fn inferred(event: &Map<String, Value>) -> Option<String> {
    let has = |name: &str| event.contains_key(name);
    let name = if has("toolResult") || has("tool_result") {
        "postToolUse"
    } else if has("toolName") || has("tool_name") {
        "preToolUse"
    } else if has("prompt") {
        "userPromptSubmitted"
    } else {
        return None;
    };
    Some(name.to_owned())
}

fn fields(agent: Agent, name: String, moment: Moment, event: &mut Map<String, Value>) -> Event {
    let mut take = |names: &[&str]| names.iter().find_map(|name| event.remove(*name));
    let text = |value: Option<Value>| match value {
        Some(Value::String(text)) => Some(text),
        Some(_) | None => None,
    };
    let tool = text(take(&["tool_name", "toolName", "tool"])).unwrap_or_default();
    let output = take(&[
        "tool_response",
        "tool_result",
        "toolResult",
        "tool_output",
        "result_json",
        "output",
        "error",
    ]);
    let prompt = take(&["prompt", "user_prompt"]).map(joined);
    let cwd = text(take(&["cwd"])).map(PathBuf::from);
    let roots = take(&["workspace_roots"]);
    let root = roots.as_ref().and_then(|roots| roots.get(0)?.as_str()).map(PathBuf::from);
    let given = take(&["tool_input", "toolArgs", "args", "input", "tool_info"]).map(parsed);
    let given = given.filter(|it| !it.is_null());
    // What names no tool holds its input itself.
    // What a tool gave in fields that no page names is looked at all the same.
    let (mut rest, mut more) = (Map::new(), None);
    if moment == Moment::After {
        const ENVELOPE: &[&str] = &["session_id", "transcript_path", "hook_event_name", "cwd"];
        rest.clone_from(event);
        rest.retain(|name, _| !ENVELOPE.contains(&name.as_str()));
    }
    if !rest.is_empty() && (given.is_some() || output.is_none()) {
        more = Some(Value::Object(rest));
    }
    let mut input = given.unwrap_or_else(|| {
        const ENVELOPE: &[&str] = &[
            "session_id",
            "sessionId",
            "transcript_path",
            "hook_event_name",
            "permission_mode",
            "timestamp",
            "conversation_id",
            "generation_id",
            "model",
            "cursor_version",
            "user_email",
            "turn_id",
            "tool_use_id",
            "trajectory_id",
            "execution_id",
            "event",
            "agent_action_name",
            "version",
            "agent",
            "prompt_id",
        ];
        for field in ENVELOPE {
            event.remove(*field);
        }
        Value::Object(std::mem::take(event))
    });
    let inner = input.as_object_mut();
    let (mut prompt, mut output, mut cwd) = (prompt, output, cwd.or(root));
    // Windsurf keeps all of it in one place.
    if let Some(inner) = inner.filter(|_| agent == Agent::Windsurf) {
        prompt = prompt.or_else(|| text(inner.remove("user_prompt")));
        if moment == Moment::After {
            output =
                output.or_else(|| inner.remove("output").or_else(|| inner.remove("mcp_result")));
        }
        cwd = text(inner.get("cwd").cloned()).map(PathBuf::from).or(cwd);
    }
    if prompt.is_none() && moment == Moment::Prompt {
        prompt = input.get("prompt").cloned().map(joined);
    }
    Event { agent, name, moment, tool, input, output, more, prompt, cwd }
}

/// A prompt's text, also where it comes in parts.
fn joined(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(_) | Value::Object(_) => {
            let mut all = String::new();
            super::intent::leaves(&value, "", &mut |_, text| {
                all.push_str(text);
                all.push('\n');
            });
            all
        }
    }
}

/// Some agents write an object as text.
fn parsed(value: Value) -> Value {
    match &value {
        Value::String(text) if text.trim_start().starts_with(['{', '[']) => {
            serde_json::from_str(text).unwrap_or(value)
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::{Moment, read};
    use crate::guard::agent::Agent;
    use proptest::prelude::*;

    #[test]
    fn an_agent_is_told_by_its_event() {
        for (event, agent, moment) in [
            (
                r#"{"hook_event_name":"PreToolUse","transcript_path":"/h/.claude/p/x.jsonl","tool_name":"Bash","tool_input":{}}"#,
                Agent::ClaudeCode,
                Moment::Before,
            ),
            (
                r#"{"hook_event_name":"PreToolUse","turn_id":"1","transcript_path":null,"tool_name":"Bash","tool_input":{}}"#,
                Agent::Codex,
                Moment::Before,
            ),
            (
                r#"{"hook_event_name":"beforeShellExecution","command":"ls"}"#,
                Agent::Cursor,
                Moment::Before,
            ),
            (
                r#"{"toolName":"bash","toolArgs":"{\"command\":\"ls\"}"}"#,
                Agent::Copilot,
                Moment::Before,
            ),
            (
                r#"{"hook_event_name":"AfterTool","tool_name":"x","tool_response":{}}"#,
                Agent::Gemini,
                Moment::After,
            ),
            (
                r#"{"agent_action_name":"pre_user_prompt","tool_info":{"user_prompt":"x"}}"#,
                Agent::Windsurf,
                Moment::Prompt,
            ),
            (
                r#"{"event":"tool.execute.before","tool":"bash","args":{}}"#,
                Agent::Opencode,
                Moment::Before,
            ),
            (r#"{"event":"before","tool":"x","input":{}}"#, Agent::Generic, Moment::Before),
        ] {
            let read = read(None, None, event.as_bytes()).unwrap();
            assert_eq!((read.agent, read.moment), (agent, moment), "{event}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_without_its_content() {
        for (event, says) in [
            ("", "middle of its JSON"),
            (r#"{"hook_event_name":"PreToolUse","x":"s3cr"#, "middle of its JSON"),
            ("[1]", "no JSON object"),
            ("nonsense", "no JSON that can be read"),
            (r#"{"hook_event_name":"PreTeleport"}"#, "does not know the event `PreTeleport`"),
            ("{}", "no name"),
        ] {
            let trouble = read(Some(Agent::ClaudeCode), None, event.as_bytes()).unwrap_err();
            assert!(trouble.what.contains(says), "{event}: {}", trouble.what);
            assert!(!trouble.what.contains("s3cr"));
        }
        assert!(read(None, None, b"{\"hook_event_name\":\"PreToolUse\"}").is_err());
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(bytes: Vec<u8>) {
            let _read = read(Some(Agent::Copilot), Some("preToolUse"), &bytes);
        }

        #[test]
        fn nor_does_half_an_event(cut in 0_usize..90) {
            let whole = br#"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"ls -la; x"}}"#;
            let read = read(Some(Agent::Codex), None, &whole[..cut.min(whole.len())]);
            prop_assert_eq!(read.is_ok(), cut >= whole.len());
        }
    }
}
