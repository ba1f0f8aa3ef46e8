"""Which score tables to blend, by SciPy's gmean and scikit-learn's ranking precision over every subset.

Pinned: scikit-learn 1.9.1, numpy 2.4.6, scipy 1.17.1.
Usage:  python xtask/golden/blend_select.py
Writes: crates/earmark-metrics/tests/golden/blend_select.json
"""

import itertools
import json
import pathlib

import numpy as np
from scipy.stats import gmean
from sklearn.metrics import label_ranking_average_precision_score

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/earmark-metrics/tests/golden/blend_select.json"
TABLES, CLIPS, CLASSES, FOLDS = 4, 24, 5, 3


def lwlrap(truth, scores):
    """Overall lwlrap: each clip's precision, weighted by the number of its labels."""
    return float(label_ranking_average_precision_score(truth, scores, sample_weight=truth.sum(axis=1)))


def main():
    rng = np.random.default_rng(20190401)
    truth = np.zeros((CLIPS, CLASSES), int)
    for clip in range(CLIPS):
        truth[clip, rng.permutation(CLASSES)[: 1 + clip % 3]] = 1
    noise = rng.uniform(0.02, 0.9, (TABLES, CLIPS, CLASSES))
    tables = (0.7 * noise + 0.25 * truth).round(6).astype(np.float32).astype(float)
    folds = np.arange(CLIPS) % FOLDS + 1
    subsets = [s for n in range(1, TABLES + 1) for s in itertools.combinations(range(TABLES), n)]

    def best(rows):
        scores = [lwlrap(truth[rows], gmean(tables[list(s)][:, rows], axis=0)) for s in subsets]
        order = np.argsort(-np.array(scores), kind="stable")
        return subsets[order[0]], scores

    everything = np.arange(CLIPS)
    chosen, scores = best(everything)
    nested, blended = {}, np.zeros((CLIPS, CLASSES))
    for fold in range(1, FOLDS + 1):
        others, own = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        subset, _ = best(others)
        nested[str(fold)] = list(subset)
        blended[own] = gmean(tables[list(subset)][:, own], axis=0)
    OUT.write_text(json.dumps({
        "about": "by xtask/golden/blend_select.py: SciPy's geometric mean, scikit-learn's label ranking average precision weighted by labels",
        "tables": tables.reshape(TABLES, -1).tolist(),
        "truth": truth.flatten().tolist(),
        "classes": CLASSES,
        "folds": folds.tolist(),
        "lwlrap_of_subsets": [[list(s), v] for s, v in zip(subsets, scores)],
        "chosen": list(chosen),
        "nested": nested,
        "nested_lwlrap": lwlrap(truth, blended),
    }, separators=(",", ":")) + "\n")
    print(chosen, max(scores), nested, lwlrap(truth, blended), OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
