//! An answer in the words of each agent's contract: what goes to standard output and standard
//! error, and the exit code. Only fields that its documentation lists are written.

use super::agent::Agent;
use super::event::{Event, Moment, Trouble};
use super::{Reason, Ruling};
use crate::exit;
use crate::text::Escaped;
use serde_json::{Value, json};

/// What most agents take for a refusal, with the reason on standard error.
const BLOCKED: u8 = 2;

/// As many reasons are told.
const TOLD: usize = 5;

/// What the process says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: u8,
}

impl Reply {
    fn json(value: &Value) -> Self {
        Self { stdout: value.to_string(), stderr: String::new(), code: exit::PASSED }
    }

    fn blocked(message: String) -> Self {
        Self { stdout: String::new(), stderr: message, code: BLOCKED }
    }
}

/// What is said to a call, as far as the contract lets it be said: where a person cannot be
/// asked, no.
pub(crate) fn ruling(event: &Event, reasons: &[Reason]) -> Ruling {
    let ruling = reasons.iter().map(|reason| reason.ruling).max().unwrap_or(Ruling::Allow);
    let asks = event.agent.can_ask()
        && event.moment == Moment::Before
        // Cursor's pages let these ask; the others take yes and no.
        && (event.agent != Agent::Cursor
            || matches!(event.name.as_str(), "beforeShellExecution" | "beforeMCPExecution"));
    match ruling {
        Ruling::Ask if !asks => Ruling::Deny,
        Ruling::Allow | Ruling::Ask | Ruling::Deny => ruling,
    }
}

/// The words for the model and the person: rule, place, what to do instead.
pub(crate) fn message(event: &Event, ruling: Ruling, reasons: &[Reason]) -> String {
    let mut parts = vec![match (ruling, event.moment) {
        (Ruling::Ask, _) => "leakcoach asks a person to confirm this:".to_owned(),
        (_, Moment::After) => "leakcoach hid a credential in this tool's output:".to_owned(),
        (_, Moment::Prompt) => "leakcoach stopped this prompt:".to_owned(),
        (_, Moment::Before | Moment::Other) => "leakcoach refused this call:".to_owned(),
    }];
    for reason in reasons.iter().take(TOLD) {
        let Reason { rule, what, place, instead, .. } = reason;
        let place = Escaped(place.as_bytes());
        parts.push(format!("[{rule}] {what}, in {place}. Instead: {instead}."));
    }
    if let Some(more) = reasons.len().checked_sub(TOLD).filter(|more| *more > 0) {
        parts.push(format!("And {more} more."));
    }
    if reasons.iter().any(|reason| reason.credential) {
        parts.push(
            "Do not print, repeat, encode or split the value; name it by its rule alone."
                .to_owned(),
        );
        if event.moment == Moment::After {
            parts.push("It has been shown to a tool: tell the person to rotate it.".to_owned());
        }
    }
    if let Some(reason) = reasons.first().filter(|_| event.moment == Moment::Before) {
        let (agent, rule) = (event.agent, &reason.rule);
        parts.push(format!(
            "Do not look for a way round it. A person can approve it on a terminal: \
             leakcoach approve --agent {agent} --scope {rule} --for 30m --reason '…'"
        ));
    }
    parts.join(" ")
}

/// The answer to `event`. `masked` is its output without the credentials.
pub(crate) fn reply(event: &Event, reasons: &[Reason], masked: Option<&Value>) -> Reply {
    let ruling = ruling(event, reasons);
    if event.agent == Agent::Generic {
        return generic(event, ruling, reasons, masked);
    }
    if ruling == Ruling::Allow {
        let stdout = if event.agent == Agent::Windsurf { "" } else { "{}" }.to_owned();
        return Reply { stdout, stderr: String::new(), code: exit::PASSED };
    }
    let message = message(event, ruling, reasons);
    match event.agent {
        Agent::ClaudeCode | Agent::Codex => claude(event, ruling, &message, masked),
        Agent::Cursor => cursor(event, ruling, &message, masked),
        Agent::Copilot => copilot(event, ruling, &message, masked),
        Agent::Gemini => Reply::json(&json!({ "decision": "deny", "reason": message })),
        Agent::Opencode => {
            let mut answer = json!({ "decision": ruling.word(), "message": message });
            if let (Some(masked), Some(answer)) = (masked, answer.as_object_mut()) {
                answer.insert("output".to_owned(), plain(masked).into());
            }
            Reply::json(&answer)
        }
        // Only what comes before an action can stop it, and only by its exit code.
        Agent::Windsurf if event.moment == Moment::After => {
            Reply { stdout: String::new(), stderr: message, code: exit::PASSED }
        }
        Agent::Windsurf | Agent::Generic => Reply::blocked(message),
    }
}

/// Claude Code; Codex has the same shapes, and a stricter reader.
fn claude(event: &Event, ruling: Ruling, message: &str, masked: Option<&Value>) -> Reply {
    let name = if event.moment == Moment::Before { "PreToolUse" } else { &*event.name };
    let answer = match (event.moment, masked) {
        (Moment::Before | Moment::Other, _) => json!({ "hookSpecificOutput": {
            "hookEventName": name,
            "permissionDecision": ruling.word(),
            "permissionDecisionReason": message,
        } }),
        // `updatedToolOutput` takes the place of what the tool gave.
        (Moment::After, Some(masked))
            if event.agent == Agent::ClaudeCode && name == "PostToolUse" =>
        {
            json!({ "hookSpecificOutput": {
                "hookEventName": name,
                "updatedToolOutput": masked,
                "additionalContext": message,
            } })
        }
        (Moment::After | Moment::Prompt, _) => json!({ "decision": "block", "reason": message }),
    };
    Reply::json(&answer)
}

fn cursor(event: &Event, ruling: Ruling, message: &str, masked: Option<&Value>) -> Reply {
    let answer = match event.name.as_str() {
        "beforeSubmitPrompt" => json!({ "continue": false, "user_message": message }),
        "postToolUse" => {
            let mut answer = json!({ "additional_context": message });
            if let (Some(masked), Some(answer)) = (masked, answer.as_object_mut())
                && event.tool.starts_with("MCP")
            {
                answer.insert("updated_mcp_tool_output".to_owned(), masked.clone());
            }
            answer
        }
        _ if event.moment == Moment::After => json!({}),
        _ => json!({
            "permission": ruling.word(),
            "user_message": message,
            "agent_message": message,
        }),
    };
    Reply::json(&answer)
}

fn copilot(event: &Event, ruling: Ruling, message: &str, masked: Option<&Value>) -> Reply {
    let answer = match event.moment {
        Moment::Before | Moment::Other if event.name == "PreToolUse" => json!({
            "permissionDecision": ruling.word(),
            "permissionDecisionReason": message,
            // VS Code reads the shape of Claude Code.
            "hookSpecificOutput": {
                "hookEventName": "PreToolUse",
                "permissionDecision": ruling.word(),
                "permissionDecisionReason": message,
            },
        }),
        Moment::Before | Moment::Other => json!({
            "permissionDecision": ruling.word(),
            "permissionDecisionReason": message,
        }),
        Moment::After if event.name == "postToolUse" => {
            let text = masked.map(|masked| {
                let text = masked.get("textResultForLlm").and_then(Value::as_str);
                text.map_or_else(|| plain(masked), str::to_owned)
            });
            json!({
                "modifiedResult": {
                    "resultType": "success",
                    "textResultForLlm": text.unwrap_or_else(|| message.to_owned()),
                },
                "additionalContext": message,
            })
        }
        Moment::Prompt | Moment::After => json!({ "decision": "block", "reason": message }),
    };
    Reply::json(&answer)
}

/// A text as it is, all else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// leakcoach's own contract, see docs/agents.md.
fn generic(event: &Event, ruling: Ruling, reasons: &[Reason], masked: Option<&Value>) -> Reply {
    let told: Vec<Value> = reasons
        .iter()
        .map(|reason| {
            json!({
                "rule": reason.rule,
                "what": reason.what,
                "place": Escaped(reason.place.as_bytes()).to_string(),
                "instead": reason.instead,
                "decision": reason.ruling.word(),
            })
        })
        .collect();
    let mut answer = json!({ "version": 1, "decision": ruling.word(), "reasons": told });
    if let Some(answer) = answer.as_object_mut().filter(|_| ruling != Ruling::Allow) {
        answer.insert("message".to_owned(), message(event, ruling, reasons).into());
        if let Some(masked) = masked {
            answer.insert("output".to_owned(), masked.clone());
        }
    }
    let code = if ruling == Ruling::Allow { exit::PASSED } else { exit::REFUSED };
    Reply { code, ..Reply::json(&answer) }
}

/// What policy says to a call that could not be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fail {
    /// No.
    Closed,
    /// Yes, with a word about it.
    Open,
}

/// The answer where an event, or the configuration, cannot be read.
pub(crate) fn failed(trouble: &Trouble, fail: Fail) -> Reply {
    let agent = trouble.agent;
    let what = Escaped(trouble.what.as_bytes());
    match fail {
        Fail::Closed => {
            let message = format!(
                "leakcoach could not check this and refuses it: {what}. Tell the person; \
                 `agents.fail` in the configuration decides about such calls."
            );
            if agent == Some(Agent::Generic) {
                let answer =
                    json!({ "version": 1, "decision": "deny", "reasons": [], "message": message });
                return Reply { stderr: message, code: exit::INCOMPLETE, ..Reply::json(&answer) };
            }
            Reply::blocked(message)
        }
        Fail::Open => {
            let message = format!("leakcoach did not check this: {what}");
            let answer = match agent {
                Some(Agent::ClaudeCode | Agent::Codex | Agent::Gemini) => {
                    json!({ "systemMessage": message })
                }
                Some(Agent::Generic) => {
                    json!({ "version": 1, "decision": "allow", "reasons": [], "message": message })
                }
                Some(Agent::Cursor | Agent::Copilot | Agent::Opencode | Agent::Windsurf) | None => {
                    json!({})
                }
            };
            Reply { stderr: message, ..Reply::json(&answer) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fail, Reply, failed, reply};
    use crate::guard::agent::Agent;
    use crate::guard::event::{Trouble, read};
    use crate::guard::{Reason, Ruling};
    use serde_json::Value;

    fn reason(ruling: Ruling) -> Reason {
        Reason {
            rule: "env-file".to_owned(),
            what: "reads a file".to_owned(),
            place: "command".to_owned(),
            instead: "ask".to_owned(),
            reference: String::new(),
            ruling,
            credential: false,
        }
    }

    fn said(agent: Agent, event: &str, ruling: Ruling) -> (Reply, Value) {
        let event = read(Some(agent), None, event.as_bytes()).unwrap();
        let reply = reply(&event, &[reason(ruling)], None);
        let value = serde_json::from_str(&reply.stdout).unwrap_or_default();
        (reply, value)
    }

    #[test]
    fn each_agent_is_answered_by_its_own_contract() {
        let before = r#"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{}}"#;
        let (reply, value) = said(Agent::ClaudeCode, before, Ruling::Ask);
        assert_eq!(value["hookSpecificOutput"]["permissionDecision"], "ask");
        assert_eq!(reply.code, 0);
        let (_, value) = said(Agent::Codex, before, Ruling::Ask);
        assert_eq!(value["hookSpecificOutput"]["permissionDecision"], "deny");
        let (_, value) = said(
            Agent::Cursor,
            r#"{"hook_event_name":"beforeShellExecution","command":"x"}"#,
            Ruling::Ask,
        );
        assert_eq!(value["permission"], "ask");
        let (_, value) =
            said(Agent::Copilot, r#"{"toolName":"bash","toolArgs":"{}"}"#, Ruling::Deny);
        assert_eq!(value["permissionDecision"], "deny");
        let (_, value) = said(
            Agent::Gemini,
            r#"{"hook_event_name":"BeforeTool","tool_name":"x","tool_input":{}}"#,
            Ruling::Ask,
        );
        assert_eq!(value["decision"], "deny");
        let (reply, _) = said(
            Agent::Windsurf,
            r#"{"agent_action_name":"pre_run_command","tool_info":{}}"#,
            Ruling::Deny,
        );
        assert!(reply.code == 2 && reply.stdout.is_empty() && !reply.stderr.is_empty());
        let (reply, value) = said(Agent::Generic, r#"{"event":"before","input":{}}"#, Ruling::Ask);
        assert_eq!((reply.code, &value["decision"]), (1, &Value::from("ask")));
    }

    #[test]
    fn what_could_not_be_checked_is_closed_or_open_and_never_silent() {
        for agent in Agent::ALL.iter().copied().map(Some).chain([None]) {
            let trouble = Trouble { agent, what: "no JSON".to_owned() };
            let closed = failed(&trouble, Fail::Closed);
            assert!(closed.code != 0 && closed.stderr.contains("no JSON"), "{agent:?}");
            let open = failed(&trouble, Fail::Open);
            assert!(open.code == 0 && open.stderr.contains("no JSON"), "{agent:?}");
        }
    }
}
