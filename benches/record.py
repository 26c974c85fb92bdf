#!/usr/bin/env python3
"""What the private record costs: a hook with it and without it, in turn; what a clean commit
opens; and a record of 100,000 events.

    cargo build --release && cargo test --no-run && benches/record.py [--pairs 60]
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import paired

TOP = Path(__file__).resolve().parent.parent


def prepared(folder, binary):
    env = {
        "PATH": f"{binary.parent}:/usr/local/bin:/usr/bin:/bin", "HOME": str(folder / "home"),
        "GIT_CONFIG_NOSYSTEM": "1",
    }  # fmt: skip
    (folder / "home").mkdir(parents=True)
    shop = folder / "shop"
    shop.mkdir()

    def git(*args):
        subprocess.run(["git", *args], cwd=shop, env=env, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("config", "user.name", "t")
    git("config", "user.email", "t@localhost")
    for number in range(237):
        (shop / f"file{number}.py").write_text(f"total_{number} = {number}\n" * 40)
    git("add", "-A")
    git("commit", "-qm", "first")
    return shop, env, git


def in_turn(binary, shop, env, pairs, code):
    """Milliseconds of the hook with the record and without, and of their difference."""

    def once(record):
        start = time.perf_counter()
        done = subprocess.run(
            [binary, "hook", "pre-commit"], cwd=shop, env={**env, "LEAKCOACH_RECORD": record},
            capture_output=True,
        )  # fmt: skip
        took = (time.perf_counter() - start) * 1000
        assert done.returncode == code, done.stderr.decode(errors="replace")[:400]
        return took

    both = [(once("on"), once("off")) for _ in range(pairs + 3)][3:]
    return [statistics.median(one) for one in zip(*both)] + [
        statistics.median(on - off for on, off in both)
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--binary", type=Path, default=TOP / "target/release/leakcoach")
    args = parser.parse_args()
    binary = args.binary.resolve()
    print(paired.machine())
    with tempfile.TemporaryDirectory(prefix="lcb.") as made:
        folder = Path(made)
        shop, env, git = prepared(folder, binary)
        (shop / "file1.py").write_text("total = compute(order)\n" * 200)
        git("add", "-A")
        on, off, more = in_turn(binary, shop, env, args.pairs, 0)
        print(f"clean, 200 lines: {on:.2f} ms with, {off:.2f} ms without, {more:+.3f} ms between pairs")
        if shutil.which("strace"):
            trace = folder / "trace"
            subprocess.run(
                ["strace", "-f", "-e", "trace=file", "-o", trace, binary, "hook", "pre-commit"],
                cwd=shop, env={**env, "LEAKCOACH_RECORD": "on"}, capture_output=True,
            )  # fmt: skip
            lines = trace.read_text(errors="replace").splitlines()
            about = [line for line in lines if re.search(r"record\.|leakcoach-refused|/leakcoach/", line)]
            calls = len(lines)
            print(f"  of {calls} calls about files, {len(about)} about the record:")
            print("\n".join(f"    {line.split(maxsplit=1)[1]}" for line in about))
        sample = subprocess.run(
            [binary, "rules", "--sample", "github-pat"], env=env, capture_output=True, check=True
        ).stdout.splitlines()[0]
        (shop / "file2.py").write_bytes(b"token = '" + sample.split()[0] + b"'\n")
        git("add", "-A")
        on, off, more = in_turn(binary, shop, env, args.pairs, 1)
        print(f"one finding: {on:.2f} ms with, {off:.2f} ms without, {more:+.2f} ms between pairs")

        tests = sorted((TOP / "target/debug/deps").glob("it-*"), key=os.path.getmtime)
        tests = [path for path in tests if os.access(path, os.X_OK) and not path.suffix]
        if not tests:
            return
        big = folder / "big"
        filled = subprocess.run(
            [tests[-1], "--exact", "record::filler", "--ignored", "--nocapture"],
            env={**env, "LEAKCOACH_TEST_WRITES_TO": str(big)}, capture_output=True, text=True,
        )  # fmt: skip
        for line in filled.stdout.splitlines():
            if " times " in line:
                print(line + " (tests' build)")
        (big / "state").rename(big / "leakcoach")
        size = (big / "leakcoach/record.db").stat().st_size / (1 << 20)
        print(f"100,100 events: {size:.0f} MiB")
        # Another record than that of the hooks above, whose head lies in the data folder.
        env = {**env, "XDG_STATE_HOME": str(big), "XDG_DATA_HOME": str(big / "data"),
               "LEAKCOACH_RECORD": "on"}  # fmt: skip
        for ask in (["audit", "verify"], ["audit", "show", "--since", "1s"], ["audit", "show"]):
            got = paired.cost([binary, *ask], at=shop, env=env)
            print(f"{' '.join(ask)}: {got.wall:.2f} s, {got.cpu:.2f} s cpu, {got.peak:.0f} MiB")
        on, off, more = in_turn(binary, shop, env, 20, 1)
        print(f"one finding beside them: {on:.2f} ms with, {off:.2f} ms without, {more:+.2f} ms")


if __name__ == "__main__":
    main()
