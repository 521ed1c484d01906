"""The user's choices applied: of those whom a job leaves to retry, whose records to take, and that in plain words."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from analyzer.errors import UsageError
from analyzer.model.outcome import Outcome
from analyzer.model.text import did_you_mean, listed_first
from analyzer.retry.selection.aborted import aborted_again
from analyzer.retry.selection.choice_words import nobody_left
from analyzer.retry.selection.narrow import emptied, of_everybody, of_named, of_unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from analyzer.retry.model import Selection
    from analyzer.retry.selection.choices import Choices, RetryHelps

_LISTED = 8
_LONG = 80
"""Characters; longer codes are in no log that the service wrote, and are not compared."""


def choose(whole: Selection, coded: pl.DataFrame, choices: Choices, error: str, retry_helps: RetryHelps) -> Selection:
    """Those of a selection whom the user chose; choices compose by intersection.

    Args:
        whole: all whom the job leaves to retry, at least one.
        coded: the job's entries that have a code, as ``analysis.naming`` gives them.
        choices: the user's.
        error: the job's, by name; empty where it is not known.
        retry_helps: what is known of codes.

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
        again = ""
        if choices.retryable and whole.outcome is Outcome.aborted and not selection.nobody:
            again = aborted_again(coded, selection, error, choices.drop_properties, retry_helps)
        if again:
            return dataclasses.replace(emptied(selection), because=again, left_nobody=True)
    if not selection.nobody:
        return selection
    return dataclasses.replace(selection, because=nobody_left(whole, selection.chosen), left_nobody=True)


def _codes_in(coded: pl.DataFrame, wanted: Sequence[str], option: str) -> tuple[str, ...]:
    """The wanted codes as the log spells them."""
    by_number = coded.group_by("code").len().sort("len", "code", descending=[True, False])["code"].to_list()
    found: dict[str, None] = {}
    for one in wanted:
        spelled = [code for code in by_number if code.casefold() == one.strip().casefold()]
        if not spelled:
            raise UsageError(f"{option} {one}: the log has no entry with this code", _those_there_are(one, by_number))
        found |= dict.fromkeys(spelled)
    return tuple(found)


def _those_there_are(wanted: str, codes: Sequence[str]) -> str:
    if not codes:
        return "It has no entry at all."
    plain = [code for code in codes if len(code) <= _LONG]
    return f"{did_you_mean(wanted[:_LONG], plain)} It has {listed_first(plain, _LISTED, len(codes))}.".lstrip()
