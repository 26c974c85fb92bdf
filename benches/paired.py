"""What the scripts that time leakcoach beside other programs have in common.

The machine is never quiet, so times are compared in pairs: A, B, A, B, and the ratio of
each pair; what is told is the median. Beside the wall clock stands the processor's time
(user and system, of all processes), which other work on the machine disturbs less.
"""

import datetime
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import namedtuple

Cost = namedtuple("Cost", "wall cpu peak own code err")


class Failed(Exception):
    """A program did not do its work."""


def own_memory(pid):
    """Memory that is no file's, in MiB; 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
            found = re.search(r"RssAnon:\s+(\d+)", status.read())
    except OSError:
        return 0
    return int(found[1]) / 1024 if found else 0


def cost(command, at=None, limit=600, passed=(0,), env=None, given=b"", out=subprocess.DEVNULL):
    """Runs `command`, its output into the file `out` or thrown away: what it cost. `own` is
    sampled."""
    with tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as standard_input:
        standard_input.write(given)
        standard_input.seek(0)
        start = time.monotonic()
        child = subprocess.Popen(
            [str(part) for part in command], cwd=at, stdin=standard_input,
            stdout=out, stderr=err, start_new_session=True,
            env={**os.environ, **(env or {})},
        )  # fmt: skip
        own, pause = 0, 0.002
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            wall = time.monotonic() - start
            if pid:
                break
            if wall > limit:
                os.killpg(child.pid, 9)
                os.wait4(child.pid, 0)
                child.returncode = -9
                raise Failed(f"did not end in {limit} s")
            own = max(own, own_memory(child.pid))
            time.sleep(pause)
            pause = min(pause * 1.3, 0.05)
        child.returncode = os.waitstatus_to_exitcode(status)
        err.seek(0)
        said = err.read().decode(errors="replace")
    if passed is not None and child.returncode not in passed:
        raise Failed(f"ended with {child.returncode}: {' '.join(map(str, command))}")
    cpu = usage.ru_utime + usage.ru_stime
    # Linux counts in KiB, macOS in bytes; of several processes it is the largest.
    peak = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return Cost(wall, cpu, peak, own, child.returncode, said)


def in_turn(one, other, pairs):
    """Costs of `one` and of `other`, in turn; the first pair warms up and is not counted."""
    costs = [(one(), other()) for _ in range(pairs + 1)][1:]
    return [a for a, _ in costs], [b for _, b in costs]


def median(costs, what):
    return statistics.median(getattr(one, what) for one in costs)


def ratio(ones, others, what):
    return statistics.median(getattr(a, what) / getattr(b, what) for a, b in zip(ones, others))


def machine():
    """One line: when and where this was measured, and how busy the machine was."""
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as told:
            name = re.search(r"model name\s*:\s*(.+)", told.read())[1]
    except (OSError, TypeError):
        pass
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    return f"{datetime.date.today()}, {os.cpu_count()} cores, {name}, load {load}"


def table(head, rows):
    """A table in Markdown, its columns as wide as what is in them."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]

    def line(cells):
        first = cells[0].ljust(widths[0])
        return "| " + " | ".join([first, *(c.rjust(w) for c, w in zip(cells[1:], widths[1:]))]) + " |"

    rule = "|" + "|".join(["-" * (widths[0] + 2)] + ["-" * (w + 1) + ":" for w in widths[1:]]) + "|"
    print("\n".join([line(head), rule, *map(line, rows)]), flush=True)


HEAD = ["program", "version", "wall s", "cpu s", "peak MiB", "own MiB", "wall ×", "cpu ×", "exit"]


def row(name, version, costs, beside=None):
    """A row under `HEAD`; the ratios are to `beside`, what was measured in turn with it."""

    def times(what):
        return f"{ratio(costs, beside, what):.2f}" if beside else "-"

    codes = sorted({one.code for one in costs})
    return [
        name, version, f"{median(costs, 'wall'):.2f}", f"{median(costs, 'cpu'):.2f}",
        f"{median(costs, 'peak'):.0f}", f"{median(costs, 'own'):.0f}", times("wall"), times("cpu"),
        " ".join(map(str, codes)),
    ]  # fmt: skip


def installed(names):
    missing = [name for name in names if not shutil.which(name)]
    for name in missing:
        print(f"{name}: not found on PATH")
    return [name for name in names if name not in missing]
