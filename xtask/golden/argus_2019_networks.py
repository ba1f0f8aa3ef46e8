"""Golden values of argus-2019's SkipAttention and RnnAuxSkipAttention, by PyTorch in float64.

Pinned: torch 2.15.0, numpy 2.4.6.
Usage:  python xtask/golden/argus_2019_networks.py
Writes: crates/earmark-models/tests/golden/{skip_attention,rnn_aux_skip_attention}.json

Restated from the architecture's description as modules, so that PyTorch's own LSTM computes and the state dicts have the
published names, which `argus_2019_checkpoints` needs. BatchNorm is PyTorch's (eps 1e-5, momentum 0.1).
"""

import pathlib
import re

import torch
import torch.nn.functional as F
from torch import nn

import network_fill as nf

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/earmark-models/tests/golden"
POOLS = (8, 4, 2)
OUTPUTS = {"main": 1.0, "aux3": 0.4, "aux2": 0.2, "aux1": 0.1}
DECAY = 0.9
SHAPE, STREAM, CLASSES = (6, 3, 32, 80), 1_000_000, 10
LABELS = [[0], [3, 7], [], [9, 1, 4], [5], [2, 6]]


class Convs(nn.Module):
    def __init__(self, channels, out):
        super().__init__()

        def conv(channels):
            return nn.Sequential(nn.Conv2d(channels, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU())

        self.conv1, self.conv2 = conv(channels), conv(out)

    def forward(self, x):
        return F.avg_pool2d(self.conv2(self.conv1(x)), 2)


class Pooled(nn.Module):
    def __init__(self, channels, out, pool):
        super().__init__()
        self.pool = pool
        self.conv, self.bn = nn.Conv2d(channels, out, 3, padding=1, bias=False), nn.BatchNorm2d(out)

    def forward(self, x):
        x = x if self.pool == 1 else F.avg_pool2d(x, self.pool)
        return torch.relu(self.bn(self.conv(x)))


class Channels(nn.Module):
    def __init__(self, channels, narrow):
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(channels, narrow, 1, bias=False), nn.Conv2d(narrow, channels, 1, bias=False)

    def forward(self, x):
        seen = (x.mean((2, 3), keepdim=True), x.amax((2, 3), keepdim=True))
        return x * torch.sigmoid(sum(self.fc2(torch.relu(self.fc1(s))) for s in seen))


class Places(nn.Module):
    def __init__(self, kernel):
        super().__init__()
        self.conv1 = nn.Conv2d(2, 1, kernel, padding=kernel // 2, bias=False)

    def forward(self, x):
        return x * torch.sigmoid(self.conv1(torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)))


class Attention(nn.Module):
    def __init__(self, channels, narrow, kernel):
        super().__init__()
        self.ca, self.sa = Channels(channels, narrow), Places(kernel)

    def forward(self, x):
        return self.sa(self.ca(x))


def dense(features, hidden, classes):
    layers = [nn.Dropout(0.0), nn.Linear(features, hidden), nn.PReLU(), nn.BatchNorm1d(hidden), nn.Dropout(0.0)]
    return nn.Sequential(*layers, nn.Linear(hidden, classes))


class Auxiliary(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.fc = dense(features, hidden, classes)

    def forward(self, x):
        return self.fc(x.mean((2, 3)))


class OverTime(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.rnn, self.embedding = nn.LSTM(width, width, bidirectional=True), nn.Linear(2 * width, width)

    def forward(self, x):
        steps = x.mean(2).permute(2, 0, 1)
        return self.embedding(self.rnn(steps)[0]).mean(0)


class Network(nn.Module):
    """`kind` is skip, aux or rnn; gives a dictionary of logits."""

    def __init__(self, kind, base, classes, kernel, last_fc, ratio=16):
        super().__init__()
        wide, channels = 8 * base, 3
        for n in range(1, 5):
            out = base << (n - 1)
            self.add_module(f"conv{n}", Convs(channels, out))
            if n < 4:
                self.add_module(f"skip{n}", Pooled(out, wide, POOLS[n - 1]))
                if kind != "skip":
                    self.add_module(f"aux{n}", Auxiliary(wide, last_fc * base, classes))
            channels = out
        self.attention = Attention(4 * wide, 4 * wide // ratio, kernel)
        self.merge = Pooled(4 * wide, wide, 1)
        self.rnn = OverTime(wide) if kind == "rnn" else None
        self.fc = dense(wide, last_fc * base, classes)

    def forward(self, x):
        outputs, skips = {}, []
        for n in range(1, 5):
            x = self.get_submodule(f"conv{n}")(x)
            if n < 4:
                skips.append(self.get_submodule(f"skip{n}")(x))
                if hasattr(self, f"aux{n}"):
                    outputs[f"aux{n}"] = self.get_submodule(f"aux{n}")(skips[-1])
        x = self.merge(self.attention(torch.cat([x, *skips], 1)))
        outputs["main"] = self.fc(self.rnn(x) if self.rnn else x.mean((2, 3)))
        return {name: outputs[name] for name in OUTPUTS if name in outputs}


def our_name(name):
    """What earmark calls a variable."""
    name = re.sub(r"^conv(\d)\.(conv\d)", r"block\1.\2", name)
    name = re.sub(r"^fc\.", "main.fc.", name)
    for found, ours in (
        (r"\.fc\.1\.", ".dense."),
        (r"\.fc\.2\.weight", ".prelu"),
        (r"\.fc\.3\.", ".bn."),
        (r"\.fc\.5\.", ".logits."),
        (r"(conv\d)\.0\.", r"\1."),
        (r"(conv\d)\.1\.", r"\1.bn."),
        (r"^(skip\d|merge)\.conv", r"\1"),
        (r"attention\.ca\.fc1", "attention.channel.reduce"),
        (r"attention\.ca\.fc2", "attention.channel.expand"),
        (r"attention\.sa\.conv1", "attention.spatial"),
        (r"rnn\.embedding", "rnn.dense"),
        (r"bn\.weight", "bn.gamma"),
        (r"bn\.bias", "bn.beta"),
        (r"running_mean", "mean"),
        (r"running_var", "variance"),
    ):
        name = re.sub(found, ours, name)
    lstm = re.fullmatch(r"rnn\.rnn\.(weight|bias)_(ih|hh)_l0(_reverse)?", name)
    if lstm:
        part = {"ih": "input", "hh": "hidden"}[lstm[2]]
        name = f"rnn.{'backward' if lstm[3] else 'forward'}.{part}.{lstm[1]}"
    return name


def step(make, dtype, disturb=0):
    """A training pass and an evaluation with the statistics that it moved."""
    network = make().to(dtype)
    parameters = [(our_name(name), tensor) for name, tensor in network.named_parameters()]
    nf.fill(parameters)
    x = nf.make_input(SHAPE, STREAM, dtype, disturb)
    y = torch.zeros(SHAPE[0], CLASSES, dtype=dtype)
    for row, labels in enumerate(LABELS):
        y[row, labels] = 1
    outputs = network(x)
    losses = {name: F.binary_cross_entropy_with_logits(value, y) for name, value in outputs.items()}
    loss = sum(OUTPUTS[name] * value for name, value in losses.items())
    loss.backward()
    with torch.no_grad():
        evaluated = network.eval()(x)
    return {
        "parameters": parameters,
        "moved": {our_name(name): value for name, value in network.named_buffers()},
        "outputs": {name: value.detach() for name, value in outputs.items()},
        "losses": {name: float(value.detach()) for name, value in losses.items()},
        "loss": float(loss.detach()),
        "eval": evaluated,
        "gradients": [tensor.grad for _, tensor in parameters],
    }


def write_network(kind, path, counted, base, kernel, last_fc):
    def make():
        return Network(kind, base, CLASSES, kernel, last_fc)

    def count(**settings):
        network = Network(kind, 64, 80, **settings)
        return sum(tensor.numel() for tensor in network.parameters())

    exact = step(make, torch.float64)
    worst = dict.fromkeys(("outputs_train", "outputs_eval", "gradients"), 0.0)
    for disturb in range(4):
        single = step(make, torch.float32, disturb)
        for key, got, expected in (
            ("outputs_train", single["outputs"].values(), exact["outputs"].values()),
            ("outputs_eval", single["eval"].values(), exact["eval"].values()),
            ("gradients", single["gradients"], exact["gradients"]),
        ):
            error = nf.relative_error(list(got), list(expected))
            worst[key] = nf.round_to(max(worst[key], error), 3)
    print(f"{kind}: float32 against float64: {worst}")
    heads = list(exact["outputs"])
    nf.write(OUT / path, {
        "about": "argus-2019 by xtask/golden/argus_2019_networks.py: PyTorch, float64, weights rounded to float32",
        "rules": nf.RULES,
        "float32_error_is": nf.FLOAT32_ERROR_IS,
        "loss_is": "sum over outputs of weight * mean over batch and classes of sigmoid cross-entropy with 0/1 targets; no dropout",
        "eval_is": "moving = decay * start + (1 - decay) * batch (variance unbiased, n / (n - 1)) after one training pass from mean 0 and "
        "variance 1, weights unmoved; `moving` is [L2 norm, sum] of mean and of variance",
        "base": base,
        "ratio": 16,
        "kernel": kernel,
        "last_filters": 8,
        "last_fc": last_fc,
        "classes": CLASSES,
        "labels": LABELS,
        "output_weights": {name: OUTPUTS[name] for name in heads},
        "bn_epsilon": 1e-5,
        "bn_decay": DECAY,
        "input_shape": SHAPE,
        "input_stream": STREAM,
        "input_layout": "[batch, channel, bands, frames]",
        "input_digest": nf.digest(nf.make_input(SHAPE, STREAM, torch.float64)),
        "parameters_base_64_classes_80": [{**settings, "count": count(**settings)} for settings in counted],
        "loss": nf.round_to(exact["loss"]),
        "losses": {name: nf.round_to(value) for name, value in exact["losses"].items()},
        "outputs_train": {name: nf.rounded(value) for name, value in exact["outputs"].items()},
        "outputs_eval": {name: nf.rounded(value) for name, value in exact["eval"].items()},
        "moving": {
            name: [nf.digest(exact["moved"][f"{name}.bn.{part}"])[:2] for part in ("mean", "variance")]
            for name in ("block1.conv1", "skip2", "block4.conv2", "merge", heads[-1], "main")
        },
        "float32_error": worst,
        "parameters": nf.gradients(exact["parameters"]),
    })


def main():
    write_network("skip", "skip_attention.json", [{"kernel": 7, "last_fc": 2}, {"kernel": 3, "last_fc": 2}], base=4, kernel=3, last_fc=2)
    write_network("rnn", "rnn_aux_skip_attention.json", [{"kernel": 7, "last_fc": 4}], base=8, kernel=7, last_fc=2)


if __name__ == "__main__":
    main()
