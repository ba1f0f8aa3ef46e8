"""Golden values for crates/earmark-metrics from scikit-learn, and lwlrap by its definition.

Pinned: scikit-learn 1.9.1, numpy 2.4.6, scipy 1.17.1.
Usage:  python xtask/golden/metrics_sklearn.py
Writes: crates/earmark-metrics/tests/golden/sklearn.json
"""

import json
import pathlib

import numpy as np
from scipy.special import ndtri
from scipy.stats import gmean
from sklearn import metrics

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/earmark-metrics/tests/golden/sklearn.json"
THRESHOLD = 0.5


def lwlrap_by_definition(truth, scores):
    """Per-class lwlrap and label weights, by walking down each clip's ranked list.

    Ties go against the model: among equal scores a true label stands last, yet it finds all true labels that
    are as high as itself.
    """
    clips, classes = truth.shape
    sums, counts = np.zeros(classes), np.zeros(classes)
    for clip in range(clips):
        for label in np.flatnonzero(truth[clip]):
            ahead = [c for c in range(classes) if scores[clip, c] >= scores[clip, label]]
            sums[label] += sum(truth[clip, c] for c in ahead) / len(ahead)
            counts[label] += 1
    with np.errstate(invalid="ignore"):
        return sums / counts, counts / max(counts.sum(), 1)


def map_at(k, truth, scores):
    """MAP@k of the Kaggle definition: min(labels, k) hits are possible, earlier classes win ties."""
    values = []
    for row_truth, row_scores in zip(truth, scores):
        if not row_truth.any():
            continue
        hits, total = 0, 0.0
        for rank, label in enumerate(np.argsort(-row_scores, kind="stable")[:k], start=1):
            if row_truth[label]:
                hits += 1
                total += hits / rank
        values.append(total / min(row_truth.sum(), k))
    return float(np.mean(values)) if values else None


def none_if_nan(values):
    return [None if np.isnan(v) else float(v) for v in values]


def mean(values):
    values = [v for v in values if v is not None]
    return float(np.mean(values)) if values else None


def judge(name, truth, scores):
    truth = np.asarray(truth, dtype=int)
    scores = np.asarray(scores, dtype=np.float32)
    labelled = truth.any(axis=1)
    class_lwlrap, weights = lwlrap_by_definition(truth, scores)
    overall = float(np.nansum(class_lwlrap * weights)) if labelled.any() else None
    if labelled.any():
        reference = metrics.label_ranking_average_precision_score(
            truth[labelled], scores[labelled], sample_weight=truth[labelled].sum(axis=1)
        )
        assert abs(reference - overall) < 1e-12, (name, reference, overall)

    tagged = scores >= THRESHOLD
    ap, auc, f1, precision, recall, best = [], [], [], [], [], []
    for c in range(truth.shape[1]):
        t, s = truth[:, c], scores[:, c]
        ap.append(float(metrics.average_precision_score(t, s)) if t.any() else None)
        auc.append(float(metrics.roc_auc_score(t, s)) if 0 < t.sum() < len(t) else None)
        if t.any() or tagged[:, c].any():
            f1.append(float(metrics.f1_score(t, tagged[:, c])))
        else:
            f1.append(None)
        precision.append(float(metrics.precision_score(t, tagged[:, c])) if tagged[:, c].any() else None)
        recall.append(float(metrics.recall_score(t, tagged[:, c])) if t.any() else None)
        # precision_recall_curve ends with an artificial point of recall 0.
        if t.any():
            p, r, _ = metrics.precision_recall_curve(t, s)
            best.append(float(np.max(2 * p * r / np.maximum(p + r, 1e-300))))
        else:
            best.append(None)

    # Micro: one long list of decisions. (With average="micro" scikit-learn takes a single column for
    # a two-class problem and gives accuracy instead.)
    has_clips = [bool(column.any()) for column in truth.T]
    mean_auc = mean(auc)
    single = bool((truth.sum(axis=1) <= 1).all())
    top = scores.argmax(axis=1)
    result = {
        "lwlrap": overall,
        "map@1": map_at(1, truth, scores),
        "map@3": map_at(3, truth, scores),
        "mAP": mean(ap),
        "mAP_micro": float(metrics.average_precision_score(truth.ravel(), scores.ravel())) if truth.any() else None,
        "auc": mean_auc,
        "d_prime": float(np.sqrt(2) * ndtri(mean_auc)) if mean_auc not in (None, 0.0, 1.0) else None,
        "accuracy": float(np.mean(truth[np.arange(len(truth)), top][labelled])) if labelled.any() else None,
        "f1_micro": float(metrics.f1_score(truth.ravel(), tagged.ravel())) if (truth.any() or tagged.any()) else None,
        "f1_macro": mean([v for v, has in zip(f1, has_clips) if has]),
        "precision": float(metrics.precision_score(truth.ravel(), tagged.ravel())) if tagged.any() else None,
        "recall": float(metrics.recall_score(truth.ravel(), tagged.ravel())) if truth.any() else None,
        "skipped": int((~labelled).sum()),
        "class_lwlrap": none_if_nan(class_lwlrap),
        "class_ap": ap,
        "class_auc": auc,
        "class_f1": f1,
        "class_precision": precision,
        "class_recall": recall,
        "class_best_f1": best,
        "class_count": truth.sum(axis=0).tolist(),
        "balanced_accuracy": None,
        "confusion": None,
        "class_top_precision": None,
        "class_top_recall": None,
        "class_top_f1": None,
    }
    if single and labelled.any():
        true_class = truth.argmax(axis=1)[labelled]
        matrix = metrics.confusion_matrix(true_class, top[labelled], labels=np.arange(truth.shape[1]))
        result["confusion"] = matrix.tolist()
        # Where the highest score decides; undefined is NaN here, and scikit-learn's own default 0 is not.
        precision, recall, f1, _ = metrics.precision_recall_fscore_support(
            true_class, top[labelled], labels=np.arange(truth.shape[1]), zero_division=np.nan
        )
        result["class_top_precision"] = none_if_nan(precision)
        result["class_top_recall"] = none_if_nan(recall)
        result["class_top_f1"] = none_if_nan(f1)
        # By hand, since scikit-learn warns where a predicted class never occurs as truth.
        shares = [matrix[c, c] / matrix[c].sum() for c in range(len(matrix)) if matrix[c].sum()]
        result["balanced_accuracy"] = float(np.mean(shares))
        if set(top[labelled]) <= set(true_class):
            reference = metrics.balanced_accuracy_score(true_class, top[labelled])
            assert abs(reference - result["balanced_accuracy"]) < 1e-12
    return {
        "name": name,
        "classes": truth.shape[1],
        "truth": ["".join(map(str, row)) for row in truth],
        # Scores are dyadic fractions or shortest float32 texts, so both sides read the same float32.
        "scores": [[float(str(v)) for v in row] for row in scores],
        "expected": result,
    }


def main():
    random = np.random.default_rng(20190410)
    cases = []

    def labels(clips, classes, share):
        return (random.random((clips, classes)) < share).astype(int)

    def one_hot(clips, classes):
        return np.eye(classes, dtype=int)[random.integers(0, classes, clips)]

    def rounded(array):
        # Few digits keep the file small; float32 makes both sides agree on the value.
        return np.round(array, 4).astype(np.float32)

    truth = labels(40, 8, 0.25)
    cases.append(judge("random multi-label with unlabelled clips", truth, rounded(random.random((40, 8)))))
    truth = labels(40, 8, 0.25)
    informed = 1 / (1 + np.exp(-(random.normal(size=(40, 8)) + 2 * truth - 1)))
    cases.append(judge("informed multi-label", truth, rounded(informed)))
    truth = labels(30, 6, 0.3)
    cases.append(judge("many ties", truth, random.integers(0, 4, (30, 6)) / 4))
    cases.append(judge("all scores the same", labels(12, 5, 0.4), np.full((12, 5), 0.5)))
    truth = one_hot(50, 7)
    softmax = np.exp(random.normal(size=(50, 7)) + 1.5 * truth)
    softmax /= softmax.sum(axis=1, keepdims=True)
    cases.append(judge("single label", truth, rounded(softmax)))
    truth = one_hot(30, 5)
    cases.append(judge("single label with ties", truth, random.integers(0, 3, (30, 5)) / 4 + truth / 4))
    truth = one_hot(20, 5)
    truth[truth[:, 2] == 1] = 0
    cases.append(judge("a class without clips", truth, rounded(random.random((20, 5)))))
    truth = labels(15, 4, 0.4)
    truth[:, 1] = 1
    cases.append(judge("a class of every clip", truth, rounded(random.normal(size=(15, 4)))))
    cases.append(judge("one class", labels(12, 1, 0.5), rounded(random.random((12, 1)))))
    cases.append(judge("no labels at all", np.zeros((4, 3), dtype=int), rounded(random.random((4, 3)))))
    truth = one_hot(10, 4)
    cases.append(judge("perfect", truth, 0.25 + truth / 2))
    cases.append(judge("one clip", np.array([[0, 1, 1]]), np.array([[0.5, 0.25, 0.75]])))

    probabilities = [1e-300, 1e-17, 1e-9, 1e-4, 0.0749, 0.0751, 0.3, 0.5, 0.71, 0.9249, 0.9251, 0.999, 1 - 1e-12]
    tables = rounded(random.random((3, 12)))
    tables[1, 3] = 0
    weights = [2.0, 1.0, 0.5]
    golden = {
        "cases": cases,
        "probit": [[p, float(ndtri(p))] for p in probabilities],
        "blend": {
            "tables": [[float(str(v)) for v in row] for row in tables],
            "weights": weights,
            "arithmetic": np.average(tables.astype(float), axis=0).tolist(),
            "arithmetic_weighted": np.average(tables.astype(float), axis=0, weights=weights).tolist(),
            "geometric": gmean(tables.astype(float), axis=0).tolist(),
            "geometric_weighted": gmean(tables.astype(float), axis=0, weights=np.array(weights)[:, None]).tolist(),
        },
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(f"{OUT.name}: {OUT.stat().st_size} bytes, {len(cases)} cases")


if __name__ == "__main__":
    main()
