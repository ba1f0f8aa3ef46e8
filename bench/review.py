"""How many wrong labels `earmark review worst` finds: labels are replaced at random, cross-validation runs
are trained on the result, and the replaced ones are looked for at the head of the list.

    python bench/review.py --earmark target/release/earmark --work WORK --esc10 ESC-10
        [--recipe summary-baseline/esc10]
    python bench/review.py --earmark target/release/earmark --work WORK --demo demo/data
        --recipe bench/noisy.toml --set train.steps=600
        [--shares 0.1,0.2] [--seeds 1,2,3] [--by lwlrap,margin,self-confidence] [--set KEY=VALUE ...]

Which clips get a wrong label, and which one, follows from the share and the seed, never from what a model
says. Of the demo set, the curated subset is taken, whose clips may have several labels, of which one is
replaced. Each clip is scored by the fold that was not trained on it, but the four other folds are trained
on their wrong labels, as they would be in practice. A data set is a line in WORK/review.jsonl; what is
there is not trained again. Prints, for each order of the list, the share of wrong labels in its first
half, its first 2 x planted and its first planted clips: the mean over the seeds and the least.

Python 3.11+, its standard library alone.
"""

import argparse
import csv
import json
import pathlib
import random
import statistics
import subprocess
import sys

ORDERS = ("lwlrap", "margin", "self-confidence")


def clips(args):
    """The table that labels are planted in: audio's folder, then a row per clip with `file`, `labels` and perhaps `fold`."""
    if args.demo:
        with open(args.demo / "train_curated.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        return args.demo / "train_curated", [{"file": f"audio/{r['fname']}", "labels": r["labels"]} for r in rows]
    if (args.esc10 / "kitchen20.csv").exists():
        return args.esc10 / "audio", kitchen20(args.esc10)
    table = args.esc10 / "meta.csv" if (args.esc10 / "meta.csv").exists() else args.esc10 / "meta/esc50.csv"
    with open(table, newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.get("esc10", "True") == "True"]
    return args.esc10 / "audio", [{"file": f"audio/{r['filename']}", "labels": r["category"], "fold": r["fold"]} for r in rows]


def kitchen20(folder):
    """The clips of Kitchen20, in folds that share no recording."""
    with open(folder / "folds-grouped.csv", newline="") as file:
        folds = {row["file"]: row["fold"] for row in csv.DictReader(file)}
    with open(folder / "kitchen20.csv", newline="") as file:
        return [{"file": r["path"], "labels": r["category"], "fold": folds[r["path"]]} for r in csv.DictReader(file)]


def plant(audio, rows, folder, share, seed):
    """Writes FOLDER/clips.csv with wrong labels; returns the files that have one."""
    rows = [dict(row) for row in rows]
    draw = random.Random(f"review, share {share}, seed {seed}")
    classes = sorted({label for row in rows for label in row["labels"].split(",")})
    wrong = draw.sample(rows, round(share * len(rows)))
    for row in wrong:
        labels = row["labels"].split(",")
        labels[draw.randrange(len(labels))] = draw.choice([name for name in classes if name not in labels])
        row["labels"] = ",".join(sorted(labels))
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "audio").exists():
        (folder / "audio").symlink_to(audio.resolve())
    with open(folder / "clips.csv", "w", newline="") as table:
        writer = csv.DictWriter(table, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return {row["file"] for row in wrong}


def run(command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}")
    return done.stdout


def measure(args, name, audio, rows, share, seed):
    keys = ['data.layout="csv"', 'data.subsets=["train"]', f"train.seed={seed}", *args.set]
    if args.demo:
        keys.insert(2, "folds.count=5")
    journal = args.work / "review.jsonl"
    place = {"data": name, "recipe": args.recipe, "share": share, "seed": seed, "set": keys}
    for line in journal.read_text().splitlines() if journal.exists() else []:
        line = json.loads(line)
        if {k: line[k] for k in place} == place and all(by in line["found"] for by in args.by):
            return line
    tag = random.Random(json.dumps([place["recipe"], *keys])).randrange(1 << 32)
    folder = args.work / f"{name}-wrong-{share}-seed-{seed}"
    wrong = plant(audio, rows, folder, share, seed)
    cv = args.work / "runs" / f"{folder.name}-{tag:08x}"
    words = [word for key in keys for word in ("--set", key)]
    common = ["--threads", str(args.threads), "-q", "--json"]
    outcome = run([args.earmark, "train", args.recipe, "--data", folder, "--run", cv, "--folds", "all", "--resume", *common, *words])
    found = {}
    for by in args.by:
        listed = json.loads(run([args.earmark, "review", "worst", cv, "--data", folder, "--sort", by, "--top-k", str(len(rows)), *common]))
        order = [clip["file"] for clip in listed]
        if sorted(order) != sorted(row["file"] for row in rows):
            sys.exit(f"{cv}: the list does not hold each clip once")
        found[by] = [len(wrong & set(order[:head])) / len(wrong) for head in (len(order) // 2, 2 * len(wrong), len(wrong))]
    line = {**place, "clips": len(rows), "planted": len(wrong), "found": found}
    line["accuracy_against_the_labels_given"] = json.loads(outcome)["report"]["metrics"]["accuracy"]["mean"]
    with open(journal, "a") as file:
        file.write(json.dumps(line) + "\n")
    return line


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--earmark", default="target/release/earmark")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder for data, runs and the list of trainings")
    parser.add_argument("--esc10", type=pathlib.Path, help="the folder with ESC-10, ESC-50 or Kitchen20")
    parser.add_argument("--demo", type=pathlib.Path, help="the data folder that `earmark demo` has made")
    parser.add_argument("--recipe", default="summary-baseline/esc10")
    parser.add_argument("--shares", default="0.1,0.2")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--by", default=",".join(ORDERS), type=lambda text: text.split(","))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    args = parser.parse_args()
    if (args.esc10 is None) == (args.demo is None):
        parser.error("choose one of --esc10 ESC-10 and --demo DATA")
    args.work.mkdir(parents=True, exist_ok=True)
    name = "demo" if args.demo else "esc10"
    audio, rows = clips(args)
    print(f"| {name}, {args.recipe} | sorted by | first half: mean | least | first 2 x planted: mean | least | first planted: mean | least |\n|---|---|---|---|---|---|---|---|")
    for share in map(float, args.shares.split(",")):
        lines = []
        for seed in map(int, args.seeds.split(",")):
            lines.append(measure(args, name, audio, rows, share, seed))
            print(f"share {share} seed {seed}: {lines[-1]['found']}", file=sys.stderr, flush=True)
        for by in args.by:
            cells = []
            for which in range(3):
                shares = [line["found"][by][which] for line in lines]
                cells += [f"{statistics.mean(shares):.1%}", f"{min(shares):.1%}"]
            print(f"| {lines[0]['planted']} of {lines[0]['clips']} wrong, {len(lines)} seeds | {by} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
