"""Golden vectors of the 1,133 handcrafted clip features of mobilenetv2-pca-2018.

Run: python summary_features.py DIR [ESC10], with librosa 0.11.0, scipy 1.17.1, scikit-learn 1.9.1 and numpy 2.4.6. Writes to DIR
(crates/earmark-features/tests/golden):
- summary.json        for four synthetic signals at 44.1 kHz (see SIGNALS) all 1,133 features
- summary-esc10.json  of 40 clips of the folder ESC10, trimmed, the 30 statistics of the tonnetz and 56 others

The system used librosa 0.6.2 and scipy 1.1. What is the same in librosa 0.11.0 is computed by it (mel bank, roll-off, centroid, bandwidth,
spectral contrast, HPSS, zero-crossing rate, tonal centroids); what differs is restated here after 0.6.2's rules:
- signals are mirrored at their ends (0.11 pads zeros by default);
- the tuning is the commonest of 99 residuals from -0.5 to 0.49 (0.11 has 100);
- chroma from the constant-Q transform has 12 bins an octave (0.11: 36), filters of Q = 1 / (2^(1/12) - 1) (0.11: another Q), and is
  decimated an octave at a time (here by soxr, there by resampy);
- the skewness of a row that never changes is 0 (scipy 1.17: not a number).
All is computed in float64; the system computed in float32.
"""

import csv
import json
import pathlib
import sys

import librosa
import numpy as np
import scipy.fft
import scipy.signal
import scipy.stats
from sklearn.linear_model import LinearRegression

from features_signal import Wave, signal

RATE = 44100
FFT = 2048
HOP = 512


def stft(x):
    return librosa.stft(x, n_fft=FFT, hop_length=HOP, pad_mode="reflect", dtype=np.complex128)


def tuning_of(magnitudes):
    pitch, mag = librosa.piptrack(S=magnitudes, sr=RATE, n_fft=FFT, fmin=150.0, fmax=4000.0, threshold=0.1)
    found = pitch > 0
    if not found.any():
        return 0.0
    loud = pitch[(mag >= np.median(mag[found])) & found]
    residual = np.mod(12 * librosa.hz_to_octs(loud), 1.0)
    residual[residual >= 0.5] -= 1.0
    counts, edges = np.histogram(residual, np.linspace(-0.5, 0.5, 100, endpoint=False))
    return edges[np.argmax(counts)]


def constant_q(x, tuning):
    """|CQT| of 84 bins from C1, as librosa 0.6.2: [84, frames]."""
    q = 1 / (2 ** (1 / 12) - 1)
    lowest = librosa.note_to_hz("C1") * 2 ** (tuning / 12)
    x = librosa.resample(x, orig_sr=RATE, target_sr=RATE // 2, res_type="soxr_hq") if len(x) else x
    rate, hop = RATE / 2, HOP // 2
    lengths = q * rate / (lowest * 2 ** (np.arange(72, 84) / 12))
    fft = int(2 ** np.ceil(np.log2(max(lengths))))
    kernels = []
    for length in lengths:
        n = np.arange(-length // 2, length // 2)
        kernel = np.exp(2j * np.pi * q / length * n) * scipy.signal.get_window("hann", len(n))
        kernel = kernel / np.sum(np.abs(kernel)) * length / fft
        kernels.append(librosa.util.pad_center(kernel, size=fft))
    basis = scipy.fft.fft(np.array(kernels), axis=1)[:, : fft // 2 + 1]
    # The least magnitudes that make up a hundredth of a filter are left out.
    for row in basis:
        order = np.sort(np.abs(row))
        j = np.argmin(np.cumsum(order / order.sum()) < 0.01)
        row[np.abs(row) < order[j]] = 0
    octaves = []
    for i in range(7):
        if i > 0:
            x = librosa.resample(x, orig_sr=2.0, target_sr=1.0, res_type="soxr_hq", scale=True)
            basis = basis * np.sqrt(2)
            hop //= 2
        d = librosa.stft(x, n_fft=fft, hop_length=hop, window="ones", pad_mode="reflect", dtype=np.complex128)
        octaves.append(basis @ d)
    frames = min(o.shape[1] for o in octaves)
    c = np.vstack([o[:, :frames] for o in octaves[::-1]])
    all_lengths = q * rate / (lowest * 2 ** (np.arange(84) / 12))
    return np.abs(c) / np.sqrt(all_lengths)[:, None]


def tonnetz(x, spectrum):
    harmonic, _ = librosa.decompose.hpss(spectrum, kernel_size=31, power=2.0)
    y = librosa.istft(harmonic, hop_length=HOP, n_fft=FFT, length=len(x), dtype=np.float64)
    c = constant_q(y, tuning_of(np.abs(stft(y))))
    chroma = c.reshape(7, 12, -1).sum(axis=0)
    return librosa.feature.tonnetz(chroma=librosa.util.normalize(chroma, norm=np.inf, axis=0))


def skew(rows):
    with np.errstate(all="ignore"):
        s = scipy.stats.skew(rows, axis=1)
    return np.where(np.ptp(rows, axis=1) == 0, 0.0, np.nan_to_num(s))


def statistics(rows):
    return np.concatenate([rows.mean(axis=1), rows.std(axis=1), skew(rows), rows.max(axis=1), rows.min(axis=1)])


def rows_of(x):
    """Named blocks of rows over time, in the system's order."""
    spectrum = stft(x)
    s = np.abs(spectrum)
    chroma_bank = librosa.filters.chroma(sr=RATE, n_fft=FFT, tuning=tuning_of(s))
    hz = librosa.fft_frequencies(sr=RATE, n_fft=FFT)
    return {
        "mel": librosa.filters.mel(sr=RATE, n_fft=FFT, n_mels=128, dtype=np.float64) @ s,
        "mfcc": scipy.fft.dct(s, axis=0, type=2, norm="ortho")[:40],
        "chroma": librosa.util.normalize(chroma_bank.astype(np.float64) @ s, norm=np.inf, axis=0),
        "contrast": librosa.feature.spectral_contrast(S=s, sr=RATE, freq=hz),
        "roll-off": librosa.feature.spectral_rolloff(S=s, sr=RATE),
        "centroid": librosa.feature.spectral_centroid(S=s, sr=RATE),
        "bandwidth": librosa.feature.spectral_bandwidth(S=s, sr=RATE),
        "tonnetz": tonnetz(x, spectrum),
        "zero-crossings": librosa.feature.zero_crossing_rate(x, frame_length=FFT, hop_length=HOP),
    }


def run_lengths(on):
    padded = np.concatenate([[0], on, [0]])
    z = np.diff(np.flatnonzero(padded == 0)) - 1
    z = z[z > 0]
    if z.size == 0:
        return [0, 0, 0, 0]
    return [np.log1p(z.mean()), np.log1p(z.std()), np.log1p(z.max()), z.size]


def envelope(x):
    """Sound runs, attack, relaxation, zero crossings."""
    sums = np.concatenate([[0], np.cumsum(x * x)])
    power = (sums[2000:] - sums[:-2000]) / 2000
    top = power.max()
    attack = np.argmax(power > 0.99 * top)
    low = np.flatnonzero(power < 0.2 * top)
    low = low[low > attack]
    relaxed = low[0] if low.size else len(power)
    crossings = np.sum(x[:-1] * x[1:] <= 0)
    return (
        run_lengths(1 * (power > 0.05 * top))
        + run_lengths(1 * (power > 0.25 * top))
        + [np.log1p(attack), np.log1p(relaxed), np.log1p(crossings), crossings / len(x)]
    )


def parabola(y, first):
    n = np.arange(first, first + len(y))
    fit = LinearRegression().fit(np.stack([n, n * n], axis=1), y)
    return [fit.coef_[0], fit.coef_[1], fit.intercept_]


def shape(x):
    """Of ln(1 + mean magnitude) of frames of 2,000 samples from sample 100 on."""
    count = (len(x) - 1 - 100) // 2000
    frames = x[100 : 100 + 2000 * count].reshape(count, 2000)
    m = np.log1p(np.abs(np.fft.fft(frames, axis=1)).mean(axis=0))[:1000]
    top = m.max()
    lead = int(np.argmax(m == top))
    shares = [0.1, 0.2, 0.5, 0.9, 0.99]
    low = np.flatnonzero(m < 0.1 * top)
    left = max(low[low < lead], default=0)
    right = min(low[low > lead], default=0)
    around = parabola(m[left:right], left) if right - left > 2 else [0, 0, 0]
    return (
        [np.sum(np.arange(1000) * m * m) / np.sum(m * m)]
        + [np.sum(m > s * top) for s in shares]
        + [lead, np.sum(m[:50] >= 0.5 * top), np.sum(m[:50] >= 0.9 * top)]
        + sum((run_lengths(1 * (m > s * top)) for s in shares), [])
        + parabola(m, 0)
        + [m.sum(), m.mean(), np.sqrt(np.sum(m * m)), np.sqrt(np.sum(m * m)) / 1000]
        + around
        + [m[i : i + 20].mean() for i in range(0, 1000, 40)]
    )


def parts(x):
    out = []
    for n in (1, 2, 3):
        for y in (x, np.abs(x), np.diff(x)):
            size = len(y) // n
            for j in range(n):
                # The last part starts at the last sample.
                start = len(y) - 1 if j == n - 1 else j * size
                part = y[start : start + size]
                out += [part.mean(), part.std(), part.min(), part.max()]
    return out


def features(x, rows=None):
    rows = rows or rows_of(x)
    out = np.concatenate([statistics(r) for r in rows.values()] + [envelope(x), shape(x), parts(x)])
    assert out.shape == (1133,), out.shape
    return out


def chords(samples):
    """Three chords one after the other, of four parabolic waves each, dying away, a little out of tune."""
    waves = [Wave() for _ in range(4)]
    notes = [(261.63, 329.63, 392.0, 523.25), (220.0, 261.63, 329.63, 440.0), (196.0, 246.94, 293.66, 587.33)]
    third = -(-samples // 3)
    out = []
    for i in range(samples):
        level = 0.5 * (1.0 - (i % third) / third)
        x = sum(w.next(hz * 1.01, RATE) for w, hz in zip(waves, notes[i // third]))
        out.append(level * 0.25 * x)
    return np.array(out, dtype=np.float32)


SIGNALS = {
    "parts": lambda: signal(RATE, 2 * RATE),
    "chords": lambda: chords(3 * RATE),
    "short": lambda: signal(RATE, 2 * RATE)[75000:81000],
    "noise": lambda: signal(RATE, 2 * RATE)[22050:33075],
}


def rounded(values):
    return [float(f"{v:.8g}") for v in values]


def main():
    folder = pathlib.Path(sys.argv[1])
    out = {}
    for name, make in SIGNALS.items():
        x = make().astype(np.float64)
        rows = rows_of(x)
        out[name] = {
            "samples": len(x),
            "features": rounded(features(x, rows)),
        }
    (folder / "summary.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")
    if len(sys.argv) > 2:
        esc10(folder, pathlib.Path(sys.argv[2]))


def esc10(folder, data):
    names = sorted(row["filename"] for row in csv.DictReader(open(data / "meta.csv")))[::10]
    out = {}
    for name in names:
        x, rate = librosa.load(data / "audio" / name, sr=None, dtype=np.float64)
        assert rate == RATE
        f = features(trimmed(x))
        out[name] = {"tonnetz": [float(f"{v:.6g}") for v in f[950:980]], "others": [float(f"{v:.6g}") for v in np.delete(f, np.s_[950:980])[::20]]}
    (folder / "summary-esc10.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")


def trimmed(x):
    power = librosa.feature.rms(y=x, frame_length=FFT, hop_length=HOP, pad_mode="reflect", dtype=np.float64)[0] ** 2
    db = librosa.power_to_db(power, ref=np.max, top_db=None, amin=1e-10)
    loud = np.flatnonzero(db > -60)
    return x[loud[0] * HOP : min(len(x), (loud[-1] + 1) * HOP)]


if __name__ == "__main__":
    main()
