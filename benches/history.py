#!/usr/bin/env python3
"""How long a look at all that was ever committed takes: beside `git log -p` and peers.

    benches/history.py REPOSITORY [--leakcoach target/release/leakcoach] [--pairs 3] [--peers]

`git log -p -U0 --all > /dev/null` runs in turn with leakcoach; peers run once each. A
git that ends with an error has stopped in the middle, at an object that is missing, and
its time says nothing: that is an error here. So it is when gitleaks, which reads what
`git log -p` prints, has seen fewer commits than there are.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import paired
from peers import version_of

PEERS = {
    "gitleaks": (["gitleaks", "git", "REPO", "--no-banner", "--redact=100", "--exit-code=0"], {0}, "version"),
    "betterleaks": (["betterleaks", "git", "REPO", "--no-banner", "--redact=100", "--exit-code=0"], {0}, "version"),
    "kingfisher": (
        ["kingfisher", "scan", "REPO", "--no-validate", "--redact", "--no-update-check", "--git-history=full"],
        {0, 200, 205}, "--version",
    ),
}  # fmt: skip


def git(repo, *args):
    done = subprocess.run(["git", *args], cwd=repo, check=True, capture_output=True, text=True)
    return done.stdout


def main():
    args = argparse.ArgumentParser()
    args.add_argument("repository", type=Path)
    args.add_argument("--leakcoach", default="target/release/leakcoach")
    args.add_argument("--pairs", type=int, default=3)
    args.add_argument("--peers", action="store_true", help="also gitleaks and kingfisher, once each")
    args.add_argument("--limit", type=int, default=900, help="seconds for one run (900)")
    args = args.parse_args()
    leakcoach, repo = Path(args.leakcoach).resolve(), args.repository.resolve()
    commits = int(git(repo, "rev-list", "--count", "--all"))
    changes = int(git(repo, "rev-list", "--count", "--all", "--no-merges"))
    objects = git(repo, "rev-list", "--objects", "--all", "--missing=print").splitlines()
    missing = sum(line.startswith("?") for line in objects)
    print(f"{commits:,} commits ({changes:,} without merges), {len(objects):,} objects, {missing} missing")
    if missing:
        print("git stops at what is missing, unless refs/replace has something in its place")
    print(paired.machine(), flush=True)
    # What is missing is an error of leakcoach's, after everything else was looked at.
    passed = (0, 1, 3) if missing else (0, 1)
    rows, failed = [], []
    with tempfile.TemporaryDirectory() as home:
        env = {"HOME": home, "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
        ours, beside = paired.in_turn(
            lambda: paired.cost([leakcoach, "check", "--history"], repo, args.limit, passed, env),
            lambda: paired.cost(["git", "log", "-p", "-U0", "--all"], repo, args.limit, (0,), env),
            args.pairs,
        )
        single = [paired.cost([leakcoach, "check", "--history", "--jobs", "1"], repo, args.limit, passed, env)]
        version = version_of([leakcoach, "--version"])
        rows.append(paired.row("leakcoach check --history", version, ours, beside))
        rows.append(paired.row("the same, --jobs 1 (once)", version, single, [beside[-1]]))
        rows.append(paired.row("git log -p -U0 --all", version_of(["git", "--version"]), beside, beside))
        for name in paired.installed(PEERS) if args.peers else []:
            command, passed, version = PEERS[name]
            command = [repo if part == "REPO" else part for part in command]
            try:
                once = paired.cost(command, home, args.limit, passed, env)
            except paired.Failed as error:
                failed.append(f"{name}: {error}")
                continue
            said = re.sub(r"\x1b\[[0-9;]*m", "", once.err)
            seen = re.search(r"([\d,]+) commits scanned", said)
            # Commits that change no file, or only take lines out, are not among them.
            if seen and int(seen[1].replace(",", "")) < 0.95 * changes or "fatal:" in said:
                failed.append(f"{name}: it stopped early: {seen[0] if seen else 'git failed'}")
                continue
            rows.append(paired.row(f"{name} (once)", version_of([name, version]), [once], [beside[-1]]))
    paired.table(paired.HEAD, rows)
    print(f"\n{args.pairs} pairs, medians; load at the end {os.getloadavg()[0]:.1f}")
    for line in failed:
        print(line)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
