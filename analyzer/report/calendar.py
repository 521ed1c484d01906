"""Build the calendar: a grid for each month, with the worst outcome of each day, and links to the pages of days."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from datetime import UTC, date
from typing import TYPE_CHECKING

from analyzer.model.job import WORST_FIRST, Outcome
from analyzer.model.language import gettext as _
from analyzer.model.text import count
from analyzer.model.text import month as month_text
from analyzer.report.model import CalendarDay, Month

if TYPE_CHECKING:
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from analyzer.report.view import Run, View

DAYS = "days"
"""The folder of the pages of days."""

MONTHS = 12
"""Months shown, ending with the newest that has a job or a page."""

DayPages = Mapping[date, str]
"""Addresses of the pages of days, relative to the first page."""

_PAGE = re.compile(r"\d{4}-\d\d-\d\d\.html")


def day_page_name(day: date) -> str:
    """Return the name of a day's page in the report: ``days/2026-11-28.html``."""
    return f"{DAYS}/{day.isoformat()}.html"


def day_pages(out: Path, first: date | None, *further: date) -> DayPages:
    """Return the days from ``first`` that have a page in the report's folder, and further ones, in order."""
    folder = out / DAYS
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    days = {day for name in names if _PAGE.fullmatch(name) and (day := _day(name.removesuffix(".html")))}
    days = {day for day in days if first is None or day >= first}
    return {day: day_page_name(day) for day in sorted(days | set(further))}


def months_of(view: View, pages: DayPages) -> tuple[Month, ...]:
    """Return the last months, the newest first; without those before the first job or page."""
    outcomes: dict[date, list[Outcome]] = {}
    for run in view.runs:
        day = day_of(run, view.zone)
        if day is not None:
            outcomes.setdefault(day, []).append(run.outcome)
    days = outcomes.keys() | pages.keys()
    if not days:
        return ()
    first, last = min(days), max(days)
    newest = last.year * 12 + last.month - 1
    oldest = max(first.year * 12 + first.month - 1, newest - MONTHS + 1)
    return tuple(
        Month(
            name=month_text(date(month // 12, month % 12 + 1, 1)),
            weeks=tuple(
                tuple(_cell(day, month % 12 + 1, outcomes, pages) for day in week)
                for week in calendar.Calendar().monthdatescalendar(month // 12, month % 12 + 1)
            ),
        )
        for month in range(newest, oldest - 1, -1)
    )


def day_of(run: Run, zone: ZoneInfo | None) -> date | None:
    """Return the day on which a job ran, in the zone; None if unknown. A bound counts as the time."""
    if run.ran is None:
        return None
    return run.ran.date() if run.ran_from == "name" else run.ran.astimezone(zone or UTC).date()


def _cell(day: date, month: int, outcomes: Mapping[date, list[Outcome]], pages: DayPages) -> CalendarDay | None:
    if day.month != month:
        return None
    found = outcomes.get(day, [])
    worst = min(found, key=WORST_FIRST.index, default=None)
    number = {outcome: found.count(outcome) for outcome in WORST_FIRST if outcome in found}
    words = ", ".join(f"{total} {_(outcome.value)}" for outcome, total in number.items())
    return CalendarDay(
        number=day.day,
        outcome=worst.value if worst else "",
        words=f"{count(len(found), 'job')}: {words}" if found else _("no job"),
        href=pages.get(day, ""),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
