"""Times a training step and inference of the DCASE 2019 baseline's MobileNetV1 with PyTorch on the CPU.

Compare with `cargo run --release -p earmark-kernels --example mobilenet_step` (same shapes, same
parts: forward, backward, Adam). Run both on an idle machine, one right after the other.

    python bench/torch_mobilenet.py [batch] [repeats] [threads]

Needs torch (tried with 2.15).
"""

import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

PAIRS = [(1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512)] + [(1, 512)] * 5 + [(2, 1024), (1, 1024)]


class Same(nn.Module):
    """Zero padding as TensorFlow's SAME: more at the end."""

    def __init__(self, stride):
        super().__init__()
        self.stride = stride

    def forward(self, x):
        pads = []
        for size in (x.shape[3], x.shape[2]):
            total = max((-(-size // self.stride) - 1) * self.stride + 3 - size, 0)
            pads += [total // 2, total - total // 2]
        return F.pad(x, pads)


def network():
    def norm(channels):
        return [nn.BatchNorm2d(channels, eps=1e-3, momentum=3e-4), nn.ReLU(inplace=True)]

    layers = [nn.Conv2d(1, 16, 3, padding=1, bias=False), *norm(16)]
    channels = 16
    for stride, depth in PAIRS:
        # Symmetric stride 1 needs no separate padding.
        if stride == 2:
            layers.append(Same(2))
        layers += [nn.Conv2d(channels, channels, 3, stride, padding=2 - stride, groups=channels, bias=False), *norm(channels)]
        layers += [nn.Conv2d(channels, depth, 1, bias=False), *norm(depth)]
        channels = depth
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def cpu_seconds():
    return time.process_time()


def measure(batch, repeats, layout):
    torch.manual_seed(1)
    model = network().to(memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    x = torch.randn(batch, 1, 100, 96).contiguous(memory_format=layout)
    wall, cpu = [], []
    for _ in range(repeats):
        start, start_cpu = time.perf_counter(), cpu_seconds()
        optimizer.zero_grad()
        (0.5 * model(x).square().sum()).backward()
        optimizer.step()
        wall.append(time.perf_counter() - start)
        cpu.append(cpu_seconds() - start_cpu)
    model.eval()
    infer = []
    with torch.inference_mode():
        for _ in range(repeats):
            start = time.perf_counter()
            model(x)
            infer.append(time.perf_counter() - start)
    print(
        f"{str(layout):24} step: fastest {min(wall):.3f} s, median {sorted(wall)[len(wall) // 2]:.3f} s, "
        f"least processor time {min(cpu):.2f} s; inference: fastest {min(infer):.3f} s",
        flush=True,
    )


if __name__ == "__main__":
    arguments = [int(a) for a in sys.argv[1:]]
    batch, repeats, threads = (arguments + [64, 5, 2][len(arguments) :])[:3]
    torch.set_num_threads(threads)
    print("torch", torch.__version__, "threads", threads, "batch", batch)
    for layout in (torch.contiguous_format, torch.channels_last):
        measure(batch, repeats, layout)
