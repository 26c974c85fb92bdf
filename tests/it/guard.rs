//! `leakcoach guard`: for each agent the input that its documentation tells of, through the
//! real program. The fields are those of:
//! Claude Code <https://code.claude.com/docs/en/hooks>,
//! Codex <https://developers.openai.com/codex/hooks>,
//! Cursor <https://cursor.com/docs/agent/hooks>,
//! GitHub Copilot <https://docs.github.com/en/copilot/reference/copilot-cli-reference/cli-hooks-reference>,
//! Gemini CLI <https://geminicli.com/docs/hooks/reference>,
//! `OpenCode` <https://opencode.ai/docs/plugins>,
//! Windsurf <https://docs.windsurf.com/windsurf/cascade/hooks>.

use crate::harness::{BINARY, Repo};
use leakcoach::catalogue::sample::expand;
use serde_json::{Value, json};
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// A repository in which agents work.
struct Desk(Repo);

/// What the guard said.
struct Said {
    stdout: String,
    stderr: String,
    code: i32,
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }

    #[track_caller]
    fn is(&self, code: i32, answer: &Value) -> &Self {
        assert_eq!((self.code, &self.json()), (code, answer), "{}", self.stderr);
        self
    }

    /// Whether nothing was said against it.
    #[track_caller]
    fn passes(&self) -> &Self {
        let silent = ["", "{}"].contains(&self.stdout.trim());
        assert!(
            self.code == 0 && silent && self.stderr.is_empty(),
            "{}{}",
            self.stdout,
            self.stderr
        );
        self
    }
}

impl Desk {
    fn new() -> Self {
        Self(Repo::plain())
    }

    fn token(&self) -> String {
        self.0.plant(expand("ghp_{base62:30}{crc32-base62}", 7).unwrap())
    }

    fn guard(&self, agent: &str, event: &Value) -> Said {
        self.fed(&["--agent", agent], event.to_string().as_bytes())
    }

    fn fed(&self, args: &[&str], input: &[u8]) -> Said {
        self.with(&[], args, input)
    }

    fn with(&self, variables: &[(&str, &str)], args: &[&str], input: &[u8]) -> Said {
        let mut command = Command::new(BINARY);
        let command = self.0.prepared(command.arg("guard").args(args));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.envs(variables.iter().copied()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writer = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        self.0.holds_back(&stdout);
        self.0.holds_back(&stderr);
        Said { stdout, stderr, code: output.status.code().unwrap() }
    }

    fn bash(&self, command: &str) -> Said {
        self.guard("claude-code", &claude("Bash", &json!({ "command": command })))
    }
}

fn claude(tool: &str, input: &Value) -> Value {
    json!({
        "session_id": "s1", "transcript_path": "/home/me/.claude/projects/a/s1.jsonl",
        "cwd": "/nowhere", "permission_mode": "default", "hook_event_name": "PreToolUse",
        "tool_name": tool, "tool_input": input, "tool_use_id": "t1",
    })
}

/// What Claude Code and Codex are told of a call.
#[track_caller]
fn decision(said: &Said) -> (String, String) {
    assert_eq!(said.code, 0, "{}", said.stderr);
    let answer = said.json();
    let inner = &answer["hookSpecificOutput"];
    assert_eq!(inner["hookEventName"], "PreToolUse");
    let text = |name: &str| inner[name].as_str().unwrap().to_owned();
    (text("permissionDecision"), text("permissionDecisionReason"))
}

#[test]
fn claude_code_may_not_write_a_credential_and_is_told_what_to_do() {
    let desk = Desk::new();
    let content = format!("TOKEN = \"{}\"\n", desk.token());

    let said = desk.guard(
        "claude-code",
        &claude("Write", &json!({ "file_path": "src/app.py", "content": content })),
    );

    let (decision, reason) = decision(&said);
    assert_eq!(decision, "deny");
    for words in ["[github-pat]", "`content` (src/app.py:1)", "Instead:", "Do not print", "approve"]
    {
        assert!(reason.contains(words), "no {words} in {reason}");
    }
}

#[test]
fn claude_code_is_masked_what_a_tool_printed() {
    let desk = Desk::new();
    let stdout = format!("a\ntoken {}\nb", desk.token());
    let event = json!({
        "session_id": "s1", "transcript_path": "/home/me/.claude/projects/a/s1.jsonl",
        "cwd": "/nowhere", "hook_event_name": "PostToolUse", "tool_name": "Bash",
        "tool_input": { "command": "./show" }, "tool_use_id": "t1",
        "tool_response": { "stdout": stdout, "stderr": "", "interrupted": false },
    });

    let answer = desk.guard("claude-code", &event).json();

    let output = &answer["hookSpecificOutput"]["updatedToolOutput"];
    assert_eq!(output["stdout"], "a\ntoken [github-pat hidden by leakcoach]\nb");
    assert_eq!(output["interrupted"], false);
}

#[test]
fn claude_code_is_stopped_before_a_prompt_with_a_credential_leaves() {
    let desk = Desk::new();
    let event = |prompt: &str| {
        json!({ "session_id": "s1", "cwd": "/nowhere", "hook_event_name": "UserPromptSubmit",
                "prompt": prompt })
    };
    let said = desk.guard("claude-code", &event(&format!("use {}", desk.token())));
    assert_eq!(said.json()["decision"], "block");
    desk.guard("claude-code", &event("write a parser")).passes();
}

#[test]
fn codex_gets_the_fields_that_it_reads_and_no_question() {
    let desk = Desk::new();
    let event = |command: &str| {
        json!({
            "session_id": "s", "turn_id": "t", "transcript_path": null, "cwd": "/nowhere",
            "hook_event_name": "PreToolUse", "model": "m", "permission_mode": "default",
            "tool_name": "Bash", "tool_input": { "command": command }, "tool_use_id": "u",
        })
    };
    desk.guard("codex", &event("cargo test")).passes();
    let said = desk.guard("codex", &event("terraform apply"));
    assert_eq!(decision(&said).0, "deny");
    let keys = said.json();
    assert_eq!(keys.as_object().unwrap().len(), 1);
    assert_eq!(keys["hookSpecificOutput"].as_object().unwrap().len(), 3);

    let patch =
        format!("*** Begin Patch\n*** Add File: a.py\n+T = \"{}\"\n*** End Patch\n", desk.token());
    let mut event = event("");
    event["tool_name"] = "apply_patch".into();
    event["tool_input"] = json!({ "command": patch });
    let said = desk.guard("codex", &event);
    assert!(decision(&said).1.contains("(a.py:1)"), "{}", said.stdout);

    let after = json!({
        "session_id": "s", "turn_id": "t", "cwd": "/nowhere", "hook_event_name": "PostToolUse",
        "tool_name": "Bash", "tool_input": {}, "tool_response": format!("x {}", desk.token()),
    });
    let answer = desk.guard("codex", &after).json();
    assert_eq!(answer["decision"], "block");
    assert!(answer.get("hookSpecificOutput").is_none());
}

#[test]
fn cursor_is_answered_for_each_of_its_events() {
    let desk = Desk::new();
    let event = |name: &str, more: Value| {
        let mut event = json!({
            "conversation_id": "c", "generation_id": "g", "hook_event_name": name,
            "workspace_roots": ["/nowhere"], "cursor_version": "2.0",
        });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let token = desk.token();
    let shell = |command: &str| {
        event("beforeShellExecution", json!({ "command": command, "cwd": "/nowhere" }))
    };
    desk.guard("cursor", &shell("ls")).passes();
    assert_eq!(desk.guard("cursor", &shell("npm publish")).json()["permission"], "ask");
    assert_eq!(desk.guard("cursor", &shell("cat .env")).json()["permission"], "deny");
    // Its tools' input is JSON in a text.
    let mcp = event(
        "beforeMCPExecution",
        json!({
            "tool_name": "create_issue",
            "tool_input": json!({ "title": "x", "body": format!("it is {token}") }).to_string(),
            "command": "npx tracker",
        }),
    );
    assert_eq!(desk.guard("cursor", &mcp).json()["permission"], "deny");
    let read = event(
        "beforeReadFile",
        json!({ "file_path": "/nowhere/a.py", "content": format!("t = '{token}'"),
                "attachments": [] }),
    );
    assert_eq!(desk.guard("cursor", &read).json()["permission"], "deny");
    let prompt = event("beforeSubmitPrompt", json!({ "prompt": token, "attachments": [] }));
    assert_eq!(desk.guard("cursor", &prompt).json()["continue"], false);
    desk.guard("cursor", &event("stop", json!({ "status": "completed" }))).passes();
}

#[test]
fn copilot_is_answered_in_either_case_of_its_events() {
    let desk = Desk::new();
    let token = desk.token();
    // Arguments are an object, or JSON in a text; the event has no name.
    for args in
        [json!({ "command": "cat ~/.ssh/id_rsa" }), json!("{\"command\":\"gh auth token\"}")]
    {
        let event = json!({ "sessionId": "s", "timestamp": 1, "cwd": "/nowhere",
                            "toolName": "bash", "toolArgs": args });
        let said = desk
            .fed(&["--agent", "copilot", "--event", "preToolUse"], event.to_string().as_bytes());
        assert_eq!(said.json()["permissionDecision"], "deny");
        assert!(!said.json()["permissionDecisionReason"].as_str().unwrap().is_empty());
    }
    let event = json!({
        "hook_event_name": "PreToolUse", "session_id": "s", "timestamp": "2026-01-01T00:00:00Z",
        "cwd": "/nowhere", "tool_name": "create",
        "tool_input": { "path": "a.js", "file_text": format!("k = '{token}'") },
    });
    assert_eq!(desk.guard("copilot", &event).json()["permissionDecision"], "deny");
    let after = json!({
        "sessionId": "s", "timestamp": 1, "cwd": "/nowhere", "toolName": "bash",
        "toolArgs": {},
        "toolResult": { "resultType": "success", "textResultForLlm": format!("k {token}") },
    });
    let answer = desk.guard("copilot", &after).json();
    assert_eq!(answer["modifiedResult"]["textResultForLlm"], "k [github-pat hidden by leakcoach]");
}

#[test]
fn gemini_is_refused_and_its_output_replaced() {
    let desk = Desk::new();
    let event = |name: &str, more: Value| {
        let mut event = json!({
            "session_id": "s", "transcript_path": "/t", "cwd": "/nowhere",
            "hook_event_name": name, "timestamp": "2026-01-01T00:00:00Z",
        });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let call = |command: &str| {
        event(
            "BeforeTool",
            json!({ "tool_name": "run_shell_command",
                                    "tool_input": { "command": command } }),
        )
    };
    desk.guard("gemini", &call("ls -la")).passes();
    let said = desk.guard("gemini", &call("git commit --no-verify -m x"));
    assert_eq!(said.json()["decision"], "deny");
    assert!(said.json()["reason"].as_str().unwrap().contains("[skip-hooks]"));
    let after = event(
        "AfterTool",
        json!({
            "tool_name": "read_file", "tool_input": {},
            "tool_response": { "llmContent": desk.token(), "returnDisplay": "" },
        }),
    );
    assert_eq!(desk.guard("gemini", &after).json()["decision"], "deny");
}

#[test]
fn windsurf_is_refused_by_the_exit_code() {
    let desk = Desk::new();
    let event = |name: &str, info: Value| {
        json!({ "agent_action_name": name, "trajectory_id": "t", "execution_id": "e",
                "timestamp": "2026-01-01T00:00:00Z", "tool_info": info })
    };
    let run = |line: &str| event("pre_run_command", json!({ "command_line": line, "cwd": "/" }));
    desk.guard("windsurf", &run("make test")).passes();
    let said = desk.guard("windsurf", &run("vault read secret/app"));
    assert!(said.code == 2 && said.stdout.is_empty() && said.stderr.contains("[vault-read]"));
    let write = event(
        "pre_write_code",
        json!({
            "file_path": "/nowhere/a.py",
            "edits": [{ "old_string": "", "new_string": format!("t = '{}'", desk.token()) }],
        }),
    );
    assert_eq!(desk.guard("windsurf", &write).code, 2);
    let mcp = event(
        "pre_mcp_tool_use",
        json!({
            "mcp_server_name": "chat", "mcp_tool_name": "send",
            "mcp_tool_arguments": { "text": desk.token() },
        }),
    );
    assert_eq!(desk.guard("windsurf", &mcp).code, 2);
    let prompt = event("pre_user_prompt", json!({ "user_prompt": desk.token() }));
    assert_eq!(desk.guard("windsurf", &prompt).code, 2);
}

#[test]
fn opencode_is_answered_for_its_plugin() {
    let desk = Desk::new();
    let call = |tool: &str, args: Value| json!({ "event": "tool.execute.before", "tool": tool, "args": args, "cwd": "/nowhere" });
    desk.guard("opencode", &call("bash", json!({ "command": "ls" }))).passes();
    let said = desk.guard("opencode", &call("read", json!({ "filePath": "/nowhere/.env" })));
    assert_eq!(said.json()["decision"], "deny");
    let after = json!({ "event": "tool.execute.after", "tool": "bash", "output": desk.token() });
    let answer = desk.guard("opencode", &after).json();
    assert_eq!(answer["output"], "[github-pat hidden by leakcoach]");
}

#[test]
fn any_other_program_speaks_the_generic_json() {
    let desk = Desk::new();
    let event = json!({ "version": 1, "event": "before", "tool": "send_message",
                        "input": { "channel": "dev", "text": desk.token() } });
    let said = desk.guard("generic", &event);
    assert_eq!(said.code, 1);
    assert_eq!(said.json()["decision"], "deny");
    assert_eq!(said.json()["reasons"][0]["rule"], "github-pat");
    let event = json!({ "version": 1, "event": "before", "tool": "x", "input": { "text": "hi" } });
    desk.guard("generic", &event)
        .is(0, &json!({ "version": 1, "decision": "allow", "reasons": [] }));
    let said = desk.fed(&["--agent", "generic"], b"{\"event\":");
    assert_eq!((said.code, &said.json()["decision"]), (3, &Value::from("deny")));
}

/// Windsurf's hooks cannot hide what was read.
#[test]
fn a_file_is_looked_into_before_it_is_read_however_long_it_is() {
    let desk = Desk::new();
    let filler = "value = f(x)\n".repeat(400_000);
    desk.0.write("long.py", &format!("t = '{}'\n{filler}", desk.token()));
    desk.0.write("calm.py", &filler);
    let read = |name: &str| {
        let path = desk.0.top().join(name);
        json!({ "agent_action_name": "pre_read_code", "trajectory_id": "t", "execution_id": "e",
                "timestamp": "2026-01-01T00:00:00Z", "tool_info": { "file_path": path } })
    };
    let said = desk.guard("windsurf", &read("long.py"));
    assert!(said.code == 2 && said.stderr.contains("[github-pat]"), "{}", said.stderr);
    desk.guard("windsurf", &read("calm.py")).passes();
}

#[test]
fn what_cannot_be_read_is_closed_by_default_and_open_where_configured() {
    let desk = Desk::new();
    let unknown = claude("Bash", &json!({})).to_string().replace("PreToolUse", "PreTeleport");
    let deep = format!("{}1{}", "[".repeat(300), "]".repeat(300));
    let inputs: [&[u8]; 6] = [
        b"",
        b"{\"hook_event_name\":\"PreToolUse\",\"tool_na",
        b"[1,2]",
        b"\xff\xfe{",
        unknown.as_bytes(),
        deep.as_bytes(),
    ];
    for agent in ["claude-code", "codex", "cursor", "copilot", "gemini", "opencode", "windsurf"] {
        for input in inputs {
            let said = desk.fed(&["--agent", agent], input);
            assert_eq!(said.code, 2, "{agent}: {}", said.stderr);
            assert!(said.stderr.contains("could not check"), "{agent}: {}", said.stderr);
        }
    }
    desk.0.write(".leakcoach.toml", "[agents]\nfail = \"open\"\n");
    // A file that no default branch has opens nothing.
    assert_eq!(desk.fed(&["--agent", "claude-code"], b"{").code, 2);
    desk.0.commit_unchecked("policy");
    let said = desk.fed(&["--agent", "claude-code"], b"{");
    assert_eq!(said.code, 0);
    assert!(said.json()["systemMessage"].as_str().unwrap().contains("did not check"));
    assert!(said.stderr.contains("did not check"));
    // A configuration that cannot be read opens nothing.
    desk.0.write(".leakcoach.toml", "[agents]\nfail = \"opne\"\n");
    assert_eq!(desk.bash("ls").code, 2);
}

#[test]
fn an_argument_of_a_hundred_megabytes_is_refused_in_words() {
    let desk = Desk::new();
    let event = claude("Write", &json!({ "file_path": "a", "content": "x".repeat(100 << 20) }));
    let said = desk.guard("claude-code", &event);
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("larger than"), "{}", said.stderr);
}

#[test]
fn the_agent_is_told_by_the_event_where_only_one_writes_it() {
    let desk = Desk::new();
    let event = claude("Bash", &json!({ "command": "cat .env" })).to_string();
    assert_eq!(decision(&desk.fed(&[], event.as_bytes())).0, "deny");
    assert_eq!(desk.fed(&[], b"{\"hook_event_name\":\"PreToolUse\"}").code, 2);
}

#[test]
fn markers_hooks_and_settings_are_out_of_bounds() {
    let desk = Desk::new();
    let marked = format!("t = '{}' # gitleaks:allow\n", desk.token());
    let own = format!(
        "t = '{}' # leakcoach:allow github-pat because it is for the tests\n",
        desk.token()
    );
    for (path, content) in [
        ("a.py", marked.as_str()),
        ("a.py", own.as_str()),
        (".husky/pre-commit", "exit 0\n"),
        (".leakcoach.toml", "[rules]\n"),
        (".claude/settings.json", "{}"),
    ] {
        let said = desk.guard(
            "claude-code",
            &claude("Write", &json!({ "file_path": path, "content": content })),
        );
        assert_eq!(decision(&said).0, "deny", "{path}");
    }
}

#[test]
fn taking_a_credential_out_is_let_through() {
    let desk = Desk::new();
    let edit = json!({
        "file_path": "a.py", "old_string": format!("t = '{}'", desk.token()),
        "new_string": "t = os.environ['T']",
    });
    desk.guard("claude-code", &claude("Edit", &edit)).passes();
    let nearby = json!({
        "file_path": "a.py", "old_string": format!("t = '{}'\na", desk.token()),
        "new_string": format!("t = '{}'\nb", desk.token()),
    });
    desk.guard("claude-code", &claude("Edit", &nearby)).passes();
}

#[test]
fn exceptions_of_the_repository_hold_for_agents_too() {
    let desk = Desk::new();
    desk.0.write(".leakcoach.toml", "[paths]\nignore = [\"fixtures/**\"]\n");
    let content = format!("t = '{}'\n", desk.token());
    let write = |path: &str| claude("Write", &json!({ "file_path": path, "content": content }));
    let top = desk.0.top();
    let mut event = write("fixtures/a.txt");
    event["cwd"] = top.to_str().unwrap().into();
    desk.guard("claude-code", &event).passes();
    event["tool_input"]["file_path"] = top.join("src/a.txt").to_str().unwrap().into();
    assert_eq!(decision(&desk.guard("claude-code", &event)).0, "deny");
}

#[test]
fn the_configuration_approves_an_agent_a_file_a_task_and_a_time() {
    let desk = Desk::new();
    desk.0.write(
        ".leakcoach.toml",
        "[[agents.allow]]\nagent = \"claude-code\"\nscope = \"env-file:.env.test\"\n\
         task = \"e2e*\"\nuntil = \"2199-01-01\"\n",
    );
    desk.0.commit_unchecked("policy");
    let call = |agent: &str, task: &str, command: &str| {
        let mut event = claude("Bash", &json!({ "command": command }));
        event["cwd"] = desk.0.top().to_str().unwrap().into();
        desk.with(&[("LEAKCOACH_TASK", task)], &["--agent", agent], event.to_string().as_bytes())
    };
    call("claude-code", "e2e-login", "cat .env.test").passes();
    for (agent, task, command) in [
        ("codex", "e2e-login", "cat .env.test"),
        ("claude-code", "release", "cat .env.test"),
        ("claude-code", "e2e-login", "cat .env"),
        ("claude-code", "e2e-login", "cat .env.test .env"),
        ("claude-code", "e2e-login", "cat .env.test; cat ~/.aws/credentials"),
    ] {
        assert_eq!(decision(&call(agent, task, command)).0, "deny", "{agent} {task} {command}");
    }
}

#[test]
fn a_branch_approves_nothing_for_agents_before_the_default_branch_has_it() {
    let desk = Desk::new();
    let call = || {
        let mut event = claude("Bash", &json!({ "command": "cat .env.test" }));
        event["cwd"] = desk.0.top().to_str().unwrap().into();
        desk.guard("claude-code", &event)
    };
    desk.0.write("a", "a\n");
    desk.0.commit_unchecked("first");
    desk.0.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]).accepted();
    desk.0.git(&["remote", "add", "origin", "/nowhere"]).accepted();
    desk.0
        .git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"])
        .accepted();
    desk.0.git(&["switch", "-qc", "topic"]).accepted();
    desk.0.write(".leakcoach.toml", "[[agents.allow]]\nscope = \"env-file\"\n");
    desk.0.commit_unchecked("loosen");

    let (no, why) = decision(&call());
    assert!(no == "deny" && why.contains("once the default branch has it"), "{why}");
    desk.0.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]).accepted();
    call().passes();
}

#[test]
fn a_person_approves_for_a_time_and_an_agent_cannot() {
    let desk = Desk::new();
    let args = "approve --agent claude-code --scope env-file --for 30m --reason 'e2e tests'";
    let command = format!("{BINARY} {args}");
    let call = || {
        let mut event = claude("Bash", &json!({ "command": "cat .env" }));
        event["cwd"] = desk.0.top().to_str().unwrap().into();
        desk.guard("claude-code", &event)
    };
    // Without a terminal, and at one that an agent brought along.
    let flags = ["approve", "--agent", "any", "--scope", "env-file", "--reason", "e2e tests"];
    desk.0.leakcoach(&flags).ends_with_code(2).says("only a person at a terminal");
    let agents = format!("CLAUDECODE=1 {command}");
    desk.0
        .typed(&["script", "-qec", &agents, "/dev/null"], "env-file\n")
        .says("nothing is approved");
    assert_eq!(decision(&call()).0, "deny");

    let typed = desk.0.typed(&["script", "-qec", &command, "/dev/null"], "env-file\n");
    typed.accepted().says("approved until");
    call().passes();
    desk.0.leakcoach(&["approve", "--list"]).accepted().says("claude-code  env-file");
    // It holds for what was approved, and not if somebody changes it.
    assert_eq!(decision(&desk.bash("cat ~/.aws/credentials")).0, "deny");
    let file = desk.0.home().join(".local/state/leakcoach/approvals");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("env-file", "aws-credentials")).unwrap();
    assert_eq!(decision(&call()).0, "deny");
    desk.0
        .leakcoach(&["approve", "--agent", "any", "--scope", "env-fil", "--reason", "aaaa"])
        .ends_with_code(2)
        .says("did you mean `env-file`");
}

#[test]
fn a_refusal_is_recorded_without_the_value() {
    let desk = Desk::new();
    let event = json!({
        "hook_event_name": "PostToolUse", "cwd": desk.0.top(), "tool_name": "Bash",
        "tool_response": { "stdout": desk.token() },
    });
    let record = [("LEAKCOACH_RECORD", "on")];
    let said = desk.with(&record, &["--agent", "claude-code"], event.to_string().as_bytes());
    assert!(said.stdout.contains("hidden by leakcoach"), "{}", said.stderr);
    let shown = desk.0.leakcoach_with(
        &record,
        &["audit", "show", "--because", "a test of it", "--format", "json"],
    );
    shown.accepted().says("guarded").says("github-pat").says("logged").says("Claude Code");
}

#[test]
fn install_keeps_what_is_there_and_doctor_sees_the_hook_fire() {
    let desk = Desk::new();
    let settings = "{\n  // mine\n  \"model\": \"x\",\n  \"hooks\": {}\n}\n";
    desk.0.write(".claude/settings.json", settings);
    desk.0.leakcoach(&["install"]).accepted();
    for agent in ["claude-code", "codex", "cursor", "copilot", "gemini", "opencode", "windsurf"] {
        desk.0.leakcoach(&["install", "--agent", agent]).accepted();
        desk.0.leakcoach(&["install", "--agent", agent]).accepted().says("already calls");
    }
    desk.0.leakcoach(&["install", "--agent", "codex", "--user"]).accepted();
    let doctor = desk.0.leakcoach(&["doctor"]);
    doctor.accepted();
    assert_eq!(doctor.text().matches("is told no by").count(), 8, "{}", doctor.text());
    let text = fs::read_to_string(desk.0.top().join(".claude/settings.json")).unwrap();
    assert!(text.contains("// mine") && text.contains("\"model\": \"x\""));

    // A hook that does not say no is seen.
    desk.0.write(
        ".codex/hooks.json",
        "{\"hooks\":{\"PreToolUse\":[{\"hooks\":[{\"type\":\"command\",\
         \"command\":\"true || leakcoach guard --agent codex\"}]}]}}",
    );
    desk.0.leakcoach(&["doctor"]).refused().says("lets a fake token through");

    for agent in ["claude-code", "codex", "cursor", "copilot", "gemini", "opencode", "windsurf"] {
        desk.0.leakcoach(&["uninstall", "--agent", agent]).accepted();
    }
    let text = fs::read_to_string(desk.0.top().join(".claude/settings.json")).unwrap();
    assert!(text.contains("// mine") && !text.contains("leakcoach"));
    assert!(!desk.0.top().join(".opencode/plugins/leakcoach.js").exists());
    desk.0.leakcoach(&["install", "--agent", "generic"]).ends_with_code(2);
}

#[test]
fn what_a_call_says_in_another_shape_is_checked_all_the_same() {
    let desk = Desk::new();
    let token = desk.token();
    let said = |agent: &str, event: Value| desk.guard(agent, &event);
    let deny = |said: &Said, what: &str| {
        let no = ["\"deny\"", "\"block\"", "hid a credential"];
        assert!(no.iter().any(|word| said.stdout.contains(word)), "{what}: {}", said.stdout);
    };

    deny(&said("generic", json!({"event": "before", "tool": "x", "input": token})), "a text");
    deny(&said("claude-code", claude("x", &json!([[token]]))), "an array");
    let parts = json!([{"type": "text", "text": format!("use {token}")}]);
    deny(
        &said("claude-code", json!({"hook_event_name": "UserPromptSubmit", "prompt": parts})),
        "a prompt in parts",
    );
    let after = |more: Value| {
        let mut event = json!({
            "hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_input": {},
        });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        said("claude-code", event)
    };
    deny(&after(json!({"tool_output_text": token})), "an output that no page names");
    deny(&after(json!({"tool_response": {"stdout": ""}, "error": token})), "a second output");
}

#[test]
fn a_credential_in_two_colours_is_masked_as_one() {
    let desk = Desk::new();
    let token = desk.token();
    let (start, end) = token.split_at(12);
    let shown = json!({
        "hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_input": {},
        "tool_response": { "stdout": format!("a \u{1b}[01;31m{start}\u{1b}[m{end} b") },
    });
    let said = desk.guard("claude-code", &shown);
    let masked = said.json()["hookSpecificOutput"]["updatedToolOutput"]["stdout"].clone();
    assert_eq!(masked, "a \u{1b}[01;31m[github-pat hidden by leakcoach] b");
}

#[test]
fn a_link_does_not_hide_what_it_leads_to() {
    let desk = Desk::new();
    desk.0.write(".env", "A=b\n");
    std::os::unix::fs::symlink(".env", desk.0.top().join("notes.txt")).unwrap();
    std::os::unix::fs::symlink(".git/hooks/pre-commit", desk.0.top().join("script")).unwrap();
    let call = |tool: &str, input: Value| {
        let mut event = claude(tool, &input);
        event["cwd"] = desk.0.top().to_string_lossy().into();
        decision(&desk.guard("claude-code", &event))
    };

    let (no, why) = call("Read", json!({"file_path": "notes.txt"}));
    assert!(no == "deny" && why.contains("[env-file]"), "{why}");
    let (no, why) = call("Write", json!({"file_path": "script", "content": "exit 0"}));
    assert!(no == "deny" && why.contains("[hook-files]"), "{why}");

    let attached = json!({
        "hook_event_name": "beforeSubmitPrompt", "prompt": "look", "cwd": desk.0.top(),
        "attachments": [{"type": "file", "file_path": desk.0.top().join(".env")}],
    });
    assert_eq!(desk.guard("cursor", &attached).json()["continue"], false);
}
