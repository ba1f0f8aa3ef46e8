"""Train, evaluate and run audio taggers.

>>> import earmark
>>> model = earmark.load("efficientat-mn04-as")        # earmark models get efficientat-mn04-as
>>> model.tag("dog.ogg").to_pandas()                   # events with start, end, class and score

Audio is a path, or a pair ``(samples, rate)``: mono float32 samples around -1 to 1 in an array of
shape ``[samples]``, and their rate in hertz. Scores are float32, the same to the last bit as those
of the command ``earmark``. Long work runs without the interpreter's lock and ends at Ctrl-C.
"""

from ._earmark import set_threads
from ._earmark import version as _version
from ._errors import (
    AudioError,
    ConfigError,
    DataError,
    EarmarkError,
    ModelError,
    OutputError,
    RecordingWarning,
)
from ._front_end import Augmentation, FrontEnd, features
from ._jobs import evaluate, fit, train
from ._model import Model, load, recipe, recordings
from ._score import score
from ._table import Table

__version__ = _version()

__all__ = [
    "AudioError",
    "Augmentation",
    "ConfigError",
    "DataError",
    "EarmarkError",
    "FrontEnd",
    "Model",
    "ModelError",
    "OutputError",
    "RecordingWarning",
    "Table",
    "evaluate",
    "features",
    "fit",
    "load",
    "recipe",
    "recordings",
    "score",
    "set_threads",
    "train",
]
