"""A model, exported as ONNX and imported again as anybody's graph: the same embeddings, the same probe?

    python bench/onnx_again.py MODEL.safetensors ESC-10 --program earmark [--threads 1] [--clips N] [-o OUT.json]

Exports MODEL, imports the graph under a name of its own, embeds the first 4.9 s of all recordings that are as long with
both, and cross-validates a linear probe on both, with whole recordings. The graph takes windows of one length (4.9 s here, 5.001 s
for the probe, the length of most recordings of ESC-10) and fills shorter ones with silence, while MODEL takes recordings
as they are: embeddings can only be the same for one length. Prints a JSON object: the largest and the mean difference of
an embedding's numbers, the largest of them, accuracy of both probes. A difference above --tolerance, or another accuracy,
ends the script with 1. With --clips N, only N recordings are embedded, and nothing is probed.

Needs numpy and soundfile, and a program with the feature `onnx-models`.
"""

import argparse
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import soundfile


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("--program", required=True)
    parser.add_argument("--clips", type=int)
    parser.add_argument("--threads", default="0")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    parser.add_argument("-o", "--out")
    args = parser.parse_args()

    def run(*words):
        done = subprocess.run([args.program, *map(str, words)], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"earmark {words[0]}: {done.returncode}: {done.stderr}")
        return done.stdout

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        graph, again = folder / "graph.onnx", folder / "again.safetensors"
        about = json.loads(run("export", args.model, "--onnx", "-o", graph, "--json"))
        with open(folder / "labels.csv", "w", newline="") as file:
            csv.writer(file).writerows(enumerate(about["classes"]))
        def imported(seconds):
            run(
                "models", "import", graph, "--as", "again", "--labels", folder / "labels.csv", "--scores", "scores",
                "--embedding", "embedding", "--sample-rate-hz", about["sample_rate_hz"],
                "--window-seconds", seconds, "--licence", about["licence"] or "own", "-o", again,
            )  # fmt: skip
            return [("model", args.model), ("graph", again)]

        (folder / "cut").mkdir()
        shorter = []
        for path in sorted(pathlib.Path(args.data).rglob("*.ogg"))[: args.clips]:
            samples, rate = soundfile.read(path, dtype="float32")
            if len(samples) < round(4.9 * rate):
                shorter.append(path.name)
                continue
            soundfile.write(folder / "cut" / f"{path.stem}.wav", samples[: round(4.9 * rate)], rate, subtype="FLOAT")
        found, embeddings = {}, []
        for name, model in imported(4.9):
            out = folder / f"{name}.npy"
            run("embed", model, "--files", folder / "cut", "-o", out, "--threads", args.threads, "-q")
            embeddings.append((out.with_name(out.name + ".csv").read_text(), np.load(out)))
        for name, model in [] if args.clips else imported(5.001):
            probe = run("probe", model, "--data", args.data, "--folds", "all", "--threads", args.threads, "-q",
                        "--json", "-o", folder / f"{name}-probe.safetensors")  # fmt: skip
            probe = json.loads(probe)
            metrics = {key: probe["judged"][key] for key in ("accuracy", "lwlrap", "mAP")}
            folds = [fold["accuracy"] for fold in probe["folds"]]
            found[f"{name}_probe"] = {"layer": probe["layer"], **metrics, "folds": folds}
        (names, a), (others, b) = embeddings
        if names != others or a.shape != b.shape:
            sys.exit(f"other rows: {a.shape} and {b.shape}")
    off = np.abs(a.astype(np.float64) - b)
    found |= {
        "rows": len(a),
        "left_out_as_shorter": shorter,
        "largest_difference": float(off.max()),
        "mean_difference": float(off.mean()),
        "largest_number": float(np.abs(a).max()),
    }
    text = json.dumps(found, indent=1)
    print(text)
    if args.out:
        pathlib.Path(args.out).write_text(text + "\n")
    if off.max() > args.tolerance:
        sys.exit(f"an embedding is off by {off.max():.1e}, more than {args.tolerance}")
    if not args.clips and found["model_probe"]["accuracy"] != found["graph_probe"]["accuracy"]:
        sys.exit("the probes have not the same accuracy")


if __name__ == "__main__":
    main()
