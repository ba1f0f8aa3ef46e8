"""Golden values of PANNs' Cnn14, Cnn10, MobileNetV1 and MobileNetV2, and of their front end.

Pinned: torch 2.15.0, numpy 2.4.6, librosa 0.11.0.
Usage:  python xtask/golden/panns.py
Writes: crates/earmark-models/tests/golden/panns-*.json (PyTorch, float64; narrow networks) and
        crates/earmark-features/tests/golden/panns.npy (librosa; [1, 64, 101] decibels of a second at 32 kHz)

Restated from the paper (Kong et al. 2020, arXiv:1912.10211) and the shapes of its public code; the paper's parameter counts of all
four must come out. BatchNorm is PyTorch's (eps 1e-5, momentum 0.1).
"""

import pathlib

import librosa
import numpy as np
import torch
import torch.nn.functional as F

import network_fill as nf
from features_signal import signal

ROOT = pathlib.Path(__file__).resolve().parents[2]
EPSILON, DECAY, CLASSES = 1e-5, 0.9, 10
SHAPE, STREAM = (4, 1, 64, 75), 1_000_000
LABELS = [[0], [3, 7], [], [9, 1, 4]]
CNN = [64, 128, 256, 512, 1024, 2048]
V1 = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]
V2 = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 2), (6, 160, 3, 1), (6, 320, 1, 1)]
WIDTHS = {"cnn14": 0.125, "cnn10": 0.125, "mobilenet-v1": 0.25, "mobilenet-v2": 0.25}
PUBLISHED = {"cnn14": 80_753_615, "cnn10": 5_219_279, "mobilenet-v1": 4_796_303, "mobilenet-v2": 4_075_343}


class Declared:
    """Names and tensors in the order in which data meets them."""

    def __init__(self, dtype, meta):
        self.parameters, self.dtype, self.device = [], dtype, "meta" if meta else "cpu"

    def add(self, name, *shape):
        self.parameters.append((name, torch.empty(shape, dtype=self.dtype, device=self.device)))

    def norm(self, name, channels):
        self.add(f"{name}.bn.gamma", channels)
        self.add(f"{name}.bn.beta", channels)

    def conv(self, name, out, into, kernel):
        self.add(f"{name}.weight", out, into, kernel, kernel)
        self.norm(name, out)

    def dense(self, name, out, into):
        self.add(f"{name}.weight", out, into)
        self.add(f"{name}.bias", out)


def declare(body, width, classes, dtype=torch.float32, meta=False):
    d, c = Declared(dtype, meta), lambda channels: max(1, int(channels * width))
    d.norm("input", 64)
    now = 1
    if body.startswith("cnn"):
        for n, channels in enumerate(CNN[: 6 if body == "cnn14" else 4], 1):
            d.conv(f"block{n}.conv1", c(channels), now, 3)
            d.conv(f"block{n}.conv2", c(channels), c(channels), 3)
            now = c(channels)
        hidden = now
    elif body == "mobilenet-v1":
        d.conv("conv0", c(32), 1, 3)
        now = c(32)
        for n, (channels, _) in enumerate(V1, 1):
            d.conv(f"dw{n}", now, 1, 3)
            d.conv(f"pw{n}", c(channels), now, 1)
            now = c(channels)
        hidden = now
    else:
        d.conv("conv0", c(32), 1, 3)
        now, n = c(32), 0
        for expansion, channels, repeats, _ in V2:
            for _ in range(repeats):
                n += 1
                if expansion > 1:
                    d.conv(f"block{n}.expand", now * expansion, now, 1)
                d.conv(f"block{n}.depthwise", now * expansion, 1, 3)
                d.conv(f"block{n}.project", c(channels), now * expansion, 1)
                now = c(channels)
        d.conv("last", c(1280), now, 1)
        now, hidden = c(1280), c(1024)
    d.dense("hidden", hidden, now)
    d.dense("logits", classes, hidden)
    return d.parameters


class Network:
    """One pass over a network; collects batch statistics unless it is given moving ones. Images are frames high."""

    def __init__(self, body, weights, moving=None):
        self.body, self.w, self.moving, self.statistics = body, weights, moving, {}

    def norm(self, name, x, axis=1):
        axes = [a for a in range(4) if a != axis]
        mean, variance = x.mean(axes), x.var(axes, unbiased=False)
        if self.moving:
            mean, variance = self.moving[name]
        else:
            self.statistics[name] = (mean, variance, x.numel() // x.shape[axis])
        shape = [-1 if a == axis else 1 for a in range(4)]
        scale = self.w[f"{name}.bn.gamma"] / torch.sqrt(variance + EPSILON)
        return (x - mean.view(shape)) * scale.view(shape) + self.w[f"{name}.bn.beta"].view(shape)

    def conv(self, name, x, act, pool=1, depthwise=False):
        weight = self.w[f"{name}.weight"]
        x = F.conv2d(x, weight, padding=weight.shape[2] // 2, groups=x.shape[1] if depthwise else 1)
        if pool > 1:
            x = F.avg_pool2d(x, pool)
        return act(self.norm(name, x))

    def body_of(self, x):
        if self.body.startswith("cnn"):
            blocks = 6 if self.body == "cnn14" else 4
            for n in range(1, blocks + 1):
                x = self.conv(f"block{n}.conv1", x, torch.relu)
                x = self.conv(f"block{n}.conv2", x, torch.relu)
                if n < 6:
                    x = F.avg_pool2d(x, 2)
            return x
        if self.body == "mobilenet-v1":
            x = self.conv("conv0", x, torch.relu, 2)
            for n, (_, pool) in enumerate(V1, 1):
                x = self.conv(f"dw{n}", x, torch.relu, pool, depthwise=True)
                x = self.conv(f"pw{n}", x, torch.relu)
            return x
        x, n = self.conv("conv0", x, F.relu6, 2), 0
        for expansion, _, repeats, pool in V2:
            for k in range(repeats):
                n, y = n + 1, x
                if expansion > 1:
                    y = self.conv(f"block{n}.expand", y, F.relu6)
                y = self.conv(f"block{n}.depthwise", y, F.relu6, 1 if k else pool, depthwise=True)
                y = self.conv(f"block{n}.project", y, lambda v: v)
                x = x + y if y.shape == x.shape else y
        return self.conv("last", x, F.relu6)

    def forward(self, x):
        """[B, 1, bands, frames] to logits and embedding."""
        x = self.norm("input", x, axis=2)
        x = self.body_of(x.transpose(2, 3)).mean(3)
        x = x.amax(2) + x.mean(2)
        embedding = torch.relu(x @ self.w["hidden.weight"].T + self.w["hidden.bias"])
        return embedding @ self.w["logits.weight"].T + self.w["logits.bias"], embedding


def step(body, dtype, disturb=0):
    parameters = declare(body, WIDTHS[body], CLASSES, dtype)
    nf.fill(parameters)
    weights = {name: tensor.requires_grad_() for name, tensor in parameters}
    x = nf.make_input(SHAPE, STREAM, dtype, disturb)
    y = torch.zeros(SHAPE[0], CLASSES, dtype=dtype)
    for row, labels in enumerate(LABELS):
        y[row, labels] = 1
    network = Network(body, weights)
    logits, _ = network.forward(x)
    loss = F.binary_cross_entropy_with_logits(logits, y)
    loss.backward()
    moved = {
        name: ((1 - DECAY) * mean.detach(), DECAY + (1 - DECAY) * n / (n - 1) * variance.detach())
        for name, (mean, variance, n) in network.statistics.items()
    }
    with torch.no_grad():
        evaluated, embedding = Network(body, weights, moved).forward(x)
    gradients = [tensor.grad for _, tensor in parameters]
    return {
        "parameters": parameters, "logits": logits.detach(), "loss": float(loss.detach()), "eval": evaluated,
        "embedding": embedding, "gradients": gradients,
    }  # fmt: skip


def golden(body):
    count = sum(tensor.numel() for _, tensor in declare(body, 1.0, 527, meta=True))
    print(f"{body}: {count} parameters, published {PUBLISHED[body]}")
    exact = step(body, torch.float64)
    worst = dict.fromkeys(("logits", "eval", "gradients"), 0.0)
    for disturb in range(4):
        single = step(body, torch.float32, disturb)
        for key in worst:
            # What the next BatchNorm takes away again has a gradient of zero except for rounding.
            moves = [bool(tensor.norm() > 1e-9) for tensor in exact[key]]
            got, want = ([t for t, m in zip(s[key], moves) if m] for s in (single, exact))
            worst[key] = nf.round_to(max(worst[key], nf.relative_error(got, want)), 3)
    print(f"float32 against float64: {worst}")
    nf.write(ROOT / f"crates/earmark-models/tests/golden/panns-{body}.json", {
        "about": "PANNs by xtask/golden/panns.py: PyTorch, float64, weights rounded to float32",
        "rules": nf.RULES,
        "float32_error_is": nf.FLOAT32_ERROR_IS,
        "loss_is": "mean over batch and classes of sigmoid cross-entropy with 0/1 targets; no dropout",
        "eval_is": "moving = decay * start + (1 - decay) * batch (variance unbiased, n / (n - 1)) after one training pass from mean 0 and "
        "variance 1, weights unmoved",
        "width": WIDTHS[body],
        "labels": LABELS,
        "input_shape": SHAPE,
        "input_stream": STREAM,
        "input_digest": nf.digest(nf.make_input(SHAPE, STREAM, torch.float64)),
        "parameters_527_classes": count,
        "loss": nf.round_to(exact["loss"]),
        "logits_train": nf.rounded(exact["logits"]),
        "logits_eval": nf.rounded(exact["eval"]),
        "embedding_eval": nf.digest(exact["embedding"]),
        "float32_error": worst,
        "parameters": nf.gradients(exact["parameters"], digits=8),
    })  # fmt: skip
    assert count == PUBLISHED[body]


def main():
    for body in WIDTHS:
        golden(body)
    mel = librosa.feature.melspectrogram(
        y=signal(32000, 32000), sr=32000, n_fft=1024, hop_length=320, n_mels=64, fmin=50, fmax=14000, power=2.0, pad_mode="reflect"
    )
    decibels = librosa.power_to_db(mel, ref=1.0, amin=1e-10, top_db=None)
    np.save(ROOT / "crates/earmark-features/tests/golden/panns.npy", decibels[None].astype(np.float32))
    print(decibels.shape)


if __name__ == "__main__":
    main()
