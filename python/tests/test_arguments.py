"""What can't be used is refused, plainly."""

import json
import os
import shutil
import sys

import numpy as np
import pytest

import earmark

GOOD = np.zeros(8_000, dtype=np.float32)


@pytest.mark.parametrize(
    ("samples", "rate", "words"),
    [
        (GOOD.astype(np.float64), 8_000, "expected float32, got float64; convert with"),
        (GOOD.astype(np.int16), 8_000, "got int16; divide by the largest value"),
        (GOOD[::2], 8_000, "a stride of 8 bytes; copy them with numpy.ascontiguousarray"),
        (GOOD.reshape(2, -1), 8_000, "expected one axis, got shape [2, 4000]"),
        (np.float32(0), 8_000, "expected one axis, got shape []"),
        ([0.0, 0.1], 8_000, "expected an array, got list"),
        (GOOD[:0], 8_000, "samples: there are none"),
        (np.array([0, np.nan], dtype=np.float32), 8_000, "sample 1 is nan"),
        (np.array([np.inf], dtype=np.float32), 8_000, "sample 0 is inf"),
        (np.array([0, 2e6], dtype=np.float32), 8_000, "sample 1 is 2000000.0"),
        (GOOD, 8_000.0, "expected a whole number of hertz, got 8000.0"),
        (GOOD, True, "expected a whole number of hertz"),
        (GOOD, 10, "10 Hz; give 1000 to 1536000 Hz"),
        (GOOD, None, "got None"),
    ],
)
def test_samples(run, samples, rate, words):
    model = earmark.load(run)
    for method in (model.tag, model.predict, model.embed, earmark.FrontEnd(model)):
        with pytest.raises(earmark.AudioError) as refused:
            method((samples, rate))
        assert words in str(refused.value)
        assert isinstance(refused.value, ValueError)


def test_features_of_a_wrong_kind(run):
    front_end = earmark.FrontEnd(earmark.load(run))
    log_mel = front_end.log_mel((GOOD, 8_000))
    broken = log_mel.copy()
    broken[0, 0, 0] = np.nan
    wrong = (log_mel.astype(np.float64), log_mel[0], log_mel[:, ::2], broken, log_mel.tolist())
    for one in wrong:
        with pytest.raises(earmark.AudioError):
            front_end.postprocess(one)
        with pytest.raises(earmark.AudioError):
            front_end.segments(one)


def test_messages_are_those_of_the_command(run, lab, tmp_path):
    with pytest.raises(earmark.ModelError, match="earmark models get efficientat-mn04-as"):
        earmark.load("efficientat-mn04-as")
    with pytest.raises(earmark.ModelError, match="nowhere"):
        earmark.load(tmp_path / "nowhere.safetensors")
    (tmp_path / "broken.safetensors").write_text("no model")
    with pytest.raises(earmark.ModelError, match="broken"):
        earmark.load(tmp_path / "broken.safetensors")
    with pytest.raises(earmark.ConfigError, match="train.epoch"):
        earmark.recipe(lab / "tiny.toml", set={"train.epoch": 3})
    model = earmark.load(run)
    with pytest.raises(earmark.ConfigError, match="--threshold 1.5: give a number from 0 to 1"):
        model.tag((GOOD, 8_000), threshold=1.5)
    with pytest.raises(earmark.ConfigError, match="the model has no class of that name"):
        model.tag((GOOD, 8_000), classes=["owl"])
    for classes, words in (([], "none is named"), ([3], "expected names, got int")):
        with pytest.raises(earmark.ConfigError, match=words):
            model.tag((GOOD, 8_000), classes=classes)
    with pytest.raises(earmark.ConfigError, match="workers = -1: give a whole number"):
        model.tag(lab / "tones", workers=-1)
    with pytest.raises(earmark.ConfigError, match="unknown variant `median`"):
        model.tag((GOOD, 8_000), score="median")
    with pytest.raises(earmark.ConfigError, match="hop = 0.5, overlap = 0.25: both say"):
        model.tag((GOOD, 8_000), hop=0.5, overlap=0.25)
    with pytest.raises(earmark.ConfigError, match="NaN or infinite"):
        model.tag((GOOD, 8_000), window=float("nan"))
    with pytest.raises(earmark.ConfigError, match="recordings: expected a path"):
        model.predict(3)
    with pytest.raises(earmark.ConfigError, match="is a folder"):
        model.predict(lab / "tones")
    with pytest.raises(earmark.EarmarkError, match="nowhere"):
        earmark.train(lab / "tiny.toml", tmp_path / "nowhere", tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert issubclass(earmark.ConfigError, earmark.EarmarkError)
    assert issubclass(earmark.ConfigError, ValueError)


def test_set_takes_pythons_values(lab):
    changes = {
        "train.epochs": np.int64(3),
        "train.learning-rate": 1e-3,
        "augment.time-mask": False,
        "batches.mixup": {"alpha": 0.25, "prob": 1.0},
        "data.subsets": ["a", 'b"c'],
    }
    found = earmark.recipe(lab / "tiny.toml", changes)
    for line in ("epochs = 3", "learning-rate = 0.001", "alpha = 0.25"):
        assert line in found
    assert "time-mask" not in found and "b\"c" in found.replace("\\", "")
    # A whole recipe is a recipe again.
    assert earmark.recipe(found) == found
    with pytest.raises(earmark.ConfigError, match="set: a = None"):
        earmark.recipe(lab / "tiny.toml", {"a": None})


def test_recordings_that_can_not_be_read(run, clips, tmp_path):
    model = earmark.load(run)
    broken = tmp_path / "broken.wav"
    broken.write_text("no sound")
    with pytest.raises(earmark.AudioError, match=r"broken\.wav"):
        model.tag(broken)
    with pytest.warns(earmark.RecordingWarning, match=r"broken\.wav"):
        table = model.tag([broken, *clips], threshold=0.1)
    assert [file for file, _ in table.skipped] == [str(broken)]
    assert set(table["file"]) <= set(clips)
    with pytest.raises(earmark.AudioError, match=r"broken\.wav"):
        model.predict([clips[0], broken])
    with pytest.warns(earmark.RecordingWarning):
        rows = model.predict([clips[0], broken, clips[1]], unreadable="nan")
    assert np.isnan(rows[1]).all()
    assert np.array_equal(rows[::2], model.predict(clips[:2]))
    with pytest.warns(earmark.RecordingWarning):
        rows = model.embed([broken, clips[0]], unreadable="nan")
    assert np.isnan(rows[0]).all() and np.array_equal(rows[1], model.embed(clips[0]))


@pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode there")
def test_names_that_no_table_can_hold(run, clips, tmp_path):
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.wav")
    shutil.copy(clips[0], odd)
    model = earmark.load(run)
    for method in (model.predict, model.embed):
        with pytest.raises(earmark.ConfigError, match="not valid Unicode; rename it"):
            method([clips[0], odd])
    with pytest.warns(earmark.RecordingWarning, match="recordings skipped: 1"):
        assert len(model.tag([odd, clips[0]]).skipped) == 1


def test_a_class_is_not_taken_for_a_column():
    from earmark._model import _tag_table

    facts = {"classes": ["owl", "file"], "recordings": []}
    answer = (json.dumps(facts), [], np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.float32))
    with pytest.raises(earmark.ConfigError, match="'file' is a class and a column"):
        _tag_table(answer, True, False)


def test_a_folder_is_listed_as_the_command_lists_it(lab, clips):
    assert earmark.recordings(lab / "clips") == sorted(clips)
    assert len(earmark.recordings([lab / "tones", clips[0]])) == 19
