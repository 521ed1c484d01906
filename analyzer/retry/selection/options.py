"""Narrow a selection by the user's choices, and put these choices into words."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.failures import with_answers
from analyzer.analysis.named_users import UserIds, doubtful_in, ids_in
from analyzer.model.service import LogCode
from analyzer.model.text import count, listed, listed_first
from analyzer.source.model import mark_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.retry.model import Choices, RetryHelps, Selection

_OF_THE_OTHERS = "whether it helps users that the log doesn't name is unknown"
_EXAMPLES = 3
_LONG = 60
"""Characters of an ID that are shown; a log may contain one of a megabyte."""


def narrow_named(whole: Selection, coded: pl.DataFrame, choices: Choices, retry_helps: RetryHelps) -> Selection:
    """Narrow the users in the log."""
    helps = (
        with_retry_helps(coded, retry_helps)["helps"].fill_null(value=False)
        if choices.retryable
        else pl.lit(value=True)
    )
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
        # An entry that doesn't identify a user may be about a listed user, unless all of these are found.
        unnamed += len((whole.doubtful & fitting) - identities.keys())
        unnamed *= not users.keys() <= identities.keys()
    unknown = {key: identity for key, identity in (users or {}).items() if key not in whole.identities}
    return dataclasses.replace(
        whole,
        identities=UserIds(identities),
        without_user=unnamed,
        lacking_id=min(whole.lacking_id, unnamed),
        doubtful=whole.doubtful & identities.keys(),
        choice_clauses=tuple(_clauses_of_named(choices, len(users or {}) - len(unknown))),
        unknown_users=unknown,
    )


def narrow_all(whole: Selection, coded: pl.DataFrame, choices: Choices) -> Selection:
    """Narrow the selection of all records."""
    left_out = coded if choices.without_culprits else coded.filter(pl.col("code").is_in(choices.except_))
    chosen = tuple(_clauses_of_all(choices, coded))
    if not choices.only and choices.users is None:
        return dataclasses.replace(_without_users_of(whole, left_out), choice_clauses=chosen)
    excluded = ids_in(left_out)
    only = coded.filter(pl.col("code").is_in(choices.only))
    wanted = dict(ids_in(only)) if choices.only else dict(choices.users or {})
    if choices.users is not None:
        wanted = {key: identity for key, identity in wanted.items() if key in choices.users}
    # If all listed users are found, an entry that doesn't identify a user is about another one.
    found = choices.without_culprits or (choices.users is not None and choices.users.keys() <= wanted.keys())
    identities = {
        key: identity for key, identity in wanted.items() if key not in excluded and mark_of(key) not in whole.newer
    }
    return dataclasses.replace(
        without_users(whole),
        identities=UserIds(identities),
        without_user=0 if found else only["key"].null_count(),
        doubtful=doubtful_in(only) & identities.keys(),
        choice_clauses=chosen,
    )


def narrow_unknown(
    whole: Selection, coded: pl.DataFrame, choices: Choices, error: str, retry_helps: RetryHelps
) -> Selection:
    """Narrow the selection of all records to users that an unchanged retry can help; who was updated is unknown.

    Users that aren't in the log failed, if at all, because of the job's error. If a retry may not help against that,
    only users in the log are selected.
    """
    if not error or not retry_helps(error, "", None):
        named = dataclasses.replace(
            without_users(whole),
            identities=UserIds({key: one for key, one in ids_in(coded).items() if mark_of(key) not in whole.newer}),
            without_user=coded["key"].null_count(),
            doubtful=doubtful_in(coded),
        )
        selection = narrow_named(named, coded, choices, retry_helps)
        return dataclasses.replace(selection, choice_clauses=(*selection.choice_clauses, _OF_THE_OTHERS))
    selection = narrow_all(whole, coded, choices)
    helps = with_retry_helps(coded, retry_helps)
    never = helps.filter(~helps["helps"].fill_null(value=False))
    chosen = (
        *selection.choice_clauses,
        *_without(never, "with what a retry unchanged need not help"),
        *_not_identified(never),
    )
    if selection.all_records:
        return dataclasses.replace(_without_users_of(selection, never), choice_clauses=chosen)
    excluded = ids_in(never)
    identities = {key: identity for key, identity in selection.identities.items() if key not in excluded}
    helped = helps.filter(pl.col("key").is_null(), pl.col("code").is_in(choices.only), pl.col("helps")).height
    return dataclasses.replace(
        selection,
        identities=UserIds(identities),
        without_user=min(selection.without_user, helped),
        doubtful=selection.doubtful & identities.keys(),
        choice_clauses=chosen,
    )


def _without_users_of(selection: Selection, entries: pl.DataFrame) -> Selection:
    """Exclude the users of some entries from all records; also records without an ID if an entry reports one."""
    without_id = entries.filter(pl.col("key").is_null(), pl.col("code") == LogCode.MissingIdentity)
    return dataclasses.replace(
        selection,
        excluded=selection.excluded | dict(ids_in(entries)),
        doubtful=selection.doubtful | doubtful_in(entries),
        without_missing_ids=selection.without_missing_ids or not without_id.is_empty(),
    )


def without_users(selection: Selection) -> Selection:
    """Return the selection with no user selected."""
    return dataclasses.replace(
        selection,
        all_records=False,
        identities=UserIds(),
        without_user=0,
        lacking_id=0,
        excluded={},
        without_missing_ids=False,
        doubtful=frozenset(),
        newer=frozenset(),
    )


def with_retry_helps(coded: pl.DataFrame, retry_helps: RetryHelps) -> pl.DataFrame:
    """Add a Boolean column ``helps`` to entries: whether an unchanged retry can help, null if unknown."""
    return with_answers(coded, lambda *entry: (retry_helps(*entry),), {"helps": pl.Boolean})


def why_none_left(whole: Selection, chosen: tuple[str, ...]) -> str:
    """Return why the choices leave no user to retry, a clause."""
    if whole.all_records:
        users = "all users"
    elif whole.identities:
        users = f"{_the(len(whole.identities), 'user')} that the log names"
    else:
        users = "the users that the log doesn't name"
    return f"of {users} the choice leaves none ({'; '.join(chosen)})"


def _clauses_of_named(choices: Choices, known: int) -> Iterator[str]:
    if choices.only:
        yield _only(choices)
    if choices.except_:
        yield f"without {listed(choices.except_)}"
    if choices.users is not None:
        yield f"of {_listed_users(choices)}, {known:,}"
    if choices.retryable:
        yield "only what a retry unchanged can help"


def _clauses_of_all(choices: Choices, coded: pl.DataFrame) -> Iterator[str]:
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
    """Yield what happens to users to exclude if entries don't identify them."""
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
