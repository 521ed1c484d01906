"""The entries of a log by the patterns of the catalogue, counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.failures import by_pattern
from analyzer.logs.catalogue import SAYS_NOTHING, first_match

if TYPE_CHECKING:
    from analyzer.logs.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Counted:
    """How many entries match a pattern (None: no pattern), and how many users they name."""

    name: str | None
    entries: int
    users: int


def patterns_in(entries: pl.DataFrame, catalogue: Catalogue) -> dict[str, list[Counted]]:
    """The patterns that the entries of each code match, those that name most users first.

    Codes of which the catalogue knows no patterns are left out.
    """
    codes = entries["code"].drop_nulls().unique()
    known = {code: patterns for code in codes if (patterns := catalogue.patterns_of(code))}

    def pattern_of(code: str, message: str, detail: str) -> str | None:
        found = first_match(known[code], message, detail)
        return found.code if found else None

    found: dict[str, list[Counted]] = {}
    parted = by_pattern(entries.filter(pl.col("code").is_in(list(known))), pattern_of, SAYS_NOTHING)
    for code, *counted in parted.rows():
        found.setdefault(code, []).append(Counted(*counted))
    return found
