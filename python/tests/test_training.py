"""Trainings: callbacks, Ctrl-C, results."""

import json
import os
import signal

import pytest
from conftest import command

import earmark


def test_steps_and_progress(lab, tmp_path):
    steps, stages = [], []
    result = earmark.train(
        lab / "tiny.toml",
        lab / "tones",
        tmp_path / "run",
        fold=1,
        set={"train.epochs": 2},
        on_step=steps.append,
        progress=lambda stage, done, total: stages.append((stage, done, total)),
    )
    assert [facts["step"] for facts in steps] == list(range(1, result["total"] + 1))
    assert all(facts["loss"] > 0 and facts["rate"] >= 0 for facts in steps)
    assert ("training", result["total"], result["total"]) in stages
    assert result["run"] == str(tmp_path / "run") and not result["interrupted"]


@pytest.fixture
def ctrl_c():
    """Python's own answer to SIGINT, which a shell's background processes ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_leaves_a_run_that_can_be_resumed(lab, tmp_path, ctrl_c):
    # Long enough that the signal comes in the middle.
    more = {"fold": 1, "set": {"train.epochs": 60, "checkpoints.every-steps": 50}}
    whole = earmark.train(lab / "tiny.toml", lab / "tones", tmp_path / "whole", **more)
    arguments = (lab / "tiny.toml", lab / "tones", tmp_path / "run")
    steps = []

    def interrupt(facts):
        steps.append(facts["step"])
        if facts["step"] == 7:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        earmark.train(*arguments, **more, on_step=interrupt)
    assert 7 <= steps[-1] < whole["total"]
    result = earmark.train(*arguments, **more, resume=True)
    assert result["step"] == result["total"] == whole["total"]
    for name in ("best.safetensors", f"checkpoints/step-{whole['total']:08}.safetensors"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_false_ends_a_training_and_an_exception_comes_back(lab, tmp_path):
    arguments = (lab / "tiny.toml", lab / "tones", tmp_path / "run")
    result = earmark.train(*arguments, on_step=lambda facts: facts["step"] < 3)
    assert result["interrupted"] and result["step"] < result["total"]

    def fail(facts):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        earmark.train(*arguments, resume=True, on_step=fail)


def test_evaluation_is_that_of_the_command(run, lab, tmp_path):
    found = earmark.evaluate(run, lab / "tones")
    (step, report), *others = found["results"].items()
    assert not others and 0 <= report["lwlrap"] <= 1
    assert list(report["per_class"]) == ["high", "low", "mid"]
    # It is evaluated already: the same comes from its file.
    again = earmark.evaluate(run, lab / "tones")["results"][step]
    assert all(again[key] == report[key] for key in ("lwlrap", "mAP", "clips", "map@3"))
    text = command("eval", run, "--data", lab / "tones", "--eval-dir", tmp_path, "--json")
    theirs = json.loads(text)["judged"][str(step)]
    assert theirs["lwlrap"] == report["lwlrap"] and theirs["per_class"] == report["per_class"]


def test_a_folder_becomes_a_model(lab, tmp_path):
    short = {"front-end.segments.length-seconds": 1.0, "front-end.segments.hop-seconds": 1.0}
    backbone = tmp_path / "backbone"
    small = {"network.width": 0.1, "batches.size": 8, "train.epochs": 2}
    schedule = {"train.schedule": {"kind": "cosine"}}
    earmark.train(
        "efficientat/mn04", lab / "tones", backbone, set={**small, **schedule, **short}
    )
    # Time for the first way alone, a probe.
    out = tmp_path / "tones.safetensors"
    found = earmark.fit(lab / "tones", out, model=backbone, minutes=0.0001, set=short)
    assert found["model"] == str(out) and found["chosen"] == "probe"
    model = earmark.load(out)
    assert model.classes == ["high", "low", "mid"] and set(model.thresholds) == set(model.classes)
    assert not model.tag(lab / "tones" / "low" / "0.wav").skipped
