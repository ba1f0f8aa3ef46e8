"""What the tests share: tones of three kinds, a tiny model of them, and the wheel's command."""

from __future__ import annotations

import os
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

RATE = 8_000

RECIPE = """\
extends = "dcase2019-baseline/1-noisy"
name = "tiny"

[data]
layout = "folders"
subsets = ["train"]

[front-end]
sample-rate-hz = 8000

[front-end.mel]
bands = 32
max-hz = 4000

[network]
width = 0.01
batch-norm-decay = 0.5

[train]
seed = 7
epochs = 6
learning-rate = 1e-2
schedule = { kind = "cosine" }
loss = { kind = "softmax-cross-entropy", label-smoothing = 0.1 }

[batches]
size = 4

[augment]
waveform = [{ kind = "gain", prob = 1.0 }]
time-mask = { prob = 1.0, max-masks = 1, max-share = 0.2 }

[validation]
split = { kind = "hold-out", fraction = 0.2 }

[folds]
count = 3

[checkpoints]
every-steps = 5
"""


def write_wav(path: Path, samples: np.ndarray, rate: int = RATE) -> None:
    """Writes samples of 16 bits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())


def read_wav(path: Path) -> tuple[np.ndarray, int]:
    """Samples as earmark reads them, and their rate."""
    with wave.open(str(path), "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        return (samples / 32_768).astype(np.float32), file.getframerate()


def tone(hz: float, seconds: float, seed: int, rate: int = RATE) -> np.ndarray:
    """A tone with some noise, 16 bits."""
    time = np.arange(int(seconds * rate)) / rate
    noise = np.random.default_rng(seed).uniform(-0.5, 0.5, len(time))
    return 12_000 * np.sin(2 * np.pi * hz * time) + 4_000 * noise


@pytest.fixture(scope="session", autouse=True)
def settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Settings of the user are not those of the tests."""
    for name in [name for name in os.environ if name.startswith("EARMARK_")]:
        del os.environ[name]
    os.environ["EARMARK_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["EARMARK_MODELS"] = str(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``tones/CLASS/K.wav`` and ``tiny.toml``."""
    folder = tmp_path_factory.mktemp("lab")
    for number, (name, hz) in enumerate([("high", 2_500.0), ("low", 300.0), ("mid", 1_000.0)]):
        for k in range(6):
            samples = tone(hz * (1 + 0.03 * k), 1.0, 10 * number + k)
            write_wav(folder / "tones" / name / f"{k}.wav", samples)
    (folder / "tiny.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="session")
def run(lab: Path) -> Path:
    """A run of the tiny recipe."""
    import earmark

    earmark.train(lab / "tiny.toml", lab / "tones", lab / "run", fold=1)
    return lab / "run"


@pytest.fixture(scope="session")
def clips(lab: Path) -> list[str]:
    """Recordings of several lengths and rates, not in the order of their names."""
    folder = lab / "clips"
    shapes = [("c", 400.0, 3.3, RATE), ("a", 2_400.0, 1.0, RATE), ("b", 900.0, 7.9, 22_050)]
    for seed, (name, hz, seconds, rate) in enumerate(shapes):
        write_wav(folder / f"{name}.wav", tone(hz, seconds, seed, rate), rate)
    return [str(folder / f"{name}.wav") for name, *_ in shapes]


def command(*words: object, code: int = 0) -> str:
    """What the command of the wheel prints: its results, or why it was refused."""
    program = Path(sys.executable).with_name("earmark")
    ended = subprocess.run([program, *map(str, words)], capture_output=True, text=True)
    assert ended.returncode == code, f"{words}: {ended.returncode}\n{ended.stderr}"
    return ended.stdout if code == 0 else ended.stderr
