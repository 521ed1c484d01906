"""How the latest runs went: the latest ended run of each feed, and one sentence on all of them."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from analyzer.model.outcome import Outcome
from analyzer.model.text import count, listed
from analyzer.report.history import feed_sentence, open_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analyzer.report.view import Run, View

_RECENT = timedelta(days=14)
"""A feed that ran within this of the newest run is one that still runs, whatever its rhythm."""

_NAMED = 4
"""Feeds named in the first sentence."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def latest_runs(runs: Iterable[Run]) -> tuple[list[Run], list[Run]]:
    """The latest ended run of each feed that still runs, and of each that seems to have ceased; the newest first.

    A feed has ceased when its latest run is older, seen from the newest of all, than two weeks and two of its own
    usual intervals: our inference, and said to be one where it is shown.
    """
    of_feed: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        if run.ended and run.retry_of is None:
            of_feed[run.feed].append(run)
    newest = {feed: ran[-1] for feed, ran in of_feed.items()}
    ordered = sorted(newest.values(), key=lambda run: (run.ran or _LONG_AGO, run.feed), reverse=True)
    last = ordered[0].ran if ordered else None
    ceased = [run for run in ordered if last and run.ran and last - run.ran > _patience(of_feed[run.feed])]
    return [run for run in ordered if run not in ceased], ceased


def lead(view: View, latest: Sequence[Run]) -> str:
    """How the latest runs went, in a sentence; the numbers of several feeds are not added up."""
    if not view.runs:
        return "The library holds no jobs."
    if not latest:
        unended = sum(not run.ended for run in view.runs)
        if not unended:
            return "There are retries only, and no run of a feed."
        return f"No run has ended yet: {count(unended, 'job is', 'jobs are')} still running."
    if len(latest) == 1:
        return feed_sentence(view, latest[0])
    worst = needing_attention(view, latest)
    if not worst:
        return f"No user is open in the latest runs of {len(latest)} feeds."
    named = [f"{run.feed} ({_open_words(view, run)})" for run in worst[:_NAMED]]
    more = [f"{len(worst) - _NAMED} more"] if len(worst) > _NAMED else []
    need = "needs" if len(worst) == 1 else "need"
    return f"{len(worst)} of {len(latest)} feeds {need} attention: {listed([*named, *more])}."


def needing_attention(view: View, latest: Sequence[Run]) -> list[Run]:
    """The latest runs that left users open, or of which that is unknown: without a number first, then the worst."""
    numbers = {run.job_id: open_of(view, run).number for run in latest}
    open_runs = [run for run in latest if numbers[run.job_id] != 0]
    return sorted(open_runs, key=lambda run: (numbers[run.job_id] is not None, -(numbers[run.job_id] or 0), run.feed))


def _open_words(view: View, run: Run) -> str:
    found = open_of(view, run)
    if found.number is not None:
        return f"{'' if found.exact else 'at least '}{count(found.number, 'user')} open"
    aborted = run.outcome is Outcome.aborted and not view.retries.get(run.job_id)
    return "no user was updated" if aborted else "open users unknown"


def _patience(ran: Sequence[Run]) -> timedelta:
    times = sorted(run.ran for run in ran if run.ran and run.earliest)
    gaps = [(after - before).total_seconds() for before, after in pairwise(times)]
    return max(_RECENT, timedelta(seconds=2 * median(gaps))) if gaps else _RECENT
