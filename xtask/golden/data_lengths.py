"""Lengths of the ESC-10 clips as libsndfile counts them: the numbers in crates/earmark-data/tests, in
table_check/findings.rs (all clips) and table_statistics.rs (every tenth).

Versions: Python 3, soundfile 0.14.0.
Usage: python data_lengths.py FOLDER_OF_ESC10
"""

import csv
import pathlib
import sys

import soundfile

root = pathlib.Path(sys.argv[1])
with open(root / "meta.csv", newline="", encoding="utf-8") as table:
    names = [row["filename"] for row in csv.DictReader(table)]
frames = {name: soundfile.info(root / "audio" / name).frames for name in names}
for title, some in [("all", names), ("every tenth", names[::10])]:
    shortest = min(some, key=frames.get)
    print(f"{title}: {len(some)} clips, {sum(frames[n] for n in some)} samples, shortest {shortest} {frames[shortest]}")
