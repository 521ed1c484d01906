"""Selection and source to the records that are to be written, and what does not match."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from analyzer.model.identity import identity_key
from analyzer.retry.model import Reason, Unmatched
from analyzer.retry.selection.look_up import everybody
from analyzer.retry.selection.records import Records
from analyzer.source.model import NO_ID, mark_in, mark_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from analyzer.retry.model import RetryRequest, Selection
    from analyzer.retry.selection.look_up import LookedUp
    from analyzer.source.model import Spans
    from analyzer.source.reader.json_text import Buffer


@dataclass(slots=True)
class Gathered:
    """Which records are to be written, by their number among the spans that were found.

    Attributes:
        spans: where they stand.
        chosen: for each span whether it is to be written.
        twice: the numbers of records whose user has another one, by the user's key; none of them is chosen.
        unmatched: what else does not match.
        lacking_id: records without an ID, where they were looked for.
    """

    spans: Spans
    chosen: NDArray[np.bool_]
    twice: dict[str, list[int]] = field(default_factory=dict)
    unmatched: list[Unmatched] = field(default_factory=list)
    lacking_id: int = 0

    def explained(self, selection: Selection) -> int:
        """Count the entries without a user's ID that are about records without an ID: one each, or it isn't known."""
        return self.lacking_id if self.lacking_id == selection.lacking_id and not selection.everybody else 0


def gather(request: RetryRequest, looked_up: LookedUp, buffer: Buffer) -> Gathered:
    """Tells the records that are to be written from those that are kept apart.

    Args:
        request: what is wanted.
        looked_up: the selection's records, and what cannot be read.
        buffer: the source file.
    """
    found = looked_up.found
    selection = request.selection
    records = Records(buffer, found.spans, request.id_property.name)
    gathered = Gathered(found.spans, np.ones(len(found.spans), np.bool_))
    marks = marks_in(found.spans)
    if selection.everybody:
        _leave_out(gathered, marks, selection, records)
    else:
        gathered.unmatched += _not_found(selection, marks)
    for identity in selection.unknown_users.values():
        gathered.unmatched.append(Unmatched(identity, Reason.not_to_retry))
    if request.id_property.name:
        gathered.twice = repeated(marks, gathered.chosen, records)
        gathered.chosen[[number for numbers in gathered.twice.values() for number in numbers]] = False
        gathered.unmatched += _twice_and_unreadable(request, looked_up.unmatched, gathered, marks, records)
    if not selection.everybody and (selection.doubtful or selection.naming_nobody):
        _look_for_nameless(request, buffer, gathered)
    return gathered


def marks_in(spans: Spans) -> NDArray[np.int64]:
    """The marks of records as an array, without a copy."""
    return np.frombuffer(spans.marks, np.int64) if len(spans) else np.zeros(0, np.int64)


def _leave_out(gathered: Gathered, marks: NDArray[np.int64], selection: Selection, records: Records) -> None:
    """Leaves out of everybody's records those that are not wanted; lists who is not found, and those without an id."""
    if selection.newer:
        gathered.chosen[np.isin(marks, list(selection.newer))] = False
    left_out = set()
    for number in np.flatnonzero(np.isin(marks, [mark_of(key) for key in selection.excluded])).tolist():
        # A mark is no more than likely to be one user's.
        key = identity_key(records.identity(number))
        if key in selection.excluded:
            gathered.chosen[number] = False
            left_out.add(key)
    for key, identity in selection.excluded.items():
        if key not in left_out:
            reason = Reason.nobodys if key in selection.doubtful else Reason.not_left_out
            gathered.unmatched.append(Unmatched(identity, reason))
    without = np.flatnonzero(marks == NO_ID)
    gathered.lacking_id = len(without) if records.id_property else 0
    if selection.without_unnamed:
        gathered.chosen[without] = False
    for number in without.tolist() if records.id_property and not selection.without_unnamed else ():
        gathered.unmatched.append(Unmatched("", Reason.without_id, places(gathered.spans, [number])))


def _not_found(selection: Selection, marks: NDArray[np.int64]) -> Iterator[Unmatched]:
    seen = np.zeros(len(selection.identities) + 1, np.bool_)
    seen[marks] = True
    for key, mark in selection.identities.marks.items():
        if not seen[mark]:
            reason = Reason.nobodys if key in selection.doubtful else Reason.not_in_source
            yield Unmatched(selection.identities[key], reason)


def repeated(marks: NDArray[np.int64], chosen: NDArray[np.bool_], records: Records) -> dict[str, list[int]]:
    """The numbers of the chosen records of users who have several, by the user's key."""
    ordered = marks[chosen]
    ordered.sort()
    several = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(several):
        return {}
    users: dict[str, list[int]] = {}
    for number in np.flatnonzero(chosen & (marks != NO_ID) & np.isin(marks, several)).tolist():
        users.setdefault(identity_key(records.identity(number)), []).append(number)
    return {key: numbers for key, numbers in users.items() if len(numbers) > 1}


def _twice_and_unreadable(
    request: RetryRequest,
    unreadable: Sequence[Unmatched],
    gathered: Gathered,
    marks: NDArray[np.int64],
    records: Records,
) -> Iterator[Unmatched]:
    """Keeps apart the records of users one of whose records cannot be read: which is right, a person has to say."""
    keys = {identity_key(one.identity): one for one in unreadable if one.reason is Reason.unreadable and one.identity}
    wanted = None if request.selection.everybody else request.selection.identities.marks
    by_mark = {mark_in(wanted, key): key for key in keys}
    for number in np.flatnonzero(gathered.chosen & np.isin(marks, [mark for mark in by_mark if mark])).tolist():
        key = by_mark[int(marks[number])]
        identity = records.identity(number)
        if identity_key(identity) == key:
            gathered.chosen[number] = False
            both = filter(None, (places(gathered.spans, [number]), keys[key].records))
            yield Unmatched(identity, Reason.twice, ", ".join(sorted(both, key=int)), "one of them cannot be read")


def _look_for_nameless(request: RetryRequest, buffer: Buffer, gathered: Gathered) -> None:
    """Lists the records that entries without a user's ID may be about: those without an ID, and users of several."""
    spans = request.everybody if request.everybody is not None else everybody(request)
    marks = marks_in(spans)
    if request.id_property.name and request.selection.naming_nobody:
        without = np.flatnonzero(marks == NO_ID).tolist()
        gathered.lacking_id = len(without)
        gathered.unmatched += [Unmatched("", Reason.not_importable, places(spans, [number])) for number in without]
    if not request.selection.doubtful and gathered.explained(request.selection) == request.selection.naming_nobody:
        return
    records = Records(buffer, spans, request.id_property.name)
    for key, numbers in repeated(marks, np.ones(len(spans), np.bool_), records).items():
        if key not in gathered.twice:
            identity = records.identity(numbers[0])
            gathered.unmatched.append(Unmatched(identity, Reason.perhaps_nobodys, places(spans, numbers)))


def places(spans: Spans, numbers: list[int]) -> str:
    """The records' places in the source, from 1."""
    return ", ".join(str(spans.positions[number] + 1) for number in numbers)
