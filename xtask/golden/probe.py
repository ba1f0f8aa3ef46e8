"""Golden probes for crates/earmark-engine: logistic regression by scikit-learn.

Pinned: scikit-learn 1.9.1, numpy 2.4.6.
Usage:  python xtask/golden/probe.py
Writes: crates/earmark-engine/tests/golden/probe.json
"""

import json
import pathlib

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/earmark-engine/tests/golden/probe.json"
CLIPS, WIDTH, CLASSES = 60, 7, 3
# Fewer clips than features, as where a network's embeddings meet a small data set.
WIDE_CLIPS, WIDE_WIDTH = 24, 40
# From strong to weak.
STRENGTHS = (100.0, 3.0, 0.1)


def noise(n, seed):
    """Uniform numbers in -1 to 1, multiples of 2^-10, from a linear congruential generator."""
    state, out = seed, []
    for _ in range(n):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        out.append((state >> 53) / 2**10 - 1.0)
    return np.array(out)


def fitted(x, labels, marks):
    """Probabilities of the clips by a softmax and by a sigmoid per class, for each strength."""
    scaled = StandardScaler().fit_transform(x)
    soft, sigmoid = {}, {}
    for strength in STRENGTHS:
        options = {"C": 1 / strength, "tol": 1e-10, "max_iter": 100000}
        soft[str(strength)] = LogisticRegression(**options).fit(scaled, labels).predict_proba(scaled)
        each = [LogisticRegression(**options).fit(scaled, marks[:, c]).predict_proba(scaled)[:, 1] for c in range(CLASSES)]
        sigmoid[str(strength)] = np.stack(each, axis=1)
    rounded = lambda table: {k: [[round(float(p), 8) for p in row] for row in v] for k, v in table.items()}
    return {
        "x": [[float(v) for v in row] for row in x],
        "labels": [int(v) for v in labels],
        "marks": ["".join("01"[int(m)] for m in row) for row in marks],
        "softmax": rounded(soft),
        "sigmoid": rounded(sigmoid),
    }


def main():
    # Features of different scales, the last of which never varies.
    x = noise(CLIPS * WIDTH, 1).reshape(CLIPS, WIDTH) * 2.0 ** np.arange(-2, WIDTH - 2) + np.arange(WIDTH)
    x[:, -1] = 3.0
    hidden = noise(CLIPS * CLASSES, 2).reshape(CLIPS, CLASSES) + np.stack([x[:, 0] * 4, x[:, 1] - 1, x[:, 2] - 2], axis=1)
    narrow = fitted(x, hidden.argmax(axis=1), hidden > 0.2)
    x = noise(WIDE_CLIPS * WIDE_WIDTH, 3).reshape(WIDE_CLIPS, WIDE_WIDTH) * 2.0 ** (np.arange(WIDE_WIDTH) % 5 - 2)
    hidden = noise(WIDE_CLIPS * CLASSES, 4).reshape(WIDE_CLIPS, CLASSES) + x[:, :CLASSES] * np.array([4.0, 2.0, 1.0])
    wide = fitted(x, hidden.argmax(axis=1), hidden > 0.2)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({"narrow": narrow, "wide": wide}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
