"""Golden vectors of the waveform augmentations: librosa's phase vocoder, scipy's filters and convolution, A-weighted sound pressure.

Run: python augment_waveform.py, with librosa 0.11.0, scipy 1.17.1 and numpy 2.4.6. Writes
crates/earmark-data/tests/golden/waveform.json. The sounds are made by an integer formula; of long results every eleventh sample is kept.
"""

import json
import pathlib

import librosa
import numpy as np
from scipy import signal as filters

STEP = 11


def sound(samples, seed):
    n = np.arange(samples, dtype=np.int64)
    noise = ((n * n * (7 + seed) + n * 31 * seed) % 2001 - 1000) / 2000.0
    saw = (n * (3 + seed) % 200 - 100) / 100.0
    return (0.3 * noise + 0.5 * saw) * ((n % 4000) / 4000.0)


def some(values):
    return [float(f"{value:.7g}") for value in values]


def peak(x, rate, centre, gain_db, quality):
    """A peaking filter of the audio equaliser cookbook."""
    w, amplitude = 2 * np.pi * centre / rate, 10 ** (gain_db / 40)
    alpha = np.sin(w) / (2 * quality)
    b = [1 + alpha * amplitude, -2 * np.cos(w), 1 - alpha * amplitude]
    a = [1 + alpha / amplitude, -2 * np.cos(w), 1 - alpha / amplitude]
    return filters.lfilter(b, a, x)


def pressure(x, rate, n_fft):
    """Tokozume et al. 2018: the loudest A-weighted window, in decibels, not below -80."""
    weights = 10 ** (librosa.A_weighting(np.arange(n_fft // 2 + 1) * rate / n_fft, min_db=-80.0) / 10)
    window = np.hanning(n_fft + 1)[:-1]
    powers = [
        np.sum(np.abs(np.fft.rfft(window * x[start : start + n_fft])) ** 2 * weights)
        for start in range(0, len(x) - n_fft + 1, n_fft // 2)
    ]
    return 10 * np.log10(max(max(powers), 1e-8))


def main():
    x = sound(6000, 1)
    other = 0.1 * sound(7000, 2)
    stretched = []
    for rate in (0.8, 1.0, 1.25):
        y = librosa.effects.time_stretch(x, rate=rate)
        stretched.append({"rate": rate, "length": len(y), "out": some(y[::STEP])})
    peaks = [(300.0, 9.0, 1.0), (5000.0, -12.0, 2.0)]
    equalised = x
    for centre, gain, quality in peaks:
        equalised = peak(equalised, 16000, centre, gain, quality)
    mixed = []
    for rate, n_fft, ratio in [(44100, 4096, 0.3), (16000, 2048, 0.9)]:
        first, second = pressure(x, rate, n_fft), pressure(other, rate, n_fft)
        weight = 1 / (1 + 10 ** ((first - second) / 20) * (1 - ratio) / ratio)
        y = (weight * x + (1 - weight) * other[: len(x)]) / np.sqrt(weight**2 + (1 - weight) ** 2)
        mixed.append({"rate": rate, "ratio": ratio, "pressures": [first, second], "out": some(y[::STEP])})
    out = pathlib.Path("crates/earmark-data/tests/golden/waveform.json")
    whole = {"step": STEP, "stretched": stretched, "peaks": peaks, "equalised": some(equalised[::STEP]), "mixed": mixed}
    out.write_text(json.dumps(whole, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
