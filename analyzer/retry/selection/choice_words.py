"""The user's choices in plain words, a clause each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from analyzer.model.service import LogCode
from analyzer.model.text import count, listed, listed_first

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.retry.model import Selection
    from analyzer.retry.selection.choices import Choices

OF_THE_OTHERS = "whether it helps users that the log doesn't name is unknown"
"""Where it is not known whether a retry mends what befell a whole job."""

_EXAMPLES = 3
_LONG = 60
"""Characters of an id; a log may hold one of a megabyte."""


def chosen_of_named(choices: Choices, known: int) -> tuple[str, ...]:
    """The choices among those whom the log names.

    Args:
        choices: the user's, codes as the log spells them.
        known: how many of the listed users the log names.
    """
    return tuple(_of_named(choices, known))


def chosen_of_everybody(choices: Choices, coded: pl.DataFrame) -> tuple[str, ...]:
    """The choices among all records of the source.

    Args:
        choices: the user's, codes as the log spells them.
        coded: the entries that have a code, as ``analysis.naming`` gives them.
    """
    return tuple(_of_everybody(choices, coded))


def without_unmendable(entries: pl.DataFrame) -> tuple[str, ...]:
    """Those who are left out of everybody as a retry unchanged cannot mend their entries.

    Args:
        entries: these entries, as ``analysis.naming`` gives them.
    """
    return tuple(_without(entries, "with what a retry unchanged need not help")) + tuple(
        _of_the_unnamed(entries.filter(pl.col("key").is_null()))
    )


def nobody_left(whole: Selection, chosen: tuple[str, ...]) -> str:
    """Why there is nothing to retry where the choices leave nobody, a clause."""
    if whole.everybody:
        whom = "everybody"
    elif whole.identities:
        whom = f"{_the(len(whole.identities), 'user')} that the log names"
    else:
        whom = "those that the log does not name"
    return f"of {whom} the choice leaves nobody ({'; '.join(chosen)})"


def _of_named(choices: Choices, known: int) -> Iterator[str]:
    if choices.only:
        yield _only(choices)
    if choices.except_:
        yield f"without {listed(choices.except_)}"
    if choices.users is not None:
        yield f"of {_listed_users(choices)}, {known:,}"
    if choices.retryable:
        yield "only what a retry unchanged can help"


def _of_everybody(choices: Choices, coded: pl.DataFrame) -> Iterator[str]:
    if choices.only:
        yield _only(choices)
    if choices.users is not None:
        yield f"only {_listed_users(choices)}"
    excepted = coded.filter(pl.col("code").is_in(choices.except_))
    if choices.except_:
        yield from _without(excepted, f"with {listed(choices.except_)}")
    if choices.without_culprits:
        yield from _without(coded, "who aborted it")
    left_out = coded if choices.without_culprits else excepted
    yield from _of_the_unnamed(left_out.filter(pl.col("key").is_null()))
    if choices.without_culprits and coded.is_empty():
        yield "the log names no user who aborted it, so no user is left out"
    if choices.retryable:
        yield "only what a retry unchanged can help"


def _only(choices: Choices) -> str:
    return f"only those with {' or '.join(choices.only)}"


def _listed_users(choices: Choices) -> str:
    number = _the(len(choices.users or {}), "user")
    return f"{number} of {choices.users_file}" if choices.users_file else f"{number} given"


def _without(entries: pl.DataFrame, who: str) -> Iterator[str]:
    users = entries.filter(pl.col("key").is_not_null()).unique("key", keep="first", maintain_order=True)
    if users.height:
        examples = [_short(identity) for identity in users["identity"].head(_EXAMPLES)]
        yield f"without {_the(users.height, 'user')} {who} ({listed_first(examples, _EXAMPLES, users.height)})"


def _of_the_unnamed(entries: pl.DataFrame) -> Iterator[str]:
    """What becomes of those who are to be left out and have no name."""
    if LogCode.MissingIdentity in entries["code"]:
        yield "without the records that have no id"
    others = entries.filter(pl.col("code") != LogCode.MissingIdentity)
    if others.height:
        codes = listed(others["code"].unique(maintain_order=True))
        names = count(others.height, f"entry with {codes} doesn't", f"entries with {codes} don't")
        yield f"{names} identify a user, so no user is left out for {'it' if others.height == 1 else 'them'}"


def _the(number: int, one: str) -> str:
    """``the user``, ``the 3 users``."""
    return f"the {one}" if number == 1 else f"the {count(number, one)}"


def _short(identity: str) -> str:
    return identity if len(identity) <= _LONG else f"{identity[: _LONG - 1]}…"
