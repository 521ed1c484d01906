"""Addresses from a page to other files: relative, so that the report can be moved with what it links to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from analyzer.report.rows import RetryButton

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from analyzer.report.view import Run


@dataclass(frozen=True, slots=True)
class RetryLink:
    """A job's retry file.

    Attributes:
        path: the file; None where there is none.
        sentence: what it holds, or why there is none.
    """

    path: Path | None
    sentence: str


def href(target: Path, folder: Path) -> str:
    """The address of a file from a page in ``folder``, percent-encoded; absolute where no relative one leads there."""
    try:
        relative = os.path.relpath(target, folder)
    except ValueError:  # another drive on Windows
        return target.absolute().as_uri()
    return quote(os.fsencode(relative.replace(os.sep, "/")))


def retry_button(run: Run, retries: Mapping[str, RetryLink], folder: Path) -> RetryButton | None:
    """The button on a page in ``folder``; None where nothing is known of a retry of that job."""
    link = retries.get(run.job_id)
    if link is None:
        return None
    there = href(link.path, folder) if link.path else ""
    return RetryButton(there, f"Retry file of {run.feed}", link.sentence)
