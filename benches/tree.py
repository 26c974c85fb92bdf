#!/usr/bin/env python3
"""How long a scan of a tree of files takes, and how much memory: beside ripgrep and peers.

    benches/tree.py FOLDER [--leakcoach target/release/leakcoach] [--pairs 5] [--peers]

`rg -uuu -c AKIA` reads every file and looks for four letters: about what reading costs.
leakcoach runs in turn with it; peers run once each, for they may need minutes.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import paired
from peers import version_of

PEERS = {
    "gitleaks": (["gitleaks", "dir", "FOLDER", "--no-banner", "--redact=100", "--exit-code=0"], {0}, "version"),
    "betterleaks": (["betterleaks", "dir", "FOLDER", "--no-banner", "--redact=100", "--exit-code=0"], {0}, "version"),
    "kingfisher": (
        ["kingfisher", "scan", "FOLDER", "--no-validate", "--redact", "--no-update-check", "--git-history=none"],
        {0, 200, 205}, "--version",
    ),
    "ripsecrets": (["ripsecrets", "FOLDER"], {0, 1}, "--version"),
}  # fmt: skip


def main():
    args = argparse.ArgumentParser()
    args.add_argument("folder", type=Path)
    args.add_argument("--leakcoach", default="target/release/leakcoach")
    args.add_argument("--pairs", type=int, default=5)
    args.add_argument("--peers", action="store_true", help="also gitleaks, kingfisher and ripsecrets, once each")
    args.add_argument("--limit", type=int, default=600, help="seconds for one run of a peer (600)")
    args = args.parse_args()
    leakcoach = Path(args.leakcoach).resolve()
    folder = args.folder.resolve()
    files = [Path(at) / name for at, _, names in os.walk(folder) for name in names]
    files = [path for path in files if path.is_file() and not path.is_symlink()]
    print(f"{len(files):,} files, {sum(path.stat().st_size for path in files) / 1e9:.2f} GB")
    print(paired.machine(), flush=True)
    rows, failed = [], []
    with tempfile.TemporaryDirectory() as home:
        env = {"HOME": home}
        ours, beside = paired.in_turn(
            lambda: paired.cost([leakcoach, "check", "--tree", folder], home, passed=(0, 1), env=env),
            lambda: paired.cost(["rg", "-uuu", "-c", "AKIA", folder], home, passed=(0, 1), env=env),
            args.pairs,
        )
        rows.append(paired.row("leakcoach check --tree", version_of([leakcoach, "--version"]), ours, beside))
        rows.append(paired.row("rg -uuu -c AKIA", version_of(["rg", "--version"]), beside, beside))
        for name in paired.installed(PEERS) if args.peers else []:
            command, passed, version = PEERS[name]
            command = [folder if part == "FOLDER" else part for part in command]
            try:
                once = paired.cost(command, home, args.limit, passed, env)
            except paired.Failed as error:
                failed.append(f"{name}: {error}")
                continue
            rows.append(paired.row(f"{name} (once)", version_of([name, version]), [once], [beside[-1]]))
    paired.table(paired.HEAD, rows)
    print(f"\n{args.pairs} pairs, medians; load at the end {os.getloadavg()[0]:.1f}")
    for line in failed:
        print(line)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
