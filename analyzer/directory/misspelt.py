"""Find the addresses that are one letter from unknown ones, by an index of addresses with a letter left out.

Two texts that differ in one letter (another one, one more, one less, or two neighbors swapped) become equal when a
letter, or none, is left out of each. So only addresses with such a text in common are compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAST = 4
"""Letters before the @; shorter names are too similar."""


def one_letter_away(unknown: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return for each unknown address the only user of the same domain whose address differs in one letter.

    Args:
        unknown: columns ``index`` and ``key``.
        known: a table ``KEYS`` of addresses; those of a lower ``kind`` are preferred.

    Returns:
        Columns ``index``, ``user``, ``kind``, and ``key`` (the known address); without those that differ in a digit.
    """
    asked = _parts(unknown).filter(pl.col("local").str.len_chars() >= LEAST)
    candidates = _parts(known).join(asked.select("domain").unique(), on="domain", how="semi")
    near = _sharing(asked, candidates)
    kept = [one_letter(one, other) for one, other in near.select("local", "local_known").iter_rows()]
    near = near.with_columns(pl.Series("letter", kept, pl.String)).filter(pl.col("letter").is_not_null())
    near = near.filter(pl.col("user").n_unique().over("index") == 1) if len(near) else near
    first = near.sort("index", "kind", "key").unique("index", keep="first", maintain_order=True)
    return first.filter(~pl.col("letter").str.contains(r"\d")).select("index", "user", "kind", "key")


def one_letter(one: str, other: str) -> str | None:
    """Return the letters in which two texts differ if that is one, or two that are swapped; None otherwise."""
    if one == other or abs(len(one) - len(other)) > 1:
        return None
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    if len(longer) > len(shorter):
        return longer[start] if longer[start + 1 :] == shorter[start:] else None
    swapped = one[start : start + 2] == other[start : start + 2][::-1]
    after = start + 2 if swapped else start + 1
    return one[start:after] + other[start:after] if one[after:] == other[after:] else None


def _parts(addresses: pl.DataFrame) -> pl.DataFrame:
    """Return addresses with their parts before and after the only ``@``."""
    parts = pl.col("key").str.split_exact("@", 1).struct
    return addresses.filter(pl.col("key").str.count_matches("@", literal=True) == 1).with_columns(
        parts[0].alias("local"), parts[1].alias("domain")
    )


def _sharing(asked: pl.DataFrame, candidates: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs that have a text in common when a letter, or none, is left out."""
    left = pl.concat([*_left_out(asked.select("index", "key", "local", "domain"))]).select("index", "rest")
    right = (piece.join(left, on="rest") for piece in _left_out(candidates))
    columns = ["index", "user", "kind", "key", "local"]
    pairs = pl.concat(
        [candidates.head(0).join(left.head(0), how="cross").select(columns), *(one.select(columns) for one in right)]
    )
    return pairs.unique().rename({"local": "local_known"}).join(asked.select("index", "local"), on="index")


def _left_out(addresses: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield addresses with ``rest``, a number that is equal for equal texts without one letter, or without none."""
    local, length = pl.col("local"), pl.col("local").str.len_chars()
    yield addresses.with_columns(pl.col("key").hash().alias("rest"))
    for place in range(addresses.select(length.max()).item() or 0):
        rest = pl.concat_str(local.str.slice(0, place), local.str.slice(place + 1), pl.lit("@"), "domain")
        addresses = addresses.filter(length > place)
        yield addresses.with_columns(rest.hash().alias("rest"))
