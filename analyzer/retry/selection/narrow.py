"""A selection narrowed to those whom the user chose: of those whom the log names, or of everybody."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.naming import UserIds, doubtful_in, ids_in
from analyzer.model.service import LogCode
from analyzer.retry.selection.aborted import with_helps
from analyzer.retry.selection.choice_words import (
    OF_THE_OTHERS,
    chosen_of_everybody,
    chosen_of_named,
    without_unmendable,
)
from analyzer.source.model import mark_of

if TYPE_CHECKING:
    from analyzer.retry.model import Selection
    from analyzer.retry.selection.choices import Choices, RetryHelps


def of_named(whole: Selection, coded: pl.DataFrame, choices: Choices, retry_helps: RetryHelps) -> Selection:
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
        identities=UserIds(identities),
        naming_nobody=unnamed,
        lacking_id=min(whole.lacking_id, unnamed),
        doubtful=whole.doubtful & identities.keys(),
        chosen=chosen_of_named(choices, len(users or {}) - len(unknown)),
        unknown_users=unknown,
    )


def of_everybody(whole: Selection, coded: pl.DataFrame, choices: Choices) -> Selection:
    """Of every record of the source."""
    left_out = coded if choices.without_culprits else coded.filter(pl.col("code").is_in(choices.except_))
    excluded = dict(ids_in(left_out))
    chosen = chosen_of_everybody(choices, coded)
    if not choices.only and choices.users is None:
        unnamed = not left_out.filter(pl.col("key").is_null(), pl.col("code") == LogCode.MissingIdentity).is_empty()
        return dataclasses.replace(
            whole, excluded=excluded, doubtful=doubtful_in(left_out), without_unnamed=unnamed, chosen=chosen
        )
    only = coded.filter(pl.col("code").is_in(choices.only))
    wanted = dict(ids_in(only)) if choices.only else dict(choices.users or {})
    if choices.users is not None:
        wanted = {key: identity for key, identity in wanted.items() if key in choices.users}
    # Where all of the listed users are found, an entry that names nobody can be nobody else's.
    found = choices.without_culprits or (choices.users is not None and choices.users.keys() <= wanted.keys())
    identities = {
        key: identity for key, identity in wanted.items() if key not in excluded and mark_of(key) not in whole.newer
    }
    return dataclasses.replace(
        emptied(whole),
        identities=UserIds(identities),
        naming_nobody=0 if found else only["key"].null_count(),
        doubtful=doubtful_in(only) & identities.keys(),
        chosen=chosen,
    )


def of_unknown(
    whole: Selection, coded: pl.DataFrame, choices: Choices, error: str, retry_helps: RetryHelps
) -> Selection:
    """Of every record, where nobody can say who was updated, what a retry unchanged can mend.

    Whom the log does not name failed, if at all, for the job's own error. Where nobody knows that a retry mends that,
    only of those whom the log names something can be told.
    """
    if not error or not retry_helps(error, "", None):
        named = dataclasses.replace(
            emptied(whole),
            identities=UserIds({key: one for key, one in ids_in(coded).items() if mark_of(key) not in whole.newer}),
            naming_nobody=coded["key"].null_count(),
            doubtful=doubtful_in(coded),
        )
        selection = of_named(named, coded, choices, retry_helps)
        return dataclasses.replace(selection, chosen=(*selection.chosen, OF_THE_OTHERS))
    selection = of_everybody(whole, coded, choices)
    helps = with_helps(coded, retry_helps)
    never = helps.filter(~helps["helps"].fill_null(value=False))
    excluded = dict(ids_in(never))
    unnamed = not never.filter(pl.col("key").is_null(), pl.col("code") == LogCode.MissingIdentity).is_empty()
    chosen = (*selection.chosen, *without_unmendable(never))
    if selection.everybody:
        return dataclasses.replace(
            selection,
            excluded=selection.excluded | excluded,
            doubtful=selection.doubtful | doubtful_in(never),
            without_unnamed=selection.without_unnamed or unnamed,
            chosen=chosen,
        )
    identities = {key: identity for key, identity in selection.identities.items() if key not in excluded}
    mendable = helps.filter(pl.col("key").is_null(), pl.col("code").is_in(choices.only), pl.col("helps")).height
    return dataclasses.replace(
        selection,
        identities=UserIds(identities),
        naming_nobody=min(selection.naming_nobody, mendable),
        doubtful=selection.doubtful & identities.keys(),
        chosen=chosen,
    )


def emptied(selection: Selection) -> Selection:
    """The selection without anybody in it."""
    return dataclasses.replace(
        selection,
        everybody=False,
        identities=UserIds(),
        naming_nobody=0,
        lacking_id=0,
        excluded={},
        without_unnamed=False,
        doubtful=frozenset(),
        newer=frozenset(),
    )
