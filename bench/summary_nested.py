#!/usr/bin/env python3
"""Evaluates summary-baseline on ESC-10 with nothing chosen on the test fold: for each fold K the settings
are those with the best mean accuracy over the other four folds, each evaluated by a model of the
remaining three; then one model of the four is evaluated on K.

    python bench/summary_nested.py EARMARK ESC-10 [FOLDER]

FOLDER (default: summary-nested) keeps the runs; what is there already is not made again. Standard library
only.
"""

import csv
import itertools
import json
import os
import subprocess
import sys

GRID = {
    "network.components": [0, 100, 200],
    "network.compress": [10, 100, 1000],
    "train.optimizer.weight-decay": [1.0, 5.0],
}


def run(earmark, recipe, data, out, settings, folds):
    """Mean accuracy of the folds; runs that are there are read and not made again."""
    if not os.path.exists(f"{out}/folds.json"):
        sets = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        command = [earmark, "train", recipe, "--data", data, "--run", out, "--folds", folds, "-q", "--threads", "1", *sets]
        if os.path.exists(out):
            command.append("--resume")
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with open(f"{out}/folds.json") as file:
        return json.load(file)


def accuracy(report):
    return report["metrics"]["accuracy"]["mean"]


def without(esc, fold, folder):
    """The data folder without a fold."""
    os.makedirs(folder, exist_ok=True)
    audio = os.path.join(folder, "audio")
    if not os.path.lexists(audio):
        os.symlink(os.path.abspath(os.path.join(esc, "audio")), audio)
    with open(os.path.join(esc, "meta.csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    with open(os.path.join(folder, "meta.csv"), "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(row for row in rows if int(row["fold"]) != fold)
    return folder


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    earmark, esc = sys.argv[1:3]
    out = sys.argv[3] if len(sys.argv) == 4 else "summary-nested"
    recipe = "summary-baseline/esc10"
    settings = [dict(zip(GRID, values)) for values in itertools.product(*GRID.values())]
    results = []
    for fold in range(1, 6):
        data = without(esc, fold, f"{out}/data-{fold}")
        scores = []
        for k, one in enumerate(settings):
            report = run(earmark, recipe, data, f"{out}/inner-{fold}/{k:02}", one, "all")
            scores.append(accuracy(report))
        best = max(range(len(settings)), key=lambda k: (scores[k], -k))
        report = run(earmark, recipe, esc, f"{out}/test-{fold}", settings[best], str(fold))
        results.append(accuracy(report))
        print(f"fold {fold}: {results[-1]:.4f} with {settings[best]}, inner accuracy {scores[best]:.4f} (worst {min(scores):.4f})", flush=True)
    print(f"mean {sum(results) / len(results):.4f}")


if __name__ == "__main__":
    main()
