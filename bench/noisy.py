"""What noisy labels bring: a few curated clips and more noisy ones, trained with argus's soft bootstrapping
and sampling, against the curated clips alone and against cross-entropy on everything.

    python bench/noisy.py --earmark target/release/earmark --work WORK --esc10 ESC-10
        [--test-folds 2,3] [--seeds 1,2,3]
    python bench/noisy.py --earmark target/release/earmark --work WORK --demo
        [--test-folds 1,2] [--seeds 1,2,3]

ESC-10: fold K is the test fold. Of each class's clips in the other folds, a share (--curated, a quarter)
keeps its labels and is the curated subset; the rest is the noisy subset, in which 40 % of the labels
(--wrong) are replaced by another class. Which clips and which classes follows from K and the seed. Demo:
the set that `earmark demo --seed SEED` makes, whose noisy subset (50 clips) has 30 % wrong labels; its
curated subset (110 clips, several labels each) is divided into two folds, one for training and one for
testing.

Four arms, the same network (noisy.toml), seed and number of steps, evaluated with their last weights;
nothing is chosen by the test fold:

    adopted argus-2019's way (ESC-10 alone): noisy clips whose label the model of `alone` ranks first are
            adopted as a subset of their own; draws of 0.57 curated, 0.42 adopted and 0.01 noisy clips,
            soft bootstrapping on the last, cross-entropy on the others. The same number of steps, but
            started when `alone` has ended
    soft    both subsets: cross-entropy on curated clips, soft bootstrapping on noisy ones, and draws from
            the subsets by given weights
    alone   the curated subset alone, cross-entropy
    all     both subsets as if all labels were right, cross-entropy, each clip as often as any other

Each training is a line in WORK/journal.jsonl; what is there is not trained again, and one that was
interrupted is resumed. At the end: a table of the means, and the gains of the first arm with their
standard errors over the pairs (same fold, same seed).

Python 3.11+, its standard library alone.
"""

import argparse
import csv
import json
import math
import pathlib
import random
import statistics
import subprocess
import sys
import time

RECIPE = pathlib.Path(__file__).parent / "noisy.toml"
ARMS = ("adopted", "soft", "alone", "all")
METRICS = ("accuracy", "lwlrap")


def spoiled(esc, out, fold, seed, curated_share, wrong_share):
    """Writes OUT/clips.csv (filename,label,part,fold,truth) over ESC-10's audio, the subsets drawn class by class."""
    if (out / "clips.csv").exists():
        return out
    table = esc / "meta.csv" if (esc / "meta.csv").exists() else esc / "meta/esc50.csv"
    with open(table, newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.get("esc10", "True") == "True"]
    draw = random.Random(f"noisy, fold {fold}, seed {seed}")
    classes = sorted({row["category"] for row in rows})
    clips = [dict(filename=f"audio/{r['filename']}", label=r["category"], part="curated", fold=r["fold"], truth=r["category"]) for r in rows]
    noisy = []
    for label in classes:
        others = [clip for clip in clips if clip["label"] == label and clip["fold"] != str(fold)]
        draw.shuffle(others)
        noisy += others[round(curated_share * len(others)) :]
    for clip in noisy:
        clip["part"] = "noisy"
    for clip in draw.sample(noisy, round(wrong_share * len(noisy))):
        clip["label"] = draw.choice([label for label in classes if label != clip["truth"]])
    out.mkdir(parents=True, exist_ok=True)
    if not (out / "audio").exists():
        (out / "audio").symlink_to((esc / "audio").resolve())
    half = out / "clips.half"
    with open(half, "w", newline="") as file:
        writer = csv.DictWriter(file, clips[0].keys())
        writer.writeheader()
        writer.writerows(clips)
    half.rename(out / "clips.csv")
    return out


def demo(program, work, seed):
    out = work / f"demo-{seed}"
    if not (out / "submission.csv").exists():
        run([program, "demo", "--out", out, "--seed", str(seed), "-q", "--threads", "1"])
    return out / "data"


def run(command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}")
    return done.stdout


def settings(arm, args):
    """What makes the arm different."""
    plain = 'train.loss={kind="sigmoid-cross-entropy"}'
    if arm == "alone":
        return ['data.subsets=["curated"]', plain]
    if arm == "all":
        return ['data.subsets=["curated","noisy"]', plain]
    if arm == "adopted":
        return [
            'data.subsets=["curated","adopted","noisy"]',
            'train.noisy-subsets=["noisy"]',
            'train.loss={kind="by-subset",curated={kind="sigmoid-cross-entropy"},noisy={kind="soft-bootstrap",beta=0.7}}',
            'batches.sample={items=320,sources=[{subset="curated",weight=0.57},{subset="adopted",weight=0.42},{subset="noisy",weight=0.01}]}',
        ]
    sources = f'[{{subset="curated",weight={1 - args.noisy}}},{{subset="noisy",weight={args.noisy}}}]'
    noisy = f'{{kind="soft-bootstrap",beta={args.beta}}}'
    return [
        'data.subsets=["curated","noisy"]',
        'train.noisy-subsets=["noisy"]',
        f'train.loss={{kind="by-subset",curated={{kind="sigmoid-cross-entropy"}},noisy={noisy}}}',
        f"batches.sample={{items=320,sources={sources}}}",
    ]


def folder_of(args, name, fold, seed, arm, keys):
    tag = random.Random(json.dumps(keys)).randrange(1 << 32)
    return args.work / "runs" / f"{name}-fold-{fold}-seed-{seed}-{arm}-{tag:08x}"


def keys_of(args, arm, seed, common):
    return [*common, *settings(arm, args), f"train.seed={seed}", *args.set]


def adopted(args, name, data, fold, seed, common):
    """DATA with the noisy clips that the model of `alone` believes as a subset of their own; says how many, and how many of them are right."""
    alone = folder_of(args, name, fold, seed, "alone", keys_of(args, "alone", seed, common)) / f"fold-{fold}"
    out = data.with_name(data.name + "-adopted")
    with open(data / "clips.csv", newline="") as file:
        clips = list(csv.DictReader(file))
    noisy = [clip for clip in clips if clip["part"] == "noisy"]
    out.mkdir(exist_ok=True)
    if not (out / "audio").exists():
        (out / "audio").symlink_to((data / "audio").resolve())
    scores = out.with_name(out.name + "-scores.csv")
    files = [data / clip["filename"] for clip in noisy]
    run([args.earmark, "predict", alone, "--files", *files, "-o", scores, "-q", "--threads", args.threads])
    with open(scores, newline="") as file:
        best = {pathlib.Path(row.pop("fname")).name: max(row, key=lambda label: float(row[label])) for row in csv.DictReader(file)}
    for clip in noisy:
        if best[pathlib.Path(clip["filename"]).name] == clip["label"]:
            clip["part"] = "adopted"
    with open(out / "clips.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, clips[0].keys())
        writer.writeheader()
        writer.writerows(clips)
    taken = [clip for clip in noisy if clip["part"] == "adopted"]
    right = sum(clip["label"] == clip["truth"] for clip in taken)
    all_right = sum(clip["label"] == clip["truth"] for clip in noisy)
    print(f"{name} fold {fold} seed {seed}: {len(taken)} of {len(noisy)} noisy clips adopted, {right} of them right ({all_right} are)", file=sys.stderr)
    return out


def train(args, name, data, fold, seed, arm, common):
    keys = keys_of(args, arm, seed, common)
    journal = args.work / "journal.jsonl"
    place = {"data": name, "fold": fold, "seed": seed, "arm": arm, "set": keys}
    for line in journal.read_text().splitlines() if journal.exists() else []:
        if {k: json.loads(line)[k] for k in place} == place:
            return json.loads(line)
    folder = folder_of(args, name, fold, seed, arm, keys)
    words = [word for key in keys for word in ("--set", key)]
    start = time.monotonic()
    command = [args.earmark, "train", RECIPE, "--data", data, "--run", folder, "--folds", str(fold), "--threads", str(args.threads)]
    outcome = json.loads(run([*command, "-q", "--json", "--resume", *words]))
    metrics = outcome["report"]["metrics"]
    found = {key: metrics[key]["mean"] for key in METRICS if key in metrics}
    line = {**place, **found, "seconds": round(time.monotonic() - start)}
    with open(journal, "a") as file:
        file.write(json.dumps(line) + "\n")
    return line


def table(name, lines):
    """`lines`: {(fold, seed): {arm: line}}. Prints a row a pair, the means and the gains."""
    arms = [arm for arm in ARMS if all(arm in pair for pair in lines.values())]
    metrics = [m for m in METRICS if all(m in line for pair in lines.values() for line in pair.values())]
    print(f"\n| {name} | " + " | ".join(f"{m}: {arm}" for m in metrics for arm in arms) + " |")
    print("|---" * (1 + len(arms) * len(metrics)) + "|")
    for (fold, seed), pair in sorted(lines.items()):
        print(f"| fold {fold}, seed {seed} | " + " | ".join(f"{pair[arm][m]:.4f}" for m in metrics for arm in arms) + " |")
    means = [statistics.mean(pair[arm][m] for pair in lines.values()) for m in metrics for arm in arms]
    print("| mean | " + " | ".join(f"{mean:.4f}" for mean in means) + " |\n")
    for first, other in [(a, b) for k, a in enumerate(arms) for b in arms[k + 1 :] if a in ("adopted", "soft")]:
        for m in metrics:
            gains = [pair[first][m] - pair[other][m] for pair in lines.values()]
            error = statistics.stdev(gains) / math.sqrt(len(gains)) if len(gains) > 1 else math.nan
            verdict = "above its standard error" if statistics.mean(gains) > error else "NOT above its standard error"
            print(f"{first} over {other}, {m}: {statistics.mean(gains):+.4f} +- {error:.4f} ({len(gains)} pairs): {verdict}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--earmark", default="target/release/earmark")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder for data, runs and the list of trainings")
    parser.add_argument("--esc10", type=pathlib.Path, help="the folder with ESC-10, or ESC-50")
    parser.add_argument("--demo", action="store_true", help="the sets that `earmark demo` makes")
    parser.add_argument("--test-folds", help="default: 2,3 of ESC-10, 1,2 of the demo")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--arms", help="default: all, in the order in which they need each other")
    parser.add_argument("--curated", type=float, default=0.25, help="ESC-10: share of the clips whose labels stay")
    parser.add_argument("--wrong", type=float, default=0.4, help="ESC-10: share of the other clips whose labels are replaced")
    parser.add_argument("--noisy", type=float, default=0.5, help="soft: share of the draws that are of the noisy subset")
    parser.add_argument("--beta", type=float, default=0.7, help="soft: share of the label in a noisy clip's target")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a key of the recipe, in every arm")
    args = parser.parse_args()
    if (args.esc10 is None) != args.demo:
        parser.error("choose one of --esc10 ESC-10 and --demo")
    args.work.mkdir(parents=True, exist_ok=True)
    name = "demo" if args.demo else "esc10" if (args.curated, args.wrong) == (0.25, 0.4) else f"esc10-{args.curated}-{args.wrong}"
    common = ['data.layout="fsdkaggle2019"', 'folds={count=2,subsets=["curated"],stratify="iterative"}'] if args.demo else []
    lines = {}
    for seed in map(int, args.seeds.split(",")):
        for fold in map(int, (args.test_folds or ("1,2" if args.demo else "2,3")).split(",")):
            if args.demo:
                data = demo(args.earmark, args.work, seed)
            else:
                data = spoiled(args.esc10, args.work / f"{name}-fold-{fold}-seed-{seed}", fold, seed, args.curated, args.wrong)
            for arm in (args.arms or ("alone,all,soft" if args.demo else "alone,adopted,all,soft")).split(","):
                own = adopted(args, name, data, fold, seed, common) if arm == "adopted" else data
                line = train(args, name, own, fold, seed, arm, common)
                lines.setdefault((fold, seed), {})[arm] = line
                print(f"{name} fold {fold} seed {seed} {arm:7}", *(f"{m} {line[m]:.4f}" for m in METRICS), f"{line['seconds']} s", file=sys.stderr, flush=True)
    table(name, lines)


if __name__ == "__main__":
    main()
