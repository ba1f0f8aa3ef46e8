"""Writes the small Opus and Vorbis files that earmark-audio is tested on (crates/earmark-audio/tests/files), and what
libopus makes of the Opus ones (tests/golden/libopus-*.npy: the mean of the channels, as 16-bit integers).

The signal is like a voice, so that the encoder also chooses the modes for speech: harmonics of a gliding tone with a
little noise; channel c of C is scaled by (c + 1) / C.

Made with: Python 3.13, numpy 2.4, soundfile 0.14.0 with libsndfile 1.2.2 (libopus 1.4, libvorbis 1.3.7). The encoders give
other bytes in other versions, and Vorbis and Ogg get other serial numbers each time.
Usage: python xtask/golden/opus_files.py
"""

import pathlib

import numpy as np
import soundfile

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/earmark-audio/tests/files"
GOLDEN = OUT.parent / "golden"

# Name: channels, seconds, compression (1: lowest bit rate), rate.
OPUS = {
    "opus-celt.opus": (1, 0.3, 0.5, 48000),
    "opus-celt-stereo.opus": (2, 0.3, 0.7, 48000),
    "opus-celt-six.opus": (6, 0.15, 0.8, 48000),
    "opus-silk.opus": (1, 0.5, 1.0, 48000),
    "opus-silk-from-16k.opus": (1, 0.5, 0.97, 16000),
    "opus-hybrid.opus": (1, 0.5, 0.97, 48000),
    "opus-hybrid-stereo.opus": (2, 0.4, 0.95, 48000),
}


def voice(rate, seconds, channels):
    n = round(rate * seconds)
    t = np.arange(n) / rate
    phase = 2 * np.pi * np.cumsum(120 + 30 * np.sin(2 * np.pi * 1.3 * t)) / rate
    x = sum(np.sin(k * phase) / k for k in range(1, 25)) * 0.12 * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * t))
    x += 0.003 * np.random.default_rng(1).standard_normal(n)
    return np.stack([x * (c + 1) / channels for c in range(channels)], axis=1)


def main():
    for name, (channels, seconds, compression, rate) in OPUS.items():
        path = OUT / name
        with soundfile.SoundFile(
            path, "w", rate, channels, format="OGG", subtype="OPUS", compression_level=compression
        ) as file:
            file.write(voice(rate, seconds, channels))
        decoded, at = soundfile.read(path, always_2d=True)
        # libsndfile decodes at the rate that was encoded, earmark always at 48 kHz.
        if at == 48000:
            mean = decoded.mean(axis=1)
            np.save(GOLDEN / f"libopus-{name}.npy", np.round(mean * 2.0**15).astype("<i2"))


if __name__ == "__main__":
    main()
