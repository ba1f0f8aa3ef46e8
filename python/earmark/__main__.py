"""The command ``earmark``, and ``python -m earmark``."""

import sys

from ._earmark import run_command


def main() -> None:
    """Runs the command line of this process, and ends it with the command's exit status."""
    sys.exit(run_command(["earmark", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
