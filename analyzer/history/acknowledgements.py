"""What ``run`` no longer shows: acknowledged jobs, and remarks that it made before.

Both are small JSON files in the tenant's folder, written only under the folder's lock: by ``ack`` and by ``run``.
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
"""A key beside job IDs and feeds in the file of remarks."""

_DIGITS = 16
"""Hexadecimal digits of a remark's hash; enough to tell the remarks about one job apart."""


class Acknowledgement(msgspec.Struct):
    """One acknowledged job.

    Attributes:
        since: when it was acknowledged, UTC.
        until: when that ends, UTC; None for no end.
        job: the job's state, error, outcome, and entries at that time; the acknowledgement ends when one changes.
    """

    since: datetime
    until: datetime | None
    job: list[str]


class Acknowledgements:
    """The acknowledged jobs of one tenant.

    Attributes:
        damage: why the file can't be read, so that no job counts as acknowledged; None where it can.
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
        """Return those of the jobs that are acknowledged now, by ID.

        Args:
            jobs: as ``load`` gives them.
            now: UTC.
        """
        found = {}
        for job in jobs.iter_rows(named=True) if self._by_id else ():
            one = self._by_id.get(job["job_id"])
            if one and (one.until is None or now < one.until) and one.job == _state_of(job):
                found[job["job_id"]] = one
        return found

    def add(self, job: Mapping[str, Any], now: datetime, until: datetime | None) -> Acknowledgement:
        """Acknowledge a job, given by its row of the table ``jobs``.

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
        key: what makes two nights' remarks the same; empty for the text itself.
    """

    about: str
    text: str
    key: str = ""


class Remarks:
    """The remarks of the last ``run``, which the next one doesn't repeat.

    Only the last run's are kept: the file stays small, and a remark that didn't apply for a night is shown again. After
    a missing or damaged file, everything is.
    """

    def __init__(self, folder: Path) -> None:
        """Read the file in the tenant's folder."""
        self._path = folder / "remarks.json"
        self._known: dict[str, list[str]] = {}
        with contextlib.suppress(InputError):
            self._known = read_json(self._path, dict[str, list[str]], self._known, _ADVICE)

    @property
    def last_run(self) -> datetime | None:
        """When the run began that wrote the file; None where unknown."""
        try:
            return datetime.fromisoformat(self._known[_LAST_RUN][0])
        except (LookupError, ValueError):
            return None

    def new(self, remarks: Iterable[Remark]) -> list[Remark]:
        """Return those that were not made before."""
        return [one for one in remarks if _hash(one) not in self._known.get(one.about, ())]

    def keep(self, remarks: Iterable[Remark], now: datetime) -> None:
        """Write the remarks of a run that began at ``now``.

        Raises:
            OutputError: the file can't be written.
        """
        kept: dict[str, list[str]] = {_LAST_RUN: [now.isoformat()]}
        for one in remarks:
            of_one = kept.setdefault(one.about, [])
            if _hash(one) not in of_one:
                of_one.append(_hash(one))
        write_bytes(self._path, json_bytes(kept))


def _state_of(job: Mapping[str, Any]) -> list[str]:
    return [str(job[column]) for column in ("state", "error", "outcome", "entries")]


def _hash(remark: Remark) -> str:
    text = (remark.key or remark.text).encode(errors="backslashreplace")
    return hashlib.sha256(text).hexdigest()[:_DIGITS]
