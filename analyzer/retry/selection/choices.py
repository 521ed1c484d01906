"""A selection narrowed by the user's choices, and these choices in words."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.naming import UserIds, doubtful_in, ids_in
from analyzer.model.service import LogCode
from analyzer.model.text import count, listed, listed_first
from analyzer.source.model import mark_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.retry.model import Choices, RetryHelps, Selection

_OF_THE_OTHERS = "whether it helps users that the log doesn't name is unknown"
_EXAMPLES = 3
_LONG = 60
"""Characters of an ID; a log may have one of a megabyte."""


def of_named(whole: Selection, coded: pl.DataFrame, choices: Choices, retry_helps: RetryHelps) -> Selection:
    """Narrow the users that the log names."""
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
        # An entry that names no user may be a listed user's, unless all of these are found.
        unnamed += len((whole.doubtful & fitting) - identities.keys())
        unnamed *= not users.keys() <= identities.keys()
    unknown = {key: identity for key, identity in (users or {}).items() if key not in whole.identities}
    return dataclasses.replace(
        whole,
        identities=UserIds(identities),
        without_user=unnamed,
        lacking_id=min(whole.lacking_id, unnamed),
        doubtful=whole.doubtful & identities.keys(),
        chosen=tuple(_chosen_of_named(choices, len(users or {}) - len(unknown))),
        unknown_users=unknown,
    )


def of_everybody(whole: Selection, coded: pl.DataFrame, choices: Choices) -> Selection:
    """Narrow every record of the source."""
    left_out = coded if choices.without_culprits else coded.filter(pl.col("code").is_in(choices.except_))
    chosen = tuple(_chosen_of_everybody(choices, coded))
    if not choices.only and choices.users is None:
        return dataclasses.replace(_without_users_of(whole, left_out), chosen=chosen)
    excluded = ids_in(left_out)
    only = coded.filter(pl.col("code").is_in(choices.only))
    wanted = dict(ids_in(only)) if choices.only else dict(choices.users or {})
    if choices.users is not None:
        wanted = {key: identity for key, identity in wanted.items() if key in choices.users}
    # Where all of the listed users are found, an entry that names no user is about none of them.
    found = choices.without_culprits or (choices.users is not None and choices.users.keys() <= wanted.keys())
    identities = {
        key: identity for key, identity in wanted.items() if key not in excluded and mark_of(key) not in whole.newer
    }
    return dataclasses.replace(
        emptied(whole),
        identities=UserIds(identities),
        without_user=0 if found else only["key"].null_count(),
        doubtful=doubtful_in(only) & identities.keys(),
        chosen=chosen,
    )


def of_unknown(
    whole: Selection, coded: pl.DataFrame, choices: Choices, error: str, retry_helps: RetryHelps
) -> Selection:
    """Narrow every record to users that an unchanged retry can help, where it is unknown who was updated.

    Users that the log does not name failed, if at all, for the job's own error. Where it is unknown whether a retry
    helps against that, only users that the log names can be chosen.
    """
    if not error or not retry_helps(error, "", None):
        named = dataclasses.replace(
            emptied(whole),
            identities=UserIds({key: one for key, one in ids_in(coded).items() if mark_of(key) not in whole.newer}),
            without_user=coded["key"].null_count(),
            doubtful=doubtful_in(coded),
        )
        selection = of_named(named, coded, choices, retry_helps)
        return dataclasses.replace(selection, chosen=(*selection.chosen, _OF_THE_OTHERS))
    selection = of_everybody(whole, coded, choices)
    helps = with_helps(coded, retry_helps)
    never = helps.filter(~helps["helps"].fill_null(value=False))
    chosen = (
        *selection.chosen,
        *_without(never, "with what a retry unchanged need not help"),
        *_not_identified(never),
    )
    if selection.everybody:
        return dataclasses.replace(_without_users_of(selection, never), chosen=chosen)
    excluded = ids_in(never)
    identities = {key: identity for key, identity in selection.identities.items() if key not in excluded}
    helped = helps.filter(pl.col("key").is_null(), pl.col("code").is_in(choices.only), pl.col("helps")).height
    return dataclasses.replace(
        selection,
        identities=UserIds(identities),
        without_user=min(selection.without_user, helped),
        doubtful=selection.doubtful & identities.keys(),
        chosen=chosen,
    )


def _without_users_of(selection: Selection, entries: pl.DataFrame) -> Selection:
    """Exclude the users of some entries from everybody, and with them the records without an ID."""
    without_id = entries.filter(pl.col("key").is_null(), pl.col("code") == LogCode.MissingIdentity)
    return dataclasses.replace(
        selection,
        excluded=selection.excluded | dict(ids_in(entries)),
        doubtful=selection.doubtful | doubtful_in(entries),
        without_unnamed=selection.without_unnamed or not without_id.is_empty(),
    )


def emptied(selection: Selection) -> Selection:
    """Return the selection without any user in it."""
    return dataclasses.replace(
        selection,
        everybody=False,
        identities=UserIds(),
        without_user=0,
        lacking_id=0,
        excluded={},
        without_unnamed=False,
        doubtful=frozenset(),
        newer=frozenset(),
    )


def with_helps(coded: pl.DataFrame, retry_helps: RetryHelps) -> pl.DataFrame:
    """Add to entries a column ``helps`` Boolean: whether an unchanged retry can help, null where that is unknown."""
    # Asked once for equal ones, as a log can have 100,000 failures of one kind.
    distinct = coded.select("code", "message", "detail").unique(maintain_order=True)
    helps = [retry_helps(code, message or "", detail) for code, message, detail in distinct.iter_rows()]
    answers = distinct.with_columns(helps=pl.Series(helps, dtype=pl.Boolean))
    return coded.join(answers, on=distinct.columns, how="left", nulls_equal=True, maintain_order="left")


def why_none_left(whole: Selection, chosen: tuple[str, ...]) -> str:
    """Say why there is nothing to retry where the choices leave no user, a clause."""
    if whole.everybody:
        users = "all users"
    elif whole.identities:
        users = f"{_the(len(whole.identities), 'user')} that the log names"
    else:
        users = "the users that the log doesn't name"
    return f"of {users} the choice leaves none ({'; '.join(chosen)})"


def _chosen_of_named(choices: Choices, known: int) -> Iterator[str]:
    if choices.only:
        yield _only(choices)
    if choices.except_:
        yield f"without {listed(choices.except_)}"
    if choices.users is not None:
        yield f"of {_listed_users(choices)}, {known:,}"
    if choices.retryable:
        yield "only what a retry unchanged can help"


def _chosen_of_everybody(choices: Choices, coded: pl.DataFrame) -> Iterator[str]:
    if choices.only:
        yield _only(choices)
    if choices.users is not None:
        yield f"only {_listed_users(choices)}"
    excepted = coded.filter(pl.col("code").is_in(choices.except_))
    if choices.except_:
        yield from _without(excepted, f"with {listed(choices.except_)}")
    if choices.without_culprits:
        yield from _without(coded, "who aborted it")
    yield from _not_identified(coded if choices.without_culprits else excepted)
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


def _not_identified(entries: pl.DataFrame) -> Iterator[str]:
    """Say what becomes of users who are to be left out and that the entries do not name."""
    codes = entries.filter(pl.col("key").is_null())["code"]
    if LogCode.MissingIdentity in codes:
        yield "without the records that have no ID"
    others = codes.filter(codes != LogCode.MissingIdentity)
    if len(others):
        shown = listed(others.unique(maintain_order=True))
        number = count(len(others), f"entry with {shown} doesn't", f"entries with {shown} don't")
        yield f"{number} identify a user, so no user is left out for {'it' if len(others) == 1 else 'them'}"


def _the(number: int, one: str) -> str:
    return f"the {one}" if number == 1 else f"the {count(number, one)}"


def _short(identity: str) -> str:
    return identity if len(identity) <= _LONG else f"{identity[: _LONG - 1]}…"
