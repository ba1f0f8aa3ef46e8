"""Times the 3x3 convolutions of AuxSkipAttention (argus-2019) with PyTorch on the CPU.

Compare with `cargo run --release -p earmark-kernels --example dense_layers` (same layers).

    python bench/torch_dense.py [batch] [repeats] [threads]

Needs torch (tried with 2.15).
"""

import sys
import time

import torch
from torch.nn import functional as F

LAYERS = [
    (3, 64, 128, 256),
    (64, 64, 128, 256),
    (64, 128, 64, 128),
    (128, 128, 64, 128),
    (128, 256, 32, 64),
    (256, 256, 32, 64),
    (256, 512, 16, 32),
    (512, 512, 16, 32),
    (2048, 512, 8, 16),
]


def least(repeats, run):
    """Least wall and least processor time of some runs, in seconds."""
    wall, cpu = [], []
    for _ in range(repeats):
        start, start_cpu = time.perf_counter(), time.process_time()
        run()
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - start_cpu)
    return min(wall), min(cpu)


if __name__ == "__main__":
    arguments = [int(a) for a in sys.argv[1:]]
    batch, repeats, threads = (arguments + [8, 3, 2][len(arguments) :])[:3]
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    for layout in (torch.contiguous_format, torch.channels_last):
        totals = [0.0] * 4
        for inputs, outputs, height, width in LAYERS:
            x = torch.randn(batch, inputs, height, width).contiguous(memory_format=layout).requires_grad_()
            w = torch.randn(outputs, inputs, 3, 3).contiguous(memory_format=layout).requires_grad_()
            with torch.no_grad():
                forward = least(repeats, lambda: F.conv2d(x, w, padding=1))
            y = F.conv2d(x, w, padding=1)
            g = torch.randn_like(y)
            backward = least(repeats, lambda: torch.autograd.grad(y, (x, w), g, retain_graph=True))
            flop = 18e-9 * inputs * outputs * batch * height * width
            print(
                f"{inputs:5} -> {outputs:4} [{height}, {width}]: "
                f"forward {forward[0] * 1e3:.1f} ms, processor {forward[1] * 1e3:.1f} ms ({flop / forward[1]:.0f} GFLOP/s a core); "
                f"backward {backward[0] * 1e3:.1f} ms, processor {backward[1] * 1e3:.1f} ms ({2 * flop / backward[1]:.0f} GFLOP/s a core)",
                flush=True,
            )
            totals = [a + b for a, b in zip(totals, forward + backward)]
        print(
            f"{layout}, batch {batch}: forward {totals[0]:.3f} s (processor {totals[1]:.3f} s), "
            f"backward {totals[2]:.3f} s (processor {totals[3]:.3f} s)",
            flush=True,
        )
