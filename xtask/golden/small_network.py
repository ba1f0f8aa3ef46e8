"""Golden values of the small network that tests a device before it is used, by PyTorch in float64.

Pinned: torch 2.15.0.
Usage:  python xtask/golden/small_network.py
Writes: crates/earmark-inference/tests/golden/small_network.json

The weights, the input and the targets are made by one formula; the layers are those of
`crates/earmark-inference/src/device_tests/small_network.rs`.
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/earmark-inference/tests/golden/small_network.json"


def numbers(shape, factor):
    values = [((i * factor + i * i) % 97) / 96 - 0.5 for i in range(math.prod(shape))]
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def main():
    x = numbers((2, 1, 16, 20), 31)
    full, depthwise, pointwise, gate, dense, bias = weights = [
        numbers(shape, factor).requires_grad_()
        for shape, factor in [
            ((4, 1, 3, 3), 7),
            ((4, 1, 3, 3), 11),
            ((6, 4, 1, 1), 13),
            ((6, 6), 17),
            ((6, 5), 19),
            ((5,), 23),
        ]
    ]
    x = F.conv2d(x, full, padding=1)
    x = x - x.mean((0, 2, 3), keepdim=True)
    x = F.relu(x / ((x * x).mean((0, 2, 3), keepdim=True) + 1e-3).sqrt())
    x = F.conv2d(F.max_pool2d(x, 2), depthwise, stride=2, padding=1, groups=4)
    x = F.relu(F.conv2d(x, pointwise)).mean((2, 3))
    x = x * torch.sigmoid(x @ gate)
    logits = x @ dense + bias
    loss = -(F.log_softmax(logits, 1) * (numbers((2, 5), 29) + 0.5)).sum()
    loss.backward()
    results = {"logits": logits, "loss": loss}
    names = ["convolution", "depthwise convolution", "pointwise convolution", "gate", "dense layer", "bias"]
    results |= {f"gradient of the {name}": weight.grad for name, weight in zip(names, weights)}
    rounded = {name: [float(f"{v:.9g}") for v in t.detach().flatten().tolist()] for name, t in results.items()}
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(rounded, indent=1) + "\n")


if __name__ == "__main__":
    main()
