"""Outcome and entries to a selection: whose records a retry file has to hold."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from analyzer.analysis.outcomes import FAILED, Outcome
from analyzer.retry.aborted import ABORTING_CODES, WITHOUT_ID, before_retry, met_again
from analyzer.retry.choices import EVERYTHING
from analyzer.retry.choose import check, choose
from analyzer.retry.interface import Selection
from analyzer.retry.narrow import doubtful_in, identities_in

if TYPE_CHECKING:
    import polars as pl

    from analyzer.retry.choices import Choices, RetryHelps

_BECAUSE = {
    Outcome.partial: "the log names them, and everybody else was updated",
    Outcome.aborted: "the import was aborted, and nobody was updated",
    Outcome.unknown: "nobody can say who was updated, so it is taken that nobody was",
    Outcome.succeeded: "everybody was updated",
    Outcome.running: "the job has not ended",
    Outcome.stuck: "the job has not ended; it seems stuck",
}


def nobody_knows(_code: str, _message: str, _detail: str | None) -> None:
    """Of no entry whether a retry helps."""


def select(  # noqa: PLR0913 - what is known of a job, and what is wanted of it
    outcome: Outcome,
    named: pl.DataFrame,
    error: str = "",
    *,
    located: str = "",
    unfinished_logs: int = 0,
    choices: Choices = EVERYTHING,
    retry_helps: RetryHelps = nobody_knows,
    readable: bool = False,
) -> Selection:
    """Whom the job did not update, by what its outcome says, and which of them the user chose.

    Args:
        outcome: of the job.
        named: its entries as ``analysis.naming`` gives them.
        error: the job's error by name; empty where only its log is known.
        unfinished_logs: how many of its logs may lack entries at their end.
        located: what stands where the service could not read the source file, a sentence without a full stop.
        choices: the user's.
        retry_helps: what is known of codes (``Catalogue.retry_helps``); asked where ``choices.retryable`` is set.
        readable: what cannot be read of the source file is mended or left out.

    Raises:
        UsageError: a chosen code is in no entry, or both chosen and excepted; culprits where nothing was aborted.
    """
    check(choices, outcome, _BECAUSE[outcome])
    if outcome not in FAILED:
        return Selection(outcome, False, {}, 0, _BECAUSE[outcome])
    coded = named.filter(named["code"].is_not_null())
    # Of everybody it matters only to choices whom a log may lack.
    selection = _whole(outcome, coded, unfinished_logs if outcome is Outcome.partial or choices.by_log else 0)
    if choices.narrow and not selection.nobody:
        selection = choose(selection, coded, choices, error, retry_helps)
    if outcome is not Outcome.aborted or selection.nobody:
        return selection
    again = met_again(coded, selection, choices.drop_properties, readable=readable)
    return dataclasses.replace(selection, first=before_retry(again, error, located))


def outcome_suggested_by(named: pl.DataFrame) -> Outcome:
    """What a log alone suggests: aborted where an entry of the validation stands in it, else partial."""
    return Outcome.aborted if ABORTING_CODES & set(named["code"].drop_nulls()) else Outcome.partial


def _whole(outcome: Outcome, coded: pl.DataFrame, unfinished_logs: int) -> Selection:
    """All whom a job did not update that failed."""
    because = _BECAUSE[outcome]
    if outcome is not Outcome.partial:
        lacking = coded.filter(coded["code"] == WITHOUT_ID).height if outcome is Outcome.aborted else 0
        return Selection(outcome, True, {}, 0, because, lacking_id=lacking, unfinished_logs=unfinished_logs)
    return Selection(
        outcome,
        False,
        identities_in(coded),
        coded["key"].null_count(),
        because,
        doubtful=doubtful_in(coded),
        unfinished_logs=unfinished_logs,
    )
