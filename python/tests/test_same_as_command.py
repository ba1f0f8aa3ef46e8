"""Scores, events, embeddings and features are those of the command, to the last bit."""

import csv
import json

import numpy as np
from conftest import command, read_wav

import earmark


def test_scores(run, clips, tmp_path):
    model = earmark.load(run)
    scores = model.predict(clips)
    command("predict", run, "--files", *clips, "-o", tmp_path / "scores.csv")
    with open(tmp_path / "scores.csv", newline="") as file:
        header, *rows = csv.reader(file)
    assert header[1:] == model.classes == ["high", "low", "mid"]
    theirs = {row[0]: np.array(row[1:], dtype=np.float32) for row in rows}
    assert scores.dtype == np.float32 and scores.shape == (3, 3)
    for path, row in zip(clips, scores, strict=True):
        assert np.array_equal(row, theirs[path])
        assert np.array_equal(model.predict(path), row)
        assert np.array_equal(model.predict(read_wav(path)), row)
    assert len(np.unique(scores)) > 6, "scores that say something"


def test_events(run, clips):
    model = earmark.load(str(run))
    settings = {"threshold": 0.2, "merge": 0.1}
    table = model.tag(clips, **settings)
    text = command(
        "tag", *clips, "--model", run, "--format", "json", "--threshold", "0.2", "--merge", "0.1"
    )
    theirs = [
        {"file": entry["file"], **event} for entry in json.loads(text) for event in entry["events"]
    ]
    ours = [dict(row) for row in table.rows()]
    assert len(ours) == len(theirs) > 0
    for own, other in zip(ours, theirs, strict=True):
        assert own["file"] == other["file"] and own["class"] == other["class"]
        assert own["start_seconds"] == other["start_seconds"]
        assert own["end_seconds"] == other["end_seconds"]
        assert np.float32(own["score"]) == np.float32(other["score"])
    alone = [row for path in clips for row in model.tag(path, **settings).rows()]
    assert alone == ours
    in_memory = [row for path in clips for row in model.tag(read_wav(path), **settings).rows()]
    assert [{**row, "file": None} for row in in_memory] == [{**row, "file": None} for row in ours]


def test_windows(run, clips, tmp_path):
    model = earmark.load(run)
    table = model.tag(clips, windows=True, classes=["mid", "high"], window=0.7, hop=0.3)
    words = ["--windows", "--classes", "mid,high", "--window", "0.7", "--hop", "0.3"]
    command("tag", *clips, "--model", run, "-o", tmp_path / "windows.csv", *words)
    with open(tmp_path / "windows.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert table.column_names == ["file", "start_seconds", "end_seconds", "high", "mid"]
    assert table.num_rows == len(rows) > 30
    assert table["file"] == [row["File"] for row in rows]
    assert np.array_equal(table["start_seconds"], [float(row["Start (s)"]) for row in rows])
    for name in ("high", "mid"):
        theirs = np.array([row[name] for row in rows], dtype=np.float32)
        assert np.array_equal(table[name], theirs)
    parts = [
        model.tag(read_wav(path), windows=True, window=0.7, hop=0.3, classes=["high", "mid"])
        for path in clips
    ]
    assert np.array_equal(np.concatenate([part["mid"] for part in parts]), table["mid"])


def test_embeddings(run, clips, tmp_path):
    model = earmark.load(run)
    rows = model.embed(clips)
    command("embed", run, "--files", *clips, "-o", tmp_path / "e.npy")
    with open(tmp_path / "e.npy.csv", newline="") as file:
        names = [row[0] for row in list(csv.reader(file))[1:]]
    theirs = dict(zip(names, np.load(tmp_path / "e.npy"), strict=True))
    assert rows.shape == (3, model.embedding_size)
    for path, row in zip(clips, rows, strict=True):
        assert np.array_equal(row, theirs[path])
        assert np.array_equal(model.embed(read_wav(path)), row)


def test_features(lab, clips, tmp_path):
    recipe = lab / "tiny.toml"
    for path in clips:
        command("features", path, "--recipe", recipe, "-o", tmp_path / "f.npy")
        theirs = np.load(tmp_path / "f.npy")
        assert np.array_equal(earmark.features(path, recipe), theirs)
        assert np.array_equal(earmark.features(read_wav(path), recipe), theirs)


def test_the_command_of_the_wheel(run, tmp_path):
    assert command("--version").strip() == f"earmark {earmark.__version__}"
    assert "dcase2019-baseline/small" in command("recipes", "list")
    refused = command("tag", tmp_path / "nowhere.wav", "--model", run, code=1)
    assert refused.startswith("error: ") and "no such file" in refused
    # What is running is Python, which is not to be packed.
    refused = command("bundle", run, "-o", tmp_path / "b", code=1)
    assert "another program runs this command" in refused
