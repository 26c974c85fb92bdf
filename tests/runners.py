#!/usr/bin/env python3
"""`action.yml` and `hooks/gitlab-ci.yml` in programs that run pipelines here. No part of `cargo test`.

usage: tests/runners.py FOLDER [PATH OF leakcoach]

FOLDER, outside of the repository, holds what is to be had, and what is missing is said:
  npm install --prefix FOLDER gitlab-ci-local@4.61.1    (needs rsync; later ones Node.js 22)
  GOBIN=FOLDER/bin go install github.com/nektos/act@latest github.com/rhysd/actionlint/cmd/actionlint@latest

Jobs run on this machine, without containers, in fresh repositories with a fresh home. The one
action of others, which uploads SARIF, is a stand-in that looks whether there is a report.
"""

import json
import os
import pathlib
import random
import shutil
import string
import subprocess
import sys
import tempfile
import zlib

TOP = pathlib.Path(__file__).resolve().parent.parent
TOOLS = pathlib.Path(sys.argv[1]).resolve()
PROGRAM = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "target/debug/leakcoach").resolve()
DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase

WORKFLOW = """\
on: { push: {}, pull_request: {}, merge_group: {}, schedule: [{ cron: "0 0 * * *" }] }
permissions: { contents: read, security-events: write }
jobs:
  leakcoach:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with: { fetch-depth: 0, persist-credentials: true }
      - uses: acme/leakcoach@v0
        id: leakcoach
      - if: always()
        run: echo "ended with ${{ steps.leakcoach.outputs.exit-code }} for ${{ steps.leakcoach.outputs.range }}"
"""

UPLOAD = """\
name: upload
inputs: { sarif_file: { required: true }, category: {} }
runs:
  using: composite
  steps:
    - shell: bash
      run: grep -q '"version"' "${{ inputs.sarif_file }}" && echo "uploaded"
"""


def token():
    """A fresh token that never was one, with the checksum that tells it."""
    body = "".join(random.choices(DIGITS, k=30))
    number, tail = zlib.crc32(body.encode()), ""
    while number:
        number, digit = divmod(number, 62)
        tail = DIGITS[digit] + tail
    return "gh" + "p_" + body + tail.rjust(6, "0")


class Scratch:
    """A repository with a remote, in a folder of its own."""

    def __init__(self, folder):
        self.top, self.home = folder / "app", folder / "home"
        self.bins = folder / "bin"
        for one in (self.top, self.home, self.bins):
            one.mkdir()
        shutil.copy(PROGRAM, self.bins / "leakcoach")
        self.env = {
            "PATH": f"{self.bins}:{os.environ['PATH']}", "HOME": str(self.home),
            "GIT_CONFIG_NOSYSTEM": "1", "NO_COLOR": "1", "LEAKCOACH_RECORD": "off",
            "LEAKCOACH_KEY": "0123456789abcdef",
        }  # fmt: skip
        self.git("config", "--global", "user.email", "a@example.com")
        self.git("config", "--global", "user.name", "a")
        self.git("init", "-q", "-b", "main")
        self.git("init", "-q", "--bare", "-b", "main", str(folder / "origin.git"))
        self.git("remote", "add", "origin", str(folder / "origin.git"))

    def git(self, *args):
        return subprocess.run(["git", *args], cwd=self.top, env=self.env, check=True,
                              capture_output=True, text=True).stdout.strip()  # fmt: skip

    def commit(self, path, text):
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.git("add", path)
        self.git("commit", "-q", "--no-verify", "-m", f"change {path}")
        return self.git("rev-parse", "HEAD")

    def run(self, *command):
        done = subprocess.run([str(part) for part in command], cwd=self.top, env=self.env,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              timeout=180, check=False)  # fmt: skip
        return done.returncode, done.stdout + done.stderr


FAILED = []


def expect(what, holds, said=""):
    print(f"{'ok' if holds else 'NOT OK'}: {what}")
    if not holds:
        FAILED.append(what)
        print(said[-9000:])


def on_github(folder):
    act, lint = TOOLS / "bin/act", TOOLS / "bin/actionlint"
    scratch = Scratch(folder)
    (scratch.top / "action").mkdir()
    shutil.copy(TOP / "action.yml", scratch.top / "action/action.yml")
    scratch.commit(".github/workflows/ci.yml", WORKFLOW.replace("acme/leakcoach@v0", "./action"))
    if lint.exists():
        code, said = scratch.run(lint, "-shellcheck=", "-pyflakes=")
        expect("actionlint has nothing to say of action.yml and how it is called", code == 0, said)
    else:
        print("actionlint: not there")
    if not act.exists():
        print("act: not there")
        return
    shutil.rmtree(scratch.top / "action")
    (scratch.top / ".github/workflows/ci.yml").unlink()
    action = folder / "leakcoach"
    action.mkdir()
    shutil.copy(TOP / "action.yml", action)
    (folder / "codeql/upload-sarif").mkdir(parents=True)
    (folder / "codeql/upload-sarif/action.yml").write_text(UPLOAD)
    first = scratch.commit(".github/workflows/ci.yml", WORKFLOW)
    clean = scratch.commit("README.md", "hello\n")
    secret = token()
    leaked = scratch.commit("app.conf", f"token = {secret}\n")
    scratch.git("push", "-q", "origin", "main")

    def event(name, **payload):
        payload |= {"repository": {"default_branch": "main"}}
        file = folder / "event.json"
        file.write_text(json.dumps(payload))
        code, said = scratch.run(
            act, name, "-P", "ubuntu-latest=-self-hosted", "-e", file,
            "--local-repository", f"acme/leakcoach@v0={action}",
            "--local-repository", f"github/codeql-action@v4={folder / 'codeql'}")  # fmt: skip
        expect(f"{name}: the token is in no output", secret not in said)
        return code, said

    code, said = event("push", before=first, after=clean, ref="refs/heads/main")
    expect("push: what is clean passes", code == 0 and "ended with 0 for --range" in said, said)
    expect("push: its report is uploaded", "uploaded" in said, said)
    code, said = event("push", before=clean, after=leaked, ref="refs/heads/main")
    expect("push: a token fails the job", code != 0 and "ended with 1 for --range" in said, said)
    expect("push: the line is annotated", "::error file=app.conf,line=1," in said, said)
    expect("push: its report is uploaded too", "uploaded" in said, said)
    expect("push: the commit that no hook has seen is named", leaked[:12] in said, said)
    heads = {"base": {"sha": first}, "head": {"sha": leaked}}
    code, said = event("pull_request", pull_request=heads)
    expect("pull request: its range is checked", f"--range {first}..{leaked}" in said, said)
    expect("pull request: a token fails the job", code != 0 and "ended with 1" in said, said)
    code, said = event("merge_group", merge_group={"base_sha": first, "head_sha": clean})
    expect("merge queue: what is clean passes", code == 0 and "ended with 0" in said, said)
    code, said = event("schedule")
    expect("schedule: all history is checked", "ended with 1 for --history" in said, said)


def on_gitlab(folder):
    local = TOOLS / "node_modules/.bin/gitlab-ci-local"
    if not local.exists() or not shutil.which("rsync"):
        print("gitlab-ci-local, or rsync that it needs: not there")
        return
    scratch = Scratch(folder)
    shutil.copy(TOP / "hooks/gitlab-ci.yml", scratch.top / "leakcoach.yml")
    scratch.commit(".gitlab-ci.yml", "include: [{ local: leakcoach.yml }]\n")
    scratch.commit("leakcoach.yml", (TOP / "hooks/gitlab-ci.yml").read_text())
    scratch.commit(".gitignore", ".gitlab-ci-local\ngl-*.json\nleakcoach.*\n!leakcoach.yml\n")
    scratch.git("push", "-q", "origin", "main")
    run = lambda: scratch.run(local, "--force-shell-executor", "leakcoach")  # noqa: E731
    code, said = run()
    expect("default branch: all history is clean and passes", code == 0 and "PASS" in said, said)

    scratch.git("checkout", "-q", "-b", "feature")
    scratch.commit("README.md", "hello\n")
    code, said = run()
    expect("branch: what is clean passes", code == 0 and "PASS" in said, said)
    secret = token()
    leaked = scratch.commit("app.conf", f"token = {secret}\n")
    code, said = run()
    expect("branch: a token fails the job", code != 0 and "FAIL" in said and "[github-pat]" in said, said)
    expect("branch: the commit that no hook has seen is named", leaked[:12] in said, said)
    reports = ["gl-secret-detection-report.json", "leakcoach.xml", "leakcoach.sarif", "leakcoach.md"]
    texts = [(scratch.top / name).read_text() for name in reports]
    expect("branch: each report has the finding", all("app.conf" in text for text in texts))
    found = json.loads(texts[0])["vulnerabilities"]
    expect("branch: GitLab's report has one", len(found) == 1, texts[0])
    expect("branch: the token is in no output", not any(secret in text for text in [said, *texts]))


def main():
    for runner in (on_github, on_gitlab):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            runner(pathlib.Path(folder))
    sys.exit(bool(FAILED))


if __name__ == "__main__":
    main()
