"""What ``run`` no longer says: jobs that somebody acknowledged, and remarks that it has made before.

Both are small JSON files in the tenant's folder. Only a command that holds the folder's lock writes them: ``ack`` the
one, ``run`` the other.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from analyzer.errors import InputError
from analyzer.storage.files import read_bytes, write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import polars as pl

_T = TypeVar("_T")
_LAST_RUN = "last run"
"""Beside job IDs and feeds in the file of remarks."""

_DIGITS = 16
"""Of a remark's hash: two remarks about one job with the same digits are as good as impossible."""


class Acknowledgement(msgspec.Struct):
    """One job that somebody knows about.

    Attributes:
        since: when it was acknowledged, UTC.
        until: when that ends, UTC; None for good.
        job: the job's state, error, outcome, and entries at that time; it ends when one of them changes.
    """

    since: datetime
    until: datetime | None
    job: list[str]


class Acknowledgements:
    """The acknowledged jobs of one tenant.

    Attributes:
        damage: why the file can't be read; no job counts as acknowledged then. None where it can.
    """

    def __init__(self, folder: Path) -> None:
        """Read the file in the tenant's folder."""
        self._path = folder / "acknowledged.json"
        nothing: dict[str, Acknowledgement] = {}
        self._by_id, self.damage = _read(self._path, dict[str, Acknowledgement], nothing)

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
        _write(self._path, self._by_id)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to say once.

    Attributes:
        about: the job's ID, or the feed's name.
        text: sentences.
        key: what makes it the same remark as another night's; empty for the text itself.
    """

    about: str
    text: str
    key: str = ""


class Remarks:
    """The remarks that the last ``run`` knew: what it says again is nothing new.

    Only the last run's are kept, so that the file stays small, and what was settled in between is said again. A file
    that is missing or damaged means that everything is said again.
    """

    def __init__(self, folder: Path) -> None:
        """Read the file in the tenant's folder."""
        self._path = folder / "remarks.json"
        nothing: dict[str, list[str]] = {}
        self._known, _ = _read(self._path, dict[str, list[str]], nothing)

    @property
    def last_run(self) -> datetime | None:
        """When the run began that wrote the file; None where that is unknown."""
        try:
            return datetime.fromisoformat(self._known[_LAST_RUN][0])
        except (LookupError, ValueError):
            return None

    def new(self, remarks: Iterable[Remark]) -> list[Remark]:
        """Return those that were not made before."""
        return [one for one in remarks if _hash(one) not in self._known.get(one.about, ())]

    def keep(self, remarks: Iterable[Remark], now: datetime) -> None:
        """Write down what is known now, at the end of a run that began at ``now``.

        Raises:
            OutputError: the file can't be written.
        """
        kept: dict[str, list[str]] = {_LAST_RUN: [now.isoformat()]}
        for one in remarks:
            of_one = kept.setdefault(one.about, [])
            if _hash(one) not in of_one:
                of_one.append(_hash(one))
        _write(self._path, kept)


def _state_of(job: Mapping[str, Any]) -> list[str]:
    return [str(job[column]) for column in ("state", "error", "outcome", "entries")]


def _hash(remark: Remark) -> str:
    text = (remark.key or remark.text).encode(errors="backslashreplace")
    return hashlib.sha256(text).hexdigest()[:_DIGITS]


def _read(path: Path, form: type[_T], missing: _T) -> tuple[_T, InputError | None]:
    if not path.exists():
        return missing, None
    try:
        return msgspec.json.decode(read_bytes(path), type=form), None
    except InputError as error:
        return missing, error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return missing, InputError(f"{path} is damaged: {error}", "Restore it, or remove it and acknowledge again.")


def _write(path: Path, content: object) -> None:
    write_bytes(path, msgspec.json.format(msgspec.json.encode(content, order="deterministic"), indent=1) + b"\n")
