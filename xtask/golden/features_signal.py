"""The synthetic signal behind the golden vectors of earmark-features.

Every sample is made by additions, multiplications and comparisons of doubles and 32-bit integers alone, which every language
carries out alike, so that Rust (crates/earmark-features/tests/common/mod.rs) makes the same float32 samples bit for bit
and no audio needs to be kept. Python 3.11+, numpy 2.4.6.
"""

import numpy as np


class Noise:
    """Uniform noise in [-1, 1) from a linear congruential generator (Numerical Recipes' constants)."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state * 1664525 + 1013904223) & 0xFFFFFFFF
        return (self.state >> 8) / 8388608.0 - 1.0


class Wave:
    """A wave of two parabolas, close to a sine, from a phase of 32 bits."""

    def __init__(self):
        self.phase = 0

    def next(self, hz, rate):
        self.phase = (self.phase + int(hz / rate * 4294967296.0)) & 0xFFFFFFFF
        x = self.phase / 2147483648.0 - 1.0
        return 4.0 * x * (1.0 - abs(x))


def signal(rate, samples):
    """Eight parts of equal length: two tones, a chirp, loud noise, clicks, soft noise, near-silence, silence, a mixture."""
    noise, low, high, chirp = Noise(2019), Wave(), Wave(), Wave()
    part = samples // 8
    out = np.zeros(samples, dtype=np.float64)
    for i in range(samples):
        k, t = min(i // part, 7), i % part
        n = noise.next()
        if k == 0:
            x = 0.5 * low.next(440.0, rate) + 0.25 * high.next(3150.0, rate)
        elif k == 1:
            x = 0.8 * chirp.next(50.0 + 15000.0 * (t / part), rate)
        elif k == 2:
            x = 0.9 * n
        elif k == 3:
            x = 1.0 if t % 997 == 500 else 0.0
        elif k == 4:
            x = 0.01 * n
        elif k == 5:
            x = 0.00001 * n
        elif k == 6:
            x = 0.0
        else:
            x = 0.3 * low.next(220.0, rate) + 0.1 * n
        out[i] = x
    return out.astype(np.float32)
