"""What a network sees of a sound: front ends, and augmentation for training loops of one's own."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import _arguments as arguments
from . import _earmark
from ._arguments import Audio, Floats, Path
from ._errors import ConfigError
from ._table import warn_about

if TYPE_CHECKING:
    from ._model import Model


def _recipe_of(recipe: Path | Model, changes: Mapping[str, Any] | None) -> str:
    """A complete recipe as TOML, of a name, a path, TOML, or a model."""
    text: str | None
    if isinstance(recipe, (str, os.PathLike)):
        text = arguments.path(recipe, "recipe")
    else:
        text = getattr(recipe, "recipe", None)
    if not isinstance(text, str):
        raise ConfigError(f"recipe: expected a name, path or model, got {type(recipe).__name__}")
    return _earmark.recipe_toml(text, arguments.overrides(changes))


def features(
    audio: Audio, recipe: Path | Model, *, set: Mapping[str, Any] | None = None
) -> Floats:
    """What a network sees of a recording, as ``earmark features`` writes it.

    Args:
        audio: a path or ``(samples, rate)``.
        recipe: a recipe's name, path or TOML, or a model.
        set: keys of the recipe to change.

    Returns:
        float32 ``[channels, bands, frames]``, in the unit of the recipe's amplitude scale.
    """
    return FrontEnd(recipe, set=set)(audio)


class FrontEnd:
    """The front end of a recipe: audio to features.

    It starts no threads and pickles with its whole recipe, so that it can be used in the workers of
    a PyTorch ``DataLoader``, forked or not.

    Attributes:
        sample_rate: rate that audio is resampled to, in hertz.
        channels, bands: of the features.
        frames_per_second: in general a fraction.
        segment_frames, segment_hop_frames: of the recipe's segments; ``None`` where each clip is
            one segment of its own length.
    """

    def __init__(self, recipe: Path | Model, *, set: Mapping[str, Any] | None = None) -> None:
        self._recipe = _recipe_of(recipe, set)
        self._native = _earmark.NativeFrontEnd(self._recipe)
        facts = json.loads(self._native.describe())
        self.sample_rate: int = facts["sample_rate"]
        self.channels: int = facts["channels"]
        self.bands: int = facts["bands"]
        self.frames_per_second: float = facts["frames_per_second"]
        self.segment_frames: int | None = facts["segment_frames"]
        self.segment_hop_frames: int | None = facts["segment_hop_frames"]

    def __repr__(self) -> str:
        shape = f"[{self.channels}, {self.bands}, frames]"
        return f"<earmark.FrontEnd {self.sample_rate} Hz to {shape}>"

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "_native"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._native = _earmark.NativeFrontEnd(self._recipe)

    def __call__(self, audio: Audio, *, damaged: str = "refuse") -> Floats:
        """Features of a recording, ``[channels, bands, frames]``, ready for a network.

        Args:
            audio: a path or ``(samples, rate)``.
            damaged: ``refuse`` a damaged file, or ``salvage`` what is whole of it.
        """
        return self._features(audio, damaged, True)

    def log_mel(self, audio: Audio, *, damaged: str = "refuse") -> Floats:
        """The same before deltas and scaling: what :class:`Augmentation` changes."""
        return self._features(audio, damaged, False)

    def postprocess(self, log_mel: Floats) -> Floats:
        """Deltas and scaling: ``[channels, bands, frames]`` to a network's input."""
        array = arguments.spectrogram(log_mel, "log_mel")
        values, shape = self._native.postprocess(array.reshape(-1), array.shape)
        return values.reshape(shape)

    def segments(self, features: Floats) -> Floats:
        """The segments of features, padded: ``[segments, channels, bands, segment_frames]``."""
        array = arguments.spectrogram(features)
        values, count, shape = self._native.segments(array.reshape(-1), array.shape)
        return values.reshape(count, *shape)

    def _features(self, audio: Audio, damaged: str, postprocess: bool) -> Floats:
        arguments.one_of("damaged", damaged, ("refuse", "salvage"))
        if arguments.is_samples(audio):
            samples, rate = arguments.samples(audio)
            values, shape = self._native.of_samples(samples, rate, postprocess)
            return values.reshape(shape)
        path = arguments.path(audio, "audio")  # type: ignore[arg-type]
        salvage = damaged == "salvage"
        values, shape, lost, _ = self._native.of_file(path, salvage, postprocess)
        if lost is not None:
            warn_about([], [(path, lost)], 3)
        return values.reshape(shape)


class Augmentation:
    """The augmentations of a recipe, for training loops of one's own.

    Each draw depends on (seed, epoch, item) alone, whatever the process or the order of calls. It
    starts no threads and pickles with its whole recipe. In a ``Dataset``::

        def __getitem__(self, item):
            samples = self.augmentation.waveform(self.clips[item], epoch=self.epoch, item=item)
            log_mel = self.front_end.log_mel((samples, self.front_end.sample_rate))
            segment = self.augmentation.spectrogram(log_mel, epoch=self.epoch, item=item)
            return self.front_end.postprocess(segment), self.labels[item]

    Attributes:
        changes_samples: whether the recipe augments waveforms.
        crops: whether segments are cut from anywhere in a clip rather than at regular places.
        sample_rate: rate of the samples that it takes, in hertz.
        last_changes: what the last call of this object did, in words.
        last_ratio: the first sound's share of the labels, where the last call mixed two.
    """

    def __init__(
        self, recipe: Path | Model, *, seed: int = 0, set: Mapping[str, Any] | None = None
    ) -> None:
        self._state = (_recipe_of(recipe, set), arguments.count("seed", seed))
        self._open()

    def _open(self) -> None:
        self._native = _earmark.NativeAugment(*self._state)
        self.changes_samples, self.crops, self.sample_rate = self._native.describe()
        self.last_changes: list[str] = []
        self.last_ratio: float | None = None

    def __getstate__(self) -> tuple[str, int]:
        return self._state

    def __setstate__(self, state: tuple[str, int]) -> None:
        self._state = state
        self._open()

    def waveform(
        self, samples: Floats, *, epoch: int, item: int, partner: Floats | None = None
    ) -> Floats:
        """Augments samples ``[samples]`` at :attr:`sample_rate`; their number may change.

        With a partner, and where the recipe mixes waveforms, both are mixed by
        :attr:`last_ratio`; mix the labels by the same.
        """
        given, _ = arguments.samples((samples, self.sample_rate))
        other = None if partner is None else arguments.samples((partner, self.sample_rate))[0]
        found = self._native.waveform(given, other, _draw(epoch, item))
        values, self.last_ratio, self.last_changes = found
        return values

    def spectrogram(self, log_mel: Floats, *, epoch: int, item: int, segment: int = 0) -> Floats:
        """One augmented segment ``[channels, bands, segment_frames]`` of a clip's log-mel features.

        Regular segment number ``segment``, or, where the recipe crops, one from anywhere.
        """
        array = arguments.spectrogram(log_mel, "log_mel")
        found = self._native.segment(
            array.reshape(-1), array.shape, arguments.count("segment", segment), _draw(epoch, item)
        )
        values, shape, self.last_changes = found
        return values.reshape(shape)


def _draw(epoch: int, item: int) -> tuple[int, int]:
    return arguments.count("epoch", epoch), arguments.count("item", item)
