#!/usr/bin/env python3
"""leakcoach beside the scanners that its users would pick instead, by one count.

Copies the labelled files to a folder of their own, adds a canary (fresh fake
credentials on known lines), runs every scanner that is on PATH over the copy in file
mode, and counts as `leakcoach eval` does: a label is a place (a file and its lines); a
finding whose first line lies in a place hits it, however often; findings on lines
without a label count for neither side. leakcoach's own numbers are compared with what
`leakcoach eval` says, so that the two ways of counting cannot drift apart.

A scanner that fails, whose output cannot be read, or that does not see the canary where
it stands, is named and makes the exit code 1: it never counts as one that found nothing.
Values are never printed, and no report of a scanner outlives the run.

Standard library only. See docs/measuring.md.
"""

import argparse
import base64
import csv
import json
import os
import random
import re
import shutil
import string
import subprocess
import sys
import tempfile
import zlib
from collections import defaultdict, namedtuple
from pathlib import Path

import paired
from paired import Failed

CANARY = "canary/settings.py"
TOKEN_LINE, KEY_LINE = 3, 7

Place = namedtuple("Place", "first last real category")
Finding = namedtuple("Finding", "file line confidence", defaults=[None])
Run = namedtuple("Run", "stdout report wall cpu peak")


# --- labels -------------------------------------------------------------------------


def load_labels(path, without):
    """Places by file; labels of the same lines are one place, as in `leakcoach eval`."""
    files = defaultdict(dict)
    with open(path, newline="", encoding="utf-8") as table:
        for number, row in enumerate(csv.DictReader(table), 2):
            try:
                lines = int(row["line_start"]), int(row["line_end"])
                file, real = row["file"], {"T": True, "F": False, "X": False}[row["truth"]]
                category = row.get("category") or ""
            except (KeyError, TypeError, ValueError):
                sys.exit(f"{path}:{number}: no row of file,line_start,line_end,truth,category")
            known = files[file].get(lines)
            if known is None or (real and not known.real):
                files[file][lines] = Place(*lines, real, category)
            elif known.real == real:
                files[file][lines] = known._replace(category=f"{known.category}+{category}")

    def kept(place):
        return any(part not in without for part in re.split("[+:]", place.category))

    return {file: [p for p in places.values() if kept(p)] for file, places in files.items()}


def count(labels, findings):
    """Places hit, hit for nothing and missed."""
    lines = defaultdict(set)
    for finding in findings:
        lines[finding.file].add(finding.line)
    hits = alarms = misses = 0
    for file, places in labels.items():
        hit = set()
        for line in lines[file]:
            inside = [place for place in places if place.first <= line <= place.last]
            # Places can overlap: a finding that hits a real one raised nothing false.
            hit.update([place for place in inside if place.real] or inside)
        hits += sum(place.real for place in hit)
        alarms += sum(not place.real for place in hit)
        misses += sum(place.real and place not in hit for place in places)
    return hits, alarms, misses


def share(part, whole):
    return part / whole if whole else 1.0


# --- the copy and its canary --------------------------------------------------------


def copy_files(folder, labels, target):
    for name in labels:
        to = target / name
        if not to.resolve().is_relative_to(target.resolve()):
            sys.exit(f"the labels name a file outside of the folder: {name!r}")
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, to)


def write_canary(target):
    """A GitHub token whose checksum holds and a private key, neither anybody's."""
    digits = string.digits + string.ascii_uppercase + string.ascii_lowercase
    body = "".join(random.choices(digits, k=30))
    crc, check = zlib.crc32(body.encode()), ""
    for _ in range(6):
        crc, digit = divmod(crc, 62)
        check = digits[digit] + check
    token = "ghp" + "_" + body + check
    raw = b"\x30\x82\x02\x5c\x02\x01\x00" + random.randbytes(601)
    key = base64.encodebytes(raw).decode().replace("\n", "")
    block = "\n".join(key[at : at + 64] for at in range(0, len(key), 64))
    kind = "RSA PRIVATE " + "KEY-----"
    text = f'import os\n\ngithub_token = "{token}"\n\n\nRSA = """\n'
    text += f"-----BEGIN {kind}\n{block}\n-----END {kind}\n\"\"\"\n"
    path = target / CANARY
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


# --- running a scanner --------------------------------------------------------------


def run(command, at, passed, limit, report=None):
    """Runs `command` in the folder `at`: what it printed, what it cost."""
    with tempfile.TemporaryFile() as out:
        cost = paired.cost(command, at, limit, passed, out=out)
        out.seek(0)
        return Run(out.read(), report, cost.wall, cost.cpu, cost.peak)


def from_json(text):
    try:
        return json.loads(text)
    except ValueError:
        raise Failed("its output is no JSON") from None


def from_report(ran):
    try:
        return from_json(ran.report.read_bytes())
    except OSError:
        raise Failed("it wrote no report") from None


def from_lines(text):
    return [from_json(line) for line in text.splitlines() if line.strip()]


# Each scanner: how it is run (given a path for a report), which exit codes mean that it
# did its work, and how its findings are read. `leakcoach` has rows of its own.


def gitleaks_like(name):
    def command(report):
        return [
            name, "dir", ".", "--no-banner", "--redact=100", "--exit-code=0",
            "--report-format=json", f"--report-path={report}",
        ]  # fmt: skip

    def findings(ran):
        return [(one["File"], one["StartLine"]) for one in from_report(ran)]

    return command, {0}, findings, [name, "version"]


def kingfisher():
    def command(_):
        return [
            "kingfisher", "scan", ".", "--format=json", "--no-validate", "--no-dedup",
            "--redact", "--no-update-check", "--git-history=none",
        ]  # fmt: skip

    def findings(ran):
        # The report is one line; a summary, whose `findings` is a number, is another.
        report = from_lines(ran.stdout)[0]
        return [(one["finding"]["path"], one["finding"]["line"]) for one in report["findings"]]

    # 200 says that there are findings, 205 that some were validated.
    return command, {0, 200, 205}, findings, ["kingfisher", "--version"]


def trufflehog():
    def command(_):
        return ["trufflehog", "filesystem", ".", "--no-verification", "--no-update", "--json"]

    def findings(ran):
        rows = (one["SourceMetadata"]["Data"]["Filesystem"] for one in from_lines(ran.stdout))
        # Protocol buffers leave out a zero, and its lines count from one.
        return [(row["file"], row.get("line", 1)) for row in rows]

    return command, {0}, findings, ["trufflehog", "--version"]


def ripsecrets():
    def command(_):
        return ["ripsecrets", "."]

    def findings(ran):
        rows = []
        for line in ran.stdout.splitlines():
            row = re.match(rb"(.+?):(\d+):", re.sub(rb"\x1b\[[0-9;]*m", b"", line))
            if not row:
                raise Failed("its output has a line that is no finding")
            rows.append((os.fsdecode(row[1]), int(row[2])))
        return rows

    return command, {0, 1}, findings, ["ripsecrets", "--version"]


def detect_secrets():
    def command(_):
        return ["detect-secrets", "scan", "--all-files", "--no-verify", "."]

    def findings(ran):
        results = from_json(ran.stdout)["results"]
        return [(file, one["line_number"]) for file, found in results.items() for one in found]

    return command, {0}, findings, ["detect-secrets", "--version"]


def credsweeper():
    def command(report):
        return ["credsweeper", "--path", ".", "--save-json", str(report), "--hashed", "--log", "silence"]

    def findings(ran):
        first = (one["line_data_list"][0] for one in from_report(ran))
        return [(line["path"], line["line_num"]) for line in first]

    return command, {0}, findings, ["credsweeper", "--version"]


PEERS = {
    "gitleaks": gitleaks_like("gitleaks"),
    "betterleaks": gitleaks_like("betterleaks"),
    "kingfisher": kingfisher(),
    "trufflehog": trufflehog(),
    "ripsecrets": ripsecrets(),
    "detect-secrets": detect_secrets(),
    "credsweeper": credsweeper(),
}


def version_of(command):
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=120)
    number = rb"\d+(\.\d+)+[^\s,]*"
    said = re.search(number, done.stdout + done.stderr)
    if not said and shutil.which("go"):
        # What `go install` builds knows its module's version only this way.
        told = subprocess.run(["go", "version", "-m", shutil.which(command[0])], capture_output=True)
        said = re.search(rb"(?m)^\s+mod\s+\S+\s+v(" + number + rb")", told.stdout)
        return said[1].decode() if said else "?"
    return said[0].decode(errors="replace") if said else "?"


def checked(rows, labels):
    """Findings without the canary's; an error where a file or the canary is amiss."""
    found = set()
    for file, line, *confidence in rows:
        file = os.path.normpath(file)
        if (file != CANARY and file not in labels) or not isinstance(line, int) or line < 1:
            raise Failed("it names a file or line that is not there")
        found.add(Finding(file, line, *confidence))
    seen = {finding.line for finding in found if finding.file == CANARY}
    if not seen & {TOKEN_LINE, KEY_LINE}:
        where = f"lines {sorted(seen)}" if seen else "nowhere"
        raise Failed(f"it should see the canary on line {TOKEN_LINE} or {KEY_LINE}: {where}")
    return [finding for finding in found if finding.file != CANARY]


def try_peer(name, at, labels, limit):
    command, passed, findings, version = PEERS[name]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        ran = run(command(report), at, passed, limit, report)
        try:
            rows = findings(ran)
        except (KeyError, TypeError, IndexError, AttributeError):
            raise Failed("its output has another form than this script reads") from None
    yield row_of(name, version_of(version), labels, checked(rows, labels), ran)


def try_leakcoach(at, labels, table, without, limit):
    """Three rows, and a comparison with what `leakcoach eval` counts by itself."""
    version = version_of(["leakcoach", "--version"])
    for extra, names in [
        ([], {"possible": "leakcoach", "likely": "leakcoach, likely up"}),
        (["--ignore-checksums"], {"possible": "leakcoach, no checksums"}),
    ]:
        ran = run(["leakcoach", "eval", ".", "--format=json", *extra], at, {0}, limit)
        found = from_json(ran.stdout)["unlabelled"]
        rows = checked([(one["file"], one["line"], one["confidence"]) for one in found], labels)
        for least, name in names.items():
            some = [row for row in rows if least == "possible" or row.confidence != "possible"]
            row = row_of(name, version, labels, some, ran)
            own = run(
                ["leakcoach", "eval", ".", "--format=json", f"--least={least}", *extra]
                + [f"--labels={table}", *(f"--without={category}" for category in without)],
                at, {0}, limit,
            )  # fmt: skip
            own = from_json(own.stdout)["all"]
            if any(row[key] != own[key] for key in ("hits", "false_alarms", "misses")):
                raise Failed("this script and `leakcoach eval` count differently")
            yield row


def row_of(name, version, labels, findings, ran):
    hits, alarms, misses = count(labels, findings)
    return {
        "tool": name,
        "version": version,
        "precision": share(hits, hits + alarms),
        "recall": share(hits, hits + misses),
        "f1": share(2 * hits, 2 * hits + alarms + misses),
        "hits": hits,
        "misses": misses,
        "false_alarms": alarms,
        "wall_seconds": round(ran.wall, 3),
        "cpu_seconds": round(ran.cpu, 3),
        "peak_rss_mib": round(ran.peak, 1),
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0],
        epilog="example: benches/peers.py samples --labels samples/labels.csv --without UUID",
    )
    parser.add_argument("folder", type=Path, help="the folder of labelled files")
    parser.add_argument("--labels", type=Path, help="the labels (FOLDER/labels.csv)")
    parser.add_argument(
        "--without", action="append", default=[], metavar="CATEGORY",
        help="leave out places of this category; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--tool", action="append", choices=["leakcoach", *PEERS],
        help="only this one; may be given several times",
    )  # fmt: skip
    parser.add_argument("--limit", type=int, default=1800, help="seconds for one run (1800)")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    args = parser.parse_args()
    table = (args.labels or args.folder / "labels.csv").resolve()
    try:
        labels = load_labels(table, set(args.without))
    except OSError as error:
        sys.exit(f"cannot read the labels: {error}")

    wanted = args.tool or ["leakcoach", *PEERS]
    missing = [name for name in wanted if not shutil.which(name)]
    rows, failed = [], {}
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        at = Path(folder) / "files"
        at.mkdir()
        try:
            copy_files(args.folder, labels, at)
        except OSError as error:
            sys.exit(f"cannot copy a labelled file: {error}")
        write_canary(at)
        for name in (name for name in wanted if name not in missing):
            try:
                if name == "leakcoach":
                    rows += try_leakcoach(at, labels, table, args.without, args.limit)
                else:
                    rows += try_peer(name, at, labels, args.limit)
            except Failed as error:
                failed[name] = str(error)

    if args.format == "json":
        places = [place for of_file in labels.values() for place in of_file]
        print(json.dumps({
            "version": 1,
            "places": {"real": sum(p.real for p in places), "all": len(places)},
            "without": args.without,
            "rows": rows,
            "failed": failed,
            "not_found": missing,
        }, indent=1))  # fmt: skip
    else:
        print(f"{'tool':<24}{'version':<10}{'P':>7}{'R':>7}{'F1':>7}"
              f"{'wall s':>9}{'cpu s':>9}{'MiB':>8}")  # fmt: skip
        for row in rows:
            print("{tool:<24}{version:<10}{precision:>7.3f}{recall:>7.3f}{f1:>7.3f}"
                  "{wall_seconds:>9.2f}{cpu_seconds:>9.2f}{peak_rss_mib:>8.0f}".format(**row))  # fmt: skip
        if missing:
            print(f"not found on PATH: {', '.join(missing)}")
        for name, why in failed.items():
            print(f"failed: {name}: {why}")
    if failed or not rows:
        sys.exit(1)


if __name__ == "__main__":
    main()
