"""The versions of a source file that earlier jobs read: feeds may use one file name again and again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from analyzer.library.paths import OWN_FOLDER, key_of
from analyzer.storage.files import cannot_write

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from analyzer.library.mirror import WritableLibrary
    from analyzer.model.job import Job


def keep_earlier(library: WritableLibrary, key: str, jobs: Sequence[Job], readers: Iterable[Job]) -> None:
    """Keeps our copy of a source file for the jobs that read it, before the next version takes its place.

    Args:
        library: which.
        key: the file's (``paths``).
        jobs: those that read the next version.
        readers: those that may have read this one.

    Raises:
        OutputError: it cannot be kept.
    """
    new = {job.job_id for job in jobs}
    of_this: dict[Path, list[str]] = {}
    for job in readers:
        source = library.source_file(job) if job.job_id not in new else None
        if source is not None and library.gives_way(job, source, key):
            of_this.setdefault(source, []).append(job.job_id)
    for source, job_ids in of_this.items():
        seen = library.seen(source)
        # By what the tenant said of it: when we wrote our copy is another time each time.
        told = (seen.etag, seen.length) if seen else None
        version = hashlib.sha256(f"{key_of(library.name_of(source))}\n{told}".encode()).hexdigest()[:12]
        kept = library.root / OWN_FOLDER / "earlier" / version / source.name
        _link_or_move(source, kept)
        modified = (seen.modified if seen else "") or None
        for job_id in job_ids:
            library.own.note(
                job_id,
                source=library.name_of(kept),
                source_modified=modified,
                source_sha256=(seen.sha256 if seen else "") or None,
            )


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
