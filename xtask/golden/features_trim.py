"""Golden vectors of argus-2019's way from a clip to its three channels: trimming, the rule for short clips, log-mel, deltas.

Run: python features_trim.py DIR, with librosa 0.11.0, scipy 1.17.1 and numpy 2.4.6. Writes to DIR (crates/earmark-features/tests/golden),
of pieces of the synthetic signal (features_signal.py) at 44.1 kHz:
- argus-trim.npy   [1, 128, frames] decibels of 5,512 samples of silence, 27,560 of sound and 11,024 of near-silence and silence
- argus-short.npy  [3, 128, 32]     a sound of 5,512 samples after 16,536 of silence and before 22,048: log-mel and deltas, over 100
- argus-tiny.npy   [1, 128, 32]     decibels of a clip that is shorter than half a second as a whole

librosa 0.6.3, which argus-2019 used, looks beyond the ends of a clip by reflection, in trimming as in its frames; 0.11.0 uses zeros
for the former unless the frames' powers are computed apart, as here.
"""

import pathlib
import sys

import librosa
import numpy as np

from features_signal import signal

RATE, SHORTEST = 44100, 22050


def trimmed(y):
    power = librosa.feature.rms(y=y, frame_length=2048, hop_length=512, pad_mode="reflect")[0] ** 2
    loud = np.flatnonzero(librosa.power_to_db(power, ref=np.max, top_db=None) > -60)
    start, end = int(loud[0]) * 512, min(len(y), int(loud[-1] + 1) * 512)
    if end - start >= SHORTEST:
        return y[start:end]
    # The rule as published: the middle forgets where the sound starts, and the cut is made in the whole clip.
    middle = (end - start) // 2
    cut = y[max(0, middle - SHORTEST // 2):min(len(y), middle + SHORTEST // 2)]
    missing = SHORTEST - len(cut)
    return np.pad(cut, (missing // 2, missing - missing // 2)) if missing > 0 else cut


def decibels(y):
    mel = librosa.feature.melspectrogram(
        y=y, sr=RATE, n_fft=2560, hop_length=690, n_mels=128, fmin=20, fmax=RATE // 2, power=2.0, pad_mode="reflect"
    )
    return librosa.power_to_db(mel, ref=1.0, amin=1e-10, top_db=80.0)


def main():
    folder = pathlib.Path(sys.argv[1])
    x = signal(RATE, RATE)
    sound, quiet, silence = x[:5 * 5512], x[5 * 5512:7 * 5512], x[6 * 5512:7 * 5512]
    long = decibels(trimmed(np.concatenate([silence, sound, quiet])))
    assert long.shape[1] < 45, "nothing was trimmed"
    late = np.concatenate([silence] * 3 + [x[:5512]] + [silence] * 4)
    short = decibels(trimmed(late))
    short = np.stack([short] + [librosa.feature.delta(short, order=order) for order in (1, 2)]) / 100
    tiny = decibels(trimmed(x[:9000]))
    for name, values in [("argus-trim", long[None]), ("argus-short", short), ("argus-tiny", tiny[None])]:
        print(name, values.shape)
        np.save(folder / f"{name}.npy", values.astype(np.float32))


if __name__ == "__main__":
    main()
