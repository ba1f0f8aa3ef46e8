"""Writes the small files that earmark-audio is tested on in formats that ffmpeg does not write or that libsndfile decodes to the
bit (crates/earmark-audio/tests/files), and what libsndfile decodes GSM and Apple's IMA ADPCM to (tests/golden/exact-*.npy:
16-bit integers of all channels, interleaved).

The signal is that of audio_files.py.

Made with: Python 3.11, numpy 2.4.6, soundfile 0.14.0 (libsndfile 1.2.2).
Usage: python xtask/golden/audio_libsndfile.py
"""

import numpy as np
import soundfile as sf

from audio_files import GOLDEN, OUT, chirp


def write(name, rate, seconds, channels, container, subtype):
    sf.write(OUT / name, chirp(rate, seconds, channels), rate, format=container, subtype=subtype)


def exact(name, frames):
    """libsndfile plays what fills up the last block of a file, and its padding; the first `frames` are the recording."""
    x = sf.read(OUT / name, dtype="int16", always_2d=True)[0]
    np.save(GOLDEN / f"exact-{name}.npy", x[:frames].reshape(-1).astype("<i2"))


def main():
    write("gsm-8k.wav", 8000, 0.3, 1, "WAV", "GSM610")
    write("gsm-8k.aiff", 8000, 0.3, 1, "AIFF", "GSM610")
    write("ima4-16k-stereo.aiff", 16000, 0.08, 2, "AIFF", "IMA_ADPCM")
    write("ima-adpcm-16k-stereo.w64", 16000, 0.15, 2, "W64", "IMA_ADPCM")
    write("pcm24-16k-stereo.w64", 16000, 0.02, 2, "W64", "PCM_24")
    write("alac-16k.caf", 16000, 0.3, 1, "CAF", "ALAC_16")
    write("float-8k.caf", 8000, 0.05, 1, "CAF", "FLOAT")
    write("mulaw-8k.au", 8000, 0.3, 1, "AU", "ULAW")
    exact("gsm-8k.wav", 2400)
    exact("gsm-8k.aiff", 2400)
    exact("ima4-16k-stereo.aiff", 1280)


if __name__ == "__main__":
    main()
