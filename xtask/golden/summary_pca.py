"""Golden vectors of standardisation and principal components.

Run: python summary_pca.py, with scikit-learn 1.9.1 and numpy 2.4.6. Writes crates/earmark-features/tests/golden/pca.json: for a tall and a
wide table, made by an integer formula, what StandardScaler and PCA (full SVD) make of them. The signs are scikit-learn's own.
"""

import json
import pathlib

import numpy as np
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler


def table(rows, columns):
    i, j = np.arange(rows, dtype=np.int64)[:, None], np.arange(columns, dtype=np.int64)[None, :]
    x = ((i * i * 7 + i * j * 13 + j * 5) % 101 - 50) / 16.0
    slow = ((i * 3) % 17 - 8) * (j % 5 + 1) / 4.0
    x = x + slow + j * 100.0
    x[:, 3] = 2.5  # a column that never changes
    return x.astype(np.float32)


def some(x):
    return [float(f"{v:.9g}") for v in np.ravel(x)]


def main():
    out = {}
    for name, rows, columns, count in [("tall", 60, 14, 10), ("wide", 14, 40, 9)]:
        x = table(rows, columns).astype(np.float64)
        scaler = StandardScaler().fit(x)
        standard = scaler.transform(x)
        pca = PCA(count, svd_solver="full").fit(standard)
        out[name] = {
            "rows": rows,
            "columns": columns,
            "components": count,
            "mean": some(scaler.mean_),
            "deviation": some(scaler.scale_),
            "variance": some(pca.explained_variance_),
            "explained": float(f"{pca.explained_variance_ratio_.sum():.9g}"),
            "loadings": some(pca.components_),
            "applied": some(pca.transform(standard)[::4]),
        }
    path = pathlib.Path(__file__).parents[2] / "crates/earmark-features/tests/golden/pca.json"
    path.write_text(json.dumps(out, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
