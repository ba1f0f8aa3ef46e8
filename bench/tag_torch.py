"""What `earmark tag` is compared with: the same windows of the same recordings, scored by EfficientAT's
network in PyTorch.

    python bench/tag_torch.py CHECKPOINT DATA [--workers 2] [--window 2] [--hop 1] [--copies 1]
        [-o OUT.ndjson]

Decodes with libsndfile, resamples with soxr, computes the front end with torch.stft, and runs windows in
batches of 16 in float32; WORKERS processes of one thread each take files in turn, which is the quickest
way on few cores. Broken files are named. The time is that of the work alone: starting Python, importing
and reading weights do not count. Prints a JSON object.

Run with torch 2.15.0, numpy 2.4.6, soundfile 0.14.0, soxr (librosa 0.11.0 brings both).
"""

import argparse
import json
import multiprocessing
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "xtask" / "golden"))

RATE, BATCH = 32000, 16
AUDIO = (".ogg", ".wav", ".flac", ".mp3")


def begin(checkpoint, window, hop):
    """In each process: weights, and what is the same for all windows."""
    import efficientat as ea
    import torch
    import torch.nn.functional as F

    torch.set_num_threads(1)

    class Network(ea.Network):
        """With BatchNorm as PyTorch's layers compute it in evaluation."""

        def conv(self, name, x, act, stride=1):
            weight = self.w[f"{name}.weight"]
            groups = x.shape[1] if weight.shape[1] == 1 and name.endswith("depthwise") else 1
            x = F.conv2d(x, weight, stride=stride, padding=weight.shape[2] // 2, groups=groups)
            mean, variance = self.moving[name]
            x = F.batch_norm(x, mean, variance, self.w[f"{name}.bn.gamma"], self.w[f"{name}.bn.beta"], eps=ea.EPSILON)
            return {"relu": torch.relu, "hs": F.hardswish, None: lambda x: x}[act](x)

    global state
    state = {
        "network": Network(*ea.translated(torch.load(checkpoint, map_location="cpu", weights_only=True))),
        "bank": ea.bank(128, RATE, 1024, 15000).float(),
        "hann": torch.hann_window(800, periodic=False),
        "window": round(window * RATE),
        "hop": round(hop * RATE),
    }


def probabilities(windows):
    """Scores of windows of one length, [windows, samples] to [windows, classes]."""
    import torch

    scores = []
    with torch.inference_mode():
        for some in windows.split(BATCH):
            x = some[:, 1:] - 0.97 * some[:, :-1]
            spectrum = torch.stft(x, 1024, 320, 800, state["hann"], center=True, pad_mode="reflect", return_complex=True)
            power = spectrum.real.square() + spectrum.imag.square()
            mel = (torch.log(state["bank"] @ power + 1e-5) + 4.5) / 5
            scores.append(torch.sigmoid(state["network"].forward(mel[:, None])[0]))
    return torch.cat(scores)


def score(path):
    import numpy as np
    import soundfile
    import soxr
    import torch

    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except Exception as error:
        return {"file": path, "error": str(error)}
    samples = samples.mean(1)
    if rate != RATE:
        samples = soxr.resample(samples, rate, RATE)
    window, hop = state["window"], state["hop"]
    count = 1 + max(0, -(-(len(samples) - window) // hop))
    padded = np.zeros((count - 1) * hop + window, np.float32)
    padded[: len(samples)] = samples
    windows = torch.from_numpy(np.stack([padded[k * hop : k * hop + window] for k in range(count)]))
    scores = probabilities(windows)
    best = scores.amax(0).topk(5)
    events = [(k, c) for k, c in zip(*(i.tolist() for i in torch.nonzero(scores >= 0.3, as_tuple=True)))]
    top = list(zip(best.indices.tolist(), best.values.tolist()))
    return {"file": path, "seconds": len(samples) / RATE, "top": top, "events": events}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("data")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--window", type=float, default=2)
    parser.add_argument("--hop", type=float, default=1)
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("-o", "--out")
    options = parser.parse_args()
    files = sorted(str(p) for p in pathlib.Path(options.data).rglob("*") if p.suffix in AUDIO) * options.copies
    arguments = (options.checkpoint, options.window, options.hop)
    with multiprocessing.get_context("spawn").Pool(options.workers, begin, arguments) as pool:
        # A first file for each process: what is loaded late is loaded then.
        pool.map(score, files[: 4 * options.workers], chunksize=1)
        start = time.monotonic()
        found = pool.map(score, files, chunksize=4)
        seconds = time.monotonic() - start
    if options.out:
        pathlib.Path(options.out).write_text("".join(json.dumps(f) + "\n" for f in found))
    audio = sum(f.get("seconds", 0) for f in found)
    broken = sum("error" in f for f in found)
    print(json.dumps({"files": len(files), "broken": broken, "seconds": seconds, "x_real_time": audio / seconds}))


if __name__ == "__main__":
    main()
