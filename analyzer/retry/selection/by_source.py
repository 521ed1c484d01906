"""A request once its source file is known: who failed by its records, and what to do before the file is queued.

A log can tell of users without naming them, and of all users in a way that speaks of how the job was queued. Both show
only beside the source file.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from analyzer.analysis.naming import UserIds
from analyzer.catalogue.job_errors import GIVE_IDS
from analyzer.model.id_kinds import MissingId, id_advice, id_kinds, missing_id_advice
from analyzer.model.outcome import Outcome
from analyzer.model.service import LogCode
from analyzer.model.text import count
from analyzer.retry.selection.gather import marks_in, repeated
from analyzer.retry.selection.look_up import everybody, look_up
from analyzer.retry.selection.records import Records
from analyzer.source.model import NO_ID, mark_of
from analyzer.source.reader.records import reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.analysis.naming import NamedUsers
    from analyzer.retry.model import RetryRequest
    from analyzer.source.find import MatchedRecords
    from analyzer.source.id_property import IdProperty
    from analyzer.source.model import Spans


def by_source(request: RetryRequest, named_users: NamedUsers) -> RetryRequest:
    """Complete a request by what only the source file tells.

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
        if (selection.naming_nobody if key is None else key in selection.identities)
    ]
    if selection.naming_nobody or selection.doubtful or duplicates:
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
    """What to do where the service missed the ID in every record, a clause."""
    advice = missing_id_advice(id_property.missing or MissingId.dropped, id_property.name, id_property.kinds)
    return f"{advice.action}: {advice.finding}"


def _with_duplicates(request: RetryRequest, duplicates: Sequence[str | None], spans: Spans) -> RetryRequest:
    """Put the users who have several records in the place of the entries that tell of such and name none of them."""
    selection = dataclasses.replace(request.selection, told_twice=len(duplicates))
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
        naming_nobody=selection.naming_nobody - nameless + further,
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
    request = request if request.manner.reads_around_faults else dataclasses.replace(request, found=found)
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
    """Whether the records that were found are all of the source file's but those without an ID."""
    without = list(spans.marks).count(NO_ID) if spans is not None else 0
    return len(found.spans) + without == found.records > 0
