"""Draws a few training clips per class from ESC-10, for `earmark train fine-tune/esc10-few`.

Usage: python bench/few_clips.py ESC-10 OUT --fold K [--clips 5] [--seed 1]

OUT becomes a data folder: all clips of fold K, the test fold, and N clips per class of the other folds,
drawn by the seed and the fold from Python's own generator, no two of one source recording while there
are others. `audio` in it is a link. Then:

    earmark train fine-tune/esc10-few --data OUT --fold K --run RUN
    earmark eval RUN --data OUT
"""

import argparse
import csv
import pathlib
import random


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--fold", required=True)
    parser.add_argument("--clips", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with open(args.data / "meta.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    kept = [row for row in rows if row["fold"] == args.fold]
    draw = random.Random(f"{args.seed}, fold {args.fold}")
    for category in sorted({row["category"] for row in rows}):
        others = [row for row in rows if row["fold"] != args.fold and row["category"] == category]
        draw.shuffle(others)
        # "1-172649-B-6.ogg": fold, recording at Freesound, take, class. Takes of a recording that has been drawn come last.
        seen, late = set(), []
        for row in list(others):
            recording = row["filename"].split("-")[1]
            if recording in seen:
                others.remove(row)
                late.append(row)
            seen.add(recording)
        kept += (others + late)[: args.clips]
    args.out.mkdir(parents=True, exist_ok=True)
    link = args.out / "audio"
    if not link.exists():
        link.symlink_to((args.data / "audio").resolve())
    with open(args.out / "meta.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(kept)
    print(f"{len(kept)} clips, {sum(row['fold'] != args.fold for row in kept)} to train on: {args.out}")


if __name__ == "__main__":
    main()
