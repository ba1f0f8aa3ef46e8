"""What noisy labels bring: on data in FSDKaggle2019's layout, curated and noisy clips with soft bootstrapping and sampling against curated clips
alone, and against cross-entropy on everything.

    earmark demo --out demo
    python bench/noisy.py --earmark target/release/earmark --data demo/data [--folds 1,2] [--seeds 3] [--set KEY=VALUE ...]

Every way takes as many steps and is judged on the same curated clips of each fold, with its last weights: nothing is chosen. Prints each lwlrap, then the
mean gain of the first way over the two others with its standard error over (fold, seed) pairs.
"""

import argparse
import json
import math
import pathlib
import statistics
import subprocess
import tempfile

COMMON = ["folds={count=5,parts=[\"curated\"]}", "batches.size=16", "train.steps=400", "checkpoints.every-steps=400"]
SAMPLE = "batches.sample={items=320,sources=[%s]}"
CURATED, NOISY = '{part="curated",weight=0.8}', '{part="noisy",weight=0.2}'
SOFT = 'train.loss={kind="by-part",curated={kind="sigmoid-cross-entropy"},noisy={kind="soft-bootstrap",beta=0.7}}'
PLAIN = 'train.loss={kind="sigmoid-cross-entropy"}'
WAYS = {
    "curated and noisy, Lsoft, sampled": ['data.parts=["curated","noisy"]', SAMPLE % f"{CURATED},{NOISY}", SOFT, 'train.noisy-parts=["noisy"]'],
    "curated alone": ['data.parts=["curated"]', SAMPLE % CURATED, PLAIN],
    "everything, cross-entropy": ['data.parts=["curated","noisy"]', PLAIN],
}


def lwlrap(args, sets, fold, seed):
    """Trains one way and judges its fold."""
    with tempfile.TemporaryDirectory() as folder:
        run = pathlib.Path(folder) / "run"
        words = [word for key in [*COMMON, *sets, f"train.seed={seed}", *args.set] for word in ("--set", key)]
        train = [args.earmark, "train", "demo/2-curated", "--data", args.data, "--run", run, "--folds", str(fold), "-q", "--json"]
        told = subprocess.run([*train, *words], check=True, stdout=subprocess.PIPE, text=True).stdout
        return json.loads(told)["report"]["metrics"]["lwlrap"]["mean"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--earmark", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--folds", default="1,2")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--set", action="append", default=[])
    args = parser.parse_args()
    results = {name: [] for name in WAYS}
    for fold in args.folds.split(","):
        for seed in range(1, args.seeds + 1):
            for name, sets in WAYS.items():
                results[name].append(lwlrap(args, sets, int(fold), seed))
                print(f"fold {fold} seed {seed}  {results[name][-1]:.4f}  {name}", flush=True)
    first, *others = results
    for name in others:
        gains = [a - b for a, b in zip(results[first], results[name])]
        error = statistics.stdev(gains) / math.sqrt(len(gains)) if len(gains) > 1 else float("nan")
        print(f"{first} over {name}: {statistics.mean(gains):+.4f} +- {error:.4f} (standard error, {len(gains)} pairs)")


if __name__ == "__main__":
    main()
