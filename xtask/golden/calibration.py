"""Golden calibrations for crates/earmark-metrics: Platt scaling by scikit-learn, the regularised fits and temperatures by SciPy.

Pinned: scikit-learn 1.9.1, numpy 2.4.6, scipy 1.17.1.
Usage:  python xtask/golden/calibration.py
Writes: crates/earmark-metrics/tests/golden/calibration.json

Scores come from a formula: logits of a hash, rounded to float32 as a score table holds them.
"""

import json
import pathlib

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, log_softmax, logit
from sklearn.linear_model import LogisticRegression

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/earmark-metrics/tests/golden/calibration.json"
CLIPS, CLASSES = 240, 4


def noise(n, seed):
    """Uniform numbers in -1 to 1 from a linear congruential generator."""
    state, out = seed, []
    for _ in range(n):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        out.append((state >> 40) / 2**23 - 1.0)
    return np.array(out)


def loss(z, y):
    """Sum of binary cross-entropies."""
    return float(np.sum(np.logaddexp(0, z) - y * z))


def platt(x, y, strength):
    def f(p):
        return loss(p[0] * x + p[1], y) + strength / 2 * ((p[0] - 1) ** 2 + p[1] ** 2)

    found = minimize(f, [1.0, 0.0], method="BFGS", options={"gtol": 1e-9})
    return [float(v) for v in found.x]


def temperature(x, y, strength):
    f = lambda a: loss(a * x, y) + strength / 2 * (a - 1) ** 2
    return float(minimize_scalar(f, bounds=(1e-3, 20), method="bounded", options={"xatol": 1e-10}).x)


def softmax_temperature(log_p, labels, strength):
    def f(a):
        return float(-log_softmax(a * log_p, axis=1)[np.arange(len(labels)), labels].sum()) + strength / 2 * (a - 1) ** 2

    return float(minimize_scalar(f, bounds=(1e-3, 20), method="bounded", options={"xatol": 1e-10}).x)


def ece(scores, truth, bins=15):
    at = np.minimum((scores.astype(np.float64) * bins).astype(int), bins - 1)
    total = sum(abs(scores[at == b].astype(np.float64).sum() - truth[at == b].sum()) for b in range(bins))
    return float(total / len(scores))


def main():
    # What is true follows from a hidden logit; what the model says is that, sharpened and shifted by class, with noise.
    hidden = 2.0 * noise(CLIPS * CLASSES, 1).reshape(CLIPS, CLASSES) - 0.5
    truth = noise(CLIPS * CLASSES, 2).reshape(CLIPS, CLASSES) < 2 * expit(2 * hidden) - 1
    said = hidden * np.array([1.0, 3.0, 6.0, 0.5]) + np.array([0.0, 1.0, -2.0, 0.3]) + noise(CLIPS * CLASSES, 3).reshape(CLIPS, CLASSES)
    scores = expit(said).astype(np.float32)
    x = logit(np.clip(scores.astype(np.float64), 1e-7, 1 - 1e-7))
    classes = []
    for c in range(CLASSES):
        y = truth[:, c].astype(float)
        free = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10000, solver="newton-cholesky").fit(x[:, c : c + 1], y)
        classes.append(
            {
                "sklearn": [float(free.coef_[0, 0]), float(free.intercept_[0])],
                "platt_1": platt(x[:, c], y, 1.0),
                "platt_20": platt(x[:, c], y, 20.0),
                "temperature_0": temperature(x[:, c], y, 0.0),
                "temperature_1": temperature(x[:, c], y, 1.0),
            }
        )
    p = scores.astype(np.float64)
    y = truth.astype(float)
    clipped = np.clip(p, 1e-7, 1 - 1e-7)
    # One class a clip: the greatest hidden logit with noise; the model's softmax is twice too sure.
    labels = np.argmax(hidden + 0.8 * noise(CLIPS * CLASSES, 4).reshape(CLIPS, CLASSES), axis=1)
    soft = np.exp(log_softmax(6.0 * hidden, axis=1)).astype(np.float32)
    log_p = np.log(np.maximum(soft.astype(np.float64), 1e-30))
    top = soft.argmax(axis=1)
    OUT.write_text(
        json.dumps(
            {
                "scores": [[float(np.format_float_positional(v, unique=True)) for v in row] for row in scores],
                "truth": ["".join("01"[int(t)] for t in row) for row in truth],
                "classes": classes,
                "log_loss": float(np.mean(-(y * np.log(clipped) + (1 - y) * np.log(1 - clipped)))),
                "ece": ece(scores.ravel(), truth.ravel()),
                "softmax": {
                    "scores": [[float(np.format_float_scientific(v, unique=True)) for v in row] for row in soft],
                    "labels": [int(v) for v in labels],
                    "slope_0": softmax_temperature(log_p, labels, 0.0),
                    "slope_1": softmax_temperature(log_p, labels, 1.0),
                    "log_loss": float(-np.log(np.clip(soft[np.arange(CLIPS), labels].astype(np.float64), 1e-7, 1 - 1e-7)).mean()),
                    "ece": ece(soft[np.arange(CLIPS), top], top == labels),
                },
            },
            separators=(",", ":"),
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
