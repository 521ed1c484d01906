"""Whether our copy of a source file is still what was pulled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.storage.files import cannot_read, sha256_of

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.library.state.model import FileSeen


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is known of our copy.

    Attributes:
        sha256: of it; empty where nobody knows.
        changed: what is not as it was when it was pulled, a clause; empty where nothing is known to be.
    """

    sha256: str = ""
    changed: str = ""


def source_state(path: Path, seen: FileSeen) -> SourceState:
    """Compares our copy with what was noted when it was pulled; it is read only where its date is another.

    Raises:
        InputError: it cannot be read.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise cannot_read(path, error) from error
    if status.st_size != seen.length:
        return SourceState(changed=f"it has {status.st_size:,} bytes, and had {seen.length:,} when it was pulled")
    if not seen.sha256 or status.st_mtime_ns == seen.modified_ns:
        return SourceState(seen.sha256)
    digest = sha256_of(path)
    if digest != seen.sha256:
        return SourceState(digest, "its content is another than when it was pulled")
    return SourceState(digest)
