"""Compares ONNX files that `earmark export` wrote, run by ONNX Runtime, with `earmark predict` on the same
samples.

    python bench/onnx_check.py MODEL [--onnx a.onnx ...] [--earmark target/release/earmark]
        [--files A B ...] [--esc ESC-10] [--every N] [--map MAP] [--tolerance 1e-4] [--json]

MODEL is what `earmark predict` takes. Without --onnx, both kinds of weights are exported first. Each file
is checked by `onnx.checker` with its shapes inferred. Then clips are scored by both: synthetic ones of
0 s to 12.7 s, alone and three at a time (the scores of a batch must be those of its clips alone), and the
given recordings, resampled here to the model's rate and handed to earmark as float32 WAV, so that both
score the same samples. With --esc, the folder of ESC-10 or ESC-50 (`meta.csv` and `audio`), the accuracy
of each program is printed as well; --map reads lines `category: Name | Name` that say which classes of
the model mean a category. Times are those of scoring alone for ONNX Runtime, on the same number of
threads as earmark, and of the whole command for earmark, which also starts, reads and writes. A float32
file whose scores are off by more than the tolerance ends the script with 1.

Run with onnx 1.23.2, onnxruntime 1.31.1, numpy 2.4.6, scipy 1.17.1, soundfile 0.14.0.
"""

import argparse
import csv
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime
import scipy.signal
import soundfile

SECONDS = (0.0, 0.01, 0.3, 1.0, 5.0, 12.7)


def made_up(seconds, rate, seed):
    """A rising tone in noise that comes and goes."""
    n = int(seconds * rate)
    t = np.arange(n) / rate
    noise = np.random.default_rng(seed).standard_normal(n)
    tone = 0.3 * np.sin(2 * np.pi * (200 + 150 * seed + 300 * t) * t)
    return (tone + (0.02 + 0.1 * np.sin(3 * t) ** 2) * noise).astype(np.float32)


def recording(path, rate):
    samples, own = soundfile.read(path, dtype="float64", always_2d=True)
    samples = samples.mean(axis=1)
    if own != rate:
        divisor = np.gcd(own, rate)
        samples = scipy.signal.resample_poly(samples, rate // divisor, own // divisor)
    return samples.astype(np.float32)


class Exported:
    def __init__(self, path, threads):
        self.path = path
        self.bytes = pathlib.Path(path).stat().st_size
        model = onnx.load(path)
        onnx.checker.check_model(model, full_check=True)
        self.nodes = len(model.graph.node)
        self.facts = {entry.key: entry.value for entry in model.metadata_props}
        self.classes = json.loads(self.facts["classes"])
        self.rate = int(self.facts["sample_rate_hz"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def run(self, batch):
        """Scores, logits and embedding."""
        return self.session.run(["scores", "logits", "embedding"], {"waveform": batch})


def predict(options, folder, clips):
    """Scores by earmark, and the seconds that the command took."""
    files = []
    for name, (samples, rate) in clips.items():
        files.append(str(folder / f"{name}.wav"))
        soundfile.write(files[-1], samples, rate, subtype="FLOAT")
    table = folder / "scores.csv"
    command = [options.earmark, "--quiet", "predict", options.model, "-o", table, "--threads", str(options.threads), "--files", *files]
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    with open(table, newline="") as file:
        rows = list(csv.reader(file))
    scores = {pathlib.Path(row[0]).stem: np.array(row[1:], dtype=np.float64) for row in rows[1:]}
    return rows[0][1:], scores, seconds


def accuracy(scores, truth, classes, names):
    """Share of clips whose category scores best; a category's score is the largest of its classes'."""
    categories = sorted(set(truth.values()))
    columns = [[classes.index(name) for name in names.get(category, [category])] for category in categories]
    right = [categories[np.argmax([scores[clip][c].max() for c in columns])] == truth[clip] for clip in truth]
    return float(np.mean(right))


def read_map(path):
    names = {}
    for line in pathlib.Path(path).read_text().splitlines() if path else []:
        if line.strip():
            category, _, rest = line.partition(":")
            names[category.strip()] = [name.strip() for name in rest.split("|")]
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--onnx", nargs="+", default=[])
    parser.add_argument("--earmark", default="target/release/earmark")
    parser.add_argument("--files", nargs="+", default=[])
    parser.add_argument("--esc")
    parser.add_argument("--every", type=int, default=1, help="take every N-th recording of --esc")
    parser.add_argument("--map")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(check(options, pathlib.Path(folder)))


def check(options, folder):
    paths = options.onnx
    for weights in [] if paths else ("float32", "int8"):
        path = str(folder / f"{weights}.onnx")
        command = [options.earmark, "export", options.model, "--onnx", "-o", path, "--weights", weights]
        subprocess.run(command, check=True, stdout=sys.stderr)
        paths = [*paths, path]
    exported = [Exported(path, options.threads) for path in paths]
    rate, classes = exported[0].rate, exported[0].classes
    clips = {}
    for seconds in SECONDS:
        for seed in range(3):
            clips[f"made-{seconds}-{seed}"] = made_up(seconds, rate, seed)
    real = {pathlib.Path(path).stem: path for path in options.files}
    truth = {}
    if options.esc:
        root = pathlib.Path(options.esc)
        with open(root / "meta.csv", newline="") as file:
            for row in list(csv.DictReader(file))[:: options.every]:
                name = pathlib.Path(row["filename"]).stem
                real[name] = root / "audio" / row["filename"]
                truth[name] = row["category"]
    made = list(clips)
    for name, path in real.items():
        clips[name] = recording(path, rate)
    header, wanted, _ = predict(options, folder, {name: (clips[name], rate) for name in made})
    assert header == classes, "the ONNX file's classes are not the model's"
    earmark_seconds = None
    if real:
        _, more, earmark_seconds = predict(options, folder, {name: (clips[name], rate) for name in real})
        wanted |= more
    audio = sum(len(clips[name]) for name in real) / rate
    results = []
    for one in exported:
        got, batches = {}, 0.0
        for name in made:
            got[name] = one.run(clips[name][None])[0][0]
        for seconds in SECONDS:
            names = [f"made-{seconds}-{seed}" for seed in range(3)]
            together = one.run(np.stack([clips[name] for name in names]))[0]
            batches = max(batches, max(np.abs(row - got[name]).max() for row, name in zip(together, names)))
        start = time.perf_counter()
        for name in real:
            got[name] = one.run(clips[name][None])[0][0]
        seconds = time.perf_counter() - start
        off = {name: float(np.abs(got[name] - wanted[name]).max()) for name in wanted}
        worst = max(off, key=off.get)
        result = {
            "file": one.path,
            "weights": one.facts["weights"],
            "bytes": one.bytes,
            "nodes": one.nodes,
            "clips": len(off),
            "largest_difference": off[worst],
            "mean_difference": float(np.mean([np.abs(got[name] - wanted[name]).mean() for name in wanted])),
            "worst_clip": worst,
            "largest_difference_in_batches": float(batches),
        }
        if real:
            result["x_real_time"] = {"onnxruntime": audio / seconds, "earmark predict": audio / earmark_seconds}
        if truth:
            names = read_map(options.map)
            result["accuracy"] = {"onnxruntime": accuracy(got, truth, classes, names), "earmark": accuracy(wanted, truth, classes, names)}
        results.append(result)
    if options.json:
        print(json.dumps(results, indent=2))
    for result in [] if options.json else results:
        print(f"{result['file']}: {result['weights']} weights, {result['bytes']} bytes, {result['nodes']} nodes")
        print(f"  {result['clips']} clips: scores off by at most {result['largest_difference']:.1e} ({result['worst_clip']}),")
        print(f"  by {result['mean_difference']:.1e} in the mean; in batches of three by {result['largest_difference_in_batches']:.1e}")
        for key in ("accuracy", "x_real_time"):
            if key in result:
                print(f"  {key}: " + ", ".join(f"{who} {value:.4g}" for who, value in result[key].items()))
    floats = [result for result in results if result["weights"] == "float32"]
    return int(any(not result["largest_difference"] <= options.tolerance for result in floats))


if __name__ == "__main__":
    main()
