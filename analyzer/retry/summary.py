"""The summary of a retry: what its file contains and why, what is missing, and what to do first."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import TYPE_CHECKING

from analyzer.catalogue.conditions import NAMED, SPLIT, users_to_retry
from analyzer.model.identity import MissingId
from analyzer.model.job import Outcome
from analyzer.model.text import capitalised, count, listed, listed_first
from analyzer.retry.model import DEFAULT_OPTIONS, IDENTICAL, Reason
from analyzer.source.damaged_values import DamageKind, warnings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.retry.model import RetryFiles, RetryOptions, Selection
    from analyzer.source.id_property import IdProperty

_EXAMPLES = 5

_SHORTFALLS = {
    Reason.not_in_source: ("ID isn't in the source file", "IDs aren't in the source file"),
    Reason.not_left_out: (
        "ID that was to be left out isn't in the source file",
        "IDs that were to be left out aren't in the source file",
    ),
    Reason.not_to_retry: ("listed user isn't among those to retry", "listed users aren't among those to retry"),
    Reason.doubtful_id: (
        "log entry has a GUID that isn't a user's ID",
        "log entries have GUIDs that aren't users' IDs",
    ),
    Reason.without_id: ("record has no ID", "records have no ID"),
    Reason.not_importable: ("record has no ID", "records have no ID"),
    Reason.duplicate: ("ID is in more than one record", "IDs are in more than one record"),
    Reason.possible_duplicate: (
        "ID is in more than one record, which may explain an entry that doesn't identify a user",
        "IDs are in more than one record, which may explain entries that don't identify a user",
    ),
    Reason.no_record: ("value in the list isn't a record", "values in the list aren't records"),
    Reason.multi_value: ("value is a list or an object", "values are lists or objects"),
    Reason.unreadable: ("record can't be read", "records can't be read"),
    Reason.uncertain: ("record has a value that JSON can't spell", "records have values that JSON can't spell"),
}


def sentence(
    selection: Selection,
    retry: RetryFiles | None,
    id_property: IdProperty | None,
    options: RetryOptions = DEFAULT_OPTIONS,
) -> str:
    """Summarize what the retry file contains and why, what to do before it is queued, and what it lacks.

    Without a retry file, return why there is nothing to retry.
    """
    if retry is None or id_property is None:
        # A log without entries does not prove that every user was updated.
        unknown = selection.outcome is Outcome.partial and not selection.none_left
        because = "the log has no entry" if unknown else selection.because
        incomplete = f" Incomplete: {_unfinished(selection.unfinished_logs)}." if selection.unfinished_logs else ""
        return f"Nothing to retry: {because}.{incomplete}"
    parts = [_users(selection, retry), *_how_chosen(selection, options)]
    if len(retry.paths) > 1:
        parts.append(f"In {len(retry.paths)} files, to be queued one after the other.")
    if id_property.without_ids:
        parts.append("Don't queue this file: no record has an ID.")
        if selection.condition:
            parts.append(f"{capitalised(selection.condition)}.")
    elif selection.condition and not (len(retry.paths) > 1 and selection.condition == SPLIT):
        files = "these files" if len(retry.paths) > 1 else "this file"
        parts.append(f"Before you queue {files}, {selection.condition}.")
    if not retry.complete:
        parts.append(f"Incomplete: {_shortfall(retry)}.")
        parts += _how_to_drop(retry)
    if not id_property.without_ids:
        parts += _to_correct(retry)
    return " ".join([*parts, *_corrected(retry), *_how_known(id_property), *_how_spelled(retry), *_damaged(retry)])


def _how_chosen(selection: Selection, options: RetryOptions) -> Iterator[str]:
    if selection.choice_clauses:
        yield f"Chosen: {'; '.join(selection.choice_clauses)}."
    if selection.left_to_later:
        left_out = count(selection.left_to_later, "user is", "users are")
        yield f"{left_out} left out, because later imports of the feed had their records."
    if options.drop_properties:
        yield f"Without {listed(options.drop_properties)}."


def _to_correct(retry: RetryFiles) -> Iterator[str]:
    """Yield what to correct in the feed, a sentence each."""
    duplicates = [one for one in retry.unmatched if one.reason is Reason.duplicate]
    for one in duplicates[:_EXAMPLES]:
        numbers, same = listed(one.records.split(", ")), " and are identical" if one.detail == IDENTICAL else ""
        yield f"Records {numbers} have the same ID ({one.identity}){same}: keep one in the feed."
    without = [one.records for one in retry.unmatched if one.reason in (Reason.without_id, Reason.not_importable)]
    if len(without) == 1:
        yield f"Record {without[0]} has no ID: give it one in the feed, or remove it."
    elif without:
        numbers = listed_first(without, _EXAMPLES)
        yield f"Records {numbers} have no ID: give them one in the feed, or remove them."


def _users(selection: Selection, retry: RetryFiles) -> str:
    if not retry.paths:
        return "No retry file: the records that failed can't be imported before the feed is corrected."
    because, every = selection.because, False
    if selection.all_records:
        every = max(retry.users, retry.records) > 1 and not selection.choice_clauses and not selection.left_to_later
    elif selection.outcome is Outcome.partial and (selection.choice_clauses or not retry.complete):
        because = NAMED  # if something is missing, other users may have failed, too
    if retry.users:
        return users_to_retry(retry.users, because, every=every and retry.users > 1)
    return f"{'All ' if every else ''}{count(retry.records, 'record')} ({because})."


def _how_to_drop(retry: RetryFiles) -> Iterator[str]:
    for one in retry.unmatched:
        if one.reason is Reason.multi_value:
            records = count(one.count, "record has", "records have")
            yield (
                f"An import takes no multi-value property, and {records} one in {one.property}:"
                f" --drop-property {shlex.quote(one.property)} leaves it out."
            )


def _corrected(retry: RetryFiles) -> Iterator[str]:
    """Yield how many IDs are others than in the source."""
    corrections = retry.corrections
    if not corrections.by:
        return
    number = len(retry.corrected)
    corrected = count(number, "ID is", "IDs are") if number else "No ID is"
    yield f"{corrected} corrected by {corrections.by}."
    if corrections.left:
        left = count(len(corrections.left), "ID isn't", "IDs aren't")
        yield f"{left} corrected, because another record, here or in a later file, is the same user's."


def _how_known(id_property: IdProperty) -> Iterator[str]:
    if not id_property.name:
        yield "Which property holds the IDs is unknown; name it with --id-property."
    elif not id_property.certain and id_property.missing is not MissingId.empty:
        yield f"Using {id_property.name} as the ID property ({id_property.because})."


def _damaged(retry: RetryFiles) -> Iterator[str]:
    """Yield which values are wrong; the file contains them unchanged."""
    yield from warnings_of(retry.damage)
    if any(one.kind is DamageKind.no_mark for one in retry.damage):
        yield "The retry file has the mark, so its letters arrive; in profiles that were updated they may be damaged."


def _how_spelled(retry: RetryFiles) -> Iterator[str]:
    if retry.recoded:
        yield f"The source file is {retry.recoded}; the retry file is UTF-8."
    if retry.repairs_file is not None:
        repairs = count(len(retry.repairs), "repair")
        yield f"{repairs}, listed in {retry.repairs_file.name}." if retry.repairs else "Nothing was repaired."
    elif retry.respelled:
        of_them = count(retry.respelled, "record has", "records have")
        yield f"{of_them} something that isn't valid JSON, such as a comma too many; the retry file is valid JSON."


def _unfinished(logs: int) -> str:
    return count(logs, "log is incomplete", "logs are incomplete")


def _shortfall(retry: RetryFiles) -> str:
    numbers: Counter[Reason] = Counter()
    for one in retry.unmatched:
        numbers[one.reason] += one.count
    lacking = []
    if retry.without_user:
        lacking.append(
            count(retry.without_user, "log entry doesn't identify a user", "log entries don't identify a user")
        )
    if retry.unfinished_logs:
        lacking.append(_unfinished(retry.unfinished_logs))
    if retry.source_later:
        lacking.append(f"the source file {retry.source_later}")
    lacking += [count(numbers[reason], one, many) for reason, (one, many) in _SHORTFALLS.items() if numbers[reason]]
    return listed(lacking) + (f"; see {retry.unmatched_file.name}" if retry.unmatched else "")
