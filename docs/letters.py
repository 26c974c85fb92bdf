#!/usr/bin/env python3
"""Makes src/scan/letters.bin: how surprising each letter is after two others.

Counts trigrams in word lists (Debian's wamerican, wfrench, witalian, wngerman, wspanish)
and in the identifiers of Python's standard library and of the system's C headers. Each
word counts once, an identifier's part up to six times by how common it is. The file holds
28 * 28 * 28 bytes: for the letters before (0 stands for a word's start or end, 1 to 26 for
a to z), the cost of the next one in sixteenths of a bit, at most 255.

Usage: docs/letters.py > src/scan/letters.bin
"""
import collections, glob, math, re, sys

words = collections.Counter()
for name in ("american-english", "french", "italian", "ngerman", "spanish"):
    for line in open(f"/usr/share/dict/{name}", errors="replace"):
        word = line.strip().lower()
        if re.fullmatch("[a-z]{2,16}", word):
            words[word] = 1
parts = collections.Counter()
for path in sorted(glob.glob("/usr/lib/python3*/**/*.py", recursive=True)
                   + glob.glob("/usr/include/**/*.h", recursive=True)):
    for part in re.findall("[A-Za-z][a-z]+|[A-Z]{2,}", open(path, errors="replace").read()):
        parts[part.lower()] += 1
for part, count in parts.items():
    if count >= 3:
        words[part] += min(6, int(math.log2(count)))
three, two = collections.Counter(), collections.Counter()
for word, weight in words.items():
    codes = [0, 0] + [ord(letter) - 96 for letter in word] + [0]
    for at in range(len(codes) - 2):
        three[tuple(codes[at:at + 3])] += weight
        two[tuple(codes[at:at + 2])] += weight
table = bytearray()
for a in range(28):
    for b in range(28):
        for c in range(28):
            share = (three[a, b, c] + 0.3) / (two[a, b] + 0.3 * 28)
            table.append(min(255, round(-math.log2(share) * 16)))
sys.stdout.buffer.write(table)
