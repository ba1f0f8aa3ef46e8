"""Golden vectors of the spectrogram augmentations: what numpy, scipy and PyTorch make of an image with forced draws.

Run: python augment_spectrogram.py, with numpy 2.4.6, scipy 1.17.1 and torch 2.15.0. Writes
crates/earmark-data/tests/golden/augment.json: the image as [bands, frames], and for each case what was drawn and the result.
"""

import json
import pathlib

import numpy as np
import torch
from scipy import ndimage

BANDS, FRAMES = 10, 14


def image(bands, frames):
    b, t = np.mgrid[0:bands, 0:frames]
    return ((7 * b * b + 13 * t + 5 * b * t) % 31) - 20.0 + 0.25 * b - 0.125 * t


def rows(array):
    return [[float(f"{value:.7g}") for value in row] for row in array]


def padded(x, before, frames, fill):
    width = ((0, 0), (before, frames - before - x.shape[1]))
    if fill in ("wrap", "symmetric"):
        return np.pad(x, width, fill)
    return np.pad(x, width, "constant", constant_values=x.min() if fill == "minimum" else fill)


def resized(x, band, bands, frame, frames):
    cut = torch.from_numpy(x[band : band + bands, frame : frame + frames].copy())[None, None]
    return torch.nn.functional.interpolate(cut, size=x.shape, mode="bilinear", align_corners=False)[0, 0].numpy()


def hidden(x, bands, frames, value):
    value = {"mean": x.mean(), "min": x.min()}.get(value, value)
    x = x.copy()
    for start, end in bands:
        x[start:end, :] = value
    for start, end in frames:
        x[:, start:end] = value
    return x


def erased(x, band, bands, frame, frames, value):
    x = x.copy()
    x[band : band + bands, frame : frame + frames] = value
    return x


def shifted(x, axis, by, fill):
    if fill == "wrap":
        return np.roll(x, by, axis)
    by = (by, 0) if axis == 0 else (0, by)
    return ndimage.shift(x, by, order=0, mode={"edge": "nearest", "min": "constant"}[fill], cval=x.min())


def filtered(x, edges, gains, shape):
    x = x.copy()
    for i, (start, end) in enumerate(zip(edges, edges[1:])):
        line = np.linspace(gains[i], gains[i + 1], end - start) if shape == "linear" else np.full(end - start, gains[i])
        x[start:end] += line[:, None]
    return x


def main():
    x = image(BANDS, FRAMES)
    short = image(BANDS, 5)
    cases = {
        "pad": [
            {"before": before, "frames": frames, "fill": fill, "out": rows(padded(short, before, frames, fill))}
            for before, frames, fill in [(4, 14, "wrap"), (7, 19, "wrap"), (4, 13, "minimum"), (0, 9, 1.5), (3, 10, "symmetric"), (17, 40, "symmetric")]
        ],
        "crop": [{"start": start, "frames": 6, "out": rows(x[:, start : start + 6])} for start in (0, 5, 8)],
        "resize": [
            {"band": b, "bands": n, "frame": f, "frames": m, "out": rows(resized(x, b, n, f, m))}
            for b, n, f, m in [(0, 9, 2, 12), (3, 7, 0, 14), (1, 1, 4, 9), (2, 8, 5, 1)]
        ],
        "masks": [
            {"bands": b, "frames": f, "value": v, "out": rows(hidden(x, b, f, v))}
            for b, f, v in [([[1, 3], [2, 4]], [[9, 11]], "min"), ([], [[0, 2], [12, 14]], "mean"), ([[9, 10]], [], 3.0)]
        ],
        "erase": [
            {"band": 2, "bands": 5, "frame": 7, "frames": 6, "value": 0.5, "out": rows(erased(x, 2, 5, 7, 6, 0.5))},
        ],
        "shift": [
            {"axis": axis, "by": by, "fill": fill, "out": rows(shifted(x, axis, by, fill))}
            for axis, by in [(0, 3), (0, -2), (1, 4), (1, -5)]
            for fill in ("wrap", "edge", "min")
        ],
        "filter": [
            {"edges": e, "gains": g, "shape": s, "out": rows(filtered(x, e, g, s))}
            for e, g, s in [([0, 3, 7, 10], [2.0, -4.5, 1.0, 6.0], "linear"), ([0, 4, 5, 10], [3.0, -2.0, 0.5], "step")]
        ],
        "flip": {"time": rows(np.flip(x, 1)), "freq": rows(np.flip(x, 0))},
    }
    out = pathlib.Path("crates/earmark-data/tests/golden/augment.json")
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps({"image": rows(x), "short": rows(short), **cases}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
