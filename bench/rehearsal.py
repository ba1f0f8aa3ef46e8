"""A dress rehearsal of the published recipes at the published size, on a set that `earmark data synth` makes.

    python bench/rehearsal.py --program target/release/earmark --work WORK --set fsdkaggle2019
        [--scale 1] [--steps 200] [--threads 0] [--only argus-2019/1-fold ...]

For each recipe of the set, with the cache at the size that `--dry-run` asks for: a training cut to --steps
steps (argus-2019: a tenth of them), a fifth of that again (its features are cached), and with half of the
cache, a fold's evaluation, and the prediction of the whole test subset; and a training on a hundredth of the
set, whose memory the full one is compared with. Each stage is a line of WORK/SET/rehearsal.jsonl with the
seconds by the clock, processor seconds and the largest resident memory of the program; what is there is not
run again, so that a killed rehearsal resumes. Prints the table of docs/results/rehearsal.md.

Of a training, the log says when the first step was done, how long the others took, and the share of the time
that they waited for data. Python 3.11+, its standard library alone.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

# The recipes of a set, and their options. A length in phases becomes one in steps; the second stage of
# MobileNet starts without the first.
RECIPES = {
    "fsdkaggle2019": [
        ("dcase2019-baseline/1-noisy", []),
        ("dcase2019-baseline/2-curated", []),
        ("argus-2019/1-fold", ["--fold", 1]),
    ],
    "fsdkaggle2018": [
        ("starter-2018/1-train", []),
        ("mobilenetv2-pca-2018/1-mel", ["--fold", 1, "--set", "train.phases=[]"]),
        ("mobilenetv2-pca-2018/2-full", ["--fold", 1, "--set", "train.phases=[]", "--set", "train.start=false"]),
    ],
}


class Rehearsal:
    def __init__(self, args):
        self.args = args
        self.folder = args.work / args.set
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = self.folder / "data"
        self.small = self.folder / "small"
        self.lines = self.folder / "rehearsal.jsonl"
        self.done = {}
        if self.lines.exists():
            for line in self.lines.read_text().splitlines():
                record = json.loads(line)
                self.done[record["stage"]] = record

    def stage(self, name, arguments, more=None):
        """Runs the program once, unless its line is there, and appends the line."""
        if name in self.done:
            return self.done[name]
        print(f"{time.strftime('%H:%M:%S')} {name}", file=sys.stderr, flush=True)
        out, err = self.folder / "stdout", self.folder / "stderr"
        begin = time.monotonic()
        with open(out, "wb") as stdout, open(err, "wb") as stderr:
            child = subprocess.Popen([str(self.args.program), *map(str, arguments)], stdout=stdout, stderr=stderr)
            _, status, usage = os.wait4(child.pid, 0)
        # A training that skipped files that can't be read, as the set has some, ends with 2.
        code = os.waitstatus_to_exitcode(status)
        if code not in (0, 2):
            sys.exit(f"{name}: exit code {code}: {err.read_text()[-2000:]}")
        record = {
            "stage": name,
            "seconds": round(time.monotonic() - begin, 1),
            "processor_seconds": round(usage.ru_utime + usage.ru_stime, 1),
            "memory_mib": round(usage.ru_maxrss / 1024),
            "exit_code": code,
        }
        if more:
            record |= more(out.read_text())
        with open(self.lines, "a") as lines:
            lines.write(json.dumps(record) + "\n")
        self.done[name] = record
        return record

    def train(self, name, recipe, data, steps, options, cache_mib):
        run = self.folder / "runs" / re.sub(r"\W+", "-", name)

        def from_log(_):
            log = next(run.rglob("log.txt")).read_text()
            waits = re.search(r"(\d+) steps in ([\d.]+) s; waited for data ([\d.]+) %.*?which took ([\d.]+) s", log)
            times = [float(t) for t in re.findall(r"^\s*([\d.]+) s  step ", log, re.M)]
            return {
                "steps": int(waits[1]),
                "step_seconds": float(waits[2]) / int(waits[1]),
                "waited_percent": float(waits[3]),
                "training_seconds": float(waits[2]),
                "log_begins_with": times[:1],
                "run_mib": mib(run),
            }

        if name not in self.done:
            shutil.rmtree(run, ignore_errors=True)
        arguments = ["train", recipe, "--data", data, "--run", run, "-q", "--threads", self.args.threads]
        arguments += [*options, "--set", f"train.steps={steps}", "--set", f"checkpoints.every-steps={steps}"]
        arguments += ["--set", f"cache.disk-mib={cache_mib}"]
        arguments += ["--set", f'cache.disk={{dir="{self.folder / "cache"}"}}']
        record = self.stage(name, arguments, from_log)
        # From the program's start to the end of the first step: all but the steps, and one of them.
        record["first_step_seconds"] = round(record["seconds"] - record["training_seconds"] + record["step_seconds"], 1)
        return run, record


def plain(options):
    """The options without what changes the length, for the plan of the whole recipe."""
    pairs = list(zip(options[::2], options[1::2]))
    return [value for pair in pairs if "phases" not in str(pair[1]) for value in pair]


def mib(folder):
    return round(sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 2**20)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--set", choices=sorted(RECIPES), required=True)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--only", nargs="*")
    args = parser.parse_args()
    args.program = args.program.resolve()
    args.work = args.work.resolve()

    r = Rehearsal(args)
    like = ["data", "synth", "--like", args.set, "-q", "--threads", args.threads]
    r.stage("synth", [*like, "--scale", args.scale, "-o", r.data], lambda _: {"set_mib": mib(r.data)})
    r.stage("synth small", [*like, "--scale", 100 / 24785 if "2019" in args.set else 100 / 9473, "-o", r.small])
    r.stage("check", ["data", "check", r.data, "--threads", args.threads])
    r.stage("stats", ["data", "stats", r.data])

    rows = []
    for recipe, options in RECIPES[args.set]:
        if args.only and recipe not in args.only:
            continue
        steps = max(1, args.steps // 10) if recipe.startswith("argus") else args.steps
        plan = r.stage(
            f"{recipe} plan",
            ["train", recipe, "--data", r.data, *plain(options), "--dry-run", "--json", "--threads", args.threads],
            lambda text: {"estimate": json.loads(text)["estimate"]},
        )["estimate"]
        cache = plan["cache_bytes"] // 2**20 + 1
        run, first = r.train(f"{recipe} first", recipe, r.data, steps, options, cache)
        fewer = max(2, steps // 5)
        _, again = r.train(f"{recipe} again", recipe, r.data, fewer, options, cache)
        _, half = r.train(f"{recipe} half", recipe, r.data, fewer, options, cache // 2)
        _, small = r.train(f"{recipe} small", recipe, r.small, fewer, options, cache)
        threads = ["--threads", args.threads]
        evaluated = r.stage(f"{recipe} eval", ["eval", run, "--data", r.data, "-q", *threads])
        predicted = r.stage(
            f"{recipe} predict", ["predict", run, "--data", r.data, "-q", "-o", r.folder / "scores.csv", *threads]
        )
        rows.append((recipe, plan, cache, first, again, half, small, evaluated, predicted))
        shutil.rmtree(r.folder / "cache", ignore_errors=True)

    print(f"Set: {r.done['synth']['set_mib']} MiB, made in {r.done['synth']['seconds']:.0f} s; ", end="")
    print(f"`data check` {r.done['check']['seconds']:.0f} s, {r.done['check']['memory_mib']} MiB; ", end="")
    print(f"`data stats` {r.done['stats']['seconds']:.0f} s, {r.done['stats']['memory_mib']} MiB.\n")
    print("| recipe | cache, MiB | memory, MiB | on 100 clips | first step, s | again | step, s | waited, % |", end="")
    print(" half a cache | steps of the recipe | all of it, h | evaluation, s | prediction, s |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    for recipe, plan, cache, first, again, half, small, evaluated, predicted in rows:
        whole = again["step_seconds"] * plan["steps"] / 3600
        print(
            f"| `{recipe}` | {cache} | {again['memory_mib']} | {small['memory_mib']} | {first['first_step_seconds']:.0f}"
            f" | {again['first_step_seconds']:.0f} | {again['step_seconds']:.2f} | {again['waited_percent']:.0f}"
            f" | {half['step_seconds']:.2f}, {half['waited_percent']:.0f} % | {plan['steps']} | {whole:.0f}"
            f" | {evaluated['seconds']:.0f} | {predicted['seconds']:.0f} |"
        )


if __name__ == "__main__":
    main()
