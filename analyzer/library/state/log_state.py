"""Whether our copies of a job's logs hold no less than what was pulled."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.library.paths import place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from analyzer.library.mirror import Library
    from analyzer.library.state.model import FileSeen

_ADVICE = "Users may be missing. upa-analyzer pull --all brings it again, as long as the tenant has it."


class PulledLogs:
    """What was noted of the files that were pulled, by where our copies lie."""

    def __init__(self, library: Library) -> None:
        """Takes the notes of a library as they are now."""
        self._library = library
        self._folders: dict[Path, dict[str, FileSeen]] = {}
        for path, seen in library.own.files.items():
            with contextlib.suppress(InputError):  # what can be mirrored nowhere was not pulled
                place = place_of(library.root, path)
                self._folders.setdefault(place.parent, {})[place.name] = seen

    def less_than_pulled(self, logs: Sequence[Path]) -> Iterator[tuple[Path, InputError]]:
        """Which logs of one job are shorter than what was pulled, or gone though others of it are there, and that.

        A log that is longer lacks nobody. Where none is there the job has no log, which whoever needs one says.
        """
        names = {log.name for log in logs}
        for folder in dict.fromkeys(log.parent for log in logs):
            for name, seen in self._folders.get(folder, {}).items():
                log = folder / name
                told = self._library.name_of(log)
                if log in logs:
                    length = log.stat().st_size
                    if length < seen.length:
                        what = f"{told} has {length:,} bytes, and had {seen.length:,} when it was pulled"
                        yield log, InputError(what, _ADVICE)
                elif not name.startswith(".") and name not in names:
                    yield log, InputError(f"{told} was pulled and is not there any more", _ADVICE)
