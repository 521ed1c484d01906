"""The user's choices applied: of those whom a job leaves to retry, whose records to take, and that in plain words."""

from __future__ import annotations

import dataclasses
import difflib
from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.outcome import Outcome
from analyzer.errors import UsageError
from analyzer.retry.aborted import aborted_again, with_helps
from analyzer.retry.choice_words import chosen_of_everybody, chosen_of_named, nobody_left
from analyzer.retry.codes import WITHOUT_ID
from analyzer.retry.told import Identities, identities_in
from analyzer.words import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.retry.choices import Choices, RetryHelps
    from analyzer.retry.interface import Selection

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
        selection = _of_named(whole, coded, choices, retry_helps)
    else:
        selection = _of_everybody(whole, coded, choices)
        again = ""
        if choices.retryable and whole.outcome is Outcome.aborted and not selection.nobody:
            again = aborted_again(coded, selection, error, choices.drop_properties, retry_helps)
        if again:
            return dataclasses.replace(_emptied(selection), because=again, left_nobody=True)
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
    folded = {code.casefold(): code for code in reversed(plain)}
    near = difflib.get_close_matches(wanted[:_LONG].casefold(), list(folded), n=1)
    question = f"Did you mean {folded[near[0]]}? " if near else ""
    more = len(codes) - len(plain[:_LISTED])
    return f"{question}It has {listed([*plain[:_LISTED], *([f'{more:,} more'] if more else [])])}."


def _of_named(whole: Selection, coded: pl.DataFrame, choices: Choices, retry_helps: RetryHelps) -> Selection:
    """Of those whom the log names."""
    helps = with_helps(coded, retry_helps)["helps"].fill_null(value=False) if choices.retryable else pl.lit(value=True)
    entries = coded.with_columns(
        only=pl.col("code").is_in(choices.only) if choices.only else pl.lit(value=True),
        except_=pl.col("code").is_in(choices.except_),
        helps=helps,
    )
    fits = pl.col("only").any() & ~pl.col("except_").any() & pl.col("helps").all()
    fitting = set(entries.group_by("key").agg(fits=fits).filter("fits", pl.col("key").is_not_null())["key"])
    users = choices.users
    identities = {
        key: identity
        for key, identity in whole.identities.items()
        if key in fitting and (users is None or key in users)
    }
    unnamed = entries.filter(pl.col("key").is_null() & pl.col("only") & ~pl.col("except_") & pl.col("helps")).height
    if users is not None:
        # An entry that names nobody may be a listed user's, unless all of these are found.
        unnamed += len((whole.doubtful & fitting) - identities.keys())
        unnamed *= not users.keys() <= identities.keys()
    unknown = {key: identity for key, identity in (users or {}).items() if key not in whole.identities}
    return dataclasses.replace(
        whole,
        identities=Identities(identities),
        naming_nobody=unnamed,
        doubtful=whole.doubtful & identities.keys(),
        chosen=chosen_of_named(choices, len(users or {}) - len(unknown)),
        unknown_users=unknown,
    )


def _of_everybody(whole: Selection, coded: pl.DataFrame, choices: Choices) -> Selection:
    """Of every record of the source."""
    left_out = coded if choices.without_culprits else coded.filter(pl.col("code").is_in(choices.except_))
    excluded = dict(identities_in(left_out))
    chosen = chosen_of_everybody(choices, coded)
    if not choices.only and choices.users is None:
        unnamed = not left_out.filter(pl.col("key").is_null(), pl.col("code") == WITHOUT_ID).is_empty()
        return dataclasses.replace(whole, excluded=excluded, without_unnamed=unnamed, chosen=chosen)
    only = coded.filter(pl.col("code").is_in(choices.only))
    wanted = dict(identities_in(only)) if choices.only else dict(choices.users or {})
    if choices.users is not None:
        wanted = {key: identity for key, identity in wanted.items() if key in choices.users}
    # Where all of the listed users are found, an entry that names nobody can be nobody else's.
    found = choices.without_culprits or (choices.users is not None and choices.users.keys() <= wanted.keys())
    identities = {key: identity for key, identity in wanted.items() if key not in excluded}
    doubtful = frozenset(only.filter(~only["names"])["key"].drop_nulls())
    return dataclasses.replace(
        _emptied(whole),
        identities=Identities(identities),
        naming_nobody=0 if found else only["key"].null_count(),
        doubtful=doubtful & identities.keys(),
        chosen=chosen,
    )


def _emptied(selection: Selection) -> Selection:
    """The selection without anybody in it."""
    return dataclasses.replace(
        selection,
        everybody=False,
        identities=Identities(),
        naming_nobody=0,
        lacking_id=0,
        excluded={},
        without_unnamed=False,
        doubtful=frozenset(),
    )
