"""The types of pages: rows and sentences for the templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


DASH = "\u2013"
"""Placeholder for a value that is unknown or does not apply."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A small table of text: column headings and rows."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A remark; ``href`` is the related page's address relative to the index, or empty."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class RetryButton:
    """A retry file.

    Attributes:
        href: relative to the page; empty if there is no file.
        label: text of the button, with any condition for queueing the file.
        sentence: describes the file's content, or why there is no file.
        primary: whether the file is complete and can be queued unconditionally.
        parts: further files to queue after it, with their addresses.
    """

    href: str
    label: str
    sentence: str
    primary: bool = True
    parts: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job in a list.

    Attributes:
        short: first characters of the ID, unique among the jobs.
        href: address of the job's page relative to the index.
        feed: inferred from the source file's address, or from the configuration.
        when: time as text.
        letter: letter of the footnote on the source of the time; empty if the time is unknown.
        how: text of that footnote.
        state: the service's state.
        error: the service's error.
        outcome: a value of ``Outcome``.
        users: number of users in the source file, or ``unknown``.
        not_updated: number of users, or words.
        open: number of users, or words.
        marks: remarks such as "Retry of 5f05e38c".
        kind: ``run`` or ``retry``.
    """

    short: str
    href: str
    feed: str
    when: str
    letter: str
    how: str
    state: str
    error: str
    outcome: str
    users: str
    not_updated: str
    open: str
    marks: tuple[Note, ...]
    kind: str = "run"


@dataclass(frozen=True, slots=True)
class LatestRun:
    """The latest ended run of a feed, with a sentence on it."""

    feed: str
    href: str
    when: str
    outcome: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Brand:
    """What the configuration adds to each page; each may be empty.

    Attributes:
        title: of the report.
        logo: an image as a ``data:`` address.
        contact: a line with the person or team to ask.
    """

    title: str = ""
    logo: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """Details of the report: tenant, time zone, time, version, and age of the job list.

    ``made`` and ``as_of`` are empty on the pages of jobs, which stay as they are until their facts change.
    ``redacted`` is whether users are shown as pseudonyms; ``remarks`` are on the page as a whole.
    """

    tenant: str
    zone: str
    made: str
    version: str
    as_of: str
    brand: Brand = Brand()
    redacted: bool = False
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A sentence on a feed, as ``run`` prints it.

    Attributes:
        sentence: the sentence; without the feed's name, if there is one.
        feed: the feed; empty for a sentence on several feeds.
        job_id: its newest run; empty if there is none.
    """

    sentence: str
    feed: str = ""
    job_id: str = ""

    @property
    def line(self) -> str:
        """The sentence with the feed's name."""
        return f"{self.feed}: {self.sentence}" if self.feed else self.sentence


@dataclass(frozen=True, slots=True)
class Day:
    """What ``run`` says on a day: the verdicts on feeds, the worst first, and on what it pulled."""

    date: date
    verdicts: tuple[Verdict, ...]
    pulled: str = ""


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day of the calendar.

    Attributes:
        number: of the day in the month.
        outcome: the worst outcome of the jobs that ran; empty if none did.
        words: the number of jobs and their outcomes.
        href: address of the day's page relative to the index; empty if it has none.
    """

    number: int
    outcome: str
    words: str
    href: str


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the calendar: weeks from Monday, with None for days of other months."""

    name: str
    weeks: tuple[tuple[CalendarDay | None, ...], ...]


@dataclass(frozen=True, slots=True)
class DayPage:
    """A day's page: what ``run`` said on ``feeds`` and on ``others``; ``jobs`` are new or changed on that day."""

    frame: Frame
    title: str
    feeds: tuple[LatestRun, ...]
    others: tuple[str, ...]
    jobs: tuple[JobRow, ...]
    jobs_note: str
    pulled: str
