"""What only we need of a library, in its folder ``.upa``: when we looked and what we saw. It may be missing."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from typing import TYPE_CHECKING, TypeVar

import msgspec

from analyzer.errors import InputError
from analyzer.files import read_bytes, write_bytes
from analyzer.library.paths import OWN_FOLDER

if TYPE_CHECKING:
    from pathlib import Path

_T = TypeVar("_T")


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
    """One value of ``files.json``, by server-relative path: what the tenant said of the file that we hold.

    Attributes:
        etag: the tenant's mark of the version.
        length: in bytes.
        sha256: in hexadecimal, as we wrote it; empty where it is not known.
        modified_ns: when our copy was written, by the file system.
    """

    etag: str
    length: int
    sha256: str = ""
    modified_ns: int = 0


class JobNotes(msgspec.Struct, frozen=True, omit_defaults=True):
    """One value of ``notes.json``, by job id.

    Attributes:
        source: where the source file lies in the library, where that is not its path on the server.
        source_missing: why we have no source file.
        log_missing: why we have no log, though there should be one.
        fetched: its source file was fetched by a pull that has not ended, or that broke off.
        pending: the job was seen by a pull that was about other jobs: its files are still to be fetched.
    """

    source: str | None = None
    source_missing: str | None = None
    log_missing: str | None = None
    fetched: bool = False
    pending: bool = False


class Counted(msgspec.Struct, frozen=True, omit_defaults=True):
    """One value of ``counts.json``, by path in the library: what a source file held when it was counted.

    Attributes:
        size: in bytes, with ``modified_ns`` what tells that the file is still the same.
        modified_ns: when the file was last written, by the file system.
        users, property_values, guid_ids: as ``source.measure`` counts them.
        problem: why it could not be counted.
    """

    size: int
    modified_ns: int
    users: int | None = None
    property_values: int | None = None
    guid_ids: bool = False
    problem: str | None = None


class Own:
    """The folder ``.upa`` of one library; reads at once, writes what changed.

    Attributes:
        damaged: the files that could not be read. Reading goes on as if they were missing; nothing is written.
    """

    def __init__(self, root: Path) -> None:
        """Reads what is there."""
        self._folder = root / OWN_FOLDER
        self.damaged: list[InputError] = []
        self.last_pull: PullTime | None = self._load("pull", PullTime | None, None)  # type: ignore[arg-type]
        self.observations = self._load("observations", list[Observation], [])
        self.files = self._load("files", dict[str, FileSeen], {})
        self.notes = self._load("notes", dict[str, JobNotes], {})
        self.counts = self._load("counts", dict[str, Counted], {})
        self._written = {name: self._encoded(name) for name in ("observations", "files", "notes", "counts")}

    def refuse_damaged(self) -> None:
        """For whoever is going to write.

        Raises:
            InputError: a file is damaged.
        """
        if self.damaged:
            raise self.damaged[0]

    def observe(self, seen: Observation) -> None:
        """Keeps an observation, unless a pull since the last whole one, which broke off, already saw the same."""
        for earlier in reversed(self.observations):
            if earlier.previous_pull_at != seen.previous_pull_at:
                break
            if earlier.job_id == seen.job_id:
                if (earlier.state, earlier.error) == (seen.state, seen.error):
                    return
                break
        self.observations.append(seen)

    def save(self) -> None:
        """Writes the files that changed since they were read or written; not the time of the pull.

        Raises:
            InputError: a file is damaged: what it held must not be lost.
            OutputError: a file cannot be written.
        """
        self.refuse_damaged()
        for name, before in self._written.items():
            content = self._encoded(name)
            if content != before:
                write_bytes(self._folder / f"{name}.json", content)
                self._written[name] = content

    def save_pull(self, pulled: PullTime) -> None:
        """Writes the time of the pull, the last thing that a pull does.

        Raises:
            OutputError: it cannot be written.
        """
        write_bytes(self._folder / "pull.json", msgspec.json.encode(pulled) + b"\n")
        self.last_pull = pulled

    def note(self, job_id: str, **changes: str | bool | None) -> None:
        """Changes the notes on a job."""
        noted = msgspec.structs.replace(self.notes.get(job_id, JobNotes()), **changes)
        if noted == JobNotes():
            self.notes.pop(job_id, None)
        else:
            self.notes[job_id] = noted

    def _load(self, name: str, form: type[_T], missing: _T) -> _T:
        path = self._folder / f"{name}.json"
        if not path.exists():
            return missing
        try:
            return msgspec.json.decode(read_bytes(path), type=form)
        except InputError as error:
            self.damaged.append(error)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            advice = "Restore it, or move it away; what it alone knew is lost then, and the next pull begins it anew."
            self.damaged.append(InputError(f"{path} is damaged: {error}", advice))
        return missing

    def _encoded(self, name: str) -> bytes:
        return msgspec.json.format(msgspec.json.encode(getattr(self, name)), indent=1) + b"\n"
