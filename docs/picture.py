#!/usr/bin/env python3
"""Draws docs/card.svg from what the real binary shows for a staged token.

Needs the Python package `rich`. Usage: docs/picture.py target/release/leakcoach
"""
import os, re, subprocess, sys, tempfile
from rich.console import Console
from rich.text import Text

binary = os.path.abspath(sys.argv[1])
here = os.path.dirname(os.path.abspath(__file__))
with tempfile.TemporaryDirectory() as top:
    env = {"PATH": os.environ["PATH"], "HOME": top, "COLUMNS": "80", "LANG": "C.UTF-8",
           "CLICOLOR_FORCE": "1", "TERM": "xterm-256color"}
    def run(*args, **more):
        return subprocess.run(args, cwd=top, env=env, capture_output=True, text=True, **more)
    run("git", "init", "-q")
    sample = run(binary, "rules", "--sample", "github-pat").stdout.strip()
    os.mkdir(f"{top}/app")
    with open(f"{top}/app/settings.py", "w") as file:
        file.write(f'import os\n\ntoken = "{sample}"\n')
    run("git", "add", "-A")
    shown = run(binary, "check").stderr
console = Console(record=True, width=80, file=open(os.devnull, "w"), force_terminal=True)
console.print(Text.from_ansi("$ git commit -m 'read the issues'\n" + shown.rstrip()))
svg = console.export_svg(title="leakcoach")
# No fonts from elsewhere: the picture loads nothing.
svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.S)
with open(f"{here}/card.svg", "w") as file:
    file.write(svg + "\n")
