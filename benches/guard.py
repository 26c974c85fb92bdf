#!/usr/bin/env python3
"""The time of one `leakcoach guard` call beside `true`, in turns, as an agent starts them.

usage: benches/guard.py [PATH OF leakcoach] [ROUNDS]
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "target/release/leakcoach"
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 200

CALLS = {
    "a command": ("Bash", {"command": "cargo test -q 2>&1 | tail -n 20"}),
    "a long command": ("Bash", {"command": "; ".join(f"echo {n} | grep -c x" for n in range(200))}),
    "a refused command": ("Bash", {"command": "git commit --no-verify -m x"}),
    "a file of 2,000 lines": (
        "Write",
        {"file_path": "a.py", "content": "".join(f"value_{n} = f({n})\n" for n in range(2000))},
    ),
}


def timed(command, given, at, env):
    start = time.perf_counter()
    subprocess.run(command, input=given, cwd=at, env=env, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=False)  # fmt: skip
    return (time.perf_counter() - start) * 1000


def told(name, times):
    times = sorted(times)
    p95 = times[int(len(times) * 0.95)]
    print(f"  {name:<12} p50 {statistics.median(times):6.2f} ms   p95 {p95:6.2f} ms")


def main():
    program = str(pathlib.Path(PROGRAM).resolve())
    with tempfile.TemporaryDirectory() as folder:
        env = {"PATH": os.environ["PATH"], "HOME": folder, "LEAKCOACH_RECORD": "off"}
        top = pathlib.Path(folder, "app")
        subprocess.run(["git", "init", "-q", str(top)], check=True, env=env)
        for name, (tool, arguments) in CALLS.items():
            event = json.dumps(
                {"hook_event_name": "PreToolUse", "session_id": "s", "cwd": str(top),
                 "tool_name": tool, "tool_input": arguments}
            ).encode()  # fmt: skip
            ours, floor = [], []
            for _ in range(ROUNDS):
                ours.append(timed([program, "guard", "--agent", "claude-code"], event, top, env))
                floor.append(timed(["true"], event, top, env))
            print(f"{name} ({len(event)} bytes)")
            told("guard", ours)
            told("true", floor)
            own = [a - b for a, b in zip(ours, floor)]
            told("difference", own)


if __name__ == "__main__":
    main()
