#!/usr/bin/env python3
"""leakcoach inside hook managers, with real commits and pushes.

    tests/managers.py [--leakcoach target/debug/leakcoach] [--into FOLDER]

Takes the newest pre-commit and prek (pip), husky and lefthook (npm) into a folder, sets each
up as docs/hook-managers.md says, and prints a table of what each refused and let pass. Needs
git, python3 with venv, npm and their registries, so it is no part of `cargo test`. The hooks
that pre-commit and prek are given are those of the last commit of this checkout.

Exit code 1 when something is not as it should be.
"""

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def token():
    """A fresh fake token with a right checksum."""
    body = "".join(random.choices(DIGITS, k=30))
    number, tail = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        tail = DIGITS[digit] + tail
    return "ghp_" + body + tail


class Sandbox:
    """A repository with a remote, in a home of its own."""

    def __init__(self, folder, path):
        self.top = folder / "repo"
        home = folder / "home"
        home.mkdir(parents=True)
        self.env = {
            "PATH": path, "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "CI": "", "COLUMNS": "80",
            "PRE_COMMIT_COLOR": "never", "NO_COLOR": "1",
        }
        for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE",
                     "PIP_CERT", "NODE_EXTRA_CA_CERTS"):
            if name in os.environ:
                self.env[name] = os.environ[name]
        self.run("git", "config", "--global", "user.name", "somebody", at=folder)
        self.run("git", "config", "--global", "user.email", "somebody@localhost", at=folder)
        self.run("git", "init", "-q", "--bare", "remote", at=folder)
        self.run("git", "init", "-q", "-b", "main", "repo", at=folder)
        self.run("git", "remote", "add", "origin", "../remote")

    def run(self, *command, at=None, fails=False):
        """What a command said; it ends the program when it fails and must not."""
        done = subprocess.run([str(word) for word in command], cwd=at or self.top, env=self.env,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        self.code, self.said = done.returncode, done.stdout + done.stderr
        if self.code and not fails:
            sys.exit(f"{' '.join(map(str, command))}\n{self.said}")
        return self.said

    def tries(self, *command):
        return self.run(*command, fails=True)

    def write(self, name, text):
        (self.top / name).write_text(text)
        self.run("git", "add", "-A")

    def commit(self, message, *options):
        return self.tries("git", "commit", "-q", "-m", message, *options)

    def carded(self):
        return "[github-pat]" in self.said

    def refused(self):
        return self.code != 0 and self.carded()


def documented(heading):
    """The configuration that the document gives under a heading."""
    text = (TOP / "docs/hook-managers.md").read_text()
    part = text.split(f"\n## {heading}\n")[1]
    return re.search(r"```yaml\n(.*?)```", part, re.S)[1]


def python_tool(name):
    """pre-commit and prek read the same file, and have the same commands."""
    def set_up(box, tools):
        config = documented("pre-commit and prek")
        head = box.run("git", "rev-parse", "HEAD", at=TOP).strip()
        config = re.sub(r"repo: \S+.*", f"repo: {TOP}", config)
        config = re.sub(r"rev: \S+", f"rev: {head}", config)
        config = re.sub(r"id: (leakcoach\S*)", r"id: \1-system", config)
        box.write(".pre-commit-config.yaml", config)
        stages = "pre-commit pre-merge-commit commit-msg pre-push post-commit".split()
        box.run(tools / "venv/bin" / name, "install", *[f"-t{stage}" for stage in stages])
        version = box.run(tools / "venv/bin" / name, "--version").split()[1]
        return version, [tools / "venv/bin" / name, "run", "--all-files"]
    return set_up


def husky(box, tools):
    box.write(".gitignore", "node_modules\n")
    (box.top / "node_modules").symlink_to(tools / "node_modules")
    box.run(tools / "node_modules/.bin/husky")
    box.run("leakcoach", "install")
    box.run("git", "add", "-A")
    return version_of(tools, "husky"), None


def lefthook(box, tools):
    box.write("lefthook.yml", documented("lefthook"))
    program = tools / "node_modules/.bin/lefthook"
    box.run(program, "install")
    return version_of(tools, "lefthook"), None


def version_of(tools, package):
    text = (tools / "node_modules" / package / "package.json").read_text()
    return re.search(r'"version": "(.*?)"', text)[1]


def prove(box, all_files):
    """What happens, by the table's columns."""
    seen = {}
    box.write("a.py", "a = 1\n")
    box.commit("clean")
    seen["commit passed"] = box.code == 0
    box.tries("git", "push", "origin", "main")
    seen["push passed"] = box.code == 0
    box.write("b.py", f"token = '{token()}'\n")
    box.commit("with a token")
    seen["commit refused"] = box.refused()
    box.commit("skips the guard", "--no-verify")
    seen["skipped guard told"] = box.code == 0 and box.carded()
    box.tries("git", "push", "origin", "main")
    seen["push refused"] = box.refused()
    if all_files:
        box.tries(*all_files)
        seen["all files checked"] = box.refused()
    box.run("git", "reset", "-q", "--hard", "HEAD~1")
    box.write("c.py", "c = 1\n")
    box.commit(f"use {token()}")
    seen["message refused"] = box.refused()
    box.run("git", "reset", "-q", "--hard")
    box.run("git", "checkout", "-q", "-b", "side", "HEAD")
    for branch, name, text in (("side", "d.py", f"token = '{token()}'\n"), ("main", "e.py", "e = 1\n")):
        box.run("git", "checkout", "-q", branch)
        box.write(name, text)
        box.commit(branch, "--no-verify")
    # What it brings is nothing new: it was told of where it was committed.
    box.tries("git", "merge", "-q", "--no-edit", "side")
    seen["merge passed"] = box.code == 0
    box.tries("leakcoach", "doctor")
    seen["doctor content"] = box.code == 0
    return seen


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--leakcoach", type=Path, default=TOP / "target/debug/leakcoach")
    parser.add_argument("--into", type=Path, help="where the managers are, or are to be put")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        tools = (args.into or folder / "tools").resolve()
        if not (tools / "venv").exists():
            subprocess.run([sys.executable, "-m", "venv", tools / "venv"], check=True)
            pip = [tools / "venv/bin/pip", "-q", "install", "pre-commit", "prek"]
            subprocess.run(pip, check=True)
        if not (tools / "node_modules").exists():
            npm = ["npm", "install", "--silent", "--no-audit", "--prefix", tools]
            subprocess.run([*npm, "husky", "lefthook"], check=True)
        binary = args.leakcoach.resolve()
        path = f"{binary.parent}:{os.environ['PATH']}"
        managers = {"pre-commit": python_tool("pre-commit"), "prek": python_tool("prek"),
                    "husky": husky, "lefthook": lefthook}
        rows = {}
        for name, set_up in managers.items():
            box = Sandbox(folder / name, path)
            version, all_files = set_up(box, tools)
            rows[f"{name} {version}"] = prove(box, all_files)
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    print(" | ".join(["", "manager", *columns, ""]).strip())
    print("|" + "---|" * (len(columns) + 1))
    for name, row in rows.items():
        words = {True: "yes", False: "NO", None: "–"}
        print(" | ".join(["", name, *[words[row.get(column)] for column in columns], ""]).strip())
    return 0 if all(all(row.values()) for row in rows.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
