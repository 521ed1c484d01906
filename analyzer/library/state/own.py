"""What only we need of a library, in its folder ``.upa``: when we looked and what we saw. It may be missing."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, TypeVar

import msgspec

from analyzer.errors import InputError
from analyzer.library.paths import OWN_FOLDER, key_of, place_of
from analyzer.library.state.journal import Begun, Journal, Noted, Placed
from analyzer.library.state.model import Counted, FileSeen, JobNotes, Observation, PullTime
from analyzer.storage.files import cannot_write, is_part, read_bytes, write_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.library.state.journal import Step

_T = TypeVar("_T")
COUNTS = "counts.json"
_HOUR = 3600


class Own:
    """The folder ``.upa`` of one library as it is read; of its files a reader writes ``counts.json`` alone.

    A command that reads may begin before a pull and end after it: what it read of the rest is out of date by then.

    Attributes:
        damaged: the files that could not be read. Reading goes on as if they were missing; nothing is written.
    """

    def __init__(self, root: Path) -> None:
        """Reads what is there, also what a pull that died has left."""
        self._root, self._folder = root, root / OWN_FOLDER
        self.damaged: list[InputError] = []
        self.last_pull: PullTime | None = self._load("pull", PullTime | None, None)  # type: ignore[arg-type]
        self.observations = self._load("observations", list[Observation], [])
        self.files = self._load("files", dict[str, FileSeen], {})
        self.notes = self._load("notes", dict[str, JobNotes], {})
        self.counts = self._load("counts", dict[str, Counted], {})
        self._counted = self._encoded("counts")
        self._journal = Journal(self._folder)
        for step in self._journal.steps():
            self._take(step)

    def save_counts(self) -> None:
        """Writes what was counted, where that changed; of two commands that do, the last one's counts stay.

        Raises:
            InputError: a file is damaged: what it held must not be lost.
            OutputError: the file cannot be written.
        """
        self._check_damage()
        content = self._encoded("counts")
        if content != self._counted:
            write_bytes(self._folder / COUNTS, content)
            self._counted = content

    def _take(self, step: Step) -> None:
        """Takes over what a step says; of a file that is not in its place yet, nothing."""
        if isinstance(step, Noted):
            if step.notes == JobNotes():
                self.notes.pop(step.job_id, None)
            else:
                self.notes[step.job_id] = step.notes
        elif isinstance(step, Placed):
            part = self._part(step.part)
            if part is not None and not part.exists():
                self.files[step.path] = step.seen

    def _part(self, name: str) -> Path | None:
        path = self._inside(key_of(name)) if not name.startswith("/") else None
        return path if path is not None and is_part(path) else None

    def _inside(self, key: str) -> Path | None:
        """Where a file of the journal is; None where that leads elsewhere, as the journal may be somebody else's."""
        try:
            return place_of(self._root, key)
        except InputError:
            return None

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
        return msgspec.json.format(msgspec.json.encode(getattr(self, name), order="deterministic"), indent=1) + b"\n"

    def _check_damage(self) -> None:
        if self.damaged:
            raise self.damaged[0]


class PullState(Own):
    """The same for a pull, which alone changes what is known of jobs and files; each of its steps is in the journal."""

    def __init__(self, root: Path) -> None:
        """Reads what is there, also what a pull that died has left."""
        super().__init__(root)
        self._written = {name: self._encoded(name) for name in ("observations", "files", "notes")}
        self._is_pulling = False
        self._begun: list[str] = []

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

    def begin_pull(self) -> None:
        """Finishes or takes back what a pull that died was doing; from now on each step stands in the journal.

        Raises:
            InputError: one of our files is damaged: what it held must not be lost.
            OutputError: a file cannot be written.
        """
        self._check_damage()
        steps = list(self._journal.steps())
        for step in steps:
            if isinstance(step, Placed):
                self._place(step)
        left = [self._part(step.part) for step in steps if isinstance(step, Begun)]
        for part in [*left, *self._folder.glob(".*"), *self._root.glob(".*")]:
            if part is not None and is_part(part) and not _may_be_a_readers(part):
                with contextlib.suppress(OSError):
                    part.unlink(missing_ok=True)
        self._is_pulling = True
        self._begun = [step.part for step in steps if isinstance(step, Begun)]
        if steps:
            self.save()
        else:
            self._journal.forget()  # a torn line, after which nothing would be read

    def save(self) -> None:
        """Writes the files that changed since they were read or written; not the time of the pull.

        Raises:
            InputError: a file is damaged: what it held must not be lost.
            OutputError: a file cannot be written.
        """
        self._check_damage()
        for name, before in self._written.items():
            content = self._encoded(name)
            if content != before:
                write_bytes(self._folder / f"{name}.json", content)
                self._written[name] = content
        if self._is_pulling:
            # The next pull removes what could not be removed, as on Windows a file that a virus scanner reads.
            self._begun = [name for name in self._begun if (part := self._part(name)) is not None and part.exists()]
            self._journal.forget(map(Begun, self._begun))

    def save_pull(self, pulled: PullTime) -> None:
        """Writes the time of the pull, the last thing that a pull does.

        Raises:
            OutputError: it cannot be written.
        """
        write_bytes(self._folder / "pull.json", msgspec.json.encode(pulled) + b"\n")
        self.last_pull = pulled

    def note(self, job_id: str, **changes: str | bool | None) -> None:
        """Changes the notes on a job.

        Raises:
            OutputError: the journal cannot be written.
        """
        before = self.notes.get(job_id, JobNotes())
        noted = msgspec.structs.replace(before, **changes)
        if noted != before:
            step = Noted(job_id, noted)
            self._write(step)
            self._take(step)

    def begun(self, part: Path) -> None:
        """Takes note of a file that is going to be written beside its place.

        Raises:
            OutputError: the journal cannot be written.
        """
        self._begun.append(self._name(part))
        self._write(Begun(self._begun[-1]))

    def placed(self, part: Path, key: str, seen: FileSeen) -> None:
        """Takes note of a file that is whole and about to be renamed.

        Raises:
            OutputError: the journal cannot be written.
        """
        self._write(Placed(self._name(part), key, seen))
        self.files[key] = seen

    def _write(self, step: Step) -> None:
        if self._is_pulling:
            self._journal.write(step)

    def _place(self, step: Placed) -> None:
        """Renames a whole file for which a pull that died had no time."""
        part, place = self._part(step.part), self._inside(step.path)
        if part is None or place is None or not part.exists():
            return
        try:
            part.replace(place)
        except OSError as error:
            raise cannot_write(place, error) from error
        self._take(step)

    def _name(self, part: Path) -> str:
        return part.relative_to(self._root).as_posix()


def _may_be_a_readers(part: Path) -> bool:
    """Whether another command may be writing its counts right now, which takes no lock and far less than an hour."""
    if not part.name.startswith(f".{COUNTS}."):
        return False
    try:
        return time.time() - part.stat().st_mtime < _HOUR
    except OSError:
        return True
