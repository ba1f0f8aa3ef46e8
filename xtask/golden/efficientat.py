"""Golden values of EfficientAT's MobileNetV3 and its front end, by PyTorch.

Pinned: torch 2.15.0, numpy 2.4.6.
Usage:  python xtask/golden/efficientat.py
        python xtask/golden/efficientat.py CHECKPOINT SAMPLES
Writes: crates/earmark-models/tests/golden/efficientat.json (network, float64) and
        crates/earmark-features/tests/golden/efficientat.npy (front end, float64, [1, 128, 99]);
        with arguments instead: crates/earmark-hub/tests/golden/efficientat-esc10.npy, the float32 logits [clips, 527] of the
        published mn04_as on the 32 kHz float32 samples of SAMPLES/*.f32 (as `cargo run --release -p earmark-audio
        --example samples` writes them), in the order of their names.

Restated from the paper (arXiv:2211.04772), MobileNetV3's (arXiv:1905.02244) and the published checkpoint's shapes; the published
parameter counts of all sizes must come out.
"""

import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

import network_fill as nf
from features_signal import signal

ROOT = pathlib.Path(__file__).resolve().parents[2]
EPSILON, DECAY = 1e-3, 0.99
WIDTH, CLASSES = 0.3, 10
SHAPE, STREAM = (4, 1, 64, 72), 1_000_000
LABELS = [[0], [3, 7], [], [9, 1, 4]]
# Kernel, channels of the depthwise convolution, channels out, squeeze-and-excitation, hard-swish, stride.
BLOCKS = [
    (3, 16, 16, 0, 0, 1), (3, 64, 24, 0, 0, 2), (3, 72, 24, 0, 0, 1), (5, 72, 40, 1, 0, 2), (5, 120, 40, 1, 0, 1),
    (5, 120, 40, 1, 0, 1), (3, 240, 80, 0, 1, 2), (3, 200, 80, 0, 1, 1), (3, 184, 80, 0, 1, 1), (3, 184, 80, 0, 1, 1),
    (3, 480, 112, 1, 1, 1), (3, 672, 112, 1, 1, 1), (5, 672, 160, 1, 1, 2), (5, 960, 160, 1, 1, 1), (5, 960, 160, 1, 1, 1),
]  # fmt: skip


def eights(channels):
    """The multiple of 8 next to it, never below 90 % of it."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest


def declare(width, classes, dtype=torch.float32, meta=False):
    """Names and tensors in the order in which data meets them."""
    parameters = []

    def add(name, *shape):
        parameters.append((name, torch.empty(shape, dtype=dtype, device="meta" if meta else "cpu")))

    def conv(name, out, into, kernel=1):
        add(f"{name}.weight", out, into, kernel, kernel)
        add(f"{name}.bn.gamma", out)
        add(f"{name}.bn.beta", out)

    def dense(name, out, into):
        add(f"{name}.weight", out, into)
        add(f"{name}.bias", out)

    now = eights(16 * width)
    conv("stem", now, 1, 3)
    for n, (kernel, expanded, out, squeeze, _, _) in enumerate(BLOCKS, 1):
        expanded, out = eights(expanded * width), eights(out * width)
        if expanded != now:
            conv(f"block{n}.expand", expanded, now)
        conv(f"block{n}.depthwise", expanded, 1, kernel)
        if squeeze:
            inside = eights(expanded // 4)
            dense(f"block{n}.squeeze.reduce", inside, expanded)
            dense(f"block{n}.squeeze.expand", expanded, inside)
        conv(f"block{n}.project", out, expanded)
        now = out
    conv("last", 6 * now, now)
    hidden = eights(1280 * width)
    dense("hidden", hidden, 6 * now)
    dense("logits", classes, hidden)
    return parameters


class Network:
    """One pass over the network; collects batch statistics unless it is given moving ones."""

    def __init__(self, weights, moving=None):
        self.w, self.moving, self.statistics = weights, moving, {}

    def conv(self, name, x, act, stride=1):
        weight = self.w[f"{name}.weight"]
        groups = x.shape[1] if weight.shape[1] == 1 and name.endswith("depthwise") else 1
        x = F.conv2d(x, weight, stride=stride, padding=weight.shape[2] // 2, groups=groups)
        if self.moving:
            mean, variance = self.moving[name]
        else:
            mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
            self.statistics[name] = (mean, variance, x.numel() // x.shape[1])
        scale = self.w[f"{name}.bn.gamma"] / torch.sqrt(variance + EPSILON)
        x = (x - mean[:, None, None]) * scale[:, None, None] + self.w[f"{name}.bn.beta"][:, None, None]
        return {"relu": torch.relu, "hs": F.hardswish, None: lambda x: x}[act](x)

    def dense(self, name, x):
        return x @ self.w[f"{name}.weight"].T + self.w[f"{name}.bias"]

    def embed(self, x):
        x = self.conv("stem", x, "hs", 2)
        for n, (_, _, _, squeeze, hard, stride) in enumerate(BLOCKS, 1):
            act, y = ("hs" if hard else "relu"), x
            if f"block{n}.expand.weight" in self.w:
                y = self.conv(f"block{n}.expand", y, act)
            y = self.conv(f"block{n}.depthwise", y, act, stride)
            if squeeze:
                inside = torch.relu(self.dense(f"block{n}.squeeze.reduce", y.mean((2, 3))))
                y = y * torch.sigmoid(self.dense(f"block{n}.squeeze.expand", inside))[:, :, None, None]
            y = self.conv(f"block{n}.project", y, None)
            x = x + y if y.shape == x.shape else y
        return self.conv("last", x, "hs").mean((2, 3))

    def forward(self, x):
        embedding = self.embed(x)
        return self.dense("logits", F.hardswish(self.dense("hidden", embedding))), embedding


def bank(bands, rate, fft, high_hz):
    """Kaldi's triangles along 1127 ln(1 + f / 700), from 0 Hz; float64, [bands, fft / 2 + 1]."""
    pitch = 1127 * np.log1p(np.arange(fft // 2) * rate / fft / 700)
    step = 1127 * np.log1p(high_hz / 700) / (bands + 1)
    left = np.arange(bands)[:, None] * step
    rows = np.maximum(0, np.minimum((pitch - left) / step, (left + 2 * step - pitch) / step))
    return torch.from_numpy(np.pad(rows, ((0, 0), (0, 1))))


def front_end(samples):
    """Samples at 32 kHz to [bands, frames], in the samples' precision."""
    x = samples[1:] - 0.97 * samples[:-1]
    window = torch.hann_window(800, periodic=False, dtype=torch.float64).to(x.dtype)
    spectrum = torch.stft(x, 1024, 320, 800, window, center=True, pad_mode="reflect", return_complex=True)
    power = spectrum.real**2 + spectrum.imag**2
    return (torch.log(bank(128, 32000, 1024, 15000).to(x.dtype) @ power + 1e-5) + 4.5) / 5


def step(dtype, disturb=0):
    parameters = declare(WIDTH, CLASSES, dtype)
    nf.fill(parameters)
    weights = {name: tensor.requires_grad_() for name, tensor in parameters}
    x = nf.make_input(SHAPE, STREAM, dtype, disturb)
    y = torch.zeros(SHAPE[0], CLASSES, dtype=dtype)
    for row, labels in enumerate(LABELS):
        y[row, labels] = 1
    network = Network(weights)
    logits, _ = network.forward(x)
    loss = F.binary_cross_entropy_with_logits(logits, y)
    loss.backward()
    moved = {
        name: ((1 - DECAY) * mean.detach(), DECAY + (1 - DECAY) * n / (n - 1) * variance.detach())
        for name, (mean, variance, n) in network.statistics.items()
    }
    with torch.no_grad():
        evaluated, embedding = Network(weights, moved).forward(x)
    return {
        "parameters": parameters,
        "logits": logits.detach(),
        "loss": float(loss.detach()),
        "eval": evaluated,
        "embedding": embedding,
        "gradients": [tensor.grad for _, tensor in parameters],
    }


def counts():
    """Parameters by name, next to what is published (in millions)."""
    found = {}
    for name, width, published in (
        ("mn04", 0.4, 0.983), ("mn05", 0.5, 1.43), ("mn10", 1.0, 4.88),
        ("mn20", 2.0, 17.91), ("mn30", 3.0, 39.09), ("mn40", 4.0, 68.43),
    ):  # fmt: skip
        count = sum(tensor.numel() for _, tensor in declare(width, 527, meta=True))
        print(f"{name}: {count} parameters, published {published} M")
        assert abs(count / 1e6 - published) < 0.006
        found[name] = count
    return found


def golden():
    exact = step(torch.float64)
    worst = dict.fromkeys(("logits", "eval", "gradients"), 0.0)
    for disturb in range(4):
        single = step(torch.float32, disturb)
        for key in worst:
            # A projection's shift is taken away again by the next BatchNorm: its gradient is zero except for rounding.
            moves = [bool(tensor.norm() > 1e-9) for tensor in exact[key]]
            got, want = ([t for t, m in zip(s[key], moves) if m] for s in (single, exact))
            worst[key] = nf.round_to(max(worst[key], nf.relative_error(got, want)), 3)
    print(f"float32 against float64: {worst}")
    nf.write(ROOT / "crates/earmark-models/tests/golden/efficientat.json", {
        "about": "EfficientAT's MobileNetV3 by xtask/golden/efficientat.py: PyTorch, float64, weights rounded to float32",
        "rules": nf.RULES,
        "float32_error_is": nf.FLOAT32_ERROR_IS,
        "loss_is": "mean over batch and classes of sigmoid cross-entropy with 0/1 targets; no dropout",
        "eval_is": "moving = decay * start + (1 - decay) * batch (variance unbiased, n / (n - 1)) after one training pass from mean 0 and "
        "variance 1, weights unmoved",
        "width": WIDTH,
        "classes": CLASSES,
        "labels": LABELS,
        "input_shape": SHAPE,
        "input_stream": STREAM,
        "input_digest": nf.digest(nf.make_input(SHAPE, STREAM, torch.float64)),
        "parameters_527_classes": counts(),
        "loss": nf.round_to(exact["loss"]),
        "logits_train": nf.rounded(exact["logits"]),
        "logits_eval": nf.rounded(exact["eval"]),
        "embedding_eval": nf.digest(exact["embedding"]),
        "float32_error": worst,
        "parameters": nf.gradients(exact["parameters"], digits=8),
    })  # fmt: skip
    features = front_end(torch.from_numpy(signal(32000, 31680).astype(np.float64)))
    print(features.shape, float(features.min()), float(features.max()))
    out = ROOT / "crates/earmark-features/tests/golden/efficientat.npy"
    np.save(out, features[None].numpy().astype(np.float32))


def translated(state):
    """The published state dict under our names: weights, and moving statistics by layer."""
    weights, moving = {}, {}

    def conv(ours, theirs):
        weights[f"{ours}.weight"] = state[f"{theirs}.0.weight"]
        weights[f"{ours}.bn.gamma"], weights[f"{ours}.bn.beta"] = (state[f"{theirs}.1.{k}"] for k in ("weight", "bias"))
        moving[ours] = state[f"{theirs}.1.running_mean"], state[f"{theirs}.1.running_var"]

    def dense(ours, theirs):
        weights[f"{ours}.weight"], weights[f"{ours}.bias"] = state[f"{theirs}.weight"], state[f"{theirs}.bias"]

    conv("stem", "features.0")
    for n, (_, _, _, squeeze, _, _) in enumerate(BLOCKS, 1):
        names = (["expand"] if n > 1 else []) + ["depthwise"] + (["squeeze"] if squeeze else []) + ["project"]
        for k, name in enumerate(names):
            theirs = f"features.{n}.block.{k}"
            if name == "squeeze":
                dense(f"block{n}.squeeze.reduce", f"{theirs}.conc_se_layers.0.fc1")
                dense(f"block{n}.squeeze.expand", f"{theirs}.conc_se_layers.0.fc2")
            else:
                conv(f"block{n}.{name}", theirs)
    conv("last", "features.16")
    dense("hidden", "classifier.2")
    dense("logits", "classifier.5")
    return weights, moving


def published(checkpoint, folder):
    network = Network(*translated(torch.load(checkpoint, map_location="cpu", weights_only=True)))
    rows = []
    with torch.no_grad():
        for path in sorted(pathlib.Path(folder).glob("*.f32")):
            samples = torch.from_numpy(np.fromfile(path, dtype="<f4"))
            rows.append(network.forward(front_end(samples)[None, None])[0][0].numpy())
    out = ROOT / "crates/earmark-hub/tests/golden/efficientat-esc10.npy"
    out.parent.mkdir(parents=True, exist_ok=True)
    np.save(out, np.stack(rows)[None].astype(np.float32))
    print(out.name, len(rows), out.stat().st_size)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        published(*sys.argv[1:])
    else:
        golden()
