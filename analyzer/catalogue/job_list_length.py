"""Say how near the tenant's job list is to the length from which on SharePoint refuses it, and what can be done."""

from __future__ import annotations

from analyzer.model.service import LIST_VIEW_THRESHOLD
from analyzer.model.text import count, duration

_WARN_FROM = LIST_VIEW_THRESHOLD * 7 // 10
_FORESEEN = 730
"""Days; a later time isn't worth a sentence."""
_DAY = 86_400

ADVICE = (
    "No program can shorten the list: the service deletes only jobs whose import hasn't begun, and removing log folders"
    " and source files isn't known to remove jobs. Queue fewer jobs: none when nothing has changed, and one for several"
    " feeds where that is possible. Ask Microsoft's support to remove old jobs before SharePoint refuses the list."
)


def is_long(number: int) -> bool:
    """Return whether the list is so long that somebody should act."""
    return number >= _WARN_FROM


def length_sentence(number: int, recent: int | None = None, days: int = 90) -> str:
    """Return how long the list is, and how near to the limit.

    Args:
        number: how many jobs the tenant lists.
        recent: how many of them ran in the last ``days``; None if unknown.
        days: see ``recent``.
    """
    sentence = f"The tenant's job list has {count(number, 'job')}."
    left = max(0, LIST_VIEW_THRESHOLD - number)
    pace = (recent or 0) / days
    is_near = bool(pace) and left / pace < _FORESEEN
    if is_long(number) or is_near:
        sentence += (
            f" SharePoint probably refuses it for good, and new imports too, beyond {LIST_VIEW_THRESHOLD:,} (the list"
            " view threshold)."
        )
    if is_near and left:
        sentence += f" At the pace of the last {days} days, that is in about {duration(left / pace * _DAY)}."
    return sentence
