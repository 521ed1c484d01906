"""Where the entries of a log that don't identify a user belong in the source file, as a job's page shows it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from analyzer.model.outcome import Outcome
from analyzer.model.text import count, listed_first
from analyzer.report.people import ENTRIES_SHOWN, entries_shown

if TYPE_CHECKING:
    import polars as pl

    from analyzer.report.rows import Entries
    from analyzer.report.view import Run, View

_NAMED = 10
"""Records without an ID that are listed by their number."""


def located_in(view: View, run: Run) -> tuple[str, ...]:
    """A sentence for each place that a message of the log names."""
    found = view.whereabouts.get(run.job_id)
    return tuple(f"{one.sentence}." for one in found.located if one.sentence) if found else ()


def nameless_shown(view: View, run: Run, nameless: pl.DataFrame) -> tuple[Entries, str]:
    """Entries that don't identify a user, each with its bounds; and what explains them, or how sure the bounds are."""
    shown, found = entries_shown(nameless), view.whereabouts.get(run.job_id)
    if nameless.height and run.outcome is Outcome.partial and run.not_updated is not None:
        return shown, _without_id(view, run, nameless.height)
    if found is None:
        return shown, ""
    words = found.by_entry()
    places = nameless.head(ENTRIES_SHOWN).select("log_file", "line").iter_rows()
    pairs = zip(shown.rows, places, strict=True)
    rows = tuple(dataclasses.replace(row, whereabouts=words.get(place, "")) for row, place in pairs)
    return dataclasses.replace(shown, rows=rows), found.order_sentence


def _without_id(view: View, run: Run, number: int) -> str:
    look = view.looks.get(run.job_id)
    records = [f"{record:,}" for record in look.facts.without_id] if look else []
    where = f": {listed_first(records, _NAMED, number)}" if records else ""
    return f"As many records of the source file have no ID ({count(number, 'record')}{where})."
