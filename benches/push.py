#!/usr/bin/env python3
"""How long a server's hook takes for one large push, and how much memory.

    benches/push.py [--leakcoach target/release/leakcoach] [--commits 10000] [--files 500]

A history is made by `git fast-import` and pushed to a bare repository: without a hook, then
with leakcoach as pre-receive, then with a credential in its last commit.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HOOK = """#!{python}
import os, subprocess, time
start = time.monotonic()
hook = subprocess.Popen(["{leakcoach}", "hook", "pre-receive"])
_, status, usage = os.wait4(hook.pid, 0)
took = time.monotonic() - start
with open("{facts}", "w") as facts:
    facts.write(f"{{took:.2f}} {{usage.ru_maxrss / 1024:.0f}}")
raise SystemExit(os.waitstatus_to_exitcode(status))
"""


def git(top, *args, check=True, **options):
    return subprocess.run(["git", *args], cwd=top, check=check, capture_output=True, **options)


def code(draw, lines):
    names = ("total", "order", "price", "user", "count", "index", "state", "value")
    return [f"    {draw.choice(names)}_{draw.randrange(999)} = {draw.choice(names)}(x, {n})"
            for n in range(lines)]


def history(commits, files, lines):
    """A stream for git fast-import: each commit changes a few lines of one or two files."""
    draw = random.Random(1)
    texts = {f"src/part{n % 20}/module{n}.py": code(draw, lines) for n in range(files)}
    paths = list(texts)
    for number in range(commits):
        touched = paths if number == 0 else draw.sample(paths, draw.choice((1, 1, 2)))
        yield f"commit refs/heads/main\ncommitter B <b@localhost> {1700000000 + number} +0000\n"
        yield "data 6\nchange\n"
        for path in touched:
            at = draw.randrange(lines)
            texts[path][at:at + 3] = code(draw, 3)
            text = "\n".join(texts[path]) + "\n"
            yield f"M 644 inline {path}\ndata {len(text)}\n{text}\n"


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--leakcoach", default="target/release/leakcoach")
    args.add_argument("--commits", type=int, default=10_000)
    args.add_argument("--files", type=int, default=500)
    args.add_argument("--lines", type=int, default=120)
    args = args.parse_args()
    leakcoach = Path(args.leakcoach).resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        os.environ.update(HOME=str(folder), GIT_CONFIG_NOSYSTEM="1", LEAKCOACH_TIME_LIMIT="10m")
        git(folder, "init", "-q", "-b", "main", "work")
        work, facts = folder / "work", folder / "facts"
        stream = "".join(history(args.commits, args.files, args.lines)).encode()
        git(work, "fast-import", "--quiet", input=stream)
        git(work, "repack", "-adq")
        print(f"{args.commits} commits, {args.files} files of {args.lines} lines, "
              f"{len(stream) >> 20} MiB of new files")

        def pushed(name, hook):
            server = folder / f"{name}.git"
            git(folder, "init", "-q", "--bare", "-b", "main", str(server))
            if hook:
                path = server / "hooks/pre-receive"
                path.write_text(HOOK.format(
                    python=sys.executable, leakcoach=leakcoach, facts=facts))
                path.chmod(0o755)
            start = time.monotonic()
            code = git(work, "push", "-q", str(server), "main", check=False).returncode
            whole = time.monotonic() - start
            seconds, mib = facts.read_text().split() if hook else ("-", "-")
            print(f"{name:<10} push {whole:6.2f} s   hook {seconds:>6} s   {mib:>5} MiB   exit {code}")

        pushed("no-hook", False)
        pushed("leakcoach", True)
        git(work, "checkout", "-q", "-f", "main")
        token = subprocess.run([leakcoach, "rules", "--sample", "github-pat"], check=True,
                               capture_output=True, text=True).stdout.split()[0]
        (work / "token.py").write_text(f"token = '{token}'\n")
        git(work, "add", "token.py")
        git(work, "-c", "user.name=B", "-c", "user.email=b@localhost", "commit", "-q", "-m", "x")
        pushed("credential", True)


if __name__ == "__main__":
    main()
