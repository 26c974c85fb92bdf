#!/usr/bin/env python3
"""How fast `leakcoach run` passes output on, beside `cat`, and how much memory it takes.

    benches/run.py [--leakcoach target/release/leakcoach] [--mib 1024] [--runs 3]

Both get the same log from the same `cat` through a pipe, one after the other. A token stands in
it every so many lines: none may be in what comes out.
"""

import argparse
import os
import random
import subprocess
import tempfile
import time
from pathlib import Path


def log(path, mib, token):
    draw = random.Random(1)
    words = ("compiling", "downloaded", "test", "ok", "src/lib.rs:12", "warning:", "cached", "took 4 ms",
             "0f3a9c", "module", "->", "finished", "INFO", "worker-3")
    lines = [f"2026-01-02T03:04:{n % 60:02}Z {' '.join(draw.choices(words, k=draw.randrange(4, 14)))}\n"
             for n in range(20_000)]
    lines[10_000] = f"Authorization: Bearer {token}\n"
    block = "".join(lines).encode()
    with open(path, "wb") as file:
        for _ in range(max(1, (mib << 20) // len(block))):
            file.write(block)
    return path.stat().st_size


def timed(command, out):
    start = time.monotonic()
    with open(out, "wb") as file:
        child = subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, command
    return time.monotonic() - start, usage.ru_maxrss >> 10


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--leakcoach", default="target/release/leakcoach")
    args.add_argument("--mib", type=int, default=1024)
    args.add_argument("--runs", type=int, default=3)
    args = args.parse_args()
    leakcoach = str(Path(args.leakcoach).resolve())
    token = subprocess.run([leakcoach, "rules", "--sample", "github-pat"], check=True,
                           capture_output=True, text=True).stdout.split()[0]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        os.environ.update(HOME=str(folder), LEAKCOACH_RECORD="off")
        os.chdir(folder)
        size = log(folder / "log", args.mib, token)
        for run in range(args.runs):
            plain, _ = timed(["sh", "-c", "cat log | cat"], folder / "out")
            masked, mib = timed([leakcoach, "run", "--", "cat", "log"], folder / "masked")
            with open(folder / "masked", "rb") as file:
                leaks = sum(token.encode() in line for line in file)
            print(f"run {run + 1}: {size >> 20} MiB  cat | cat {plain:.2f} s  "
                  f"leakcoach run {masked:.2f} s  ratio {masked / plain:.2f}  "
                  f"{size / masked / 1e6:.0f} MB/s  {mib} MiB resident  {leaks} leaks")


if __name__ == "__main__":
    main()
