"""Long work: fit, train, evaluate."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from . import _arguments as arguments
from . import _earmark
from ._arguments import Path
from ._progress import Observer, OnStep, Progress
from ._table import warn_about


def fit(
    data: Path,
    out: Path | None = None,
    *,
    minutes: float | None = None,
    model: Path | None = None,
    fold: int | None = None,
    fold_table: Path | None = None,
    independent: bool = False,
    background: Path | None = None,
    set: Mapping[str, Any] | None = None,
    restart: bool = False,
    device: str | None = None,
    progress: Progress = None,
) -> dict[str, Any]:
    """Makes the best model of a folder of labelled sounds, as ``earmark fit`` does.

    Ctrl-C ends it; the same call resumes.

    Args:
        data: a folder per class, or a folder with a table.
        out: the model file to write. Default: the folder's name with ``.safetensors``. What is made
            on the way is in ``OUT.fit``.
        minutes: that it may take; a way that takes longer is left out, except the first.
        model: the network to begin with. Default: the first installed published one; without any,
            networks are trained from scratch.
        fold: see nothing of this fold until the finished model is tested on it.
        fold_table: folds to use in place of those of the data.
        independent: a recording may have several of the classes, or none.
        background: a folder of recordings of none of the classes.
        set: keys of the recipe to change; ``data.`` keys say how the folder is read.
        restart: start over instead of resuming.
        device: as of :func:`earmark.load`.
        progress: ``progress(stage, done, total)``, or ``True`` for a bar of tqdm.

    Returns:
        What ``earmark fit --json`` prints: ``model``, ``chosen``, ``ways``, ``thresholds``,
        ``held_out``, ``warnings``, ``skipped``, ``damaged`` and more.
    """
    changes = dict(set or {})
    options = {key[5:]: changes.pop(key) for key in list(changes) if key.startswith("data.")}
    name = os.path.basename(os.path.realpath(arguments.path(data, "data")))
    request = arguments.request(
        data=arguments.path(data, "data"),
        options=options,
        out=f"{name}.safetensors" if out is None else arguments.path(out, "out"),
        set=arguments.overrides(changes),
        model=arguments.optional_path(model, "model"),
        fold=fold,
        fold_table=arguments.optional_path(fold_table, "fold_table"),
        independent=independent,
        background=arguments.optional_path(background, "background"),
        minutes=minutes,
        restart=restart,
        device=arguments.device_name(device),
    )
    with Observer(progress) as observer:
        return _done(_earmark.fit(request, observer))


def train(
    recipe: Path,
    data: Path,
    run: Path | None = None,
    *,
    set: Mapping[str, Any] | None = None,
    fold: int | None = None,
    fold_table: Path | None = None,
    init_from: Path | None = None,
    resume: bool = False,
    device: str | None = None,
    on_step: OnStep = None,
    progress: Progress = None,
) -> dict[str, Any]:
    """Trains a recipe on a data folder, as ``earmark train`` does.

    Ctrl-C ends it after the current step and leaves a run that ``resume=True`` continues; on the
    CPU it ends with the same bytes as without the interruption.

    Args:
        recipe: a built-in name such as ``"folder"``, a path, or a complete recipe as TOML.
        data: the data folder.
        run: the run directory. Default: a new numbered folder under ``runs/``.
        set: keys of the recipe to change, such as ``{"train.epochs": 20}``.
        fold: hold out this fold as the test fold.
        fold_table: folds to use in place of those of the data.
        init_from: a model whose weights the training starts from.
        resume: continue the run.
        device: as of :func:`earmark.load`.
        on_step: called after each step with ``{"step", "total", "loss", "rate"}``; ``False`` as its
            result ends the training as Ctrl-C does, without an exception.
        progress: ``progress(stage, done, total)``, or ``True`` for a bar of tqdm.

    Returns:
        What ``earmark train --json`` prints: ``run``, ``step``, ``total``, ``interrupted``,
        ``best``, ``warnings``, ``skipped``, ``damaged`` and more.
    """
    request = arguments.request(
        recipe=arguments.path(recipe, "recipe"),
        set=arguments.overrides(set),
        data=arguments.path(data, "data"),
        run=arguments.optional_path(run, "run"),
        fold=fold,
        fold_table=arguments.optional_path(fold_table, "fold_table"),
        init_from=arguments.optional_path(init_from, "init_from"),
        resume=resume,
        device=arguments.device_name(device),
    )
    with Observer(progress, on_step) as observer:
        return _done(_earmark.train(request, observer))


def evaluate(
    run: Path,
    data: Path,
    *,
    fold: int | None = None,
    fold_table: Path | None = None,
    subset: str | None = None,
    every: int | None = None,
    eval_dir: Path | None = None,
    device: str | None = None,
    progress: Progress = None,
) -> dict[str, Any]:
    """Evaluates a run on its test clips, as ``earmark eval`` does.

    Args:
        run: the run directory.
        data: the data folder.
        fold: evaluate on this fold instead of the run's own test fold.
        fold_table: folds to use in place of those of the data.
        subset: evaluate on this subset. Default: the test fold, or the subset ``test``.
        every: evaluate every Nth checkpoint and the last. Default: the best one alone.
        eval_dir: folder of the results. Default: ``eval`` in the run.
        device: as of :func:`earmark.load`.
        progress: ``progress(stage, done, total)``, or ``True`` for a bar of tqdm.

    Returns:
        ``results`` by step, each as :func:`earmark.score` gives it; ``optimistic``, why they are
        too high where clips had a part in making the model; ``eval_dir``, ``skipped``, ``damaged``.
    """
    request = arguments.request(
        run=arguments.path(run, "run"),
        data=arguments.path(data, "data"),
        fold=fold,
        fold_table=arguments.optional_path(fold_table, "fold_table"),
        subset=subset,
        every=every,
        eval_dir=arguments.optional_path(eval_dir, "eval_dir"),
        device=arguments.device_name(device),
    )
    with Observer(progress) as observer:
        done = _done(_earmark.evaluate(request, observer))
    done["results"] = {int(step): report for step, report in done["results"].items()}
    return done


def _done(text: str) -> dict[str, Any]:
    """The result of a job; what it left out is named."""
    result: dict[str, Any] = json.loads(text)
    pairs = {key: [(file, why) for file, why in result[key]] for key in ("skipped", "damaged")}
    result.update(pairs)
    warn_about(pairs["skipped"], pairs["damaged"], 3)
    return result
