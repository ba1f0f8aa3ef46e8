"""Arguments, checked before any work."""

from __future__ import annotations

import json
import numbers
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ._errors import AudioError, ConfigError

Path: TypeAlias = "str | os.PathLike[str]"
"""A path."""

Floats: TypeAlias = "npt.NDArray[np.float32]"
"""An array of float32."""

Samples: TypeAlias = "tuple[Floats, int]"
"""Mono samples ``[samples]`` around -1 to 1, and their rate in hertz."""

Audio: TypeAlias = "Path | Samples"
"""A recording: its path, or its samples and their rate."""

LOWEST_RATE, HIGHEST_RATE = 1_000, 1_536_000
"""Sample rates that are accepted, in hertz."""

LOUDEST = 1e6
"""Samples beyond this are no sound."""


def path(value: Path, name: str) -> str:
    """A path as text."""
    try:
        text = os.fspath(value)
    except TypeError:
        raise ConfigError(f"{name}: expected a path, got {type(value).__name__}") from None
    if not isinstance(text, str):
        raise ConfigError(f"{name}: expected a path as text, got {type(text).__name__}")
    return text


def is_samples(value: object) -> bool:
    """Whether it is a pair of samples and rate, rather than paths."""
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and not isinstance(value[0], (str, os.PathLike))
    )


def samples(value: object) -> Samples:
    """Samples that can be used, and their rate; else an :class:`AudioError`."""
    if not is_samples(value):
        raise AudioError("expected a path or a pair (samples, rate)")
    pair: Any = value
    given, rate = pair
    if not hasattr(given, "__array__"):
        raise AudioError(
            f"samples: expected an array, got {type(given).__name__}; "
            "convert with numpy.asarray(samples, dtype=numpy.float32)"
        )
    array = np.asarray(given)
    if array.dtype != np.float32:
        remedy = _remedy_for(array.dtype)
        raise AudioError(f"samples: expected float32, got {array.dtype}; {remedy}")
    if array.ndim != 1:
        raise AudioError(
            f"samples: expected one axis, got shape {list(array.shape)}; "
            "mix channels down first: samples.mean(axis=CHANNELS)"
        )
    if not array.size:
        raise AudioError("samples: there are none")
    if not array.flags.c_contiguous:
        raise AudioError(
            f"samples: expected samples without gaps, got a stride of {array.strides[0]} bytes; "
            "copy them with numpy.ascontiguousarray(samples)"
        )
    good = np.abs(array) <= LOUDEST
    if not good.all():
        at = int(np.argmin(good))
        raise AudioError(
            f"sample {at} is {array[at]}, but samples are around -1 to 1; "
            "the file is damaged or was scaled twice"
        )
    return array, sample_rate(rate)


def _remedy_for(dtype: np.dtype[Any]) -> str:
    if dtype.kind in "iu":
        most = float(2 ** (8 * dtype.itemsize - 1))
        return f"divide by the largest value: (samples / {most}).astype(numpy.float32)"
    return "convert with samples.astype(numpy.float32)"


def sample_rate(rate: object) -> int:
    """A sample rate in hertz."""
    if isinstance(rate, bool) or not isinstance(rate, numbers.Integral):
        raise AudioError(f"rate: expected a whole number of hertz, got {rate!r}")
    hertz = int(rate)
    if not LOWEST_RATE <= hertz <= HIGHEST_RATE:
        raise AudioError(f"rate: {hertz} Hz; give {LOWEST_RATE} to {HIGHEST_RATE} Hz")
    return hertz


def spectrogram(value: object, name: str = "features") -> Floats:
    """Features ``[channels, bands, frames]`` that can be used."""
    if not hasattr(value, "__array__"):
        raise AudioError(f"{name}: expected an array, got {type(value).__name__}")
    array = np.asarray(value)
    if array.dtype != np.float32 or array.ndim != 3:
        raise AudioError(
            f"{name}: expected float32 [channels, bands, frames], "
            f"got {array.dtype} {list(array.shape)}"
        )
    if not array.flags.c_contiguous:
        raise AudioError(f"{name}: has gaps; copy it with numpy.ascontiguousarray({name})")
    if not np.isfinite(array).all():
        raise AudioError(f"{name}: holds NaN or infinity, which nothing can be computed with")
    return array


def paths(value: Path | Iterable[Path], name: str = "recordings") -> tuple[list[str], bool]:
    """Paths, and whether one was given rather than several."""
    if isinstance(value, (str, os.PathLike)):
        return [path(value, name)], True
    try:
        found = [path(one, name) for one in value]
    except TypeError:
        raise ConfigError(
            f"{name}: expected a path, paths or (samples, rate), got {type(value).__name__}"
        ) from None
    if not found:
        raise ConfigError(f"{name}: no path is given")
    return found, False


def overrides(changes: Mapping[str, Any] | None) -> list[str]:
    """Changes of recipe keys as the command takes them, ``KEY=VALUE``."""
    return [f"{key}={_toml(value, key)}" for key, value in (changes or {}).items()]


def _toml(value: Any, key: str) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (str, os.PathLike)):
        return json.dumps(os.fspath(value), ensure_ascii=False)
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if isinstance(value, numbers.Real):
        return repr(float(value))
    if isinstance(value, Mapping):
        inner = (f"{json.dumps(str(k))} = {_toml(v, key)}" for k, v in value.items())
        return "{ " + ", ".join(inner) + " }"
    if isinstance(value, Sequence):
        return "[" + ", ".join(_toml(v, key) for v in value) + "]"
    raise ConfigError(
        f"set: {key} = {value!r}: expected a number, text, list or dict (False removes a section)"
    )


def request(**arguments: Any) -> str:
    """Arguments as JSON for the native module."""
    try:
        return json.dumps(arguments, allow_nan=False, default=_plain)
    except ValueError as error:
        raise ConfigError(f"an argument is NaN or infinite: {error}") from None
    except TypeError as error:
        raise ConfigError(f"an argument has the wrong type: {error}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return path(value, "path")
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} {value!r}")


def count(name: str, value: int) -> int:
    """A whole number, 0 or more."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or not 0 <= value < 2**63:
        raise ConfigError(f"{name} = {value!r}: give a whole number, 0 or more")
    return int(value)


def one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuses what is not one of the choices."""
    if value not in choices:
        raise ConfigError(f"{name} = {value!r}: choose {' or '.join(choices)}")


def optional_path(value: Path | None, name: str) -> str | None:
    """A path, where one is given."""
    return None if value is None else path(value, name)


def device_name(device: str | None) -> str:
    """The device that is named, else that of ``EARMARK_DEVICE``, else the CPU."""
    return device or os.environ.get("EARMARK_DEVICE") or "cpu"
