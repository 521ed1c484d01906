"""Stdout and stderr where nobody can read them any more."""

from __future__ import annotations

import os
import sys


def discard_output() -> None:
    """Sends what is still to be printed nowhere, also what Python flushes at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_error(line: str) -> None:
    """A line to stderr. Where it is a closed pipe or a full disk, the work goes on, and the exit code tells."""
    try:
        # In one piece, as several threads may have something to say.
        print(f"{line}\n", end="", file=sys.stderr, flush=True)  # noqa: T201
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
