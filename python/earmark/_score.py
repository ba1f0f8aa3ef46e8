"""Metrics."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _arguments as arguments
from . import _earmark
from ._errors import DataError


def score(
    scores: npt.ArrayLike,
    truth: npt.ArrayLike,
    classes: Sequence[str] | None = None,
    *,
    k: int = 3,
    threshold: float = 0.5,
    bootstrap: int = 0,
) -> dict[str, Any]:
    """Every metric of scores against the truth, as ``earmark score --json`` prints them.

    Args:
        scores: ``[clips, classes]``, finite; computed with as float32.
        truth: ``[clips, classes]``, bool or 0 and 1.
        classes: names of the classes. Default: ``"0"``, ``"1"`` and so forth.
        k: the k of MAP@k.
        threshold: lowest score that counts as tagged, for F1, precision and recall.
        bootstrap: resamples for 95 % confidence intervals of lwlrap and accuracy; 0 for none.

    Returns:
        ``lwlrap``, ``map@<k>``, ``mAP``, ``mAP_micro``, ``auc``, ``d_prime``, ``accuracy``,
        ``f1_micro``, ``f1_macro``, ``per_class`` (by name) and more. Undefined is ``None``: a class
        that no clip carries has no average precision, and enters no mean.
    """
    values, marks = np.asarray(scores), np.asarray(truth)
    if values.ndim != 2 or values.dtype.kind not in "f":
        raise DataError(
            f"scores: expected floats [clips, classes], got {values.dtype} {list(values.shape)}"
        )
    if marks.shape != values.shape:
        raise DataError(f"truth: has shape {list(marks.shape)}, and scores {list(values.shape)}")
    if marks.dtype.kind not in "buif" or not np.isin(marks, (0, 1)).all():
        raise DataError(f"truth: expected bool, or 0 and 1, got {marks.dtype} with other values")
    clips, width = values.shape
    names = [str(k) for k in range(width)] if classes is None else [str(name) for name in classes]
    if len(names) != width:
        raise DataError(f"classes: {len(names)} names for {width} columns")
    request = arguments.request(
        files=[str(clip) for clip in range(clips)],
        classes=names,
        k=k,
        threshold=threshold,
        bootstrap=bootstrap,
    )
    flat = np.ascontiguousarray(values, dtype=np.float32).reshape(-1)
    result: dict[str, Any] = json.loads(
        _earmark.score(flat, np.ascontiguousarray(marks, dtype=np.bool_).reshape(-1), request)
    )
    return result
