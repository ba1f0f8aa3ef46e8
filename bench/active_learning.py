#!/usr/bin/env python3
"""How many labels a classifier needs, where windows to label are chosen by `margin` or `diverse` and not drawn.

    python bench/active_learning.py EARMARK MODEL AUDIO --table TABLE.csv [--fold-table FOLDS.csv] [--step 5]
        [--share 0.95] [--seeds 5] [--strength 1] [--index X] [--check] [--json]

Run with: numpy 2.4.6, scikit-learn 1.9.1, pyarrow 26.0.1.

AUDIO is a folder of clips of at most ten seconds, TABLE its labels (columns filename or path; category; fold), FOLDS a
table `file,fold` where TABLE's folds are not to be used. `earmark index add` embeds each clip as one window; labels
are then the table's.

For each fold and seed, the clips of the other folds are the archive. One drawn clip of each class is labelled first;
then `step` clips are chosen, labelled and trained on, again and again. Classifiers are one logistic regression per
class on standardised embeddings of the labelled clips (the others are its negatives), as `earmark index learn
--exclusive` trains them, and choices follow its rules, restated here:

    margin     the clips with the smallest distance between the two largest logits
    diverse    of ten times as many such clips, one after the other the one whose largest cosine similarity to the
               labelled and chosen ones is smallest
    random     drawn

Accuracy is that of the largest logit on the held-out fold, averaged over folds. Printed is, for each seed, the number
of labels from which on accuracy reaches the share of what all labels give, and the ratio to `random`. With --check,
`earmark index label` and `earmark index learn` get the same first labels, and what they propose must be what is chosen
here; of `margin`, clips may change places where what is left of both optimisers' tolerance decides (2e-3 of a logit).
A difference ends the script with 1.
"""

import argparse
import csv
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import warnings

# Matrices this small only wait for each other on several threads.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import pyarrow.parquet as pq
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

POOL = 10
# How far logits are from those of the exact minimum, at most.
CLOSE = 2e-3
SECONDS = "10"


def rows_of(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def cell(row, names):
    return next(row[name] for name in names if name in row)


def truth(options):
    """Class and fold of each clip, by its file name."""
    name = lambda path: pathlib.PurePosixPath(path).name  # noqa: E731
    table = rows_of(options.table)
    classes = {name(cell(row, ("filename", "path", "file"))): cell(row, ("category", "label")) for row in table}
    folds = rows_of(options.fold_table) if options.fold_table else table
    folds = {name(cell(row, ("filename", "path", "file"))): int(row["fold"]) for row in folds}
    return classes, folds


def read_index(folder):
    """Names of the windows' recordings, and their vectors."""
    manifest = json.loads((folder / "index.json").read_text())
    names, vectors = [], []
    for shard in manifest["shards"]:
        path = folder / f"shard-{shard['number']:06}"
        names += pq.read_table(f"{path}.parquet", columns=["file"])["file"].to_pylist()
        vectors.append(np.fromfile(f"{path}.f32", "<f4").reshape(-1, manifest["width"]))
    return names, np.concatenate(vectors)


def fit(x, y, strength):
    """The weights and bias of a logistic regression on standardised features."""
    x = x.astype(np.float64)
    mean, variance = x.mean(axis=0), x.var(axis=0)
    deviation = np.where(variance > 1e-12, np.sqrt(variance), 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = LogisticRegression(C=1 / strength, tol=1e-6, max_iter=2000).fit((x - mean) / deviation, y)
    weights = fitted.coef_[0] / deviation
    return weights, fitted.intercept_[0] - weights @ mean


def logits(x, classes, labelled, strength):
    """Logits of all clips by classifiers that are trained on the labelled ones, [clips, classes]."""
    layers = [fit(x[labelled], classes[labelled] == k, strength) for k in range(classes.max() + 1)]
    weights = np.stack([weights for weights, _ in layers])
    return x.astype(np.float64) @ weights.T + np.array([bias for _, bias in layers])


def choose(how, x, z, labelled, count, random):
    """The clips to label next, in the order in which they are chosen."""
    left = np.setdiff1d(np.arange(len(x)), labelled)
    if how == "random":
        return random.permutation(left)[:count].tolist()
    two = np.sort(z[left], axis=1)[:, -2:]
    order = left[np.argsort((two[:, 1] - two[:, 0]).astype(np.float32), kind="stable")]
    if how == "margin":
        return order[:count].tolist()
    unit = x.astype(np.float64)
    unit = unit / np.maximum(np.sqrt((unit**2).sum(axis=1)), 1e-300)[:, None]
    pool = order[: POOL * count]
    nearest = (unit[pool] @ unit[labelled].T).max(axis=1).astype(np.float32)
    chosen = []
    while len(chosen) < min(count, len(pool)):
        best = int(np.argmin(nearest))
        chosen.append(int(pool[best]))
        nearest = np.maximum(nearest, (unit[pool] @ unit[pool[best]]).astype(np.float32))
        nearest[[int(np.flatnonzero(pool == other)[0]) for other in chosen]] = np.inf
    return chosen


def first_labels(classes, random):
    """One drawn clip of each class."""
    return [int(random.choice(np.flatnonzero(classes == k))) for k in range(classes.max() + 1)]


def accuracy(z, classes):
    return float((z.argmax(axis=1) == classes).mean())


def curve(how, x, classes, test, options, seed):
    """Accuracy on the held-out clips after each number of labels."""
    random = np.random.default_rng([seed, int(test.sum())])
    train = np.flatnonzero(~test)
    x_train, y_train = x[train], classes[train]
    labelled, found = first_labels(y_train, random), {}
    while True:
        z = logits(x_train_and_test(x_train, x[test]), np.concatenate([y_train, classes[test]]), labelled, options.strength)
        found[len(labelled)] = accuracy(z[len(train):], classes[test])
        if len(labelled) >= min(options.most, len(train)):
            return found
        labelled += choose(how, x_train, z[: len(train)], labelled, options.step, random)


def x_train_and_test(train, test):
    return np.concatenate([train, test])


def full_accuracy(x, classes, folds, strength):
    found = []
    for fold in np.unique(folds):
        test = folds == fold
        z = logits(x, classes, np.flatnonzero(~test), strength)
        found.append(accuracy(z[test], classes[test]))
    return float(np.mean(found))


def labels_needed(how, x, classes, folds, options, seed, wanted):
    """The number of labels from which on the mean over folds stays at what is wanted; none where it never does."""
    curves = [curve(how, x, classes, folds == fold, options, seed) for fold in np.unique(folds)]
    counts = sorted(set.intersection(*(set(found) for found in curves)))
    means = [np.mean([found[count] for found in curves]) for count in counts]
    below = [k for k, mean in enumerate(means) if mean < wanted]
    first = below[-1] + 1 if below else 0
    return counts[first] if first < len(counts) else None


def simulate(x, classes, folds, options):
    full = full_accuracy(x, classes, folds, options.strength)
    wanted = options.share * full
    needed = {
        how: [labels_needed(how, x, classes, folds, options, seed, wanted) for seed in range(options.seeds)]
        for how in ("random", "margin", "diverse")
    }
    mean = {how: float(np.mean(counts)) if None not in counts else None for how, counts in needed.items()}
    ratio = {how: mean[how] / mean["random"] if mean[how] and mean["random"] else None for how in ("margin", "diverse")}
    return {"full_accuracy": full, "wanted": wanted, "labels": needed, "mean_labels": mean, "of_random": ratio}


def run(*words):
    return subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE).stdout


def same_as_the_command(options, index, names, x, classes, names_of_classes):
    """Whether the command proposes what is chosen here, from the same first labels."""
    copy = pathlib.Path(tempfile.mkdtemp()) / "index"
    shutil.copytree(index, copy, ignore=shutil.ignore_patterns("labels.jsonl", "classifiers"))
    labelled = first_labels(classes, np.random.default_rng(7))
    table = copy.parent / "labels.csv"
    with open(table, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["file", "start_seconds", "class"])
        out.writerows([names[k], 0, names_of_classes[classes[k]]] for k in labelled)
    run(options.earmark, "index", "label", copy, "--table", table, "--who", "bench")
    z, is_same = logits(x, classes, labelled, options.strength), True
    for how in ("margin", "diverse"):
        wanted = [names[k] for k in choose(how, x, z, labelled, options.step, None)]
        found = json.loads(run(
            options.earmark, "index", "learn", copy, *names_of_classes, "--exclusive", "--select", how,
            "--count", options.step, "--strength", options.strength, "--json", "-q",
        ))
        proposed = [window["file"] for window in found["proposed"]]
        if proposed != wanted and not (how == "margin" and is_as_close(proposed, wanted, names, z)):
            is_same = False
            print(f"{how}: the command proposes {proposed}, and here {wanted} are chosen", file=sys.stderr)
    shutil.rmtree(copy.parent)
    return is_same


def is_as_close(proposed, wanted, names, z):
    """Whether clips only change places with others of the same distance between the two largest logits."""
    two = np.sort(z, axis=1)[:, -2:]
    distances = dict(zip(names, two[:, 1] - two[:, 0]))
    is_each_once = len(set(proposed)) == len(proposed) == len(wanted)
    return is_each_once and all(abs(distances[a] - distances[b]) < CLOSE for a, b in zip(proposed, wanted))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("earmark", type=pathlib.Path)
    parser.add_argument("model")
    parser.add_argument("audio", type=pathlib.Path)
    parser.add_argument("--table", required=True)
    parser.add_argument("--fold-table")
    parser.add_argument("--step", type=int, default=5)
    parser.add_argument("--most", type=int, default=300, help="labels at which a run ends")
    parser.add_argument("--share", type=float, default=0.95)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--strength", type=float, default=1.0)
    parser.add_argument("--index", type=pathlib.Path, help="where to make the index, or one that is there")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    index = options.index or pathlib.Path(tempfile.mkdtemp()) / "index"
    run(options.earmark, "index", "add", options.audio, "--model", options.model, "--to", index,
        "--window", SECONDS, "--hop", SECONDS, "-q")
    of_clip, fold_of_clip = truth(options)
    names, x = read_index(index)
    short = [pathlib.PurePosixPath(name).name for name in names]
    known = [k for k, name in enumerate(short) if name in of_clip and name in fold_of_clip]
    if len(known) < len(names):
        sys.exit(f"{len(names) - len(known)} of {len(names)} windows are of clips without a label or fold")
    names_of_classes = sorted({of_clip[name] for name in short})
    classes = np.array([names_of_classes.index(of_clip[name]) for name in short])
    folds = np.array([fold_of_clip[name] for name in short])
    is_same = not options.check or same_as_the_command(options, index, names, x, classes, names_of_classes)
    found = simulate(x, classes, folds, options)
    if options.check:
        found["same_as_the_command"] = is_same
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        print(f"all labels: accuracy {found['full_accuracy']:.4f}; wanted {found['wanted']:.4f}")
        for how, counts in found["labels"].items():
            ratio = found["of_random"].get(how)
            print(f"{how:8} {counts}, mean {found['mean_labels'][how]}" + (f", {ratio:.2f} of random's" if ratio else ""))
        if options.check:
            print("the command proposes the same" if is_same else "the command proposes others")
    if options.index is None:
        shutil.rmtree(index.parent)
    sys.exit(0 if is_same else 1)


if __name__ == "__main__":
    main()
