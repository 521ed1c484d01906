"""How the latest runs went: the latest ended run of each feed, and one sentence on all of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from analyzer.analysis.outcome import Outcome
from analyzer.report.causes import clause, ranked_codes, reason
from analyzer.report.sentences import failing, job_sentence, new_among, newness
from analyzer.report.toll import Toll, toll_of
from analyzer.words import count, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analyzer.report.view import Run, View

_RECENT = timedelta(days=14)
"""A feed that ran within this of the newest run is one that still runs, whatever its rhythm."""

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
    """How the latest runs went, in one sentence or two."""
    if not view.runs:
        return "The library holds no jobs."
    if not latest:
        return f"No job has ended yet: {count(len(view.runs), 'job is', 'jobs are')} still at work."
    if len(latest) == 1:
        return job_sentence(view, latest[0])
    known = [run for run in latest if toll_of(run).number is not None]
    none = [run.feed for run in latest if run not in known and run.outcome is Outcome.aborted]
    unknown = [run.feed for run in latest if run not in known and run.feed not in none]
    parts = [_all_known(view, known)] if known else []
    if none:
        parts.append(f"Nobody was updated in the {_runs(none)} of {listed(none)}, whose users nobody can count.")
    if unknown:
        parts.append(f"Nobody can say who was updated in the {_runs(unknown)} of {listed(unknown)}.")
    return " ".join(parts)


def _runs(feeds: Sequence[str]) -> str:
    return "run" if len(feeds) == 1 else "runs"


def _all_known(view: View, known: Sequence[Run]) -> str:
    tolls = [toll_of(run) for run in known]
    total = Toll(sum(toll.number or 0 for toll in tolls), all(toll.exact for toll in tolls))
    # Of a run that failed more users than its source file holds, that is not what the job read.
    counted = all(run.users is not None and run.users >= (toll_of(run).number or 0) for run in known)
    users = sum(run.users or 0 for run in known) if counted else None
    where = (
        f"in the latest runs of {count(len(known), 'feed')}" if len(known) > 1 else f"in {known[0].feed}'s latest run"
    )
    if not total.number:
        everybody = "Everybody was" if users is None else f"All {users:,} users were"
        return f"{everybody} updated {where}."
    return f"{failing(total, users)} {where}{_newness(view, known)}{_why(view, known)}."


def _newness(view: View, known: Sequence[Run]) -> str:
    found = [new_among(view, run) for run in known if run.outcome is Outcome.partial]
    compared = [new for new in found if new is not None]
    if len(compared) < len(found):
        return ""
    new, old = sum(new for new, _ in compared), sum(old for _, old in compared)
    if all(run.outcome is not Outcome.aborted for run in known):
        return newness((new, old))
    # An aborted run hits everybody alike, and says nothing of who is new.
    return f"; {new:,} of the {new + old:,} in runs that were not aborted {_are(new)} new" if new + old else ""


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _why(view: View, known: Sequence[Run]) -> str:
    weights: Counter[str] = Counter()
    for run in known:
        if run.outcome is Outcome.aborted:
            weights[reason(view, run)] += run.not_updated or 0
        elif run.outcome is Outcome.partial:
            for code, _, users in ranked_codes(run, view.entries_of(run)):
                weights[clause(view, run, code)] += users
    (worst, weight), *others = weights.most_common() or [("", 0)]
    if not weight:
        return ""
    if not any(other for _, other in others):
        return f"; all because {worst}"
    most = "most because" if weight * 2 > weights.total() else "the commonest cause is that"
    return f"; {most} {worst}"


def _patience(ran: Sequence[Run]) -> timedelta:
    times = sorted(run.ran for run in ran if run.ran and run.earliest)
    gaps = [(after - before).total_seconds() for before, after in pairwise(times)]
    return max(_RECENT, timedelta(seconds=2 * median(gaps))) if gaps else _RECENT
