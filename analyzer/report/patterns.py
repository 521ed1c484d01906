"""The entries of a log by the patterns of the catalogue, counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.failures import by_pattern
from analyzer.logs.catalogue.interface import SAYS_NOTHING

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

    def pattern_of(code: str, message: str, detail: str) -> str | None:
        found = catalogue.pattern_of(code, message, detail)
        return found.code if found else None

    codes = [code for code in entries["code"].unique() if code is not None and catalogue.patterns_of(code)]
    found: dict[str, list[Counted]] = {}
    for code, *counted in by_pattern(entries.filter(pl.col("code").is_in(codes)), pattern_of, SAYS_NOTHING).rows():
        found.setdefault(code, []).append(Counted(*counted))
    return found
