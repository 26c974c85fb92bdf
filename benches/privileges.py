#!/usr/bin/env python3
"""What leakcoach says of permissions in real public files, to be judged, and how much of it is right.

    benches/privileges.py FOLDER --found found.tsv [--judged judged.tsv] [--leakcoach target/release/leakcoach]

FOLDER holds git repositories, at any depth of two. Of each, a sample of the files of its last
commit is checked as new files, and its latest commits to such files are checked as what they
changed. `found.tsv` gets a line a finding: key, rule, what was told, the line itself. Whoever
looks at each writes `judged.tsv`: key, `true` or `false`, why. Then this prints the share of
true ones, a rule and in all, and says how many nobody has judged.

The samples are the same for the same repositories: paths are ordered by their hash.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

KINDS = {
    "workflow": re.compile(r"(^|/)\.github/workflows/[^/]+\.ya?ml$|(^|/)action\.ya?ml$|\.gitlab-ci\.ya?ml$"),
    "terraform": re.compile(r"\.(tf|tofu)$"),
    "yaml": re.compile(r"\.ya?ml$"),
    "dockerfile": re.compile(r"(^|/)(Dockerfile|Containerfile)[^/]*$"),
}
KUBERNETES = re.compile(rb"^apiVersion:", re.M)


def git(repo, *args):
    done = subprocess.run(["git", "--git-dir", repo, *args], capture_output=True, check=False)
    return done.stdout


def kind_of(path):
    return next((kind for kind, shape in KINDS.items() if shape.search(path)), None)


def order(text):
    return hashlib.sha256(text.encode()).hexdigest()


def findings(leakcoach, cwd, *args):
    """The findings that are of permissions; and what was not looked into."""
    done = subprocess.run(
        [leakcoach, "check", *args, "--format", "json"], cwd=cwd, capture_output=True, timeout=120, check=False
    )
    if not done.stdout:
        raise SystemExit(f"{args} in {cwd}: {done.stderr.decode()[:400]}")
    report = json.loads(done.stdout)
    mine = {rule for rule, facts in report["rules"].items() if facts["kind"] == "privilege"}
    unread = [one for one in report["coverage"]["unopened"] if "permits" in one["why"]]
    return [one for one in report["findings"] if one["rule"] in mine], unread


def whole(leakcoach, name, repo, at_most, counts):
    """A sample of the files of the last commit, as new files."""
    paths = git(repo, "ls-tree", "-r", "--name-only", "-z", "HEAD").decode(errors="replace").split("\0")
    by_kind = defaultdict(list)
    for path in sorted(paths, key=order):
        if kind := kind_of(path):
            by_kind[kind].append(path)
    with tempfile.TemporaryDirectory() as folder:
        texts = {}
        for kind, list_of in by_kind.items():
            taken = 0
            for path in list_of:
                if taken == at_most:
                    break
                text = git(repo, "show", f"HEAD:{path}")
                label = kind
                if kind == "yaml":
                    if not KUBERNETES.search(text):
                        continue
                    label = "kubernetes"
                taken += 1
                counts[label] += 1
                texts[path] = text
                place = Path(folder, path)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(text)
        if not texts:
            return [], []
        # As the index of a repository of the same owner: what is of that one is told by the remote.
        for command in (["init", "-q"], ["remote", "add", "origin", address(name)], ["add", "-A", "-f"]):
            subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)
        found, unread = findings(leakcoach, folder)
    rows = [row(f"{name}:HEAD", one, texts.get(one["path"].removeprefix("./"), b"")) for one in found]
    return rows, [f"{name}:{one['path']}: {one['why']}" for one in unread]


def address(name):
    return f"https://github.com/{name.replace('+', '/', 1)}"


def history(leakcoach, name, repo, at_most, counts):
    """The latest commits that touch such files, as what they changed."""
    shapes = [":(glob).github/workflows/*", ":(glob)**/*.tf", ":(glob)**/*.yaml", ":(glob)**/*.yml", ":(glob)**/Dockerfile*"]
    commits = git(repo, "log", "--no-merges", f"-n{at_most}", "--format=%H", "HEAD", "--", *shapes).decode().split()
    rows, unread = [], []
    for commit in commits:
        counts["commit"] += 1
        found, missed = findings(leakcoach, repo, "--commit", commit)
        for one in found:
            rows.append(row(f"{name}:{commit[:10]}", one, git(repo, "show", f"{commit}:{one['path']}")))
        unread += [f"{name}:{commit[:10]}:{one['path']}: {one['why']}" for one in missed]
    return rows, unread


def row(place, one, text):
    lines = text.decode(errors="replace").splitlines()
    line = lines[one["line"] - 1].strip() if one["line"] <= len(lines) else ""
    key = f"{place}:{one['path']}:{one['line']}:{one['rule']}"
    told = one["seen"].split(", it permits")[0].removeprefix("possible: ")
    return [part.replace("\t", " ") for part in (key, one["rule"], told, line[:160])]


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("folder", type=Path)
    args.add_argument("--found", type=Path, required=True)
    args.add_argument("--judged", type=Path)
    args.add_argument("--leakcoach", default="target/release/leakcoach")
    args.add_argument("--files", type=int, default=12, help="of each kind, of each repository (12)")
    args.add_argument("--commits", type=int, default=25, help="of each repository (25)")
    args = args.parse_args()
    leakcoach = str(Path(args.leakcoach).resolve())
    counts, rows, unread = Counter(), [], []
    for head in sorted([*args.folder.glob("*/HEAD"), *args.folder.glob("*/*/HEAD")]):
        repo = head.parent
        name = str(repo.relative_to(args.folder).parts[0])
        for look, many in ((whole, args.files), (history, args.commits)):
            told, missed = look(leakcoach, name, repo, many, counts)
            rows += told
            unread += missed
        counts["repository"] += 1
        print(name, len(rows), file=sys.stderr, flush=True)
    args.found.write_text("".join("\t".join(line) + "\n" for line in rows))
    print(", ".join(f"{number} {what}" for what, number in sorted(counts.items())))
    print(f"{len(rows)} findings of {len({line[1] for line in rows})} rules; {len(unread)} files not looked into")
    for why in unread:
        print("  " + why)
    if not args.judged:
        return
    lines = [line.split("\t") for line in args.judged.read_text().splitlines() if line]
    verdicts = {line[0]: line[1] == "true" for line in lines}
    by_rule = defaultdict(Counter)
    for key, rule, *_ in rows:
        by_rule[rule][verdicts.get(key, "unjudged")] += 1
    for rule, is_ in sorted(by_rule.items()):
        print(f"{rule:34} {is_[True]:4} true {is_[False]:4} false {is_['unjudged']:4} unjudged")
    right, wrong = (sum(is_[of] for is_ in by_rule.values()) for of in (True, False))
    if right + wrong:
        print(f"precision {right / (right + wrong):.3f} of {right + wrong} judged; {len(rows) - right - wrong} unjudged")


if __name__ == "__main__":
    main()
