"""What the ideas that the authors of the four systems left to others bring, each against its own control.

    python bench/ideas.py --earmark target/release/earmark --work WORK --esc10 ESC-10 --kitchen20 KITCHEN20
        [--ideas choice,lower,losses,loudness,examples,frequency] [--seeds 1,2] [--test-folds 2,3,4,5]
        [--steps 1000] [--jobs 2] [--core-hours 12]
    python bench/ideas.py --earmark EARMARK --work WORK --esc10 ESC-10 --kitchen20 KITCHEN20 --quick

Fold 1 of both sets is left out; of the others (ESC-10's own folds, Kitchen20's that share no recording), one
is the test fold and the three others are trained on. A training is a small argus of a given number of
steps (noisy.toml: base 8, batches of 16, a sigmoid per class, nothing mixed), evaluated by its last weights;
nothing is chosen by a test fold. For the first three ideas, a quarter of each class's training clips keeps
its labels and is the curated subset; of the rest, the noisy subset, 40 % of the labels are replaced.

    choice     noisy clips per class by the gap of lwlrap (dcase2019-baseline). The model of `alone` ranks the
               labels of all training clips; a class whose noisy clips have a lwlrap lower by G than its
               curated ones, which trained the model, keeps the share 1 - G of its noisy clips, those with
               the best-ranked labels (`by-gap`). `one-share` keeps about as many, the same share in every
               class; `all` keeps all of them, `alone` none. Cross-entropy
    lower      carrying over from noisy training: `noisy` is trained on the noisy subset; then the curated
               one, starting from all of it (`warm-all`), from its lower two blocks (`warm-lower`) or from
               nothing (`alone`)
    losses     both subsets, each clip as often: `all` is cross-entropy; on noisy clips, `soft` is soft
               bootstrapping, `lq` the Lq loss, `outlier` leaves out the highest losses
    loudness   PCEN (`pcen`) against log-mel in decibels (`plain`): the test clips as they are, and with
               their levels changed by -30 to 10 dB
    examples   `random-length`: 32 to 96 frames instead of 64; mixup with partners from the batch
               (`mixup-batch`) or the epoch (`mixup-epoch`); `starter-dropout`: 10 % dropout before the
               convolutions and so before their BatchNorms, against `starter` without
               (starter-2018/small, base 8)
    frequency  `weighted`: each band scaled to mean 0 and deviation 1 over the training clips, which gives
               soft high bands as much weight as loud low ones

A finished training is a line in WORK/ideas.jsonl and not trained again; one that was interrupted is resumed.
No training begins once those in the file have taken --core-hours. At the end: a table of the pairs (fold and
seed) for each idea and set, and the gains with their standard errors over the pairs.
--quick: a smoke run on three classes, five clips each per fold, one pair per set, 8 steps.

Python 3.11+, its standard library alone.
"""

import argparse
import array
import concurrent.futures
import csv
import json
import math
import pathlib
import random
import statistics
import subprocess
import sys
import threading
import time

RECIPE = pathlib.Path(__file__).parent / "noisy.toml"
CURATED, WRONG = 0.25, 0.4
LEFT_OUT = "1"
NOISY_LOSS = 'train.loss={{kind="by-subset",curated={{kind="sigmoid-cross-entropy"}},noisy={}}}'
ENTROPY = 'train.loss={kind="sigmoid-cross-entropy"}'
BOTH = 'data.subsets=["curated","noisy"]'
CURATED_ALONE = 'data.subsets=["curated"]'

# The keys of each arm; those of the first three ideas are on the data with noisy labels.
ARMS = {
    "alone": [CURATED_ALONE, ENTROPY],
    "all": [BOTH, ENTROPY],
    "by-gap": [BOTH, ENTROPY],
    "one-share": [BOTH, ENTROPY],
    "noisy": ['data.subsets=["noisy"]', ENTROPY],
    "warm-all": [CURATED_ALONE, ENTROPY],
    "warm-lower": [CURATED_ALONE, ENTROPY],
    "soft": [BOTH, 'train.noisy-subsets=["noisy"]', NOISY_LOSS.format('{kind="soft-bootstrap",beta=0.7}')],
    "lq": [BOTH, 'train.noisy-subsets=["noisy"]', NOISY_LOSS.format('{kind="lq",q=0.5}')],
    "outlier": [BOTH, 'train.noisy-subsets=["noisy"]', 'train.loss={kind="outlier-cross-entropy",share=0.8}'],
    "plain": [CURATED_ALONE],
    "pcen": [CURATED_ALONE, "front-end.amplitude={pcen={}}", 'front-end.stft.value="magnitude"', "front-end.postprocess.scale=false"],
    "random-length": [CURATED_ALONE, "batches.length={min-frames=32,max-frames=96}"],
    "mixup-batch": [CURATED_ALONE, 'batches.mixup={alpha=0.5,partner="batch"}'],
    "mixup-epoch": [CURATED_ALONE, 'batches.mixup={alpha=0.5,partner="epoch"}'],
    "starter": [CURATED_ALONE, 'data.layout="csv"', ENTROPY, "network.base=8", "batches.size=16"],
    "starter-dropout": [CURATED_ALONE, 'data.layout="csv"', ENTROPY, "network.base=8", "batches.size=16", "network.drop-prob=0.1"],
    "weighted": [CURATED_ALONE, "front-end.postprocess.scale=false"],
}
NOISY_ARMS = ("alone", "all", "by-gap", "one-share", "noisy", "warm-all", "warm-lower", "soft", "lq", "outlier")
STARTER = ("starter", "starter-dropout")

# For each idea its arms, in the order in which they need each other, and what is compared with what.
IDEAS = {
    "choice": (("alone", "all", "one-share", "by-gap"), (("by-gap", "one-share"), ("by-gap", "all"), ("by-gap", "alone"))),
    "lower": (("alone", "noisy", "warm-all", "warm-lower"), (("warm-lower", "warm-all"), ("warm-lower", "alone"), ("warm-all", "alone"))),
    "losses": (("all", "soft", "lq", "outlier"), (("soft", "all"), ("lq", "all"), ("outlier", "all"))),
    "loudness": (("plain", "pcen"), (("pcen", "plain"),)),
    "examples": (
        ("plain", "random-length", "mixup-batch", "mixup-epoch", "starter", "starter-dropout"),
        (("random-length", "plain"), ("mixup-batch", "plain"), ("mixup-epoch", "plain"), ("mixup-epoch", "mixup-batch"), ("starter-dropout", "starter")),
    ),
    "frequency": (("plain", "weighted"), (("weighted", "plain"),)),
}
METRICS = {"accuracy": "accuracy", "lwlrap": "lwlrap", "changed": "accuracy at changed levels"}


def run(command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {done.returncode}")
    return done.stdout


def clips_of(args, name):
    """Audio's folder, and the clips outside the fold that is left out: `filename`, `label`, `fold`, `group`."""
    root = getattr(args, name)
    if name == "kitchen20":
        with open(root / "folds-grouped.csv", newline="") as file:
            folds = {row["file"]: row["fold"] for row in csv.DictReader(file)}
        with open(root / "kitchen20.csv", newline="") as file:
            clips = [{"filename": r["path"], "label": r["category"], "fold": folds[r["path"]], "group": r["usr_id"]} for r in csv.DictReader(file)]
    else:
        table = root / "meta.csv" if (root / "meta.csv").exists() else root / "meta/esc50.csv"
        with open(table, newline="") as file:
            rows = [row for row in csv.DictReader(file) if row.get("esc10", "True") == "True"]
        # Clips of one recording have the same number in their names.
        clips = [{"filename": f"audio/{r['filename']}", "label": r["category"], "fold": r["fold"], "group": r["filename"].split("-")[1]} for r in rows]
    clips = [clip for clip in clips if clip["fold"] != LEFT_OUT]
    if args.quick:
        few, count = sorted({clip["label"] for clip in clips})[:3], {}
        for clip in clips:
            place = (clip["label"], clip["fold"])
            count[place] = count.get(place, 0) + 1
            clip["kept"] = clip["label"] in few and count[place] <= 5
        clips = [clip for clip in clips if clip.pop("kept")]
    return root / "audio", clips


def write_set(out, audio, clips):
    """Writes OUT/clips.csv over the audio; the table last, so that it is whole where it exists."""
    out.mkdir(parents=True, exist_ok=True)
    if not (out / "audio").exists():
        (out / "audio").symlink_to(audio.resolve())
    half = out / "clips.half"
    with open(half, "w", newline="") as file:
        writer = csv.DictWriter(file, clips[0].keys())
        writer.writeheader()
        writer.writerows(clips)
    half.rename(out / "clips.csv")
    return out


def read_set(folder):
    with open(folder / "clips.csv", newline="") as file:
        return list(csv.DictReader(file))


class Pair:
    """One test fold of one set, with one seed: its data and its trainings."""

    def __init__(self, args, name, fold, seed):
        self.args, self.name, self.fold, self.seed = args, name, fold, seed
        self.folder = args.work / f"{name}-fold-{fold}-seed-{seed}"

    def run_folder(self, arm):
        return self.folder / "runs" / arm

    def model(self, arm):
        """The run of an arm; `noisy` has no test fold, as its subset has no clips of it."""
        folder = self.run_folder(arm)
        return folder if arm == "noisy" else folder / f"fold-{self.fold}"

    def data(self, arm):
        """The folder of an arm's clips, made if need be."""
        if arm not in NOISY_ARMS:
            out = self.args.work / f"{self.name}-clean"
            if not (out / "clips.csv").exists():
                audio, clips = clips_of(self.args, self.name)
                write_set(out, audio, [{**clip, "part": "curated"} for clip in clips])
            return out
        out = self.folder / "noisy-labels"
        if not (out / "clips.csv").exists():
            audio, clips = clips_of(self.args, self.name)
            write_set(out, audio, self.spoiled(clips))
        if arm not in ("by-gap", "one-share"):
            return out
        if not (self.folder / arm / "clips.csv").exists():
            self.choose(out)
        return self.folder / arm

    def spoiled(self, clips):
        """The clips with a noisy subset, class by class; which clips and labels follows from fold and seed."""
        draw = random.Random(f"ideas, {self.name}, fold {self.fold}, seed {self.seed}")
        classes = sorted({clip["label"] for clip in clips})
        clips = [{**clip, "part": "curated", "truth": clip["label"]} for clip in clips]
        noisy = []
        for label in classes:
            train = [clip for clip in clips if clip["label"] == label and clip["fold"] != str(self.fold)]
            draw.shuffle(train)
            noisy += train[round(CURATED * len(train)) :]
        for clip in noisy:
            clip["part"] = "noisy"
        for clip in draw.sample(noisy, round(WRONG * len(noisy))):
            clip["label"] = draw.choice([label for label in classes if label != clip["truth"]])
        return clips

    def choose(self, data):
        """Writes the sets of `by-gap` and `one-share`: noisy clips that the model of `alone` chooses."""
        clips = read_set(data)
        train = [clip for clip in clips if clip["fold"] != str(self.fold)]
        scores = self.scores("alone", [data / clip["filename"] for clip in train])
        for clip in train:
            row = scores[pathlib.Path(clip["filename"]).name]
            clip["rank"] = sum(score >= row[clip["label"]] for score in row.values())
        noisy = [clip for clip in train if clip["part"] == "noisy"]
        labels = sorted({clip["label"] for clip in noisy})
        of = lambda part, label: [clip for clip in train if clip["part"] == part and clip["label"] == label]
        # With one label per clip, the lwlrap of a class is the mean of 1 / rank.
        lwlrap = lambda clips: statistics.mean(1 / clip["rank"] for clip in clips)
        shares = {label: 1 - max(0.0, lwlrap(of("curated", label)) - lwlrap(of("noisy", label))) for label in labels}
        draw = random.Random(f"ideas, ties, {self.name}, fold {self.fold}, seed {self.seed}")
        best = {label: sorted(of("noisy", label), key=lambda clip: (clip["rank"], draw.random())) for label in labels}
        kept = {label: best[label][: round(shares[label] * len(best[label]))] for label in labels}
        share = sum(map(len, kept.values())) / len(noisy)
        alike = {label: best[label][: round(share * len(best[label]))] for label in labels}
        audio = (data / "audio").resolve()
        for arm, chosen in (("one-share", alike), ("by-gap", kept)):
            names = {clip["filename"] for clips in chosen.values() for clip in clips}
            right = sum(clip["label"] == clip["truth"] for clip in noisy if clip["filename"] in names)
            print(f"{self.name} fold {self.fold} seed {self.seed}: {arm} keeps {len(names)} of {len(noisy)} noisy clips, {right} of them right", file=sys.stderr)
            rows = [{key: clip[key] for key in clip if key != "rank"} for clip in clips if clip["part"] != "noisy" or clip["filename"] in names]
            write_set(self.folder / arm, audio, rows)

    def scores(self, arm, files):
        """The scores of files by the model of an arm: by file name, then by class."""
        out = self.folder / f"scores-{arm}.csv"
        run([self.args.earmark, "predict", self.model(arm), "--files", *files, "-o", out, "-q", "--threads", self.args.threads])
        with open(out, newline="") as file:
            return {pathlib.Path(row.pop("fname")).name: {label: float(score) for label, score in row.items()} for row in csv.DictReader(file)}

    def recipe(self, arm):
        if arm in STARTER:
            return "starter-2018/small"
        if arm != "weighted":
            return RECIPE
        # The scale of each band, over the training clips alone.
        out = self.args.work / f"{self.name}-weighted-{self.fold}" / "weighted.toml"
        if not out.exists():
            train = [clip for clip in read_set(self.data(arm)) if clip["fold"] != str(self.fold)]
            folder = write_set(self.args.work / f"{self.name}-train-{self.fold}", (self.data(arm) / "audio").resolve(), train)
            out.parent.mkdir(exist_ok=True)
            half = out.with_name(f"half-{self.seed}.toml")
            run([self.args.earmark, "data", "stats", folder, "--recipe", RECIPE.resolve(), "--normalise", half, "-q", "--threads", self.args.threads])
            half.rename(out)
        return out

    def keys(self, arm):
        keys = [*ARMS[arm], f"train.steps={self.args.steps}", f"train.seed={self.seed}"]
        if arm.startswith("warm-"):
            lower = ',include=["block1","block2"]' if arm == "warm-lower" else ""
            keys.append(f'train.start={{from="{self.model("noisy")}"{lower},statistics=true}}')
        return keys

    def train(self, arm):
        """The line of an arm, trained and evaluated if it is not there yet; `None` where no time is left."""
        args, keys = self.args, self.keys(arm)
        place = {"data": self.name, "fold": self.fold, "seed": self.seed, "arm": arm, "set": keys, "quick": args.quick}
        known = args.lines.find(place)
        if known or args.lines.spent() > args.core_hours * 3600:
            return known
        start = time.monotonic()
        words = [word for key in keys for word in ("--set", key)]
        folds = [] if arm == "noisy" else ["--folds", self.fold]
        command = [args.earmark, "train", self.recipe(arm), "--data", self.data(arm), "--run", self.run_folder(arm), *folds]
        outcome = json.loads(run([*command, "--threads", args.threads, "-q", "--json", "--resume", *words]))
        found = {}
        if arm != "noisy":
            metrics = outcome["report"]["metrics"]
            found = {key: metrics[key]["mean"] for key in METRICS if key in metrics}
        if arm in IDEAS["loudness"][0]:
            found["changed"] = self.accuracy_of_changed_levels(arm)
        line = {**place, **found, "seconds": round(time.monotonic() - start), "threads": args.threads}
        args.lines.add(line)
        print(f"{self.name} fold {self.fold} seed {self.seed} {arm:15}", *(f"{m} {found[m]:.4f}" for m in METRICS if m in found), f"{line['seconds']} s", file=sys.stderr, flush=True)
        return line

    def accuracy_of_changed_levels(self, arm):
        """The accuracy on the test clips with their levels changed, the same for all arms and seeds."""
        files = self.changed_levels(self.data(arm))
        scores = self.scores(arm, files)
        hits = [max(scores[path.name], key=scores[path.name].get) == label for path, label in files.items()]
        return statistics.mean(hits)

    def changed_levels(self, data):
        """The test clips decoded, each with a gain of -30 to 10 dB: paths with labels."""
        out = self.args.work / f"{self.name}-levels-{self.fold}"
        with self.args.lines.lock:  # two seeds share them
            if not (out / "labels.json").exists():
                test = [clip for clip in read_set(data) if clip["fold"] == str(self.fold)]
                out.mkdir(exist_ok=True)
                with open(out / "events.csv", "w", newline="") as file:
                    rows = csv.writer(file)
                    rows.writerow(["file", "start", "end", "class", "score"])
                    rows.writerows([clip["filename"], 0, 60, clip["label"], 1] for clip in test)
                run([self.args.earmark, "extract", out / "events.csv", "-o", out / "as-they-are", "--pad", "0", "--per-class", "100000", "--data", data, "-q"])
                with open(out / "as-they-are" / "extracts.csv", newline="") as file:
                    cut = list(csv.DictReader(file))
                if len(cut) != len(test):
                    raise RuntimeError(f"{out}: {len(cut)} of {len(test)} test clips could be decoded")
                (out / "changed").mkdir(exist_ok=True)
                draw, labels = random.Random(f"ideas, levels, {self.name}, fold {self.fold}"), {}
                for row in sorted(cut, key=lambda row: row["recording"]):
                    path = out / "changed" / pathlib.Path(row["file"]).name
                    path.write_bytes(with_gain((out / "as-they-are" / row["file"]).read_bytes(), draw.uniform(-30, 10)))
                    labels[path.name] = row["class"]
                (out / "labels.json").write_text(json.dumps(labels))
        return {out / "changed" / name: label for name, label in json.loads((out / "labels.json").read_text()).items()}


def with_gain(wav, db):
    """A WAV file with another level, as floats, which don't clip."""
    at, kind = 12, None
    while wav[at : at + 4] != b"data":
        if wav[at : at + 4] == b"fmt ":
            kind = int.from_bytes(wav[at + 8 : at + 10], "little"), int.from_bytes(wav[at + 22 : at + 24], "little")
            fmt = at + 8
        at += 8 + int.from_bytes(wav[at + 4 : at + 8], "little")
    size = int.from_bytes(wav[at + 4 : at + 8], "little")
    content = wav[at + 8 : at + 8 + size]
    if kind == (3, 32):
        samples = array.array("f", content)
    elif kind == (1, 16):
        samples = array.array("f", (x / 32768 for x in array.array("h", content)))
    else:
        raise RuntimeError(f"a WAV file of format {kind}")
    factor = 10 ** (db / 20)
    samples = array.array("f", (factor * x for x in samples)).tobytes()
    rate = int.from_bytes(wav[fmt + 4 : fmt + 8], "little")
    number = lambda value, size: value.to_bytes(size, "little")
    head = b"fmt " + number(16, 4) + number(3, 2) + number(1, 2) + number(rate, 4) + number(4 * rate, 4) + number(4, 2) + number(32, 2)
    body = b"WAVE" + head + b"data" + number(len(samples), 4) + samples
    return b"RIFF" + number(len(body), 4) + body


class Lines:
    """WORK/ideas.jsonl: a line per finished training."""

    def __init__(self, path):
        self.path, self.lock = path, threading.RLock()
        self.lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def find(self, place):
        with self.lock:
            return next((line for line in self.lines if {key: line.get(key) for key in place} == place), None)

    def add(self, line):
        with self.lock:
            self.lines.append(line)
            with open(self.path, "a") as file:
                file.write(json.dumps(line) + "\n")

    def spent(self):
        with self.lock:
            return sum(line["seconds"] * line["threads"] for line in self.lines)


def work_through(pair, arms):
    """All arms of a pair, in order."""
    return {arm: pair.train(arm) for arm in arms}


def table(name, idea, pairs):
    """`pairs`: {(fold, seed): {arm: line}}. Prints a row a pair, the means and the gains, of the pairs that are complete."""
    arms, compared = IDEAS[idea]
    pairs = {place: lines for place, lines in pairs.items() if all(lines.get(arm) for arm in arms)}
    if not pairs:
        print(f"\n{idea}, {name}: no pair is complete")
        return
    for metric in METRICS:
        shown = [arm for arm in arms if all(metric in lines[arm] for lines in pairs.values())]
        if len(shown) < 2:
            continue
        print(f"\n| {idea}, {name}: {METRICS[metric]} | " + " | ".join(shown) + " |")
        print("|---" * (1 + len(shown)) + "|")
        for (fold, seed), lines in sorted(pairs.items()):
            print(f"| fold {fold}, seed {seed} | " + " | ".join(f"{lines[arm][metric]:.3f}" for arm in shown) + " |")
        means = [statistics.mean(lines[arm][metric] for lines in pairs.values()) for arm in shown]
        print("| mean | " + " | ".join(f"{mean:.3f}" for mean in means) + " |\n")
        for first, other in compared:
            if first in shown and other in shown:
                gains = [100 * (lines[first][metric] - lines[other][metric]) for lines in pairs.values()]
                error = f"{statistics.stdev(gains) / math.sqrt(len(gains)):.1f}" if len(gains) > 1 else "-"
                print(f"{first} over {other}: {statistics.mean(gains):+.1f} ± {error} points of {METRICS[metric]}, pairs: {len(gains)}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--earmark", default="target/release/earmark")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder for data, runs and the list of trainings")
    parser.add_argument("--esc10", type=pathlib.Path, help="the folder with ESC-10, or ESC-50")
    parser.add_argument("--kitchen20", type=pathlib.Path, help="the folder with Kitchen20 and folds-grouped.csv")
    parser.add_argument("--ideas", default=",".join(IDEAS))
    parser.add_argument("--seeds", default="1,2")
    parser.add_argument("--test-folds", default="2,3,4,5")
    parser.add_argument("--steps", type=int, default=1000, help="steps of each training")
    parser.add_argument("--threads", type=int, default=1, help="threads of each training")
    parser.add_argument("--jobs", type=int, default=2, help="trainings at a time")
    parser.add_argument("--core-hours", type=float, default=12.0, help="begin no training after this many")
    parser.add_argument("--quick", action="store_true", help="a smoke run, whose numbers mean nothing")
    args = parser.parse_args()
    args.ideas = args.ideas.split(",")
    unknown = sorted(set(args.ideas) - set(IDEAS))
    if unknown:
        parser.error(f"--ideas: {', '.join(unknown)} is none of {', '.join(IDEAS)}")
    args.sets = [name for name in ("esc10", "kitchen20") if getattr(args, name)]
    if not args.sets:
        parser.error("give --esc10 ESC-10, --kitchen20 KITCHEN20 or both")
    args.seeds, args.test_folds = ([int(word) for word in words.split(",")] for words in (args.seeds, args.test_folds))
    if LEFT_OUT in map(str, args.test_folds):
        parser.error(f"--test-folds: fold {LEFT_OUT} is left out; choose others")
    if args.quick:
        args.steps, args.seeds, args.test_folds, args.work = 8, args.seeds[:1], args.test_folds[:1], args.work / "quick"
    args.work = args.work.resolve()
    args.work.mkdir(parents=True, exist_ok=True)
    args.lines = Lines(args.work / "ideas.jsonl")
    return args


def main():
    args = arguments()
    arms = list(dict.fromkeys(arm for idea in args.ideas for arm in IDEAS[idea][0]))
    # Pair after pair of all sets, so that what is done when time is up can be compared. Seeds of a fold are apart,
    # as they share files.
    places = [(seed, fold, name) for seed in args.seeds for fold in args.test_folds for name in args.sets]
    for name in args.sets:
        Pair(args, name, args.test_folds[0], args.seeds[0]).data("plain")
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        works = {place: pool.submit(work_through, Pair(args, place[2], place[1], place[0]), arms) for place in places}
        try:
            done = {place: work.result() for place, work in works.items()}
        except Exception as error:
            pool.shutdown(cancel_futures=True)
            sys.exit(f"{error}; run the command again to continue")
    for idea in args.ideas:
        for name in args.sets:
            table(name, idea, {(fold, seed): lines for (seed, fold, of), lines in done.items() if of == name})
    trained = [line for line in args.lines.lines if line["quick"] == args.quick]
    print(f"\n{len(trained)} trainings, {args.lines.spent() / 3600:.1f} core hours")


if __name__ == "__main__":
    main()
