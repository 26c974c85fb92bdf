#!/usr/bin/env python3
"""Real MCP servers behind `leakcoach mcp`, with the official SDK's client. No part of `cargo test`.

usage: tests/mcp.py FOLDER [PATH OF leakcoach]

FOLDER, outside of the repository, is filled with what is missing, from npm and PyPI:
  the servers everything, filesystem and memory; mcp-server-git, mcp-server-time; the client `mcp`.
Each server runs twice, without and with the guard; each of its tools is called, and the answers
are compared. Then 100 fresh credentials are planted in what servers answer, and 100 in calls, and
it is counted how many come through. At last both ways are timed in turns, and it is compared what
a whole session of a fixed client puts on the wire, byte by byte.
"""

import asyncio
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

FOLDER = pathlib.Path(sys.argv[1]).resolve()
PROGRAM = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "target/debug/leakcoach").resolve()
VENV = FOLDER / "venv"
NPM = ["@modelcontextprotocol/server-everything", "@modelcontextprotocol/server-filesystem",
       "@modelcontextprotocol/server-memory"]  # fmt: skip
PYPI = ["mcp", "mcp-server-git", "mcp-server-time"]
ROUNDS = int(os.environ.get("ROUNDS", "300"))


def installed():
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not VENV.exists():
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([VENV / "bin/pip", "-q", "install", *PYPI], check=True)
    if not (FOLDER / "node_modules").exists():
        subprocess.run(["npm", "install", "--silent", *NPM], cwd=FOLDER, check=True)
    if pathlib.Path(sys.prefix).resolve() != VENV.resolve():
        os.execv(VENV / "bin/python", [str(VENV / "bin/python"), *sys.argv])


installed()
# This file is called as the package is.
sys.path = [path for path in sys.path if pathlib.Path(path).resolve() != pathlib.Path(__file__).resolve().parent]
from mcp import Client, StdioServerParameters  # noqa: E402
from mcp_types import ElicitResult  # noqa: E402

NODE = FOLDER / "node_modules" / ".bin"
BIN = VENV / "bin"


class Desk:
    """A home, a repository and a folder of files, all made up."""

    def __init__(self, folder):
        self.home = pathlib.Path(folder, "home")
        self.files = pathlib.Path(folder, "app")
        self.home.mkdir()
        self.env = {"HOME": str(self.home), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1",
                    "LEAKCOACH_RECORD": "off", "MEMORY_FILE_PATH": str(self.files / "memory.json")}  # fmt: skip
        git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run([*git, "init", "-q", self.files], check=True, env=self.env)
        self.fill()
        for args in (["add", "-A"], ["commit", "-qm", "one", "--no-verify"]):
            subprocess.run([*git, *args], cwd=self.files, check=True,
                           env=self.env | {"GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
                                           "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"})  # fmt: skip

    def fill(self):
        for path in self.files.iterdir():
            if path.name != ".git":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        (self.files / "src").mkdir()
        (self.files / "a.txt").write_text("one\ntwo\nthree\n")
        (self.files / "src" / "b.py").write_text("print('hello')\n")
        (self.files / "dot.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(64)))

    def server(self, name):
        return {
            "everything": [str(NODE / "mcp-server-everything")],
            "filesystem": [str(NODE / "mcp-server-filesystem"), str(self.files)],
            "memory": [str(NODE / "mcp-server-memory")],
            "git": [str(BIN / "mcp-server-git"), "--repository", str(self.files)],
            "time": [str(BIN / "mcp-server-time"), "--local-timezone", "UTC"],
        }[name]

    def client(self, command, guarded, answer="accept", mode="auto", env=None):
        if guarded:
            command = [str(PROGRAM), "mcp", "--", *command]
        async def ask(_context, _params):
            ask.count += 1
            return ElicitResult(action=answer, content={"confirm": True} if answer == "accept" else None)
        ask.count = 0
        params = StdioServerParameters(command=command[0], args=command[1:], cwd=str(self.files),
                                       env=self.env | (env or {}))  # fmt: skip
        client = Client(params, elicitation_callback=ask, mode=mode, read_timeout_seconds=60)
        client.asked = ask
        return client


def example(schema, name, desk):
    """An argument that fits its schema; where it names a file, one that is there."""
    if "default" in schema:
        return schema["default"]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind in ("integer", "number"):
        return max(1, schema.get("minimum", 1))
    if kind == "boolean":
        return False
    if kind == "array":
        return [example(schema.get("items", {}), name.rstrip("s"), desk)]
    if kind == "object":
        wanted = schema.get("required", [])
        inner = schema.get("properties", {}).items()
        return {key: example(one, key, desk) for key, one in inner if key in wanted}
    words = {"path": "a.txt", "repo_path": str(desk.files), "source": "a.txt", "destination": "c.txt",
             "timezone": "UTC", "source_timezone": "UTC", "target_timezone": "Asia/Tokyo", "time": "12:00",
             "branch_name": "topic", "revision": "HEAD", "target": "HEAD", "oldText": "one", "newText": "uno",
             "content": "text\n", "pattern": "*", "message": "hello", "branch_type": "local",
             "file": "a.txt", "data": "https://example.org/x"}  # fmt: skip
    value = words.get(name, "a")
    if name in ("path", "source", "destination") and "repo_path" not in schema:
        value = str(desk.files / value)
    return value


# Tools for which the schema alone does not tell what to say.
GIVEN = {
    "list_directory": {"path": "."}, "list_directory_with_sizes": {"path": "."}, "directory_tree": {"path": "."},
    "search_files": {"path": ".", "pattern": "*.py"}, "create_directory": {"path": "new"},
    "read_media_file": {"path": "dot.png"}, "git_checkout": {"branch_name": "main2"},
}  # fmt: skip


def arguments(tool, desk):
    schema = tool.input_schema if hasattr(tool, "input_schema") else tool.inputSchema
    made = example({**schema, "type": "object"}, tool.name, desk)
    for name, value in GIVEN.get(tool.name, {}).items():
        made[name] = str(desk.files / value) if name == "path" else value
    return made


# What differs from run to run by itself: clocks, ids of sessions and of processes.
VARYING = [(r"\d{4}-\d\d-\d\dT[\d:.+Z-]+", "TIME"), (r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d{4} [\d:]+ GMT[^\"\\]*", "TIME"),
           (r"\d\d?:\d\d:\d\d [AP]M", "TIME"), (r"/tmp/\w+/\d+/", "/DESK/"),
           (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[\d.+:]*", "TIME"), (r"\b[0-9a-f]{7,40}\b", "HASH"),
           (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID")]  # fmt: skip


def steady(text):
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text)
    return text


async def everything(desk, name, guarded):
    """What each tool, prompt and resource of a server answers."""
    desk.fill()
    answers = {}
    async with desk.client(desk.server(name), guarded) as client:
        tools = (await client.list_tools()).tools
        answers["tools/list"] = json.dumps([tool.model_dump(mode="json") for tool in tools], sort_keys=True)
        for tool in tools:
            desk.fill()
            try:
                given = arguments(tool, desk)
                result = await client.call_tool(tool.name, given, read_timeout_seconds=30)
                answers[tool.name] = steady(result.model_dump_json())
            except Exception as error:  # what fails without the guard has to fail alike with it
                answers[tool.name] = f"{type(error).__name__}: {steady(str(error))}"
        for kind, call in (("prompts", client.list_prompts), ("resources", client.list_resources)):
            try:
                listed = await call()
                answers[f"{kind}/list"] = listed.model_dump_json()
                for one in getattr(listed, kind)[:10]:
                    if kind == "prompts":
                        needs = {it.name: "1" for it in one.arguments or [] if it.required}
                        answer = await client.get_prompt(one.name, needs)
                    else:
                        answer = await client.read_resource(str(one.uri))
                    answers[f"{kind}: {one.name}"] = steady(answer.model_dump_json())
            except Exception as error:
                answers[f"{kind}: error"] = f"{type(error).__name__}: {steady(str(error))}"
    return answers


async def compared(fresh):
    print("tools, prompts and resources, without and with the guard")
    wrong = 0
    for name in ("everything", "filesystem", "memory", "git", "time"):
        plain = await everything(fresh(), name, False)
        guarded = await everything(fresh(), name, True)
        differ = [key for key in plain if plain[key] != guarded.get(key)] + [key for key in guarded if key not in plain]
        failed = sum(1 for answer in plain.values() if '"is_error":true' in answer or '"isError":true' in answer
                     or re.match(r"\w+(Error|Exception)\b", answer))  # fmt: skip
        wrong += len(differ)
        print(f"  {name:<12} {len(plain):>3} answers ({failed} of them errors without it too), {len(differ)} differ")
        for key in differ:
            print(f"    {key}\n      - {plain.get(key, '')[:300]}\n      + {guarded.get(key, '')[:300]}")
    return wrong


def samples(count):
    """Fresh credentials, as rules themselves make them: one a rule, of rules that need no name beside it."""
    listed = subprocess.run([PROGRAM, "rules", "--format", "json"], capture_output=True, text=True, check=True)
    rules = json.loads(listed.stdout)
    rules = rules if isinstance(rules, list) else rules["rules"]
    made = []
    for rule in rules:
        if len(made) == count:
            break
        if rule.get("kind") == "privilege" or rule.get("public"):
            continue
        shown = subprocess.run([PROGRAM, "rules", "--sample", rule["id"]], capture_output=True, text=True, check=False)
        text = next((line for line in shown.stdout.splitlines() if line.strip()), "")
        given = {"text": text}
        # Of those that the check itself finds in such a text, as it would in a log.
        checked = subprocess.run([PROGRAM, "check", "--stdin", "--path", "notes.txt"], input=text + "\n",
                                 capture_output=True, text=True, check=False,
                                 env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LEAKCOACH_RECORD": "off"})  # fmt: skip
        if given["text"] and checked.returncode == 1:
            made.append((rule["id"], text))
    return made


def secret_of(text):
    """What of a sample must not be seen again: a password, what an id stands before, or the longest run."""
    password = re.search(r"://[^:/@\s]*:([^@\s]+)@", text) or re.fullmatch(r"[^:\s]+:([^:\s]+)", text.strip())
    if password:
        return password[1]
    runs = re.findall(r"[A-Za-z0-9+/_\-.=]{12,}", text)
    return max(runs, key=len) if runs else text


async def planted(desk, mode):
    made = samples(100)
    hidden = refused = 0
    missed = []
    desk.fill()
    async with desk.client(desk.server("filesystem"), True, mode=mode) as client:
        for number, (rule, text) in enumerate(made):
            path = desk.files / f"note-{number}.txt"
            path.write_text(f"line one\n{text}\nline three\n")
            result = await client.call_tool("read_text_file", {"path": str(path)})
            answer = result.model_dump_json()
            ok = secret_of(text) not in answer and "hidden by leakcoach" in answer and "line three" in answer
            hidden += ok
            missed += [] if ok else [f"{rule} in a result"]
    async with desk.client(desk.server("everything"), True, mode=mode) as client:
        for rule, text in made:
            result = await client.call_tool("echo", {"message": f"see {text}"})
            answer = result.model_dump_json()
            ok = secret_of(text) not in answer and result.is_error
            refused += ok
            missed += [] if ok else [f"{rule} in an argument"]
    print(f"planted ({mode}): {hidden} of {len(made)} masked in results, {refused} of {len(made)} calls refused")
    for one in missed:
        print(f"    missed: {one}")
    return len(missed) + (100 - len(made))


async def confirmed(desk):
    """A tool that the configuration wants confirmed: by an answer of the client, and without one."""
    (desk.files / ".leakcoach.toml").write_text("[agents]\nconfirm = ['*__echo', '*__git_status']\n")
    wrong = 0
    try:
        for server, tool, given, mode in (
            ("everything", "echo", {"message": "hello"}, "legacy"),
            ("git", "git_status", {"repo_path": str(desk.files)}, "auto"),
        ):
            for answer, runs in (("accept", True), ("decline", False)):
                async with desk.client(desk.server(server), True, answer=answer, mode=mode) as client:
                    result = await client.call_tool(tool, given)
                    right = bool(result.is_error) != runs and client.asked.count == 1
                    wrong += not right
                    print(f"  asked ({mode}, protocol {client.session.protocol_version}), the person says {answer}: "
                          f"{'runs' if not result.is_error else 'does not run'}{'' if right else '  WRONG'}")  # fmt: skip
    finally:
        (desk.files / ".leakcoach.toml").unlink()
    return wrong


async def timed(desk):
    print(f"time of one call, {ROUNDS} of each in turns")
    text = "".join(f"a line of text with a number {n} in it\n" for n in range(2600))
    (desk.files / "large.txt").write_text(text)
    cases = (
        ("everything", "echo", {"message": "hello"}),
        ("filesystem", "read_text_file", {"path": str(desk.files / "a.txt")}),
        ("filesystem", "read_text_file", {"path": str(desk.files / "large.txt")}),
        ("git", "git_status", {"repo_path": str(desk.files)}),
    )
    for server, tool, given in cases:
        async with desk.client(desk.server(server), False) as plain, desk.client(desk.server(server), True) as guarded:
            times = {False: [], True: []}
            size = 0
            for number in range(ROUNDS + 20):
                for which, client in ((False, plain), (True, guarded)):
                    start = time.perf_counter()
                    result = await client.call_tool(tool, given)
                    if number >= 20:
                        times[which].append((time.perf_counter() - start) * 1000)
                    size = len(result.model_dump_json())
            told = []
            for which in (False, True):
                one = sorted(times[which])
                told.append(f"p50 {statistics.median(one):6.2f}  p95 {one[int(len(one) * 0.95)]:6.2f} ms")
            added = statistics.median(times[True]) - statistics.median(times[False])
            print(f"  {server}/{tool} ({size:,} bytes)\n    without {told[0]}\n    with    {told[1]}   added p50 {added:.2f} ms")


def throughput():
    """Lines through `cat` alone, and through the guard before it: each is looked at twice, there and back."""
    print("throughput, `cat` as the server (with the guard each byte is looked at there and back)")
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": "some words of text " * 50}]}})
    count = 64_000
    data = (line + "\n").encode() * count
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LEAKCOACH_RECORD": "off"}
    for name, command in (("without", ["cat"]), ("with", [str(PROGRAM), "mcp", "--", "cat"])):
        start = time.perf_counter()
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out:
            given.write(data)
            given.seek(0)
            subprocess.run(command, stdin=given, stdout=out, env=env, check=True)
            took = time.perf_counter() - start
            out.seek(0)
            same = out.read() == data
        print(f"  {name:<8} {len(data) / took / 1e6:8.1f} MB/s  {count / took:10,.0f} messages/s  unchanged: {same}")


def wire(desk):
    """A fixed client's bytes: what the server sends is what comes, byte for byte."""
    hello = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}}  # fmt: skip
    asked = [hello, {"jsonrpc": "2.0", "method": "notifications/initialized"},
             {"jsonrpc": "2.0", "id": "a", "method": "tools/list"},
             {"jsonrpc": "2.0", "id": 2, "method": "tools/call",
              "params": {"name": "read_text_file", "arguments": {"path": str(desk.files / "a.txt")}}}]  # fmt: skip
    heard = {}
    for guarded in (False, True):
        command = desk.server("filesystem")
        if guarded:
            command = [str(PROGRAM), "mcp", "--", *command]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                 cwd=desk.files, env=desk.env)  # fmt: skip
        lines = []
        for one in asked:
            child.stdin.write(json.dumps(one).encode() + b"\n")
            child.stdin.flush()
            if "id" in one:
                lines.append(child.stdout.readline())
        child.stdin.close()
        child.wait()
        heard[guarded] = b"".join(lines)
    same = heard[False] == heard[True]
    print(f"on the wire: {len(heard[False]):,} bytes, {'the same' if same else 'NOT the same'} with the guard")
    return not same


async def own(desk):
    """leakcoach's own server, asked by the same client."""
    command = [str(PROGRAM), "mcp", "serve"]
    async with desk.client(command, False) as client:
        tools = [tool.name for tool in (await client.list_tools()).tools]
        rule, text = samples(1)[0]
        result = await client.call_tool("check_text", {"text": f"a\n{text}\n"})
        right = not result.is_error and secret_of(text) not in result.model_dump_json()
        told = (await client.call_tool("explain_rule", {"rule": rule})).is_error
        print(f"mcp serve: {', '.join(tools)}; a text is {'masked' if right else 'NOT masked'}; protocol "
              f"{client.session.protocol_version}")  # fmt: skip
        return not right or bool(told)


async def main():
    with tempfile.TemporaryDirectory() as folder:
        count = iter(range(100))

        def fresh():
            top = pathlib.Path(folder, str(next(count)))
            top.mkdir()
            return Desk(top)

        desk = fresh()
        wrong = wire(desk)
        wrong += await compared(fresh)
        for mode in ("legacy", "auto"):
            wrong += await planted(desk, mode)
        wrong += await confirmed(desk)
        wrong += await own(desk)
        await timed(desk)
        throughput()
    sys.exit(1 if wrong else 0)


asyncio.run(main())
