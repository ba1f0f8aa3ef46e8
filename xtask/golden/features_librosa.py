"""Golden vectors of the librosa front ends of argus-2019 and mobilenetv2-pca-2018, of deltas and of PCEN.

Run: python features_librosa.py DIR, with librosa 0.11.0, scipy 1.17.1 and numpy 2.4.6. librosa 0.6.3, which the systems used, pads by
reflection; 0.11.0 pads with zeros by default. Writes to DIR (crates/earmark-features/tests/golden):
- argus-reflect.npy  [1, 128, 64] decibels of one second of the synthetic signal at 44.1 kHz
- argus-zero.npy     [1, 128, 8]  first and last four frames with zero padding
- argus-delta.npy    [2, 128, 32] first and second delta of frames 0 to 31 of argus-reflect
- mobilenet.npy      [1, 64, 101] decibels of one second at 22,050 Hz
- htk-hz.npy         [1, 40, 72]  librosa's HTK matrix with Slaney norm over the first 72 bins, 16 kHz, n_fft 512
- pcen.npy           [1, 40, 126] PCEN of mel energies at 16 kHz, n_fft 512, hop 128, centred with zeros, input scaled by 2^31
"""

import pathlib
import sys

import librosa
import numpy as np

from features_dcase import save
from features_signal import signal


def decibels(samples, rate, n_fft, hop, bands, low, high, pad_mode):
    mel = librosa.feature.melspectrogram(
        y=samples, sr=rate, n_fft=n_fft, hop_length=hop, n_mels=bands, fmin=low, fmax=high, power=2.0, pad_mode=pad_mode
    )
    return librosa.power_to_db(mel, ref=1.0, amin=1e-10, top_db=80.0)


def main():
    folder = pathlib.Path(sys.argv[1])
    samples = signal(44100, 44100)
    argus = decibels(samples, 44100, 2560, 690, 128, 20, 22050, "reflect")
    save(folder, "argus-reflect.npy", argus[None])
    zero = decibels(samples, 44100, 2560, 690, 128, 20, 22050, "constant")
    save(folder, "argus-zero.npy", np.concatenate([zero[:, :4], zero[:, -4:]], axis=1)[None])
    deltas = [librosa.feature.delta(argus[:, :32], order=order) for order in (1, 2)]
    save(folder, "argus-delta.npy", np.stack(deltas))

    mobilenet = decibels(signal(22050, 22050), 22050, 1764, 220, 64, 0, 11025, "reflect")
    save(folder, "mobilenet.npy", mobilenet[None])

    matrix = librosa.filters.mel(sr=16000, n_fft=512, n_mels=40, fmin=50, fmax=7600, htk=True, norm="slaney")
    save(folder, "htk-hz.npy", matrix[None, :, :72])

    mel = librosa.feature.melspectrogram(
        y=signal(16000, 16000), sr=16000, n_fft=512, hop_length=128, n_mels=40, fmin=50, fmax=7600, power=1.0, pad_mode="constant"
    )
    save(folder, "pcen.npy", librosa.pcen(mel * 2.0**31, sr=16000, hop_length=128)[None])


if __name__ == "__main__":
    main()
