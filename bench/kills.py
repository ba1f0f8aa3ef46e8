"""SIGKILL at random moments, again and again, over everything that writes: does it end as if nothing had happened?

    python bench/kills.py EARMARK [--kills 50 | --full] [--only train,tag,...] [--seed 1] [--shared ../shared]

For each job (training, cross-validation, search, stacking, tagging in three formats, scores, embeddings, import,
export, bundle, calibration) the command is run undisturbed, twice, to know its bytes and that they are always the
same. Then rounds begin: the command is killed at a moment that SEED draws, and repeated (with --resume, where it
has one), up to three times, and then left to end. What it wrote must be the same, byte for byte, without times
(log.txt, started and command in run.json), and no temporary may be left. Commands that replace something in one
step must, after each kill, have left all old files or all new ones. Every other round begins with an empty
cache. --kills counts processes that a signal ended, over all jobs in turn; --full is 1,000. Import needs the
checkpoint models/efficientat-mn04-as/mn04_as_mAP_432.pt below --shared, and is left out without it.

Prints a Markdown table; ends with 1 where anything is not as it should be. Standard library alone.
"""

import argparse
import dataclasses
import os
import pathlib
import random
import shutil
import sys
import tempfile
import time

from tiny_lab import Lab, differing, table

TRAIN = "train tiny.toml --data tones"
CHECKPOINT = "models/efficientat-mn04-as/mn04_as_mAP_432.pt"


@dataclasses.dataclass
class Job:
    """A command whose results are in out/, and how it is repeated after a kill."""

    name: str
    command: str
    # What is added to the command when it is repeated.
    again: str = ""
    # Replaces in one step: after a kill, everything is old or everything is new.
    is_atomic: bool = True
    # Reads one of several files that are replaced together, which completes what a kill between two renames left.
    read: str = ""
    # What is in out/ beforehand: the result of this command, or a copy of that folder.
    old: str = ""
    copied: str = ""
    # Filled in by `prepare`.
    before: dict = dataclasses.field(default_factory=dict)
    wanted: dict = dataclasses.field(default_factory=dict)
    code: int = 0
    seconds: float = 0.0
    # Measured.
    rounds: int = 0
    kills: int = 0
    late: int = 0
    wrong: list = dataclasses.field(default_factory=list)


def jobs(checkpoint):
    resumed = {"again": "--resume", "is_atomic": False}
    tag = "tag in --model runs/a --threshold 0.2"
    found = [
        Job("train", f"{TRAIN} --run out/run --fold 1", **resumed),
        Job("train --folds", f"{TRAIN} --run out/cv --folds all --set train.epochs=4", **resumed),
        Job(
            "tune",
            f"tune tiny.toml --data tones --fold 1 --run out/t --set train.epochs=3 --grid train.learning-rate=1e-2,1e-3"
            " --grid batches.size=4,2",
            **resumed,
        ),
        Job("stack", "stack runs/b runs/c --recipe second.toml --run out/s", **resumed),
        Job("tag", f"{tag} -o out/events.csv", is_atomic=False),
        Job("tag --windows", f"{tag} --windows --workers 2 -o out/windows.ndjson", is_atomic=False),
        Job("tag --out-dir", f"{tag} --format audacity --out-dir out/labels", is_atomic=False),
        Job("predict", "predict runs/a --data in -o out/scores.csv", old="predict runs/a --data tones -o out/scores.csv"),
        Job(
            "embed .npy",
            "embed runs/a --data in -o out/x.npy",
            read="neighbours none --in out/x.npy",
            old="embed runs/a --data tones -o out/x.npy",
        ),
        Job(
            "embed .csv",
            "embed runs/a --data in -o out/x.csv",
            read="neighbours none --in out/x.csv",
            old="embed runs/a --data tones -o out/x.csv",
        ),
        Job(
            "export",
            "export runs/a --onnx -o out/model.onnx",
            read="tag in/00.wav --model runs/a --threshold out/labels.json",
            old="export runs/a@5 --onnx -o out/model.onnx",
        ),
        Job("bundle", "bundle runs/b --program tiny.toml -o out/bundle"),
        Job("calibrate --in-place", "calibrate out/cv --in-place", read="models info out/cv/fold-1", copied="runs/b"),
    ]
    if checkpoint.is_file():
        command = f"models import '{checkpoint}' --as efficientat-mn04 -o out/mn04.safetensors"
        found.append(Job("models import", command, old="models average runs/a@5 runs/a@10 -o out/mn04.safetensors"))
    else:
        print(f"{checkpoint}: not here, so that `models import` is left out", file=sys.stderr)
    return found


def sounds_and_runs(lab):
    """What the jobs read: an archive with a broken recording, and trained models."""
    draw = random.Random(11)
    for k in range(30):
        lab.tone(f"in/{k:02}.wav", draw.uniform(200, 3000), draw.uniform(0.5, 5))
    lab.write("in/broken.wav", lab.path("in/03.wav").read_bytes()[:30])
    lab.done(f"{TRAIN} --run runs/a --fold 1")
    for run, seed in (("b", 7), ("c", 8)):
        lab.done(f"{TRAIN} --run runs/{run} --folds all --set train.epochs=6 --set train.seed={seed}")


def begin(lab, job, cache):
    """out/ as it is before the job."""
    shutil.rmtree(lab.path("out"), ignore_errors=True)
    lab.path("out").mkdir()
    if job.old:
        lab.done(job.old, allowed=(0, 2), cache=cache)
    if job.copied:
        shutil.copytree(lab.path(job.copied), lab.path("out/cv"))


def prepare(lab, job):
    """The job's results without a kill. A job that doesn't always give the same can't be measured."""
    for again in (False, True):
        # The second time with an empty cache: it must make no difference.
        cache = f"cache-{job.name}" if again else "cache"
        begin(lab, job, cache)
        job.before = lab.tree("out")
        ended = lab.done(job.command, allowed=(0, 2), cache=cache)
        found = lab.tree("out")
        if again and (names := differing(job.wanted, found)):
            sys.exit(f"{job.name}: undisturbed, it does not always write the same {', '.join(names[:5])}")
        job.wanted, job.code, job.seconds = found, ended.code, max(job.seconds, ended.seconds)
        if again:
            shutil.rmtree(lab.path(cache), ignore_errors=True)
    if job.wanted == job.before:
        sys.exit(f"{job.name}: writes nothing")


def without_temporaries(tree):
    return {name: data for name, data in tree.items() if not any(part.startswith(".") for part in name.split("/"))}


def one_round(lab, job, draw, most):
    """Kills the job up to three times, lets it end, and compares."""
    cache = "cache" if job.rounds % 2 else "cold"
    shutil.rmtree(lab.path("cold"), ignore_errors=True)
    job.rounds += 1
    begin(lab, job, "cache")
    moments, ended = [], None
    for k in range(min(1 + draw.randrange(3), most)):
        process = lab.start(f"{job.command} {job.again if k else ''}", cache=cache)
        moment = draw.uniform(0, 1.05 * job.seconds)
        ended = lab.end(process, moment)
        if ended.code != -9:
            job.late += 1
            break
        job.kills += 1
        moments.append(f"{moment:.4f} s")
        if job.read:
            lab.run(job.read)
        if job.is_atomic and (left := without_temporaries(lab.tree("out"))) not in (job.before, job.wanted):
            names = ", ".join(differing(job.wanted, left)[:5])
            job.wrong.append(f"round {job.rounds}, killed at {moments}: neither old nor new: {names}")
            return
    if ended.code == -9:
        ended = lab.run(f"{job.command} {job.again}", cache=cache)
    found = lab.tree("out")
    if ended.code != job.code:
        job.wrong.append(f"round {job.rounds}, killed at {moments}: then ended with {ended.code}: {ended.last_words()}")
    elif names := differing(job.wanted, found):
        job.wrong.append(f"round {job.rounds}, killed at {moments}: other bytes: {', '.join(names[:5])}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("earmark")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--full", action="store_true", help="1,000 kills")
    parser.add_argument("--only", help="names of jobs, separated by commas")
    parser.add_argument("--seed", type=int, default=1)
    default = os.environ.get("EARMARK_SHARED", pathlib.Path(__file__).resolve().parents[2] / "shared")
    parser.add_argument("--shared", type=pathlib.Path, default=default)
    options = parser.parse_args()
    wanted, draw = 1000 if options.full else options.kills, random.Random(options.seed)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(options.earmark, folder)
        sounds_and_runs(lab)
        todo = jobs(pathlib.Path(options.shared).resolve() / CHECKPOINT)
        if options.only:
            todo = [job for job in todo if job.name in options.only.split(",")]
            if not todo:
                sys.exit(f"--only {options.only}: no such job")
        for job in todo:
            prepare(lab, job)
        # A round costs as much as its job takes; all get the same number of kills. One that is never hit is given up.
        while (left := wanted - sum(job.kills for job in todo)) > 0:
            open_jobs = [job for job in todo if len(job.wrong) < 20 and job.rounds < 100 + 20 * job.kills]
            if not open_jobs:
                break
            one_round(lab, min(open_jobs, key=lambda job: (job.kills, job.rounds)), draw, left)
    rows = [(job.name, job.kills, job.rounds, job.late, f"{job.seconds:.2f}", len(job.wrong)) for job in todo]
    sums = [sum(row[k] for row in rows) for k in (1, 2, 3)]
    rows.append(("all", *sums, "", sum(row[5] for row in rows)))
    table(["job", "kills", "rounds", "ended before the kill", "seconds undisturbed", "wrong"], rows)
    for job in todo:
        for line in job.wrong[:5]:
            print(f"wrong: {job.name}: {line}")
    if sums[0] < wanted:
        print(f"wrong: {sums[0]} kills instead of {wanted}")
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    sys.exit(bool(sums[0] < wanted or any(job.wrong for job in todo)))


if __name__ == "__main__":
    main()
