#!/usr/bin/env python3
"""How time and memory grow with what there is: files of a tree, commits of a history.

    benches/growth.py [--leakcoach target/release/leakcoach] [--files 1000,5000,20000,80000]
                      [--commits 1000,10000,30000,100000] [--only NAME]

Everything is generated. Beside each size stands how the processor's time grew since the
size before, as an exponent: 1 is as the size, 0 not at all, 2 as its square. Above 1.15
is called worse than linear; what takes less than 50 ms is too short to say.
"""

import argparse
import math
import os
import random
import subprocess
import tempfile
from pathlib import Path

import paired
from push import code, git, history

LINES = 60
AUTHOR = "committer B <b@localhost> 1700000000 +0000\n"


def texts(count):
    """Paths with their content, in folders of a hundred."""
    draw = random.Random(1)
    for number in range(count):
        text = "\n".join(code(draw, LINES)) + "\n"
        yield f"src/part{number // 100}/module{number}.py", text


def imported(top, stream):
    run = subprocess.Popen(["git", "fast-import", "--quiet"], cwd=top, stdin=subprocess.PIPE)
    for part in stream:
        run.stdin.write(part.encode())
    run.stdin.close()
    if run.wait():
        raise SystemExit("git fast-import failed")


def tree_of(count):
    """A commit of so many files, and one with a change in the first."""
    yield f"commit refs/heads/main\n{AUTHOR}data 5\nstart\n"
    for path, text in texts(count):
        yield f"M 644 inline {path}\ndata {len(text)}\n{text}\n"


class Bench:
    def __init__(self, leakcoach, home, runs, limit):
        self.leakcoach, self.home, self.runs, self.limit = leakcoach, home, runs, limit

    def cost(self, *args, at, given=b""):
        env = {"HOME": str(self.home), "LEAKCOACH_TIME_LIMIT": "30m"}
        costs = [
            paired.cost([self.leakcoach, *args], at, self.limit, (0,), env, given)
            for _ in range(self.runs + 1)
        ]  # fmt: skip
        return costs[1:]

    def repo(self, name, stream):
        top = self.home / name
        git(self.home, "init", "-q", "-b", "main", str(top))
        imported(top, stream)
        git(top, "repack", "-adq")
        return top

    def tree(self, count):
        top = self.home / f"tree{count}"
        for path, text in texts(count):
            path = top / path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return self.cost("check", "--tree", ".", at=top)

    def one_staged(self, count):
        top = self.repo(f"one{count}", tree_of(count))
        git(top, "read-tree", "HEAD")
        path, text = next(texts(1))
        text = (text * 2).encode()
        blob = git(top, "hash-object", "-w", "--stdin", input=text).stdout.decode().strip()
        git(top, "update-index", "--cacheinfo", f"100644,{blob},{path}")
        git(top, "write-tree")
        return self.cost("hook", "pre-commit", at=top)

    def all_staged(self, count):
        top = self.repo(f"all{count}", tree_of(count))
        git(top, "read-tree", "HEAD")
        git(top, "update-ref", "-d", "HEAD")
        return self.cost("hook", "pre-commit", at=top)

    def long(self, count):
        """A history of so many commits, made once for both that ask for it."""
        top = self.home / f"long{count}"
        return top if top.exists() else self.repo(top.name, history(count, 500, 120))

    def whole_history(self, count):
        return self.cost("check", "--history", at=self.long(count))

    def push(self, count):
        top = self.long(count)
        new = git(top, "rev-parse", "main").stdout.decode().strip()
        # As git does before it asks: the objects are there, and no ref is.
        git(top, "update-ref", "-d", "refs/heads/main")
        try:
            given = f"{'0' * len(new)} {new} refs/heads/main\n".encode()
            return self.cost("hook", "pre-receive", at=top / ".git", given=given)
        finally:
            git(top, "update-ref", "refs/heads/main", new)


def main():
    kinds = {
        "tree": "files", "one_staged": "files", "all_staged": "files",
        "whole_history": "commits", "push": "commits",
    }  # fmt: skip
    args = argparse.ArgumentParser()
    args.add_argument("--leakcoach", default="target/release/leakcoach")
    args.add_argument("--files", default="1000,5000,20000,80000")
    args.add_argument("--commits", default="1000,10000,30000,100000")
    args.add_argument("--only", action="append", choices=kinds, help="may be given several times")
    args.add_argument("--runs", type=int, default=3)
    args.add_argument("--limit", type=int, default=1800, help="seconds for one run (1800)")
    args = args.parse_args()
    sizes = {what: [int(n) for n in getattr(args, what).split(",")] for what in ("files", "commits")}
    leakcoach = Path(args.leakcoach).resolve()
    print(paired.machine(), flush=True)
    rows, steep = [], []
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(HOME=home, GIT_CONFIG_NOSYSTEM="1")
        bench = Bench(leakcoach, Path(home), args.runs, args.limit)
        for name in args.only or kinds:
            before = None
            for size in sizes[kinds[name]]:
                costs = getattr(bench, name)(size)
                cpu, told = paired.median(costs, "cpu"), "-"
                if before and before[1] >= 0.05:
                    exponent = math.log(cpu / before[1]) / math.log(size / before[0])
                    told = f"{exponent:.2f}"
                    if exponent > 1.15:
                        steep.append(f"{name} from {before[0]:,} to {size:,} {kinds[name]}: {told}")
                before = size, cpu
                peak, own = paired.median(costs, "peak"), paired.median(costs, "own")
                rows.append([name.replace("_", " "), f"{size:,} {kinds[name]}",
                             f"{paired.median(costs, 'wall'):.3f}", f"{cpu:.3f}", told,
                             f"{peak:.0f}", f"{own:.0f}"])  # fmt: skip
                print(" ".join(rows[-1]), flush=True)
    print()
    paired.table(["what", "size", "wall s", "cpu s", "exponent", "peak MiB", "own MiB"], rows)
    print(f"\nmedians of {args.runs} runs; load at the end {os.getloadavg()[0]:.1f}")
    print("\n".join(["worse than linear:", *steep]) if steep else "nothing grows worse than linearly")


if __name__ == "__main__":
    main()
