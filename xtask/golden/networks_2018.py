"""Golden values of the two FSDKaggle2018 networks (starter-2018, mobilenetv2-pca-2018), by PyTorch in float64.

Pinned: torch 2.15.0, numpy 2.4.6.
Usage:  python xtask/golden/networks_2018.py
Writes: crates/earmark-models/tests/golden/networks_2018.json

Restated from descriptions. starter-2018: three times a convolution (11 bands x 3 frames, SAME), BatchNorm that shifts and does not
scale, ReLU, max pool of 2; mean; dense. mobilenetv2-pca-2018: BatchNorm, 1x1 convolutions to 10 and 3 channels with ReLU, the body of
Keras-Applications 1.0.4 (TensorFlow's SAME padding, eps 1e-3), mean, joined by the BatchNorm of a vector, two dense layers with
ReLU and BatchNorm, dense; 5,378,330 parameters with 350 clip-level features and 41 classes. Dropout is left out.
"""

import pathlib

import torch
import torch.nn.functional as F

import network_fill as nf
from mobilenet_v1 import same

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/earmark-models/tests/golden/networks_2018.json"
EPSILON = 1e-3
CLASSES, LABELS = 5, [3, 0, 4]
STAGES = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]


def norm(x, weights, name):
    axes = [0] + list(range(2, x.dim()))
    shape = [1, -1] + [1] * (x.dim() - 2)
    mean = x.mean(axes).reshape(shape)
    variance = x.var(axes, unbiased=False).reshape(shape)
    x = (x - mean) / torch.sqrt(variance + EPSILON)
    if f"{name}.gamma" in weights:
        x = x * weights[f"{name}.gamma"].reshape(shape)
    return x + weights[f"{name}.beta"].reshape(shape)


def padded(x, kernel, stride):
    pads = []
    for size, k, s in ((x.shape[3], kernel[1], stride), (x.shape[2], kernel[0], stride)):
        total = max((-(-size // s) - 1) * s + k - size, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads)


class Starter:
    base, shape, stream = 4, (3, 2, 33, 21), 2_000_000
    side = 0

    def parameters(self):
        rows, depth = [], self.shape[1]
        for n in range(3):
            out = self.base << n
            rows += [(f"conv{n + 1}.weight", (out, depth, 11, 3)), (f"conv{n + 1}.bn.beta", (out,))]
            depth = out
        return rows + [("logits.weight", (CLASSES, depth)), ("logits.bias", (CLASSES,))]

    def forward(self, w, x, _side):
        for n in range(1, 4):
            x = F.conv2d(padded(x, (11, 3), 1), w[f"conv{n}.weight"])
            x = F.max_pool2d(torch.relu(norm(x, w, f"conv{n}.bn")), 2)
        return F.linear(x.mean((2, 3)), w["logits.weight"], w["logits.bias"])


def divisible(value):
    rounded = max(8, int(value + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * value else rounded


class MobileNet:
    width, shape, stream = 0.25, (3, 1, 40, 56), 2_000_100
    side, hidden = 6, (12, 10)

    def convs(self):
        """Scope, output, input, groups, kernel, stride, whether it has an activation; and the blocks they are in."""
        depth = divisible(32 * self.width)
        rows = [("conv0", depth, 3, 1, 3, 2, True, None)]
        block = 0
        for expansion, channels, repeats, stride in STAGES:
            for repeat in range(repeats):
                out, s = divisible(channels * self.width), stride if repeat == 0 else 1
                wide, scope = depth * expansion, f"block{block}"
                if expansion > 1:
                    rows.append((f"{scope}.expand", wide, depth, 1, 1, 1, True, block))
                rows.append((f"{scope}.depthwise", wide, wide, wide, 3, s, True, block))
                rows.append((f"{scope}.project", out, wide, 1, 1, 1, False, block))
                depth, block = out, block + 1
        rows.append(("last", 1280, depth, 1, 1, 1, True, None))
        return rows

    def parameters(self):
        rows = [("input.bn.gamma", (1,)), ("input.bn.beta", (1,))]
        depth = 1
        for n, out in ((1, 10), (2, 3)):
            rows += [(f"widen{n}.weight", (out, depth, 1, 1)), (f"widen{n}.bias", (out,))]
            depth = out
        for name, out, inputs, groups, kernel, *_ in self.convs():
            rows.append((f"{name}.weight", (out, inputs // groups, kernel, kernel)))
            rows += [(f"{name}.bn.gamma", (out,)), (f"{name}.bn.beta", (out,))]
        rows += [("side.bn.gamma", (self.side,)), ("side.bn.beta", (self.side,))]
        depth = 1280 + self.side
        for n, out in enumerate(self.hidden, start=1):
            rows += [(f"dense{n}.weight", (out, depth)), (f"dense{n}.bias", (out,))]
            rows += [(f"dense{n}.bn.gamma", (out,)), (f"dense{n}.bn.beta", (out,))]
            depth = out
        return rows + [("logits.weight", (CLASSES, depth)), ("logits.bias", (CLASSES,))]

    def forward(self, w, x, side):
        x = norm(x, w, "input.bn")
        for n in (1, 2):
            x = torch.relu(F.conv2d(x, w[f"widen{n}.weight"], w[f"widen{n}.bias"]))
        start = {}
        for name, _, _, groups, kernel, stride, active, block in self.convs():
            if block is not None and block not in start:
                start[block] = x
            x = F.conv2d(same(x, kernel, stride), w[f"{name}.weight"], stride=stride, groups=groups)
            x = norm(x, w, f"{name}.bn")
            if active:
                x = x.clamp(0, 6)
            if name.endswith("project") and start[block].shape == x.shape:
                x = x + start[block]
        x = torch.cat([x.mean((2, 3)), norm(side, w, "side.bn")], 1)
        for n in (1, 2):
            x = norm(torch.relu(F.linear(x, w[f"dense{n}.weight"], w[f"dense{n}.bias"])), w, f"dense{n}.bn")
        return F.linear(x, w["logits.weight"], w["logits.bias"])


def run(net, dtype, stream, disturb=0):
    parameters = [(name, torch.empty(shape, dtype=dtype)) for name, shape in net.parameters()]
    nf.fill(parameters)
    weights = {name: tensor.requires_grad_() for name, tensor in parameters}
    x = nf.make_input(net.shape, stream, dtype, disturb)
    side = None
    if net.side:
        values = nf.uniform(stream + 3, net.shape[0] * net.side).astype("float32")
        side = torch.from_numpy(values).to(dtype).reshape(net.shape[0], net.side)
    logits = net.forward(weights, x, side)
    loss = F.cross_entropy(logits, torch.tensor(LABELS))
    loss.backward()
    return parameters, x, logits, loss, [tensor.grad for _, tensor in parameters]


def case(net):
    # An input on which float32 rounding moves nothing across a corner, so that gradients can be compared sharply.
    best = None
    for stream in range(net.stream, net.stream + 30, 5):
        exact = run(net, torch.float64, stream)
        # A shift before the next BatchNorm moves nothing: such gradients are 0 except for rounding, and are left out.
        counts = [k for k, g in enumerate(exact[4]) if float(g.norm()) > 1e-9]
        rounded = [run(net, torch.float32, stream, d)[4] for d in (0, 1)]
        error = max(nf.relative_error([r[k] for k in counts], [exact[4][k] for k in counts]) for r in rounded)
        if best is None or error < best[0]:
            best = (error, stream, exact)
    error, stream, (parameters, x, logits, loss, grads) = best
    print(type(net).__name__, stream, f"{error:.1e}")
    return {
        "input_shape": list(net.shape),
        "input_stream": stream,
        "input_digest": nf.digest(x),
        "side_features": net.side,
        "parameters": [
            {"name": n, "shape": list(t.shape), "first": float(t.detach().flatten()[0])} for n, t in parameters
        ],
        "logits_train": nf.rounded(logits),
        "loss": nf.round_to(float(loss.detach())),
        "float32_error": nf.round_to(error, 3),
        "gradients": [nf.digest(g) for g in grads],
    }


if __name__ == "__main__":
    nf.write(
        OUT,
        {
            "rules": nf.RULES | {"side": "side[b, i] = u(s + 3, b * side_features + i), rounded to float32"},
            "float32_error_is": nf.FLOAT32_ERROR_IS,
            "labels": LABELS,
            "starter": case(Starter()),
            "mobilenet_v2": case(MobileNet()),
        },
    )
