"""Archives with Ray Data: an actor for ``map_batches``.

>>> import ray
>>> from earmark.ray import Tagger
>>> recordings = ray.data.read_binary_files("s3://bucket/recordings", include_paths=True)
>>> events = recordings.map_batches(
...     Tagger, fn_constructor_kwargs={"model": "sounds.safetensors"}, concurrency=8, batch_size=16
... )
>>> events.write_parquet("events")
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pyarrow

from . import _arguments as arguments
from ._earmark import set_threads
from ._errors import AudioError, ConfigError
from ._model import load

EVENTS = pyarrow.schema(
    [
        ("file", pyarrow.string()),
        ("start_seconds", pyarrow.float64()),
        ("end_seconds", pyarrow.float64()),
        ("class", pyarrow.string()),
        ("score", pyarrow.float32()),
        ("error", pyarrow.string()),
    ]
)
"""Columns of events; of a recording that can't be read, ``error`` says why, and all but ``file``
are null."""


class Tagger:
    """Opens a model once per actor, and turns batches of recordings into tables.

    A batch has a column ``path``, and ``bytes`` where the recordings were read by Ray
    (``ray.data.read_binary_files(..., include_paths=True)``); else each path is opened. Results do
    not depend on the size of batches or the number of actors, and every recording is in them: with
    its events, with its embedding, or with a row that says in ``error`` why it can't be read. A
    recording without events has no row of events.

    Args:
        model: as of :func:`earmark.load`; a path must be the same on all machines.
        output: ``"events"`` for a row per event (:data:`EVENTS`), ``"embeddings"`` for a row per
            recording: ``file``, ``embedding`` (float32 ``[embedding_size]``) and ``error``.
        options: keyword arguments of :meth:`earmark.Model.tag`, or of ``embed``.
        threads: of one actor: ``num_cpus`` of ``map_batches``, which is 1 if it is not given;
            ``None`` leaves them as they are.
    """

    def __init__(
        self,
        model: str = "efficientat-mn04-as",
        *,
        output: str = "events",
        options: Mapping[str, Any] | None = None,
        threads: int | None = 1,
    ) -> None:
        arguments.one_of("output", output, ("events", "embeddings"))
        self._is_events = output == "events"
        self._options = dict(options or {})
        for taken in ("windows", "unreadable"):
            if taken in self._options:
                raise ConfigError(f"options: {taken!r} has no place here; leave it out")
        if threads is not None:
            set_threads(threads)
        self._model = load(model)

    def __call__(self, batch: Mapping[str, Any]) -> pyarrow.Table:
        """The table of a batch of recordings, in their order."""
        if "path" not in batch:
            raise ConfigError(
                f"a batch has no column 'path', but {', '.join(batch)}; "
                "read files with include_paths=True"
            )
        names = [str(path) for path in batch["path"]]
        with _on_disk(names, batch.get("bytes")) as paths:
            found = self._events(paths) if self._is_events else self._embeddings(paths)
            rows = [{**row, "file": name} for name, some in zip(names, found) for row in some]
        schema = EVENTS
        if not self._is_events:
            embedding = pyarrow.list_(pyarrow.float32(), self._model.embedding_size)
            fields = [("file", pyarrow.string()), ("embedding", embedding)]
            schema = pyarrow.schema([*fields, ("error", pyarrow.string())])
        return pyarrow.Table.from_pylist(rows, schema=schema)

    def _events(self, paths: list[str]) -> Iterator[list[dict[str, Any]]]:
        """The rows of each recording."""
        for path in paths:
            try:
                yield list(self._model.tag(path, **self._options).rows())
            except AudioError as error:
                yield [{"error": _reason(error, path)}]

    def _embeddings(self, paths: list[str]) -> Iterator[list[dict[str, Any]]]:
        for path in paths:
            try:
                yield [{"embedding": self._model.embed(path, **self._options)}]
            except AudioError as error:
                yield [{"error": _reason(error, path)}]


def _reason(error: AudioError, path: str) -> str:
    """Why a recording can't be read, without its name."""
    return str(error).removeprefix(f"{path}: ")


@contextmanager
def _on_disk(names: list[str], contents: Any) -> Iterator[list[str]]:
    """Paths of recordings, of whose bytes temporary files are made, each with its own ending."""
    if contents is None:
        for name in names:
            if os.path.isdir(name):
                raise ConfigError(f"{name}: is a folder; list its files: earmark.recordings")
        yield names
        return
    with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
        paths = []
        for number, (name, content) in enumerate(zip(names, contents)):
            path = os.path.join(folder, f"{number}{os.path.splitext(name)[1]}")
            with open(path, "wb") as file:
                file.write(content)
            paths.append(path)
        yield paths
