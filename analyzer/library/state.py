"""Our notes about a library in its folder ``.upa``, and the journal by which a pull finishes an interrupted one.

The folder may be missing. Each step is written to the journal before it is done, for example before a complete file is
renamed. The next pull finishes or undoes the step. The journal is removed when the other files of ``.upa`` are written.
"""

from __future__ import annotations

import contextlib
import threading
from typing import IO, TYPE_CHECKING, TypeVar

import msgspec

from analyzer.errors import InputError, OutputError
from analyzer.library.model import FileSeen, JobNotes, Observation, PullTime
from analyzer.library.paths import OWN_FOLDER, key_of, place_of
from analyzer.storage.files import cannot_write, is_part, json_bytes, read_bytes, read_json, write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_T = TypeVar("_T")
JOURNAL = "journal.ndjson"
_ADVICE = "Restore it, or move it away. The next pull begins a new one; what only this file contained is lost."


class Begun(msgspec.Struct, frozen=True, tag="begun"):
    """A file is being written; ``part`` is its path in the library until it is complete."""

    part: str


class Placed(msgspec.Struct, frozen=True, tag="placed"):
    """The file at ``part`` is complete and moves to its place; ``path`` is its key (``paths``)."""

    part: str
    path: str
    seen: FileSeen


class Noted(msgspec.Struct, frozen=True, tag="noted"):
    """The current notes on a job."""

    job_id: str
    notes: JobNotes


Step = Begun | Placed | Noted


class Journal:
    """The journal of one library; the file exists only while a pull runs, or after one that was killed."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / JOURNAL
        self._stream: IO[bytes] | None = None
        self._lock = threading.Lock()

    def steps(self) -> Iterator[Step]:
        """Yield the steps of a killed pull, up to the first incomplete line.

        Raises:
            InputError: the journal cannot be read.
        """
        if not self._path.exists():
            return
        for line in read_bytes(self._path).splitlines():
            try:
                yield msgspec.json.decode(line, type=Step)
            except (msgspec.DecodeError, UnicodeDecodeError):
                return

    def write(self, step: Step) -> None:
        """Add a step; may be called in several threads.

        Raises:
            OutputError: the journal cannot be written.
        """
        try:
            with self._lock:
                if self._stream is None:
                    self._path.parent.mkdir(parents=True, exist_ok=True)
                    self._stream = self._path.open("ab")
                self._stream.write(msgspec.json.encode(step) + b"\n")
                self._stream.flush()
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def clear(self, keep: Iterable[Step] = ()) -> None:
        """Remove all steps except ``keep``."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        lines = [msgspec.json.encode(step) + b"\n" for step in keep]
        with contextlib.suppress(OSError, OutputError):
            if lines:
                write_bytes(self._path, b"".join(lines))
            else:
                self._path.unlink(missing_ok=True)


class LibraryState:
    """The folder ``.upa`` of a library to read; a reader writes nothing there but a history.

    A command that reads may begin before a pull and end after it. Everything else that it has read is outdated then.

    Attributes:
        damaged: why files could not be read. They count as missing, and nothing is written.
    """

    def __init__(self, root: Path) -> None:
        """Read the files, and the journal of a killed pull."""
        self._root, self._folder = root, root / OWN_FOLDER
        self.damaged: list[InputError] = []
        self.last_pull: PullTime | None = self._load("pull", PullTime | None, None)  # type: ignore[arg-type]
        self.observations = self._load("observations", list[Observation], [])
        self.files = self._load("files", dict[str, FileSeen], {})
        self.notes = self._load("notes", dict[str, JobNotes], {})
        self._journal = Journal(self._folder)
        for step in self._journal.steps():
            self._apply(step)

    def _apply(self, step: Step) -> None:
        """Apply a step to the notes, except for a file that is not renamed yet."""
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
        """Return the path of a file in the journal; None if it leads out of the library, as a forged one may."""
        try:
            return place_of(self._root, key)
        except InputError:
            return None

    def _load(self, name: str, form: type[_T], missing: _T) -> _T:
        try:
            return read_json(self._folder / f"{name}.json", form, missing, _ADVICE)
        except InputError as error:
            self.damaged.append(error)
            return missing

    def _check_damage(self) -> None:
        if self.damaged:
            raise self.damaged[0]


class WritableState(LibraryState):
    """The folder ``.upa`` for a pull, the only writer of notes on jobs and files; each step is in the journal."""

    def __init__(self, root: Path) -> None:
        """Read the files, and the journal of a killed pull."""
        super().__init__(root)
        self._written = self._contents()
        self._is_pulling = False
        self._begun: list[str] = []

    def observe(self, seen: Observation) -> None:
        """Add an observation, unless an incomplete pull since the last complete one already did."""
        for earlier in reversed(self.observations):
            if earlier.previous_pull_at != seen.previous_pull_at:
                break
            if earlier.job_id == seen.job_id:
                if (earlier.state, earlier.error) == (seen.state, seen.error):
                    return
                break
        self.observations.append(seen)

    def begin_pull(self) -> None:
        """Finish or undo the steps of a killed pull; write each step to the journal from now on.

        Raises:
            InputError: a file is damaged; its content must not be lost.
            OutputError: a file cannot be written.
        """
        self._check_damage()
        steps = list(self._journal.steps())
        for step in steps:
            if isinstance(step, Placed):
                self._place(step)
        left = [self._part(step.part) for step in steps if isinstance(step, Begun)]
        for part in [*left, *self._folder.glob(".*"), *self._root.glob(".*")]:
            if part is not None and is_part(part):
                with contextlib.suppress(OSError):
                    part.unlink(missing_ok=True)
        self._is_pulling = True
        self._begun = [step.part for step in steps if isinstance(step, Begun)]
        if steps:
            self.save()
        else:
            self._journal.clear()  # steps after an incomplete line would not be read

    def save(self) -> None:
        """Write the files that changed since they were read or written, except for the time of the pull.

        Raises:
            InputError: a file is damaged; its content must not be lost.
            OutputError: a file cannot be written.
        """
        self._check_damage()
        for name, content in self._contents().items():
            if content != self._written[name]:
                write_bytes(self._folder / f"{name}.json", content)
                self._written[name] = content
        if self._is_pulling:
            # The next pull removes what could not be removed, such as a file that a virus scanner holds on Windows.
            self._begun = [name for name in self._begun if (part := self._part(name)) is not None and part.exists()]
            self._journal.clear(keep=map(Begun, self._begun))

    def save_pull(self, pulled: PullTime) -> None:
        """Write the time of the pull, as the last step of a pull.

        Raises:
            OutputError: it cannot be written.
        """
        write_bytes(self._folder / "pull.json", msgspec.json.encode(pulled) + b"\n")
        self.last_pull = pulled

    def note(self, job_id: str, **changes: str | bool | None) -> None:
        """Change the notes on a job.

        Raises:
            OutputError: the journal cannot be written.
        """
        before = self.notes.get(job_id, JobNotes())
        notes = msgspec.structs.replace(before, **changes)
        if notes != before:
            step = Noted(job_id, notes)
            self._write(step)
            self._apply(step)

    def begun(self, part: Path) -> None:
        """Note that a temporary file is about to be written.

        Raises:
            OutputError: the journal cannot be written.
        """
        self._begun.append(self._name(part))
        self._write(Begun(self._begun[-1]))

    def placed(self, part: Path, key: str, seen: FileSeen) -> None:
        """Note that a file is complete and about to be renamed.

        Raises:
            OutputError: the journal cannot be written.
        """
        self._write(Placed(self._name(part), key, seen))
        self.files[key] = seen

    def _contents(self) -> dict[str, bytes]:
        return {name: json_bytes(getattr(self, name)) for name in ("observations", "files", "notes")}

    def _write(self, step: Step) -> None:
        if self._is_pulling:
            self._journal.write(step)

    def _place(self, step: Placed) -> None:
        """Rename a complete file that a killed pull left under its temporary name."""
        part, place = self._part(step.part), self._inside(step.path)
        if part is None or place is None or not part.exists():
            return
        try:
            part.replace(place)
        except OSError as error:
            raise cannot_write(place, error) from error
        self._apply(step)

    def _name(self, part: Path) -> str:
        return part.relative_to(self._root).as_posix()
