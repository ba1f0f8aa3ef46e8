"""Callbacks of long work: progress, steps of a training, notes."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any, TypeAlias

from ._errors import ConfigError

Progress: TypeAlias = "Callable[[str, int, int], object] | bool | None"
"""``progress(stage, done, total)``; ``True`` shows a bar of tqdm."""

OnStep: TypeAlias = "Callable[[dict[str, Any]], object] | None"
"""``on_step(facts)`` after each step of a training; ``False`` as its result ends the training."""

log = logging.getLogger("earmark")


class Observer:
    """Receives events as (kind, JSON) from any thread, and hands them on.

    Notes go to the logger ``earmark``. Used as a context, so that a bar is closed.
    """

    def __init__(self, progress: Progress = None, on_step: OnStep = None) -> None:
        self._bar = _Bar() if progress is True else None
        self._progress = self._bar if progress is True else (progress or None)
        self._on_step = on_step
        self._total = 0
        for name, value in (("progress", self._progress), ("on_step", on_step)):
            if value is not None and not callable(value):
                raise ConfigError(f"{name}: expected something to call, got {type(value).__name__}")

    def __enter__(self) -> Observer:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, kind: str, text: str) -> bool | None:
        facts: dict[str, Any] = json.loads(text)
        if kind == "note":
            log.info("%s", facts["text"])
        elif kind == "progress":
            self._report(facts["stage"], facts["done"], facts["total"])
        elif kind == "started":
            self._total = facts["total"]
            log.info("training: steps %d to %d", facts["step"], facts["total"])
        elif kind == "step":
            self._report("training", facts["step"], self._total)
            if self._on_step is not None:
                return self._on_step({**facts, "total": self._total}) is not False
        elif kind == "validated":
            log.info("step %(step)d: %(metric)s %(value).4f", facts)
        elif kind == "evaluated":
            log.info("step %s evaluated: lwlrap %s", facts["step"], facts["lwlrap"])
        return None

    def _report(self, stage: str, done: int, total: int) -> None:
        if callable(self._progress):
            self._progress(stage, done, total)


class _Bar:
    """Bars of tqdm, one per stage."""

    def __init__(self) -> None:
        try:
            from tqdm.auto import tqdm
        except ModuleNotFoundError:
            raise ConfigError(
                "progress=True: needs tqdm; install it, or give a function (stage, done, total)"
            ) from None
        self._tqdm = tqdm
        self._bar: Any = None
        self._stage = ""

    def __call__(self, stage: str, done: int, total: int) -> None:
        if self._bar is None or stage != self._stage:
            self.close()
            self._bar, self._stage = self._tqdm(total=total, desc=stage), stage
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
