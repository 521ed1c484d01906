"""The rows of what only we know of a library: when we looked and what we saw."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec reads the annotations

import msgspec

from analyzer.source.damage import Damage  # noqa: TC001 - likewise

COUNTING = 1
"""Rises with what is counted, so that a file that was counted for less is counted again."""


class PullTime(msgspec.Struct, frozen=True, omit_defaults=True):
    """``pull.json``: when the tenant was last looked at (UTC), and which tenant it was."""

    pulled_at: datetime
    tenant: str | None = None


class Observation(msgspec.Struct, frozen=True):
    """One row of ``observations.json``: a pull saw a job new or changed. Times in UTC."""

    job_id: str
    observed_at: datetime
    previous_pull_at: datetime | None
    state: int
    error: int


class FileSeen(msgspec.Struct, frozen=True, omit_defaults=True):
    """One value of ``files.json``, by the file's key (``paths``): what the tenant said of the file that we hold.

    Attributes:
        etag: the tenant's mark of the version.
        length: in bytes.
        sha256: in hexadecimal, as we wrote it; empty where it is not known.
        modified_ns: when our copy was written, by the file system.
        modified: when the tenant's was, ISO 8601 as the tenant says it; empty where it does not.
        host: that the file came from, in lower case; empty where an earlier version noted it, by its path alone.
    """

    etag: str
    length: int
    sha256: str = ""
    modified_ns: int = 0
    modified: str = ""
    host: str = ""


class JobNotes(msgspec.Struct, frozen=True, omit_defaults=True):
    """One value of ``notes.json``, by job id.

    Attributes:
        source: where the source file lies in the library, where that is not its path on the server.
        source_modified: when the tenant's version of that was written; as in ``FileSeen``.
        source_sha256: of that, as it was pulled; as in ``FileSeen``.
        source_missing: why we have no source file.
        log_missing: why we have no log, though there should be one.
        fetched: its source file was fetched by a pull that has not ended, or that broke off.
        pending: the job was seen by a pull that was about other jobs: its files are still to be fetched.
    """

    source: str | None = None
    source_modified: str | None = None
    source_sha256: str | None = None
    source_missing: str | None = None
    log_missing: str | None = None
    fetched: bool = False
    pending: bool = False


class Counted(msgspec.Struct, frozen=True, omit_defaults=True):
    """One value of ``counts.json``, by path in the library: what a source file held when it was counted.

    Attributes:
        size: in bytes, with ``modified_ns`` what tells that the file is still the same.
        modified_ns: when the file was last written, by the file system.
        users, property_values, guid_ids, without_id, damage: as ``source.measure`` counts them.
        problem: why it could not be counted.
        counting: what it was counted for; ``COUNTING`` where that is all of these.
    """

    size: int
    modified_ns: int
    users: int | None = None
    property_values: int | None = None
    guid_ids: bool = False
    problem: str | None = None
    without_id: int | None = None
    damage: tuple[Damage, ...] = ()
    counting: int = 0
