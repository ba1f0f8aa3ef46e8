"""How many wrong labels `earmark review worst` finds: some labels of the demo set's curated part are replaced at random by others, runs of
folds are trained on them, and the planted ones are looked for in the first half of the list.

    earmark demo --out demo
    python bench/review.py --earmark target/release/earmark --data demo/data [--share 0.2] [--seeds 3] [--by margin] [--set KEY=VALUE ...]

A label is planted by the seed alone, never by what a model says. Prints a line a seed and the mean.
"""

import argparse
import csv
import pathlib
import random
import statistics
import subprocess
import tempfile

SETS = ["folds.count=5", "train.epochs=30", "batches.size=16", "checkpoints.every-steps=1000"]


def plant(data, folder, share, seed):
    """A copy of the data (links to its audio) with wrong labels in the curated table; returns the files that have one."""
    folder.mkdir()
    for part in data.iterdir():
        if part.name != "train_curated.csv":
            (folder / part.name).symlink_to(part.resolve())
    with open(data / "train_curated.csv", newline="") as table:
        rows = list(csv.DictReader(table))
    classes = sorted({label for row in rows for label in row["labels"].split(",")})
    rng = random.Random(seed)
    wrong = set(rng.sample([row["fname"] for row in rows], round(share * len(rows))))
    for row in rows:
        if row["fname"] in wrong:
            labels = row["labels"].split(",")
            other = rng.choice([name for name in classes if name not in labels])
            labels[rng.randrange(len(labels))] = other
            row["labels"] = ",".join(labels)
    with open(folder / "train_curated.csv", "w", newline="") as table:
        writer = csv.DictWriter(table, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return wrong, len(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--earmark", required=True)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--share", type=float, default=0.2)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--by", default="margin")
    parser.add_argument("--set", action="append", default=[])
    args = parser.parse_args()
    found = []
    for seed in range(1, args.seeds + 1):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            wrong, clips = plant(args.data, folder / "data", args.share, seed)
            sets = [word for key in [*SETS, f"train.seed={seed}", *args.set] for word in ("--set", key)]
            train = [args.earmark, "train", "demo/2-curated", "--data", folder / "data", "--run", folder / "cv", "--folds", "all", "-q"]
            subprocess.run([*train, *sets], check=True, stdout=subprocess.DEVNULL)
            worst = [args.earmark, "review", "worst", folder / "cv", "--by", args.by, "--top", str(clips), "-o", folder / "worst.csv", "-q"]
            subprocess.run(worst, check=True, stdout=subprocess.DEVNULL)
            with open(folder / "worst.csv", newline="") as table:
                order = [row["fname"] for row in csv.DictReader(table)]
        half = order[: len(order) // 2]
        found.append(len(wrong & set(half)) / len(wrong))
        print(f"seed {seed}: {len(wrong)} wrong labels of {clips} clips, {100 * found[-1]:.0f} % of them in the first half", flush=True)
    print(f"mean {100 * statistics.mean(found):.1f} %")


if __name__ == "__main__":
    main()
