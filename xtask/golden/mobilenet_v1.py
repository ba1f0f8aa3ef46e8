"""Golden values of the DCASE 2019 baseline's MobileNet v1, by PyTorch in float64.

Pinned: torch 2.15.0, numpy 2.4.6 (and tensorflow-cpu 2.21.0 for --check-tensorflow).
Usage:  python xtask/golden/mobilenet_v1.py [--check-tensorflow]
Writes: crates/earmark-models/tests/golden/mobilenet_v1.json

The network: TensorFlow's SAME padding (an odd total pads more at the end), BatchNorm (eps 1e-3) and ReLU after every convolution,
the depthwise ones too, no convolution biases, global pooling, a dense layer. Narrow networks keep at
least 8 channels a layer, as TF-Slim's do. With --check-tensorflow, TensorFlow's own convolutions and fused BatchNorm
must give the same logits and moving statistics.
"""

import pathlib
import sys

import torch
import torch.nn.functional as F

import network_fill as nf

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/earmark-models/tests/golden/mobilenet_v1.json"
PAIRS = [(1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512)] + [(1, 512)] * 5 + [(2, 1024), (1, 1024)]
EPSILON, DECAY, SMOOTHING = 1e-3, 0.99, 0.1
# What the input is like. "full" is the shape of the original; among its millions of activations some lie so near to 0 that
# float32 rounding moves them across a ReLU's corner, and single gradients with them. "small" has the same network on
# so few activations (and an input chosen for it) that this does not happen: it is the sharp test of gradients.
CASES = {"full": ((4, 1, 100, 96), 1_000_000), "small": ((4, 1, 20, 16), 1_000_030)}
CLASSES = 10
LABELS = [[0], [3, 7], [], [9, 1, 4]]


def layers(width):
    """Name, output channels, input channels a group, groups, kernel and stride of each convolution."""
    depth = max(int(16 * width), 8)
    rows = [("conv0", depth, 1, 1, 3, 1)]
    for number, (stride, out) in enumerate(PAIRS, start=1):
        out = max(int(out * width), 8)
        rows.append((f"dw{number}", depth, 1, depth, 3, stride))
        rows.append((f"pw{number}", out, depth, 1, 1, 1))
        depth = out
    return rows, depth


def declare(width, classes, dtype):
    rows, features = layers(width)
    parameters = []
    for name, out, per_group, _, kernel, _ in rows:
        parameters.append((f"{name}.weight", torch.empty(out, per_group, kernel, kernel, dtype=dtype)))
        parameters.append((f"{name}.bn.gamma", torch.empty(out, dtype=dtype)))
        parameters.append((f"{name}.bn.beta", torch.empty(out, dtype=dtype)))
    parameters.append(("logits.weight", torch.empty(classes, features, dtype=dtype)))
    parameters.append(("logits.bias", torch.empty(classes, dtype=dtype)))
    return parameters


def same(x, kernel, stride):
    """Pads the last two axes as TensorFlow's SAME does."""
    pads = []
    for size in (x.shape[3], x.shape[2]):
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads)


def forward(weights, x, width, pool, moving=None):
    """Logits, the activation shape of each layer, and the batch's (mean, biased variance, count) of each.

    With `moving`, a dictionary of (mean, variance) by layer, those normalise instead of the batch's own.
    """
    shapes, statistics = {}, {}
    for name, _, _, groups, kernel, stride in layers(width)[0]:
        x = F.conv2d(same(x, kernel, stride), weights[f"{name}.weight"], stride=stride, groups=groups)
        mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
        statistics[name] = (mean, variance, x.numel() // x.shape[1])
        if moving:
            mean, variance = moving[name]
        x = (x - mean[:, None, None]) / torch.sqrt(variance + EPSILON)[:, None, None]
        x = torch.relu(x * weights[f"{name}.bn.gamma"][:, None, None] + weights[f"{name}.bn.beta"][:, None, None])
        shapes[name] = list(x.shape[1:])
    x = x.mean((2, 3)) if pool == "mean" else x.amax((2, 3))
    return x @ weights["logits.weight"].T + weights["logits.bias"], shapes, statistics


def move(statistics, bessel):
    """Moving statistics after one step from mean 0, variance 1."""
    moved = {}
    for name, (mean, variance, count) in statistics.items():
        factor = count / (count - 1) if bessel else 1.0
        moved[name] = ((1 - DECAY) * mean.detach(), DECAY + (1 - DECAY) * factor * variance.detach())
    return moved


def targets(dtype):
    y = torch.zeros(len(LABELS), CLASSES, dtype=dtype)
    for row, labels in enumerate(LABELS):
        y[row, labels] = 1
    return y * (1 - SMOOTHING) + SMOOTHING / 2


def step(case, dtype, pool, disturb=0):
    """Everything about one training step, in one precision."""
    parameters = declare(0.25, CLASSES, dtype)
    nf.fill(parameters)
    weights = {name: tensor.requires_grad_() for name, tensor in parameters}
    x = nf.make_input(*CASES[case], dtype, disturb)
    logits, shapes, statistics = forward(weights, x, 0.25, pool)
    loss = F.binary_cross_entropy_with_logits(logits, targets(dtype))
    loss.backward()
    with torch.no_grad():
        evaluated = {
            bessel: forward(weights, x, 0.25, pool, move(statistics, bessel))[0] for bessel in (True, False)
        }
    return {
        "parameters": parameters,
        "shapes": shapes,
        "statistics": statistics,
        "logits": logits.detach(),
        "loss": float(loss.detach()),
        "eval": evaluated,
        "gradients": [tensor.grad for _, tensor in parameters],
    }


def check_table():
    """The seed's table at width 1: shapes, and 3.3 million weights without BatchNorm."""
    parameters = declare(1.0, 80, torch.float32)
    weights = {name: torch.zeros_like(tensor) for name, tensor in parameters}
    with torch.no_grad():
        _, shapes, _ = forward(weights, torch.zeros(1, 1, 100, 96), 1.0, "mean")
    count = sum(tensor.numel() for name, tensor in parameters if name.endswith("weight"))
    assert shapes["pw1"] == [64, 100, 96] and shapes["pw6"] == [512, 13, 12] and shapes["pw13"] == [1024, 7, 6]
    assert 3.25e6 < count < 3.35e6, count
    return shapes, sum(tensor.numel() for _, tensor in parameters), count


def check_tensorflow(golden):
    import numpy as np
    import tensorflow as tf

    parameters = declare(0.25, CLASSES, torch.float32)
    nf.fill(parameters)
    weights = {name: tensor.numpy() for name, tensor in parameters}
    x = tf.constant(nf.make_input(*CASES["full"], torch.float32).permute(0, 2, 3, 1).numpy())
    worst = 0.0
    for name, out, _, groups, _, stride in layers(0.25)[0]:
        kernel = weights[f"{name}.weight"].transpose(2, 3, 1, 0)  # OIHW to HWIO
        if groups > 1:
            x = tf.nn.depthwise_conv2d(x, kernel.transpose(0, 1, 3, 2), [1, stride, stride, 1], "SAME")
        else:
            x = tf.nn.conv2d(x, kernel, stride, "SAME")
        x, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=x, scale=weights[f"{name}.bn.gamma"], offset=weights[f"{name}.bn.beta"], mean=np.zeros(out, np.float32),
            variance=np.ones(out, np.float32), epsilon=EPSILON, exponential_avg_factor=1 - DECAY,
        )
        x = tf.nn.relu(x)
        for got, expected in zip((mean, variance), move(golden["statistics"], bessel=True)[name]):
            worst = max(worst, float(np.abs(got.numpy() - expected.numpy()).max()))
    logits = tf.reduce_mean(x, (1, 2)).numpy() @ weights["logits.weight"].T + weights["logits.bias"]
    error = nf.relative_error([torch.from_numpy(logits)], [golden["logits"]])
    print(f"TensorFlow: logits differ by {error:.1e} (relative), moving statistics by {worst:.1e} at most")
    assert error < 1e-4 and worst < 1e-4


def judge(case):
    """The golden values of one case, and the exact step they come from."""
    exact, largest = step(case, torch.float64, "mean"), step(case, torch.float64, "max")
    worst = dict.fromkeys(("logits_train", "logits_eval", "gradients", "max_pool_gradients"), 0.0)
    for disturb in range(4):
        single, single_largest = (step(case, torch.float32, pool, disturb) for pool in ("mean", "max"))
        for key, got, expected in (
            ("logits_train", [single["logits"]], [exact["logits"]]),
            ("logits_eval", [single["eval"][True]], [exact["eval"][True]]),
            ("gradients", single["gradients"], exact["gradients"]),
            ("max_pool_gradients", single_largest["gradients"], largest["gradients"]),
        ):
            worst[key] = nf.round_to(max(worst[key], nf.relative_error(got, expected)), 3)
    print(f"{case}: float32 against float64: {worst}")
    moved = move(exact["statistics"], bessel=True)
    shape, stream = CASES[case]
    return exact, {
        "input_shape": shape,
        "input_stream": stream,
        "input_digest": nf.digest(nf.make_input(shape, stream, torch.float64)),
        "loss": nf.round_to(exact["loss"]),
        "logits_train": nf.rounded(exact["logits"]),
        "logits_eval": nf.rounded(exact["eval"][True]),
        "logits_eval_biased": nf.rounded(exact["eval"][False]),
        "moving": {name: [nf.digest(value)[:2] for value in moved[name]] for name in ("conv0", "dw2", "pw6", "pw13")},
        "max_pool_loss": nf.round_to(largest["loss"]),
        "max_pool_logits_train": nf.rounded(largest["logits"]),
        "max_pool_gradient_norms": [nf.digest(gradient)[0] for gradient in largest["gradients"]],
        "float32_error": worst,
        "gradients": [nf.digest(gradient) for gradient in exact["gradients"]],
    }


def main():
    table, all_parameters, table_weights = check_table()
    print(f"width 1, 80 classes: {all_parameters} parameters, {table_weights} in the table")
    cases = {}
    for case in CASES:
        exact, cases[case] = judge(case)
        if case == "full" and "--check-tensorflow" in sys.argv:
            check_tensorflow(exact)
    nf.write(OUT, {
        "about": "DCASE 2019 baseline MobileNet v1 by xtask/golden/mobilenet_v1.py: PyTorch, float64, weights rounded to float32",
        "rules": nf.RULES,
        "float32_error_is": nf.FLOAT32_ERROR_IS,
        "loss_is": "mean over batch and classes of sigmoid cross-entropy with targets y * (1 - a) + a / 2",
        "eval_is": "moving = decay * start + (1 - decay) * batch after one training pass from mean 0 and variance 1, weights unmoved; "
        "`logits_eval` and `moving` take the unbiased batch variance, n / (n - 1) (TensorFlow's fused BatchNorm, PyTorch), "
        "`logits_eval_biased` the biased one; `moving` is [L2 norm, sum] of mean and of variance",
        "width": 0.25,
        "channels": [row[1] for row in layers(0.25)[0]],
        "strides": [row[5] for row in layers(0.25)[0]],
        "classes": CLASSES,
        "labels": LABELS,
        "input_layout": "[batch, channel, frames, bands]",
        "label_smoothing": SMOOTHING,
        "bn_epsilon": EPSILON,
        "bn_decay": DECAY,
        "width_1_parameters_80_classes": {"all": all_parameters, "without_bn_and_bias": table_weights},
        "width_1_activations": table,
        "parameters": [
            {"name": name, "shape": list(tensor.shape), "first": float(tensor.detach().flatten()[0])}
            for name, tensor in exact["parameters"]
        ],
        "cases": cases,
    })


if __name__ == "__main__":
    main()
