"""What a retry file holds and why, in a sentence."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from analyzer.analysis.outcomes import Outcome
from analyzer.words import count, listed

if TYPE_CHECKING:
    from analyzer.retry.interface import Retry, Selection
    from analyzer.source.identify import IdProperty

_SHORTFALLS = {
    "not_in_source": ("id of the log is in no record of the source", "ids of the log are in no record of the source"),
    "nobodys": ("entry has a Guid that is nobody's id", "entries have Guids that are nobody's id"),
    "without_id": ("record has no id", "records have no id"),
    "twice": ("id stands in more than one record", "ids stand in more than one record"),
}


def sentence(selection: Selection, retry: Retry | None, id_property: IdProperty | None) -> str:
    """What the retry file holds and why, what has to be done before it is queued, and what it does not hold.

    Of no retry file: why there is nothing to retry.
    """
    if retry is None or id_property is None:
        # Of a log without entries it is not known that everybody was updated.
        because = "the log has no entry" if selection.outcome is Outcome.partial else selection.because
        return f"nothing to retry: {because}"
    everybody = "everybody, " if selection.everybody else ""
    whom = count(retry.users, "user") if retry.users else count(retry.records, "record")
    because = selection.because if selection.everybody or retry.complete else "the log names them"
    parts = [f"{everybody}{whom}: {because}."]
    if selection.first:
        parts.append(f"First {selection.first}.")
    if not retry.complete:
        parts.append(f"Not the whole truth: {_shortfall(retry)}.")
    if not id_property.name:
        parts.append("Which property holds the ids is not known; --id-property names it.")
    elif not id_property.certain:
        parts.append(f"Ids are taken from {id_property.name}, because {id_property.because}.")
    if retry.recoded:
        parts.append(f"The source is {retry.recoded}; its records were written as UTF-8.")
    return " ".join(parts)


def _shortfall(retry: Retry) -> str:
    numbers = Counter(one.reason.name for one in retry.unmatched)
    told = [count(retry.naming_nobody, "entry names nobody", "entries name nobody")] if retry.naming_nobody else []
    if retry.unfinished_logs:
        told.append(count(retry.unfinished_logs, "log is not whole", "logs are not whole"))
    told += [count(numbers[reason], one, many) for reason, (one, many) in _SHORTFALLS.items() if numbers[reason]]
    return listed(told) + (f"; see {retry.unmatched_file.name}" if retry.unmatched else "")
