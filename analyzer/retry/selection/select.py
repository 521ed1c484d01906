"""Whose records a retry file has to hold: by the job's outcome, its log, and the user's choices."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.naming import UserIds
from analyzer.catalogue.jobs import GIVE_IDS, SPLIT
from analyzer.errors import UsageError
from analyzer.model.job import FAILED, Outcome
from analyzer.model.service import ABORTING_CODES, JobError, LogCode
from analyzer.model.text import did_you_mean, listed, listed_first
from analyzer.retry.model import EVERYTHING, Selection, helps_unknown
from analyzer.retry.selection.choices import emptied, of_everybody, of_named, of_unknown, why_none_left, with_helps
from analyzer.source.model import mark_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from analyzer.analysis.naming import NamedUsers
    from analyzer.retry.model import Choices, RetryHelps

_BECAUSE = {
    Outcome.partial: "named in the log; everyone else was updated",
    Outcome.aborted: "the import was aborted",
    Outcome.unknown: "who was updated is unknown",
    Outcome.succeeded: "every user was updated",
    Outcome.running: "the job hasn't ended",
    Outcome.stuck: "the job hasn't ended; it seems stuck",
}
_BEFORE_RETRY = {
    JobError.DataFileTooBig.name: SPLIT,
    JobError.DataFileNotInTenant.name: "upload it to this tenant",
    JobError.DataFileNotExist.name: "upload it, and leave it in its place until the job has ended",
}
_LISTED = 8
_LONG = 80
"""Characters; the service writes no longer codes, and longer ones are not compared."""


def select(  # noqa: PLR0913 - what is known of a job, and what is wanted of it
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
        error: the job's error by name; empty where only its log is known.
        unfinished_logs: how many of its logs may lack entries at their end.
        located: what the service could not read in the source file, a sentence without a full stop.
        choices: the user's.
        retry_helps: what is known of codes (``Catalogue.retry_helps``); asked where ``choices.retryable`` is set.
        readable: whether what cannot be read of the source file is corrected or left out.
        newer: users whose newer records later files hold, by their marks; their older ones must not be imported.

    Raises:
        UsageError: a chosen code is in no entry, or both chosen and excepted; or a choice does not fit the outcome.
    """
    _check(choices, outcome)
    if outcome not in FAILED:
        return Selection(outcome, False, UserIds(), 0, _BECAUSE[outcome])
    # Of everybody, users whom a log may lack matter only to choices by the log.
    selection = _whole(outcome, named_users, unfinished_logs if outcome is Outcome.partial or choices.by_log else 0)
    selection = _without_newer(selection, newer)
    if choices.narrow and not selection.empty:
        selection = _choose(selection, named_users.entries, choices, error, retry_helps)
    if outcome is not Outcome.aborted or selection.empty:
        return selection
    again = _met_again(named_users.entries, selection, choices.drop_properties, readable=readable)
    return dataclasses.replace(selection, first=_before_retry(again, error, located))


def _without_newer(selection: Selection, newer: frozenset[int]) -> Selection:
    """Leave out the users whose newer records later files hold."""
    if selection.everybody:
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
        UsageError: they do.
    """
    excepted = {code.casefold() for code in choices.except_}
    for code in choices.only:
        if code.casefold() in excepted:
            raise UsageError(f"{code} is in both --only and --except", "Name it in one of them.")
    if choices.without_culprits and outcome is not Outcome.aborted:
        advice = {
            Outcome.partial: "Leave it out; --except CODE leaves out those with a code.",
            Outcome.unknown: "If you know that it was aborted, say so with --outcome aborted.",
        }
        raise UsageError(
            f"--without-culprits is for an aborted import, and this one is {outcome.value}: {_BECAUSE[outcome]}",
            advice.get(outcome, "There is nothing to retry."),
        )


def _whole(outcome: Outcome, named_users: NamedUsers, unfinished_logs: int) -> Selection:
    """Select all users that a failed job did not update."""
    because = _BECAUSE[outcome]
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


def _choose(whole: Selection, coded: pl.DataFrame, choices: Choices, error: str, retry_helps: RetryHelps) -> Selection:
    """Narrow a selection by the user's choices.

    Raises:
        UsageError: a chosen code is in no entry.
    """
    choices = dataclasses.replace(
        choices,
        only=_codes_in(coded, choices.only, "--only"),
        except_=_codes_in(coded, choices.except_, "--except"),
    )
    if not whole.everybody:
        selection = of_named(whole, coded, choices, retry_helps)
    elif choices.retryable and whole.outcome is Outcome.unknown:
        selection = of_unknown(whole, coded, choices, error, retry_helps)
    else:
        selection = of_everybody(whole, coded, choices)
        if choices.retryable and whole.outcome is Outcome.aborted and not selection.empty:
            again = _aborted_again(coded, selection, error, choices.drop_properties, retry_helps)
            if again:
                return dataclasses.replace(emptied(selection), because=again, none_left=True)
    if not selection.empty:
        return selection
    return dataclasses.replace(selection, because=why_none_left(whole, selection.chosen), none_left=True)


def _codes_in(coded: pl.DataFrame, wanted: Sequence[str], option: str) -> tuple[str, ...]:
    """Return the wanted codes as the log spells them."""
    by_number = coded.group_by("code").len().sort("len", "code", descending=[True, False])["code"].to_list()
    found: dict[str, None] = {}
    for one in wanted:
        spelled = [code for code in by_number if code.casefold() == one.strip().casefold()]
        if not spelled:
            raise UsageError(f"{option} {one}: the log has no entry with this code", _existing_codes(one, by_number))
        found |= dict.fromkeys(spelled)
    return tuple(found)


def _existing_codes(wanted: str, codes: Sequence[str]) -> str:
    if not codes:
        return "It has no entry at all."
    plain = [code for code in codes if len(code) <= _LONG]
    return f"{did_you_mean(wanted[:_LONG], plain)} It has {listed_first(plain, _LISTED, len(codes))}.".lstrip()


def _met_again(
    coded: pl.DataFrame, selection: Selection, dropped: Collection[str], *, readable: bool = False
) -> pl.DataFrame:
    """Return the entries whose cause is still in the selected records.

    Args:
        coded: the entries that have a code, as ``analysis.naming`` gives them.
        selection: whose records.
        dropped: properties that the records are written without.
        readable: whether what cannot be read of the source file is corrected or left out.
    """
    key, code = pl.col("key"), pl.col("code")
    named = list(selection.excluded if selection.everybody else selection.identities)
    of_user = key.is_in(named) ^ selection.everybody
    # A record without an ID is never among those that are selected by their IDs.
    of_no_user = (code != LogCode.MissingIdentity) | (selection.everybody and not selection.without_unnamed)
    corrected = (code == LogCode.InvalidProperty) & pl.col("property").is_in(list(dropped)).fill_null(value=False)
    corrected |= (code == LogCode.DataFileNotJson) & readable
    return coded.filter(pl.when(key.is_null()).then(of_no_user).otherwise(of_user) & ~corrected)


def _before_retry(coded: pl.DataFrame, error: str, located: str) -> str:
    """Say what has to be done before a retry file is queued, a clause; empty where nothing is known.

    Args:
        coded: the entries that the retry would meet again.
        error: the job's, by name.
        located: what the service could not read in the source file, a sentence without a full stop.
    """
    if error in _BEFORE_RETRY:
        return _BEFORE_RETRY[error]
    unmapped = coded.filter(coded["code"] == LogCode.InvalidProperty)
    properties = unmapped["property"].drop_nulls().unique(maintain_order=True)
    if len(properties):
        return f"map {listed(properties)} or remove {'it' if len(properties) == 1 else 'them'} from the feed"
    unreadable = coded.filter(coded["code"] == LogCode.DataFileNotJson)["message"]
    if len(unreadable):
        where = f": {located[:1].lower()}{located[1:]}" if located else ""
        return f"correct what the service couldn't read ({unreadable[0].rstrip('.')}){where}"
    return GIVE_IDS if LogCode.MissingIdentity in coded["code"] else ""


def _aborted_again(
    coded: pl.DataFrame, selection: Selection, error: str, dropped: Collection[str], retry_helps: RetryHelps
) -> str:
    """Say why an unchanged retry of the selected records would be aborted again, a clause; empty where it would not."""
    if error in _BEFORE_RETRY or coded.is_empty():
        verdicts = [(error, retry_helps(error, "", None) if error else None)]
    else:
        validation = coded.filter(coded["code"].is_in(list(ABORTING_CODES)))
        # Other codes exist; where the log has none of the validation, one of them aborted it.
        causes = _met_again(coded if validation.is_empty() else validation, selection, dropped)
        verdicts = with_helps(causes, retry_helps).select("code", "helps").unique(maintain_order=True).rows()
    never = [name for name, helps in verdicts if helps is False]
    if never:
        return f"a retry unchanged would be aborted again ({listed(never)})"
    if any(helps is None for _, helps in verdicts):
        return "whether a retry unchanged would be aborted again is unknown"
    return ""
