"""Writes golden vectors: trimming against librosa (earmark-features), resampling against scipy (earmark-audio).

Made with: Python 3.11, numpy 2.4.6, librosa 0.11.0, scipy 1.17.1.
Usage: python xtask/golden/audio_signals.py
"""

import json
import pathlib

import librosa
import numpy as np
import scipy.signal

CRATES = pathlib.Path(__file__).resolve().parents[2] / "crates"


def bursts(seed, n):
    """The signal of the trim test, as the test makes it too: integer arithmetic alone, the same in every
    language. A linear congruential generator gives the noise; bursts of it stand between near-silences."""
    state, out = seed, np.zeros(n, np.float32)
    for i in range(n):
        state = (state * 1664525 + 1013904223) % 2**32
        level = [0, 3, 0, 2000, 1, 900, 0][i * 7 // n]
        # 0 to 65,535, centred.
        out[i] = ((state >> 16) - 32768) * level / 32768 / 32768
    return out


def trim_cases():
    cases = []
    for seed, n in [(1, 40_000), (2, 9_000), (3, 3_000), (4, 1_500), (5, 700), (6, 100_000)]:
        y = bursts(seed, n)
        for top_db in [20.0, 40.0, 60.0]:
            for frame, hop in [(2048, 512), (1000, 300)]:
                for padding, mode in [("reflect", "reflect"), ("zeros", "constant")]:
                    # librosa.effects.trim, with the padding of the frames made explicit.
                    mse = librosa.feature.rms(y=y, frame_length=frame, hop_length=hop, pad_mode=mode)[0] ** 2
                    loud = np.flatnonzero(librosa.power_to_db(mse, ref=np.max, top_db=None) > -top_db)
                    start, end = int(loud[0]) * hop, min(n, int(loud[-1] + 1) * hop)
                    if mode == "constant":
                        got = librosa.effects.trim(y, top_db=top_db, frame_length=frame, hop_length=hop)[1]
                        assert [start, end] == list(got), (start, end, got)
                    cases.append(dict(seed=seed, samples=n, top_db=top_db, frame_samples=frame, hop_samples=hop,
                                      padding=padding, start=start, end=end))
    return cases


def resample_cases():
    """A chirp far below the lower Nyquist frequency: every good resampler gives the same in its pass-band."""
    cases = []
    for a, b in [(44100, 16000), (16000, 44100), (22050, 44100), (48000, 44100)]:
        n = a // 20
        t = np.arange(n) / a
        x = 0.5 * np.sin(2 * np.pi * (200 * t + 20_000 * t * t)) * np.hanning(n)
        g = np.gcd(a, b)
        y = scipy.signal.resample_poly(x, b // g, a // g, window=("kaiser", 14.0))
        half = y[::4]
        cases.append(dict(from_hz=a, to_hz=b, step=4, samples=[round(float(v), 6) for v in half]))
    return cases


def main():
    (CRATES / "earmark-features/tests/golden/trim.json").write_text(json.dumps(trim_cases(), indent=0) + "\n")
    (CRATES / "earmark-audio/tests/golden/resample.json").write_text(json.dumps(resample_cases()) + "\n")


if __name__ == "__main__":
    main()
