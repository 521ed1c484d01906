"""Addresses from a page to other files: relative, so that the report can be moved with what it links to."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from analyzer.catalogue.job_errors import SPLIT
from analyzer.model.text import count
from analyzer.report.rows import Note, Queue, RetryButton
from analyzer.retry.queue_command import queue_commands, queue_remarks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.report.view import Run, View
    from analyzer.retry.queue_command import RetryToQueue

_EXPLAINED = re.compile(r", or |: | \(|; ")
"""What in a condition parts what to do from why, and from what else helps."""


@dataclass(frozen=True, slots=True)
class RetryLink:
    """A job's retry file.

    Attributes:
        path: the file, the first one of several parts; None where there is none.
        sentence: what it holds, or why there is none.
        users: in it; None where that is unknown.
        complete: it holds everybody who was not updated.
        queue: how to queue it; None where nothing is known of that.
    """

    path: Path | None
    sentence: str
    users: int | None = None
    complete: bool = True
    queue: RetryToQueue | None = None

    @property
    def condition(self) -> str:
        """What has to be done before the file is queued, in a few words; empty where nothing is known."""
        first = self.queue.first if self.queue else ""
        if first == SPLIT and self.parts > 1:
            return ""
        # map Floor, or take it out of the feed
        return _EXPLAINED.split(first, maxsplit=1)[0]

    @property
    def parts(self) -> int:
        """In how many files it is."""
        return len(self.queue.paths) if self.queue else 1


def href(target: Path, folder: Path) -> str:
    """The address of a file from a page in ``folder``, percent-encoded; absolute where no relative one leads there."""
    try:
        relative = os.path.relpath(target, folder)
    except ValueError:  # another drive on Windows
        return target.absolute().as_uri()
    return quote(os.fsencode(relative.replace(os.sep, "/")))


def retry_button(view: View, run: Run, retries: Mapping[str, RetryLink], folder: Path) -> RetryButton | None:
    """The button on a page in ``folder``; None where nothing is known of a retry, or the job needs none."""
    link = retries.get(run.job_id)
    if link is None or run.superseded:
        return None
    if link.path is None:
        # Of a job that needs none the page says so in its history.
        return None if run.open == 0 else RetryButton("", f"Retry file of {run.feed}", _capitalised(link.sentence))
    holds = f" ({count(link.users, 'user')})" if link.users else ""
    conditions = [
        *([f"first {link.condition}"] if link.condition else []),
        *([] if link.complete else ["incomplete"]),
        # One may be running, or have updated an unknown part of these users.
        *(["already retried"] if view.retries.get(run.job_id) else []),
    ]
    label = " \u2013 ".join([f"Retry file of {run.feed}{holds}", *(["; ".join(conditions)] if conditions else [])])
    parts = [
        Note(f"part {number} of {link.parts}", href(Path(path), folder))
        for number, path in enumerate(link.queue.paths if link.queue else (), 1)
        if number > 1
    ]
    if parts:
        label = f"{label} \u2013 part 1 of {link.parts}"
    return RetryButton(href(link.path, folder), label, _capitalised(link.sentence), not conditions, tuple(parts))


def _capitalised(sentence: str) -> str:
    return f"{sentence[:1].upper()}{sentence[1:]}"


def queue_of(run: Run, retries: Mapping[str, RetryLink]) -> Queue | None:
    """How to queue a job's retry file; None where there is none to queue."""
    link = retries.get(run.job_id)
    if link is None or link.path is None or link.queue is None or run.superseded:
        return None
    return Queue(queue_commands(link.queue), queue_remarks(link.queue))
