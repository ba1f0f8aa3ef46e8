"""Single flipped bits in the files that earmark keeps: is each one noticed, or without effect?

    python bench/bit_flips.py EARMARK [--flips 20 | --full] [--only model,state,...] [--seed 1]

For each kind of file, SEED draws bits; each is flipped in a fresh copy of a small run, and the commands that
read the file are run. A flip is noticed where an exit status differs from the undisturbed one, or stderr has a
line that it hadn't; it is without effect where statuses, outputs and written files are the same. Anything else
went unnoticed. A panic is wrong, too, and so is a command that doesn't end. In model files and states, every
other flip is in the header (recipe, classes, calibration, positions), the others in the tensors. --full is 200
flips of each kind.

Prints a Markdown table; ends with 1 where a flip went unnoticed. Standard library alone.
"""

import argparse
import dataclasses
import pathlib
import random
import shutil
import struct
import sys
import tempfile

from tiny_lab import Lab, table

TRAIN = "train tiny.toml --data tones"
SOUNDS = "tones/low/0.wav tones/mid/1.wav tones/high/2.wav"
RESUME = f"{TRAIN} --run w/half --fold 1 --resume"
EVAL = "eval w/run --data tones --json --eval-dir w/eval"
TAG = "tag in --model runs/run --threshold 0.2 -o w/events.csv"


@dataclasses.dataclass
class Kind:
    """A kind of file, what reads it, and what came of the flips."""

    name: str
    # The file, or a folder of files of which one is drawn; below w/, which is a copy of kept/.
    file: str
    commands: list
    # Where the flips go: anywhere, or every other one in the header of a safetensors file.
    is_tensors: bool = False
    # A part of the header: from this text on.
    part: bytes = b""
    counts: dict = dataclasses.field(default_factory=lambda: dict.fromkeys(("flips", "noticed", "without effect"), 0))
    unnoticed: list = dataclasses.field(default_factory=list)
    panics: list = dataclasses.field(default_factory=list)


KINDS = [
    Kind("model file", "run/best.safetensors", [f"predict w/run --files {SOUNDS} -o w/scores.csv"], True),
    Kind("calibration", "calibrated.safetensors", [f"predict w/calibrated.safetensors --files {SOUNDS} -o w/s.csv"],
         part=b"calibration"),
    Kind("training state", "half/checkpoints/state.safetensors", [RESUME], True),
    Kind("metrics.jsonl", "half/metrics.jsonl", [RESUME]),
    Kind("metrics.jsonl, listed", "run/metrics.jsonl", ["runs w --json --all"]),
    Kind("run.json", "half/run.json", [RESUME]),
    Kind("run.json, evaluated", "run/run.json", [EVAL]),
    Kind("recipe.toml", "half/recipe.toml", [RESUME]),
    Kind("recipe.toml, evaluated", "run/recipe.toml", [EVAL]),
    Kind("split.csv", "half/split.csv", [RESUME]),
    Kind("split.csv, evaluated", "run/split.csv", [EVAL, "predict w/run --data tones --json -o w/scores.csv"]),
    Kind("classes.csv", "half/classes.csv", [RESUME]),
    Kind("folds.json", "cv/folds.json", ["predict w/cv --out-of-fold -o w/oof.csv", "runs w --json --all"]),
    Kind("trial.json", "search/trial-001/trial.json",
         ["tune tiny.toml --data tones --fold 1 --run w/search --set train.epochs=2 --grid train.learning-rate=1e-2,1e-3"
          " --resume --json"]),
    Kind("trials.json", "search/trials.json", ["runs w --json --all"]),
    Kind("results of a fold", "cv/fold-2/eval", ["predict w/cv --out-of-fold -o w/oof.csv"]),
    Kind("resume log of tag", "events.csv.journal", [TAG]),
    Kind("embeddings .npy", "x.npy", ["neighbours tones/low/0.wav --in w/x.npy --model runs/run --json"]),
    Kind("names .npy.csv", "x.npy.csv", ["neighbours tones/low/0.wav --in w/x.npy --model runs/run --json"]),
    Kind("checksums .npy.json", "x.npy.json", ["neighbours tones/low/0.wav --in w/x.npy --model runs/run --json"]),
    Kind("embeddings .csv", "y.csv", ["neighbours tones/low/0.wav --in w/y.csv --model runs/run --json"]),
    Kind("cached features", "cache", [f"predict runs/run --files {SOUNDS} -o w/scores.csv"]),
    Kind("bundle", "bundle/models", [f"predict w/bundle/models/* --files {SOUNDS} -o w/scores.csv"], True),
]  # fmt: skip


def keep(lab):
    """One of everything, in kept/; what is unfinished was killed halfway by the program's own test hook."""
    lab.done(f"{TRAIN} --run runs/run --fold 1")
    shutil.copytree(lab.path("runs/run"), lab.path("kept/run"))
    died = lab.run(f"{TRAIN} --run kept/half --fold 1", more={"EARMARK_CRASH_AT": "step:22"})
    if died.code != -9 or not lab.path("kept/half/checkpoints/state.safetensors").is_file():
        sys.exit(f"a training that should have been killed ended with {died.code}: {died.last_words()}")
    lab.done(f"{TRAIN} --run kept/cv --folds all --set train.epochs=4")
    lab.done("calibrate kept/cv/fold-1 --from kept/cv -o kept/calibrated.safetensors")
    lab.done("tune tiny.toml --data tones --fold 1 --run kept/search --set train.epochs=2 --grid train.learning-rate=1e-2,1e-3")
    for k in range(12):
        lab.tone(f"in/{k:02}.wav", 250 + 200 * k, 1 + k % 3)
    log = TAG.replace("w/", "kept/")
    died = lab.run(log, more={"EARMARK_CRASH_AT": "tag-journaled:8"})
    if died.code != -9:
        sys.exit(f"a tagging that should have been killed ended with {died.code}: {died.last_words()}")
    for name in ("x.npy", "y.csv"):
        lab.done(f"embed runs/run --files {SOUNDS} tones/low/1.wav tones/low/2.wav -o kept/{name}")
    lab.done("bundle runs/run --program tiny.toml -o kept/bundle")
    shutil.rmtree(lab.path("cache"), ignore_errors=True)
    lab.done(f"predict runs/run --files {SOUNDS} -o scores.csv")
    shutil.copytree(lab.path("cache"), lab.path("kept/cache"))


def outcome(lab, kind):
    """Runs a kind's commands on w/: the endings, and all that is there then but what is kept for speed."""
    endings = []
    for command in kind.commands:
        words = command
        if "*" in words:
            [only] = lab.path("w/bundle/models").iterdir()
            words = words.replace("w/bundle/models/*", f"w/bundle/models/{only.name}")
        endings.append(lab.run(words, timeout=120, cache="w/cache" if kind.file == "cache" else "cache"))
    return endings, lab.tree("w")


def renew(lab, kind):
    """A fresh copy of what the kind's commands read: the file's own folder, or the files of its name up to the first dot."""
    shutil.rmtree(lab.path("w"), ignore_errors=True)
    lab.path("w").mkdir()
    top = kind.file.split("/")[0]
    for path in lab.path("kept").iterdir():
        if path.name.split(".")[0] == top.split(".")[0]:
            copy = shutil.copytree if path.is_dir() else shutil.copy
            copy(path, lab.path("w") / path.name)


def place(kind, data, draw, is_odd):
    """The byte and the bit to flip."""
    first, last = 0, len(data)
    if kind.part:
        # The calibration is in the header; its neighbours are flipped in other kinds.
        last = 8 + struct.unpack("<Q", data[:8])[0]
        first = data.find(kind.part)
        if first < 0:
            sys.exit(f"{kind.name}: {kind.part.decode()} is not in the header of {kind.file}")
        last = min(last, first + 400)
    elif kind.is_tensors:
        header = 8 + struct.unpack("<Q", data[:8])[0]
        first, last = (0, header) if is_odd else (header, last)
    return draw.randrange(first, last), draw.randrange(8)


def lines(text):
    """Lines of stderr, without numbers, which may be times."""
    return {"".join(c for c in line if not c.isdigit()) for line in text.splitlines() if line.strip()}


def flip_once(lab, kind, draw, undisturbed, steady):
    """Flips a bit in a fresh copy, and sorts what comes of it."""
    renew(lab, kind)
    top = lab.path("w") / kind.file
    files = sorted(p for p in top.rglob("*") if p.is_file()) if top.is_dir() else [top]
    path = draw.choice(files)
    data = bytearray(path.read_bytes())
    at, bit = place(kind, data, draw, kind.counts["flips"] % 2)
    data[at] ^= 1 << bit
    path.write_bytes(data)
    flipped = str(path.relative_to(lab.path("w")))
    endings, tree = outcome(lab, kind)
    kind.counts["flips"] += 1
    where = f"bit {bit} of byte {at} of {len(data)} in {flipped}"
    if any("panicked" in e.err or e.code < 0 for e in endings):
        kind.panics.append(f"{where}: ended with {[e.code for e in endings]}: {endings[-1].last_words()}")
    pairs = list(zip(endings, undisturbed[0]))
    if any(now.code != before.code or lines(now.err) - lines(before.err) for now, before in pairs):
        kind.counts["noticed"] += 1
        return
    # The flipped file itself may stay as it is; all others, and what is printed, must be the same.
    wanted = {name: content for name, content in undisturbed[1].items() if name != flipped}
    found = {name: content for name, content in tree.items() if name != flipped}
    if kind.file == "cache":
        wanted, found = ({n: c for n, c in t.items() if not n.startswith("cache/")} for t in (wanted, found))
    if found == wanted and all(now.out == before.out for (now, before), same in zip(pairs, steady) if same):
        kind.counts["without effect"] += 1
        return
    names = [name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)] or ["what is printed"]
    kind.unnoticed.append(f"{where}: changes {', '.join(sorted(names)[:4])}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("earmark")
    parser.add_argument("--flips", type=int, default=20)
    parser.add_argument("--full", action="store_true", help="200 flips of each kind")
    parser.add_argument("--only", help="names of kinds, separated by semicolons")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    kinds = [kind for kind in KINDS if not options.only or kind.name in options.only.split(";")]
    if not kinds:
        sys.exit(f"--only {options.only}: no such kind")
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(options.earmark, pathlib.Path(folder))
        keep(lab)
        for kind in kinds:
            renew(lab, kind)
            first = outcome(lab, kind)
            renew(lab, kind)
            undisturbed = outcome(lab, kind)
            # What is printed with times in it says nothing.
            steady = [a.out == b.out for a, b in zip(first[0], undisturbed[0])]
            if first[1] != undisturbed[1]:
                sys.exit(f"{kind.name}: undisturbed, it does not always write the same")
            if bad := [e for e in undisturbed[0] if e.code]:
                print(f"{kind.name}: left out, as undisturbed it ends with {bad[0].code}: {bad[0].last_words()}")
                continue
            draw = random.Random(f"{options.seed} {kind.name}")
            for _ in range(200 if options.full else options.flips):
                flip_once(lab, kind, draw, undisturbed, steady)
    rows = [(kind.name, *kind.counts.values(), len(kind.unnoticed), len(kind.panics)) for kind in kinds]
    table(["file", "flips", "noticed", "without effect", "unnoticed", "panics"], rows)
    for kind in kinds:
        for line in kind.unnoticed[:5] + kind.panics[:5]:
            print(f"wrong: {kind.name}: {line}")
    left_out = any(not kind.counts["flips"] for kind in kinds)
    sys.exit(bool(left_out or any(kind.unnoticed or kind.panics for kind in kinds)))


if __name__ == "__main__":
    main()
