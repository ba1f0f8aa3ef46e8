"""Golden values of argus-2019's AuxSkipAttention, by PyTorch in float64.

Pinned: torch 2.15.0, numpy 2.4.6.
Usage:  python xtask/golden/aux_skip_attention.py
Writes: crates/earmark-models/tests/golden/aux_skip_attention.json

Restated from the architecture's description; the counts of its published checkpoints (17,022,310 parameters with
last_fc 2, 17,326,950 with last_fc 4, base 64 and 80 classes) must come out. BatchNorm is PyTorch's (eps 1e-5, momentum 0.1).
"""

import pathlib

import torch
import torch.nn.functional as F

import network_fill as nf

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/earmark-models/tests/golden/aux_skip_attention.json"
EPSILON, DECAY = 1e-5, 0.9
BASE, RATIO, KERNEL, LAST_FILTERS, LAST_FC, CLASSES = 8, 16, 7, 8, 2, 10
SHAPE, STREAM = (6, 3, 32, 48), 1_000_000
LABELS = [[0], [3, 7], [], [9, 1, 4], [5], [2, 6]]
OUTPUTS = {"main": 1.0, "aux3": 0.4, "aux2": 0.2, "aux1": 0.1}


def declare(base, last_fc, classes, dtype):
    """Names and tensors, in the order in which data meets them: blocks, each with its skip and auxiliary head, then the rest."""
    parameters = []

    def add(name, *shape):
        parameters.append((name, torch.empty(shape, dtype=dtype)))

    def norm(name, channels):
        add(f"{name}.bn.gamma", channels)
        add(f"{name}.bn.beta", channels)

    def conv(name, channels, out):
        add(f"{name}.weight", out, channels, 3, 3)
        norm(name, out)

    def head(name, features):
        add(f"{name}.dense.weight", last_fc * base, features)
        add(f"{name}.dense.bias", last_fc * base)
        add(f"{name}.prelu", 1)
        norm(name, last_fc * base)
        add(f"{name}.logits.weight", classes, last_fc * base)
        add(f"{name}.logits.bias", classes)

    channels, wide = 3, 8 * base
    for block in range(1, 5):
        out = base * 2 ** (block - 1)
        conv(f"block{block}.conv1", channels, out)
        conv(f"block{block}.conv2", out, out)
        channels = out
        if block < 4:
            conv(f"skip{block}", out, wide)
            head(f"aux{block}", wide)
    add("attention.channel.reduce.weight", 4 * wide // RATIO, 4 * wide, 1, 1)
    add("attention.channel.expand.weight", 4 * wide, 4 * wide // RATIO, 1, 1)
    add("attention.spatial.weight", 1, 2, KERNEL, KERNEL)
    conv("merge", 4 * wide, LAST_FILTERS * base)
    head("main", LAST_FILTERS * base)
    return parameters


class Network:
    """One pass over the network; collects batch statistics, and activation shapes in order."""

    def __init__(self, weights, moving=None):
        self.w, self.moving = weights, moving
        self.statistics, self.shapes = {}, {}

    def norm(self, name, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        mean, variance = x.mean(axes), x.var(axes, unbiased=False)
        self.statistics[name] = (mean, variance, x.numel() // x.shape[1])
        if self.moving:
            mean, variance = self.moving[name]
        shape = [1, -1] + [1] * (x.dim() - 2)
        gamma, beta = self.w[f"{name}.bn.gamma"], self.w[f"{name}.bn.beta"]
        scale = gamma / torch.sqrt(variance + EPSILON)
        return (x - mean.view(shape)) * scale.view(shape) + beta.view(shape)

    def conv(self, name, x):
        x = torch.relu(self.norm(name, F.conv2d(x, self.w[f"{name}.weight"], padding=1)))
        self.shapes[name] = list(x.shape[1:])
        return x

    def head(self, name, x):
        x = x.mean((2, 3))
        x = x @ self.w[f"{name}.dense.weight"].T + self.w[f"{name}.dense.bias"]
        x = torch.where(x >= 0, x, self.w[f"{name}.prelu"] * x)
        x = self.norm(name, x)
        return x @ self.w[f"{name}.logits.weight"].T + self.w[f"{name}.logits.bias"]

    def attention(self, x):
        def bottleneck(pooled):
            reduce, expand = (self.w[f"attention.channel.{part}.weight"][:, :, 0, 0] for part in ("reduce", "expand"))
            return torch.relu(pooled @ reduce.T) @ expand.T

        x = x * torch.sigmoid(bottleneck(x.mean((2, 3))) + bottleneck(x.amax((2, 3))))[:, :, None, None]
        seen = torch.stack([x.mean(1), x.amax(1)], dim=1)
        return x * torch.sigmoid(F.conv2d(seen, self.w["attention.spatial.weight"], padding=KERNEL // 2))

    def forward(self, x):
        outputs, skips = {}, []
        for block, pool in zip(range(1, 5), (8, 4, 2, None)):
            x = self.conv(f"block{block}.conv2", self.conv(f"block{block}.conv1", x))
            x = F.avg_pool2d(x, 2)
            if pool:
                skips.append(self.conv(f"skip{block}", F.avg_pool2d(x, pool)))
                outputs[f"aux{block}"] = self.head(f"aux{block}", skips[-1])
        x = torch.cat([x, *skips], dim=1)
        self.shapes["concat"] = list(x.shape[1:])
        outputs["main"] = self.head("main", self.conv("merge", self.attention(x)))
        return {name: outputs[name] for name in OUTPUTS}


def move(statistics):
    """Moving statistics after one step from mean 0, variance 1, as PyTorch moves them (unbiased variance)."""
    return {
        name: ((1 - DECAY) * mean.detach(), DECAY + (1 - DECAY) * count / (count - 1) * variance.detach())
        for name, (mean, variance, count) in statistics.items()
    }


def step(dtype, disturb=0):
    parameters = declare(BASE, LAST_FC, CLASSES, dtype)
    nf.fill(parameters)
    weights = {name: tensor.requires_grad_() for name, tensor in parameters}
    x = nf.make_input(SHAPE, STREAM, dtype, disturb)
    y = torch.zeros(SHAPE[0], CLASSES, dtype=dtype)
    for row, labels in enumerate(LABELS):
        y[row, labels] = 1
    network = Network(weights)
    outputs = network.forward(x)
    losses = {name: F.binary_cross_entropy_with_logits(outputs[name], y) for name in OUTPUTS}
    loss = sum(OUTPUTS[name] * losses[name] for name in OUTPUTS)
    loss.backward()
    moved = move(network.statistics)
    with torch.no_grad():
        evaluated = Network(weights, moved).forward(x)
    return {
        "parameters": parameters,
        "moved": moved,
        "outputs": {name: value.detach() for name, value in outputs.items()},
        "losses": {name: float(value.detach()) for name, value in losses.items()},
        "loss": float(loss.detach()),
        "eval": evaluated,
        "gradients": [tensor.grad for _, tensor in parameters],
    }


def counts():
    """The published parameter counts."""
    found = {}
    for last_fc, published in ((2, 17_022_310), (4, 17_326_950)):
        count = sum(tensor.numel() for _, tensor in declare(64, last_fc, 80, torch.float32))
        print(f"base 64, last_fc {last_fc}, 80 classes: {count} parameters")
        assert count == published
        found[f"last_fc_{last_fc}"] = count
    return found


def full_shapes():
    """Activation shapes of the published setting: 128 bands, 256 frames."""
    parameters = declare(64, 4, 80, torch.float32)
    network = Network({name: torch.zeros_like(tensor) for name, tensor in parameters})
    with torch.no_grad():
        network.forward(torch.zeros(1, 3, 128, 256))
    return network.shapes


def main():
    published = counts()
    exact = step(torch.float64)
    worst = dict.fromkeys(("outputs_train", "outputs_eval", "gradients"), 0.0)
    for disturb in range(4):
        single = step(torch.float32, disturb)
        for key, got, expected in (
            ("outputs_train", single["outputs"].values(), exact["outputs"].values()),
            ("outputs_eval", single["eval"].values(), exact["eval"].values()),
            ("gradients", single["gradients"], exact["gradients"]),
        ):
            error = nf.relative_error(list(got), list(expected))
            worst[key] = nf.round_to(max(worst[key], error), 3)
    print(f"float32 against float64: {worst}")
    nf.write(OUT, {
        "about": "argus-2019 AuxSkipAttention by xtask/golden/aux_skip_attention.py: PyTorch, float64, weights rounded to float32",
        "rules": nf.RULES,
        "float32_error_is": nf.FLOAT32_ERROR_IS,
        "loss_is": "sum over outputs of weight * mean over batch and classes of sigmoid cross-entropy with 0/1 targets; no dropout",
        "eval_is": "moving = decay * start + (1 - decay) * batch (variance unbiased, n / (n - 1)) after one training pass from mean 0 and "
        "variance 1, weights unmoved; `moving` is [L2 norm, sum] of mean and of variance",
        "base": BASE,
        "ratio": RATIO,
        "kernel": KERNEL,
        "last_filters": LAST_FILTERS,
        "last_fc": LAST_FC,
        "classes": CLASSES,
        "labels": LABELS,
        "output_weights": OUTPUTS,
        "bn_epsilon": EPSILON,
        "bn_decay": DECAY,
        "input_shape": SHAPE,
        "input_stream": STREAM,
        "input_layout": "[batch, channel, bands, frames]",
        "input_digest": nf.digest(nf.make_input(SHAPE, STREAM, torch.float64)),
        "published_parameters_base_64_classes_80": published,
        "base_64_activations_128_bands_256_frames": full_shapes(),
        "loss": nf.round_to(exact["loss"]),
        "losses": {name: nf.round_to(value) for name, value in exact["losses"].items()},
        "outputs_train": {name: nf.rounded(value) for name, value in exact["outputs"].items()},
        "outputs_eval": {name: nf.rounded(value) for name, value in exact["eval"].items()},
        "moving": {
            name: [nf.digest(value)[:2] for value in exact["moved"][name]]
            for name in ("block1.conv1", "skip2", "block4.conv2", "merge", "aux3", "main")
        },
        "float32_error": worst,
        "parameters": nf.gradients(exact["parameters"]),
    })


if __name__ == "__main__":
    main()
