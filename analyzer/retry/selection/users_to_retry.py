"""Select the users for a retry file by the job's outcome, its log, and the user's choices."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.named_users import UserIds
from analyzer.catalogue.conditions import BECAUSE, GIVE_IDS, SPLIT, UPLOAD, UPLOAD_HERE, map_properties
from analyzer.errors import UsageError
from analyzer.model.job import FAILED, Outcome
from analyzer.model.service import ABORTING_CODES, JobError, LogCode
from analyzer.model.text import did_you_mean, listed, listed_first
from analyzer.retry.model import EVERYTHING, Selection, helps_unknown
from analyzer.retry.selection.options import (
    narrow_all,
    narrow_named,
    narrow_unknown,
    why_none_left,
    with_retry_helps,
    without_users,
)
from analyzer.source.model import mark_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from analyzer.analysis.named_users import NamedUsers
    from analyzer.retry.model import Choices, RetryHelps

_CONDITIONS = {
    JobError.DataFileTooBig.name: SPLIT,
    JobError.DataFileNotInTenant.name: UPLOAD_HERE,
    JobError.DataFileNotExist.name: UPLOAD,
}
_LISTED = 8
_LONG = 80
"""Characters: codes of the service are shorter; longer ones are neither compared nor shown."""


def select(  # noqa: PLR0913 - the facts of a job, and the options
    outcome: Outcome,
    named_users: NamedUsers,
    error: str = "",
    *,
    located: str = "",
    unfinished_logs: int = 0,
    choices: Choices = EVERYTHING,
    retry_helps: RetryHelps = helps_unknown,
    readable: bool = False,
    newer: frozenset[int] = frozenset(),
) -> Selection:
    """Select the users that a job did not update, narrowed by the choices.

    Args:
        outcome: of the job.
        named_users: by its logs.
        error: name of the job's error; empty if only its log is known.
        unfinished_logs: how many of its logs may lack entries at their end.
        located: what the service could not read in the source file, a sentence without a period.
        choices: the user's.
        retry_helps: ``Catalogue.retry_helps``; called if ``choices.retryable`` is set.
        readable: whether what can't be read of the source file is repaired or left out.
        newer: marks of users whose newer records are in later files; their older ones must not be imported.

    Raises:
        UsageError: no entry has a chosen code, a code is both chosen and excluded, or a choice contradicts the outcome.
    """
    _check(choices, outcome)
    if outcome not in FAILED:
        return Selection(outcome, False, UserIds(), 0, BECAUSE[outcome])
    # If all records are selected, users missing in a log matter only to choices by the log.
    selection = _select_all(
        outcome, named_users, unfinished_logs if outcome is Outcome.partial or choices.by_log else 0
    )
    selection = _without_newer(selection, newer)
    if choices.narrow and not selection.empty:
        selection = _choose(selection, named_users.entries, choices, error, retry_helps)
    if outcome is not Outcome.aborted or selection.empty:
        return selection
    again = _recurring(named_users.entries, selection, choices.drop_properties, readable=readable)
    return dataclasses.replace(selection, condition=_condition(again, error, located))


def _without_newer(selection: Selection, newer: frozenset[int]) -> Selection:
    """Exclude the users whose newer records are in later files."""
    if not newer:
        return selection
    if selection.all_records:
        return dataclasses.replace(selection, newer=newer, left_to_later=len(newer))
    left = {key: identity for key, identity in selection.identities.items() if mark_of(key) not in newer}
    left_out = len(selection.identities) - len(left)
    if not left_out:
        return selection
    selection = dataclasses.replace(
        selection,
        identities=UserIds(left),
        doubtful=selection.doubtful & left.keys(),
        left_to_later=left_out,
    )
    if selection.empty:
        return dataclasses.replace(
            selection, because="later imports of the feed had the records of all who failed", none_left=True
        )
    return selection


def _check(choices: Choices, outcome: Outcome) -> None:
    """Refuse choices that contradict one another or the job's outcome.

    Raises:
        UsageError: one does.
    """
    excepted = {code.casefold() for code in choices.except_}
    for code in choices.only:
        if code.casefold() in excepted:
            raise UsageError(f"{code} is in both --only and --except", "Specify it in one of them.")
    if choices.without_culprits and outcome is not Outcome.aborted:
        advice = {
            Outcome.partial: "Omit it; --except CODE excludes the users with a code.",
            Outcome.unknown: "If you know that it was aborted, specify --outcome aborted.",
        }
        raise UsageError(
            f"--without-culprits is for an aborted import, and this one is {outcome.value}: {BECAUSE[outcome]}",
            advice.get(outcome, "There is nothing to retry."),
        )


def _select_all(outcome: Outcome, named_users: NamedUsers, unfinished_logs: int) -> Selection:
    """Select all users that a failed job did not update."""
    because = BECAUSE[outcome]
    if outcome is not Outcome.partial:
        lacking = named_users.entries.filter(code=LogCode.MissingIdentity).height if outcome is Outcome.aborted else 0
        return Selection(outcome, True, UserIds(), 0, because, lacking_id=lacking, unfinished_logs=unfinished_logs)
    return Selection(
        outcome,
        False,
        named_users.ids,
        named_users.without_user(),
        because,
        doubtful=named_users.doubtful,
        lacking_id=named_users.without_user(ABORTING_CODES - {LogCode.MissingIdentity}),
        unfinished_logs=unfinished_logs,
    )


def _choose(
    whole: Selection, entries: pl.DataFrame, choices: Choices, error: str, retry_helps: RetryHelps
) -> Selection:
    """Narrow a selection by the user's choices.

    Raises:
        UsageError: no entry has a chosen code.
    """
    choices = dataclasses.replace(
        choices,
        only=_codes_in(entries, choices.only, "--only"),
        except_=_codes_in(entries, choices.except_, "--except"),
    )
    if not whole.all_records:
        selection = narrow_named(whole, entries, choices, retry_helps)
    elif choices.retryable and whole.outcome is Outcome.unknown:
        selection = narrow_unknown(whole, entries, choices, error, retry_helps)
    else:
        selection = narrow_all(whole, entries, choices)
        if choices.retryable and whole.outcome is Outcome.aborted and not selection.empty:
            again = _why_aborted_again(entries, selection, error, choices.drop_properties, retry_helps)
            if again:
                return dataclasses.replace(without_users(selection), because=again, none_left=True)
    if not selection.empty:
        return selection
    return dataclasses.replace(selection, because=why_none_left(whole, selection.choice_clauses), none_left=True)


def _codes_in(entries: pl.DataFrame, wanted: Sequence[str], option: str) -> tuple[str, ...]:
    """Return the wanted codes, spelled as in the log."""
    codes = entries.group_by("code").len().sort("len", "code", descending=[True, False])["code"].to_list()
    found: dict[str, None] = {}
    for one in wanted:
        spelled = [code for code in codes if code.casefold() == one.strip().casefold()]
        if not spelled:
            raise UsageError(f"{option} {one}: the log has no entry with this code", _existing_codes(one, codes))
        found |= dict.fromkeys(spelled)
    return tuple(found)


def _existing_codes(wanted: str, codes: Sequence[str]) -> str:
    if not codes:
        return "It has no entry at all."
    plain = [code for code in codes if len(code) <= _LONG]
    return f"{did_you_mean(wanted[:_LONG], plain)} It has {listed_first(plain, _LISTED, len(codes))}.".lstrip()


def _recurring(
    entries: pl.DataFrame, selection: Selection, dropped: Collection[str], *, readable: bool = False
) -> pl.DataFrame:
    """Return the entries whose cause is still in the selected records.

    Args:
        entries: those that have a code, in the columns of ``analysis.named_users``.
        selection: the users whose records are written.
        dropped: properties that the records are written without.
        readable: whether what can't be read of the source file is repaired or left out.
    """
    key, code = pl.col("key"), pl.col("code")
    named = list(selection.excluded if selection.all_records else selection.identities)
    of_user = key.is_in(named) ^ selection.all_records
    # Records selected by their IDs never include one without an ID.
    of_no_user = (code != LogCode.MissingIdentity) | (selection.all_records and not selection.without_missing_ids)
    corrected = (code == LogCode.InvalidProperty) & pl.col("property").is_in(list(dropped)).fill_null(value=False)
    corrected |= (code == LogCode.DataFileNotJson) & readable
    return entries.filter(pl.when(key.is_null()).then(of_no_user).otherwise(of_user) & ~corrected)


def _condition(entries: pl.DataFrame, error: str, located: str) -> str:
    """Return what to do before a retry file is queued, a clause; empty if nothing is known.

    Args:
        entries: those whose cause is still in the retry.
        error: name of the job's error.
        located: what the service could not read in the source file, a sentence without a period.
    """
    if error in _CONDITIONS:
        return _CONDITIONS[error]
    unmapped = entries.filter(entries["code"] == LogCode.InvalidProperty)
    properties = unmapped["property"].drop_nulls().unique(maintain_order=True)
    if len(properties):
        return map_properties(properties.to_list())
    unreadable = entries.filter(entries["code"] == LogCode.DataFileNotJson)["message"]
    if len(unreadable):
        where = f": {located[:1].lower()}{located[1:]}" if located else ""
        return f"correct what the service couldn't read ({unreadable[0].rstrip('.')}){where}"
    return GIVE_IDS if LogCode.MissingIdentity in entries["code"] else ""


def _why_aborted_again(
    entries: pl.DataFrame, selection: Selection, error: str, dropped: Collection[str], retry_helps: RetryHelps
) -> str:
    """Return why an unchanged retry of the selected records would be aborted again, a clause; empty if it wouldn't."""
    if error in _CONDITIONS or entries.is_empty():
        verdicts = [(error, retry_helps(error, "", None) if error else None)]
    else:
        validation = entries.filter(entries["code"].is_in(list(ABORTING_CODES)))
        # Without a code of the validation, one of the other codes aborted the import.
        causes = _recurring(entries if validation.is_empty() else validation, selection, dropped)
        verdicts = with_retry_helps(causes, retry_helps).select("code", "helps").unique(maintain_order=True).rows()
    never = [name for name, helps in verdicts if helps is False]
    if never:
        return f"a retry unchanged would be aborted again ({listed(never)})"
    if any(helps is None for _, helps in verdicts):
        return "whether a retry unchanged would be aborted again is unknown"
    return ""
