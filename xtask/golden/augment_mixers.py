"""Golden vectors of the mixers: two examples and their labels, mixed with forced draws by numpy and PyTorch.

Run: python augment_mixers.py, with numpy 2.4.6 and torch 2.15.0. Writes crates/earmark-data/tests/golden/mixers.json.
"""

import json
import pathlib

import numpy as np
import torch

BANDS, FRAMES = 3, 24


def rows(array):
    return [float(f"{value:.7g}") for value in np.asarray(array).reshape(-1)]


def concatenated(a, b, half_range):
    points = torch.from_numpy(-half_range + np.arange(a.shape[1]) * (2.0 * half_range / a.shape[1]))
    keep = torch.sigmoid(points).numpy()
    return keep * a + (1 - keep) * b, keep.mean()


def labels(mode, weight, a, b):
    return np.clip(a + b, 0, 1) if mode == "union" else weight * a + (1 - weight) * b


def main():
    i, t = np.mgrid[0:BANDS, 0:FRAMES]
    a, b = (i * 7 + t * 3) % 11 - 6.5, 40.0 - (i * 5 + t * t) % 13
    label_a, label_b = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0, 1.0])
    cases = []
    for half_range, mode in [(3, "union"), (12, "union"), (7, "blend")]:
        x, mean = concatenated(a, b, half_range)
        y = labels(mode, mean, label_a, label_b)
        cases.append({"half_range": half_range, "labels": mode, "x": rows(x), "y": rows(y)})
    for weight, mode in [(0.5, "blend"), (0.83, "blend"), (0.7, "union")]:
        y = labels(mode, weight, label_a, label_b)
        cases.append({"weight": weight, "labels": mode, "x": rows(weight * a + (1 - weight) * b), "y": rows(y)})
    out = pathlib.Path("crates/earmark-data/tests/golden/mixers.json")
    whole = {"frames": FRAMES, "a": rows(a), "b": rows(b), "y_a": rows(label_a), "y_b": rows(label_b), "cases": cases}
    out.write_text(json.dumps(whole, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
