"""Times and numbers as a report shows them: never "today", since a report is read on other days too."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from analyzer.analysis.timeline import BOUND_WORDS, HOW_KNOWN
from analyzer.report.model import DASH

if TYPE_CHECKING:
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    from analyzer.report.view import Run


UNKNOWN = "unknown"
TIME_UNKNOWN = "time unknown"
LETTERS = {known: "abcdefgh"[place] for place, known in enumerate(HOW_KNOWN)}
"""The footnote of each way to know a time, by the values of ``ran_from``."""


def day_text(day: date) -> str:
    """``5 Oct 2026``."""
    return f"{day.day} {day:%b} {day.year}"


def minute_text(time: datetime | None, zone: ZoneInfo | None) -> str:
    """``23 Nov 2026, 02:14`` in the zone; a dash for None."""
    if time is None:
        return DASH
    local = time.astimezone(zone or UTC)
    return f"{day_text(local)}, {local:%H:%M}"


def second_text(time: datetime, zone: ZoneInfo | None) -> str:
    """``2026-11-23 02:14:05 CET``."""
    return f"{time.astimezone(zone or UTC):%Y-%m-%d %H:%M:%S %Z}"


def on_text(run: Run, zone: ZoneInfo | None) -> str:
    """``on 28 Nov 2026``; ``that ran by …`` or ``that ran after …`` where that is a bound; empty where unknown."""
    if run.ran is None:
        return ""
    return f"that ran {when_text(run, zone)}" if run.ran_is_bound else f"on {when_text(run, zone).split(',')[0]}"


def since_text(run: Run, zone: ZoneInfo | None) -> str:
    """Return the day of a run: ``2 Nov 2026``, or ``2 Nov 2026 at the latest``."""
    if run.ran is None:
        return TIME_UNKNOWN
    day = day_text(run.ran if run.ran_from == "name" else run.ran.astimezone(zone or UTC))
    return f"{day} at the latest" if run.ran_is_bound and run.ran_from == "seen" else day


def when_text(run: Run, zone: ZoneInfo | None) -> str:
    """Say when a job ran: ``by …`` or ``after …`` where that is a bound, the day where the file's name gives it."""
    if run.ran is None:
        return TIME_UNKNOWN
    if run.ran_from == "name":
        return day_text(run.ran)
    bound = BOUND_WORDS.get(run.ran_from or "", "") if run.ran_is_bound else ""
    return f"{bound}{minute_text(run.ran, zone)}"


def number_text(number: int | None) -> str:
    """``1,234``, or ``unknown``."""
    return UNKNOWN if number is None else f"{number:,}"
