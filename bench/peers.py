"""What `compare.py` compares earmark with: the same work by PyTorch, ONNX Runtime, OpenVINO and librosa, one case per
process.

    python bench/peers.py CASE [SETTINGS] [REPEATS] [FOLDER]

SETTINGS are `name=value,...`: `threads` for all, `layout` for PyTorch (contiguous_format, channels_last), `spin` for
ONNX Runtime (whether idle threads spin), `hint` (LATENCY, THROUGHPUT) and `precision` (f32, bf16) for OpenVINO. With
THROUGHPUT as many batches as OpenVINO wants are under way at a time, and the time is that per batch.

Prints a JSON object: `seconds`, the median over the repetitions after one that does not count (for a
front end: of one clip of 5 s), and `peak_mib`, the most memory that the process has held. Short work is repeated more
often, as `earmark bench` does. Cases that need an ONNX file find it in FOLDER; `export` makes it, in a process of its
own.

Run with torch 2.15.0, onnxruntime 1.32.0, openvino 2026.4.1, onnx 1.19 or later with onnxscript 0.7.2, librosa 0.11.0,
numpy 2.4.6.
"""

import json
import math
import pathlib
import resource
import statistics
import sys
import time

RATE = 44100
CLIP_SECONDS = 5.0
CLASSES = 80
# As `earmark bench`.
MIN_SECONDS = 0.5
MAX_REPEATS = 200
PAIRS = [(1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512)] + [(1, 512)] * 5 + [(2, 1024), (1, 1024)]


def mobilenet():
    """MobileNetV1 of the DCASE 2019 baseline: [B, 1, 100, 96] to 80 logits."""
    from torch import nn
    from torch.nn import functional as F

    class Same(nn.Module):
        """Zero padding as TensorFlow's SAME: more at the end."""

        def __init__(self, stride, size):
            super().__init__()
            self.pads = []
            for n in reversed(size):
                total = max((-(-n // stride) - 1) * stride + 3 - n, 0)
                self.pads += [total // 2, total - total // 2]

        def forward(self, x):
            return F.pad(x, self.pads)

    def norm(channels):
        return [nn.BatchNorm2d(channels, eps=1e-3, momentum=3e-4), nn.ReLU(inplace=True)]

    layers, channels, size = [nn.Conv2d(1, 16, 3, padding=1, bias=False), *norm(16)], 16, [100, 96]
    for stride, depth in PAIRS:
        if stride == 2:
            layers.append(Same(2, size))
            size = [-(-n // 2) for n in size]
        layers += [nn.Conv2d(channels, channels, 3, stride, padding=2 - stride, groups=channels, bias=False), *norm(channels)]
        layers += [nn.Conv2d(channels, depth, 1, bias=False), *norm(depth)]
        channels = depth
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(channels, CLASSES)]
    return nn.Sequential(*layers, *head), (1, 100, 96)


def auxskip(base):
    """AuxSkipAttention of argus-2019: [B, 3, 128, 256] to four times 80 logits in training, to the main ones in evaluation."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    def conv(channels, out):
        return nn.Sequential(nn.Conv2d(channels, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU())

    class Head(nn.Module):
        def __init__(self, features):
            super().__init__()
            hidden = 4 * base
            layers = [nn.Dropout(0.4), nn.Linear(features, hidden), nn.PReLU(), nn.BatchNorm1d(hidden)]
            self.layers = nn.Sequential(*layers, nn.Dropout(0.2), nn.Linear(hidden, CLASSES))

        def forward(self, x):
            return self.layers(x.mean((2, 3)))

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            wide, depth = 8 * base, 3
            self.blocks, self.skips, self.aux = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
            for block in range(4):
                out = base << block
                self.blocks.append(nn.Sequential(conv(depth, out), conv(out, out)))
                if block < 3:
                    self.skips.append(conv(out, wide))
                    self.aux.append(Head(wide))
                depth = out
            channels = 4 * wide
            self.reduce = nn.Linear(channels, channels // 16, bias=False)
            self.expand = nn.Linear(channels // 16, channels, bias=False)
            self.spatial = nn.Conv2d(2, 1, 7, padding=3, bias=False)
            self.merge, self.main = conv(channels, wide), Head(wide)

        def forward(self, x):
            skips, outputs = [], []
            for block, pool in enumerate((8, 4, 2, None)):
                x = F.avg_pool2d(self.blocks[block](x), 2)
                if pool:
                    skips.append(self.skips[block](F.avg_pool2d(x, pool)))
                    if self.training:
                        outputs.append(self.aux[block](skips[-1]))
            x = torch.cat([x, *skips], 1)
            weigh = lambda pooled: self.expand(torch.relu(self.reduce(pooled)))
            x = x * torch.sigmoid(weigh(x.mean((2, 3))) + weigh(x.amax((2, 3))))[:, :, None, None]
            seen = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
            x = x * torch.sigmoid(self.spatial(seen))
            outputs.append(self.main(self.merge(x)))
            return outputs[::-1] if self.training else outputs[-1]

    return Network(), (3, 128, 256)


def network(name):
    return mobilenet() if name == "mobilenet" else auxskip(int(name.removeprefix("auxskip")))


def times(repeats, once, batches=1):
    """The median of `repeats` or more, after one that does not count, per batch."""
    start = time.perf_counter()
    once()
    first = time.perf_counter() - start
    seconds = []
    for _ in range(max(repeats, min(math.ceil(MIN_SECONDS / max(first, 1e-9)), MAX_REPEATS))):
        start = time.perf_counter()
        once()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds) / batches


def train(name, batch, layout, threads, repeats):
    import torch
    from torch.nn import functional as F

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    layout = getattr(torch, layout)
    model, shape = network(name)
    model = model.to(memory_format=layout).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    x = torch.randn(batch, *shape).contiguous(memory_format=layout)
    y = torch.zeros(batch, CLASSES)
    y[torch.arange(batch), torch.arange(batch) % CLASSES] = 1

    def once():
        optimizer.zero_grad()
        outputs = model(x)
        if isinstance(outputs, list):
            losses = [w * F.binary_cross_entropy_with_logits(o, y) for o, w in zip(outputs, (1, 0.4, 0.2, 0.1))]
            loss = sum(losses)
        else:
            loss = F.binary_cross_entropy_with_logits(outputs, y)
        loss.backward()
        optimizer.step()

    return times(repeats, once)


def infer(name, batch, layout, threads, repeats):
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    layout = getattr(torch, layout)
    model, shape = network(name)
    model = model.to(memory_format=layout).eval()
    x = torch.randn(batch, *shape).contiguous(memory_format=layout)
    with torch.inference_mode():
        return times(repeats, lambda: model(x))


def export(name, folder):
    import torch

    torch.manual_seed(1)
    model, shape = network(name)
    path = pathlib.Path(folder) / f"{name}.onnx"
    batch = torch.export.Dim("batch", min=1, max=1024)
    torch.onnx.export(model.eval(), (torch.randn(2, *shape),), path, dynamo=True, dynamic_shapes=({0: batch},), input_names=["x"])


def onnx_input(shape, batch, samples):
    """Noise of a graph's input: `shape` has names, or nothing, where sizes are free."""
    import numpy as np

    free = iter([batch] if samples is None else [batch, samples])
    shape = [n if isinstance(n, int) and n > 0 else next(free) for n in shape]
    return np.random.default_rng(1).standard_normal(shape).astype(np.float32) * 0.1


def onnxruntime(name, batch, samples, settings, repeats, folder):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = int(settings["threads"])
    options.add_session_config_entry("session.intra_op.allow_spinning", settings.get("spin", "1"))
    for free, size in (("batch", batch), ("samples", samples)):
        if size is not None:
            options.add_free_dimension_override_by_name(free, size)
    path = str(pathlib.Path(folder) / f"{name}.onnx")
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    first = session.get_inputs()[0]
    x = onnx_input(first.shape, batch, samples)
    return times(repeats, lambda: session.run(None, {first.name: x}))


def openvino(name, batch, samples, settings, repeats, folder):
    import openvino as ov

    core = ov.Core()
    model = core.read_model(pathlib.Path(folder) / f"{name}.onnx")
    dynamic = [n.get_length() if n.is_static else None for n in model.input(0).get_partial_shape()]
    x = onnx_input(dynamic, batch, samples)
    model.reshape(list(x.shape))
    config = {
        "PERFORMANCE_HINT": settings.get("hint", "LATENCY"),
        "INFERENCE_NUM_THREADS": int(settings["threads"]),
        "INFERENCE_PRECISION_HINT": settings.get("precision", "f32"),
    }
    compiled = core.compile_model(model, "CPU", config)
    if settings.get("hint") != "THROUGHPUT":
        request = compiled.create_infer_request()
        return times(repeats, lambda: request.infer({0: x}, share_inputs=True))
    queue = ov.AsyncInferQueue(compiled)
    batches = 4 * len(queue)

    def once():
        for _ in range(batches):
            queue.start_async({0: x}, share_inputs=True)
        queue.wait_all()

    return times(repeats, once, batches)


def log_mel(system, library, threads, repeats):
    """A clip of samples to a log-mel spectrogram; torch's mel product is dense, as its users write it."""
    import librosa
    import numpy as np

    samples = np.random.default_rng(1).standard_normal(int(RATE * CLIP_SECONDS)).astype(np.float32) * 0.1
    argus = system == "argus"
    n_fft, window, hop, bands = (2560, 2560, 690, 128) if argus else (2048, 1102, 441, 96)
    fmin, fmax = (20, 22050) if argus else (20, 20000)
    if library == "librosa":

        def once():
            mel = librosa.feature.melspectrogram(
                y=samples, sr=RATE, n_fft=n_fft, hop_length=hop, n_mels=bands, fmin=fmin, fmax=fmax, pad_mode="reflect"
            )
            librosa.power_to_db(mel)

        return times(repeats, once)
    import torch

    torch.set_num_threads(threads)
    matrix = torch.from_numpy(librosa.filters.mel(sr=RATE, n_fft=n_fft, n_mels=bands, fmin=fmin, fmax=fmax))
    hann, x = torch.hann_window(window), torch.from_numpy(samples)

    def once():
        spectrum = torch.stft(
            x, n_fft, hop, win_length=window, window=hann, center=argus, pad_mode="reflect", return_complex=True
        ).abs()
        if argus:
            mel = matrix @ spectrum.square()
            level = 10.0 * torch.log10(mel.clamp(min=1e-10))
            torch.maximum(level, level.max() - 80.0)
        else:
            torch.log(matrix @ spectrum + 0.001)

    with torch.inference_mode():
        return times(repeats, once)


def main():
    case, *rest = sys.argv[1:]
    settings, repeats, folder = (rest + ["threads=2", "5", "."][len(rest) :])[:3]
    settings = dict(setting.split("=") for setting in settings.split(","))
    threads, repeats = int(settings["threads"]), int(repeats)
    kind, *parts = case.split(":")
    if kind == "export":
        export(parts[0], folder)
        return
    layout = settings.get("layout", "contiguous_format")
    if kind == "train":
        seconds = train(parts[0], int(parts[1]), layout, threads, repeats)
    elif kind == "infer":
        seconds = infer(parts[0], int(parts[1]), layout, threads, repeats)
    elif kind in ("onnxruntime", "openvino"):
        samples = int(parts[2]) if len(parts) > 2 else None
        run = onnxruntime if kind == "onnxruntime" else openvino
        seconds = run(parts[0], int(parts[1]), samples, settings, repeats, folder)
    elif kind == "log-mel":
        seconds = log_mel(parts[0], parts[1], threads, repeats)
    else:
        sys.exit(f"no case {case}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mib": peak}))


if __name__ == "__main__":
    main()
