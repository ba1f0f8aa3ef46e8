"""Models: threads, processes, pickling, memory."""

import multiprocessing
import os
import pickle
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from conftest import read_wav

import earmark


def test_what_a_model_says_of_itself(run, lab):
    model = earmark.load(run)
    assert model.sample_rate == 8_000 and model.thresholds is None
    assert model.embed(str(lab / "tones/low/0.wav")).shape == (model.embedding_size,)
    assert len(model.hashes[0]) == 64 and os.path.samefile(os.path.dirname(model.paths[0]), run)
    assert 'name = "tiny"' in model.recipe
    assert earmark.FrontEnd(model).sample_rate == 8_000


def test_eight_threads_at_once(run, clips):
    model = earmark.load(run)
    heldout = [read_wav(path) for path in clips]

    def work(k):
        path, samples = clips[k % 3], heldout[k % 3]
        return (
            model.predict(samples),
            model.predict(path),
            model.embed(samples),
            model.tag(path, threshold=0.1 + 0.1 * (k % 2)),
            model.tag(samples, threshold=0.1),
        )

    alone = [work(k) for k in range(6)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(work, list(range(6)) * 8))
    for k, found in enumerate(together):
        for a, b in zip(alone[k % 6], found, strict=True):
            assert a == b if isinstance(a, earmark.Table) else np.array_equal(a, b)


def test_pickling_is_by_path_and_content(run, clips, tmp_path, monkeypatch):
    path = tmp_path / "m.safetensors"
    shutil.copy(earmark.load(run).paths[0], path)
    monkeypatch.chdir(tmp_path)
    model = earmark.load("m.safetensors")
    text = pickle.dumps(model)
    # A worker may be in another folder.
    monkeypatch.chdir(os.path.dirname(tmp_path))
    again = pickle.loads(text)
    assert again.paths == model.paths == [str(path)]
    assert np.array_equal(again.predict(clips), model.predict(clips))
    shutil.copy(earmark.load(f"{run}@5").paths[0], path)
    with pytest.raises(earmark.ModelError, match="has changed since the model was pickled"):
        pickle.loads(text)


def test_several_models_are_blended_as_the_command_does(run, clips):
    names = [run, f"{run}@5"]
    both = earmark.load(names, mean="arithmetic")
    parts = [earmark.load(name).predict(clips).astype(np.float64) for name in names]
    assert np.allclose(both.predict(clips), np.mean(parts, axis=0), atol=1e-6)
    for path in clips:
        assert np.array_equal(both.predict(read_wav(path)), both.predict(path))
    with pytest.raises(earmark.ConfigError, match="2 models: embeddings are those of one"):
        both.embed(clips)
    with pytest.raises(earmark.ConfigError, match="choose `arithmetic` or `geometric`"):
        earmark.load(names, mean="median")


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs /proc")
def test_memory_is_flat_over_ten_thousand_calls(run, clips):
    model = earmark.load(run)
    samples, rate = read_wav(clips[1])
    front_end = earmark.FrontEnd(model)

    def calls(count):
        for k in range(count):
            model.predict((samples, rate))
            front_end((samples, rate))
            if k % 50 == 0:
                model.tag((samples, rate), windows=True)
                model.tag(clips[1], threshold=0.1).__arrow_c_stream__()

    calls(1_000)
    before = resident_bytes()
    calls(10_000)
    assert resident_bytes() - before < 16 << 20


def in_a_fork(path, front_end, model, send):
    features = front_end(path)
    try:
        model.predict(path)
    except earmark.EarmarkError as error:
        send.put((features, str(error)))


@pytest.mark.skipif(sys.platform != "linux", reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forked_processes(run, clips):
    model = earmark.load(run)
    model.predict(clips[0])
    front_end = earmark.FrontEnd(model)
    fork = multiprocessing.get_context("fork")
    queue = fork.Queue()
    child = fork.Process(target=in_a_fork, args=(clips[0], front_end, model, queue))
    child.start()
    features, message = queue.get(timeout=60)
    child.join()
    assert np.array_equal(features, front_end(clips[0]))
    assert "was forked after earmark had started its threads" in message
