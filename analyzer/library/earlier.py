"""The versions of a source file that earlier jobs read: feeds may use one file name again and again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from analyzer.files import cannot_write
from analyzer.library.paths import OWN_FOLDER, local_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from analyzer.job import Job
    from analyzer.library.mirror import WritableLibrary


def keep_earlier(library: WritableLibrary, path: str, jobs: Sequence[Job], readers: Iterable[Job]) -> None:
    """Keeps our copy of a source file for the jobs that read it, before the next version takes its place.

    Args:
        library: which.
        path: the file's, server-relative.
        jobs: those that read the next version.
        readers: those that may have read this one.

    Raises:
        OutputError: it cannot be kept.
    """
    place = local_path(library.root, path)
    new = {job.job_id for job in jobs}
    of_this = [job.job_id for job in readers if job.job_id not in new and library.source_file(job) == place]
    if not of_this:
        return
    seen = library.own.files.get(path)
    # By what the tenant said of it: when we wrote our copy is another time each time.
    told = (seen.etag, seen.length) if seen else None
    version = hashlib.sha256(f"{path}\n{told}".encode()).hexdigest()[:12]
    kept = library.root / OWN_FOLDER / "earlier" / version / place.name
    _link_or_move(place, kept)
    for job_id in of_this:
        library.own.note(job_id, source=library.name_of(kept), source_modified=(seen.modified if seen else "") or None)


def _link_or_move(path: Path, kept: Path) -> None:
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.unlink(missing_ok=True)
        kept.hardlink_to(path)
    except OSError:
        try:
            path.replace(kept)
        except OSError as error:
            raise cannot_write(kept, error) from error
