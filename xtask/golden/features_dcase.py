"""Golden vectors of the DCASE 2019 baseline's front end, by TensorFlow.

Run: python features_dcase.py DIR, with tensorflow-cpu 2.21.0 and numpy 2.4.6. Writes to DIR (crates/earmark-features/tests/golden):
- dcase-logmel.npy     [1, 96, 98] log-mel of one second of the synthetic signal
- dcase-mel.npy        [1, 96, 120] mel matrix over every 9th bin up to 1,071 (bins that do not exist are 0), 20 Hz to 20 kHz
- starter-logmag.npy   [2, 257, 12] log1p magnitude and angle / pi of every 8th frame at 16 kHz, window 400, hop 160
With a second argument, a folder of clips (WAV or Ogg), it also writes
- dcase-esc10.npy      [1, 96, 100] every 5th frame of the first clip in alphabetical order (5 s at 44.1 kHz)
"""

import pathlib
import sys

import numpy as np
import tensorflow as tf

from features_signal import signal

WINDOW = round(44100 * 0.025)
HOP = round(44100 * 0.010)


def mel_matrix():
    return tf.signal.linear_to_mel_weight_matrix(96, 1025, 44100, 20.0, 20000.0)


def log_mel(samples):
    spectra = tf.abs(tf.signal.stft(samples, WINDOW, HOP, 2048))
    return np.log(tf.matmul(spectra, mel_matrix()).numpy() + 0.001, dtype=np.float32).T[None]


def save(folder, name, array):
    array = np.ascontiguousarray(array, dtype="<f4")
    assert array.nbytes < 60_000, (name, array.nbytes)
    np.save(folder / name, array)
    print(name, array.shape, array.min(), array.max())


def main():
    folder = pathlib.Path(sys.argv[1])
    save(folder, "dcase-logmel.npy", log_mel(signal(44100, 44100)))

    matrix = np.zeros((1080, 96))
    matrix[:1025] = mel_matrix().numpy()
    save(folder, "dcase-mel.npy", matrix.T[None, :, ::9])

    spectra = tf.signal.stft(signal(16000, 16000), 400, 160, 512).numpy()[::8]
    starter = np.stack([np.log1p(np.abs(spectra)).T, np.angle(spectra).T / np.pi])
    save(folder, "starter-logmag.npy", starter)

    if len(sys.argv) > 2:
        import soundfile

        clip = sorted(pathlib.Path(sys.argv[2]).iterdir())[0]
        samples, rate = soundfile.read(clip, dtype="float32")
        assert rate == 44100 and samples.ndim == 1, (clip, rate, samples.shape)
        save(folder, "dcase-esc10.npy", log_mel(samples)[:, :, ::5])
        print(clip.name, samples.shape)


if __name__ == "__main__":
    main()
