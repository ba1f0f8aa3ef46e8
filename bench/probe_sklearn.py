#!/usr/bin/env python3
"""What `earmark probe --folds all` is compared with: scikit-learn's logistic regression on standardised embeddings of `earmark embed`,
with layer and strength chosen for each fold by the log loss on the other folds.

    python bench/probe_sklearn.py EARMARK MODEL DATA --fold-table FOLDS.csv --table TABLE.csv [--layers pooled,last] [--json]

Run with: numpy 2.4.6, scikit-learn 1.9.1.

DATA is the folder, TABLE its table (columns path, filename, file or fname; category or label; in any order), FOLDS a table `file,fold`;
without --fold-table the folds are the column `fold` of TABLE. MODEL is a file of an EfficientAT network: `last` computes what its last
layer takes from its hidden layer; `pooled` is what `embed` gives. The strengths are those of `probe`, one warm-started path from strong to
weak per set of training clips. Accuracy is that of each fold by a probe of the others; processor time is that of `embed` and of everything
after it, on one thread, which is the least.
"""

import argparse
import csv
import json
import os
import pathlib
import resource
import struct
import subprocess
import sys
import tempfile
import time
import warnings

# Matrices this small only wait for each other on several threads, and waiting is processor time.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

STRENGTHS = (10000, 3000, 1000, 300, 100, 30, 10, 3, 1, 0.3, 0.1, 0.03, 0.01)
FILES, LABELS = ("file", "filename", "fname", "path"), ("label", "category", "class")


def rows(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def column(table, names):
    return next(name for name in names if name in table[0])


def embed(earmark, model, data):
    """Embeddings of segments, their recordings, and the processor time that they took."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "x.npy"
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([earmark, "embed", model, "--data", data, "-o", out, "--segments", "-q"], check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return np.load(out).astype(np.float64), [row["fname"] for row in rows(f"{out}.csv")], seconds


def hidden(model, x):
    """What the last layer of EfficientAT takes: a dense layer and a hard swish."""
    data = pathlib.Path(model).read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    tensors = json.loads(data[8 : 8 + length])

    def tensor(name):
        start, end = tensors[name]["data_offsets"]
        values = np.frombuffer(data[8 + length + start : 8 + length + end], dtype="<f4")
        return values.reshape(tensors[name]["shape"]).astype(np.float64)

    z = x @ tensor("hidden.weight").T + tensor("hidden.bias")
    return z * np.clip(z + 3, 0, 6) / 6


def path(x, y, train, test, classes):
    """Probabilities of the test clips at each strength."""
    scaler = StandardScaler().fit(x[train])
    scaled, tested = scaler.transform(x[train]), scaler.transform(x[test])
    model = LogisticRegression(max_iter=1000, warm_start=True)
    found = []
    for strength in STRENGTHS:
        model.C = 1 / strength
        model.fit(scaled, y[train])
        # A class without training clips gets nothing.
        all_classes = np.full((len(test), classes), 1e-12)
        all_classes[:, model.classes_] = model.predict_proba(tested)
        found.append(all_classes)
    return found


def choose(layers, y, folds, clips, classes):
    """The layer and the strength with the smallest log loss on the folds of these clips."""
    losses = {}
    for name, x in layers.items():
        losses[name] = np.zeros(len(STRENGTHS))
        for fold in np.unique(folds[clips]):
            train, test = clips[folds[clips] != fold], clips[folds[clips] == fold]
            for k, scores in enumerate(path(x, y, train, test, classes)):
                losses[name][k] -= np.log(np.maximum(scores[np.arange(len(test)), y[test]], 1e-12)).sum()
    name = min(losses, key=lambda name: losses[name].min())
    return name, int(losses[name].argmin())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("earmark")
    parser.add_argument("model")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--table", type=pathlib.Path, required=True)
    parser.add_argument("--fold-table", type=pathlib.Path)
    parser.add_argument("--layers", default="pooled,last")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    limits = [name for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE") if name in os.environ]
    if limits:
        sys.exit(f"unset {', '.join(limits)}: they choose how fast numpy computes")
    warnings.simplefilter("ignore", ConvergenceWarning)

    segments, owners, embed_seconds = embed(args.earmark, args.model, args.data)
    files = sorted(set(owners))
    number = {file: k for k, file in enumerate(files)}
    owner = np.array([number[file] for file in owners])
    counts = np.bincount(owner)[:, None]
    mean = lambda values: np.stack([np.bincount(owner, weights=column) for column in values.T], axis=1) / counts
    started = time.process_time()
    make = {"pooled": lambda: mean(segments), "last": lambda: mean(hidden(args.model, segments))}
    layers = {name: make[name]() for name in args.layers.split(",")}

    table = rows(args.table)
    name_of, label_of = column(table, FILES), column(table, LABELS)
    labels = {row[name_of]: row[label_of] for row in table}
    fold_of = {row["file"]: row["fold"] for row in rows(args.fold_table)} if args.fold_table else {row[name_of]: row["fold"] for row in table}
    names = sorted(set(labels.values()))
    y = np.array([names.index(labels[file]) for file in files])
    folds = np.array([int(fold_of[file]) for file in files])

    lines, right = [], 0
    for fold in np.unique(folds):
        rest, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        layer, k = choose(layers, y, folds, rest, len(names))
        scores = path(layers[layer], y, rest, test, len(names))[k]
        hits = int((scores.argmax(axis=1) == y[test]).sum())
        right += hits
        lines.append({"fold": int(fold), "clips": len(test), "layer": layer, "strength": STRENGTHS[k], "accuracy": hits / len(test)})
    # The choice that a model of all clips would be trained with, as `probe` makes it.
    layer, k = choose(layers, y, folds, np.arange(len(y)), len(names))
    seconds = time.process_time() - started
    result = {
        "folds": lines,
        "layer": layer,
        "strength": STRENGTHS[k],
        "mean": float(np.mean([line["accuracy"] for line in lines])),
        "pooled": right / len(y),
        "embed_seconds": round(embed_seconds, 2),
        "fit_seconds": round(seconds, 2),
    }
    if args.json:
        print(json.dumps(result, indent=2))
        return
    for line in lines:
        print("fold {fold}: {clips} clips, {layer}, strength {strength}, accuracy {accuracy:.4f}".format(**line))
    print(f"mean {result['mean']:.4f}, pooled {result['pooled']:.4f}; all clips: {layer}, strength {STRENGTHS[k]}")
    print(f"processor time: {result['embed_seconds']} s to embed, {result['fit_seconds']} s to fit")


if __name__ == "__main__":
    main()
