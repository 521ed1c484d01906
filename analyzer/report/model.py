"""What the pages show, as plain rows and sentences; a template only places them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime


DASH = "\u2013"
"""For what does not apply, or is unknown in a narrow cell."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A small table of text: the heads of its columns, and its rows."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One feed's runs in the order of time, with their users; None where unknown."""

    name: str
    points: tuple[tuple[datetime, int | None], ...]


@dataclass(frozen=True, slots=True)
class RunsChart:
    """Users not updated per run, a line a feed; ``title`` says what it shows, ``grid`` has its data."""

    name: str
    title: str
    note: str
    y_label: str
    lines: tuple[Line, ...]
    grid: Grid


@dataclass(frozen=True, slots=True)
class Series:
    """One colour of a stacked chart: a number for each of the chart's weeks."""

    name: str
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WeeksChart:
    """Numbers per week, stacked by series; ``weeks`` are Mondays (UTC) without a gap."""

    name: str
    title: str
    note: str
    y_label: str
    weeks: tuple[date, ...]
    series: tuple[Series, ...]
    grid: Grid


@dataclass(frozen=True, slots=True)
class Note:
    """A remark; ``href`` is the address of the page that it is about, from the index, or empty."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class RetryButton:
    """A retry file.

    Attributes:
        href: from the page; empty where there is no file.
        label: the button's words, with what has to be done before the file is queued.
        sentence: what it holds, or why there is none.
        primary: it can be queued as it is, and is complete.
        parts: further files that are queued after it, and their addresses.
    """

    href: str
    label: str
    sentence: str
    primary: bool = True
    parts: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Queue:
    """How to queue a retry file: lines for PowerShell, to be run in their order, and what to check in them."""

    lines: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToDo:
    """A thing to do about a job: ``text`` may have commands in backticks; ``command`` is one that does it, or empty."""

    text: str
    reason: str
    who: str
    command: str


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job in a list.

    Attributes:
        short: its first characters, unique among the jobs.
        href: of the job's page, from the index.
        feed: inferred from the source file's address, or named in the configuration.
        when: as people read it; a dash where unknown.
        letter: the footnote that says how we know the time; empty where nothing is known.
        how: that footnote.
        state: as the service says.
        error: likewise.
        outcome: a value of ``Outcome``.
        users: in the source file; in words where unknown.
        not_updated: in words where it is no number.
        marks: further things to know, as "Retry of 5f05e38c".
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
    marks: tuple[Note, ...]
    kind: str = "run"


@dataclass(frozen=True, slots=True)
class LatestRun:
    """The latest ended run of a feed, in a sentence."""

    feed: str
    href: str
    when: str
    outcome: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page says of itself: when and by which version it was made, and how old the job list was."""

    tenant: str
    zone: str
    made: str
    version: str
    as_of: str


@dataclass(frozen=True, slots=True)
class IndexPage:
    """The report's first page; a chart is None where there is nothing to draw."""

    frame: Frame
    lead: str
    notes: tuple[str, ...]
    buttons: tuple[RetryButton, ...]
    latest: tuple[LatestRun, ...]
    trend: WeeksChart | None
    charts: tuple[RunsChart | WeeksChart, ...]
    jobs: tuple[JobRow, ...]
    has_retries: bool
    feeds: tuple[str, ...]
    outcomes: tuple[str, ...]
    footnotes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry of the log as it is; ``place`` is its file and line.

    ``whereabouts`` says between which records it belongs, where it names no user and that is known; else empty.
    """

    code: str
    identity: str
    message: str
    detail: str
    place: str
    whereabouts: str = ""


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries shown, and a sentence on those that are not (empty when all are)."""

    rows: tuple[EntryRow, ...]
    left_out: str


@dataclass(frozen=True, slots=True)
class Cause:
    """A code of the log, counted and explained in general; ``retry`` says whether importing unchanged helps.

    Where its messages match patterns, ``patterns`` says what each means, and the fields after ``meaning`` are empty.
    """

    code: str
    title: str
    counted: str
    meaning: str
    causes: tuple[str, ...]
    who: str
    retry: str
    known_from: str
    patterns: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """A user that the log names.

    ``status``: New, Recurring, or a dash where there is no run to compare with; ``since``: what later imports did.
    """

    identity: str
    codes: tuple[str, ...]
    status: str
    since: str
    count: int
    counted: str
    entries: Entries


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the evidence; ``note`` says how we know it, or why not."""

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class JobPage:
    """A job's page.

    Attributes:
        frame: of every page.
        row: its row in the list of jobs.
        sentence: how it ended for its users.
        history: what became of it since.
        retry: its retry file; None where nothing is known of one.
        queue: how to queue that; None where there is none.
        to_do: what to do, the first thing first.
        shared: what the users who failed have in common, a sentence each.
        warnings: values of its source file that are wrong, though an import takes them.
        causes: the codes of its log.
        located: what the source file has where the service could not read it.
        properties: that the log names.
        job_error: the service's own error explained; None where it reports none.
        error_message: the service's.
        people: users that the log names.
        people_note: on those left out.
        nameless: entries that don't identify a user.
        nameless_note: what explains them, or how sure their whereabouts are.
        no_entry: text that is no entry.
        facts: what the page rests on.
        logs: how they were read.
        observations: of pulls.
    """

    frame: Frame
    row: JobRow
    sentence: str
    history: tuple[Note, ...]
    retry: RetryButton | None
    queue: Queue | None
    to_do: tuple[ToDo, ...]
    shared: tuple[str, ...]
    warnings: tuple[str, ...]
    causes: tuple[Cause, ...]
    located: tuple[str, ...]
    properties: Grid | None
    job_error: Cause | None
    error_message: str
    people: tuple[Person, ...]
    people_note: str
    nameless: Entries
    nameless_note: str
    no_entry: Entries
    facts: tuple[Fact, ...]
    logs: Grid | None
    observations: Grid | None
