"""Tables that pandas, polars and pyarrow take."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np

from . import _earmark
from ._errors import RecordingWarning

Column: TypeAlias = Any
"""An array of float32 or float64, or a list of str; ``[rows]``."""

NAMED = 5
"""Recordings that a warning names."""


class Table(dict[str, Column]):
    """Columns of equal length by name, in order.

    ``table["score"]`` is a numpy array or a list of str. A table is a dict of columns, so that
    ``pandas.DataFrame(table)`` takes it, and an Arrow stream, which ``polars``, ``pyarrow`` and
    DuckDB read by the C data interface.

    Attributes:
        skipped: recordings without rows because they could not be read, as (file, reason).
        damaged: recordings of which only a part was used, as (file, what is missing).
        recordings: of a table of events, one dict per recording: ``file``, ``seconds``, the best
            classes as ``top``, and ``note``.
    """

    def __init__(
        self,
        columns: Mapping[str, Column],
        *,
        skipped: list[tuple[str, str]] | None = None,
        damaged: list[tuple[str, str]] | None = None,
        recordings: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(columns)
        self.skipped = skipped or []
        self.damaged = damaged or []
        self.recordings = recordings or []

    @property
    def num_rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.values()), []))

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, in order."""
        return list(self)

    def __repr__(self) -> str:
        names = ", ".join(self.column_names)
        return f"<earmark.Table of {self.num_rows} rows: {names}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        return self.column_names == other.column_names and all(
            np.array_equal(self[name], other[name]) for name in self
        )

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None

    def rows(self) -> Iterator[dict[str, Any]]:
        """One dict per row."""
        lists = [
            column.tolist() if isinstance(column, np.ndarray) else column
            for column in self.values()
        ]
        return (dict(zip(self, row)) for row in zip(*lists))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The columns as an Arrow stream; a requested schema is for the reader to cast to."""
        return _earmark.arrow_stream(list(self.items()))

    def to_pandas(self) -> Any:
        """As a ``pandas.DataFrame``."""
        import pandas

        return pandas.DataFrame(dict(self))

    def to_polars(self) -> Any:
        """As a ``polars.DataFrame``."""
        import polars

        return polars.DataFrame(dict(self))

    def to_arrow(self) -> Any:
        """As a ``pyarrow.Table``."""
        import pyarrow

        return pyarrow.RecordBatchReader.from_stream(self).read_all()


def warn_about(skipped: list[tuple[str, str]], damaged: list[tuple[str, str]], depth: int) -> None:
    """Names recordings that were skipped or used in part, in one warning each."""
    for what, found in (("skipped", skipped), ("used in part", damaged)):
        if found:
            lines = [f"{file}: {reason}" for file, reason in found[:NAMED]]
            more = [f"and {len(found) - NAMED} more"] if len(found) > NAMED else []
            text = f"recordings {what}: {len(found)}\n  " + "\n  ".join(lines + more)
            warnings.warn(text, RecordingWarning, stacklevel=depth + 1)
