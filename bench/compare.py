"""Measures earmark against PyTorch, ONNX Runtime and librosa, in turns, and prints the table of
docs/results/speed.md.

    python bench/compare.py --earmark target/release/earmark [--rounds 5] [--repeat 3]
        [--only NAME,...] [--json FILE]

Each round runs every case's programs one after the other, each in a process of its own, on two threads
(front ends: on one). A program's number is the median over the rounds of its own medians; a ratio is
earmark's time over the peer's, so below 1 is faster, and the spread is that of the ratios within each
round. Use an idle machine. See peers.py for the versions.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
AUXSKIP = str(HERE / "auxskip.toml")
LAYOUTS = ("contiguous_format", "channels_last")


def bench(recipe, part, batch=None, sets=(), threads=2):
    """Arguments of `earmark bench`, and where in its JSON the result is."""
    arguments = ["bench", "--recipe", recipe, "--only", part, "--threads", str(threads), "--json"]
    arguments += ["--batch", str(batch)] if batch else []
    for key in sets:
        arguments += ["--set", key]
    return arguments, part.replace("-", "_")


def cases():
    """Name, earmark's arguments, peers (shown name, case, threads), how much slower it may be (must, goal)."""
    noisy = "dcase2019-baseline/1-noisy"
    mean = ['network.global-pool="mean"']

    def torch(case):
        return [(f"PyTorch {layout}", f"{case}:{layout}", 2) for layout in LAYOUTS]

    yield "mobilenet-train", bench(noisy, "train-step", 64, mean), torch("train:mobilenet:64"), (0.75, 0.55)
    for base, batch in ((16, 16), (64, 8)):
        sets = [f"network.base={base}"]
        yield f"auxskip{base}-train", bench(AUXSKIP, "train-step", batch, sets), torch(f"train:auxskip{base}:{batch}"), (0.9, 0.7)
        yield f"auxskip{base}-infer", bench(AUXSKIP, "inference", batch, sets), torch(f"infer:auxskip{base}:{batch}"), (1.0, 0.7)
    for batch, part in ((64, "inference"), (1, "inference-one")):
        peers = [("ONNX Runtime", f"onnxruntime:mobilenet:{batch}", 2), *torch(f"infer:mobilenet:{batch}")]
        yield f"mobilenet-infer-{batch}", bench(noisy, part, batch, mean), peers, (1.5, 1.0)
    yield "dcase-log-mel", bench(noisy, "front-end", threads=1), [("torch.stft", "log-mel:dcase:torch", 1)], (1 / 2, 1 / 3)
    # Log-mels alone: librosa and torch.stft compute no deltas here either.
    plain = ["front-end.postprocess=false"]
    peers = [("torch.stft", "log-mel:argus:torch", 1), ("librosa", "log-mel:argus:librosa", 1)]
    yield "argus-log-mel", bench(AUXSKIP, "front-end", sets=plain, threads=1), peers, (1 / 2, 1 / 3)


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}")
    return done.stdout


def earmark(program, arguments, key, repeat):
    found = json.loads(run([program, "--quiet", *arguments, "--repeat", str(repeat)]))[key]
    if key == "front_end":
        return {"seconds": 5.0 / found["x_real_time_without_decoding_one_core"], "peak_mib": None}
    return {"seconds": found["seconds"], "peak_mib": found["peak_mib"]}


def peer(case, threads, repeat, folder):
    return json.loads(run([sys.executable, HERE / "peers.py", case, str(threads), str(repeat), folder]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--earmark", default="target/release/earmark")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--json")
    options = parser.parse_args()
    only = [name for name in options.only.split(",") if name]
    chosen = [case for case in cases() if not only or case[0] in only]
    results = {name: {} for name, *_ in chosen}
    with tempfile.TemporaryDirectory() as folder:
        if any(peer.startswith("onnxruntime") for *_, peers, _ in chosen for _, peer, _ in peers):
            run([sys.executable, HERE / "peers.py", "export:mobilenet", "2", "1", folder])
        for _ in range(options.rounds):
            for name, (arguments, key), peers, _ in chosen:
                of_case = results[name]
                of_case.setdefault("earmark", []).append(earmark(options.earmark, arguments, key, options.repeat))
                for shown, case, threads in peers:
                    of_case.setdefault(shown, []).append(peer(case, threads, options.repeat, folder))
                print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(results, indent=1))
    print("| work | program | median | earmark / it | of the rounds | must, goal | peak memory |")
    print("|---|---|---|---|---|---|---|")
    for name, _, peers, (must, goal) in chosen:
        ours = [r["seconds"] for r in results[name]["earmark"]]
        for shown in ("earmark", *(p[0] for p in peers)):
            runs = results[name][shown]
            seconds = [r["seconds"] for r in runs]
            memory = [r["peak_mib"] for r in runs if r["peak_mib"]]
            ratios = sorted(a / b for a, b in zip(ours, seconds))
            ratio = statistics.median(ours) / statistics.median(seconds)
            cells = [name, shown, f"{statistics.median(seconds) * 1e3:.4g} ms"]
            cells += ["", "", ""] if shown == "earmark" else [f"{ratio:.2f}", f"{ratios[0]:.2f} to {ratios[-1]:.2f}", f"{must:.2f}, {goal:.2f}"]
            cells += [f"{statistics.median(memory):.0f} MiB" if memory else ""]
            print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
