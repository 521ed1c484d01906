"""Where the entries of a log stand that name nobody, as a job's page shows it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from analyzer.report.people import ENTRIES_SHOWN, entries_shown

if TYPE_CHECKING:
    import polars as pl

    from analyzer.report.rows import Entries
    from analyzer.report.view import Run, View


def located_in(view: View, run: Run) -> tuple[str, ...]:
    """A sentence for each place that a message of the log names."""
    found = view.whereabouts.get(run.job_id)
    return tuple(f"{one.sentence}." for one in found.located if one.sentence) if found else ()


def nobody_shown(view: View, run: Run, nobody: pl.DataFrame) -> tuple[Entries, str]:
    """Entries that name nobody, each with its bounds, and a sentence on how sure these are."""
    shown, found = entries_shown(nobody), view.whereabouts.get(run.job_id)
    if found is None:
        return shown, ""
    words = found.by_entry()
    places = nobody.head(ENTRIES_SHOWN).select("log_file", "line").iter_rows()
    pairs = zip(shown.rows, places, strict=True)
    rows = tuple(dataclasses.replace(row, whereabouts=words.get(place, "")) for row, place in pairs)
    return dataclasses.replace(shown, rows=rows), found.order_sentence
