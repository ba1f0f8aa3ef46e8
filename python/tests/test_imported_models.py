"""ONNX graphs of others as models: the wheel has what releases have."""

import subprocess
import sys

import numpy as np
import pytest
from conftest import command, read_wav

import earmark


@pytest.fixture(scope="module")
def imported(run, lab):
    """The graph of the tiny model, imported as that of a stranger."""
    graph, labels, model = (lab / name for name in ("net.onnx", "labels.txt", "net.safetensors"))
    command("export", run, "--onnx", "-o", graph)
    labels.write_text("high\nlow\nmid\n")
    words = ["models", "import", graph, "--as", "net", "--labels", labels, "-o", model]
    words += ["--sample-rate-hz", 8_000, "--window-seconds", 1]
    words += ["--scores", "scores", "--embedding", "embedding"]
    refused = command(*words, code=1)
    assert refused.startswith("error: --licence: is required for an ONNX graph")
    command(*words, "--licence", "CC-BY-4.0")
    return model


def test_it_is_what_it_was_made_of(run, lab, imported):
    own, model = earmark.load(run), earmark.load(imported)
    assert model.classes == own.classes and model.licence == "CC-BY-4.0"
    assert model.embedding_size == own.embedding_size
    # Each is of one window.
    paths = earmark.recordings(lab / "tones")
    assert np.allclose(model.predict(paths), own.predict(paths), atol=1e-4)
    wanted = own.embed(paths)
    assert np.allclose(model.embed(paths), wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())
    samples, rate = read_wav(paths[0])
    assert np.array_equal(model.predict((samples, rate)), model.predict(paths[0]))
    assert np.array_equal(earmark.FrontEnd(model)((samples, rate)), samples[None, None])
    windows = model.tag(paths[0], windows=True)
    assert windows.num_rows > 0 and windows.column_names[3:] == model.classes


FORK = """
import os, sys, earmark
model = earmark.load(sys.argv[1])
child = os.fork()
if child == 0:
    try:
        model.predict(sys.argv[2])
    except earmark.EarmarkError as error:
        print(error, flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs fork")
def test_opening_one_starts_threads(lab, imported):
    sound = lab / "tones" / "low" / "0.wav"
    words = [sys.executable, "-W", "ignore", "-c", FORK, imported, sound]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert "was forked after earmark had started its threads" in ended.stdout, ended.stderr
