"""The retry file of a job on a page: its button, and the lines that queue it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from analyzer.catalogue.jobs import SPLIT
from analyzer.model.text import capitalised, count
from analyzer.report.model import Note, Queue, RetryButton
from analyzer.retry.queue_command import queue_commands, queue_remarks

if TYPE_CHECKING:
    from analyzer.report.view import RetryLink, Run, View

_EXPLAINED = re.compile(r", or |: | \(|; ")
"""What in a condition parts what to do from why, and from what else helps."""


def href(target: Path, folder: Path) -> str:
    """Return the address of a file from a page in ``folder``, percent-encoded.

    It is relative where it can be, so that the report can be moved together with what it links to.
    """
    try:
        relative = os.path.relpath(target, folder)
    except ValueError:  # another drive on Windows
        return target.absolute().as_uri()
    return quote(os.fsencode(relative.replace(os.sep, "/")))


def retry_button(view: View, run: Run, folder: Path) -> RetryButton | None:
    """Return the button on a page in ``folder``; None where nothing is known of a retry, or the job needs none."""
    link = view.links.get(run.job_id)
    if link is None or run.superseded:
        return None
    sentence = f"{capitalised(link.sentence).removesuffix('.')}."
    if link.path is None:
        # The page of a job that needs none says so in its history.
        return None if run.open == 0 else RetryButton("", f"Retry file of {run.feed}", sentence)
    condition = condition_of(link)
    conditions = [
        *([f"first {condition}"] if condition else []),
        *([] if link.complete else ["incomplete"]),
        # One may be running, or have updated an unknown part of these users.
        *(["already retried"] if view.retries.get(run.job_id) else []),
    ]
    parts = [
        Note(f"part {number} of {link.parts}", href(Path(path), folder))
        for number, path in enumerate(link.queue.paths if link.queue else (), 1)
        if number > 1
    ]
    holds = f" ({count(link.users, 'user')})" if link.users else ""
    label = " \u2013 ".join(
        [
            f"Retry file of {run.feed}{holds}",
            *(["; ".join(conditions)] if conditions else []),
            *([f"part 1 of {link.parts}"] if parts else []),
        ]
    )
    return RetryButton(href(link.path, folder), label, sentence, not conditions, tuple(parts))


def condition_of(link: RetryLink) -> str:
    """Return what has to be done before the file is queued, in a few words; empty where nothing is known."""
    first = link.queue.first if link.queue else ""
    if first == SPLIT and link.parts > 1:
        return ""
    # map Floor, or remove it from the feed
    return _EXPLAINED.split(first, maxsplit=1)[0]


def queue_of(view: View, run: Run) -> Queue | None:
    """Say how to queue a job's retry file; None where there is none to queue."""
    link = view.links.get(run.job_id)
    if link is None or link.path is None or link.queue is None or run.superseded:
        return None
    return Queue(queue_commands(link.queue), queue_remarks(link.queue))
