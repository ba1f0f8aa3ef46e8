"""An hour of sound with hidden clips, for a model of three of Kitchen20's classes; false events and recall.

Usage: python bench/made_hour.py EARMARK MODEL KITCHEN20 ESC-10 OUT [--seed 20261129]

The model is a linear probe on MODEL from 20 clips of each class, with background: the recordings of five
classes of ESC-10 and 20 pieces of noise. The hour has faint noise of another seed, 200 clips of the other
five classes of ESC-10, and up to 25 clips of each of the three classes by uploaders of whom the model has
no clip, all at places drawn by the seed. It is tagged at the model's own thresholds. A hidden clip counts
as found if an event of its class overlaps it; an event that overlaps no clip of its class is false.

Needs numpy and soundfile. The seed chooses classes, clips and places; evaluate with seeds that chose nothing.
"""

import argparse
import csv
import pathlib
import random
import shutil
import subprocess

import numpy as np
import soundfile

RATE = 44100
SLOT = 5  # seconds


def noise(seed):
    return np.random.default_rng(seed).standard_normal


def read(path):
    samples, rate = soundfile.read(path, dtype="float32")
    assert rate == RATE, path
    return (samples if samples.ndim == 1 else samples.mean(1))[: SLOT * RATE]


def kitchen(root, out, draw):
    """Copies 20 clips of each of three classes; returns the hidden ones as (path, class)."""
    rows = list(csv.DictReader(open(root / "kitchen20.csv", newline="")))
    hidden = []
    for category in draw.sample(sorted({row["category"] for row in rows}), 3):
        mine = [row for row in rows if row["category"] == category]
        users = sorted({row["usr_id"] for row in mine})
        draw.shuffle(users)
        known, taken = set(), []
        for user in users:
            if len(taken) < 20:
                known.add(user)
                taken += [row for row in mine if row["usr_id"] == user]
        folder = out / "train" / category
        folder.mkdir(parents=True)
        for row in taken[:20]:
            shutil.copy(root / row["path"], folder)
        others = [row for row in mine if row["usr_id"] not in known]
        draw.shuffle(others)
        hidden += [(root / row["path"], category) for row in others[:25]]
    return hidden


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("earmark")
    parser.add_argument("model")
    parser.add_argument("kitchen20", type=pathlib.Path)
    parser.add_argument("esc10", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=20261129)
    args = parser.parse_args()
    draw = random.Random(args.seed)
    hidden = kitchen(args.kitchen20, args.out, draw)

    meta = list(csv.DictReader(open(args.esc10 / "meta.csv", newline="")))
    categories = sorted({row["category"] for row in meta})
    draw.shuffle(categories)
    background, unknown = categories[:5], categories[5:]
    (args.out / "background").mkdir()
    for row in meta:
        if row["category"] in background:
            shutil.copy(args.esc10 / "audio" / row["filename"], args.out / "background")
    normal, level = noise(2 * args.seed), np.random.default_rng(2 * args.seed + 1)
    for i in range(20):
        sound = normal(SLOT * RATE) * 10 ** -level.uniform(1, 3)
        soundfile.write(args.out / "background" / f"noise{i}.wav", sound.astype("float32"), RATE)

    hour = (noise(2 * args.seed + 2)(3600 * RATE) * 1e-3).astype("float32")
    slots = list(range(2, 718, 2))
    draw.shuffle(slots)
    truth = []

    def put(slot, path):
        sound = read(path)
        hour[slot * SLOT * RATE :][: len(sound)] += sound
        return slot * SLOT, slot * SLOT + len(sound) / RATE

    for path, category in hidden:
        truth.append((*put(slots.pop(0), path), category))
    others = [row["filename"] for row in meta if row["category"] in unknown]
    for i in range(200):
        put(slots.pop(0), args.esc10 / "audio" / others[i % len(others)])
    soundfile.write(args.out / "hour.flac", np.clip(hour, -1, 1), RATE)

    tagger, table = args.out / "three.safetensors", args.out / "tags.csv"
    folders = ["--data", args.out / "train", "--background", args.out / "background"]
    subprocess.run([args.earmark, "probe", args.model, *folders, "-o", tagger, "-q"], check=True)
    subprocess.run(
        [args.earmark, "tag", args.out / "hour.flac", "--model", tagger, "-o", table, "-q"], check=True
    )
    events = list(csv.DictReader(open(table, newline="")))

    def meets(event, start, end, category):
        inside = float(event["Start (s)"]) < end and float(event["End (s)"]) > start
        return inside and event["Class"] == category

    found = [any(meets(event, *clip) for event in events) for clip in truth]
    false = [event for event in events if not any(meets(event, *clip) for clip in truth)]
    print(f"{sum(found)} of {len(found)} hidden clips found ({sum(found) / len(found):.3f})")
    print(f"{len(false)} false events in the hour, {len(events)} events in all")


if __name__ == "__main__":
    main()
