"""Models: open, tag, predict, embed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from . import _earmark
from . import _arguments as arguments
from ._arguments import Audio, Floats, Path
from ._errors import AudioError, ConfigError, ModelError
from ._progress import Observer, Progress, log
from ._table import Table, warn_about

EVENT_COLUMNS = ("file", "start_seconds", "end_seconds", "class", "score")


def load(
    model: Path | Iterable[Path], *, device: str | None = None, mean: str = "geometric"
) -> Model:
    """Opens a model.

    Args:
        model: ``MODEL.safetensors``, a run directory (its best weights), ``RUN@STEP``, the name of
            an installed published model, or a cross-validation run, which means the models of all
            its folds. Several models of the same classes are blended.
        device: ``cpu``, or one that this build includes; default: ``EARMARK_DEVICE``, else ``cpu``.
        mean: how several are blended, ``geometric`` or ``arithmetic``.

    Raises:
        ModelError: there is no such model, or its file can't be used.
    """
    names, _ = arguments.paths(model, "model")
    return Model(_earmark.NativeModel(names, mean, arguments.device_name(device)), device, mean)


def recipe(name: Path, set: Mapping[str, Any] | None = None) -> str:
    """The whole recipe of a built-in name or a file as TOML, with defaults written out.

    Args:
        name: such as ``"dcase2019-baseline/esc10"``, or a path.
        set: keys to change, such as ``{"train.epochs": 20}``.
    """
    return _earmark.recipe_toml(arguments.path(name, "name"), arguments.overrides(set))


def recordings(places: Path | Iterable[Path]) -> list[str]:
    """The audio files of folders (at any depth), of patterns such as ``in/**/*.flac``, or files.

    In the order of the command: as given, and by name within a folder.
    """
    found, left_out = _earmark.recordings(arguments.paths(places, "places")[0])
    warn_about(left_out, [], 2)
    return found


class Model:
    """An opened model; :func:`load` makes one. Safe to use from several threads at once.

    It pickles by the paths and contents of its files: unpickling opens them again, and refuses
    files that have changed.

    Attributes:
        classes: names of the classes, in the order of the scores.
        recipe: the recipe that it was trained by, as TOML; ``tomllib.loads(model.recipe)``.
        sample_rate: rate of the samples that its front end takes, in hertz; audio of other rates is
            resampled.
        embedding_size: numbers in an embedding.
        thresholds: threshold of each class by name, where the model is calibrated; else ``None``.
        licence: licence of the weights, where the file says it.
        paths: its files, as absolute paths.
        hashes: BLAKE3 of each, 64 hexadecimal digits.
    """

    def __init__(self, native: _earmark.NativeModel, device: str | None, mean: str) -> None:
        self._native = native
        self._device = device
        self._mean = mean
        facts = json.loads(native.describe())
        self.paths: list[str] = [os.path.abspath(path) for path in facts["paths"]]
        self.hashes: list[str] = facts["hashes"]
        self.classes: list[str] = facts["classes"]
        self.recipe: str = facts["recipe"]
        self.sample_rate: int = facts["sample_rate"]
        self.embedding_size: int = facts["embedding_size"]
        self.licence: str | None = facts["licence"]
        found = facts["thresholds"]
        self.thresholds: dict[str, float] | None = found and dict(zip(self.classes, found))

    def __repr__(self) -> str:
        return f"<earmark.Model {', '.join(self.paths)}: {len(self.classes)} classes>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopen, (self.paths, self.hashes, self._device, self._mean)

    def tag(
        self,
        recordings: Audio | Iterable[Path],
        *,
        threshold: float | str | Mapping[str, float] | None = None,
        windows: bool = False,
        window: float | None = None,
        hop: float | None = None,
        overlap: float | None = None,
        classes: Iterable[str] | None = None,
        release: float = 0.8,
        merge: float = 0.0,
        min_duration: float = 0.0,
        score: str = "max",
        top_k: int | None = None,
        damaged: str = "salvage",
        workers: int = 0,
        progress: Progress = None,
    ) -> Table:
        """Detects sounds, with start and end times.

        Args:
            recordings: a path, paths, folders (all audio in them), or ``(samples, rate)``.
            threshold: minimum score for a class to count as detected, 0 to 1: one for all, one per
                class by name, or ``"model"`` for the model's own. Default: the model's own, or 0.3.
            windows: return the scores of every window instead of events.
            window, hop, overlap: seconds of a window, from one to the next, or shared by two.
                Default: the length that the model was trained on, overlapping by half.
            classes: only these classes.
            release: an event lasts while its score stays above this share of the threshold.
            merge, min_duration: merge events at most this many seconds apart, drop shorter ones.
            score: of an event: ``max`` or ``mean``.
            top_k: only the best classes of each recording.
            damaged: ``salvage`` what is whole of damaged recordings, or ``refuse`` them.
            workers: recordings at a time; 0 is one per core. Results do not depend on it.
            progress: ``progress(stage, done, total)``, or ``True`` for a bar of tqdm.

        Returns:
            A table with a row per event: ``file``, ``start_seconds``, ``end_seconds``, ``class``,
            ``score``; or with ``windows`` a row per window: ``file``, ``start_seconds``,
            ``end_seconds``, and a column of scores per class.

        Raises:
            AudioError: a single recording, or samples, can't be read. Of several, those that can't
                be read are in ``table.skipped``, and a :class:`RecordingWarning` names them.
        """
        if windows and top_k is not None:
            raise ConfigError("top_k: a table of windows has a column per class; leave one out")
        request = arguments.request(
            threshold=_thresholds(threshold),
            windows=windows,
            window=window,
            hop=hop,
            overlap=overlap,
            classes=_classes(classes),
            release=release,
            merge=merge,
            min_duration=min_duration,
            score=score,
            top_k=top_k,
            damaged=damaged,
        )
        if arguments.is_samples(recordings):
            samples, rate = arguments.samples(recordings)
            answer = self._native.tag_samples(samples, rate, request)
            is_single = True
        else:
            paths, is_one = arguments.paths(recordings)  # type: ignore[arg-type]
            is_single = is_one and os.path.isfile(paths[0])
            with Observer(progress) as observer:
                count = arguments.count("workers", workers)
                answer = self._native.tag(paths, request, count, observer)
        return _tag_table(answer, windows, is_single)

    def predict(
        self,
        recordings: Audio | Iterable[Path],
        *,
        unreadable: str = "raise",
        damaged: str = "salvage",
        progress: Progress = None,
    ) -> Floats:
        """Scores of whole recordings, 0 to 1, calibrated where the model is.

        Args:
            recordings: a path, paths, or ``(samples, rate)``; :func:`recordings` lists a folder's.
            unreadable: ``raise`` an :class:`AudioError` that names what can't be read, or fill its
                rows with ``nan`` and warn.
            damaged: ``salvage`` what is whole of damaged recordings, or ``refuse`` them.
            progress: ``progress(stage, done, total)``, or ``True`` for a bar of tqdm.

        Returns:
            float32 ``[recordings, classes]`` in the order given; ``[classes]`` of a single one.
        """
        if arguments.is_samples(recordings):
            return self._native.predict_samples(*arguments.samples(recordings))
        return self._rows(recordings, self._native.predict, unreadable, damaged, progress)

    def embed(
        self,
        recordings: Audio | Iterable[Path],
        *,
        unreadable: str = "raise",
        damaged: str = "salvage",
        progress: Progress = None,
    ) -> Floats:
        """Embeddings of whole recordings: what the network's classifier takes, the mean over time.

        Arguments as of :meth:`predict`.

        Returns:
            float32 ``[recordings, embedding_size]`` in the order given; ``[embedding_size]`` of a
            single one.
        """
        if arguments.is_samples(recordings):
            return self._native.embed_samples(*arguments.samples(recordings))
        return self._rows(recordings, self._native.embed, unreadable, damaged, progress)

    def _rows(
        self, given: Any, compute: Any, unreadable: str, damaged: str, progress: Progress
    ) -> Floats:
        """One row per path, in their order."""
        paths, is_single = arguments.paths(given)
        for one in paths:
            if os.path.isdir(one):
                raise ConfigError(
                    f"{one}: is a folder, whose rows would have no names; "
                    f"list its files: earmark.recordings({one!r})"
                )
            if not _is_text(one):
                raise ConfigError(f"{one!r}: its name is not valid Unicode; rename it")
        arguments.one_of("unreadable", unreadable, ("raise", "nan"))
        arguments.one_of("damaged", damaged, ("salvage", "refuse"))
        with Observer(progress) as observer:
            text, values = compute(list(dict.fromkeys(paths)), damaged == "salvage", observer)
        facts = json.loads(text)
        for file, note in facts["notes"]:
            log.info("%s: %s", file, note)
        skipped = {file: reason for file, reason in facts["skipped"]}
        if skipped and unreadable == "raise":
            raise AudioError("\n".join(f"{file}: {reason}" for file, reason in skipped.items()))
        warn_about(list(skipped.items()), facts["damaged"], 3)
        found = values.reshape(len(facts["files"]), -1) if facts["files"] else None
        width = self.embedding_size if found is None else found.shape[1]
        place = {file: k for k, file in enumerate(facts["files"]) if file not in skipped}
        rows = np.full((len(paths), width), np.nan, dtype=np.float32)
        for k, one in enumerate(paths):
            if one in place and found is not None:
                rows[k] = found[place[one]]
        return rows[0] if is_single else rows


def _tag_table(answer: Any, windows: bool, is_single: bool) -> Table:
    """The table of what tagging answered."""
    text, counts, starts, ends, scores = answer
    facts = json.loads(text)
    entries = facts["recordings"]
    skipped = [(entry["file"], entry["error"]) for entry in entries if entry["error"]]
    if is_single and skipped:
        raise AudioError(": ".join(skipped[0]))
    found = [entry["result"] for entry in entries if entry["result"]]
    damaged = [(one["file"], one.get("note") or "") for one in found if one.get("damaged")]
    warn_about(skipped, damaged, 3)
    if windows:
        files = [e["file"] for e, count in zip(entries, counts) for _ in range(count)]
        columns: dict[str, Any] = dict(zip(EVENT_COLUMNS, (files, starts, ends)))
        if taken := sorted(columns.keys() & set(facts["classes"])):
            raise ConfigError(f"windows: {taken[0]!r} is a class and a column; name other classes")
        rows = scores.reshape(len(files), len(facts["classes"]))
        columns.update((name, rows[:, k].copy()) for k, name in enumerate(facts["classes"]))
    else:
        events = [(one["file"], event) for one in found for event in one["events"]]
        columns = {
            "file": [file for file, _ in events],
            "start_seconds": np.array([e["start_seconds"] for _, e in events], dtype=np.float64),
            "end_seconds": np.array([e["end_seconds"] for _, e in events], dtype=np.float64),
            "class": [event["class"] for _, event in events],
            "score": np.array([event["score"] for _, event in events], dtype=np.float32),
        }
    keys = ("file", "seconds", "top", "note")
    about = [{key: one.get(key) for key in keys} for one in found]
    return Table(columns, skipped=skipped, damaged=damaged, recordings=about)


def _reopen(paths: list[str], hashes: list[str], device: str | None, mean: str) -> Model:
    model = load(paths, device=device, mean=mean)
    for path, then, now in zip(paths, hashes, model.hashes):
        if then != now:
            raise ModelError(f"{path}: has changed since the model was pickled; load it by name")
    return model


def _thresholds(threshold: float | str | Mapping[str, float] | None) -> list[str]:
    """The words of ``--threshold``."""
    if threshold is None:
        return []
    if isinstance(threshold, Mapping):
        return [f"{name}={value}" for name, value in threshold.items()]
    return [str(threshold)]


def _classes(classes: Iterable[str] | None) -> list[str]:
    """The words of ``--classes``; in quotes, a comma is part of a name."""
    if classes is None:
        return []
    names = [classes] if isinstance(classes, str) else list(classes)
    for name in names:
        if not isinstance(name, str):
            raise ConfigError(f"classes: expected names, got {type(name).__name__}")
    if not names:
        raise ConfigError("classes: none is named; leave it out for all")
    return ['"' + name.replace('"', '""') + '"' for name in names]


def _is_text(name: str) -> bool:
    """Whether a name can be in a table: bytes that are not UTF-8 are lone surrogates here."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
