#!/usr/bin/env python3
"""Agents' real programs with the settings that `leakcoach install` writes. No part of `cargo test`.

usage: tests/agents.py FOLDER [PATH OF leakcoach [AGENT…]]

FOLDER, outside of the repository, holds node_modules with the agents:
  npm install @anthropic-ai/claude-code @openai/codex @google/gemini-cli opencode-ai @github/copilot
Each runs in a fresh project and home, with a made-up key. Where an agent lets its service's
address be set, a server on this machine plays the model: it asks for a call that leakcoach
refuses, and it is looked at what the agent sends back. No request leaves this machine by intent;
an agent that is not there is said to be so.
"""

import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

BINS = pathlib.Path(sys.argv[1]).resolve() / "node_modules" / ".bin"
PROGRAM = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "target/debug/leakcoach").resolve()
CALL = "git commit --no-verify -m x"


class Model(http.server.ThreadingHTTPServer):
    """Plays a model that asks for one command, then says that it is done."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = []

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def heard(self):
        return "\n".join(self.asked)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.reply("application/json", json.dumps({"data": [], "models": []}))

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode("utf-8", "replace")
        self.server.asked.append(body)
        if "/v1/messages" in self.path and "count_tokens" not in self.path:
            self.anthropic(body)
        elif "responses" in self.path:
            self.open_ai(body)
        elif "chat/completions" in self.path:
            self.chat(body)
        elif "GenerateContent" in self.path or "generateContent" in self.path:
            self.gemini(body)
        else:
            self.reply("application/json", json.dumps({"input_tokens": 1, "totalTokens": 1}))

    def reply(self, kind, text):
        data = text.encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def events(self, events, named=True):
        lines = []
        for event in events:
            if named:
                lines.append(f"event: {event['type']}\n")
            lines.append(f"data: {json.dumps(event) if not isinstance(event, str) else event}\n\n")
        self.reply("text/event-stream", "".join(lines))

    def anthropic(self, body):
        asked = json.loads(body)
        tools = [tool.get("name") for tool in asked.get("tools") or []]
        done = "tool_result" in body or "Bash" not in tools
        block = {"type": "text", "text": ""} if done else {
            "type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}}  # fmt: skip
        delta = {"type": "text_delta", "text": "done"} if done else {
            "type": "input_json_delta",
            "partial_json": json.dumps({"command": CALL, "description": "commit"})}  # fmt: skip
        message = {"id": "msg_1", "type": "message", "role": "assistant", "content": [],
                   "model": asked.get("model"), "stop_reason": None, "stop_sequence": None,
                   "usage": {"input_tokens": 1, "output_tokens": 1}}  # fmt: skip
        stop = "end_turn" if done else "tool_use"
        if not asked.get("stream"):
            message |= {"content": [{"type": "text", "text": "done"}], "stop_reason": "end_turn"}
            self.reply("application/json", json.dumps(message))
            return
        self.events([
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": block},
            {"type": "content_block_delta", "index": 0, "delta": delta},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None},
             "usage": {"output_tokens": 1}},
            {"type": "message_stop"},
        ])  # fmt: skip

    def open_ai(self, body):
        done = "function_call_output" in body
        item = {"type": "message", "role": "assistant", "id": "m1",
                "content": [{"type": "output_text", "text": "done"}]} if done else {
            "type": "function_call", "id": "f1", "call_id": "c1", "name": "exec_command",
            "arguments": json.dumps({"cmd": CALL})}  # fmt: skip
        usage = {"input_tokens": 1, "input_tokens_details": None, "output_tokens": 1,
                 "output_tokens_details": None, "total_tokens": 2}  # fmt: skip
        self.events([
            {"type": "response.created", "response": {"id": "r1"}},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": {"id": "r1", "usage": usage}},
        ])  # fmt: skip

    def chat(self, body):
        asked = json.loads(body)
        tools = [tool["function"]["name"] for tool in asked.get("tools") or []]
        done = '"role":"tool"' in body.replace(" ", "") or "bash" not in tools
        delta = {"role": "assistant", "content": "done"} if done else {
            "role": "assistant", "tool_calls": [{"index": 0, "id": "c1", "type": "function",
            "function": {"name": "bash", "arguments": json.dumps(
                {"command": CALL, "description": "commit"})}}]}  # fmt: skip
        chunk = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        end = {"index": 0, "delta": {}, "finish_reason": "stop" if done else "tool_calls"}
        self.events([
            chunk | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
            chunk | {"choices": [end]},
            "[DONE]",
        ], named=False)  # fmt: skip

    def gemini(self, body):
        done = "functionResponse" in body or "run_shell_command" not in body
        part = {"text": "done"} if done else {
            "functionCall": {"name": "run_shell_command", "args": {"command": CALL}}}  # fmt: skip
        answer = {"candidates": [{"content": {"role": "model", "parts": [part]},
                                  "finishReason": "STOP", "index": 0}],
                  "usageMetadata": {"totalTokenCount": 2}}  # fmt: skip
        if "stream" in self.path:
            self.events([answer], named=False)
        else:
            self.reply("application/json", json.dumps(answer))


def project(folder, agent):
    home, top = folder / "home", folder / "app"
    home.mkdir()
    top.mkdir()
    env = {
        "PATH": f"{PROGRAM.parent}:{BINS}:{os.environ['PATH']}",
        "HOME": str(home), "LEAKCOACH_RECORD": "off", "TERM": "dumb", "NO_COLOR": "1",
        "DISABLE_TELEMETRY": "1", "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "NO_PROXY": "127.0.0.1,localhost",
        # Whatever is not on this machine is not reached.
        "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9",
    }  # fmt: skip
    run = lambda *args: subprocess.run(args, cwd=top, env=env, check=True, capture_output=True)  # noqa: E731
    run("git", "init", "-q")
    run(str(PROGRAM), "install", "--agent", agent)
    return top, home, env


def started(command, top, env):
    try:
        done = subprocess.run(command, cwd=top, env=env, capture_output=True, text=True,
                              timeout=180, stdin=subprocess.DEVNULL, check=False)  # fmt: skip
    except subprocess.TimeoutExpired as late:
        return f"(no end in 180 s) {late.stdout} {late.stderr}"
    return f"(exit code {done.returncode}) {done.stdout[-600:]} {done.stderr[-600:]}"


def claude(top, home, env, model):
    env |= {"ANTHROPIC_BASE_URL": model.address, "ANTHROPIC_API_KEY": "made-up", "IS_SANDBOX": "1"}
    return ["claude", "-p", "commit it", "--permission-mode", "bypassPermissions"]


def codex(top, home, env, model):
    env |= {"MADE_UP_KEY": "made-up"}
    del env["HTTP_PROXY"]
    (home / ".codex").mkdir()
    (home / ".codex/config.toml").write_text(f'[projects."{top}"]\ntrust_level = "trusted"\n')
    provider = f'{{name="m",base_url="{model.address}/v1",env_key="MADE_UP_KEY",wire_api="responses"}}'
    return ["codex", "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox",
            "--dangerously-bypass-hook-trust", "-c", f"model_providers.m={provider}",
            "-c", 'model_provider="m"', "-m", "gpt-5", "commit it"]  # fmt: skip


def gemini(top, home, env, model):
    env |= {"GEMINI_API_KEY": "made-up", "GOOGLE_GEMINI_BASE_URL": model.address,
            "GEMINI_CLI_TRUST_WORKSPACE": "true"}  # fmt: skip
    (home / ".gemini").mkdir()
    (home / ".gemini/settings.json").write_text(
        '{"security": {"auth": {"selectedType": "gemini-api-key"}}}'
    )
    return ["gemini", "-p", "commit it", "--yolo", "-m", "gemini-2.5-flash"]


def opencode(top, home, env, model):
    env |= {"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1"}
    (top / "opencode.json").write_text(json.dumps({
        "provider": {"m": {"npm": "@ai-sdk/openai-compatible", "name": "m",
                           "options": {"baseURL": f"{model.address}/v1", "apiKey": "made-up"},
                           "models": {"m": {"name": "m"}}}},
        "model": "m/m", "small_model": "m/m",
    }))  # fmt: skip
    return ["opencode", "run", "commit it"]


def copilot(top, home, env, model):
    env |= {"COPILOT_OFFLINE": "true", "COPILOT_PROVIDER_BASE_URL": f"{model.address}/v1",
            "COPILOT_MODEL": "gpt-4.1", "COPILOT_ALLOW_ALL": "true", "COPILOT_AUTO_UPDATE": "false"}  # fmt: skip
    return ["copilot", "-p", "commit it"]


AGENTS = {"claude-code": claude, "codex": codex, "gemini": gemini, "opencode": opencode, "copilot": copilot}


def main():
    failed = False
    for agent, prepare in AGENTS.items():
        if sys.argv[3:] and agent not in sys.argv[3:]:
            continue
        name = {"claude-code": "claude"}.get(agent, agent)
        if not shutil.which(name, path=str(BINS)):
            print(f"{agent}: not there")
            continue
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            top, home, env = project(pathlib.Path(folder), agent)
            model = Model()
            threading.Thread(target=model.serve_forever, daemon=True).start()
            command = prepare(top, home, env, model)
            version = subprocess.run([name, "--version"], cwd=top, env=env, capture_output=True,
                                     text=True, check=False).stdout.split("\n")[0]  # fmt: skip
            said = started(command, top, env)
            proven = "[skip-hooks]" in model.heard()
            failed |= not proven
            if proven:
                print(f"{agent} {version}: the call was refused, and the model was told why")
            else:
                print(f"{agent} {version}: not proven; {len(model.asked)} requests; {said}")
            model.shutdown()
    sys.exit(failed)


if __name__ == "__main__":
    main()
