"""Golden values and gradients of the losses, by PyTorch in float64.

Pinned: torch 2.15.0.
Usage:  python xtask/golden/losses.py
Writes: crates/earmark-engine/tests/golden/losses.json

Restated from the papers and, where the file says argus, from the description of that system. Logits are multiples of 1/64
and targets of 1/4, so that float32 holds them exactly. They reach to +-30, where a careless formula overflows or rounds to
nothing, and one of them is 0, where slopes meet.
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/earmark-engine/tests/golden/losses.json"
ROWS, CLASSES = 9, 6
NOISY = [False, True, True, False, True, False, True, True, False]


def inputs():
    state = 20190630
    logits, targets = [], []
    for row in range(ROWS):
        for _ in range(CLASSES):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            logits.append(((state >> 33) % 641 - 320) / 64)
            targets.append(float((state >> 45) % 3 == 0))
    x = torch.tensor(logits, dtype=torch.float64).reshape(ROWS, CLASSES)
    y = torch.tensor(targets, dtype=torch.float64).reshape(ROWS, CLASSES)
    x[0, 0], x[1, 1], x[2, 2], x[3, 3], x[4, 4] = 0.0, 30.0, -30.0, -25.5, 18.75
    y[5] = 0.0  # a clip without labels
    y[6] = 1.0  # one with all of them
    y[7] = torch.tensor([0.25, 0.75, 0.0, 0.5, 1.0, 0.0])  # one that was mixed
    return x, y


def soft_bootstrap(x, y, beta):
    p = torch.sigmoid(x).clamp(min=1e-7)
    with torch.no_grad():
        target = beta * y + (1 - beta) * p
    # ln(1 - p) by the logit, clamped as p is, since 1 - p would round.
    ln_rest = F.logsigmoid(-x.clamp(min=math.log(1e-7 / (1 - 1e-7))))
    return -(target * torch.log(p) + (1 - target) * ln_rest).mean()


def lq(x, y, q):
    return ((1 - (torch.sigmoid(x) * y + 1e-7) ** q) / q).mean()


def focal(x, y, gamma, positive):
    p, q = torch.sigmoid(x), torch.sigmoid(-x)
    a, b = (1.0, 1.0) if positive is None else (positive, 1 - positive)
    return -(a * y * q**gamma * F.logsigmoid(x) + b * (1 - y) * p**gamma * F.logsigmoid(-x)).mean()


def lsep(x, y):
    """Pair by pair, as it is defined; a class is a pair with itself where its target is neither 0 nor 1."""
    rows = []
    for f, t in zip(x, y):
        pairs = sum((1 - t[u]) * t[v] * torch.exp(f[u] - f[v]) for u in range(len(f)) for v in range(len(f)))
        rows.append(torch.log1p(pairs))
    return torch.stack(rows).mean()


def outliers(x, y, share, noisy):
    rows = F.binary_cross_entropy_with_logits(x, y, reduction="none").mean(1)
    out = (rows > share * rows.max()) & noisy
    return rows[~out].mean(), int(out.sum())


def by_part(curated, noisy, weights, x, y, flags):
    loss = 0
    for part, term, weight in [(~flags, curated, weights[0]), (flags, noisy, weights[1])]:
        loss = loss + weight * part.double().mean() * term(x[part], y[part])
    return loss


def bce(x, y):
    return F.binary_cross_entropy_with_logits(x, y)


def main():
    x, y = inputs()
    flags = torch.tensor(NOISY)
    quarter = x / 4  # of which more than one row is an outlier
    cases = [
        ({"kind": "sigmoid-cross-entropy"}, bce, x),
        ({"kind": "sigmoid-cross-entropy", "label-smoothing": 0.3}, lambda x, y: bce(x, 0.7 * y + 0.15), x),
        ({"kind": "softmax-cross-entropy"}, lambda x, y: -(F.log_softmax(x, 1) * y).sum() / len(x), x),
        ({"kind": "soft-bootstrap"}, lambda x, y: soft_bootstrap(x, y, 0.7), x),
        ({"kind": "soft-bootstrap", "beta": 0.3}, lambda x, y: soft_bootstrap(x, y, 0.3), x),
        ({"kind": "lq"}, lambda x, y: lq(x, y, 0.5), x),
        ({"kind": "lq", "q": 1.0}, lambda x, y: lq(x, y, 1.0), x),
        ({"kind": "focal"}, lambda x, y: focal(x, y, 2.0, None), x),
        ({"kind": "focal", "gamma": 0.5, "positive-weight": 0.25}, lambda x, y: focal(x, y, 0.5, 0.25), x),
        ({"kind": "lsep"}, lsep, x),
        ({"kind": "outlier-cross-entropy"}, lambda x, y: outliers(x, y, 0.8, flags)[0], x),
        ({"kind": "outlier-cross-entropy", "share": 0.5}, lambda x, y: outliers(x, y, 0.5, flags)[0], quarter),
        (
            {
                "kind": "by-part",
                "curated": {"kind": "sigmoid-cross-entropy"},
                "noisy": {"kind": "soft-bootstrap", "beta": 0.7},
                "curated-weight": 0.5,
                "noisy-weight": 0.5,
            },
            lambda x, y: by_part(bce, lambda x, y: soft_bootstrap(x, y, 0.7), [0.5, 0.5], x, y, flags),
            x,
        ),
        (
            {
                "kind": "by-part",
                "curated": {"kind": "focal"},
                "noisy": {"kind": "outlier-cross-entropy", "share": 0.6},
                "noisy-weight": 2.0,
            },
            lambda x, y: by_part(
                lambda x, y: focal(x, y, 2.0, None),
                lambda x, y: outliers(x, y, 0.6, torch.ones(len(x), dtype=torch.bool))[0],
                [1.0, 2.0],
                x,
                y,
                flags,
            ),
            quarter,
        ),
    ]
    results = []
    for config, loss, logits in cases:
        leaf = logits.clone().requires_grad_()
        value = loss(leaf, y)
        value.backward()
        scale = 1 if logits is x else 4
        results.append({"loss": config, "divide": scale, "value": value.item(), "gradient": leaf.grad.flatten().tolist()})
    dropped = [outliers(x, y, 0.8, flags)[1], outliers(quarter, y, 0.5, flags)[1]]
    print("outliers", dropped)
    table = {
        "rows": ROWS,
        "classes": CLASSES,
        "logits": x.flatten().tolist(),
        "targets": y.flatten().tolist(),
        "noisy": NOISY,
        "outliers": dropped,
        "cases": results,
    }
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(table) + "\n")


if __name__ == "__main__":
    main()
