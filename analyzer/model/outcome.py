"""The words for how a job ended; ``outcomes`` tells them."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """How a job ended, by what it means for its users."""

    succeeded = "succeeded"
    partial = "partial"
    aborted = "aborted"
    unknown = "unknown"
    running = "running"
    stuck = "stuck"


FAILED = (Outcome.partial, Outcome.aborted, Outcome.unknown)
"""The outcomes after which there is somebody to retry."""

STILL_OPEN = (Outcome.running, Outcome.stuck)
"""The outcomes of jobs that have not ended."""
