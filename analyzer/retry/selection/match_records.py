"""Match a selection with the source file: the records to write, and the mismatches."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from analyzer.analysis.named_users import UserIds
from analyzer.catalogue.conditions import GIVE_IDS, NO_OTHERS, check_id_type
from analyzer.model.identity import MissingId, id_kinds, identity_key, missing_id_advice
from analyzer.model.job import Outcome
from analyzer.model.service import LogCode
from analyzer.retry.model import Mismatch, Reason
from analyzer.retry.selection.find_records import (
    Records,
    find_all,
    find_duplicates,
    find_selected,
    marks_in,
    record_places,
)
from analyzer.source.model import NO_ID, mark_in, mark_of
from analyzer.source.reader.records import reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from analyzer.analysis.named_users import NamedUsers
    from analyzer.retry.model import RetryRequest, Selection
    from analyzer.retry.selection.find_records import LookupResult
    from analyzer.source.find import MatchedRecords
    from analyzer.source.id_property import IdProperty
    from analyzer.source.model import Spans
    from analyzer.source.reader.json_text import Buffer


@dataclass(slots=True)
class ChosenRecords:
    """The records to write, by their number among the found spans.

    Attributes:
        spans: of the records.
        chosen: for each span, whether to write it.
        duplicates: numbers of records of users who have several, by user key; none of them is chosen.
        unmatched: other mismatches.
        lacking_id: number of records without an ID, if that matters.
    """

    spans: Spans
    chosen: NDArray[np.bool_]
    duplicates: dict[str, list[int]] = field(default_factory=dict)
    unmatched: list[Mismatch] = field(default_factory=list)
    lacking_id: int = 0

    def explained_entries(self, selection: Selection) -> int:
        """Return how many entries are explained by records without an ID: all if there are as many records, else 0."""
        return self.lacking_id if self.lacking_id == selection.lacking_id and not selection.all_records else 0


def match_records(request: RetryRequest, lookup: LookupResult, buffer: Buffer) -> ChosenRecords:
    """Choose the records to write, and list the mismatches.

    Args:
        request: the retry.
        lookup: the selection's records, and what can't be read.
        buffer: the source file.
    """
    found = lookup.found
    selection = request.selection
    records = Records(buffer, found.spans, request.id_property.name)
    chosen_records = ChosenRecords(found.spans, np.ones(len(found.spans), np.bool_))
    marks = marks_in(found.spans)
    if selection.all_records:
        _leave_out(chosen_records, marks, selection, records)
    else:
        chosen_records.unmatched += _not_found(selection, marks)
    for identity in selection.unknown_users.values():
        chosen_records.unmatched.append(Mismatch(identity, Reason.not_to_retry))
    if request.id_property.name:
        chosen_records.duplicates = find_duplicates(marks, chosen_records.chosen, records)
        chosen_records.chosen[[number for numbers in chosen_records.duplicates.values() for number in numbers]] = False
        chosen_records.unmatched += _set_aside_unreadable(request, lookup.unmatched, chosen_records, marks, records)
    if not selection.all_records and (selection.doubtful or selection.without_user):
        _list_possible_records(request, buffer, chosen_records)
    return chosen_records


def _leave_out(chosen_records: ChosenRecords, marks: NDArray[np.int64], selection: Selection, records: Records) -> None:
    """Deselect records of excluded users; list excluded users without a record, and records without an ID."""
    if selection.newer:
        chosen_records.chosen[np.isin(marks, list(selection.newer))] = False
    left_out = set()
    for number in np.flatnonzero(np.isin(marks, [mark_of(key) for key in selection.excluded])).tolist():
        # Two users may share a mark.
        key = identity_key(records.identity(number))
        if key in selection.excluded:
            chosen_records.chosen[number] = False
            left_out.add(key)
    for key, identity in selection.excluded.items():
        if key not in left_out:
            reason = Reason.doubtful_id if key in selection.doubtful else Reason.not_left_out
            chosen_records.unmatched.append(Mismatch(identity, reason))
    without = np.flatnonzero(marks == NO_ID)
    chosen_records.lacking_id = len(without) if records.id_property else 0
    if selection.without_missing_ids:
        chosen_records.chosen[without] = False
    for number in without.tolist() if records.id_property and not selection.without_missing_ids else ():
        chosen_records.unmatched.append(Mismatch("", Reason.without_id, record_places(chosen_records.spans, [number])))


def _not_found(selection: Selection, marks: NDArray[np.int64]) -> Iterator[Mismatch]:
    seen = np.zeros(len(selection.identities) + 1, np.bool_)
    seen[marks] = True
    for key, mark in selection.identities.marks.items():
        if not seen[mark]:
            reason = Reason.doubtful_id if key in selection.doubtful else Reason.not_in_source
            yield Mismatch(selection.identities[key], reason)


def _set_aside_unreadable(
    request: RetryRequest,
    unreadable: Sequence[Mismatch],
    chosen_records: ChosenRecords,
    marks: NDArray[np.int64],
    records: Records,
) -> Iterator[Mismatch]:
    """Deselect the records of users who also have an unreadable one: a person has to decide which is right."""
    keys = {identity_key(one.identity): one for one in unreadable if one.reason is Reason.unreadable and one.identity}
    wanted = None if request.selection.all_records else request.selection.identities.marks
    by_mark = {mark_in(wanted, key): key for key in keys}
    for number in np.flatnonzero(chosen_records.chosen & np.isin(marks, [mark for mark in by_mark if mark])).tolist():
        key = by_mark[int(marks[number])]
        identity = records.identity(number)
        if identity_key(identity) == key:
            chosen_records.chosen[number] = False
            both = filter(None, (record_places(chosen_records.spans, [number]), keys[key].records))
            yield Mismatch(identity, Reason.duplicate, ", ".join(sorted(both, key=int)), "one of them can't be read")


def _list_possible_records(request: RetryRequest, buffer: Buffer, chosen_records: ChosenRecords) -> None:
    """List the records that unidentified entries may be about: those without an ID, and duplicates."""
    spans = request.all_spans if request.all_spans is not None else find_all(request)
    marks = marks_in(spans)
    if request.id_property.name and request.selection.without_user:
        without = np.flatnonzero(marks == NO_ID).tolist()
        chosen_records.lacking_id = len(without)
        chosen_records.unmatched += [
            Mismatch("", Reason.not_importable, record_places(spans, [number])) for number in without
        ]
    if (
        not request.selection.doubtful
        and chosen_records.explained_entries(request.selection) == request.selection.without_user
    ):
        return
    records = Records(buffer, spans, request.id_property.name)
    for key, numbers in find_duplicates(marks, np.ones(len(spans), np.bool_), records).items():
        if key not in chosen_records.duplicates:
            identity = records.identity(numbers[0])
            chosen_records.unmatched.append(
                Mismatch(identity, Reason.possible_duplicate, record_places(spans, numbers))
            )


def complete_by_source(request: RetryRequest, named_users: NamedUsers) -> RetryRequest:
    """Complete a request with facts from the source file.

    A log can report users without identifying them, or all users because of how the job was queued.

    Raises:
        InputError: the source file can't be read, or isn't of the same job as the log.
        NotJsonError: it isn't valid JSON.
    """
    if request.selection.all_records:
        return _with_id_advice(request)
    selection = request.selection
    duplicates = [
        key
        for key in named_users.duplicates
        if (selection.without_user if key is None else key in selection.identities)
    ]
    if selection.without_user or selection.doubtful or duplicates:
        spans = find_all(request)
        request = dataclasses.replace(request, all_spans=spans)
        if duplicates:
            request = _with_duplicates(request, duplicates, spans)
    return _with_all_failed(request, named_users)


def _with_id_advice(request: RetryRequest) -> RetryRequest:
    """Add what is wrong with the IDs if the service missed them in every record."""
    selection, id_property = request.selection, request.id_property
    if not selection.lacking_id:
        return request
    if id_property.certain and id_property.name and id_property.missing is None:
        found = find_selected(request).found
        if not 0 < found.records <= selection.lacking_id or NO_ID in found.spans.marks:
            return request
        id_property = dataclasses.replace(id_property, missing=MissingId.other_name)
    if id_property.missing is None:
        return request
    renamed = id_property.missing is MissingId.other_name
    clause = _about_missing(id_property)
    others = selection.condition if selection.condition != GIVE_IDS else ""
    return dataclasses.replace(
        request,
        selection=dataclasses.replace(
            selection,
            condition=f"{others}, and {clause}" if others else clause,
            # No record lacks an ID: the entries are explained.
            lacking_id=0 if renamed else selection.lacking_id,
        ),
    )


def _about_missing(id_property: IdProperty) -> str:
    """Return what to do if the service missed the ID in every record, a clause."""
    advice = missing_id_advice(id_property.missing or MissingId.dropped, id_property.name, id_property.kinds)
    return f"{advice.action}: {advice.finding}"


def _with_duplicates(request: RetryRequest, duplicates: Sequence[str | None], spans: Spans) -> RetryRequest:
    """Replace unidentified entries that report duplicates by the users who have several records."""
    selection = dataclasses.replace(request.selection, duplicate_entries=len(duplicates))
    marks = marks_in(spans)
    with reading(request.source) as buffer:
        records = Records(buffer, spans, request.id_property.name)
        users = find_duplicates(marks, np.ones(len(spans), np.bool_), records)
        spelled = {key: records.identity(numbers[0]) for key, numbers in users.items()}
    if not users:
        return dataclasses.replace(request, selection=selection)
    there = set(spans.marks)
    strangers = {key for key in duplicates if key is not None and mark_of(key) not in there}
    nameless = duplicates.count(None)
    # The service writes at most one entry for each record; how many for one user is unknown.
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


def _with_all_failed(request: RetryRequest, named_users: NamedUsers) -> RetryRequest:
    """Add that the log names all users of the source file, and what to check if the service resolved none of them."""
    selection = request.selection
    if (
        selection.outcome is not Outcome.partial
        or selection.choice_clauses
        or selection.left_to_later
        or not request.id_property.name
    ):
        return request
    found = find_selected(request).found
    request = request if request.options.reads_around_faults else dataclasses.replace(request, found=found)
    if not _are_all_records(found, request.all_spans):
        return request
    first = selection.condition
    users = len(set(found.spans.marks))
    if named_users.codes == {LogCode.IdentityNotResolvable} and users == len(selection.identities) > 1:
        first = check_id_type(users, id_kinds(selection.identities.values()))
    selection = dataclasses.replace(selection, because=NO_OTHERS, condition=first)
    return dataclasses.replace(request, selection=selection)


def _are_all_records(found: MatchedRecords, spans: Spans | None) -> bool:
    """Return whether the matched records are all that have an ID."""
    without = spans.marks.count(NO_ID) if spans is not None else 0
    return len(found.spans) + without == found.records > 0
