"""What a pull is told and what it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from analyzer.errors import FaultError, ThresholdError


@dataclass(frozen=True, slots=True)
class Choice:
    """What to pull.

    Attributes:
        job_ids: only these jobs' files, each by as much of its id as is its alone; empty for all.
        since: only logs and source files of jobs that ran since (UTC).
        everything: also what seems unchanged.
    """

    job_ids: frozenset[str] = frozenset()
    since: datetime | None = None
    everything: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that could not be had, and why."""

    job_id: str
    what: str
    because: str


@dataclass(slots=True)
class Pulled:
    """What a pull brought.

    Attributes:
        tenant: the tenant's host.
        new: ids of jobs that were not in the library.
        changed: ids of jobs whose state or error changed.
        gone: ids of jobs that the tenant no longer lists since this pull.
        log_files: log files written.
        source_files: source files written.
        received: bytes written of both.
        left_out: what could not be had, as seen in this pull.
        fault: why the last thing did not come at which the tenant failed; the next pull asks for it again.
        unlisted: why the job list did not come, though the rest did: new jobs are not seen.
    """

    tenant: str
    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    log_files: int = 0
    source_files: int = 0
    received: int = 0
    left_out: list[LeftOut] = field(default_factory=list)
    fault: FaultError | None = None
    unlisted: ThresholdError | None = None
