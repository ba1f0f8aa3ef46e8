"""Speed of the Python package: `Model.tag` against the command, `earmark.features` against librosa.

Usage: python bench/python_speed.py MODEL FOLDER   (the wheel, librosa 0.11.0, soundfile 0.14.0)

Each pair takes turns, and the medians of five are printed, in seconds, with their ratio. The command starts a process
and opens the model each time, and so does the package here, so that both do the same work. librosa computes the same
log-mel of the samples in memory that `earmark.features` does: 128 bands of 2,560 samples every 690, at 44.1 kHz.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import librosa
import numpy as np
import soundfile

import earmark

TURNS = 5
RECIPE = "argus-2019/1-fold"


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(name, ours, theirs, whose):
    """Medians of turns, after one of each to warm up."""
    ours(), theirs()
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(TURNS)]
    own, other = (statistics.median(column) for column in zip(*pairs))
    print(f"{name}: {own:.3f} s, {whose} {other:.3f} s, ratio {other / own:.2f}")


def by_process(model, folder):
    code = "import earmark, sys; earmark.load(sys.argv[1]).tag(sys.argv[2])"
    subprocess.run([sys.executable, "-c", code, model, folder], check=True)


def by_command(model, folder, out):
    program = Path(sys.executable).with_name("earmark")
    words = ["tag", folder, "--model", model, "-o", out, "--fresh", "--quiet"]
    subprocess.run([program, *words], check=True, stdout=subprocess.DEVNULL)


def log_mel(samples, rate):
    mel = librosa.feature.melspectrogram(
        y=samples, sr=rate, n_fft=2560, hop_length=690, n_mels=128, fmin=20, pad_mode="reflect"
    )
    return librosa.power_to_db(mel)


def main():
    model, folder = sys.argv[1:]
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "tags.csv"
        compare(
            "tag, a process each",
            lambda: by_process(model, folder),
            lambda: by_command(model, folder, out),
            "the command",
        )
    clips = [soundfile.read(path, dtype="float32") for path in earmark.recordings(folder)[:100]]
    clips = [(np.ascontiguousarray(samples), rate) for samples, rate in clips if rate == 44_100]
    front_end = earmark.FrontEnd(RECIPE)
    compare(
        f"log-mel of {len(clips)} clips",
        lambda: [front_end.log_mel(clip) for clip in clips],
        lambda: [log_mel(*clip) for clip in clips],
        "librosa",
    )


if __name__ == "__main__":
    main()
