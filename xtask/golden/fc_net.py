"""Golden values of argus-2019's stacking network, by PyTorch in float64.

Pinned: torch 2.15.0, numpy 2.4.6.
Usage:  python xtask/golden/fc_net.py
Writes: crates/earmark-models/tests/golden/fc_net.json

Restated from the architecture's description: inputs times sigmoid(dense(relu(dense))), then dense 2b, PReLU, dense b, PReLU, dense classes;
the dropouts are left out.
"""

import pathlib

import torch
import torch.nn.functional as F

import network_fill as nf

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/earmark-models/tests/golden/fc_net.json"
FEATURES, BASE, REDUCTION, CLASSES, BATCH, STREAM = 21, 6, 3, 5, 4, 2_000_000
LABELS = [[0], [3, 1], [], [4, 2, 0]]


def step(dtype, disturb=0):
    """One pass and its gradients."""
    shapes = [
        ("scale.reduce.weight", (FEATURES // REDUCTION, FEATURES)),
        ("scale.reduce.bias", (FEATURES // REDUCTION,)),
        ("scale.expand.weight", (FEATURES, FEATURES // REDUCTION)),
        ("scale.expand.bias", (FEATURES,)),
        ("dense1.weight", (2 * BASE, FEATURES)),
        ("dense1.bias", (2 * BASE,)),
        ("dense1.prelu", (1,)),
        ("dense2.weight", (BASE, 2 * BASE)),
        ("dense2.bias", (BASE,)),
        ("dense2.prelu", (1,)),
        ("logits.weight", (CLASSES, BASE)),
        ("logits.bias", (CLASSES,)),
    ]
    parameters = [(name, torch.empty(shape, dtype=dtype)) for name, shape in shapes]
    nf.fill(parameters)
    w = {name: tensor.requires_grad_() for name, tensor in parameters}
    x = nf.make_input((BATCH, FEATURES, 1, 1), STREAM, dtype, disturb).flatten(1)
    y = torch.zeros(BATCH, CLASSES, dtype=dtype)
    for row, labels in enumerate(LABELS):
        y[row, labels] = 1

    def dense(name, x):
        return F.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])

    x = x * torch.sigmoid(dense("scale.expand", F.relu(dense("scale.reduce", x))))
    for name in ("dense1", "dense2"):
        x = F.prelu(dense(name, x), w[f"{name}.prelu"])
    logits = dense("logits", x)
    loss = F.binary_cross_entropy_with_logits(logits, y)
    loss.backward()
    return logits.detach(), float(loss.detach()), parameters


def main():
    logits, loss, parameters = step(torch.float64)
    worst = {"logits": 0.0, "gradients": 0.0}
    for disturb in range(4):
        single, _, others = step(torch.float32, disturb)
        worst["logits"] = max(worst["logits"], nf.relative_error([single], [logits]))
        error = nf.relative_error([t.grad for _, t in others], [t.grad for _, t in parameters])
        worst["gradients"] = max(worst["gradients"], error)
    nf.write(OUT, {
        "about": "argus-2019 FCNet by xtask/golden/fc_net.py: PyTorch, float64, weights rounded to float32",
        "rules": nf.RULES,
        "float32_error_is": nf.FLOAT32_ERROR_IS,
        "loss_is": "mean over batch and classes of sigmoid cross-entropy with 0/1 targets; no dropout",
        "base": BASE,
        "reduction": REDUCTION,
        "classes": CLASSES,
        "labels": LABELS,
        "input_shape": [BATCH, FEATURES, 1, 1],
        "input_stream": STREAM,
        "input_digest": nf.digest(nf.make_input((BATCH, FEATURES, 1, 1), STREAM, torch.float64)),
        "logits": nf.rounded(logits),
        "loss": nf.round_to(loss),
        "float32_error": {key: nf.round_to(value, 3) for key, value in worst.items()},
        "parameters": nf.gradients(parameters),
    })


if __name__ == "__main__":
    main()
