"""What can go wrong. Messages name place, value and remedy, in the words of the command."""


class EarmarkError(Exception):
    """Anything that earmark refuses or fails at."""


class ConfigError(EarmarkError, ValueError):
    """A recipe, a setting or an argument that can't work."""


class DataError(EarmarkError, ValueError):
    """A data folder, a table or scores that can't be used."""


class ModelError(EarmarkError):
    """A model or a run that can't be used."""


class AudioError(EarmarkError, ValueError):
    """A recording that can't be read, or samples that can't be used."""


class OutputError(EarmarkError, OSError):
    """A file that can't be written."""


class RecordingWarning(UserWarning):
    """Recordings that were skipped, or used in part; each is named, with the reason."""
