"""Golden values of MobileNet v2's body as torchvision and Keras compute it, in float64, with weights by a formula and by their own names.

Pinned: torch 2.15.0, torchvision 0.29.2, keras 3.15.1, numpy 2.4.6.
Usage:  python xtask/golden/mobilenet_v2_bodies.py
Writes: crates/earmark-hub/tests/golden/mobilenet-v2-torchvision.json and mobilenet-v2-keras.json: names and shapes of all tensors in
their order, an image's size, and the mean over all places of what the last layer before the classifier gives, 1,280 numbers.

Element i (row-major, in the library's own layout) of tensor p (place in the list) is offset + scale u(p, i), with u of network_fill; scale
and offset are those of RULES below, by the tensor's last name and number of dimensions. The image is (1 + u(1000, i)) / 2, as [3, H, W]. Its sides
are odd for torchvision (32 k + 1: all strided layers then have odd planes, where its padding and TensorFlow's SAME are one) and even for Keras.
"""

import json
import math
import os
import pathlib

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch
import torchvision

import network_fill as nf

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/earmark-hub/tests/golden"
RULES = {
    "a kernel (four dimensions)": "offset 0, scale sqrt(6 / fan in)",
    "a matrix (two dimensions)": "offset 0, scale 0.1",
    "running_var, moving_variance": "offset 1, scale 0.5",
    "gamma, weight (one dimension)": "offset 1, scale 0.2",
    "all others": "offset 0, scale 0.2",
}


def values(place, name, shape):
    """The tensor by the rules; a kernel's fan in is what one output is a sum of."""
    offset, scale = 0.0, 0.2
    last = name.replace("/", ".").rsplit(".", 1)[-1]
    if len(shape) == 4:
        keras_layout = "/" in name
        depthwise = keras_layout and shape[3] == 1
        fan_in = shape[0] * shape[1] * (1 if depthwise else shape[2]) if keras_layout else math.prod(shape[1:])
        scale = math.sqrt(6 / fan_in)
    elif len(shape) == 2:
        scale = 0.1
    elif last in ("running_var", "moving_variance"):
        offset, scale = 1.0, 0.5
    elif last in ("gamma", "weight"):
        offset = 1.0
    flat = offset + scale * nf.uniform(place, math.prod(shape))
    return flat.astype(np.float32).astype(np.float64).reshape(shape)


def image(h, w):
    x = (1 + nf.uniform(1000, 3 * h * w)) / 2
    return torch.from_numpy(x.astype(np.float32).astype(np.float64).reshape(1, 3, h, w))


def write(name, tensors, size, out):
    golden = {
        "rules": RULES,
        "tensors": tensors,
        "size": size,
        "features": [nf.round_to(float(v), 9) for v in out.flatten()],
    }
    path = OUT / name
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes, from {out.min():.3f} to {out.max():.3f}, {int((out == 0).sum())} of them 0")


def main():
    torch.set_num_threads(1)
    net = torchvision.models.mobilenet_v2(weights=None).double().eval()
    tensors = []
    with torch.no_grad():
        for place, (name, tensor) in enumerate(net.state_dict().items()):
            tensors.append([name, list(tensor.shape)])
            if tensor.dim():
                tensor.copy_(torch.from_numpy(values(place, name, tuple(tensor.shape))))
        size = (65, 97)
        write("mobilenet-v2-torchvision.json", tensors, size, net.features(image(*size)).mean((2, 3)))

    keras.config.set_floatx("float64")
    size = (64, 96)
    net = keras.applications.MobileNetV2(input_shape=(*size, 3), weights=None, include_top=False, pooling="avg")
    tensors = []
    for place, weight in enumerate(net.weights):
        shape = tuple(weight.shape)
        tensors.append([weight.path, list(shape)])
        weight.assign(values(place, weight.path, shape))
    with torch.no_grad():
        out = net(image(*size).permute(0, 2, 3, 1), training=False)
    write("mobilenet-v2-keras.json", tensors, size, out)


if __name__ == "__main__":
    main()
