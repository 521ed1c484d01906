"""A selection beside its source file: what only that shows, which records to write, and what does not match."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from analyzer.analysis.naming import UserIds
from analyzer.catalogue.jobs import GIVE_IDS
from analyzer.model.identity import MissingId, id_advice, id_kinds, identity_key, missing_id_advice
from analyzer.model.job import Outcome
from analyzer.model.service import LogCode
from analyzer.model.text import count
from analyzer.retry.model import Mismatch, Reason
from analyzer.retry.selection.records import Records, everybody, look_up, marks_in, places, repeated
from analyzer.source.model import NO_ID, mark_in, mark_of
from analyzer.source.reader.records import reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from analyzer.analysis.naming import NamedUsers
    from analyzer.retry.model import RetryRequest, Selection
    from analyzer.retry.selection.records import LookupResult
    from analyzer.source.find import MatchedRecords
    from analyzer.source.id_property import IdProperty
    from analyzer.source.model import Spans
    from analyzer.source.reader.json_text import Buffer


@dataclass(slots=True)
class ChosenRecords:
    """The records to write, by their number among the spans that were found.

    Attributes:
        spans: of the records.
        chosen: for each span whether it is to be written.
        twice: the numbers of records whose user has another one, by the user's key; none of them is chosen.
        unmatched: what else does not match.
        lacking_id: records without an ID, where that matters.
    """

    spans: Spans
    chosen: NDArray[np.bool_]
    twice: dict[str, list[int]] = field(default_factory=dict)
    unmatched: list[Mismatch] = field(default_factory=list)
    lacking_id: int = 0

    def explained(self, selection: Selection) -> int:
        """Count the entries without a user's ID that are about records without an ID: one each, or it isn't known."""
        return self.lacking_id if self.lacking_id == selection.lacking_id and not selection.everybody else 0


def gather(request: RetryRequest, looked_up: LookupResult, buffer: Buffer) -> ChosenRecords:
    """Tell the records to write from those that are kept apart.

    Args:
        request: what is wanted.
        looked_up: the selection's records, and what cannot be read.
        buffer: the source file.
    """
    found = looked_up.found
    selection = request.selection
    records = Records(buffer, found.spans, request.id_property.name)
    chosen_records = ChosenRecords(found.spans, np.ones(len(found.spans), np.bool_))
    marks = marks_in(found.spans)
    if selection.everybody:
        _leave_out(chosen_records, marks, selection, records)
    else:
        chosen_records.unmatched += _not_found(selection, marks)
    for identity in selection.unknown_users.values():
        chosen_records.unmatched.append(Mismatch(identity, Reason.not_to_retry))
    if request.id_property.name:
        chosen_records.twice = repeated(marks, chosen_records.chosen, records)
        chosen_records.chosen[[number for numbers in chosen_records.twice.values() for number in numbers]] = False
        chosen_records.unmatched += _twice_and_unreadable(request, looked_up.unmatched, chosen_records, marks, records)
    if not selection.everybody and (selection.doubtful or selection.without_user):
        _look_for_nameless(request, buffer, chosen_records)
    return chosen_records


def _leave_out(chosen_records: ChosenRecords, marks: NDArray[np.int64], selection: Selection, records: Records) -> None:
    """Leave out of all records those that are not wanted; list users who are not found, and records without an ID."""
    if selection.newer:
        chosen_records.chosen[np.isin(marks, list(selection.newer))] = False
    left_out = set()
    for number in np.flatnonzero(np.isin(marks, [mark_of(key) for key in selection.excluded])).tolist():
        # A mark is no more than likely to be one user's.
        key = identity_key(records.identity(number))
        if key in selection.excluded:
            chosen_records.chosen[number] = False
            left_out.add(key)
    for key, identity in selection.excluded.items():
        if key not in left_out:
            reason = Reason.no_user if key in selection.doubtful else Reason.not_left_out
            chosen_records.unmatched.append(Mismatch(identity, reason))
    without = np.flatnonzero(marks == NO_ID)
    chosen_records.lacking_id = len(without) if records.id_property else 0
    if selection.without_unnamed:
        chosen_records.chosen[without] = False
    for number in without.tolist() if records.id_property and not selection.without_unnamed else ():
        chosen_records.unmatched.append(Mismatch("", Reason.without_id, places(chosen_records.spans, [number])))


def _not_found(selection: Selection, marks: NDArray[np.int64]) -> Iterator[Mismatch]:
    seen = np.zeros(len(selection.identities) + 1, np.bool_)
    seen[marks] = True
    for key, mark in selection.identities.marks.items():
        if not seen[mark]:
            reason = Reason.no_user if key in selection.doubtful else Reason.not_in_source
            yield Mismatch(selection.identities[key], reason)


def _twice_and_unreadable(
    request: RetryRequest,
    unreadable: Sequence[Mismatch],
    chosen_records: ChosenRecords,
    marks: NDArray[np.int64],
    records: Records,
) -> Iterator[Mismatch]:
    """Keep apart the records of users who have an unreadable one, too: a person has to decide which is right."""
    keys = {identity_key(one.identity): one for one in unreadable if one.reason is Reason.unreadable and one.identity}
    wanted = None if request.selection.everybody else request.selection.identities.marks
    by_mark = {mark_in(wanted, key): key for key in keys}
    for number in np.flatnonzero(chosen_records.chosen & np.isin(marks, [mark for mark in by_mark if mark])).tolist():
        key = by_mark[int(marks[number])]
        identity = records.identity(number)
        if identity_key(identity) == key:
            chosen_records.chosen[number] = False
            both = filter(None, (places(chosen_records.spans, [number]), keys[key].records))
            yield Mismatch(identity, Reason.twice, ", ".join(sorted(both, key=int)), "one of them can't be read")


def _look_for_nameless(request: RetryRequest, buffer: Buffer, chosen_records: ChosenRecords) -> None:
    """List the records that entries without a user's ID may be about: those without an ID, and duplicates."""
    spans = request.everybody if request.everybody is not None else everybody(request)
    marks = marks_in(spans)
    if request.id_property.name and request.selection.without_user:
        without = np.flatnonzero(marks == NO_ID).tolist()
        chosen_records.lacking_id = len(without)
        chosen_records.unmatched += [Mismatch("", Reason.not_importable, places(spans, [number])) for number in without]
    if not request.selection.doubtful and chosen_records.explained(request.selection) == request.selection.without_user:
        return
    records = Records(buffer, spans, request.id_property.name)
    for key, numbers in repeated(marks, np.ones(len(spans), np.bool_), records).items():
        if key not in chosen_records.twice:
            identity = records.identity(numbers[0])
            chosen_records.unmatched.append(Mismatch(identity, Reason.possible_duplicate, places(spans, numbers)))


def complete_by_source(request: RetryRequest, named_users: NamedUsers) -> RetryRequest:
    """Complete a request by what only the source file shows.

    A log can report users without naming them, and fail all users because of how the job was queued.

    Raises:
        InputError: the source file cannot be read, or it and the log are not of one job.
        NotJsonError: it isn't valid JSON.
    """
    if request.selection.everybody:
        return _of_everybody(request)
    selection, spans = request.selection, None
    duplicates = [
        key
        for key in named_users.duplicates
        if (selection.without_user if key is None else key in selection.identities)
    ]
    if selection.without_user or selection.doubtful or duplicates:
        spans = everybody(request)
        request = dataclasses.replace(request, everybody=spans)
    if duplicates and spans is not None:
        request = _with_duplicates(request, duplicates, spans)
    return _of_all(request, named_users, spans)


def _of_everybody(request: RetryRequest) -> RetryRequest:
    """Say what is wrong with the IDs, where the service missed them in every record."""
    selection, id_property = request.selection, request.id_property
    if not selection.lacking_id:
        return request
    if id_property.certain and id_property.name and id_property.missing is None:
        found = look_up(request).found
        if not 0 < found.records <= selection.lacking_id or NO_ID in found.spans.marks:
            return request
        id_property = dataclasses.replace(id_property, missing=MissingId.other_name)
    if id_property.missing is None:
        return request
    renamed = id_property.missing is MissingId.other_name
    clause = _about_missing(id_property)
    others = selection.first if selection.first != GIVE_IDS else ""
    return dataclasses.replace(
        request,
        selection=dataclasses.replace(
            selection,
            first=f"{others}, and {clause}" if others else clause,
            # No record lacks it: the entries are explained.
            lacking_id=0 if renamed else selection.lacking_id,
        ),
    )


def _about_missing(id_property: IdProperty) -> str:
    """Say what to do where the service missed the ID in every record, a clause."""
    advice = missing_id_advice(id_property.missing or MissingId.dropped, id_property.name, id_property.kinds)
    return f"{advice.action}: {advice.finding}"


def _with_duplicates(request: RetryRequest, duplicates: Sequence[str | None], spans: Spans) -> RetryRequest:
    """Replace the entries that report duplicates and name no user by the users who have several records."""
    selection = dataclasses.replace(request.selection, duplicate_entries=len(duplicates))
    marks = marks_in(spans)
    with reading(request.source) as buffer:
        records = Records(buffer, spans, request.id_property.name)
        users = repeated(marks, np.ones(len(spans), np.bool_), records)
        spelled = {key: records.identity(numbers[0]) for key, numbers in users.items()}
    if not users:
        return dataclasses.replace(request, selection=selection)
    there = set(spans.marks)
    strangers = {key for key in duplicates if key is not None and mark_of(key) not in there}
    nameless = duplicates.count(None)
    # How many entries the service writes for one user isn't known: one for each record at most.
    further = max(0, len(duplicates) - sum(map(len, users.values())))
    known = {key: identity for key, identity in selection.identities.items() if key not in strangers}
    selection = dataclasses.replace(
        selection,
        identities=UserIds(known | {key: known.get(key, identity) for key, identity in spelled.items()}),
        doubtful=selection.doubtful - strangers,
        without_user=selection.without_user - nameless + further,
        lacking_id=max(0, selection.lacking_id - nameless),
    )
    return dataclasses.replace(request, selection=selection, found=None)


def _of_all(request: RetryRequest, named_users: NamedUsers, spans: Spans | None) -> RetryRequest:
    """Say that the log names all users of the source file, and what it means where the service resolved none."""
    selection = request.selection
    if (
        selection.outcome is not Outcome.partial
        or selection.chosen
        or selection.left_to_later
        or not request.id_property.name
    ):
        return request
    found = look_up(request).found
    request = request if request.options.reads_around_faults else dataclasses.replace(request, found=found)
    if not _are_all(found, spans):
        return request
    first = selection.first
    users = len(set(found.spans.marks))
    if named_users.codes == {LogCode.IdentityNotResolvable} and users == len(selection.identities) > 1:
        advice = id_advice(id_kinds(selection.identities.values()))
        first = f"check the ID type: all {count(users, 'user')} failed, and {advice.finding}, so {advice.action}"
    because = "named in the log; the source file has no others"
    return dataclasses.replace(request, selection=dataclasses.replace(selection, because=because, first=first))


def _are_all(found: MatchedRecords, spans: Spans | None) -> bool:
    """Return whether the matched records are all of the source file except those without an ID."""
    without = list(spans.marks).count(NO_ID) if spans is not None else 0
    return len(found.spans) + without == found.records > 0
