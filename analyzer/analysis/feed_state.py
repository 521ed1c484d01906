"""What is kept of a feed's jobs between two computations of their open users (``analysis.open_and_superseded``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import msgspec

from analyzer.analysis.open_and_superseded import SourceUsers
from analyzer.model.identity import IdKind  # noqa: TC001 - msgspec reads the annotations

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from collections.abc import Set as AbstractSet

    import polars as pl

    from analyzer.analysis.open_and_superseded import Import


class SourceFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a job's source file without reading all of it.

    Attributes:
        source: the caller's fingerprint of the file; empty if there was none.
        log: the caller's fingerprint of the users in the job's log.
        usual: the ID property of the feed's other files with which these facts were gathered; may be empty.
        proven: the ID property that the job's own log proves; empty if none, None if that was not needed.
        id_property: the file's ID property; empty if unknown.
        kind: the kind of its IDs; None if unknown or mixed.
        sample: keys of the first users, a line each; empty if unknown. As one text, it is read and compared faster.
        properties: the properties in the file except the ID property, in lower case; None if unknown.
    """

    source: str = ""
    log: str = ""
    usual: str = ""
    proven: str | None = None
    id_property: str = ""
    kind: IdKind | None = None
    sample: str = ""
    properties: tuple[str, ...] | None = None


class JobState(msgspec.Struct, frozen=True, omit_defaults=True):
    """The result of one job, which the caller keeps as JSON and passes again the next time.

    Attributes:
        open: number of users that neither this job nor a later one updated; None if unknown.
        due: number of open users who failed in no later job; None if unknown.
        superseded_by: the later run that superseded the job; None if there is none.
        facts: of its source file; None if none were needed so far.
        place: the job's place in its feed when this was computed, from 0.
        signature: digest of what ``superseded_by`` depends on.
        stream: the first job of the stream of files that the job belongs to; empty if its feed is one stream.
    """

    open: int | None = None
    due: int | None = None
    superseded_by: str | None = None
    facts: SourceFacts | None = None
    place: int = 0
    signature: str = ""
    stream: str = ""


@dataclass(frozen=True, slots=True)
class FeedJob:
    """One job of a feed.

    Attributes:
        job: its facts, with an empty ``failed``: the users in its log are loaded only when they are needed.
        log: a fingerprint that changes when the users in its log do.
        source: a fingerprint that changes when its source file does; empty if there is no copy that it certainly read.
        stored: the state after the last computation; None for a new job.
    """

    job: Import
    log: str
    source: str = ""
    stored: JobState | None = None


class Checkpoints(Protocol):
    """One feed's checkpoints, which the caller keeps. A missing one only costs time."""

    def names(self) -> Collection[str]:
        """Return the names of all checkpoints: hexadecimal digests."""

    def load(self, name: str) -> tuple[bytes, pl.DataFrame] | None:
        """Return a checkpoint as it was saved; None if it can't be read."""

    def save(self, name: str, header: bytes, users: pl.DataFrame) -> None:
        """Save a checkpoint: JSON, and a table with the columns ``key`` String and ``class`` UInt32."""

    def remove(self, name: str) -> None:
        """Remove a checkpoint."""


class FeedSource(SourceUsers, Protocol):
    """The users of a feed's source files."""

    def version_of(self, job_id: str) -> str:
        """Return a text that changes when the other answers about a file do, except because it was removed."""

    def keys_of(self, job_id: str, users: AbstractSet[int]) -> Mapping[int, str]:
        """Return the keys of some users, if they are in a job's source file."""
