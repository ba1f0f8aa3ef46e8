"""Writes MPEG audio of layer I, for which no encoder is available, and what libsndfile (mpg123) decodes layers I and II to:
crates/earmark-audio/tests/golden/layer*.

The frames of layer I are put together bit by bit from random samples in the lowest subbands, so that allocation, scale factors
and joint stereo are used; their sound is noise. Layer II is the file that audio_files.py makes. Golden values are the channel
mean as 16-bit integers.

Made with: Python 3.11, numpy 2.4.6, soundfile 0.14.0 (libsndfile 1.2.2).
Usage: python xtask/golden/mpeg_layers.py
"""

import pathlib

import numpy as np
import soundfile

TESTS = pathlib.Path(__file__).resolve().parents[2] / "crates/earmark-audio/tests"
GOLDEN = TESTS / "golden"
# Slots of four bytes: 12 * bit rate / sample rate, without a remainder at 48 kHz.
KBIT = [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448]
RATES = [44100, 48000, 32000]


def frame(rng, rate, kbit, joint, subbands, bits):
    """A frame of layer I: mono, or joint stereo where subbands from 4 on share their samples."""
    channels = 2 if joint else 1
    bound = 4 if joint else 32
    mode = "0100" if joint else "1100"
    slots = 12 * kbit * 1000 // rate
    out = "1" * 11 + "11" + "11" + "1" + f"{KBIT.index(kbit):04b}" + f"{RATES.index(rate):02b}" + "00" + mode + "0000"
    used = [[sb < subbands for sb in range(32)] for _ in range(channels)]
    for sb in range(32):
        for channel in range(channels if sb < bound else 1):
            out += f"{bits - 1 if used[channel][sb] else 0:04b}"
    for sb in range(32):
        for channel in range(channels):
            if used[channel][sb]:
                out += f"{rng.integers(10, 18):06b}"
    for _ in range(12):
        for sb in range(subbands):
            for _ in range(channels if sb < bound else 1):
                # All ones is not allowed: it could look like a header.
                out += f"{rng.integers(0, 2**bits - 1):0{bits}b}"
    assert len(out) <= slots * 32, (len(out), slots * 32)
    out = out.ljust(slots * 32, "0")
    return bytes(int(out[i : i + 8], 2) for i in range(0, len(out), 8))


def golden(path, name):
    x, _ = soundfile.read(path, always_2d=True)
    mean = x.mean(axis=1)
    assert 0.1 < np.abs(mean).max() < 1, np.abs(mean).max()
    np.save(GOLDEN / f"{name}.npy", np.round(mean * 2.0**15).astype("<i2"))


def main():
    rng = np.random.default_rng(1)
    files = {
        "layer1-44k.mp1": [frame(rng, 44100, 128, False, 6, 8) for _ in range(8)],
        "layer1-joint-48k.mp1": [frame(rng, 48000, 192, True, 6, 7) for _ in range(6)],
    }
    for name, frames in files.items():
        path = GOLDEN / name
        path.write_bytes(b"".join(frames))
        golden(path, name)
    golden(TESTS / "files/layer2-32k.mp2", "layer2-32k.mp2")


if __name__ == "__main__":
    main()
