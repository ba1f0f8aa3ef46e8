"""How soon `earmark listen` notices that the sound has changed: the clips of a fold that the model has not
seen, one after another.

    python bench/listen_change.py --earmark target/release/earmark --model runs/argus-esc10/fold-1
        --data ESC-10 [--fold 1] [--within 2] [--seed 0] [--minutes 10] [--json FILE]
        [-- ARGUMENTS OF earmark listen]

The clips are put into an order (from the seed) in which neighbours have different labels, joined without
a gap and piped into `earmark listen --fast --json --hop 0.5`. A change counts as noticed when the right label was
on top in a window within N seconds after it; printed with it are how often the right label was on top in
the last of these windows, and the model's accuracy on the whole clips (`earmark predict`), which no
stream can be expected to pass. Prints a line per class and the shares. With --minutes, a second stream
of that length, the same clips again and again, is tagged for its speed and its memory after a minute and
at the end.

Python 3.11+, numpy 2.4.6, soundfile 0.14.0. The model must not have been trained on the fold.
"""

import argparse
import csv
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import numpy as np
import soundfile

RATE = 44100


def clips(data, fold):
    with open(data / "meta.csv" if (data / "meta.csv").exists() else data / "meta/esc50.csv", newline="") as f:
        rows = [r for r in csv.DictReader(f) if int(r["fold"]) == fold]
    return [(data / "audio" / r["filename"], r["category"]) for r in rows]


def ordered(found, seed):
    """Neighbours of different labels: drawn again until it is so, one exchange at a time."""
    rng = random.Random(seed)
    rng.shuffle(found)
    for _ in range(10_000):
        clash = [i for i in range(1, len(found)) if found[i][1] == found[i - 1][1]]
        if not clash:
            return found
        i, j = clash[0], rng.randrange(len(found))
        found[i], found[j] = found[j], found[i]
    sys.exit("no order without equal neighbours was found")


def mono(path):
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if rate != RATE:
        sys.exit(f"{path}: {rate} Hz; this script joins clips of {RATE} Hz")
    return samples.mean(axis=1)


def listen(earmark, model, stream, more):
    more = more if "--hop" in more else ["--hop", "0.5", *more]
    command = [earmark, "listen", "--model", *model, "--input", "-", "--rate", str(RATE), "--encoding", "f32", "--fast", "--json", *more]
    done = subprocess.run(command, input=stream.astype("<f4").tobytes(), stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return lines[:-1], lines[-1]["summary"]


def accuracy(earmark, model, found):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "scores.csv"
        command = [earmark, "predict", *model, "-o", out, "--files", *(path for path, _ in found)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        with open(out, newline="") as f:
            best = {r.pop("fname"): max(r, key=lambda c: float(r[c])) for r in csv.DictReader(f)}
    return sum(best[str(path)] == label for path, label in found) / len(found)


def main():
    own, more = sys.argv[1:], []
    if "--" in own:
        own, more = own[: own.index("--")], own[own.index("--") + 1 :]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--earmark", default="target/release/earmark")
    parser.add_argument("--model", nargs="+", required=True)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--fold", type=int, default=1)
    parser.add_argument("--within", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args(own)

    found = ordered(clips(args.data, args.fold), args.seed)
    pieces = [mono(path) for path, _ in found]
    windows, summary = listen(args.earmark, args.model, np.concatenate(pieces), more)
    whole = accuracy(args.earmark, args.model, found)

    noticed, settled, after, classes, start = [], [], [], {}, 0.0
    for (path, label), piece in zip(found, pieces):
        near = [j for j in windows if start < j["time"] <= start + args.within]
        right = [j["time"] for j in near if j["labels"][0]["label"] == label]
        noticed.append(bool(right))
        settled.append(bool(near) and near[-1]["labels"][0]["label"] == label)
        after += [right[0] - start] if right else []
        classes.setdefault(label, []).append(bool(right))
        start += len(piece) / RATE
    for label in sorted(classes):
        print(f"{label:20} {sum(classes[label])} of {len(classes[label])}")
    share = float(np.mean(noticed))
    result = {
        "clips": len(found),
        "seconds": start,
        "within": args.within,
        "noticed": share,
        "on_top_at_the_end_of_it": float(np.mean(settled)),
        "median_seconds_until_noticed": float(np.median(after)) if after else None,
        "accuracy_on_whole_clips": whole,
        "needed": min(0.8, whole),
        "summary": summary,
    }
    print(
        f"{share:.1%} of {len(found)} changes noticed within {args.within} s (after {result['median_seconds_until_noticed']} s, in the median); "
        f"on top at the end of that time: {np.mean(settled):.1%}; accuracy on whole clips: {whole:.1%}; "
        f"{summary['x_real_time']:.1f} x real time, {summary['memory_mib']:.0f} MiB"
    )
    if args.minutes:
        stream = np.resize(np.concatenate(pieces), round(args.minutes * 60 * RATE))
        _, long = listen(args.earmark, args.model, stream, more)
        result["long"] = long
        print(
            f"{args.minutes:g} minutes: {long['judged']} windows of {long['compute_ms']:.1f} ms, {long['x_real_time']:.1f} x real time, "
            f"{long['memory_mib_after_a_minute']:.1f} MiB after a minute, {long['memory_mib']:.1f} MiB at the end"
        )
    if args.json:
        args.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
