"""What a retry file holds and why, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.words import count, listed

if TYPE_CHECKING:
    from analyzer.retry.select import Selection
    from analyzer.retry.write import Retry, Unmatched
    from analyzer.source.identify import IdProperty


def sentence(selection: Selection, retry: Retry | None, id_property: IdProperty | None) -> str:
    """What the retry file holds and why, what has to be done before it is queued, and what it does not hold.

    Of no retry file: why there is nothing to retry.
    """
    if retry is None or id_property is None:
        return f"nothing to retry: {selection.because}"
    everybody = "everybody, " if selection.everybody else ""
    whom = count(retry.users, "user") if retry.users else count(retry.records, "record")
    parts = [f"{everybody}{whom}: {selection.because}."]
    if selection.first:
        parts.append(f"First {selection.first}.")
    if not retry.complete:
        parts.append(f"Not the whole truth: {_shortfall(retry)}.")
    if not id_property.certain:
        parts.append(f"Ids are taken from {id_property.name}, because {id_property.because}.")
    return " ".join(parts)


def _shortfall(retry: Retry) -> str:
    reasons: dict[str, list[Unmatched]] = {}
    for one in retry.unmatched:
        reasons.setdefault(one.reason, []).append(one)
    told = [f"{count(len(ones), 'case')} where {reason}" for reason, ones in reasons.items()]
    if retry.naming_nobody:
        told.insert(0, f"{count(retry.naming_nobody, 'entry names', 'entries name')} nobody")
    return listed(told) + (f" (listed in {retry.unmatched_file.name})" if retry.unmatched else "")
