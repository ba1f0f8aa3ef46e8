"""Reads a run's event files with TensorBoard's own reader and compares them with metrics.jsonl.

    python xtask/golden/events_read.py RUN

pip install tensorboard==2.21.0
"""
import json
import pathlib
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

run = pathlib.Path(sys.argv[1])


def scalars(path):
    events = EventAccumulator(str(path), size_guidance={"scalars": 0})
    events.Reload()
    return {tag: {e.step: e.value for e in events.Scalars(tag)} for tag in events.Tags()["scalars"]}


def same(tag, got, wanted):
    assert got.keys() == wanted.keys(), (tag, sorted(got.keys() ^ wanted.keys()))
    worst = max((abs(got[s] - wanted[s]) / max(1e-30, abs(wanted[s])) for s in got), default=0)
    assert worst < 1e-6, (tag, worst)  # events hold float32
    print(f"{tag}: {len(got)} values, largest relative difference {worst:.1e}")


lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
steps = [line for line in lines if "loss" in line]
validations = [line for line in lines if "validation" in line]
found = scalars(next(run.glob("events.out.tfevents.*")))
for key in ["loss", "learning_rate"]:
    same(key, found.pop(key), {s["step"]: s[key] for s in steps if s["step"] % 10 == 0})
for tag, key in [("validation/Lwlrap", "lwlrap"), ("validation/Accuracy", "accuracy")]:
    if validations:
        same(tag, found.pop(tag), {v["step"]: v["validation"][key] for v in validations})
assert not found, f"unknown tags {list(found)}"

results = {int(p.stem.split("-")[1]): json.loads(p.read_text()) for p in run.glob("eval/eval-*.json")}
judged = {"Lwlrap": {}, "Accuracy": {}}
if results:
    for path in run.glob("eval/events.out.tfevents.*"):
        for tag, values in scalars(path).items():
            judged.setdefault(tag, {}).update(values)
    same("eval Lwlrap", judged["Lwlrap"], {s: r["lwlrap"] for s, r in results.items()})
    same("eval Accuracy", judged["Accuracy"], {s: r["accuracy"] for s, r in results.items()})
    assert judged["Lwlrap-5%"].keys() == results.keys()
