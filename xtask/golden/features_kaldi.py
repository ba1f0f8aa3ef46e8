"""Golden mel matrix by Kaldi's formula, restated (mel-computations.cc: triangles along 1127 ln(1 + f / 700), Nyquist bin left out).

Run: python features_kaldi.py DIR, with numpy 2.4.6. Writes to DIR (crates/earmark-features/tests/golden):
- kaldi-mel.npy  [1, 23, 257] 23 bands, 16 kHz, 512-sample transform, 20 Hz to 7,800 Hz
"""

import math
import pathlib
import sys

import numpy as np


def mel(hz):
    return 1127.0 * math.log(1.0 + hz / 700.0)


def bank(bands, rate, fft, low_hz, high_hz):
    low, high = mel(low_hz), mel(high_hz)
    step = (high - low) / (bands + 1)
    out = np.zeros((bands, fft // 2 + 1), dtype=np.float32)
    for band in range(bands):
        left, centre, right = low + band * step, low + (band + 1) * step, low + (band + 2) * step
        for k in range(fft // 2):
            pitch = mel(k * rate / fft)
            if left < pitch <= centre:
                out[band, k] = (pitch - left) / (centre - left)
            elif centre < pitch < right:
                out[band, k] = (right - pitch) / (right - centre)
    return out


if __name__ == "__main__":
    matrix = bank(23, 16000, 512, 20.0, 7800.0)
    np.save(pathlib.Path(sys.argv[1]) / "kaldi-mel.npy", matrix[None])
    print(matrix.shape, matrix.sum())
