"""What a review is worth: wrong labels are planted, a scripted reviewer answers truthfully in the order of
`earmark review serve`, the corrections are trained on, and the results are compared on clips that nobody reviewed.

    python bench/review_loop.py --earmark target/release/earmark --work WORK --esc10 ESC-10
        [--recipe summary-baseline/esc10] [--share 0.1] [--seeds 1,2,3] [--budget 0.3] [--aside 0.3]
        [--set KEY=VALUE ...]

The program needs its feature `serve`. Which labels are wrong follows from the share and the seed, as in
`bench/review.py`. For each seed it prints:

- how many clips were reviewed until 90 % of the wrong labels were found, in the order `worst`, and how many that
  takes in a random order on average;
- the accuracy against the true labels, out of fold, on clips that were set aside: before and after training on the
  corrections of the reviewed ones (a share of `--budget` of all), and the difference with its interval of 95 % (2,000
  bootstrap draws over the clips). Which clips are set aside (a share of `--aside`) is drawn before anything is
  trained, and the reviewer never decides them: those that merely were not reached in the order `worst` are the ones
  that the model before got right, on which it can't be improved;
- for precision against threshold, estimated from as many clips reviewed in the order `stratified`: how many of the
  intervals have the true precision of all clips in them.

Python 3.11+, its standard library alone.
"""

import argparse
import csv
import json
import math
import pathlib
import random
import signal
import subprocess
import sys
import urllib.parse
import urllib.request

from review import clips, plant, run

DRAWS = 2000


class Served:
    """A review that is served; a scripted reviewer asks it as the page does."""

    def __init__(self, args, cv, folder, order, log):
        command = [args.earmark, "review", "serve", cv, "--data", folder, "--order", order, "--decisions", log,
                   "--bind", "127.0.0.1:0", "--json", "--threads", args.threads]
        self.process = subprocess.Popen(
            [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.address = "http://" + json.loads(self.process.stdout.readline())["address"]
        self.review = self.ask("overview")["review"]

    def ask(self, path, body=None, **settings):
        query = urllib.parse.urlencode({"reviewer": "script", **settings} if body is None else {})
        request = urllib.request.Request(f"{self.address}/v1/review/{path}?{query}".rstrip("?"))
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def items(self):
        """All items in their order."""
        found = []
        while True:
            page = self.ask("items", **{"from": len(found), "count": 500})
            found += page["items"]
            if len(found) >= page["total"]:
                return found

    def decide(self, item, truth):
        given = sorted(label["label"] for label in item["labels"])
        decision = {"id": f"script-{item['item']}", "review": self.review, "reviewer": "script", "item": item["item"]}
        if given == truth:
            decision["verdict"] = "accept"
        else:
            decision |= {"verdict": "relabel", "labels": truth}
        self.ask("decide", decision)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.process.stdout.close()


def train(args, folder, cv, seed, more=()):
    keys = ['data.layout="csv"', 'data.subsets=["train"]', f"train.seed={seed}", *args.set, *more]
    words = [word for key in keys for word in ("--set", key)]
    common = ["--threads", args.threads, "-q"]
    run([args.earmark, "train", args.recipe, "--data", folder, "--run", cv, "--folds", "all", "--resume", *common, *words])
    scores = cv.parent / f"{cv.name}.csv"
    run([args.earmark, "predict", cv, "--data", folder, "--out-of-fold", "-o", scores, *common])
    with open(scores, newline="") as file:
        rows = list(csv.DictReader(file))
    key = next(iter(rows[0]))
    return {row[key]: {name: float(score) for name, score in row.items() if name != key} for row in rows}


def is_right(scores, truth):
    return max(scores, key=scores.get) in truth


def difference(before, after, truth, files, seed):
    """The difference in accuracy on some clips, with its interval."""
    pairs = [(is_right(before[file], truth[file]), is_right(after[file], truth[file])) for file in files]
    draw = random.Random(seed)
    found = []
    for _ in range(DRAWS):
        drawn = draw.choices(pairs, k=len(pairs))
        found.append(sum(b - a for a, b in drawn) / len(drawn))
    found.sort()
    mean = [sum(pair[side] for pair in pairs) / len(pairs) for side in (0, 1)]
    return {
        "clips": len(pairs),
        "before": round(mean[0], 4),
        "after": round(mean[1], 4),
        "difference": round(mean[1] - mean[0], 4),
        "interval": [round(found[round(share * (DRAWS - 1))], 4) for share in (0.025, 0.975)],
    }


def find_wrong(args, folder, cv, truth, wrong, budget, aside):
    """Reviews in the order `worst`: clips of the list until 90 % are found, and the files that were reviewed, none
    of which is set aside."""
    log = cv.parent / f"{cv.name}.worst.jsonl"
    log.unlink(missing_ok=True)
    served = Served(args, cv, folder, "worst", log)
    wanted, found, needed, reviewed = math.ceil(0.9 * len(wrong)), 0, None, set()
    for count, item in enumerate(served.items(), 1):
        if len(reviewed) < budget and item["file"] not in aside:
            served.decide(item, truth[item["file"]])
            reviewed.add(item["file"])
        found += item["file"] in wrong
        if needed is None and found >= wanted:
            needed = count
    served.end()
    run([args.earmark, "review", "apply", log, "-o", folder / "corrections.json"])
    return needed, reviewed


def precision(args, folder, cv, scores, truth, budget):
    """Intervals of precision that have the truth in them, of how many."""
    log = cv.parent / f"{cv.name}.stratified.jsonl"
    log.unlink(missing_ok=True)
    served = Served(args, cv, folder, "stratified", log)
    for item in served.items()[:budget]:
        served.decide(item, truth[item["file"]])
    served.end()
    said = json.loads(run([args.earmark, "review", "precision", cv, "--data", folder, "--decisions", log, "--json", "-q"]))
    inside, open_points, points, width = 0, 0, 0, 0.0
    for found in said["classes"]:
        for point in found["points"]:
            above = [file for file, row in scores.items() if row[found["class"]] >= point["threshold"]]
            if not above:
                continue
            if point["precision"] is None:
                open_points += 1
                continue
            true = sum(found["class"] in truth[file] for file in above) / len(above)
            points += 1
            inside += point["low"] - 1e-9 <= true <= point["high"] + 1e-9
            width += point["high"] - point["low"]
    return {"points": points, "inside": inside, "open": open_points, "mean_width": round(width / max(points, 1), 3)}


def measure(args, audio, rows, seed):
    folder = args.work / f"loop-{args.share}-seed-{seed}"
    wrong = plant(audio, rows, folder, args.share, seed)
    truth = {row["file"]: sorted(row["labels"].split(",")) for row in rows}
    budget = round(args.budget * len(rows))
    runs = args.work / "loop-runs"
    runs.mkdir(parents=True, exist_ok=True)
    cv = runs / f"{folder.name}-before"
    before = train(args, folder, cv, seed)
    aside = sorted(random.Random(f"aside, seed {seed}").sample(sorted(truth), round(args.aside * len(rows))))
    needed, reviewed = find_wrong(args, folder, cv, truth, wrong, budget, set(aside))
    corrected = 'data.corrections=[{ file = "corrections.json", subset = "train" }]'
    after = train(args, folder, runs / f"{folder.name}-after-{budget}-aside-{len(aside)}", seed, [corrected])
    return {
        "seed": seed,
        "clips": len(rows),
        "wrong": len(wrong),
        "reviewed_until_90_percent": needed,
        "in_random_order": round(0.9 * (len(rows) + 1)),
        "reviewed": len(reviewed),
        "wrong_corrected": len(wrong & reviewed),
        "accuracy_on_aside": difference(before, after, truth, aside, seed),
        "precision": precision(args, folder, cv, before, truth, budget),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--earmark", default="target/release/earmark")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder for data, runs and logs")
    parser.add_argument("--esc10", type=pathlib.Path, required=True, help="the folder with ESC-10, ESC-50 or Kitchen20")
    parser.add_argument("--recipe", default="summary-baseline/esc10")
    parser.add_argument("--share", type=float, default=0.1, help="share of the labels that are wrong")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--budget", type=float, default=0.3, help="share of the clips that are reviewed")
    parser.add_argument("--aside", type=float, default=0.3, help="share of the clips that are never reviewed")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    args = parser.parse_args()
    args.demo = None
    args.work.mkdir(parents=True, exist_ok=True)
    audio, rows = clips(args)
    for seed in map(int, args.seeds.split(",")):
        print(json.dumps(measure(args, audio, rows, seed)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
