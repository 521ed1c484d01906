"""Keep the acknowledged jobs, and the remarks of the last ``run``, so that ``run`` doesn't repeat them.

Both are small JSON files in the tenant's folder, written by ``ack`` and ``run`` only under the folder's lock.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from analyzer.errors import InputError
from analyzer.storage.files import json_bytes, read_json, write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import polars as pl

_ADVICE = "Restore it, or remove it and acknowledge again."
_LAST_RUN = "last run"
"""A key in the file of remarks; the others are job IDs and feeds."""

_DIGITS = 16
"""Hexadecimal digits of a remark's hash, enough to distinguish the remarks about one job."""


class Acknowledgement(msgspec.Struct):
    """One acknowledged job.

    Attributes:
        since: its time, UTC.
        until: when it ends, UTC; None for no end.
        job: the job's state, error, outcome, and entries at that time; it ends when one of them changes.
    """

    since: datetime
    until: datetime | None
    job: list[str]


class Acknowledgements:
    """The acknowledged jobs of one tenant.

    Attributes:
        damage: why the file can't be read, so that no job counts as acknowledged; None if it can.
    """

    def __init__(self, folder: Path) -> None:
        """Read the file in the tenant's folder."""
        self._path = folder / "acknowledged.json"
        self._by_id: dict[str, Acknowledgement] = {}
        self.damage: InputError | None = None
        try:
            self._by_id = read_json(self._path, dict[str, Acknowledgement], self._by_id, _ADVICE)
        except InputError as error:
            self.damage = error

    def valid(self, jobs: pl.DataFrame, now: datetime) -> dict[str, Acknowledgement]:
        """Return the acknowledgements that apply now (UTC) to rows of the table ``jobs``, by job ID."""
        valid = {}
        for job in jobs.iter_rows(named=True) if self._by_id else ():
            one = self._by_id.get(job["job_id"])
            if one and (one.until is None or now < one.until) and one.job == _state_of(job):
                valid[job["job_id"]] = one
        return valid

    def add(self, job: Mapping[str, Any], now: datetime, until: datetime | None) -> Acknowledgement:
        """Acknowledge a job, a row of the table ``jobs``.

        Raises:
            InputError: the file is damaged.
            OutputError: it can't be written.
        """
        self._by_id[job["job_id"]] = added = Acknowledgement(now, until, _state_of(job))
        self._write()
        return added

    def remove(self, job_id: str) -> bool:
        """Undo an acknowledgement; return whether there was one.

        Raises:
            InputError: the file is damaged.
            OutputError: it can't be written.
        """
        if self._by_id.pop(job_id, None) is None:
            return False
        self._write()
        return True

    def _write(self) -> None:
        if self.damage:
            raise self.damage
        write_bytes(self._path, json_bytes(self._by_id))


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to show once.

    Attributes:
        about: the job's ID, or the feed's name.
        text: sentences.
        key: equal for the same remark of two nights; empty to compare the text.
    """

    about: str
    text: str
    key: str = ""


class Remarks:
    """The remarks of the last ``run``, which the next one doesn't repeat.

    Only the last run's are kept: the file stays small, and a remark that didn't apply for a night is shown again. If
    the file is missing or damaged, all remarks are shown.
    """

    def __init__(self, folder: Path) -> None:
        """Read the file in the tenant's folder."""
        self._path = folder / "remarks.json"
        self._known: dict[str, list[str]] = {}
        with contextlib.suppress(InputError):
            self._known = read_json(self._path, dict[str, list[str]], self._known, _ADVICE)

    @property
    def last_run(self) -> datetime | None:
        """When the run that wrote the file began; None if unknown."""
        try:
            return datetime.fromisoformat(self._known[_LAST_RUN][0])
        except (LookupError, ValueError):
            return None

    def new(self, remarks: Iterable[Remark]) -> list[Remark]:
        """Return the remarks that the last run didn't make."""
        return [one for one in remarks if _hash(one) not in self._known.get(one.about, ())]

    def keep(self, remarks: Iterable[Remark], now: datetime) -> None:
        """Write the remarks of a run that began at ``now``.

        Raises:
            OutputError: the file can't be written.
        """
        kept: dict[str, list[str]] = {_LAST_RUN: [now.isoformat()]}
        for one in remarks:
            hashes = kept.setdefault(one.about, [])
            if _hash(one) not in hashes:
                hashes.append(_hash(one))
        write_bytes(self._path, json_bytes(kept))


def _state_of(job: Mapping[str, Any]) -> list[str]:
    return [str(job[column]) for column in ("state", "error", "outcome", "entries")]


def _hash(remark: Remark) -> str:
    text = (remark.key or remark.text).encode(errors="backslashreplace")
    return hashlib.sha256(text).hexdigest()[:_DIGITS]
