"""What the network golden scripts share: weights and inputs by a formula, and gradients in few numbers.

A test in another language can fill the same network without reading any weights: `uniform` is integer
arithmetic (SplitMix64's mixer) and its result is exact in float32.
"""

import json
import math

import numpy as np
import torch

torch.set_num_threads(2)

RULES = {
    "uniform": "u(s, i): z = (s * 2^32 + i + 1) * 0x9E3779B97F4A7C15 mod 2^64; z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9; "
    "z = (z ^ z >> 27) * 0x94D049BB133111EB; z = z ^ z >> 31; u = (z >> 40) / 2^23 - 1, in -1 to 1",
    "parameter": "element i (row-major, from 0) of parameter p (place in `parameters`, from 0) is "
    "offset + scale * u(p, i), computed in float64, rounded to float32",
    "scale": "conv: sqrt(6 / fan_in) with fan_in = in / groups * kernel area; dense: sqrt(3 / in); all others: 0.1",
    "offset": "gamma: 1; prelu: 0.25; all others: 0",
    "input": "with s the case's input_stream, x[b, c, h, w] = u(s, ((b * C + c) * H + h) * W + w) "
    "+ 2 * u(s + 1, (b * C + c) * H + h) + u(s + 2, (b * C + c) * W + w), computed in float64, rounded to float32",
    "digest": "[L2 norm, sum, then the elements at floor(k * (n - 1) / 4) for k = 0 to 4 of n elements]",
}


def uniform(stream, count):
    z = (np.arange(count, dtype=np.uint64) + np.uint64((stream << 32) + 1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2.0**23 - 1.0


def kind(name, shape):
    last = name.rsplit(".", 1)[-1]
    if last == "weight":
        return "conv" if len(shape) == 4 else "dense"
    assert last in ("gamma", "beta", "bias", "prelu"), name
    return last


def fill(parameters):
    """Overwrites the parameters, a list of (name, tensor)."""
    for place, (name, tensor) in enumerate(parameters):
        what = kind(name, tensor.shape)
        fan_in = math.prod(tensor.shape[1:])
        scale = {"conv": math.sqrt(6 / fan_in), "dense": math.sqrt(3 / fan_in)}.get(what, 0.1)
        offset = {"gamma": 1.0, "prelu": 0.25}.get(what, 0.0)
        values = (offset + scale * uniform(place, tensor.numel())).astype(np.float32)
        with torch.no_grad():
            tensor.copy_(torch.from_numpy(values).reshape(tensor.shape))


def make_input(shape, stream, dtype, disturb=0):
    """The input of a case; `disturb` above 0 seeds noise of float32's own size, to see what rounding can do."""
    b, c, h, w = shape
    x = uniform(stream, b * c * h * w).reshape(shape)
    x = x + 2 * uniform(stream + 1, b * c * h).reshape(b, c, h, 1)
    x = x + uniform(stream + 2, b * c * w).reshape(b, c, 1, w)
    if disturb:
        x = x * (1 + 1.2e-7 * np.random.default_rng(disturb).normal(size=shape))
    return torch.from_numpy(x.astype(np.float32)).to(dtype)


def digest(tensor):
    """A gradient (or any tensor) in seven numbers; see RULES."""
    flat = tensor.detach().double().flatten()
    picks = [flat[k * (flat.numel() - 1) // 4] for k in range(5)]
    return [round_to(float(x)) for x in (flat.norm(), flat.sum(), *picks)]


def gradients(parameters, digits=12):
    """What a golden file lists of parameters, a list of (name, tensor): enough to fill and compare them."""
    return [
        {
            "name": name,
            "shape": list(tensor.shape),
            "first": float(tensor.detach().flatten()[0]),
            "gradient": [round_to(x, digits) for x in digest(tensor.grad)],
        }
        for name, tensor in parameters
    ]


def round_to(value, digits=12):
    return float(f"{value:.{digits}g}")


def rounded(tensor):
    return [[round_to(float(x)) for x in row] for row in tensor.detach()]


FLOAT32_ERROR_IS = (
    "PyTorch's own float32 against float64, worst tensor and worst of four inputs that differ by float32 rounding: "
    "L2 norm of the difference over L2 norm; a tolerance a few times this is fair"
)


def relative_error(got, expected):
    """Largest difference between two lists of tensors, relative to the size of each expected tensor."""
    worst = 0.0
    for a, b in zip(got, expected):
        worst = max(worst, float((a.double() - b.double()).norm() / b.double().norm().clamp_min(1e-12)))
    return worst


def write(path, golden):
    """Writes JSON with a line for each key of the upper levels, so that a difference can be read."""

    def text(value, depth):
        if isinstance(value, dict) and depth < 3:
            items = [f"{json.dumps(key)}: {text(item, depth + 1)}" for key, item in value.items()]
            return "{\n" + ",\n".join(items) + "\n}"
        if isinstance(value, list) and value and isinstance(value[0], (dict, list)) and len(value) > 8:
            return "[\n" + ",\n".join(text(item, 3) for item in value) + "\n]"
        return json.dumps(value, separators=(",", ":"))

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(golden, 0) + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes")
    assert path.stat().st_size < 60_000
