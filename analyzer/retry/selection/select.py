"""Outcome and entries to a selection: whose records a retry file has to hold."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from analyzer.analysis.naming import UserIds
from analyzer.errors import UsageError
from analyzer.model.outcome import FAILED, Outcome
from analyzer.model.service import ABORTING_CODES, LogCode
from analyzer.retry.model import Selection
from analyzer.retry.selection.choices import EVERYTHING
from analyzer.source.model import mark_of

if TYPE_CHECKING:
    from analyzer.analysis.naming import NamedUsers
    from analyzer.retry.selection.choices import Choices, RetryHelps

_BECAUSE = {
    Outcome.partial: "named in the log; everyone else was updated",
    Outcome.aborted: "the import was aborted",
    Outcome.unknown: "who was updated is unknown",
    Outcome.succeeded: "every user was updated",
    Outcome.running: "the job hasn't ended",
    Outcome.stuck: "the job hasn't ended; it seems stuck",
}


def nobody_knows(_code: str, _message: str, _detail: str | None) -> None:
    """Of no entry whether a retry helps."""


def select(  # noqa: PLR0913 - what is known of a job, and what is wanted of it
    outcome: Outcome,
    named_users: NamedUsers,
    error: str = "",
    *,
    located: str = "",
    unfinished_logs: int = 0,
    choices: Choices = EVERYTHING,
    retry_helps: RetryHelps = nobody_knows,
    readable: bool = False,
    newer: frozenset[int] = frozenset(),
) -> Selection:
    """Whom the job did not update, by what its outcome says, and which of them the user chose.

    Args:
        outcome: of the job.
        named_users: by its logs.
        error: the job's error by name; empty where only its log is known.
        unfinished_logs: how many of its logs may lack entries at their end.
        located: what stands where the service could not read the source file, a sentence without a full stop.
        choices: the user's.
        retry_helps: what is known of codes (``Catalogue.retry_helps``); asked where ``choices.retryable`` is set.
        readable: what cannot be read of the source file is mended or left out.
        newer: users whose newer records later files hold, by their marks; their older ones must not be imported.

    Raises:
        UsageError: a chosen code is in no entry, or both chosen and excepted; culprits where nothing was aborted.
    """
    _check(choices, outcome, _BECAUSE[outcome])
    if outcome not in FAILED:
        return Selection(outcome, False, UserIds(), 0, _BECAUSE[outcome])
    # Of everybody it matters only to choices whom a log may lack.
    selection = _whole(outcome, named_users, unfinished_logs if outcome is Outcome.partial or choices.by_log else 0)
    selection = _without_newer(selection, newer)
    if choices.narrow and not selection.nobody:
        from analyzer.retry.selection.choose import choose

        selection = choose(selection, named_users.entries, choices, error, retry_helps)
    if outcome is not Outcome.aborted or selection.nobody:
        return selection
    from analyzer.retry.selection.aborted import before_retry, met_again

    again = met_again(named_users.entries, selection, choices.drop_properties, readable=readable)
    return dataclasses.replace(selection, first=before_retry(again, error, located))


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
    if selection.nobody:
        return dataclasses.replace(
            selection, because="later imports of the feed had the records of all who failed", left_nobody=True
        )
    return selection


def outcome_suggested_by(named_users: NamedUsers) -> Outcome:
    """What a log alone suggests: aborted where an entry of the validation stands in it, else partial."""
    return Outcome.aborted if ABORTING_CODES & named_users.codes else Outcome.partial


def _check(choices: Choices, outcome: Outcome, because: str) -> None:
    """Refuses choices that contradict one another or the job's outcome.

    Args:
        choices: the user's.
        outcome: of the job.
        because: a clause that says what became of its users.

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
            f"--without-culprits is for an import that was aborted, and this one is {outcome.value}: {because}",
            advice.get(outcome, "There is nothing to retry."),
        )


def _whole(outcome: Outcome, named_users: NamedUsers, unfinished_logs: int) -> Selection:
    """All whom a job did not update that failed."""
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
