"""Golden colour tables for earmark-report, and the polynomials that approximate them.

Needs: matplotlib 3.10.9, numpy 2.4.6 (any Python 3.10 or later).
Writes crates/earmark-report/tests/golden/colormaps.json: 256 RGB triples (0 to 255) a colour map. Prints the
coefficients that src/png/colormap.rs holds, lowest power first, with the largest error of the fit in steps of 1/255.
Magma and viridis were published by their authors (Smith, van der Walt, Firing) under CC0.
"""

import json
from pathlib import Path

import numpy as np
from matplotlib import colormaps

DEGREE = 6
HERE = Path(__file__).resolve().parent
OUT = HERE.parent.parent / "crates/earmark-report/tests/golden/colormaps.json"

position = np.arange(256) / 255
tables = {}
for name in ("magma", "viridis"):
    table = np.array([colormaps[name](i)[:3] for i in range(256)])
    tables[name] = np.rint(table * 255).astype(int).tolist()
    fit = np.polynomial.polynomial.polyfit(position, table, DEGREE)
    error = np.abs(np.clip(np.polynomial.polynomial.polyval(position, fit).T, 0, 1) - table).max()
    print(name, "largest error", round(error * 255, 2), "/ 255")
    for channel, row in zip("RGB", fit.T):
        print(" ", channel, ", ".join(f"{c:.5f}" for c in row))

OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text(json.dumps(tables, separators=(",", ":")) + "\n")
